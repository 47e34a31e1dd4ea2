from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
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
    callers,
    hung_up,
    instants,
    interrupted,
    joined,
    left,
    pieces,
    texts,
)
from ticketing.model import (
    UNKNOWN_CALLER,
    AnswerLeg,
    Call,
    Caller,
    CallerKind,
    CallId,
    CallOutcome,
    Instant,
    LegKind,
    Precision,
    PresentedIdentity,
    created,
    parse_call_id,
    parse_extension,
    surer,
    ticket_number,
    well_formed,
)


@given(pieces)
def test_learning_a_thing_twice_teaches_nothing(known: Call) -> None:
    assert known.learn(known) == known


@given(pieces, pieces)
def test_it_does_not_matter_which_of_two_pieces_is_learned_first(one: Call, other: Call) -> None:
    assert one.learn(other) == other.learn(one)


@given(pieces, pieces, pieces)
def test_it_does_not_matter_which_pieces_are_put_together_first(one: Call, other: Call, third: Call) -> None:
    assert one.learn(other).learn(third) == one.learn(other.learn(third))


@given(st.data(), st.lists(pieces, min_size=1, max_size=5))
def test_any_order_and_any_repetition_of_evidence_gives_the_same_call(data: st.DataObject, told: list[Call]) -> None:
    again = data.draw(st.lists(st.sampled_from(told), max_size=4))
    retold = data.draw(st.permutations([*told, *again]))
    assert joined(*retold) == joined(*told)


def test_pieces_of_two_calls_are_never_joined() -> None:
    with pytest.raises(ValueError, match="two calls"):
        arrives(1).learn(arrives(2))


def test_a_call_cannot_be_identified_as_nobody() -> None:
    with pytest.raises(ValueError, match="as nobody"):
        Call(call_id(), identified=True)


@given(callers, callers)
def test_what_the_caller_id_script_found_wins_over_what_the_trunk_sent(sent: Caller, found: Caller) -> None:
    call = joined(Call(call_id(), caller=sent), Call(call_id(), caller=found, identified=True))
    assert call.caller
    assert call.caller.presented in {sent.presented, found.presented}
    assert (replace(call.caller, presented=found.presented), call.identified) == (found, True)


@given(instants, instants)
def test_the_surer_of_two_instants_is_the_more_precise_and_then_the_earlier(one: Instant, other: Instant) -> None:
    found = surer(one, other)
    assert found in {one, other}
    assert found.precision == max(one.precision, other.precision)
    if one.precision == other.precision:
        assert found.at == min(one.at, other.at)


def test_one_known_instant_is_surer_than_none() -> None:
    assert surer(None, at(1)) == surer(at(1), None) == at(1)
    assert surer(None, None) is None


def test_a_leg_told_as_backup_stays_one_whatever_else_is_told() -> None:
    backup = AnswerLeg("c", "carrier", LegKind.BACKUP)
    told_without = AnswerLeg("c", "carrier", ended=at(3))
    assert backup.learn(told_without).kind is told_without.learn(backup).kind is LegKind.BACKUP


@given(st.lists(st.builds(AnswerLeg, st.sampled_from("abc"), texts), max_size=6))
def test_a_call_has_one_leg_a_channel(legs: list[AnswerLeg]) -> None:
    channels = [leg.channel for leg in Call(call_id(), legs=tuple(legs)).legs]
    assert channels == sorted({leg.channel for leg in legs})


@given(texts)
def test_no_text_of_a_caller_can_stop_utf8_or_the_database(hostile: str) -> None:
    caller = Caller(hostile, None, CallerKind.UNKNOWN, PresentedIdentity(*[hostile] * 5))
    leg = AnswerLeg(hostile, hostile)
    held = [caller.raw, caller.presented.name, leg.channel, leg.party, Call(call_id(), trunk=hostile).trunk]
    assert held == [well_formed(hostile)] * 5
    assert "\x00" not in held[0]
    held[0].encode()


