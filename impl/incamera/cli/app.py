"""The command's root, and what becomes of errors: one line on standard error, exit code 1, never a traceback."""

from __future__ import annotations

import sys
from typing import Annotated, Final, NoReturn

import trio
import typer
from rich.console import Console
from rich.markup import escape

import incamera
from incamera.cli import audit, demo, join, meeting, serve, user, why
from incamera.cli.terminal import Failure

INTERRUPTED: Final = 130
"""What a shell sees of a program that Ctrl-C ended."""
EXPECTED: Final = (
    ("incamera.journal", "JournalError"),
    ("incamera.server", "ConfigurationRefused"),
    ("incamera.tcc.errors", "ClientError"),
    ("incamera.tcc.media", "MediaError"),
    ("incamera.tcc.media", "RecordingError"),
    ("incamera.tmms", "BadName"),
    ("incamera.tmms", "WeakPassphrase"),
    ("incamera.transport", "TransportError"),
)
"""Errors with a sentence for people, by name: importing all these packages to report an error of one takes a second."""

app = typer.Typer(
    name="incamera",
    help="Meet behind closed doors: serve meetings, organise them, take part.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(demo.demo)
app.command()(serve.serve)
app.command()(join.join)
app.command()(why.why)
app.add_typer(user.app, name="user")
app.add_typer(meeting.app, name="meeting")
app.add_typer(audit.app, name="audit")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"incamera {incamera.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line of this process."""
    try:
        app()
    except (KeyboardInterrupt, Exception, BaseExceptionGroup) as error:
        _complain(error)


def _complain(error: BaseException) -> NoReturn:
    """Say in one line what a user can cause or a machine can do to us; anything else is a defect and is raised."""
    expected: BaseException | None = error
    defects: BaseException | None = None
    if isinstance(error, BaseExceptionGroup):
        expected, defects = error.split((*_expected(), KeyboardInterrupt, trio.Cancelled))
    elif not isinstance(error, (*_expected(), KeyboardInterrupt)):
        defects = error
    if defects is not None or expected is None:
        raise error
    first = _first(expected)
    if isinstance(first, KeyboardInterrupt | trio.Cancelled):
        sys.exit(INTERRUPTED)
    Console(stderr=True).print(f"[bold red]incamera:[/] {escape(_sentence(first))}", highlight=False, soft_wrap=True)
    sys.exit(1)


def _sentence(error: BaseException) -> str:
    match error:
        case OSError(strerror=str() as what, filename=where):
            return what if where is None else f"{what}: {where}"
        case _:
            return str(error)


def _first(error: BaseException) -> BaseException:
    """The first error in a group that is not just an interruption, or the error itself."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    leaves = [_first(inner) for inner in error.exceptions]
    return next((leaf for leaf in leaves if not isinstance(leaf, KeyboardInterrupt | trio.Cancelled)), leaves[0])


def _expected() -> tuple[type[BaseException], ...]:
    """The errors that users and machines cause; only packages that are loaded can have raised one."""
    return (
        Failure,
        OSError,
        *(getattr(sys.modules[module], name) for module, name in EXPECTED if module in sys.modules),
    )
