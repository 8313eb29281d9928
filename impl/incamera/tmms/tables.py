"""The meeting management server's tables."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table

from incamera.journal.tables import METADATA, UtcInstant

account: Final = Table(
    "account",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False, unique=True),  # the name as it is compared
    Column("passphrase_hash", String, nullable=False),  # Argon2id, PHC string format
    Column("state", String, nullable=False),
    Column("fails", Integer, nullable=False),
    Column("locked_until", UtcInstant, index=True),
)

session: Final = Table(
    "session",
    METADATA,
    Column("id", String, primary_key=True),
    Column("account", String, ForeignKey("account.id"), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the token
    Column("state", String, nullable=False),
    Column("expires_at", UtcInstant, nullable=False),
    Index(None, "state", "expires_at"),
)

meeting: Final = Table(
    "meeting",
    METADATA,
    Column("id", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("phase", String, nullable=False),
    Column("scheduled_at", UtcInstant, nullable=False),
    Column("starts_at", UtcInstant, nullable=False),
    Column("expires_at", UtcInstant, nullable=False),
    Column("version", Integer, nullable=False),
    Index(None, "phase", "expires_at"),
)

standing: Final = Table(
    "standing",
    METADATA,
    Column("meeting", String, ForeignKey("meeting.id"), primary_key=True),
    Column("person", String, ForeignKey("account.id"), primary_key=True, index=True),
    Column("state", String, nullable=False),
)

letter: Final = Table(
    "letter",
    METADATA,
    Column("n", Integer, primary_key=True, autoincrement=True),
    Column("body", JSON, nullable=False),
    sqlite_autoincrement=True,  # numbers are never given again, so that letters keep their order
)
"""What the communication server is still to be told (see `incamera.tmms.post`)."""
