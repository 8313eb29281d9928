"""The life of a deployment: a meeting by hand, its end by a signal or a crash, and what is found afterwards."""

from __future__ import annotations

import json
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
import trio

from incamera.tcc.api import Api
from incamera.tcc.conference import TicketKey, enter
from incamera.tcc.errors import Refused
from incamera.tcc.media import FileSource, compare_audio, compare_video
from incamera.tcc.part import Clip, offer, send
from incamera.transport import Connection
from incamera.wire.api import TicketIssued
from incamera.wire.control import CloseCode

from .conftest import (
    PASSPHRASE,
    PATIENCE_S,
    Told,
    admitted,
    clip,
    connected,
    deployment,
    expect,
    person,
    run,
    start,
    tell,
    validated,
)


@pytest.mark.slow
def test_a_meeting_by_hand(tmp_path: Path) -> None:
    folder = tmp_path / "deployment"
    clips = {name: clip(tmp_path / f"{name}.webm", seconds) for name, seconds in (("olga", 20), ("paul", 1))}
    seen = {name: tmp_path / f"seen-by-{name}.webm" for name in clips}
    with deployment(folder) as served:
        words = {name: run("user", "add", name, "--data", folder).out.split()[-1] for name in clips}
        told = served.command("meeting", "schedule", "Tea", "--invite", "paul", stdin=words["olga"] + "\n")
        assert told.out.startswith("Tea is scheduled; invited: paul\nJoin at https://localhost:")
        url = told.out.split()[-1]

        def join(name: str, *options: str) -> tuple[object, ...]:
            media = ("--send", clips[name], "--record", seen[name])
            return ("join", url, "--as", name, "--data", folder, *media, *options)

        with start(*join("olga", "--admit"), stdin=words["olga"] + "\n") as olga:
            expect(olga, "Tea is open.")
            paul = run(*join("paul"), stdin=words["paul"] + "\nHello!\n")  # he leaves when his film is over
            assert (paul.code, paul.err) == (0, ""), paul
            for news in ("You are admitted to Tea.", "here: olga, paul (you)", "you: Hello!", "You have left"):
                assert news in paul.out
            assert f"recorded {seen['paul']}" in paul.out
            assert expect(olga, "Hello!") == "paul: Hello!\n"
            expect(olga, "paul has left")
            tell(olga, "/end")
            expect(olga, f"recorded {seen['olga']}")
            expect(olga, "The meeting has ended.")
            assert olga.wait(PATIENCE_S) == 0
        assert served.stop(signal.SIGTERM) == 0

    film = FileSource(clips["paul"])
    assert compare_video(film, seen["olga"]).faults == ()
    assert compare_audio(film, seen["olga"]).faults == ()
    of_olga = FileSource(seen["paul"])
    assert len(list(of_olga.pictures())) >= 10
    assert len(list(of_olga.sounds())) >= 40
    assert validated(exported(folder))["error"] is None


def exported(folder: Path) -> Path:
    """The audit log, as the command writes it."""
    log = folder.with_suffix(".ndjson")
    told = run("audit", "export", "--data", folder, "--to", log)
    assert (told.code, told.out) == (0, f"{len(log.read_text().splitlines())} records in {log}\n")
    return log


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_the_server_and_no_record_is_lost(tmp_path: Path, how: signal.Signals) -> None:
    folder = tmp_path / "deployment"
    with deployment(folder) as served:
        accounts = [served.account(name) for name in ("olga", "paul")]
        async with person(served, "olga") as olga, person(served, "paul") as paul:
            meeting = (await admitted(olga.api, paul.api, "paul")).meeting
            async with AsyncExitStack() as stack:
                rooms = []
                for one in (olga, paul):
                    key = TicketKey.generate()
                    ticket = await one.api.take_ticket(meeting, key.public)
                    rooms.append(await stack.enter_async_context(enter(one.connection, ticket, key)))
                assert await trio.to_thread.run_sync(served.stop, how) == 0
                for room in rooms:
                    with trio.fail_after(5):
                        assert (await room.wait_ended()).code is CloseCode.SHUTTING_DOWN
        records = served.records()
        assert [r.params["p"] for r in records if r.action == "EnterRoom"] == accounts
        assert sorted(str(r.params["p"]) for r in records if r.action == "Drop") == sorted(accounts)
        assert not list(folder.glob("serving.json"))
    assert validated(exported(folder)) == {"records": len(records), "accepted": len(records), "error": None}


