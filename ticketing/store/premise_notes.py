"""Premise notes in the store: what a transaction adds of them, and the questions that a reader asks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Text, and_, bindparam, case, exists, func, literal, literal_column, or_, select
from sqlalchemy import insert as insert_into

from ticketing.errors import PremiseNoteUnknown
from ticketing.model import CALLABLE_KINDS, TicketStatus
from ticketing.ports import MOST_NOTES_TOLD
from ticketing.premise import KINDS_IN_ORDER, PremiseState, containing
from ticketing.store.rows import premise_note_of, premise_note_values
from ticketing.store.statements import Statement
from ticketing.store.tables import calls, premise_notes, tickets

if TYPE_CHECKING:
    from datetime import date
    from sqlite3 import Connection

    from sqlalchemy import ColumnElement, Select

    from ticketing.model import CallId
    from ticketing.premise import PremiseNote, Premises
    from ticketing.store.cursors import Place

_later = premise_notes.alias("later")
_LAST: Final = ~exists().where(_later.c.id == premise_notes.c.id, _later.c.version > premise_notes.c.version)

VERSIONS = (
    select(premise_notes).where(premise_notes.c.id == bindparam("premise_note")).order_by(premise_notes.c.version)
)
_NOTE = Statement(
    select(premise_notes).where(premise_notes.c.id == bindparam("of_id")).order_by(premise_notes.c.version.desc()),
    gives=list(premise_notes.c),
)
_LAST_ID = Statement(
    select(func.coalesce(func.max(premise_notes.c.id), literal_column("0")).label("id")), gives=[premise_notes.c.id]
)
_ADD = Statement(insert_into(premise_notes))


def around(column: ColumnElement[Any], area: str) -> ColumnElement[bool]:
    """Whether a column's area is this one, contains it, or lies within it."""
    # '/' comes after '.': what begins with the code and a dot.
    within = and_(column > f"{area}.", column < f"{area}/")
    return or_(column.in_(containing(area)), within)


def notes_at(number: str | None, area: str | None, day: date) -> Select[Any]:
    """Select the first MOST_NOTES_TOLD notes in force about a number or around an area, by kind, the last first."""
    about = [premise_notes.c.number == number] if number is not None else []
    about += [around(premise_notes.c.area, area)] if area is not None else []
    rank = case({kind: place for place, kind in enumerate(KINDS_IN_ORDER)}, value=premise_notes.c.kind)
    return (
        select(premise_notes)
        .where(or_(*about), _LAST, *_in_state(PremiseState.IN_FORCE, day))
        .order_by(rank, premise_notes.c.changed_at.desc(), premise_notes.c.id.desc())
        .limit(MOST_NOTES_TOLD)
    )


def note_page(state: PremiseState, day: date, after: Place | None, count: int) -> Select[Any]:
    """Select `count` notes in this state on `day`, the last written first, those after `after`."""
    where = [_LAST, *_in_state(state, day)]
    if after:
        where.append(premise_notes.c.id < literal(after.at))
    return select(premise_notes).where(*where).order_by(premise_notes.c.id.desc()).limit(count)


def _in_state(state: PremiseState, day: date) -> tuple[ColumnElement[bool], ...]:
    if state is PremiseState.WITHDRAWN:
        return (premise_notes.c.withdrawn,)
    expired = premise_notes.c.expires_on < day
    return (~premise_notes.c.withdrawn, expired if state is PremiseState.EXPIRED else ~expired)


def _in_hand(*where: ColumnElement[bool]) -> Statement:
    """The calls of tickets that are not closed, which are few and named so, the latest opened first."""
    not_closed: list[ColumnElement[str]] = [
        literal_column(f"'{status}'") for status in sorted(set(TicketStatus) - {TicketStatus.CLOSED})
    ]
    return Statement(
        select(tickets.c.call_id)
        .join_from(tickets, calls, calls.c.id == tickets.c.call_id)
        .where(tickets.c.status.in_(not_closed), *where)
        .order_by(tickets.c.opened_at.desc(), tickets.c.number.desc())
        .limit(bindparam("at_most"))
        .offset(literal_column("0")),
        gives=[tickets.c.call_id],
    )


_IN_HAND_OF_NUMBER = _in_hand(
    calls.c.caller_e164 == bindparam("of_number"),
    calls.c.caller_kind.in_([literal_column(f"'{kind}'") for kind in sorted(CALLABLE_KINDS)]),
)
_dotted = bindparam("dotted", type_=Text)
_IN_HAND_AROUND = _in_hand(
    or_(
        # It contains the area, or is the same: each of them but the last begins with the one before, and a dot.
        func.substr(_dotted, literal_column("1"), func.length(tickets.c.area_code) + literal_column("1"))
        == tickets.c.area_code + literal_column("'.'"),
        and_(tickets.c.area_code > _dotted, tickets.c.area_code < bindparam("beyond", type_=Text)),
    )
)


class PremiseNoteChanges:
    """The part of a Transaction (ticketing.ports) that is about premise notes."""

    _connection: Connection

    def premise_note(self, premise_note: int) -> PremiseNote:
        """Give a premise note as it is now; raise PremiseNoteUnknown."""
        for row in _NOTE.rows(self._connection, {"of_id": premise_note}):
            return premise_note_of(row)
        raise PremiseNoteUnknown(premise_note)

    def keep_premise_note(self, note: PremiseNote) -> PremiseNote:
        """Keep a new premise note (id 0), or the next version of one; give it back with its id."""
        # Nobody else adds one before this is committed (Writer: IMMEDIATE), and none is ever taken away.
        (last,) = _LAST_ID.rows(self._connection, {})
        kept = replace(note, id=note.id or last["id"] + 1)
        _ADD.run(self._connection, premise_note_values(kept))
        return kept

    def calls_in_hand_at(self, premises: Premises, limit: int) -> tuple[CallId, ...]:
        """Give the calls of up to `limit` tickets that are not closed, of this number or around this area.

        The latest opened first.
        """
        if premises.area is None:
            asked: dict[str, Any] = {"of_number": premises.number, "at_most": limit}
            found = _IN_HAND_OF_NUMBER.rows(self._connection, asked)
        else:
            asked = {"dotted": f"{premises.area}.", "beyond": f"{premises.area}/", "at_most": limit}
            found = _IN_HAND_AROUND.rows(self._connection, asked)
        return tuple(row["call_id"] for row in found)
