"""Premise notes; tickets by their area.

Revises 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

# As for the timeline (0001): a version that was written stays as it was written.
_APPEND_ONLY = (
    """
    CREATE TRIGGER premise_notes_no_update BEFORE UPDATE ON premise_notes
    BEGIN SELECT RAISE(ABORT, 'premise notes are append-only'); END
    """,
    """
    CREATE TRIGGER premise_notes_no_delete BEFORE DELETE ON premise_notes
    BEGIN SELECT RAISE(ABORT, 'premise notes are append-only'); END
    """,
    """
    CREATE TRIGGER premise_notes_no_replace BEFORE INSERT ON premise_notes
    WHEN EXISTS (SELECT 1 FROM premise_notes WHERE id = NEW.id AND version >= NEW.version)
    BEGIN SELECT RAISE(ABORT, 'premise notes are append-only'); END
    """,
)


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table(
        "premise_notes",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String()),
        sa.Column("area", sa.String()),
        sa.Column("address", sa.Text()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_premise_notes")),
    )
    _index("ix_premise_notes_number", "premise_notes", ["number"], "number IS NOT NULL")
    _index("ix_premise_notes_area", "premise_notes", ["area"], "area IS NOT NULL")
    _index("ix_tickets_area", "tickets", ["opened_at", "area_code"], "area_code IS NOT NULL")
    if op.get_bind().dialect.name == "sqlite":
        for trigger in _APPEND_ONLY:
            op.execute(trigger)


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where))
