"""Tickets and calls as JSON for the outside: the API and `--json` say the same, and say it here alone."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from gateway.places.cells.table import NO_CELLS
from ticketing.sla import clocks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gateway.alarms import Alarm
    from gateway.places.areas.search import Closeness
    from gateway.places.areas.table import Area, AreaTable
    from gateway.places.cells.table import Cells
    from ticketing.dispatch import Dispatch, DispatchLeg
    from ticketing.located import LocationSource
    from ticketing.model import Call, Caller, Instant, Ticket
    from ticketing.nuisance import Standing
    from ticketing.ports import KeptCallBack
    from ticketing.return_calls import ReturnCall
    from ticketing.skpd import Line, Skpd
    from ticketing.sla import SlaClock, Targets
    from ticketing.timeline import Entry

Json = dict[str, Any]


def rfc3339(at: datetime | None) -> str | None:
    """`2026-11-23T04:05:06.000007Z`: UTC, microseconds always written."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z") if at else None


def seconds(span: timedelta | None) -> float | None:
    """A duration in seconds, to the microsecond."""
    return round(span / timedelta(seconds=1), 6) if span is not None else None


def alarm_json(alarm: Alarm) -> Json:
    """What somebody has to know."""
    return {"name": alarm.name, "text": alarm.text, "since": rfc3339(alarm.since), "grave": alarm.grave}


def call_json(call: Call, ticket: str | None, *, recording: bool, cells: Cells = NO_CELLS) -> Json:
    """A call; `recording` says whether there is audio to be fetched."""
    return {
        "id": call.id,
        "node": call.node,
        "arrived_at": rfc3339(call.arrival.at),
        "answered_at": rfc3339(call.answered.at if call.answered else None),
        "ended_at": rfc3339(call.over_at),
        "wait_s": seconds(call.wait),
        "talk_s": seconds(call.talk),
        "outcome": call.outcome,
        "takers": list(call.takers),
        "ticket": ticket,
        "trunk": call.trunk,
        "caller": caller_json(call.caller),
        "said": said_json(call),
        "location_sources": [source_json(one, cells) for one in call.locations],
        "recording": f"/api/v1/calls/{call.id}/recording" if recording else None,
    }


def caller_json(caller: Caller | None) -> Json:
    """Who called, as sent and as understood."""
    if caller is None:
        return {"raw": "", "e164": None, "kind": "unknown", "callable": False}
    return {"raw": caller.raw, "e164": caller.e164, "kind": caller.kind, "callable": caller.callable}


def said_json(call: Call) -> list[Json]:
    """What the caller answered by key or voice, by its time."""
    return [{"at": rfc3339(one.at), "question": one.question, "answer": one.answer} for one in call.said]


def source_json(source: LocationSource, cells: Cells) -> Json:
    """A place that the network told of; of a cell, that of its antenna, where it is known."""
    cell = cells.of(source)
    return {
        "kind": source.kind,
        "at": rfc3339(source.at),
        "shape": source.shape,
        "lat": cell.lat if cell else source.lat,
        "lon": cell.lon if cell else source.lon,
        "uncertainty_m": cell.radius_m if cell else source.uncertainty_m,
        "confidence": source.confidence,
        "outline": [list(corner) for corner in source.outline],
        "civic": [{"element": element, "text": text} for element, text in source.civic],
        "method": source.method or None,
        "found_at": rfc3339(source.found_at),
        "reference": source.reference or None,
        "cell_name": cell.name if cell else None,
        "refusal": source.refusal or None,
    }


def ticket_json(
    ticket: Ticket,
    call: Call,
    dispatches: Sequence[Dispatch],
    now: datetime,
    targets: Targets,
    cells: Cells = NO_CELLS,
) -> Json:
    """A ticket with what its call tells, who was sent, and both clocks as they stand at `now`."""
    read = clocks(ticket, now=now, targets=targets)
    place = ticket.location
    return {
        "number": ticket.number,
        "version": ticket.version,
        "status": ticket.status,
        "call_type": ticket.call_type,
        "category": ticket.category,
        "severity": ticket.severity,
        "call_id": ticket.call_id,
        "answered_at": rfc3339(ticket.answered_at),
        "opened_at": rfc3339(ticket.opened_at),
        "wait_s": seconds(call.wait),
        "taker": ticket.taker,
        "caller": caller_json(call.caller),
        "said": said_json(call),
        "reporter_name": ticket.reporter_name,
        "location": {
            "verbatim": place.verbatim,
            "area_code": place.area_code,
            "landmark": place.landmark,
            "lat": place.lat,
            "lon": place.lon,
            "source": place.source,
        },
        "location_sources": [source_json(one, cells) for one in call.locations],
        "description": ticket.description,
        "dispatches": [dispatch_json(one) for one in dispatches],
        "sla": {"on_progress": _clock_json(read.on_progress), "close": _clock_json(read.close)},
    }


def _clock_json(clock: SlaClock) -> Json:
    return {"due_at": rfc3339(clock.due_at), "met_at": rfc3339(clock.met_at), "state": clock.state}


def dispatch_json(dispatch: Dispatch) -> Json:
    """One SKPD asked to act, with every line that was rung."""
    trace = dispatch.trace
    return {
        "id": str(dispatch.id),
        "skpd": dispatch.skpd,
        "state": dispatch.state,
        "requested_at": rfc3339(dispatch.requested_at),
        "requested_by": dispatch.requested_by,
        "mode": dispatch.mode,
        "accepted_at": rfc3339(dispatch.accepted_at),
        "consulted_at": _at(trace.consulted),
        "bridged_at": _at(trace.joined),
        "left_at": _at(trace.left),
        "cancelled_at": rfc3339(dispatch.cancelled_at),
        "legs": [_leg_json(dispatch, leg) for leg in trace.legs],
        "updates": [
            {"at": rfc3339(one.at), "state": one.state, "by": one.by, "note": one.note} for one in dispatch.updates
        ],
    }


