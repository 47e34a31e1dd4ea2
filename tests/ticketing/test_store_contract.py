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
    MULYADI,
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
from ticketing.callbacks import Attempt, CallBack, CallBackOutcome, Debt, SettledHow, Settlement
from ticketing.errors import CallBackUnknown
from ticketing.events import learned
from ticketing.model import Call, Caller, CallerKind, CallType, JournalPosition, Location, Taker, Ticket, TicketStatus
from ticketing.ports import KeptCall, KeptCallBack, KeptTicket
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


async def test_a_call_back_comes_back_as_it_was_kept_with_its_calls_in_order(store: SqliteStore) -> None:
    attempt = Attempt(at(90).at, "siti", CallBackOutcome.BUSY, "dua kali")
    new = CallBack("+6281234500001", at(0).at, (attempt,))
    later, earlier = (joined(arrives(serial, serial), hung_up(arrives(serial, serial), 20)) for serial in (2, 1))

    def work(transaction: Transaction) -> CallBack:
        kept = transaction.keep_call_back(new)
        transaction.keep_calls([KeptCall(call, call_back=kept.id) for call in (later, earlier)])
        transaction.follow_calls(kept.id)
        assert transaction.open_call_back("+6281234500001") == transaction.call_back(kept.id)
        assert transaction.debts(kept.id) == (Debt.of(earlier), Debt.of(later))
        return transaction.call_back(kept.id)

    kept = await store.transact(work)
    assert kept == replace(new, id=kept.id, since=at(1).at)
    assert await store.call_back(kept.id) == KeptCallBack(kept, (earlier, later))
    settled = replace(kept, settlement=Settlement(at(95).at, SettledHow.CALLED_AGAIN, None, None, call_id(9)))
    assert await store.transact(lambda transaction: transaction.keep_call_back(settled)) == settled
    assert await store.call_back(kept.id) == KeptCallBack(settled, (earlier, later))

    def look(transaction: Transaction) -> object:
        found = transaction.settled_call_backs("+6281234500001", at(95).at)
        return transaction.open_call_back("+6281234500001"), found

    assert await store.transact(look) == (None, (settled,))


async def test_a_call_back_without_calls_is_forgotten_and_its_id_is_not_given_again(store: SqliteStore) -> None:
    call = KeptCall(joined(arrives(), hung_up(arrives(), 9)))

    def work(transaction: Transaction) -> int:
        transaction.keep_calls([call])
        kept = transaction.keep_call_back(CallBack(None, at(0).at))
        transaction.owe(call.call.id, kept.id)
        transaction.follow_calls(kept.id)
        transaction.owe(call.call.id, None)
        transaction.follow_calls(kept.id)
        with pytest.raises(CallBackUnknown):
            transaction.call_back(kept.id)
        assert transaction.keep_call_back(CallBack(None, at(0).at)).id != kept.id
        return kept.id

    assert await store.call_back(await store.transact(work)) is None


async def test_no_number_is_owed_two_call_backs(store: SqliteStore) -> None:
    def work(transaction: Transaction) -> None:
        transaction.keep_call_back(CallBack("+6281234500001", at(0).at))
        transaction.keep_call_back(CallBack("+6281234500001", at(1).at))

    with pytest.raises(sqlite3.IntegrityError):
        await store.transact(work)
    assert await store.call_backs_owed() == 0


async def test_the_first_later_answer_to_the_same_number_settles_a_debt(store: SqliteStore) -> None:
    def kept(serial: int, *, by: str | None, caller: Caller = MULYADI) -> KeptCall:
        call = arrives(serial, serial * 10, caller)
        return KeptCall(joined(call, answered(call, by, serial * 10 + 4)) if by else call)

    short = replace(MULYADI, kind=CallerKind.SHORT)
    calls = [
        kept(1, by="101"),
        kept(2, by=None),
        kept(3, by="101", caller=short),
        kept(5, by="101"),
        kept(6, by="101"),
    ]
    await store.transact(lambda transaction: transaction.keep_calls(calls))

    def ask(transaction: Transaction) -> list[Settlement | None]:
        debts = [Debt.of(arrives(serial, serial * 10)) for serial in (2, 5, 6)]
        return [transaction.answered_after("+6281234500001", debt) for debt in debts]

    found = await store.transact(ask)
    assert [one and (one.call_id, one.at) for one in found] == [
        (call_id(5, 50), at(54).at),
        (call_id(6, 60), at(64).at),
        None,
    ]


@pytest.mark.parametrize("limit", [1, 2, 7])
@pytest.mark.parametrize("settled", [False, True])
async def test_call_backs_come_page_by_page_in_their_order(store: SqliteStore, limit: int, settled: bool) -> None:  # noqa: FBT001
    def work(transaction: Transaction) -> None:
        # Two in a row were settled in the same microsecond, as when several are given up together.
        for serial in (4, 2, 1, 5, 3):
            how = Settlement(at(100 + serial // 2).at, SettledHow.GIVEN_UP, "dewi", "nomor salah")
            kept = transaction.keep_call_back(CallBack(None, at(serial // 2).at, settlement=how if settled else None))
            calls = [arrives(10 * serial + one, serial // 2 + one) for one in range(3)]
            transaction.keep_calls([KeptCall(call, call_back=kept.id) for call in calls])

    await store.transact(work)
    seen: list[KeptCallBack] = []
    cursor: str | None = None
    while cursor or not seen:
        page = await store.call_backs(settled=settled, cursor=cursor, limit=limit)
        assert len(page.items) == limit or page.next is None
        seen, cursor = [*seen, *page.items], page.next
        if cursor is None:
            break
    assert [one.call_back.id for one in seen] == ([4, 1, 5, 2, 3] if settled else [3, 2, 5, 1, 4])
    assert all(len(one.calls) == 3 for one in seen)
    assert (await store.call_backs(settled=not settled)).items == ()
    assert await store.call_backs_owed() == (0 if settled else 5)


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
