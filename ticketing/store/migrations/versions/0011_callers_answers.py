"""What callers answered by key or voice.

Revises 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("calls", sa.Column("said", sa.JSON(), nullable=False, server_default="[]"))
