"""Every check by name; plain `nox` runs them all, the cheap ones first.

All sessions share one environment, `.nox/check`: hash-pinned by `requirements/check.txt`, with the checkout installed
in place. It is made once, and anew when its lock or the interpreter changes. `demo` alone has another, `.nox/run`:
exactly what a user gets.

A tool that is missing is installed where that is possible, else the session fails and says what to install. Nothing is
skipped.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nox

ROOT = Path(__file__).parent
HOME = ROOT / ".nox"
TLC_JAR = "TLA2TOOLS_JAR"

nox.needs_version = ">=2024.3"
nox.options.sessions = [
    *("lint", "types", "docs", "agree", "vectors", "specs", "tests", "conformance", "demo"),
    *(("tlc",) if TLC_JAR in os.environ else ()),
]

check = nox.session(venv_backend="none")


@check
def lint(session: nox.Session) -> None:
    """Style and formatting (ruff)."""
    run = checking(session)
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")


@check
def types(session: nox.Session) -> None:
    """Types (mypy, strict)."""
    checking(session)("mypy", "impl", "model", "conformance", "tests", "noxfile.py")


@check
def docs(session: nox.Session) -> None:
    """Links of the documents resolve, and the commands they name exist."""
    checking(session)("pytest", "tests/docs", *session.posargs)


@check
def agree(session: nox.Session) -> None:
    """Every statechart agrees with its specification."""
    run = checking(session)
    embedded_checker(session, run)
    run("incamera-conformance", "agree")


@check
def vectors(session: nox.Session) -> None:
    """The committed vectors are what the specifications generate, to the byte."""
    run = checking(session)
    embedded_checker(session, run)
    run("incamera-conformance", "generate", "--check")


@check
def specs(session: nox.Session) -> None:
    """The specifications keep to the common subset of TLA+, and their models come to what the manifest expects."""
    run = checking(session)
    embedded_checker(session, run)
    run("incamera-conformance", "lint")
    run("incamera-conformance", "check")


@check
def tlc(session: nox.Session) -> None:
    """The same models by TLC, the reference checker, and the tests that run it (TLA2TOOLS_JAR names its jar)."""
    if TLC_JAR not in os.environ:
        session.error(f"set {TLC_JAR} to the path of tla2tools.jar")
    if shutil.which("java") is None:
        session.error("TLC needs Java: `apt install default-jre-headless`")
    run = checking(session)
    run("incamera-conformance", "check", "--checker", "tlc")
    run("pytest", "tests/conformance", "-m", "tlc")


@check
def tests(session: nox.Session) -> None:
    """The tests, in random order, on two processes; warnings are errors."""
    run = checking(session)
    chromium(session)
    embedded_checker(session, run)
    run("pytest", "--numprocesses=2", "--ignore=tests/docs", *session.posargs)


@check
def conformance(session: nox.Session) -> None:
    """The vectors, over the wire, against a server of this checkout."""
    checking(session)("incamera-conformance", "run", "--target", "embedded")


@check
def demo(session: nox.Session) -> None:
    """The demo, from a wheel in an environment of its own."""
    run, build = using(session), checking(session)
    with tempfile.TemporaryDirectory(prefix="incamera-wheel-") as folder:
        build("hatchling", "build", "--target", "wheel", "--directory", folder)
        (wheel,) = Path(folder).glob("*.whl")
        run("pip", "install", "--quiet", "--no-deps", "--force-reinstall", str(wheel))
        answer = subprocess.run(
            [HOME / "run" / "bin" / "incamera", "demo", "--json"], stdout=subprocess.PIPE, cwd=folder, check=False
        )
    try:
        result = json.loads(answer.stdout)
    except ValueError:
        session.error(f"`incamera demo --json` answered no JSON (exit code {answer.returncode})")
    session.log(json.dumps({name: value for name, value in result.items() if name != "steps"}))
    if answer.returncode or result["ok"] is not True:
        session.error(f"the demo failed (exit code {answer.returncode}): {json.dumps(result['steps'])}")


@nox.session(venv_backend="none", default=False)
def lock(session: nox.Session) -> None:
    """Resolve the requirements anew and write the locks; `nox -s lock -- --upgrade` takes newer versions."""
    tools = HOME / "lock"
    session.run(sys.executable, "-m", "venv", str(tools))
    session.run(str(tools / "bin" / "pip"), "install", "--quiet", "pip-tools==7.6.2")
    for name, *sources in (
        ("run", "pyproject.toml"),
        ("check", "--extra=conformance", "pyproject.toml", "requirements/check.in"),
        ("node", "requirements/node.in"),
    ):
        session.run(
            *(str(tools / "bin" / "pip-compile"), "--quiet", "--generate-hashes", "--allow-unsafe", "--strip-extras"),
            *("--no-emit-index-url", "--no-emit-trusted-host", "--no-emit-find-links"),
            *(f"--output-file=requirements/{name}.txt", *sources, *session.posargs),
        )


Run = Callable[..., object]
"""Runs a program of an environment, by name, with the environment's programs first on PATH."""


