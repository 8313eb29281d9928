"""What aioquic does not do by itself, and ours does: a test for each reason that `_aioquic` has to exist."""

from collections.abc import Callable
from typing import Any

import pytest
import trio
from aioquic.buffer import encode_uint_var
from aioquic.h3.connection import ErrorCode
from hypothesis import given, settings
from hypothesis import strategies as st

from incamera.transport import DatagramTooLarge, Session, SessionClosed, limits
from incamera.transport.capsule import encode_close
from incamera.transport.stream import application_code, application_error

GREASE = encode_uint_var(0x29 * 7 + 0x17) + encode_uint_var(3) + b"abc"
DRAIN = bytes.fromhex("800078ae00")

Lab = Callable[..., Any]


async def echo(session: Session) -> None:
    while True:
        session.send_datagram(await session.receive_datagram())


async def idle(session: Session) -> None:
    await session.wait_closed()


# --- datagrams


async def test_an_oversize_datagram_does_not_block_those_behind_it(
    laboratory: Lab, autojump_clock: trio.abc.Clock
) -> None:
    async with laboratory(sessions=echo) as lab:
        client, _ = await lab.connect()
        session = await client.webtransport("/")
        session.send_datagram(b"a" * 1100)
        with pytest.raises(DatagramTooLarge):
            session.send_datagram(b"b" * 1300)
        session.send_datagram(b"c" * 100)
        assert [len(await session.receive_datagram()) for _ in range(2)] == [1100, 100]


