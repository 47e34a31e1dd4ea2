"""What is told of dispatches, held against the SKPDs' telephones and what Asterisk wrote down. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from chaos.dispatch_plan import Answer
from chaos.verdict import Violation
from chaos.witnesses import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chaos.dispatch_plan import Round
    from chaos.witnesses import WrittenDispatch, WrittenLeg

COMMITTED = 201  # HTTP: created


@dataclass(slots=True)
class Played:
    """A round as it went."""

    plan: Round
    answers: dict[int, int | None] = field(default_factory=dict)  # of the requests, by SKPD; None: it was lost
    unseen: list[str] = field(default_factory=list)  # what had to happen, and did not
    put_back: bool = False  # the caller was alone, and got another taker

    def __str__(self) -> str:
        return str(self.plan) + ("; ".join(f"NOT SEEN: {one}" for one in self.unseen) or "as it should")


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand on a line, as it tells."""

    tickets: Sequence[Mapping[str, Any]]
    alarms: frozenset[str]
    under_way: frozenset[str]  # ids of the dispatches that the store holds for neither over nor withdrawn


@dataclass(slots=True)
class Found:
    """Of one line's rounds."""

    violations: list[Violation] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def judge_dispatches(
    played: Sequence[Played], rung: Counter[str], written: Mapping[str, WrittenDispatch], standing: Standing
) -> Found:
    """Hold every dispatch that was asked for, or that anybody knows of, against the rest.

    `rung` is how many INVITEs each number had, by its own telephone.
    """
    found = Found()
    kept = [(ticket, one) for ticket in standing.tickets for one in ticket["dispatches"]]
    for unknown in sorted(written.keys() - {dispatch["id"] for _, dispatch in kept}):
        found.violations.append(Violation("a dispatch that Asterisk knows is on no ticket", unknown, "whenever"))
    for one in played:
        found.violations += (Violation("not seen", what, str(one.plan)) for what in one.unseen)
        found.counts["callers put back"] += one.put_back
        for index, answer in one.answers.items():
            of_it = [pair for pair in kept if pair[1]["skpd"] == one.plan.skpd(index)]
            _Case(one.plan, index, answer, of_it, rung, written, standing, found).judge()
    for number in rung.keys() - {number for one in played for number, _ in _lines(one)}:
        found.violations.append(Violation("a number that is nobody's was dialled", number, "whenever"))
    return found


def _lines(played: Played) -> Iterator[tuple[str, Answer]]:
    for index in played.answers:
        yield from played.plan.lines(index)


