"""What the tests of the transport share: a certification authority, a small application, and a network in memory."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
import trio

from incamera.transport import ASGIApp, Authority, Connection, Identity, Server, SessionHandler, Trust
from incamera.transport._aioquic import Quic
from incamera.transport._nursery import background
from incamera.transport.asgi import Receive, Scope, Send
from incamera.transport.endpoint import Endpoint
from incamera.transport.h3 import Http3Peer
from incamera.transport.quic import client_configuration


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.create("tests")


@pytest.fixture(scope="session")
def identity(authority: Authority) -> Identity:
    return authority.issue()


@pytest.fixture
def trust(authority: Authority) -> Trust:
    return Trust.authority(authority.certificate_pem)


@pytest.fixture
def ca_file(authority: Authority, tmp_path: Path) -> Path:
    return authority.save(tmp_path / "ca")


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """The log lines written during the test."""
    with structlog.testing.capture_logs() as captured:
        yield captured  # type: ignore[misc]  # structlog's EventDict is a mutable mapping


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """A plain ASGI application: `/echo` returns the body, `/length` its size, `/boom` fails, and so on by path."""
    if scope["type"] == "lifespan":
        raise NotImplementedError("no lifespan here")
    path = scope["path"]
    body, more = b"", True
    while more and path != "/unread":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        more = message["more_body"]
    if path == "/boom":
        raise RuntimeError("a secret that no log line may show")
    if path == "/silent":
        return
    answer = {"/echo": body, "/length": b"%d" % len(body), "/large": b"x" * 1_000_000}.get(path, b"hello")
    status = 200 if path in ("/echo", "/length", "/large", "/torn", "/unread", "/") else 404
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"X-Version", scope["http_version"].encode())]}
    )
    if path == "/torn":
        await send({"type": "http.response.body", "body": b"the first half", "more_body": True})
        raise RuntimeError("half way")
    await send({"type": "http.response.body", "body": answer})


@pytest.fixture
def app() -> ASGIApp:
    return application


@dataclass(eq=False)
class MemorySocket:
    """One end of a `Network`."""

    network: "Network"
    address: tuple[str, int]
    blocked: bool = False
    waiting: deque[tuple[bytes, Any]] = field(default_factory=deque)
    changed: trio.lowlevel.ParkingLot = field(default_factory=trio.lowlevel.ParkingLot)

    def receive(self) -> tuple[bytes, Any] | None:
        return self.waiting.popleft() if self.waiting else None

    def send(self, data: bytes, address: Any) -> bool:
        if self.blocked:
            return False
        self.network.carry(data, self.address, address)
        return True

    def block(self, blocked: bool) -> None:
        self.blocked = blocked
        self.changed.unpark_all()

    async def wait_readable(self) -> None:
        await trio.lowlevel.checkpoint()
        while not self.waiting:
            await self.changed.park()

    async def wait_writable(self) -> None:
        await trio.lowlevel.checkpoint()
        while self.blocked:
            await self.changed.park()

    def close(self) -> None:
        self.network.sockets.pop(self.address, None)


class Network:
    """Datagrams in memory, delivered at once unless ``lose`` says otherwise."""

    def __init__(self) -> None:
        self.sockets: dict[tuple[str, int], MemorySocket] = {}
        self.carried: list[tuple[float, bytes, tuple[str, int]]] = []
        self.lose: Callable[[bytes], bool] = lambda _: False

    def socket(self, host: str, port: int) -> MemorySocket:
        socket = self.sockets[host, port] = MemorySocket(self, (host, port))
        return socket

    def carry(self, data: bytes, sender: tuple[str, int], receiver: tuple[str, int]) -> None:
        self.carried.append((trio.current_time(), data, sender))
        destination = self.sockets.get(receiver)
        if destination is not None and not self.lose(data):
            destination.waiting.append((data, sender))
            destination.changed.unpark_all()


@dataclass
class Laboratory:
    """A server and any number of clients on a network in memory, which a virtual clock can drive."""

    network: Network
    nursery: trio.Nursery
    server: Server
    trust: Trust

    @property
    def endpoint(self) -> Endpoint:
        return self.server.endpoints[0]

    def peer(self, *, port: int = 50000) -> Http3Peer:
        """A client's connection, its handshake begun."""
        configuration = client_configuration("localhost", self.trust)
        endpoint = Endpoint(self.network.socket("10.0.0.2", port), configuration=configuration)
        peer = Http3Peer(Quic(configuration), endpoint, ("10.0.0.1", 443))
        self.nursery.start_soon(endpoint.run)
        endpoint.connect(("10.0.0.1", 443), peer)
        return peer

    async def connect(self, *, port: int = 50000) -> tuple[Connection, Http3Peer]:
        peer = self.peer(port=port)
        await peer.handshaken.wait()
        await peer.until(lambda: peer.peer_speaks_webtransport is not None)
        return Connection(peer, "localhost"), peer


@pytest.fixture
def laboratory(identity: Identity, trust: Trust) -> Callable[..., Any]:
    """``async with laboratory(app, sessions) as lab``."""

    @asynccontextmanager
    async def open_laboratory(
        app: ASGIApp = application, sessions: SessionHandler | None = None
    ) -> AsyncIterator[Laboratory]:
        network = Network()
        server = Server(app, sessions, identity, "10.0.0.1", 443)
        async with background() as nursery, background() as work:
            await server.start([network.socket("10.0.0.1", 443)], (), sockets=nursery, work=work)
            try:
                yield Laboratory(network, nursery, server, trust)
            finally:
                await server.aclose()

    return open_laboratory
