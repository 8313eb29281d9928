"""``incamera-conformance``: each command's work stands in a module of its own under ``commands``.

Those modules are imported when their command runs, because some need the spec parser or the WebAssembly runtime, which
a machine that only replays logs does not have.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from .checker import CheckerName
from .errors import ConformanceError

app = typer.Typer(
    help="Check In Camera's specifications, and whatever claims to follow them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


# What the extra `conformance` installs (pyproject.toml), by import name.
_EXTRA = frozenset({"jsonschema", "networkx", "tree_sitter", "tree_sitter_tlaplus", "wasmtime"})


class CheckerChoice(StrEnum):
    """Which model checker decides."""

    EMBEDDED = "embedded"
    TLC = "tlc"
    BOTH = "both"

    @property
    def names(self) -> tuple[CheckerName, ...]:
        """The checkers that this choice means."""
        every: tuple[CheckerName, ...] = ("embedded", "tlc")
        return tuple(name for name in every if self.value in {name, "both"})


class Tolerated(StrEnum):
    """Verdicts with which a server does not pass unless that is allowed."""

    UNIMPLEMENTED = "UNIMPLEMENTED"
    INFORMATIONAL = "INFORMATIONAL"


_Checker = Annotated[CheckerChoice, typer.Option("--checker", help="The model checker; tlc needs TLA2TOOLS_JAR.")]


@app.command()
def setup() -> None:
    """Install the embedded model checker with npm."""
    from .commands.setup import setup as run

    run()


@app.command()
def lint() -> None:
    """Check that the specs keep to the subset of TLA+ that both checkers understand alike."""
    from .commands.lint import lint as run

    raise typer.Exit(run())


@app.command()
def check(
    models: Annotated[list[str] | None, typer.Argument(metavar="[MODEL]...", help="Default: all models.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    checker: _Checker = CheckerChoice.EMBEDDED,
    record: Annotated[
        bool, typer.Option("--record", help="Write the counted distinct states into the manifest (needs tlc).")
    ] = False,
) -> None:
    """Model-check: MC* must hold, Witness* be reached, Broken* be caught by the invariant named for it."""
    from .commands.check import check as run

    raise typer.Exit(run(models or [], checker.names, as_json=json, record=record))


@app.command()
def graph(
    spec: Annotated[str, typer.Argument(help="Auth, Meeting, Conference, …")],
    out: Annotated[Path | None, typer.Option("--out", help="Write here instead of to standard output.")] = None,
    checker: _Checker = CheckerChoice.EMBEDDED,
) -> None:
    """Print a spec's labelled state graph with its refusals as JSON, after checking it."""
    from .commands.graph import graph as run

    raise typer.Exit(run(spec, checker.names, out))


@app.command()
def agree(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    checker: _Checker = CheckerChoice.EMBEDDED,
) -> None:
    """Compare every statechart with its spec, in every state and for every action."""
    from .commands.agree import agree as run

    raise typer.Exit(run(checker.names, as_json=json))


@app.command()
def validate(
    log: Annotated[Path, typer.Argument(help="An exported audit log: one JSON object a line.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Replay a server's audit log on the specs; the exit code is 1 at the first record that they do not allow."""
    from .commands.validate import validate as run

    raise typer.Exit(run(log, as_json=json))


@app.command()
def why(
    rule: Annotated[str, typer.Argument(help="A requirement id, such as AUTH-001.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Print a rule's sentence, and where specs, charts and vectors have it."""
    from .commands.why import why as run

    raise typer.Exit(run(rule, as_json=json))


@app.command()
def generate(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 if anything differs.")] = False,
    checker: _Checker = CheckerChoice.EMBEDDED,
) -> None:
    """Write the cases and tables of vectors/ from the specs' state graphs."""
    from .commands.generate import generate as run

    raise typer.Exit(run(checker.names[0], check=check))


@app.command()
def run(
    target: Annotated[str, typer.Option("--target", metavar="embedded|URL", help="The server to test.")] = "embedded",
    ca: Annotated[Path | None, typer.Option("--ca", metavar="FILE", help="The CA certificate to trust.")] = None,
    area: Annotated[list[str] | None, typer.Option("--area", help="Only this area; may be repeated.")] = None,
    case: Annotated[list[str] | None, typer.Option("--case", metavar="ID", help="Only ids that begin so.")] = None,
    allow: Annotated[list[Tolerated] | None, typer.Option("--allow", help="Pass all the same; repeatable.")] = None,
    report: Annotated[Path | None, typer.Option("--report", metavar="DIR", help="Write report and log there.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Play the cases of vectors/ against a server, over HTTP/3 and WebTransport."""
    from .commands.run import run as play
    from .runner import Verdict

    allowed = [Verdict(verdict.value) for verdict in allow or ()]
    raise typer.Exit(play(target, ca, areas=area or [], cases=case or [], allow=allowed, report=report, as_json=json))


def main() -> None:
    """The program; what a user can cause is one line on standard error and exit code 2."""
    try:
        app()
    except ConformanceError as error:
        _fail(str(error))
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        _fail(f"{error.name} is not installed: pip install 'incamera[conformance]'")


def _fail(sentence: str) -> NoReturn:
    sys.stderr.write(f"incamera-conformance: {sentence}\n")
    sys.exit(2)
