"""Takes what the doorbell and the ledger say to the desk: in batches, again until it is committed, nothing twice.

The one consumer of both. Whatever fails here is tried again: the ledger's lines are read again from the place of the
last commit; the doorbell's are kept, up to a bound, since the ledger says the same a little later.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from gateway.facts import call_facts
from gateway.facts.call_facts import TakerSigned, Unreadable, is_of_call
from gateway.facts.dispatch_facts import DispatchBegun, DispatchTold
from gateway.facts.located_invite import LocatedBody
from gateway.facts.return_call_facts import ReturnCallTold
from gateway.facts.skpd_facts import DispatchSaid, PinTried
from gateway.ledger.ahead import Ahead
from gateway.ledger.journal import MANY_LINES
from gateway.ledger.reading import Understood, facts_in, read_on
from ticketing.commands import RecordCalls, SignTaker
from ticketing.errors import Siaga112Error, UnknownTaker
from ticketing.model import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gateway.facts.call_facts import Fact
    from gateway.facts.call_tracker import CallTracker
    from gateway.ledger.formats import JournalFormat
    from gateway.ledger.journal import JournalTail
    from gateway.ledger.reading import Piece
    from gateway.ledger.set_aside import SetAside
    from ticketing.desk import TicketDesk
    from ticketing.model import JournalPosition

log = structlog.get_logger()

# The ledger is read so often: what came meanwhile is one transaction. Read on at once it would be one for each line,
# and the doorbell's answer would wait behind them for the disk. Nobody waits for the ledger: it settles what is known.
_POLL_S = 0.1
# So many lines a transaction, and four times as many after each that was not enough.
_FEW_LINES = 8
# So many calls a transaction: the doorbell waits for it, for a tenth of a second.
_CALLS_TOGETHER = 200
# A piece read ahead takes a tenth of that, its process's start included.
_PIECE_WITHIN_S = 10.0
# So long the ledger gives way to a doorbell that does not stop ringing.
_LONGEST_WAY_S = 0.5
# Between attempts while the store refuses.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0
# More than an hour of a busy city's doorbell; what falls out is in the ledger.
_INBOX = 20_000
# Places in bodies of calls, until they are recorded; a flood of them displaces itself.
_PLACES = 1_000


@dataclass(slots=True)
class Journal:
    """A journal, how its lines are read, and how far it has been."""

    tail: JournalTail
    format: JournalFormat
    read_once: asyncio.Event = field(default_factory=asyncio.Event)  # its end has been reached since the start
    _at_end: asyncio.Condition = field(default_factory=asyncio.Condition)
    _ends_seen: int = 0

    async def reached_its_end(self) -> None:
        """Say that there was nothing more to read."""
        self.read_once.set()
        async with self._at_end:
            self._ends_seen += 1
            self._at_end.notify_all()

    async def read_from_now(self) -> None:
        """Wait until all that is written by now has been read, and what was read has been committed."""
        async with self._at_end:
            # The look that is under way may have begun before now: the one after it did not.
            wanted = self._ends_seen + 2
            await self._at_end.wait_for(lambda: self._ends_seen >= wanted)


@dataclass(slots=True)
class CallRecorder:
    """See the module. `hear` is the doorbell's callback; `listen` and `follow` run for ever."""

    desk: TicketDesk
    tracker: CallTracker
    aside: SetAside
    pin_tried: Callable[[PinTried], None] = lambda _tried: None  # told of each, once it is committed
    unreadable: int = 0  # lines and events that said nothing we could use, since the start
    failing: str | None = None  # why the store refuses, while it does
    _inbox: deque[Mapping[str, str | list[str]]] = field(default_factory=lambda: deque(maxlen=_INBOX))
    _places: deque[LocatedBody] = field(default_factory=lambda: deque(maxlen=_PLACES))
    _rung: asyncio.Event = field(default_factory=asyncio.Event)
    _listening: asyncio.Event = field(default_factory=asyncio.Event)  # the doorbell has nothing to record

    def hear(self, event: Mapping[str, str | list[str]]) -> None:
        """Take one AMI event. Never waits, never raises."""
        self._inbox.append(event)
        self._rung.set()

    def hear_place(self, body: LocatedBody) -> None:
        """Take what the body of a call says of its place. Never waits, never raises."""
        self._places.append(body)
        self._rung.set()

    async def listen(self) -> None:
        """Record what the doorbell says, at once."""
        while True:
            self._listening.set()
            await self._rung.wait()
            self._listening.clear()
            self._rung.clear()
            events = list(self._inbox)
            self._inbox.clear()
            facts = [*self._heard(events), *self._places]
            self._places.clear()
            if facts:
                await self._until_recorded(facts)

    async def follow(self, journals: Sequence[Journal]) -> None:
        """Record what the journals say, from the place of the last commit on; what belongs together, together."""
        most_lines = _FEW_LINES
        while True:
            read, at_end = await asyncio.to_thread(read_on, journals, most_lines)
            for journal in at_end:
                await journal.reached_its_end()
            if read:
                positions = tuple(chunk.position for _, chunk in read)
                await self._record_read(journals, facts_in(read), positions)
            more = any(chunk.more for _, chunk in read)
            if more and most_lines == MANY_LINES:
                await self._catch_up(journals)
            most_lines = min(most_lines * 4, MANY_LINES) if more else _FEW_LINES
            if not more:
                await asyncio.sleep(_POLL_S)

    async def _record_read(
        self, journals: Iterable[Journal], told: Understood, positions: tuple[JournalPosition, ...]
    ) -> None:
        for one in told.refused:
            self._set_aside(*one)
        calls = told.calls
        while len(calls) > _CALLS_TOGETHER:
            # Before their place: should we die now, they are read again, and nothing of them is new.
            await self._give_way()
            await self._until_recorded([], (), calls[:_CALLS_TOGETHER])
            calls = calls[_CALLS_TOGETHER:]
        await self._give_way()
        await self._until_recorded(list(told.facts), positions, calls)
        tails = {journal.tail.path.name: journal.tail for journal in journals}
        for position in positions:
            tails[position.name].confirm(position)

    async def _catch_up(self, journals: Sequence[Journal]) -> None:
        """Record what there is already, each piece while the next one is read in a process beside this one.

        Whatever becomes of that process: what it did not give is read here.
        """
        try:
            ahead = await asyncio.to_thread(Ahead, journals)
        except OSError as error:  # no memory, no processes
            log.warning("ledger_not_read_ahead", reason=str(error))
            return
        coming = asyncio.create_task(asyncio.to_thread(ahead.next))
        try:
            while (piece := await _in_time(coming)) is not None:
                coming = asyncio.create_task(asyncio.to_thread(ahead.next))
                await self._record_read(journals, piece.told, piece.positions)
        finally:
            # In a thread: a process that waits for a dead disk ends when that does.
            await asyncio.to_thread(ahead.close)
            await asyncio.gather(coming, return_exceptions=True)

    async def _give_way(self) -> None:
        """Let the doorbell go first; not for ever, since the ledger is what counts."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_WAY_S):
                await self._listening.wait()

    def _heard(self, events: Iterable[Mapping[str, str | list[str]]]) -> Iterator[Fact]:
        for event in events:
            try:
                fact = call_facts.from_ami(event)
            except Unreadable as error:
                self.unreadable += 1
                log.error("unreadable", reason=str(error))
                continue
            if fact is not None:
                yield fact

    def _set_aside(self, text: str, before: JournalPosition, reason: str) -> None:
        self.unreadable += 1
        log.error("unreadable", journal=before.name, before=before.offset, reason=reason)
        self.aside.keep(text, before)

    async def _until_recorded(
        self, facts: list[Fact], positions: tuple[JournalPosition, ...] = (), calls: tuple[Call, ...] = ()
    ) -> None:
        try:
            await self._retried(facts, positions, calls)
        except Exception as error:  # noqa: BLE001 - one fact that cannot be kept must not hold up all that follow it
            log.error("facts_not_recorded_together", error=type(error).__name__, facts=len(facts) + len(calls))
            for one in (*calls, *facts):
                await self._alone(one)
            await self._retried([], positions)

    async def _alone(self, fact: Fact | Call) -> None:
        try:
            await (self._retried([], (), (fact,)) if isinstance(fact, Call) else self._retried([fact], ()))
        except Exception as error:  # noqa: BLE001 - counted, told, and left in the ledger, where it can be looked at
            self.unreadable += 1
            log.error("fact_not_recorded", error=type(error).__name__, fact=type(fact).__name__)

    async def _retried(
        self, facts: list[Fact], positions: tuple[JournalPosition, ...], calls: tuple[Call, ...] = ()
    ) -> None:
        signs = [fact for fact in facts if isinstance(fact, TakerSigned)]
        # Learned once: what the tracker gives up with the proof of a call, it does not have for a second attempt.
        heard = (fact for fact in facts if isinstance(fact, LocatedBody))
        pieces = self.tracker.learn(filter(is_of_call, facts), heard, calls)
        dispatches = tuple((fact.dispatch, fact.piece) for fact in facts if isinstance(fact, DispatchTold))
        said = tuple((fact.dispatch, fact.said) for fact in facts if isinstance(fact, DispatchSaid))
        begun = tuple(fact.begun for fact in facts if isinstance(fact, DispatchBegun))
        returned = tuple((fact.return_call, fact.piece) for fact in facts if isinstance(fact, ReturnCallTold))
        told = RecordCalls(pieces, positions, dispatches, said=said, begun=begun, return_calls=returned)
        pause = _FIRST_PAUSE_S
        while True:
            try:
                await self._record(signs, told)
            except Siaga112Error as error:
                if self.failing is None:
                    log.error("store_refuses", reason=str(error), facts=len(facts))
                self.failing = str(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
            else:
                if self.failing is not None:
                    log.info("store_accepts_again")
                self.failing = None
                for tried in (fact for fact in facts if isinstance(fact, PinTried)):
                    self.pin_tried(tried)
                return

    async def _record(self, signs: Iterable[TakerSigned], told: RecordCalls) -> None:
        for sign in signs:
            await self._sign(sign)
        if told != RecordCalls():
            await self.desk.handle(told)

    async def _sign(self, fact: TakerSigned) -> None:
        try:
            await self.desk.handle(SignTaker(fact.extension, signed_in=fact.signed_in))
        except UnknownTaker:
            log.warning("unknown_taker_signed", extension=fact.extension, signed_in=fact.signed_in)


async def _in_time(coming: asyncio.Task[Piece | None]) -> Piece | None:
    """The piece, None when there is none, or none in time: a process that hangs holds nothing up for long."""
    done, _ = await asyncio.wait({coming}, timeout=_PIECE_WITHIN_S)
    if not done:
        log.warning("ledger_not_read_ahead", reason=f"no piece within {_PIECE_WITHIN_S:g} s")
        return None
    return coming.result()
