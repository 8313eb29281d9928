"""The testability control: what a conformance run needs beside the ordinary protocol.

It is mounted only when a server is started for conformance, which binds to loopback.  It creates accounts, makes one
deadline due or advances the clock, and tells the state in the words of the specification.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol

import trio
from fastapi import FastAPI, Query, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import Field
from starlette.types import ASGIApp, Receive, Scope, Send

from incamera.journal import Journal
from incamera.tcs import Tcs
from incamera.tmms import NoSuchDeadline, Tmms
from incamera.tmms.accounts import create_account
from incamera.tmms.problems import Guarded, install
from incamera.transport import AdjustableClock
from incamera.wire.api import Message, Name, Passphrase

PREFIX: Final = "/testability"
OWNERS: Final = {"Auth": "tmms", "Meeting": "tmms", "Conference": "tcs"}


class Account(Message):
    """`POST accounts`; the policy for passphrases does not apply, so that vectors may be short."""

    name: Name
    passphrase: Passphrase


class Due(Message):
    """`POST due`: the clock action of the specification whose deadline is made due, with its parameters."""

    spec: str
    action: str
    params: dict[str, str]


class Advance(Message):
    """`POST clock`"""

    advance_s: Annotated[float, Field(gt=0, le=366 * 86400)]


class Observed(Protocol):
    """What TMMS and TCS offer to this control."""

    async def state(self, spec: str) -> dict[str, Any]: ...

    async def due(self, action: str, params: dict[str, str]) -> bool | None: ...


class Testability:
    """An ASGI application: the control under its prefix, the TMMS's own application everywhere else."""

    def __init__(self, tmms: Tmms, tcs: Tcs, journal: Journal, clock: AdjustableClock) -> None:
        self._inner: ASGIApp = tmms.app
        self._control = _control({"tmms": tmms, "tcs": tcs}, journal, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._control if str(scope.get("path", "")).startswith(PREFIX) else self._inner
        await app(scope, receive, send)


def _control(owners: dict[str, Observed], journal: Journal, clock: AdjustableClock) -> FastAPI:
    app = FastAPI(title="In Camera testability control", openapi_url=None)
    install(app)
    app.add_middleware(Guarded)

    @app.post(PREFIX + "/v1/accounts", status_code=HTTPStatus.CREATED)
    async def accounts(body: Account) -> Response:
        create = partial(create_account, journal, body.name, body.passphrase.get_secret_value(), policy=False)
        account = await trio.to_thread.run_sync(create)
        return JSONResponse({"account": account}, HTTPStatus.CREATED)

    @app.post(PREFIX + "/v1/due")
    async def due(body: Due) -> Response:
        if body.spec not in OWNERS:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        try:
            happened = await owners[OWNERS[body.spec]].due(body.action, body.params)
        except NoSuchDeadline:
            happened = False
        return Response(status_code=HTTPStatus.CONFLICT if happened is False else HTTPStatus.NO_CONTENT)

    @app.post(PREFIX + "/v1/clock", status_code=HTTPStatus.NO_CONTENT)
    async def advance(body: Advance) -> Response:
        clock.advance(timedelta(seconds=body.advance_s))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @app.get(PREFIX + "/v1/state")
    async def state(spec: str, of: Annotated[list[str] | None, Query()] = None) -> Response:
        if spec not in OWNERS:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        variables = await owners[OWNERS[spec]].state(spec)
        if of is not None:
            variables = {
                name: {entity: held[entity] for entity in of if entity in held} for name, held in variables.items()
            }
        return JSONResponse(variables)

    @app.get(PREFIX + "/v1/log")
    async def log(after: int = -1) -> Response:
        def lines() -> str:
            return "".join(record.line() + "\n" for record in journal.records(after))

        return PlainTextResponse(await trio.to_thread.run_sync(lines), media_type="application/x-ndjson")

    return app
