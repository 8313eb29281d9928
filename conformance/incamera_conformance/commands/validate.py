"""``incamera-conformance validate``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from incamera.wire.rules import RULES

from .. import resources
from ..errors import ConformanceError
from ..replay import Allowed, Illegal, Params, Report
from ..replay import validate as replay
from ..tables import load_tables


class LogUnreadableError(ConformanceError):
    """The log's file cannot be read."""


def validate(log: Path, *, as_json: bool) -> int:
    """Replay a log; returns the exit code: 1 where a record is not legal."""
    tables = load_tables(resources.tables())
    begin = time.perf_counter()
    try:
        with log.open("rb") as lines:
            report = replay(lines, tables)
    except OSError as error:
        raise LogUnreadableError(f"{log}: cannot be read: {error.strerror}") from error
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n")
    else:
        _print(report, sorted(tables), time.perf_counter() - begin)
    return 0 if report.error is None else 1


def _print(report: Report, specs: list[str], seconds: float) -> None:
    console = Console(highlight=False)
    if report.error is None:
        console.print(
            f"[green]✓[/] {report.accepted:,} records: the chain is whole, and {', '.join(specs)} allow every one "
            f"({seconds:.1f} s)",
            soft_wrap=True,
        )
        console.print("[dim]  each by itself; what one requires of another was not compared[/]", soft_wrap=True)
        return
    console.print(f"{report.accepted:,} of {report.records:,} records are legal; then comes one that is not.")
    console.print(Panel(_explained(report.error), title=f"record {report.error.n}", border_style="red", expand=False))


def _explained(error: Illegal) -> Group:
    parts: list[Text | Grid] = []
    if error.record is not None:
        record = error.record
        parts.append(_text(_act(record.spec, record.action, record.params), "bold"))
        parts.append(_text(f"{record.at.isoformat()}, by {record.by}: {_outcome(record.outcome, record.rule)}", "dim"))
        parts.append(Text())
    parts.append(_text(f"{error.why[0].upper()}{error.why[1:]}.", "red"))
    rule = error.allowed[0].rule if error.allowed else None
    if rule in RULES:
        parts.append(Text(f"{rule}  {RULES[rule].sentence}"))
    if error.state:
        parts += [Text(), Text("What decides, before this record:")]
        parts.append(_rows((slot, json.dumps(value)) for slot, value in error.state.items()))
    if error.allowed:
        parts += [Text(), Text("What the specification allows here:")]
        parts.append(_rows(_told(allowed) for allowed in error.allowed))
    return Group(*parts)


def _rows(rows: Iterable[tuple[str, str]]) -> Grid:
    grid = Grid.grid(padding=(0, 2))
    for row in rows:
        grid.add_row("", *map(_text, row))
    return grid


def _text(text: str, style: str = "") -> Text:
    """Text from a log, which may come from anybody: brackets are no markup, and control characters stay on paper."""
    return Text("".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text), style)


def _told(allowed: Allowed) -> tuple[str, str]:
    return _act(allowed.spec, allowed.action, allowed.params), _outcome(allowed.outcome, allowed.rule)


def _act(spec: str, action: str, params: Params) -> str:
    return f"{spec}: {action}({', '.join(f'{name}={value}' for name, value in params.items())})"


def _outcome(outcome: str, rule: str | None) -> str:
    return f"{outcome} by {rule}" if rule else outcome
