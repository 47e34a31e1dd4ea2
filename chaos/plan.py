"""Which faults, in which order, for how long: drawn from a seed alone. Pure.

The same seed and count give the same plan; what the calls do meanwhile is SIPp's own chance.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


class Kind(StrEnum):
    """What can go wrong."""

    KILL_GATEWAY = "SIGKILL gateway"
    KILL_AGI = "SIGKILL AGI server"
    KILL_SUPERVISOR = "SIGKILL supervisor"
    FREEZE_GATEWAY = "SIGSTOP gateway"
    FREEZE_AGI = "SIGSTOP AGI server"
    FREEZE_SUPERVISOR = "SIGSTOP supervisor"
    KILL_ASTERISK = "SIGKILL Asterisk"
    AMI_CUT = "AMI cut"
    AMI_HALF_OPEN = "AMI half-open"
    AMI_DELAYED = "AMI delayed"
    AMI_THROTTLED = "AMI throttled"
    DATABASE_LOCKED = "database locked"
    STORE_FULL = "store's disk full"
    JOURNAL_FULL = "journal's disk full"
    ROTATION = "journals rotated"
    GARBAGE = "garbage in a journal"
    BURST = "burst of INVITEs"


# For so long, in seconds; the kinds that are over at once have no entry.
_HELD: Final = {
    Kind.KILL_SUPERVISOR: (0.2, 3.0),  # until somebody starts it again
    Kind.FREEZE_GATEWAY: (1.0, 20.0),
    Kind.FREEZE_AGI: (1.0, 20.0),
    Kind.FREEZE_SUPERVISOR: (1.0, 20.0),
    Kind.AMI_CUT: (0.1, 10.0),
    Kind.AMI_HALF_OPEN: (2.0, 15.0),
    Kind.AMI_DELAYED: (3.0, 10.0),
    Kind.AMI_THROTTLED: (3.0, 10.0),
    Kind.DATABASE_LOCKED: (10.0, 10.0),
    Kind.STORE_FULL: (3.0, 10.0),
    Kind.JOURNAL_FULL: (3.0, 10.0),
}
# How much of it: seconds of delay, bytes a second, calls.
_MEASURE: Final = {
    Kind.AMI_DELAYED: (0.2, 3.0),
    Kind.AMI_THROTTLED: (100.0, 2000.0),
    Kind.BURST: (200.0, 200.0),
}
_PAUSE_S: Final = (0.5, 3.0)
JOURNALS: Final = ("queue_log", "cel.json")
GARBAGE: Final = ("bytes", "half a line", "megabytes", "hostile JSON")
FILLING: Final = ("once", "and again")  # whatever gives way makes room, or is filled up too
_FORMS: Final = {Kind.GARBAGE: GARBAGE, Kind.STORE_FULL: FILLING, Kind.JOURNAL_FULL: FILLING}
_SHORT_S: Final = 1.0
_FEW: Final = 40


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong: for `held_s`; then, once the line is ready again, `pause_s` of calm."""

    kind: Kind
    held_s: float
    pause_s: float
    measure: float = 0.0  # seconds of delay, bytes a second, calls, by the kind
    target: str = ""  # the journal
    form: str = ""  # of garbage, of filling a disk
    seed: int = 0  # for whatever it draws itself

    def __str__(self) -> str:
        words = [self.target, self.form]
        words += [f"{self.held_s:.1f} s"] if self.held_s else []
        words += [f"{self.measure:.3g}"] if self.measure else []
        return " ".join(filter(None, (f"{self.kind:<22}", *words)))


def draw(seed: int, count: int, *, short: bool = False) -> tuple[Fault, ...]:
    """So many faults; every kind once before any comes twice, then at random.

    `short`: none is held longer than 1 s, a burst is of 40 calls, and there is hardly a pause.
    """
    chance = random.Random(seed)
    return tuple(_fault(kind, chance, short=short) for kind, _ in zip(_kinds(chance), range(count), strict=False))


def _kinds(chance: random.Random) -> Iterator[Kind]:
    first = list(Kind)
    chance.shuffle(first)
    yield from first
    while True:
        yield chance.choice(first)


def _fault(kind: Kind, chance: random.Random, *, short: bool) -> Fault:
    held_s = chance.uniform(*_HELD.get(kind, (0.0, 0.0)))
    measure = chance.uniform(*_MEASURE.get(kind, (0.0, 0.0)))
    pause_s, target, seed = chance.uniform(*_PAUSE_S), chance.choice(JOURNALS), chance.getrandbits(32)
    form = chance.choice(_FORMS.get(kind, ("",)))
    if short:
        held_s, pause_s = min(held_s, _SHORT_S), pause_s / 10
        measure = min(measure, _FEW) if kind is Kind.BURST else measure
    target = target if kind is Kind.GARBAGE else ""
    return Fault(kind, round(held_s, 1), round(pause_s, 2), round(measure, 2), target, form, seed)
