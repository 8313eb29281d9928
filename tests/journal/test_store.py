"""An act and its records are one: both are durable, or neither is there."""

from __future__ import annotations

import io
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from incamera.journal import (
    Declined,
    Journal,
    JournalBusy,
    JournalDamaged,
    JournalError,
    JournalFull,
    JournalReadOnly,
    JournalUnreachable,
    Refusal,
    Transaction,
    store,
)
from incamera.wire.audit import GENESIS, Record


def note(tx: Transaction, title: str) -> None:
    """Any change of a table, and the record of an action."""
    tx.connection.execute(text("INSERT INTO letter (body) VALUES (:title)"), {"title": f'"{title}"'})
    tx.accept("Auth", "CreateAccount", a=title)


def notes(journal: Journal) -> list[str]:
    return journal.transact_sync(lambda tx: list(tx.connection.scalars(text("SELECT body FROM letter ORDER BY n"))))


def acts(journal: Journal) -> list[tuple[str, str, str | None]]:
    return [(record.action, record.outcome, record.rule) for record in journal.records()]


def test_a_new_journal_begins_its_log(journal: Journal) -> None:
    (first,) = journal.records()
    assert (first.n, first.by, first.spec, first.action, first.prev) == (0, "tmms-1", "Log", "Begin", GENESIS)
    assert first.params == {"MaxFail": 5}


def test_opening_again_begins_no_second_log(journal: Journal, path: Path, clock: Any) -> None:
    journal.transact_sync(lambda tx: note(tx, "one"))
    with Journal.open(path, clock=clock, server="tmms-2") as again:
        again.transact_sync(lambda tx: note(tx, "two"))
        assert [(record.n, record.by) for record in again.records()] == [(0, "tmms-1"), (1, "tmms-1"), (2, "tmms-2")]
        assert again.verify() == 3


def test_what_two_journals_of_a_process_write_is_seen_after_another_program_came_and_went(
    journal: Journal, path: Path, clock: Any
) -> None:
    visit = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1])
print(other.execute("SELECT count(*) FROM record").fetchone()[0])
other.close()
"""

    def seen_by_another() -> int:
        done = subprocess.run([sys.executable, "-c", visit, path], capture_output=True, check=True, text=True)
        return int(done.stdout)

    with Journal.open(path, clock=clock, server="tcs-1") as second:
        assert seen_by_another() == 1
        journal.transact_sync(lambda tx: note(tx, "one"))
        second.transact_sync(lambda tx: note(tx, "two"))
        assert seen_by_another() == 3


async def test_an_act_returns_its_value_and_leaves_change_and_record(journal: Journal) -> None:
    def act(tx: Transaction) -> int:
        note(tx, "one")
        return 7

    assert await journal.transact(act) == 7
    assert notes(journal) == ['"one"']
    assert acts(journal)[1:] == [("CreateAccount", "accepted", None)]


async def test_an_exception_leaves_neither_change_nor_record(journal: Journal) -> None:
    def act(tx: Transaction) -> None:
        note(tx, "one")
        tx.keep()
        note(tx, "two")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await journal.transact(act)
    assert notes(journal) == []
    assert len(acts(journal)) == 1
    await journal.transact(lambda tx: note(tx, "three"))
    assert journal.verify() == 2


async def test_a_refusal_undoes_the_act_and_is_recorded(journal: Journal) -> None:
    def act(tx: Transaction) -> None:
        note(tx, "one")
        raise Refusal("AUTH-004", "Auth", "CreateAccount", a="acc_1")

    with pytest.raises(Refusal) as refused:
        await journal.transact(act)
    assert refused.value.rule == "AUTH-004"
    assert notes(journal) == []
    assert acts(journal)[1:] == [("CreateAccount", "refused", "AUTH-004")]
    assert journal.verify() == 2


async def test_what_was_due_before_stays_although_the_act_is_refused(journal: Journal) -> None:
    def act(tx: Transaction) -> None:
        note(tx, "due")
        tx.keep()
        note(tx, "undone")
        raise Refusal("AUTH-001", "Auth", "LogIn", a="acc_1", s="ses_1")

    with pytest.raises(Refusal):
        await journal.transact(act)
    assert notes(journal) == ['"due"']
    assert acts(journal)[1:] == [("CreateAccount", "accepted", None), ("LogIn", "refused", "AUTH-001")]
    assert journal.verify() == 3


def test_time_never_runs_backwards_in_a_log(journal: Journal, clock: Any) -> None:
    latest = clock.now()
    journal.transact_sync(lambda tx: note(tx, "one"))
    clock.set_back(timedelta(hours=1))
    journal.transact_sync(lambda tx: note(tx, "two"))
    assert [record.at for record in journal.records()] == [latest] * 3


def test_one_record_from_a_clock_that_was_ahead_moves_no_deadline(journal: Journal, path: Path, clock: Any) -> None:
    true = clock.now()
    clock.time += timedelta(days=3650)
    journal.transact_sync(lambda tx: note(tx, "one"))
    clock.time = true
    assert journal.transact_sync(lambda tx: tx.now) == true
    with capture_logs() as lines, Journal.open(path, clock=clock, server="tmms-1"):
        pass
    assert [(line["log_level"], line["clock"]) for line in lines] == [("warning", true)]


def test_what_was_kept_stays_although_the_act_is_declined(journal: Journal) -> None:
    def act(tx: Transaction) -> None:
        note(tx, "due")
        tx.keep()
        note(tx, "undone")
        raise Declined

    with pytest.raises(Declined):
        journal.transact_sync(act)
    assert notes(journal) == ['"due"']
    assert acts(journal)[1:] == [("CreateAccount", "accepted", None)]
    assert journal.verify() == 2


def test_an_instant_is_kept_to_the_microsecond(journal: Journal, clock: Any) -> None:
    clock.time += timedelta(microseconds=1)
    journal.transact_sync(lambda tx: note(tx, "one"))
    assert list(journal.records())[-1].at == clock.now()


async def test_acts_at_once_make_one_chain_without_a_gap(journal: Journal) -> None:
    async with trio.open_nursery() as nursery:
        for i in range(20):
            nursery.start_soon(journal.transact, partial(note, title=str(i)))
    assert journal.verify() == 21
    assert sorted(notes(journal)) == sorted(f'"{i}"' for i in range(20))


@pytest.mark.parametrize("apart", [False, True], ids=["one process", "as from two processes"])
async def test_two_journals_write_one_chain(
    journal: Journal, path: Path, clock: Any, apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the two servers do, and as `user add` does while they run."""
    if apart:
        monkeypatch.setattr(store, "_TURNS", {})
    with Journal.open(path, clock=clock, server="operator") as other:

        def write() -> None:
            for i in range(10):
                other.transact_sync(partial(note, title=f"operator {i}"))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, write)
            for i in range(10):
                nursery.start_soon(journal.transact, partial(note, title=f"server {i}"))
    assert journal.verify() == 21


