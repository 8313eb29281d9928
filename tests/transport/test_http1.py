"""TLS/TCP on the same port number, as Python's own ssl and plain sockets see it."""

import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import h11
import pytest
import trio

from incamera.transport import ASGIApp, Identity, limits, serve
from incamera.transport.asgi import Receive, Scope, Send


@asynccontextmanager
async def dialled(port: int, ca_file: Path, **options: object) -> AsyncIterator[trio.SSLStream]:  # type: ignore[type-arg]
    context = ssl.create_default_context(cafile=str(ca_file))
    context.set_alpn_protocols(["http/1.1"])
    for name, value in options.items():
        setattr(context, name, value)
    tcp = await trio.open_tcp_stream("localhost", port)
    async with trio.SSLStream(tcp, context, server_hostname="localhost", https_compatible=True) as stream:
        yield stream


async def answer_to(stream: trio.SSLStream, request: bytes) -> bytes:  # type: ignore[type-arg]
    """Everything the server says until it closes."""
    await stream.send_all(request)
    said = b""
    while data := await stream.receive_some():
        said += data
    return said


def get(path: str, *fields: str, close: bool = True, method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", *fields, *(["connection: close"] if close else [])]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def test_the_same_application_with_an_invitation_to_http3(
    app: ASGIApp, identity: Identity, ca_file: Path
) -> None:
    async with serve(app, None, identity=identity, port=0) as server, dialled(server.port, ca_file) as stream:
        await stream.do_handshake()
        assert stream.version() == "TLSv1.3"
        assert stream.selected_alpn_protocol() == "http/1.1"
        said = await answer_to(stream, get("/"))
        head, _, body = said.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert b'\r\nalt-svc: h3=":%d"; ma=86400' % server.port in head
        assert b"\r\nx-version: 1.1" in head
        assert b"\r\ndate: " in head
        assert b"hello" in body


async def test_older_tls_is_refused(app: ASGIApp, identity: Identity, ca_file: Path) -> None:
    async with serve(app, None, identity=identity, port=0) as server:
        with pytest.raises(trio.BrokenResourceError):
            async with dialled(server.port, ca_file, maximum_version=ssl.TLSVersion.TLSv1_2) as stream:
                await stream.do_handshake()


async def test_a_megabyte_each_way_and_several_requests_on_one_connection(
    app: ASGIApp, identity: Identity, ca_file: Path
) -> None:
    body = bytes(range(250)) * 4000
    async with serve(app, None, identity=identity, port=0) as server, dialled(server.port, ca_file) as stream:
        client = h11.Connection(h11.CLIENT)
        for _ in range(3):
            request = h11.Request(
                method="POST", target="/echo", headers=[("host", "localhost"), ("content-length", str(len(body)))]
            )
            data = (client.send(request) or b"") + (client.send(h11.Data(data=body)) or b"")
            await stream.send_all(data + (client.send(h11.EndOfMessage()) or b""))
            received = b""
            while not isinstance(event := client.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    client.receive_data(bytes(await stream.receive_some()))
                elif isinstance(event, h11.Data):
                    received += bytes(event.data)
            assert received == body
            client.start_next_cycle()


async def test_requests_sent_ahead_are_answered_in_turn(app: ASGIApp, identity: Identity, ca_file: Path) -> None:
    async with serve(app, None, identity=identity, port=0) as server, dialled(server.port, ca_file) as stream:
        said = await answer_to(stream, get("/", close=False) + get("/nowhere"))
        assert said.index(b"HTTP/1.1 200") < said.index(b"HTTP/1.1 404")


async def test_a_head_has_no_body(app: ASGIApp, identity: Identity, ca_file: Path) -> None:
    async with serve(app, None, identity=identity, port=0) as server, dialled(server.port, ca_file) as stream:
        said = await answer_to(stream, get("/", method="HEAD"))
        assert said.startswith(b"HTTP/1.1 200")
        assert said.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"rubbish\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (get("no-slash"), 400),
        (get("/%ff"), 400),
        (get("/", "content-length: nonsense"), 400),
        (get("/", "transfer-encoding: gzip"), 501),
        (get("/echo", "content-length: 3", "transfer-encoding: chunked", method="POST") + b"0\r\n\r\n", 400),
        (get("/", "x: " + "y" * limits.HEADER_BYTES), 431),
        (get("/", *(f"x{number}: y" for number in range(limits.HEADER_FIELDS))), 431),
        (get("/echo", f"content-length: {limits.REQUEST_BODY + 1}", method="POST"), 413),
        (get("/boom"), 500),
    ],
    ids=[
        "rubbish",
        "no host",
        "no slash",
        "not UTF-8",
        "length",
        "encoding",
        "two lengths",
        "large",
        "many",
        "too much",
        "boom",
    ],
)
async def test_what_is_refused(
    app: ASGIApp,
    identity: Identity,
    ca_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    request_bytes: bytes,
    status: int,
) -> None:
    monkeypatch.setattr(limits, "LINGER_TIME", 0.05)
    async with serve(app, None, identity=identity, port=0) as server, dialled(server.port, ca_file) as stream:
        with trio.fail_after(30):
            said = await answer_to(stream, request_bytes)
        assert said.startswith(b"HTTP/1.1 %d " % status)
        assert b"\r\nalt-svc: " in said


