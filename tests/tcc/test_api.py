"""What the client asks the TMMS, and how it takes the answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest

from incamera.tcc.api import Api, ClientError, MalformedAnswer, MalformedRequest, Refused
from incamera.tcc.conference import TicketKey
from incamera.transport import Response
from incamera.wire.api import MeetingView, PersonView, SessionIssued, TicketIssued
from incamera.wire.ids import fresh_id, fresh_token
from incamera.wire.limits import INVITED_AT_ONCE, NAME_CHARS
from incamera.wire.problem import MEDIA_TYPE, mistake, refusal

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MEETING = "mtg_" + "m" * 22  # fixed: test names are made of them, and must be the same in every process
PERSON = "acc_" + "p" * 22
ISSUED = SessionIssued(token=fresh_token(), account=PERSON, name="Olga", expires_at=NOW)
YOU = PersonView(person=PERSON, name="Olga", standing="organizing")
VIEW = MeetingView(
    meeting=MEETING, title="Board", phase="open", starts_at=NOW, expires_at=NOW, you=YOU, people=(YOU,), version=3
)


class Server:
    """Answers every request in the same way, and remembers them."""

    def __init__(self, body: bytes = b"", status: int = 200, content_type: str = "application/json") -> None:
        self.asked: list[tuple[str, str, dict[str, str], Any, float]] = []
        self._answer = Response(status, {"content-type": content_type}, body)

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 0,  # noqa: ASYNC109 - as the transport has it
    ) -> Response:
        self.asked.append((method, path, dict(headers or {}), json.loads(body) if body else None, timeout))
        return self._answer


def answering(message: Any, status: int = 200) -> Server:
    return Server(message.model_dump_json().encode(), status)


async def test_a_log_in_opens_a_session_for_what_follows() -> None:
    server = answering(ISSUED, 201)
    api = Api(server)

    assert await api.log_in("Olga", "correct horse battery staple") == ISSUED
    with pytest.raises(MalformedAnswer):  # this server answers everything in the same way
        await api.meetings()

    (_, _, first, _, _), (_, _, second, _, _) = server.asked
    assert server.asked[0][:2] == ("POST", "/tmms/v1/log-in")
    assert server.asked[0][3] == {"name": "Olga", "passphrase": "correct horse battery staple"}
    assert "authorization" not in first
    assert second["authorization"] == f"Bearer {ISSUED.token}"


async def test_a_log_out_ends_it() -> None:
    server = Server(status=204)
    api = Api(server, ISSUED.token)
    await api.log_out()
    await api.log_out()

    assert server.asked[0][:2] == ("POST", "/tmms/v1/log-out")
    assert [asked[2].get("authorization") for asked in server.asked] == [f"Bearer {ISSUED.token}", None]


@pytest.mark.parametrize(
    ("call", "arguments", "method", "path", "body"),
    [
        ("open_meeting", (MEETING,), "POST", f"/meetings/{MEETING}/open", None),
        ("end_meeting", (MEETING,), "POST", f"/meetings/{MEETING}/end", None),
        ("knock", (MEETING,), "POST", f"/meetings/{MEETING}/knock", None),
        ("leave", (MEETING,), "POST", f"/meetings/{MEETING}/leave", None),
        ("invite", (MEETING, "Paul"), "POST", f"/meetings/{MEETING}/invite", {"name": "Paul"}),
        ("admit", (MEETING, PERSON), "POST", f"/meetings/{MEETING}/lobby/{PERSON}/admit", None),
        ("refuse", (MEETING, PERSON), "POST", f"/meetings/{MEETING}/lobby/{PERSON}/refuse", None),
        ("meeting", (MEETING,), "GET", f"/meetings/{MEETING}", None),
        ("schedule_meeting", ("Board",), "POST", "/meetings", {"title": "Board", "invite": []}),
        (
            "schedule_meeting",
            ("Board", ["Paul"], NOW),
            "POST",
            "/meetings",
            {"title": "Board", "invite": ["Paul"], "starts_at": "2026-01-01T00:00:00Z"},
        ),
    ],
)
async def test_what_answers_with_a_meeting(
    call: str, arguments: tuple[Any, ...], method: str, path: str, body: object
) -> None:
    server = answering(VIEW)

    assert await getattr(Api(server, ISSUED.token), call)(*arguments) == VIEW
    ((asked, target, headers, sent, _),) = server.asked
    assert (asked, target, sent) == (method, "/tmms/v1" + path, body)
    assert ("content-type" in headers) == (body is not None)


async def test_waiting_for_a_change_is_patient_for_as_long_as_the_server_may_wait() -> None:
    server = answering(VIEW)

    await Api(server).meeting(MEETING, after=3, wait_s=25)

    assert server.asked[0][1] == f"/tmms/v1/meetings/{MEETING}?after=3&wait=25"
    assert server.asked[0][4] > 25


async def test_a_list_of_meetings() -> None:
    server = Server(b'{"meetings":[' + VIEW.model_dump_json().encode() + b"]}")

    assert await Api(server).meetings() == (VIEW,)


async def test_a_ticket_is_taken_for_a_key() -> None:
    ticket = TicketIssued(ticket=fresh_id("tkt"), token=fresh_token(), path="/tcs/v1/meetings/x", expires_at=NOW)
    server, key = answering(ticket, 201), TicketKey.generate()

    assert await Api(server).take_ticket(MEETING, key.public) == ticket
    assert server.asked[0][1].endswith("/take-ticket")
    assert server.asked[0][3] == {"key": key.public}


async def test_what_a_person_types_stays_one_part_of_the_path() -> None:
    server = answering(VIEW)

    await Api(server).knock("../../log-out?x#y")

    assert server.asked[0][1] == "/tmms/v1/meetings/..%2F..%2Flog-out%3Fx%23y/knock"


async def test_a_refusal_tells_its_rule() -> None:
    problem = refusal("MTG-003")
    server = Server(problem.model_dump_json().encode(), problem.status, f"{MEDIA_TYPE}; charset=utf-8")

    with pytest.raises(Refused, match=r"MTG-003") as caught:
        await Api(server).knock(MEETING)

    assert caught.value.problem == problem
    assert isinstance(caught.value, ClientError)


async def test_a_refusal_without_a_rule_tells_its_detail() -> None:
    problem = mistake("unreadable", HTTPStatus.BAD_REQUEST, "The request cannot be read.", "line 1")
    server = Server(problem.model_dump_json().encode(), 400, MEDIA_TYPE)

    with pytest.raises(Refused) as caught:
        await Api(server).knock(MEETING)

    assert str(caught.value) == "The request cannot be read. (line 1)"


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (200, "application/json", b"{}"),
        (200, "application/json", b"not JSON"),
        (200, "text/html", b"<html>"),
        (500, "text/plain", b"oops"),
        (404, "application/json", b'{"detail":"Not Found"}'),
        (403, MEDIA_TYPE, b"{}"),
        (403, MEDIA_TYPE, b"\xff"),
        (302, "", b""),
    ],
)
async def test_an_answer_of_another_form_is_told_in_a_sentence(status: int, content_type: str, body: bytes) -> None:
    with pytest.raises(MalformedAnswer, match=r"^The server.*\.$"):
        await Api(Server(body, status, content_type)).knock(MEETING)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("log_in", ("", "passphrase")),
        ("log_in", ("x" * (NAME_CHARS + 1), "passphrase")),
        ("log_in", ("Olga", "")),
        ("invite", (MEETING, "a\nb")),
        ("schedule_meeting", ("",)),
        ("schedule_meeting", ("Board", ["x"] * (INVITED_AT_ONCE + 1))),
        ("schedule_meeting", ("Board", [], NOW.replace(tzinfo=None))),
        ("take_ticket", (MEETING, "short")),
    ],
)
async def test_what_cannot_be_said_is_not_sent(call: str, arguments: tuple[Any, ...]) -> None:
    server = Server()

    with pytest.raises(MalformedRequest) as caught:
        await getattr(Api(server), call)(*arguments)

    assert server.asked == []
    assert "\n" not in str(caught.value)
    assert "passphrase" not in str(caught.value) or "passphrase:" in str(caught.value)
