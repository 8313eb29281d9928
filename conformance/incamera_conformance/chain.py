"""The form of a log: each line is a record in its one canonical form, bound to the one before by its hash.

A hash says nothing of bytes that do not reach it: a key that stands twice, an instant told otherwise, an empty line.
So a line must be, byte for byte, what its record says it is.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError

from incamera.wire.audit import GENESIS, Record

SERVERS: Final = {"Auth": "tmms", "Meeting": "tmms", "Conference": "tcs"}
"""Which server decides what a specification says; its name in `by` is that, alone or with more behind a hyphen."""

_NAMED: Final = re.compile(r"([a-z]+)(-[A-Za-z0-9.-]+)?")


class Chain:
    """The records of one log that were read so far."""

    def __init__(self) -> None:
        self._n = 0
        self._prev = GENESIS
        self._at: datetime | None = None

    def read(self, line: str | bytes) -> tuple[Record | None, str | None]:
        """The record of the next line, if it is one, and what is wrong with it, if anything is."""
        data = line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line
        try:
            record = Record.model_validate_json(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            return None, f"this line is no record: {where + ': ' if where else ''}{first['msg']}"
        why = self._wrong(record, data.removesuffix(b"\n"))
        self._n, self._prev, self._at = self._n + 1, record.hash, record.at
        return record, why

    def _wrong(self, record: Record, data: bytes) -> str | None:
        if data != record.line().encode("utf-8", "surrogatepass"):
            return "this line is not what the record in it looks like in canonical form: its bytes were altered"
        if record.n != self._n:
            return f"number {self._n} is due here, and this is number {record.n}"
        if record.prev != self._prev:
            return "its `prev` is not the hash of the record before: one of the two was replaced"
        if record.hash != record.expected_hash():
            return "its hash does not fit what it says: it was altered after it was written"
        if record.at.utcoffset() != timedelta():
            return "its instant is not in UTC"
        if self._at is not None and record.at < self._at:
            return f"its instant is before that of the record before, {self._at.isoformat()}"
        named = _NAMED.fullmatch(record.by)
        if named is None or named[1] != SERVERS.get(record.spec, named[1]):
            server = SERVERS.get(record.spec, "a server")
            return f"{record.spec} is decided by {server}, and this was decided by {record.by or 'nobody'}"
        return None