async def test_an_act_that_has_begun_is_carried_out_and_reported_despite_cancellation(journal: Journal) -> None:
    begun, go_on = threading.Event(), threading.Event()
    reported = []

    def act(tx: Transaction) -> str:
        begun.set()
        go_on.wait(5)
        note(tx, "one")
        return "done"

    async with trio.open_nursery() as nursery:

        async def run() -> None:
            reported.append(await journal.transact(act))

        nursery.start_soon(run)
        await trio.to_thread.run_sync(begun.wait, 5)
        nursery.cancel_scope.cancel()
        go_on.set()
    assert reported == ["done"]
    assert notes(journal) == ['"one"']


async def test_an_act_that_is_cancelled_before_its_turn_does_nothing(journal: Journal) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def first(tx: Transaction) -> None:
        begun.set()
        go_on.wait(5)
        note(tx, "first")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(journal.transact, first)
        await trio.to_thread.run_sync(begun.wait, 5)
        with trio.move_on_after(0) as scope:
            await journal.transact(lambda tx: note(tx, "second"))
        assert scope.cancelled_caught
        go_on.set()
    assert notes(journal) == ['"first"']


_CRASHER = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy import text
from incamera.journal import Journal

class Clock:
    def now(self): return datetime.now(UTC)

journal = Journal.open(Path(sys.argv[1]), clock=Clock(), server="crasher")
journal.transact_sync(lambda tx: tx.accept("Auth", "CreateAccount", a="acknowledged"))

def act(tx):
    tx.connection.execute(text("INSERT INTO letter (body) VALUES ('1')"))
    tx.accept("Auth", "CreateAccount", a="half")
    os.kill(os.getpid(), signal.SIGKILL)

