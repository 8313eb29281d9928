"""One UDP socket, one task, many connections.

The task reads up to a batch of datagrams, feeds the connections they belong to, runs the timers that are due, and
sends once for every connection that something happened to. In between it waits for the socket, the next timer, or
`Endpoint.flush_soon`.

Incoming packets find their connection by the destination connection id (RFC 9000 section 5.2), so clients may change
their address.
"""

import heapq
import itertools
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import trio
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.packet import (
    QuicHeader,
    QuicPacketType,
    encode_quic_retry,
    encode_quic_version_negotiation,
    pull_quic_header,
)
from aioquic.quic.retry import QuicRetryTokenHandler

from . import limits
from ._aioquic import Buffer, Quic, invalid_token_close
from .datagram import Address, DatagramSocket, network
from .log import failure
from .quic import Peer

LONG_HEADER = 0x80
MONOTONIC: Callable[[], float] = trio.current_time


@dataclass(slots=True)
class Counters:
    """What an endpoint has seen, in datagrams or connections."""

    received: int = 0
    sent: int = 0
    accepted: int = 0
    retries: int = 0
    ignored: int = 0
    """Packets of no connection, and Initial packets beyond the limits."""
    overflowed: int = 0
    """Packets given up because the kernel's buffer stayed full."""


class Endpoint:
    """A socket and its connections.

    ``accept`` makes the `Peer` of a new connection; without it, as for a client, none is accepted.
    ``now`` is a monotonic clock in seconds; it must be the clock trio's deadlines go by.
    """

    def __init__(
        self,
        socket: DatagramSocket,
        *,
        configuration: QuicConfiguration,
        accept: Callable[[Quic, "Endpoint", Address], Peer] | None = None,
        now: Callable[[], float] = MONOTONIC,
    ) -> None:
        self.socket = socket
        self.configuration = configuration
        self.now = now
        self.counters = Counters()
        self._accept = accept
        self._routes: dict[bytes, Peer] = {}
        self._peers: set[Peer] = set()
        self._networks: dict[Peer, str] = {}
        """Where the accepted ones came from."""
        self._crowds: Counter[str] = Counter()
        """How many of them from each network."""
        self._half_open: set[Peer] = set()
        self._touched: dict[Peer, None] = {}
        self._timers = _Timers()
        self._outbox: deque[tuple[bytes, Address]] = deque(maxlen=limits.OUTBOX_PACKETS)
        self._retry = QuicRetryTokenHandler()
        self._nap: trio.CancelScope | None = None
        self._life = trio.CancelScope()
        self._flushed = trio.lowlevel.ParkingLot()

    @property
    def peers(self) -> frozenset[Peer]:
        """The connections, those in their closing period included."""
        return frozenset(self._peers)

    # --- what peers and other tasks call

    def add_route(self, connection_id: bytes, peer: Peer) -> None:
        self._routes[connection_id] = peer
        peer.connection_ids.add(connection_id)

    def remove_route(self, connection_id: bytes) -> None:
        if (peer := self._routes.pop(connection_id, None)) is not None:
            peer.connection_ids.discard(connection_id)

    def flush_soon(self, peer: Peer) -> None:
        self._touched[peer] = None
        if self._nap is not None:
            self._nap.cancel()

    def connect(self, address: Address, peer: Peer) -> None:
        """Start a client's handshake."""
        self._add(peer, peer.quic.host_cid)
        peer.quic.connect(address, self.now())
        self.flush_soon(peer)

    def refuse_new(self) -> None:
        """Accept no connection from now on."""
        self._accept = None

    async def until_flushed(self) -> None:
        """Wait until everything that could be sent has been handed to the network."""
        while self._touched or self._outbox:
            await self._flushed.park()

    # --- the task

    @trio.lowlevel.enable_ki_protection
    async def run(self) -> None:
        """Serve until stopped or cancelled. Closes the socket.

        Ctrl-C strikes elsewhere: whoever it ends still needs the endpoint for a farewell.
        """
        try:
            with self._life:
                while True:
                    self._read()
                    self._run_timers()
                    self._flush()
                    await self._wait()
        finally:
            self.socket.close()

    def stop(self) -> None:
        """End `run` at once, without a word to anybody."""
        self._life.cancel()

    async def _wait(self) -> None:
        deadline = self._timers.next()
        with trio.CancelScope(deadline=float("inf") if deadline is None else deadline) as self._nap:
            if self._outbox:
                await self.socket.wait_writable()
            else:
                if self._touched:
                    self._nap.cancel()  # Still a checkpoint, but one that returns.
                await self.socket.wait_readable()
        self._nap = None

    def _read(self) -> None:
        for _ in range(limits.RECEIVE_BATCH):
            try:
                datagram = self.socket.receive()
            except ConnectionRefusedError:
                for peer in self._half_open:
                    peer.on_refused()
                continue
            if datagram is None:
                return
            self.counters.received += 1
            self._route(*datagram)

    def _route(self, data: bytes, address: Address) -> None:
        if not data:
            return
        if data[0] & LONG_HEADER:
            peer = self._route_long(data, address)
        else:
            peer = self._routes.get(data[1 : 1 + self.configuration.connection_id_length])
        if peer is None:
            self.counters.ignored += 1
            return
        with self._containing(peer):
            peer.receive(data, address, self.now())
        self._settle(peer)

    def _route_long(self, data: bytes, address: Address) -> Peer | None:
        try:
            header = pull_quic_header(Buffer(data=data), host_cid_length=self.configuration.connection_id_length)
        except ValueError:
            return None
        peer = self._routes.get(header.destination_cid)
        if peer is not None or self._accept is None or len(data) < limits.PACKET_SIZE:
            return peer
        if header.version not in self.configuration.supported_versions:
            # A Version Negotiation packet is never answered with one: two servers could be made to talk for ever.
            if header.packet_type != QuicPacketType.VERSION_NEGOTIATION:
                self._send(
                    encode_quic_version_negotiation(
                        source_cid=header.destination_cid,
                        destination_cid=header.source_cid,
                        supported_versions=self.configuration.supported_versions,
                    ),
                    address,
                )
            return None
        if header.packet_type != QuicPacketType.INITIAL or len(self._peers) >= limits.CONNECTIONS:
            return None
        return self._welcome(header, address)

    def _welcome(self, header: QuicHeader, address: Address) -> Peer | None:
        """Take up a new connection, or have the client prove its address first when many handshakes are unfinished."""
        origin = network(str(address[0]))
        if self._accept is None or header.version is None or self._crowds[origin] >= limits.CONNECTIONS_OF_NETWORK:
            return None
        loaded = len(self._half_open) >= limits.HALF_OPEN_BEFORE_RETRY
        original, retry_source = header.destination_cid, None
        if header.token:
            # A token we gave under load counts after the load has gone, too: the client now names our connection id.
            try:
                original = self._retry.validate_token(
                    address=address, destination_cid=header.destination_cid, token=header.token, now=self.now()
                )
                retry_source = header.destination_cid
            except ValueError:
                if loaded:
                    self._send(invalid_token_close(header.version, header.destination_cid, header.source_cid), address)
                    return None
        elif loaded:
            self._send_retry(header, header.version, address)
            return None
        quic = Quic(
            self.configuration, original_destination_connection_id=original, retry_source_connection_id=retry_source
        )
        peer = self._accept(quic, self, address)
        self.counters.accepted += 1
        self._networks[peer] = origin
        self._crowds[origin] += 1
        self._add(peer, header.destination_cid)
        self.add_route(quic.host_cid, peer)
        return peer

    def _send_retry(self, header: QuicHeader, version: int, address: Address) -> None:
        source_cid = os.urandom(self.configuration.connection_id_length)
        token = self._retry.create_token(
            address=address,
            original_destination_connection_id=header.destination_cid,
            retry_source_connection_id=source_cid,
            now=self.now(),
        )
        self.counters.retries += 1
        self._send(
            encode_quic_retry(
                version=version,
                source_cid=source_cid,
                destination_cid=header.source_cid,
                original_destination_cid=header.destination_cid,
                retry_token=token,
            ),
            address,
        )

    def _add(self, peer: Peer, connection_id: bytes) -> None:
        self._peers.add(peer)
        self._half_open.add(peer)
        self.add_route(connection_id, peer)

    @contextmanager
    def _containing(self, peer: Peer) -> Iterator[None]:
        """A defect that one connection's packets bring to light ends that connection and no other."""
        try:
            yield
        except Exception as error:
            failure("connection failed", error, peer=peer.address)
            peer.fail()

    def _settle(self, peer: Peer) -> None:
        """After something happened to a connection: it has things to send, or is no more."""
        if peer.established or peer.ending is not None:
            self._half_open.discard(peer)
        if peer.gone:
            self._peers.discard(peer)
            if (origin := self._networks.pop(peer, None)) is not None:
                self._crowds[origin] -= 1
                if not self._crowds[origin]:
                    del self._crowds[origin]
            self._touched.pop(peer, None)
            self._timers.forget(peer)
            for connection_id in tuple(peer.connection_ids):
                self.remove_route(connection_id)
        else:
            self._touched[peer] = None

    def _run_timers(self) -> None:
        now = self.now()
        for peer in self._timers.due(now):
            timer = peer.next_timer()
            if timer is not None and timer <= now:
                with self._containing(peer):
                    peer.on_timer(now)
                self._settle(peer)
            else:
                self._timers.set(peer, timer)

    def _flush(self) -> None:
        while self._outbox and self.socket.send(*self._outbox[0]):
            self.counters.sent += 1
            self._outbox.popleft()
        # While the network takes no more, connections keep what they have: congestion control then sees the delay,
        # not a loss.
        while self._touched and not self._outbox:
            peer = next(iter(self._touched))
            del self._touched[peer]
            with self._containing(peer):
                for data, address in peer.quic.datagrams_to_send(self.now()):
                    self._send(data, address)
                peer.pump()
                peer.wake()
                self._timers.set(peer, peer.next_timer())
            if peer.gone:
                self._settle(peer)
        if not self._touched and not self._outbox:
            self._flushed.unpark_all()

    def _send(self, data: bytes, address: Address) -> None:
        if not self._outbox and self.socket.send(data, address):
            self.counters.sent += 1
            return
        if len(self._outbox) == limits.OUTBOX_PACKETS:
            self.counters.overflowed += 1
        self._outbox.append((data, address))


class _Timers:
    """The next timer of each connection: a heap in which outdated entries are skipped when they come up."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Peer]] = []
        self._armed: dict[Peer, float] = {}
        self._order = itertools.count()

    def set(self, peer: Peer, when: float | None) -> None:
        if when is None:
            self.forget(peer)
        elif (armed := self._armed.get(peer)) is None or when < armed:
            # A later time needs no new entry: the old one comes up early, finds nothing due, and is set again.
            self._armed[peer] = when
            heapq.heappush(self._heap, (when, next(self._order), peer))

    def forget(self, peer: Peer) -> None:
        self._armed.pop(peer, None)

    def next(self) -> float | None:
        while self._heap and self._armed.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[Peer]:
        """Remove and return the connections whose time has come."""
        peers: list[Peer] = []
        while (when := self.next()) is not None and when <= now:
            peer = heapq.heappop(self._heap)[2]
            del self._armed[peer]
            peers.append(peer)
        return peers
