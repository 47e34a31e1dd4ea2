from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ticketing.evidence import MORNING, at, call_id, instants
from ticketing.dispatch import (
    Dispatch,
    DispatchLeg,
    DispatchState,
    LegOutcome,
    Trace,
    Tried,
    Update,
)
from ticketing.dispatch_events import dispatch_news

if TYPE_CHECKING:
    from ticketing.events import Event

DAMKAR = Dispatch("112-20261123-0001", call_id(), "damkar", ("+6237442113", "113", "115"), MORNING, "siti", id=7)

maybe = st.none() | instants
legs = st.builds(
    DispatchLeg,
    line=st.integers(1, 3),
    trunk=st.sampled_from(["one", "two"]),
    dialled=maybe,
    ringing=maybe,
    answered=maybe,
    accepted=maybe,
    ended=maybe,
    cause=st.none() | st.integers(1, 127),
    tried=st.none()
    | st.builds(
        Tried,
        st.sampled_from(["ANSWER", "BUSY", "NOANSWER", "CHANUNAVAIL", "CONGESTION", "CANCEL", ""]),
        st.booleans(),
        st.none() | st.integers(1, 127),
        st.none() | st.sampled_from([404, 480, 486, 503, 603]),
    ),
)
traces = st.builds(Trace, legs=st.lists(legs, max_size=3).map(tuple), joined=maybe, left=maybe, over=maybe)


@given(traces, traces, traces)
def test_knowledge_of_a_dispatch_joins_in_any_order_and_twice(one: Trace, two: Trace, three: Trace) -> None:
    assert one.learn(two) == two.learn(one)
    assert one.learn(two).learn(three) == one.learn(two.learn(three))
    assert one.learn(one) == one


@given(st.lists(traces, max_size=4))
def test_of_a_dispatch_nothing_is_told_twice(pieces: list[Trace]) -> None:
    told: list[Event] = []
    known = DAMKAR
    for piece in [*pieces, *pieces]:
        after = known.learn(piece)
        told += dispatch_news(known, after)
        known = after
    whole = [(event.type, getattr(event, "line", None), getattr(event, "trunk", None)) for event in told]
    assert len(whole) == len(set(whole))


@pytest.mark.parametrize(
    ("tried", "outcome"),
    [
        (Tried("BUSY", rang=False, cause=17, sip=486), LegOutcome.BUSY),
        (Tried("BUSY", rang=True, cause=21, sip=603), LegOutcome.REFUSED),
        (Tried("NOANSWER", rang=True), LegOutcome.NO_ANSWER),
        (Tried("NOANSWER", rang=False), LegOutcome.UNREACHABLE),  # nothing answers there at all
        (Tried("NOANSWER", rang=False, cause=19, sip=480), LegOutcome.NO_ANSWER),
        (Tried("NOANSWER", rang=False, cause=18, sip=408), LegOutcome.UNREACHABLE),
        (Tried("CHANUNAVAIL", rang=False, cause=1, sip=404), LegOutcome.UNREACHABLE),
        (Tried("CHANUNAVAIL", rang=False, cause=20), LegOutcome.UNREACHABLE),
        (Tried("CONGESTION", rang=False, cause=34, sip=503), LegOutcome.FAILED),
        (Tried("CHANUNAVAIL", rang=False), LegOutcome.FAILED),
        (Tried("CANCEL", rang=True, cause=16), LegOutcome.CANCELLED),
    ],
)
def test_what_dial_says_is_judged_by_the_cause_not_by_its_status_alone(tried: Tried, outcome: LegOutcome) -> None:
    assert tried.outcome is outcome
    leg = DispatchLeg(1, "one", dialled=at(1), ended=at(3), tried=tried)
    assert leg.outcome is outcome
    assert leg.ended_by == tried.cause


def test_a_line_that_was_picked_up_and_not_confirmed_was_no_acceptance() -> None:
    leg = DispatchLeg(1, "one", dialled=at(1), answered=at(2), ended=at(30), cause=16, tried=Tried("ANSWER"))
    assert leg.outcome is LegOutcome.NOT_CONFIRMED
    assert leg.learn(DispatchLeg(1, "one", accepted=at(20))).outcome is LegOutcome.ACCEPTED
    assert DispatchLeg(1, "one", dialled=at(1)).outcome is None


def test_a_dispatch_stands_as_the_telephone_tells_until_somebody_says_more() -> None:
    assert (DAMKAR.state, DAMKAR.rings) == (DispatchState.REQUESTED, True)
    over = DAMKAR.learn(Trace(over=at(60)))
    assert (over.state, over.rings) == (DispatchState.FAILED, False)
    accepted = DAMKAR.learn(Trace((DispatchLeg(2, "one", accepted=at(9)),)))
    assert (accepted.state, accepted.rings, accepted.accepted_at) == (DispatchState.ACCEPTED, False, at(9).at)
    assert replace(over, cancelled_at=at(30).at).state is DispatchState.CANCELLED
    # Somebody pressed 1 in the moment in which it was withdrawn: the caller was connected.
    assert replace(accepted, cancelled_at=at(9).at).state is DispatchState.ACCEPTED
    said = replace(over, updates=(Update(at(80).at, DispatchState.EN_ROUTE, "andi"),))
    assert (said.state, said.accepted_at) == (DispatchState.EN_ROUTE, at(80).at)


def test_a_dispatch_is_told_from_the_first_ring_to_the_last_word() -> None:
    steps = (
        Trace((DispatchLeg(1, "one", dialled=at(1)),)),
        Trace((DispatchLeg(1, "one", ringing=at(2)),)),
        Trace((DispatchLeg(1, "one", ended=at(20), tried=Tried("NOANSWER", rang=True)),)),
        Trace((DispatchLeg(2, "one", dialled=at(20.1)),)),
        Trace((DispatchLeg(2, "one", answered=at(25)),)),
        Trace((DispatchLeg(2, "one", accepted=at(30)),), joined=at(30.1)),
        Trace((DispatchLeg(2, "one", ended=at(90), cause=16),), left=at(90), over=at(90.1)),
    )
    told: list[str] = []
    known = DAMKAR
    for step in steps:
        told += [event.type for event in dispatch_news(known, known.learn(step))]
        known = known.learn(step)
    assert told == [
        "dispatch_line_dialled",
        "dispatch_line_ringing",
        "dispatch_line_ended",
        "dispatch_line_dialled",
        "dispatch_line_answered",
        "dispatch_accepted",
        "dispatch_joined",
        "dispatch_line_ended",
        "dispatch_left",
    ]
    assert [known.line(leg) for leg in known.trace.legs] == ["+6237442113", "113"]
    assert known.line(DispatchLeg(4, "one")) == ""
