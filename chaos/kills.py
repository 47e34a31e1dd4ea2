"""The gateway is killed at random instants of calls: how soon after each next start every ticket is there, and true."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chaos.verdict import Violation

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    import psutil

    from chaos.ground import Ground

WITHIN_S: Final = 3.0  # of the next start
_GIVEN_UP_AFTER_S: Final = 60.0
_BETWEEN_S: Final = (0.1, 2.5)
_LOOKS_EVERY_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Kill:
    """One of them."""

    owed: int  # answered calls whose tickets were not settled when it died
    took_s: float  # from the next start until every ticket was there with its true instant

    def __str__(self) -> str:
        return f"{self.owed:3} tickets owed; all there and true {self.took_s:.1f} s after the next start"


def kill_gateway(ground: Ground, chance: random.Random) -> Kill:
    """Let calls go on for a while, kill it, wait for its tickets; raise TimeoutError, Stuck."""
    ground.settle(_GIVEN_UP_AFTER_S)
    time.sleep(chance.uniform(*_BETWEEN_S))
    died = ground.line.process("-m gateway ")
    died.kill()
    settled = answers_kept(ground)
    owed = {call: at for call, at in _answers_written(ground).items() if settled.get(call) != at}
    started = _reborn(ground, died.pid).create_time()
    while missing := {call for call, at in owed.items() if settled.get(call) != at}:
        if time.time() - started > _GIVEN_UP_AFTER_S:
            raise TimeoutError(f"no ticket, or an untrue one, for {', '.join(sorted(missing))}")
        time.sleep(_LOOKS_EVERY_S)
        settled = answers_kept(ground)
    # Nothing owed is a start like any other: counted from the first question that the store answered.
    return Kill(len(owed), time.time() - started if owed else 0.0)


def violations_of(kill: Kill, count: int) -> list[Violation]:
    """What was too late."""
    if kill.took_s <= WITHIN_S:
        return []
    return [Violation("tickets came late", f"{kill.took_s:.1f} s after the start, not {WITHIN_S:g}", f"kill {count}")]


def _answers_written(ground: Ground) -> Mapping[str, int]:
    """Call → its answer in the ledger, where CEL has it by now."""
    calls = ground.written().calls.values()
    return {one.call: one.answered for one in calls if one.answered is not None}


def answers_kept(ground: Ground) -> Mapping[str, int]:
    """Call → its ticket's answer in the store, in microseconds of the epoch."""
    with closing(sqlite3.connect(f"file:{ground.database}?mode=ro", uri=True, timeout=10)) as store:
        return dict(store.execute("SELECT call_id, answered_at FROM tickets"))


def _reborn(ground: Ground, died: int) -> psutil.Process:
    deadline = time.monotonic() + _GIVEN_UP_AFTER_S
    while time.monotonic() < deadline:
        process = ground.line.process("-m gateway ")
        if process.pid != died:
            return process
        time.sleep(_LOOKS_EVERY_S)
    raise TimeoutError("the gateway was not started again")