@dataclass(slots=True)
class _Case:
    """One dispatch that was asked for, once."""

    plan: Round
    index: int
    answer: int | None
    kept: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]  # ticket, dispatch
    rung: Counter[str]
    written: Mapping[str, WrittenDispatch]
    standing: Standing
    found: Found

    def judge(self) -> None:
        lines = self.plan.lines(self.index)
        dialled = [number for number, _ in lines if self.rung[number]]
        self.found.counts["lines rung"] += len(dialled)
        for number in dialled:
            if self.rung[number] > 1:
                self.found.counts["lines dialled twice"] += 1
                self._violated(f"{number} was dialled {self.rung[number]} times")
        if len(self.kept) != 1:
            self._judge_unkept(dialled)
            return
        ticket, dispatch = self.kept[0]
        self.found.counts["dispatches"] += 1
        if key_of(ticket["caller"]["raw"]) != key_of(self.plan.caller):
            self._violated(f"it is on another caller's ticket, {ticket['number']}")
        if dispatch["id"] in self.standing.under_way:
            self._violated("it stays under way")
        failed, alarmed = dispatch["state"] == "failed", f"dispatch.{dispatch['id']}" in self.standing.alarms
        if failed != alarmed:
            self._violated("it failed, and nobody is alarmed" if failed else "an alarm for one that did not fail")
        if dispatch["id"] in self.written:
            self._judge_sent(dispatch, self.written[dispatch["id"]], dialled)
        else:
            self._judge_unsent(dispatch, dialled)

    def _judge_unkept(self, dialled: Sequence[str]) -> None:
        if self.kept:
            self._violated(f"asked for once, and on record {len(self.kept)} times")
        elif dialled or self.answer == COMMITTED:
            self._violated(f"answered {self.answer}, {len(dialled)} lines rung, and not on record")
        else:
            self.found.counts["requests lost before anything was committed"] += 1

    def _judge_unsent(self, dispatch: Mapping[str, Any], dialled: Sequence[str]) -> None:
        if dialled:
            self._violated(f"rung at {', '.join(dialled)}, and Asterisk wrote nothing down")
        if self.answer == COMMITTED:
            self._violated("said to be rung, and Asterisk knows nothing of it")
        if dispatch["state"] != "failed" or dispatch["legs"]:
            self._violated(f"never sent, and told as {dispatch['state']} with {len(dispatch['legs'])} legs")
        self.found.counts["dispatches committed, never sent, told as failed"] += 1

    def _judge_sent(self, dispatch: Mapping[str, Any], written: WrittenDispatch, dialled: Sequence[str]) -> None:
        lines = self.plan.lines(self.index)
        accepted = next((place for place, (_, answer) in enumerate(lines, 1) if answer is Answer.ACCEPTS), None)
        expected = lines[:accepted]
        if dialled != [number for number, _ in expected]:
            self._violated(f"rung at {', '.join(dialled)}")
        if sorted(place for place, _ in written.legs) != list(range(1, len(expected) + 1)):
            self._violated(f"Asterisk wrote of the lines {sorted(written.legs)}")
        told = {(leg["line"], leg["trunk"]): leg for leg in dispatch["legs"]}
        if len(told) != len(dispatch["legs"]) or len(told) > len(written.legs):
            self._violated(f"{len(dispatch['legs'])} legs told of {len(written.legs)}")
        for (place, trunk), leg in written.legs.items():
            number, answer = lines[place - 1] if place <= len(lines) else ("", Answer.BUSY)
            self._judge_leg(told.get((number, trunk)), leg, answer, f"line {place}")
        wanted = "accepted" if accepted else "failed"
        if dispatch["state"] != wanted:
            self._violated(f"told as {dispatch['state']}, not {wanted}")
        self._judge_instants(dispatch, written.at, {"bridged_at": "joined", "left_at": "left"}, "dispatch")
        missing = ({"joined", "left", "over"} if accepted else {"over"}) - written.at.keys()
        if missing:
            self._violated(f"the ledger has no {', '.join(sorted(missing))}")

    def _judge_leg(self, told: Mapping[str, Any] | None, written: WrittenLeg, answer: Answer, where: str) -> None:
        self.found.counts["legs"] += 1
        if told is None:
            self.found.counts["legs missing"] += 1
            self._violated(f"{where}: a leg is missing")
            return
        steps = {"started_at": "dialled", "answered_at": "answered", "accepted_at": "accepted", "ended_at": "ended"}
        self._judge_instants(told, written.at, steps, where)
        if told["outcome"] != answer:
            self._violated(f"{where}: told as {told['outcome']}, not {answer}")
        if told["cause"] != (written.hung_up or written.cause) or told["sip"] != written.sip:
            self._violated(f"{where}: cause {told['cause']}, SIP {told['sip']}, not {written}")

    def _judge_instants(
        self, told: Mapping[str, Any], at: Mapping[str, int], names: Mapping[str, str], where: str
    ) -> None:
        for name, step in names.items():
            if _micros(told[name]) != at.get(step):
                self._violated(f"{where}: {name} is {told[name]}, and Asterisk wrote {at.get(step)}")

    def _violated(self, what: str) -> None:
        asked = f"{self.plan.skpd(self.index)} for {self.plan.caller}"
        self.found.violations.append(Violation(what, asked, str(self.plan).strip()))


def _micros(instant: str | None) -> int | None:
    if instant is None:
        return None
    return (datetime.fromisoformat(instant) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