def test_ordinary_text_is_left_alone() -> None:
    assert well_formed('Ny. "Á" 😀 \\ <b>') == 'Ny. "Á" 😀 \\ <b>'


def test_only_channels_that_are_given_the_caller_answer_a_call() -> None:
    picked_up_too_late = Call(call_id(), legs=(AnswerLeg("101-leg", "101", answered=at(5)),))
    given_without_a_time = Call(call_id(), legs=(AnswerLeg("102-leg", "102", connected=True),))
    call = joined(arrives(), picked_up_too_late, given_without_a_time)
    assert (call.answered, call.takers, call.outcome) == (None, (), CallOutcome.WAITING)


def test_the_first_answer_counts_and_every_taker_is_named_once() -> None:
    call = joined(
        arrives(),
        answered(arrives(), "102", after=9),
        answered(arrives(), "101", after=4),
        answered_by_backup(arrives(), "carrier", after=30),
    )
    assert call.answered == at(4)
    assert call.takers == ("101", "102")


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        (arrives(), CallOutcome.WAITING),
        (joined(arrives(), answered(arrives(), "101", 4)), CallOutcome.TALKING),
        (joined(arrives(), answered(arrives(), "101", 4), hung_up(arrives(), 9)), CallOutcome.ANSWERED),
        (joined(arrives(), hung_up(arrives(), 9)), CallOutcome.ABANDONED),
        (joined(arrives(), Call(call_id(), overflowed_at=MORNING), hung_up(arrives(), 9)), CallOutcome.OVERFLOW),
        (joined(arrives(), interrupted(arrives(), 9)), CallOutcome.INTERRUPTED),
        (joined(arrives(), answered(arrives(), "101", 4), interrupted(arrives(), 9)), CallOutcome.INTERRUPTED),
        (
            joined(arrives(), Call(call_id(), overflowed_at=MORNING), interrupted(arrives(), 9)),
            CallOutcome.INTERRUPTED,
        ),
    ],
)
def test_how_a_call_stands(call: Call, outcome: CallOutcome) -> None:
    assert call.outcome is outcome


@given(pieces, instants)
def test_a_call_whose_end_is_known_was_not_interrupted_whatever_was_believed(call: Call, gone: Instant) -> None:
    ended = call.learn(hung_up(arrives(), 9))
    believed = ended.learn(Call(call_id(), interrupted_at=gone.at))
    assert believed.outcome is ended.outcome is not CallOutcome.INTERRUPTED
    assert (believed.wait, believed.talk, believed.over_at) == (ended.wait, ended.talk, ended.over_at)


@given(pieces)
def test_a_call_is_over_when_it_ended_or_was_interrupted_and_is_in_progress_otherwise(call: Call) -> None:
    in_progress = call.outcome in {CallOutcome.WAITING, CallOutcome.TALKING}
    assert in_progress == (call.over_at is None) == (call.ended is None and call.interrupted_at is None)


def test_an_interrupted_call_lasted_until_it_was_gone_and_the_earliest_word_counts() -> None:
    waiting = joined(arrives(), interrupted(arrives(), 9), interrupted(arrives(), 30))
    assert (waiting.wait, waiting.talk) == (timedelta(seconds=9), None)
    talking = waiting.learn(answered(arrives(), "101", 4))
    assert (talking.wait, talking.talk) == (timedelta(seconds=4), timedelta(seconds=5))


def test_the_wait_ends_with_the_answer_or_with_the_call() -> None:
    assert arrives().wait is None
    assert joined(arrives(), answered(arrives(), "101", 4.25)).wait == timedelta(seconds=4.25)
    assert joined(arrives(), hung_up(arrives(), 9)).wait == timedelta(seconds=9)


