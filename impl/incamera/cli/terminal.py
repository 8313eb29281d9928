"""What the subcommands share of the terminal: the console, options, and asking for a passphrase."""

from __future__ import annotations

import getpass
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import typer
from rich.console import Console

from incamera import layout

console = Console(highlight=False)
DEFAULT_PORT: Final = 443


class Failure(Exception):
    """What was asked cannot be done; the message is the one line that the user sees."""


def default_folder() -> Path:
    """Where a deployment lives unless told otherwise."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "incamera"


Data = Annotated[
    Path,
    typer.Option("--data", help="The deployment's folder: store, keys, audit log.", default_factory=default_folder),
]
ServerOption = Annotated[
    str | None, typer.Option("--server", metavar="URL", help="The deployment; default: the one served from --data.")
]
Ca = Annotated[
    Path | None, typer.Option("--ca", metavar="FILE", help="The CA to trust; default: the deployment's own in --data.")
]
As = Annotated[str, typer.Option("--as", metavar="NAME", help="Your account; the passphrase is asked for.")]


def ask_passphrase(prompt: str) -> str:
    """Without echo from the terminal, or the first line of standard input if that is no terminal."""
    try:
        text = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
        text.encode()
    except UnicodeError:
        raise Failure("the passphrase is not text in this terminal's encoding") from None
    if not text:
        raise Failure("no passphrase was given")
    return text


def plain(text: str) -> str:
    """Without what a terminal obeys, and in one line: nobody speaks in the name of another."""
    return "".join(char if char.isprintable() else " " for char in text)


def log_to_stderr(level: int) -> None:
    """Have the server's log on standard error from `level` on, without the values of variables in its tracebacks.

    Those would show passphrases and tokens.
    """
    import structlog

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def announce_serving(folder: Path, port: int) -> None:
    """Leave a note of where the deployment answers, so that commands on this machine find it."""
    # Put in place whole: whoever waits for the note reads it the moment it is there.
    draft = folder / f"{layout.SERVING_FILE}.draft"
    draft.write_text(json.dumps({"url": f"https://localhost:{port}"}))
    draft.replace(folder / layout.SERVING_FILE)


def withdraw_serving(folder: Path) -> None:
    """Remove the note."""
    (folder / layout.SERVING_FILE).unlink(missing_ok=True)


def find_server(server: str | None, folder: Path) -> tuple[str, int]:
    """Host and port of `server`, or of the deployment that is served from `folder`; raises `Failure`."""
    if server is None:
        try:
            server = str(json.loads((folder / layout.SERVING_FILE).read_text())["url"])
        except (OSError, ValueError, KeyError):
            raise Failure(f"no server is running from {folder}; start `incamera serve`, or say --server URL") from None
    return host_and_port(server)


def host_and_port(url: str) -> tuple[str, int]:
    """Of an https URL; raises `Failure`."""
    try:
        parts = urlsplit(url if "//" in url else f"https://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
        parts = urlsplit("")
    if parts.scheme != "https" or not host:
        raise Failure(f"{url} is no https URL")
    return host, port or DEFAULT_PORT
