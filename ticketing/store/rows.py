"""Calls, tickets and entries as rows, and back: an exact round trip."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Any, Final

from ticketing.asked import CallerAnswer, Question
from ticketing.callbacks import Attempt, CallBack, CallBackOutcome, SettledHow, Settlement
from ticketing.dispatch import Dispatch, DispatchLeg, DispatchMode, DispatchState, Trace, Tried, Update
from ticketing.located import LocationSource, Shape, SourceKind
from ticketing.model import (
    AnswerLeg,
    Call,
    Caller,
    CallerKind,
    CallId,
    CallType,
    Instant,
    JournalPosition,
    LegKind,
    Location,
    Precision,
    PresentedIdentity,
    Role,
    Taker,
    Ticket,
    TicketStatus,
)
from ticketing.people import Session, User
from ticketing.ports import KeptCall
from ticketing.premise import PremiseKind, PremiseNote, Premises
from ticketing.skpd import Hours, Line, Skpd, Weekday
from ticketing.store.tables import from_micros, micros
from ticketing.timeline import ChainHead, Entry, canonical

Row = Mapping[str, Any]
Values = dict[str, Any]


def call_values(kept: KeptCall) -> Values:
    """Give the row of a call."""
    call, caller = kept.call, kept.call.caller
    answered = call.answered
    return {
        "id": call.id,
        "node": call.node,
        "trunk": call.trunk,
        "arrived_at": call.arrival.at,
        "arrived_precision": call.arrived.precision if call.arrived else None,
        "answered_at": answered.at if answered else None,
        "answered_precision": answered.precision if answered else None,
        "taker": next(iter(call.takers), None) if answered else None,
        "ended_at": call.ended.at if call.ended else None,
        "ended_precision": call.ended.precision if call.ended else None,
        "hangup_cause": call.hangup_cause,
        "overflowed_at": call.overflowed_at,
        "interrupted_at": call.interrupted_at,
        "outcome": call.outcome,
        "caller_raw": caller.raw if caller else None,
        "caller_e164": caller.e164 if caller else None,
        "caller_kind": caller.kind if caller else None,
        "caller_reversed": backwards(caller.e164 or caller.raw) if caller else None,
        "caller_presented": _presented_values(caller.presented) if caller else None,
        "identified": call.identified,
        "legs": [_leg_values(leg) for leg in call.legs],
        "locations": [_source_values(source) for source in call.locations] or None,
        "said": [[micros(one.at), one.question, one.answer] for one in call.said],
        "ticket": kept.ticket,
        "call_back": kept.call_back,
        "entries": kept.head.position,
        "head": kept.head.hash,
    }


_NO_DIGITS: Final = re.compile("[^0-9]+")


def backwards(number: str) -> str | None:
    """Give a number's digits from its end, None when it has none: what ends alike begins alike then."""
    return _NO_DIGITS.sub("", number)[::-1] or None


def call_of(row: Row) -> KeptCall:
    """Give the call of a row."""
    call = Call(
        id=CallId(row["id"]),
        arrived=_instant(row, "arrived"),
        trunk=row["trunk"],
        caller=_caller(row),
        identified=row["identified"],
        legs=tuple(_leg(leg) for leg in row["legs"]),
        overflowed_at=row["overflowed_at"],
        ended=_instant(row, "ended"),
        hangup_cause=row["hangup_cause"],
        interrupted_at=row["interrupted_at"],
        locations=tuple(_source(values) for values in row["locations"] or ()),
        said=tuple(CallerAnswer(from_micros(at), Question(asked), answer) for at, asked, answer in row["said"]),
    )
    return KeptCall(call, row["ticket"], ChainHead(row["entries"], row["head"]), row["call_back"])


def _instant(row: Row, name: str) -> Instant | None:
    precision = row[f"{name}_precision"]
    return Instant(row[f"{name}_at"], Precision(precision)) if precision is not None else None


