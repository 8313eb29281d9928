"""WebTransport sessions between our two sides, on real sockets."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from incamera.transport import (
    ASGIApp,
    DatagramTooLarge,
    Identity,
    Session,
    SessionClosed,
    SessionRefused,
    Stream,
    StreamReset,
    Trust,
    connect,
    limits,
    serve,
)

MEGABYTE = bytes(range(250)) * 4000

Both = Callable[[Callable[[Session], Awaitable[None]], Callable[[Session], Awaitable[None]]], Awaitable[None]]


@pytest.fixture
def between(app: ASGIApp, identity: Identity, trust: Trust) -> Both:
    """``await between(server_side, client_side)``: both ends of one session, for five seconds at most."""

    async def run(
        server_side: Callable[[Session], Awaitable[None]], client_side: Callable[[Session], Awaitable[None]]
    ) -> None:
        with trio.fail_after(30):
            async with serve(app, server_side, identity=identity, port=0) as server:
                async with connect("localhost", server.port, trust=trust) as client:
                    await client_side(await client.webtransport("/session?ticket=1"))

    return run


async def send_until_refused(stream: Stream) -> None:
    while True:
        await stream.send_all(bytes(1000))


async def everything(stream: Stream) -> bytes:
    return b"".join([data async for data in stream])


async def idle(session: Session) -> None:
    await session.wait_closed()


async def test_datagrams_both_ways(between: Both) -> None:
    async def server_side(session: Session) -> None:
        assert session.path == "/session?ticket=1"
        while True:
            session.send_datagram(b"echo " + await session.receive_datagram())

    async def client_side(session: Session) -> None:
        assert session.send_datagram(b"one")
        assert await session.receive_datagram() == b"echo one"

    await between(server_side, client_side)


async def test_streams_of_all_four_kinds(between: Both) -> None:
    done = trio.Event()

    async def side(session: Session, *, first: bool) -> None:
        mine = await session.open_stream()
        await mine.send_all(b"bidirectional")
        await mine.send_eof()
        one_way = await session.open_uni_stream()
        await one_way.send_all(b"unidirectional")
        await one_way.aclose()
        theirs = await session.accept_stream()
        assert await everything(theirs) == b"bidirectional"
        await theirs.send_all(b"answer")
        await theirs.aclose()
        assert await everything(await session.accept_uni_stream()) == b"unidirectional"
        assert await everything(mine) == b"answer"
        if first:
            done.set()
        else:
            await done.wait()

    await between(lambda session: side(session, first=True), lambda session: side(session, first=False))


async def test_a_megabyte_echoed_on_a_stream(between: Both) -> None:
    async def server_side(session: Session) -> None:
        stream = await session.accept_stream()
        async for data in stream:
            await stream.send_all(data)
        await stream.aclose()
        await session.wait_closed()

    async def client_side(session: Session) -> None:
        stream = await session.open_stream()
        async with trio.open_nursery() as nursery:

            async def send() -> None:
                await stream.send_all(MEGABYTE)
                await stream.send_eof()

            nursery.start_soon(send)
            assert await everything(stream) == MEGABYTE

    await between(server_side, client_side)


async def test_the_client_closes_with_code_and_reason(between: Both) -> None:
    ended: list[SessionClosed] = []

    async def server_side(session: Session) -> None:
        with pytest.raises(SessionClosed) as caught:
            await session.receive_datagram()
        ended.append(caught.value)
        with pytest.raises(SessionClosed):
            await session.accept_stream()
        with pytest.raises(SessionClosed):
            session.send_datagram(b"")

    async def client_side(session: Session) -> None:
        await session.close(4_000_000_000, "ça suffit")
        assert (await session.wait_closed()).code == 4_000_000_000

    await between(server_side, client_side)
    assert [(how.code, how.reason, how.clean) for how in ended] == [(4_000_000_000, "ça suffit", True)]


async def test_the_server_closes_before_any_stream(between: Both) -> None:
    async def client_side(session: Session) -> None:
        how = await session.wait_closed()
        assert (how.code, how.reason, how.clean) == (7, "unknown path", True)
        with pytest.raises(SessionClosed):
            await session.open_stream()

    await between(lambda session: session.close(7, "unknown path"), client_side)


async def test_a_handler_that_returns_closes_with_0_and_what_it_wrote_arrives(between: Both) -> None:
    async def server_side(session: Session) -> None:
        stream = await session.open_uni_stream()
        await stream.send_all(MEGABYTE[:200_000])
        await stream.send_eof()

    async def client_side(session: Session) -> None:
        stream = await session.accept_uni_stream()
        assert await everything(stream) == MEGABYTE[:200_000]
        how = await session.wait_closed()
        assert (how.code, how.clean) == (0, True)

    await between(server_side, client_side)


async def test_a_handler_that_raises_harms_nobody_else(
    app: ASGIApp, identity: Identity, trust: Trust, lines: list[dict[str, Any]]
) -> None:
    async def handler(session: Session) -> None:
        if session.path == "/bad":
            async with trio.open_nursery():
                raise ZeroDivisionError("a secret that no log line may show")
        while True:
            session.send_datagram(await session.receive_datagram())

    with trio.fail_after(30):
        async with (
            serve(app, handler, identity=identity, port=0) as server,
            connect("localhost", server.port, trust=trust) as client,
        ):
            good, bad = await client.webtransport("/good"), await client.webtransport("/bad")
            how = await bad.wait_closed()
            assert (how.code, how.clean) == (1, True)
            good.send_datagram(b"still here")
            assert await good.receive_datagram() == b"still here"
    failures = [line for line in lines if line["event"] == "session failed"]
    assert [line["error"] for line in failures] == ["ZeroDivisionError"]
    assert "secret" not in str(lines)


async def test_abort_is_noticed_at_once_and_is_not_clean(between: Both) -> None:
    ended: list[SessionClosed] = []
    noticed = trio.Event()

    async def server_side(session: Session) -> None:
        ended.append(await session.wait_closed())
        noticed.set()

    async def client_side(session: Session) -> None:
        session.abort()
        with trio.fail_after(limits.IDLE_TIME / 2):
            assert not (await session.wait_closed()).clean
            await noticed.wait()

    await between(server_side, client_side)
    assert not ended[0].clean


async def test_a_session_without_a_handler_is_refused(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    async with (
        serve(app, None, identity=identity, port=0) as server,
        connect("localhost", server.port, trust=trust) as client,
    ):
        with pytest.raises(SessionRefused) as caught:
            await client.webtransport("/")
        assert caught.value.status == 501


async def test_sessions_of_a_connection_are_bounded(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    async with (
        serve(app, idle, identity=identity, port=0) as server,
        connect("localhost", server.port, trust=trust) as client,
    ):
        sessions = [await client.webtransport("/") for _ in range(limits.SESSIONS)]
        with pytest.raises(SessionRefused) as caught:
            await client.webtransport("/")
        assert caught.value.status == 429
        await sessions[0].close()
        await client.webtransport("/")


async def test_datagrams_have_a_size(between: Both) -> None:
    async def server_side(session: Session) -> None:
        while True:
            session.send_datagram(await session.receive_datagram())

    async def client_side(session: Session) -> None:
        assert session.max_datagram_size == 1169
        with pytest.raises(DatagramTooLarge) as caught:
            session.send_datagram(bytes(session.max_datagram_size + 1))
        assert (caught.value.size, caught.value.limit) == (1170, 1169)
        largest = b"x" * session.max_datagram_size
        session.send_datagram(largest)
        assert await session.receive_datagram() == largest

    await between(server_side, client_side)


async def test_a_writer_waits_for_a_reader_that_does_not_read(between: Both) -> None:
    async def client_side(session: Session) -> None:
        stream = await session.open_stream()
        sent = 0
        with trio.move_on_after(0.3):
            while True:
                await stream.send_all(bytes(10_000))
                sent += 10_000
        # What the receiver grants and what waits for it here; both are bounded, so the writer was stopped.
        assert limits.FIRST_STREAM_WINDOW <= sent <= limits.FIRST_STREAM_WINDOW + limits.STREAM_BACKLOG

    await between(idle, client_side)


async def test_reading_lets_the_writer_go_on(between: Both) -> None:
    async def server_side(session: Session) -> None:
        stream = await session.accept_stream()
        await trio.sleep(0.1)
        assert await everything(stream) == MEGABYTE * 2
        await stream.send_all(b"all of it")
        await session.wait_closed()

    async def client_side(session: Session) -> None:
        stream = await session.open_stream()
        await stream.send_all(MEGABYTE * 2)
        await stream.send_eof()
        assert await stream.receive_some() == b"all of it"

    await between(server_side, client_side)


async def test_giving_up_a_stream_tells_its_code(between: Both) -> None:
    async def server_side(session: Session) -> None:
        stream = await session.accept_stream()
        await stream.send_all(b"seen")
        with pytest.raises(StreamReset) as caught:
            await everything(stream)
        assert caught.value.code == 42
        with pytest.raises(StreamReset):
            await send_until_refused(stream)
        await session.close(3, "seen")

    async def client_side(session: Session) -> None:
        stream = await session.open_stream()
        await stream.send_all(b"begin")
        await stream.receive_some()
        stream.reset(42)
        assert (await session.wait_closed()).code == 3

    await between(server_side, client_side)


async def test_an_interrupted_send_does_not_end_well(between: Both) -> None:
    async def server_side(session: Session) -> None:
        stream = await session.accept_stream()
        await trio.sleep(0.15)
        with pytest.raises(StreamReset):
            await everything(stream)
        await session.close(3, "seen")

    async def client_side(session: Session) -> None:
        stream = await session.open_stream()
        with trio.move_on_after(0.1):
            await stream.send_all(MEGABYTE)
        await stream.aclose()
        assert (await session.wait_closed()).code == 3

    await between(server_side, client_side)


async def test_streams_behave_as_trio_streams_do(between: Both) -> None:
    async def client_side(session: Session) -> None:
        stream = await session.open_stream()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.send_all, bytes(limits.STREAM_WINDOW * 4))
            await trio.testing.wait_all_tasks_blocked(0.02)
            with pytest.raises(trio.BusyResourceError):
                await stream.send_all(b"x")
            nursery.cancel_scope.cancel()
        await stream.aclose()
        with pytest.raises(trio.ClosedResourceError):
            await stream.send_all(b"x")
        with pytest.raises(trio.ClosedResourceError):
            await stream.receive_some()
        one_way = await session.open_uni_stream()
        with pytest.raises(trio.ClosedResourceError):
            await one_way.receive_some()
        await one_way.send_eof()
        await one_way.send_eof()

    await between(idle, client_side)


async def test_streams_nobody_accepts_are_refused_beyond_a_bound(between: Both) -> None:
    async def client_side(session: Session) -> None:
        for _ in range(limits.STREAMS_WAITING + 60):
            stream = await session.open_uni_stream()
            await stream.send_eof()
        await trio.sleep(0.05)

    waiting: list[int] = []

    async def server_side(session: Session) -> None:
        await session.wait_closed()
        waiting.append(len(session._arrived[True]))

    await between(server_side, client_side)
    assert waiting == [limits.STREAMS_WAITING]


async def test_a_session_that_ends_wakes_all_who_wait(between: Both) -> None:
    ended: list[str] = []

    async def client_side(session: Session) -> None:
        stream = await session.open_stream()
        await stream.send_all(b"x")

        async def waits(name: str, act: Callable[[], Awaitable[object]]) -> None:
            with pytest.raises(SessionClosed) as caught:
                await act()
            assert caught.value.code == 5
            ended.append(name)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(waits, "accept", session.accept_stream)
            nursery.start_soon(waits, "accept uni", session.accept_uni_stream)
            nursery.start_soon(waits, "datagram", session.receive_datagram)
            nursery.start_soon(waits, "read", stream.receive_some)
            nursery.start_soon(waits, "write", lambda: stream.send_all(bytes(limits.STREAM_WINDOW * 4)))

    async def server_side(session: Session) -> None:
        await session.accept_stream()
        await trio.sleep(0.1)
        await session.close(5)

    await between(server_side, client_side)
    assert sorted(ended) == ["accept", "accept uni", "datagram", "read", "write"]


async def test_requests_beside_a_session(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    async with (
        serve(app, idle, identity=identity, port=0) as server,
        connect("localhost", server.port, trust=trust) as client,
    ):
        session = await client.webtransport("/")
        assert (await client.request("GET", "/")).body == b"hello"
        assert session.closed is None
