"""``incamera-conformance why``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

from rich.console import Console

from incamera_model.chart import HERE

from .. import resources
from ..specs import load_specs
from ..why import Why
from ..why import why as explain

_SHOWN = 10


def why(rule: str, *, as_json: bool) -> int:
    """Print what there is to know about a rule."""
    found = explain(rule, load_specs(), resources.vectors())
    if as_json:
        sys.stdout.write(json.dumps(found.as_json(), indent=2, ensure_ascii=False) + "\n")
    else:
        _print(found)
    return 0


def _print(found: Why) -> None:
    console = Console(highlight=False)
    console.print(f"[bold]{found.rule}[/]  {found.sentence}", soft_wrap=True)
    status = "it refuses no request" if found.status is None else f"HTTP status {found.status}"
    console.print(f"{found.place}; {status}", style="dim", soft_wrap=True)
    _section(console, "refuses, in the specification", (f"{use.name:<20} {use.place}" for use in found.guards))
    _section(console, "is protected by", (f"{use.name:<28} {use.place}" for use in found.claims))
    _section(
        console,
        "is told by the charts",
        (f"{refusal.chart}: {refusal.event}, {_unless(refusal.guard)}" for refusal in found.charts),
    )
    _section(console, "is carried by the vectors", found.vectors)


def _unless(guard: str) -> str:
    return "in any state that it does not start from" if guard == HERE else f"if not {guard}"


def _section(console: Console, title: str, lines: Iterable[str]) -> None:
    lines = list(lines)
    if not lines:
        return
    console.print(f"\n{title}")
    for line in lines[:_SHOWN]:
        console.print(f"  {line}", markup=False, soft_wrap=True)
    if len(lines) > _SHOWN:
        console.print(f"  … and {len(lines) - _SHOWN} more", style="dim")
