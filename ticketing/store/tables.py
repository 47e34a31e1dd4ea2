"""The tables. Whatever is queried is a column; what only comes back with its row is JSON.

SQLite now, with constructs that PostgreSQL has as well. The migrations make these tables; a test holds the
two together.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

if TYPE_CHECKING:
    from sqlalchemy import Dialect

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class UtcMicroseconds(TypeDecorator[datetime]):
    """An aware datetime, kept as whole microseconds since 1970 in UTC: exact, ordered, without a zone."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Refuse a naive datetime with TypeError: nobody knows when it is."""
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give an aware datetime in UTC."""
        return None if value is None else from_micros(value)


def micros(at: datetime) -> int:
    """Count the microseconds since 1970 in UTC."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(count: int) -> datetime:
    """Give the instant back."""
    return _EPOCH + timedelta(microseconds=count)


_json = JSON(none_as_null=True)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

calls = Table(
    "calls",
    metadata,
    Column("id", String, primary_key=True),
    Column("node", String, nullable=False),
    Column("trunk", Text, nullable=False),
    Column("arrived_at", UtcMicroseconds, nullable=False),
    Column("arrived_precision", SmallInteger),  # null: the arrival is read from the unique id
    Column("answered_at", UtcMicroseconds),  # this one, its precision and the outcome follow from the legs
    Column("answered_precision", SmallInteger),
    Column("taker", Text),  # the first who answered; null: nobody, or backup numbers alone
    Column("ended_at", UtcMicroseconds),
    Column("ended_precision", SmallInteger),
    Column("hangup_cause", Integer),
    Column("overflowed_at", UtcMicroseconds),
    Column("interrupted_at", UtcMicroseconds),
    Column("outcome", String, nullable=False),
    Column("caller_raw", Text),
    Column("caller_e164", String),
    Column("caller_kind", String),  # null: nothing is known of the caller
    Column("caller_reversed", String),  # its digits backwards: people search for the end of a number
    Column("caller_presented", _json),
    Column("identified", Boolean, nullable=False),
    Column("legs", _json, nullable=False),
    Column("locations", _json),  # null: nothing but the caller tells of a place
    Column("said", _json, nullable=False),  # what the caller answered
    Column("ticket", String),
    Column("call_back", BigInteger),  # the call-back that it is, or was, part of
    Column("entries", Integer, nullable=False),  # how many the timeline has of this call, and the last's hash
    Column("head", String, nullable=False),
)

tickets = Table(
    "tickets",
    metadata,
    Column("number", String, primary_key=True),
    Column("call_id", ForeignKey(calls.c.id), nullable=False, unique=True),
    Column("opened_at", UtcMicroseconds, nullable=False),
    Column("answered_at", UtcMicroseconds, nullable=False),
    Column("taker", Text),
    Column("version", Integer, nullable=False),
    Column("status", String, nullable=False),
    Column("call_type", String, nullable=False),
    Column("category", Text),
    Column("severity", Integer),
    Column("reporter_name", Text),
    Column("description", Text),
    Column("verbatim", Text),
    Column("area_code", String),
    Column("landmark", Text),
    Column("lat", Float),
    Column("lon", Float),
    Column("location_source", Text),
    Column("on_progress_at", UtcMicroseconds),
    Column("closed_at", UtcMicroseconds),
    Column("on_progress_breached_at", UtcMicroseconds),
    Column("close_breached_at", UtcMicroseconds),
    Column("watch_at", UtcMicroseconds),
    Column("return_call", BigInteger),  # in which the caller was answered, where nobody had answered the call
)

# Each list has one order, and each index ends with it: a page is read off its index, however long the list.
# What few tickets have is indexed for those alone: the others, and above all the new ones, do not pay for it.
Index("ix_calls_arrived", calls.c.arrived_at, calls.c.id)
Index("ix_calls_outcome", calls.c.outcome, calls.c.arrived_at, calls.c.id)
Index("ix_calls_taker", calls.c.taker, calls.c.arrived_at, calls.c.id, sqlite_where=text("taker IS NOT NULL"))
Index(
    "ix_calls_caller",
    calls.c.caller_reversed,
    calls.c.arrived_at,
    calls.c.id,
    sqlite_where=text("caller_reversed IS NOT NULL"),
)
_OPENING: Final = (tickets.c.opened_at, tickets.c.number)
Index("ix_tickets_opened", *_OPENING)
Index("ix_tickets_kind", tickets.c.status, tickets.c.call_type, *_OPENING)
Index("ix_tickets_taker", tickets.c.taker, *_OPENING, sqlite_where=text("taker IS NOT NULL"))
Index("ix_tickets_category", tickets.c.category, *_OPENING, sqlite_where=text("category IS NOT NULL"))
for _name, _noted in (("late", "on_progress_breached_at"), ("long", "close_breached_at")):
    Index(f"ix_tickets_{_name}", tickets.c.call_type, *_OPENING, sqlite_where=text(f"{_noted} IS NOT NULL"))
