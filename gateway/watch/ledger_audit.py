"""Reads the ledger a second time, behind the recorder, and holds the store against it: every call, every ticket.

What the recorder has made of a line is not believed here: the line is parsed anew, and the store has to know what it
tells. The count of discrepancies must be zero; each one stands until it is mended.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Final

import structlog

from gateway.facts.call_facts import Unreadable, is_of_call
from gateway.upkeep.audit import ToldCalls, compare
from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.alarms import Alarms
    from gateway.calls.call_recorder import Journal
    from gateway.facts.call_facts import CallFact
    from gateway.ledger.journal import Chunk, JournalTail
    from gateway.upkeep.audit import Discrepancy
    from ticketing.model import Call, CallId, JournalPosition, Ticket
    from ticketing.ports import Store

log = structlog.get_logger()

_EVERY_S: Final = 10.0
# Some forty calls: a look must not hold up an answer.
_LINES_AT_ONCE: Final = 500
# How much of each journal that was read before this start is looked at again: some 1,300 calls.
_LOOK_BACK: Final = 4 * 1024 * 1024
_LEDGER_WITHIN_S: Final = 30.0
_MOST_TOLD: Final = 100  # discrepancies that are kept to be looked at again; more are of one kind, and counted


def behind(position: JournalPosition | None) -> JournalPosition | None:
    """Give the place from which to look again, for the recorder's place at the start."""
    return replace(position, offset=max(0, position.offset - _LOOK_BACK)) if position else None


@dataclass(slots=True)
class LedgerAudit:
    """See the module. `run` runs for ever; `count` is how many discrepancies stand."""

    journals: Sequence[tuple[Journal, JournalTail]]  # the recorder's, and the tail of our own upon it
    store: Store
    alarms: Alarms
    audited: int = 0  # calls, since the start; one told in two parts counts twice
    _standing: dict[Discrepancy, Call] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many discrepancies stand now."""
        return len(self._standing)

    async def run(self) -> None:
        """Look for ever."""
        for journal, _ in self.journals:
            await journal.read_once.wait()
        while True:
            try:
                more = await self.look()
            except (Siaga112Error, TimeoutError) as error:
                # The store or the ledger's reader: whichever it is, it says so itself.
                log.warning("ledger_not_audited", reason=str(error) or type(error).__name__)
                more = False
            await asyncio.sleep(0.1 if more else _EVERY_S)

    async def look(self) -> bool:
        """Audit the next piece of the ledger, and what stands; say whether there is more. Raises as `run` catches."""
        told = ToldCalls()
        read: list[tuple[JournalTail, Chunk]] = []
        for journal, tail in self.journals:
            chunk = await asyncio.to_thread(tail.read, _LINES_AT_ONCE)
            if chunk is not None:
                told.take(_facts(journal, chunk.lines))
                read.append((tail, chunk))
        async with asyncio.timeout(_LEDGER_WITHIN_S):
            for journal, _ in self.journals:
                await journal.read_from_now()
        await self._hold_against_the_store([*self._standing.values(), *told.rest()])
        for tail, chunk in read:
            tail.confirm(chunk.position)
        return any(chunk.more for _, chunk in read)

    async def _hold_against_the_store(self, calls: Sequence[Call]) -> None:
        kept = {one: row for one in {call.id for call in calls} if (row := await self.store.call(one))}
        numbers = {row.ticket for row in kept.values() if row.ticket}
        tickets = [one.ticket for one in (await self.store.tickets_numbered(numbers)).values()]
        of_call: dict[CallId, list[Ticket]] = {}
        for ticket in tickets:
            of_call.setdefault(ticket.call_id, []).append(ticket)
        found = {flaw: call for call in calls for flaw in compare(call, kept.get(call.id), of_call.get(call.id, ()))}
        for flaw in found.keys() - self._standing.keys():
            log.error("audit_found", call=flaw.call, flaw=flaw.flaw, text=flaw.text)
        self._standing = dict(list(found.items())[:_MOST_TOLD])
        self.audited += len(calls)
        self.alarms.set("audit", self._text(), grave=True)

    def _text(self) -> str | None:
        if not self._standing:
            return None
        first = next(iter(self._standing))
        return f"ledger and store differ {self.count} times: {first}; see siaga112 verify"


def _facts(journal: Journal, lines: Iterable[str]) -> Iterator[CallFact]:
    for record in chain.from_iterable(map(journal.format.records, lines)):
        try:
            fact = journal.format.parse(record)
        except (Unreadable, RecursionError):  # counted and kept aside by the recorder
            continue
        if is_of_call(fact):
            yield fact
