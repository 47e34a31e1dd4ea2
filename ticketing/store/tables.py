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
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
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
    Column("arrived_at", UtcMicroseconds, nullable=False, index=True),
    Column("arrived_precision", SmallInteger),  # null: the arrival is read from the unique id
    Column("answered_at", UtcMicroseconds),  # this one, its precision and the outcome follow from the legs
    Column("answered_precision", SmallInteger),
    Column("ended_at", UtcMicroseconds),
    Column("ended_precision", SmallInteger),
    Column("hangup_cause", Integer),
    Column("overflowed_at", UtcMicroseconds),
    Column("outcome", String, nullable=False),
    Column("caller_raw", Text),
    Column("caller_e164", String),
    Column("caller_kind", String),  # null: nothing is known of the caller
    Column("caller_presented", _json),
    Column("identified", Boolean, nullable=False),
    Column("legs", _json, nullable=False),
    Column("ticket", String),
    Column("entries", Integer, nullable=False),  # how many the timeline has of this call, and the last's hash
    Column("head", String, nullable=False),
)

tickets = Table(
    "tickets",
    metadata,
    Column("number", String, primary_key=True),
    Column("call_id", ForeignKey(calls.c.id), nullable=False, unique=True),
    Column("opened_at", UtcMicroseconds, nullable=False, index=True),
    Column("answered_at", UtcMicroseconds, nullable=False),
    Column("taker", Text),
    Column("version", Integer, nullable=False),
    Column("status", String, nullable=False, index=True),
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
)

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
