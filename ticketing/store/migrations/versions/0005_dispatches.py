"""SKPDs sent to tickets.

Revises 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table(
        "dispatches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("skpd", sa.String(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("legs", sa.JSON(), nullable=False),
        sa.Column("joined", sa.JSON()),
        sa.Column("left", sa.JSON()),
        sa.Column("over", sa.JSON()),
        sa.Column("updates", sa.JSON(), nullable=False),
        sa.Column("cancelled_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name=op.f("fk_dispatches_ticket_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatches")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_dispatches_ticket", "dispatches", ["ticket", "id"])
    op.create_index("ix_dispatches_skpd", "dispatches", ["skpd", "state", "id"])
    op.create_index("ix_dispatches_under_way", "dispatches", ["id"], sqlite_where=sa.text("over IS NULL"))
