"""The audit log, accounts, sessions, meetings, standings, and letters to the communication server."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from incamera.journal.tables import UtcInstant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record",
        sa.Column("n", sa.Integer, autoincrement=False),
        sa.Column("at", UtcInstant, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("spec", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("rule", sa.String),
        sa.Column("prev", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_record"),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.String),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("passphrase_hash", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("fails", sa.Integer, nullable=False),
        sa.Column("locked_until", UtcInstant),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("key", name="uq_account_key"),
    )
    op.create_index("ix_account_locked_until", "account", ["locked_until"])
    op.create_table(
        "session",
        sa.Column("id", sa.String),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("expires_at", UtcInstant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("digest", name="uq_session_digest"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_session_account_account"),
    )
    op.create_index("ix_session_state_expires_at", "session", ["state", "expires_at"])
    op.create_table(
        "meeting",
        sa.Column("id", sa.String),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("phase", sa.String, nullable=False),
        sa.Column("scheduled_at", UtcInstant, nullable=False),
        sa.Column("starts_at", UtcInstant, nullable=False),
        sa.Column("expires_at", UtcInstant, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_meeting"),
    )
    op.create_index("ix_meeting_phase_expires_at", "meeting", ["phase", "expires_at"])
    op.create_table(
        "standing",
        sa.Column("meeting", sa.String),
        sa.Column("person", sa.String),
        sa.Column("state", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("meeting", "person", name="pk_standing"),
        sa.ForeignKeyConstraint(["meeting"], ["meeting.id"], name="fk_standing_meeting_meeting"),
        sa.ForeignKeyConstraint(["person"], ["account.id"], name="fk_standing_person_account"),
    )
    op.create_index("ix_standing_person", "standing", ["person"])
    op.create_table(
        "letter",
        sa.Column("n", sa.Integer, autoincrement=True),
        sa.Column("body", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_letter"),
        sqlite_autoincrement=True,
    )