def _leg_json(dispatch: Dispatch, leg: DispatchLeg) -> Json:
    return {
        "line": dispatch.line(leg),
        "trunk": leg.trunk,
        "started_at": _at(leg.dialled),
        "ringing_at": _at(leg.ringing),
        "answered_at": _at(leg.answered),
        "accepted_at": _at(leg.accepted),
        "ended_at": _at(leg.ended),
        "outcome": leg.outcome,
        "cause": leg.ended_by,
        "sip": leg.tried.sip if leg.tried else None,
    }


def _at(instant: Instant | None) -> str | None:
    return rfc3339(instant.at) if instant else None


def call_back_json(kept: KeptCallBack) -> Json:
    """What is, or was, owed to a caller: by which calls, and what was done about it."""
    call_back, settled = kept.call_back, kept.call_back.settlement
    return {
        "id": str(call_back.id),
        "caller": caller_json(kept.calls[-1].caller),
        "owed_since": rfc3339(call_back.since),
        "calls": [
            {
                "id": call.id,
                "arrived_at": rfc3339(call.arrival.at),
                "wait_s": seconds(call.wait),
                "outcome": call.outcome,
            }
            for call in kept.calls
        ],
        "attempts": [
            {
                "at": rfc3339(one.at),
                "by": one.by,
                "outcome": one.outcome,
                "note": one.note,
                "return_call": None if one.return_call is None else str(one.return_call),
            }
            for one in call_back.attempts
        ],
        "return_calls": [return_call_json(one) for one in kept.return_calls],
        "settled": settled
        and {
            "at": rfc3339(settled.at),
            "how": settled.how,
            "by": settled.by,
            "note": settled.note,
            "call_id": settled.call_id,
        },
    }


def standing_json(stands: Standing) -> Json:
    """How a number stands by its marks, and what they cost its calls."""
    return {
        "number": stands.number,
        "marks": [{"ticket": one.ticket, "call_type": one.call_type, "at": rfc3339(one.at)} for one in stands.marks],
        "score": round(stands.score, 3),
        "since_at": rfc3339(stands.since),
        "beyond": stands.beyond,
        "confirmed_by": stands.confirmed.by if stands.confirmed else None,
        "confirmed_at": rfc3339(stands.confirmed.at) if stands.confirmed else None,
        "note": stands.confirmed.note if stands.confirmed else None,
        "until_at": rfc3339(stands.until),
        "delay_s": seconds(stands.delay),
    }


def return_call_json(call: ReturnCall) -> Json:
    """A caller called back by a click, with every trunk that was tried."""
    return {
        "id": str(call.id),
        "call_id": call.call_id,
        "number": call.number,
        "phone": call.phone,
        "requested_at": rfc3339(call.requested_at),
        "requested_by": call.requested_by,
        "state": call.state,
        "picked_up_at": _at(call.trace.picked_up),
        "reached_at": rfc3339(call.reached_at),
        "ended_at": _at(call.trace.over),
        "cancelled_at": rfc3339(call.cancelled_at),
        "outcome": call.outcome,
        "legs": [
            {
                "trunk": leg.trunk,
                "started_at": _at(leg.dialled),
                "reached_at": _at(leg.reached),
                "ended_at": _at(leg.ended),
                "outcome": leg.outcome,
                "cause": leg.tried.cause if leg.tried else None,
                "sip": leg.tried.sip if leg.tried else None,
            }
            for leg in call.trace.legs
        ],
    }


def skpd_json(skpd: Skpd) -> Json:
    """An SKPD and its lines; of its PIN only whether there is one."""
    return {
        "code": skpd.code,
        "name": skpd.name,
        "lines": [_line_json(line) for line in skpd.lines],
        "categories": list(skpd.categories),
        "confirm": skpd.confirm,
        "has_pin": skpd.pin_hash is not None,
        "short": skpd.short,
    }


def _line_json(line: Line) -> Json:
    hours = line.hours
    return {
        "number": line.number,
        "ring_s": line.ring_s,
        "hours": hours
        and {
            "days": [day.name.lower() for day in sorted(hours.days)],
            "begins": f"{hours.begins:%H:%M}",
            "ends": f"{hours.ends:%H:%M}",
        },
    }


def area_json(area: Area, table: AreaTable, closeness: Closeness | None = None) -> Json:
    """An area of the table; with it, where it was searched for, how near its name is to what was typed."""
    parent = table.parent(area)
    return {
        "code": area.code,
        "level": area.level,
        "name": area.name,
        "also": list(area.also),
        "parent": area.parent,
        "parent_name": parent and parent.name,
        "lat": area.lat,
        "lon": area.lon,
        "closeness": closeness,
    }


def feed_json(entry: Entry) -> Json:
    """An entry as the live feed tells it."""
    return {
        "seq": entry.seq,
        "type": entry.type,
        "at": rfc3339(entry.at),
        "call_id": entry.call_id,
        "ticket": entry.ticket_number,
        "body": dict(entry.body),
    }


def entry_json(entry: Entry) -> Json:
    """An entry as a timeline shows it: with its place in the chain (`ticketing.timeline.entry_hash` checks it)."""
    return {
        **feed_json(entry),
        "position": entry.position,
        "recorded_at": rfc3339(entry.recorded_at),
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }
