"""What a caller answers: only what can be an answer is one, and the last word on a question counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.asked import BY_A_TAKER, WHILE_WAITING, CallerAnswer, Question, joined, newest
from ticketing.commands import AskCaller
from ticketing.model import Call, CallId

NOON = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)
CALL = CallId("bima1-1795467556.7")

ANSWERS = st.one_of(
    st.builds(
        CallerAnswer,
        st.integers(0, 9).map(lambda seconds: NOON + timedelta(seconds=seconds)),
        st.just(Question.INCIDENT),
        st.sampled_from(("medical", "fire", "crime")),
    ),
    st.builds(CallerAnswer, st.just(NOON), st.sampled_from(BY_A_TAKER), st.sampled_from(("yes", "no", "none"))),
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [("incident", "fire"), ("district", "52.72.01"), ("place", "31000"), ("silent", "yes"), ("danger", "none")],
)
def test_what_can_be_an_answer_is_one(question: str, answer: str) -> None:
    assert CallerAnswer(NOON, Question(question), answer).answer == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [("incident", "yes"), ("district", "<b>"), ("place", "-1"), ("silent", "no"), ("danger", ""), ("hurt", "fire")],
)
def test_anything_else_is_refused(question: str, answer: str) -> None:
    with pytest.raises(ValueError, match="is no answer to"):
        CallerAnswer(NOON, Question(question), answer)


@given(st.lists(ANSWERS), st.lists(ANSWERS), st.lists(ANSWERS))
def test_answers_join_whatever_their_order(
    one: list[CallerAnswer], two: list[CallerAnswer], three: list[CallerAnswer]
) -> None:
    def all_of(*groups: list[CallerAnswer]) -> tuple[CallerAnswer, ...]:
        call = Call(CALL)
        for group in groups:
            for answer in group:
                call = call.learn(Call(CALL, said=(answer,)))
        return call.said

    assert all_of(one, two, three) == all_of(three, one, two) == all_of(one, one, two, three)
    assert joined(all_of(one), all_of(two)) == all_of(two, one)


def test_a_correction_counts_and_both_are_kept() -> None:
    first = CallerAnswer(NOON, Question.INCIDENT, "accident")
    then = CallerAnswer(NOON + timedelta(seconds=3), Question.INCIDENT, "fire")
    assert newest((first, then), Question.INCIDENT) == then
    assert newest((first, then), Question.DISTRICT) is None


def test_a_taker_asks_what_is_a_takers_to_ask() -> None:
    assert set(BY_A_TAKER) | WHILE_WAITING == set(Question)
    with pytest.raises(ValueError, match="asked of callers who wait"):
        AskCaller("112-20261128-0001", Question.INCIDENT, "sari")
