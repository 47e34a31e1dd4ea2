"""How soon a taker who becomes free is rung for the caller whose turn it is, while everybody who waits presses keys.

The floor is the same queue with nobody pressing anything: app_queue itself looks once a second, for each caller at a
second of its own.
"""

from __future__ import annotations

import random
import re
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from bench.choir import Choir, Part
from bench.meters import Spread
from bench.sipp import free_address, register
from bench.softphone import Plan, Softphone
from tests.telephony.line import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.softphone import Talk
    from tests.telephony.line import Line

CITIZEN, TAKER = 1900, 2300  # Hz
BOUND_S: Final = 2.5  # p99 of free → rung
_DESKS: Final = 4
_TALKS_S: Final = 0.3
_DIALS_PER_SECOND: Final = 20
_KEYS: Final = "123459*#0"
_ENDS_WITHIN_S: Final = 300.0
_LOOKS_EVERY_S: Final = 0.01


@dataclass
class Served:
    """What was seen of one round."""

    free_to_rung: list[float] = field(default_factory=list)  # seconds
    rung: set[int] = field(default_factory=set)  # for whom, by their place among those who dialled
    out_of_turn: int = 0

    def ring(self, caller: int, free: int) -> None:
        """A phone rings for this caller, of so many that are free.

        Out of turn is who is rung for while as many wait who came earlier: of those for whom there are phones, each
        looks for one at a second of its own (app_queue), and the order within it says nothing.
        """
        earlier = sum(1 for one in range(caller) if one not in self.rung)
        self.out_of_turn += earlier >= free
        self.rung.add(caller)


@contextmanager
def _desks(line: Line) -> Iterator[Softphone]:
    """A few of the takers, at one address."""
    desk, logins = free_address(), list(line.logins.items())[:_DESKS]
    register(line.sip, desk, logins, expires_s=3600)
    eventually(lambda: line.health().get("staffed") == _DESKS)
    try:
        with Choir() as choir, Softphone(Plan(hz=TAKER), desk, voice=_voice(choir, CITIZEN)) as takers:
            yield takers
    finally:
        register(line.sip, desk, logins, expires_s=0)
        eventually(lambda: line.health().get("staffed") == 0)


def _voice(choir: Choir, listens_for: int) -> partial[Part]:
    return partial(Part, choir=choir, listens_for=listens_for)


def play(line: Line, waiting: int, *, presses: bool) -> Served:
    """Have so many wait, in prompts; then serve them all, one after the other, by a few takers."""
    served = Served()
    with ExitStack() as stack:
        takers = stack.enter_context(_desks(line))
        citizens = stack.enter_context(Softphone(host="127.0.0.2", voice=_voice(stack.enter_context(Choir()), TAKER)))
        callers: list[Talk] = []
        for number in range(waiting + _DESKS):
            callers.append(citizens.dial(line.sip, "112", shown=f"0812{number:07}", hz=CITIZEN))
            time.sleep(1 / _DIALS_PER_SECOND)
        # The first are answered by those who are free, and hold them until everybody else is asked.
        eventually(lambda: all(talk.up for talk in callers), within_s=60)
        _serve(takers, callers, served, random.Random(112) if presses else None)  # noqa: S311 - no secret
        for telephone in (citizens, takers):
            for talk in telephone.talks:
                telephone.hang_up(talk)
        eventually(lambda: line.asterisk("core show channels count").startswith("0 active channels"))
    return served


def _serve(takers: Softphone, callers: list[Talk], served: Served, fingers: random.Random | None) -> None:
    seen, free_at = len(takers.talks), dict[str, float]()
    served.rung.update(map(_whose, takers.talks))
    until = time.monotonic() + _ENDS_WITHIN_S
    while not all(talk.ended for talk in callers):
        now = time.monotonic()
        if now > until:
            raise TimeoutError("not everybody was served")
        for talk in takers.talks[seen:]:
            served.ring(_whose(talk), len(free_at))
            if talk.number in free_at:
                served.free_to_rung.append(talk.asked_at - free_at.pop(talk.number))
        seen = len(takers.talks)
        for talk in takers.talks:
            if talk.up and now - (talk.answered_at or now) > _TALKS_S:
                takers.hang_up(talk)
                free_at[talk.number] = now
        waiters = [talk for talk in callers if talk.up]
        # Each of them presses a key every few seconds.
        if fingers and waiters and fingers.random() < len(waiters) * _LOOKS_EVERY_S / 3:
            fingers.choice(waiters).voice.press(fingers.choice(_KEYS))
        time.sleep(_LOOKS_EVERY_S)


def _whose(talk: Talk) -> int:
    shown = re.search(r"\+62812(\d{7})", talk.theirs)
    return int(shown[1]) if shown else -1


def measure(line: Line, waiting: int) -> None:
    """Print what a round with keys gives, beside one without."""
    line.asterisk("dialplan set global SIAGA_NOTICE_AFTER 1")
    print(f"\n== {waiting} callers who are asked, {_DESKS} takers", flush=True)
    floor, asked = play(line, waiting, presses=False), play(line, waiting, presses=True)
    line.asterisk("dialplan set global SIAGA_NOTICE_AFTER 15")
    spread, bare = Spread.of(asked.free_to_rung), Spread.of(floor.free_to_rung)
    print("  free → rung, ms p50 / p99                   out of turn")
    print(f"  nobody presses a key (floor) {bare}  {floor.out_of_turn:4} of {len(floor.free_to_rung)}")
    print(f"  everybody presses keys       {spread}  {asked.out_of_turn:4} of {len(asked.free_to_rung)}")
    print(f"  p99 over the floor's: {spread.p99 / bare.p99:.2f}; bound {BOUND_S:g} s", end="")
    print(": kept" if spread.p99 <= BOUND_S else ": NOT KEPT", flush=True)
