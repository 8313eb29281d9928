"""HTTP/3 over one connection, for servers and clients alike: which stream is what, and what arrives on it.

Every stream that means something has one `StreamHandler`, found by its id: a request being answered
(`Http3Exchange`), a request being made (`call.Call`), a session's CONNECT stream, or a stream within a session.
"""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import trio
from aioquic.h3.connection import ErrorCode
from aioquic.h3.events import (
    DatagramReceived,
    DataReceived,
    H3Event,
    HeadersReceived,
    WebTransportStreamDataReceived,
)
from aioquic.quic.events import ProtocolNegotiated, QuicEvent, StopSendingReceived, StreamReset

from . import limits
from ._aioquic import FrameTooLarge, Http3, Quic
from .datagram import Address
from .errors import ConnectionLost, TransportError
from .errors import StreamReset as StreamResetError
from .exchange import Headers, Request, dated, header_bytes
from .quic import Inbox, Peer
from .webtransport import BUFFERED_STREAM_REJECTED, Session

if TYPE_CHECKING:
    from .endpoint import Endpoint


class StreamHandler(Protocol):
    """What a stream is to us."""

    def on_headers(self, headers: Headers, *, end: bool) -> None: ...

    def on_data(self, data: bytes, *, end: bool) -> None: ...

    def on_reset(self, code: int) -> None:
        """The peer gave up its sending half."""

    def on_stop(self, code: int) -> None:
        """The peer reads no more; our sending half has been reset."""

    def on_lost(self, error: TransportError) -> None:
        """The connection is over."""