def _caller(row: Row) -> Caller | None:
    kind = row["caller_kind"]
    if kind is None:
        return None
    presented = PresentedIdentity(**row["caller_presented"])
    return Caller(row["caller_raw"], row["caller_e164"], CallerKind(kind), presented)


def _presented_values(presented: PresentedIdentity) -> Values:
    return {name: getattr(presented, name) for name in PresentedIdentity.__slots__}


def _leg_values(leg: AnswerLeg) -> Values:
    return {
        "channel": leg.channel,
        "party": leg.party,
        "kind": leg.kind,
        "connected": leg.connected,
        "answered": dated(leg.answered),
        "ended": dated(leg.ended),
    }


def _leg(values: Row) -> AnswerLeg:
    return AnswerLeg(
        channel=values["channel"],
        party=values["party"],
        kind=LegKind(values["kind"]),
        connected=values["connected"],
        answered=undated(values["answered"]),
        ended=undated(values["ended"]),
    )


def _source_values(source: LocationSource) -> Values:
    return {
        **{name: getattr(source, name) for name in LocationSource.__slots__},
        "at": micros(source.at),
        "found_at": micros(source.found_at) if source.found_at else None,
    }


def _source(values: Row) -> LocationSource:
    return LocationSource(
        **{
            **values,
            "kind": SourceKind(values["kind"]),
            "at": from_micros(values["at"]),
            "shape": Shape(values["shape"]) if values["shape"] else None,
            "outline": tuple((lat, lon) for lat, lon in values["outline"]),
            "civic": tuple((name, text) for name, text in values["civic"]),
            "found_at": from_micros(values["found_at"]) if values["found_at"] is not None else None,
        }
    )


def dated(instant: Instant | None) -> list[int] | None:
    """Give an instant as JSON has it."""
    return [micros(instant.at), instant.precision] if instant else None


def undated(values: list[int] | None) -> Instant | None:
    """Give the instant back."""
    return Instant(from_micros(values[0]), Precision(values[1])) if values else None


def ticket_values(ticket: Ticket) -> Values:
    """Give the row of a ticket."""
    return {
        "number": ticket.number,
        "call_id": ticket.call_id,
        "opened_at": ticket.opened_at,
        "answered_at": ticket.answered_at,
        "taker": ticket.taker,
        "version": ticket.version,
        "status": ticket.status,
        "call_type": ticket.call_type,
        "category": ticket.category,
        "severity": ticket.severity,
        "reporter_name": ticket.reporter_name,
        "description": ticket.description,
        "verbatim": ticket.location.verbatim,
        "area_code": ticket.location.area_code,
        "landmark": ticket.location.landmark,
        "lat": ticket.location.lat,
        "lon": ticket.location.lon,
        "location_source": ticket.location.source,
        "on_progress_at": ticket.on_progress_at,
        "closed_at": ticket.closed_at,
        "on_progress_breached_at": ticket.on_progress_breached_at,
        "close_breached_at": ticket.close_breached_at,
        "watch_at": ticket.watch_at,
        "return_call": ticket.return_call,
    }


def ticket_of(row: Row) -> Ticket:
    """Give the ticket of a row."""
    return Ticket(
        number=row["number"],
        call_id=CallId(row["call_id"]),
        opened_at=row["opened_at"],
        answered_at=row["answered_at"],
        taker=row["taker"],
        version=row["version"],
        status=TicketStatus(row["status"]),
        call_type=CallType(row["call_type"]),
        category=row["category"],
        severity=row["severity"],
        reporter_name=row["reporter_name"],
        description=row["description"],
        location=Location(
            verbatim=row["verbatim"],
            area_code=row["area_code"],
            landmark=row["landmark"],
            lat=row["lat"],
            lon=row["lon"],
            source=row["location_source"],
        ),
        on_progress_at=row["on_progress_at"],
        closed_at=row["closed_at"],
        on_progress_breached_at=row["on_progress_breached_at"],
        close_breached_at=row["close_breached_at"],
        watch_at=row["watch_at"],
        return_call=row["return_call"],
    )


