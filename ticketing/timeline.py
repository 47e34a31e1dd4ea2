"""The timeline: events as entries of one hash chain a call (a ticket has exactly one call). All pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from ticketing.errors import ChainBroken
from ticketing.located import LocationSource
from ticketing.model import Caller, CallId, Precision, PresentedIdentity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ticketing.events import Event

Json = None | bool | int | float | str | list["Json"] | Mapping[str, "Json"]


class ChainHead(NamedTuple):
    """Where a call's chain ends: the last entry's position (from 1; 0: none yet) and its hash."""

    position: int
    hash: str


NO_ENTRY: Final = ChainHead(0, "0" * 64)

_quoted: Final = json.encoder.encode_basestring_ascii
_canonical: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline, as it is kept and published."""

    call_id: CallId
    position: int  # in its call's chain, from 1
    type: str
    at: datetime  # when it happened
    recorded_at: datetime  # when the desk came to know
    body: Mapping[str, Json]
    previous_hash: str
    hash: str
    ticket_number: str | None = None  # the call's ticket, if it had one by then
    seq: int = 0  # the place among all entries of all calls; 0: not kept yet
    body_text: str = field(default="", compare=False, repr=False)  # the body as it was hashed, once it was

    def numbered(self, seq: int) -> Entry:
        """Give the entry with its place among all entries."""
        return Entry(
            self.call_id,
            self.position,
            self.type,
            self.at,
            self.recorded_at,
            self.body,
            self.previous_hash,
            self.hash,
            self.ticket_number,
            seq,
            self.body_text,
        )

    @property
    def head(self) -> ChainHead:
        """Where the chain ends when this is its last entry."""
        return ChainHead(self.position, self.hash)


def chained(
    call_id: CallId,
    events: Iterable[Event],
    head: ChainHead,
    *,
    recorded_at: datetime,
    ticket_number: str | None = None,
) -> tuple[Entry, ...]:
    """Make entries of these events that continue the call's chain after `head`."""
    entries: list[Entry] = []
    recorded = rfc3339(recorded_at)
    for event in events:
        position, body = head.position + 1, _body(event)
        text = canonical(body)
        digest = _digest(call_id, position, event.type, rfc3339(event.at), recorded, text, head.hash)
        told = (call_id, position, event.type, event.at, recorded_at, body, head.hash)
        entries.append(Entry(*told, hash=digest, ticket_number=ticket_number, body_text=text))
        head = entries[-1].head
    return tuple(entries)


def entry_hash(entry: Entry) -> str:
    """SHA-256, in hex, over one JSON array of call, position, type, at, recorded_at, body, previous hash.

    No spaces, keys sorted, everything outside ASCII escaped, times as `rfc3339` writes them, other numbers in the
    fewest digits that read back as the same double.
    """
    return _digest(
        entry.call_id,
        entry.position,
        entry.type,
        rfc3339(entry.at),
        rfc3339(entry.recorded_at),
        canonical(entry.body),
        entry.previous_hash,
    )


def canonical(body: Mapping[str, Json]) -> str:
    """Write a body as it is hashed."""
    return _canonical.encode(body)


def _digest(call_id: str, position: int, kind: str, at: str, recorded_at: str, body: str, previous: str) -> str:
    # The array of `entry_hash`, put together: its body is written once, for this and for the store.
    texts = (_quoted(call_id), str(position), _quoted(kind), _quoted(at), _quoted(recorded_at), body, _quoted(previous))
    return sha256(f"[{','.join(texts)}]".encode()).hexdigest()


def verify_chain(entries: Iterable[Entry]) -> ChainHead:
    """Check one call's whole timeline, in its order; return its head; raise ChainBroken at the first flaw.

    A tail that was cut off leaves a sound chain: compare the head with the one kept beside the call.
    """
    head, call_id = NO_ENTRY, None
    for entry in entries:
        call_id = call_id or entry.call_id
        if (entry.call_id, entry.position) != (call_id, head.position + 1):
            raise ChainBroken(call_id, head.position + 1, "it is missing, or out of its place")
        if entry.previous_hash != head.hash:
            raise ChainBroken(call_id, entry.position, "it does not continue the entry before it")
        if entry.hash != entry_hash(entry):
            raise ChainBroken(call_id, entry.position, "it was changed")
        head = entry.head
    return head


def rfc3339(at: datetime) -> str:
    """`2026-11-23T12:00:00.000000Z`: UTC, always with microseconds."""
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return f"{utc.isoformat(timespec='microseconds')[:-6]}Z"


_Plainable = Json | tuple[Json, ...] | datetime | Precision | Caller | PresentedIdentity | LocationSource


def _body(event: Event) -> dict[str, Json]:
    # A slotted dataclass lists the fields of its own class: all but the event's `at`. `from` is Python's own word.
    return {name.rstrip("_"): _plain(getattr(event, name)) for name in event.__slots__}


def _plain(value: _Plainable) -> Json:
    # By type, and not asked for each kind in turn: a body has half a dozen values, most of which are plain.
    as_plain = _AS_PLAIN.get(type(value))
    return as_plain(value) if as_plain else cast("Json", value)


def _plain_fields(record: Caller | PresentedIdentity | LocationSource) -> Json:
    return {name: _plain(getattr(record, name)) for name in record.__slots__}


_AS_PLAIN: Final[Mapping[type, Callable[[Any], Json]]] = {
    datetime: rfc3339,
    Precision: lambda precision: str(precision.name).lower(),
    Caller: _plain_fields,
    PresentedIdentity: _plain_fields,
    LocationSource: _plain_fields,
    dict: lambda values: {name: _plain(one) for name, one in values.items()},
    tuple: lambda values: [_plain(one) for one in values],
}
