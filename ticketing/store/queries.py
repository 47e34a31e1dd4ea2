"""The lists as statements: filters on indexed columns, one order each, a page after a place.

A page is read off an index that ends with the list's order, so its cost does not grow with the list. Where several
values of a column are asked for, each is a branch that is read off its index by itself, and the branches are merged:
SQLite would otherwise sort all that match.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Integer, and_, desc, false, func, literal, literal_column, or_, select, tuple_, union

from ticketing.callbacks import CALL_BACK_ID
from ticketing.errors import BadCursor
from ticketing.model import CallType, TicketStatus
from ticketing.ports import TicketFilter
from ticketing.store.search import search_of
from ticketing.store.tables import TEXT_INDEX, call_backs, calls, dispatches, from_micros, micros, ticket_texts, tickets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, CompoundSelect, Select, Table

    from ticketing.ports import CallFilter
    from ticketing.store.cursors import Place
    from ticketing.store.search import Search

    Condition = ColumnElement[bool]
    Keys = Select[Any]

FEW: Final = 100_000
"""So many tickets are gone through by a filter in a tenth of a second; a text is looked for among them then."""

_DAY: Final = 86_400_000_000  # microseconds
_DAY_SHIFT: Final = 47


def _text_key(table: str) -> ColumnElement[int]:
    """Give a ticket's rowid in the text index, as the triggers compute it (migration 0002)."""
    return literal_column(
        f"((({table}.opened_at / {_DAY}) << {_DAY_SHIFT})"
        f" | (CAST(substr({table}.number, 5, 8) AS INTEGER) << 22) | CAST(substr({table}.number, 14) AS INTEGER))",
        Integer,
    )


_TEXT_KEY: Final = _text_key("tickets")
# The plus keeps FTS5 from looking up each of the few by itself, which costs it milliseconds a piece.
_EACH_KEY: Final = literal_column(f"+{TEXT_INDEX}.rowid", Integer)
_MATCHES: Final = literal_column(TEXT_INDEX).op("MATCH")

_TICKETS_AND_CALLS: Final = (*tickets.c, *calls.c)


def ticket_page(wanted: TicketFilter, after: Place | None, count: int) -> Select[Any]:
    """Select `count` of these tickets with their calls, the latest opened first, those after `after`."""
    page = _merged(_ticket_keys(wanted, after), ("opened_at", "number"), count).subquery("page")
    return (
        select(*_TICKETS_AND_CALLS)
        .join_from(page, tickets, tickets.c.number == page.c.number)
        .join(calls, calls.c.id == tickets.c.call_id)
        .order_by(page.c.opened_at.desc(), page.c.number.desc())
    )


def few(wanted: TicketFilter) -> Select[Any] | None:
    """Select whether these are no more than FEW, whatever their text; None when nothing but a text narrows them."""
    if replace(wanted, text=None, since=None, until=None, now=None) == TicketFilter():
        return None
    keys = _merged(_ticket_keys(replace(wanted, text=None), None), ("opened_at", "number"), FEW + 1).subquery("few")
    return select(func.count() <= literal(FEW)).select_from(keys)


def ticket_text_page(
    wanted: TicketFilter, text: str, after: Place | None, count: int, *, among_few: bool = False
) -> Select[Any]:
    """Select as `ticket_page` does, by a text as well; each row ends with its text key, which gives the order.

    `among_few`: the other filters leave FEW at most. Those are found first then, and the text among them; otherwise
    the tickets that have the text are gone through until a page is full.
    """
    keys = list(_text_branches(search_of(text), wanted, after, among_few=among_few))
    if not keys:
        keys = [select(_TEXT_KEY.label("key"), tickets.c.number).where(false())]
    # Each by itself is cut off at the page's end: a common word's hundred thousand tickets are not merged.
    cut = [select(branch.order_by(desc("key")).limit(count).subquery()) for branch in keys]
    page = _merged(cut, ("key", "number"), count).subquery("page")
    return (
        select(*_TICKETS_AND_CALLS, page.c.key)
        .join_from(page, tickets, tickets.c.number == page.c.number)
        .join(calls, calls.c.id == tickets.c.call_id)
        .order_by(page.c.key.desc())
    )


