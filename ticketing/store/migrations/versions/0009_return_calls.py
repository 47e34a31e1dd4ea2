"""Callers called back by a click.

Revises 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table(
        "return_calls",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("legs", sa.JSON(), nullable=False),
        sa.Column("picked_up", sa.JSON()),
        sa.Column("over", sa.JSON()),
        sa.Column("cancelled_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_return_calls_call_id_calls")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_calls")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_return_calls_call", "return_calls", ["call_id", "id"])
    op.create_index("ix_return_calls_under_way", "return_calls", ["id"], sqlite_where=sa.text("over IS NULL"))
    op.add_column("tickets", sa.Column("return_call", sa.BigInteger()))
