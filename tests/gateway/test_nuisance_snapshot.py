"""What the caller-ID script knows of marked numbers, and how it is kept as new as the tickets."""

from __future__ import annotations

import asyncio
import stat
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from gateway.agi.nuisance_snapshot import (
    BELIEVED_FOR,
    MOST_NUMBERS,
    NuisanceFile,
    Penalty,
    Snapshot,
    decode,
    encode,
    snapshot,
)
from gateway.alarms import Alarms
from gateway.watch.nuisance_watch import NuisanceWatch
from tests.gateway.recording_room import room_over, told, until
from tests.ticketing.evidence import MORNING, MULYADI, answered, arrives
from tests.ticketing.room import SetClock
from ticketing.commands import JudgeNumber, RecordCalls, Triage, TriageTicket, TurnStatus
from ticketing.desk import TicketDesk
from ticketing.model import CallType, Role, TicketStatus
from ticketing.nuisance import Evidence, Judged, Judgement, NuisanceRules, Standing, standing
from ticketing.store import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

RULES = NuisanceRules()
NUMBER = str(MULYADI.e164)
WRITTEN = int(MORNING.timestamp())
KNOWN = Snapshot(WRITTEN, {NUMBER: Penalty(6000, 30_000, WRITTEN + 100)})


def stands(marks: int, *judged: Judged, number: str = NUMBER) -> Standing:
    evidence = [Evidence(number, f"112-20261123-{one:04d}", MORNING, CallType.PRANK) for one in range(marks)]
    return standing(number, evidence, judged, MORNING, RULES)


def confirmed() -> Judged:
    return Judged(NUMBER, MORNING, Judgement.CONFIRMED, "sari")


def test_a_snapshot_is_read_as_it_was_written() -> None:
    assert decode(encode(KNOWN)) == KNOWN


def test_it_has_what_marks_cost_in_hundredths_of_a_second() -> None:
    assert snapshot([stands(1)], MORNING, RULES).numbers == {NUMBER: Penalty(1333)}
    until = int((MORNING + RULES.confirmed_for).timestamp())
    assert snapshot([stands(9, confirmed())], MORNING, RULES).numbers == {NUMBER: Penalty(6000, 30_000, until)}
    assert snapshot([stands(0)], MORNING, RULES).numbers == {}


def test_of_very_many_it_has_those_that_are_put_back_furthest() -> None:
    many = [stands(1 + (one == 7), number=f"+6281{one}") for one in range(MOST_NUMBERS + 10)]
    kept = snapshot(many, MORNING, RULES).numbers
    assert len(kept) == MOST_NUMBERS
    assert "+62817" in kept


@pytest.mark.parametrize(
    ("after_s", "hundredths"), [(-61, 0), (0, 30_000), (99, 30_000), (100, 6000), (BELIEVED_FOR.total_seconds(), 0)]
)
def test_a_confirmation_ends_in_the_file_too_and_an_old_file_puts_nobody_back(
    tmp_path: Path, after_s: float, hundredths: int
) -> None:
    file = tmp_path / "nuisance.json"
    file.write_text(encode(KNOWN))
    known = NuisanceFile(file, SetClock(MORNING + timedelta(seconds=after_s)))
    assert known.penalty(NUMBER) == hundredths
    assert known.penalty("+6281234509999") == 0


@pytest.mark.parametrize(("by_marks", "hundredths"), [(-1, 0), (10**9, 30_000)])
def test_whatever_the_file_says_it_is_bounded(by_marks: int, hundredths: int) -> None:
    assert Penalty(by_marks).at(WRITTEN) == hundredths


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '{"v":2,"written":0,"numbers":{}}',
        '{"v":1,"written":0,"numbers":[]}',
        '{"v":1,"written":0,"numbers":{"+62":7}}',
        '{"v":1,"written":0,"numbers":{"+62":[1]}}',
        '{"v":1,"written":"x","numbers":{}}',
        "\udcff",
    ],
)
def test_a_file_that_is_broken_or_not_there_costs_nobody_anything(tmp_path: Path, text: str) -> None:
    file = tmp_path / "nuisance.json"
    known = NuisanceFile(file, SetClock(MORNING))
    assert known.penalty(NUMBER) == 0
    file.write_bytes(text.encode(errors="surrogateescape"))
    assert known.penalty(NUMBER) == 0
    file.unlink()
    file.write_text(encode(KNOWN))
    assert known.penalty(NUMBER) == 30_000


