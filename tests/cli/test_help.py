"""Every command explains itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer
from typer.testing import CliRunner

from incamera.cli.app import app

from .conftest import run


def commands(group: typer.Typer, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The names that lead to every command and group."""
    yield path
    for command in group.registered_commands:
        assert command.callback is not None
        yield (*path, command.name or command.callback.__name__)
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        assert inner.name is not None
        yield from commands(inner.typer_instance, (*path, inner.name))


@pytest.mark.parametrize("path", sorted(commands(app)), ids=" ".join)
def test_help(path: tuple[str, ...]) -> None:
    told = CliRunner().invoke(app, [*path, "--help"])
    assert told.exit_code == 0
    assert f"Usage: incamera {' '.join(path)}".rstrip() in told.output
    assert "--help" in told.output


def test_help_of_the_process_itself() -> None:
    told = run("--help")
    assert (told.code, told.err) == (0, "")
    for command in ("demo", "serve", "join", "user", "meeting", "audit", "why"):
        assert f" {command} " in told.out


def test_version() -> None:
    assert run("--version").out.startswith("incamera 0.")


def test_a_word_that_is_no_command() -> None:
    told = run("sevre")
    assert (told.code, told.out) == (2, "")
    assert "No such command 'sevre'" in told.err
