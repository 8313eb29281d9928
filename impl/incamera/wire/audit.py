"""The audit log's form: one JSON object a line, each bound to the one before by its hash.

A record says that one action of a specification happened, or was refused by which rule.  Whoever has the log can check
the chain with nothing but SHA-256, and replay it on the specification with `incamera-conformance validate`.
"""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from incamera.wire.ids import Digest

GENESIS: Final = "0" * 64
"""The `prev` of the first record."""

LOG_SPEC: Final = "Log"
BEGIN: Final = "Begin"
"""The first record of a log is spec `Log`, action `Begin`; its params are the constants that the policy sets."""


class Record(BaseModel):
    """One act: `n` counts from 0 without a gap, `at` is UTC, `by` the server that decided."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: Annotated[int, Field(ge=0)]
    at: datetime
    by: str
    spec: str
    action: str
    params: dict[str, str | int]
    outcome: Literal["accepted", "refused"]
    rule: str | None = None
    prev: Digest
    hash: Digest

    def line(self) -> str:
        """The record as it stands in an exported log, without the line's end."""
        return canonical(self.model_dump(mode="json"))

    def expected_hash(self) -> str:
        """The hash that this record must have by its content and its `prev`."""
        return sha256(canonical(self.model_dump(mode="json", exclude={"hash"})).encode()).hexdigest()


def seal(
    n: int,
    at: datetime,
    by: str,
    spec: str,
    action: str,
    params: dict[str, str | int],
    outcome: Literal["accepted", "refused"],
    rule: str | None,
    prev: str,
) -> Record:
    """The record with its hash."""
    draft = Record(
        n=n,
        at=at,
        by=by,
        spec=spec,
        action=action,
        params=params,
        outcome=outcome,
        rule=rule,
        prev=prev,
        hash=GENESIS,
    )
    return draft.model_copy(update={"hash": draft.expected_hash()})


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces, so that equal records have equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
