"""The audit log's chain: what binds each record to all before it."""

from __future__ import annotations

from collections.abc import Iterable

from incamera.wire.audit import BEGIN, GENESIS, LOG_SPEC, Record


class BrokenChain(Exception):
    """The log was altered: record number `n`, counted from 0, is the first that does not follow from those before."""

    def __init__(self, n: int, why: str) -> None:
        super().__init__(f"Record {n} {why}.")
        self.n = n


def verify(records: Iterable[Record]) -> int:
    """Return how many records a whole log has; raises `BrokenChain` at the first that is not what was written.

    What this cannot see is a log that was cut off at its end: compare the last hash with one that was kept elsewhere.
    """
    count, prev, at = 0, GENESIS, None
    for record in records:
        if record.n != count:
            raise BrokenChain(count, f"is missing; record {record.n} stands in its place")
        if record.hash != record.expected_hash():
            raise BrokenChain(count, "was altered")
        if record.prev != prev:
            raise BrokenChain(count, "does not follow the record before it")
        if count == 0 and (record.spec, record.action) != (LOG_SPEC, BEGIN):
            raise BrokenChain(count, "does not begin a log")
        if at is not None and record.at < at:
            raise BrokenChain(count, "is older than the record before it")
        count, prev, at = count + 1, record.hash, record.at
    return count
