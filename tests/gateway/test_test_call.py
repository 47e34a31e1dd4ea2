"""A test call is judged by what is in the store and on the disk, comes when it is due, and alarms when it fails."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gateway.alarms import Alarms
from gateway.doorbell.ami_link import AmiLogin
from gateway.doorbell.ami_listener import AmiListener
from gateway.site.home import Home
from gateway.watch.test_call import CallPlacer, ScheduledCalls
from tests.databases import new_store
from tests.gateway.fake_ami import SECRET, USERNAME, FakeAmi
from tests.ticketing.evidence import MORNING, arrives, at, hung_up
from tests.ticketing.room import SetClock, Told
from ticketing.commands import RecordCalls
from ticketing.desk import TicketDesk
from ticketing.model import AnswerLeg, Call, LegKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from ticketing.store import SqliteStore

TEST_CALL = Call(arrives().id, arrived=at(0), trunk="test", caller=arrives().caller)
ROBOT = AnswerLeg("robot-leg", "robot", LegKind.ROBOT, connected=True, answered=at(0.5))


@dataclass
class Room:
    """A line whose telephone does what the test says."""

    ami: FakeAmi
    store: SqliteStore
    desk: TicketDesk
    home: Home
    calls: ScheduledCalls

    async def knows(self, *pieces: Call) -> None:
        await self.desk.handle(RecordCalls(pieces))

    def recorded(self) -> None:
        file = self.home.recording(TEST_CALL.id)
        file.parent.mkdir(parents=True)
        file.write_bytes(b"RIFF")


@asynccontextmanager
async def room(folder: Path, every_s: float = 0.0) -> AsyncIterator[Room]:
    store = await new_store(folder / "siaga112.sqlite3")
    clock, home = SetClock(MORNING), Home(folder, folder / "journals")
    desk = TicketDesk(store, clock, Told(), ZoneInfo("Asia/Makassar"))
    async with FakeAmi() as ami:
        listener = AmiListener(AmiLogin("127.0.0.1", ami.port, USERNAME, SECRET), receive=lambda _: None)
        running = asyncio.create_task(listener.run())
        await listener.connected()
        placer = CallPlacer(listener, store, desk, home, clock, "bima1", within_s=1.0)
        try:
            yield Room(ami, store, desk, home, ScheduledCalls(placer, Alarms(clock), every_s))
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            await store.close()


async def test_what_is_missing_of_a_test_call_is_named_until_nothing_is(tmp_path: Path) -> None:
    async with room(tmp_path) as line:
        reasons = [(await line.calls.place()).reason]
        assert [one.name for one in line.calls.alarms.standing()] == ["test-call"]
        placing = asyncio.create_task(line.calls.place())
        await line.ami.asked("Originate")
        await line.ami.asked("Originate")
        await line.knows(TEST_CALL)
        reasons.append((await placing).reason)
    assert reasons == ["it did not reach the line", "the robot did not answer it"]


async def test_a_test_call_that_went_the_whole_way_is_closed_and_clears_the_alarm(tmp_path: Path) -> None:
    async with room(tmp_path) as line:
        await line.calls.place()
        await line.ami.asked("Originate")
        placing = asyncio.create_task(line.calls.place())
        await line.ami.asked("Originate")
        line.recorded()
        await line.knows(TEST_CALL, Call(TEST_CALL.id, legs=(ROBOT,)), hung_up(TEST_CALL, 6))
        seen = await placing
        (kept,) = await line.store.tickets(None)
    assert (seen.reason, seen.wait_s, seen.ticket) == (None, 0.5, kept.ticket.number)
    assert (kept.ticket.status, kept.ticket.call_type) == ("closed", "test")
    assert line.calls.alarms.standing() == ()


async def test_a_call_that_was_not_recorded_has_not_gone_the_whole_way(tmp_path: Path) -> None:
    async with room(tmp_path) as line:
        placing = asyncio.create_task(line.calls.place())
        await line.ami.asked("Originate")
        await line.knows(TEST_CALL, Call(TEST_CALL.id, legs=(ROBOT,)), hung_up(TEST_CALL, 6))
        assert (await placing).reason == "it was not recorded"


async def test_with_asterisk_refusing_the_reason_is_asterisks(tmp_path: Path) -> None:
    async with room(tmp_path) as line:
        line.ami.shutting_down = True
        assert "Asterisk is shutting down" in str((await line.calls.place()).reason)
        (alarm,) = line.calls.alarms.standing()
        assert alarm.grave


async def test_scheduled_calls_come_by_themselves_the_first_after_its_time(tmp_path: Path) -> None:
    async with room(tmp_path, every_s=0.3) as line:
        began = asyncio.get_running_loop().time()
        scheduled = asyncio.create_task(line.calls.run())
        await line.ami.asked("Originate")
        assert asyncio.get_running_loop().time() - began >= 0.3
        await line.ami.asked("Originate")
        scheduled.cancel()


async def test_a_line_that_is_to_place_none_by_itself_places_none(tmp_path: Path) -> None:
    async with room(tmp_path) as line:
        await line.calls.run()
        assert [one["Action"] for one in line.ami.actions] == ["Login"]
