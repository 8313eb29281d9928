"""What can go wrong with a journal, each with one clear sentence; and `Refusal`, which is no failure at all."""

from __future__ import annotations

import sqlite3
from pathlib import Path


class Refusal(Exception):
    """An act that the specification does not allow.

    Raised inside an act it undoes what the act changed, and is itself recorded: `spec`, `action` and `params` as in an
    accepted record, `rule` the requirement id.
    """

    def __init__(self, rule: str, spec: str, action: str, **params: str | int) -> None:
        super().__init__(f"{action} is refused by {rule}")
        self.rule = rule
        self.spec = spec
        self.action = action
        self.params = params


class Declined(Exception):
    """An act is not carried out, and no record is made of that: what it changed is undone, what it kept stays."""


class JournalError(Exception):
    """The journal cannot serve; nothing of the act was done.  The text is one sentence for people."""


class JournalFull(JournalError):
    """There is no room left on the disk."""


class JournalReadOnly(JournalError):
    """The file or its folder may not be written."""


class JournalBusy(JournalError):
    """Another program kept the journal locked for too long."""


class JournalUnreachable(JournalError):
    """The file cannot be opened, read or written."""


class JournalDamaged(JournalError):
    """The file is no journal, or not a sound one."""


class JournalTooNew(JournalError):
    """The journal was written by a newer version of this program."""


class FolderInUse(JournalError):
    """Another server works in this data folder."""


_BY_PRIMARY_CODE: dict[int, tuple[type[JournalError], str]] = {
    sqlite3.SQLITE_FULL: (JournalFull, "The disk is full: {path} cannot grow."),
    sqlite3.SQLITE_READONLY: (JournalReadOnly, "{path} may not be written."),
    sqlite3.SQLITE_PERM: (JournalReadOnly, "{path} may not be written."),
    sqlite3.SQLITE_BUSY: (JournalBusy, "Another program keeps {path} locked."),
    sqlite3.SQLITE_LOCKED: (JournalBusy, "Another program keeps {path} locked."),
    sqlite3.SQLITE_CORRUPT: (JournalDamaged, "{path} is damaged."),
    sqlite3.SQLITE_NOTADB: (JournalDamaged, "{path} is not a journal."),
    sqlite3.SQLITE_CANTOPEN: (JournalUnreachable, "{path} cannot be opened."),
    sqlite3.SQLITE_IOERR: (JournalUnreachable, "{path} cannot be read or written."),
}


def explain(error: BaseException | None, path: Path) -> JournalError | None:
    """The typed error for what SQLite says about the machine, or None if the fault is in the statement itself."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    # The low byte is the primary result code (https://www.sqlite.org/rescode.html).
    known = _BY_PRIMARY_CODE.get(code & 0xFF)
    return known[0](known[1].format(path=path)) if known else None
