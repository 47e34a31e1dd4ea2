"""Calls that a fault of the line cut off.

Revises 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("calls", sa.Column("interrupted_at", sa.BigInteger()))
