"""One number calls 500 times a minute: how long everybody else waits, beside the same minutes without it.

Ordinary citizens, each with a number of their own, call at one rate in both rounds. In the second one number floods the
line besides; a taker needs some seconds to see what it is. Bounded: each round makes so many calls and no more, and
whoever is not answered hangs up. On the loopback alone, on the bench's own line.
"""

from __future__ import annotations

import math
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bench.sipp import Crowd, Pickup, crowd
from tests.telephony.line import eventually, now

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from tests.telephony.line import Line

BOUND_S: Final = 5.0
"""By so much the ordinary callers' p95 may be longer with the flood."""

LONGEST_S: Final = 90
"""The phones are logged in for 120 s at most (pjsip_phones.conf)."""

FLOOD: Final = "081299900001"
_ORDINARY: Final = "0812345000"  # and SIPp's count
_FLOOD_E164: Final = "+6281299900001"
_ORDINARY_E164: Final = "+62812345000"
_ORDINARY_TALK_MS: Final = (3000, 5000, 7000)
_FLOOD_TALK_MS: Final = (3000, 4000, 5000, 6000, 7000)
_PATIENCE_MS: Final = 20_000
_TOLD_WITHIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Load:
    """How many call, for how long."""

    takers: int
    seconds: int
    ordinary_per_minute: int
    flood_per_minute: int

    def calls(self, per_minute: int) -> int:
        """How many that makes."""
        return round(per_minute * self.seconds / 60)


@dataclass(frozen=True, slots=True)
class Waits:
    """How long the callers of a round waited, in seconds; `outcomes` says what became of them."""

    seconds: tuple[float, ...]
    outcomes: Counter[str]

    @classmethod
    def of(cls, calls: Iterable[dict[str, Any]]) -> Waits:
        """Take them from the line's own rows."""
        rows = list(calls)
        return cls(tuple(sorted(row["wait_s"] for row in rows)), Counter(row["outcome"] for row in rows))

    def percentile(self, share: float) -> float:
        """So long at most waited this share of them; NaN when there are none."""
        place = max(0, math.ceil(len(self.seconds) * share) - 1)
        return self.seconds[place] if self.seconds else math.nan

    def __str__(self) -> str:
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        return f"{self.percentile(0.5):8.1f} {self.percentile(0.95):8.1f} {self.percentile(1.0):8.1f}   {told}"


def measure(line: Line, load: Load) -> None:
    """Play both rounds and print what was seen."""
    takers = tuple(line.logins)[: load.takers]
    print(
        f"\n== {load.flood_per_minute} calls a minute from one number beside {load.ordinary_per_minute} ordinary ones, "
        f"{len(takers)} takers, {load.seconds} s\n  talk {_mean_s(_ORDINARY_TALK_MS):g} s on average, of the flood "
        f"{_mean_s(_FLOOD_TALK_MS):g} s; who floods hangs up after {_PATIENCE_MS / 1000:g} s without an answer",
        flush=True,
    )
    without, _ = _round(line, takers, load, flood=0)
    beside, flood = _round(line, takers, load, flood=load.calls(load.flood_per_minute))
    made = load.calls(load.flood_per_minute)
    print(told(without, beside, flood, made), flush=True)


def told(without: Waits, beside: Waits, flood: Waits, made: int) -> str:
    """Write the table."""
    more = beside.percentile(0.95) - without.percentile(0.95)
    held = "within" if more <= BOUND_S else "NOT within"
    missing = made - len(flood.seconds)
    rows = f"NOT CLEAN: {missing} rows missing" if missing else "every one has its row"
    return "\n".join(
        [
            "  wait, s                  p50      p95      max",
            f"  ordinary, alone     {without}",
            f"  ordinary, beside    {beside}",
            f"  the flood           {flood}",
            f"  ordinary p95 {more:+.1f} s with the flood: {held} {BOUND_S:g} s",
            f"  {made} calls of the flood: {rows}",
        ]
    )


def _round(line: Line, takers: Sequence[str], load: Load, *, flood: int) -> tuple[Waits, Waits]:
    """Have them call; give how long the ordinary ones and the flood's waited, once every call is over."""
    ordinary, since = load.calls(load.ordinary_per_minute), now()
    who = Crowd(_ORDINARY, _ORDINARY_TALK_MS, patience_ms=60_000)
    with ExitStack() as stack:
        stack.enter_context(line.staffed(*takers, pickup=Pickup(rings_ms=200)))
        calling = [
            stack.enter_context(
                crowd(line.sip, who, line.home / "ordinary.log", calls=ordinary, per_second=ordinary / load.seconds)
            )
        ]
        if flood:
            one = Crowd(FLOOD, _FLOOD_TALK_MS, patience_ms=_PATIENCE_MS, one_number=True)
            rate = flood / load.seconds
            calling.append(
                stack.enter_context(crowd(line.sip, one, line.home / "flood.log", calls=flood, per_second=rate))
            )
        for one_of_them in calling:
            one_of_them.finish(within_s=load.seconds * 2 + 120)
    return _over(line, since, ordinary, flood)


def _over(line: Line, since: datetime, ordinary: int, flood: int) -> tuple[Waits, Waits]:
    """Wait until the line knows of as many calls, all over; of those that never come, it is told by the table."""

    def look() -> list[dict[str, Any]] | None:
        rows = line.calls(since)
        return rows if len(rows) >= ordinary + flood and all(row["ended_at"] for row in rows) else None

    try:
        rows = eventually(look, within_s=_TOLD_WITHIN_S)
    except AssertionError:
        rows = [row for row in line.calls(since) if row["ended_at"]]
    of_flood = [row for row in rows if row["caller"]["e164"] == _FLOOD_E164]
    others = [row for row in rows if str(row["caller"]["e164"]).startswith(_ORDINARY_E164)]
    return Waits.of(others), Waits.of(of_flood)


def _mean_s(talks_ms: Sequence[int]) -> float:
    return sum(talks_ms) / len(talks_ms) / 1000
