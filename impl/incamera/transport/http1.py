"""HTTP/1.1 over TLS 1.3 over TCP, on h11: for clients whose UDP is blocked.

Every answer says that HTTP/3 is to be had (`Alt-Svc`, RFC 7838).
"""

import ssl
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import h11
import trio

from . import limits
from .asgi import Application
from .datagram import Address, printable
from .errors import ConnectionLost, TransportError
from .exchange import Headers, Request, dated, header_bytes
from .log import failure
from .pki import LEAF_FILE, LEAF_KEY_FILE, Identity

T = TypeVar("T")


def tls_context(identity: Identity) -> ssl.SSLContext:
    """TLS 1.3 alone, HTTP/1.1 alone, no session tickets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    # OpenSSL through Python reads keys from files only; this folder is ours alone (mode 0700) and gone at once.
    with tempfile.TemporaryDirectory() as folder:
        identity.save(Path(folder))
        context.load_cert_chain(Path(folder) / LEAF_FILE, Path(folder) / LEAF_KEY_FILE)
    return context


class Http1Server:
    """Serves an application on TCP connections."""

    def __init__(self, application: Application, identity: Identity, port: int) -> None:
        self._application = application
        self.tls = tls_context(identity)
        """For connections from now on."""
        self.alt_svc = (b"alt-svc", b'h3=":%d"; ma=%d' % (port, limits.ALT_SVC_AGE))
        self._places = trio.Semaphore(limits.TCP_CONNECTIONS)
        self.closing = False

    async def run(self, listener: trio.SocketListener, nursery: trio.Nursery) -> None:
        """Accept connections until cancelled, each in a task of ``nursery``."""
        while True:
            await self._places.acquire()
            try:
                stream = await listener.accept()
            except OSError:
                # Out of file descriptors, most likely: give the connections that exist time to end.
                self._places.release()
                await trio.sleep(0.1)
                continue
            except BaseException:
                self._places.release()
                raise
            nursery.start_soon(self._serve, stream)

    async def _serve(self, tcp: trio.SocketStream) -> None:
        try:
            with suppress(OSError):
                peer, here = tcp.socket.getpeername(), tcp.socket.getsockname()
                tls = trio.SSLStream(tcp, self.tls, server_side=True, https_compatible=True)
                with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                    with trio.move_on_after(limits.HANDSHAKE_TIME) as handshake:
                        await tls.do_handshake()
                    if not handshake.cancelled_caught:
                        await _Connection(self, tls, peer, here).run()
                        with trio.move_on_after(limits.CLOSE_TIME):
                            await tls.aclose()
        except Exception as error:
            # A defect that one connection brings to light harms no other.
            failure("connection failed", error)
        finally:
            self._places.release()
            await trio.aclose_forcefully(tcp)

    async def answer(self, exchange: "_Http1Exchange") -> None:
        await self._application.answer(exchange)


class _Connection:
    """One connection: requests, one after the other."""

    def __init__(
        self, server: Http1Server, tls: "trio.SSLStream[trio.SocketStream]", peer: Address, here: Address
    ) -> None:
        self.server = server
        self.client = printable(peer)
        self.here = here
        self._tls = tls
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.HEADER_BYTES)

    async def run(self) -> None:
        patience = limits.HEADER_TIME
        while True:
            try:
                request = await self._next_request(patience)
            except h11.RemoteProtocolError as error:
                await self._refuse(error.error_status_hint)
                await self._linger()
                return
            if request is None:
                return
            fault = self._fault(request)
            if fault is not None:
                await self._refuse(fault)
                await self._linger()
                return
            exchange = _Http1Exchange(self, request)
            await self.server.answer(exchange)
            if not await self._settle():
                return
            patience = limits.KEEP_OPEN_TIME

    async def _next_request(self, patience: float) -> h11.Request | None:
        """Wait ``patience`` for a first byte, and `limits.HEADER_TIME` from then on for a whole header."""
        if not self._h11.trailing_data[0]:
            with trio.move_on_after(patience) as first:
                await self._read()
            if first.cancelled_caught:
                return None
        with trio.move_on_after(limits.HEADER_TIME):
            while (event := self._h11.next_event()) is h11.NEED_DATA:
                await self._read()
            return event if isinstance(event, h11.Request) else None
        return None

    def _fault(self, request: h11.Request) -> int | None:
        # h11's own limit holds for headers that come in several pieces.
        size = len(request.target) + header_bytes(list(request.headers))
        if len(request.headers) > limits.HEADER_FIELDS or size > limits.HEADER_BYTES:
            return 431
        if not request.target.startswith(b"/") and request.target != b"*":
            return 400
        names = {name for name, _ in request.headers}
        if b"content-length" in names and b"transfer-encoding" in names:
            # Whoever forwards to us may believe the other one (RFC 9112 section 6.1).
            return 400
        return None

    async def _settle(self) -> bool:
        """After a response: true if the connection can take another request."""
        if self.server.closing:
            return False
        if self._h11.our_state is not h11.DONE or self._h11.their_state is not h11.DONE:
            # A body that nobody read: cheaper to part than to read it all.
            if self._h11.our_state in (h11.DONE, h11.MUST_CLOSE):
                await self._linger()
            return False
        self._h11.start_next_cycle()
        return True

    async def _linger(self) -> None:
        """Throw away what still comes, so that the answer is read before the connection ends."""
        left = limits.LINGER_BYTES
        with trio.move_on_after(limits.LINGER_TIME):
            while left > 0 and (data := await self._tls.receive_some(limits.TCP_READ)):
                left -= len(data)

    async def _refuse(self, status: int) -> None:
        if self._h11.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = dated([(b"content-length", b"0"), (b"connection", b"close"), self.server.alt_svc])
            with suppress(h11.LocalProtocolError):
                await self.send(h11.Response(status_code=status, headers=headers))
                await self.send(h11.EndOfMessage())

    async def _read(self) -> None:
        self._h11.receive_data(bytes(await self._tls.receive_some(limits.TCP_READ)))

    async def next_event(self) -> "h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]":
        while (event := self._h11.next_event()) is h11.NEED_DATA:
            if self._h11.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[]))
            await self._read()
        return event

    async def wait_gone(self) -> None:
        """Return when the client closes. A request sent ahead is kept for later, and ends the watch."""
        while not self._h11.trailing_data[0]:
            try:
                data = await self._tls.receive_some(limits.TCP_READ)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return
            self._h11.receive_data(bytes(data))
            if not data:
                return
        await trio.sleep_forever()

    async def send(self, event: h11.Event) -> None:
        data = self._h11.send(event)
        if data:
            with trio.move_on_after(limits.WRITE_TIME) as patience:
                await self._tls.send_all(data)
            if patience.cancelled_caught:
                raise ConnectionLost("The client takes nothing.")

    def fail(self) -> None:
        self._h11.send_failed()


class _Http1Exchange:
    """A request that came over HTTP/1.1. Implements `exchange.Exchange`."""

    def __init__(self, connection: _Connection, event: h11.Request) -> None:
        self._connection = connection
        host, _, port = connection.client.rpartition(":")
        self.request = Request(
            http_version="1.1",
            method=event.method.decode("ascii"),
            target=event.target,
            headers=list(event.headers),
            client=(host.strip("[]"), int(port)),
            server=(str(connection.here[0]), int(connection.here[1])),
        )

    async def receive(self) -> bytes:
        event = await self._guard(self._connection.next_event)
        return bytes(event.data) if isinstance(event, h11.Data) else b""

    async def wait_gone(self) -> None:
        await self._connection.wait_gone()

    async def start(self, status: int, headers: Headers, *, end: bool) -> None:
        await self._send(h11.Response(status_code=status, headers=[*headers, self._connection.server.alt_svc]))
        if end:
            await self._send(h11.EndOfMessage())

    async def send(self, data: bytes, *, end: bool) -> None:
        if data:
            await self._send(h11.Data(data=data))
        if end:
            await self._send(h11.EndOfMessage())

    def abort(self) -> None:
        self._connection.fail()

    async def _send(self, event: h11.Event) -> None:
        await self._guard(lambda: self._connection.send(event))

    async def _guard(self, act: Callable[[], Awaitable[T]]) -> T:
        try:
            return await act()
        except (trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError) as error:
            if isinstance(error, TransportError):
                raise
            raise ConnectionLost("The client has gone.") from error
