"""What the script of the service number knows of SKPDs, and how it is kept as new as the store."""

from __future__ import annotations

import asyncio
import stat
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from gateway.agi.skpd_snapshot import (
    MOST_DISPATCHES,
    Department,
    OpenDispatch,
    Snapshot,
    SnapshotUnreadable,
    decode,
    department,
    encode,
    read,
)
from gateway.alarms import Alarms
from gateway.facts.skpd_facts import PinTried
from gateway.watch.pin_watch import PinWatch
from gateway.watch.skpd_watch import SkpdWatch
from tests.gateway.recording_room import room_over, told, until
from tests.ticketing.evidence import MORNING, answered, arrives, at, call_id
from tests.ticketing.room import SetClock
from ticketing.commands import AddSkpd, RecordCalls, RemoveSkpd, RequestDispatch, SetSkpdPin, UpdateDispatch
from ticketing.desk import TicketDesk
from ticketing.dispatch import Dispatch, DispatchState
from ticketing.skpd import Line, Skpd
from ticketing.store import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

NUMBER = "112-20261123-0001"
DAMKAR = Skpd("damkar", "Pemadam", (Line("+62374400001"), Line("113")), pin_hash="$argon2id$damkar")
KNOWN = Department("damkar", ("+62374400001",), "$argon2id$damkar", (OpenDispatch(7, NUMBER, DispatchState.EN_ROUTE),))


def test_a_snapshot_is_read_as_it_was_written() -> None:
    snapshot = Snapshot((KNOWN, Department("psc119", (), None)))
    assert decode(encode(snapshot)) == snapshot


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"v":2,"departments":[]}', '{"v":1,"departments":[{}]}', "null"])
def test_what_is_no_snapshot_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "skpds.json").write_text(text)
    with pytest.raises(SnapshotUnreadable, match=r"cannot use .*Error"):
        read(tmp_path / "skpds.json")


def test_without_a_file_there_is_no_snapshot(tmp_path: Path) -> None:
    with pytest.raises(SnapshotUnreadable, match="FileNotFoundError"):
        read(tmp_path / "skpds.json")


def test_a_service_code_is_no_line_that_can_call_and_the_latest_dispatch_is_heard_first() -> None:
    many = [
        Dispatch(NUMBER, call_id(), "damkar", ("113",), MORNING, "siti", id=number)
        for number in range(1, MOST_DISPATCHES + 6)
    ]
    made = department(DAMKAR, many)
    assert made.lines == ("+62374400001",)
    assert [one.id for one in made.dispatches] == list(range(MOST_DISPATCHES + 5, 5, -1))


def test_a_line_may_be_several_skpds() -> None:
    both = Snapshot((KNOWN, replace(KNOWN, code="bpbd"), Department("psc119", ("+62374400119",), None)))
    assert [one.code for one in both.of_line("+62374400001")] == ["damkar", "bpbd"]
    assert both.of_line("+62374400009") == ()


def test_a_pin_is_in_no_text_that_is_logged() -> None:
    assert "argon2" not in repr(KNOWN)


async def test_the_script_knows_at_once_what_is_asked_of_an_skpd_and_whom_it_may_believe(tmp_path: Path) -> None:
    file, clock = tmp_path / "skpds.json", SetClock(at(10).at)
    async with room_over(SqliteStore, tmp_path) as room:
        watch = SkpdWatch(room.store, Alarms(clock), file)
        desk = TicketDesk(room.store, clock, watch, ZoneInfo("Asia/Makassar"))
        call = arrives(1)
        await desk.handle(RecordCalls((call, answered(call, "101", 3))))
        await desk.handle(AddSkpd(DAMKAR))
        await desk.handle(SetSkpdPin("damkar", "$argon2id$damkar"))
        await watch.look()
        assert read(file) == Snapshot((replace(KNOWN, dispatches=()),))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        await desk.handle(RequestDispatch(NUMBER, "damkar", "siti", MORNING))
        await desk.handle(UpdateDispatch(NUMBER, 1, DispatchState.EN_ROUTE, "andi"))
        await watch.look()
        assert read(file).departments[0].dispatches == (OpenDispatch(1, NUMBER, DispatchState.EN_ROUTE),)
        await desk.handle(UpdateDispatch(NUMBER, 1, DispatchState.HANDLED, "andi"))
        await watch.look()
        assert read(file).departments[0].dispatches == ()
        await desk.handle(RemoveSkpd("damkar"))
        await watch.look()
        assert read(file) == Snapshot()


async def test_a_dispatch_that_is_news_wakes_it_and_what_the_command_line_changes_is_seen_soon(tmp_path: Path) -> None:
    file, clock = tmp_path / "skpds.json", SetClock(at(10).at)
    async with room_over(SqliteStore, tmp_path) as room:
        watch = SkpdWatch(room.store, Alarms(clock), file)
        desk = TicketDesk(room.store, clock, watch, ZoneInfo("Asia/Makassar"))
        call = arrives(1)
        await desk.handle(RecordCalls((call, answered(call, "101", 3))))
        work = asyncio.create_task(watch.run())
        try:
            await until(told(file.exists))
            await desk.handle(AddSkpd(DAMKAR))  # tells nobody
            await until(told(lambda: read(file).departments))
            await desk.handle(RequestDispatch(NUMBER, "damkar", "siti", MORNING))
            await until(told(lambda: read(file).departments[0].dispatches))
        finally:
            work.cancel()


async def test_that_it_cannot_be_written_is_an_alarm_until_it_can(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    async with room_over(SqliteStore, tmp_path) as room:
        alarms = Alarms(SetClock(MORNING))
        watch = SkpdWatch(room.store, alarms, folder / "skpds.json")
        await watch.look()
        assert [one.name for one in alarms.standing()] == ["skpd-snapshot"]
        folder.mkdir()
        await watch.look()
        assert alarms.standing() == ()


def tried(*, right: bool = False, hours_ago: float = 0) -> PinTried:
    return PinTried("damkar", "+62374400001", MORNING - timedelta(hours=hours_ago), right)


def test_three_wrong_pins_are_an_alarm_until_a_right_one() -> None:
    alarms = Alarms(SetClock(MORNING))
    watch = PinWatch(alarms)
    watch.tried(tried())
    (alarm,) = alarms.standing()
    # Health tells it to whoever asks: enough to know the line by, too little to call it.
    assert (alarm.name, "line …0001:" in alarm.text, "+62374400001" in alarm.text) == ("skpd-pin.damkar", True, False)
    watch.tried(tried(right=True))
    assert alarms.standing() == ()


def test_wrong_pins_of_a_ledger_that_is_read_anew_are_in_the_log_and_no_alarm() -> None:
    alarms = Alarms(SetClock(MORNING))
    with capture_logs() as logged:
        PinWatch(alarms).tried(tried(hours_ago=25))
    assert alarms.standing() == ()
    assert [(one["event"], one["line"]) for one in logged] == [("skpd_pin_wrong", "…0001")]
