"""What one peer may cost the others: slots, time, memory and delay."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import trio
from aioquic.quic.connection import QuicConnectionError
from cryptography.hazmat.primitives.serialization import Encoding

from incamera.tcs.relay import MediaCounts, Receiver
from incamera.transport import Authority, IdentityUnusable, NameUnusable, Session, Trust, capsule, limits, network
from incamera.transport._aioquic import Buffer, encode_uint_var
from incamera.transport.call import Call
from incamera.transport.quic import client_configuration

Lab = Callable[..., Any]


def begin_post(client: Any, peer: Any) -> Call:
    """A request whose body does not end."""
    call = Call(peer, peer.quic.get_next_available_stream_id())
    peer.register(call.stream_id, call)
    peer.http.send_headers(call.stream_id, client._fields("POST", "/echo", {}))
    peer.http.send_data(call.stream_id, b"x", end_stream=False)
    peer.touch()
    return call


async def test_a_body_that_does_not_go_on_is_given_up(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        client, peer = await lab.connect()
        call = begin_post(client, peer)
        with trio.fail_after(limits.BODY_TIME + 1):
            await call.wait_headers()
        assert call.status == 408
        call.finish()


async def test_a_body_that_trickles_is_given_up(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        client, peer = await lab.connect()
        call = begin_post(client, peer)
        with trio.move_on_after(limits.WHOLE_BODY_TIME + 10):
            while call.headers is None:
                await trio.sleep(limits.BODY_TIME / 2)
                if peer.quic.can_send(call.stream_id):
                    peer.http.send_data(call.stream_id, b"x", end_stream=False)
                    peer.touch()
        assert call.status == 408
        call.finish()


async def test_one_connection_and_one_network_have_their_share_of_the_requests(
    laboratory: Lab, autojump_clock: trio.abc.Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REQUESTS_OF_CONNECTION", 3)
    monkeypatch.setattr(limits, "REQUESTS_OF_NETWORK", 5)
    async with laboratory() as lab:
        for port in (1, 2):
            client, peer = await lab.connect(port=port)
            calls = [begin_post(client, peer) for _ in range(4)]
            await trio.sleep(1)
            assert lab.server._application.running == (3 if port == 1 else 5)
        assert [call.status for call in calls].count(503) == 2, "the third, and the fourth in its turn"


async def test_a_frame_that_is_too_large_ends_its_request(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        client, peer = await lab.connect()
        call = begin_post(client, peer)
        frame = encode_uint_var(1) + encode_uint_var(1 << 20) + bytes(limits.HEADER_BYTES + 1)
        peer.quic.send_stream_data(call.stream_id, frame)
        peer.touch()
        await trio.sleep(1)
        assert lab.server._application.running == 0
        assert isinstance(call.error, Exception)
        assert peer.ending is None, "the others go on"


async def test_a_stream_in_many_pieces_ends_the_connection(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        await lab.connect()
        (theirs,) = lab.endpoint.peers
        context: Any = SimpleNamespace(epoch=None)

        def arrive(at: int) -> None:
            frame = encode_uint_var(0) + encode_uint_var(at) + encode_uint_var(1) + b"x"
            theirs.quic._handle_stream_frame(context, 0x0E, Buffer(data=frame))

        for number in range(limits.GAPS):
            arrive(2 + 2 * number)
        with pytest.raises(QuicConnectionError, match="too many gaps"):
            arrive(2 + 2 * limits.GAPS)
        assert len(theirs.quic._streams[0].receiver._ranges) == limits.GAPS + 1


async def test_windows_begin_small(
    laboratory: Lab, autojump_clock: trio.abc.Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CONNECTION_WINDOW", 2 * limits.FIRST_CONNECTION_WINDOW)
    async with laboratory() as lab:
        client, peer = await lab.connect()
        assert peer.quic._remote_max_data == limits.FIRST_CONNECTION_WINDOW
        assert peer.quic._remote_max_stream_data_bidi_remote == limits.FIRST_STREAM_WINDOW
        # Who sends much that is read may send more at once.
        await client.request("POST", "/length", body=bytes(limits.MIB))
        (theirs,) = lab.endpoint.peers
        ahead = theirs.quic._local_max_data.value - theirs.quic._delivered
        assert limits.CONNECTION_WINDOW // 2 <= ahead <= limits.CONNECTION_WINDOW


async def test_one_network_has_its_share_of_the_connections(
    laboratory: Lab, autojump_clock: trio.abc.Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS_OF_NETWORK", 2)
    async with laboratory() as lab:
        peers = [(await lab.connect(port=port))[1] for port in (1, 2)]
        third = lab.peer(port=3)
        with trio.move_on_after(1):
            await third.handshaken.wait()
        assert not third.established
        peers[0].close()
        with trio.fail_after(60):
            await third.handshaken.wait()
        assert third.established, "an ended one makes room"


def test_networks() -> None:
    assert network("192.0.2.7") == network("::ffff:192.0.2.7") == "192.0.2.7"
    assert network("2001:db8::1") == network("2001:db8::2%eth0") != network("2001:db8:0:1::1")


def test_many_capsules_are_copied_once(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[int] = []

    def buffer(data: bytes) -> Buffer:
        copied.append(len(data))
        return Buffer(data=data)

    monkeypatch.setattr(capsule, "Buffer", buffer)
    parser = capsule.CapsuleParser()
    assert list(parser.feed(b"\x21\x00" * 5_000)) == []
    assert sum(copied) == 10_000
    parser.finish()


RATE = 125_000
"""Bytes a second: 1 Mbit/s."""


async def test_a_slow_way_delays_neither_media_nor_messages_for_long(
    laboratory: Lab, autojump_clock: trio.abc.Clock
) -> None:
    lags: list[float] = []
    delays: list[float] = []

    async def send(session: Session) -> None:
        stream = await session.open_stream()
        receiver = Receiver(session, MediaCounts())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(receiver.run)
            for number in range(2_500):  # ten seconds of twice as much as the way carries
                receiver.put(f"{trio.current_time():012.6f}".encode().ljust(1_000))
                if number % 250 == 0:
                    nursery.start_soon(stream.send_all, f"{trio.current_time():012.6f}".encode())
                await trio.sleep(1_000 / RATE / 2)
            nursery.cancel_scope.cancel()

    async with laboratory(sessions=send) as lab:
        client, _ = await lab.connect()
        queue, arriving = trio.open_memory_channel[Any](20)
        at_once = lab.network.carry

        def carry(data: bytes, sender: Any, receiver: Any) -> None:
            if sender[0] == "10.0.0.1":
                try:
                    queue.send_nowait((data, sender, receiver))
                except trio.WouldBlock:
                    return
            else:
                at_once(data, sender, receiver)

        async def way() -> None:
            async for packet in arriving:
                await trio.sleep(len(packet[0]) / RATE)
                at_once(*packet)

        lab.network.carry = carry
        async with trio.open_nursery() as nursery:
            nursery.start_soon(way)
            session = await client.webtransport("/")

            async def watch() -> None:
                while True:
                    sent = float(await session.receive_datagram())
                    lags.append(trio.current_time() - sent)

            async def hear() -> None:
                stream = await session.accept_stream()
                while data := await stream.receive_some(12):
                    delays.append(trio.current_time() - float(data))

            nursery.start_soon(watch)
            nursery.start_soon(hear)
            await trio.sleep(9.9)
            nursery.cancel_scope.cancel()
        lab.network.carry = at_once
    assert len(lags) > 500
    assert max(lags) < 2.0
    assert len(delays) >= 8
    assert max(delays) < 1.0


def test_a_machine_without_authorities_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: SimpleNamespace(cafile=None, capath=None))
    with pytest.raises(IdentityUnusable):
        client_configuration("localhost", Trust.system())


def test_names_of_certificates() -> None:
    authority = Authority.create("tests")
    assert b"xn--mnchen-3ya.example" in authority.issue(["m\u00fcnchen.example"]).leaf.public_bytes(Encoding.DER)
    for name in ("", "a b", "a..b", "x" * 64 + ".example", "-a.example"):
        with pytest.raises(NameUnusable):
            authority.issue([name])


async def test_a_defect_while_others_are_woken_is_contained(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        good, _ = await lab.connect(port=1)
        _, bad_peer = await lab.connect(port=2)
        (victim,) = [peer for peer in lab.endpoint.peers if peer.address == "10.0.0.2:2"]

        wake = victim.wake

        def defect() -> None:
            victim.wake = wake
            raise KeyError

        victim.wake = defect
        bad_peer.quic.send_ping(1)
        bad_peer.touch()
        await trio.sleep(1)
        assert (await good.request("GET", "/")).status == 200
