"""Torn records and whole ones in one line: what is whole is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.torn_lines import cel_records, queue_log_records
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
