"""Whoever changes a log is found out at the first record that they touched."""

from __future__ import annotations

from datetime import timedelta
from operator import methodcaller

import pytest

from incamera.journal import BrokenChain, Journal, verify
from incamera.wire.audit import Record, seal


@pytest.fixture
def log(journal: Journal) -> list[Record]:
    for i in range(9):
        journal.transact_sync(methodcaller("accept", "Auth", "LogIn", a=f"acc_{i}", s=f"ses_{i}"))
    return list(journal.records())


def broken_at(log: list[Record]) -> int:
    with pytest.raises(BrokenChain) as broken:
        verify(log)
    assert str(broken.value).startswith(f"Record {broken.value.n} ")
    return broken.value.n


def test_a_log_as_it_was_written_is_whole(log: list[Record]) -> None:
    assert verify(log) == 10
    assert verify([]) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"action": "LogOut"},
        {"spec": "Meeting"},
        {"params": {"a": "acc_x", "s": "ses_4"}},
        {"outcome": "refused"},
        {"rule": "AUTH-001"},
        {"by": "tmms-2"},
        {"hash": "0" * 64},
    ],
)
def test_an_altered_record_is_found(log: list[Record], change: dict[str, object]) -> None:
    log[5] = log[5].model_copy(update=change)
    assert broken_at(log) == 5


def test_an_altered_instant_is_found(log: list[Record]) -> None:
    log[5] = log[5].model_copy(update={"at": log[5].at + timedelta(microseconds=1)})
    assert broken_at(log) == 5


def test_a_removed_record_is_found(log: list[Record]) -> None:
    del log[5]
    assert broken_at(log) == 5


def test_exchanged_records_are_found(log: list[Record]) -> None:
    log[5], log[6] = log[6], log[5]
    assert broken_at(log) == 5


def test_exchanged_records_that_were_numbered_anew_are_found(log: list[Record]) -> None:
    log[5], log[6] = log[6].model_copy(update={"n": 5}), log[5].model_copy(update={"n": 6})
    assert broken_at(log) == 5


def test_an_inserted_record_is_found(log: list[Record]) -> None:
    log.insert(5, log[4])
    assert broken_at(log) == 5


def test_a_record_that_was_sealed_anew_is_found_at_its_successor(log: list[Record]) -> None:
    old = log[5]
    log[5] = seal(5, old.at, old.by, old.spec, "LogOut", old.params, "accepted", None, old.prev)
    assert broken_at(log) == 6


def test_a_log_without_its_beginning_is_found(log: list[Record]) -> None:
    assert broken_at(log[1:]) == 0


def test_a_log_that_begins_with_something_else_is_found(log: list[Record]) -> None:
    first = log[0]
    assert broken_at([seal(0, first.at, first.by, "Auth", "Unlock", {"a": "x"}, "accepted", None, first.prev)]) == 0


def test_time_that_runs_backwards_is_found(log: list[Record]) -> None:
    last = log[-1]
    log[-1] = seal(
        last.n,
        last.at - timedelta(seconds=1),
        last.by,
        last.spec,
        last.action,
        last.params,
        "accepted",
        None,
        last.prev,
    )
    assert broken_at(log) == 9