def entry_values(entry: Entry) -> Values:
    """Give the row of an entry without its seq; the body is text already."""
    return {
        "call_id": entry.call_id,
        "position": entry.position,
        "ticket_number": entry.ticket_number,
        "type": entry.type,
        "at": entry.at,
        "recorded_at": entry.recorded_at,
        "body": entry.body_text or canonical(entry.body),
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }


def entry_of(row: Row) -> Entry:
    """Give the entry of a row."""
    return Entry(
        call_id=CallId(row["call_id"]),
        position=row["position"],
        type=row["type"],
        at=row["at"],
        recorded_at=row["recorded_at"],
        body=row["body"],
        previous_hash=row["previous_hash"],
        hash=row["hash"],
        ticket_number=row["ticket_number"],
        seq=row["seq"],
    )


def call_back_values(call_back: CallBack) -> Values:
    """Give the row of a call-back; one that is not kept yet has no id: the database gives it."""
    settled = call_back.settlement
    return {
        "id": call_back.id or None,
        "number": call_back.number,
        "since": call_back.since,
        "attempts": [_attempt_values(one) for one in call_back.attempts],
        "settled_at": settled.at if settled else None,
        "how": settled.how if settled else None,
        "settled_by": settled.by if settled else None,
        "note": settled.note if settled else None,
        "settling_call": settled.call_id if settled else None,
    }


def call_back_of(row: Row) -> CallBack:
    """Give the call-back of a row."""
    return CallBack(
        number=row["number"],
        since=row["since"],
        attempts=tuple(_attempt(*values) for values in row["attempts"]),
        settlement=_settlement(row) if row["settled_at"] else None,
        id=row["id"],
    )


def _attempt_values(attempt: Attempt) -> list[object]:
    return [micros(attempt.at), attempt.by, attempt.outcome, attempt.note, attempt.return_call]


def _attempt(at: int, by: str, outcome: str, note: str | None, return_call: int | None = None) -> Attempt:
    return Attempt(from_micros(at), by, CallBackOutcome(outcome), note, return_call)


def _settlement(row: Row) -> Settlement:
    return Settlement(row["settled_at"], SettledHow(row["how"]), row["settled_by"], row["note"], row["settling_call"])


def dispatch_values(dispatch: Dispatch) -> Values:
    """Give the row of a dispatch; one that is not kept yet has no id: the database gives it."""
    trace = dispatch.trace
    return {
        "id": dispatch.id or None,
        "ticket": dispatch.ticket,
        "call_id": dispatch.call_id,
        "skpd": dispatch.skpd,
        "lines": list(dispatch.lines),
        "requested_at": dispatch.requested_at,
        "requested_by": dispatch.requested_by,
        "state": dispatch.state,
        "legs": [_dispatch_leg_values(leg) for leg in trace.legs],
        "joined": dated(trace.joined),
        "left": dated(trace.left),
        "over": dated(trace.over),
        "updates": [[micros(one.at), one.state, one.by, one.note] for one in dispatch.updates],
        "cancelled_at": dispatch.cancelled_at,
        "mode": dispatch.mode,
        "begun_as": dispatch.begun_as,
        "consulted": dated(trace.consulted),
    }


def dispatch_of(row: Row) -> Dispatch:
    """Give the dispatch of a row."""
    return Dispatch(
        ticket=row["ticket"],
        call_id=CallId(row["call_id"]),
        skpd=row["skpd"],
        lines=tuple(row["lines"]),
        requested_at=row["requested_at"],
        requested_by=row["requested_by"],
        trace=Trace(
            legs=tuple(_dispatch_leg(values) for values in row["legs"]),
            consulted=undated(row["consulted"]),
            joined=undated(row["joined"]),
            left=undated(row["left"]),
            over=undated(row["over"]),
        ),
        updates=tuple(
            Update(from_micros(at), DispatchState(state), by, note) for at, state, by, note in row["updates"]
        ),
        cancelled_at=row["cancelled_at"],
        mode=DispatchMode(row["mode"]),
        begun_as=row["begun_as"],
        id=row["id"],
    )


