"""The `incamera` command as people run it: processes of their own, over the loopback, in a fresh folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import pytest
import trio

from incamera import layout
from incamera.journal import Journal
from incamera.tcc.api import Api
from incamera.tcc.media import Recorder, TestPattern, encode
from incamera.tmms import create_account
from incamera.transport import Connection, SystemClock, Trust, connect
from incamera.wire.api import MeetingView, SessionIssued
from incamera.wire.audit import Record

PASSPHRASE: Final = "a passphrase that is long enough"  # noqa: S105 - of people who exist for a test
PATIENCE_S: Final = 30.0
"""For a process on a busy machine; nothing that goes right takes as long."""
COMMAND: Final = (sys.executable, "-m", "incamera")


@dataclass(frozen=True)
class Told:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line of an error that a person can understand; anything else fails the test."""
        lines = self.err.splitlines()
        assert (self.code, self.out, len(lines)) == (1, "", 1), self
        assert lines[0].startswith("incamera: "), self
        return lines[0].removeprefix("incamera: ")


def run(*arguments: object, stdin: str = "", file_size: int | None = None) -> Told:
    """Run `incamera` with these arguments to its end; `file_size` is the most bytes that a file it writes may have."""
    done = subprocess.run(
        _command(arguments, file_size),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=_environment(),
        check=False,
    )
    return Told(done.returncode, done.stdout, done.stderr)


def start(
    *arguments: object, stdin: str = "", stderr: int | IO[str] = subprocess.DEVNULL, file_size: int | None = None
) -> subprocess.Popen[str]:
    """Start `incamera` with these arguments; its standard input stays open behind `stdin`."""
    process = subprocess.Popen(
        _command(arguments, file_size),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        env=_environment(),
    )
    if stdin:
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.flush()
    return process


def _command(arguments: tuple[object, ...], file_size: int | None) -> list[str]:
    command = [*COMMAND, *map(str, arguments)]
    if file_size is None:
        return command
    # Without its signal the limit is an error of the write, as a full disk is. No module's bytecode is to be cut off.
    limited = """
import os, resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
os.execve(sys.argv[2], sys.argv[2:], os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
"""
    return [sys.executable, "-c", limited, str(file_size), *command]


def _environment() -> dict[str, str]:
    # Wide enough that no table is cut, and nothing of whoever runs the tests.
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "COLUMNS": "200", "LC_ALL": "C.UTF-8"}


@dataclass
class Deployment:
    """A server that runs as `incamera serve`, and its folder."""

    folder: Path
    process: subprocess.Popen[str]
    complaints: Path

    @property
    def url(self) -> str:
        return str(json.loads((self.folder / layout.SERVING_FILE).read_text())["url"])

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def ca(self) -> Path:
        return layout.ca(self.folder)

    def account(self, name: str) -> str:
        with self.journal() as journal:
            return create_account(journal, name, PASSPHRASE)

    def journal(self) -> Journal:
        return Journal.open(layout.store(self.folder), clock=SystemClock(), server="tmms-tests")

    def records(self) -> list[Record]:
        with self.journal() as journal:
            return list(journal.records())

    def acts(self, *actions: str) -> list[str]:
        """Those of these actions that were accepted, in their order."""
        return [r.action for r in self.records() if r.action in actions and r.outcome == "accepted"]

    def command(self, *arguments: object, by: str = "olga", stdin: str = PASSPHRASE + "\n") -> Told:
        """A command of a client of this deployment."""
        return run(*arguments, "--as", by, "--data", self.folder, stdin=stdin)

    def schedule(self, *invited: str) -> str:
        """The address of a new meeting of olga's; for a test that does not run under trio itself."""

        async def ask() -> MeetingView:
            async with person(self, "olga") as olga:
                return await olga.api.schedule_meeting("Tea", invited)

        return f"{self.url}/meetings/{trio.run(ask).meeting}"

    def stop(self, how: signal.Signals) -> int:
        """Send the signal; returns the exit code."""
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)


@contextmanager
def deployment(folder: Path, *options: object, file_size: int | None = None) -> Iterator[Deployment]:
    """`incamera serve` on the folder while the block runs; a server that stops by itself had nothing to complain of."""
    complaints = folder.with_name(f"{folder.name}.err")
    (folder / layout.SERVING_FILE).unlink(missing_ok=True)  # of a server that was killed
    with complaints.open("a") as stderr:
        process = start("serve", "--quiet", "--data", folder, "--port", 0, *options, stderr=stderr, file_size=file_size)
    served = Deployment(folder, process, complaints)
    try:
        _wait_until_served(served)
        yield served
    finally:
        process.kill()
        process.communicate()
    assert complaints.read_text() == ""


def _wait_until_served(served: Deployment) -> None:
    waited = 0.0
    while not (served.folder / layout.SERVING_FILE).exists():
        try:
            served.process.wait(0.05)
        except subprocess.TimeoutExpired:
            waited += 0.05
        assert served.process.poll() is None, served.complaints.read_text()
        assert waited < PATIENCE_S


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment with the accounts olga and paul, shared by tests that leave nothing behind that others notice."""
    with deployment(tmp_path_factory.mktemp("shared") / "deployment") as deployed:
        for name in ("olga", "paul"):
            deployed.account(name)
        yield deployed


def clip(path: Path, seconds: float = 1.0) -> Path:
    """A media file with picture and sound."""
    with Recorder(path) as recorder:
        for frame in encode(TestPattern(seconds, size=(160, 120), label=path.stem)):
            recorder.write(frame)
    return path


@asynccontextmanager
async def connected(served: Deployment) -> AsyncIterator[Connection]:
    """A connection of nobody in particular."""
    async with connect("localhost", served.port, trust=Trust.authority(served.ca)) as connection:
        yield connection


@dataclass(frozen=True)
class Seated:
    """Somebody with a session of their own, through the client library."""

    connection: Connection
    api: Api
    session: SessionIssued


@asynccontextmanager
async def person(served: Deployment, name: str) -> AsyncIterator[Seated]:
    """Somebody who is logged in."""
    async with connected(served) as connection:
        api = Api(connection)
        yield Seated(connection, api, await api.log_in(name, PASSPHRASE))


async def admitted(host: Api, guest: Api, name: str) -> MeetingView:
    """A new meeting of `host`, open, into which `guest` has been admitted."""
    meeting = await host.schedule_meeting("Tea", [name])
    await host.open_meeting(meeting.meeting)
    await guest.knock(meeting.meeting)
    return await host.admit(meeting.meeting, (await guest.session()).account)


def expect(process: subprocess.Popen[str], text: str) -> str:
    """Read what the process writes until a line has the text, and return that line."""
    assert process.stdout is not None
    guard = threading.Timer(PATIENCE_S, process.kill)
    guard.start()
    try:
        heard = []
        for line in process.stdout:
            heard.append(line)
            if text in line:
                return line
    finally:
        guard.cancel()
    raise AssertionError(f"{text!r} never came, but {heard}")


def tell(process: subprocess.Popen[str], line: str) -> None:
    """Write a line to the process."""
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def validated(log: Path) -> dict[str, Any]:
    """What `incamera-conformance validate` says of a log."""
    command = [sys.executable, "-m", "incamera_conformance", "validate", str(log), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    return dict(json.loads(done.stdout))
