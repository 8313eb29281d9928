"""Media: whose datagrams go where, which are dropped and counted, and that a slow receiver holds up nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
import trio.testing

from incamera.tcc.conference import Conference
from incamera.tcs import limits
from incamera.tcs.relay import MediaCounts, PlainRelay, Receiver
from incamera.transport import DatagramTooLarge, SessionClosed
from incamera.wire.ids import fresh_id
from incamera.wire.limits import MEDIA_DATAGRAM_BYTES
from incamera.wire.media import HEADER_SIZE, MediaHeader

if TYPE_CHECKING:
    from tests.tcs.conftest import World


def media(track: int, frame: int = 0, payload: bytes = b"opaque") -> bytes:
    return MediaHeader(track=track, frame=frame, fragment=0, fragments=1, timestamp_ms=0).pack() + payload


async def nothing_arrives(conference: Conference) -> bool:
    """Whether no datagram waits, once everything that is under way has arrived."""
    await trio.testing.wait_all_tasks_blocked()
    with trio.move_on_after(0.001):
        await conference.receive_datagram()
        return False
    return True


async def test_media_goes_to_everybody_else(world: World) -> None:
    meeting = await world.open_room()
    olga, paul, gast = [await world.grant(meeting) for _ in range(3)]
    async with world.enter(olga) as hers, world.enter(paul) as his, world.enter(gast) as third:
        track = await hers.offer_track("video", "vp8")
        sent = [media(track.track, frame, b"x" * 1000) for frame in range(20)]
        for datagram in sent:
            assert hers.send_datagram(datagram)
        for other in (his, third):
            assert [await other.receive_datagram() for _ in sent] == sent
        assert await nothing_arrives(hers)
        assert world.tcs.media.forwarded == 40


async def test_media_stays_in_its_room(world: World) -> None:
    olga, paul = [await world.grant(await world.open_room()) for _ in range(2)]
    async with world.enter(olga) as hers, world.enter(paul) as his:
        hers.send_datagram(media((await hers.offer_track("audio", "opus")).track))
        assert await nothing_arrives(his)


async def test_the_payload_is_opaque(world: World) -> None:
    meeting = await world.open_room()
    olga, paul = [await world.grant(meeting) for _ in range(2)]
    async with world.enter(olga) as hers, world.enter(paul) as his:
        track = (await hers.offer_track("audio", "opus")).track
        for payload in (b"", b"\x00", bytes(range(256)), b"\xff" * (MEDIA_DATAGRAM_BYTES - HEADER_SIZE)):
            hers.send_datagram(media(track, payload=payload))
            assert await his.receive_datagram() == media(track, payload=payload)


async def test_media_of_a_track_that_is_not_ones_own_is_dropped(world: World) -> None:
    meeting = await world.open_room()
    olga, paul, gast = [await world.grant(meeting) for _ in range(3)]
    async with world.enter(olga) as hers, world.enter(paul) as his, world.enter(gast) as third:
        track = (await hers.offer_track("audio", "opus")).track
        his.send_datagram(media(track))
        his.send_datagram(media(track + 1))
        assert await nothing_arrives(third)
        assert await nothing_arrives(hers)
        assert world.tcs.media == MediaCounts(foreign=2)


@pytest.mark.parametrize("datagram", [b"", b"\x10", b"\xff" * 100, media(0)[:15], b"\x1f" + media(0)[1:]])
async def test_what_is_no_media_is_dropped(world: World, datagram: bytes) -> None:
    meeting = await world.open_room()
    olga, paul = [await world.grant(meeting) for _ in range(2)]
    async with world.enter(olga) as hers, world.enter(paul) as his:
        await hers.offer_track("audio", "opus")
        hers.send_datagram(datagram)
        assert await nothing_arrives(his)
        assert hers.ended is None
        assert world.tcs.media == MediaCounts(malformed=1)


async def test_a_datagram_larger_than_agreed_is_dropped(world: World) -> None:
    meeting = await world.open_room()
    olga, paul = [await world.grant(meeting) for _ in range(2)]
    async with world.enter(olga) as hers, world.enter(paul) as his:
        track = (await hers.offer_track("audio", "opus")).track
        assert hers.max_datagram == MEDIA_DATAGRAM_BYTES
        hers.send_datagram(media(track, payload=b"x" * (MEDIA_DATAGRAM_BYTES - HEADER_SIZE + 1)))
        assert await nothing_arrives(his)
        assert world.tcs.media == MediaCounts(oversize=1)


async def test_media_after_a_return_is_still_ones_own(world: World) -> None:
    meeting = await world.open_room()
    olga, paul = [await world.grant(meeting) for _ in range(2)]
    async with world.enter(paul) as his:
        async with world.enter(olga) as hers:
            track = (await hers.offer_track("audio", "opus")).track
            hers.abandon()
        async with world.enter(olga, returning=True) as hers:
            hers.send_datagram(media(track))
            assert await his.receive_datagram() == media(track)
            his.send_datagram(media((await his.offer_track("audio", "opus")).track))
            await hers.receive_datagram()


async def test_track_numbers_are_not_given_again_at_once(world: World) -> None:
    meeting = await world.open_room()
    olga, paul, again = [await world.grant(meeting) for _ in range(3)]
    async with world.enter(olga) as hers:
        async with world.enter(paul) as his:
            ended = await his.offer_track("audio", "opus")
        async with world.enter(again) as his:
            assert (await his.offer_track("audio", "opus")).track != ended.track
            his.send_datagram(media(ended.track))
            assert await nothing_arrives(hers)


async def test_a_slow_receiver_loses_the_oldest_and_delays_nobody(world: World) -> None:
    meeting = await world.open_room()
    olga, paul, slow = [await world.grant(meeting) for _ in range(3)]
    async with world.enter(olga) as hers, world.enter(paul) as his, world.enter(slow) as late:
        _, server_end = world.sessions[-1]
        server_end.congested = True
        track = (await hers.offer_track("video", "vp8")).track
        sent = [media(track, frame) for frame in range(limits.DATAGRAM_BACKLOG + 50)]
        for datagram in sent:
            hers.send_datagram(datagram)
        assert [await his.receive_datagram() for _ in sent] == sent
        assert await nothing_arrives(late)
        assert world.tcs.media.overflowed == 50

        server_end.congested = False
        assert [await late.receive_datagram() for _ in sent[50:]] == sent[50:]
        hers.send_datagram(media(track, 9_999))
        assert await late.receive_datagram() == media(track, 9_999)
        assert late.ended is None


class Far:
    """A session that takes `room` datagrams."""

    def __init__(self, room: int = 0, error: Exception | None = None) -> None:
        self.room = room
        self.taken: list[bytes] = []
        self._error = error

    def send_datagram(self, data: bytes) -> bool:
        if self._error is not None:
            raise self._error
        if len(self.taken) >= self.room:
            return False
        self.taken.append(data)
        return True

    async def wait_datagram_room(self) -> None:
        await trio.sleep(0.1)


async def test_what_waits_keeps_its_place_before_what_comes(autojump_clock: trio.testing.MockClock) -> None:
    far = Far()
    receiver = Receiver(far, MediaCounts())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(receiver.run)
        receiver.put(b"1")
        far.room = 10
        receiver.put(b"2")
        await trio.sleep(1)
        assert far.taken == [b"1", b"2"]
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("error", "counts"),
    [(DatagramTooLarge(2000, 1100), MediaCounts(oversize=1)), (SessionClosed(), MediaCounts())],
)
def test_what_cannot_be_sent_is_given_up_at_once(error: Exception, counts: MediaCounts) -> None:
    told = MediaCounts()

    Receiver(Far(error=error), told).put(b"x")

    assert told == counts


def test_who_parts_gets_nothing_more() -> None:
    relay, far = PlainRelay(), Far(room=10)
    sender, seat = fresh_id("tkt"), fresh_id("tkt")
    relay.join(seat, Receiver(far, MediaCounts()))
    relay.forward(sender, b"1")
    relay.part(seat)
    relay.part(seat)
    relay.forward(sender, b"2")

    assert far.taken == [b"1"]
