"""A server: one ASGI application over HTTP/3 and over HTTP/1.1, and WebTransport, all on one port number."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import asynccontextmanager

import trio

from . import limits
from ._aioquic import Quic
from ._nursery import background
from .asgi import Application, ASGIApp
from .datagram import Address, DatagramSocket, listen
from .endpoint import Endpoint
from .errors import SessionClosed
from .h3 import Http3Exchange, Http3Peer
from .http1 import Http1Server, tls_context
from .log import failure, log
from .pki import Identity
from .quic import H3_NO_ERROR, server_configuration
from .webtransport import Session

SessionHandler = Callable[[Session], Awaitable[None]]
"""Serves one WebTransport session; what it decides about the session's path is its own business.

Returning closes the session with code 0. Raising logs one line and closes it with code 1; nothing else is harmed.
"""

FAILED = 1
WILDCARDS = ("", "*", "::", "0.0.0.0")  # noqa: S104 - recognised here, not bound


class Server:
    """A running server; made by `serve`."""

    def __init__(self, app: ASGIApp, sessions: SessionHandler | None, identity: Identity, host: str, port: int) -> None:
        self.port = port
        """The one number of all its sockets."""
        self.endpoints: list[Endpoint] = []
        """One for each UDP socket."""
        self._host = host
        self._identity = identity
        self._application = Application(app)
        self._sessions = sessions
        self._work = trio.CancelScope()
        self._work_over = trio.Event()
        self._http1: Http1Server | None = None
        self._workers: trio.Nursery | None = None
        self._lifespan: trio.Event | None = None
        self._lifespan_over = trio.Event()
        self._closing = False
        self._closed = trio.Event()

    @property
    def urls(self) -> tuple[str, ...]:
        """Where it is to be found."""
        host = "localhost" if self._host in WILDCARDS else self._host
        return (f"https://[{host}]:{self.port}" if ":" in host else f"https://{host}:{self.port}",)

    def renew(self, identity: Identity) -> None:
        """Present another certificate to connections from now on: a leaf lives a fortnight, a server longer."""
        self._identity = identity
        configuration = server_configuration(identity)
        for endpoint in self.endpoints:
            endpoint.configuration = configuration
        if self._http1 is not None:
            self._http1.tls = tls_context(identity)

    async def aclose(self) -> None:
        """Stop serving: let requests finish for a moment, tell sessions and connections. Takes about a second."""
        if not self._closing:
            self._closing = True
            try:
                with trio.CancelScope(shield=True):
                    await self._drain()
            finally:
                self._closed.set()
        await self._closed.wait()

    async def _drain(self) -> None:
        for endpoint in self.endpoints:
            endpoint.refuse_new()
        for peer in self._peers():
            peer.closing = True
        if self._http1 is not None:
            self._http1.closing = True
        with trio.move_on_after(limits.DRAIN_TIME):
            await self._application.wait_idle()
        self._work.cancel()
        with trio.move_on_after(limits.CLOSE_TIME):
            await self._work_over.wait()
        for peer in self._peers():
            peer.close(H3_NO_ERROR, "server closing")
        with trio.move_on_after(limits.CLOSE_TIME):
            for endpoint in self.endpoints:
                await endpoint.until_flushed()
        if self._lifespan is not None:
            self._lifespan.set()
            with trio.move_on_after(limits.LIFESPAN_TIME):
                await self._lifespan_over.wait()

    def _peers(self) -> list[Http3Peer]:
        return [
            peer
            for endpoint in self.endpoints
            for peer in endpoint.peers
            if isinstance(peer, Http3Peer) and peer.ending is None
        ]

    # --- running

    async def start(
        self,
        udp: Iterable[DatagramSocket],
        tcp: Collection[trio.SocketListener],
        *,
        sockets: trio.Nursery,
        work: trio.Nursery,
    ) -> None:
        """Start the application, then take up every socket.

        The endpoints run in ``sockets``, everything else in ``work``, so that the former outlive what may happen there.
        """
        self._lifespan = await work.start(self._live)
        await work.start(self._work_here)
        configuration = server_configuration(self._identity)
        for socket in udp:
            endpoint = Endpoint(socket, configuration=configuration, accept=self._accept)
            self.endpoints.append(endpoint)
            sockets.start_soon(endpoint.run)
        if tcp:
            workers = self._require_workers()
            self._http1 = Http1Server(self._application, self._identity, self.port)
            for listener in tcp:
                workers.start_soon(self._http1.run, listener, workers)

    async def _live(self, *, task_status: trio.TaskStatus[trio.Event]) -> None:
        try:
            await self._application.live(task_status=task_status)
        finally:
            self._lifespan_over.set()

    async def _work_here(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Where requests and sessions have their tasks."""
        try:
            with self._work:
                async with trio.open_nursery() as self._workers:
                    task_status.started()
                    await trio.sleep_forever()
        finally:
            self._work_over.set()

    def _require_workers(self) -> trio.Nursery:
        if self._workers is None:
            raise RuntimeError("The server has not been started.")
        return self._workers

    def _accept(self, quic: Quic, endpoint: Endpoint, address: Address) -> Http3Peer:
        return Http3Peer(
            quic,
            endpoint,
            address,
            on_request=self._on_request,
            on_session=self._on_session if self._sessions is not None else None,
            on_end=_log_end,
        )

    def _on_request(self, exchange: Http3Exchange) -> None:
        self._require_workers().start_soon(self._answer, exchange)

    async def _answer(self, exchange: Http3Exchange) -> None:
        async with exchange.turns:
            await self._application.answer(exchange)

    def _on_session(self, session: Session) -> None:
        self._require_workers().start_soon(self._run_session, session)

    async def _run_session(self, session: Session) -> None:
        code, reason = 0, "server closing"
        try:
            assert self._sessions is not None  # noqa: S101 - no session is accepted without a handler
            await self._sessions(session)
            reason = ""
        except Exception as error:
            code, reason = _explain(session, error)
        finally:
            # Cancelled too, a session is owed its capsule; `close` bounds itself.
            with trio.CancelScope(shield=True):
                await session.close(code, reason)
            session.discard()


