"""A long ledger is understood in a process beside the recorder, and means the same there as here."""

from __future__ import annotations

import json
import os
import signal
import time
from functools import partial
from typing import TYPE_CHECKING

import psutil
import pytest

from chaos.backlog import backlog
from gateway import call_facts
from gateway.journal import JournalTail
from gateway.ledger_ahead import Ahead, Lines, understand
from gateway.ledger_lines import cel_records
from tests.gateway.recording_room import room_over, told, until
from ticketing.store.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECORDS = 9_000  # more than the recorder reads by itself before it takes somebody's help
BEGINS = 1_795_000_000


def lines_of(folder: Path, *texts: str) -> tuple[Lines, ...]:
    file = folder / "cel.json"
    file.write_text("".join(f"{text}\n" for text in texts))
    tail = JournalTail(file, None)
    chunk = tail.read()
    tail.close()
    assert chunk
    return (Lines(cel_records, partial(call_facts.from_cel, service_numbers=("1122",)), chunk),)


@pytest.fixture
def ahead() -> Iterator[Ahead]:
    one = Ahead()
    yield one
    one.close()


def child() -> psutil.Process:
    (one,) = [one for one in psutil.Process().children() if "gateway.ledger_worker" in one.cmdline()]
    return one


def test_it_says_there_what_it_says_here(ahead: Ahead, tmp_path: Path) -> None:
    lines = lines_of(tmp_path, *backlog(400, BEGINS).cel, "no record at all")
    here, there = understand(lines), ahead.understand(lines)
    assert there == here
    assert child().is_running()
    assert len(here.calls) > 10
    assert [one.text for one in here.refused] == ["no record at all"]


def test_when_the_process_dies_it_is_done_here(ahead: Ahead, tmp_path: Path) -> None:
    lines = lines_of(tmp_path, *backlog(100, BEGINS).cel)
    expected = ahead.understand(lines)
    os.kill(child().pid, signal.SIGKILL)
    assert ahead.understand(lines) == expected
    assert ahead.understand(lines) == expected  # and the next one is another process's


def test_it_ends_with_whoever_asked(ahead: Ahead, tmp_path: Path) -> None:
    ahead.understand(lines_of(tmp_path, *backlog(50, BEGINS).cel))
    process = child()
    ahead.close()
    assert not process.is_running()


async def test_a_long_ledger_makes_the_same_calls_and_is_read_to_its_end(tmp_path: Path) -> None:
    long = backlog(RECORDS, int(time.time()) - 6 * 3600)
    async with room_over(SqliteStore, tmp_path) as room:
        room.writes_cel(*long.cel, "garbage")
        room.writes_queue_log(*long.queue_log)
        async with room.recording() as recording:
            await until(room.ledger_is_kept)
            await until(told(recording.cel.read_once.is_set))
            # Goes on by itself afterwards.
            room.writes("answered")
            await until(room.ledger_is_kept)
        calls = await room.store.calls()
        assert len(calls) == long.calls + 1
        assert sum(1 for one in calls if one.ticket) == long.answered + 1
        assert recording.recorder.unreadable == 1
    assert json.loads((tmp_path / "unreadable.jsonl").read_text().splitlines()[0])["text"] == "garbage"
