"""The verdict finds each way in which a call or a ticket can be lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from chaos.plan import Fault, Kind
from chaos.verdict import Ordeal, Told, judge
from chaos.witnesses import Ledger, Seen, Written

if TYPE_CHECKING:
    from chaos.verdict import Verdict

AT = 1_795_822_000.0
CALL, TAKER = "bima1-1795822000.0", "bima1-1795822000.1"
ANSWERED = 1_795_822_000_500_000


def iso(micros: int) -> str:
    return datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000).isoformat()


@dataclass
class Case:
    """One answered call of which all is told; a test takes something away."""

    seen: Seen = field(
        default_factory=lambda: Seen(
            "8120011",
            {"invites": AT, "reached": AT, "answered": AT + 0.5, "hangs_up": AT + 1, "over": AT + 1},
            taken=AT + 0.5,
        )
    )
    written: Written | None = field(
        default_factory=lambda: Written(
            CALL, "8120011", [(int(AT), TAKER)], {TAKER: ANSWERED, CALL: ANSWERED + 3}, {CALL: 1, TAKER: 1}
        )
    )
    tickets: list[dict[str, Any]] = field(
        default_factory=lambda: [{"call_id": CALL, "caller": {"raw": "08120011"}, "answered_at": iso(ANSWERED)}]
    )
    rows: list[dict[str, Any]] = field(
        default_factory=lambda: [{"id": CALL, "caller": {"raw": "08120011"}, "outcome": "answered"}]
    )
    ordeals: list[Ordeal] = field(default_factory=list)

    def suffers(self, kind: Kind, began: float, recovered: float) -> None:
        self.ordeals.append(Ordeal(Fault(kind, 1.0, 1.0), began, recovered, recovered))

    def judged(self) -> Verdict:
        ledger = Ledger({CALL: self.written} if self.written else {})
        return judge({"8120011": self.seen}, ledger, Told(self.tickets, self.rows), self.ordeals)

    def violated(self) -> list[str]:
        return [violation.what for violation in self.judged().violations]


def test_a_call_of_which_all_is_told_violates_nothing() -> None:
    verdict = Case().judged()
    assert (verdict.violations, verdict.apart, verdict.answered) == ([], {}, 1)


def test_an_answered_call_without_a_ticket_is_found_and_with_it_the_fault() -> None:
    case = Case(tickets=[])
    case.suffers(Kind.KILL_GATEWAY, AT + 0.2, AT + 3)
    (violation,) = case.judged().violations
    assert (violation.what, violation.during) == ("an answered call without a ticket", "SIGKILL gateway")


def test_the_telephones_alone_prove_an_answer_that_the_ledger_lost() -> None:
    assert Case(written=None, tickets=[]).violated() == ["an answered call without a ticket"]


def test_two_tickets_for_one_call_are_found() -> None:
    case = Case()
    case.tickets *= 2
    assert "2 tickets for one call" in case.violated()


def test_a_call_without_a_row_is_found() -> None:
    assert Case(rows=[]).violated() == ["a call without a row"]


@pytest.mark.parametrize("rang", [False, True])
def test_a_call_given_up_before_the_dialplan_began_is_counted_apart(*, rang: bool) -> None:
    seen = Seen("8120011", {"invites": AT, "reached": AT, "gives_up": AT + 0.3, "over": AT + 0.3})
    seen.steps |= {"rings": AT + 0.2} if rang else {}
    verdict = Case(seen, None, tickets=[], rows=[]).judged()
    assert bool(verdict.violations) == rang
    assert bool(verdict.apart) != rang


def test_a_ticket_of_a_call_that_nobody_took_is_found() -> None:
    case = Case(written=Written(CALL, "8120011"))
    case.seen.taken = None
    assert case.violated() == ["a ticket for a call that nobody answered"]


def test_an_answer_that_is_a_microsecond_off_is_found() -> None:
    case = Case()
    case.tickets[0]["answered_at"] = iso(ANSWERED + 1)
    (what,) = case.violated()
    assert what.startswith("answered_at ")


@pytest.mark.parametrize(("off_s", "is_right"), [(0, True), (1, True), (3, False), (-2, False)])
def test_where_only_queue_log_is_left_the_second_has_to_be_right(off_s: int, *, is_right: bool) -> None:
    case = Case()
    assert case.written
    case.written.answers.clear()
    case.tickets[0]["answered_at"] = iso(int(AT + off_s) * 1_000_000)
    assert (case.violated() == []) == is_right


@pytest.mark.parametrize(("lived_s", "lost"), [(0.1, False), (0.4, True)])
def test_an_answer_in_the_last_moment_of_an_asterisk_is_counted_apart(lived_s: float, *, lost: bool) -> None:
    case = Case(tickets=[], written=None)
    case.suffers(Kind.KILL_ASTERISK, AT + 0.5 + lived_s, AT + 5)
    assert ("an answered call without a ticket" in case.violated()) == lost
    assert any(what.startswith("calls answered < 200 ms before") for what in case.judged().apart) != lost


@pytest.mark.parametrize(("outcome", "violated"), [("interrupted", False), ("answered", True), ("talking", True)])
def test_a_conversation_that_asterisks_death_cut_off_is_told_as_interrupted(outcome: str, *, violated: bool) -> None:
    case = Case()
    del case.seen.steps["over"]
    case.rows[0]["outcome"] = outcome
    case.suffers(Kind.KILL_ASTERISK, AT + 0.9, AT + 5)
    assert bool(case.violated()) == violated


def test_a_full_journal_disk_is_counted_apart() -> None:
    case = Case(tickets=[], rows=[], written=None)
    case.suffers(Kind.JOURNAL_FULL, AT - 1, AT + 2)
    verdict = case.judged()
    assert verdict.violations == []
    assert sum(verdict.apart.values()) == 2


def test_a_ticket_that_the_doorbell_alone_told_of_is_found_by_its_instant() -> None:
    case = Case(written=None)
    case.tickets[0]["caller"]["raw"] = case.rows[0]["caller"]["raw"] = ""
    case.suffers(Kind.JOURNAL_FULL, AT - 1, AT + 2)
    assert any("the doorbell alone" in what for what in case.judged().apart)
    case.tickets[0]["answered_at"] = iso(ANSWERED + 2_000_000)
    assert not any("the doorbell alone" in what for what in case.judged().apart)


@pytest.mark.parametrize(
    ("steps", "lost"), [({"cut": AT + 0.7}, "dropped"), ({}, None), ({"refused": AT + 0.7}, "unanswered")]
)
def test_a_dropped_or_refused_call_is_found_unless_asterisk_died(steps: dict[str, float], lost: str | None) -> None:
    case = Case()
    case.seen.steps |= steps
    if lost == "unanswered":
        del case.seen.steps["answered"]
        case = Case(case.seen, Written(CALL, "8120011"), tickets=[])
        case.seen.taken = None
    assert case.violated() == ([f"a call was {lost}"] if lost else [])
    case.suffers(Kind.KILL_ASTERISK, AT + 0.6, AT + 5)
    assert case.violated() == []


def test_one_who_gives_up_at_once_was_not_let_down_and_one_who_waited_was() -> None:
    for waited_s, violated in ((0.3, []), (30.0, ["a call was unanswered"])):
        seen = Seen("8120011", {"invites": AT, "reached": AT, "gives_up": AT + waited_s, "over": AT + waited_s})
        assert Case(seen, Written(CALL, "8120011"), tickets=[]).violated() == violated


@pytest.mark.parametrize(("kind", "violated"), [(Kind.FREEZE_AGI, True), (Kind.BURST, False)])
def test_a_fault_of_ours_may_add_two_and_a_half_seconds_to_a_set_up(kind: Kind, *, violated: bool) -> None:
    calm, slow = Case(), Case()
    slow.seen.steps |= {"invites": AT + 100, "reached": AT + 100, "answered": AT + 103.5}
    slow.suffers(kind, AT + 99, AT + 104)
    told = Told(calm.tickets, calm.rows)
    slow.seen.number = calm.seen.number
    ledger = Ledger({CALL: calm.written} if calm.written else {})
    verdict = judge({"8120011": calm.seen, "8120012": slow.seen}, ledger, told, slow.ordeals)
    slow_ones = [one for one in verdict.violations if one.what.startswith("a set-up took 3.5 s")]
    assert bool(slow_ones) == violated
    assert verdict.setups == {kind: [3.5]}
