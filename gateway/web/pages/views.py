"""What the pages show, ready to be written: tickets, calls and people in the city's time and language. Pure.

Nothing here is escaped: the templates escape whatever they print.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import phonenumbers

from ticketing.model import UNKNOWN_CALLER, CallOutcome, CallType, Role, Ticket, TicketStatus
from ticketing.sla import SlaState, clocks
from ticketing.transitions import RULES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from gateway.web.door.city import City
    from gateway.web.pages.texts import Texts
    from ticketing.model import Caller, Taker
    from ticketing.ports import KeptCall, KeptTicket
    from ticketing.sla import SlaClock

_QUICK_KEYS: Final = ((CallType.PRANK, "F8"), (CallType.GHOST, "F9"))


def lasted(span: timedelta) -> str:
    """`02:14`, or `1:02:14` from an hour on: whole seconds, cut off, never negative."""
    seconds = max(0, int(span / timedelta(seconds=1)))
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def milliseconds(at: datetime) -> int:
    """Since the epoch, as browsers count."""
    return int(at.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class When:
    """An instant: for machines, and in the city's time."""

    iso: str
    time: str  # 19:04:05
    date: str  # Sen 23 Nov 2026
    ms: int


@dataclass(frozen=True, slots=True)
class Words:
    """How instants and people are written: by which city's clock and promises, in which language."""

    city: City
    t: Texts

    def when(self, at: datetime) -> When:
        """An instant as the city reads it."""
        local = at.astimezone(self.city.zone)
        date = f"{self.t.day(local.weekday())} {local.day} {self.t.month(local.month)} {local.year}"
        return When(local.isoformat(timespec="seconds"), f"{local:%H:%M:%S}", date, milliseconds(at))


@dataclass(frozen=True, slots=True)
class CallerView:
    """Who calls. `name` is what the network sent: hostile, and no proof of anything."""

    number: str | None
    raw: str
    kind: str
    callable: bool
    name: str


def caller_view(caller: Caller | None) -> CallerView:
    """A caller as shown; the number in the grouping of its country."""
    who = caller or UNKNOWN_CALLER
    number = grouped(who.e164) if who.e164 else who.raw.strip() or None
    return CallerView(number, who.raw, who.kind, who.callable, _name_sent(who))


def grouped(e164: str) -> str:
    """A number in the grouping of its country; what is none, a service code among it, as it is."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def causes(cause: object, sip: object) -> str:
    """Why an attempt ended, in the codes that a carrier's technician asks for; empty when none came."""
    return ", ".join(f"{name} {code}" for name, code in (("Q.850", cause), ("SIP", sip)) if code)


def _name_sent(caller: Caller) -> str:
    name = caller.presented.name.strip()
    # Most trunks repeat the number where the name would be.
    return "" if name in {caller.raw, caller.presented.number, caller.e164} else name


@dataclass(frozen=True, slots=True)
class ClockView:
    """A deadline. While it counts, the page counts on from `due`: down to it, and up from it."""

    name: str  # on_progress, close
    state: SlaState
    text: str  # 02:14 left, +01:05 over, or how long it took
    due: When
    counting: bool


def clock_views(ticket: Ticket, now: datetime, words: Words) -> tuple[ClockView, ClockView]:
    """Both clocks of a ticket at the instant `now`."""
    read = clocks(ticket, now=now, targets=words.city.targets)
    return (
        _clock_view("on_progress", read.on_progress, ticket, now, words),
        _clock_view("close", read.close, ticket, now, words),
    )


def _clock_view(name: str, clock: SlaClock, ticket: Ticket, now: datetime, words: Words) -> ClockView:
    counting = clock.met_at is None and clock.state is not SlaState.EXEMPT
    return ClockView(name, clock.state, _clock_text(clock, ticket, now), words.when(clock.due_at), counting)


def _clock_text(clock: SlaClock, ticket: Ticket, now: datetime) -> str:
    if clock.met_at:
        return lasted(clock.met_at - ticket.answered_at)
    if clock.state is SlaState.EXEMPT:
        return "–"  # noqa: RUF001 - a dash stands for no figure
    if now > clock.due_at:
        return f"+{lasted(now - clock.due_at)}"
    return lasted(clock.due_at - now)


# ---- the board's lines ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seats:
    """Whose phone can be rung, is free, rings: as Asterisk says (extensions)."""

    reachable: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    ringing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TicketRow:
    """An open ticket on the board."""

    number: str
    status: TicketStatus
    call_type: CallType
    category: str | None
    place: str | None
    caller: CallerView
    taker: str | None
    answered: When
    talking: bool
    clocks: tuple[ClockView, ClockView]

    @property
    def late(self) -> bool:
        """Whether a deadline has passed that is not met yet."""
        return any(clock.counting and clock.state is SlaState.BREACHED for clock in self.clocks)