# All that two days brought is gone through, on the index alone: areas lie within one another.
Index("ix_tickets_area", tickets.c.opened_at, tickets.c.area_code, sqlite_where=text("area_code IS NOT NULL"))
Index("ix_tickets_watch", tickets.c.watch_at, sqlite_where=text("watch_at IS NOT NULL"))

# The fold of what the timelines of the owing calls say: what is owed, and what was.
call_backs = Table(
    "call_backs",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("number", String),  # E.164; null: the caller has none that can be called
    Column("since", UtcMicroseconds, nullable=False),
    Column("attempts", _json, nullable=False),
    Column("settled_at", UtcMicroseconds),  # null: it is owed
    Column("how", String),
    Column("settled_by", Text),
    Column("note", Text),
    Column("settling_call", String),
    sqlite_autoincrement=True,  # an id is never given twice: somebody may still have the old one on the screen
)

_OWED: Final = text("settled_at IS NULL")
_SETTLED: Final = text("settled_at IS NOT NULL")
Index("ix_call_backs_owed", call_backs.c.since, call_backs.c.id, sqlite_where=_OWED)
# Unique: whatever is owed to one number is one.
Index(
    "uq_call_backs_number",
    call_backs.c.number,
    unique=True,
    sqlite_where=text("settled_at IS NULL AND number IS NOT NULL"),
)
Index("ix_call_backs_settled", call_backs.c.settled_at, call_backs.c.id, sqlite_where=_SETTLED)
Index(
    "ix_call_backs_number_settled",
    call_backs.c.number,
    call_backs.c.settled_at,
    sqlite_where=text("settled_at IS NOT NULL AND number IS NOT NULL"),
)
Index(
    "ix_calls_call_back",
    calls.c.call_back,
    calls.c.arrived_at,
    calls.c.id,
    sqlite_where=text("call_back IS NOT NULL"),
)

