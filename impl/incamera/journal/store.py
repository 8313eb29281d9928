"""The store: one SQLite file, written by one transaction at a time."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Final, Literal, Self, TypeVar
from weakref import WeakValueDictionary

import structlog
import trio
from sqlalchemy import URL, Connection, create_engine, event, insert, select
from sqlalchemy.exc import DBAPIError

from incamera.journal import chain, migrations, tables
from incamera.journal.errors import Declined, JournalUnreachable, Refusal, explain
from incamera.wire import limits
from incamera.wire.audit import BEGIN, GENESIS, LOG_SPEC, Record, seal

if TYPE_CHECKING:
    from incamera.transport.clock import Clock

T = TypeVar("T")

BUSY_SECONDS: Final = 10.0
"""How long a transaction waits for another program that writes, before it fails with `JournalBusy`."""
AHEAD: Final = timedelta(minutes=5)
"""By how much the newest record may be ahead of the clock, before that is worth a warning."""
_PAGE: Final = 1_000
_TURNS: Final[WeakValueDictionary[str, threading.Lock]] = WeakValueDictionary()

_log = structlog.get_logger(__name__)


class Transaction:
    """One act in the making.

    `connection` sees and changes the tables; `now` is the act's one instant (UTC), by which deadlines are set
    and judged.
    """

    def __init__(self, connection: Connection, clock: Clock, server: str) -> None:
        last = connection.execute(
            select(tables.record.c.n, tables.record.c.at, tables.record.c.hash)
            .order_by(tables.record.c.n.desc())
            .limit(1)
        ).first()
        self.connection = connection
        self.now: datetime = clock.now().astimezone(UTC)
        # The log's own order is kept even if the clock was set back.  Deadlines are not a matter of the log: one record
        # from a clock that was years ahead must not make every lock and session end years from now.
        self.at: datetime = self.now
        self._server = server
        self._n, self._prev = 0, GENESIS
        if last is not None:
            self.at = max(self.now, last.at)
            self._n, self._prev = last.n + 1, last.hash
        self._kept = (self._n, self._prev)
        self._savepoint = connection.begin_nested()

    @property
    def is_first(self) -> bool:
        """The log has no record yet."""
        return self._n == 0

    def accept(self, spec: str, action: str, **params: str | int) -> None:
        """Append the record that `action` of `spec` happened; it commits with the act's changes or not at all."""
        self._append(spec, action, params, "accepted", None)

    def keep(self) -> None:
        """Have everything so far stay, even if the act is refused from here on.

        For deadlines that had passed before the act began: they are due, whatever becomes of the act.
        """
        self._savepoint.commit()
        self._savepoint = self.connection.begin_nested()
        self._kept = (self._n, self._prev)

    def undo(self) -> None:
        """Undo everything since `keep`."""
        self._savepoint.rollback()
        self._savepoint = self.connection.begin_nested()
        self._n, self._prev = self._kept

    def refuse(self, refusal: Refusal) -> None:
        """Undo everything since `keep`, and append the record of the refusal."""
        self.undo()
        self._append(refusal.spec, refusal.action, refusal.params, "refused", refusal.rule)

    def _append(
        self,
        spec: str,
        action: str,
        params: dict[str, str | int],
        outcome: Literal["accepted", "refused"],
        rule: str | None,
    ) -> None:
        record = seal(self._n, self.at, self._server, spec, action, params, outcome, rule, self._prev)
        self.connection.execute(insert(tables.record).values(record.model_dump()))
        self._n, self._prev = record.n + 1, record.hash