journal.transact_sync(act)
"""


@pytest.mark.slow
def test_a_process_that_is_killed_inside_an_act_leaves_what_was_acknowledged(path: Path, clock: Any) -> None:
    killed = subprocess.run([sys.executable, "-c", _CRASHER, str(path)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    with Journal.open(path, clock=clock, server="tmms-1") as journal:
        assert journal.verify() == 2
        assert [record.params for record in journal.records()][1:] == [{"a": "acknowledged"}]
        assert notes(journal) == []


def test_commits_are_flushed_to_the_disk(journal: Journal) -> None:
    def pragma(name: str) -> Any:
        return journal.transact_sync(lambda tx: tx.connection.scalar(text(f"PRAGMA {name}")))

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2  # FULL: the write-ahead log is flushed at each commit
    assert pragma("foreign_keys") == 1


def test_a_reader_goes_on_while_an_act_is_under_way(journal: Journal) -> None:
    def act(tx: Transaction) -> int:
        note(tx, "one")
        return len(list(journal.records()))

    assert journal.transact_sync(act) == 1


def test_the_log_is_read_in_pages(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_PAGE", 3)
    for i in range(8):
        journal.transact_sync(partial(note, title=str(i)))
    assert [record.n for record in journal.records()] == list(range(9))
    assert [record.n for record in journal.records(after=5)] == [6, 7, 8]


def test_an_exported_log_is_the_log(journal: Journal) -> None:
    journal.transact_sync(lambda tx: note(tx, "naïve ✓"))
    file = io.StringIO()
    assert journal.export(file) == 2
    lines = file.getvalue().splitlines()
    assert [Record.model_validate_json(line) for line in lines] == list(journal.records())
    assert file.getvalue().endswith("\n")


def test_the_file_is_for_its_owner_only(journal: Journal, path: Path) -> None:
    journal.transact_sync(lambda tx: note(tx, "one"))
    for file in path.parent.glob("journal.sqlite3*"):
        assert file.stat().st_mode & 0o077 == 0, file


def test_a_full_disk_is_told_in_one_sentence_and_nothing_is_half_done(journal: Journal, path: Path) -> None:
    def fill(tx: Transaction) -> None:
        # The limit of one connection; SQLite reports it as it reports a full disk.
        pages = tx.connection.scalar(text("PRAGMA page_count"))
        tx.connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        for i in range(2_000):
            note(tx, f"{i}")

    with pytest.raises(JournalFull, match=r"^The disk is full: .*journal\.sqlite3 cannot grow\.$"):
        journal.transact_sync(fill)
    assert len(acts(journal)) == 1
    journal.transact_sync(lambda tx: tx.connection.execute(text("PRAGMA max_page_count = 1000000")))
    journal.transact_sync(lambda tx: note(tx, "room again"))
    assert journal.verify() == 2


def test_a_journal_that_another_program_keeps_locked_is_busy(
    path: Path, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.05)
    with Journal.open(path, clock=clock, server="tmms-1") as journal:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalBusy, match=r"^Another program keeps .* locked\.$"):
            journal.transact_sync(lambda tx: note(tx, "one"))
        other.execute("ROLLBACK")
        other.close()
        journal.transact_sync(lambda tx: note(tx, "two"))
        assert journal.verify() == 2


def test_a_file_of_another_kind_is_not_a_journal(path: Path, clock: Any) -> None:
    path.write_bytes(b"This is a letter to my aunt.\n" * 100)
    with pytest.raises(JournalDamaged, match="is not a journal"):
        Journal.open(path, clock=clock, server="tmms-1")


def test_a_folder_in_the_place_of_the_file_cannot_be_opened(tmp_path: Path, clock: Any) -> None:
    with pytest.raises(JournalUnreachable, match=r"^.* cannot be opened\.$"):
        Journal.open(tmp_path, clock=clock, server="tmms-1")


def test_a_missing_folder_cannot_be_opened(tmp_path: Path, clock: Any) -> None:
    with pytest.raises(JournalUnreachable, match="No such file or directory"):
        Journal.open(tmp_path / "nowhere" / "journal.sqlite3", clock=clock, server="tmms-1")


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder made by somebody who may write everywhere, or at least here; then one is somebody who may not."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        root = os.geteuid() == 0
        yield folder
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


def deprive(folder: Path) -> None:
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)


def test_a_folder_that_may_not_be_written_is_told(unprivileged: Path, clock: Any) -> None:
    deprive(unprivileged)
    with pytest.raises(JournalUnreachable, match="Permission denied"):
        Journal.open(unprivileged / "journal.sqlite3", clock=clock, server="tmms-1")


def test_a_journal_that_turns_read_only_is_told(journal: Journal) -> None:
    def act(tx: Transaction) -> None:
        tx.connection.execute(text("PRAGMA query_only = ON"))
        note(tx, "one")

    with pytest.raises(JournalReadOnly, match="may not be written"):
        journal.transact_sync(act)


def test_a_mistake_in_a_statement_is_not_blamed_on_the_machine(journal: Journal) -> None:
    with pytest.raises(OperationalError) as mistaken:
        journal.transact_sync(lambda tx: tx.connection.execute(text("SELECT nonsense")))
    assert not isinstance(mistaken.value, JournalError)
