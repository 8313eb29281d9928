"""The communication server's tables."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, String, Table

from incamera.journal.tables import METADATA, UtcInstant

room: Final = Table(
    "room",
    METADATA,
    Column("meeting", String, primary_key=True),
    Column("state", String, nullable=False),
)

ticket: Final = Table(
    "ticket",
    METADATA,
    Column("id", String, primary_key=True),
    Column("meeting", String, ForeignKey("room.meeting"), nullable=False),
    Column("person", String, nullable=False),
    Column("name", String, nullable=False),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the token
    Column("key", String(43), nullable=False),  # Ed25519 public key, base64url
    Column("state", String, nullable=False),
    Column("expires_at", UtcInstant, nullable=False),
    Column("lapses_at", UtcInstant),  # while its connection is lost
    Index(None, "meeting", "state"),
    Index(None, "state", "expires_at"),
    Index(None, "state", "lapses_at"),
)