async def test_the_limit_is_what_a_packet_carries(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory(sessions=echo) as lab:
        client, _ = await lab.connect()
        for _ in range(16):
            # The session's id costs one byte at first and two later.
            session = await client.webtransport("/")
            largest = bytes(session.max_datagram_size)
            session.send_datagram(largest)
            assert await session.receive_datagram() == largest
            await session.close()
        assert max(len(data) for _, data, _ in lab.network.carried) == limits.PACKET_SIZE
        while session.id < 64 * 4:
            await client.request("GET", "/")
            session = await client.webtransport("/")
            await session.close()
        session = await client.webtransport("/")
        session.send_datagram(bytes(session.max_datagram_size))
        assert len(await session.receive_datagram()) == session.max_datagram_size == len(largest) - 1


async def test_waiting_datagrams_are_bounded(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory(sessions=idle) as lab:
        client, peer = await lab.connect()
        session = await client.webtransport("/")
        peer.endpoint.socket.block(True)
        queued = sum(session.send_datagram(b"x" * 1000) for _ in range(3 * limits.DATAGRAMS_OUT))
        assert queued == peer.quic.datagrams_waiting == limits.DATAGRAMS_OUT
        peer.endpoint.socket.block(False)
        await trio.sleep(1)
        assert peer.quic.datagrams_waiting == 0
        assert session.send_datagram(b"x")


async def test_the_oldest_unread_datagrams_are_lost(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async def flood(session: Session) -> None:
        for number in range(limits.DATAGRAMS_IN + 100):
            assert session.send_datagram(b"%d" % number)
            await trio.sleep(0.01)
        await session.wait_closed()

    async with laboratory(sessions=flood) as lab:
        client, _ = await lab.connect()
        session = await client.webtransport("/")
        await trio.sleep(60)
        received = [int(await session.receive_datagram()) for _ in range(limits.DATAGRAMS_IN)]
        assert received == list(range(100, limits.DATAGRAMS_IN + 100))


# --- streams


async def test_the_answer_on_a_stream_that_we_opened_is_no_http3_frame(
    laboratory: Lab, autojump_clock: trio.abc.Clock
) -> None:
    heard: list[bytes] = []

    async def opens(session: Session) -> None:
        stream = await session.open_stream()
        await stream.send_all(b"?")
        heard.append(await stream.receive_some())
        await session.close(1)

    async with laboratory(sessions=opens) as lab:
        client, peer = await lab.connect()
        session = await client.webtransport("/")
        stream = await session.accept_stream()
        # As HTTP/3 frames this would be a SETTINGS frame on the wrong stream, and the end of the connection.
        await stream.send_all(b"\x04\x00 looks like a frame")
        assert (await session.wait_closed()).code == 1
        assert peer.ending is None
    assert heard == [b"\x04\x00 looks like a frame"]


async def test_finished_streams_leave_nothing_behind(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async def talk(session: Session) -> None:
        async with trio.open_nursery() as nursery:

            async def answer() -> None:
                while True:
                    stream = await session.accept_stream()
                    data = b"".join([piece async for piece in stream])
                    await stream.send_all(data)
                    await stream.aclose()

            async def swallow() -> None:
                while True:
                    await (await session.accept_uni_stream()).aclose()

            nursery.start_soon(answer)
            nursery.start_soon(swallow)
            for number in range(150):
                stream = await session.open_stream()
                await stream.send_all(b"x")
                if number % 3 == 0:
                    stream.reset()
                else:
                    await stream.send_eof()
                    assert await stream.receive_some() == b"x"
                    await stream.aclose()
                one_way = await session.open_uni_stream()
                await one_way.send_all(b"y")
                await one_way.aclose()
            await trio.sleep(5)
            nursery.cancel_scope.cancel()

    async def talk_and_wait(session: Session) -> None:
        await talk(session)
        await session.wait_closed()

    async with laboratory(sessions=talk_and_wait) as lab:
        client, peer = await lab.connect()
        (other,) = lab.endpoint.peers
        await client.request("GET", "/")
        await trio.sleep(1)
        before = peer.http.tracked_streams, other.http.tracked_streams
        session = await client.webtransport("/")
        await talk(session)
        for _ in range(50):
            await client.request("POST", "/unread", body=bytes(1000))
        await session.close()
        await trio.sleep(2)
        assert (peer.http.tracked_streams, other.http.tracked_streams) == before
        for side in (peer, other):
            assert not side._handlers
            assert side.quic._held_total == 0
            assert len(side.quic._streams) < 10


async def test_a_stream_may_arrive_before_its_session(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    heard: list[bytes] = []

    async def listen(session: Session) -> None:
        heard.append(await (await session.accept_stream()).receive_some())
        heard.append(session.path.encode())

    async with laboratory(sessions=listen) as lab:
        client, peer = await lab.connect()
        await trio.sleep(1)
        lost = trio.Event()

        def lose_one(_: bytes) -> bool:
            first = not lost.is_set()
            lost.set()
            return first

        lab.network.lose = lose_one
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.webtransport, "/late")
            await lost.wait()
            peer.http.create_webtransport_stream(0)
            peer.http.write(1 * 4, b"early")
            peer.touch()
        await trio.sleep(1)
    assert heard == [b"early", b"/late"]


async def test_a_stream_of_a_session_that_is_over_is_refused(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory(sessions=idle) as lab:
        client, peer = await lab.connect()
        (other,) = lab.endpoint.peers
        session = await client.webtransport("/")
        await session.close()
        await trio.sleep(1)
        late = peer.http.create_webtransport_stream(session.id)
        peer.http.write(late, b"too late")
        peer.touch()
        await trio.sleep(1)
        assert not other.sessions
        assert not other._handlers
        assert not peer.quic.can_send(late), "the server asked to stop"


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=200)
def test_application_codes_map_onto_those_of_http3(code: int) -> None:
    assert application_code(application_error(code)) == code
    assert (application_error(code) - 0x21) % 0x1F != 0, "GREASE code points are left out"


def test_foreign_codes_are_no_application_codes() -> None:
    assert application_code(0x100) == application_code(application_error(2**32 - 1) + 1) == 0
    assert (application_code(0x52E4A40FA8DB), application_code(0x52E5AC983162)) == (0, 2**32 - 1)


# --- settings and capsules, as browsers have them


async def test_the_settings_that_browsers_need(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        _, peer = await lab.connect()
        offered = peer.http.received_settings
        assert offered is not None
        assert {name: offered[name] for name in (0x33, 0x2B603742, 0x8, 0x2C7CF000)} == dict.fromkeys(
            (0x33, 0x2B603742, 0x8, 0x2C7CF000), 1
        )
        assert offered[0xC671706A] == offered[0x14E9CD29] == limits.SESSIONS
        assert offered[0x6] == limits.HEADER_BYTES
        assert offered[0x1] == offered[0x7] == 0, "no dynamic table: nothing to bomb, block or probe"


@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_a_browser_closes_with_capsules_as_plain_content(
    laboratory: Lab, autojump_clock: trio.abc.Clock, size: int
) -> None:
    ended: list[SessionClosed] = []

    async def watch(session: Session) -> None:
        ended.append(await session.wait_closed())

    async with laboratory(sessions=watch) as lab:
        client, peer = await lab.connect()
        session = await client.webtransport("/")
        capsules = GREASE + DRAIN + encode_close(7, "done")
        for at in range(0, len(capsules), size):
            piece = capsules[at : at + size]
            peer.http.send_data(session.id, piece, end_stream=at + size >= len(capsules))
        peer.touch()
        assert (await session.wait_closed()).clean, "the server ends its half, too"
    assert [(how.code, how.reason, how.clean) for how in ended] == [(7, "done", True)]


@pytest.mark.parametrize(
    ("last", "clean"), [(b"", True), (GREASE, True), (GREASE[:-1], False), (encode_close(1, "x")[:-1], False)]
)
async def test_the_end_of_the_stream_without_a_close_capsule(
    laboratory: Lab, autojump_clock: trio.abc.Clock, last: bytes, clean: bool
) -> None:
    ended: list[SessionClosed] = []

    async def watch(session: Session) -> None:
        ended.append(await session.wait_closed())

    async with laboratory(sessions=watch) as lab:
        client, peer = await lab.connect()
        session = await client.webtransport("/")
        peer.http.send_data(session.id, last, end_stream=True)
        peer.touch()
        await session.wait_closed()
    assert [(how.code, how.clean) for how in ended] == [(0, clean)]


# --- what a peer can make us keep


async def test_a_header_section_without_end_is_not_collected(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        client, peer = await lab.connect()
        (other,) = lab.endpoint.peers
        stream_id = peer.quic.get_next_available_stream_id()
        answers: list[int] = []

        class Answers:
            def on_headers(self, headers: list[tuple[bytes, bytes]], *, end: bool) -> None:
                answers.append(int(dict(headers)[b":status"]))

            def on_data(self, data: bytes, *, end: bool) -> None: ...
            def on_reset(self, code: int) -> None: ...
            def on_stop(self, code: int) -> None: ...
            def on_lost(self, error: Exception) -> None: ...

        peer.register(stream_id, Answers())
        peer.quic.send_stream_data(stream_id, b"\x01" + encode_uint_var(1 << 30) + bytes(limits.HEADER_BYTES + 5000))
        peer.touch()
        await trio.sleep(1)
        assert answers == [431]
        assert sum(len(stream.buffer) for stream in other.http._stream.values()) == 0
        assert (await client.request("GET", "/")).status == 200


async def test_a_control_frame_without_end_ends_the_connection(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        _, peer = await lab.connect()
        stream_id = peer.quic.get_next_available_stream_id(is_unidirectional=True)
        # A MAX_PUSH_ID frame cannot be that long, but a parser that waits for all of it would not know.
        control = peer.http._local_control_stream_id
        peer.quic.send_stream_data(control, b"\x0d" + encode_uint_var(1 << 30) + bytes(limits.HEADER_BYTES + 5000))
        assert stream_id != control
        peer.touch()
        await peer.ended.wait()
        assert peer.ending.error_code == ErrorCode.H3_EXCESSIVE_LOAD


async def test_windows_follow_what_was_read(
    laboratory: Lab, autojump_clock: trio.abc.Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FIRST_CONNECTION_WINDOW", 3 * limits.FIRST_STREAM_WINDOW)

    async def stall(session: Session) -> None:
        await trio.sleep(10)
        async with trio.open_nursery() as nursery:
            for _ in range(8):
                nursery.start_soon(drain, await session.accept_stream())

    async def drain(stream: Any) -> None:
        async for _ in stream:
            pass
        await stream.aclose()

    async with laboratory(sessions=stall) as lab:
        client, peer = await lab.connect()
        (other,) = lab.endpoint.peers
        session = await client.webtransport("/")

        async def flood() -> None:
            stream = await session.open_stream()
            await stream.send_all(bytes(2 * limits.STREAM_WINDOW))
            await stream.aclose()

        async with trio.open_nursery() as nursery:
            for _ in range(8):
                nursery.start_soon(flood)
            await trio.sleep(5)
            assert limits.FIRST_CONNECTION_WINDOW // 2 <= other.quic._held_total <= limits.FIRST_CONNECTION_WINDOW
        # Once read, everything came through: the windows opened again.
        assert (await session.wait_closed()).clean
        assert other.quic._held_total == 0
        assert peer.ending is None


async def test_what_a_reset_leaves_unsent_counts_as_read(
    laboratory: Lab, autojump_clock: trio.abc.Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CONNECTION_WINDOW", "FIRST_CONNECTION_WINDOW"):
        monkeypatch.setattr(limits, name, 64 * limits.KIB)
    async with laboratory(sessions=idle) as lab:
        client, _ = await lab.connect()
        session = await client.webtransport("/")
        for _ in range(20):
            stream = await session.open_stream()
            await stream.send_all(b"x")
            await trio.sleep(1)
            lab.network.lose = lambda _: True
            await stream.send_all(bytes(8_000))
            await trio.sleep(0.01)
            stream.reset()
            lab.network.lose = lambda _: False
            await trio.sleep(5)
        body = bytes(100_000)
        assert (await client.request("POST", "/length", body=body, timeout=60)).body == b"100000"


async def test_a_compression_table_that_we_did_not_offer_is_refused(
    laboratory: Lab, autojump_clock: trio.abc.Clock
) -> None:
    async with laboratory() as lab:
        _, peer = await lab.connect()
        set_capacity_4096 = bytes.fromhex("3fe11f")
        peer.quic.send_stream_data(peer.http._local_encoder_stream_id, set_capacity_4096)
        peer.touch()
        await peer.ended.wait()
        assert peer.ending.error_code == ErrorCode.QPACK_ENCODER_STREAM_ERROR


# --- time


async def test_acknowledgements_come_by_timer_and_silence_is_silent(
    laboratory: Lab, autojump_clock: trio.abc.Clock
) -> None:
    async with laboratory(sessions=idle) as lab:
        client, peer = await lab.connect()
        session = await client.webtransport("/")
        await trio.sleep(1)
        lab.network.carried.clear()
        begin = trio.current_time()
        stream = await session.open_uni_stream()
        await stream.send_all(b"x")
        await peer.until_acknowledged(stream.id)
        assert 0 < trio.current_time() - begin < 0.025, "within the max_ack_delay that we announce"
        await trio.sleep(limits.KEEP_ALIVE_TIME / 2)
        assert len(lab.network.carried) < 10, "an idle connection has no timer that fires for nothing"


async def test_the_end_is_told_before_the_draining_period_is_over(
    laboratory: Lab, autojump_clock: trio.abc.Clock
) -> None:
    ended: list[float] = []

    async def watch(session: Session) -> None:
        await session.wait_closed()
        ended.append(trio.current_time())

    async with laboratory(sessions=watch) as lab:
        client, _ = await lab.connect()
        session = await client.webtransport("/")
        begin = trio.current_time()
        session.abort()
        await trio.testing.wait_all_tasks_blocked()
        assert ended == [begin]
