"""Calls, tickets, the timeline, call takers and journal positions.

Revises nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# The timeline is append-only. SQLite fires no DELETE trigger for the row that INSERT OR REPLACE takes away,
# so an insert upon a kept entry is refused as well. PostgreSQL needs the same as one plpgsql function that
# raises, called by triggers before UPDATE, DELETE and TRUNCATE (its INSERT cannot replace).
_APPEND_ONLY = (
    """
    CREATE TRIGGER timeline_no_update BEFORE UPDATE ON timeline
    BEGIN SELECT RAISE(ABORT, 'the timeline is append-only'); END
    """,
    """
    CREATE TRIGGER timeline_no_delete BEFORE DELETE ON timeline
    BEGIN SELECT RAISE(ABORT, 'the timeline is append-only'); END
    """,
    """
    CREATE TRIGGER timeline_no_replace BEFORE INSERT ON timeline
    WHEN EXISTS (
        SELECT 1 FROM timeline
        WHERE seq = NEW.seq OR (call_id = NEW.call_id AND position = NEW.position)
    )
    BEGIN SELECT RAISE(ABORT, 'the timeline is append-only'); END
    """,
)


def upgrade() -> None:
    """Bring the schema here."""
    _calls()
    _tickets()
    _timeline()
    _takers_and_journals()


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("trunk", sa.Text(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.Column("arrived_precision", sa.SmallInteger()),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("answered_precision", sa.SmallInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("ended_precision", sa.SmallInteger()),
        sa.Column("hangup_cause", sa.Integer()),
        sa.Column("overflowed_at", sa.BigInteger()),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("caller_raw", sa.Text()),
        sa.Column("caller_e164", sa.String()),
        sa.Column("caller_kind", sa.String()),
        sa.Column("caller_presented", sa.JSON()),
        sa.Column("identified", sa.Boolean(), nullable=False),
        sa.Column("legs", sa.JSON(), nullable=False),
        sa.Column("ticket", sa.String()),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    )
    op.create_index(op.f("ix_calls_arrived_at"), "calls", ["arrived_at"])


def _tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.Column("taker", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("call_type", sa.String(), nullable=False),
        sa.Column("category", sa.Text()),
        sa.Column("severity", sa.Integer()),
        sa.Column("reporter_name", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("verbatim", sa.Text()),
        sa.Column("area_code", sa.String()),
        sa.Column("landmark", sa.Text()),
        sa.Column("lat", sa.Float()),
        sa.Column("lon", sa.Float()),
        sa.Column("location_source", sa.Text()),
        sa.Column("on_progress_at", sa.BigInteger()),
        sa.Column("closed_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_tickets")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_tickets_call_id")),
        sa.UniqueConstraint("call_id", name=op.f("uq_tickets_call_id")),
    )
    op.create_index(op.f("ix_tickets_opened_at"), "tickets", ["opened_at"])
    op.create_index(op.f("ix_tickets_status"), "tickets", ["status"])


def _timeline() -> None:
    op.create_table(
        "timeline",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("ticket_number", sa.String()),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_timeline")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_timeline_call_id")),
        sa.UniqueConstraint("call_id", "position", name=op.f("uq_timeline_call_id_position")),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        for trigger in _APPEND_ONLY:
            op.execute(trigger)


def _takers_and_journals() -> None:
    op.create_table(
        "ticket_numbers",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_ticket_numbers")),
    )
    op.create_table(
        "takers",
        sa.Column("extension", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("signed_in", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("extension", name=op.f("pk_takers")),
    )
    op.create_table(
        "journal_positions",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("inode", sa.String(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_journal_positions")),
    )
