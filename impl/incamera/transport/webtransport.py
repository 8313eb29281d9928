"""WebTransport over HTTP/3, the same for both sides: sessions, their streams and their datagrams.

After draft-ietf-webtrans-http3 (draft-02 on the wire, which is what browsers send). A session lives on the stream of
an extended CONNECT request; its end is a close capsule and the end of that stream.
"""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import trio
from aioquic.h3.connection import ErrorCode

from . import limits
from ._aioquic import datagram_overhead
from .capsule import CapsuleError, CapsuleParser, Close, encode_close
from .errors import DatagramTooLarge, SessionClosed, TransportError
from .exchange import Headers, Request
from .stream import Stream

if TYPE_CHECKING:
    from .h3 import Http3Peer

BUFFERED_STREAM_REJECTED = 0x3994BD84
DRAFT_HEADER = (b"sec-webtransport-http3-draft", b"draft02")


class Session:
    """A WebTransport session. Once it is over its methods raise `SessionClosed`; what came before can still be read."""

    def __init__(self, peer: "Http3Peer", session_id: int, *, path: str = "") -> None:
        self._peer = peer
        self.id = session_id
        self.path = path
        """Of the CONNECT request, with its query."""
        self.origin: str | None = None
        """The page that opened it, when a browser did (RFC 6454)."""
        self.accepted = False
        self.status = 0
        """Of the answer to the CONNECT, as a client sees it."""
        self.answered = trio.Event()
        self._closed: SessionClosed | None = None
        self._closing = False
        self._capsules = CapsuleParser()
        self._streams: dict[int, Stream] = {}
        self._arrived: dict[bool, deque[Stream]] = {False: deque(), True: deque()}
        """Streams the peer opened and nobody accepted yet, by whether they are unidirectional."""
        self._datagrams: deque[bytes] = deque(maxlen=limits.DATAGRAMS_IN)
        self._changed = trio.lowlevel.ParkingLot()
        self._over = trio.Event()

    @property
    def peer(self) -> str:
        """``addr:port`` of the other side, for logs."""
        return self._peer.address

    @property
    def closed(self) -> SessionClosed | None:
        """How it ended, or None while it lives."""
        return self._closed

    async def wait_closed(self) -> SessionClosed:
        """Wait for the end, and return how it came about."""
        await self._over.wait()
        assert self._closed is not None  # noqa: S101 - set together with the event
        return self._closed

    # --- streams

    async def open_stream(self) -> Stream:
        """A new bidirectional stream; waits while the peer allows no more of them."""
        return await self._open(unidirectional=False)

    async def open_uni_stream(self) -> Stream:
        """A new stream that only we write to."""
        return await self._open(unidirectional=True)

    async def accept_stream(self) -> Stream:
        """The next bidirectional stream that the peer opened."""
        return await self._accept(unidirectional=False)

    async def accept_uni_stream(self) -> Stream:
        """The next stream that only the peer writes to."""
        return await self._accept(unidirectional=True)

    async def _open(self, *, unidirectional: bool) -> Stream:
        await trio.lowlevel.checkpoint()
        quic = self._peer.quic
        await self._until(lambda: quic.may_open(unidirectional=unidirectional))
        stream_id = self._peer.http.create_webtransport_stream(self.id, unidirectional)
        stream = self._add(stream_id, readable=not unidirectional, writable=True)
        self._peer.touch()
        return stream

    async def _accept(self, *, unidirectional: bool) -> Stream:
        await trio.lowlevel.checkpoint()
        arrived = self._arrived[unidirectional]
        while not arrived:
            self._check()
            await self._changed.park()
        return arrived.popleft()

    def _add(self, stream_id: int, *, readable: bool, writable: bool) -> Stream:
        stream = self._streams[stream_id] = Stream(self._peer, self, stream_id, readable=readable, writable=writable)
        self._peer.register(stream_id, stream)
        return stream

    async def _until(self, ready: Callable[[], bool]) -> None:
        with suppress(TransportError):
            await self._peer.until(lambda: self._closed is not None or self._closing or ready())
        self._check()

    def _check(self) -> None:
        if self._closed is not None:
            # Raised again and again: it must not collect the tracebacks of all those times.
            raise self._closed.with_traceback(None)
        if self._closing:
            raise SessionClosed(reason="closed here")

    # --- datagrams

    @property
    def max_datagram_size(self) -> int:
        """Bytes of payload that fit; 0 if the peer takes no datagrams."""
        return max(0, self._peer.quic.datagram_limit - datagram_overhead(self.id))

    def send_datagram(self, data: bytes) -> bool:
        """Send ``data``, or return False if the connection takes no more now. Raises `DatagramTooLarge`."""
        self._check()
        limit = self.max_datagram_size
        if len(data) > limit:
            raise DatagramTooLarge(len(data), limit)
        if self._peer.quic.datagrams_waiting >= limits.DATAGRAMS_OUT:
            return False
        self._peer.http.send_datagram(self.id, data)
        self._peer.touch()
        return True

    async def wait_datagram_room(self) -> None:
        """Return when `send_datagram` will take one more."""
        await self._until(lambda: self._peer.quic.datagrams_waiting < limits.DATAGRAMS_OUT)

    async def receive_datagram(self) -> bytes:
        """The oldest datagram not yet read; when the queue is full, the oldest ones are lost."""
        # Not yielding here is fair all the same: another task refills the queue, so a reader's turn is bounded.
        await trio.lowlevel.checkpoint_if_cancelled()
        while not self._datagrams:
            self._check()
            await self._changed.park()
        return self._datagrams.popleft()

    # --- the end

    async def close(self, code: int = 0, reason: str = "") -> None:
        """End the session: a 32-bit code and a short reason for the peer. Does nothing if it is over.

        What was written to streams gets a moment to be acknowledged first. Cancelled, it still tells the peer,
        without waiting.
        """
        capsule = encode_close(code, reason)
        if self._closed is not None or self._closing:
            await trio.lowlevel.checkpoint()
            return
        self._closing = True
        try:
            with trio.move_on_after(limits.CLOSE_TIME):
                for stream_id in list(self._streams):
                    await self._peer.until_acknowledged(stream_id)
        finally:
            if self._closed is None and self._peer.ending is None:
                if self._peer.quic.can_send(self.id):
                    # No STOP_SENDING beside it: Chromium would report a lost connection instead of our code and reason.
                    self._peer.http.send_data(self.id, capsule, end_stream=True)
                self._finish(SessionClosed(code, reason))
        with trio.move_on_after(limits.CLOSE_TIME):
            await self._peer.until_acknowledged(self.id)

    def abandon(self) -> None:
        """A client: give up a CONNECT that was not answered yet."""
        self._peer.reset(self.id, ErrorCode.H3_REQUEST_CANCELLED)
        self._peer.stop(self.id, ErrorCode.H3_REQUEST_CANCELLED)
        self._finish(SessionClosed(reason="given up", clean=False))

    def abort(self) -> None:
        """Close the whole connection now, without a capsule: like a crash, but the peer hears of it at once."""
        self._peer.close(ErrorCode.H3_INTERNAL_ERROR, "aborted")

    def _finish(self, how: SessionClosed) -> None:
        if self._closed is not None:
            return
        self._closed = how
        self._peer.end_session(self.id)
        self.answered.set()
        for stream in list(self._streams.values()):
            stream.on_session_closed(how)
        self._over.set()
        self._changed.unpark_all()
        self._peer.wake()
        if self._peer.ending is None:
            self._peer.touch()

    # --- called by the connection

    def accept(self, request: Request) -> None:
        """A server: say yes to the CONNECT."""
        self.accepted = True
        self.path = request.target.decode("latin-1")
        origin = request.header(b"origin")
        self.origin = origin.decode("latin-1") if origin is not None else None
        if self._peer.quic.can_send(self.id):
            self._peer.http.send_headers(self.id, [(b":status", b"200"), DRAFT_HEADER])
            self._peer.touch()

    def adopt(self, stream_id: int) -> Stream | None:
        """A stream that the peer opened, or None if too many wait or the session is over."""
        unidirectional = bool(stream_id & 2)
        arrived = self._arrived[unidirectional]
        if self._closed is not None or self._closing or len(arrived) >= limits.STREAMS_WAITING:
            return None
        stream = self._add(stream_id, readable=True, writable=not unidirectional)
        arrived.append(stream)
        self._changed.unpark_all()
        return stream

    def on_datagram(self, data: bytes) -> None:
        self._datagrams.append(data)
        self._changed.unpark_all()

    def drop(self, stream_id: int) -> None:
        """A stream is finished, and read."""
        self._streams.pop(stream_id, None)

    def discard(self) -> None:
        """Nobody reads what has come any more: let it not count against the connection's window."""
        self._datagrams.clear()
        for stream in list(self._streams.values()):
            stream.discard()

    # --- the CONNECT stream's handler

    def on_headers(self, headers: Headers, *, end: bool) -> None:
        status = int(dict(headers).get(b":status", b"0"))
        if not self.accepted and status >= 200:
            self.status = status
            self.accepted = status < 300
            self.answered.set()
            if not self.accepted:
                self._answer_close(SessionClosed(reason="refused", clean=False))
        if end:
            self.on_data(b"", end=True)

    def on_data(self, data: bytes, *, end: bool) -> None:
        try:
            for capsule in self._capsules.feed(data):
                if isinstance(capsule, Close):
                    self._answer_close(SessionClosed(capsule.code, capsule.reason))
            if end:
                self._capsules.finish()
        except CapsuleError:
            self._peer.reset(self.id, ErrorCode.H3_MESSAGE_ERROR)
            self._answer_close(SessionClosed(reason="malformed capsule", clean=False))
            if end:
                self._peer.forget(self.id)
            return
        if end:
            self._answer_close(SessionClosed())
            self._peer.forget(self.id)

    def _answer_close(self, how: SessionClosed) -> None:
        if self._closed is None and self._peer.quic.can_send(self.id):
            self._peer.http.send_data(self.id, b"", end_stream=True)
        self._finish(how)

    def on_reset(self, code: int) -> None:
        self._peer.reset(self.id, ErrorCode.H3_REQUEST_CANCELLED)
        self._finish(SessionClosed(reason="the peer gave up the session", clean=False))
        self._peer.forget(self.id)

    def on_stop(self, code: int) -> None:
        self._finish(SessionClosed(reason="the peer gave up the session", clean=False))

    def on_lost(self, error: TransportError) -> None:
        self._finish(SessionClosed(reason=str(error), clean=False))
