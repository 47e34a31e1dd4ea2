"""Whether the machine's clock can be believed: every instant in the evidence is its word.

Two questions. Does the kernel say that somebody keeps the clock right (adjtimex(2), whoever does it: chrony,
systemd-timesyncd, ntpd)? And did the wall clock jump against the monotonic one? Tickets' deadlines survive a jump; what
was written down around it is off by as much.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.alarms import Alarms
    from ticketing.ports import Clock

_EVERY_S: Final = 1.0
# chrony and systemd slew what is less; between two of our looks a busy machine may pass so much.
STEP_S: Final = 1.0
# So long a step is told of: until the next shift has seen it.
_TOLD_FOR_S: Final = 8 * 3600
# A clock that has just been started is set within minutes.
_UNSYNCHRONISED_FOR_S: Final = 900
# timex.h: the clock is not synchronised. adjtimex then returns TIME_ERROR too, and for lesser reasons.
_STA_UNSYNC: Final = 0x0040


class _Timex(ctypes.Structure):
    # struct timex (adjtimex(2)) begins so; the rest is of no use here, and is left room for.
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def synchronised() -> bool | None:
    """What the kernel says of its clock; None where it may not be asked (some containers)."""
    state = _Timex()  # modes 0: asks, and changes nothing
    libc = ctypes.CDLL(None, use_errno=True)
    answer = libc.adjtimex(ctypes.byref(state))
    if answer < 0:
        # EPERM, ENOSYS: seccomp. Nothing else can be wrong with a question.
        assert ctypes.get_errno() in {errno.EPERM, errno.EACCES, errno.ENOSYS}
        return None
    return not state.status & _STA_UNSYNC


@dataclass(slots=True)
class ClockJudge:
    """Learns from readings of both clocks, in seconds. Pure."""

    _offset: float | None = None
    _step: tuple[float, float] | None = None  # by how much, and when (monotonic)
    _astray_since: float | None = None

    def stepped(self, wall: float, monotonic: float) -> str | None:
        """Say so when the wall clock has jumped lately."""
        offset = wall - monotonic
        if self._offset is not None and abs(offset - self._offset) >= STEP_S:
            self._step = (offset - self._offset, monotonic)
        # Followed look by look, so that what is slewed, however far, is no jump.
        self._offset = offset
        if self._step is None or monotonic - self._step[1] > _TOLD_FOR_S:
            return None
        by, at = self._step
        way = "forward" if by > 0 else "back"
        return (
            f"the machine's clock was set {way} by {abs(by):.1f} s, {(monotonic - at) / 60:.0f} min ago: instants "
            "around then are off"
        )

    def astray(self, in_step: bool | None, monotonic: float) -> str | None:  # noqa: FBT001 - the kernel's answer
        """Say so when nobody has kept the clock right for a while."""
        if in_step is not False:
            self._astray_since = None
            return None
        since = self._astray_since if self._astray_since is not None else monotonic
        self._astray_since = since
        if monotonic - since < _UNSYNCHRONISED_FOR_S:
            return None
        return "nobody keeps the machine's clock right: is chrony or systemd-timesyncd running?"


async def watch_clock(clock: Clock, alarms: Alarms) -> None:
    """Look for ever, and raise `clock.stepped` and `clock.unsynchronised`."""
    judge, monotonic = ClockJudge(), asyncio.get_running_loop().time
    while True:
        alarms.set("clock.stepped", judge.stepped(clock.now().timestamp(), monotonic()))
        alarms.set("clock.unsynchronised", judge.astray(synchronised(), monotonic()))
        await asyncio.sleep(_EVERY_S)
