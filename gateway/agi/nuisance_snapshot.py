"""What the caller-ID script knows of numbers that prank and ghost calls come from: a file in HOME.

The gateway replaces it whenever it changes (`gateway.watch.nuisance_watch`). A script opens no store, and a caller
waits while it runs: what is missing, broken or out of date puts nobody back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from gateway.site.imported import version_of
from ticketing.nuisance import LONGEST_DELAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from gateway.site.imported import Version
    from ticketing.nuisance import NuisanceRules, Standing
    from ticketing.ports import Clock

_VERSION: Final = 1
_HUNDREDTH: Final = timedelta(milliseconds=10)
MOST_NUMBERS: Final = 20_000
"""So many numbers are in the file, those that are put back furthest: the script reads all of it."""

BELIEVED_FOR: Final = timedelta(days=2)
"""With the gateway dead for longer than this, nobody is put back: marks decay, and supervisors forgive."""


@dataclass(frozen=True, slots=True)
class Penalty:
    """How far a number is put back, in hundredths of a second; `confirmed` until then (epoch seconds)."""

    by_marks: int
    confirmed: int = 0
    until: int = 0

    def at(self, epoch: float) -> int:
        """Hundredths of a second, bounded whatever the file says."""
        put_back = max(self.by_marks, self.confirmed) if epoch < self.until else self.by_marks
        return min(max(put_back, 0), LONGEST_DELAY // _HUNDREDTH)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All numbers that are put back, by E.164, as they were when it was written (epoch seconds)."""

    written: int = 0
    numbers: Mapping[str, Penalty] = field(default_factory=dict)


def snapshot(standings: Iterable[Standing], now: datetime, rules: NuisanceRules) -> Snapshot:
    """Make it of how numbers stand; those that are put back by less than a tenth of a second are left out."""
    penalties = {one.number: penalty(one, rules) for one in standings}
    put_back = [(one.at(now.timestamp()), number) for number, one in penalties.items()]
    worst = sorted((one for one in put_back if one[0] >= 10), reverse=True)[:MOST_NUMBERS]  # noqa: PLR2004 - a tenth
    return Snapshot(int(now.timestamp()), {number: penalties[number] for _, number in worst})


def penalty(stands: Standing, rules: NuisanceRules) -> Penalty:
    """What a number's marks cost its calls."""
    by_marks = int(rules.delay * min(1.0, stands.score / rules.threshold) / _HUNDREDTH)
    if stands.until is None:
        return Penalty(by_marks)
    return Penalty(by_marks, rules.confirmed_delay // _HUNDREDTH, int(stands.until.timestamp()))


def encode(known: Snapshot) -> str:
    """Write it as JSON."""
    numbers = {number: [one.by_marks, one.confirmed, one.until] for number, one in known.numbers.items()}
    return json.dumps({"v": _VERSION, "written": known.written, "numbers": numbers}, separators=(",", ":"))


def decode(text: str) -> Snapshot:
    """Read what `encode` wrote; raise ValueError for anything else."""
    try:
        record = json.loads(text)
        if record["v"] != _VERSION:
            raise ValueError(f"a snapshot of version {record['v']}")
        return Snapshot(
            int(record["written"]), {str(number): _penalty(one) for number, one in record["numbers"].items()}
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no snapshot") from error


def _penalty(record: Any) -> Penalty:  # noqa: ANN401 - whatever stands in the file
    by_marks, confirmed, until = map(int, record)
    return Penalty(by_marks, confirmed, until)


@dataclass(slots=True)
class NuisanceFile:
    """The file, read again when it is another one."""

    path: Path
    clock: Clock
    _read: Version | None = None
    _known: Snapshot = field(default_factory=Snapshot)

    def penalty(self, number: str) -> int:
        """By how many hundredths of a second this number is put back: none, where nothing is known."""
        now = self.clock.now()
        try:
            known = self._current()
        except (OSError, ValueError):
            # The gateway, which writes it, raises the alarm: the caller has nothing to do with it.
            return 0
        if not 0 <= now.timestamp() - known.written + 60 < BELIEVED_FOR.total_seconds():
            return 0
        found = known.numbers.get(number)
        return found.at(now.timestamp()) if found else 0

    def _current(self) -> Snapshot:
        version = version_of(self.path)
        if version != self._read:
            self._known = decode(self.path.read_text(encoding="utf-8"))
            self._read = version
        return self._known
