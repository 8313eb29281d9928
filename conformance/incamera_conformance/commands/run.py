"""``incamera-conformance run``."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from .. import resources
from ..errors import ConformanceError
from ..runner import Report, Result, Target, Verdict, embedded, first, parse_target
from ..runner import run as play
from ..vectors import Case, VectorManifest, VectorsError, load_cases, load_manifest

EMBEDDED = "embedded"
_STYLES = {Verdict.OK: "green", Verdict.FAILED: "red"}


def run(
    target: str,
    ca: Path | None,
    *,
    areas: Sequence[str],
    cases: Sequence[str],
    allow: Collection[Verdict],
    report: Path | None,
    as_json: bool,
) -> int:
    """Play the cases of these areas (all, if none is named), or only those whose id begins like one of `cases`.

    Returns the exit code: 1 where the specification does not allow the server's log, where no case is OK, or where one
    has another verdict than OK, NON-STRICT and what is in `allow`; of our own server, another verdict than OK.
    """
    if target == EMBEDDED and allow:
        raise ConformanceError("--allow is for other servers: of the embedded one every case must be OK")
    tolerated = () if target == EMBEDDED else (Verdict.NON_STRICT, *allow)
    folder = resources.vectors()
    manifest = load_manifest(folder)
    chosen = _choose(folder, manifest, areas, cases)
    try:
        done = trio.run(_run, target, ca, manifest, chosen)
    except* KeyboardInterrupt:
        raise KeyboardInterrupt from None
    except* ConformanceError as group:
        raise first(group) from None
    if report is not None:
        _save(done, report)
    if as_json:
        sys.stdout.write(json.dumps(done.as_json(), indent=2, ensure_ascii=False) + "\n")
    else:
        _print(done)
    return 0 if done.passes(tolerated) else 1


def _choose(folder: Path, manifest: VectorManifest, areas: Sequence[str], ids: Sequence[str]) -> list[Case]:
    if unknown := sorted(set(areas) - manifest.areas.keys()):
        raise VectorsError(f"no area {unknown[0]}; there are {', '.join(manifest.areas)}")
    found = [case for area in areas or manifest.areas for case in load_cases(folder, area)]
    if ids:
        found = [case for case in found if any(case.id.startswith(begin) for begin in ids)]
    if not found:
        raise VectorsError("no case has such an id")
    return found


async def _run(target: str, ca: Path | None, manifest: VectorManifest, cases: Sequence[Case]) -> Report:
    console = Console(stderr=True)
    columns = (TextColumn("playing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=len(cases))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(_heed_sigterm)
            async with _reach(target, ca) as reached:
                report = await play(reached, manifest, cases, done=lambda result: progress.advance(task))
            nursery.cancel_scope.cancel()
        return report


async def _heed_sigterm() -> None:
    """End like by Ctrl-C, so that an embedded server is not left behind."""
    with trio.open_signal_receiver(signal.SIGTERM) as signals:
        async for _ in signals:
            raise KeyboardInterrupt


@asynccontextmanager
async def _reach(target: str, ca: Path | None) -> AsyncIterator[Target]:
    if target == EMBEDDED:
        async with embedded() as reached:
            yield reached
    else:
        yield parse_target(target, ca)


def _print(report: Report) -> None:
    console = Console(highlight=False)
    for result in report.results:
        if result.verdict is not Verdict.OK:
            console.print(_line(result), soft_wrap=True)
    counts = report.as_json()["verdicts"]
    console.print(", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count))
    if report.log.error is None:
        console.print(f"[green]✓[/] the specs allow all {report.log.records:,} records of the server's log")
    else:
        n, why = report.log.error.n, escape(report.log.error.why)
        console.print(f"[red]✗[/] record {n} of the server's log is not legal: {why}", soft_wrap=True)


def _line(result: Result) -> str:
    style = _STYLES.get(result.verdict, "yellow")
    return f"[{style}]{result.verdict}[/] {result.case.id}: {escape(result.case.title)}\n    {escape(result.why or '')}"


def _save(report: Report, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n"
        (folder / "report.json").write_text(text, encoding="utf-8")
        (folder / "log.ndjson").write_bytes(b"".join(line + b"\n" for line in report.lines))
    except OSError as error:
        raise ConformanceError(f"{folder}: cannot be written: {error.strerror}") from error
