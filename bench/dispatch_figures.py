"""What was seen of dispatches, and what is told of it: figures and tables. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.meters import Spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BOUND_S: Final = 0.3  # p99 of request → first ring, and of accepted → two-way audio
_CREATED: Final = 201


@dataclass(frozen=True, slots=True)
class Load:
    """How many dispatches: at a rate, in rounds of `parallel` calls; then `parallel` at once, for `hold_s`."""

    dispatches: int
    per_second: float
    parallel: int
    hold_s: float

    @property
    def rounds(self) -> list[int]:
        """Dispatches of each round."""
        whole, rest = divmod(self.dispatches, self.parallel)
        return [self.parallel] * whole + [rest] * bool(rest)


@dataclass(frozen=True, slots=True)
class Seen:
    """A dispatch from outside, in seconds of one clock; None: it did not come to that."""

    asked_at: float
    status: int  # of HTTP; 0: no answer
    rung_at: float | None = None  # the INVITE at the SKPD's telephone
    accepted_at: float | None = None  # 1 was let go
    officer_hears_at: float | None = None  # the citizen
    citizen_hears_at: float | None = None  # the officer
    recorded: bool = False  # the ticket tells of it as accepted and joined
    cut: bool = False  # the conversation ended before anybody hung up

    @property
    def wrong(self) -> str:
        """What went wrong first; nothing: ''."""
        steps = (
            (self.status != _CREATED, f"answered {self.status}" if self.status else "no answer from the API"),
            (self.rung_at is None, "did not ring"),
            (self.accepted_at is None, "not accepted"),
            (self.citizen_hears_at is None, "the citizen does not hear the SKPD"),
            (self.officer_hears_at is None, "the SKPD does not hear the citizen"),
            (self.cut, "cut off"),
            (not self.recorded, "not on the ticket"),
        )
        return next((words for is_so, words in steps if is_so), "")


def between(pairs: Iterable[tuple[float | None, float | None]]) -> list[float]:
    """The time from one instant to the other, where there are both (seconds)."""
    return [end - begin for begin, end in pairs if begin is not None and end is not None]


def later(one: float | None, other: float | None) -> float | None:
    """The later of both; None while there is only one."""
    return None if one is None or other is None else max(one, other)


def told_errors(seen: Sequence[Seen], lost_calls: int) -> str:
    """Whether it was clean, and what went wrong how often."""
    wrong = Counter(one.wrong for one in seen if one.wrong)
    if lost_calls:
        wrong["call not answered, nothing to dispatch"] = lost_calls
    talked = sum(later(one.officer_hears_at, one.citizen_hears_at) is not None for one in seen)
    lines = [f"{'NOT CLEAN' if wrong else 'clean'}: {len(seen)} dispatches, {talked} with two-way audio"]
    return "\n".join([*lines, *(f"  {count} times: {words}" for words, count in wrong.most_common())])


def told_latencies(seen: Sequence[Seen], bare: Sequence[float], late: Sequence[float]) -> str:
    """The table of latencies.

    `bare` are the floor's from request to ring, `late` is how late the telephones were themselves (both seconds).
    """
    floor, rings = Spread.of(bare), Spread.of(between((one.asked_at, one.rung_at) for one in seen))
    heard = {
        "accepted → the citizen hears the SKPD": [(one.accepted_at, one.citizen_hears_at) for one in seen],
        "accepted → the SKPD hears the citizen": [(one.accepted_at, one.officer_hears_at) for one in seen],
        "accepted → two-way audio": [
            (one.accepted_at, later(one.officer_hears_at, one.citizen_hears_at)) for one in seen
        ],
    }
    rows = [("request → first ring, floor", str(floor))]
    rows.append(
        ("request → first ring, gateway", f"{rings}{_held(rings)}; {rings.p99 / floor.p99:.1f} times the floor")
    )
    for name, pairs in heard.items():
        spread = Spread.of(between(pairs))
        rows.append((name, f"{spread}{_held(spread)}"))
    rows.append(("the telephones' own lateness", str(Spread.of(late))))
    return "\n".join(["ms                                          p50 /     p99", *(f"  {a:<39}{b}" for a, b in rows)])


def _held(spread: Spread) -> str:
    return f"   {'within' if spread.p99 <= BOUND_S else 'NOT within'} {BOUND_S * 1000:.0f}"


def a_minute(spent_s: Mapping[str, float], conversations: int, lasted_s: float) -> dict[str, float]:
    """CPU seconds of each process for a minute of one conversation; of none, NaN."""
    minutes = conversations * lasted_s / 60
    return {name: seconds / minutes if minutes else float("nan") for name, seconds in spent_s.items()}


def told_minutes(talked: Mapping[str, float], bridged: Mapping[str, float]) -> str:
    """The table of CPU a minute: without an SKPD, which is the floor, and with one."""
    lines = ["CPU ms a minute of one conversation   citizen, taker   and SKPD   ratio"]
    for name, floor in talked.items():
        ratio = bridged[name] / floor if floor else float("nan")
        lines.append(f"  {name:<36}{floor * 1000:14.0f}{bridged[name] * 1000:11.0f}{ratio:8.1f}")
    return "\n".join(lines)
