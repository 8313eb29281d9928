"""`incamera demo`: the whole way once, in half a minute."""

from __future__ import annotations

import json
import logging
import tempfile
from pathlib import Path
from typing import Annotated

import trio
import typer
from rich.console import Console

from incamera.cli.terminal import console, log_to_stderr
from incamera.demo.steps import Outcome, Steps


def demo(
    media: Annotated[
        Path | None,
        typer.Option("--media", metavar="FILE", help="Send the first ten seconds of this file, not the test picture."),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="FOLDER", help="Keep the recordings and the audit log there.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Tried first; if it is not to be had, any.")] = 443,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of the table.")] = False,
) -> None:
    """Two people meet through TMMS and TCS over real HTTP/3, and the specification says whether it was right.

    Servers, accounts, meeting, lobby, tickets, media and chat; then the recordings are compared with what was sent, and
    the audit log is replayed.  Everything happens in a temporary folder on this machine.
    """
    log_to_stderr(logging.WARNING)
    shown = Console(stderr=True, highlight=False) if as_json else console
    steps = Steps(shown if shown.is_terminal or not as_json else None)
    try:
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)  # a complaint is due now, and not after the meeting
        with tempfile.TemporaryDirectory(prefix="incamera-demo-") as folder:
            outcome = trio.run(_run, Path(folder), media, keep, steps, port)
    except BaseException:
        if as_json:  # whoever reads it learns how far it came; what stopped it is said on standard error
            typer.echo(json.dumps(Outcome(False, steps.done, {}, {"records": 0, "accepted": 0}).as_json(), indent=2))
        raise
    if as_json:
        typer.echo(json.dumps(outcome.as_json(), indent=2))
    elif outcome.ok:
        seconds = sum(step.seconds or 0 for step in outcome.steps)
        console.print(f"[bold green]They met, and it was right.[/] {seconds:.1f} s")
    else:
        console.print("[bold red]Something was not right; see the steps marked ✗.[/]")
    raise typer.Exit(0 if outcome.ok else 1)


async def _run(folder: Path, media: Path | None, keep: Path | None, steps: Steps, port: int) -> Outcome:
    from incamera.demo.play import play

    return await play(folder, media=media, keep=keep, steps=steps, port=port)
