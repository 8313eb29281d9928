"""Beginnings and ends: shutdown, crash, restart, deadlines, and a store that fails."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import trio
import trio.testing

from incamera.journal import JournalFull
from incamera.tcc.errors import ConferenceEnded, Refused
from incamera.tcs.room import Room
from incamera.wire.control import CloseCode
from incamera.wire.ids import fresh_id
from incamera.wire.limits import GRACE_TIME, TICKET_TIME

if TYPE_CHECKING:
    from tests.tcs.conftest import World

    Restart = Callable[[World], AbstractAsyncContextManager[World]]


async def test_a_shutdown_records_everybody_as_lost_and_tells_them(world: World) -> None:
    meeting = await world.open_room()
    people = [await world.grant(meeting) for _ in range(5)]
    async with AsyncExitStack() as stack:
        conferences = [await stack.enter_async_context(world.enter(person)) for person in people]
        world.shut_down()

        for conference in conferences:
            assert (await conference.wait_ended()).code == CloseCode.SHUTTING_DOWN
        assert await world.log(after=11) == ["Drop"] * 5
        assert world.journal.verify() == 17


async def test_those_who_are_lost_together_share_a_transaction(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = await world.open_room()
    people = [await world.grant(meeting) for _ in range(5)]
    count = 0
    transact = world.journal.transact_sync

    def counted(act: Any) -> Any:
        nonlocal count
        count += 1
        return transact(act)

    async with AsyncExitStack() as stack:
        for person in people:
            await stack.enter_async_context(world.enter(person))
        monkeypatch.setattr(world.journal, "transact_sync", counted)
        world.shut_down()
        await trio.testing.wait_all_tasks_blocked()
        assert count <= 2
        assert (await world.log())[-5:] == ["Drop"] * 5


async def test_an_act_that_has_begun_is_finished_when_the_server_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga = await world.grant(await world.open_room())
    transact = world.journal.transact

    async def slow(act: Any) -> Any:
        await trio.sleep(5)
        return await transact(act)

    monkeypatch.setattr(world.journal, "transact", slow)
    async with world.knock(olga.meeting) as client:
        with trio.move_on_after(3):
            await client.show(olga, olga.meeting)
        world.shut_down()
        assert await client.close_code() == CloseCode.SHUTTING_DOWN
    assert await world.log(after=2) == ["EnterRoom", "Drop"]


async def test_a_crash_loses_the_present_and_keeps_their_seats(world: World, restarted: Restart) -> None:
    meeting = await world.open_room()
    olga, paul, gast, unused = [await world.grant(meeting, name) for name in ("Olga", "Paul", "Gast", "Late")]
    async with world.enter(gast):
        pass
    async with world.enter(olga), world.enter(paul):
        async with restarted(world) as after:
            assert (await after.log())[-2:] == ["Drop", "Drop"]
            assert [await after.state(each) for each in (olga, paul, gast, unused)] == [
                "dropped",
                "dropped",
                "left",
                "granted",
            ]
            assert after.tcs.rooms == 1
            async with after.enter(olga, returning=True) as hers:
                assert {seat.name: seat.dropped for seat in hers.roster.values()} == {"Olga": False, "Paul": True}
                async with after.enter(unused):
                    pass
            await trio.sleep(GRACE_TIME.total_seconds() + 1)
            assert await after.state(paul) == "left"
            assert after.tcs.rooms == 0


async def test_a_restart_settles_what_fell_due_meanwhile(world: World, restarted: Restart) -> None:
    meeting = await world.open_room()
    lost, unused = await world.grant(meeting), await world.grant(meeting)
    async with world.enter(lost) as his:
        his.abandon()
    await trio.testing.wait_all_tasks_blocked()
    before = await world.log()
    restart = restarted(world)
    await trio.sleep(TICKET_TIME.total_seconds() + 1)
    async with restart as after:
        assert sorted((await after.log())[len(before) :]) == ["ExpireTicket", "Lapse"]
        assert await after.state(unused) == "expired"
        assert after.tcs.rooms == 0


async def test_deadlines_pass_when_nothing_else_happens(world: World) -> None:
    meeting = await world.open_room()
    early = await world.grant(meeting)
    await trio.sleep(20)
    late = await world.grant(meeting)
    await trio.sleep(TICKET_TIME.total_seconds() - 19)
    assert await world.state(early) == "expired"
    assert await world.state(late) == "granted"
    await trio.sleep(20)
    assert await world.log(after=2) == ["Grant", "ExpireTicket", "ExpireTicket"]


async def test_a_deadline_is_settled_before_an_act_even_if_nobody_kept_the_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = await world.open_room()
    stale, olga = await world.grant(meeting), await world.grant(meeting)
    ahead = world.clock.now() + TICKET_TIME + timedelta(seconds=1)
    monkeypatch.setattr(world.clock, "now", lambda: ahead)

    with pytest.raises(Refused) as caught:
        async with world.enter(olga):
            pytest.fail("the ticket has expired")

    assert caught.value.problem.rule == "CONF-002"
    log = await world.log(after=3)
    assert log == ["ExpireTicket", "ExpireTicket", "EnterRoom CONF-002"]
    assert await world.state(stale) == "expired"


async def test_one_deadline_can_be_made_due(world: World) -> None:
    meeting = await world.open_room()
    olga, paul, gast = [await world.grant(meeting) for _ in range(3)]
    async with world.enter(olga) as hers, world.enter(paul) as his:
        his.abandon()
        await trio.testing.wait_all_tasks_blocked()
        assert paul.seat in hers.roster

        named = {"m": meeting, "p": paul.person, "t": paul.seat}
        assert not await world.tcs.due("ExpireTicket", named)
        assert not await world.tcs.due("Lapse", named | {"p": olga.person})
        assert not await world.tcs.due("Lapse", {})
        assert not await world.tcs.due("LeaveRoom", named)
        assert await world.tcs.due("Lapse", named)
        await trio.testing.wait_all_tasks_blocked()
        assert paul.seat not in hers.roster
        assert not await world.tcs.due("Lapse", named)

        assert await world.tcs.due("ExpireTicket", {"m": meeting, "p": gast.person, "t": gast.seat})
        assert await world.log(after=6) == ["Drop", "Lapse", "ExpireTicket"]
        assert await world.state(olga) == "present"


async def test_the_state_is_told_in_the_words_of_the_specification(world: World) -> None:
    here, there = await world.open_room(), await world.open_room()
    olga, paul = await world.grant(here), await world.grant(there)
    async with world.enter(olga):
        assert await world.tcs.state("Conference") == {
            "room": {here: "open", there: "open"},
            "ticket": {
                here: {olga.person: {olga.seat: "present"}},
                there: {paul.person: {paul.seat: "granted"}},
            },
        }
    assert await world.tcs.state("Meeting") == {}


async def test_a_store_that_fails_admits_nobody_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = await world.open_room()
    olga, paul = await world.grant(meeting), await world.grant(meeting)

    async def full(act: Any) -> Any:
        raise JournalFull("The disk is full.")

    async with world.enter(olga) as hers:
        with monkeypatch.context() as broken:
            broken.setattr(world.journal, "transact", full)
            with pytest.raises(ConferenceEnded) as caught:
                async with world.enter(paul):
                    pytest.fail("nobody could record it")
            assert caught.value.code == CloseCode.INTERNAL_ERROR
            assert list(hers.roster) == [olga.seat]
        async with world.enter(paul):
            assert await world.state(paul) == "present"


async def test_a_loss_that_could_not_be_recorded_is_recorded_with_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = await world.open_room()
    olga, paul, gast = [await world.grant(meeting) for _ in range(3)]

    async def full(act: Any) -> Any:
        raise JournalFull("The disk is full.")

    async with world.enter(olga) as hers, world.enter(paul) as his:
        with monkeypatch.context() as broken:
            broken.setattr(world.journal, "transact", full)
            his.abandon()
            await trio.testing.wait_all_tasks_blocked()
        assert await world.state(paul) == "present"
        hers.abandon()
        await trio.testing.wait_all_tasks_blocked()
        assert await world.state(paul) == await world.state(olga) == "dropped"
    async with world.enter(gast) as third:
        assert sum(seat.dropped for seat in third.roster.values()) == 2


async def test_a_mistake_of_ours_ends_one_session_and_its_seat_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = await world.open_room()
    olga, paul = await world.grant(meeting), await world.grant(meeting)

    def stumble(*_: object) -> None:
        raise ZeroDivisionError

    async with world.enter(olga) as hers, world.enter(paul) as his:
        monkeypatch.setattr(Room, "say", stumble)
        await his.say("hello")
        assert (await his.wait_ended()).code == CloseCode.INTERNAL_ERROR
        assert await world.state(paul) == "dropped"
        assert hers.ended is None
    assert len(world.failures) == 1
    world.failures.clear()


async def test_the_timekeeper_survives_a_store_that_fails_for_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga = await world.grant(await world.open_room())

    async def full(act: Any) -> Any:
        await trio.lowlevel.checkpoint()
        raise JournalFull("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(world.journal, "transact", full)
        await trio.sleep(TICKET_TIME.total_seconds() + 10)
    await trio.sleep(2)
    assert await world.state(olga) == "expired"


async def test_the_same_person_in_many_rooms(world: World) -> None:
    person = fresh_id("acc")
    rooms = [await world.open_room() for _ in range(3)]
    async with AsyncExitStack() as stack:
        conferences = [
            await stack.enter_async_context(world.enter(await world.grant(room, person=person))) for room in rooms
        ]
        await world.close_room(rooms[0])
        assert (await conferences[0].wait_ended()).code == CloseCode.MEETING_ENDED
        assert conferences[1].ended is None
        assert world.tcs.rooms == 2