def test_the_talk_is_from_the_answer_to_the_end() -> None:
    talking = joined(arrives(), answered(arrives(), "101", 4), left(arrives(), "101", 7))
    assert talking.talk is None
    assert talking.learn(hung_up(arrives(), 9)).talk == timedelta(seconds=5)
    assert joined(arrives(), hung_up(arrives(), 9)).talk is None


def test_no_duration_is_negative_when_clocks_of_different_precision_meet() -> None:
    answered_to_the_second = answered(arrives(), "101", 4, Precision.SECOND)
    call = joined(arrives(after=4.9), Call(call_id(1, 4.9), legs=answered_to_the_second.legs, ended=at(3)))
    assert (call.wait, call.talk) == (timedelta(), timedelta())


def test_a_call_without_a_told_arrival_arrived_when_its_channel_was_made() -> None:
    assert Call(call_id(1, 60)).arrival == at(60, Precision.SECOND)


def test_a_call_reached_the_line_by_its_caller_or_by_being_given_to_somebody() -> None:
    assert arrives().reached_the_line
    assert answered(arrives(), "101", 4).reached_the_line
    assert not left(arrives(), "101", 4).reached_the_line
    assert not hung_up(arrives(), 4).reached_the_line


def test_a_call_knows_its_node() -> None:
    assert arrives().node == "bima1"


@pytest.mark.parametrize("text", ["", "bima1", "bima1-1.", "bima1-1763929000.1\n", "Bima-1.1", "b-1.1'", "b-\uff11.1"])
def test_what_is_no_unique_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unique id"):
        parse_call_id(text)


def test_every_unique_id_that_is_taken_has_an_instant() -> None:
    assert created(parse_call_id("bima1-1763929000.12")) == Instant(
        datetime(2025, 11, 23, 20, 16, 40, tzinfo=UTC), Precision.SECOND
    )
    assert created(parse_call_id("b-99999999999.1")).at.year == 5138
    with pytest.raises(ValueError, match="not a call's id"):
        created(CallId("b-999999999999.1"))


def test_a_caller_without_a_whole_number_cannot_be_called_back() -> None:
    assert MULYADI.callable
    assert not HIDDEN.callable
    assert not UNKNOWN_CALLER.callable
    assert not Caller("110", "110", CallerKind.SHORT).callable


def test_ticket_numbers_grow_past_four_digits() -> None:
    assert ticket_number(date(2026, 11, 23), 1) == "112-20261123-0001"
    assert ticket_number(date(2026, 11, 23), 10_000) == "112-20261123-10000"


@pytest.mark.parametrize("text", ["101", "10", "999999"])
def test_extensions(text: str) -> None:
    assert parse_extension(text) == text


@pytest.mark.parametrize("text", ["112", "011", "1", "1234567", "1a1", "101\n", "1\uff101", ""])
def test_what_is_no_extension_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no extension"):
        parse_extension(text)


def test_the_scripts_shortened_copy_does_not_displace_what_the_trunk_sent() -> None:
    sent = PresentedIdentity(number="0812", from_header='"A long name" <sip:0812@x>')
    cut = PresentedIdentity(number="0812")
    arrived = Call(CallId("bima1-1.1"), caller=Caller("0812", None, CallerKind.UNKNOWN, sent))
    identified = Call(CallId("bima1-1.1"), caller=Caller("0812", "+62812", CallerKind.MOBILE, cut), identified=True)
    for known in (arrived.learn(identified), identified.learn(arrived)):
        assert known.caller == Caller("0812", "+62812", CallerKind.MOBILE, sent)


def test_a_call_of_the_line_to_itself_is_known_by_its_trunk_or_by_the_robot() -> None:
    robot = AnswerLeg("c", "robot", LegKind.ROBOT, connected=True, answered=at(1))
    assert Call(call_id(), trunk="test").is_test
    assert Call(call_id(), legs=(robot,)).is_test
    assert not arrives().is_test
    # The robot is nobody's taker.
    assert Call(call_id(), legs=(robot,)).takers == ()
