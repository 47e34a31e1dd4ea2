"""A long ledger is caught up with while calls go on: how fast, and in how much memory."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.meters import cpu_s, memory_mb
from chaos.backlog import backlog
from chaos.verdict import Violation

if TYPE_CHECKING:
    from chaos.backlog import Backlog
    from chaos.ground import Ground

RECORDS: Final = 100_000
WITHIN_S: Final = 15.0  # so many records
MEMORY_MB: Final = 300.0
_GIVEN_UP_AFTER_S: Final = 300.0
_AGO_S: Final = 6 * 3600


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """How it went."""

    records: int
    took_s: float  # from when the supervisor may start the next gateway
    cpu_s: float  # of the gateway, since its start
    peak_mb: float

    def __str__(self) -> str:
        cost = f"{self.cpu_s:.1f} s of CPU, {self.peak_mb:.0f} MB at the peak"
        return f"{self.records} records caught up in {self.took_s:.1f} s; {cost}"

    def violations(self) -> list[Violation]:
        """What was too slow, or too big."""
        found = []
        if self.took_s > WITHIN_S * max(1.0, self.records / RECORDS):
            found.append(Violation("caught up too slowly", str(self), "a long ledger"))
        if self.peak_mb > MEMORY_MB:
            found.append(Violation(f"more than {MEMORY_MB:g} MB", str(self), "a long ledger"))
        return found


def catch_up(ground: Ground, records: int) -> CaughtUp:
    """Have the gateway die, the ledger grow, and the next gateway read it; raise TimeoutError."""
    long = backlog(records, int(time.time()) - _AGO_S)
    supervisor, gateway = ground.line.process("run"), ground.line.process("-m gateway ")
    supervisor.suspend()
    gateway.kill()
    queue_log, cel = ground.journal_files()
    for file, lines in ((queue_log, long.queue_log), (cel, long.cel)):
        with file.open("ab") as journal:
            journal.write("".join(f"{line}\n" for line in lines).encode())
    supervisor.resume()
    started = time.monotonic()
    while not _is_told(ground, long):
        if time.monotonic() - started > _GIVEN_UP_AFTER_S:
            raise TimeoutError(f"{records} records were not caught up within {_GIVEN_UP_AFTER_S:g} s")
        time.sleep(0.1)
    took, process = time.monotonic() - started, ground.line.process("-m gateway ")
    return CaughtUp(len(long.cel) + len(long.queue_log), took, cpu_s(process), memory_mb(process)[1])


def _is_told(ground: Ground, long: Backlog) -> bool:
    """Whether every call of the backlog is in the store, ended and ticketed."""
    before = (int(time.time()) - _AGO_S // 2) * 1_000_000
    with closing(sqlite3.connect(f"file:{ground.database}?mode=ro", uri=True, timeout=10)) as store:
        (calls,) = store.execute("SELECT count(ended_at) FROM calls WHERE arrived_at < ?", (before,)).fetchone()
        (tickets,) = store.execute("SELECT count(*) FROM tickets WHERE answered_at < ?", (before,)).fetchone()
    return bool(calls >= long.calls and tickets >= long.answered)