class Http3Peer(Peer):
    """A connection that speaks HTTP/3. A server's takes ``on_request`` and ``on_session``; a client's takes neither."""

    def __init__(
        self,
        quic: Quic,
        endpoint: "Endpoint",
        address: Address,
        *,
        on_request: "Callable[[Http3Exchange], None] | None" = None,
        on_session: Callable[[Session], None] | None = None,
        on_end: "Callable[[Http3Peer], None] | None" = None,
    ) -> None:
        super().__init__(quic, endpoint, address)
        self._on_request = on_request
        self._on_session = on_session
        self._on_end = on_end
        self._http: Http3 | None = None
        self._handlers: dict[int, StreamHandler] = {}
        self.sessions: dict[int, Session] = {}
        self._ended_sessions: deque[int] = deque(maxlen=limits.SESSIONS_REMEMBERED)
        self._given_up: deque[int] = deque(maxlen=limits.STREAMS_GIVEN_UP)
        """Streams that the client gave up before their headers came: the network may deliver one after the other."""
        self.closing = False
        """Whether further requests get status 503."""
        self.turns = trio.Semaphore(limits.REQUESTS_OF_CONNECTION)
        """Held by requests while they are answered."""
        self.requests = 0
        """How many there were so far, for the log."""

    @property
    def http(self) -> Http3:
        """Raises `ConnectionLost` on a connection that ended before its handshake got that far."""
        if self._http is None:
            raise self.lost()
        return self._http

    @property
    def peer_speaks_webtransport(self) -> bool | None:
        """None as long as its SETTINGS have not come."""
        return self._http.peer_speaks_webtransport if self._http is not None else None

    @property
    def keep_alive(self) -> bool:
        return self._is_client and bool(self.sessions)

    # --- streams and their handlers

    def register(self, stream_id: int, handler: StreamHandler) -> None:
        self._handlers[stream_id] = handler

    def forget(self, stream_id: int) -> None:
        self._handlers.pop(stream_id, None)

    def reset(self, stream_id: int, code: int) -> None:
        """Give up our sending half, if it is still open."""
        if self.ending is None and self.quic.can_send(stream_id):
            self.quic.reset_stream(stream_id, code)
            self.http.ended(stream_id, sending=True)
            self.touch()

    def stop(self, stream_id: int, code: int) -> None:
        """Ask the peer to give up its sending half, if it is still open."""
        if self.ending is None:
            self.quic.stop(stream_id, code)
            self.touch()

    def early_session(self, session_id: int) -> Session | None:
        """The session that a stream names. The network may deliver the stream before the CONNECT it belongs to."""
        session = self.sessions.get(session_id)
        if session is not None or self._on_session is None or session_id % 4:
            return session
        if session_id in self._handlers or session_id in self._ended_sessions:
            return None
        if sum(1 for known in self.sessions.values() if not known.accepted) >= limits.EARLY_SESSIONS:
            return None
        session = self.sessions[session_id] = Session(self, session_id)
        return session

    def end_session(self, session_id: int) -> None:
        self.sessions.pop(session_id, None)
        self._ended_sessions.append(session_id)

    # --- events

    def on_event(self, event: QuicEvent) -> None:
        if isinstance(event, ProtocolNegotiated):
            self._http = Http3(self.quic)
        if self._http is None:
            return
        for http_event in self._http.handle_event(event):
            self._on_http_event(http_event)
        if isinstance(event, (StreamReset, StopSendingReceived)):
            handler = self._handlers.get(event.stream_id)
            if handler is not None:
                if isinstance(event, StreamReset):
                    handler.on_reset(event.error_code)
                else:
                    handler.on_stop(event.error_code)
            elif self._on_request is not None:
                self._given_up.append(event.stream_id)

    def _on_http_event(self, event: H3Event) -> None:
        match event:
            case HeadersReceived(push_id=None):
                handler = self._handlers.get(event.stream_id)
                if handler is not None:
                    handler.on_headers(event.headers, end=event.stream_ended)
                elif self._on_request is not None:
                    self._on_new_request(event)
            case DataReceived(push_id=None):
                handler = self._handlers.get(event.stream_id)
                if handler is not None:
                    handler.on_data(event.data, end=event.stream_ended)
            case FrameTooLarge():
                handler = self._handlers.get(event.stream_id)
                if handler is not None:
                    handler.on_reset(ErrorCode.H3_EXCESSIVE_LOAD)
                    self.stop(event.stream_id, ErrorCode.H3_EXCESSIVE_LOAD)
                elif self._on_request is not None:
                    self._on_new_request(HeadersReceived(headers=[], stream_id=event.stream_id, stream_ended=False))
            case DatagramReceived():
                session = self.sessions.get(event.stream_id)
                if session is not None:
                    session.on_datagram(event.data)
            case WebTransportStreamDataReceived():
                handler = self._handlers.get(event.stream_id)
                if handler is None:
                    session = self.early_session(event.session_id)
                    handler = session.adopt(event.stream_id) if session is not None else None
                if handler is not None:
                    handler.on_data(event.data, end=event.stream_ended)
                elif not event.stream_ended:
                    self.stop(event.stream_id, BUFFERED_STREAM_REJECTED)
                    self.reset(event.stream_id, BUFFERED_STREAM_REJECTED)

    def _on_new_request(self, event: HeadersReceived) -> None:
        if event.stream_id in self._given_up:
            self.reset(event.stream_id, ErrorCode.H3_REQUEST_CANCELLED)
            return
        exchange = Http3Exchange(self, event.stream_id, event.headers)
        self.register(event.stream_id, exchange)
        self.requests += 1
        if event.stream_ended:
            exchange.on_data(b"", end=True)
        refusal = 503 if self.closing else exchange.fault()
        if refusal is None and exchange.pseudo.get(b":method") == b"CONNECT":
            refusal = self._on_connect(exchange)
            if refusal is None:
                return
        if refusal is not None:
            exchange.refuse(refusal)
        elif self._on_request is not None:
            self._on_request(exchange)

    def _on_connect(self, exchange: "Http3Exchange") -> int | None:
        """Open a session, or return the status that refuses it."""
        stream_id = exchange.stream_id
        if not exchange.pseudo.get(b":protocol", b"").startswith(b"webtransport") or self._on_session is None:
            return 501
        if sum(1 for session in self.sessions.values() if session.accepted) >= limits.SESSIONS:
            return 429
        session = self.sessions.setdefault(stream_id, Session(self, stream_id))
        session.accept(exchange.request)
        self.register(stream_id, session)
        if exchange.ended:
            session.on_data(b"", end=True)
        self._on_session(session)
        return None

    def on_ended(self) -> None:
        error = self.lost()
        for handler in list(self._handlers.values()):
            handler.on_lost(error)
        for session in list(self.sessions.values()):
            session.on_lost(error)
        self._handlers.clear()
        if self._on_end is not None:
            self._on_end(self)


