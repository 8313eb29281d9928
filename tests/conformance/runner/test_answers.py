"""What an answer is worth, without a server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from incamera.transport import Response
from incamera.wire import api
from incamera.wire.problem import MEDIA_TYPE, refusal
from incamera_conformance.runner.answers import (
    Judged,
    Verdict,
    answer_of,
    body_of,
    judge_accepted,
    judge_refused,
)
from incamera_conformance.vectors import Rule

MTG_001 = Rule(status=404, sentence="A meeting is unknown to whoever is not invited to it.")
MTG_002 = Rule(status=403, sentence="Only the organizer runs a meeting: invites, opens, admits, refuses and ends.")

NOT_BY = "not by MTG-002 with status 403"


def response(status: int, body: dict[str, Any] | None = None, media_type: str = MEDIA_TYPE) -> Response:
    data = b"" if body is None else json.dumps(body).encode()
    return Response(status, {"content-type": media_type}, data)


def told(rule: str, **other: Any) -> dict[str, Any]:
    return refusal(rule).model_dump(exclude_none=True) | other


def verdict_of(status: int, body: dict[str, Any] | None, name: str, rule: Rule, media_type: str = MEDIA_TYPE) -> str:
    try:
        deviations = judge_refused(answer_of(response(status, body, media_type)), name, rule)
    except Judged as judged:
        return f"{judged.verdict}: {judged.why}"
    return "; ".join(deviations) or "OK"


@pytest.mark.parametrize(
    ("status", "body", "media_type", "verdict"),
    [
        (403, told("MTG-002"), MEDIA_TYPE, "OK"),
        (403, told("MTG-002"), f"{MEDIA_TYPE}; charset=utf-8", "OK"),
        (403, told("MTG-002"), "application/json", "the media type is application/json, not application/problem+json"),
        (403, told("MTG-002", title="No."), MEDIA_TYPE, f"the member title is 'No.', not '{MTG_002.sentence}'"),
        (403, told("MTG-002", detail="bob"), MEDIA_TYPE, "the member detail is 'bob', not None"),
        (403, told("MTG-001"), MEDIA_TYPE, f"FAILED: refused with status 403 by MTG-001, {NOT_BY}"),
        (404, told("MTG-002"), MEDIA_TYPE, f"FAILED: refused with status 404 by MTG-002, {NOT_BY}"),
        (403, {"title": "No."}, MEDIA_TYPE, f"FAILED: refused with status 403 and no rule, {NOT_BY}"),
        (403, None, "", f"FAILED: refused with status 403 and no rule, {NOT_BY}"),
        (200, {}, "application/json", "FAILED: accepted with status 200, and had to be refused by MTG-002"),
        (404, {"detail": "Not Found"}, "application/json", "UNIMPLEMENTED: the server has no such route (status 404)"),
        (405, None, "", "UNIMPLEMENTED: the server has no such route (status 405)"),
        (501, None, "", "UNIMPLEMENTED: the server has no such route (status 501)"),
        (500, None, "", f"FAILED: refused with status 500 and no rule, {NOT_BY}"),
    ],
)
def test_a_refusal_is_judged(status: int, body: dict[str, Any] | None, media_type: str, verdict: str) -> None:
    assert verdict_of(status, body, "MTG-002", MTG_002, media_type) == verdict


@pytest.mark.parametrize("other", [{"detail": "There is no such account."}, {"title": "No."}])
def test_the_refusal_that_is_uniform_has_no_other_form(other: dict[str, str]) -> None:
    rule = Rule(status=401, sentence=refusal("AUTH-001").title)
    assert verdict_of(401, told("AUTH-001"), "AUTH-001", rule) == "OK"
    assert verdict_of(401, told("AUTH-001", **other), "AUTH-001", rule).startswith("FAILED: the member")


def test_a_missing_rule_is_no_missing_route_where_404_is_the_rules_own_status() -> None:
    assert verdict_of(404, told("MTG-001"), "MTG-001", MTG_001) == "OK"
    assert verdict_of(404, None, "MTG-001", MTG_001, "").startswith("FAILED: refused with status 404 and no rule")


def test_the_member_status_is_that_of_http() -> None:
    assert "the member status is 409, HTTP's is 403" in verdict_of(403, told("MTG-002", status=409), "MTG-002", MTG_002)


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (403, told("MTG-002"), Verdict.FAILED),
        (503, {"type": "urn:incamera:problem:busy"}, Verdict.FAILED),
        (404, {"type": "urn:incamera:problem:unknown-person"}, Verdict.FAILED),
        (404, {"type": "urn:incamera:problem:not-found"}, Verdict.UNIMPLEMENTED),
        (404, {"type": "about:blank"}, Verdict.UNIMPLEMENTED),
        (405, {}, Verdict.UNIMPLEMENTED),
    ],
)
def test_what_had_to_be_accepted_and_was_not(status: int, body: dict[str, Any], verdict: Verdict) -> None:
    with pytest.raises(Judged) as judged:
        judge_accepted(answer_of(response(status, body)))
    assert judged.value.verdict is verdict


def test_a_body_has_to_be_the_message_that_was_promised() -> None:
    with pytest.raises(Judged, match=r"the answer is no SessionIssued: token: Field required") as judged:
        body_of(response(201, {}, "application/json"), api.SessionIssued)
    assert judged.value.verdict is Verdict.FAILED
