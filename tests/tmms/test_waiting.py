"""What happens by itself: long polls, deadlines, and letters to the communication server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import trio
from sqlalchemy import insert, text
from trio.testing import wait_all_tasks_blocked

from incamera.journal import Journal, JournalFull, Refusal
from incamera.tmms import NoSuchDeadline, Tmms, create_account, deadlines, service, tables
from incamera.tmms.act import Act
from incamera.wire import limits
from incamera.wire.ids import fresh_id
from incamera.wire.link import CloseRoom, Dismiss, OpenRoom

from .conftest import KEY, PASSPHRASE, House, Person, Switchboard


@pytest.fixture
async def running(house: House) -> AsyncIterator[House]:
    """The server with its timekeeper."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(house.tmms.run)
        yield house
        nursery.cancel_scope.cancel()


async def meeting(olga: Person, *invite: str) -> str:
    return str((await olga.do("/meetings", {"title": "Talk", "invite": invite}))["meeting"])


async def until(house: House, action: str, seconds: float = 5) -> dict[str, Any]:
    """The parameters of the latest record of `action`, once there is one."""
    with trio.fail_after(seconds):
        while True:
            for act, params, _ in reversed(house.acts()):
                if act == action:
                    return dict(params)
            await trio.sleep(0.01)


async def test_a_reader_waits_for_the_next_change(house: House) -> None:
    olga, paul = await house.person("Olga"), await house.person("Paul")
    m = await meeting(olga, "Paul")
    version = (await paul.see(f"/meetings/{m}"))["version"]
    seen = []

    async def wait() -> None:
        seen.append(await paul.see(f"/meetings/{m}", after=version, wait=30))

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(wait)
        await wait_all_tasks_blocked(0.05)
        assert seen == []
        await olga.do(f"/meetings/{m}/open")
    assert [view["phase"] for view in seen] == ["open"] * 3
    assert all(view["version"] > version for view in seen)


async def test_a_reader_waits_no_longer_than_asked(house: House) -> None:
    olga = await house.person("Olga")
    m = await meeting(olga)
    version = (await olga.see(f"/meetings/{m}"))["version"]
    seen = []

    async def wait() -> None:
        seen.append(await olga.see(f"/meetings/{m}", after=version, wait=20))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked(0.05)
        house.advance(timedelta(seconds=19))
        await wait_all_tasks_blocked(0.05)
        assert seen == []
        house.advance(timedelta(seconds=1))
    assert [view["version"] for view in seen] == [version]


@pytest.mark.parametrize("query", [{}, {"after": 0}, {"after": 10**6, "wait": 0}])
async def test_a_reader_who_need_not_wait_does_not(house: House, query: dict[str, int]) -> None:
    olga = await house.person("Olga")
    m = await meeting(olga)
    assert (await olga.see(f"/meetings/{m}", **query))["meeting"] == m


async def test_who_logs_out_while_waiting_is_not_served(house: House) -> None:
    olga, paul = await house.person("Olga"), await house.person("Paul")
    m = await meeting(olga, "Paul")
    answers = []

    async def wait() -> None:
        answers.append(await paul.ask("GET", f"/meetings/{m}", after=10**6))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked(0.05)
        await paul.do("/log-out")
        await olga.do(f"/meetings/{m}/open")
    assert answers[0].json()["rule"] == "AUTH-005"


async def test_readers_leave_nothing_behind(house: House) -> None:
    olga = await house.person("Olga")
    m = await meeting(olga)
    with trio.move_on_after(0.1):
        await olga.see(f"/meetings/{m}", after=10**6)
    await olga.ask("GET", f"/meetings/{fresh_id('mtg')}", after=10**6)
    assert dict(house.tmms._service._changes) == {}


async def test_a_lock_ends_although_nobody_tries(running: House) -> None:
    a = await running.account("Olga")
    for _ in range(limits.MAX_FAIL):
        await running.log_in("Olga", "not the passphrase of anybody")
    await wait_all_tasks_blocked(0.05)
    running.advance(limits.LOCK_TIME)
    assert await until(running, "Unlock") == {"a": a}


async def test_a_session_ends_although_nobody_uses_it(running: House) -> None:
    olga = await running.person("Olga")
    await wait_all_tasks_blocked(0.05)
    running.advance(limits.SESSION_TIME)
    assert (await until(running, "ExpireSession"))["a"] == olga.id


async def test_a_meeting_ends_although_nobody_looks_and_its_room_is_closed(running: House) -> None:
    olga = await running.person("Olga")
    m = await meeting(olga)
    await olga.do(f"/meetings/{m}/open")
    await wait_all_tasks_blocked(0.05)
    running.advance(limits.MEETING_TIME)
    assert await until(running, "ExpireMeeting") == {"m": m}
    await wait_all_tasks_blocked(0.05)
    assert running.link.told == [OpenRoom(meeting=m), CloseRoom(meeting=m)]


