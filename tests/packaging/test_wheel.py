"""What a wheel of this checkout holds, and what it does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {"incamera": "impl", "incamera_model": "model", "incamera_conformance": "conformance"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a freshly built wheel by name."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_the_packages_is_in(wheel: dict[str, bytes], package: str) -> None:
    folder = ROOT / PACKAGES[package]
    files = [path for path in (folder / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    missing = [path for path in files if str(path.relative_to(folder)) not in wheel]

    assert missing == []
    assert f"{package}/__init__.py" in wheel


def test_replay_finds_its_tables(wheel: dict[str, bytes]) -> None:
    areas = {name.split("/")[-1] for name in wheel if name.startswith("incamera_conformance/data/")}

    assert {"Auth.json", "Meeting.json", "Conference.json"} <= areas


@pytest.mark.parametrize(("folder", "pattern"), [("spec", "**/*.tla"), ("spec", "**/*.cfg"), ("vectors", "**/*.json*")])
def test_specifications_and_vectors_ship(wheel: dict[str, bytes], folder: str, pattern: str) -> None:
    sources = list((ROOT / folder).glob(pattern))
    shipped = {f"incamera_conformance/data/{path.relative_to(ROOT)}": path.read_bytes() for path in sources}

    assert sources
    assert {name: wheel.get(name) for name in shipped} == shipped


def test_nothing_else_is_in(wheel: dict[str, bytes]) -> None:
    top = {name.split("/")[0] for name in wheel}
    stray = [name for name in wheel if "test" in name.split("/")[-1].split("_") or name.endswith((".pyc", ".sqlite3"))]

    assert top == {*PACKAGES, next(name for name in top if name.endswith(".dist-info"))}
    assert stray == []
    assert [name for name in wheel if "_TTrace_" in name] == []


def test_the_licence_ships(wheel: dict[str, bytes]) -> None:
    (licence,) = [name for name in wheel if name.endswith("/licenses/LICENSE")]

    assert wheel[licence] == (ROOT / "LICENSE").read_bytes()
