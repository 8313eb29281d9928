"""The TMMS's HTTP API for clients: one method a request, wire messages in and out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Protocol, TypeVar
from urllib.parse import quote

from pydantic import SecretStr, ValidationError

from incamera.tcc.errors import ClientError, MalformedAnswer, MalformedRequest, Refused
from incamera.transport import Response
from incamera.wire.api import (
    Invite,
    LogIn,
    MeetingList,
    MeetingView,
    Message,
    ScheduleMeeting,
    SessionIssued,
    SessionView,
    TakeTicket,
    TicketIssued,
)
from incamera.wire.problem import MEDIA_TYPE, Problem

__all__ = ["Api", "ClientError", "MalformedAnswer", "MalformedRequest", "Refused"]

M = TypeVar("M", bound=Message)
PREFIX: Final = "/tmms/v1"
TIMEOUT_S: Final = 30.0
"""For an answer, beside the time that the request itself asks the server to wait."""


class Requester(Protocol):
    """The part of `incamera.transport.Connection` that is used here."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = TIMEOUT_S,  # noqa: ASYNC109 - as the transport has it
    ) -> Response: ...


class Api:
    """One person's access to a TMMS over a connection.

    Every method raises `Refused`, `MalformedAnswer`, `MalformedRequest` or a `TransportError`.
    """

    def __init__(self, connection: Requester, token: str | None = None) -> None:
        """`token` is that of a session that was issued before; `log_in` gets a new one."""
        self._connection = connection
        self._token = token

    # --- sessions

    async def log_in(self, name: str, passphrase: str) -> SessionIssued:
        """Open a session; this and later requests then act in it."""
        message = _valid(LogIn, name=name, passphrase=SecretStr(passphrase))
        body = {"name": message.name, "passphrase": passphrase}  # a dump of the message would mask it
        issued = _read(SessionIssued, await self._ask("POST", "/log-in", json.dumps(body).encode()))
        self._token = issued.token
        return issued

    async def log_out(self) -> None:
        """Close the session."""
        await self._ask("POST", "/log-out")
        self._token = None

    async def session(self) -> SessionView:
        """The session in which one acts."""
        return _read(SessionView, await self._ask("GET", "/session"))

    # --- meetings

    async def schedule_meeting(
        self, title: str, invite: Iterable[str] = (), starts_at: datetime | None = None
    ) -> MeetingView:
        """A new meeting with oneself as its organizer; `invite` has names of accounts."""
        message = _valid(ScheduleMeeting, title=title, invite=tuple(invite), starts_at=starts_at)
        return await self._view("POST", "/meetings", message)

    async def meetings(self) -> tuple[MeetingView, ...]:
        """The meetings that one organizes or is invited to, newest first."""
        return _read(MeetingList, await self._ask("GET", "/meetings")).meetings

    async def meeting(self, meeting: str, *, after: int | None = None, wait_s: float = 0) -> MeetingView:
        """The meeting; with `after`, once its version is newer, or as it is after `wait_s` seconds (at most 30)."""
        query = "" if after is None else f"?after={after}&wait={wait_s:g}"
        answer = await self._ask("GET", _path(meeting) + query, patience_s=TIMEOUT_S + wait_s)
        return _read(MeetingView, answer)

    async def invite(self, meeting: str, name: str) -> MeetingView:
        """Invite the account `name`."""
        return await self._view("POST", _path(meeting, "invite"), _valid(Invite, name=name))

    async def open_meeting(self, meeting: str) -> MeetingView:
        """Open one's meeting."""
        return await self._view("POST", _path(meeting, "open"))

    async def end_meeting(self, meeting: str) -> MeetingView:
        """End one's meeting."""
        return await self._view("POST", _path(meeting, "end"))

    async def knock(self, meeting: str) -> MeetingView:
        """Ask to be admitted; one then waits in the lobby."""
        return await self._view("POST", _path(meeting, "knock"))

    async def leave(self, meeting: str) -> MeetingView:
        """Leave the lobby or the meeting."""
        return await self._view("POST", _path(meeting, "leave"))

    async def admit(self, meeting: str, person: str) -> MeetingView:
        """Let a person in who waits in the lobby of one's meeting."""
        return await self._view("POST", _path(meeting, "lobby", person, "admit"))

    async def refuse(self, meeting: str, person: str) -> MeetingView:
        """Turn a person away who waits in the lobby of one's meeting."""
        return await self._view("POST", _path(meeting, "lobby", person, "refuse"))

    async def take_ticket(self, meeting: str, key: str) -> TicketIssued:
        """A ticket to the meeting's room, bound to the public key `key` (see `incamera.tcc.conference.TicketKey`)."""
        message = _valid(TakeTicket, key=key)
        return _read(TicketIssued, await self._ask("POST", _path(meeting, "take-ticket"), _body(message)))

    # --- what these share

    async def _view(self, method: str, path: str, message: Message | None = None) -> MeetingView:
        return _read(MeetingView, await self._ask(method, path, b"" if message is None else _body(message)))

    async def _ask(self, method: str, path: str, body: bytes = b"", *, patience_s: float = TIMEOUT_S) -> Response:
        headers = {"accept": "application/json"}
        if body:
            headers["content-type"] = "application/json"
        if self._token is not None:
            headers["authorization"] = f"Bearer {self._token}"
        answer = await self._connection.request(method, PREFIX + path, headers=headers, body=body, timeout=patience_s)
        if 200 <= answer.status < 300:
            return answer
        if answer.headers.get("content-type", "").partition(";")[0].strip() != MEDIA_TYPE:
            raise MalformedAnswer(f"The server answered with status {answer.status} and did not say why.")
        try:
            problem = Problem.model_validate_json(answer.body)
        except ValidationError:
            raise MalformedAnswer(f"The server answered with status {answer.status} in a form unknown here.") from None
        raise Refused(problem)


def _path(meeting: str, *rest: str) -> str:
    return "/".join(["/meetings", *(quote(part, safe="") for part in (meeting, *rest))])


def _body(message: Message) -> bytes:
    return message.model_dump_json(exclude_none=True).encode()


def _valid(kind: type[M], **members: object) -> M:
    try:
        return kind.model_validate(members)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise MalformedRequest(f"{where}: {first['msg']}.") from None


def _read(kind: type[M], answer: Response) -> M:
    try:
        return kind.model_validate_json(answer.body)
    except ValidationError:
        raise MalformedAnswer("The server's answer is in a form unknown here.") from None
