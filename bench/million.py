"""A store as a city has it after years: calls of every kind, their tickets, what takers wrote, whole timelines.

Call types, outcomes and repeat callers are in about the proportions that Indonesian cities have published (most calls
are no emergency; most of those that are not answered are abandoned). Rows go straight into the store's tables, many in
a transaction; the chains are right. `python -m bench.million --rows 1000000 --home DIR` makes DIR/siaga112.sqlite3.

The timelines are most of such a store (3 of 4 GB at a million tickets) and no list reads them: `--timelines 1` writes
them all, by default every tenth call has its own, and the others begin theirs with what happens next.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from ticketing.commands import Triage
from ticketing.events import StatusTurned, TicketOpened, learned
from ticketing.model import (
    AnswerLeg,
    Call,
    Caller,
    CallerKind,
    CallId,
    CallType,
    Instant,
    Precision,
    Role,
    Ticket,
    TicketStatus,
    ticket_number,
)
from ticketing.ports import KeptCall
from ticketing.premise import PremiseKind, PremiseNote, Premises, withdrawn
from ticketing.sla import breaches_owed, noted, watched
from ticketing.store.migrate import prepare
from ticketing.store.rows import entry_values
from ticketing.store.statements import Statement
from ticketing.store.tables import timeline
from ticketing.store.transaction import SqlTransaction
from ticketing.timeline import NO_ENTRY, chained
from ticketing.transitions import transition
from ticketing.triage import triaged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from ticketing.events import Event
    from ticketing.timeline import Entry

BIMA: Final = ZoneInfo("Asia/Makassar")
UNTIL: Final = datetime(2026, 11, 23, tzinfo=UTC)
SPAN: Final = timedelta(days=730)
AT_ONCE: Final = 5_000  # calls a transaction
NOTES: Final = 2_000  # premise notes
UNANSWERED: Final = 0.25  # to each answered call

RARE_WORD: Final = "tsunami"
COMMON_WORD: Final = "kebakaran"

_TYPES: Final = {
    CallType.GHOST: 45,
    CallType.PRANK: 27,
    CallType.INFORMATION: 13,
    CallType.TEST: 1,
    CallType.EMERGENCY: 14,
}
_CATEGORIES: Final = (COMMON_WORD, "kecelakaan", "medis", "kriminal", "banjir", "pohon tumbang", "odgj")
_PLACES: Final = ("belakang pasar", "depan masjid", "dekat jembatan", "simpang terminal", "gang mawar", "tepi pantai")
_AREAS: Final = ("Paruga", "Rasanae", "Dara", "Melayu", "Kolo", "Jatibaru", "Penatoi", "Sambinae", "Mande", "Rabangodu")
_AREA_CODES: Final = tuple(
    f"52.72.{kecamatan:02d}.{1001 + kelurahan}" for kecamatan in range(1, 6) for kelurahan in range(8)
)
_SAYINGS: Final = ("minta bantuan segera", "asap tebal terlihat", "ada korban", "warga berkumpul", "api membesar")
_NAMES: Final = ("Ratna", "Mulyadi", "Siti", "Ahmad", "Nur", "Hadijah", "Arif", "Fatimah", "Yusuf", "Aminah")

_APPEND: Final = Statement(insert(timeline), takes=timeline.c.keys()[1:])


@dataclass(frozen=True)
class Kept:
    """One call with all that follows from it."""

    call: KeptCall
    ticket: Ticket | None
    entries: tuple[Entry, ...]


def history(rows: int, timelines: float, seed: int = 112) -> Iterator[Kept]:
    """Yield so many calls, each answered and with its ticket, and the unanswered ones that come in between."""
    dice = random.Random(seed)  # noqa: S311 - the same town each time
    moment, step = UNTIL - SPAN, SPAN / rows
    serials: dict[date, int] = {}
    for serial in range(rows):
        moment += step * dice.uniform(0.5, 1.5)
        if dice.random() < UNANSWERED:
            yield _kept(*_unanswered(dice, rows + serial, moment), told=dice.random() < timelines)
        yield _kept(*_answered(dice, serial, moment, serials), told=dice.random() < timelines)


def _kept(call: Call, ticket: Ticket | None, life: list[Event], *, told: bool) -> Kept:
    number = ticket.number if ticket else None
    if not told:
        return Kept(KeptCall(call, number), ticket, ())
    entries = chained(call.id, (*learned(None, call), *life), NO_ENTRY, recorded_at=UNTIL, ticket_number=number)
    return Kept(KeptCall(call, number, entries[-1].head), ticket, entries)


def _caller(dice: random.Random) -> Caller:
    if dice.random() < 0.12:
        return Caller("anonymous", None, CallerKind.ANONYMOUS)
    # The square makes some numbers call again and again, and most of them once or twice.
    number = f"812{int(dice.random() ** 2 * 40_000_000):08d}"
    return Caller(f"0{number}", f"+62{number}", CallerKind.MOBILE)


def _answered(
    dice: random.Random, serial: int, arrived: datetime, serials: dict[date, int]
) -> tuple[Call, Ticket, list[Event]]:
    call_id = CallId(f"bima1-{int(arrived.timestamp())}.{serial}")
    answered = arrived + timedelta(seconds=dice.expovariate(1 / 8) + 1)
    ended = answered + timedelta(seconds=dice.expovariate(1 / 60) + 3)
    taker = str(101 + serial % 12)
    sure = partial(Instant, precision=Precision.LEDGER)
    leg = AnswerLeg(f"bima1-{serial}.1", taker, connected=True, answered=sure(answered), ended=sure(ended))
    call = Call(call_id, sure(arrived), "carrier", _caller(dice), True, (leg,), ended=sure(ended), hangup_cause=16)  # noqa: FBT003
    day = answered.astimezone(BIMA).date()
    serials[day] = serials.get(day, 0) + 1
    ticket = Ticket(ticket_number(day, serials[day]), call_id, answered, answered, taker)
    opened = TicketOpened(answered, ticket.number, answered, taker)
    ticket, life = _life(dice, ticket)
    return call, ticket, [opened, *life]


def _life(dice: random.Random, ticket: Ticket) -> tuple[Ticket, list[Event]]:
    """Give what becomes of a ticket, and the events of it; the last hours' tickets are open still."""
    events: list[Event] = []
    call_type = dice.choices(list(_TYPES), list(_TYPES.values()))[0]
    at = ticket.answered_at + timedelta(seconds=dice.uniform(5, 90))
    ticket, triage = triaged(ticket, _told(dice, call_type), by="siti", at=at)
    events += [triage] if triage else []
    emergency = call_type is CallType.EMERGENCY
    if ticket.answered_at > UNTIL - timedelta(hours=2):
        return watched(ticket), events
    for to in (TicketStatus.ON_PROGRESS, TicketStatus.CLOSED) if emergency else (TicketStatus.CLOSED,):
        at += timedelta(seconds=dice.expovariate(1 / (400 if to is TicketStatus.CLOSED else 60)))
        owed = breaches_owed(ticket, now=at)
        before, ticket = ticket.status, transition(noted(ticket, owed), to, by=Role.SUPERVISOR, at=at)
        events += [*owed, StatusTurned(at, "dewi", before, to, None)]
    return watched(ticket), events


