"""A seat's life: dropped, returned, lapsed, displaced, left, dismissed, cleared; and what the others see of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
import trio.testing

from incamera.tcc.conference import Conference
from incamera.tcc.errors import ConferenceEnded, Refused
from incamera.wire.control import CloseCode, RosterChanged
from incamera.wire.ids import fresh_id
from incamera.wire.limits import GRACE_TIME

if TYPE_CHECKING:
    from tests.tcs.conftest import World


async def seen(conference: Conference) -> tuple[str, str, bool]:
    """The next change of the roster: what happened, to whom, and whether their connection is lost."""
    event = await conference.events.receive()
    assert isinstance(event, RosterChanged)
    return event.event, event.seat.name, event.seat.dropped


async def test_who_enters_sees_who_is_there_and_is_seen(world: World) -> None:
    meeting = await world.open_room()
    olga, paul = await world.grant(meeting, "Olga"), await world.grant(meeting, "Paul")
    async with world.enter(olga) as hers, world.enter(paul) as his:
        assert await seen(hers) == ("entered", "Paul", False)
        assert {seat.name for seat in his.roster.values()} == {"Olga", "Paul"}
        assert hers.roster == his.roster


async def test_who_leaves_gives_up_the_seat(world: World) -> None:
    meeting = await world.open_room()
    olga, paul = await world.grant(meeting, "Olga"), await world.grant(meeting, "Paul")
    async with world.enter(olga) as hers:
        async with world.enter(paul) as his:
            await his.leave()
            assert his.ended is not None
            assert his.ended.code == CloseCode.LEFT
        assert await seen(hers) == ("entered", "Paul", False)
        assert await seen(hers) == ("left", "Paul", False)
        assert list(hers.roster) == [olga.seat]
        assert await world.log(after=4) == ["EnterRoom", "LeaveRoom"]


async def test_a_lost_connection_keeps_the_seat_and_one_returns_to_it(world: World) -> None:
    meeting = await world.open_room()
    olga, paul = await world.grant(meeting, "Olga"), await world.grant(meeting, "Paul")
    async with world.enter(olga) as hers:
        async with world.enter(paul) as his:
            assert await seen(hers) == ("entered", "Paul", False)
            track = await his.offer_track("audio", "opus")
            his.abandon()
            ended = await his.wait_ended()
            assert ended.lost
        assert (await hers.events.receive()).type == "track"
        assert await seen(hers) == ("dropped", "Paul", True)
        assert hers.roster[paul.seat].dropped
        assert hers.tracks == {track.track: track}
        await trio.sleep(GRACE_TIME.total_seconds() - 1)

        async with world.enter(paul, returning=True) as his:
            assert await seen(hers) == ("returned", "Paul", False)
            assert his.tracks == {track.track: track}
            assert not his.roster[paul.seat].dropped
            await trio.sleep(GRACE_TIME.total_seconds())
            assert await world.state(paul) == "present"
    assert await world.log(after=5) == ["Drop", "ReturnToRoom", "LeaveRoom", "LeaveRoom"]


async def test_after_the_grace_time_the_seat_is_given_up(world: World) -> None:
    meeting = await world.open_room()
    olga, paul = await world.grant(meeting, "Olga"), await world.grant(meeting, "Paul")
    async with world.enter(olga) as hers:
        async with world.enter(paul) as his:
            await his.offer_track("audio", "opus")
            his.abandon()
        began = trio.current_time()
        kinds = [(await hers.events.receive()).type for _ in range(3)]
        assert kinds == ["roster", "track", "roster"]
        assert await seen(hers) == ("left", "Paul", False)
        assert trio.current_time() - began == pytest.approx(GRACE_TIME.total_seconds(), abs=0.1)
        assert hers.tracks == {}

        with pytest.raises(Refused) as caught:
            async with world.enter(paul, returning=True):
                pytest.fail("the seat was given up")
        assert caught.value.problem.rule == "CONF-006"
    assert await world.log(after=5) == ["Drop", "Lapse", "ReturnToRoom CONF-006", "LeaveRoom"]


async def test_who_lets_the_seat_lapse_may_come_with_another_ticket(world: World) -> None:
    meeting = await world.open_room()
    paul = await world.grant(meeting, "Paul")
    async with world.enter(paul) as his:
        his.abandon()
    await trio.sleep(GRACE_TIME.total_seconds() + 1)
    again = await world.grant(meeting, "Paul", paul.person)
    async with world.enter(again) as his:
        assert list(his.roster) == [again.seat]


async def test_a_return_displaces_the_connection_that_only_seems_alive(world: World) -> None:
    meeting = await world.open_room()
    olga, paul = await world.grant(meeting, "Olga"), await world.grant(meeting, "Paul")
    async with world.enter(olga) as hers, world.enter(paul) as old:
        assert await seen(hers) == ("entered", "Paul", False)
        async with world.enter(paul, returning=True) as new:
            assert (await old.wait_ended()).code == CloseCode.DISPLACED
            assert await seen(hers) == ("dropped", "Paul", True)
            assert await seen(hers) == ("returned", "Paul", False)
            assert new.ended is None
            assert await world.state(paul) == "present"
            assert await world.log(after=5) == ["Drop", "ReturnToRoom"]


async def test_two_devices_of_one_person_have_two_seats(world: World) -> None:
    meeting = await world.open_room()
    phone = await world.grant(meeting, "Olga")
    laptop = await world.grant(meeting, "Olga", phone.person)
    async with world.enter(phone) as one, world.enter(laptop):
        assert await seen(one) == ("entered", "Olga", False)
        assert set(one.roster) == {phone.seat, laptop.seat}
        assert {seat.person for seat in one.roster.values()} == {phone.person}


async def test_who_leaves_the_meeting_is_put_out_on_every_device(world: World) -> None:
    meeting = await world.open_room()
    olga, phone = await world.grant(meeting, "Olga"), await world.grant(meeting, "Paul")
    laptop, spare, lost = [await world.grant(meeting, "Paul", phone.person) for _ in range(3)]
    async with world.enter(lost) as crashed:
        crashed.abandon()
    async with world.enter(olga) as hers, world.enter(phone) as one, world.enter(laptop) as other:
        assert lost.seat in hers.roster
        await world.dismiss(meeting, phone)

        assert (await one.wait_ended()).code == CloseCode.DISMISSED
        assert (await other.wait_ended()).code == CloseCode.DISMISSED
        await trio.testing.wait_all_tasks_blocked()
        assert list(hers.roster) == [olga.seat]
        assert {await world.state(each) for each in (phone, laptop, spare, lost)} == {"left"}
        assert (await world.log(after=11)) == ["Dismiss"] * 4


async def test_the_end_of_the_meeting_puts_everybody_out(world: World) -> None:
    meeting = await world.open_room()
    olga, paul, lost, unused = [await world.grant(meeting, name) for name in ("Olga", "Paul", "Gast", "Late")]
    async with world.enter(lost) as crashed:
        crashed.abandon()
    async with world.enter(olga) as hers, world.enter(paul) as his:
        await world.close_room(meeting)

        for conference in (hers, his):
            assert (await conference.wait_ended()).code == CloseCode.MEETING_ENDED
            with pytest.raises(ConferenceEnded):
                await conference.say("are you there?")
        assert {await world.state(each) for each in (olga, paul, lost)} == {"left"}
        assert await world.state(unused) == "granted"
        assert await world.log(after=9) == ["CloseRoom", "Clear", "Clear", "Clear"]
        assert world.tcs.rooms == 0


async def test_an_empty_room_is_forgotten(world: World) -> None:
    meeting = await world.open_room()
    olga, paul = await world.grant(meeting), await world.grant(meeting)
    async with world.enter(olga):
        async with world.enter(paul) as his:
            assert world.tcs.rooms == 1
            his.abandon()
    await trio.testing.wait_all_tasks_blocked()
    assert world.tcs.rooms == 1  # Paul's seat is kept
    await trio.sleep(GRACE_TIME.total_seconds() + 1)
    assert world.tcs.rooms == 0


async def test_a_person_who_is_unknown_here_is_dismissed_without_a_word(world: World) -> None:
    meeting = await world.open_room()
    olga = await world.grant(meeting)
    async with world.enter(olga) as hers:
        nobody = await world.grant(await world.open_room(), person=fresh_id("acc"))
        await world.dismiss(meeting, nobody)
        assert hers.ended is None
    assert "Dismiss" not in await world.log()


async def test_a_large_roster_is_told_in_pieces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("incamera.tcs.limits.ROSTER_AT_ONCE", 2)
    monkeypatch.setattr("incamera.tcs.limits.TRACKS_AT_ONCE", 1)
    meeting = await world.open_room()
    people = [await world.grant(meeting, name) for name in ("Olga", "Paul", "Gast", "Mia")]
    async with world.enter(people[0]) as first, world.enter(people[1]) as second, world.enter(people[2]) as third:
        for conference in (first, second):
            await conference.offer_track("audio", "opus")
        third.abandon()
        await trio.testing.wait_all_tasks_blocked()
        async with world.enter(people[3]) as last:
            assert len(last.roster) == 2
            assert last.roster[people[3].seat].name == "Mia"
            await trio.testing.wait_all_tasks_blocked()
            assert last.roster == first.roster
            assert len(last.roster) == 4
            assert last.roster[people[2].seat].dropped
            assert last.tracks == first.tracks
            assert len(last.tracks) == 2
