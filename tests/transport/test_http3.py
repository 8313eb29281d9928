"""Requests and responses over HTTP/3, on real sockets."""

from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import trio
from aioquic.quic.events import StopSendingReceived
from fastapi import FastAPI, Request

from incamera.transport import (
    ApplicationFailed,
    ASGIApp,
    ConnectionLost,
    Identity,
    RequestTimedOut,
    ResponseTooLarge,
    StreamReset,
    Trust,
    connect,
    limits,
    serve,
)
from incamera.transport.asgi import Receive, Scope, Send
from incamera.transport.call import Call
from incamera.transport.h3 import Http3Peer

MEGABYTE = bytes(range(250)) * 4000


async def test_a_request_and_its_response(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    async with (
        serve(app, None, identity=identity, port=0) as server,
        connect("localhost", server.port, trust=trust) as client,
    ):
        assert (client.alpn, client.quic_version) == ("h3", 1)
        response = await client.request("GET", "/")
        assert (response.status, response.body) == (200, b"hello")
        assert response.headers["x-version"] == "3"
        assert (await client.request("GET", "/nowhere")).status == 404
        assert (await client.request("HEAD", "/")).body == b""


async def test_a_megabyte_each_way(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    async with (
        serve(app, None, identity=identity, port=0) as server,
        connect("localhost", server.port, trust=trust) as client,
    ):
        response = await client.request("POST", "/echo", body=MEGABYTE)
        assert response.body == MEGABYTE


async def test_many_requests_at_once(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    async with (
        serve(app, None, identity=identity, port=0) as server,
        connect("localhost", server.port, trust=trust) as client,
    ):
        sizes: list[int] = []

        async def ask(size: int) -> None:
            assert (await client.request("POST", "/length", body=b"x" * size)).body == b"%d" % size
            sizes.append(size)

        async with trio.open_nursery() as nursery:
            # More than the 128 streams a peer may have open at once: the rest waits its turn.
            for size in range(1, 200):
                nursery.start_soon(ask, size)
        assert len(sizes) == 199


async def test_fastapi_with_its_lifespan(identity: Identity, trust: Trust) -> None:
    story: list[str] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> Any:
        story.append("begin")
        yield {"greeting": "hello"}
        story.append("end")

    api = FastAPI(lifespan=lifespan)

    @api.post("/greet/{name}")
    async def greet(name: str, request: Request, loud: bool = False) -> dict[str, object]:
        return {"said": f"{request.state.greeting} {name}", "loud": loud, "sent": await request.json()}

    async with (
        serve(api, None, identity=identity, port=0) as server,
        connect("localhost", server.port, trust=trust) as client,
    ):
        response = await client.request(
            "POST", "/greet/J%C3%BCrgen?loud=1", headers={"Content-Type": "application/json"}, body=b"[1]"
        )
        assert response.json() == {"said": "hello Jürgen", "loud": True, "sent": [1]}
        assert story == ["begin"]
    assert story == ["begin", "end"]


async def test_an_application_that_does_not_start(identity: Identity) -> None:
    async def refuses(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    with pytest.raises(ApplicationFailed):
        async with serve(refuses, None, identity=identity, port=0):
            pytest.fail("started")


async def test_a_failing_application_is_a_500_and_one_line(
    app: ASGIApp, identity: Identity, trust: Trust, lines: list[dict[str, Any]]
) -> None:
    async with (
        serve(app, None, identity=identity, port=0) as server,
        connect("localhost", server.port, trust=trust) as client,
    ):
        assert (await client.request("GET", "/boom?token=secret")).status == 500
        assert (await client.request("GET", "/silent")).status == 500
        with pytest.raises(StreamReset):
            await client.request("GET", "/torn")
        assert (await client.request("GET", "/")).status == 200
    failures = [line for line in lines if line["event"] == "request failed"]
    assert [line["error"] for line in failures] == ["RuntimeError", "RuntimeError"]
    assert "secret" not in str(lines)


async def test_a_body_that_is_announced_too_large(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    async with (
        serve(app, None, identity=identity, port=0) as server,
        connect("localhost", server.port, trust=trust) as client,
    ):
        body = bytes(limits.REQUEST_BODY + 1)
        assert (await client.request("POST", "/length", body=body)).status == 413
        assert (await client.request("GET", "/")).status == 200


async def test_a_body_that_grows_too_large(
    app: ASGIApp, identity: Identity, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REQUEST_BODY", 100_000)
    async with (
        serve(app, None, identity=identity, port=0) as server,
        connect("localhost", server.port, trust=trust) as client,
    ):
        peer = client._peer
        stream_id = peer.quic.get_next_available_stream_id()
        call = Call(peer, stream_id)
        peer.register(stream_id, call)
        peer.http.send_headers(stream_id, client._fields("POST", "/length", {}))
        await call.send(bytes(150_000))
        await call.wait_headers()
        assert call.status == 413
        call.finish()


async def test_too_many_and_too_large_headers(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    async with (
        serve(app, None, identity=identity, port=0) as server,
        connect("localhost", server.port, trust=trust) as client,
    ):
        many = {f"x-{number}": "" for number in range(limits.HEADER_FIELDS)}
        assert (await client.request("GET", "/", headers=many)).status == 431
        # "~" has no short form in HPACK's Huffman code: this header section stays large when encoded.
        large = {"x-large": "~" * limits.HEADER_BYTES}
        assert (await client.request("GET", "/", headers=large)).status == 431
        assert (await client.request("POST", "/echo", headers=large, body=b"x" * 100_000)).status == 431
        assert (await client.request("GET", "/")).status == 200


async def test_malformed_paths(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    async with (
        serve(app, None, identity=identity, port=0) as server,
        connect("localhost", server.port, trust=trust) as client,
    ):
        assert (await client.request("GET", "no-slash")).status == 400
        assert (await client.request("GET", "/%ff")).status == 400
        assert (await client.request("GET", "/")).status == 200


async def test_beyond_capacity_is_a_503(identity: Identity, trust: Trust, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REQUESTS", 2)
    release = trio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        await release.wait()
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    statuses: list[int] = []

    async with serve(slow, None, identity=identity, port=0) as server:
        async with connect("localhost", server.port, trust=trust) as client:

            async def ask() -> None:
                statuses.append((await client.request("GET", "/")).status)
                release.set()

            async with trio.open_nursery() as nursery:
                for _ in range(3):
                    nursery.start_soon(ask)
    assert statuses == [503, 204, 204]


async def test_the_client_bounds_responses_and_waiting(
    app: ASGIApp, identity: Identity, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RESPONSE_BODY", 1000)

    async def sleepy(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/sleep":
            await trio.sleep_forever()
        await app(scope, receive, send)

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        await (app if scope["type"] == "lifespan" else sleepy)(scope, receive, send)

    async with serve(routed, None, identity=identity, port=0) as server:
        async with connect("localhost", server.port, trust=trust) as client:
            with pytest.raises(ResponseTooLarge):
                await client.request("GET", "/large")
            with pytest.raises(RequestTimedOut):
                await client.request("GET", "/sleep", timeout=0.05)
            assert (await client.request("GET", "/")).status == 200


async def test_the_application_learns_that_its_client_has_gone(identity: Identity, trust: Trust) -> None:
    heard: list[str] = []
    begun, over = trio.Event(), trio.Event()

    async def patient(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        assert (await receive())["type"] == "http.request"
        begun.set()
        heard.append((await receive())["type"])
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"too late"})
        except OSError:
            heard.append("OSError")
        over.set()

    async with serve(patient, None, identity=identity, port=0) as server:
        async with connect("localhost", server.port, trust=trust) as client, trio.open_nursery() as nursery:

            async def ask() -> None:
                await client.request("GET", "/")

            nursery.start_soon(ask)
            await begun.wait()
            nursery.cancel_scope.cancel()
        with trio.fail_after(30):
            await over.wait()
    assert heard == ["http.disconnect", "OSError"]


async def test_cookies_come_as_one_field(identity: Identity, trust: Trust) -> None:
    api = FastAPI()

    @api.get("/")
    async def cookies(request: Request) -> dict[str, str]:
        return dict(request.cookies)

    async with serve(api, None, identity=identity, port=0) as server:
        async with connect("localhost", server.port, trust=trust) as client:
            call = Call(client._peer, client._peer.quic.get_next_available_stream_id())
            client._peer.register(call.stream_id, call)
            crumbs = [(b"cookie", b"a=1"), (b"cookie", b"b=2")]
            client._peer.http.send_headers(call.stream_id, [*client._fields("GET", "/", {}), *crumbs], end_stream=True)
            assert await call.inbox.receive(1000) == b'{"a":"1","b":"2"}'


async def test_requests_given_up_leave_room_for_others(identity: Identity, trust: Trust) -> None:
    async def patient(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        if scope["path"] == "/wait":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    async with serve(patient, None, identity=identity, port=0) as server:
        async with connect("localhost", server.port, trust=trust) as client:
            for body in (b"", b"x" * 2000):
                for _ in range(4):
                    async with trio.open_nursery() as nursery:
                        for _ in range(50):
                            nursery.start_soon(partial(client.request, "POST", "/wait", body=body))
                        await trio.sleep(0.05)
                        nursery.cancel_scope.cancel()
            assert (await client.request("GET", "/")).status == 204
            (theirs,) = server.endpoints[0].peers
            assert isinstance(theirs, Http3Peer)
            with trio.fail_after(30):
                await theirs.until(lambda: not theirs._handlers)


async def test_a_request_given_up_before_its_headers_came(identity: Identity, trust: Trust) -> None:
    """The packet with the headers may be lost and come again after the one that gives the request up."""
    asked: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        asked.append(scope["path"])
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    async with serve(app, None, identity=identity, port=0) as server:
        async with connect("localhost", server.port, trust=trust) as client:
            await client.request("GET", "/first")
            (theirs,) = server.endpoints[0].peers
            assert isinstance(theirs, Http3Peer)
            late = client._peer.quic.get_next_available_stream_id()
            theirs.on_event(StopSendingReceived(error_code=0, stream_id=late))
            with pytest.raises(StreamReset):
                await client.request("GET", "/given-up")
            assert not theirs._handlers
            await client.request("GET", "/next")
    assert asked == ["/first", "/next"]


async def test_an_answer_before_the_body_was_read(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    async with (
        serve(app, None, identity=identity, port=0) as server,
        connect("localhost", server.port, trust=trust) as client,
    ):
        with trio.fail_after(30):
            assert (await client.request("POST", "/unread", body=bytes(8_000_000))).body == b"hello"
            assert (await client.request("POST", "/echo", body=MEGABYTE)).body == MEGABYTE


async def test_a_request_on_a_lost_connection(app: ASGIApp, identity: Identity, trust: Trust) -> None:
    async with (
        serve(app, None, identity=identity, port=0) as server,
        connect("localhost", server.port, trust=trust) as client,
    ):
        await server.aclose()
        with pytest.raises(ConnectionLost):
            await client.request("GET", "/")