def _told(dice: random.Random, call_type: CallType) -> Triage:
    if call_type in {CallType.GHOST, CallType.TEST}:
        return Triage(call_type=call_type)
    place = f"{dice.choice(_PLACES)} {dice.choice(_AREAS)} nomor {dice.randrange(400)}"
    # Every second text that has words has the common one; the rare one is in one of 20,000.
    category = COMMON_WORD if dice.random() < 0.5 else dice.choice(_CATEGORIES[1:])
    said = f"{category} {dice.choice(_SAYINGS)}" + (f" {RARE_WORD}" if dice.random() < 0.00005 else "")
    triage = Triage(call_type=call_type, reporter_name=dice.choice(_NAMES), verbatim=place, description=said)
    if call_type is CallType.EMERGENCY:
        triage = replace(triage, category=category.replace(" ", "_"), severity=dice.randint(1, 5), landmark=place[:14])
        # Of the place itself, so that whatever else chance decides stays as it was.
        triage = replace(triage, area_code=_AREA_CODES[sum(place.encode()) % len(_AREA_CODES)])
    return triage


def _unanswered(dice: random.Random, serial: int, arrived: datetime) -> tuple[Call, None, list[Event]]:
    """A call whose caller hangs up while it waits."""
    call_id = CallId(f"bima1-{int(arrived.timestamp())}.{serial}")
    ended = Instant(arrived + timedelta(seconds=dice.expovariate(1 / 20)), Precision.LEDGER)
    call = Call(call_id, Instant(arrived, Precision.LEDGER), "carrier", _caller(dice), True, ended=ended)  # noqa: FBT003
    return call, None, []


