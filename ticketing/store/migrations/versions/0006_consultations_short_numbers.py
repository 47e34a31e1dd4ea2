"""A word with the SKPD first; SKPDs dialled by a short number from a taker's phone.

Revises 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("dispatches", sa.Column("mode", sa.String(), nullable=False, server_default="bridge"))
    op.add_column("dispatches", sa.Column("begun_as", sa.String()))
    op.add_column("dispatches", sa.Column("consulted", sa.JSON()))
    op.create_index("ix_dispatches_begun_as", "dispatches", ["begun_as"], unique=True)
    op.add_column("skpds", sa.Column("short", sa.String()))
    # Those that are there get theirs as new ones do: the lowest that is free, from 11 on.
    op.execute(
        "UPDATE skpds SET short = CAST(10 + (SELECT count(*) FROM skpds AS other"
        " WHERE NOT other.removed AND other.code <= skpds.code) AS TEXT)"
        " WHERE NOT removed AND (SELECT count(*) FROM skpds AS other"
        " WHERE NOT other.removed AND other.code <= skpds.code) < 90"
    )
    op.create_index("ix_skpds_short", "skpds", ["short"], unique=True)
