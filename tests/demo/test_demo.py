"""The demo as a user runs it, and that it does not say yes to everything."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from rich.console import Console

from incamera import server
from incamera.demo import proof
from incamera.demo.play import play
from incamera.demo.steps import Steps
from incamera.journal import Journal
from incamera.tcc.media import Recorder, TestPattern, encode
from incamera.tcc.part import Clip
from incamera.tmms import create_account
from incamera.transport import PortForbidden, SystemClock

PATIENCE_S: Final = 120.0


def demo(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `incamera demo`."""
    command = [sys.executable, "-m", "incamera", "demo", *map(str, arguments)]
    environment = {"PATH": os.environ["PATH"], "COLUMNS": "150", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, env=environment, check=False)
    return done.returncode, done.stdout, done.stderr


def record(path: Path, pattern: TestPattern) -> Path:
    """The pattern as a media file."""
    with Recorder(path) as recorder:
        for frame in encode(pattern):
            recorder.write(frame)
    return path


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100, height=12, color_system=None)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.slow
def test_one_meeting_from_the_first_key_to_the_proof(tmp_path: Path) -> None:
    own = record(tmp_path / "own.webm", TestPattern(1.0, size=(160, 120), tone_hz=880, label="own"))
    code, out, err = demo("--json", "--port", 0, "--media", own, "--keep", tmp_path / "kept")
    told: dict[str, Any] = json.loads(out)
    assert (code, err, told["ok"]) == (0, "", True), told
    assert set(told) == {"ok", "steps", "media", "replay"}

    for step in told["steps"]:
        assert set(step) == {"title", "detail", "seconds", "ok"}
        assert step["ok"] is True, step
        assert step["seconds"] >= 0
    titles = [step["title"] for step in told["steps"]]
    assert len(set(titles)) == len(titles) >= 15

    assert set(told["media"]) == {"Olga", "Paul"}
    for found in told["media"].values():
        assert found["video"]["ok"] is True
        assert found["video"]["psnr_mean_db"] > 30
        assert found["audio"]["ok"] is True
    assert told["media"]["Olga"]["video"]["frames_sent"] == 15
    assert told["media"]["Paul"]["video"]["frames_sent"] == 60
    assert abs(told["media"]["Paul"]["audio"]["measured_hz"] - 660) < 2

    replay = told["replay"]
    log = (tmp_path / "kept" / "audit.ndjson").read_text().splitlines()
    assert replay["records"] == replay["accepted"] == len(log) > 15
    (altered,) = {forgery["altered"] for forgery in replay["forgeries"].values()}
    assert json.loads(log[altered])["action"] == "Admit"
    assert [forgery["rejected_at"] for forgery in replay["forgeries"].values()] == [altered, altered]
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == [
        "audit.ndjson",
        "from-olga.webm",
        "from-paul.webm",
    ]


@pytest.mark.slow
async def test_another_recording_is_no_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, console: Console) -> None:
    """What is sent is not what is said to have been sent: they meet, if on another port, and the demo says no."""
    real = Clip.of

    def deceived(source: TestPattern) -> Clip:
        other = TestPattern(1.0, tone_hz=990.0, label="another")
        return Clip(source, real(other).frames)

    @asynccontextmanager
    async def unprivileged(folder: Path, *, port: int) -> AsyncIterator[server.Running]:
        if port == 443:
            raise PortForbidden("Port 443 may not be used by this user.")
        async with run(folder, port=port) as running:
            yield running

    run = server.run
    monkeypatch.setattr(server, "run", unprivileged)
    monkeypatch.setattr(Clip, "of", deceived)
    outcome = await play(tmp_path, media=None, keep=None, steps=Steps(console), port=443)
    assert outcome.ok is False
    assert "(443 is not permitted)" in outcome.steps[1].detail
    failed = [step for step in outcome.steps if not step.ok]
    assert [step.title for step in failed] == [
        f"the recording of {name} shows what was sent" for name in ("Olga", "Paul")
    ]
    for step in failed:
        assert "the pictures differ" in step.detail or "not sent" in step.detail
    assert "✗" in shown(console)


async def test_a_log_that_the_specification_refuses_is_no_proof(tmp_path: Path) -> None:
    """A log of something that must not happen, in a store whose chain is whole."""
    with Journal.open(tmp_path / "store.sqlite3", clock=SystemClock(), server="tmms-tests") as journal:
        a = create_account(journal, "olga", "a passphrase that is long enough")
        journal.transact_sync(lambda tx: tx.accept("Auth", "LogOut", a=a, s="ses_" + "A" * 22))
        journal.transact_sync(lambda tx: tx.accept("Meeting", "Admit", m="mtg_" + "A" * 22, host=a, p=a))
    steps = Steps(None)
    found = await proof.replay(tmp_path, tmp_path / "audit.ndjson", steps)
    assert (found["records"], found["accepted"]) == (4, 2)
    assert steps.ok is False


async def test_the_screen_shows_the_step_that_runs_and_at_last_all(console: Console) -> None:
    running: list[str] = []

    def fail(steps: Steps) -> None:
        with steps.step("the last"):
            running.extend("".join(part.text for part in line) for line in console.render_lines(steps))
            raise ZeroDivisionError

    with Steps(console) as steps:
        for number in range(20):
            with steps.step(f"step {number}") as step:
                step.detail = f"seen [{number}]"
        with pytest.raises(ZeroDivisionError):
            fail(steps)
    assert len(running) <= console.height
    assert "the last" in running[-2]
    assert not steps.ok
    assert steps.done[-1].seconds is not None
    whole = shown(console).rpartition("from the first key")[2]
    for number in range(20):
        assert f"seen [{number}]" in whole


@pytest.mark.parametrize(("option", "complaint"), [("--media", "is not a media file"), ("--keep", "File exists")])
def test_a_file_that_will_not_do(tmp_path: Path, option: str, complaint: str) -> None:
    text = tmp_path / "letter.txt"
    text.write_text("This is a letter to my aunt.\n" * 100)
    code, out, err = demo("--json", option, text)
    assert code == 1
    assert json.loads(out)["ok"] is False
    assert json.loads(out)["replay"] == {"records": 0, "accepted": 0}
    assert err.startswith("incamera: ")
    assert complaint in err
    assert len(err.splitlines()) == 1