def notes(count: int) -> Iterator[PremiseNote]:
    """Yield so many premise notes: every second about a number, the others about houses; a tenth is withdrawn."""
    dice = random.Random(112)  # noqa: S311 - the same town each time
    until = UNTIL.date() + timedelta(days=365)
    for serial in range(1, count + 1):
        house = Premises(area=dice.choice(_AREA_CODES), address=f"gang mawar {serial}")
        premises = Premises(_caller(dice).e164 or "+6281200000000") if serial % 2 else house
        note = PremiseNote(
            premises, dice.choice(tuple(PremiseKind)), "anjing galak", until, UNTIL, "dewi", UNTIL, "dewi", id=serial
        )
        yield note
        if serial % 10 == 0:
            yield withdrawn(note, None, by="dewi", at=UNTIL)


def fill(file: Path, rows: int, timelines: float) -> None:
    """Make the store in `file` and fill it; say how it goes."""
    prepare(file, checked=False)
    began = time.monotonic()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-400000")
        past = history(rows, timelines)
        done = 0
        while batch := list(islice(past, AT_ONCE)):
            _write(connection, batch)
            done += len(batch)
            print(f"\r  {done:,} calls, {time.monotonic() - began:.0f} s", end="", flush=True)
        connection.execute("BEGIN IMMEDIATE")
        for note in notes(NOTES):
            SqlTransaction(connection).keep_premise_note(note)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    print(f"\n  {file.stat().st_size / 2**20:,.0f} MiB in {file}")


def _write(connection: sqlite3.Connection, batch: list[Kept]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    transaction = SqlTransaction(connection)
    transaction.keep_calls([kept.call for kept in batch])
    transaction.open_tickets([kept.ticket for kept in batch if kept.ticket])
    _APPEND.run_for_each(connection, (entry_values(entry) for kept in batch for entry in kept.entries))
    days = {day: number for kept in batch if kept.ticket for day, number in [_numbered(kept.ticket)]}
    connection.executemany("INSERT OR REPLACE INTO ticket_numbers VALUES (?, ?)", sorted(days.items()))
    connection.execute("COMMIT")


def _numbered(ticket: Ticket) -> tuple[str, int]:
    _, day, serial = ticket.number.split("-")
    return f"{day[:4]}-{day[4:6]}-{day[6:]}", int(serial)


def main() -> None:
    """Make it."""
    parser = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--timelines", type=float, default=0.1, help="the share of calls with their whole timeline")
    asked = parser.parse_args()
    asked.home.mkdir(parents=True, exist_ok=True)
    fill(asked.home / "siaga112.sqlite3", asked.rows, asked.timelines)


if __name__ == "__main__":
    main()
