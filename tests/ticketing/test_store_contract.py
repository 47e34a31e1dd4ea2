"""What every store keeps its word on. The fixture `store` is whichever store there is."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ticketing.evidence import (
    MORNING,
    answered,
    arrives,
    at,
    call_id,
    hung_up,
    interrupted,
    joined,
    pieces,
    texts,
)
from ticketing.events import learned
from ticketing.model import Call, CallType, JournalPosition, Location, Taker, Ticket, TicketStatus
from ticketing.ports import KeptCall, KeptTicket
from ticketing.store.migrate import prepare
from ticketing.store.transaction import SqlTransaction
from ticketing.timeline import NO_ENTRY, ChainHead, chained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ticketing.ports import Transaction
    from ticketing.store import SqliteStore

KEPT = KeptCall(joined(arrives(), answered(arrives(), "101", 4)), "112-20261123-0001", ChainHead(3, "c0ffee"))
TICKET = Ticket("112-20261123-0001", KEPT.call.id, opened_at=at(4.5).at, answered_at=at(4).at, taker="101")
WRITTEN = replace(
    TICKET,
    version=7,
    status=TicketStatus.CLOSED,
    call_type=CallType.PRANK,
    category="kebakaran",
    severity=3,
    reporter_name="Ibu Ratna",
    description="asap di belakang pasar",
    location=Location("belakang pasar Ama Hami", "52.72.01.1001", "pasar", -8.46, 118.72, "taker"),
    on_progress_at=at(60).at,
    closed_at=at(600).at,
)


async def test_a_ticket_comes_back_as_it_was_kept_with_its_call(store: SqliteStore) -> None:
    def work(transaction: Transaction) -> None:
        transaction.keep_calls([KEPT])
        transaction.open_tickets([WRITTEN])

    await store.transact(work)
    assert await store.ticket(WRITTEN.number) == KeptTicket(WRITTEN, KEPT.call)
    assert await store.ticket("112-20261123-0002") is None


async def test_several_tickets_come_at_once_and_unknown_numbers_are_left_out(store: SqliteStore) -> None:
    def work(transaction: Transaction) -> None:
        transaction.keep_calls([KEPT])
        transaction.open_tickets([WRITTEN])

    await store.transact(work)
    found = await store.tickets_numbered([WRITTEN.number, "112-20261123-0002", "' OR 1=1"])
    assert found == {WRITTEN.number: KeptTicket(WRITTEN, KEPT.call)}
    assert await store.tickets_numbered([]) == {}


async def test_a_call_comes_back_as_it_was_kept(store: SqliteStore) -> None:
    await store.transact(lambda transaction: transaction.keep_calls([KEPT]))
    assert await store.call(KEPT.call.id) == KEPT
    assert await store.call(call_id(2)) is None
    assert await store.transact(lambda transaction: transaction.calls([call_id(2), KEPT.call.id])) == {
        KEPT.call.id: KEPT
    }


async def test_lists_begin_at_the_asked_instant_and_go_on_in_time(store: SqliteStore) -> None:
    calls = [KeptCall(arrives(serial, after=10 - serial)) for serial in range(5)]

    def work(transaction: Transaction) -> None:
        transaction.keep_calls(calls)
        transaction.open_tickets(
            [
                Ticket(f"112-20261123-000{serial}", kept.call.id, kept.call.arrival.at, at(20).at, None)
                for serial, kept in enumerate(calls)
            ]
        )

    await store.transact(work)
    assert [kept.call for kept in await store.calls()] == [kept.call for kept in reversed(calls)]
    assert [kept.call.id for kept in await store.calls(at(9).at)] == [calls[1].call.id, calls[0].call.id]
    since = await store.tickets(at(9).at)
    assert [kept.ticket.number for kept in since] == ["112-20261123-0001", "112-20261123-0000"]
    assert await store.tickets(at(10).at + timedelta(microseconds=1)) == ()


async def test_calls_in_progress_are_those_that_neither_ended_nor_were_interrupted(store: SqliteStore) -> None:
    waiting, talking, over, gone = (arrives(serial, after=10 - serial) for serial in range(4))
    talking = joined(talking, answered(talking, "101", 12))
    known = [waiting, talking, joined(over, hung_up(over, 20)), joined(gone, interrupted(gone, 20))]
    await store.transact(lambda transaction: transaction.keep_calls([KeptCall(call) for call in known]))
    assert [kept.call for kept in await store.calls_in_progress()] == [talking, waiting]


async def test_serials_of_a_day_have_no_gap_and_no_double(store: SqliteStore) -> None:
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)

    def work(transaction: Transaction) -> list[int]:
        return [
            transaction.take_serials(monday, 1),
            transaction.take_serials(monday, 3),
            transaction.take_serials(tuesday, 2),
            transaction.take_serials(monday, 1),
        ]

    assert await store.transact(work) == [1, 2, 1, 5]


async def test_a_settled_answer_is_a_new_version_of_the_ticket(store: SqliteStore) -> None:
    def work(transaction: Transaction) -> None:
        transaction.keep_calls([KEPT])
        transaction.open_tickets([TICKET])
        transaction.settle_answer(TICKET.number, at(3.9).at, "102")

    await store.transact(work)
    kept = await store.ticket(TICKET.number)
    assert kept is not None
    assert kept.ticket == replace(TICKET, answered_at=at(3.9).at, taker="102", version=2)


async def test_entries_are_numbered_in_the_order_of_their_commits(store: SqliteStore) -> None:
    entries = chained(KEPT.call.id, learned(None, KEPT.call), NO_ENTRY, recorded_at=at(5).at)

    def work(transaction: Transaction) -> object:
        transaction.keep_calls([KEPT])
        transaction.open_tickets([TICKET])
        return (*transaction.append(entries[:2]), *transaction.append(entries[2:]), *transaction.append([]))

    kept = await store.transact(work)
    assert kept == tuple(replace(entry, seq=seq) for seq, entry in enumerate(entries, 1))
    assert await store.timeline(TICKET.number) == kept
    assert await store.timeline("112-20261123-0002") == ()


async def test_tickets_that_are_not_closed_are_counted(store: SqliteStore) -> None:
    assert await store.open_tickets() == 0
    second, third = KeptCall(arrives(2)), KeptCall(arrives(3))
    under_way = replace(TICKET, number="112-20261123-0003", call_id=third.call.id, status=TicketStatus.ON_PROGRESS)

    def work(transaction: Transaction) -> None:
        transaction.keep_calls([KEPT, second, third])
        opened = replace(TICKET, number="112-20261123-0002", call_id=second.call.id)
        transaction.open_tickets([WRITTEN, opened, under_way])

    await store.transact(work)
    assert await store.open_tickets() == 2


async def test_takers_come_by_extension(store: SqliteStore) -> None:
    takers = (Taker("101", "Siti", "a"), Taker("102", "Ani", "b", signed_in=True))

    def work(transaction: Transaction) -> None:
        for taker in reversed(takers):
            transaction.add_taker(taker)

    await store.transact(work)
    assert await store.takers() == takers


async def test_nothing_remains_of_work_that_raised(store: SqliteStore) -> None:
    class Changed(Exception):
        pass

    def work(transaction: Transaction) -> None:
        transaction.keep_calls([KEPT])
        transaction.take_serials(date(2026, 11, 23), 4)
        transaction.open_tickets([TICKET])
        transaction.append(chained(KEPT.call.id, learned(None, KEPT.call), NO_ENTRY, recorded_at=at(5).at))
        transaction.keep_positions([JournalPosition("cel", 1, 2)])
        transaction.add_taker(Taker("101", "Siti", "a"))
        raise Changed

    with pytest.raises(Changed):
        await store.transact(work)
    assert (await store.calls(), await store.tickets(), await store.takers()) == ((), (), ())
    assert await store.journal_positions() == ()
    assert await store.transact(lambda transaction: transaction.take_serials(date(2026, 11, 23), 1)) == 1


async def test_a_reader_sees_only_what_was_committed(store: SqliteStore) -> None:
    written, may_commit = threading.Event(), threading.Event()

    def work(transaction: Transaction) -> None:
        transaction.keep_calls([KEPT])
        written.set()
        assert may_commit.wait(60)

    writing = asyncio.create_task(store.transact(work))
    assert await asyncio.to_thread(written.wait, 60)
    assert await store.calls() == ()
    may_commit.set()
    await writing
    assert await store.calls() == (KEPT,)


async def test_no_call_has_two_tickets(store: SqliteStore) -> None:
    def work(transaction: Transaction) -> None:
        transaction.keep_calls([KEPT])
        transaction.open_tickets([TICKET])
        transaction.open_tickets([replace(TICKET, number="112-20261123-0002")])

    with pytest.raises(sqlite3.IntegrityError):
        await store.transact(work)
    assert await store.tickets() == ()


UPSERT = """
    INSERT INTO timeline SELECT 2, call_id, 9, NULL, 'x', 0, 0, '{}', '', '' FROM timeline WHERE seq = 1
    ON CONFLICT (seq) DO UPDATE SET body = '{}'
