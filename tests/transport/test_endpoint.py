"""Many connections on one socket: routing, Retry under load, timers, bad networks, and containment."""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest
import trio
from aioquic.quic.events import QuicEvent
from aioquic.quic.packet import QuicPacketType, QuicProtocolVersion, pull_quic_header

from incamera.transport import Session, SessionClosed, limits
from incamera.transport._aioquic import Buffer

Lab = Callable[..., Any]


async def echo(session: Session) -> None:
    while True:
        session.send_datagram(await session.receive_datagram())


def initials(lab: Any, count: int) -> list[bytes]:
    """First packets of clients that never go on."""
    packets = []
    for number in range(count):
        peer = lab.peer(port=40000 + number)
        ((data, _),) = peer.quic.datagrams_to_send(trio.current_time())
        peer.endpoint.stop()
        packets.append(data)
    return packets


async def send_from(lab: Any, socket: Any, packets: list[bytes]) -> None:
    for packet in packets:
        socket.send(packet, ("10.0.0.1", 443))
    await trio.testing.wait_all_tasks_blocked()


def answers(socket: Any) -> list[QuicPacketType]:
    return [pull_quic_header(Buffer(data=data), host_cid_length=8).packet_type for data, _ in socket.waiting]


# --- Retry


async def test_under_load_addresses_have_to_prove_themselves(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory(sessions=echo) as lab:
        attacker = lab.network.socket("10.6.6.6", 666)
        await send_from(lab, attacker, initials(lab, limits.HALF_OPEN_BEFORE_RETRY))
        assert lab.endpoint.counters.retries == 0
        assert len(lab.endpoint.peers) == limits.HALF_OPEN_BEFORE_RETRY

        await send_from(lab, attacker, initials(lab, 100))
        assert lab.endpoint.counters.retries == 100
        assert len(lab.endpoint.peers) == limits.HALF_OPEN_BEFORE_RETRY, "a Retry keeps no state"
        assert set(answers(attacker)[-100:]) == {QuicPacketType.RETRY}

        client, _ = await lab.connect()
        assert lab.endpoint.counters.retries == 101
        assert (await client.request("GET", "/")).status == 200


async def test_a_token_still_counts_when_the_load_has_gone(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        attacker = lab.network.socket("10.6.6.6", 666)
        await send_from(lab, attacker, initials(lab, limits.HALF_OPEN_BEFORE_RETRY))
        lost: list[bytes] = []

        def lose_the_second_flight(data: bytes) -> bool:
            header = pull_quic_header(Buffer(data=data), host_cid_length=8)
            if header.packet_type == QuicPacketType.INITIAL and header.token and trio.current_time() < 11:
                lost.append(data)
                return True
            return False

        lab.network.lose = lose_the_second_flight
        peer = lab.peer()
        await peer.handshaken.wait()
        assert peer.established
        assert lost
        assert trio.current_time() > limits.HANDSHAKE_TIME, "the unfinished handshakes were dropped meanwhile"
        assert lab.endpoint.counters.retries == 1


async def test_a_foreign_token_is_refused_under_load(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        attacker = lab.network.socket("10.6.6.6", 666)
        await send_from(lab, attacker, initials(lab, limits.HALF_OPEN_BEFORE_RETRY))
        peer = lab.peer()
        peer.quic._peer_token = os.urandom(60)
        await peer.ended.wait()
        assert (peer.established, peer.ending.error_code) == (False, 0xB)


async def test_without_load_a_foreign_token_is_no_obstacle(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        peer = lab.peer()
        peer.quic._peer_token = os.urandom(60)
        await peer.handshaken.wait()
        assert peer.established


# --- packets of no connection


async def test_an_unknown_version_is_offered_ours(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        stranger = lab.network.socket("10.0.0.9", 9)
        (packet,) = initials(lab, 1)
        await send_from(lab, stranger, [packet[:1] + b"\x1a\x2a\x3a\x4a" + packet[5:]])
        (data, _) = stranger.waiting[0]
        header = pull_quic_header(Buffer(data=data), host_cid_length=8)
        assert header.packet_type == QuicPacketType.VERSION_NEGOTIATION
        assert header.supported_versions == [QuicProtocolVersion.VERSION_1, QuicProtocolVersion.VERSION_2]
        stranger.waiting.clear()
        await send_from(lab, stranger, [data + bytes(4 * 300)])
        assert not stranger.waiting, "two servers could otherwise be set upon each other"


async def test_rubbish_and_short_packets_are_ignored(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        stranger = lab.network.socket("10.0.0.9", 9)
        (packet,) = initials(lab, 1)
        chance = random.Random(1)  # noqa: S311 - the same rubbish each time
        rubbish = [chance.randbytes(chance.randrange(0, 1500)) for _ in range(300)]
        await send_from(lab, stranger, [b"", packet[:1199], *rubbish])
        assert (await lab.connect())[1].established
        assert lab.endpoint.counters.ignored > 250


async def test_connections_are_bounded(
    laboratory: Lab, autojump_clock: trio.abc.Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS", 3)
    async with laboratory() as lab:
        await send_from(lab, lab.network.socket("10.6.6.6", 666), initials(lab, 10))
        assert lab.endpoint.counters.accepted == len(lab.endpoint.peers) == 3


async def test_a_client_may_change_its_address(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory(sessions=echo) as lab:
        client, peer = await lab.connect()
        session = await client.webtransport("/")
        old = peer.endpoint.socket
        new = lab.network.socket("10.0.0.3", 1234)
        old.send, old.waiting = new.send, new.waiting
        new.changed = old.changed
        for _ in range(3):
            session.send_datagram(b"from elsewhere")
            assert await session.receive_datagram() == b"from elsewhere"
        assert lab.network.carried[-1][2] in (("10.0.0.3", 1234), ("10.0.0.1", 443))


# --- bad networks


async def test_a_lossy_network_delivers_all_the_same(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        chance = random.Random(7)  # noqa: S311 - the same losses each time
        lab.network.lose = lambda _: chance.random() < 0.1
        client, _ = await lab.connect()
        body = bytes(range(256)) * 1000
        assert (await client.request("POST", "/echo", body=body)).body == body


async def test_a_full_send_buffer_delays_and_loses_nothing(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        client, _ = await lab.connect()
        async with trio.open_nursery() as nursery:

            async def ask() -> None:
                assert len((await client.request("GET", "/large")).body) == 1_000_000

            nursery.start_soon(ask)
            for _ in range(20):
                await trio.sleep(0.001)
                lab.endpoint.socket.block(True)
                await trio.sleep(0.01)
                lab.endpoint.socket.block(False)
        assert lab.endpoint.counters.overflowed == 0


async def test_a_long_blockade_piles_nothing_up(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        client, _ = await lab.connect()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.request, "GET", "/large")
            await trio.sleep(0.005)
            lab.endpoint.socket.block(True)
            await trio.sleep(0.1)
            before = len(lab.endpoint._outbox)
            # Connections have probes to send by now, again and again; they keep them to themselves.
            await trio.sleep(20)
            assert len(lab.endpoint._outbox) == before > 0
            lab.endpoint.socket.block(False)


async def test_what_waits_for_the_network_is_bounded(
    laboratory: Lab, autojump_clock: trio.abc.Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "OUTBOX_PACKETS", 10)
    async with laboratory() as lab:
        (packet,) = initials(lab, 1)
        lab.endpoint.socket.block(True)
        await send_from(lab, lab.network.socket("10.0.0.9", 9), [packet[:1] + b"\x1a\x2a\x3a\x4a" + packet[5:]] * 50)
        lab.endpoint.socket.block(False)
        await trio.sleep(1)
        assert (lab.endpoint.counters.overflowed, len(lab.network.sockets["10.0.0.9", 9].waiting)) == (40, 10)


async def test_an_unfinished_handshake_is_dropped(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        await send_from(lab, lab.network.socket("10.6.6.6", 666), initials(lab, 5))
        await trio.sleep(limits.HANDSHAKE_TIME - 1)
        assert len(lab.endpoint.peers) == 5
        await trio.sleep(5)
        assert not lab.endpoint.peers
        assert not lab.endpoint._routes


async def test_a_silent_peer_is_lost_after_the_idle_time(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    ended: list[tuple[float, SessionClosed]] = []

    async def watch(session: Session) -> None:
        how = await session.wait_closed()
        ended.append((trio.current_time(), how))

    async with laboratory(sessions=watch) as lab:
        client, _ = await lab.connect()
        session = await client.webtransport("/")
        await trio.sleep(1)
        begin = trio.current_time()
        lab.network.lose = lambda _: True
        assert not (await session.wait_closed()).clean
        await trio.sleep(limits.IDLE_TIME)
        ((when, how),) = ended
        assert when - begin == pytest.approx(limits.IDLE_TIME, abs=2)
        assert not how.clean
        assert not lab.endpoint.peers


async def test_a_quiet_session_is_kept_alive(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory(sessions=echo) as lab:
        client, _ = await lab.connect()
        session = await client.webtransport("/")
        await trio.sleep(3600)
        session.send_datagram(b"still here")
        assert await session.receive_datagram() == b"still here"


async def test_a_quiet_connection_without_a_session_is_not(laboratory: Lab, autojump_clock: trio.abc.Clock) -> None:
    async with laboratory() as lab:
        _, peer = await lab.connect()
        await trio.sleep(limits.IDLE_TIME + 5)
        assert peer.ending is not None
        assert not lab.endpoint.peers


# --- containment


async def test_a_defect_met_by_one_connection_leaves_the_others_alone(
    laboratory: Lab, autojump_clock: trio.abc.Clock, lines: list[dict[str, Any]]
) -> None:
    async with laboratory(sessions=echo) as lab:
        good, _ = await lab.connect(port=1)
        session = await good.webtransport("/")
        _, bad_peer = await lab.connect(port=2)
        (victim,) = [peer for peer in lab.endpoint.peers if peer.address == "10.0.0.2:2"]

        def defect(_: QuicEvent) -> None:
            raise KeyError("a secret that no log line may show")

        victim.on_event = defect
        bad_peer.quic.send_stream_data(0, b"x")
        bad_peer.touch()
        await trio.sleep(1)
        assert victim.ending is not None
        session.send_datagram(b"unharmed")
        assert await session.receive_datagram() == b"unharmed"
    assert [line["error"] for line in lines if line["event"] == "connection failed"] == ["KeyError"]
    assert "secret" not in str(lines)


async def test_a_connection_writes_one_line_of_log(
    laboratory: Lab, autojump_clock: trio.abc.Clock, lines: list[dict[str, Any]]
) -> None:
    async with laboratory(sessions=echo) as lab:
        client, _ = await lab.connect()
        await client.request("GET", "/?secret")
        await (await client.webtransport("/secret")).close(1, "secret")
    (line,) = lines
    assert (line["event"], line["requests"], line["peer"]) == ("connection ended", 2, "10.0.0.2:50000")
    assert "secret" not in str(line)