def call_page(wanted: CallFilter, after: Place | None, count: int) -> Select[Any]:
    """Select `count` of these calls, the latest arrived first, those after `after`."""
    where = list(_call_conditions(wanted))
    if after:
        where.append(_before(calls, "arrived_at", "id", after))
    keys = [select(calls.c.arrived_at, calls.c.id).where(*where, *branch) for branch in _call_branches(wanted)]
    page = _merged(keys, ("arrived_at", "id"), count).subquery("page")
    return (
        select(*calls.c)
        .join_from(page, calls, calls.c.id == page.c.id)
        .order_by(page.c.arrived_at.desc(), page.c.id.desc())
    )


def call_back_page(after: Place | None, count: int, *, settled: bool) -> Select[Any]:
    """Select `count` call-backs, each with all its calls, those after `after`.

    Owed ones by their oldest debt, the oldest first; settled ones the last settled first.
    """
    at = call_backs.c.settled_at if settled else call_backs.c.since
    keys = select(call_backs.c.id).where(at.is_not(None) if settled else call_backs.c.settled_at.is_(None))
    if after:
        place = tuple_(literal(_instant_of(after), at.type), literal(_id_of(after)))
        row = tuple_(at, call_backs.c.id)
        keys = keys.where(row < place if settled else row > place)
    order = (at.desc(), call_backs.c.id.desc()) if settled else (at, call_backs.c.id)
    page = keys.order_by(*order).limit(count).subquery("page")
    return (
        select(*call_backs.c, *calls.c)
        .join_from(page, call_backs, call_backs.c.id == page.c.id)
        .join(calls, calls.c.call_back == call_backs.c.id)
        .order_by(*order, calls.c.arrived_at, calls.c.id)
    )


def _merged(keys: Sequence[Keys], order: tuple[str, str], count: int) -> Select[Any] | CompoundSelect[Any]:
    descending: list[ColumnElement[Any]] = [desc(name) for name in order]
    if len(keys) == 1:
        return keys[0].order_by(*descending).limit(count)
    return union(*keys).order_by(*descending).limit(count)


def _before(table: Table, at: str, name: str, place: Place) -> Condition:
    instant = literal(_instant_of(place), table.c[at].type)
    return tuple_(table.c[at], table.c[name]) < tuple_(instant, literal(place.name))


def _id_of(place: Place) -> int:
    if not re.fullmatch(CALL_BACK_ID, place.name or ""):
        raise BadCursor
    return int(place.name or "")


def _instant_of(place: Place) -> datetime:
    try:
        return from_micros(place.at)
    except OverflowError as error:
        raise BadCursor from error


def _span(column: ColumnElement[datetime], since: datetime | None, until: datetime | None) -> Iterable[Condition]:
    if since:
        yield column >= since
    if until:
        yield column < until


def _ticket_keys(wanted: TicketFilter, after: Place | None) -> list[Keys]:
    where = list(_ticket_conditions(wanted))
    if wanted.breached or not _by_kind(wanted):
        where += _kinds(wanted)
    if after:
        where.append(_before(tickets, "opened_at", "number", after))
    return [select(tickets.c.opened_at, tickets.c.number).where(*where, *branch) for branch in _ticket_branches(wanted)]


def _ticket_conditions(wanted: TicketFilter) -> Iterable[Condition]:
    """Yield what holds for every ticket that is wanted, but for its kind and its breaches."""
    yield from _span(tickets.c.opened_at, wanted.since, wanted.until)
    if wanted.skpd is not None:
        yield tickets.c.number.in_(select(dispatches.c.ticket).where(dispatches.c.skpd == wanted.skpd))
    if wanted.category is not None:
        yield tickets.c.category == wanted.category
    if wanted.taker is not None:
        yield tickets.c.taker == wanted.taker
    if wanted.breached is False:
        yield or_(tickets.c.call_type != CallType.EMERGENCY, and_(*(~one for one in _breaches(wanted.now))))
    if wanted.breached:
        yield tickets.c.call_type == CallType.EMERGENCY


def _by_kind(wanted: TicketFilter) -> bool:
    """Whether the index of status and call type is the one to be read: always for those not closed, which are few."""
    if wanted.statuses and TicketStatus.CLOSED not in wanted.statuses:
        return True
    return bool(wanted.statuses or wanted.call_types) and wanted.taker is None and wanted.category is None


