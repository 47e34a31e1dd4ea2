"""Torn records and whole ones in one line: what is whole is found."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.lines import cel_records, cel_time, of_one_time, queue_log_records, queue_log_time
from tests.gateway import transcripts

CEL = [line for story in transcripts.STORIES for line in transcripts.cel(story)]
QUEUE_LOG = [line for story in transcripts.STORIES for line in transcripts.queue_log(story)]


@pytest.mark.parametrize("line", CEL)
def test_a_line_of_cel_as_asterisk_writes_it_is_one_record(line: str) -> None:
    assert cel_records(line) == (line,)


@pytest.mark.parametrize("line", QUEUE_LOG)
def test_a_line_of_queue_log_as_asterisk_writes_it_is_one_record(line: str) -> None:
    assert queue_log_records(line) == (line,)


@given(st.sampled_from(CEL), st.sampled_from(CEL), st.integers(1, 400))
def test_a_record_of_cel_behind_a_torn_one_is_found_whole(torn: str, whole: str, length: int) -> None:
    assert cel_records(torn[:length] + whole)[-1] == whole


@given(st.sampled_from(QUEUE_LOG), st.sampled_from(QUEUE_LOG), st.integers(1, 60))
def test_a_record_of_queue_log_behind_a_torn_one_is_found_whole(torn: str, whole: str, length: int) -> None:
    # A record that is torn within its first number runs into the next one's, and is one with it.
    found = queue_log_records(torn[: max(length, 11)] + whole)
    assert found[-1] == whole


@given(st.text(max_size=200))
def test_a_line_without_any_record_is_one_piece(text: str) -> None:
    assert cel_records(text) == ((text,) if text else ())
    assert queue_log_records(text) == ((text,) if text else ())


@given(st.text(max_size=40), st.sampled_from(CEL), st.text(max_size=40))
def test_nothing_of_a_line_is_lost(before: str, record: str, after: str) -> None:
    line = before + record + after
    assert "".join(cel_records(line)) == line


# ---- when a line was written -----------------------------------------------------------------------------------------


def test_both_journals_say_when_a_line_was_written() -> None:
    assert cel_time(CEL[0]) == pytest.approx(float(json.loads(CEL[0])["eventtime"]))
    assert queue_log_time(QUEUE_LOG[0]) == int(QUEUE_LOG[0].partition("|")[0])
    assert (cel_time("garbage"), queue_log_time("garbage")) == (None, None)


@pytest.mark.parametrize(
    ("journals", "taken"),
    [
        ([([1, 2, 3], False), ([1, 9], False)], (3, 2)),  # all of it is there
        ([([1, 2, 3, 4], True), ([1, 2, 5, 6], False)], (4, 2)),  # the rest of 5 and 6 is still to be read
        ([([5, 6], True), ([1, 2, 7], True)], (2, 2)),
        ([([1, 2], True), ([7], False)], (2, 0)),
        ([([1, None, 2], True), ([None, 1, None, 3], False)], (3, 3)),  # garbage goes with what stands before it
        ([([None], True), ([1], False)], (1, 1)),
        ([([9, 1, 2], True), ([3], False)], (3, 1)),  # a clock that was set back holds nothing up
    ],
)
def test_what_was_written_later_waits_for_a_journal_that_is_behind(
    journals: list[tuple[list[float | None], bool]], taken: tuple[int, ...]
) -> None:
    assert of_one_time(journals) == taken


@given(st.lists(st.tuples(st.lists(st.none() | st.integers(0, 9), min_size=1), st.booleans()), min_size=1, max_size=3))
def test_something_is_taken_at_each_turn(journals: list[tuple[list[float | None], bool]]) -> None:
    assert sum(of_one_time(journals)) > 0
