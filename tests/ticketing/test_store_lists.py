"""Lists and searches: every filter, every page, held against the same question asked of plain Python."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.dialects import sqlite

from tests.ticketing.evidence import HIDDEN, MORNING, MULYADI, answered, arrives, at, hung_up, joined
from ticketing.errors import BadCursor
from ticketing.model import CallerKind, CallOutcome, CallType, Location, Ticket, TicketStatus
from ticketing.ports import CallFilter, KeptCall, KeptTicket, TicketFilter
from ticketing.sla import breaches_owed, clocks, noted, watched
from ticketing.store.cursors import Place, written
from ticketing.store.queries import call_back_page, call_page, ticket_page, ticket_text_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ticketing.model import Call
    from ticketing.ports import Page, Transaction
    from ticketing.store import SqliteStore

COUNT = 60
LATER = MORNING + timedelta(days=3)
CALLERS = (
    MULYADI,
    HIDDEN,
    replace(MULYADI, raw="0822-7777-4711", e164="+6282277774711"),
    replace(MULYADI, raw="110", e164=None, kind=CallerKind.SHORT),
)
TYPES = (CallType.EMERGENCY, CallType.GHOST, CallType.EMERGENCY, CallType.INFORMATION, CallType.PRANK)
TEXTS: tuple[dict[str, Any], ...] = (
    {},
    {"description": "kebakaran rumah di belakang PASAR", "category": "kebakaran"},
    {"reporter_name": "Ibu Ratna"},
    {"location": Location(verbatim="Jalan Sultan Hasanuddin 12, dekat pasar", landmark="Café Ama Hami")},
)


def a_call(serial: int) -> Call:
    """Every seventh call is abandoned, every eleventh still talks; they come an hour apart."""
    call = arrives(serial, after=3600 * serial, caller=CALLERS[serial % len(CALLERS)])
    if serial % 7 == 0:
        return joined(call, hung_up(call, 3600 * serial + 20))
    talking = joined(call, answered(call, f"10{serial % 3}", 3600 * serial + 4))
    return talking if serial % 11 == 0 else joined(talking, hung_up(call, 3600 * serial + 90))


def a_ticket(serial: int) -> Ticket:
    # Two in a row are opened in the same microsecond, as happens when journals are caught up with.
    opened = at(3600 * (serial // 2 * 2 + 1)).at
    ticket = Ticket(
        f"112-{MORNING:%Y%m%d}-{serial:04d}",
        a_call(serial).id,
        opened,
        opened,
        f"10{serial % 3}",
        call_type=TYPES[serial % len(TYPES)],
        **TEXTS[serial % len(TEXTS)],
    )
    if serial % 4:
        ticket = replace(ticket, status=TicketStatus.ON_PROGRESS, on_progress_at=opened + timedelta(minutes=serial % 5))
    if serial % 4 == 3:
        ticket = replace(ticket, status=TicketStatus.CLOSED, closed_at=opened + timedelta(minutes=serial % 30))
    return watched(noted(ticket, breaches_owed(ticket, now=MORNING + timedelta(hours=30))))


CALLS = [KeptCall(a_call(serial), a_ticket(serial).number if serial % 7 else None) for serial in range(COUNT)]
TICKETS = [KeptTicket(a_ticket(serial), a_call(serial)) for serial in range(COUNT) if serial % 7]


@pytest.fixture
async def full(store: SqliteStore) -> SqliteStore:
    """A store with all of these."""

    def work(transaction: Transaction) -> None:
        transaction.keep_calls(CALLS)
        transaction.open_tickets([kept.ticket for kept in TICKETS])

    await store.transact(work)
    return store


def breached(kept: KeptTicket, now: datetime) -> bool:
    read = clocks(kept.ticket, now=now)
    return "breached" in {read.on_progress.state, read.close.state}


def numbers(page: Page[KeptTicket]) -> list[str]:
    return [kept.ticket.number for kept in page.items]


async def every_page(store: SqliteStore, wanted: TicketFilter, limit: int) -> list[KeptTicket]:
    found: list[KeptTicket] = []
    cursor: str | None = None
    while True:
        page = await store.find_tickets(wanted, cursor=cursor, limit=limit)
        assert len(page.items) == limit or page.next is None
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


def those(test: Callable[[Ticket], bool]) -> list[KeptTicket]:
    found = [kept for kept in TICKETS if test(kept.ticket)]
    return sorted(found, key=lambda kept: (kept.ticket.opened_at, kept.ticket.number), reverse=True)


QUESTIONS: list[tuple[TicketFilter, Callable[[Ticket], bool]]] = [
    (TicketFilter(), lambda _: True),
    (TicketFilter(statuses=frozenset({TicketStatus.OPEN})), lambda one: one.status == "open"),
    (
        TicketFilter(statuses=frozenset({TicketStatus.OPEN, TicketStatus.CLOSED})),
        lambda one: one.status in {"open", "closed"},
    ),
    (TicketFilter(call_types=frozenset({CallType.GHOST})), lambda one: one.call_type == "ghost"),
    (
        TicketFilter(
            statuses=frozenset({TicketStatus.ON_PROGRESS}), call_types=frozenset({CallType.EMERGENCY, CallType.PRANK})
        ),
        lambda one: one.status == "on_progress" and one.call_type in {"emergency", "prank"},
    ),
    (TicketFilter(category="kebakaran"), lambda one: one.category == "kebakaran"),
    (TicketFilter(taker="102"), lambda one: one.taker == "102"),
    (
        TicketFilter(taker="102", statuses=frozenset({TicketStatus.OPEN})),
        lambda one: one.taker == "102" and one.status == "open",
    ),
    (TicketFilter(since=at(3600 * 21).at), lambda one: one.opened_at >= at(3600 * 21).at),
    (TicketFilter(until=at(3600 * 21).at), lambda one: one.opened_at < at(3600 * 21).at),
    (
        TicketFilter(since=at(3600 * 5).at, until=at(3600 * 9).at, call_types=frozenset({CallType.EMERGENCY})),
        lambda one: at(3600 * 5).at <= one.opened_at < at(3600 * 9).at and one.call_type == "emergency",
    ),
    (TicketFilter(skpd="DAMKAR"), lambda _: False),
    (TicketFilter(taker="' OR 1=1 --"), lambda _: False),
]


@pytest.mark.parametrize(("wanted", "test"), QUESTIONS)
@pytest.mark.parametrize("limit", [1, 7, 100])
async def test_a_filter_finds_all_that_it_asks_for_newest_first_page_by_page(
    full: SqliteStore, wanted: TicketFilter, test: Callable[[Ticket], bool], limit: int
) -> None:
    assert await every_page(full, wanted, limit) == those(test)


@pytest.mark.parametrize("now", [MORNING, MORNING + timedelta(hours=30), LATER])
@pytest.mark.parametrize("others", [{}, {"statuses": frozenset({TicketStatus.OPEN})}, {"taker": "101"}])
async def test_the_breached_are_those_whose_clocks_say_so(
    full: SqliteStore, now: datetime, others: dict[str, Any]
) -> None:
    now = max(now, MORNING + timedelta(hours=30))  # what is on record by then stays so
    wanted = TicketFilter(breached=True, now=now, **others)
    unwanted = replace(wanted, breached=False)
    found, left = await every_page(full, wanted, 7), await every_page(full, unwanted, 7)
    assert found
    assert {kept.ticket.number for kept in found} == {
        kept.ticket.number for kept in await every_page(full, TicketFilter(**others), 100) if breached(kept, now)
    }
    assert len(found) + len(left) == len(await every_page(full, TicketFilter(**others), 100))
    assert not any(breached(kept, now) for kept in left)


async def test_without_an_instant_the_breached_are_those_on_the_timeline(full: SqliteStore) -> None:
    on_record = those(lambda one: bool(one.on_progress_breached_at or one.close_breached_at))
    assert await every_page(full, TicketFilter(breached=True), 9) == [
        kept for kept in on_record if kept.ticket.call_type is CallType.EMERGENCY
    ]


def has(*words: str) -> Callable[[Ticket], bool]:
    def test(ticket: Ticket) -> bool:
        place = ticket.location
        texts = (ticket.reporter_name, ticket.description, place.verbatim, place.landmark)
        written_words = " ".join(filter(None, texts)).lower().replace("é", "e").replace(",", " ").split()
        return all(any(found.startswith(word) for found in written_words) for word in words)

    return test


SEARCHES = [
    ("pasar", has("pasar")),
    ("PASAR kebakaran", has("pasar", "kebakaran")),
    ("kebak", has("kebak")),
    ("cafe", has("cafe")),
    ("ratna", has("ratna")),
    ("12", has("12")),
    ("hasanuddin, 12", has("hasanuddin", "12")),
    ("tsunami", lambda _: False),
    ("pasar OR ratna", lambda _: False),
    ('"pasar', has("pasar")),
    ("pasar*", has("pasar")),
    ("description:pasar", lambda _: False),
    ("NEAR(pasar)", lambda _: False),
    ("??? --", lambda _: False),
    ("\x00", lambda _: False),
    ("4711", lambda one: one.call_id.endswith(tuple(f".{n}" for n in range(2, COUNT, 4)))),
    ("082277774711", lambda one: one.call_id.endswith(tuple(f".{n}" for n in range(2, COUNT, 4)))),
    ("+62 822-7777-4711", lambda one: one.call_id.endswith(tuple(f".{n}" for n in range(2, COUNT, 4)))),
    ("110", lambda one: one.call_id.endswith(tuple(f".{n}" for n in range(3, COUNT, 4)))),
    ("10", lambda _: False),
    ("112-20261123-0005", lambda one: one.number == "112-20261123-0005"),
    ("112-20261123-000", lambda one: one.number.startswith("112-20261123-000")),
    ("112-20261123", lambda _: True),
    ("112-20261124", lambda _: False),
]


@pytest.mark.parametrize(("text", "test"), SEARCHES)
@pytest.mark.parametrize("limit", [2, 100])
async def test_a_text_finds_what_it_says_page_by_page(
    full: SqliteStore, text: str, test: Callable[[Ticket], bool], limit: int
) -> None:
    found = await every_page(full, TicketFilter(text=text), limit)
    assert [kept.ticket.number for kept in found] == [kept.ticket.number for kept in those(test)]


@pytest.mark.parametrize(
    ("others", "test"),
    [
        ({"statuses": frozenset({TicketStatus.CLOSED})}, lambda one: one.status == "closed"),
        ({"statuses": frozenset({TicketStatus.OPEN})}, lambda one: one.status == "open"),
        ({"call_types": frozenset({CallType.PRANK})}, lambda one: one.call_type == "prank"),
        ({"since": at(3600 * 24).at}, lambda one: one.opened_at >= at(3600 * 24).at),
        ({"until": at(3600 * 24).at}, lambda one: one.opened_at < at(3600 * 24).at),
        ({"taker": "101"}, lambda one: one.taker == "101"),
        ({"category": "kebakaran"}, lambda one: one.category == "kebakaran"),
    ],
)
@pytest.mark.parametrize("few", [0, 100_000])
async def test_a_text_is_looked_for_among_what_the_other_filters_leave(
    full: SqliteStore, monkeypatch: pytest.MonkeyPatch, few: int, others: dict[str, Any], test: Callable[[Ticket], bool]
) -> None:
    monkeypatch.setattr("ticketing.store.queries.FEW", few)
    found = await every_page(full, TicketFilter(text="pasar", **others), 3)
    assert found == those(lambda one: has("pasar")(one) and test(one))


@pytest.mark.parametrize("few", [0, 100_000])
async def test_a_breached_ticket_is_found_by_its_text(
    full: SqliteStore, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr("ticketing.store.queries.FEW", few)
    found = await every_page(full, TicketFilter(text="pasar", breached=True, now=LATER), 3)
    assert {kept.ticket.number for kept in found} == {
        kept.ticket.number for kept in TICKETS if has("pasar")(kept.ticket) and breached(kept, LATER)
    }


async def test_what_is_written_is_found_and_what_is_cleared_is_not(full: SqliteStore) -> None:
    ticket = TICKETS[0].ticket

    async def written_as(description: str | None) -> None:
        await full.transact(lambda transaction: transaction.keep_ticket(replace(ticket, description=description)))

    for description, found in (("angin topan", 1), ("angin reda", 0), (None, 0), ("topan lagi", 1)):
        await written_as(description)
        assert len((await full.find_tickets(TicketFilter(text="topan"))).items) == found


async def test_nothing_of_a_failed_change_is_found(full: SqliteStore) -> None:
    def work(transaction: Transaction) -> None:
        transaction.keep_ticket(replace(TICKETS[0].ticket, description="angin topan"))
        raise KeyError

    with pytest.raises(KeyError):
        await full.transact(work)
    assert (await full.find_tickets(TicketFilter(text="topan"))).items == ()


async def test_a_page_goes_on_where_it_ended_whatever_was_opened_meanwhile(full: SqliteStore) -> None:
    first = await full.find_tickets(TicketFilter(), limit=10)
    call = KeptCall(arrives(999, after=10**6))
    newest = Ticket("112-20261205-0001", call.call.id, at(10**6).at, at(10**6).at, None)

    def work(transaction: Transaction) -> None:
        transaction.keep_calls([call])
        transaction.open_tickets([newest])

    await full.transact(work)
    second = await full.find_tickets(TicketFilter(), cursor=first.next, limit=10)
    assert numbers(first) + numbers(second) == [kept.ticket.number for kept in those(lambda _: True)[:20]]


CALL_QUESTIONS: list[tuple[CallFilter, Callable[[KeptCall], bool]]] = [
    (CallFilter(), lambda _: True),
    (
        CallFilter(outcomes=frozenset({CallOutcome.ABANDONED, CallOutcome.TALKING})),
        lambda kept: kept.call.outcome in {"abandoned", "talking"},
    ),
    (CallFilter(taker="101"), lambda kept: kept.call.takers[:1] == ("101",)),
    (
        CallFilter(taker="101", outcomes=frozenset({CallOutcome.TALKING})),
        lambda kept: kept.call.takers[:1] == ("101",) and kept.call.outcome == "talking",
    ),
    (
        CallFilter(since=at(3600 * 5).at, until=at(3600 * 9).at),
        lambda kept: at(3600 * 5).at <= kept.call.arrival.at < at(3600 * 9).at,
    ),
    (CallFilter(text="4711"), lambda kept: kept.call.caller == CALLERS[2]),
    (
        CallFilter(text="081234500001", outcomes=frozenset({CallOutcome.ABANDONED})),
        lambda kept: kept.call.caller == MULYADI and kept.call.outcome == "abandoned",
    ),
    (CallFilter(text="112-20261123-0005"), lambda kept: kept.ticket == "112-20261123-0005"),
    (CallFilter(text="110"), lambda kept: kept.call.caller == CALLERS[3]),
    (CallFilter(text="Ratna"), lambda _: False),
]


@pytest.mark.parametrize(("wanted", "test"), CALL_QUESTIONS)
@pytest.mark.parametrize("limit", [1, 7, 100])
async def test_the_call_log_finds_all_that_it_is_asked_for_newest_first_page_by_page(
    full: SqliteStore, wanted: CallFilter, test: Callable[[KeptCall], bool], limit: int
) -> None:
    found: list[KeptCall] = []
    cursor: str | None = None
    while cursor or not found:
        page = await full.find_calls(wanted, cursor=cursor, limit=limit)
        found += page.items
        cursor = page.next
        if cursor is None:
            break
    assert found == [kept for kept in reversed(CALLS) if test(kept)]


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "é",
        "?",
        "a",
        "=" * 201,
        written("c", Place(1, "bima1-1.1")),
        written("x", Place(1)),
        written("t", Place(1)),
        written("t", Place(2**63, "112-20261123-0001")),
        written("t", Place(2**63 - 1, "112-20261123-0001")),
        written("t", Place(1, "' OR 1=1 --")),
    ],
)
async def test_a_cursor_that_no_list_of_tickets_gave_is_refused(store: SqliteStore, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await store.find_tickets(TicketFilter(), cursor=cursor)
    with pytest.raises(BadCursor):
        await store.find_calls(CallFilter(), cursor=cursor if cursor != written("c", Place(1, "bima1-1.1")) else "c")
    with pytest.raises(BadCursor):
        await store.find_tickets(TicketFilter(text="pasar"), cursor=cursor if cursor != written("x", Place(1)) else "x")


@pytest.mark.parametrize(
    "cursor",
    ["nonsense", written("o", Place(1)), written("s", Place(1, "1")), written("o", Place(2**63 - 1, "1"))]
    + [written("o", Place(1, name)) for name in ("x", "1.5", "1" * 19)],
)
async def test_a_cursor_that_no_list_of_call_backs_gave_is_refused(store: SqliteStore, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await store.call_backs(cursor=cursor)


ALL_PAGES = [
    *(ticket_page(wanted, Place(1, "a"), 51) for wanted, _ in QUESTIONS if wanted.skpd is None),
    ticket_page(TicketFilter(breached=True, now=LATER), Place(1, "a"), 51),
    ticket_page(TicketFilter(breached=False, now=LATER), Place(1, "a"), 51),
    ticket_text_page(TicketFilter(), "pasar 4711", Place(1), 51),
    ticket_text_page(TicketFilter(), "0822 4711", Place(1), 51),
    ticket_text_page(TicketFilter(statuses=frozenset({TicketStatus.OPEN})), "pasar", Place(1), 51, among_few=True),
    ticket_text_page(TicketFilter(), "112-20261123", Place(1), 51),
    *(call_page(wanted, Place(1, "a"), 51) for wanted, _ in CALL_QUESTIONS),
    call_back_page(Place(1, "1"), 51, settled=False),
    call_back_page(Place(1, "1"), 51, settled=True),
]


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("query", ALL_PAGES)
async def test_no_list_reads_a_whole_table(database: Path, query: Any) -> None:  # noqa: ANN401
    compiled = query.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True})
    values = [compiled.params[name] for name in compiled.positiontup or []]
    plain = [int(value.timestamp()) if isinstance(value, datetime) else value for value in values]
    with closing(sqlite3.connect(database)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {compiled.string}", plain)]
    scanned = {step.split()[1] for step in plan if step.startswith("SCAN") and "INDEX" not in step}
    assert scanned.isdisjoint({"tickets", "calls", "timeline", "call_backs"}), plan
    assert not any("AUTOMATIC" in step for step in plan)
