from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gateway.feed import Feed
from gateway.process.clock import SystemClock
from gateway.watch.sla_watch import DueInstants, SlaWatch
from tests.ticketing.evidence import MORNING
from tests.ticketing.room import Told
from ticketing.commands import RecordCalls
from ticketing.desk import TicketDesk
from ticketing.model import AnswerLeg, Call, Caller, CallerKind, CallId, Instant, Precision
from ticketing.store import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from ticketing.store import SqliteStore

SOP_ON_PROGRESS, SOP_CLOSE = timedelta(minutes=3), timedelta(minutes=20)


@asynccontextmanager
async def watching(folder: Path, told: Told) -> AsyncIterator[tuple[TicketDesk, SqliteStore]]:
    """A desk on the real clock whose breaches are watched."""
    store = await open_store(f"sqlite+aiosqlite:///{folder / 'siaga112.sqlite3'}")
    due = DueInstants()
    desk = TicketDesk(store, SystemClock(), Feed((told, due)), ZoneInfo("Asia/Makassar"))
    watch = asyncio.create_task(SlaWatch(desk, SystemClock(), due).run())
    try:
        yield desk, store
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        await store.close()


def answered_at(at: datetime, serial: int = 1) -> Call:
    """A call that was answered at this instant."""
    leg = AnswerLeg("leg", "101", connected=True, answered=Instant(at, Precision.LEDGER))
    caller = Caller("081234500001", "+6281234500001", CallerKind.MOBILE)
    return Call(CallId(f"bima1-{int(at.timestamp()) - 5}.{serial}"), caller=caller, legs=(leg,))


async def told_of(told: Told, count: int) -> list[tuple[str, datetime]]:
    async with asyncio.timeout(20):
        while told.types.count("sla_breached") < count:  # noqa: ASYNC110 - the desk tells the list, and nobody else
            await asyncio.sleep(0.005)
    return [(str(entry.body["clock"]), entry.at) for entry in told.news if entry.type == "sla_breached"]


async def test_a_breach_is_told_when_it_happens(tmp_path: Path) -> None:
    told = Told()
    async with watching(tmp_path, told) as (desk, _):
        answer = datetime.now(UTC) - SOP_ON_PROGRESS + timedelta(seconds=0.3)
        await desk.handle(RecordCalls((answered_at(answer),)))
        assert "sla_breached" not in told.types
        assert await told_of(told, 1) == [("on_progress", answer + SOP_ON_PROGRESS)]
        recorded = next(entry.recorded_at for entry in told.news if entry.type == "sla_breached")
        assert recorded > answer + SOP_ON_PROGRESS


async def test_breaches_that_fell_while_we_were_down_are_told_at_their_true_instants(tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=3)
    async with watching(tmp_path, Told()) as (desk, store):
        pass
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path / 'siaga112.sqlite3'}")
    desk = TicketDesk(store, SystemClock(), Told(), ZoneInfo("Asia/Makassar"))
    await desk.handle(RecordCalls((answered_at(long_ago),)))
    await store.close()
    told = Told()
    async with watching(tmp_path, told):
        breaches = await told_of(told, 2)
    assert breaches == [("on_progress", long_ago + SOP_ON_PROGRESS), ("close", long_ago + SOP_CLOSE)]
    again = Told()
    async with watching(tmp_path, again) as (desk, _):
        # Whatever is looked at a second time is not told a second time.
        await desk.handle(RecordCalls((answered_at(long_ago, serial=2),)))
        await told_of(again, 2)
    assert {entry.call_id for entry in again.news if entry.type == "sla_breached"} == {answered_at(long_ago, 2).id}


def test_the_next_look_is_at_the_next_due_instant_and_within_a_second() -> None:
    due = DueInstants()
    assert due.seconds_until_next(MORNING) == 1.0


async def test_new_tickets_say_when_to_look(tmp_path: Path) -> None:
    due = DueInstants()
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path / 'siaga112.sqlite3'}")
    desk = TicketDesk(store, SystemClock(), Feed((due,)), ZoneInfo("Asia/Makassar"))
    await desk.handle(RecordCalls((answered_at(MORNING),)))
    await store.close()
    first, second = MORNING + SOP_ON_PROGRESS, MORNING + SOP_CLOSE
    assert due.seconds_until_next(MORNING) == 1.0
    assert due.seconds_until_next(first - timedelta(seconds=0.25)) == 0.251
    assert due.seconds_until_next(first + timedelta(seconds=1)) == 1.0
    assert due.seconds_until_next(second - timedelta(seconds=0.5)) == 0.501
    assert due.seconds_until_next(second + timedelta(days=1)) == 1.0
