"""A long ledger is understood in a process beside the recorder, and means the same there as here."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest

from chaos.backlog import backlog
from gateway.calls import call_recorder
from gateway.ledger.ahead import Ahead
from gateway.ledger.formats import cel_format
from gateway.ledger.journal import JournalTail
from gateway.ledger.reading import JournalReader, Piece, pieces
from tests.gateway.recording_room import room_over, told, until
from ticketing.store.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gateway.ledger.reading import Reader

RECORDS = 9_000  # more than the recorder reads by itself before it takes somebody's help
BEGINS = 1_795_000_000


def journal_of(folder: Path, *texts: str) -> JournalReader:
    file = folder / "cel.json"
    file.write_text("".join(f"{text}\n" for text in texts))
    return JournalReader(JournalTail(file, None), cel_format(("1122",)))


@contextmanager
def read_ahead(journal: JournalReader) -> Iterator[Ahead]:
    ahead = Ahead([journal])
    try:
        yield ahead
    finally:
        ahead.close()


def child() -> psutil.Process:
    (one,) = [one for one in psutil.Process().children() if "gateway.ledger.worker" in one.cmdline()]
    return one


def test_it_says_there_what_it_says_here(tmp_path: Path) -> None:
    journal = journal_of(tmp_path, *backlog(RECORDS, BEGINS).cel, "no record at all")
    with read_ahead(journal) as ahead:
        there = list(iter(ahead.next, None))
    here = list(pieces([journal]))
    journal.tail.close()
    assert there == here
    assert len(here) > 2
    assert sum(len(piece.told.calls) for piece in here) > 100
    assert [one.text for one in here[-1].told.refused] == ["no record at all"]
    assert [one.offset for one in here[-1].positions] == [journal.tail.path.stat().st_size]


def test_when_the_process_dies_it_gives_no_more(tmp_path: Path) -> None:
    with read_ahead(journal_of(tmp_path, *backlog(RECORDS, BEGINS).cel)) as ahead:
        assert ahead.next() is not None
        os.kill(child().pid, signal.SIGKILL)
        given = list(iter(ahead.next, None))  # what was in the pipe, and no half of a piece
        assert all(isinstance(one, Piece) for one in given)


def test_it_ends_with_whoever_asked(tmp_path: Path) -> None:
    with read_ahead(journal_of(tmp_path, *backlog(RECORDS, BEGINS).cel)) as ahead:
        ahead.next()
        process = child()
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


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP], ids=["dies", "hangs"])
async def test_what_the_process_does_not_give_is_read_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: signal.Signals
) -> None:
    started = Ahead.__init__

    def start_and_fail(ahead: Ahead, journals: Iterable[Reader]) -> None:
        started(ahead, journals)
        ahead._process.send_signal(fault)

    monkeypatch.setattr(Ahead, "__init__", start_and_fail)
    monkeypatch.setattr(call_recorder, "_PIECE_WITHIN_S", 0.5)
    long = backlog(RECORDS, int(time.time()) - 6 * 3600)
    async with room_over(SqliteStore, tmp_path) as room:
        room.writes_cel(*long.cel)
        room.writes_queue_log(*long.queue_log)
        async with room.recording():
            await until(room.ledger_is_kept)
        assert len(await room.store.calls()) == long.calls
