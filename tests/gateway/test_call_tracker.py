"""The same calls, whatever the order in which they are told."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.facts.call_facts import (
    CallArrived,
    CallBegan,
    CallEnded,
    CallerIdentified,
    Fact,
    from_ami,
    from_cel,
    from_queue_log,
    is_of_call,
)
from gateway.facts.call_tracker import CallTracker, as_sent, piece_of
from gateway.facts.phone_numbers import identify
from tests.gateway import transcripts
from ticketing.model import (
    Call,
    CallerIdStyle,
    CallId,
    CallOutcome,
    Instant,
    LegKind,
    Precision,
    PresentedIdentity,
    created,
)

if TYPE_CHECKING:
    from gateway.facts.call_facts import CallFact

# Of whatever length and kind a hostile caller chooses.
TEXTS = st.text(max_size=600)


def style(_trunk: str) -> CallerIdStyle:
    return CallerIdStyle.AUTO


def facts_of(story: str) -> tuple[list[CallFact], list[CallFact]]:
    """What doorbell and ledger tell of a story's calls."""
    rung: list[Fact | None] = [from_ami(event) for event in transcripts.ami(story)]
    written: list[Fact | None] = [from_queue_log(line) for line in transcripts.queue_log(story)]
    written += [from_cel(line) for line in transcripts.cel(story)]
    return _of_calls(rung), _of_calls(written)


def _of_calls(facts: list[Fact | None]) -> list[CallFact]:
    return list(filter(is_of_call, facts))


def told(facts: list[CallFact]) -> dict[CallId, Call]:
    """What a tracker that is told one fact at a time makes of them, as a store would keep it."""
    tracker = CallTracker(style)
    kept: dict[CallId, Call] = {}
    for fact in facts:
        for piece in tracker.learn([fact]):
            known = kept[piece.id].learn(piece) if piece.id in kept else piece
            if known.reached_the_line:
                kept[piece.id] = known
    return kept


@pytest.mark.parametrize(
    ("story", "outcome", "takers"),
    [
        ("answered", CallOutcome.ANSWERED, ("201",)),
        ("hidden", CallOutcome.ANSWERED, ("201",)),
        ("abandoned", CallOutcome.ABANDONED, ()),
        ("second_taker", CallOutcome.ANSWERED, ("203",)),
        ("overflow", CallOutcome.OVERFLOW, ()),
    ],
)
def test_a_real_call_ends_as_it_did(story: str, outcome: CallOutcome, takers: tuple[str, ...]) -> None:
    rung, written = facts_of(story)
    (call,) = told(rung + written).values()
    assert (call.outcome, call.takers) == (outcome, takers)
    assert call.ended is not None


def test_takers_own_calls_are_no_calls_to_the_line() -> None:
    rung, written = facts_of("sign_in_and_out")
    assert told(rung + written) == {}


@given(st.sampled_from(["answered", "hidden", "abandoned", "second_taker", "overflow"]), st.data())
def test_whatever_the_doorbell_loses_doubles_or_delays_the_call_is_the_ledgers(story: str, data: st.DataObject) -> None:
    rung, written = facts_of(story)
    heard = data.draw(st.lists(st.sampled_from(rung), max_size=4)) if rung else []
    assert told(data.draw(st.permutations(heard + written))) == told(written)


@given(st.data())
def test_a_ledger_read_twice_over_says_nothing_new(data: st.DataObject) -> None:
    _, written = facts_of("answered")
    again = data.draw(st.lists(st.sampled_from(written), max_size=6))
    assert told(written + again) == told(written)


def test_the_ledger_settles_the_instant_that_the_doorbell_gave() -> None:
    rung, written = facts_of("answered")
    (at_once,) = told(rung).values()
    (settled,) = told(rung + written).values()
    assert at_once.answered
    assert settled.answered
    assert at_once.answered.precision is Precision.DOORBELL
    assert settled.answered.precision is Precision.LEDGER
    assert abs((at_once.answered.at - settled.answered.at).total_seconds()) < 0.1


def test_without_the_ledgers_arrival_a_call_began_when_its_id_says() -> None:
    rung, _ = facts_of("answered")
    (call,) = told(rung).values()
    assert call.arrived is None
    assert call.arrival == created(call.id)


def test_a_phone_picked_up_for_a_caller_who_has_just_gone_is_no_answer() -> None:
    _, written = facts_of("answered")
    without_proof = [fact for fact in written if type(fact).__name__ != "CallerConnected"]
    (call,) = told(without_proof).values()
    assert (call.answered, call.outcome) == (None, CallOutcome.ABANDONED)


def test_what_nothing_proves_to_be_a_call_to_the_line_is_forgotten_in_the_end() -> None:
    tracker = CallTracker(style, remembered=2)
    for serial in range(5):
        call = CallId(f"bima1-1795467556.{serial}")
        tracker.learn([CallEnded(call, Instant(created(call).at, Precision.LEDGER), 16)])
    assert len(tracker._unproven) == 2


def test_every_kind_of_leg_is_a_piece_of_its_call() -> None:
    _, written = facts_of("second_taker")
    call = reduce(Call.learn, (piece_of(fact, as_sent) for fact in written))
    assert [leg.party for leg in call.legs if leg.connected] == ["203"]
    assert [leg.answered for leg in call.legs if not leg.connected] == [None]
    assert all(leg.ended and leg.kind is LegKind.TAKER for leg in call.legs)


def test_a_caller_whom_the_script_identifies_is_the_same_whether_told_at_once_or_one_by_one() -> None:
    _, written = facts_of("answered")
    at_once = CallTracker(style).learn(written)
    one_by_one: dict[CallId, Call] = {}
    tracker = CallTracker(style)
    for fact in written:
        for piece in tracker.learn([fact]):
            known = one_by_one.get(piece.id)
            one_by_one[piece.id] = known.learn(piece) if known else piece
    assert {call.id: call for call in at_once} == one_by_one


@given(st.builds(PresentedIdentity, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS))
def test_whatever_was_sent_is_kept_alike_whoever_reads_it(sent: PresentedIdentity) -> None:
    call = CallId("bima1-1795467556.7")
    arrived = CallArrived(call, created(call), "carrier", sent)
    identified = CallerIdentified(call, identify(sent, CallerIdStyle.AUTO))
    at_once = CallTracker(style).learn([arrived, identified])
    assert at_once == tuple(told([arrived, identified]).values())
    # And the one that looks at the ledger again: it learns nothing that is not kept.
    (kept,) = at_once
    assert kept.learn(piece_of(arrived, as_sent)) == kept


def test_a_caller_who_gives_up_before_anything_is_said_of_who_calls_has_reached_the_line() -> None:
    call = CallId("bima1-1795467556.7")
    began = Instant(created(call).at, Precision.LEDGER)
    (known,) = CallTracker(style).learn([CallBegan(call, began, "telkom"), CallEnded(call, began, 127)])
    assert (known.reached_the_line, known.outcome, known.trunk) == (True, CallOutcome.ABANDONED, "telkom")
