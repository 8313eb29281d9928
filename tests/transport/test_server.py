"""Listening, and ending well."""

import errno
import hashlib
import os
import signal
import socket
import ssl
import sys
import textwrap
from pathlib import Path

import pytest
import trio

from incamera.transport import (
    AddressUnavailable,
    ASGIApp,
    Authority,
    Identity,
    PortForbidden,
    PortTaken,
    Session,
    SessionClosed,
    Trust,
    UntrustedPeer,
    connect,
    limits,
    serve,
)
from incamera.transport import datagram as datagram_module
from incamera.transport.asgi import Receive, Scope, Send


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost"])
async def test_everything_answers_both_families(app: ASGIApp, identity: Identity, trust: Trust, address: str) -> None:
    async with serve(app, None, identity=identity, port=0) as server:
        assert server.urls == (f"https://localhost:{server.port}",)
        async with connect(address, server.port, trust=trust) as client:
            assert (await client.request("GET", "/")).status == 200


async def test_one_address_alone(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    async with serve(app, None, identity=identity, host="127.0.0.1", port=0) as server:
        assert server.urls == (f"https://127.0.0.1:{server.port}",)
        async with connect("127.0.0.1", server.port, trust=trust) as client:
            assert client.peer == f"127.0.0.1:{server.port}"
            assert (await client.request("GET", "/")).status == 200
    async with serve(app, None, identity=identity, host="::1", port=0) as server:
        assert server.urls == (f"https://[::1]:{server.port}",)
        async with connect("::1", server.port, trust=trust) as client:
            assert client.peer == f"[::1]:{server.port}"


async def test_the_number_is_the_same_for_udp_and_tcp(app: ASGIApp, identity: Identity) -> None:
    async with serve(app, None, identity=identity, port=0) as server:
        tcp = await trio.open_tcp_stream("localhost", server.port)
        await tcp.aclose()
    async with serve(app, None, identity=identity, port=0, advertise_tcp=False) as server:
        with pytest.raises(OSError, match="all attempts to connect"):
            await trio.open_tcp_stream("127.0.0.1", server.port)


async def test_retry_on_real_sockets(
    app: ASGIApp, identity: Identity, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HALF_OPEN_BEFORE_RETRY", 0)
    async with serve(app, None, identity=identity, port=0) as server:
        for address in ("127.0.0.1", "::1"):
            async with connect(address, server.port, trust=trust) as client:
                assert (await client.request("GET", "/")).status == 200
        assert server.endpoints[0].counters.retries == 2


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
async def test_a_port_that_is_taken(app: ASGIApp, identity: Identity, kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET6, kind) as other:
        other.bind(("::", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"^Port {port} is taken by another program\.$"):
            async with serve(app, None, identity=identity, port=port):
                pytest.fail("listening")


async def test_two_servers_do_not_share_a_port(app: ASGIApp, identity: Identity) -> None:
    async with serve(app, None, identity=identity, port=0) as server:
        with pytest.raises(PortTaken):
            async with serve(app, None, identity=identity, port=server.port):
                pytest.fail("listening")
    async with serve(app, None, identity=identity, port=server.port) as again:
        assert again.port == server.port


async def test_a_port_that_is_forbidden(app: ASGIApp, identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(*_: object) -> None:
        raise PermissionError(errno.EACCES, "not you")

    monkeypatch.setattr(datagram_module, "_bind", forbid)
    with pytest.raises(PortForbidden, match=r"^Port 443 may not be used by this user\.$"):
        async with serve(app, None, identity=identity):
            pytest.fail("listening")


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-name.invalid", "l" * 64])
async def test_an_address_that_is_not_ours(app: ASGIApp, identity: Identity, host: str) -> None:
    with pytest.raises(AddressUnavailable):
        async with serve(app, None, identity=identity, host=host, port=0):
            pytest.fail("listening")


async def test_a_certificate_is_renewed_while_serving(
    app: ASGIApp, authority: Authority, trust: Trust, ca_file: Path
) -> None:
    fresh = authority.issue()
    async with serve(app, None, identity=authority.issue(days=0), port=0) as server:
        with pytest.raises(UntrustedPeer):
            async with connect("localhost", server.port, trust=trust):
                pytest.fail("connected")
        server.renew(fresh)
        async with connect("localhost", server.port, trust=trust) as client:
            assert (await client.request("GET", "/")).status == 200
        tcp = await trio.open_tcp_stream("localhost", server.port)
        context = ssl.create_default_context(cafile=str(ca_file))
        async with trio.SSLStream(tcp, context, server_hostname="localhost") as tls:
            await tls.do_handshake()
            assert hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest() == fresh.fingerprint


async def test_leaving_closes_sessions_cleanly_and_connections_at_once(
    app: ASGIApp, identity: Identity, trust: Trust
) -> None:
    farewells: list[str] = []

    async def handler(session: Session) -> None:
        try:
            await trio.sleep_forever()
        finally:
            farewells.append("cleaned up")

    async with serve(app, handler, identity=identity, port=0) as server:
        async with connect("localhost", server.port, trust=trust) as client:
            session = await client.webtransport("/")
            begin = trio.current_time()
            await server.aclose()
            await server.aclose()
            how = await session.wait_closed()
            assert (how.code, how.reason, how.clean) == (0, "server closing", True)
            assert trio.current_time() - begin < 2
            with trio.fail_after(30):
                await client._peer.ended.wait()
    assert farewells == ["cleaned up"]


async def test_a_request_under_way_is_finished(identity: Identity, trust: Trust) -> None:
    begun = trio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        begun.set()
        await trio.sleep(0.1)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"just in time"})

    async with serve(slow, None, identity=identity, port=0) as server:
        async with connect("localhost", server.port, trust=trust) as client, trio.open_nursery() as nursery:

            async def ask() -> None:
                assert (await client.request("GET", "/")).body == b"just in time"

            nursery.start_soon(ask)
            await begun.wait()
            await server.aclose()


async def test_cancelling_says_good_bye_within_a_second(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    ended: list[SessionClosed] = []

    async def stuck(session: Session) -> None:
        stream = await session.open_stream()
        await stream.send_all(b"x")
        await stream.receive_some()

    async with trio.open_nursery() as nursery:
        port: list[int] = []
        listening, opened = trio.Event(), trio.Event()

        async def run_server() -> None:
            with trio.CancelScope() as scope:
                nursery.start_soon(cancel_when_opened, scope)
                async with serve(app, stuck, identity=identity, port=0) as server:
                    port.append(server.port)
                    listening.set()
                    await trio.sleep_forever()

        async def cancel_when_opened(scope: trio.CancelScope) -> None:
            await opened.wait()
            scope.cancel()

        nursery.start_soon(run_server)
        await listening.wait()
        async with connect("localhost", port[0], trust=trust) as client:
            session = await client.webtransport("/")
            begin = trio.current_time()
            opened.set()
            ended.append(await session.wait_closed())
        assert trio.current_time() - begin < 2
    assert (ended[0].clean, ended[0].reason) == (True, "server closing")


async def test_an_exception_comes_out_as_it_is(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    async def fail_within() -> None:
        async with serve(app, None, identity=identity, port=0) as server:
            async with connect("localhost", server.port, trust=trust):
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_within()


PROGRAM = """
import sys, trio
from pathlib import Path
from incamera.transport import Authority, Identity, serve

async def app(scope, receive, send):
    raise NotImplementedError

async def handler(session):
    await session.wait_closed()

async def main():
    async with serve(app, handler, identity=Identity.load(Path(sys.argv[1])), port=0) as server:
        print(server.port, flush=True)
        await trio.sleep_forever()

try:
    trio.run(main)
except KeyboardInterrupt:
    print("good-bye")
"""


@pytest.mark.slow
async def test_ctrl_c_closes_cleanly(authority: Authority, trust: Trust, tmp_path: Path) -> None:
    authority.issue().save(tmp_path)
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))
    with trio.fail_after(30):
        reading, writing = os.pipe()
        process = await trio.lowlevel.open_process([sys.executable, str(program), str(tmp_path)], stdout=writing)
        os.close(writing)
        async with trio.lowlevel.FdStream(reading) as output:
            port = int(await output.receive_some())
            async with connect("localhost", port, trust=trust) as client:
                session = await client.webtransport("/")
                begin = trio.current_time()
                process.send_signal(signal.SIGINT)
                assert (await session.wait_closed()).clean
                assert await process.wait() == 0
                assert trio.current_time() - begin < 2
            assert (await output.receive_some()).endswith(b"good-bye\n")