def _kinds(wanted: TicketFilter) -> Iterable[Condition]:
    # Of an expression SQLite has no index: it would read this one rather than the one that leads.
    if wanted.statuses:
        yield tickets.c.status.concat("").in_(sorted(wanted.statuses))
    if wanted.call_types:
        yield tickets.c.call_type.concat("").in_(sorted(wanted.call_types))


def _breaches(now: datetime | None) -> tuple[Condition, ...]:
    """Give the ways in which a ticket is breached: on the timeline, or due by now and not noted yet."""
    noted = (tickets.c.on_progress_breached_at.is_not(None), tickets.c.close_breached_at.is_not(None))
    if now is None:
        return noted
    # Apart from the list: SQLite would go through all openings in their order for these few.
    due = tickets.alias("due")
    return (*noted, tickets.c.number.in_(select(due.c.number).where(due.c.watch_at < now)))


def _ticket_branches(wanted: TicketFilter) -> Iterable[tuple[Condition, ...]]:
    if wanted.breached:
        return [(way,) for way in _breaches(wanted.now)]
    if not _by_kind(wanted):
        return [()]
    pairs = product(sorted(wanted.statuses or TicketStatus), sorted(wanted.call_types or CallType))
    return [(tickets.c.status == status, tickets.c.call_type == call_type) for status, call_type in pairs]


def _text_branches(search: Search, wanted: TicketFilter, after: Place | None, *, among_few: bool) -> Iterable[Keys]:
    where = [*_ticket_conditions(wanted), *_kinds(wanted)]
    if wanted.breached:
        where.append(or_(*_breaches(wanted.now)))
    if search.words:
        by_word = select(ticket_texts.c.rowid.label("key"), ticket_texts.c.number)
        by_word = by_word.where(_MATCHES(search.words), *_key_span(wanted, after))
        if among_few:
            yield by_word.where(_EACH_KEY.in_(_few_keys(wanted)))
        else:
            joined = by_word.join_from(ticket_texts, tickets, tickets.c.number == ticket_texts.c.number)
            yield joined.where(*where)
    known = select(_TEXT_KEY.label("key"), tickets.c.number).where(*where)
    if after:
        known = known.where(_TEXT_KEY.__lt__(after.at))
    if search.ending:
        yield known.join_from(calls, tickets, tickets.c.number == calls.c.ticket).where(*_ends(search))
    if search.ticket:
        yield known.where(*_begins(search.ticket))


def _few_keys(wanted: TicketFilter) -> Select[Any]:
    found = union(*_ticket_keys(wanted, None)).subquery("few")
    return select(_text_key("few")).select_from(found)


def _key_span(wanted: TicketFilter, after: Place | None) -> Iterable[Condition]:
    key = ticket_texts.c.rowid
    if after:
        yield key < after.at
    if wanted.since:
        yield key >= (micros(wanted.since) // _DAY) << _DAY_SHIFT
    if wanted.until:
        yield key < (micros(wanted.until) // _DAY + 1) << _DAY_SHIFT


def _ends(search: Search) -> Iterable[Condition]:
    """Yield the conditions on a caller whose number ends so."""
    ending = search.ending or ""
    if search.whole:
        return (calls.c.caller_reversed == ending,)
    return (calls.c.caller_reversed >= ending, calls.c.caller_reversed < f"{ending}:")  # ':' comes after '9'


def _begins(number: str) -> Iterable[Condition]:
    return (tickets.c.number >= number, tickets.c.number < f"{number}:")


def _call_conditions(wanted: CallFilter) -> Iterable[Condition]:
    yield from _span(calls.c.arrived_at, wanted.since, wanted.until)
    if wanted.taker is not None:
        yield calls.c.taker == wanted.taker
    if wanted.outcomes and (wanted.text is not None or wanted.taker is not None):
        yield calls.c.outcome.in_(sorted(wanted.outcomes))


def _call_branches(wanted: CallFilter) -> Iterable[tuple[Condition, ...]]:
    if wanted.text is not None:
        search = search_of(wanted.text)
        of_tickets = select(tickets.c.call_id).where(*_begins(search.ticket)) if search.ticket else None
        ways = [
            *([and_(*_ends(search))] if search.ending else []),
            *([calls.c.id.in_(of_tickets)] if of_tickets is not None else []),
        ]
        return [(way,) for way in ways] or [(false(),)]
    if wanted.taker is not None or not wanted.outcomes:
        return [()]
    return [(calls.c.outcome == outcome,) for outcome in sorted(wanted.outcomes)]
