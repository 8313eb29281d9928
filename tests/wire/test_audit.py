"""The audit record: its hash binds every member, and its line is canonical."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from incamera.wire.audit import GENESIS, Record, seal

AT = datetime(2026, 11, 23, 16, 0, 0, 123456, UTC)
RECORD = seal(
    7, AT, "tmms-1", "Meeting", "Admit", {"m": "mtg_1", "host": "acc_1", "p": "acc_2"}, "accepted", None, GENESIS
)


def test_a_line_reads_back_as_the_same_record() -> None:
    assert Record.model_validate_json(RECORD.line()) == RECORD


def test_the_line_is_canonical() -> None:
    assert RECORD.line() == json.dumps(json.loads(RECORD.line()), sort_keys=True, separators=(",", ":"))


@pytest.mark.parametrize(
    "change",
    [
        {"n": 8},
        {"at": datetime(2026, 11, 23, 16, 0, 0, 123457, UTC)},
        {"by": "tmms-2"},
        {"spec": "Auth"},
        {"action": "Refuse"},
        {"params": {"m": "mtg_1", "host": "acc_2", "p": "acc_2"}},
        {"outcome": "refused"},
        {"rule": "MTG-002"},
        {"prev": "1" * 64},
    ],
)
def test_every_member_is_bound_by_the_hash(change: dict[str, Any]) -> None:
    assert RECORD.expected_hash() == RECORD.hash
    assert RECORD.model_copy(update=change).expected_hash() != RECORD.hash
