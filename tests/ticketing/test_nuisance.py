"""What marks cost a number: little, for a while, and never more than the bound."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ticketing.evidence import MORNING
from ticketing.model import CallType, TicketStatus
from ticketing.nuisance import (
    LONGEST_DELAY,
    MARKING,
    Evidence,
    Judged,
    Judgement,
    NuisanceRules,
    Standing,
    says_something,
    standing,
)

if TYPE_CHECKING:
    from random import Random

NUMBER = "+6281234500001"
RULES = NuisanceRules()
DAY = timedelta(days=1)
NOTHING = timedelta()


def mark(days_ago: float, ticket: int = 1, kind: CallType = CallType.PRANK) -> Evidence:
    return Evidence(NUMBER, f"112-20261123-{ticket:04d}", MORNING - days_ago * DAY, kind)


def marks(count: int, days_ago: float = 0) -> list[Evidence]:
    return [mark(days_ago, ticket) for ticket in range(1, count + 1)]


def emergency(days_ago: float) -> Evidence:
    return mark(days_ago, 9000, CallType.EMERGENCY)


def confirmed(days_ago: float) -> Judged:
    return Judged(NUMBER, MORNING - days_ago * DAY, Judgement.CONFIRMED, "sari", id=1)


def forgiven(days_ago: float) -> Judged:
    return Judged(NUMBER, MORNING - days_ago * DAY, Judgement.FORGIVEN, "sari", id=2)


def stands(evidence: list[Evidence], *judged: Judged, days: float = 0) -> Standing:
    return standing(NUMBER, evidence, judged, MORNING + days * DAY, RULES)


@pytest.mark.parametrize(("status", "call_type"), list(product(TicketStatus, CallType)))
def test_only_closed_pranks_and_ghosts_and_vouched_emergencies_say_anything(
    status: TicketStatus, call_type: CallType
) -> None:
    speaks = {(TicketStatus.CLOSED, kind) for kind in MARKING} | {
        (TicketStatus.ON_PROGRESS, CallType.EMERGENCY),
        (TicketStatus.CLOSED, CallType.EMERGENCY),
    }
    assert says_something(status, call_type) is ((status, call_type) in speaks)


def test_a_number_without_marks_loses_nothing() -> None:
    assert stands([]) == Standing(NUMBER, (), 0, beyond=False, confirmed=None, until=None, delay=NOTHING)
    assert stands([]).since is None


def test_marks_add_up_to_the_small_delay() -> None:
    delays = [stands(marks(count)).delay.total_seconds() for count in (1, 2, 4, 5, 50)]
    assert delays == pytest.approx([60 / 4.5, 120 / 4.5, 240 / 4.5, 60, 60])


def test_pranks_and_ghosts_are_marks_alike() -> None:
    found = stands([mark(1, 1), mark(2, 2, CallType.GHOST)])
    assert [one.call_type for one in found.marks] == [CallType.PRANK, CallType.GHOST]
    assert found.since == MORNING - 2 * DAY


def test_a_mark_is_worth_half_after_thirty_days_and_nothing_after_six_times_that() -> None:
    assert [stands([mark(days)]).score for days in (0, 30, 60, 179)] == pytest.approx([1, 0.5, 0.25, 0.016], abs=1e-3)
    assert stands([mark(180)]).marks == ()


def test_beyond_the_threshold_nothing_costs_more_until_a_supervisor_has_confirmed_it() -> None:
    assert (stands(marks(4)).beyond, stands(marks(5)).beyond) == (False, True)
    assert stands(marks(9)).delay == RULES.delay
    found = stands(marks(9, 2), confirmed(1))
    assert (found.delay, found.confirmed, found.until) == (RULES.confirmed_delay, confirmed(1), MORNING + 13 * DAY)


def test_a_confirmation_ends_by_itself() -> None:
    of_then = marks(9, 2)
    assert stands(of_then, confirmed(1), days=12.9).delay == RULES.confirmed_delay
    assert stands(of_then, confirmed(1), days=13).delay == RULES.delay


def test_a_confirmation_outlives_the_decay_of_the_marks_it_stood_upon() -> None:
    found = stands(marks(5, 0), confirmed(0), days=10)
    assert (found.beyond, found.delay) == (False, RULES.confirmed_delay)


def test_a_confirmation_falls_with_the_marks_it_stood_upon() -> None:
    assert stands(marks(5, 2), confirmed(1)).confirmed
    assert stands(marks(4, 2), confirmed(1)).confirmed is None
    # Pranks of later days do not hold up what was confirmed before them.
    assert stands([*marks(4, 2), mark(0.5, 5)], confirmed(1)).confirmed is None


def test_the_latest_confirmation_that_holds_is_the_one_that_counts() -> None:
    again = replace(confirmed(1), by="budi", id=3)
    assert stands(marks(9, 20), confirmed(15), again, confirmed(18)).confirmed == again


@pytest.mark.parametrize("grace", [emergency(1), forgiven(1)])
def test_an_emergency_or_a_forgiveness_takes_away_all_that_was_before_it(grace: Evidence | Judged) -> None:
    before = [*marks(9, 3), mark(1, 10)]
    evidence, judged = ([*before, grace], ()) if isinstance(grace, Evidence) else (before, (grace,))
    assert stands(evidence, confirmed(2), *judged).delay == NOTHING
    assert stands([*evidence, mark(0.5, 11)], confirmed(2), *judged).marks == (mark(0.5, 11),)


@pytest.mark.parametrize(
    "wrong",
    [
        {"half_life": NOTHING},
        {"threshold": 0},
        {"delay": timedelta(seconds=-1)},
        {"delay": timedelta(seconds=61), "confirmed_delay": timedelta(seconds=60)},
        {"confirmed_delay": LONGEST_DELAY + timedelta(seconds=1)},
    ],
)
def test_rules_without_a_bound_are_none(wrong: dict[str, timedelta]) -> None:
    with pytest.raises(ValueError, match=r"more than nothing|each at most the next"):
        NuisanceRules(**wrong)  # type: ignore[arg-type]


ages = st.floats(0, 400)
some_evidence = st.lists(
    st.builds(mark, ages, st.integers(1, 50), st.sampled_from([*MARKING, CallType.EMERGENCY])),
    max_size=25,
)
some_judged = st.lists(
    st.builds(
        lambda age, kind, number: Judged(NUMBER, MORNING - age * DAY, kind, "sari", id=number),
        ages,
        st.sampled_from(Judgement),
        st.integers(1, 9),
    ),
    max_size=5,
)


@given(some_evidence, some_judged, st.randoms())
def test_the_order_in_which_things_are_learned_does_not_matter(
    evidence: list[Evidence],
    judged: list[Judged],
    chance: Random,
) -> None:
    found = stands(evidence, *judged)
    again, said = [*evidence, *evidence[:3]], [*judged]
    chance.shuffle(again)
    chance.shuffle(said)
    assert stands(again, *said) == found


@given(some_evidence, some_judged)
def test_nobody_waits_longer_than_the_bound(evidence: list[Evidence], judged: list[Judged]) -> None:
    found = stands(evidence, *judged)
    assert NOTHING <= found.delay <= RULES.confirmed_delay <= LONGEST_DELAY
    assert found.confirmed or found.delay <= RULES.delay


@given(some_evidence, some_judged, ages)
def test_a_mark_more_never_helps_and_an_emergency_never_harms(
    evidence: list[Evidence], judged: list[Judged], age: float
) -> None:
    found = stands(evidence, *judged).delay
    assert stands([*evidence, mark(age, 777)], *judged).delay >= found
    assert stands([*evidence, emergency(age)], *judged).delay <= found


@given(some_evidence, some_judged, st.floats(0, 500), st.floats(0, 500))
def test_time_alone_only_heals(evidence: list[Evidence], judged: list[Judged], sooner: float, more: float) -> None:
    before, after = stands(evidence, *judged, days=sooner), stands(evidence, *judged, days=sooner + more)
    assert after.delay <= before.delay
    assert after.score <= before.score


@given(some_evidence)
def test_in_the_end_everything_is_forgotten(evidence: list[Evidence]) -> None:
    assert stands(evidence, confirmed(0), days=180).delay == NOTHING
