"""The command as a whole: an embedded server, a few cases, the report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from incamera_conformance.runner import TargetError, parse_target


def conformance(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "incamera_conformance", "run", *args],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"COLUMNS": "200"},
    )


@pytest.mark.slow
def test_cases_are_played_against_an_embedded_server(tmp_path: Path) -> None:
    done = conformance("--case", "meeting/refuse/knock/meeting-scheduled", "--json", "--report", str(tmp_path))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["verdicts"]["OK"] == len(report["cases"]) > 0
    assert report["log"]["error"] is None
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == report
    assert len((tmp_path / "log.ndjson").read_bytes().splitlines()) == report["log"]["records"]


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_server_behind(how: signal.Signals, tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-m", "incamera_conformance", "run", "--area", "meeting"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    while not list(tmp_path.glob("*/serving.json")):
        assert run.poll() is None
        time.sleep(0.05)
    run.send_signal(how)
    _, said = run.communicate(timeout=30)
    assert run.returncode == 130
    assert b"Traceback" not in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("--area", "media"), "no area media; there are auth, meeting, conference"),
        (("--case", "auth/none"), "no case has such an id"),
        (("--target", "https://127.0.0.1:1"), "https://127.0.0.1:1: Nobody listens at 127.0.0.1 port 1."),
        (("--target", "ftp://localhost"), "--target: ftp://localhost is neither `embedded` nor an https URL"),
        (("--allow", "UNIMPLEMENTED"), "--allow is for other servers: of the embedded one every case must be OK"),
        (("--ca", "/nowhere.pem", "--target", "https://localhost"), "cannot be read"),
    ],
)
def test_what_a_user_gets_wrong_is_one_line(args: tuple[str, ...], sentence: str) -> None:
    done = conformance(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_target_is_an_https_url() -> None:
    target = parse_target("https://[::1]:8443", None)
    assert (target.host, target.port, str(target)) == ("::1", 8443, "https://[::1]:8443")
    assert parse_target("https://meet.example", None).port == 443
    for url in ("http://meet.example", "https://", "https://host:port", "meet.example"):
        with pytest.raises(TargetError):
            parse_target(url, None)
