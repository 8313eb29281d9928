"""What is said on the control stream once one is in: chat, tracks, and what is not of this protocol."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
import trio
import trio.testing

from incamera.tcc.errors import MalformedRequest, Refused
from incamera.tcs import limits
from incamera.wire.control import CloseCode, EnterRoom, RosterChanged, Said, Say, TrackOffered, encode
from incamera.wire.ids import fresh_token
from incamera.wire.limits import CHAT_CHARS, CONTROL_MESSAGE_BYTES, TRACKS_OF_SEAT

if TYPE_CHECKING:
    from tests.tcs.conftest import World


def framed(body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + body


async def test_a_chat_line_reaches_everybody(world: World) -> None:
    meeting = await world.open_room()
    olga, paul = await world.grant(meeting, "Olga"), await world.grant(meeting, "Paul")
    async with world.enter(olga) as hers, world.enter(paul) as his:
        await hers.events.receive()  # Paul came
        before = world.clock.now()
        await his.say("Grüße 🌍")
        for conference in (hers, his):
            line = await conference.events.receive()
            assert isinstance(line, Said)
            assert (line.seat, line.name, line.text) == (paul.seat, "Paul", "Grüße 🌍")
            assert before <= line.at <= world.clock.now()


async def test_chat_stays_in_its_room(world: World) -> None:
    here, there = await world.open_room(), await world.open_room()
    olga, paul = await world.grant(here), await world.grant(there)
    async with world.enter(olga) as hers, world.enter(paul) as his:
        await his.say("secret")
        await his.events.receive()
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(trio.WouldBlock):
            hers.events.receive_nowait()


async def test_the_longest_chat_line(world: World) -> None:
    olga = await world.grant(await world.open_room())
    async with world.enter(olga) as hers:
        await hers.say("\U0001f30d" * CHAT_CHARS)
        line = await hers.events.receive()
        assert isinstance(line, Said)
        assert len(line.text) == CHAT_CHARS
        for text in ("", "x" * (CHAT_CHARS + 1)):
            with pytest.raises(MalformedRequest):
                await hers.say(text)


async def test_everybody_learns_of_a_track(world: World) -> None:
    meeting = await world.open_room()
    olga, paul = await world.grant(meeting), await world.grant(meeting)
    async with world.enter(olga) as hers, world.enter(paul) as his:
        video = await his.offer_track("video", "vp8", 640, 360)
        audio = await his.offer_track("audio", "opus")
        assert video.seat == audio.seat == paul.seat
        assert (video.kind, video.codec, video.width, video.height) == ("video", "vp8", 640, 360)
        assert video.track != audio.track
        assert isinstance(await hers.events.receive(), RosterChanged)
        assert await hers.events.receive() == TrackOffered(track=video)
        assert await hers.events.receive() == TrackOffered(track=audio)
        async with world.enter(await world.grant(meeting)) as late:
            assert late.tracks == {video.track: video, audio.track: audio}


async def test_tracks_offered_at_once_are_told_apart(world: World) -> None:
    olga = await world.grant(await world.open_room())
    widths = list(range(1, TRACKS_OF_SEAT + 1))
    got: dict[int, int] = {}
    async with world.enter(olga) as hers:

        async def offer(width: int) -> None:
            got[width] = (await hers.offer_track("video", "vp8", width, 1)).width

        async with trio.open_nursery() as nursery:
            for width in widths:
                nursery.start_soon(offer, width)
    assert got == {width: width for width in widths}


async def test_a_seat_has_so_many_tracks_and_no_more(world: World) -> None:
    olga = await world.grant(await world.open_room())
    async with world.enter(olga) as hers:
        for _ in range(TRACKS_OF_SEAT):
            await hers.offer_track("audio", "opus")
        with pytest.raises(Refused, match="tracks"):
            await hers.offer_track("audio", "opus")
        await hers.say("still here")
        assert len(hers.tracks) == TRACKS_OF_SEAT


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(framed(b"{"), id="no JSON"),
        pytest.param(framed(b"\xff\xfe"), id="no UTF-8"),
        pytest.param(framed(b'{"type":"shout","text":"hey"}'), id="unknown type"),
        pytest.param(framed(b'{"type":"said","text":"hey"}'), id="what only servers say"),
        pytest.param(framed(b'{"type":"say","text":"hey","loud":true}'), id="unknown member"),
        pytest.param(framed(b'{"type":"say","text":"' + b"x" * (CHAT_CHARS + 1) + b'"}'), id="too long a line"),
        pytest.param(framed(b'{"type":"say"}'), id="missing member"),
        pytest.param(framed(b'{"type":"say","text":"\\ud800"}'), id="half a character"),
        pytest.param(framed(b"[" * 60_000), id="deep"),
        pytest.param(framed(b'{"type":"offer-track","kind":"smell","codec":"vp8"}'), id="unknown kind"),
        pytest.param(framed(b'{"' + b"k" * 60_000 + b'":1,"type":"leave-room"}'), id="a name to quote"),
        pytest.param(struct.pack("!I", CONTROL_MESSAGE_BYTES + 1), id="too long"),
        pytest.param(struct.pack("!I", 2**32 - 1) + b"x" * 100_000, id="endless"),
        pytest.param(framed(b""), id="empty"),
        pytest.param(encode(EnterRoom(token=fresh_token(), proof="A" * 86)), id="entering again"),
    ],
)
async def test_what_is_not_of_this_protocol_ends_this_session_alone(world: World, said: bytes) -> None:
    meeting = await world.open_room()
    olga, paul = await world.grant(meeting, "Olga"), await world.grant(meeting, "Paul")
    async with world.enter(olga) as hers, world.knock(meeting) as client:
        await client.show(paul, meeting)
        await client.say(said)

        assert await client.close_code() == CloseCode.PROTOCOL_ERROR
        assert client.session.closed is not None
        assert len(client.session.closed.reason) <= limits.REASON_CHARS
        await hers.say("I am still here")
        assert await world.state(paul) == "dropped"
        assert await world.state(olga) == "present"


async def test_what_came_before_the_mistake_is_heard(world: World) -> None:
    meeting = await world.open_room()
    olga, paul = await world.grant(meeting), await world.grant(meeting)
    async with world.enter(olga) as hers, world.knock(meeting) as client:
        await client.show(paul, meeting)
        await client.say(encode(Say(text="heard")) + framed(b"nonsense"))
        assert isinstance(await hers.events.receive(), RosterChanged)
        line = await hers.events.receive()
        assert isinstance(line, Said)
        assert line.text == "heard"


async def test_messages_may_come_in_any_pieces(world: World) -> None:
    olga = await world.grant(await world.open_room())
    async with world.knock(olga.meeting) as client:
        await client.show(olga, olga.meeting)
        for byte in encode(Say(text="a")) + encode(Say(text="b")):
            await client.say(bytes([byte]))
        assert [said.text for said in [await client.hear(), await client.hear()] if isinstance(said, Said)] == [
            "a",
            "b",
        ]


async def test_the_end_of_the_control_stream_is_a_lost_connection(world: World) -> None:
    olga = await world.grant(await world.open_room())
    async with world.knock(olga.meeting) as client:
        await client.show(olga, olga.meeting)
        await client.stream.send_eof()

        assert await client.close_code() == CloseCode.PROTOCOL_ERROR
        assert await world.state(olga) == "dropped"


async def test_a_receiver_that_does_not_read_is_closed_and_holds_up_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CONTROL_BACKLOG_BYTES", 20_000)
    meeting = await world.open_room()
    olga, paul = await world.grant(meeting, "Olga"), await world.grant(meeting, "Paul")
    world.capacity = 1_000
    async with world.enter(olga) as hers, world.knock(meeting) as deaf:
        await deaf.show(paul, meeting)
        for number in range(12):
            await hers.say(f"{number} " + "x" * 2_000)
        told = [await hers.events.receive() for _ in range(14)]
        lines = [event.text.split()[0] for event in told if isinstance(event, Said)]
        assert lines == [str(number) for number in range(12)]
        assert [event.event for event in told if isinstance(event, RosterChanged)] == ["entered", "dropped"]

        assert await deaf.close_code() == CloseCode.TOO_SLOW
        assert await world.state(paul) == "dropped"


async def test_a_flood_waits_at_its_sender(world: World) -> None:
    meeting = await world.open_room()
    olga, paul = await world.grant(meeting), await world.grant(meeting)
    count = limits.MESSAGE_BURST + 5 * limits.MESSAGES_PER_S
    async with world.enter(olga) as hers, world.knock(meeting) as client:
        await client.show(paul, meeting)
        began = trio.current_time()
        await client.say(encode(Say(text="x")) * count)
        await hers.events.receive()  # Paul came
        for _ in range(limits.MESSAGE_BURST):
            await hers.events.receive()
        assert trio.current_time() - began == pytest.approx(0, abs=0.01)
        for _ in range(count - limits.MESSAGE_BURST):
            await hers.events.receive()
        assert trio.current_time() - began == pytest.approx(5, abs=0.1)
