"""What the store says, held against what SIPp and Asterisk wrote down. Pure."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from chaos.plan import Kind
from chaos.witnesses import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chaos.plan import Fault
    from chaos.witnesses import Ledger, Seen, Written

ADDED_S: Final = 2.5  # what a fault of ours may add to a call's set-up
_UNFLUSHED_S: Final = 0.2  # CEL is written by a thread of its own: a SIGKILL loses so much of it
_SAME_ANSWER_S: Final = 0.05
_SECOND: Final = timedelta(seconds=1)
# What happens on Asterisk's side may cost calls; the crowd waits for phones.
_CUTS_CALLS: Final = frozenset({Kind.KILL_ASTERISK})
_EVIDENCE_LOST: Final = frozenset({Kind.JOURNAL_FULL})
_CROWDED: Final = frozenset({Kind.BURST})


@dataclass(slots=True)
class Ordeal:
    """A fault as it was: instants in epoch seconds."""

    fault: Fault
    began: float
    released: float = 0.0  # the fault itself was over
    recovered: float = 0.0  # the line was ready again
    in_flight: int = 0

    def touches(self, call: Seen) -> bool:
        """Whether the call lived while this lasted."""
        # One that went astray did so about where its record ends.
        ended = call.ended or max(call.steps.values()) + 1.0
        return self.began <= ended and call.invited <= self.recovered


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be, of one call, and during what."""

    what: str
    call: str
    during: str

    def __str__(self) -> str:
        return f"{self.what}: {self.call} ({self.during})"


@dataclass(frozen=True, slots=True)
class Told:
    """What the line tells: `siaga112 tickets` and `siaga112 calls`, as JSON."""

    tickets: Sequence[Mapping[str, Any]]
    calls: Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class Verdict:
    """Of a run."""

    violations: list[Violation] = field(default_factory=list)
    apart: Counter[str] = field(default_factory=Counter)  # what a fault may cost, counted
    calls: int = 0
    answered: int = 0
    setup_p50_s: float = float("nan")  # in calm
    setups: dict[Kind, list[float]] = field(default_factory=dict)  # of calls during such a fault


def judge(seen: Mapping[str, Seen], ledger: Ledger, told: Told, ordeals: Sequence[Ordeal]) -> Verdict:
    """Hold every call against what is told of it."""
    verdict, by_key = Verdict(calls=len(seen)), ledger.of()
    tickets, rows = _by_citizen(told.tickets), _by_citizen(told.calls)
    nameless = [ticket for ticket in told.tickets if not ticket["caller"]["raw"]]
    for key, call in seen.items():
        during = [one for one in ordeals if one.touches(call)]
        _Case(call, by_key.get(key, []), tickets[key], rows[key], nameless, during, verdict).judge()
    _judge_strays(ledger, told, verdict)
    _judge_setups(seen.values(), ordeals, verdict)
    return verdict


def _by_citizen(told: Sequence[Mapping[str, Any]]) -> Mapping[str | None, list[Mapping[str, Any]]]:
    keyed: dict[str | None, list[Mapping[str, Any]]] = defaultdict(list)
    for one in told:
        keyed[key_of(one["caller"]["raw"])].append(one)
    return keyed


