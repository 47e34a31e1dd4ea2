"""What a full store costs beside an empty one: opening tickets, and each list and search.

`python -m bench.queries --home DIR` reads the store that `bench.million` made in DIR, and opens some tickets in it:
p50 and p99 in ms, as the desk and the store's own callers see them.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.million import BIMA, COMMON_WORD, RARE_WORD, SPAN, UNTIL
from ticketing.commands import RecordCalls
from ticketing.desk import TicketDesk
from ticketing.model import (
    AnswerLeg,
    Call,
    Caller,
    CallerKind,
    CallId,
    CallOutcome,
    CallType,
    Instant,
    Precision,
    TicketStatus,
)
from ticketing.ports import CallFilter, Page, TicketFilter
from ticketing.premise import PremiseState
from ticketing.store import SqliteStore, cursors, open_store
from ticketing.store.cursors import Place
from ticketing.store.tables import micros

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from ticketing.timeline import Entry

    Ask = Callable[[random.Random], Coroutine[Any, Any, Page[Any]]]

OPEN: Final = frozenset({TicketStatus.OPEN})
UNFINISHED: Final = OPEN | {TicketStatus.ON_PROGRESS}
CLOSED: Final = frozenset({TicketStatus.CLOSED})


class WallClock:
    """The machine's."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)


class Nobody:
    """Is told everything, and does nothing."""

    def publish(self, news: Sequence[Entry]) -> None:
        """Take it."""


def spread(seconds: Sequence[float]) -> str:
    """p50 and p99 in ms."""
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"{statistics.median(ordered) * 1000:9.2f} {p99 * 1000:9.2f}"


class Opening:
    """Calls that are answered, one after the other, in a store: what the answer alone takes."""

    def __init__(self, store: SqliteStore) -> None:
        self._desk = TicketDesk(store, WallClock(), Nobody(), BIMA)
        self.wall: list[float] = []
        self.cpu: list[float] = []

    async def one(self, serial: int) -> None:
        """Let one call arrive, and measure its answer."""
        now = Instant(datetime.now(UTC), Precision.DOORBELL)
        call = CallId(f"bench1-{int(now.at.timestamp())}.{serial}")
        caller = Caller("0812", f"+62812{random.randrange(10**8):08d}", CallerKind.MOBILE)  # noqa: S311 - no secret
        await self._desk.handle(RecordCalls((Call(call, now, "carrier", caller),)))
        leg = AnswerLeg(f"{call}1", "101", connected=True, answered=now)
        wall, cpu = time.perf_counter(), time.process_time()
        await self._desk.handle(RecordCalls((Call(call, legs=(leg,)),)))
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)


async def opening(full: SqliteStore, count: int) -> None:
    """Open tickets in turn in an empty store and in the full one."""
    with tempfile.TemporaryDirectory(prefix="siaga112-bench-") as folder:
        empty = await open_store(f"sqlite+aiosqlite:///{folder}/empty.sqlite3")
        sides = {"empty": Opening(empty), "full": Opening(full)}
        for serial in range(count):
            for side in sides.values():
                await side.one(serial)
        await empty.close()
    print(f"\nopening a ticket, ms               p50       p99       CPU  ({count} each, in turn)")
    for name, side in sides.items():
        print(f"  {name:<28}{spread(side.wall)} {statistics.fmean(side.cpu) * 1000:9.2f}")
    for name, of in (("p50", "wall"), ("CPU", "cpu")):
        full_ms, empty_ms = (statistics.median(getattr(sides[side], of)) for side in ("full", "empty"))
        print(f"  full / empty, {name:<14}{full_ms / empty_ms:9.2f}")


def _someday(dice: random.Random) -> datetime:
    return UNTIL - SPAN * dice.random()


def _by(store: SqliteStore, **wanted: Any) -> Ask:  # noqa: ANN401 - whatever a filter takes
    return lambda _: store.find_tickets(TicketFilter(**wanted))


def _calls_by(store: SqliteStore, **wanted: Any) -> Ask:  # noqa: ANN401 - whatever a filter takes
    return lambda _: store.find_calls(CallFilter(**wanted))


def _deep_tickets(store: SqliteStore, **wanted: Any) -> Ask:  # noqa: ANN401 - whatever a filter takes
    def ask(dice: random.Random) -> Coroutine[Any, Any, Page[Any]]:
        place = Place(micros(_someday(dice)), "112-20260101-0001")
        return store.find_tickets(TicketFilter(**wanted), cursor=cursors.written("t", place))

    return ask


def _deep_calls(store: SqliteStore) -> Ask:
    def ask(dice: random.Random) -> Coroutine[Any, Any, Page[Any]]:
        place = Place(micros(_someday(dice)), "bima1-1.1")
        return store.find_calls(CallFilter(), cursor=cursors.written("c", place))

    return ask


def _of_a_day(store: SqliteStore, **wanted: Any) -> Ask:  # noqa: ANN401 - whatever a filter takes
    def ask(dice: random.Random) -> Coroutine[Any, Any, Page[Any]]:
        day = _someday(dice)
        return store.find_tickets(TicketFilter(since=day, until=day + timedelta(days=1), **wanted))

    return ask


def _of_a_number(store: SqliteStore, digits: int) -> Ask:
    def ask(dice: random.Random) -> Coroutine[Any, Any, Page[Any]]:
        number = f"0812{int(dice.random() ** 2 * 40_000_000):08d}"
        return store.find_calls(CallFilter(text=number[-digits:]))

    return ask


