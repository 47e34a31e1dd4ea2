"""Dispatches in the store: what a transaction changes of them, and the questions that a reader asks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import sqlite

from ticketing.dispatch import OPEN_STATES
from ticketing.errors import DispatchUnknown
from ticketing.model import TicketStatus
from ticketing.store.rows import dispatch_of, dispatch_values
from ticketing.store.statements import Statement
from ticketing.store.tables import dispatches, tickets

if TYPE_CHECKING:
    from sqlite3 import Connection

    from ticketing.dispatch import Dispatch

DISPATCHES = (
    select(dispatches)
    .where(dispatches.c.ticket.in_(bindparam("numbers", expanding=True)))
    .order_by(dispatches.c.ticket, dispatches.c.id)
)
DISPATCH = select(dispatches).where(dispatches.c.id == bindparam("dispatch"))
DISPATCHES_OF_OPEN_TICKETS = (
    select(*dispatches.c)
    .join_from(tickets, dispatches, dispatches.c.ticket == tickets.c.number)
    # By naming those that are open, which are few.
    .where(tickets.c.status.in_(sorted(set(TicketStatus) - {TicketStatus.CLOSED})))
    .order_by(dispatches.c.ticket, dispatches.c.id)
)
DISPATCHES_UNDER_WAY = select(dispatches).where(dispatches.c.over.is_(None)).order_by(dispatches.c.id)
DISPATCHES_OPEN = (
    select(dispatches)
    .where(dispatches.c.skpd == bindparam("skpd"), dispatches.c.state.in_(sorted(OPEN_STATES)))
    .order_by(dispatches.c.id.desc())
    .limit(bindparam("at_most"))
)

_DISPATCH = Statement(select(dispatches).where(dispatches.c.id == bindparam("of_id")), gives=list(dispatches.c))
_DISPATCH_BEGUN = Statement(
    select(dispatches).where(dispatches.c.begun_as == bindparam("of_name")), gives=list(dispatches.c)
)
_DISPATCHES_OF = Statement(
    select(dispatches).where(dispatches.c.ticket == bindparam("of_ticket")).order_by(dispatches.c.id),
    gives=list(dispatches.c),
)
_new = sqlite.insert(dispatches)
_KEEP_DISPATCH = Statement(
    _new.on_conflict_do_update(
        index_elements=[dispatches.c.id],
        set_={column.name: column for column in _new.excluded if column.name != "id"},
    ).returning(dispatches.c.id),
    gives=[dispatches.c.id],
)


class DispatchChanges:
    """The part of a Transaction (ticketing.ports) that is about dispatches."""

    _connection: Connection

    def dispatch(self, dispatch: int | str) -> Dispatch:
        """Give a dispatch, by its id or, for one begun by telephone, its name there; raise DispatchUnknown."""
        if isinstance(dispatch, str):
            rows = _DISPATCH_BEGUN.rows(self._connection, {"of_name": dispatch})
        else:
            rows = _DISPATCH.rows(self._connection, {"of_id": dispatch})
        for row in rows:
            return dispatch_of(row)
        raise DispatchUnknown(dispatch)

    def dispatches_of(self, number: str) -> tuple[Dispatch, ...]:
        """Give a ticket's dispatches, the earliest requested first."""
        return tuple(map(dispatch_of, _DISPATCHES_OF.rows(self._connection, {"of_ticket": number})))

    def keep_dispatch(self, dispatch: Dispatch) -> Dispatch:
        """Keep a new dispatch (id 0), or this in place of what was kept of it; give it back with its id."""
        (row,) = _KEEP_DISPATCH.rows(self._connection, dispatch_values(dispatch))
        return replace(dispatch, id=row["id"])
