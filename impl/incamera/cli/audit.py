"""`incamera audit`: the log in which every act stands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from incamera.cli.terminal import Data, Failure, console
from incamera.cli.user import existing, open_journal

app = typer.Typer(no_args_is_help=True, help="The audit log of the deployment on this machine.")


@app.command()
def export(
    data: Data,
    to: Annotated[Path | None, typer.Option("--to", help="A file; default: standard output.")] = None,
) -> None:
    """Write the audit log as NDJSON, for `incamera-conformance validate`."""
    with open_journal(existing(data)) as journal:
        if to is None:
            journal.export(sys.stdout)
            return
        try:
            with to.open("w", encoding="utf-8") as file:
                count = journal.export(file)
        except OSError as error:
            raise Failure(f"{to} cannot be written: {error.strerror}") from None
    console.print(f"{count} records in {to}", soft_wrap=True, markup=False)
