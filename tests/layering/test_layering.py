"""Who may know whom (design: the arrows), read off the imports; and who may read a clock or open a socket."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOTS = (ROOT / "impl", ROOT / "model", ROOT / "conformance")
LONGEST_MODULE = 450

MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "incamera.wire": frozenset(),
    "incamera.transport": frozenset(),
    "incamera.journal": frozenset({"incamera.wire", "incamera.transport"}),
    "incamera.tmms": frozenset({"incamera.wire", "incamera.transport", "incamera.journal", "incamera_model"}),
    "incamera.tcs": frozenset({"incamera.wire", "incamera.transport", "incamera.journal", "incamera_model"}),
    "incamera.tcc": frozenset({"incamera.wire", "incamera.transport", "incamera_model"}),
    "incamera_model": frozenset(),
    "incamera_conformance": frozenset({"incamera.wire", "incamera.transport", "incamera.tcc", "incamera_model"}),
}
"""Every part and what it may import beside itself; what is not listed is the composition root."""

COMPOSITION_ROOT = frozenset(
    {"incamera", "incamera.__main__", "incamera.cli", "incamera.demo", "incamera.layout", "incamera.server"}
    | {"incamera.testability"}
)
"""Puts the parts together, so it may import all of them, but not `incamera_conformance`, which judges them."""

OWNERS: Mapping[str, frozenset[str]] = {
    "aioquic": frozenset({"incamera.transport"}),
    "h11": frozenset({"incamera.transport"}),
    "alembic": frozenset({"incamera.journal"}),
    "argon2": frozenset({"incamera.tmms"}),
    "av": frozenset({"incamera.tcc"}),
    "fastapi": frozenset({"incamera.tmms", "incamera.testability"}),
    "sqlalchemy": frozenset({"incamera.journal", "incamera.tmms", "incamera.tcs"}),
    "prompt_toolkit": frozenset({"incamera.cli"}),
    "statemachine": frozenset({"incamera_model", "incamera_conformance"}),
    "wasmtime": frozenset({"incamera_conformance"}),
}
"""Libraries that one part hides from the others."""

WORLD = frozenset({"asyncio", "select", "selectors", "socket", "socketserver", "time"})
"""Modules that read a clock or open a socket."""
WORLDLY_NAMES = frozenset(
    {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "trio.socket", "trio.open_tcp_stream"}
    | {"trio.open_tcp_listeners", "trio.open_ssl_over_tcp_stream", "trio.open_unix_socket", "trio.serve_tcp"}
)
MAY_TOUCH_THE_WORLD = COMPOSITION_ROOT | {"incamera.transport", "incamera_conformance"}


def part_of(module: str) -> str:
    """`incamera.tcc.media.file` → `incamera.tcc`; the other two distributions are one part each."""
    names = module.split(".")
    return ".".join(names[:2]) if names[0] == "incamera" else names[0]


def imports(module: str, tree: ast.Module, *, package: bool = False) -> Iterator[str]:
    """The absolute names that a module imports, wherever in it; `from a import b` gives `a.b`."""
    here = module.split(".") if package else module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            origin = ".".join([*base, *((node.module,) if node.module else ())])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def misplaced(module: str, source: str, *, package: bool = False) -> list[str]:
    """What this module does and its part may not do, a sentence each."""
    tree, part = ast.parse(source), part_of(module)
    faults = [f"{module} imports {name}" for name in imports(module, tree, package=package) if not _may(part, name)]
    if part not in MAY_TOUCH_THE_WORLD:
        faults += [f"{module} uses {name}" for name in _names(tree) if ".".join(name.split(".")[-2:]) in WORLDLY_NAMES]
    if (lines := source.count("\n")) > LONGEST_MODULE:
        faults.append(f"{module} has {lines} lines, more than {LONGEST_MODULE}")
    return faults


def _may(part: str, name: str) -> bool:
    origin, target = name.split(".")[0], part_of(name)
    if origin in {"incamera", "incamera_model", "incamera_conformance"}:
        if part in COMPOSITION_ROOT:
            return origin != "incamera_conformance"
        return target == part or target in MAY_IMPORT.get(part, ())
    if origin in WORLD or name == "trio.socket":
        return part in MAY_TOUCH_THE_WORLD
    return origin not in OWNERS or part in OWNERS[origin]


def _names(tree: ast.Module) -> Iterator[str]:
    """Every dotted name that is read, such as `datetime.now` or `trio.socket`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)


