"""Admission: who gets in, who is refused by which rule, and what the log says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from incamera.tcc.conference import TicketKey
from incamera.tcc.errors import Refused
from incamera.tcs import door
from incamera.wire import control
from incamera.wire.control import CloseCode, EnterRoom, Hello, Say
from incamera.wire.ids import UNKNOWN, fresh_id, fresh_token
from incamera.wire.limits import DOOR_TIME, TICKET_TIME

if TYPE_CHECKING:
    from tests.tcs.conftest import World


async def refused_at(world: World, bearer: Any, meeting: str, **how: Any) -> str | None:
    """The rule by which the bearer's ticket is refused at the door of `meeting`; the session is closed after it."""
    async with world.knock(meeting) as client:
        verdict = await client.show(bearer, meeting, **how)
        assert isinstance(verdict, control.Refused)
        assert await client.close_code() == CloseCode.REFUSED
        rule: str | None = verdict.problem.rule
        return rule


def last_params(world: World) -> dict[str, str | int]:
    return list(world.journal.records())[-1].params


async def test_a_ticket_opens_the_door(world: World) -> None:
    meeting = await world.open_room()
    olga = await world.grant(meeting, "Olga")

    async with world.enter(olga) as conference:
        assert conference.meeting == meeting
        assert conference.seat == olga.seat
        assert [seat.name for seat in conference.roster.values()] == ["Olga"]
        assert await world.state(olga) == "present"
        assert await world.log() == ["OpenRoom", "Grant", "EnterRoom"]
        assert last_params(world) == {"m": meeting, "p": olga.person, "n": meeting, "q": olga.person, "t": olga.seat}


async def test_a_ticket_opens_the_door_once(world: World) -> None:
    meeting = await world.open_room()
    olga = await world.grant(meeting)

    async with world.enter(olga):
        assert await refused_at(world, olga, meeting) == "CONF-002"
    assert await refused_at(world, olga, meeting) == "CONF-002"
    assert (await world.log(after=3)) == ["EnterRoom CONF-002", "LeaveRoom", "EnterRoom CONF-002"]


async def test_the_client_tells_the_rule(world: World) -> None:
    olga = await world.grant(await world.open_room())
    async with world.enter(olga):
        with pytest.raises(Refused) as caught:
            async with world.enter(olga):
                pytest.fail("entered twice")

    assert caught.value.problem.rule == "CONF-002"


async def test_an_expired_ticket_opens_nothing(world: World) -> None:
    meeting = await world.open_room()
    olga = await world.grant(meeting)
    await trio.sleep(TICKET_TIME.total_seconds())

    assert await refused_at(world, olga, meeting) == "CONF-002"
    assert await world.log(after=2) == ["ExpireTicket", "EnterRoom CONF-002"]


async def test_a_ticket_is_good_until_it_expires(world: World) -> None:
    olga = await world.grant(await world.open_room())
    await trio.sleep(TICKET_TIME.total_seconds() - 0.001)

    async with world.enter(olga):
        await trio.sleep(TICKET_TIME.total_seconds())
        assert await world.state(olga) == "present"


async def test_an_unknown_ticket_opens_nothing(world: World) -> None:
    meeting = await world.open_room()
    async with world.knock(meeting) as client:
        await client.hear()
        await client.say(EnterRoom(token=fresh_token(), proof="A" * 86))
        verdict = await client.hear()

    assert isinstance(verdict, control.Refused)
    assert verdict.problem.rule == "CONF-002"
    assert last_params(world) == {"m": meeting, "p": UNKNOWN, "n": meeting, "q": UNKNOWN, "t": UNKNOWN}


async def test_a_ticket_opens_no_other_room(world: World) -> None:
    mine, other = await world.open_room(), await world.open_room()
    olga = await world.grant(mine)

    assert await refused_at(world, olga, other) == "CONF-003"
    assert last_params(world) == {"m": other, "p": olga.person, "n": mine, "q": olga.person, "t": olga.seat}
    async with world.enter(olga):
        pass


@pytest.mark.parametrize("returning", [False, True])
async def test_a_stolen_ticket_opens_nothing(world: World, returning: bool) -> None:
    meeting = await world.open_room()
    olga = await world.grant(meeting)
    if returning:
        async with world.enter(olga) as conference:
            conference.abandon()

    assert await refused_at(world, olga, meeting, key=TicketKey.generate(), returning=returning) == "CONF-004"
    assert last_params(world)["p"] == UNKNOWN
    async with world.enter(olga, returning=returning):
        assert await world.state(olga) == "present"


