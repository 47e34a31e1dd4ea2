"""A caller who is called back by a click: what the telephone tells of it, and what that comes to."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ticketing.evidence import at, call_id, instants
from ticketing.callbacks import CallBackOutcome
from ticketing.dispatch import Tried
from ticketing.model import Precision
from ticketing.return_call_events import return_call_news
from ticketing.return_calls import ReturnCall, ReturnLeg, ReturnOutcome, ReturnState, ReturnTrace

ASKED = ReturnCall(call_id(), "+6281234500001", "201", at(0).at, "siti", id=17)
PICKED_UP = ReturnTrace(picked_up=at(3))


def over(after: float, precision: Precision = Precision.LEDGER) -> ReturnTrace:
    return ReturnTrace(over=at(after, precision))


def leg(trunk: str = "main", **known: object) -> ReturnTrace:
    return ReturnTrace((ReturnLeg(trunk, **known),))  # type: ignore[arg-type]


def tried(status: str, after: float = 9, trunk: str = "main", **more: object) -> ReturnTrace:
    return leg(trunk, dialled=at(after - 5), ended=at(after), tried=Tried(status, **more))  # type: ignore[arg-type]


def told(*pieces: ReturnTrace) -> ReturnCall:
    call = ASKED
    for piece in pieces:
        call = call.learn(piece)
    return call


BUSY = tried("BUSY", cause=17, sip=486)
TALKS = leg(dialled=at(4), reached=at(8))

STORIES: list[tuple[tuple[ReturnTrace, ...], ReturnState | None, ReturnOutcome | None]] = [
    ((), ReturnState.PHONE_RINGS, None),
    ((PICKED_UP,), ReturnState.CALLING, None),
    ((PICKED_UP, TALKS), ReturnState.TALKING, None),
    ((over(20),), None, ReturnOutcome.TAKER_NO_ANSWER),
    ((over(20, Precision.SECOND),), None, ReturnOutcome.FAILED),  # nobody knows whether any phone rang
    ((PICKED_UP, BUSY, over(12)), None, ReturnOutcome.BUSY),
    ((PICKED_UP, tried("NOANSWER", rang=True), over(12)), None, ReturnOutcome.NO_ANSWER),
    ((PICKED_UP, tried("CHANUNAVAIL", cause=21, sip=603), over(12)), None, ReturnOutcome.REFUSED),
    ((PICKED_UP, tried("CHANUNAVAIL", cause=1, sip=404), over(12)), None, ReturnOutcome.UNREACHABLE),
    ((PICKED_UP, tried("CHANUNAVAIL", cause=34, sip=503), over(12)), None, ReturnOutcome.FAILED),
    # A trunk that says nothing at all has not said that the caller's telephone is off.
    ((PICKED_UP, tried("NOANSWER"), over(12)), None, ReturnOutcome.FAILED),
    ((PICKED_UP, tried("CANCEL", rang=True), over(12)), None, ReturnOutcome.CANCELLED),
    ((PICKED_UP, over(3.2)), None, ReturnOutcome.FAILED),
    ((PICKED_UP, leg(dialled=at(4)), over(12)), None, ReturnOutcome.FAILED),
    # The next trunk gets there: what counts is what the called party said at last.
    (
        (PICKED_UP, tried("CHANUNAVAIL", 5, sip=503), tried("BUSY", 11, "two", sip=486), over(12)),
        None,
        ReturnOutcome.BUSY,
    ),
    ((PICKED_UP, TALKS, over(13)), None, ReturnOutcome.REACHED),
    ((PICKED_UP, TALKS, over(12.9)), None, ReturnOutcome.REFUSED),
    ((PICKED_UP, TALKS, leg(ended=at(12), tried=Tried("ANSWER")), over(40)), None, ReturnOutcome.REFUSED),
    # Nobody tells when it ended: that it is gone says nothing of how long they talked.
    ((PICKED_UP, TALKS, over(60, Precision.SECOND)), None, ReturnOutcome.INTERRUPTED),
    # Picked up, so its Dial() says, and the record of it is lost.
    ((PICKED_UP, tried("ANSWER"), over(12)), None, ReturnOutcome.FAILED),
]


@pytest.mark.parametrize(("pieces", "state", "outcome"), STORIES)
def test_how_it_stands_follows_from_what_is_told_in_whatever_order(
    pieces: tuple[ReturnTrace, ...], state: ReturnState | None, outcome: ReturnOutcome | None
) -> None:
    for order in permutations(pieces):
        call = told(*order, *order)
        assert (call.state, call.outcome, call.under_way) == (state, outcome, outcome is None)


def test_only_what_rings_can_be_withdrawn() -> None:
    assert told(PICKED_UP).can_be_withdrawn
    assert not told(PICKED_UP, TALKS).can_be_withdrawn
    assert not told(over(20)).can_be_withdrawn


def test_what_was_withdrawn_and_answered_all_the_same_was_answered() -> None:
    withdrawn = replace(ASKED, cancelled_at=at(7).at)
    assert withdrawn.learn(over(8)).outcome is ReturnOutcome.CANCELLED
    assert withdrawn.learn(TALKS).learn(over(30)).outcome is ReturnOutcome.REACHED


@pytest.mark.parametrize(
    ("pieces", "attempt", "when"),
    [
        ((PICKED_UP, TALKS, over(30)), CallBackOutcome.REACHED, 8),
        ((PICKED_UP, TALKS, over(9)), CallBackOutcome.REFUSED, 8),
        ((PICKED_UP, BUSY, over(12)), CallBackOutcome.BUSY, 12),
        ((over(20),), None, 20),
        ((PICKED_UP, tried("CHANUNAVAIL", sip=503), over(12)), None, 12),
        ((PICKED_UP,), None, 0),
    ],
)
def test_an_attempt_is_one_in_which_the_callers_telephone_had_its_say(
    pieces: tuple[ReturnTrace, ...], attempt: CallBackOutcome | None, when: float
) -> None:
    call = told(*pieces)
    assert (call.tries, call.tried_at) == (attempt, at(when).at)


def news_along(*pieces: ReturnTrace) -> list[str]:
    call, types = ASKED, []
    for piece in pieces:
        after = call.learn(piece)
        types += [event.type for event in return_call_news(call, after)]
        call = after
    return types


def test_each_thing_is_told_once_by_time() -> None:
    pieces = (PICKED_UP, tried("CHANUNAVAIL", 5, "one", sip=503), TALKS, over(30))
    whole = told(*pieces)
    assert [event.type for event in return_call_news(ASKED, whole)] == [
        "return_call_dialled",
        "return_call_picked_up",
        "return_call_dialled",
        "return_call_tried",
        "return_call_reached",
        "return_call_ended",
    ]
    assert return_call_news(whole, whole.learn(TALKS)) == ()
    assert sorted(news_along(*pieces, *pieces)) == sorted(event.type for event in return_call_news(ASKED, whole))


def test_an_end_that_turns_out_to_be_another_is_told_again() -> None:
    assert news_along(PICKED_UP, over(30), TALKS) == [
        "return_call_picked_up",
        "return_call_ended",
        "return_call_dialled",
        "return_call_reached",
        "return_call_ended",
    ]


traces = st.builds(
    ReturnTrace,
    st.lists(
        st.builds(
            ReturnLeg,
            st.sampled_from(["one", "two", "\ud800"]),
            st.none() | instants,
            st.none() | instants,
            st.none() | st.sampled_from([Tried("BUSY", sip=486), Tried("ANSWER"), Tried("NOANSWER", rang=True)]),
            st.none() | instants,
        ),
        max_size=3,
    ).map(tuple),
    st.none() | instants,
    st.none() | instants,
)


@given(traces, traces, traces)
def test_knowledge_joins_in_any_order_and_any_number_of_times(
    one: ReturnTrace, two: ReturnTrace, three: ReturnTrace
) -> None:
    assert one.learn(two) == two.learn(one)
    assert one.learn(one) == one
    assert one.learn(two).learn(three) == one.learn(two.learn(three))
