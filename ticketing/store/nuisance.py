"""Marks of numbers in the store: what tickets say about their callers, and what supervisors have said.

Marks are no table of their own: they are read off the tickets, so that they cannot fall out of step with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, insert, literal_column, or_, select

from ticketing.model import CALLABLE_KINDS, CallType, TicketStatus
from ticketing.nuisance import MARKING, Evidence, Judged, Judgement, says_something
from ticketing.store.rows import backwards
from ticketing.store.statements import Statement
from ticketing.store.tables import calls, nuisance_judged, tickets

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from sqlite3 import Connection

    from sqlalchemy import ColumnElement

    Condition = ColumnElement[bool]


def _one_of(column: ColumnElement[str], values: Collection[str]) -> Condition:
    return column.in_([literal_column(f"'{value}'") for value in sorted(values)])


_GIVES = [calls.c.caller_e164, tickets.c.number, tickets.c.answered_at, tickets.c.call_type]
_CALLABLE = and_(calls.c.caller_e164.is_not(None), _one_of(calls.c.caller_kind, CALLABLE_KINDS))
_MARK = and_(_one_of(tickets.c.status, {TicketStatus.CLOSED}), _one_of(tickets.c.call_type, MARKING))
_SAYS_SOMETHING = or_(
    *(
        and_(_one_of(tickets.c.call_type, {kind}), _one_of(tickets.c.status, statuses))
        for kind in CallType
        if (statuses := {status for status in TicketStatus if says_something(status, kind)})
    )
)
_OF_CALLS = select(*_GIVES).join_from(calls, tickets, tickets.c.number == calls.c.ticket)
_SINCE = tickets.c.opened_at >= bindparam("since", type_=tickets.c.opened_at.type)

# By the index of status and call type: it leads to the marks of some months, and to nothing else.
EVIDENCE_ON_ALL = (
    select(*_GIVES).join_from(tickets, calls, calls.c.id == tickets.c.call_id).where(_MARK, _SINCE, _CALLABLE)
)
EVIDENCE_ON_NUMBERS = _OF_CALLS.where(
    calls.c.caller_reversed.in_(bindparam("backwards", expanding=True)), _CALLABLE, _SINCE, _SAYS_SOMETHING
)
JUDGED_AFTER = select(nuisance_judged).where(nuisance_judged.c.id > bindparam("after")).order_by(nuisance_judged.c.id)

_EVIDENCE_ON = Statement(
    _OF_CALLS.where(
        calls.c.caller_reversed == bindparam("backwards"),
        calls.c.caller_e164 == bindparam("of_number"),
        _CALLABLE,
        _SINCE,
        _SAYS_SOMETHING,
    ),
    gives=_GIVES,
)
_JUDGED = Statement(
    select(nuisance_judged).where(nuisance_judged.c.number == bindparam("of_number")).order_by(nuisance_judged.c.id),
    gives=list(nuisance_judged.c),
)
_KEEP_JUDGED = Statement(insert(nuisance_judged), takes=["number", "at", "judgement", "by", "note"])


def reversed_numbers(numbers: Collection[str]) -> tuple[str, ...]:
    """Give these numbers as the index of callers has them."""
    return tuple(turned for number in sorted(numbers) if (turned := backwards(number)))


def evidence_of(row: Sequence[Any]) -> Evidence:
    """Give what a ticket says: number, ticket, when it was answered, call type."""
    number, ticket, at, call_type = row
    return Evidence(number, ticket, at, CallType(call_type))


def judged_of(row: dict[str, Any]) -> Judged:
    """Give what a supervisor has said, of its row."""
    return Judged(**{**row, "judgement": Judgement(row["judgement"])})


class NuisanceChanges:
    """The part of a Transaction (ticketing.ports) that is about marks."""

    _connection: Connection

    def evidence_on(self, number: str, since: datetime) -> tuple[Evidence, ...]:
        """Give what the tickets opened since then say about this number, in any order."""
        asked = {"backwards": backwards(number), "of_number": number, "since": since}
        return tuple(evidence_of(tuple(row.values())) for row in _EVIDENCE_ON.rows(self._connection, asked))

    def judged(self, number: str) -> tuple[Judged, ...]:
        """Give what supervisors have said of this number, the earliest first."""
        return tuple(map(judged_of, _JUDGED.rows(self._connection, {"of_number": number})))

    def keep_judged(self, judged: Judged) -> None:
        """Keep what a supervisor says (id 0)."""
        values = {"number": judged.number, "at": judged.at, "judgement": judged.judgement.value}
        _KEEP_JUDGED.run(self._connection, {**values, "by": judged.by, "note": judged.note})
