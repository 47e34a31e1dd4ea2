"""The journals' next lines, as far as they belong together, and what they say of calls.

Read by the recorder itself, and, while there is much to catch up with, by a process beside it (gateway.ledger.ahead).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

from gateway.facts.call_facts import CallArrived, CallerIdentified, CallLocated, Unreadable, is_of_call
from gateway.facts.call_tracker import as_sent, piece_of
from gateway.ledger.journal import MANY_LINES, JournalTail
from gateway.ledger.lines import of_one_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.facts.call_facts import Fact
    from gateway.ledger.formats import JournalFormat
    from gateway.ledger.journal import Chunk
    from ticketing.model import Call, CallId, JournalPosition


# Reads a piece: some 11,000 records, in tens of megabytes.
_MOST_READS: Final = 8
_UNANSWERED: Final = datetime.min.replace(tzinfo=UTC)


class Reader(Protocol):
    """A journal that is read on."""

    @property
    def tail(self) -> JournalTail:
        """Where it is read."""

    @property
    def format(self) -> JournalFormat:
        """How."""


class JournalReader(NamedTuple):
    """A journal, for whoever needs nothing else of it."""

    tail: JournalTail
    format: JournalFormat


R = TypeVar("R", bound=Reader)
Read = list[tuple[R, "Chunk"]]


class Refused(NamedTuple):
    """What said nothing we could use, and before which place it stood."""

    text: str
    before: JournalPosition
    reason: str


@dataclass(frozen=True, slots=True)
class Understood:
    """What lines say: calls as far as these lines tell of them, and the facts that are no call's, or need more."""

    calls: tuple[Call, ...] = ()
    facts: tuple[Fact, ...] = ()
    refused: tuple[Refused, ...] = ()


class Piece(NamedTuple):
    """What the next lines say, and the places after them."""

    told: Understood
    positions: tuple[JournalPosition, ...]


def read_on(readers: Sequence[R], most_lines: int) -> tuple[Read[R], list[R]]:
    """The next lines of each journal that has any, as far as belongs together; and the journals that have none."""
    chunks = [(reader, reader.tail.read(most_lines)) for reader in readers]
    read = [(reader, chunk) for reader, chunk in chunks if chunk is not None]
    at_end = [reader for reader, chunk in chunks if chunk is None]
    return (_together(read) if any(chunk.more for _, chunk in read) else read), at_end


def _together(read: Read[R]) -> Read[R]:
    times = [([reader.format.written_at(line) for line in chunk.lines], chunk.more) for reader, chunk in read]
    together: Read[R] = []
    for (reader, chunk), count in zip(read, of_one_time(times), strict=True):
        if count == len(chunk.lines):
            together.append((reader, chunk))
        elif count and (fewer := reader.tail.read(count)) is not None:
            together.append((reader, fewer))
    return together


def facts_in(*reads: Iterable[tuple[Reader, Chunk]]) -> Understood:
    """Give what these lines say, fact by fact."""
    refused: list[Refused] = []
    facts = tuple(fact for read in reads for reader, chunk in read for fact in _facts(reader.format, chunk, refused))
    return Understood((), facts, tuple(refused))


def _facts(form: JournalFormat, chunk: Chunk, refused: list[Refused]) -> Iterator[Fact]:
    if chunk.skipped:
        refused.append(Refused(chunk.skipped, chunk.position, "bytes without the end of a line"))
    for line in chunk.lines:
        for record in form.records(line):
            try:
                fact = form.parse(record)
            except (Unreadable, RecursionError) as error:  # garbage may be nested deeper than json can follow
                refused.append(Refused(record, chunk.position, str(error)))
                continue
            if fact is not None:
                yield fact


def joined(told: Understood) -> Understood:
    """Join the facts of calls, as far as that asks for nothing that the recorder alone knows.

    The calls are in the order of their answers, in which their tickets are numbered.
    """
    identified = {fact.call for fact in told.facts if isinstance(fact, CallerIdentified)}
    calls: dict[CallId, Call] = {}
    others: list[Fact] = []
    for fact in told.facts:
        # A place may belong to a body that only the recorder has heard.
        asks = isinstance(fact, CallLocated) or (isinstance(fact, CallArrived) and fact.call not in identified)
        if asks or not is_of_call(fact):
            others.append(fact)
            continue
        piece = piece_of(fact, as_sent)
        known = calls.get(piece.id)
        calls[piece.id] = known.learn(piece) if known else piece
    in_order = sorted(calls.values(), key=lambda call: call.answered.at if call.answered else _UNANSWERED)
    return Understood(tuple(in_order), tuple(others), told.refused)


def pieces(readers: Sequence[JournalReader]) -> Iterator[Piece]:
    """Read these journals to their ends; the first piece soon, and each twice as long as the one before, up to a bound.

    What is known of a call is joined here for next to nothing, and in the store for a row read and written anew. So
    pieces are long against a call; they need not be one transaction each.
    """
    reads, more = 1, True
    while more:
        read: list[Read[JournalReader]] = []
        positions: dict[str, JournalPosition] = {}
        while more and len(read) < reads:
            following, _ = read_on(readers, MANY_LINES)
            for reader, chunk in following:
                reader.tail.confirm(chunk.position)
                positions[chunk.position.name] = chunk.position
            more = any(chunk.more for _, chunk in following)
            read.append(following)
        yield Piece(joined(facts_in(*read)), tuple(positions.values()))
        reads = min(reads * 2, _MOST_READS)
