"""The rules of what is owed, by themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ticketing.evidence import (
    HIDDEN,
    MORNING,
    MULYADI,
    answered,
    arrives,
    at,
    call_id,
    hung_up,
    interrupted,
    joined,
    pieces,
)
from ticketing.callbacks import (
    Attempt,
    CallBack,
    CallBackOutcome,
    Debt,
    SettledHow,
    Settlement,
    before,
    number_of,
    owes,
    settled_by_calling_again,
    settled_since,
    tried,
)
from ticketing.errors import CallBackOver, ReasonNeeded
from ticketing.model import TEST_TRUNK, Call, CallerKind, CallOutcome

OWED = CallBack(MULYADI.e164, MORNING, id=7)
ATTEMPTS = [one for one in CallBackOutcome if one not in {CallBackOutcome.REACHED, CallBackOutcome.GIVEN_UP}]


@pytest.mark.parametrize(
    ("call", "owing"),
    [
        (arrives(), False),
        (joined(arrives(), hung_up(arrives(), 9)), True),
        (joined(arrives(), Call(call_id(), overflowed_at=at(5).at), hung_up(arrives(), 9)), True),
        (joined(arrives(), interrupted(arrives(), 9)), True),
        (joined(arrives(), answered(arrives(), "101", 4), interrupted(arrives(), 9)), True),
        (joined(arrives(), answered(arrives(), "101", 4)), False),
        (joined(arrives(), answered(arrives(), "101", 4), hung_up(arrives(), 9)), False),
    ],
)
def test_a_call_owes_that_nobody_answered_or_that_our_fault_cut(call: Call, owing: bool) -> None:  # noqa: FBT001
    assert owes(call) is owing


def test_nobody_is_owed_anything_for_a_call_that_the_line_placed_to_itself() -> None:
    call = joined(replace(arrives(), trunk=TEST_TRUNK), hung_up(arrives(), 9))
    assert call.outcome is CallOutcome.ABANDONED
    assert not owes(call)


@given(pieces)
def test_a_call_that_is_under_way_or_was_answered_to_its_end_owes_nothing(call: Call) -> None:
    settled = {CallOutcome.WAITING, CallOutcome.TALKING, CallOutcome.ANSWERED}
    assert owes(call) is (call.outcome not in settled and not call.is_test)


def test_only_a_number_that_can_be_called_is_one_to_call_back() -> None:
    assert number_of(arrives()) == MULYADI.e164
    assert number_of(arrives(caller=HIDDEN)) is None
    assert number_of(arrives(caller=replace(MULYADI, kind=CallerKind.SHORT))) is None
    assert number_of(Call(call_id())) is None


@pytest.mark.parametrize("outcome", ATTEMPTS)
def test_an_attempt_that_reached_nobody_is_kept_and_leaves_the_debt(outcome: CallBackOutcome) -> None:
    first = Attempt(at(60).at, "siti", outcome, "tidak aktif")
    second = Attempt(at(90).at, "ani", CallBackOutcome.BUSY)
    after = tried(tried(OWED, first), second)
    assert after == replace(OWED, attempts=(first, second))


def test_an_attempt_that_reached_the_caller_settles_the_debt() -> None:
    reached = Attempt(at(60).at, "siti", CallBackOutcome.REACHED, "sudah aman")
    settlement = Settlement(at(60).at, SettledHow.REACHED, "siti", "sudah aman")
    assert tried(OWED, reached) == replace(OWED, attempts=(reached,), settlement=settlement)


def test_giving_up_settles_the_debt_and_is_no_attempt() -> None:
    given_up = Attempt(at(60).at, "dewi", CallBackOutcome.GIVEN_UP, "nomor salah")
    settlement = Settlement(at(60).at, SettledHow.GIVEN_UP, "dewi", "nomor salah")
    assert tried(OWED, given_up) == replace(OWED, settlement=settlement)


@pytest.mark.parametrize("note", [None, "", " \n"])
def test_nothing_is_given_up_without_a_reason(note: str | None) -> None:
    with pytest.raises(ReasonNeeded, match="call-back 7 is not given up without a reason"):
        tried(OWED, Attempt(at(60).at, "dewi", CallBackOutcome.GIVEN_UP, note))


@pytest.mark.parametrize("outcome", CallBackOutcome)
def test_what_is_settled_stays_settled(outcome: CallBackOutcome) -> None:
    settled = replace(OWED, settlement=settled_by_calling_again(call_id(2), at(60).at))
    with pytest.raises(CallBackOver, match="call-back 7 is settled already: called_again") as refused:
        tried(settled, Attempt(at(90).at, "dewi", outcome, "alasan"))
    assert refused.value.how == "called_again"


def test_a_call_settles_what_arrived_before_it_and_never_itself() -> None:
    first, second, third = (Debt.of(arrives(serial, after=serial)) for serial in (1, 2, 3))
    assert before(arrives(2, after=2), [first, second, third]) == (first,)


@given(st.permutations([1, 2, 3]))
def test_calls_of_the_same_instant_have_an_order_all_the_same(serials: list[int]) -> None:
    debts = sorted(Debt.of(arrives(serial)) for serial in serials)
    assert [debt.call_id for debt in debts] == [call_id(serial) for serial in (1, 2, 3)]
    assert before(arrives(3), debts) == tuple(debts[:2])


def test_who_was_reached_after_a_call_that_is_learned_of_late_was_called_back_for_it() -> None:
    debt = Debt.of(arrives(after=30))
    reached = replace(OWED, settlement=Settlement(at(60).at, SettledHow.REACHED, "siti"))
    too_early = replace(OWED, settlement=Settlement(at(29).at, SettledHow.REACHED, "siti"))
    given_up = replace(OWED, settlement=Settlement(at(60).at, SettledHow.GIVEN_UP, "dewi", "nomor salah"))
    called_again = replace(OWED, settlement=settled_by_calling_again(call_id(9), at(60).at))
    assert settled_since(debt, [given_up, OWED, called_again, too_early, reached]) is reached
    assert settled_since(debt, [given_up, OWED, called_again, too_early]) is None
