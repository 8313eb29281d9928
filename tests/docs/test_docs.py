"""The documents say what is so: links lead somewhere, and the commands that they name exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from incamera.cli.app import app as incamera
from incamera_conformance.cli import app as incamera_conformance

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("vectors/*.md")])

CODE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def links(text: str) -> list[str]:
    """The targets of links to files of this repository."""
    return [target for target in LINK.findall(CODE.sub("", text)) if "://" not in target]


def anchors(text: str) -> set[str]:
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(CODE.sub("", text))
    }


def commands(text: str) -> Iterator[list[str]]:
    """The words of every command line of ours, in shell blocks and in passing."""
    blocks = [line for language, body in CODE.findall(text) if language == "sh" for line in body.splitlines()]
    for line in [*blocks, *SPAN.findall(CODE.sub("", text))]:
        for part in line.split("&&"):
            if re.match(r"\s*(\.venv/bin/)?incamera(-conformance)? ", part):
                words = shlex.split(part, comments=True)
                yield [words[0].removeprefix(".venv/bin/"), *words[1:]]


@cache
def programs() -> dict[str, Any]:
    return {
        "incamera": typer.main.get_command(incamera),
        "incamera-conformance": typer.main.get_command(incamera_conformance),
    }


def unknown_word(words: list[str]) -> str | None:
    """The first subcommand or option of a command line that its program does not have."""
    program, *rest = words
    command = programs()[program]
    for word in rest:
        if word.startswith("-"):
            if word.split("=")[0] not in {name for param in command.params for name in param.opts} | {"--help"}:
                return word
        elif isinstance(command, TyperGroup):
            if word not in command.commands:
                return word
            command = command.commands[word]
    return program if isinstance(command, TyperGroup) and not rest else None


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_resolve(document: Path) -> None:
    text, broken = document.read_text(encoding="utf-8"), []
    for target in links(text):
        path, _, anchor = target.partition("#")
        file = (document.parent / path) if path else document
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            broken.append(target)

    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_commands_exist(document: Path) -> None:
    found = [words for words in commands(document.read_text(encoding="utf-8")) if unknown_word(words) is not None]

    assert found == []


def test_the_readme_shows_commands_of_both_programs() -> None:
    shown = {words[0] for words in commands((ROOT / "README.md").read_text(encoding="utf-8"))}

    assert shown == set(programs())


def test_ci_runs_what_the_readme_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    ours = [line for line in script if line and not line.startswith(("#", "set ", "cd "))]

    assert len(ours) >= 2
    assert [line for line in ours if line not in readme] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_nox_sessions_exist(document: Path) -> None:
    there = set(
        re.findall(r"^def (\w+)\(session: nox\.Session\) -> None:", (ROOT / "noxfile.py").read_text(), re.MULTILINE)
    )
    named = set(re.findall(r"nox -s (\w+)", document.read_text(encoding="utf-8")))

    assert there
    assert named - there == set()


def test_decisions_are_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = links((folder / "README.md").read_text(encoding="utf-8"))

    assert listed == sorted(page.name for page in folder.glob("0*.md"))
    assert [name[:4] for name in listed] == [f"{number:04}" for number in range(1, len(listed) + 1)]


def test_what_is_wrong_is_found() -> None:
    assert links("[a](b.md) [c](https://d.example) `x` ![e](f.svg)") == ["b.md", "f.svg"]
    assert anchors("# One, two\n## Three four") == {"one-two", "three-four"}
    assert list(commands("do `incamera frobnicate` and\n```sh\n.venv/bin/incamera demo && ls\n```")) == [
        ["incamera", "demo"],
        ["incamera", "frobnicate"],
    ]
    assert unknown_word(["incamera", "frobnicate"]) == "frobnicate"
    assert unknown_word(["incamera", "serve", "--frobnicate"]) == "--frobnicate"
    assert unknown_word(["incamera", "serve", "--port", "8443"]) is None
