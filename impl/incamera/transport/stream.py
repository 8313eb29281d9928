"""A stream of a WebTransport session, as one of trio's streams."""

from typing import TYPE_CHECKING

import trio

from . import limits
from .errors import SessionClosed, StreamReset, TransportError
from .exchange import Headers
from .quic import Inbox

if TYPE_CHECKING:
    from .h3 import Http3Peer
    from .webtransport import Session

SESSION_GONE = 0x170D7B68
FIRST_APPLICATION_ERROR = 0x52E4A40FA8DB
"""Where the 32-bit codes of applications begin among those of HTTP/3 (draft-ietf-webtrans-http3 section 4.4)."""


class Stream(trio.abc.HalfCloseableStream):
    """A stream of a session. Unidirectional ones raise ``trio.ClosedResourceError`` in the direction they lack.

    Raises `StreamReset` when the peer gave it up and `SessionClosed` when the session is over, both of them
    ``trio.BrokenResourceError``.
    """

    def __init__(
        self, peer: "Http3Peer", session: "Session", stream_id: int, *, readable: bool, writable: bool
    ) -> None:
        self._peer = peer
        self._session = session
        self.id = stream_id
        """The QUIC stream's id, unique within the connection."""
        self._inbox = Inbox(peer, stream_id)
        self._reading = readable
        self._writing = writable
        self._arriving = readable
        """Whether the peer may still send: longer than anybody reads, when we asked it to stop."""
        self._sending = False
        self._torn = False
        """Whether a `send_all` was interrupted within its data."""
        self._broken: TransportError | None = None

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send everything; waits while the peer has too much unread or unacknowledged."""
        with self._sender():
            view = memoryview(data)
            while view:
                room = await self._room()
                self._peer.http.write(self.id, bytes(view[:room]))
                self._peer.touch()
                view = view[room:]
                self._torn = bool(view)

    async def wait_send_all_might_not_block(self) -> None:
        with self._sender():
            await self._room()

    async def send_eof(self) -> None:
        """Nothing more will be sent; the peer can still send."""
        if self._writing:
            with self._sender():
                self._end()
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """The next 1 to ``max_bytes`` bytes; ``b""`` when the peer has sent all."""
        if max_bytes is not None and max_bytes < 1:
            raise ValueError("max_bytes must be at least 1")
        if not self._reading:
            raise trio.ClosedResourceError("This stream is closed for reading.")
        data = await self._inbox.receive(limits.STREAM_WINDOW if max_bytes is None else max_bytes)
        self._forget_if_done()
        return data

    async def aclose(self) -> None:
        """Give both directions back. What was sent still arrives; an interrupted `send_all` makes it a reset."""
        if self._torn or self._sending:
            self.reset()
        else:
            self._end()
            self._stop_reading(SESSION_GONE if self._session.closed else application_error(0))
            self._forget_if_done()
        await trio.lowlevel.checkpoint()

    def reset(self, code: int = 0) -> None:
        """Give up both directions at once, with an application's 32-bit code."""
        self._writing = False
        self._peer.reset(self.id, application_error(code))
        self._stop_reading(application_error(code))
        self._forget_if_done()

    def _sender(self) -> "_OneAtATime":
        self._check()
        return _OneAtATime(self)

    async def _room(self) -> int:
        await trio.lowlevel.checkpoint_if_cancelled()
        self._check()
        try:
            room = await self._peer.write_room(self.id)
        except TransportError as error:
            raise (self._broken or self._session.closed or error).with_traceback(None) from None
        self._check()
        if not self._peer.quic.can_send(self.id):
            raise (await self._session.wait_closed()).with_traceback(None)
        return room

    def _check(self) -> None:
        if (error := self._broken or self._session.closed) is not None:
            raise error.with_traceback(None)
        if not self._writing:
            raise trio.ClosedResourceError("This stream is closed for writing.")

    def discard(self) -> None:
        """Nobody reads this stream any more."""
        self._inbox.discard()
        self._forget_if_done()

    def _end(self) -> None:
        if self._writing:
            self._writing = False
            if self._peer.ending is None and self._peer.quic.can_send(self.id):
                self._peer.http.write(self.id, b"", end=True)
                self._peer.touch()

    def _stop_reading(self, code: int) -> None:
        if self._reading:
            self._reading = False
            self._inbox.fail(trio.ClosedResourceError("This stream was closed."))
            self._inbox.discard()
            if self._arriving:
                self._peer.stop(self.id, code)

    def _forget_if_done(self) -> None:
        # The peer's data has to find its stream to the end, or it would look like a new one.
        if not self._writing and not self._arriving:
            self._peer.forget(self.id)
            if self._inbox.empty:
                self._session.drop(self.id)

    # --- called by the connection

    def on_headers(self, headers: Headers, *, end: bool) -> None:
        """A stream of a session has none."""

    def on_data(self, data: bytes, *, end: bool) -> None:
        self._inbox.feed(data, end=end)
        if end:
            self._arriving = False
            self._forget_if_done()

    def on_reset(self, code: int) -> None:
        # Streams may learn of the session's end before the session does, which knows its code and reason.
        if code != SESSION_GONE:
            self._inbox.fail(StreamReset(application_code(code)))
        self._arriving = False
        self._forget_if_done()

    def on_stop(self, code: int) -> None:
        if code != SESSION_GONE:
            self._broken = StreamReset(application_code(code))
        self._peer.wake()

    def on_session_closed(self, how: SessionClosed) -> None:
        self._inbox.fail(how)
        if self._writing:
            self._writing = False
            self._broken = self._broken or how
            self._peer.reset(self.id, SESSION_GONE)
        if self._arriving:
            self._peer.stop(self.id, SESSION_GONE)
        self._forget_if_done()

    def on_lost(self, error: TransportError) -> None:
        """The session, which learns of it too, tells its streams."""


class _OneAtATime:
    """Refuses a second writer, as trio's streams do."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def __enter__(self) -> None:
        if self._stream._sending:
            raise trio.BusyResourceError("Another task is sending on this stream.")
        self._stream._sending = True

    def __exit__(self, *_: object) -> None:
        self._stream._sending = False


def application_error(code: int) -> int:
    """An application's 32-bit code as a code of HTTP/3, which keeps every 31st for GREASE (section 4.4)."""
    return FIRST_APPLICATION_ERROR + code + code // 0x1E


def application_code(error: int) -> int:
    """The reverse; 0 for a code that is none of an application's."""
    shifted = error - FIRST_APPLICATION_ERROR
    if shifted < 0 or shifted % 0x1F == 0x1E or shifted - shifted // 0x1F >= 1 << 32:
        return 0
    return shifted - shifted // 0x1F
