"""What a server answered, and what that is worth.

The verdicts are those of `vectors/FORMAT.md`: OK, NON-STRICT (right, but told in another form than the protocol's),
FAILED, INFORMATIONAL (the case could not be brought about and says nothing), UNIMPLEMENTED.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from incamera.transport import Response
from incamera.wire.problem import MEDIA_TYPE

from ..vectors import Rule

Body = TypeVar("Body", bound=BaseModel)

NO_SUCH_ROUTE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
NOTHING_THERE: Final = frozenset({None, "about:blank", "urn:incamera:problem:not-found"})
"""Types of a problem with which 404 says no more than that there is no such path (RFC 9457 section 4.2.1)."""


UNIFORM: Final = "AUTH-001"
"""The rule that refuses in one and the same way: whatever differs tells whether there is an account."""


class Verdict(StrEnum):
    """What a case came to."""

    OK = "OK"
    FAILED = "FAILED"
    NON_STRICT = "NON-STRICT"
    INFORMATIONAL = "INFORMATIONAL"
    UNIMPLEMENTED = "UNIMPLEMENTED"


class Judged(Exception):
    """A case has come to its verdict before its last step; the message says why."""

    def __init__(self, verdict: Verdict, why: str) -> None:
        super().__init__(why)
        self.verdict = verdict
        self.why = why


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one step.

    `status` is HTTP's, or 200 where a session at the TCS let somebody in; `problem` is the refusal's JSON object;
    `deviations` are what was told in another form than the protocol's; `told` is the part of the state that the answer
    tells, by the case's entities.
    """

    status: int
    problem: dict[str, Any] | None = None
    deviations: tuple[str, ...] = ()
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300

    @property
    def no_route(self) -> bool:
        """The server does not know what it was asked."""
        missing = self.status != HTTPStatus.NOT_FOUND or (self.problem or {}).get("type") in NOTHING_THERE
        return self.status in NO_SUCH_ROUTE and missing


def answer_of(response: Response) -> Answer:
    """The answer in an HTTP response."""
    if 200 <= response.status < 300:
        return Answer(response.status)
    media_type = response.headers.get("content-type", "").partition(";")[0].strip()
    problem = _object(response.body)
    deviations = () if media_type == MEDIA_TYPE else (f"the media type is {media_type or 'missing'}, not {MEDIA_TYPE}",)
    if problem.get("status", response.status) != response.status:
        deviations = (*deviations, f"the member status is {problem['status']}, HTTP's is {response.status}")
    return Answer(response.status, problem, deviations)


def body_of(response: Response, form: type[Body]) -> Body:
    """The message in a successful response. Raises `Judged` if it is no such message."""
    try:
        return form.model_validate_json(response.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise Judged(Verdict.FAILED, f"the answer is no {form.__name__}: {where}: {first['msg']}") from None


def judge_accepted(answer: Answer) -> tuple[str, ...]:
    """The deviations of an answer that had to be a yes. Raises `Judged`."""
    if answer.no_route:
        raise Judged(Verdict.UNIMPLEMENTED, f"the server has no such route (status {answer.status})")
    if not answer.accepted:
        raise Judged(Verdict.FAILED, f"refused with {_shown(answer)}, and had to be accepted")
    return answer.deviations


def judge_refused(answer: Answer, name: str, rule: Rule) -> tuple[str, ...]:
    """The deviations of an answer that had to be the refusal by a rule. Raises `Judged`."""
    if answer.accepted:
        raise Judged(Verdict.FAILED, f"accepted with status {answer.status}, and had to be refused by {name}")
    if answer.no_route and answer.status != rule.status:
        raise Judged(Verdict.UNIMPLEMENTED, f"the server has no such route (status {answer.status})")
    problem = answer.problem or {}
    if problem.get("rule") != name or answer.status != rule.status:
        raise Judged(Verdict.FAILED, f"refused with {_shown(answer)}, not by {name} with status {rule.status}")
    expected = {"type": f"urn:incamera:rule:{name}", "title": rule.sentence, "status": rule.status, "rule": name}
    told = {key: value for key, value in problem.items() if value is not None}
    odd = [key for key in sorted(expected.keys() | told.keys()) if expected.get(key) != told.get(key)]
    if name == UNIFORM and odd:
        raise Judged(Verdict.FAILED, f"the member {odd[0]} differs from other refusals by {name}: {told.get(odd[0])!r}")
    return (*answer.deviations, *(f"the member {key} is {told.get(key)!r}, not {expected.get(key)!r}" for key in odd))


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _shown(answer: Answer) -> str:
    rule = (answer.problem or {}).get("rule")
    return f"status {answer.status} by {rule}" if rule else f"status {answer.status} and no rule"