class Journal:
    """State and audit log in the SQLite file `path`.  Open one with `Journal.open`; it is a context manager."""

    def __init__(self, path: Path, *, clock: Clock, server: str) -> None:
        self.path = path
        self._clock = clock
        self._server = server
        # Journals of one process on one file, such as those of its two servers, wait for each other here: in turn, and
        # without the pauses in which SQLite waits for other processes.
        self._turn = _TURNS.setdefault(os.path.realpath(path), threading.Lock())
        self._queue = trio.CapacityLimiter(1)
        self._engine = create_engine(
            URL.create("sqlite", database=os.fspath(path)),
            connect_args={"timeout": BUSY_SECONDS},
            hide_parameters=True,  # the text of an error must not tell hashes and digests
        )
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)

    @classmethod
    def open(cls, path: Path, *, clock: Clock, server: str) -> Self:
        """Open or make the journal at `path`, in an existing folder, and bring its tables to this version.

        `server` is the name that its records carry in `by`.  Raises `JournalError`.
        """
        try:
            # SQLite gives its -wal and -shm files the mode of the file; hashes of passphrases are for its owner only.
            # A file that exists stays closed: POSIX locks go with the first descriptor that a process closes, and
            # without them another program would take away the -wal that another journal of this process still writes
            # (https://www.sqlite.org/howtocorrupt.html, 2.2).
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            pass
        except OSError as error:
            raise JournalUnreachable(f"{path} cannot be opened: {error.strerror}.") from error
        journal = cls(path, clock=clock, server=server)
        try:
            with journal._writing() as connection:
                migrations.upgrade(connection)
                begin = Transaction(connection, clock, server)
                if begin.is_first:
                    begin.accept(LOG_SPEC, BEGIN, MaxFail=limits.MAX_FAIL)
                if begin.at - begin.now > AHEAD:
                    _log.warning("the newest record is ahead of the clock", record=begin.at, clock=begin.now)
        except BaseException:
            journal.close()
            raise
        return journal

    async def transact(self, act: Callable[[Transaction], T]) -> T:
        """Run `act` in a worker thread, in one transaction, and return its value once it is durable.

        Cancellation is heeded while waiting for one's turn; from then on the act is carried out and reported.  Raises
        what `act` raises, after undoing everything; a `Refusal`, after recording it; a `Declined`, after undoing what
        was not kept; or `JournalError`.
        """
        # Trio abandons no thread unless asked to, so what was committed is always reported.
        return await trio.to_thread.run_sync(self.transact_sync, act, limiter=self._queue)

    def transact_sync(self, act: Callable[[Transaction], T]) -> T:
        """The same, in the calling thread."""
        refused: Refusal | Declined
        with self._writing() as connection:
            transaction = Transaction(connection, self._clock, self._server)
            try:
                return act(transaction)
            except Refusal as refusal:
                transaction.refuse(refusal)
                refused = refusal
            except Declined as declined:
                transaction.undo()
                refused = declined
        raise refused

    def records(self, after: int = -1) -> Iterator[Record]:
        """The audit log from the record behind number `after` on, in order, as far as it goes when it is read."""
        t = tables.record
        while True:
            with self._explaining(), self._engine.connect() as connection:
                page = connection.execute(select(t).where(t.c.n > after).order_by(t.c.n).limit(_PAGE)).mappings().all()
            for row in page:
                yield Record.model_validate(dict(row))
            if len(page) < _PAGE:
                return
            after = page[-1]["n"]

    def export(self, file: IO[str]) -> int:
        """Write the whole log to `file` as NDJSON and return the number of records."""
        count = 0
        for record in self.records():
            file.write(record.line() + "\n")
            count += 1
        return count

    def verify(self) -> int:
        """Check the chain of the whole log and return the number of records; raises `BrokenChain`."""
        return chain.verify(self.records())

    def close(self) -> None:
        """Let go of the file, after a transaction that is under way."""
        with self._turn:
            self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._turn, self._explaining(), self._engine.connect() as connection:
            connection.execution_options(immediate=True)
            with connection.begin():
                yield connection

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            known = explain(error.orig, self.path)
            if known is None:
                raise
            raise known from error


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    # The driver must not begin transactions by itself: it would begin them too late, at the first change, and then two
    # writers that both began by reading could not both go on.  `_begin` does it.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