@pytest.mark.slow
async def test_after_a_crash_people_find_the_meeting_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "deployment"
    keys = [TicketKey.generate() for _ in range(3)]
    with deployment(folder) as served:
        for name in ("olga", "paul"):
            served.account(name)
        async with person(served, "olga") as olga, person(served, "paul") as paul:
            meeting = (await admitted(olga.api, paul.api, "paul")).meeting
            first = await olga.api.take_ticket(meeting, keys[0].public)
            second = await paul.api.take_ticket(meeting, keys[1].public)
            async with enter(olga.connection, first, keys[0]), enter(paul.connection, second, keys[1]):
                assert await trio.to_thread.run_sync(served.stop, signal.SIGKILL) == -signal.SIGKILL
        tokens = olga.session.token, paul.session.token

    with deployment(folder) as served:
        assert served.acts("EnterRoom", "Drop") == ["EnterRoom", "EnterRoom", "Drop", "Drop"]
        async with connected(served) as connection:
            olga_again, paul_again = (Api(connection, token) for token in tokens)
            assert (await olga_again.meeting(meeting)).phase == "open"
            async with enter(connection, first, keys[0], returning=True) as room:
                assert {seat.name: seat.dropped for seat in room.roster.values()} == {"olga": False, "paul": True}
                third = await paul_again.take_ticket(meeting, keys[2].public)
                async with enter(connection, third, keys[2]) as other:
                    assert sorted(seat.name for seat in other.roster.values()) == ["olga", "paul", "paul"]
                    await olga_again.end_meeting(meeting)
                    with trio.fail_after(5):
                        assert (await other.wait_ended()).code is CloseCode.MEETING_ENDED
        assert served.stop(signal.SIGTERM) == 0
        records = served.records()
    assert validated(exported(folder)) == {"records": len(records), "accepted": len(records), "error": None}


@pytest.mark.slow
async def test_tickets_serve_once_and_not_for_long(tmp_path: Path) -> None:
    with deployment(tmp_path / "deployment", "--host", "localhost", "--testability") as served:
        for name in ("olga", "paul"):
            served.account(name)
        async with person(served, "olga") as olga, person(served, "paul") as paul:
            meeting = (await admitted(olga.api, paul.api, "paul")).meeting
            key = TicketKey.generate()
            ticket = await paul.api.take_ticket(meeting, key.public)
            async with enter(paul.connection, ticket, key):
                pass
            assert await refused(paul.connection, ticket, key) == "CONF-002"
            late = await paul.api.take_ticket(meeting, key.public)
            body = json.dumps({"advance_s": 61}).encode()
            headers = {"content-type": "application/json"}
            await paul.connection.request("POST", "/testability/v1/clock", headers=headers, body=body)
            assert await refused(paul.connection, late, key) == "CONF-002"


async def refused(connection: Connection, ticket: TicketIssued, key: TicketKey) -> str | None:
    """The rule by which the ticket is refused at the door."""
    with pytest.raises(Refused) as refusal:
        async with enter(connection, ticket, key):
            pass
    return refusal.value.problem.rule


@pytest.mark.slow
async def test_a_disk_that_fills_up_while_recording(tmp_path: Path) -> None:
    recording = tmp_path / "too-large.webm"
    film = Clip.of(FileSource(clip(tmp_path / "film.webm", 3)))
    with deployment(tmp_path / "deployment") as served:
        for name in ("olga", "paul"):
            served.account(name)
        async with person(served, "olga") as olga, person(served, "paul") as paul:
            meeting = (await admitted(olga.api, paul.api, "paul")).meeting
            key = TicketKey.generate()
            ticket = await olga.api.take_ticket(meeting, key.public)
            async with enter(olga.connection, ticket, key) as room, trio.open_nursery() as nursery:
                join = ("join", f"{served.url}/meetings/{meeting}", "--as", "paul", "--data", served.folder)
                told: list[Told] = []

                async def take_part() -> None:
                    words = PASSPHRASE + "\n"
                    recorded = partial(run, *join, "--record", recording, stdin=words, file_size=10_000)
                    told.append(await trio.to_thread.run_sync(recorded))

                nursery.start_soon(take_part)
                with trio.fail_after(PATIENCE_S):
                    while len(room.roster) < 2:
                        await room.events.receive()
                await send(room, film, await offer(room, film.source))
                with trio.fail_after(PATIENCE_S):
                    while len(room.roster) > 1:
                        await room.events.receive()
    assert told[0].err == f"incamera: The recording {recording} cannot be written: File too large.\n"
    assert told[0].code == 1
    assert len(list(FileSource(recording).pictures())) > 0, "what was written until then can be seen"


async def refusal_of(act: Callable[[], Awaitable[object]], *, attempts: int) -> Refused:
    """How the act is refused at last."""
    for _ in range(attempts):
        try:
            await act()
        except Refused as refused:
            return refused
    raise AssertionError("it never was")


@pytest.mark.slow
async def test_a_disk_that_fills_up_under_the_server(tmp_path: Path) -> None:
    folder = tmp_path / "deployment"
    with deployment(folder, file_size=300_000) as served:
        served.account("olga")
        async with person(served, "olga") as olga:
            refusal = await refusal_of(partial(olga.api.schedule_meeting, "x" * 200), attempts=200)
            assert refusal.problem.status == 503
            assert served.process.poll() is None
            assert served.complaints.read_text()
            served.complaints.write_text("")
            assert served.stop(signal.SIGTERM) == 0
        records = served.records()
    with deployment(folder) as served:
        async with person(served, "olga") as olga:
            await olga.api.schedule_meeting("There is room again.")
        assert served.acts("ScheduleMeeting") == ["ScheduleMeeting"] * (len(records) - 2)
    assert validated(exported(folder))["error"] is None
