"""What is measured of a run: processes, latencies, what the logs and the ledger say of each call."""

from __future__ import annotations

import json
import re
import statistics
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import psutil


@dataclass(frozen=True, slots=True)
class Spread:
    """Of some latencies (seconds)."""

    p50: float
    p99: float

    @classmethod
    def of(cls, latencies: Iterable[float]) -> Spread:
        """The spread of at least one latency; of none, NaN."""
        ordered = sorted(latencies)
        if not ordered:
            return cls(float("nan"), float("nan"))
        return cls(statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))])

    def __str__(self) -> str:
        return f"{self.p50 * 1000:7.1f} / {self.p99 * 1000:7.1f}"


def cpu_s(process: psutil.Process) -> float:
    """CPU seconds of a process so far, its threads' included."""
    times = process.cpu_times()
    return float(times.user + times.system)


def memory_mb(process: psutil.Process) -> tuple[float, float]:
    """Resident memory of a process now, and at its peak (proc(5), VmHWM), in MB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    now, peak = (re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE) for name in ("VmRSS", "VmHWM"))
    assert now
    assert peak
    return int(now[1]) / 1000, int(peak[1]) / 1000


def log_of(home: Path) -> Iterator[dict[str, Any]]:
    """The gateway's log, record by record."""
    with (home / "log" / "gateway.log").open(encoding="utf-8") as log:
        for text in log:
            if text.startswith("{"):
                yield json.loads(text)


def _stamp(record: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(record["timestamp"]).timestamp()


def committed_at(home: Path) -> dict[str, float]:
    """Call → when the gateway told that the ticket was committed (epoch seconds)."""
    return {record["call"]: _stamp(record) for record in log_of(home) if record.get("event") == "ticket_opened"}


def told_at(home: Path) -> dict[int, float]:
    """Entry's `seq` → when the gateway told it after its commit (epoch seconds)."""
    return {record["seq"]: _stamp(record) for record in log_of(home) if "seq" in record and "call" in record}


def script_took(home: Path) -> dict[str, float]:
    """Call → seconds from its arrival in the dialplan to the caller-ID script's last word, by the ledger's own times.

    The start of the recording lies between the two as well.
    """
    began: dict[str, float] = {}
    took: dict[str, float] = {}
    with (home / "journals" / "cel-custom" / "cel.json").open(encoding="utf-8", errors="replace") as ledger:
        for name, call, at in filter(None, map(_user_event, ledger)):
            if name == "ARRIVED":
                began[call] = at
            elif name == "CALLER" and call in began:
                took[call] = at - began[call]
    return took


def _user_event(text: str) -> tuple[str, str, float] | None:
    if '"USER_DEFINED"' not in text:
        return None
    said = json.loads(text)
    return said["userdeftype"], said["uniqueid"], float(said["eventtime"])
