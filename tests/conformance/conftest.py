"""A small spec to check, in spec/: doors, and people who hold their keys."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from incamera_conformance.checker.embedded import EmbeddedChecker
from incamera_conformance.checker.tlc import TlcChecker
from incamera_conformance.commands.generate import explore
from incamera_conformance.graph import Graph
from incamera_conformance.situations import Local, situations
from incamera_conformance.specs import Specs, load_specs

SPEC = Path(__file__).parent / "spec"

MakeSpecs = Callable[..., Specs]


@pytest.fixture
def make_specs(tmp_path: Path) -> MakeSpecs:
    """A copy of the Door spec with changes: `files` below door/, `models` and `area` merged into the manifest."""

    def make(
        files: dict[str, str] | None = None,
        models: dict[str, Any] | None = None,
        area: dict[str, Any] | None = None,
    ) -> Specs:
        root = tmp_path / "spec"
        if not root.exists():
            shutil.copytree(SPEC, root)
        for name, text in (files or {}).items():
            (root / "door" / name).write_text(text, encoding="utf-8")
        manifest = json.loads((SPEC / "manifest.json").read_text(encoding="utf-8"))
        manifest["models"] |= models or {}
        manifest["areas"]["Door"] |= area or {}
        (root / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        return load_specs(root)

    return make


@pytest.fixture
def embedded() -> EmbeddedChecker:
    """Fails, with the sentence that says how to install it, where the embedded checker is missing."""
    return EmbeddedChecker()


@pytest.fixture
def tlc() -> TlcChecker:
    """Fails, with the sentence that says what it needs, where TLC is missing."""
    return TlcChecker()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that run TLC itself are a session of their own (`nox -s tlc`).

    The default ones hold the embedded checker to what TLC has found and the manifest records.
    """
    for item in items:
        params = (
            item.callspec.params.values() if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ()
        )
        if "tlc" in getattr(item, "fixturenames", ()) or "tlc" in params:
            item.add_marker(pytest.mark.tlc)


@pytest.fixture(scope="session")
def graphs() -> dict[str, Graph]:
    """The graphs of the project's specs, explored once."""
    return explore(load_specs(), "embedded")


@pytest.fixture(scope="session")
def localities(graphs: dict[str, Graph]) -> dict[str, Local]:
    """The same specs in situations."""
    return {spec: situations(graph) for spec, graph in graphs.items()}
