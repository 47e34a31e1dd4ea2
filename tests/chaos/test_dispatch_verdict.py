"""The verdict finds each way in which a dispatch can go wrong under a gateway that dies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chaos.dispatch_plan import STORIES, Moment, Round
from chaos.dispatch_verdict import Found, Played, Standing, judge_dispatches
from chaos.witnesses import WrittenDispatch, WrittenLeg

if TYPE_CHECKING:
    from collections.abc import Callable

AT = 1_795_822_000_000_000
PLAN = Round(4, STORIES[0], Moment.RINGS, 0.5, 1.0, 1.0, 1.0)  # busy, then accepted; a third line is left alone
FIRST, SECOND, THIRD = (number for number, _ in PLAN.lines(0))
NEVER_SENT: dict[str, Any] = {
    "id": "7",
    "skpd": "skpd-4-1",
    "state": "failed",
    "bridged_at": None,
    "left_at": None,
    "legs": [],
}


def iso(micros: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)).isoformat()


def told_leg(line: str, outcome: str, **more: str | int) -> dict[str, Any]:
    instants = dict.fromkeys(("started_at", "answered_at", "accepted_at", "ended_at"))
    return {"line": line, "trunk": "carrier", "outcome": outcome, "cause": None, "sip": None, **instants, **more}


@dataclass
class Case:
    """One dispatch of which all is told; a test takes something away."""

    played: Played = field(default_factory=lambda: Played(PLAN, {0: 201}))
    rung: Counter[str] = field(default_factory=lambda: Counter([FIRST, SECOND]))
    written: dict[str, WrittenDispatch] = field(
        default_factory=lambda: {
            "7": WrittenDispatch(
                {"joined": AT + 6, "left": AT + 7, "over": AT + 9},
                {
                    (1, "carrier"): WrittenLeg({"dialled": AT, "ended": AT + 1}, cause=17, sip=486),
                    (2, "carrier"): WrittenLeg(
                        {"dialled": AT + 2, "answered": AT + 4, "accepted": AT + 5, "ended": AT + 8}, hung_up=16
                    ),
                },
            )
        }
    )
    dispatch: dict[str, Any] = field(
        default_factory=lambda: {
            "id": "7",
            "skpd": "skpd-4-1",
            "state": "accepted",
            "bridged_at": iso(AT + 6),
            "left_at": iso(AT + 7),
            "legs": [
                told_leg(FIRST, "busy", started_at=iso(AT), ended_at=iso(AT + 1), cause=17, sip=486),
                told_leg(
                    SECOND,
                    "accepted",
                    started_at=iso(AT + 2),
                    answered_at=iso(AT + 4),
                    accepted_at=iso(AT + 5),
                    ended_at=iso(AT + 8),
                    cause=16,
                ),
            ],
        }
    )
    caller: str = f"+62{PLAN.caller[1:]}"
    alarms: set[str] = field(default_factory=set)
    under_way: set[str] = field(default_factory=set)
    is_kept: bool = True

    def judged(self) -> Found:
        kept = [self.dispatch] if self.is_kept else []
        ticket = {"number": "112-20261128-0001", "caller": {"raw": self.caller}, "dispatches": kept}
        standing = Standing([ticket], frozenset(self.alarms), frozenset(self.under_way))
        return judge_dispatches([self.played], self.rung, self.written, standing)

    def violated(self) -> list[str]:
        return [violation.what for violation in self.judged().violations]

    def is_never_sent(self) -> None:
        """The gateway died between the commit and the Originate."""
        self.played.answers[0] = None
        self.rung.clear()
        self.written.clear()
        self.dispatch = dict(NEVER_SENT)
        self.alarms.add("dispatch.7")


def test_a_dispatch_of_which_all_is_told_violates_nothing() -> None:
    found = Case().judged()
    assert found.violations == []
    assert (found.counts["dispatches"], found.counts["lines rung"], found.counts["legs"]) == (1, 2, 2)


def test_a_line_that_is_dialled_twice_is_found() -> None:
    case = Case()
    case.rung[FIRST] += 1
    assert case.violated() == [f"{FIRST} was dialled 2 times"]
    assert case.judged().counts["lines dialled twice"] == 1


def test_a_leg_that_is_missing_is_found() -> None:
    case = Case()
    del case.dispatch["legs"][0]
    assert case.violated() == ["line 1: a leg is missing"]
    assert case.judged().counts["legs missing"] == 1


@pytest.mark.parametrize("name", ["started_at", "answered_at", "accepted_at", "ended_at"])
@pytest.mark.parametrize("said", [None, iso(AT + 100)])
def test_an_instant_that_is_not_the_telephones_is_found(name: str, said: str | None) -> None:
    case = Case()
    case.dispatch["legs"][1][name] = said
    (what,) = case.violated()
    assert what.startswith(f"line 2: {name} is {said}")


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda case: case.dispatch["legs"][0].update(outcome=None), "line 1: told as None, not busy"),
        (lambda case: case.dispatch["legs"][0].update(sip=None), "line 1: cause 17, SIP None"),
        (lambda case: case.dispatch.update(bridged_at=None), "dispatch: bridged_at is None"),
        (lambda case: case.dispatch.update(left_at=None), "dispatch: left_at is None"),
        (lambda case: case.dispatch.update(state="requested"), "told as requested, not accepted"),
        (lambda case: case.under_way.add("7"), "it stays under way"),
        (lambda case: case.alarms.add("dispatch.7"), "an alarm for one that did not fail"),
        (lambda case: setattr(case, "caller", "+6281299999999"), "it is on another caller's ticket"),
        (lambda case: case.rung.update([THIRD]), f"rung at {FIRST}, {SECOND}, {THIRD}"),
        (lambda case: case.rung.update(["+62374000"]), "a number that is nobody's was dialled"),
        (lambda case: case.written["7"].legs.popitem(), "Asterisk wrote of the lines [(1, 'carrier')]"),
        (lambda case: case.written["7"].at.pop("over"), "the ledger has no over"),
        (lambda case: case.dispatch["legs"].append(case.dispatch["legs"][0]), "3 legs told of 2"),
        (lambda case: case.played.unseen.append("the line is ready again"), "not seen"),
        (lambda case: setattr(case, "is_kept", False), "a dispatch that Asterisk knows is on no ticket"),
    ],
)
def test_whatever_differs_is_found(spoil: Callable[[Case], object], found: str) -> None:
    case = Case()
    spoil(case)
    assert any(what.startswith(found) for what in case.violated())


def test_one_that_was_committed_and_never_sent_is_told_as_failed_with_an_alarm() -> None:
    case = Case()
    case.is_never_sent()
    assert case.violated() == []
    assert case.judged().counts["dispatches committed, never sent, told as failed"] == 1


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda case: case.alarms.clear(), "it failed, and nobody is alarmed"),
        (lambda case: case.dispatch.update(state="requested"), "never sent, and told as requested"),
        (lambda case: case.played.answers.update({0: 201}), "said to be rung, and Asterisk knows nothing of it"),
        (lambda case: case.rung.update([FIRST]), f"rung at {FIRST}, and Asterisk wrote nothing down"),
        (lambda case: case.under_way.add("7"), "it stays under way"),
    ],
)
def test_what_is_wrong_with_one_that_was_never_sent_is_found(spoil: Callable[[Case], object], found: str) -> None:
    case = Case()
    case.is_never_sent()
    spoil(case)
    assert any(what.startswith(found) for what in case.violated())


@pytest.mark.parametrize(("answer", "violated"), [(None, []), (201, ["answered 201, 0 lines rung, and not on record"])])
def test_a_request_that_was_lost_may_leave_no_trace_and_an_answered_one_may_not(
    answer: int | None, violated: list[str]
) -> None:
    case = Case(is_kept=False)
    case.played.answers[0] = answer
    case.rung.clear()
    case.written.clear()
    assert case.violated() == violated
