"""The migrations make exactly the tables that the code describes."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import incamera.tcs.tables
import incamera.tmms.tables  # noqa: F401 - imported, as the line above, for the tables that they add
from incamera.journal import METADATA, Journal, JournalTooNew, migrations


def test_a_migrated_journal_has_the_tables_of_the_code(journal: Journal) -> None:
    differences = journal.transact_sync(
        lambda tx: compare_metadata(
            MigrationContext.configure(tx.connection, opts={"compare_type": True, "compare_server_default": True}),
            METADATA,
        )
    )
    assert differences == []


def test_the_steps_are_one_line() -> None:
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert len(script.get_heads()) == 1
    assert [step.revision for step in script.walk_revisions()][-1] == "0001"


def test_a_step_that_fails_leaves_nothing(path: Path, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("incamera.journal.store.Transaction.accept", fail)  # the last thing that opening does
    with pytest.raises(ZeroDivisionError):
        Journal.open(path, clock=clock, server="tmms-1")
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    connection.close()


def test_a_journal_of_a_newer_version_is_left_alone(journal: Journal, path: Path, clock: Any) -> None:
    journal.close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(JournalTooNew, match="newer version"):
        Journal.open(path, clock=clock, server="tmms-1")
