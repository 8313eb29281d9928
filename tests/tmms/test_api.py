"""The form of the API: problems, headers, limits and its own description."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
import structlog
import trio
from starlette.types import Message

from incamera.journal import JournalFull
from incamera.tmms import problems
from incamera.tmms.api import router
from incamera.wire.problem import Problem

from .conftest import PASSPHRASE, House

UNSEEN = "\n\x9b\xad\u034f\u200b\u2028\u2029\u202e\u3164\ue000\ufe0f\U000e0100"
SECRET = "this must not be told to anybody"  # noqa: S105 - it is none


def problem(answer: httpx.Response, status: int, name: str) -> Problem:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = Problem.model_validate_json(answer.content)
    assert (told.status, told.type) == (status, f"urn:incamera:problem:{name}")
    return told


def guarded(answer: httpx.Response) -> bool:
    return (
        answer.headers["cache-control"] == "no-store"
        and answer.headers["x-content-type-options"] == "nosniff"
        and answer.headers["referrer-policy"] == "no-referrer"
        and "default-src 'none'" in answer.headers["content-security-policy"]
    )


async def test_every_answer_is_guarded(house: House) -> None:
    olga = await house.person("Olga")
    assert guarded(await house.log_in("Olga"))
    assert guarded(await house.log_in("Nobody"))
    assert guarded(await olga.ask("GET", "/meetings"))
    assert guarded(await olga.ask("GET", "/nothing"))
    assert guarded(await olga.ask("POST", "/log-out"))


@pytest.mark.parametrize("path", ["/", "/tmms/v1", "/tmms/v1/nothing", "/tmms/v1/meetings/", "/docs", "/redoc"])
async def test_an_unknown_path_is_a_problem(house: House, path: str) -> None:
    problem(await house.http.get(path), 404, "not-found")


async def test_a_wrong_method_is_a_problem_that_tells_the_right_one(house: House) -> None:
    answer = await house.http.get("/tmms/v1/log-in")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "name: "),
        ({"name": "Olga"}, "passphrase: "),
        ({"name": "Olga", "passphrase": ""}, "passphrase: "),
        ({"name": "Olga", "passphrase": [SECRET]}, "passphrase: "),
        ({"name": "Olga", "passphrase": SECRET * 40}, "passphrase: "),
        ({"name": "Olga", "passphrase": SECRET, "remember": True}, "body: "),
        ({"name": "Olga", "passphrase": "long enough", SECRET: True}, "body: "),
        ({"name": SECRET * 3, "passphrase": SECRET}, "name: "),
        *(({"name": f"a{unseen}b", "passphrase": SECRET}, "name: ") for unseen in UNSEEN),
        ([SECRET], "body: "),
        (SECRET, "body: "),
    ],
)
async def test_a_body_of_another_form_is_a_problem_that_repeats_nothing(house: House, body: Any, place: str) -> None:
    answer = await house.http.post("/tmms/v1/log-in", json=body)
    told = problem(answer, 422, "invalid-request")
    assert told.detail is not None
    assert place in told.detail
    assert SECRET not in answer.text
    assert house.last == 0


@pytest.mark.parametrize("content", [b"{", b"name=Olga", b"\xff\xfe", b'{"name": "Olga", "name'])
async def test_a_body_that_is_no_json_is_a_problem(house: House, content: bytes) -> None:
    answer = await house.http.post("/tmms/v1/log-in", content=content, headers={"content-type": "application/json"})
    problem(answer, 400, "not-json")


async def test_half_a_character_is_a_problem(house: House) -> None:
    content = rb'{"name": "\ud800", "passphrase": "\ud800"}'
    answer = await house.http.post("/tmms/v1/log-in", content=content, headers={"content-type": "application/json"})
    problem(answer, 422, "invalid-request")


async def test_half_a_character_of_a_passphrase_is_a_problem(house: House) -> None:
    content = rb'{"name": "Olga", "passphrase": "b\ud800"}'
    answer = await house.http.post("/tmms/v1/log-in", content=content, headers={"content-type": "application/json"})
    assert "passphrase: " in str(problem(answer, 422, "invalid-request").detail)


@pytest.mark.parametrize("path", ["/meetings/nonsense", "/meetings/mtg_short", "/meetings/acc_AAAAAAAAAAAAAAAAAAAAAA"])
async def test_a_name_of_no_meeting_is_a_problem(house: House, path: str) -> None:
    olga = await house.person("Olga")
    problem(await olga.ask("GET", path), 422, "invalid-request")


@pytest.mark.parametrize("query", [{"wait": 31}, {"wait": -1}, {"after": -1}, {"after": "x"}])
async def test_a_query_of_another_form_is_a_problem(house: House, query: dict[str, Any]) -> None:
    olga = await house.person("Olga")
    problem(await olga.ask("GET", f"/meetings/mtg_{'A' * 22}", **query), 422, "invalid-request")


async def test_a_body_has_an_end(house: House) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b" " * 1_000, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/tmms/v1/log-in", "query_string": b"", "headers": headers}
    await house.tmms.app(scope, receive, send)
    start, body = sent
    answer = httpx.Response(start["status"], headers=start["headers"], content=body["body"])
    assert problem(answer, 413, "request-entity-too-large").title == "Request Entity Too Large."
    assert guarded(answer)


async def test_a_body_within_its_end_is_read(house: House) -> None:
    content = b" " * (problems.BODY_BYTES - 2) + b"{}"
    answer = await house.http.post("/tmms/v1/log-in", content=content, headers={"content-type": "application/json"})
    problem(answer, 422, "invalid-request")


async def test_what_cannot_be_stored_is_a_problem_and_nothing_is_done(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    olga = await house.person("Olga")
    last = house.last

    async def transact(_: object) -> None:
        raise JournalFull("The disk is full: /data/journal.sqlite3 cannot grow.")

    monkeypatch.setattr(house.journal, "transact", transact)
    answer = await olga.ask("POST", "/meetings", {"title": "Talk"})
    problem(answer, 503, "storage")
    assert "retry-after" in answer.headers
    assert "/data" not in answer.text
    assert "The disk is full" in capsys.readouterr().out
    assert house.last == last


async def test_a_mistake_of_the_server_is_a_problem_without_details(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def log_in(name: str, words: str) -> None:
        raise RuntimeError("a stack of internals")

    await house.account("Olga")

    monkeypatch.setattr(house.tmms._service, "log_in", log_in)
    answer = await house.log_in("Olga")
    problem(answer, 500, "internal")
    assert guarded(answer)
    assert "internals" not in answer.text
    logged = capsys.readouterr().out
    assert "a stack of internals" in logged
    assert PASSPHRASE not in logged
    assert "route=/tmms/v1/log-in" in logged


async def test_secrets_are_not_logged_nor_kept(
    house: House, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    olga = await house.person("Olga")
    m = (await olga.do("/meetings", {"title": "Talk"}))["meeting"]
    await olga.do(f"/meetings/{m}/open")
    ticket = await olga.do(f"/meetings/{m}/take-ticket", {"key": "A" * 43})
    await house.log_in("Olga", SECRET)
    await house.log_in(SECRET, SECRET)
    await olga.ask("POST", f"/meetings/{m}/open")
    told = capsys.readouterr()
    written = told.out + told.err + caplog.text + "".join(record.line() for record in house.log())
    files = b"".join(file.read_bytes() for file in house.journal.path.parent.iterdir())
    for secret in (PASSPHRASE, SECRET, olga.token, ticket["token"]):
        assert secret not in written
        assert secret.encode() not in files


async def test_a_client_that_goes_before_its_answer_is_no_mistake_of_the_server(house: House) -> None:
    async def receive() -> Message:
        await trio.lowlevel.checkpoint()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        await trio.lowlevel.checkpoint()
        raise ConnectionResetError("nobody is there")

    scope = {"type": "http", "method": "GET", "path": "/tmms/v1/session", "query_string": b"", "headers": []}
    with structlog.testing.capture_logs() as lines, pytest.raises(ConnectionResetError):
        await house.tmms.app(scope, receive, send)
    assert lines == []


async def test_the_api_describes_itself(house: House) -> None:
    described = (await house.http.get("/tmms/v1/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    operations = {
        (method.upper(), path): operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    assert len(operations) == len(router.routes)
    for (_, path), operation in operations.items():
        assert set(operation["responses"]) & {"200", "201", "204"}
        assert list(operation["responses"]["default"]["content"]) == ["application/problem+json"]
        assert "422" not in operation["responses"]
        assert ("security" in operation) == (path != "/tmms/v1/log-in")
    names = {operation["operationId"] for operation in operations.values()}
    assert {"log-in", "log-out", "schedule-meeting", "open-meeting", "end-meeting", "take-ticket", "admit"} <= names
    assert len(names) == len(operations)
    assert "HTTPValidationError" not in str(described)
