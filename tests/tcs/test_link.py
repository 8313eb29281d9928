"""What the TMMS tells: each message is idempotent, and the order in which they come late does no harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from incamera.wire.control import CloseCode
from incamera.wire.ids import fresh_id
from incamera.wire.link import CloseRoom, LinkRefused, OpenRoom

if TYPE_CHECKING:
    from tests.tcs.conftest import World


async def test_opening_twice_opens_once(world: World) -> None:
    meeting = await world.open_room()
    await world.tcs.link.tell(OpenRoom(meeting=meeting))

    assert await world.log() == ["OpenRoom"]


async def test_closing_twice_closes_once(world: World) -> None:
    meeting = await world.open_room()
    await world.close_room(meeting)
    await world.close_room(meeting)

    assert await world.log() == ["OpenRoom", "CloseRoom"]


async def test_a_closed_room_stays_closed(world: World) -> None:
    meeting = fresh_id("mtg")
    await world.tcs.link.tell(CloseRoom(meeting=meeting))
    await world.tcs.link.tell(OpenRoom(meeting=meeting))

    assert await world.log() == ["CloseRoom"]
    assert (await world.tcs.state("Conference"))["room"] == {meeting: "closed"}


@pytest.mark.parametrize("ended", [False, True])
async def test_no_ticket_is_granted_for_a_room_that_is_not_open(world: World, ended: bool) -> None:
    meeting = fresh_id("mtg")
    if ended:
        meeting = await world.open_room()
        await world.close_room(meeting)
    with pytest.raises(LinkRefused) as caught:
        await world.grant(meeting)

    assert caught.value.rule == "CONF-001"
    assert (await world.log())[-1] == "Grant CONF-001"
    assert (await world.tcs.state("Conference"))["ticket"] == {}


async def test_granting_twice_grants_once(world: World) -> None:
    olga = await world.grant(await world.open_room())
    async with world.enter(olga):
        await world.tell_grant(olga)
        assert await world.state(olga) == "present"
    assert await world.log() == ["OpenRoom", "Grant", "EnterRoom", "LeaveRoom"]


async def test_dismissing_twice_dismisses_once(world: World) -> None:
    meeting = await world.open_room()
    olga = await world.grant(meeting)
    async with world.enter(olga) as hers:
        await world.dismiss(meeting, olga)
        await world.dismiss(meeting, olga)
        assert (await hers.wait_ended()).code == CloseCode.DISMISSED
    assert await world.log(after=3) == ["Dismiss"]


async def test_who_was_dismissed_comes_in_only_with_a_new_ticket(world: World) -> None:
    meeting = await world.open_room()
    olga = await world.grant(meeting)
    await world.dismiss(meeting, olga)
    again = await world.grant(meeting, person=olga.person)
    async with world.enter(again):
        assert await world.state(olga) == "left"
        assert await world.state(again) == "present"
