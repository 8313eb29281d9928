"""The client in a room, against servers that are not always what they should be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest
import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from incamera.tcc import conference as module
from incamera.tcc import door
from incamera.tcc.conference import TicketKey, enter
from incamera.tcc.errors import ConferenceEnded, MalformedAnswer, NoAnswer, Refused
from incamera.transport import Connection, SessionClosed
from incamera.wire import control
from incamera.wire.api import TicketIssued
from incamera.wire.control import (
    Challenge,
    CloseCode,
    EnterRoom,
    Hello,
    LeaveRoom,
    OfferTrack,
    ReturnToRoom,
    RosterChanged,
    Say,
    Seat,
    Track,
    TrackOffered,
    decode_bytes,
    proof_text,
)
from incamera.wire.ids import fresh_id, fresh_token
from incamera.wire.limits import DOOR_TIME
from incamera.wire.problem import mistake, refusal

if TYPE_CHECKING:
    from tests.tcc.conftest import FarEnd

    Scripted = Callable[[Callable[[FarEnd], Awaitable[None]]], AbstractAsyncContextManager[Connection]]


@pytest.mark.parametrize("returning", [False, True])
async def test_the_client_proves_that_it_has_the_key(
    scripted: Scripted, ticket: TicketIssued, key: TicketKey, returning: bool
) -> None:
    nonce = fresh_token()

    async def script(far: FarEnd) -> None:
        assert await far.hear() == Hello()
        await far.say(Challenge(nonce=nonce))
        shown = await far.hear()
        assert isinstance(shown, ReturnToRoom if returning else EnterRoom)
        assert shown.token == ticket.token
        text = proof_text(ticket.path.rpartition("/")[2], ticket.token, nonce)
        Ed25519PublicKey.from_public_bytes(decode_bytes(key.public)).verify(decode_bytes(shown.proof), text)
        await far.say(control.Refused(problem=refusal("CONF-005")))
        await far.session.close(CloseCode.REFUSED)

    async with scripted(script) as connection:
        with pytest.raises(Refused, match=r"not open\. \[CONF-005\]") as caught:
            async with enter(connection, ticket, key, returning=returning):
                pytest.fail("was refused")
    assert caught.value.problem == refusal("CONF-005")


async def test_leaving_the_block_leaves_the_room(scripted: Scripted, ticket: TicketIssued, key: TicketKey) -> None:
    left: list[object] = []

    async def script(far: FarEnd) -> None:
        await far.greet(ticket.ticket)
        left.append(await far.hear())
        await far.session.close(CloseCode.LEFT)

    async with scripted(script) as connection:
        async with enter(connection, ticket, key) as conference:
            assert conference.ended is None
        assert left == [LeaveRoom()]
        assert conference.ended is not None
        assert conference.ended.code == CloseCode.LEFT


async def test_an_error_in_the_block_leaves_the_room_and_comes_out_as_it_is(
    scripted: Scripted, ticket: TicketIssued, key: TicketKey
) -> None:
    left: list[object] = []

    async def script(far: FarEnd) -> None:
        await far.greet(ticket.ticket)
        left.append(await far.hear())
        await far.session.close(CloseCode.LEFT)

    async with scripted(script) as connection:
        with pytest.raises(ZeroDivisionError):
            async with enter(connection, ticket, key):
                raise ZeroDivisionError
    assert left == [LeaveRoom()]


async def test_a_cancelled_block_leaves_the_room(scripted: Scripted, ticket: TicketIssued, key: TicketKey) -> None:
    left: list[object] = []

    async def script(far: FarEnd) -> None:
        await far.greet(ticket.ticket)
        left.append(await far.hear())
        await far.session.close(CloseCode.LEFT)

    async with scripted(script) as connection:
        with trio.CancelScope() as scope:
            async with enter(connection, ticket, key):
                scope.cancel()
                await trio.sleep_forever()
        assert scope.cancelled_caught
        assert left == [LeaveRoom()]


async def test_a_server_that_does_not_let_go_is_left_anyway(
    scripted: Scripted, ticket: TicketIssued, key: TicketKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEAVE_TIME_S", 0.05)
    closed: list[SessionClosed] = []

    async def script(far: FarEnd) -> None:
        await far.greet(ticket.ticket)
        closed.append(await far.session.wait_closed())

    async with scripted(script) as connection:
        async with enter(connection, ticket, key):
            pass
        await trio.sleep(0.05)
    assert closed[0].code == CloseCode.LEFT


@pytest.mark.parametrize("code", list(CloseCode))
async def test_why_the_server_ends_it_is_told(
    scripted: Scripted, ticket: TicketIssued, key: TicketKey, code: CloseCode
) -> None:
    async def script(far: FarEnd) -> None:
        await far.greet(ticket.ticket)
        await far.session.close(code, "so it is")

    async with scripted(script) as connection, enter(connection, ticket, key) as conference:
        ended = await conference.wait_ended()
        assert (ended.code, ended.reason, ended.lost) == (code, "so it is", False)
        assert "so it is" in str(ended)
        with pytest.raises(ConferenceEnded) as caught:
            await conference.say("too late")
        assert caught.value.code == code
        with pytest.raises(ConferenceEnded):
            conference.send_datagram(b"too late")
        with pytest.raises(ConferenceEnded):
            await conference.receive_datagram()
        with pytest.raises(trio.EndOfChannel):
            await conference.events.receive()


async def test_a_lost_connection_is_told_from_an_end(scripted: Scripted, ticket: TicketIssued, key: TicketKey) -> None:
    async def script(far: FarEnd) -> None:
        await far.greet(ticket.ticket)
        await far.hear()
        far.session.abort()

    async with scripted(script) as connection, enter(connection, ticket, key) as conference:
        await conference.say("crash")
        assert (await conference.wait_ended()).lost


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"\0\0\0\1{", id="no JSON"),
        pytest.param(control.encode(LeaveRoom()), id="what only clients say"),
        pytest.param(control.encode(Challenge(nonce=fresh_token())), id="a second challenge"),
    ],
)
async def test_what_is_not_of_this_protocol_ends_the_conference(
    scripted: Scripted, ticket: TicketIssued, key: TicketKey, said: bytes
) -> None:
    closed: list[SessionClosed] = []

    async def script(far: FarEnd) -> None:
        await far.greet(ticket.ticket)
        await far.say(said)
        closed.append(await far.session.wait_closed())

    async with scripted(script) as connection, enter(connection, ticket, key) as conference:
        assert (await conference.wait_ended()).code == CloseCode.PROTOCOL_ERROR
        await trio.sleep(0.05)
        assert closed[0].code == CloseCode.PROTOCOL_ERROR


@pytest.mark.parametrize("first", [LeaveRoom(), control.Refused(problem=refusal("CONF-002"))])
async def test_a_door_begins_with_its_challenge(
    scripted: Scripted, ticket: TicketIssued, key: TicketKey, first: LeaveRoom | control.Refused
) -> None:
    async def script(far: FarEnd) -> None:
        await far.say(first)
        await far.session.wait_closed()

    async with scripted(script) as connection:
        with pytest.raises(MalformedAnswer):
            async with enter(connection, ticket, key):
                pytest.fail("there was no challenge")


async def test_a_door_that_stays_silent_is_given_up(
    scripted: Scripted, ticket: TicketIssued, key: TicketKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "DOOR_TIME", DOOR_TIME / 100)

    async def script(far: FarEnd) -> None:
        await far.session.wait_closed()

    async with scripted(script) as connection:
        with pytest.raises(NoAnswer):
            async with enter(connection, ticket, key):
                pytest.fail("nobody opened")


async def test_the_door_closes_the_control_stream(scripted: Scripted, ticket: TicketIssued, key: TicketKey) -> None:
    async def script(far: FarEnd) -> None:
        await far.hear()
        await far.stream.send_eof()
        await far.session.wait_closed()

    async with scripted(script) as connection:
        with pytest.raises(MalformedAnswer):
            async with enter(connection, ticket, key):
                pytest.fail("nobody opened")


async def test_the_roster_follows_what_is_told(scripted: Scripted, ticket: TicketIssued, key: TicketKey) -> None:
    paul = Seat(seat=fresh_id("tkt"), person=fresh_id("acc"), name="Paul")
    track = Track(track=7, seat=paul.seat, kind="audio", codec="opus")
    events = (
        RosterChanged(event="entered", seat=paul),
        TrackOffered(track=track),
        RosterChanged(event="dropped", seat=paul.model_copy(update={"dropped": True})),
        RosterChanged(event="returned", seat=paul),
        RosterChanged(event="left", seat=paul),
        RosterChanged(event="left", seat=paul),
    )

    async def script(far: FarEnd) -> None:
        await far.greet(ticket.ticket)
        for event in events:
            await far.say(event)
            await far.hear()
        await far.until_left()

    async with scripted(script) as connection, enter(connection, ticket, key) as conference:
        seen = []
        for event in events:
            assert await conference.events.receive() == event
            known = conference.roster.get(paul.seat)
            seen.append((known is not None, known is not None and known.dropped, 7 in conference.tracks))
            await conference.say("go on")
        assert seen == [
            (True, False, False),
            (True, False, True),
            (True, True, True),
            (True, False, True),
            (False, False, False),
            (False, False, False),
        ]
        with pytest.raises(TypeError):
            conference.roster[paul.seat] = paul  # type: ignore[index]


async def test_answers_to_offers_find_who_waits(scripted: Scripted, ticket: TicketIssued, key: TicketKey) -> None:
    foreign = Track(track=1, seat=fresh_id("tkt"), kind="audio", codec="opus")

    async def script(far: FarEnd) -> None:
        await far.greet(ticket.ticket)
        for number in (2, 3):
            offer = await far.hear()
            assert isinstance(offer, OfferTrack)
            await far.say(TrackOffered(track=foreign))
            if number == 3:
                problem = mistake("too-many-tracks", HTTPStatus.CONFLICT, "Too many.")
                await far.say(control.Refused(problem=problem))
            else:
                mine = Track(track=number, seat=ticket.ticket, kind=offer.kind, codec=offer.codec)
                await far.say(TrackOffered(track=mine))
        assert isinstance(await far.hear(), OfferTrack)
        await far.session.close(CloseCode.MEETING_ENDED)

    async with scripted(script) as connection, enter(connection, ticket, key) as conference:
        assert (await conference.offer_track("audio", "opus")).track == 2
        with pytest.raises(Refused, match="Too many"):
            await conference.offer_track("video", "vp8", 2, 2)
        with pytest.raises(ConferenceEnded):
            await conference.offer_track("audio", "opus")


async def test_an_offer_that_nobody_waits_for_any_more_does_not_confuse_the_next(
    scripted: Scripted, ticket: TicketIssued, key: TicketKey
) -> None:
    async def script(far: FarEnd) -> None:
        await far.greet(ticket.ticket)
        offers = [await far.hear(), await far.hear()]
        for number, offer in enumerate(offers):
            assert isinstance(offer, OfferTrack)
            await far.say(
                TrackOffered(track=Track(track=number, seat=ticket.ticket, kind=offer.kind, codec=offer.codec))
            )
        await far.until_left()

    async with scripted(script) as connection, enter(connection, ticket, key) as conference:
        with trio.move_on_after(0.05):
            await conference.offer_track("audio", "opus")
        track = await conference.offer_track("video", "vp8")
        assert (track.track, track.kind) == (1, "video")


async def test_events_that_nobody_reads_are_given_up(
    scripted: Scripted, ticket: TicketIssued, key: TicketKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVENTS", 2)

    async def script(far: FarEnd) -> None:
        await far.greet(ticket.ticket)
        for name in ("a", "b", "c"):
            seat = Seat(seat=fresh_id("tkt"), person=fresh_id("acc"), name=name)
            await far.say(RosterChanged(event="entered", seat=seat))
        assert isinstance(await far.hear(), OfferTrack)
        await far.say(TrackOffered(track=Track(track=0, seat=ticket.ticket, kind="audio", codec="opus")))
        await far.until_left()

    async with scripted(script) as connection, enter(connection, ticket, key) as conference:
        await conference.offer_track("audio", "opus")
        assert conference.missed == 2
        assert len(conference.roster) == 4


async def test_many_may_speak_at_once(scripted: Scripted, ticket: TicketIssued, key: TicketKey) -> None:
    heard: set[str] = set()

    async def script(far: FarEnd) -> None:
        await far.greet(ticket.ticket)
        while isinstance(said := await far.hear(), Say):
            heard.add(said.text[:3])
        await far.session.close(CloseCode.LEFT)

    async with scripted(script) as connection, enter(connection, ticket, key) as conference:
        async with trio.open_nursery() as nursery:
            for number in range(100, 300):
                nursery.start_soon(conference.say, f"{number} " + "x" * 3_000)
    assert heard == {str(number) for number in range(100, 300)}


def test_a_key_tells_nothing_of_itself(key: TicketKey) -> None:
    assert key.public not in repr(key)
    assert key.public != TicketKey.generate().public
