"""What gives way as the disks fill, and when. Pure: what is measured comes in, what is to be done goes out.

In this order: a forecast is a warning; new calls are no longer recorded; running recordings end; logs keep errors
alone; and when the journals' file system is full, a file that was kept there in reserve is given up, so that Asterisk
can go on writing the ledger.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.site.config import Storage

MB: Final = 1_000_000
# What has given way comes back when there is so much more room than where it gave way: a disk that stands on the mark
# must not turn recordings on and off.
_ROOM_AGAIN: Final = 1.25
# The reserve is given up a little before the last byte: between two looks Asterisk writes.
_ALL_BUT_FULL_MB: Final = 2
_FORECAST_WITHIN_S: Final = 24 * 3600
_SAMPLES_OVER_S: Final = 3600
_SAMPLE_EVERY_S: Final = 60
# Of a shorter time nobody can tell a pace from a moment.
_SHORTEST_PACE_S: Final = 600


class Part(StrEnum):
    """What lies on a disk, in the order in which it is spoken of."""

    JOURNALS = "journals"
    STORE = "store"
    RECORDINGS = "recordings"
    LOGS = "logs"


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system of one part, as it is found. `trouble`: why nothing can be written there."""

    free: int  # bytes that we may still use
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Measures:
    """What gives way now."""

    unrecorded: bool = False  # new calls
    recordings_end: bool = False  # running ones
    quiet: bool = False
    reserve_given_up: bool = False


def measures(disks: Mapping[Part, Disk], limits: Storage, before: Measures) -> Measures:
    """What is to give way, when that much gave way before."""

    def below(part: Part, limit_mb: float, *, already: bool) -> bool:
        return disks[part].free < limit_mb * MB * (_ROOM_AGAIN if already else 1)

    full = min(_ALL_BUT_FULL_MB, limits.ballast_mb / 4)
    again = limits.evidence_mb + limits.ballast_mb
    given_up = below(Part.JOURNALS, again if before.reserve_given_up else full, already=False)
    return Measures(
        unrecorded=below(Part.RECORDINGS, limits.no_new_recordings_mb, already=before.unrecorded),
        recordings_end=below(Part.RECORDINGS, limits.no_recordings_mb, already=before.recordings_end),
        quiet=below(Part.LOGS, limits.quiet_logs_mb, already=before.quiet),
        reserve_given_up=given_up and limits.ballast_mb > 0,
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """What people have to know of one part."""

    text: str | None
    grave: bool = False


def finding(part: Part, disk: Disk, limits: Storage, taken: Measures, full_in_s: float | None) -> Finding:
    """Say how it stands with one part's disk; `full_in_s` is the forecast."""
    now = _recordings_now(disk, taken) if part is Part.RECORDINGS else None
    if part in {Part.JOURNALS, Part.STORE}:
        now = _evidence_now(part, disk, limits, taken)
    if part is Part.LOGS and taken.quiet:
        now = Finding(f"logs keep errors alone: {_left(disk)} for them")
    if now is None and full_in_s is not None:
        return Finding(f"the disk of the {part} is full in about {_about(full_in_s)} at the pace of the last hour")
    return now or Finding(None)


def _recordings_now(disk: Disk, taken: Measures) -> Finding | None:
    if taken.recordings_end:
        return Finding(f"nothing is recorded: {_left(disk)} for recordings", grave=True)
    if taken.unrecorded or disk.trouble:
        return Finding(f"new calls are not recorded: {disk.trouble or _left(disk) + ' for recordings'}", grave=True)
    return None


def _evidence_now(part: Part, disk: Disk, limits: Storage, taken: Measures) -> Finding | None:
    if disk.trouble:
        return Finding(f"evidence is at risk: the {part} cannot be written: {disk.trouble}", grave=True)
    if disk.free < limits.evidence_mb * MB:
        reserve = ", the reserve is given up" if part is Part.JOURNALS and taken.reserve_given_up else ""
        return Finding(f"evidence is at risk: {_left(disk)} for the {part}{reserve}", grave=True)
    return None


def _left(disk: Disk) -> str:
    return f"{disk.free / MB:.0f} MB left"


def _about(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:.0f} h" if hours >= 1.5 else f"{max(seconds / 60, 1):.0f} min"  # noqa: PLR2004 - "2 h", "89 min"


@dataclass(slots=True)
class Pace:
    """How fast a disk fills, from samples of the last hour."""

    _samples: deque[tuple[float, int]] = field(default_factory=deque)

    def full_in_s(self, now: float, free: int) -> float | None:
        """Take what is free at `now` (monotonic seconds); give when it is full, None when not within a day."""
        if not self._samples or now - self._samples[-1][0] >= _SAMPLE_EVERY_S:
            self._samples.append((now, free))
        while now - self._samples[0][0] > _SAMPLES_OVER_S:
            self._samples.popleft()
        then, had = self._samples[0]
        if now - then < _SHORTEST_PACE_S or free >= had:
            return None
        left_s = free * (now - then) / (had - free)
        return left_s if left_s < _FORECAST_WITHIN_S else None
