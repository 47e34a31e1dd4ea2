"""Return calls in the store: what a transaction changes of them, and the questions that a reader asks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import sqlite

from ticketing.dispatch import Tried
from ticketing.errors import ReturnCallUnknown
from ticketing.model import CallId
from ticketing.return_calls import ReturnCall, ReturnLeg, ReturnTrace
from ticketing.store.rows import dated, undated
from ticketing.store.statements import Statement
from ticketing.store.tables import calls, return_calls

if TYPE_CHECKING:
    from sqlite3 import Connection

    from ticketing.store.rows import Row, Values

RETURN_CALL = select(return_calls).where(return_calls.c.id == bindparam("return_call"))
RETURN_CALLS = select(return_calls).where(return_calls.c.call_id == bindparam("call_id")).order_by(return_calls.c.id)
RETURN_CALLS_UNDER_WAY = select(return_calls).where(return_calls.c.over.is_(None)).order_by(return_calls.c.id)
RETURN_CALLS_OF_CALL_BACKS = (
    select(*return_calls.c, calls.c.call_back)
    .join_from(calls, return_calls, return_calls.c.call_id == calls.c.id)
    .where(calls.c.call_back.in_(bindparam("call_backs", expanding=True)))
    .order_by(calls.c.call_back, return_calls.c.id)
)

_RETURN_CALL = Statement(
    select(return_calls).where(return_calls.c.id == bindparam("of_id")), gives=list(return_calls.c)
)
_UNDER_WAY = Statement(RETURN_CALLS_UNDER_WAY, gives=list(return_calls.c))
_new = sqlite.insert(return_calls)
_KEEP = Statement(
    _new.on_conflict_do_update(
        index_elements=[return_calls.c.id],
        set_={column.name: column for column in _new.excluded if column.name != "id"},
    ).returning(return_calls.c.id),
    gives=[return_calls.c.id],
)


class ReturnCallChanges:
    """The part of a Transaction (ticketing.ports) that is about return calls."""

    _connection: Connection

    def return_call(self, return_call: int) -> ReturnCall:
        """Give a return call; raise ReturnCallUnknown."""
        for row in _RETURN_CALL.rows(self._connection, {"of_id": return_call}):
            return return_call_of(row)
        raise ReturnCallUnknown(return_call)

    def return_calls_under_way(self) -> tuple[ReturnCall, ...]:
        """Give those of which the telephone has not told the end, the earliest requested first."""
        return tuple(map(return_call_of, _UNDER_WAY.rows(self._connection, {})))

    def keep_return_call(self, return_call: ReturnCall) -> ReturnCall:
        """Keep a new return call (id 0), or this in place of what was kept of it; give it back with its id."""
        (row,) = _KEEP.rows(self._connection, return_call_values(return_call))
        return replace(return_call, id=row["id"])


def return_call_values(call: ReturnCall) -> Values:
    """Give the row of a return call; one that is not kept yet has no id: the database gives it."""
    return {
        "id": call.id or None,
        "call_id": call.call_id,
        "number": call.number,
        "phone": call.phone,
        "requested_at": call.requested_at,
        "requested_by": call.requested_by,
        "legs": [_leg_values(leg) for leg in call.trace.legs],
        "picked_up": dated(call.trace.picked_up),
        "over": dated(call.trace.over),
        "cancelled_at": call.cancelled_at,
    }


def return_call_of(row: Row) -> ReturnCall:
    """Give the return call of a row."""
    return ReturnCall(
        call_id=CallId(row["call_id"]),
        number=row["number"],
        phone=row["phone"],
        requested_at=row["requested_at"],
        requested_by=row["requested_by"],
        trace=ReturnTrace(tuple(map(_leg, row["legs"])), undated(row["picked_up"]), undated(row["over"])),
        cancelled_at=row["cancelled_at"],
        id=row["id"],
    )


def _leg_values(leg: ReturnLeg) -> Values:
    tried = leg.tried
    return {
        "trunk": leg.trunk,
        "dialled": dated(leg.dialled),
        "reached": dated(leg.reached),
        "ended": dated(leg.ended),
        "tried": [tried.status, tried.rang, tried.cause, tried.sip] if tried else None,
    }


def _leg(values: dict[str, Any]) -> ReturnLeg:
    return ReturnLeg(
        trunk=values["trunk"],
        dialled=undated(values["dialled"]),
        reached=undated(values["reached"]),
        tried=Tried(*values["tried"]) if values["tried"] else None,
        ended=undated(values["ended"]),
    )