@dataclass(slots=True)
class _Case:
    """One call."""

    seen: Seen
    written: Sequence[Written]
    tickets: Sequence[Mapping[str, Any]]
    rows: Sequence[Mapping[str, Any]]
    nameless: list[Mapping[str, Any]]
    during: Sequence[Ordeal]
    verdict: Verdict

    def judge(self) -> None:
        self._judge_row()
        if self.seen.given_to_a_taker or any(one.takers for one in self.written):
            self.verdict.answered += 1
            self._judge_ticket()
        elif self.tickets:
            self._violated("a ticket for a call that nobody answered")
        self._judge_service()
        self._judge_interruption()

    def _judge_interruption(self) -> None:
        """A conversation that Asterisk's death cut off is told as such: somebody is owed a call."""
        began, over = self.seen.answered, self.seen.ended
        deaths = [one.began for one in self.during if one.fault.kind in _CUTS_CALLS]
        if began is None or not any(
            began + _UNFLUSHED_S < death and (over is None or death < over) for death in deaths
        ):
            return
        self.verdict.apart["conversations cut by Asterisk's death"] += 1
        outcomes = {row["outcome"] for row in self.rows}
        if outcomes - {"interrupted"}:
            self._violated(f"a conversation cut by Asterisk's death is told as {', '.join(sorted(outcomes))}")

    def _violated(self, what: str) -> None:
        words = "; ".join(str(one.fault.kind) for one in self.during) or "calm"
        call = ", ".join(one.call for one in self.written) or f"0{self.seen.number}"
        self.verdict.violations.append(Violation(what, f"{call} at {_clock(self.seen.invited)}", words))

    def _under(self, kinds: Iterable[Kind]) -> bool:
        return any(one.fault.kind in kinds for one in self.during)

    def _judge_row(self) -> None:
        if self.rows or "reached" not in self.seen.steps:
            return
        if not self.written and _gave_up_early(self.seen) and "rings" not in self.seen.steps:
            # A 100 is the SIP stack's. In the ledger stands a channel that came and went, and nobody's number.
            self.verdict.apart["calls given up before the dialplan's first step, without a row"] += 1
        elif self._under(_EVIDENCE_LOST):
            self.verdict.apart["calls that a full journal disk kept no record of"] += 1
        elif self._died_young("reached"):
            self.verdict.apart["calls that arrived < 200 ms before Asterisk's death, without a row"] += 1
        else:
            self._violated("a call without a row")

    def _died_young(self, step: str) -> bool:
        """Whether this happened within the last moment of an Asterisk."""
        at = self.seen.steps.get(step)
        deaths = [one.began for one in self.during if one.fault.kind in _CUTS_CALLS]
        return at is not None and any(at - 0.05 <= death < at + _UNFLUSHED_S for death in deaths)

    def _judge_ticket(self) -> None:
        if len(self.tickets) > 1:
            self._violated(f"{len(self.tickets)} tickets for one call")
        if not self.tickets:
            if self._under(_EVIDENCE_LOST):
                self._look_for_nameless()
            elif self._died_young("answered"):
                self.verdict.apart["calls answered < 200 ms before Asterisk's death, without a ticket"] += 1
            else:
                self._violated("an answered call without a ticket")
            return
        said = _answered_at(self.tickets[0])
        if not self._is_right(said):
            self._violated(f"answered_at {said:%H:%M:%S.%f} is not {self._truth()}")

    def _look_for_nameless(self) -> None:
        """Who called stood in the journal; the doorbell may have told of the answer all the same."""
        at = self.seen.answered or 0.0
        found = next((one for one in self.nameless if abs(_answered_at(one).timestamp() - at) < _SAME_ANSWER_S), None)
        if found is None:
            self.verdict.apart["answered calls that a full journal disk left without a ticket"] += 1
        else:
            self.nameless.remove(found)
            self.verdict.apart["answers that the doorbell alone told of: a ticket, without the number"] += 1

    def _is_right(self, said: datetime) -> bool:
        exact = [one.answered for one in self.written if one.answered is not None]
        if exact:
            return _instant(min(exact)) == said
        kind = "a full journal disk" if self._under(_EVIDENCE_LOST) else "Asterisk's death"
        self.verdict.apart[f"answers whose instant {kind} lost, kept to the second"] += 1
        seconds = [one.answered_second for one in self.written if one.answered_second is not None]
        seconds += [int(self.seen.answered)] if self.seen.answered else []
        # app_queue writes a moment after the answer.
        return any(-_SECOND <= said - _instant(second * 1_000_000) < 2 * _SECOND for second in seconds)

    def _truth(self) -> str:
        exact = [one.answered for one in self.written if one.answered is not None]
        return f"{_instant(min(exact)):%H:%M:%S.%f}" if exact else "what queue_log says"

    def _judge_service(self) -> None:
        call = self.seen
        if "cut" in call.steps:
            lost = "dropped"
        elif call.answered is None and ("refused" in call.steps or not _gave_up_early(call)):
            lost = "unanswered"
        else:
            return
        if self._under(_CUTS_CALLS):
            self.verdict.apart[f"calls {lost} by Asterisk's death"] += 1
        elif self._under(_EVIDENCE_LOST):
            self.verdict.apart[f"calls {lost} while the journal's disk was full"] += 1
        else:
            self._violated(f"a call was {lost}")


def _gave_up_early(call: Seen) -> bool:
    """Whether it is one of those who hang up before anybody could answer."""
    return call.wanted_to_go is not None and call.wanted_to_go - call.invited < 1.0


def _judge_strays(ledger: Ledger, told: Told, verdict: Verdict) -> None:
    """Nothing is told of a call that the ledger does not know, and no call has two tickets."""
    for call, count in Counter(ticket["call_id"] for ticket in told.tickets).items():
        if count > 1:
            verdict.violations.append(Violation(f"{count} tickets for one call", call, "whenever"))
    for row in told.calls:
        if row["id"] not in ledger.calls:
            verdict.apart["calls that the ledger has lost and the line has kept"] += 1


def _judge_setups(seen: Iterable[Seen], ordeals: Sequence[Ordeal], verdict: Verdict) -> None:
    calm: list[float] = []
    under: list[tuple[Seen, float, list[Ordeal]]] = []
    for call in seen:
        if call.answered is None or not call.given_to_a_taker:
            continue
        during = [one for one in ordeals if one.began <= call.answered and call.invited <= one.recovered]
        under.append((call, call.answered - call.invited, during))
        if not during:
            calm.append(call.answered - call.invited)
    verdict.setup_p50_s = statistics.median(calm) if calm else float("nan")
    for call, took, during in under:
        kinds = {one.fault.kind for one in during}
        for kind in kinds:
            verdict.setups.setdefault(kind, []).append(took)
        if not kinds & (_CUTS_CALLS | _CROWDED | _EVIDENCE_LOST) and took - verdict.setup_p50_s > ADDED_S:
            words = "; ".join(kinds) or "calm"
            what = f"a set-up took {took:.1f} s, {took - verdict.setup_p50_s:.1f} s more than in calm"
            verdict.violations.append(Violation(what, f"0{call.number} at {_clock(call.invited)}", words))


def _answered_at(ticket: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(ticket["answered_at"])


def _instant(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def _clock(epoch: float) -> str:
    return f"{datetime.fromtimestamp(epoch, UTC):%H:%M:%S.%f}"[:-3]
