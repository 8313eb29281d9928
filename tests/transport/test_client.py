"""What a client cannot reach, or should not trust."""

import socket
import ssl
from pathlib import Path

import pytest
import trio

from incamera.transport import (
    ASGIApp,
    Authority,
    HandshakeFailed,
    Identity,
    Trust,
    Unreachable,
    UntrustedPeer,
    connect,
    serve,
)
from incamera.transport.quic import client_configuration

CONFIGURE = "incamera.transport.client.client_configuration"


def unused_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
async def test_nobody_listens(trust: Trust, host: str) -> None:
    port = unused_port()
    with trio.fail_after(30), pytest.raises(Unreachable, match=f"^Nobody listens at {host} port {port}\\.$"):
        async with connect(host, port, trust=trust):
            pytest.fail("connected")


async def test_nobody_answers(trust: Trust) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        begin = trio.current_time()
        with pytest.raises(Unreachable, match=r"within 0\.2 seconds\.$"):
            async with connect("127.0.0.1", silent.getsockname()[1], trust=trust, timeout=0.2):
                pytest.fail("connected")
        assert 0.2 <= trio.current_time() - begin < 3


@pytest.mark.parametrize("name", ["no-such-name.invalid", "xn--bcher-kva.invalid", "l" * 64])
async def test_a_name_without_an_address(trust: Trust, name: str) -> None:
    with pytest.raises(Unreachable, match=rf"^The name {name} has no address\.$"):
        async with connect(name.replace("xn--bcher-kva", "bücher"), 1, trust=trust):
            pytest.fail("connected")


async def test_an_unknown_authority(app: ASGIApp, identity: Identity) -> None:
    strangers = (Trust.authority(Authority.create("another").certificate_pem), Trust.system())
    async with serve(app, None, identity=identity, port=0) as server:
        for stranger in strangers:
            with pytest.raises(UntrustedPeer):
                async with connect("localhost", server.port, trust=stranger):
                    pytest.fail("connected")


async def test_a_certificate_for_another_name(
    app: ASGIApp, identity: Identity, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CONFIGURE, lambda _, trust: client_configuration("tcs.example", trust))
    async with serve(app, None, identity=identity, port=0) as server:
        with pytest.raises(UntrustedPeer, match=r"tcs\.example"):
            async with connect("localhost", server.port, trust=trust):
                pytest.fail("connected")


async def test_an_expired_certificate(app: ASGIApp, authority: Authority, trust: Trust) -> None:
    async with serve(app, None, identity=authority.issue(days=0), port=0) as server:
        with pytest.raises(UntrustedPeer, match="no longer valid"):
            async with connect("localhost", server.port, trust=trust):
                pytest.fail("connected")


async def test_another_protocol(
    app: ASGIApp, identity: Identity, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve(app, None, identity=identity, port=0) as server:

        def speak_another(name: str, trust: Trust) -> object:
            configuration = client_configuration(name, trust)
            configuration.alpn_protocols = ["hq-interop"]
            return configuration

        monkeypatch.setattr(CONFIGURE, speak_another)
        with pytest.raises(HandshakeFailed):
            async with connect("localhost", server.port, trust=trust):
                pytest.fail("connected")


async def test_the_machines_list_may_hold_our_authority(
    app: ASGIApp, identity: Identity, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ssl.get_default_verify_paths().openssl_cafile_env, str(ca_file))
    async with serve(app, None, identity=identity, port=0) as server:
        async with connect("localhost", server.port, trust=Trust.system()) as client:
            assert (await client.request("GET", "/")).status == 200


async def test_no_resumption_and_no_early_data(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    async with serve(app, None, identity=identity, port=0) as server:
        async with connect("localhost", server.port, trust=trust) as client:
            await client.request("GET", "/")
            quic = client._peer.quic
            assert not quic.tls.session_resumed
            assert quic._session_ticket_handler is None
            (theirs,) = server.endpoints[0].peers
            assert theirs.quic._session_ticket_handler is None
            assert theirs.quic._session_ticket_fetcher is None


async def test_connections_do_not_outlive_the_block(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    async with serve(app, None, identity=identity, port=0) as server:
        async with connect("localhost", server.port, trust=trust) as client:
            await client.request("GET", "/")
        await trio.sleep(0.05)
        assert all(peer.ending is not None for peer in server.endpoints[0].peers)
