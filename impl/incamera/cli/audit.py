"""`incamera audit`: the log in which every act stands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from incamera import layout
from incamera.cli.terminal import Data, Failure, console
from incamera.cli.user import open_journal

app = typer.Typer(no_args_is_help=True, help="The audit log of the deployment on this machine.")


@app.command()
def export(
    data: Data,
    to: Annotated[Path | None, typer.Option("--to", help="A file; default: standard output.")] = None,
) -> None:
    """Write the audit log as NDJSON, for `incamera-conformance validate`."""
    if not (data / layout.STORE_FILE).exists():
        raise Failure(f"there is no deployment in {data}")
    with open_journal(data) as journal:
        if to is None:
            for record in journal.records():
                sys.stdout.write(record.line() + "\n")
            return
        with to.open("w", encoding="utf-8") as file:
            count = sum(1 for record in journal.records() if file.write(record.line() + "\n"))
    console.print(f"{count} records in {to}", soft_wrap=True)
