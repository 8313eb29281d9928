"""The locks are those of the pins that people write."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CHECK = [line for line in (ROOT / "requirements" / "check.in").read_text().splitlines() if not line.startswith("#")]
NODE = [line for line in (ROOT / "requirements" / "node.in").read_text().splitlines() if not line.startswith("#")]


def locked(name: str) -> dict[str, int]:
    """The pins of a lock, each with the number of its hashes."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.findall(r"^([\w.-]+==\S+) \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE)
    return {pin: hashes.count("--hash=") for pin, hashes in entries}


@pytest.mark.parametrize(
    ("name", "pins"),
    [
        ("run", PROJECT["dependencies"]),
        ("check", [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["conformance"], *CHECK]),
        ("node", NODE),
    ],
)
def test_a_lock_has_every_pin(name: str, pins: list[str]) -> None:
    assert sorted(set(pins) - locked(name).keys()) == []


@pytest.mark.parametrize("name", ["run", "check", "node"])
def test_a_lock_is_nothing_but_hashed_pins(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]

    assert len(lines) == len(locked(name)) > 0
    assert "://" not in text


def test_both_locks_agree() -> None:
    assert locked("run").items() <= locked("check").items()


def test_the_build_tool_is_the_one_that_builds() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]

    assert set(build) <= set(CHECK)
