"""An ASGI 3 application behind either HTTP (https://asgi.readthedocs.io, HTTP spec version 2.4).

One task a request. What the application gets wrong, or leaves undone, becomes a 500 or an aborted response; what the
client gets wrong, a 400, 408, 413 or 431 of our own.
"""

import urllib.parse
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NoReturn

import trio

from . import limits
from .datagram import network
from .errors import ApplicationFailed, TransportError
from .exchange import Exchange, Headers, Request, dated
from .log import failure

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

VERSIONS = {"version": "3.0", "spec_version": "2.4"}


class ClientGone(TransportError, OSError):
    """Told to an application that goes on sending: an OSError, as ASGI wants it."""


class Application:
    """An ASGI application, its lifespan, and how many requests it answers at the moment."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._state: dict[str, Any] = {}
        self._idle = trio.lowlevel.ParkingLot()
        self.running = 0
        self._crowds: Counter[str] = Counter()
        """How many requests are being answered for each network."""

    async def answer(self, exchange: Exchange) -> None:
        """Answer one request. Raises nothing but cancellation."""
        origin = network(exchange.request.client[0])
        if self.running >= limits.REQUESTS or self._crowds[origin] >= limits.REQUESTS_OF_NETWORK:
            await _refuse(exchange, 503)
            return
        self.running += 1
        self._crowds[origin] += 1
        try:
            await _Call(exchange, self._app, dict(self._state)).run()
        except Exception as error:
            failure("request failed", error)
            exchange.abort()
        finally:
            self.running -= 1
            self._crowds[origin] -= 1
            if not self._crowds[origin]:
                del self._crowds[origin]
            if not self.running:
                self._idle.unpark_all()

    async def wait_idle(self) -> None:
        """Wait until no request is being answered."""
        while self.running:
            await self._idle.park()

    async def live(self, *, task_status: trio.TaskStatus[trio.Event]) -> None:
        """Run the lifespan: start with ``nursery.start``, which returns an event to set when it shall end.

        Raises `ApplicationFailed` when the application says so. One without a lifespan is left alone.
        """
        ending = trio.Event()
        started = False
        first = True

        async def receive() -> Message:
            nonlocal first
            if first:
                first = False
                return {"type": "lifespan.startup"}
            await ending.wait()
            return {"type": "lifespan.shutdown"}

        async def send(message: Message) -> None:
            nonlocal started
            if message["type"] == "lifespan.startup.complete":
                started = True
                task_status.started(ending)
            elif message["type"] == "lifespan.startup.failed":
                raise ApplicationFailed("The application did not start.")
            await trio.lowlevel.checkpoint()

        scope = {"type": "lifespan", "asgi": VERSIONS, "state": self._state}
        try:
            await self._app(scope, receive, send)
        except ApplicationFailed:
            raise
        except Exception as error:
            if started:
                failure("application failed to stop", error)
        if not started:
            task_status.started(ending)


class _Call:
    """One call of the application."""

    def __init__(self, exchange: Exchange, app: ASGIApp, state: dict[str, Any]) -> None:
        self._exchange = exchange
        self._app = app
        self._state = state
        self._received = 0
        self._body_ended = False
        self._patience = trio.current_time() + limits.WHOLE_BODY_TIME
        self._giving_up = trio.CancelScope()
        self._refusal = 500
        self._head: tuple[int, Headers] | None = None
        self._started = False
        self._ended = False
        self._gone = False

    async def run(self) -> None:
        request = self._exchange.request
        try:
            length = request.content_length
            scope = _scope(request, self._state)
        except ValueError:
            await _refuse(self._exchange, 400)
            return
        if length is not None and length > limits.REQUEST_BODY:
            await _refuse(self._exchange, 413)
            return
        try:
            with self._giving_up:
                await self._app(scope, self._receive, self._send)
        except Exception as error:
            if not self._gone:
                failure("request failed", error)
        if self._ended:
            return
        if self._started or self._gone:
            self._exchange.abort()
        else:
            await _refuse(self._exchange, self._refusal)

    async def _receive(self) -> Message:
        if self._body_ended:
            await self._exchange.wait_gone()
            self._gone = True
            return {"type": "http.disconnect"}
        try:
            with trio.move_on_at(min(trio.current_time() + limits.BODY_TIME, self._patience)) as piece:
                data = await self._exchange.receive()
            if piece.cancelled_caught:
                await self._give_up(408)
        except TransportError:
            self._gone = True
            return {"type": "http.disconnect"}
        self._received += len(data)
        if self._received > limits.REQUEST_BODY:
            await self._give_up(413)
        self._body_ended = not data
        return {"type": "http.request", "body": data, "more_body": bool(data)}

    async def _give_up(self, status: int) -> NoReturn:
        """End the application's call; if it has said nothing yet, the client gets this status."""
        self._refusal = status
        self._giving_up.cancel()
        await trio.sleep_forever()

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._head is None:
            self._head = int(message["status"]), [(name.lower(), value) for name, value in message.get("headers", ())]
            return
        if message["type"] != "http.response.body" or self._head is None or self._ended:
            raise RuntimeError(f"ASGI message {message['type']!r} is out of order")
        try:
            await self._send_body(message.get("body", b""), end=not message.get("more_body", False))
        except TransportError as error:
            self._gone = True
            raise ClientGone("The client has gone.") from error

    async def _send_body(self, body: bytes, *, end: bool) -> None:
        assert self._head is not None  # noqa: S101 - checked by the caller
        status, headers = self._head
        bodiless = self._exchange.request.method == "HEAD" or status in (204, 304)
        if not self._started:
            self._started = True
            await self._exchange.start(status, dated(headers), end=end and (bodiless or not body))
            self._ended = end and (bodiless or not body)
        if bodiless:
            if end and not self._ended:
                await self._exchange.send(b"", end=True)
        elif body or (end and not self._ended):
            await self._exchange.send(body, end=end)
        self._ended = end


async def _refuse(exchange: Exchange, status: int) -> None:
    try:
        await exchange.start(status, dated([(b"content-length", b"0")]), end=True)
    except TransportError:
        exchange.abort()


def _scope(request: Request, state: dict[str, Any]) -> Scope:
    raw_path, _, query = request.target.partition(b"?")
    return {
        "type": "http",
        "asgi": VERSIONS,
        "http_version": request.http_version,
        "method": request.method,
        "scheme": "https",
        # Paths are UTF-8 under their percent-encoding; anything else is a malformed request (UnicodeDecodeError is a
        # ValueError).
        "path": urllib.parse.unquote_to_bytes(raw_path).decode(),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": request.headers,
        "client": request.client,
        "server": request.server,
        "state": state,
    }