async def test_a_proof_for_another_door_proves_nothing(world: World) -> None:
    meeting, other = await world.open_room(), await world.open_room()
    olga = await world.grant(meeting)
    async with world.knock(meeting) as client:
        challenge = await client.hear()
        assert isinstance(challenge, control.Challenge)
        proof = olga.key.prove(other, olga.ticket.token, challenge.nonce)
        await client.say(EnterRoom(token=olga.ticket.token, proof=proof))
        verdict = await client.hear()

    assert isinstance(verdict, control.Refused)
    assert verdict.problem.rule == "CONF-004"


async def test_a_proof_is_good_for_one_challenge(world: World) -> None:
    meeting = await world.open_room()
    olga = await world.grant(meeting)
    async with world.knock(meeting) as first, world.knock(meeting) as second:
        heard = await first.hear()
        await second.hear()
        assert isinstance(heard, control.Challenge)
        proof = olga.key.prove(meeting, olga.ticket.token, heard.nonce)
        await second.say(EnterRoom(token=olga.ticket.token, proof=proof))
        verdict = await second.hear()

    assert isinstance(verdict, control.Refused)
    assert verdict.problem.rule == "CONF-004"


async def test_nobody_enters_a_closed_room(world: World) -> None:
    meeting = await world.open_room()
    olga = await world.grant(meeting)
    await world.close_room(meeting)

    assert await refused_at(world, olga, meeting) == "CONF-005"
    assert await world.log(after=2) == ["CloseRoom", "EnterRoom CONF-005"]


@pytest.mark.parametrize("used", ["never", "present elsewhere", "left"])
async def test_only_the_lost_return(world: World, used: str) -> None:
    meeting = await world.open_room()
    olga = await world.grant(meeting)
    if used == "left":
        async with world.enter(olga):
            pass

    assert await refused_at(world, olga, await world.open_room() if "else" in used else meeting, returning=True) == (
        "CONF-006"
    )


async def test_a_full_room_turns_away_and_leaves_the_ticket_good(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "SEATS_IN_ROOM", 1)
    meeting = await world.open_room()
    olga, paul = await world.grant(meeting, "Olga"), await world.grant(meeting, "Paul")
    async with world.enter(olga):
        with pytest.raises(Refused, match="full") as caught:
            async with world.enter(paul):
                pytest.fail("there is no seat")
        assert caught.value.problem.rule is None
        assert await world.state(paul) == "granted"

    async with world.enter(paul):
        assert await world.state(paul) == "present"


@pytest.mark.parametrize("first", [Hello(), None])
async def test_the_door_does_not_wait_for_ever(world: World, first: Hello | None) -> None:
    async with world.knock(await world.open_room(), first) as client:
        began = trio.current_time()

        assert await client.close_code() == CloseCode.PROTOCOL_ERROR
        assert trio.current_time() - began == pytest.approx(DOOR_TIME.total_seconds())


async def test_a_client_begins_with_hello(world: World) -> None:
    async with world.knock(await world.open_room(), Say(text="let me in")) as client:
        assert await client.close_code() == CloseCode.PROTOCOL_ERROR


async def test_nothing_is_said_before_entering(world: World) -> None:
    async with world.knock(await world.open_room()) as client:
        await client.say(Say(text="let me in"))

        assert await client.close_code() == CloseCode.PROTOCOL_ERROR
    assert await world.log() == ["OpenRoom"]


@pytest.mark.parametrize("path", ["/tcs/v1/meetings/mtg_short", "/tcs/v1/meetings/", "/elsewhere", "/"])
async def test_there_are_sessions_only_at_doors(world: World, path: str) -> None:
    session = await world.webtransport(path)

    assert (await session.wait_closed()).code == CloseCode.PROTOCOL_ERROR


async def test_a_path_may_have_a_query(world: World) -> None:
    olga = await world.grant(await world.open_room())
    async with world.knock(f"{olga.meeting}?from=browser") as client:
        assert isinstance(await client.show(olga, olga.meeting), control.Entered)


async def test_the_door_of_no_meeting_refuses(world: World) -> None:
    olga = await world.grant(await world.open_room())

    assert await refused_at(world, olga, fresh_id("mtg")) == "CONF-003"


async def test_who_waits_at_the_door_learns_that_the_server_ends(world: World) -> None:
    async with world.knock(await world.open_room()) as client:
        await client.hear()
        world.shut_down()

        assert await client.close_code() == CloseCode.SHUTTING_DOWN
