"""The board as it is shown: who waits, who sits at the desk, which tickets are open, in their order. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING

from gateway.web.pages.texts import TEXTS
from gateway.web.pages.views import CallerView, TicketRow, When, caller_view, lasted, ticket_row
from ticketing.model import CallOutcome, CallType
from ticketing.sla import clocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from gateway.alarms import Alarm
    from gateway.web.pages.dispatch_views import SentView
    from gateway.web.pages.views import Seats, Words
    from ticketing.model import Call, Taker
    from ticketing.ports import KeptTicket
    from ticketing.sla import Targets


@dataclass(frozen=True, slots=True)
class WaitingView:
    """A call that nobody has answered yet."""

    call_id: str
    arrived: When
    age: str
    caller: CallerView
    overflowed: bool


@dataclass(frozen=True, slots=True)
class TakerView:
    """A call taker; `state` is free, ringing, talking, busy, offline, signed_out or unknown."""

    extension: str
    name: str
    state: str
    since: When | None  # of the conversation
    ticket: str | None


@dataclass(frozen=True, slots=True)
class AlarmView:
    """Something that is wrong with the line; `kind` names the words for it, `text` is the watcher's own."""

    kind: str
    text: str
    since: When
    grave: bool


@dataclass(frozen=True, slots=True)
class BoardView:
    """Everything on the board."""

    waiting: tuple[WaitingView, ...]
    takers: tuple[TakerView, ...]
    seen: bool  # whether the phones' state is known
    tickets: tuple[TicketRow, ...]
    alarms: tuple[AlarmView, ...]
    more: bool  # there are open tickets that are not shown
    sent: Mapping[str, tuple[SentView, ...]]  # whom each ticket was sent to, by its number

    @property
    def longest(self) -> WaitingView | None:
        """Who has waited longest."""
        return self.waiting[0] if self.waiting else None

    def count(self, status: str) -> int:
        """How many of the shown tickets have this status."""
        return sum(ticket.status == status for ticket in self.tickets)

    @property
    def late(self) -> int:
        """How many of the shown tickets have an unmet deadline behind them."""
        return sum(ticket.late for ticket in self.tickets)

    @property
    def free(self) -> int:
        """How many takers can be rung now."""
        return sum(taker.state == "free" for taker in self.takers)


def board_view(
    tickets: Sequence[KeptTicket],
    calls: Iterable[Call],
    takers: Sequence[Taker],
    seats: Seats | None,
    *,
    now: datetime,
    words: Words,
    alarms: Iterable[Alarm] = (),
    more: bool = False,
    sent: Mapping[str, tuple[SentView, ...]] = MappingProxyType({}),
) -> BoardView:
    """The board at `now`; `calls` are those that are not over, `seats` is None while Asterisk does not say."""
    names = {taker.extension: taker.name for taker in takers}
    live = [call for call in calls if call.over_at is None and not call.is_test]
    waiting = sorted((call for call in live if call.answered is None), key=lambda call: call.arrival.at)
    numbers: dict[str, str] = {one.call.id: one.ticket.number for one in tickets}
    return BoardView(
        waiting=tuple(_waiting_view(call, now, words) for call in waiting),
        takers=tuple(_taker_views(takers, live, numbers, seats, words)),
        seen=seats is not None,
        tickets=tuple(ticket_row(one, names, now, words) for one in by_urgency(tickets, words.city.targets)),
        alarms=tuple(_alarm_view(alarm, words) for alarm in alarms),
        more=more,
        sent=sent,
    )


def _alarm_view(alarm: Alarm, words: Words) -> AlarmView:
    kind = alarm.name.partition(".")[0]
    known = f"alarm.{kind}" in TEXTS
    return AlarmView(kind if known else "other", alarm.text, words.when(alarm.since), alarm.grave)


def by_urgency(tickets: Iterable[KeptTicket], targets: Targets) -> list[KeptTicket]:
    """The board's order: emergencies first, and among them the deadline that comes next, or has passed longest."""

    def urgency(one: KeptTicket) -> tuple[bool, datetime]:
        ticket = one.ticket
        read = clocks(ticket, now=ticket.answered_at, targets=targets)
        due = read.close.due_at if ticket.on_progress_at else read.on_progress.due_at
        return ticket.call_type is not CallType.EMERGENCY, due

    return sorted(tickets, key=urgency)


def _waiting_view(call: Call, now: datetime, words: Words) -> WaitingView:
    age = lasted(now - call.arrival.at)
    overflowed = call.outcome is CallOutcome.OVERFLOW
    return WaitingView(call.id, words.when(call.arrival.at), age, caller_view(call.caller), overflowed)


def _taker_views(
    takers: Iterable[Taker], live: Iterable[Call], numbers: Mapping[str, str], seats: Seats | None, words: Words
) -> Iterable[TakerView]:
    talks = dict(chain.from_iterable(_talks(call) for call in live))
    for taker in takers:
        call, since = talks.get(taker.extension, (None, None))
        state = "talking" if call else _seat(taker, seats)
        ticket = numbers.get(call.id) if call else None
        yield TakerView(taker.extension, taker.name, state, words.when(since) if since else None, ticket)


def _talks(call: Call) -> Iterable[tuple[str, tuple[Call, datetime]]]:
    return ((leg.party, (call, leg.answered.at)) for leg in call.answers if leg.answered and leg.ended is None)


def _seat(taker: Taker, seats: Seats | None) -> str:
    if not taker.signed_in:
        return "signed_out"
    if seats is None:
        return "unknown"
    states = ((seats.ringing, "ringing"), (seats.free, "free"), (seats.reachable, "busy"))
    return next((state for extensions, state in states if taker.extension in extensions), "offline")