def checking(session: nox.Session) -> Run:
    """The environment of the checks, made if need be."""
    return environment(session, "check", ("--no-build-isolation", "--editable", "."))


def using(session: nox.Session) -> Run:
    """The environment of a user, without the project itself."""
    return environment(session, "run", ())


def environment(session: nox.Session, name: str, project: tuple[str, ...]) -> Run:
    """The environment that `requirements/NAME.txt` locks, with the project installed by these arguments to pip."""
    home, locked = HOME / name, ROOT / "requirements" / f"{name}.txt"
    programs = home / "bin"

    def run(program: str, *arguments: str) -> object:
        path = os.pathsep.join((str(programs), os.environ["PATH"]))
        return session.run(str(programs / program), *arguments, env={"PATH": path})

    def install(*arguments: str) -> None:
        run("pip", "install", "--quiet", *arguments)

    with once(home / "lock", locked.read_bytes() + sys.version.encode()) as is_due:
        if is_due:
            session.run(sys.executable, "-m", "venv", "--clear", str(home))
            install("--require-hashes", "--requirement", str(locked))
    with once(home / "project", (ROOT / "pyproject.toml").read_bytes()) as is_due:
        if is_due and project:
            install("--no-deps", *project)
    return run


@contextmanager
def once(stamp: Path, made_of: bytes) -> Iterator[bool]:
    """Whether the block has work to do: it has not yet come to its end with the same things to make it of."""
    key = hashlib.sha256(made_of).hexdigest()
    done = stamp.is_file() and stamp.read_text() == key
    yield not done
    stamp.write_text(key)


def embedded_checker(session: nox.Session, run: Run) -> None:
    """Have the embedded model checker, and for that npm: the machine's, else one from a wheel."""
    if shutil.which("npm") is None:
        session.log("no npm on PATH: taking Node.js from a wheel")
        run("pip", "install", "--quiet", "--require-hashes", "--requirement", "requirements/node.txt")
    run("incamera-conformance", "setup")


def chromium(session: nox.Session) -> None:
    """Have Chromium, with which the tests open WebTransport as a browser does."""
    if shutil.which("chromium"):
        return
    root = () if os.geteuid() == 0 else ("sudo", "-n")
    may = not root or (shutil.which("sudo") and subprocess.run([*root, "true"], capture_output=True).returncode == 0)
    if not may or shutil.which("apt-get") is None:
        session.error("the tests need Chromium on PATH: `apt install chromium` (on Debian)")
    session.log("no chromium on PATH: installing Debian's")
    quietly = {"DEBIAN_FRONTEND": "noninteractive"}
    session.run(*root, "apt-get", "update", "--quiet", env=quietly)
    session.run(*root, "apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium", env=quietly)
