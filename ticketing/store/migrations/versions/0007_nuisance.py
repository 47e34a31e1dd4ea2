"""What supervisors say of numbers that prank and ghost calls come from.

Revises 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table(
        "nuisance_judged",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("judgement", sa.String(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_nuisance_judged"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_nuisance_judged_number", "nuisance_judged", ["number", "id"])