"""


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE timeline SET body = '{}' WHERE seq = 2",
        "DELETE FROM timeline WHERE seq = 2",
        "INSERT OR REPLACE INTO timeline SELECT 2, call_id, 9, NULL, 'x', 0, 0, '{}', '', '' FROM timeline LIMIT 1",
        "INSERT OR REPLACE INTO timeline SELECT 9, call_id, 2, NULL, 'x', 0, 0, '{}', '', '' FROM timeline LIMIT 1",
        UPSERT,
    ],
)
async def test_nobody_rewrites_the_timeline(store: SqliteStore, database: Path, forgery: str) -> None:
    entries = chained(KEPT.call.id, learned(None, KEPT.call), NO_ENTRY, recorded_at=at(5).at)

    def work(transaction: Transaction) -> object:
        transaction.keep_calls([KEPT])
        transaction.open_tickets([TICKET])
        return transaction.append(entries)

    kept = await store.transact(work)
    with closing(sqlite3.connect(database)) as forger, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        forger.execute(forgery)
    assert await store.timeline(TICKET.number) == kept


@pytest.fixture(scope="module")
def transaction(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlTransaction]:
    file = tmp_path_factory.mktemp("store") / "siaga112.sqlite3"
    prepare(file, checked=False)
    with closing(sqlite3.connect(file)) as connection:
        yield SqlTransaction(connection)


@given(call=pieces, ticket=st.none() | st.just("112-20261123-0001"))
def test_every_call_comes_back_exactly(transaction: SqlTransaction, call: Call, ticket: str | None) -> None:
    kept = KeptCall(call, ticket, ChainHead(3, "c0ffee"))
    transaction.keep_calls([kept])
    assert transaction.calls([call.id]) == {call.id: kept}


@given(text=texts)
def test_every_party_can_be_a_tickets_taker(transaction: SqlTransaction, text: str) -> None:
    call = joined(arrives(), answered(arrives(), text, 4), hung_up(arrives(), 9))
    transaction.keep_calls([KeptCall(call)])
    transaction.settle_answer("112-20261123-0001", MORNING, call.takers[0])
