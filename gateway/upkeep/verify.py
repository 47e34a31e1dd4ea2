"""`siaga112 verify`: everything that was promised of the evidence, looked for in all of it.

Beside the running line, on a million calls, with bounded memory: the store is read in small pieces, the ledger line by
line, and only as far as the store says that it was read.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from gateway.facts.call_facts import Unreadable, is_of_call
from gateway.ledger.formats import QUEUE_LOG, cel_format
from gateway.upkeep.audit import ToldCalls, compare, untold
from gateway.upkeep.ledger_files import LedgerFile, ledger_files
from ticketing.errors import ChainBroken, StoreDamaged
from ticketing.store.inspection import Inspection
from ticketing.timeline import verify_chain

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.facts.call_facts import CallFact
    from gateway.ledger.formats import JournalFormat
    from gateway.site.home import Home
    from ticketing.model import Call, JournalPosition
    from ticketing.store.inspection import Kept

Say = Callable[[str], None]

_TOGETHER: Final = 1_000  # lines of the ledger that are compared at a time
# A call that the doorbell told of a moment ago may not be in the part of the ledger that was read.
_STILL_ARRIVING: Final = timedelta(seconds=5)


@dataclass(slots=True)
class Verification:
    """Looks everything through. `say` gets a line for each thing checked, `complain` one for each that is not so."""

    database: Path
    home: Home
    say: Say
    complain: Say
    full: bool = False
    service_numbers: tuple[str, ...] = ()
    found: int = 0

    def run(self) -> int:
        """Do it; give the number of discrepancies. Raises StoreUnusable when the store cannot be read at all."""
        try:
            with Inspection.of(self.database) as store:
                if self._file(store):
                    self._timelines(store)
                    self._numbers(store)
                    self._ledger(store)
        except StoreDamaged as damage:
            self._note(str(damage))
        return self.found

    def _note(self, text: str) -> None:
        self.found += 1
        self.complain(text)

    def _file(self, store: Inspection) -> bool:
        flaws = store.flaws(full=self.full)
        for flaw in flaws:
            self._note(f"the database {self.database}: {flaw}")
        self.say(f"database: {'full' if self.full else 'quick'} check of {self.database}")
        return not flaws

    def _timelines(self, store: Inspection) -> None:
        calls = entries = 0
        for kept in store.all():
            calls += 1
            entries += len(kept.entries)
            for flaw in _chain_flaws(kept):
                self._note(flaw)
        self.say(f"timelines: {calls} calls, {entries} entries, each chained to the one before it")

    def _numbers(self, store: Inspection) -> None:
        days = tickets = 0
        for day in store.numbers():
            days += 1
            tickets += day.tickets
            if not day.in_a_row:
                self._note(
                    f"ticket numbers of {day.day}: {day.tickets} tickets from {day.first} to {day.last}, "
                    f"and {day.counter} numbers were given"
                )
        self.say(f"ticket numbers: {tickets} tickets on {days} days, numbered without gaps")

    def _ledger(self, store: Inspection) -> None:
        # Before the ledger is opened: what is read up to here is in the store.
        places = store.positions()
        with ExitStack() as stack:
            journals = [
                _Reading(stack.enter_context(ledger_files(path)), places.get(path.name), form)
                for path, form in ((self.home.queue_log, QUEUE_LOG), (self.home.cel, cel_format(self.service_numbers)))
            ]
            for path, journal in zip((self.home.queue_log, self.home.cel), journals, strict=True):
                if journal.files and journal.place_is_lost:
                    self._note(f"the store's place in {path.name} is in none of its files: it will be read anew")
            calls = self._compare(store, journals)
        records = sum(journal.told for journal in journals)
        unread = sum(journal.unread for journal in journals)
        later = f", {unread} bytes not read by the line yet" if unread else ""
        self.say(f"ledger: {records} records, {calls} calls of it held against the store{later}")
        unreadable = sum(journal.unreadable for journal in journals)
        if unreadable:
            self.say(f"ledger: {unreadable} records that make no sense were passed over")

    def _compare(self, store: Inspection, journals: Iterable[_Reading]) -> int:
        queue_log, cel = journals
        since = max((one.begins for one in (queue_log, cel) if one.begins), default=None)
        whole_since = since if queue_log.begins and cel.begins else None
        told, count = ToldCalls(), 0
        facts = (fact for _, fact in heapq.merge(queue_log.facts(), cel.facts(), key=lambda timed: timed[0]))
        while piece := list(islice(facts, _TOGETHER)):
            count += self._hold(store, told.take(one for one in piece if one is not None), whole_since)
        count += self._hold(store, told.rest(), whole_since)
        if whole_since is not None and cel.last is not None:
            for kept in store.untold(whole_since, cel.last - _STILL_ARRIVING):
                self._note(str(untold(kept)))
        return count

    def _hold(self, store: Inspection, calls: tuple[Call, ...], whole_since: datetime | None) -> int:
        store.tell(call.id for call in calls)
        kept = store.of_calls(call.id for call in calls)
        for call in calls:
            row = kept.get(call.id)
            found = compare(call, row and row.call, row.tickets if row else (), whole_since=whole_since)
            for discrepancy in found:
                self._note(str(discrepancy))
        return sum(call.reached_the_line or call.id in kept for call in calls)


def _chain_flaws(kept: Kept) -> Iterator[str]:
    call = kept.call.call.id
    try:
        head = verify_chain(kept.entries)
    except ChainBroken as broken:
        yield str(broken)
        return
    if head != kept.call.head:
        yield f"the timeline of call {call} ends at entry {head.position}, and not as its call has it"
    wrong = [ticket.number for ticket in kept.tickets if ticket.number != kept.call.ticket]
    if wrong:
        yield f"call {call}: has ticket {wrong[0]}, and its row names {kept.call.ticket}"


@dataclass(slots=True)
class _Reading:
    """One journal, as far as the store has read it."""

    files: tuple[LedgerFile, ...]
    place: JournalPosition | None
    format: JournalFormat
    told: int = 0
    unreadable: int = 0
    begins: datetime | None = field(init=False)
    last: datetime | None = None

    def __post_init__(self) -> None:
        self.begins = next((at for record in self._records() if (at := self._at(record))), None)
        for one in self.files:
            one.file.seek(0)
        self.told = 0

    @property
    def place_is_lost(self) -> bool:
        return self.place is not None and self.place.inode not in {one.inode for one in self.files}

    @property
    def unread(self) -> int:
        """Bytes behind the place of the store."""
        return sum(one.size for one in self.files) - sum(size for _, size in self._read_parts())

    def facts(self) -> Iterator[tuple[datetime, CallFact | None]]:
        """What was read, each with its time: never earlier than the one before."""
        at = datetime.fromtimestamp(0, UTC)
        for record in self._records():
            self.last = at = max(self._at(record) or at, at)
            yield at, self._fact(record)

    def _fact(self, record: str) -> CallFact | None:
        try:
            fact = self.format.parse(record)
        except (Unreadable, RecursionError):
            self.unreadable += 1
            return None
        return fact if is_of_call(fact) else None

    def _at(self, record: str) -> datetime | None:
        at = self.format.written_at(record)
        return None if at is None else datetime.fromtimestamp(at, UTC)

    def _records(self) -> Iterator[str]:
        for one, size in self._read_parts():
            left = size
            while left > 0 and (line := one.file.readline(left)):
                left -= len(line)
                for record in self.format.records(line.decode("utf-8", "replace").rstrip("\n")):
                    self.told += 1
                    yield record

    def _read_parts(self) -> Iterator[tuple[LedgerFile, int]]:
        """Each file that was read, and how much of it."""
        if self.place is None or self.place_is_lost:
            return
        for one in self.files:
            if one.inode == self.place.inode:
                yield one, min(self.place.offset, one.size)
                return
            yield one, one.size