def lists(store: SqliteStore) -> dict[str, Ask]:
    """Everything that is asked, by its name."""
    now = datetime.now(UTC)
    return {
        "tickets": _by(store),
        "tickets, deep cursor": _deep_tickets(store),
        "  status=open": _by(store, statuses=OPEN),
        "  status=open,on_progress": _by(store, statuses=UNFINISHED),
        "  status=closed, deep cursor": _deep_tickets(store, statuses=CLOSED),
        "  call_type=emergency": _by(store, call_types=frozenset({CallType.EMERGENCY})),
        "  call_type=test, deep": _deep_tickets(store, call_types=frozenset({CallType.TEST})),
        "  closed emergencies, deep": _deep_tickets(store, statuses=CLOSED, call_types=frozenset({CallType.EMERGENCY})),
        "  category": _by(store, category="banjir"),
        "  category, open": _by(store, category="banjir", statuses=OPEN),
        "  taker": _by(store, taker="104"),
        "  taker, open": _by(store, taker="104", statuses=OPEN),
        "  since, until (a day)": _of_a_day(store),
        "  a day's emergencies": _of_a_day(store, call_types=frozenset({CallType.EMERGENCY})),
        "  breached": _by(store, breached=True, now=now),
        "  breached, deep cursor": _deep_tickets(store, breached=True, now=now),
        "  not breached": _by(store, breached=False, now=now),
        "calls": _calls_by(store),
        "calls, deep cursor": _deep_calls(store),
        "  outcome=abandoned": _calls_by(store, outcomes=frozenset({CallOutcome.ABANDONED})),
        "  outcome=talking": _calls_by(store, outcomes=frozenset({CallOutcome.TALKING})),
        "  taker of calls": _calls_by(store, taker="104"),
        "  a caller's number": _of_a_number(store, 12),
        "  a number's last four": _of_a_number(store, 4),
    }


def _history_of_a_number(store: SqliteStore) -> Ask:
    async def ask(dice: random.Random) -> Page[Any]:
        known = await store.number_history(f"+62812{int(dice.random() ** 2 * 40_000_000):08d}", CallId("bima1-1.1"))
        return Page(known.calls)

    return ask


def _history_of_the_busiest(store: SqliteStore) -> Ask:
    async def ask(_: random.Random) -> Page[Any]:
        known = await store.number_history("+6281200000000", CallId("bima1-1.1"))
        return Page(known.calls)

    return ask


def _history_of_an_area(store: SqliteStore, digits: int) -> Ask:
    async def ask(dice: random.Random) -> Page[Any]:
        area, opened = f"52.72.{dice.randint(1, 5):02d}.{dice.randint(1001, 1008)}"[:digits], _someday(dice)
        day = timedelta(days=1)
        return Page(await store.area_history(area, opened - day, opened + day, "112-20260101-0001"))

    return ask


def _notes_of_a_ticket(store: SqliteStore) -> Ask:
    async def ask(dice: random.Random) -> Page[Any]:
        number = f"+62812{int(dice.random() ** 2 * 40_000_000):08d}"
        area = f"52.72.{dice.randint(1, 5):02d}.{dice.randint(1001, 1008)}"
        return Page(await store.premise_notes_at(number, area, UNTIL.date()))

    return ask


def at_the_answer(store: SqliteStore) -> dict[str, Ask]:
    """What a ticket's page asks besides, by its names."""
    return {
        "history: a number": _history_of_a_number(store),
        "history: the busiest number": _history_of_the_busiest(store),
        "history: a kelurahan": _history_of_an_area(store, 13),
        "history: a kecamatan": _history_of_an_area(store, 8),
        "history: premise notes": _notes_of_a_ticket(store),
        "premise notes in force": lambda _: store.premise_notes(PremiseState.IN_FORCE, UNTIL.date()),
    }


def searches(store: SqliteStore) -> dict[str, Ask]:
    """The text searches, by their names."""
    return {
        "text: rare word": _by(store, text=RARE_WORD),
        "text: common word": _by(store, text=COMMON_WORD),
        "text: common word in part": _by(store, text=COMMON_WORD[:5]),
        "text: two common words": _by(store, text=f"{COMMON_WORD} pasar"),
        "text: common and rare": _by(store, text=f"{COMMON_WORD} {RARE_WORD}"),
        "text: no such word": _by(store, text="xyzzy"),
        "text: common word, a day": _of_a_day(store, text=COMMON_WORD),
        "text: common word, open": _by(store, text=COMMON_WORD, statuses=OPEN),
        "text: a number's last four": _by(store, text="4711"),
        "text: a day's numbers": _by(store, text="112-20260601"),
    }


async def measure(asks: dict[str, Ask], count: int) -> None:
    """Ask everything so often, and print what it takes."""
    print(f"\nlimit 50, ms                         p50       p99  rows  ({count} each)")
    for name, ask in asks.items():
        dice = random.Random(112)  # noqa: S311 - the same questions each time
        await ask(dice)
        took: list[float] = []
        rows = 0
        for _ in range(count):
            began = time.perf_counter()
            page = await ask(dice)
            took.append(time.perf_counter() - began)
            rows = max(rows, len(page.items))
        print(f"  {name:<30}{spread(took)} {rows:5}", flush=True)


async def run(home: Path, count: int) -> None:
    """Measure all of it."""
    began = time.perf_counter()
    store = await open_store(f"sqlite+aiosqlite:///{home / 'siaga112.sqlite3'}", checked=False)
    print(f"store opened in {time.perf_counter() - began:.2f} s, with {await store.open_tickets():,} open tickets")
    try:
        await opening(store, count * 5)
        await measure(lists(store), count)
        await measure(searches(store), count)
        await measure(at_the_answer(store), count)
    finally:
        await store.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.queries", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200)
    asked = parser.parse_args()
    asyncio.run(run(asked.home, asked.count))


if __name__ == "__main__":
    main()
