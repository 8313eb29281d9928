"""`incamera join`: take part in a meeting, with a live roster and chat, and with media from and to files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import trio
import typer

from incamera.cli.terminal import As, Ca, Data, Failure


def join(
    url: Annotated[str, typer.Argument(help="The address of the meeting.")],
    as_: As,
    data: Data,
    send_: Annotated[
        Path | None, typer.Option("--send", metavar="FILE", help="Send this file's picture and sound.")
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option("--record", metavar="FILE", help="Record the first sender as WebM; FILE-2 and so on the others."),
    ] = None,
    admit: Annotated[
        bool, typer.Option("--admit", help="As organizer: admit everybody who knocks without asking.")
    ] = False,
    ca: Ca = None,
) -> None:
    """Join a meeting: knock, wait to be admitted, enter; see who is there and write to them.

    The organizer opens the meeting by joining it, and admits with /admit NAME.  With --send, the file begins once
    somebody else is there, and you leave when it is over; otherwise stay until the meeting ends, or /leave, or Ctrl-C.
    """
    if record is not None:
        if record.exists():
            raise Failure(f"{record} exists already")
        if not os.access(record.parent, os.W_OK | os.X_OK):
            raise Failure(f"{record} cannot be written: there is no folder {record.parent} that may be written")
    from incamera.cli.attend import attend

    trio.run(attend, url, as_, data, send_, record, admit, ca)
