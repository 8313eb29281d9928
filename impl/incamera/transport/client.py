"""A client: requests over HTTP/3 and WebTransport sessions on one connection."""

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import trio
from aioquic.tls import AlertDescription

from . import limits
from ._aioquic import Quic
from ._nursery import background
from .call import Call
from .datagram import Address, UdpSocket
from .endpoint import Endpoint
from .errors import (
    HandshakeFailed,
    RequestTimedOut,
    ResponseTooLarge,
    SessionRefused,
    TransportError,
    Unreachable,
    UntrustedPeer,
)
from .exchange import Headers, Response, joined
from .h3 import Http3Peer
from .pki import Trust
from .quic import ALPN, H3_NO_ERROR, client_configuration
from .webtransport import Session

NEXT_ADDRESS_TIME = 0.25
"""Seconds after which the next address of a name is tried beside the first (RFC 8305 section 5)."""
HTTPS_PORT = 443
CRYPTO_ERROR = 0x100
"""QUIC error codes from here on are TLS alerts (RFC 9001 section 4.8)."""
CERTIFICATE_ALERTS = frozenset(
    (
        AlertDescription.bad_certificate,
        AlertDescription.unsupported_certificate,
        AlertDescription.certificate_revoked,
        AlertDescription.certificate_expired,
        AlertDescription.certificate_unknown,
        AlertDescription.unknown_ca,
    )
)


