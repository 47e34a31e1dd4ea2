"""Doorbell and ledger on their way to the desk: everything arrives, once, whatever the store does meanwhile."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

import pytest

from tests.gateway import transcripts
from tests.gateway.recording_room import RefusingStore, Room, room_over, told, until
from tests.ticketing.room import BreakingStore
from ticketing.commands import AddTaker
from ticketing.model import CallId, CallOutcome, Taker
from ticketing.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.calls.call_recorder import CallRecorder


T = TypeVar("T")

ANSWERED = CallId("bima1-1795469752.0")
ANSWER_SETTLED = "2026-11-23T21:35:52.339441+00:00"
SITI = Taker("204", "Siti", "rahasia", signed_in=True)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with room_over(SqliteStore, tmp_path) as room:
        yield room


@pytest.fixture
async def full_room(tmp_path: Path) -> AsyncIterator[Room]:
    async with room_over(RefusingStore, tmp_path) as room:
        yield room


def disk_of(room: Room) -> RefusingStore:
    assert isinstance(room.store, RefusingStore)
    return room.store


def ring(recorder: CallRecorder, story: str) -> None:
    for event in transcripts.ami(story):
        recorder.hear(event)


# ---- both tell, one ticket -------------------------------------------------------------------------------------------


async def test_the_doorbell_alone_opens_the_ticket_at_once(room: Room) -> None:
    async with room.recording() as at_work:
        ring(at_work.recorder, "answered")
        await until(room.answers)
    assert await room.answers() == {ANSWERED: "2026-11-23T21:35:52.339915+00:00"}
    assert room.told.types.count("ticket_opened") == 1


async def test_the_ledger_alone_gives_the_whole_call_and_its_ticket(room: Room) -> None:
    room.writes("answered")
    async with room.recording():
        await until(room.ledger_is_kept)
    assert await room.outcomes() == [CallOutcome.ANSWERED]
    assert await room.answers() == {ANSWERED: ANSWER_SETTLED}


async def test_doorbell_and_ledger_together_make_one_ticket_with_the_ledgers_instant(room: Room) -> None:
    async with room.recording() as at_work:
        ring(at_work.recorder, "answered")
        await until(room.answers)
        room.writes("answered")
        await until(room.ledger_is_kept)
    assert await room.answers() == {ANSWERED: ANSWER_SETTLED}
    assert room.told.types.count("ticket_opened") == 1


async def test_a_ledger_that_was_there_before_us_is_known_to_be_read_when_its_end_is_reached(room: Room) -> None:
    room.writes("abandoned")
    async with room.recording() as at_work:
        await at_work.cel.read_once.wait()
        await at_work.queue_log.read_once.wait()
        assert await room.outcomes() == [CallOutcome.ABANDONED]


# ---- what cannot be read ---------------------------------------------------------------------------------------------


async def test_lines_and_events_that_make_no_sense_are_counted_and_hold_nothing_up(room: Room) -> None:
    first, *others = transcripts.cel("answered")
    room.writes_cel("\x00\xff", first, "[" * 60_000, '{"eventenum":"ANSWER"', *others)
    room.writes_queue_log("not a line of queue_log", *transcripts.queue_log("answered"))
    async with room.recording() as at_work:
        at_work.recorder.hear({"Event": "AgentConnect", "Uniqueid": "'; DROP TABLE calls; --"})
        at_work.recorder.hear({"Event": "AgentConnect", "Uniqueid": ["one", "two"]})
        await until(room.ledger_is_kept)
        await until(told(lambda: at_work.recorder.unreadable == 6))
    assert await room.answers() == {ANSWERED: ANSWER_SETTLED}


async def test_garbage_without_an_end_is_counted_and_stepped_over(room: Room) -> None:
    room.writes_queue_log("x" * 100_000, *transcripts.queue_log("answered"))
    room.cel_file.write_bytes(b"\x00" * 100_000)
    async with room.recording() as at_work:
        await until(room.ledger_is_kept)
        room.writes_cel("", *transcripts.cel("answered"))
        await until(room.ledger_is_kept)
        assert at_work.recorder.unreadable == 2
    assert await room.answers() == {ANSWERED: ANSWER_SETTLED}


async def test_what_cannot_be_read_is_kept_aside_with_its_place_and_the_ledger_is_left_as_it_is(room: Room) -> None:
    room.writes_queue_log("not a line of queue_log", *transcripts.queue_log("answered"))
    room.writes_cel("\ud83d is no letter", "x" * 100_000)
    before = room.queue_log_file.read_bytes(), room.cel_file.read_bytes()
    async with room.recording() as at_work:
        await until(room.ledger_is_kept)
        await until(told(lambda: at_work.recorder.unreadable == 3))
    kept = [json.loads(line) for line in room.aside_file.read_text().splitlines()]
    assert {(one["journal"], one["text"][:10]) for one in kept} == {
        ("queue_log", "not a line"),
        ("cel.json", "\ufffd\ufffd\ufffd is no "),
        ("cel.json", "x" * 10),
    }
    assert all(one["read_up_to"] > 0 for one in kept)
    assert (room.queue_log_file.read_bytes(), room.cel_file.read_bytes()) == before


async def test_a_record_behind_a_torn_one_in_the_same_line_is_read_all_the_same(room: Room) -> None:
    """As a disk that was full for a moment leaves them."""
    cel, queue_log = transcripts.cel("answered"), transcripts.queue_log("answered")
    room.writes_cel(cel[0][:70] + cel[0], *(line[:-20] + line for line in cel[1:]))
    room.writes_queue_log(*(line[:-3] + line for line in queue_log))
    async with room.recording() as at_work:
        await until(room.ledger_is_kept)
        assert at_work.recorder.unreadable > 0
    assert await room.answers() == {ANSWERED: ANSWER_SETTLED}
    assert [kept.call.outcome for kept in await room.store.calls()] == [CallOutcome.ANSWERED]


async def test_a_phone_that_nobody_knows_signs_and_the_reading_goes_on(room: Room) -> None:
    room.writes_queue_log(*transcripts.queue_log("sign_in_and_out"), *transcripts.queue_log("answered"))
    async with room.recording() as at_work:
        ring(at_work.recorder, "sign_in_and_out")
        await until(room.ledger_is_kept)
        await until(told(lambda: not at_work.recorder._inbox))
        assert at_work.recorder.unreadable == 0
    assert await room.store.takers() == ()
    assert list(await room.answers()) == [ANSWERED]


async def test_a_call_that_cannot_be_kept_does_not_hold_up_the_others(tmp_path: Path) -> None:
    async with room_over(BreakingStore, tmp_path) as room:
        assert isinstance(room.store, BreakingStore)
        room.store.broken_calls = frozenset({ANSWERED})
        room.writes("answered")
        room.writes("abandoned")
        async with room.recording() as at_work:
            await until(room.ledger_is_kept)
            assert at_work.recorder.unreadable > 0
            assert await room.outcomes() == [CallOutcome.ABANDONED]


# ---- who sits at the desk --------------------------------------------------------------------------------------------


async def test_a_taker_who_signs_out_on_the_phone_is_signed_out_in_the_store(room: Room) -> None:
    await room.desk.handle(AddTaker(SITI))
    (signed_out, _) = transcripts.queue_log("sign_in_and_out")
    room.writes_queue_log(signed_out)
    async with room.recording():
        await until(room.ledger_is_kept)
    assert [taker.signed_in for taker in await room.store.takers()] == [False]


async def test_the_doorbell_tells_of_it_at_once(room: Room) -> None:
    await room.desk.handle(AddTaker(SITI))
    (signed_out, _) = transcripts.ami("sign_in_and_out")

    async def is_signed_out() -> bool:
        return not any(taker.signed_in for taker in await room.store.takers())

    async with room.recording() as at_work:
        at_work.recorder.hear(signed_out)
        await until(is_signed_out)


# ---- the place in the ledger -----------------------------------------------------------------------------------------


async def test_a_recorder_that_starts_anew_goes_on_from_the_place_of_the_last_commit(room: Room) -> None:
    room.writes_queue_log("not a line of queue_log")
    room.writes("answered")
    async with room.recording() as at_work:
        await until(room.ledger_is_kept)
        assert at_work.recorder.unreadable == 1
    room.writes("abandoned")
    async with room.recording() as at_work:
        await until(room.ledger_is_kept)
        # Read again, the broken line would have been counted again.
        assert at_work.recorder.unreadable == 0
    assert sorted(await room.outcomes()) == [CallOutcome.ABANDONED, CallOutcome.ANSWERED]
    assert room.told.types.count("ticket_opened") == 1


async def test_a_recorder_that_is_cut_off_while_the_store_refuses_leaves_its_lines_to_the_next(full_room: Room) -> None:
    full_room.writes("answered")
    disk = disk_of(full_room)
    disk.full = True
    async with full_room.recording():
        await until(told(lambda: disk.refused >= 2))
    disk.full = False
    assert await full_room.places() == {}
    async with full_room.recording():
        await until(full_room.ledger_is_kept)
    assert await full_room.answers() == {ANSWERED: ANSWER_SETTLED}


async def test_a_doorbell_that_never_stops_does_not_keep_the_ledger_waiting_for_ever(room: Room) -> None:
    room.writes("answered")
    async with room.recording() as at_work:

        async def kept_although_it_rings() -> bool:
            ring(at_work.recorder, "hidden")
            return await room.ledger_is_kept()

        await until(kept_although_it_rings)
    assert (await room.answers())[ANSWERED] == ANSWER_SETTLED


# ---- while the store refuses -----------------------------------------------------------------------------------------


async def test_while_another_program_holds_the_database_nothing_is_lost_and_all_is_caught_up(room: Room) -> None:
    with closing(sqlite3.connect(room.folder / "siaga112.sqlite3", isolation_level=None)) as other:
        async with room.recording() as at_work:
            other.execute("BEGIN EXCLUSIVE")
            ring(at_work.recorder, "answered")
            room.writes("answered")
            await until(told(lambda: at_work.recorder.failing))
            assert "locked" in (at_work.recorder.failing or "")
            assert (await room.answers(), await room.places()) == ({}, {})
            other.execute("ROLLBACK")
            await until(room.ledger_is_kept)
            await until(told(lambda: at_work.recorder.failing is None))
    assert await room.answers() == {ANSWERED: ANSWER_SETTLED}


async def test_what_the_doorbell_says_while_the_store_refuses_is_kept_until_it_takes_it(full_room: Room) -> None:
    disk = disk_of(full_room)
    async with full_room.recording() as at_work:
        disk.full = True
        ring(at_work.recorder, "answered")
        await until(told(lambda: "full" in (at_work.recorder.failing or "")))
        for story in ("hidden", "second_taker"):
            ring(at_work.recorder, story)
        disk.full = False

        async def all_there() -> bool:
            return len(await full_room.answers()) == 3

        await until(all_there)
        await until(told(lambda: at_work.recorder.failing is None))
    assert full_room.told.types.count("ticket_opened") == 3


async def test_what_was_known_of_a_call_before_its_proof_outlives_a_refusal(full_room: Room) -> None:
    """The line's own record of the arrival is broken: what is read of the taker's phone is kept for the proof."""
    disk = disk_of(full_room)
    full_room.writes_cel(*(line for line in transcripts.cel("answered") if '"PJSIP/201-00000001"' in line))
    async with full_room.recording() as at_work:
        await until(full_room.ledger_is_kept)
        assert await full_room.answers() == {}
        disk.full = True
        ring(at_work.recorder, "answered")
        await until(told(lambda: disk.refused >= 2))
        disk.full = False
        await until(full_room.answers)
    assert await full_room.answers() == {ANSWERED: ANSWER_SETTLED}


async def test_a_taker_who_signs_out_while_the_store_refuses_is_signed_out_afterwards(full_room: Room) -> None:
    await full_room.desk.handle(AddTaker(SITI))
    disk = disk_of(full_room)
    disk.full = True
    (signed_out, _) = transcripts.queue_log("sign_in_and_out")
    full_room.writes_queue_log(signed_out)
    async with full_room.recording():
        await until(told(lambda: disk.refused))
        disk.full = False
        await until(full_room.ledger_is_kept)
    assert [taker.signed_in for taker in await full_room.store.takers()] == [False]
