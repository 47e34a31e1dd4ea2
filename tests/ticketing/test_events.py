from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.ticketing.evidence import (
    HIDDEN,
    MORNING,
    MULYADI,
    answered,
    answered_by_backup,
    arrives,
    at,
    call_id,
    hung_up,
    interrupted,
    joined,
    left,
    pieces,
)
from ticketing.events import (
    AnswerTimeSettled,
    ArrivalTimeSettled,
    BackupAnswered,
    BackupLeft,
    CallArrived,
    CallEnded,
    CallerIdentified,
    CallInterrupted,
    CallOverflowed,
    EndSettled,
    Event,
    LocationTold,
    RobotAnswered,
    RobotLeft,
    TakerAnswered,
    TakerLeft,
    learned,
)
from ticketing.located import LocationSource, Shape, SourceKind
from ticketing.model import AnswerLeg, Call, CallOutcome, LegKind, Precision


def second(count: float) -> timedelta:
    return timedelta(seconds=count)


def told(*told_pieces: Call) -> list[Event]:
    """Everything that is told while these pieces come in, one after the other."""
    first, *others = told_pieces
    news, known = [*learned(None, first)], first
    for piece in others:
        news += learned(known, known.learn(piece))
        known = known.learn(piece)
    return news


def test_a_call_that_is_answered_and_ends_is_told_in_order() -> None:
    call = joined(arrives(), answered(arrives(), "101", 4), left(arrives(), "101", 60), hung_up(arrives(), 60.5))
    ledger = Precision.LEDGER
    assert learned(None, call) == (
        CallArrived(MORNING, "carrier", ledger),
        CallerIdentified(MORNING, MULYADI, identified=False),
        TakerAnswered(MORNING + second(4), "101-leg", "101", ledger),
        TakerLeft(MORNING + second(60), "101-leg", "101"),
        CallEnded(MORNING + second(60.5), CallOutcome.ANSWERED, 16, ledger),
    )


def test_a_piece_that_brings_nothing_new_tells_nothing() -> None:
    call = joined(arrives(), answered(arrives(), "101", 4))
    assert learned(call, call.learn(answered(arrives(), "101", 4))) == ()


def test_an_arrival_known_from_the_unique_id_is_settled_by_the_ledger() -> None:
    bare = Call(call_id(), caller=MULYADI)
    arrived = Call(call_id(), arrived=at(0.25))
    assert told(bare, arrived)[2:] == [ArrivalTimeSettled(at(0.25).at, was=MORNING, precision=Precision.LEDGER)]


def test_the_caller_is_told_again_when_the_script_has_spoken() -> None:
    found = Call(call_id(), caller=HIDDEN, identified=True)
    assert told(arrives(), found, found)[1:] == [
        CallerIdentified(MORNING, MULYADI, identified=False),
        CallerIdentified(MORNING, HIDDEN, identified=True),
    ]


def test_an_answer_settled_by_the_ledger_is_told_with_what_was_told_before() -> None:
    doorbell = answered(arrives(), "101", 4.001, Precision.DOORBELL)
    ledger = answered(arrives(), "101", 4)
    assert told(arrives(), doorbell, ledger, doorbell)[2:] == [
        TakerAnswered(at(4.001).at, "101-leg", "101", Precision.DOORBELL),
        AnswerTimeSettled(at(4).at, "101-leg", "101", was=at(4.001).at, precision=Precision.LEDGER),
    ]


def test_a_surer_source_that_says_the_same_instant_is_no_news() -> None:
    assert told(arrives(), answered(arrives(), "101", 4, Precision.SECOND), answered(arrives(), "101", 4))[3:] == []


def test_a_phone_picked_up_without_getting_the_caller_answered_nothing() -> None:
    picked_up = Call(call_id(), legs=(AnswerLeg("101-leg", "101", answered=at(4), ended=at(5)),))
    assert told(arrives(), picked_up)[2:] == []


def test_a_call_answered_again_has_both_takers_on_its_timeline_by_time() -> None:
    call = joined(
        arrives(),
        answered(arrives(), "102", 40),
        answered(arrives(), "101", 4),
        left(arrives(), "101", 30),
        Call(call_id(), overflowed_at=at(35).at),
    )
    assert [event.type for event in learned(None, call)[2:]] == [
        "taker_answered",
        "taker_left",
        "call_overflowed",
        "taker_answered",
    ]


def test_a_leg_does_not_leave_before_it_answered_though_whole_seconds_say_so() -> None:
    call = joined(
        arrives(),
        answered(arrives(), "101", 4.6),
        Call(call_id(), legs=(AnswerLeg("101-leg", "101", ended=at(4, Precision.SECOND)),)),
    )
    assert [event.type for event in learned(None, call)[2:]] == ["taker_answered", "taker_left"]


