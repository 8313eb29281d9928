"""Refusals as problem details."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from incamera.wire.problem import mistake, refusal
from incamera.wire.rules import RULES


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_problem(rule: str) -> None:
    problem = refusal(rule)
    assert problem.type == f"urn:incamera:rule:{rule}"
    assert problem.rule == rule
    assert problem.title.endswith(".")
    assert 400 <= HTTPStatus(problem.status) < 500


def test_a_mistake_has_no_rule() -> None:
    assert mistake("malformed", HTTPStatus.BAD_REQUEST, "No JSON.").rule is None