# The fold of what a ticket's timeline says of each SKPD that was sent to it.
dispatches = Table(
    "dispatches",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("ticket", ForeignKey(tickets.c.number), nullable=False),
    Column("call_id", String, nullable=False),
    Column("skpd", String, nullable=False),
    Column("lines", _json, nullable=False),  # the numbers, in the order in which they were to be rung
    Column("requested_at", UtcMicroseconds, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("state", String, nullable=False),  # follows from what is below
    Column("legs", _json, nullable=False),
    Column("joined", _json),
    Column("left", _json),
    Column("over", _json),  # null: lines may still ring, or the SKPD talks
    Column("updates", _json, nullable=False),
    Column("cancelled_at", UtcMicroseconds),
    Column("mode", String, nullable=False, server_default="bridge"),
    Column("begun_as", String),  # of one that a taker began by telephone: its name there
    Column("consulted", _json),
    sqlite_autoincrement=True,  # an id is never given twice: the telephone's channels and the ledger are named by it
)

Index("ix_dispatches_ticket", dispatches.c.ticket, dispatches.c.id)
Index("ix_dispatches_skpd", dispatches.c.skpd, dispatches.c.state, dispatches.c.id)
Index("ix_dispatches_begun_as", dispatches.c.begun_as, unique=True)
Index("ix_dispatches_under_way", dispatches.c.id, sqlite_where=text("over IS NULL"))

# What supervisors have said of numbers that prank and ghost calls come from. Nothing here is ever changed.
nuisance_judged = Table(
    "nuisance_judged",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("number", String, nullable=False),
    Column("at", UtcMicroseconds, nullable=False),
    Column("judgement", String, nullable=False),
    Column("by", Text, nullable=False),
    Column("note", Text),
    sqlite_autoincrement=True,
)
Index("ix_nuisance_judged_number", nuisance_judged.c.number, nuisance_judged.c.id)
# The fold of what a call's timeline says of each time that its caller was called back by a click.
return_calls = Table(
    "return_calls",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("call_id", ForeignKey(calls.c.id), nullable=False),
    Column("number", String, nullable=False),  # E.164, as it was dialled
    Column("phone", String, nullable=False),
    Column("requested_at", UtcMicroseconds, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("legs", _json, nullable=False),
    Column("picked_up", _json),
    Column("over", _json),  # null: a telephone may still ring, or somebody talks
    Column("cancelled_at", UtcMicroseconds),
    sqlite_autoincrement=True,  # an id is never given twice: the telephone's channel and the audio are named by it
)

Index("ix_return_calls_call", return_calls.c.call_id, return_calls.c.id)
Index("ix_return_calls_under_way", return_calls.c.id, sqlite_where=text("over IS NULL"))

timeline = Table(
    "timeline",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("call_id", ForeignKey(calls.c.id), nullable=False),
    Column("position", Integer, nullable=False),
    Column("ticket_number", String),
    Column("type", String, nullable=False),
    Column("at", UtcMicroseconds, nullable=False),
    Column("recorded_at", UtcMicroseconds, nullable=False),
    Column("body", _json, nullable=False),
    Column("previous_hash", String, nullable=False),
    Column("hash", String, nullable=False),
    UniqueConstraint("call_id", "position"),
    sqlite_autoincrement=True,  # a seq is never given twice, so whoever replays from one misses nothing
)

ticket_numbers = Table(
    "ticket_numbers",
    metadata,
    Column("day", Date, primary_key=True),  # the city's local date
    Column("last", Integer, nullable=False),
)

takers = Table(
    "takers",
    metadata,
    Column("extension", String, primary_key=True),
    Column("name", Text, nullable=False),
    Column("password", Text, nullable=False),
    Column("signed_in", Boolean, nullable=False),
)

journal_positions = Table(
    "journal_positions",
    metadata,
    Column("name", String, primary_key=True),
    Column("inode", String, nullable=False),  # some file systems use all 64 bits, unsigned: no column has them
    Column("offset", BigInteger, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("skpd", String),
    Column("password_hash", Text, nullable=False),
    Column("created_at", UtcMicroseconds, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String, primary_key=True),
    Column("user", ForeignKey(users.c.name), nullable=False, index=True),
    Column("csrf", String, nullable=False),
    Column("started_at", UtcMicroseconds, nullable=False),
    Column("expires_at", UtcMicroseconds, nullable=False, index=True),
)

tokens = Table(
    "tokens",
    metadata,
    Column("digest", String, primary_key=True),
    Column("user", ForeignKey(users.c.name), nullable=False, index=True),
    Column("created_at", UtcMicroseconds, nullable=False),
)

# A removed one keeps its row: what was sent to it is still called by its name.
skpds = Table(
    "skpds",
    metadata,
    Column("code", String, primary_key=True),
    Column("name", Text, nullable=False),
    Column("lines", _json, nullable=False),
    Column("categories", _json, nullable=False),
    Column("confirm", Boolean, nullable=False),
    Column("pin_hash", Text),
    Column("removed", Boolean, nullable=False),
    Column("short", String),
)
Index("ix_skpds_short", skpds.c.short, unique=True)

# Append-only: a row is a version, the last of an id is the note, and triggers refuse to change or take one away.
premise_notes = Table(
    "premise_notes",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("number", String),  # E.164; null: it is about an address in an area
    Column("area", String),
    Column("address", Text),
    Column("kind", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("expires_on", Date, nullable=False),  # the city's local date
    Column("written_at", UtcMicroseconds, nullable=False),
    Column("written_by", Text, nullable=False),
    Column("changed_at", UtcMicroseconds, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("reason", Text),
)
Index("ix_premise_notes_number", premise_notes.c.number, sqlite_where=text("number IS NOT NULL"))
Index("ix_premise_notes_area", premise_notes.c.area, sqlite_where=text("area IS NOT NULL"))

# SQLite's full-text index (FTS5), which triggers keep in step with the tickets: PostgreSQL will have its own. Its
# rowid is `ticketing.store.queries.TEXT_KEY`; it is no table of `metadata`, since Alembic cannot make it.
TEXT_INDEX: Final = "ticket_texts"
ticket_texts = Table(
    TEXT_INDEX, MetaData(), Column("rowid", BigInteger, primary_key=True), Column("number", String, nullable=False)
)