def test_every_place_that_the_network_tells_of_is_told_once_beside_the_others() -> None:
    cell = LocationSource(SourceKind.CELL, at(0.01).at, reference="5101000a1b2c3d4")
    fix = LocationSource(SourceKind.VALUE, at(0.02).at, Shape.CIRCLE, -8.4606, 118.7273, 850.24)
    known = [Call(call_id(), locations=(one,)) for one in (fix, cell, fix)]
    assert told(arrives(), *known)[2:] == [LocationTold(fix.at, fix), LocationTold(cell.at, cell)]
    assert joined(arrives(), *known).locations == (cell, fix)


def test_a_backup_answer_is_told_as_one() -> None:
    call = joined(
        arrives(),
        answered_by_backup(arrives(), "carrier", 200),
        Call(call_id(), legs=(AnswerLeg("carrier-leg", "carrier", LegKind.BACKUP, ended=at(300)),)),
    )
    assert learned(None, call)[2:] == (
        BackupAnswered(at(200).at, "carrier-leg", "carrier", Precision.LEDGER),
        BackupLeft(at(300).at, "carrier-leg", "carrier"),
    )


def test_who_answered_is_told_again_when_the_channel_turns_out_to_be_somebody_elses() -> None:
    nobody = answered(arrives(), "", 4)
    named = Call(call_id(), legs=(replace(nobody.legs[0], party="101"),))
    assert [event.party for event in told(arrives(), nobody, named) if isinstance(event, TakerAnswered)] == ["", "101"]


def test_a_call_told_as_abandoned_may_turn_out_answered() -> None:
    news = told(arrives(), hung_up(arrives(), 60, cause=None), answered(arrives(), "101", 4), hung_up(arrives(), 60))
    assert news[2:] == [
        CallEnded(at(60).at, CallOutcome.ABANDONED, None, Precision.LEDGER),
        TakerAnswered(at(4).at, "101-leg", "101", Precision.LEDGER),
        EndSettled(at(60).at, CallOutcome.ANSWERED, None, Precision.LEDGER),
        EndSettled(at(60).at, CallOutcome.ANSWERED, 16, Precision.LEDGER),
    ]


def test_an_interrupted_call_is_told_as_one_and_its_end_as_an_end_should_it_become_known() -> None:
    talking = joined(arrives(), answered(arrives(), "101", 4))
    news = told(talking, interrupted(arrives(), 60), interrupted(arrives(), 50), hung_up(arrives(), 48.5))
    assert news[3:] == [
        CallInterrupted(at(60).at),
        CallEnded(at(48.5).at, CallOutcome.ANSWERED, 16, Precision.LEDGER),
    ]


def test_a_call_whose_end_is_known_is_never_told_as_interrupted() -> None:
    assert told(arrives(), hung_up(arrives(), 9), interrupted(arrives(), 9))[3:] == []


paths = st.lists(pieces, min_size=1, max_size=6)


@given(paths)
def test_nothing_is_told_twice_on_any_path(path: list[Call]) -> None:
    news = told(*path, *path)
    assert len(news) == len(set(news))
    for once in (CallArrived, CallOverflowed, CallInterrupted, CallEnded):
        assert sum(isinstance(event, once) for event in news) <= 1


@given(paths)
def test_the_second_time_nothing_is_told(path: list[Call]) -> None:
    assert told(*path, *path) == told(*path)


@given(paths)
def test_what_was_told_last_is_what_is_known(path: list[Call]) -> None:
    call, news = joined(*path), told(*path)
    arrivals = [event.at for event in news if isinstance(event, CallArrived | ArrivalTimeSettled)]
    assert arrivals[-1] == call.arrival.at
    callers = [(event.caller, event.identified) for event in news if isinstance(event, CallerIdentified)]
    assert callers[-1:] == ([(call.caller, call.identified)] if call.caller else [])
    ends = [(event.at, event.outcome, event.cause) for event in news if isinstance(event, CallEnded | EndSettled)]
    assert ends[-1:] == ([(call.ended.at, call.outcome, call.hangup_cause)] if call.ended else [])
    answers = {
        event.channel: (event.at, event.party)
        for event in news
        if isinstance(event, TakerAnswered | BackupAnswered | RobotAnswered | AnswerTimeSettled)
    }
    assert answers == {leg.channel: (leg.answered.at, leg.party) for leg in call.answers if leg.answered}
    places = [event.source for event in news if isinstance(event, LocationTold)]
    assert sorted(map(repr, places)) == sorted(map(repr, call.locations))
    overflows = [event for event in news if isinstance(event, CallOverflowed)]
    assert bool(overflows) == bool(call.overflowed_at)
    over = [event for event in news if isinstance(event, CallInterrupted | CallEnded)]
    assert bool(over) == bool(call.over_at)
    assert isinstance(over[-1], CallEnded) == bool(call.ended) if over else True


@given(paths)
def test_the_arrival_is_told_first_and_no_leg_leaves_before_it_answered(path: list[Call]) -> None:
    news = told(*path)
    assert isinstance(news[0], CallArrived)
    answered_channels: set[str] = set()
    for event in news:
        if isinstance(event, TakerAnswered | BackupAnswered | RobotAnswered):
            answered_channels.add(event.channel)
        if isinstance(event, TakerLeft | BackupLeft | RobotLeft):
            assert event.channel in answered_channels
