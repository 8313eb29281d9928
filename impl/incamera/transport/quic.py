"""One QUIC connection as the rest of the transport sees it: events in, bytes out, and waiting where waiting is due.

The endpoint feeds a `Peer` from its one task. Other tasks write to it directly, as everything here is synchronous but
the waiting, and `touch` it; then the endpoint sends once for all of them.
"""

import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import trio
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import (
    ConnectionIdIssued,
    ConnectionIdRetired,
    ConnectionTerminated,
    HandshakeCompleted,
    QuicEvent,
)
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from . import limits
from ._aioquic import Quic
from .datagram import Address, printable
from .errors import ConnectionLost
from .pki import Identity, IdentityUnusable, Trust

if TYPE_CHECKING:
    from .endpoint import Endpoint

ALPN = "h3"
H3_NO_ERROR = 0x100
INTERNAL_ERROR = 0x1
IDLE_TIMEOUT = "Idle timeout"
"""How aioquic words it; there is no code of its own for it."""


class Peer:
    """The far end of one connection. Subclasses handle what arrives: `on_event`, `on_ended`."""

    def __init__(self, quic: Quic, endpoint: "Endpoint", address: Address) -> None:
        self.quic = quic
        self.endpoint = endpoint
        self.address = printable(address)
        self.begun = endpoint.now()
        self.connection_ids: set[bytes] = set()
        self._is_client = quic.configuration.is_client
        """A client's handshake is bounded by who waits for it, a server's by `limits.HANDSHAKE_TIME`."""
        self.established = False
        self.ending: ConnectionTerminated | None = None
        self.gone = False
        """Whether the connection is over for QUIC too, its draining period included."""
        self._waiting: dict[trio.Event, Callable[[], bool]] = {}
        self._backlog_total: int | None = None
        """Kept between two batches, as it costs a look at every stream."""
        self.handshaken = trio.Event()
        """Set when the handshake is complete, or will never be, or the network said that nobody listens."""
        self.ended = trio.Event()
        self._ping_at = self.begun + limits.KEEP_ALIVE_TIME

    @property
    def keep_alive(self) -> bool:
        """Whether silence shall not end the connection."""
        return False

    # --- the endpoint's side

    def receive(self, data: bytes, address: Address, now: float) -> None:
        self.quic.receive_datagram(data, address, now)
        self.pump()

    def next_timer(self) -> float | None:
        """When `on_timer` wants to be called, in the endpoint's time."""
        if self.gone:
            return None
        times = [self.quic.get_timer()]
        if self.ending is None:
            if not self.established and not self._is_client:
                times.append(self.begun + limits.HANDSHAKE_TIME)
            elif self.keep_alive:
                times.append(self._ping_at)
        return min((time for time in times if time is not None), default=None)

    def on_timer(self, now: float) -> None:
        if self.ending is None:
            if not self.established and not self._is_client and now >= self.begun + limits.HANDSHAKE_TIME:
                self.quic.close(reason_phrase="handshake took too long")
            elif self.keep_alive and now >= self._ping_at:
                self._ping_at = now + limits.KEEP_ALIVE_TIME
                self.quic.send_ping(0)
        timer = self.quic.get_timer()
        if timer is not None and now >= timer:
            # aioquic asks for the time `sent + delay` and then looks for `sent <= now - delay`: where these round apart
            # it would ask for the same instant for ever, and a clock that stands still meanwhile would never leave it.
            self.quic.handle_timer(now + limits.TIMER_GRAIN)
        self.pump()

    def on_refused(self) -> None:
        """The network says that nobody listens there. Anyone could say so: believed only until somebody answers."""
        if not self.established:
            self.handshaken.set()

    def pump(self) -> None:
        """Hand out what the last packets or timers brought about."""
        while (event := self.quic.next_event()) is not None:
            match event:
                case ConnectionIdIssued():
                    self.endpoint.add_route(event.connection_id, self)
                case ConnectionIdRetired():
                    self.endpoint.remove_route(event.connection_id)
                case ConnectionTerminated():
                    self.gone = True
                    self._end(event)
                case _ if self.ending is None:
                    if isinstance(event, HandshakeCompleted):
                        self.established = True
                        self.handshaken.set()
                    self.on_event(event)
        if (ending := self.quic.ending) is not None:
            self._end(ending)

    def fail(self) -> None:
        """Give up after a defect of our own. There is nothing to rely on: the peer learns of it from our silence."""
        self.gone = True
        self._end(ConnectionTerminated(error_code=INTERNAL_ERROR, frame_type=None, reason_phrase="internal error"))

    def _end(self, ending: ConnectionTerminated) -> None:
        if self.ending is None:
            self.ending = ending
            self.on_ended()
            self.handshaken.set()
            self.ended.set()
            self.wake()

    def on_event(self, event: QuicEvent) -> None:
        """A QUIC event that does not concern connection ids or the connection's end."""

    def on_ended(self) -> None:
        """The connection is over, for either side's reasons; `ending` says which."""

    # --- the other tasks' side

    def touch(self) -> None:
        """Have the endpoint send soon whatever this connection has to send."""
        self._backlog_total = None
        self.endpoint.flush_soon(self)

    def close(self, code: int = H3_NO_ERROR, reason: str = "") -> None:
        """Close at once; what was written and not yet sent is lost. Tells the peer with CONNECTION_CLOSE."""
        self.quic.close(error_code=code, reason_phrase=reason[: limits.CLOSE_REASON])
        self.pump()
        self.touch()

    @property
    def silent(self) -> bool:
        """Whether the connection ended because nothing came any more."""
        return self.ending is not None and self.ending.reason_phrase == IDLE_TIMEOUT

    def lost(self) -> ConnectionLost:
        """The error for those who still need the connection."""
        if self.ending is None or self.ending.error_code in (0, H3_NO_ERROR):
            return ConnectionLost("The connection was closed.")
        if self.silent:
            return ConnectionLost("The connection was lost: the other side fell silent.")
        return ConnectionLost(f"The connection broke (code {self.ending.error_code:#x}).")

    def wake(self) -> None:
        """Wake those whose condition has come true. The endpoint calls it after each batch of packets."""
        self._backlog_total = None
        for event, ready in self._waiting.items():
            if self.ending is not None or ready():
                event.set()

    async def until(self, ready: Callable[[], bool]) -> None:
        """Wait for ``ready()``, which packets bring about; raises `ConnectionLost` when none will come any more."""
        while self.ending is None:
            if ready():
                return
            event = trio.Event()
            self._waiting[event] = ready
            try:
                await event.wait()
            finally:
                del self._waiting[event]
        raise self.lost()

    async def write_room(self, stream_id: int) -> int:
        """Wait until a stream may take more, and return how many bytes: the back-pressure of every writer.

        Raises `ConnectionLost`. Returns at once if the stream can send no more at all: the caller's write then tells
        why.
        """
        if self._room(stream_id) < 1 and self.quic.can_send(stream_id):
            # Not for every packet that is acknowledged, but for a piece worth the wake-up.
            await self.until(lambda: self._room(stream_id) >= limits.WRITE_PIECE or not self.quic.can_send(stream_id))
        if self.ending is not None:
            raise self.lost()
        return max(self._room(stream_id), 1)

    def _room(self, stream_id: int) -> int:
        room = limits.STREAM_BACKLOG - self.quic.backlog(stream_id)
        if room > 0:
            if self._backlog_total is None:
                self._backlog_total = self.quic.backlog_total
            room = min(room, limits.CONNECTION_BACKLOG - self._backlog_total)
        return room

    async def until_acknowledged(self, stream_id: int) -> None:
        """Wait until the peer has acknowledged all that was written to a stream; returns too if the connection ends."""
        with suppress(ConnectionLost):
            await self.until(lambda: not self.quic.backlog(stream_id))


