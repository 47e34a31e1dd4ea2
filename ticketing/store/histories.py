"""What is known of a number and of an area, as statements: read off indexes, and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select

from ticketing.model import CALLABLE_KINDS, TicketStatus
from ticketing.ports import MOST_COUNTED, MOST_REMEMBERED
from ticketing.store.premise_notes import around
from ticketing.store.rows import backwards
from ticketing.store.tables import calls, tickets

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select

    from ticketing.model import CallId


def _calls_of(number: str, but: CallId, count: int) -> Select[Any]:
    """Select the keys of the last `count` calls of a number, off its index."""
    return (
        select(calls.c.id, calls.c.arrived_at)
        .where(
            calls.c.caller_reversed == backwards(number),
            # The same digits may stand for something else: what a trunk sent that is no number of anybody.
            calls.c.caller_e164 == number,
            calls.c.caller_kind.in_(sorted(CALLABLE_KINDS)),
            calls.c.id != but,
        )
        .order_by(calls.c.arrived_at.desc(), calls.c.id.desc())
        .limit(count)
    )


def last_calls(number: str, but: CallId) -> Select[Any]:
    """Select the last MOST_REMEMBERED calls of a number, each with its ticket if it has one."""
    of_number = _calls_of(number, but, MOST_REMEMBERED).subquery("of_number")
    return (
        select(*calls.c, *tickets.c)
        .join_from(of_number, calls, calls.c.id == of_number.c.id)
        .outerjoin(tickets, tickets.c.call_id == calls.c.id)
        .order_by(of_number.c.arrived_at.desc(), of_number.c.id.desc())
    )


def counted(number: str, but: CallId) -> Select[Any]:
    """Select how many of the last MOST_COUNTED + 1 calls of a number there are of each call type; null: no ticket."""
    of_number = _calls_of(number, but, MOST_COUNTED + 1).subquery("of_number")
    return (
        select(tickets.c.call_type, func.count())
        .join_from(of_number, tickets, tickets.c.call_id == of_number.c.id, isouter=True)
        .group_by(tickets.c.call_type)
    )


def in_hand(number: str, but: CallId) -> Select[Any]:
    """Select the tickets that are not closed among a number's last MOST_COUNTED calls, the latest opened first."""
    of_number = _calls_of(number, but, MOST_COUNTED).subquery("of_number")
    return (
        select(*tickets.c, *calls.c)
        .join_from(of_number, tickets, tickets.c.call_id == of_number.c.id)
        .join(calls, calls.c.id == tickets.c.call_id)
        .where(tickets.c.status != TicketStatus.CLOSED)
        .order_by(tickets.c.opened_at.desc(), tickets.c.number.desc())
        .limit(MOST_REMEMBERED)
    )


def tickets_around(area: str, since: datetime, until: datetime, but: str) -> Select[Any]:
    """Select MOST_REMEMBERED tickets around an area, opened in that time, those not closed first."""
    in_time = (tickets.c.area_code.is_not(None), tickets.c.opened_at >= since, tickets.c.opened_at < until)
    is_closed = case((tickets.c.status == TicketStatus.CLOSED, 1), else_=0)
    return (
        select(*tickets.c, *calls.c)
        .join_from(tickets, calls, calls.c.id == tickets.c.call_id)
        .where(*in_time, around(tickets.c.area_code, area), tickets.c.number != but)
        .order_by(is_closed, tickets.c.opened_at.desc(), tickets.c.number.desc())
        .limit(MOST_REMEMBERED)
    )