def _explain(session: Session, error: Exception) -> tuple[int, str]:
    """The close code of a handler that raised: a session that ended under its handler is nothing to complain of."""
    rest: Exception | None = error
    if isinstance(error, SessionClosed):
        rest = None
    elif isinstance(error, ExceptionGroup):
        rest = error.split(SessionClosed)[1]
    if rest is None:
        return 0, ""
    failure("session failed", rest, peer=session.peer)
    return FAILED, "internal error"


def _log_end(peer: Http3Peer) -> None:
    if peer.ending is not None:
        # Unfinished handshakes may be anybody's, in any number.
        (log.info if peer.established else log.debug)(
            "connection ended",
            peer=peer.address,
            seconds=round(peer.endpoint.now() - peer.begun, 3),
            requests=peer.requests,
            code=int(peer.ending.error_code),
        )


@asynccontextmanager
async def serve(
    app: ASGIApp,
    sessions: SessionHandler | None,
    *,
    identity: Identity,
    host: str = "::",
    port: int = 443,
    advertise_tcp: bool = True,
) -> AsyncIterator[Server]:
    """Serve ``app`` over HTTP/3, and ``sessions`` over WebTransport, while the block runs.

    ``host`` is a name, an address, or ``::`` for all addresses, IPv4 ones too. ``port`` 0 finds a free number. With
    ``advertise_tcp`` the same application answers HTTP/1.1 over TLS/TCP on the same port number, where `Alt-Svc`
    advertises HTTP/3.

    Raises `PortTaken`, `PortForbidden`, `AddressUnavailable`, or `ApplicationFailed` when the application's lifespan
    does not start.
    """
    listening = await listen(host, port, tcp=advertise_tcp)
    try:
        server = Server(app, sessions, identity, host, listening.port)
        async with background() as sockets, background() as work:
            await server.start(listening.udp, listening.tcp, sockets=sockets, work=work)
            try:
                yield server
            finally:
                await server.aclose()
    finally:
        listening.close()