async def test_a_chunked_body_that_grows_too_large(
    app: ASGIApp, identity: Identity, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REQUEST_BODY", 50_000)
    async with serve(app, None, identity=identity, port=0) as server, dialled(server.port, ca_file) as stream:
        chunk = b"4e20\r\n" + bytes(20_000) + b"\r\n"
        said = await answer_to(stream, get("/echo", "transfer-encoding: chunked", method="POST") + chunk * 3)
        assert said.startswith(b"HTTP/1.1 413 ")


async def test_a_client_that_waits_for_permission_gets_it(app: ASGIApp, identity: Identity, ca_file: Path) -> None:
    async with serve(app, None, identity=identity, port=0) as server, dialled(server.port, ca_file) as stream:
        await stream.send_all(get("/length", "content-length: 5", "expect: 100-continue", method="POST"))
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 100 ")
        assert (await answer_to(stream, b"12345")).endswith(b"5\r\n0\r\n\r\n")


async def test_a_response_that_breaks_off_does_not_look_whole(app: ASGIApp, identity: Identity, ca_file: Path) -> None:
    async with serve(app, None, identity=identity, port=0) as server, dialled(server.port, ca_file) as stream:
        said = await answer_to(stream, get("/torn"))
        assert b"the first half" in said
        assert not said.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("begun", [b"", b"GET / HTT", get("/length", "content-length: 5", method="POST") + b"12"])
async def test_slow_clients_are_cut_off(
    app: ASGIApp, identity: Identity, ca_file: Path, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(limits, "HEADER_TIME", 0.1)
    monkeypatch.setattr(limits, "BODY_TIME", 0.1)
    async with serve(app, None, identity=identity, port=0) as server, dialled(server.port, ca_file) as stream:
        await stream.do_handshake()
        if begun:
            await stream.send_all(begun)
        with trio.fail_after(30):
            said = await stream.receive_some()
        in_its_body = begun.endswith(b"12")
        assert said.startswith(b"HTTP/1.1 408 ") if in_its_body else said == b""


async def test_a_client_that_never_shakes_hands_is_cut_off(
    app: ASGIApp, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HANDSHAKE_TIME", 0.1)
    async with serve(app, None, identity=identity, port=0) as server:
        async with await trio.open_tcp_stream("localhost", server.port) as tcp:
            with trio.fail_after(30):
                assert await tcp.receive_some() == b""


async def test_a_client_that_takes_nothing_is_cut_off(
    identity: Identity, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WRITE_TIME", 0.1)
    heard: list[str] = []
    over = trio.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
        except OSError:
            heard.append("OSError")
        over.set()

    async with serve(endless, None, identity=identity, port=0) as server, dialled(server.port, ca_file) as stream:
        await stream.send_all(get("/"))
        with trio.fail_after(30):
            await over.wait()
    assert heard == ["OSError"]


async def test_a_defect_met_by_one_connection_leaves_the_others_alone(
    app: ASGIApp, identity: Identity, ca_file: Path, monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]
) -> None:
    async with serve(app, None, identity=identity, port=0) as server:
        with monkeypatch.context() as patch:
            patch.setattr("incamera.transport.http1._Connection._fault", lambda *_: os.environ["A SECRET"])
            async with dialled(server.port, ca_file) as stream:
                assert await answer_to(stream, get("/")) == b""
        async with dialled(server.port, ca_file) as stream:
            assert (await answer_to(stream, get("/"))).startswith(b"HTTP/1.1 200")
    assert [line["error"] for line in lines if line["event"] == "connection failed"] == ["KeyError"]
    assert "secret" not in str(lines).lower()


async def test_connections_are_bounded(
    app: ASGIApp, identity: Identity, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TCP_CONNECTIONS", 2)
    async with serve(app, None, identity=identity, port=0) as server:
        first, second = [await trio.open_tcp_stream("localhost", server.port) for _ in range(2)]
        with trio.move_on_after(0.2) as waiting:
            async with dialled(server.port, ca_file) as third:
                await third.do_handshake()
        assert waiting.cancelled_caught
        await first.aclose()
        with trio.fail_after(30):
            async with dialled(server.port, ca_file) as fourth:
                assert (await answer_to(fourth, get("/"))).startswith(b"HTTP/1.1 200")
        await second.aclose()


async def test_the_application_learns_that_its_client_has_gone(identity: Identity, ca_file: Path) -> None:
    heard: list[str] = []
    begun, over = trio.Event(), trio.Event()

    async def patient(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        assert (await receive())["type"] == "http.request"
        begun.set()
        heard.append((await receive())["type"])
        over.set()

    async with serve(patient, None, identity=identity, port=0) as server:
        async with dialled(server.port, ca_file) as stream:
            await stream.send_all(get("/"))
            await begun.wait()
        with trio.fail_after(30):
            await over.wait()
    assert heard == ["http.disconnect"]


async def test_who_is_refused_can_finish_what_they_say(
    app: ASGIApp, identity: Identity, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LINGER_TIME", 60)
    async with serve(app, None, identity=identity, port=0) as server, dialled(server.port, ca_file) as stream:
        await stream.send_all(get("/echo", f"content-length: {limits.REQUEST_BODY + 1}", method="POST"))
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 413 ")
        for _ in range(4):
            await stream.send_all(bytes(10_000))  # would break if the server had closed over unread bytes
            await trio.sleep(0.02)