async def closed_as(desk: TicketDesk, serial: int, kind: CallType) -> str:
    """A call is answered and its ticket closed as this; give the ticket."""
    call = arrives(serial, after=serial)
    *_, opened = await desk.handle(RecordCalls((call, answered(call, "101", serial + 1))))
    number = str(opened.ticket_number)
    await desk.handle(TriageTicket(number, 1, "rahma", Triage(call_type=kind)))
    await desk.handle(TurnStatus(number, TicketStatus.CLOSED, "sari", Role.SUPERVISOR))
    return number


async def test_the_script_knows_what_became_of_the_tickets_and_what_supervisors_say(tmp_path: Path) -> None:
    file, clock = tmp_path / "nuisance.json", SetClock(MORNING)
    async with room_over(SqliteStore, tmp_path) as room:
        watch = NuisanceWatch(room.store, clock, RULES, Alarms(clock), file)
        desk = TicketDesk(room.store, clock, watch, ZoneInfo("Asia/Makassar"))
        await watch.look()
        assert decode(file.read_text()) == Snapshot(WRITTEN)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        tickets = [await closed_as(desk, serial, CallType.PRANK) for serial in range(1, 6)]
        clock.time = MORNING + timedelta(minutes=1)
        await watch.look()
        assert decode(file.read_text()).numbers[NUMBER].by_marks == 6000
        await desk.handle(JudgeNumber(NUMBER, Judgement.CONFIRMED, "sari", Role.SUPERVISOR))
        await watch.look()
        assert decode(file.read_text()).numbers[NUMBER].confirmed == 30_000
        await desk.handle(TriageTicket(tickets[0], 3, "rahma", Triage(call_type=CallType.INFORMATION)))
        await watch.look()
        assert decode(file.read_text()).numbers[NUMBER].confirmed == 0
        await desk.handle(JudgeNumber(NUMBER, Judgement.FORGIVEN, "sari", Role.SUPERVISOR))
        await watch.look()
        assert decode(file.read_text()).numbers == {}


async def test_a_ticket_that_is_news_wakes_it_and_what_the_command_line_says_is_seen_soon(tmp_path: Path) -> None:
    file, clock = tmp_path / "nuisance.json", SetClock(MORNING + timedelta(minutes=1))
    async with room_over(SqliteStore, tmp_path) as room:
        watch = NuisanceWatch(room.store, clock, RULES, Alarms(clock), file)
        desk = TicketDesk(room.store, clock, watch, ZoneInfo("Asia/Makassar"))
        work = asyncio.create_task(watch.run())
        try:
            await until(told(file.exists))
            await closed_as(desk, 1, CallType.GHOST)
            await until(told(lambda: decode(file.read_text()).numbers))
            await desk.handle(JudgeNumber(NUMBER, Judgement.FORGIVEN, "sari", Role.SUPERVISOR))  # tells nobody
            await until(told(lambda: not decode(file.read_text()).numbers))
        finally:
            work.cancel()


async def test_that_it_cannot_be_written_is_an_alarm_until_it_can(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    async with room_over(SqliteStore, tmp_path) as room:
        alarms = Alarms(SetClock(MORNING))
        watch = NuisanceWatch(room.store, SetClock(MORNING), RULES, alarms, folder / "nuisance.json")
        await watch.look()
        assert [one.name for one in alarms.standing()] == ["nuisance-snapshot"]
        folder.mkdir()
        await watch.look()
        assert alarms.standing() == ()
