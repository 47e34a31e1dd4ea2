"""The ledger is read a second time: whatever the store does not know of it is found, and stands until it is mended."""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import pytest

from gateway.alarms import Alarms
from gateway.ledger.journal import JournalTail
from gateway.watch.ledger_audit import LedgerAudit, behind
from tests.gateway import transcripts
from tests.gateway.recording_room import Room, room_over, until
from tests.ticketing.evidence import MORNING
from tests.ticketing.room import SetClock
from ticketing.model import JournalPosition
from ticketing.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with room_over(SqliteStore, tmp_path) as one:
        yield one


@asynccontextmanager
async def auditing(room: Room) -> AsyncIterator[LedgerAudit]:
    """An audit behind a recorder that has read all there is."""
    async with room.recording() as at_work:
        await until(room.ledger_is_kept)
        journals = [(one, JournalTail(one.tail.path, None)) for one in (at_work.cel, at_work.queue_log)]
        yield LedgerAudit(journals, room.store, Alarms(SetClock(MORNING)))
        for _, tail in journals:
            tail.close()


def meddle(room: Room, statement: str) -> None:
    """Change the store behind everybody's back."""
    with closing(sqlite3.connect(room.folder / "siaga112.sqlite3")) as database, database:
        database.execute("PRAGMA foreign_keys=OFF")
        database.execute(statement)


async def test_a_store_that_keeps_what_the_ledger_tells_gives_nothing(room: Room) -> None:
    for story in transcripts.STORIES:
        room.writes(story)
    async with auditing(room) as audit:
        await audit.look()
        assert (audit.count, audit.alarms.standing()) == (0, ())
        assert audit.audited >= 5


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM tickets", "was answered and has no ticket"),
        ("DELETE FROM calls", "is in the ledger and not in the store"),
        ("UPDATE tickets SET answered_at = answered_at + 1", "has it answered at"),
        ("UPDATE calls SET ended_at = NULL, ended_precision = NULL", "tells more than the store keeps: ended"),
    ],
)
async def test_what_the_store_does_not_know_of_the_ledger_is_counted_and_is_a_grave_alarm(
    room: Room, statement: str, said: str
) -> None:
    room.writes("answered")
    async with auditing(room) as audit:
        meddle(room, statement)
        await audit.look()
        assert audit.count >= 1
        (alarm,) = audit.alarms.standing()
        assert (alarm.name, alarm.grave) == ("audit", True)
        assert said in alarm.text


async def test_a_discrepancy_stands_until_it_is_mended(room: Room) -> None:
    room.writes("answered")
    async with auditing(room) as audit:
        meddle(room, "UPDATE tickets SET answered_at = answered_at + 1")
        await audit.look()
        await audit.look()
        assert audit.count == 1
        meddle(room, "UPDATE tickets SET answered_at = answered_at - 1")
        await audit.look()
        assert (audit.count, audit.alarms.standing()) == (0, ())


async def test_garbage_in_the_ledger_is_the_recorders_to_count(room: Room) -> None:
    room.writes_cel("[" * 60_000, '{"eventtype":"ANSWER"')
    room.writes_queue_log("no line of queue_log")
    room.writes("answered")
    async with auditing(room) as audit:
        await audit.look()
        assert audit.count == 0


async def test_a_ledger_longer_than_a_look_is_audited_in_pieces(room: Room) -> None:
    room.writes("answered")
    room.writes_queue_log(*["1795469752|NONE|NONE|NONE|QUEUESTART|"] * 600)
    async with auditing(room) as audit:
        assert await audit.look() is True
        assert await audit.look() is False


def test_some_of_what_was_read_before_the_start_is_looked_at_again() -> None:
    assert behind(None) is None
    assert behind(JournalPosition("cel.json", 1, 5_000_000)) == JournalPosition("cel.json", 1, 805_696)
    assert behind(JournalPosition("cel.json", 1, 5_000)) == JournalPosition("cel.json", 1, 0)
