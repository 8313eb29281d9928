"""Refusals and errors as problem details (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from pydantic import BaseModel, ConfigDict

from incamera.wire.rules import RULES

MEDIA_TYPE: Final = "application/problem+json"


class Problem(BaseModel):
    """What is refused and why; `rule` is the requirement id if a rule of the specification refused it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    title: str
    status: int
    rule: str | None = None
    detail: str | None = None


def refusal(rule_id: str) -> Problem:
    """The problem that tells a refusal by the rule `rule_id`."""
    rule = RULES[rule_id]
    return Problem(type=f"urn:incamera:rule:{rule.id}", title=rule.sentence, status=rule.status, rule=rule.id)


def mistake(name: str, status: HTTPStatus, title: str, detail: str | None = None) -> Problem:
    """The problem of a request that no rule of the specification is about, such as one that cannot be read."""
    return Problem(type=f"urn:incamera:problem:{name}", title=title, status=status, detail=detail)
