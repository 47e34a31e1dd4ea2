"""Places that the network told of a call.

Revises 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("calls", sa.Column("locations", sa.JSON()))
