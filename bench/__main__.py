"""`make bench`: calls through a line of its own, and what they cost, beside the floor in the same run."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from bench.sipp import Citizen, Pickup, citizens
from tests.telephony.line import Line, eventually, now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass
class Floor:
    """The bare listener, and what it printed: call → (stamped, committed), both in epoch seconds."""

    process: psutil.Popen
    answers: dict[str, tuple[float, float]] = field(default_factory=dict)

    def read(self) -> None:
        """Take what it prints until it ends."""
        for text in self.process.stdout:
            call, stamped, committed = text.split()
            self.answers[call] = (float(stamped), float(committed))


@contextmanager
def floor_beside(line: Line) -> Iterator[Floor]:
    """The floor on the line's own Asterisk."""
    secret = json.loads((line.home / "secrets.json").read_text())["ami"]
    port = line.environment["SIAGA112_AMI_BIND"].rpartition(":")[2]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench.floor", port, secret, f"{folder}/floor.sqlite3"]
        floor = Floor(psutil.Popen(command, stdout=subprocess.PIPE, text=True))
        assert floor.process.stdout.readline() == "listening\n"
        reader = threading.Thread(target=floor.read, daemon=True)
        reader.start()
        try:
            yield floor
        finally:
            floor.process.terminate()
            floor.process.wait(10)
            reader.join(10)


def cpu_s(process: psutil.Process) -> float:
    """CPU seconds of a process so far, its threads' included."""
    times = process.cpu_times()
    return float(times.user + times.system)


def committed_by_gateway(line: Line) -> dict[str, float]:
    """Call → when the gateway told that the ticket was committed (epoch seconds), from its log."""
    told: dict[str, float] = {}
    for text in (line.home / "log" / "gateway.log").read_text().splitlines():
        record: dict[str, Any] = json.loads(text) if text.startswith("{") else {}
        if record.get("event") == "ticket_opened":
            told[record["call"]] = datetime.fromisoformat(record["timestamp"]).timestamp()
    return told


def spread(latencies: Sequence[float]) -> str:
    """p50 / p99 in ms."""
    ordered = sorted(latencies)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"{statistics.median(ordered) * 1000:6.1f} / {p99 * 1000:6.1f}"


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--per-second", type=float, default=20)
    parser.add_argument("--takers", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="siaga112-bench-") as home:
        print("starting the line …", flush=True)
        with Line.started(Path(home)) as line:
            line.add_takers(asked.takers)
            measure(line, asked.calls, asked.per_second)


def measure(line: Line, calls: int, per_second: float) -> None:
    """Have the calls made, and print what they cost."""
    since = now()
    parts = {
        "gateway": line.process("-m gateway "),
        "AGI server": line.process("gateway.agi_server"),
        "Asterisk": line.process("asterisk.conf"),
    }
    with floor_beside(line) as floor, line.staffed(*line.logins, pickup=Pickup(rings_ms=100)):
        parts["floor"] = floor.process
        print(f"{calls} calls at {per_second:g}/s, {len(line.logins)} takers …", flush=True)
        before = {name: cpu_s(process) for name, process in parts.items()}
        started = time.monotonic()
        with citizens(line.sip, Citizen(talk_ms=300), calls=calls, per_second=per_second) as callers:
            callers.finish(within_s=120 + calls / per_second * 3)
        took = time.monotonic() - started
        eventually(lambda: len(line.tickets(since)) >= calls, within_s=30)
        eventually(lambda: len(floor.answers) >= calls, within_s=30)
        spent = {name: cpu_s(process) - before[name] for name, process in parts.items()}
    report(line, floor, spent, calls, took, line.tickets(since))


def report(
    line: Line,
    floor: Floor,
    spent: dict[str, float],
    calls: int,
    took: float,
    tickets: Sequence[dict[str, Any]],
) -> None:
    """Print the table."""
    committed = committed_by_gateway(line)
    ours = [committed[call] - stamped for call, (stamped, _) in floor.answers.items()]
    bare = [at - stamped for stamped, at in floor.answers.values()]
    numbers = {ticket["number"] for ticket in tickets}
    print(f"\n{calls} calls in {took:.1f} s: {len(floor.answers)} answers, {len(tickets)} tickets, ", end="")
    print(f"{len(numbers)} distinct numbers\n")
    print("answer → committed, ms    p50 /    p99")
    print(f"  floor               {spread(bare)}")
    print(f"  gateway             {spread(ours)}")
    print("\nCPU per call, ms")
    for name, seconds in spent.items():
        print(f"  {name:<20}{seconds / calls * 1000:6.1f}")


if __name__ == "__main__":
    main()
