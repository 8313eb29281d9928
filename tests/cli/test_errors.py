"""What a user can cause is one clear line on standard error and exit code 1."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import trio

from incamera.transport import Authority
from incamera.wire.ids import fresh_id

from .conftest import PASSPHRASE, PATIENCE_S, Deployment, clip, person, run, start

# --- reaching the server


def test_a_port_that_is_taken(served: Deployment, tmp_path: Path) -> None:
    told = run("serve", "--data", tmp_path / "other", "--port", served.port)
    assert told.complaint == f"Port {served.port} is taken by another program."


def test_a_second_server_on_the_same_folder(served: Deployment) -> None:
    told = run("serve", "--data", served.folder, "--port", 0)
    assert told.complaint == f"Another server is already using the data folder {served.folder}."
    assert served.url, "the note of the first one is left alone"


def test_a_testability_control_that_others_could_reach(tmp_path: Path) -> None:
    told = run("serve", "--data", tmp_path, "--port", 0, "--testability")
    assert told.complaint == "The testability control is only for a loopback address, not for ::."


def test_a_port_on_which_nobody_listens(served: Deployment) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = served.command("meeting", "list", "--server", f"https://127.0.0.1:{port}")
    assert told.complaint == f"Nobody listens at 127.0.0.1 port {port}."


@pytest.mark.slow
def test_a_path_on_which_udp_is_lost(served: Deployment) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        told = served.command("meeting", "list", "--server", f"https://127.0.0.1:{port}")
    assert told.complaint == f"Nobody answered at 127.0.0.1 port {port} within 5 seconds."


def test_a_folder_from_which_nothing_is_served(tmp_path: Path) -> None:
    told = run("meeting", "list", "--as", "olga", "--data", tmp_path)
    assert told.complaint == f"no server is running from {tmp_path}; start `incamera serve`, or say --server URL"


def test_an_unknown_ca(served: Deployment, tmp_path: Path) -> None:
    other = Authority.create("another deployment").save(tmp_path)
    complaint = served.command("meeting", "list", "--ca", other).complaint
    assert complaint.startswith(f"The certificate of localhost port {served.port} is not trusted: ")


def test_a_ca_that_cannot_be_read(served: Deployment, tmp_path: Path) -> None:
    told = served.command("meeting", "list", "--ca", tmp_path / "none.pem")
    assert told.complaint == f"there is no CA certificate in {tmp_path / 'none.pem'} that can be read"


# --- accounts


def test_a_wrong_passphrase_and_an_unknown_name_are_told_alike(served: Deployment) -> None:
    wrong = served.command("meeting", "list", stdin="not the passphrase of olga\n").complaint
    assert wrong == "name or passphrase is wrong, or the account is locked [AUTH-001]"
    assert served.command("meeting", "list", by="nobody").complaint == wrong


def test_no_passphrase(served: Deployment) -> None:
    assert served.command("meeting", "list", stdin="").complaint == "no passphrase was given"


def test_a_name_that_is_given(served: Deployment) -> None:
    told = run("user", "add", "OLGA", "--data", served.folder)
    assert told.complaint == "An account's name is given only once. [AUTH-004]"


def test_a_weak_passphrase(served: Deployment) -> None:
    told = run("user", "add", "vera", "--choose", "--data", served.folder, stdin="too short\n")
    assert told.complaint == "A passphrase has at least 21 characters."


def test_a_folder_without_a_deployment(tmp_path: Path) -> None:
    for command in (("user", "list"), ("audit", "export")):
        assert run(*command, "--data", tmp_path).complaint == f"there is no deployment in {tmp_path}"
    assert list(tmp_path.iterdir()) == []


# --- meetings


def test_a_meeting_that_is_over(served: Deployment) -> None:
    url = served.schedule("paul")
    assert served.command("meeting", "end", url).out == "Tea has ended.\n"
    for name in ("olga", "paul"):
        assert served.command("join", url, by=name).complaint == "Tea is over"


def test_a_meeting_that_is_unknown(served: Deployment) -> None:
    told = served.command("join", f"{served.url}/meetings/{fresh_id('mtg')}")
    assert told.complaint == "A meeting is unknown to whoever is not invited to it. [MTG-001]"


def test_an_address_of_no_meeting(served: Deployment) -> None:
    told = served.command("join", f"{served.url}/meetings/", stdin="")
    assert told.complaint == f"{served.url}/meetings/ is no address of a meeting; `incamera meeting list` shows them"


def test_somebody_else_s_meeting_is_not_one_s_own_to_end(served: Deployment) -> None:
    told = served.command("meeting", "end", served.schedule("paul"), by="paul")
    assert told.complaint == "Only the organizer runs a meeting: invites, opens, admits, refuses and ends. [MTG-002]"


# --- files


def test_files_that_cannot_be_sent(served: Deployment, tmp_path: Path) -> None:
    url = f"{served.url}/meetings/{fresh_id('mtg')}"
    text = tmp_path / "letter.txt"
    text.write_text("This is a letter to my aunt.\n" * 100)
    for path, why in (
        (text, f"{text} is not a media file that can be played."),
        (tmp_path / "none.webm", f"{tmp_path / 'none.webm'} cannot be read: No such file or directory."),
        (tmp_path, f"{tmp_path} cannot be read: Is a directory."),
    ):
        assert served.command("join", url, "--send", path).complaint == why


def test_recordings_that_cannot_be_made(served: Deployment, tmp_path: Path) -> None:
    url = f"{served.url}/meetings/{fresh_id('mtg')}"
    taken = clip(tmp_path / "taken.webm", seconds=0.2)
    before = taken.read_bytes()
    assert served.command("join", url, "--record", taken).complaint == f"{taken} exists already"
    assert taken.read_bytes() == before
    nowhere = tmp_path / "nowhere" / "new.webm"
    why = f"{nowhere} cannot be written: there is no folder {nowhere.parent} that may be written"
    assert served.command("join", url, "--record", nowhere).complaint == why


# --- disks


def test_a_disk_without_room_for_the_exported_log(served: Deployment) -> None:
    told = run("audit", "export", "--data", served.folder, "--to", "/dev/full")
    assert told.complaint == "/dev/full cannot be written: No space left on device"


def test_a_disk_without_room_for_a_new_deployment(tmp_path: Path) -> None:
    told = run("user", "add", "olga", "--data", tmp_path, file_size=50_000)
    assert told.complaint == f"{tmp_path / 'store.sqlite3'} cannot be read or written."


def test_a_folder_that_cannot_be_made() -> None:
    told = run("serve", "--data", "/proc/incamera", "--port", 0)
    assert told.complaint == "The data folder /proc/incamera cannot be used: No such file or directory."


# --- Ctrl-C


def test_who_gives_up_in_the_lobby_leaves_it(served: Deployment) -> None:
    async def open_one() -> str:
        async with person(served, "olga") as olga:
            meeting = await olga.api.schedule_meeting("Tea", ["paul"])
            return (await olga.api.open_meeting(meeting.meeting)).meeting

    meeting = trio.run(open_one)
    join = ("join", f"{served.url}/meetings/{meeting}", "--as", "paul", "--data", served.folder)
    with start(*join, stdin=PASSPHRASE + "\n", stderr=subprocess.PIPE) as paul:
        while served.acts("Knock", "Leave")[-1:] != ["Knock"]:
            assert paul.poll() is None
            time.sleep(0.1)
        paul.send_signal(signal.SIGINT)
        out, err = paul.communicate(timeout=PATIENCE_S)
    assert (paul.returncode, out, err) == (130, "", "")
    assert served.acts("Knock", "Leave")[-2:] == ["Knock", "Leave"]


# --- what succeeds beside it


def test_an_account_is_added_while_the_server_runs(served: Deployment) -> None:
    told = run("user", "add", "nina", "--data", served.folder)
    assert told.code == 0, told
    passphrase = told.out.split()[-1]
    listed = served.command("meeting", "list", by="nina", stdin=passphrase + "\n")
    assert (listed.code, listed.out) == (0, "There are no meetings for you.\n")
    assert served.acts("CreateAccount", "LogIn")[-2:] == ["CreateAccount", "LogIn"]
    chosen = run("user", "add", "vera", "--choose", "--data", served.folder, stdin=PASSPHRASE + "\n")
    assert chosen.code == 0
    assert PASSPHRASE not in chosen.out
    assert {"nina", "vera"} <= set(run("user", "list", "--data", served.folder).out.split())


# --- what people type


@pytest.mark.parametrize("starts", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_a_time_at_which_nobody_meets(served: Deployment, starts: str) -> None:
    told = served.command("meeting", "schedule", "Tea", "--starts", starts)
    assert told.code == 1
    assert len(told.err.splitlines()) == 1, told


def test_a_passphrase_that_is_no_text(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "incamera", "user", "add", "x", "--choose", "--data", str(tmp_path)]
    done = subprocess.run(
        command, input=b"\xff\xfe a passphrase that is long\n", capture_output=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == ["incamera: the passphrase is not text in this terminal's encoding"]


def test_a_passphrase_that_nobody_could_read_makes_no_account(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "incamera", "user", "add", "x", "--data", str(tmp_path)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE_S, check=False)
    assert done.returncode == 1
    assert run("user", "list", "--data", tmp_path).code != 0 or "x" not in run("user", "list", "--data", tmp_path).out


def test_a_path_that_looks_like_markup(served: Deployment, tmp_path: Path) -> None:
    log = tmp_path / "[bold]e.ndjson"
    told = run("audit", "export", "--data", served.folder, "--to", log)
    assert told.code == 0, told
    assert log.exists()
    assert str(log) in told.out