async def test_nothing_happens_before_its_time(running: House) -> None:
    olga = await running.person("Olga")
    await meeting(olga)
    await wait_all_tasks_blocked(0.05)
    last = running.last
    running.advance(limits.SESSION_TIME - timedelta(microseconds=1))
    await wait_all_tasks_blocked(0.05)
    assert running.last == last


async def test_a_long_absence_is_settled_piece_by_piece(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "AT_ONCE", 2)
    await house.account("Olga")
    for _ in range(5):
        await house.log_in("Olga")
    house.advance(limits.SESSION_TIME)
    counts = []
    for _ in range(3):
        last = house.last
        soonest = await house.tmms._service.act(deadlines.settle)
        counts.append(house.last - last)
    assert counts == [2, 2, 1]
    assert soonest is None


async def test_the_timekeeper_survives_a_full_disk(
    running: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    olga = await running.person("Olga")
    await wait_all_tasks_blocked(0.05)
    full = True

    def settle(act: Act) -> Any:
        if full:
            raise JournalFull("The disk is full: it cannot grow.")
        return real(act)

    real = deadlines.settle
    monkeypatch.setattr(deadlines, "settle", settle)
    running.advance(limits.SESSION_TIME)
    await wait_all_tasks_blocked(0.05)
    full = False
    running.advance(service.RETRY)
    assert (await until(running, "ExpireSession"))["a"] == olga.id
    assert "The disk is full" in capsys.readouterr().out


async def test_a_letter_that_could_not_be_delivered_waits(
    house: House, clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The act has happened all the same, and after a restart its letters arrive first and in order."""
    olga, paul = await house.person("Olga"), await house.person("Paul")
    m = await meeting(olga, "Paul")
    house.link.fail = JournalFull("The disk is full: it cannot grow.")
    assert (await olga.do(f"/meetings/{m}/open"))["phase"] == "open"
    await paul.do(f"/meetings/{m}/knock")
    await paul.do(f"/meetings/{m}/leave")
    assert house.link.told == []
    assert "The disk is full" in capsys.readouterr().out
    link = Switchboard()
    restarted = Tmms(house.journal, link, clock)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(restarted.run)
        await wait_all_tasks_blocked(0.1)
        nursery.cancel_scope.cancel()
    assert link.told == [OpenRoom(meeting=m), Dismiss(meeting=m, person=paul.id)]


async def test_a_letter_is_delivered_again_if_it_is_not_known_to_have_arrived(house: House) -> None:
    """Cancelled between telling and noting that it was told: the messages of the link are idempotent."""
    olga = await house.person("Olga")
    m = await meeting(olga)
    with trio.CancelScope() as scope:

        async def tell(message: Any) -> None:
            house.link.told.append(message)
            scope.cancel()

        house.link.tell = tell  # type: ignore[method-assign]
        await olga.do(f"/meetings/{m}/open")
    del house.link.tell
    assert scope.cancelled_caught
    assert house.acts()[-1][0] == "OpenMeeting"
    await olga.do(f"/meetings/{m}/end")
    assert house.link.types == ["open-room", "open-room", "close-room"]


async def test_a_letter_that_is_refused_does_not_keep_the_others_waiting(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    olga = await house.person("Olga")
    m = await meeting(olga)
    house.link.refuse = "CONF-001"
    await olga.do(f"/meetings/{m}/open")
    house.link.refuse = None
    await olga.do(f"/meetings/{m}/end")
    assert house.link.types == ["close-room"]
    assert "letter refused" in capsys.readouterr().out


async def test_a_letter_that_nobody_can_read_does_not_keep_the_others_waiting(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    olga = await house.person("Olga")
    m = await meeting(olga)
    newer = insert(tables.letter).values(body={"type": "of another version"})
    await house.journal.transact(lambda tx: tx.connection.execute(newer) and None)
    await olga.do(f"/meetings/{m}/open")
    assert house.link.types == ["open-room"]
    assert "letter cannot be read" in capsys.readouterr().out


async def test_the_timekeeper_survives_what_the_store_has_no_word_for(
    running: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    olga = await running.person("Olga")
    await wait_all_tasks_blocked(0.05)
    monkeypatch.setattr(deadlines, "settle", lambda act: act.tx.connection.execute(text("SELECT nonsense")))
    running.advance(limits.SESSION_TIME)
    await wait_all_tasks_blocked(0.05)
    monkeypatch.undo()
    running.advance(service.RETRY)
    assert (await until(running, "ExpireSession"))["a"] == olga.id
    assert "no such column" in capsys.readouterr().out


async def test_a_ticket_that_could_not_be_stored_was_taken_all_the_same(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    olga = await house.person("Olga")
    m = await meeting(olga)
    await olga.do(f"/meetings/{m}/open")
    house.link.fail = JournalFull("The disk is full: it cannot grow.")
    answer = await olga.ask("POST", f"/meetings/{m}/take-ticket", {"key": KEY})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:incamera:problem:storage")
    assert "take another" in answer.json()["title"]
    assert house.acts()[-1][0] == "TakeTicket"
    assert "ticket lost" in capsys.readouterr().out


async def test_a_grant_that_the_communication_server_refuses_is_told_with_its_rule(house: House) -> None:
    olga = await house.person("Olga")
    m = await meeting(olga)
    await olga.do(f"/meetings/{m}/open")
    house.link.refuse = "CONF-001"
    answer = await olga.ask("POST", f"/meetings/{m}/take-ticket", {"key": KEY})
    assert (answer.status_code, answer.json()["rule"]) == (409, "CONF-001")


async def test_who_takes_a_ticket_and_leaves_is_granted_first_and_dismissed_second(house: House) -> None:
    olga, paul = await house.person("Olga"), await house.person("Paul")
    m = await meeting(olga, "Paul")
    await olga.do(f"/meetings/{m}/open")
    await paul.do(f"/meetings/{m}/knock")
    await olga.do(f"/meetings/{m}/lobby/{paul.id}/admit")
    told: list[str] = []
    granting = trio.Event()
    go_on = trio.Event()

    async def tell(message: Any) -> None:
        if message.type == "grant":
            granting.set()
            await go_on.wait()
        told.append(message.type)

    house.link.tell = tell  # type: ignore[method-assign]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(paul.do, f"/meetings/{m}/take-ticket", {"key": KEY})
        await granting.wait()
        nursery.start_soon(paul.do, f"/meetings/{m}/leave")
        assert await until(house, "Leave") == {"m": m, "p": paul.id}
        assert told == []
        go_on.set()
    assert told == ["grant", "dismiss"]


async def test_a_deadline_can_be_brought_forward_and_no_other_happens(house: House) -> None:
    olga, paul = await house.person("Olga"), await house.person("Paul")
    await house.log_in("Olga")
    for name in ("Olga", "Paul"):
        for _ in range(limits.MAX_FAIL):
            await house.log_in(name, "not the passphrase of anybody")
    m, other = await meeting(olga), await meeting(olga)
    s, another = (await house.tmms.state("Auth"))["session"][olga.id]
    last = house.last
    due = [("Unlock", {"a": olga.id}), ("ExpireMeeting", {"m": m}), ("ExpireSession", {"a": olga.id, "s": s})]
    for action, params in due:
        await house.tmms.due(action, params)
    await house.tmms._service.act(deadlines.settle)
    assert house.acts(after=last) == [(action, params, None) for action, params in due]
    assert (await house.tmms.state("Meeting"))["phase"] == {m: "ended", other: "scheduled"}
    auth = await house.tmms.state("Auth")
    assert auth["account"] == {olga.id: "active", paul.id: "locked"}
    assert auth["session"][olga.id] == {s: "expired", another: "live"}
    assert house.link.told == [CloseRoom(meeting=m)]
    last = house.last
    for action, params in due:
        with pytest.raises(NoSuchDeadline):
            await house.tmms.due(action, params)
    assert house.last == last


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("Unlock", {}),
        ("Unlock", {"a": "acc_x", "s": "ses_x"}),
        ("Unlock", {"a": "acc_x"}),
        ("LogIn", {"a": "acc_x", "s": "ses_x"}),
        ("ExpireSession", {"a": "acc_x", "s": "ses_x"}),
        ("ExpireMeeting", {"m": "mtg_x"}),
    ],
)
async def test_what_is_no_deadline_cannot_be_brought_forward(house: House, action: str, params: dict[str, str]) -> None:
    before, last = await house.state(), house.last
    with pytest.raises(NoSuchDeadline):
        await house.tmms.due(action, params)
    assert (await house.state(), house.last) == (before, last)


async def test_an_account_is_added_by_another_program_while_the_server_runs(running: House) -> None:
    def add() -> str:
        with Journal.open(running.journal.path, clock=running.clock, server="operator") as other:
            return create_account(other, "Paul", PASSPHRASE)

    a = await trio.to_thread.run_sync(add)
    assert (await running.log_in("Paul")).json()["account"] == a
    assert [(record.by, record.action) for record in running.log(after=0)] == [
        ("operator", "CreateAccount"),
        ("tmms-1", "LogIn"),
    ]


async def test_whoever_hangs_up_leaves_the_log_whole(house: House) -> None:
    """Twenty requests are cancelled at any point: what was committed has its record, and the other way round."""
    olga = await house.person("Olga")
    m = await meeting(olga)
    await olga.do(f"/meetings/{m}/open")
    for delay in range(20):
        with trio.move_on_after(delay / 1000):
            await olga.do("/meetings", {"title": f"Talk {delay}"})
    scheduled = {params["m"] for action, params, _ in house.acts() if action == "ScheduleMeeting"}
    assert set((await house.tmms.state("Meeting"))["phase"]) == scheduled


def test_a_refusal_tells_no_secret() -> None:
    assert repr(Refusal("AUTH-001", "Auth", "LogIn", a="acc_1")) == "Refusal('LogIn is refused by AUTH-001')"