class Connection:
    """A connection to one server; made by `connect`."""

    def __init__(self, peer: Http3Peer, authority: str) -> None:
        self._peer = peer
        self._authority = authority.encode("ascii")

    @property
    def peer(self) -> str:
        """``addr:port`` of the server."""
        return self._peer.address

    @property
    def alpn(self) -> str:
        """The protocol agreed upon."""
        return ALPN

    @property
    def quic_version(self) -> int:
        """1 for RFC 9000, 0x6b3343cf for version 2 (RFC 9369)."""
        return self._peer.quic.version

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 30.0,  # noqa: ASYNC109 - part of the interface: a typed error instead of a cancellation
    ) -> Response:
        """Make a request and read the whole response.

        ``path`` is percent-encoded and includes the query; ``timeout`` is in seconds. Raises `RequestTimedOut`,
        `ResponseTooLarge`, `StreamReset` or `ConnectionLost`.
        """
        fields = self._fields(method, path, headers or {})
        if body:
            fields.append((b"content-length", b"%d" % len(body)))
        with trio.move_on_after(timeout):
            return await self._fetch(fields, body)
        raise RequestTimedOut(f"The server did not answer within {timeout:g} seconds.")

    async def webtransport(self, path: str) -> Session:
        """Open a session. Raises `SessionRefused`, or another `TransportError` if the connection cannot carry one."""
        await self._peer.until(lambda: self._peer.peer_speaks_webtransport is not None)
        if not self._peer.peer_speaks_webtransport:
            raise TransportError("The server does not speak WebTransport.")
        await self._peer.until(lambda: self._peer.quic.may_open(unidirectional=False))
        stream_id = self._peer.quic.get_next_available_stream_id()
        session = Session(self._peer, stream_id, path=path)
        self._peer.sessions[stream_id] = session
        self._peer.register(stream_id, session)
        fields = self._fields("CONNECT", path, {"sec-webtransport-http3-draft02": "1"})
        self._peer.http.send_headers(stream_id, [*fields[:4], (b":protocol", b"webtransport"), *fields[4:]])
        self._peer.touch()
        try:
            await session.answered.wait()
        except trio.Cancelled:
            session.abandon()
            raise
        if session.status and not 200 <= session.status < 300:
            raise SessionRefused(session.status)
        if session.closed is not None and not session.accepted:
            raise session.closed.with_traceback(None)
        return session

    def _fields(self, method: str, path: str, headers: Mapping[str, str]) -> Headers:
        return [
            (b":method", method.encode("ascii")),
            (b":scheme", b"https"),
            (b":authority", self._authority),
            (b":path", path.encode("ascii")),
            *((name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers.items()),
        ]

    async def _fetch(self, fields: Headers, body: bytes) -> Response:
        peer = self._peer
        await peer.until(lambda: peer.quic.may_open(unidirectional=False))
        call = Call(peer, peer.quic.get_next_available_stream_id())
        peer.register(call.stream_id, call)
        try:
            peer.http.send_headers(call.stream_id, fields, end_stream=not body)
            peer.touch()
            if not body:
                return await _read(call)
            async with background() as sending:
                # A server may answer before it has read everything; then the rest is not sent.
                sending.start_soon(call.send, body)
                return await _read(call)
        finally:
            call.finish()


async def _read(call: Call) -> Response:
    await call.wait_headers()
    body = bytearray()
    while data := await call.inbox.receive(limits.STREAM_WINDOW):
        body += data
        if len(body) > limits.RESPONSE_BODY:
            raise ResponseTooLarge(f"The response is larger than {limits.RESPONSE_BODY} bytes.")
    return Response(call.status, joined(call.headers or []), bytes(body))


@asynccontextmanager
async def connect(
    host: str,
    port: int,
    *,
    trust: Trust,
    timeout: float = 5.0,  # noqa: ASYNC109 - part of the interface: a typed error instead of a cancellation
) -> AsyncIterator[Connection]:
    """A connection to ``host`` (a name or an address), closed when the block ends; its sessions are closed with code 0.

    Addresses are tried side by side, each a little after the one before; the first to answer wins. ``timeout``
    seconds bound all of it. Raises `Unreachable`, `UntrustedPeer` or `HandshakeFailed`.
    """
    with suppress(UnicodeError):
        host = host.strip("[]").encode("idna").decode()
    async with background() as nursery:
        peer = None
        with trio.move_on_after(timeout):
            peer = await _Race(host, port, trust, nursery).run()
        if peer is None:
            raise Unreachable(f"Nobody answered at {host} port {port} within {timeout:g} seconds.")
        try:
            yield Connection(peer, _authority(host, port))
        finally:
            with trio.CancelScope(shield=True):
                await _leave(peer)


class _Race:
    """Handshakes with all addresses of a name, of which the first to succeed wins (RFC 8305)."""

    def __init__(self, host: str, port: int, trust: Trust, nursery: trio.Nursery) -> None:
        self._host = host
        self._port = port
        self._trust = trust
        self._nursery = nursery
        self._winner: Http3Peer | None = None
        self._failures: list[TransportError] = []

    async def run(self) -> Http3Peer:
        async with trio.open_nursery() as race:
            for family, address in await self._resolve():
                failed = trio.Event()
                race.start_soon(self._attempt, family, address, failed, race.cancel_scope)
                with trio.move_on_after(NEXT_ADDRESS_TIME):
                    await failed.wait()
        if self._winner is not None:
            return self._winner
        # What a server said counts for more than silence elsewhere.
        for kind in (UntrustedPeer, HandshakeFailed):
            for failure in self._failures:
                if isinstance(failure, kind):
                    raise failure
        raise self._failures[0]

    async def _resolve(self) -> list[tuple[socket.AddressFamily, Address]]:
        try:
            found = await trio.socket.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError):
            self._failures.append(Unreachable(f"The name {self._host} has no address."))
            return []
        return list(dict.fromkeys((family, address) for family, _, _, _, address in found))

    async def _attempt(
        self, family: socket.AddressFamily, address: Address, failed: trio.Event, race: trio.CancelScope
    ) -> None:
        configuration = client_configuration(self._host, self._trust)
        try:
            endpoint = Endpoint(UdpSocket.to(family, address), configuration=configuration)
        except OSError:
            self._failures.append(Unreachable(f"There is no way to {self._host} port {self._port}."))
            failed.set()
            return
        peer = Http3Peer(Quic(configuration), endpoint, address)
        self._nursery.start_soon(endpoint.run)
        try:
            endpoint.connect(address, peer)
            await peer.handshaken.wait()
            if peer.established and peer.ending is None and self._winner is None:
                self._winner = peer
                race.cancel()
            else:
                self._failures.append(self._explain(peer))
                failed.set()
        finally:
            if self._winner is not peer:
                endpoint.stop()

    def _explain(self, peer: Http3Peer) -> TransportError:
        if peer.ending is None:
            return Unreachable(f"Nobody listens at {self._host} port {self._port}.")
        if peer.silent:
            return Unreachable(f"Nobody answered at {self._host} port {self._port}.")
        alert = peer.ending.error_code - CRYPTO_ERROR
        if alert in CERTIFICATE_ALERTS:
            return UntrustedPeer(
                f"The certificate of {self._host} port {self._port} is not trusted: {peer.ending.reason_phrase}."
            )
        code = peer.ending.error_code
        return HandshakeFailed(f"{self._host} port {self._port} broke off the handshake (code {code:#x}).")


async def _leave(peer: Http3Peer) -> None:
    """Close the sessions, then the connection; takes a moment at most."""
    with trio.move_on_after(2 * limits.CLOSE_TIME):
        async with trio.open_nursery() as nursery:
            for session in list(peer.sessions.values()):
                nursery.start_soon(session.close)
    peer.close(H3_NO_ERROR)
    with trio.move_on_after(limits.CLOSE_TIME):
        await peer.endpoint.until_flushed()


def _authority(host: str, port: int) -> str:
    if ":" in host:
        host = f"[{host}]"
    return host if port == HTTPS_PORT else f"{host}:{port}"
