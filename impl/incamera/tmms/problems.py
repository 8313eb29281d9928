"""How requests fail: every error is a problem document (RFC 9457), whoever raises it."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from incamera.journal import JournalError, Refusal
from incamera.tmms.act import NotAllowed
from incamera.tmms.meetings import BadStart, TicketLost, UnknownPerson
from incamera.tmms.passphrase import RETRY_AFTER_SECONDS, TooManyWaiting
from incamera.wire.link import LinkRefused
from incamera.wire.problem import MEDIA_TYPE, Problem, mistake, refusal

BODY_BYTES: Final = 65_536
"""The most that a request's body may have; the longest message of the API is far below it."""

RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "default": {"description": "A problem (RFC 9457)", "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}}
}
"""What every operation documents beside its success."""

_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

_log = structlog.get_logger(__name__)


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The response that tells a problem."""
    headers = dict(headers or {})
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"  # RFC 9110 section 11.6.1
    return JSONResponse(
        problem.model_dump(exclude_none=True), status_code=problem.status, headers=headers, media_type=MEDIA_TYPE
    )


def install(app: FastAPI) -> None:
    """Have `app` answer whatever its routes raise."""

    @app.exception_handler(Refusal)
    @app.exception_handler(NotAllowed)
    @app.exception_handler(LinkRefused)
    async def refused(_: Request, error: Refusal | NotAllowed | LinkRefused) -> JSONResponse:
        return answer(refusal(error.rule))

    @app.exception_handler(UnknownPerson)
    async def unknown_person(_: Request, error: UnknownPerson) -> JSONResponse:
        return answer(mistake("unknown-person", HTTPStatus.NOT_FOUND, str(error), error.name))

    @app.exception_handler(BadStart)
    async def bad_start(_: Request, error: BadStart) -> JSONResponse:
        return answer(mistake("invalid-request", HTTPStatus.UNPROCESSABLE_ENTITY, _INVALID, f"starts_at: {error}"))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # What was sent may hold a passphrase: only the places and the complaints are told.
        faults = [(_place(fault), fault) for fault in error.errors()]
        if any(fault["type"] == "json_invalid" for _, fault in faults):
            return answer(mistake("not-json", HTTPStatus.BAD_REQUEST, "The body is not JSON."))
        detail = "; ".join(f"{place or fault['loc'][0]}: {fault['msg']}" for place, fault in faults)
        return answer(mistake("invalid-request", HTTPStatus.UNPROCESSABLE_ENTITY, _INVALID, detail))

    @app.exception_handler(TooManyWaiting)
    async def too_many_waiting(_: Request, __: TooManyWaiting) -> JSONResponse:
        title = "Too many people are logging in at this moment."
        return answer(mistake("busy", HTTPStatus.SERVICE_UNAVAILABLE, title), {"retry-after": str(RETRY_AFTER_SECONDS)})

    @app.exception_handler(JournalError)
    async def journal_error(_: Request, error: JournalError) -> JSONResponse:
        _log.error("journal", error=str(error))
        title = "The server cannot store anything at this moment; nothing was done."
        return answer(
            mistake("storage", HTTPStatus.SERVICE_UNAVAILABLE, title), {"retry-after": str(RETRY_AFTER_SECONDS)}
        )

    @app.exception_handler(TicketLost)
    async def ticket_lost(_: Request, __: TicketLost) -> JSONResponse:
        title = "The ticket was taken, but the server cannot store it at this moment; take another one."
        return answer(
            mistake("storage", HTTPStatus.SERVICE_UNAVAILABLE, title), {"retry-after": str(RETRY_AFTER_SECONDS)}
        )

    @app.exception_handler(HTTPException)
    async def http_exception(_: Request, error: HTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        name = _NAMES.get(status, "http-error")
        return answer(mistake(name, status, f"{name.replace('-', ' ').title()}."), error.headers)


def _place(fault: Mapping[str, Any]) -> str:
    """Where in the body the fault is; a member that should not be there has a name that the sender made up."""
    place = fault["loc"][1:-1] if fault["type"] == "extra_forbidden" else fault["loc"][1:]
    return ".".join(str(part) for part in place)


# Not the phrases of `http.HTTPStatus`, which change from one version of Python to the next.
_NAMES: Final[Mapping[int, str]] = {
    HTTPStatus.BAD_REQUEST: "bad-request",
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method-not-allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "request-entity-too-large",
}
_INVALID: Final = "The request does not have the form that the API asks for."


class Guarded:
    """The outermost layer: security headers on every answer, an end to every body, and no error without an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0
        answering = gone = False

        async def measured() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > BODY_BYTES:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        async def guarded(message: Message) -> None:
            nonlocal answering, gone
            if message["type"] == "http.response.start":
                answering = True
                MutableHeaders(scope=message).update(_HEADERS)
            try:
                await send(message)
            except OSError:  # so ASGI says that nobody is there any more
                gone = True
                raise

        try:
            await self._app(scope, measured, guarded)
        except Exception as error:
            if gone:
                raise
            # The text of the traceback alone: a log that shows local variables shows passphrases.
            trace = "".join(traceback.format_exception(error))
            route = getattr(scope.get("route"), "path", None)
            _log.error("request failed", method=scope["method"], route=route, traceback=trace)
            if answering:
                raise
            title = "The server made a mistake."
            await answer(mistake("internal", HTTPStatus.INTERNAL_SERVER_ERROR, title))(scope, receive, guarded)
