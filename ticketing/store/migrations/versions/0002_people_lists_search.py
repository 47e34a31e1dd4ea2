"""Users, sessions and tokens; breaches; indices for the lists; the text index.

Revises 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# The day of the opening, the day in the ticket's number, its serial: newest first by the rowid alone, and a span
# of openings is a span of rowids. 16 + 25 + 22 bits hold until 2149 and four million tickets a day.
_KEY = """
    ((NEW.opened_at / 86400000000) << 47)
    | (CAST(substr(NEW.number, 5, 8) AS INTEGER) << 22)
    | CAST(substr(NEW.number, 14) AS INTEGER)
"""
_WRITTEN = "coalesce(NEW.reporter_name, NEW.description, NEW.verbatim, NEW.landmark) IS NOT NULL"
_ADD = f"""
    INSERT INTO ticket_texts (rowid, number, reporter_name, description, verbatim, landmark)
    SELECT {_KEY}, NEW.number, NEW.reporter_name, NEW.description, NEW.verbatim, NEW.landmark WHERE {_WRITTEN};
"""

# A ticket has no text when it is opened: the trigger on INSERT costs the answer nothing but its condition.
_TEXT_INDEX = (
    """
    CREATE VIRTUAL TABLE ticket_texts USING fts5 (
        number UNINDEXED, reporter_name, description, verbatim, landmark,
        tokenize = 'unicode61 remove_diacritics 2', prefix = '3 4 5'
    )
    """,
    f"CREATE TRIGGER ticket_texts_insert AFTER INSERT ON tickets WHEN {_WRITTEN} BEGIN {_ADD} END",
    f"""
    CREATE TRIGGER ticket_texts_update AFTER UPDATE OF reporter_name, description, verbatim, landmark ON tickets
    WHEN OLD.reporter_name IS NOT NEW.reporter_name OR OLD.description IS NOT NEW.description
        OR OLD.verbatim IS NOT NEW.verbatim OR OLD.landmark IS NOT NEW.landmark
    BEGIN
        DELETE FROM ticket_texts WHERE rowid = ({_KEY});
        {_ADD}
    END
    """,  # noqa: S608 - all of it is above
    # Written before there was an index.
    f"""
    INSERT INTO ticket_texts (rowid, number, reporter_name, description, verbatim, landmark)
    SELECT {_KEY}, NEW.number, NEW.reporter_name, NEW.description, NEW.verbatim, NEW.landmark
    FROM tickets AS NEW WHERE {_WRITTEN}
    """,  # noqa: S608 - all of it is above
)


def upgrade() -> None:
    """Bring the schema here."""
    _people()
    _calls()
    _tickets()
    if op.get_bind().dialect.name == "sqlite":
        for statement in _TEXT_INDEX:
            op.execute(statement)


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("skpd", sa.String()),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_users")),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("csrf", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name=op.f("fk_sessions_user")),
    )
    op.create_index(op.f("ix_sessions_user"), "sessions", ["user"])
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"])
    op.create_table(
        "tokens",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tokens")),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name=op.f("fk_tokens_user")),
    )
    op.create_index(op.f("ix_tokens_user"), "tokens", ["user"])


def _index(name: str, table: str, columns: list[str], where: str | None = None) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where) if where else None)


def _calls() -> None:
    op.add_column("calls", sa.Column("taker", sa.Text()))
    op.add_column("calls", sa.Column("caller_reversed", sa.String()))
    op.execute("UPDATE calls SET taker = (SELECT taker FROM tickets WHERE call_id = calls.id)")
    _reverse_callers()
    op.drop_index("ix_calls_arrived_at", "calls")
    order = ["arrived_at", "id"]
    _index("ix_calls_arrived", "calls", order)
    _index("ix_calls_outcome", "calls", ["outcome", *order])
    _index("ix_calls_taker", "calls", ["taker", *order], "taker IS NOT NULL")
    _index("ix_calls_caller", "calls", ["caller_reversed", *order], "caller_reversed IS NOT NULL")


def _reverse_callers() -> None:
    connection = op.get_bind()
    found = connection.execute(sa.text("SELECT id, coalesce(caller_e164, caller_raw) FROM calls"))
    backwards = [
        {"call": call, "digits": digits[::-1]}
        for call, number in found
        if (digits := "".join(one for one in number or "" if one in "0123456789"))
    ]
    if backwards:
        connection.execute(sa.text("UPDATE calls SET caller_reversed = :digits WHERE id = :call"), backwards)


def _tickets() -> None:
    for name in ("on_progress_breached_at", "close_breached_at", "watch_at"):
        op.add_column("tickets", sa.Column(name, sa.BigInteger()))
    # Their clocks are looked at once, at the first chance; what they owe is noted then.
    op.execute("UPDATE tickets SET watch_at = answered_at WHERE call_type = 'emergency'")
    op.drop_index("ix_tickets_opened_at", "tickets")
    op.drop_index("ix_tickets_status", "tickets")
    order = ["opened_at", "number"]
    _index("ix_tickets_opened", "tickets", order)
    _index("ix_tickets_kind", "tickets", ["status", "call_type", *order])
    _index("ix_tickets_taker", "tickets", ["taker", *order], "taker IS NOT NULL")
    _index("ix_tickets_category", "tickets", ["category", *order], "category IS NOT NULL")
    _index("ix_tickets_late", "tickets", ["call_type", *order], "on_progress_breached_at IS NOT NULL")
    _index("ix_tickets_long", "tickets", ["call_type", *order], "close_breached_at IS NOT NULL")
    _index("ix_tickets_watch", "tickets", ["watch_at"], "watch_at IS NOT NULL")
