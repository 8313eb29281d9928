"""A request that a client makes over HTTP/3, and its response."""

from typing import TYPE_CHECKING

import trio
from aioquic.h3.connection import ErrorCode

from .errors import ConnectionLost, StreamReset, TransportError
from .exchange import Headers
from .quic import Inbox

if TYPE_CHECKING:
    from .h3 import Http3Peer


class Call:
    """A request that we made over HTTP/3, and its response."""

    def __init__(self, peer: "Http3Peer", stream_id: int) -> None:
        self._peer = peer
        self.stream_id = stream_id
        self.inbox = Inbox(peer, stream_id)
        self.headers: Headers | None = None
        self.error: TransportError | None = None
        self._answered = trio.Event()

    @property
    def status(self) -> int:
        return int(dict(self.headers or [(b":status", b"0")])[b":status"])

    async def wait_headers(self) -> None:
        """Return when the status is there; raises what broke the stream or the connection."""
        await self._answered.wait()
        if self.headers is None and self.error is not None:
            raise self.error

    async def send(self, data: bytes) -> None:
        """Send the request's whole body, or as much of it as the server wants: its answer, or none, tells why."""
        view = memoryview(data)
        while view:
            try:
                room = await self._peer.write_room(self.stream_id)
            except ConnectionLost:
                return
            if not self._peer.quic.can_send(self.stream_id):
                return
            piece, view = view[:room], view[room:]
            self._peer.http.send_data(self.stream_id, bytes(piece), end_stream=not view)
            self._peer.touch()

    def finish(self) -> None:
        """Nobody waits for this any more, whether it is complete or not."""
        self.inbox.discard()
        self._peer.reset(self.stream_id, ErrorCode.H3_REQUEST_CANCELLED)
        self._peer.stop(self.stream_id, ErrorCode.H3_REQUEST_CANCELLED)
        self._peer.forget(self.stream_id)

    def on_headers(self, headers: Headers, *, end: bool) -> None:
        if self.headers is None and not dict(headers).get(b":status", b"").startswith(b"1"):
            self.headers = headers
            self._answered.set()
        if end:
            self.inbox.feed(b"", end=True)

    def on_data(self, data: bytes, *, end: bool) -> None:
        self.inbox.feed(data, end=end)

    def on_reset(self, code: int) -> None:
        self.on_lost(StreamReset(code))

    def on_stop(self, code: int) -> None:
        # The server may answer without having read everything (RFC 9114 section 4.1): `send` notices.
        pass

    def on_lost(self, error: TransportError) -> None:
        self.error = error
        self.inbox.fail(error)
        self._answered.set()