class Http3Exchange:
    """A request that came over HTTP/3, and its response. Implements `exchange.Exchange`."""

    def __init__(self, peer: Http3Peer, stream_id: int, headers: Headers) -> None:
        self._peer = peer
        self.stream_id = stream_id
        self._headers = headers
        self.pseudo = {name: value for name, value in headers if name.startswith(b":")}
        self._inbox = Inbox(peer, stream_id)
        self._gone = trio.Event()
        self._error: TransportError | None = None
        self._answered = False

    @property
    def turns(self) -> trio.Semaphore:
        """The places for requests of its connection."""
        return self._peer.turns

    @property
    def ended(self) -> bool:
        """Whether the client has sent all it had to send."""
        return self._inbox.ended

    @property
    def request(self) -> Request:
        fields = [(name, value) for name, value in self._headers if name != b"cookie" and not name.startswith(b":")]
        if all(name != b"host" for name, _ in fields):
            fields.insert(0, (b"host", self.pseudo.get(b":authority", b"")))
        # Browsers send each cookie in a field of its own; applications expect one (RFC 9114 section 4.2.1).
        if cookies := [value for name, value in self._headers if name == b"cookie"]:
            fields.append((b"cookie", b"; ".join(cookies)))
        host, _, port = self._peer.address.rpartition(":")
        here = self._peer.endpoint.socket.address
        return Request(
            http_version="3",
            method=self.pseudo.get(b":method", b"").decode("latin-1"),
            target=self.pseudo.get(b":path", b"/"),
            headers=fields,
            client=(host.strip("[]"), int(port)),
            server=(str(here[0]), int(here[1])),
        )

    def fault(self) -> int | None:
        """The status that refuses this request before anybody sees it, or None."""
        if (
            not self._headers
            or len(self._headers) > limits.HEADER_FIELDS
            or header_bytes(self._headers) > limits.HEADER_BYTES
        ):
            return 431
        if self.pseudo.get(b":scheme") != b"https" or not self.pseudo.get(b":path", b"").startswith((b"/", b"*")):
            return 400
        return None

    def refuse(self, status: int) -> None:
        """Answer with a bare status, now."""
        self._send_headers(status, dated([(b"content-length", b"0")]), end=True)

    # --- exchange.Exchange

    async def receive(self) -> bytes:
        return await self._inbox.receive(limits.STREAM_WINDOW)

    async def wait_gone(self) -> None:
        await self._gone.wait()

    async def start(self, status: int, headers: Headers, *, end: bool) -> None:
        self._check()
        self._send_headers(status, headers, end=end)
        await trio.lowlevel.checkpoint()

    async def send(self, data: bytes, *, end: bool) -> None:
        view = memoryview(data)
        while view or end:
            with trio.move_on_after(limits.WRITE_TIME) as patience:
                room = await self._peer.write_room(self.stream_id)
            if patience.cancelled_caught:
                raise ConnectionLost("The client takes nothing.")
            self._check()
            piece, view = view[:room], view[room:]
            last = end and not view
            self._peer.http.send_data(self.stream_id, bytes(piece), last)
            self._peer.touch()
            if last:
                self._finish()
                return

    def abort(self) -> None:
        self._peer.reset(self.stream_id, ErrorCode.H3_INTERNAL_ERROR)
        self._finish()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error.with_traceback(None)
        if self._peer.ending is not None:
            raise self._peer.lost()

    def _send_headers(self, status: int, headers: Headers, *, end: bool) -> None:
        if self._peer.quic.can_send(self.stream_id):
            self._peer.http.send_headers(self.stream_id, [(b":status", b"%d" % status), *headers], end)
            self._peer.touch()
        if end:
            self._finish()

    def _finish(self) -> None:
        """The response is complete. A body that nobody wanted is declined (RFC 9114 section 4.1)."""
        self._answered = True
        self._inbox.discard()
        if self._inbox.ended:
            self._peer.forget(self.stream_id)
        else:
            self._peer.stop(self.stream_id, ErrorCode.H3_NO_ERROR)

    # --- StreamHandler

    def on_headers(self, headers: Headers, *, end: bool) -> None:
        # Trailers: nobody here asks for them.
        if end:
            self.on_data(b"", end=True)

    def on_data(self, data: bytes, *, end: bool) -> None:
        self._inbox.feed(data, end=end)
        if end and self._answered:
            self._peer.forget(self.stream_id)

    def on_reset(self, code: int) -> None:
        self._leave(StreamResetError(code))

    def on_stop(self, code: int) -> None:
        self._leave(StreamResetError(code))

    def on_lost(self, error: TransportError) -> None:
        self._leave(error)

    def _leave(self, error: TransportError) -> None:
        self._error = error
        self._inbox.fail(error)
        self._gone.set()
        if self._answered and self._inbox.ended:
            self._peer.forget(self.stream_id)