class Inbox:
    """What arrived on one stream and was not read yet. Flow control bounds it: reading is what lets the peer go on."""

    def __init__(self, peer: Peer, stream_id: int) -> None:
        self._peer = peer
        self._stream_id = stream_id
        self._data = bytearray()
        self._ended = False
        self._failure: Exception | None = None
        self._discarding = False
        self._changed = trio.Event()

    @property
    def ended(self) -> bool:
        """Whether nothing more will arrive."""
        return self._ended or self._failure is not None

    @property
    def empty(self) -> bool:
        return not self._data

    def feed(self, data: bytes, *, end: bool) -> None:
        if data and not self._discarding and self._failure is None:
            self._data += data
            self._peer.quic.hold(self._stream_id, len(data))
        self._ended = self._ended or end
        self._changed.set()

    def fail(self, error: Exception) -> None:
        """Nothing more will come: after what is here, ``error``. Does nothing if the stream had ended."""
        if not self.ended:
            self._failure = error
            self._changed.set()

    def discard(self) -> None:
        """Throw away what is here and what will come."""
        self._discarding = True
        self._take(len(self._data))

    async def receive(self, max_bytes: int) -> bytes:
        """The next 1 to ``max_bytes`` bytes, or ``b""`` at the end. Raises what `fail` was given."""
        await trio.lowlevel.checkpoint()
        while not self._data:
            if self._failure is not None:
                raise self._failure.with_traceback(None)
            if self._ended:
                return b""
            self._changed = trio.Event()
            await self._changed.wait()
        return self._take(max_bytes)

    def _take(self, count: int) -> bytes:
        data = bytes(self._data[:count])
        if data:
            del self._data[:count]
            if self._peer.quic.release(self._stream_id, len(data)):
                self._peer.touch()
        return data


def server_configuration(identity: Identity) -> QuicConfiguration:
    """TLS 1.3 with the identity's certificate. No session tickets are issued, hence no 0-RTT."""
    configuration = _configuration(is_client=False)
    chain = x509.load_pem_x509_certificates(identity.certificate_chain)
    configuration.certificate = chain[0]
    configuration.certificate_chain = chain[1:]
    configuration.private_key = serialization.load_pem_private_key(identity.private_key, password=None)
    return configuration


def client_configuration(server_name: str, trust: Trust) -> QuicConfiguration:
    """TLS 1.3, believing ``trust``. No session ticket is kept, hence no 0-RTT."""
    configuration = _configuration(is_client=True)
    configuration.server_name = server_name
    if trust.authorities is not None:
        configuration.load_verify_locations(cadata=trust.authorities)
    else:
        machine = ssl.get_default_verify_paths()
        if machine.cafile is None and machine.capath is None:
            # aioquic would silently believe a list that came with one of its dependencies.
            raise IdentityUnusable("This machine has no list of certification authorities.")
        configuration.load_verify_locations(cafile=machine.cafile, capath=machine.capath)
    return configuration


def _configuration(*, is_client: bool) -> QuicConfiguration:
    return QuicConfiguration(
        is_client=is_client,
        alpn_protocols=[ALPN],
        idle_timeout=limits.IDLE_TIME,
        max_data=limits.FIRST_CONNECTION_WINDOW,
        max_stream_data=limits.FIRST_STREAM_WINDOW,
        max_datagram_size=limits.PACKET_SIZE,
        max_datagram_frame_size=limits.DATAGRAM_FRAME,
    )
