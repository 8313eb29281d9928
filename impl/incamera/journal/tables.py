"""The tables' common ground, and the table of the audit log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import JSON, Column, Dialect, Integer, MetaData, String, Table
from sqlalchemy.types import TypeDecorator

METADATA: Final = MetaData(
    # Named constraints, so that a later migration can change them.
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of a server; the migrations in `journal/migrations` make exactly these."""

_FORMAT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


class UtcInstant(TypeDecorator[datetime]):
    """An instant as ISO 8601 text in UTC with microseconds: SQLite has no such type, and text sorts and reads well."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        # strftime pads no year before 1000 on glibc; no instant of a server lies there.
        return None if value is None else value.astimezone(UTC).strftime(_FORMAT)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.strptime(value, _FORMAT).replace(tzinfo=UTC)


record: Final = Table(
    "record",
    METADATA,
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcInstant, nullable=False),
    Column("by", String, nullable=False),
    Column("spec", String, nullable=False),
    Column("action", String, nullable=False),
    Column("params", JSON, nullable=False),
    Column("outcome", String, nullable=False),
    Column("rule", String),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
