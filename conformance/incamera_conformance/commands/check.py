"""``incamera-conformance check``."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ..checker import Checker, CheckerName, Verdict, make_checker
from ..errors import SpecError
from ..specs import SpecModel, Specs, load_specs

_WORKERS = 2


def check(models: list[str], checkers: Sequence[CheckerName], *, as_json: bool, record: bool = False) -> int:
    """Check the named models, or all, with each checker; returns the exit code: 1 when any verdict is not ok."""
    specs = load_specs()
    chosen = specs.models(models)
    if record and "tlc" not in checkers:
        raise SpecError("--record: the manifest's counts are TLC's; add --checker tlc")
    verdicts = run(chosen, [make_checker(name) for name in checkers])
    if record:
        _record(specs, verdicts)
    if as_json:
        sys.stdout.write(json.dumps({"models": [verdict.as_json() for verdict in verdicts]}, indent=2) + "\n")
    else:
        _print(verdicts)
    return 0 if verdicts and all(verdict.ok for verdict in verdicts) else 1


def run(models: Sequence[SpecModel], checkers: Sequence[Checker]) -> list[Verdict]:
    """Check every model with every checker, two at a time; progress is shown on a terminal's standard error."""
    jobs = [(model, checker) for model in models for checker in checkers]
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.fields[last]}"))
    with (
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress,
        ThreadPoolExecutor(_WORKERS) as pool,
    ):
        task = progress.add_task("", total=len(jobs), last="")
        futures = {pool.submit(checker.check, model): at for at, (model, checker) in enumerate(jobs)}
        verdicts: dict[int, Verdict] = {}
        try:
            for future in as_completed(futures):
                verdict = verdicts[futures[future]] = future.result()
                progress.update(task, advance=1, last=f"{verdict.name} {verdict.status}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [verdicts[at] for at in range(len(jobs))]


def _print(verdicts: list[Verdict]) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=120)  # a file or a pipe has no width to fit into
    table = Table(box=None, header_style="bold")
    table.add_column("model", no_wrap=True)
    table.add_column("checker", no_wrap=True)
    table.add_column("result", no_wrap=True)
    table.add_column("states", justify="right")
    table.add_column("s", justify="right")
    table.add_column("")
    for verdict in verdicts:
        table.add_row(
            verdict.name,
            verdict.checker,
            verdict.status,
            "" if verdict.distinct is None else f"{verdict.distinct:,}",
            f"{verdict.seconds:.1f}",
            "[green]ok[/]" if verdict.ok else "[red]NOT OK[/]",
        )
    console.print(table)
    for verdict in verdicts:
        if not verdict.ok:
            console.print(f"\n[bold]{verdict.name}[/] ({verdict.checker})")
            console.print(verdict.detail, markup=False, highlight=False, soft_wrap=True)
    bad = sum(not verdict.ok for verdict in verdicts)
    console.print(f"\n{len(verdicts)} verdicts, {bad} not as expected", highlight=False)


def _record(specs: Specs, verdicts: list[Verdict]) -> None:
    path = specs.root / "manifest.json"
    raw = path.read_text(encoding="utf-8")
    for verdict in verdicts:
        entry = specs.manifest.models[verdict.name]
        if verdict.checker == "tlc" and entry.expect == "holds" and verdict.status == "holds":
            raw = _with_count(raw, verdict.name, verdict.distinct)
    path.write_text(raw, encoding="utf-8")


def _with_count(raw: str, name: str, distinct: int | None) -> str:
    """The manifest's text with one count replaced and its layout, which people keep, otherwise untouched."""
    entry = re.compile(rf'("{re.escape(name)}"\s*:\s*\{{[^{{}}]*?)(,\s*"distinct"\s*:\s*(?:null|\d+))?(\s*\}})')
    return entry.sub(rf'\g<1>, "distinct": {json.dumps(distinct)}\g<3>', raw, count=1)