def modules() -> Iterator[tuple[str, Path]]:
    for root in ROOTS:
        for path in sorted(root.rglob("*.py")):
            relative = path.relative_to(root).with_suffix("")
            yield ".".join(part for part in relative.parts if part != "__init__"), path


@pytest.mark.parametrize(("module", "path"), [pytest.param(*each, id=each[0]) for each in modules()])
def test_module_keeps_to_its_place(module: str, path: Path) -> None:
    assert misplaced(module, path.read_text(encoding="utf-8"), package=path.name == "__init__.py") == []


def test_every_part_of_the_design_is_there() -> None:
    parts = {part_of(module) for module, _ in modules()}

    assert set(MAY_IMPORT) <= parts
    assert parts <= set(MAY_IMPORT) | COMPOSITION_ROOT


def test_what_each_may_import_has_no_circle() -> None:
    left = {part: set(others) for part, others in MAY_IMPORT.items()}
    while free := {part for part, others in left.items() if not others & left.keys()}:
        left = {part: others for part, others in left.items() if part not in free}

    assert left == {}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("incamera.tmms.meetings", "from incamera.tcs import Tcs"),
        ("incamera.tmms.meetings", "from ..tcs.rooms import Room"),
        ("incamera.tmms.meetings", "from .. import tcs"),
        ("incamera.tcs.rooms", "import incamera.tmms.store as store"),
        ("incamera.tcc.client", "from incamera.tmms import Tmms"),
        ("incamera.tcc.media.file", "from ...tcs import Tcs"),
        ("incamera.tcc.client", "from incamera.journal import Journal"),
        ("incamera.wire.api", "from incamera.transport import Clock"),
        ("incamera.transport.quic", "from incamera.wire import limits"),
        ("incamera.journal.store", "from incamera_model import MeetingChart"),
        ("incamera.tmms.server", "import incamera.cli"),
        ("incamera.tmms.server", "import incamera"),
        ("incamera_model.ticket", "from incamera.wire import limits"),
        ("incamera_conformance.runner", "from incamera.tmms.store import Store"),
        ("incamera_conformance.runner", "from incamera.server import Server"),
        ("incamera.demo", "def play():\n    from incamera_conformance import replay"),
        (
            "incamera.tmms.server",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from incamera.tcs import Tcs",
        ),
        ("incamera.tcs.rooms", "import aioquic.h3.connection"),
        ("incamera.tmms.timekeeper", "import time"),
        ("incamera.tmms.timekeeper", "from datetime import datetime\ndue = datetime.now()"),
        ("incamera.tmms.timekeeper", "import datetime\nclock = datetime.datetime.now"),
        ("incamera.tcs.rooms", "import trio\nudp = trio.socket.socket()"),
        ("incamera.tcs.rooms", "from trio import socket"),
        ("incamera.wire.limits", "import socket"),
        ("incamera.tcs.rooms", "\n" * (LONGEST_MODULE + 1)),
    ],
)
def test_a_trespass_is_found(module: str, source: str) -> None:
    assert len(misplaced(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("incamera.tmms.meetings", "from incamera.wire import limits\nfrom incamera_model import MeetingChart"),
        ("incamera.tmms.meetings", "from .accounts import Accounts\nimport trio\ntrio.sleep(1)"),
        ("incamera.tcc.media.file", "from ..errors import TccError\nimport av"),
        ("incamera.transport.clock", "import time\nfrom datetime import datetime\nnow = datetime.now()"),
        ("incamera.server", "from incamera.tmms import Tmms\nfrom incamera.tcs import Tcs\nimport socket"),
        ("incamera_conformance.runner", "from incamera.tcc import Client\nimport time"),
        ("incamera.tcs.rooms", "\n" * LONGEST_MODULE),
    ],
)
def test_what_is_allowed_is_not_found(module: str, source: str) -> None:
    assert misplaced(module, source) == []


def test_a_package_resolves_its_own_relative_imports() -> None:
    source = "from .rooms import Room\nfrom ..tmms import Tmms"

    assert misplaced("incamera.tcs", source, package=True) == ["incamera.tcs imports incamera.tmms.Tmms"]
