"""The ledger's files, read on through crashes and rotations."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.ledger.journal import JournalTail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ticketing.model import JournalPosition

    TailOf = Callable[..., JournalTail]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "queue_log"


@pytest.fixture
def tail_of(journal: Path) -> Iterator[TailOf]:
    with ExitStack() as opened:

        def tail(place: JournalPosition | None = None) -> JournalTail:
            made = JournalTail(journal, place)
            opened.callback(made.close)
            return made

        yield tail


def read_all(tail: JournalTail) -> list[str]:
    lines: list[str] = []
    while (chunk := tail.read()) is not None:
        lines += chunk.lines
        tail.confirm(chunk.position)
    return lines


def place_of(tail: JournalTail) -> JournalPosition:
    chunk = tail.read()
    assert chunk
    tail.confirm(chunk.position)
    return chunk.position


def test_lines_are_read_in_order_and_each_once(journal: Path, tail_of: TailOf) -> None:
    tail = tail_of()
    journal.write_text("one\ntwo\n")
    assert read_all(tail) == ["one", "two"]
    with journal.open("a") as more:
        more.write("three\n")
    assert read_all(tail) == ["three"]


def test_a_journal_that_is_not_there_yet_is_waited_for(journal: Path, tail_of: TailOf) -> None:
    tail = tail_of()
    assert tail.read() is None
    journal.write_text("one\n")
    assert read_all(tail) == ["one"]


def test_lines_that_were_not_committed_are_read_again(journal: Path, tail_of: TailOf) -> None:
    journal.write_text("one\ntwo\n")
    tail = tail_of()
    first, again = tail.read(), tail.read()
    assert first
    assert first == again


def test_a_reader_that_starts_anew_goes_on_from_the_committed_place(journal: Path, tail_of: TailOf) -> None:
    journal.write_text("one\n")
    place = place_of(tail_of())
    with journal.open("a") as more:
        more.write("two\n")
    assert read_all(tail_of(place)) == ["two"]


def test_no_more_lines_are_taken_than_were_asked_for_and_the_rest_is_said_to_be_there(
    journal: Path, tail_of: TailOf
) -> None:
    tail = tail_of()
    journal.write_text("one\ntwo\n\nfour\nfi")
    taken = []
    while (chunk := tail.read(3)) is not None:
        taken.append((chunk.lines, chunk.more))
        tail.confirm(chunk.position)
    assert taken == [(("one", "two"), True), (("four",), False)]


def test_a_torn_last_line_is_left_until_it_is_whole(journal: Path, tail_of: TailOf) -> None:
    tail = tail_of()
    journal.write_text("one\ntw")
    assert read_all(tail) == ["one"]
    assert tail.lag_s() >= 0
    with journal.open("a") as more:
        more.write("o\n")
    assert read_all(tail) == ["two"]
    assert tail.lag_s() == 0


def test_a_rotated_journal_is_read_to_its_end_and_then_the_new_one(journal: Path, tail_of: TailOf) -> None:
    tail = tail_of()
    journal.write_text("one\n")
    assert read_all(tail) == ["one"]
    with journal.open("a") as more:
        more.write("two\n")
    journal.rename(journal.with_name("queue_log.1"))
    journal.write_text("three\n")
    assert read_all(tail) == ["two", "three"]


def test_a_journal_rotated_twice_while_we_were_away_loses_no_line(journal: Path, tail_of: TailOf) -> None:
    journal.write_text("one\n")
    place = place_of(tail_of())
    with journal.open("a") as more:
        more.write("two\n")
    journal.rename(journal.with_name("queue_log.2"))
    journal.write_text("three\n")
    journal.rename(journal.with_name("queue_log.1"))
    journal.write_text("four\n")
    assert read_all(tail_of(place)) == ["two", "three", "four"]


@pytest.mark.parametrize("away", ["compressed.gz", None])
def test_a_journal_taken_away_is_followed_by_the_one_that_asterisk_makes_anew(
    journal: Path, tail_of: TailOf, away: str | None
) -> None:
    tail = tail_of()
    journal.write_text("one\n")
    assert read_all(tail) == ["one"]
    if away:
        journal.rename(journal.with_name(away))
    else:
        journal.unlink()
    assert read_all(tail) == []
    journal.write_text("two\n")
    assert read_all(tail) == ["two"]


def test_a_line_torn_by_a_rotation_is_counted_not_glued_to_the_next(journal: Path, tail_of: TailOf) -> None:
    tail = tail_of()
    journal.write_text("one\ntor")
    assert read_all(tail) == ["one"]
    journal.rename(journal.with_name("queue_log.1"))
    journal.write_text("two\n")
    chunk = tail.read()
    assert chunk
    assert (chunk.lines, len(chunk.skipped)) == ((), 3)
    tail.confirm(chunk.position)
    assert read_all(tail) == ["two"]


def test_a_journal_cut_off_and_begun_anew_is_read_from_its_start(journal: Path, tail_of: TailOf) -> None:
    tail = tail_of()
    journal.write_text("a longer first line\n")
    assert read_all(tail) == ["a longer first line"]
    journal.write_text("new\n")
    assert read_all(tail) == ["new"]


def test_garbage_without_an_end_is_stepped_over(journal: Path, tail_of: TailOf) -> None:
    tail = tail_of()
    journal.write_bytes(b"\xff\x00" * 50_000)
    chunk = tail.read()
    assert chunk
    assert len(chunk.skipped) == 100_000
    tail.confirm(chunk.position)
    with journal.open("ab") as more:
        more.write(b"\nwhole\n")
    assert read_all(tail) == ["whole"]


def test_bytes_that_are_no_text_do_not_stop_the_reading(journal: Path, tail_of: TailOf) -> None:
    journal.write_bytes(b"\xffone\ntwo\n")
    assert read_all(tail_of()) == ["�one", "two"]


class Overtaken(JournalTail):
    """A reader that Asterisk overtakes once, between its look at the end and its look for a next file."""

    overtaken = True

    def _files(self) -> list[Path]:
        if not self.overtaken:
            self.overtaken = True
            with self.path.open("a") as more:
                more.write("two\n")
            self.path.rename(self.path.with_name("queue_log.1"))
            self.path.write_text("three\n")
        return super()._files()


def test_what_is_written_between_the_last_look_and_the_rotation_is_not_missed(journal: Path) -> None:
    journal.write_text("one\n")
    tail = Overtaken(journal, None)
    assert read_all(tail) == ["one"]
    tail.overtaken = False
    assert tail.read() is None
    assert read_all(tail) == ["two", "three"]
    tail.close()


def test_an_elder_that_somebody_compressed_is_not_read_as_lines(journal: Path, tail_of: TailOf) -> None:
    journal.with_name("queue_log.1.gz").write_bytes(b"\x1f\x8bone\n")
    journal.write_text("two\n")
    assert read_all(tail_of()) == ["two"]


def test_a_reader_whose_place_is_lost_begins_with_the_oldest_there_is(journal: Path, tail_of: TailOf) -> None:
    journal.write_text("one\n")
    place = place_of(tail_of())
    journal.rename(journal.with_name("queue_log.1"))
    journal.write_text("two\n")
    elsewhere = replace(place, inode=place.inode + 1_000_000)
    assert read_all(tail_of(elsewhere)) == ["one", "two"]


def test_elders_are_read_once_the_place_has_left_them(journal: Path, tail_of: TailOf) -> None:
    tail = tail_of()
    journal.write_text("one\n")
    assert read_all(tail) == ["one"]
    elder = journal.rename(journal.with_name("queue_log.1"))
    assert tail.read_elders() == ()
    journal.write_text("two\n")
    # The move to the next file is committed like everything else.
    chunk = tail.read()
    assert chunk
    assert tail.read_elders() == ()
    tail.confirm(chunk.position)
    assert tail.read_elders() == (elder,)
