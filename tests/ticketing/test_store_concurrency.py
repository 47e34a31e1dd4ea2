from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.ticketing.evidence import answered, arrives, at, call_id, hung_up
from tests.ticketing.room import BreakdownError, BreakingStore, SetClock, Told
from ticketing.commands import AddTaker, RecordCalls
from ticketing.desk import TicketDesk
from ticketing.errors import StoreUnusable
from ticketing.model import Precision, Taker, ticket_number
from ticketing.store import open_store
from ticketing.store.migrate import prepare
from ticketing.timeline import verify_chain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from ticketing.store import SqliteStore

BIMA = ZoneInfo("Asia/Makassar")


def answered_call(serial: int) -> RecordCalls:
    call = arrives(serial)
    return RecordCalls((call, answered(call, "101", 4 + serial / 100)))


def numbers(count: int) -> list[str]:
    return [ticket_number(at(0).at.date(), serial) for serial in range(1, count + 1)]


async def all_numbers(store: SqliteStore) -> list[str]:
    return sorted(kept.ticket.number for kept in await store.tickets())


async def test_fifty_answers_at_once_have_fifty_numbers_in_a_row(
    desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    await asyncio.gather(*(desk.handle(answered_call(serial)) for serial in range(50)))
    assert await all_numbers(store) == numbers(50)
    assert [entry.seq for entry in told.news] == list(range(1, 4 * 50 + 1))


async def test_twenty_tellings_of_one_answer_at_once_open_one_ticket(
    desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    await asyncio.gather(*(desk.handle(answered_call(1)) for _ in range(20)))
    assert await all_numbers(store) == numbers(1)
    assert told.types == ["call_arrived", "caller_identified", "taker_answered", "ticket_opened"]


@pytest.fixture
async def breaking(database: Path) -> AsyncIterator[BreakingStore]:
    prepare(database, checked=False)
    store = await BreakingStore.opened(database)
    yield store
    await store.close()


async def test_of_two_commands_at_once_the_failing_one_erases_nothing_of_the_other(
    breaking: BreakingStore, clock: SetClock, told: Told
) -> None:
    desk = TicketDesk(breaking, clock, told, BIMA)
    breaking.broken_calls = frozenset({call_id(1), call_id(3)})
    results = await asyncio.gather(
        *(desk.handle(answered_call(serial)) for serial in (1, 2, 3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [BreakdownError, tuple, BreakdownError]
    assert [kept.call.id for kept in await breaking.calls()] == [call_id(2)]
    assert await all_numbers(breaking) == numbers(1)
    assert {entry.call_id for entry in told.news} == {call_id(2)}


async def test_failures_among_fifty_answers_leave_no_gap_in_the_numbers(
    breaking: BreakingStore, clock: SetClock, told: Told
) -> None:
    desk = TicketDesk(breaking, clock, told, BIMA)
    breaking.broken_calls = frozenset(call_id(serial) for serial in range(0, 50, 3))
    commands = [answered_call(serial) for serial in range(50)]
    results = await asyncio.gather(*(desk.handle(command) for command in commands), return_exceptions=True)
    assert sum(isinstance(result, BreakdownError) for result in results) == 17
    assert await all_numbers(breaking) == numbers(33)
    breaking.broken_calls = frozenset()
    for command in commands:
        await desk.handle(command)
    assert await all_numbers(breaking) == numbers(50)
    for number in numbers(50):
        verify_chain(await breaking.timeline(number))


async def test_evidence_of_many_calls_from_two_sides_at_once_is_joined(
    desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    calls = [arrives(serial) for serial in range(10)]
    doorbell = [(call, answered(call, "101", 4.5, Precision.DOORBELL)) for call in calls]
    ledger = [(answered(call, "101", 4), hung_up(call, 60)) for call in calls]
    await asyncio.gather(*(desk.handle(RecordCalls(pieces)) for pieces in (*doorbell, *ledger)))
    kept = await store.tickets()
    assert [ticket.ticket.answered_at for ticket in kept] == [at(4).at] * 10
    assert {ticket.call.ended for ticket in kept} == {at(60)}
    assert told.types.count("ticket_opened") == 10


HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("INSERT INTO takers VALUES ('109', 'Wati', 'secret', 0)")
print("locked", flush=True)
sys.stdin.read()
connection.execute("COMMIT")
"""


@contextmanager
def another_process_writing(database: Path) -> Iterator[IO[bytes]]:
    """Have another process hold the write lock until what is given is closed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        yield holder.stdin


async def test_a_command_waits_for_another_process_that_writes(
    desk: TicketDesk, store: SqliteStore, database: Path
) -> None:
    with another_process_writing(database) as lock:
        task = asyncio.create_task(desk.handle(answered_call(1)))
        done, _ = await asyncio.wait({task}, timeout=0.3)
        assert not done
        assert await store.takers() == ()
        lock.close()
        await task
    assert [taker.extension for taker in await store.takers()] == ["109"]
    assert await all_numbers(store) == numbers(1)


async def test_a_database_locked_for_too_long_is_a_refusal_that_says_so(
    database: Path, clock: SetClock, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketing.store.writer.BUSY_S", 0.05)
    store = await open_store(f"sqlite+aiosqlite:///{database}")
    desk = TicketDesk(store, clock, told, BIMA)
    with another_process_writing(database):
        with pytest.raises(StoreUnusable, match="database is locked"):
            await desk.handle(answered_call(1))
        assert told.news == []
    await desk.handle(answered_call(1))
    assert await all_numbers(store) == numbers(1)
    await store.close()


async def test_a_refused_transaction_names_no_caller(store: SqliteStore, desk: TicketDesk, database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("ALTER TABLE takers RENAME TO gone")
        connection.execute("ALTER TABLE tickets RENAME TO gone_too")
    connection.close()
    with pytest.raises(StoreUnusable) as refused:
        await desk.handle(AddTaker(Taker("101", "Siti", "kata-sandi-1")))
    with pytest.raises(StoreUnusable) as unread:
        await store.ticket("Siti")
    for error in (refused.value, unread.value):
        assert "Siti" not in f"{error} {error.__cause__}"
        assert "\n" not in str(error)


async def test_a_closed_store_has_finished_what_was_asked_of_it(database: Path, clock: SetClock, told: Told) -> None:
    store = await open_store(f"sqlite+aiosqlite:///{database}")
    desk = TicketDesk(store, clock, told, BIMA)
    asked = [asyncio.create_task(desk.handle(answered_call(serial))) for serial in range(10)]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    await store.close()
    await asyncio.gather(*asked)
    again = await open_store(f"sqlite+aiosqlite:///{database}")
    assert await all_numbers(again) == numbers(10)
    await again.close()