_LEG_INSTANTS: Final = ("dialled", "ringing", "answered", "accepted", "ended")


def _dispatch_leg_values(leg: DispatchLeg) -> Values:
    tried = leg.tried
    return {
        "line": leg.line,
        "trunk": leg.trunk,
        **{name: dated(getattr(leg, name)) for name in _LEG_INSTANTS},
        "cause": leg.cause,
        "tried": [tried.status, tried.rang, tried.cause, tried.sip] if tried else None,
    }


def _dispatch_leg(values: Row) -> DispatchLeg:
    return DispatchLeg(
        line=values["line"],
        trunk=values["trunk"],
        **{name: undated(values[name]) for name in _LEG_INSTANTS},
        cause=values["cause"],
        tried=Tried(*values["tried"]) if values["tried"] else None,
    )


def taker_of(row: Row) -> Taker:
    """Give the call taker of a row."""
    return Taker(**row)


def position_values(position: JournalPosition) -> Values:
    """Give the row of a journal position."""
    return {"name": position.name, "inode": str(position.inode), "offset": position.offset}


def position_of(row: Row) -> JournalPosition:
    """Give the journal position of a row."""
    return JournalPosition(row["name"], int(row["inode"]), row["offset"])


def user_of(row: Row) -> User:
    """Give the user of a row."""
    return User(**{**row, "role": Role(row["role"])})


def skpd_values(skpd: Skpd) -> Values:
    """Give the row of an SKPD that is not removed."""
    return {
        "code": skpd.code,
        "name": skpd.name,
        "lines": [_line_values(line) for line in skpd.lines],
        "categories": list(skpd.categories),
        "confirm": skpd.confirm,
        "pin_hash": skpd.pin_hash,
        "short": skpd.short,
        "removed": False,
    }


def skpd_of(row: Row) -> Skpd:
    """Give the SKPD of a row."""
    return Skpd(
        code=row["code"],
        name=row["name"],
        lines=tuple(_line(values) for values in row["lines"]),
        categories=tuple(row["categories"]),
        confirm=row["confirm"],
        pin_hash=row["pin_hash"],
        short=row["short"],
    )


def _line_values(line: Line) -> Values:
    hours = line.hours
    return {
        "number": line.number,
        "ring_s": line.ring_s,
        "hours": hours and [f"{hours.begins:%H:%M}", f"{hours.ends:%H:%M}", sorted(hours.days)],
    }


def _line(values: Row) -> Line:
    return Line(values["number"], values["ring_s"], _hours(*values["hours"]) if values["hours"] else None)


def _hours(begins: str, ends: str, days: list[int]) -> Hours:
    return Hours(time.fromisoformat(begins), time.fromisoformat(ends), frozenset(map(Weekday, days)))


def session_of(row: Row) -> Session:
    """Give the session of a row."""
    return Session(**row)


def premise_note_values(note: PremiseNote) -> Values:
    """Give the row of a version of a premise note."""
    return {
        "id": note.id,
        "version": note.version,
        "number": note.premises.number,
        "area": note.premises.area,
        "address": note.premises.address,
        "kind": note.kind,
        "text": note.text,
        "expires_on": note.expires_on,
        "written_at": note.written_at,
        "written_by": note.written_by,
        "changed_at": note.changed_at,
        "changed_by": note.changed_by,
        "withdrawn": note.withdrawn,
        "reason": note.reason,
    }


def premise_note_of(row: Row) -> PremiseNote:
    """Give the version of a premise note of a row."""
    return PremiseNote(
        premises=Premises(row["number"], row["area"], row["address"]),
        kind=PremiseKind(row["kind"]),
        text=row["text"],
        expires_on=row["expires_on"],
        written_at=row["written_at"],
        written_by=row["written_by"],
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
        version=row["version"],
        withdrawn=row["withdrawn"],
        reason=row["reason"],
        id=row["id"],
    )
