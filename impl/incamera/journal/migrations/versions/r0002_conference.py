"""Rooms and tickets of the communication server."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from incamera.journal.tables import UtcInstant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "room",
        sa.Column("meeting", sa.String),
        sa.Column("state", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("meeting", name="pk_room"),
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.String),
        sa.Column("meeting", sa.String, nullable=False),
        sa.Column("person", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("key", sa.String(43), nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("expires_at", UtcInstant, nullable=False),
        sa.Column("lapses_at", UtcInstant),
        sa.PrimaryKeyConstraint("id", name="pk_ticket"),
        sa.UniqueConstraint("digest", name="uq_ticket_digest"),
        sa.ForeignKeyConstraint(["meeting"], ["room.meeting"], name="fk_ticket_meeting_room"),
    )
    op.create_index("ix_ticket_meeting_state", "ticket", ["meeting", "state"])
    op.create_index("ix_ticket_state_expires_at", "ticket", ["state", "expires_at"])
    op.create_index("ix_ticket_state_lapses_at", "ticket", ["state", "lapses_at"])