def ticket_row(one: KeptTicket, names: Mapping[str, str], now: datetime, words: Words) -> TicketRow:
    """A ticket on one line of the board."""
    ticket = one.ticket
    return TicketRow(
        number=ticket.number,
        status=ticket.status,
        call_type=ticket.call_type,
        category=words.t.category(ticket.category),
        place=ticket.location.verbatim or ticket.location.landmark or words.city.areas.name(ticket.location.area_code),
        caller=caller_view(one.call.caller),
        taker=taker_name(ticket.taker, names),
        answered=words.when(ticket.answered_at),
        talking=one.call.outcome is CallOutcome.TALKING,
        clocks=clock_views(ticket, now, words),
    )


def taker_name(extension: str | None, names: Mapping[str, str]) -> str | None:
    """`Rahmawati (201)`; the extension alone for one who is not known any more."""
    if extension is None:
        return None
    return f"{names[extension]} ({extension})" if extension in names else extension


# ---- one ticket -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Turn:
    """A status change that this role may make."""

    to: TicketStatus
    needs_reason: bool


@dataclass(frozen=True, slots=True)
class Quick:
    """A call type that one key records, closing the ticket."""

    call_type: CallType
    key: str


def turns(ticket: Ticket, role: Role) -> tuple[Turn, ...]:
    """The status changes that `ticketing.transitions` lets this role make now."""
    found: list[Turn] = []
    for (status, to), rules in RULES.items():
        mine = [rule for rule in rules if ticket.call_type in rule.call_types and role in rule.roles]
        if status is ticket.status and mine:
            found.append(Turn(to, all(rule.needs_reason for rule in mine)))
    return tuple(found)


def quick_closes(ticket: Ticket, role: Role) -> tuple[Quick, ...]:
    """The call types with which this role could close the ticket at one stroke."""

    def closes(call_type: CallType) -> bool:
        return any(turn.to is TicketStatus.CLOSED for turn in turns(replace(ticket, call_type=call_type), role))

    return tuple(Quick(call_type, key) for call_type, key in _QUICK_KEYS if closes(call_type))


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket as its page shows it; what the form holds is the ticket's own."""

    row: TicketRow
    ticket: Ticket
    wait: str | None
    talk: str | None
    arrived: When
    turns: tuple[Turn, ...]
    quick: tuple[Quick, ...]
    call_over: bool
    now_ms: int


def ticket_view(one: KeptTicket, takers: Iterable[Taker], *, role: Role, now: datetime, words: Words) -> TicketView:
    """The page of a ticket for somebody of this role."""
    ticket, call = one.ticket, one.call
    names = {taker.extension: taker.name for taker in takers}
    return TicketView(
        row=ticket_row(one, names, now, words),
        ticket=ticket,
        wait=lasted(call.wait) if call.wait is not None else None,
        talk=lasted(call.talk) if call.talk is not None else None,
        arrived=words.when(call.arrival.at),
        turns=turns(ticket, role),
        quick=quick_closes(ticket, role),
        call_over=call.over_at is not None,
        now_ms=milliseconds(now),
    )


# ---- the call log ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call with its ticket's timings beside it."""

    call_id: str
    arrived: When
    caller: CallerView
    outcome: CallOutcome
    wait: str | None
    answered: When | None
    takers: str
    ticket: str | None
    call_type: CallType | None
    clocks: tuple[ClockView, ClockView] | None
    talk: str | None
    recorded: bool


def call_rows(
    calls: Iterable[KeptCall],
    tickets: Mapping[str, Ticket],
    takers: Iterable[Taker],
    recorded: Collection[str],
    *,
    now: datetime,
    words: Words,
) -> tuple[CallRow, ...]:
    """The log's lines; `tickets` by number, `recorded` are the calls with audio."""
    names = {taker.extension: taker.name for taker in takers}
    return tuple(_call_row(one, tickets.get(one.ticket or ""), names, recorded, now, words) for one in calls)


def _call_row(
    one: KeptCall,
    ticket: Ticket | None,
    names: Mapping[str, str],
    recorded: Collection[str],
    now: datetime,
    words: Words,
) -> CallRow:
    call = one.call
    wait = call.wait if call.wait is not None else now - call.arrival.at
    return CallRow(
        call_id=call.id,
        arrived=words.when(call.arrival.at),
        caller=caller_view(call.caller),
        outcome=call.outcome,
        wait=lasted(wait),
        answered=words.when(call.answered.at) if call.answered else None,
        takers=", ".join(names.get(who, who) for who in call.takers),
        ticket=one.ticket,
        call_type=ticket.call_type if ticket else None,
        clocks=clock_views(ticket, now, words) if ticket else None,
        talk=lasted(call.talk) if call.talk is not None else None,
        recorded=call.id in recorded,
    )
