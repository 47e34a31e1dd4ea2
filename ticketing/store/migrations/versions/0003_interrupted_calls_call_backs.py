"""Calls that a fault of the line cut off; call-backs owed.

Revises 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("calls", sa.Column("interrupted_at", sa.BigInteger()))
    op.add_column("calls", sa.Column("call_back", sa.BigInteger()))
    op.create_table(
        "call_backs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String()),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.JSON(), nullable=False),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("how", sa.String()),
        sa.Column("settled_by", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("settling_call", sa.String()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_backs")),
        sqlite_autoincrement=True,
    )
    _index("ix_call_backs_owed", ["since", "id"], "settled_at IS NULL")
    _index("uq_call_backs_number", ["number"], "settled_at IS NULL AND number IS NOT NULL", unique=True)
    _index("ix_call_backs_settled", ["settled_at", "id"], "settled_at IS NOT NULL")
    _index("ix_call_backs_number_settled", ["number", "settled_at"], "settled_at IS NOT NULL AND number IS NOT NULL")
    where = sa.text("call_back IS NOT NULL")
    op.create_index("ix_calls_call_back", "calls", ["call_back", "arrived_at", "id"], sqlite_where=where)


def _index(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(name, "call_backs", columns, unique=unique, sqlite_where=sa.text(where))
