"""The HTTP API: one route for each action that a person asks for, named after it, and the views."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import TypeAdapter, ValidationError

from incamera.tmms import meetings, sessions, views
from incamera.tmms.act import Act, NotAllowed
from incamera.tmms.problems import RESPONSES, Guarded, install
from incamera.tmms.service import Service
from incamera.wire import api
from incamera.wire.ids import AccountId, MeetingId, Token

PREFIX: Final = "/tmms/v1"
LONGEST_WAIT: Final = 30
"""Seconds for which a reader may wait for a meeting to change."""

router: Final = APIRouter(prefix=PREFIX, responses=RESPONSES)
_TOKEN: Final[TypeAdapter[str]] = TypeAdapter(Token)
_bearer: Final = HTTPBearer(auto_error=False, description="The token of a session.")


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _token(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str | None:
    """The token as shown, or None if nothing that could be one was shown; the act decides what it is worth."""
    try:
        return None if given is None else _TOKEN.validate_python(given.credentials)
    except ValidationError:
        return None


Inside = Annotated[Service, Depends(_service)]
Bearer = Annotated[str | None, Depends(_token)]
M = Annotated[MeetingId, Path(description="The meeting.")]
P = Annotated[AccountId, Path(description="The person in the lobby.")]


@router.post("/log-in", status_code=HTTPStatus.CREATED)
async def log_in(body: api.LogIn, inside: Inside) -> api.SessionIssued:
    """LogIn or FailLogIn; every failure has one and the same answer (AUTH-001)."""
    issued = await inside.log_in(body.name, body.passphrase.get_secret_value())
    if issued is None:
        raise NotAllowed("AUTH-001")
    session = issued.session
    return api.SessionIssued(
        token=issued.token, account=session.account, name=session.name, expires_at=session.expires_at
    )


@router.post("/log-out", status_code=HTTPStatus.NO_CONTENT)
async def log_out(token: Bearer, inside: Inside) -> None:
    """LogOut."""
    await inside.act(lambda act: sessions.log_out(act, token))


@router.get("/session")
async def session(token: Bearer, inside: Inside) -> api.SessionView:
    """Whose session this is, and until when."""
    own = await inside.act(lambda act: sessions.authenticate(act, token))
    return api.SessionView(account=own.account, name=own.name, expires_at=own.expires_at)


@router.post("/meetings", status_code=HTTPStatus.CREATED)
async def schedule_meeting(body: api.ScheduleMeeting, token: Bearer, inside: Inside) -> api.MeetingView:
    """ScheduleMeeting, and Invite for each name."""

    def do(act: Act) -> api.MeetingView:
        host = sessions.authenticate(act, token).account
        m = meetings.schedule(act, host, body.title, body.invite, body.starts_at)
        return views.view(act, host, m)

    return await inside.act(do)


@router.get("/meetings")
async def list_meetings(token: Bearer, inside: Inside) -> api.MeetingList:
    """The newest meetings in which one organizes or is invited."""
    return await inside.act(lambda act: views.list_meetings(act, sessions.authenticate(act, token).account))


@router.get("/meetings/{m}")
async def meeting(
    m: M,
    token: Bearer,
    inside: Inside,
    after: Annotated[int | None, Query(ge=0, description="Answer once the version is beyond this one.")] = None,
    wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for that.")] = LONGEST_WAIT,
) -> api.MeetingView:
    """The meeting as the reader may see it."""
    return await inside.watch(token, m, -1 if after is None else after, timedelta(seconds=wait))


@router.post("/meetings/{m}/invite")
async def invite(m: M, body: api.Invite, token: Bearer, inside: Inside) -> api.MeetingView:
    """Invite."""
    return await _do(inside, token, m, lambda act, host: meetings.invite(act, host, m, body.name))


@router.post("/meetings/{m}/open")
async def open_meeting(m: M, token: Bearer, inside: Inside) -> api.MeetingView:
    """OpenMeeting."""
    return await _do(inside, token, m, lambda act, host: meetings.open_meeting(act, host, m))


@router.post("/meetings/{m}/end")
async def end_meeting(m: M, token: Bearer, inside: Inside) -> api.MeetingView:
    """EndMeeting."""
    return await _do(inside, token, m, lambda act, host: meetings.end_meeting(act, host, m))


@router.post("/meetings/{m}/knock")
async def knock(m: M, token: Bearer, inside: Inside) -> api.MeetingView:
    """Knock."""
    return await _do(inside, token, m, lambda act, p: meetings.knock(act, p, m))


@router.post("/meetings/{m}/leave")
async def leave(m: M, token: Bearer, inside: Inside) -> api.MeetingView:
    """Leave."""
    return await _do(inside, token, m, lambda act, p: meetings.leave(act, p, m))


@router.post("/meetings/{m}/lobby/{p}/admit")
async def admit(m: M, p: P, token: Bearer, inside: Inside) -> api.MeetingView:
    """Admit."""
    return await _do(inside, token, m, lambda act, host: meetings.admit(act, host, m, p))


@router.post("/meetings/{m}/lobby/{p}/refuse")
async def refuse(m: M, p: P, token: Bearer, inside: Inside) -> api.MeetingView:
    """Refuse."""
    return await _do(inside, token, m, lambda act, host: meetings.refuse(act, host, m, p))


@router.post("/meetings/{m}/take-ticket", status_code=HTTPStatus.CREATED)
async def take_ticket(m: M, body: api.TakeTicket, token: Bearer, inside: Inside) -> api.TicketIssued:
    """TakeTicket."""
    return await inside.take_ticket(token, m, body.key)


async def _do(inside: Service, token: str | None, m: str, action: Callable[[Act, str], None]) -> api.MeetingView:
    """The meeting as whoever bears `token` sees it after their action."""

    def do(act: Act) -> api.MeetingView:
        actor = sessions.authenticate(act, token).account
        action(act, actor)
        return views.view(act, actor, m)

    return await inside.act(do)


def build(service: Service) -> FastAPI:
    """The ASGI application over `service`; its description (OpenAPI 3.1) is at /tmms/v1/openapi.json."""
    app = FastAPI(
        title="In Camera: meeting management",
        version="1",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # pages that load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name.replace("_", "-"),
    )
    app.state.service = service
    app.include_router(router)
    install(app)
    app.add_middleware(Guarded)
    return app
