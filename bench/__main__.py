"""`make bench`: calls through a line of its own, and what they cost, beside the floor on the same Asterisk.

Parts: `calls` (latencies, CPU, memory, a profile), `dispatch` (SKPDs are rung: request to ring, accepted to two-way
audio, at a rate and all at once, CPU a minute), `waiting` (a free taker is rung for the next of many who are asked),
`flood` (500 calls a minute from one number beside ordinary ones), `ramp` (the highest clean rate), `screens` (200
live-feed clients);
`--soak` (memory over many calls; only when asked for).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from bench import flood, waiting
from bench.dispatch_figures import Load
from bench.dispatches import measure, skpds
from bench.meters import Spread, committed_at, cpu_s, log_of, memory_mb, script_took, told_at
from bench.profile import sampled, told
from bench.sipp import Citizen, Pickup, SippFailed, citizens, free_address
from gateway.access.passwords import digest
from gateway.feed import Feed
from gateway.process.clock import SystemClock
from gateway.site.config import Settings
from tests.telephony.line import Line, eventually
from ticketing.commands import AddSkpd, AddTaker, AddToken, AddUser
from ticketing.desk import TicketDesk
from ticketing.model import Role, Taker
from ticketing.people import Token, User
from ticketing.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PARTS: Final = ("calls", "dispatch", "waiting", "flood", "ramp", "screens")
RAMP: Final = (20, 40, 60, 80, 100, 120, 140)
RAMP_S: Final = 8
CLEAN_P99_S: Final = 1.0  # an answer whose ticket takes longer than that is no clean answer
FIRST: Final = 2001  # extensions


# ---- the room --------------------------------------------------------------------------------------------------------


def furnish(line: Line, takers: int) -> str:
    """Add signed-in takers, an SKPD for each, and a supervisor whose bearer token it gives."""
    token = secrets.token_urlsafe(32)

    async def add() -> None:
        store = await open_store(f"sqlite+aiosqlite:///{line.home / 'siaga112.sqlite3'}", checked=False)
        clock = SystemClock()
        desk = TicketDesk(store, clock, Feed(), Settings().zone)
        for extension in map(str, range(FIRST, FIRST + takers)):
            line.logins[extension] = secrets.token_hex(8)
            await desk.handle(AddTaker(Taker(extension, f"Taker {extension}", line.logins[extension], signed_in=True)))
        for skpd in skpds(takers):
            await desk.handle(AddSkpd(skpd))
        await desk.handle(AddUser(User("bench", Role.SUPERVISOR, None, "no password", clock.now())))
        await desk.handle(AddToken(Token(digest(token), "bench", clock.now())))
        await store.close()

    asyncio.run(add())
    phones = line.home / "asterisk/etc/pjsip_phones.conf"
    eventually(lambda: f"[{FIRST + takers - 1}]" in phones.read_text(), within_s=30)
    return token


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


@dataclass
class Screens:
    """Clients of the live feed; `heard` after their block: entry's seq → when each of them had it."""

    process: psutil.Popen
    heard: dict[int, list[float]] = field(default_factory=dict)


@contextmanager
def screens_on(line: Line, token: str, count: int) -> Iterator[Screens]:
    """So many screens on the line's live feed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "heard"
        command = [sys.executable, "-m", "bench.screens", str(line.http), token, str(count), str(file)]
        screens = Screens(psutil.Popen(command, stdout=subprocess.PIPE, text=True))
        assert screens.process.stdout.readline() == "listening\n"
        try:
            yield screens
        finally:
            screens.process.terminate()
            screens.process.wait(30)
        for text in file.read_text(encoding="ascii").splitlines():
            seq, *times = text.split()
            screens.heard[int(seq)] = [float(at) for at in times]


@dataclass
class Bench:
    """A staffed line, the floor beside it, and its processes."""

    line: Line
    floor: Floor
    token: str

    @property
    def processes(self) -> dict[str, psutil.Process]:
        """By name."""
        return {
            "gateway": self.line.process("-m gateway "),
            "AGI server": self.line.process("gateway.agi.server"),
            "Asterisk": self.line.process("asterisk.conf"),
            "floor": self.floor.process,
        }

    def calls(self, count: int, per_second: float, *, talk_ms: int = 300) -> bool:
        """Have so many calls made and answered; say whether SIPp and the floor saw every answer."""
        before = len(self.floor.answers)
        return self._made(count, per_second, talk_ms) and self._heard_of(before + count)

    def staffed(self) -> AbstractContextManager[object]:
        """The phones are logged in while the block runs, which is for 120 s at most (pjsip_phones.conf)."""
        return self.line.staffed(*self.line.logins, pickup=Pickup(rings_ms=100))

    def _made(self, count: int, per_second: float, talk_ms: int) -> bool:
        # Each from a number of its own: several calls of one number wait for one another ([place-in-line]).
        somebody = Citizen.numbered("081234500[call_number]", talk_ms=talk_ms)
        try:
            with citizens(self.line.sip, somebody, calls=count, per_second=per_second) as callers:
                callers.finish(within_s=60 + count / per_second * 3)
        except (SippFailed, subprocess.TimeoutExpired):
            return False
        return True

    def _heard_of(self, answers: int) -> bool:
        deadline = time.monotonic() + 10
        while len(self.floor.answers) < answers and time.monotonic() < deadline:
            time.sleep(0.1)
        return len(self.floor.answers) >= answers


# ---- the parts -------------------------------------------------------------------------------------------------------


def measure_calls(bench: Bench, count: int, per_second: float, *, profiled: bool) -> None:
    """Print what an answered call costs, and how soon it is a ticket, and on a screen."""
    takers = len(bench.line.logins)
    print(f"\n== {count} calls at {per_second:g}/s, {takers} takers", flush=True)
    parts, known = bench.processes, set(bench.floor.answers)
    stacks = bench.line.home / "stacks"
    sampling = sampled(parts["gateway"].pid, stacks, count / per_second + 2) if profiled else nullcontext()
    with bench.staffed(), screens_on(bench.line, bench.token, 1) as screens, sampling:
        before = {name: cpu_s(process) for name, process in parts.items()}
        clean = bench.calls(count, per_second)
        spent = {name: (cpu_s(process) - before[name]) / count for name, process in parts.items()}
    answers = {call: times for call, times in bench.floor.answers.items() if call not in known}
    committed, seqs = committed_at(bench.line.home), opened_seqs(bench.line.home)
    ours = {call: committed[call] - stamped for call, (stamped, _) in answers.items() if call in committed}
    shown = [screens.heard[seqs[call]][0] - answers[call][0] for call in ours if seqs[call] in screens.heard]
    print(f"{'clean' if clean else 'NOT CLEAN'}: {len(answers)} answers, {len(ours)} tickets")
    print("\nms                                p50 /     p99")
    print(f"  answer → committed, floor   {Spread.of(at - stamped for stamped, at in answers.values())}")
    print(f"  answer → committed, gateway {Spread.of(ours.values())}")
    print(f"  answer → live feed, gateway {Spread.of(shown)}")
    print(f"  caller-ID script            {Spread.of(script_took(bench.line.home).values())}")
    print("\n                  CPU ms a call   peak MB")
    for name, seconds in spent.items():
        print(f"  {name:<16}{seconds * 1000:13.1f}{memory_mb(parts[name])[1]:10.0f}")
    ratio = (spent["gateway"] + spent["AGI server"]) / spent["Asterisk"]
    print(f"  gateway + AGI server: {ratio:.0%} of Asterisk's CPU a call")
    if profiled and stacks.exists():
        print(told(stacks))


def opened_seqs(home: Path) -> dict[str, int]:
    """Call → the seq of the entry that opened its ticket."""
    return {record["call"]: record["seq"] for record in log_of(home) if record.get("event") == "ticket_opened"}


def ramp(bench: Bench) -> None:
    """Print up to which rate every call is answered and each answer soon on disk, for the floor and for us."""
    print(f"\n== ramp, {RAMP_S} s each; clean: every call answered, p99 of answer → committed ≤ {CLEAN_P99_S:g} s")
    print("  calls/s   floor p50 /     p99   gateway p50 /     p99")
    highest = {"floor": 0, "gateway": 0}
    for rate in RAMP:
        known = set(bench.floor.answers)
        with bench.staffed():
            all_answered = bench.calls(rate * RAMP_S, rate)
        answers = {call: times for call, times in bench.floor.answers.items() if call not in known}
        committed = committed_at(bench.line.home)
        bare = Spread.of(at - stamped for stamped, at in answers.values())
        ours = Spread.of(committed[call] - stamped for call, (stamped, _) in answers.items() if call in committed)
        tickets = sum(call in committed for call in answers)
        said = "" if all_answered else f"   {len(answers)} of {rate * RAMP_S} answered"
        print(f"  {rate:7}  {bare}   {ours}{said}", flush=True)
        if not all_answered:
            break
        if bare.p99 <= CLEAN_P99_S:
            highest["floor"] = rate
        if ours.p99 <= CLEAN_P99_S and tickets == len(answers):
            highest["gateway"] = rate
    print(f"  highest clean rate: floor {highest['floor']}/s, gateway {highest['gateway']}/s")


def many_screens(bench: Bench, count: int, per_second: float, seconds: int) -> None:
    """Print how soon each of many screens has each change, and what that costs."""
    calls = int(per_second * seconds)
    print(f"\n== {count} screens, {calls} calls at {per_second:g}/s", flush=True)
    gateway = bench.processes["gateway"]
    with bench.staffed(), screens_on(bench.line, bench.token, count) as screens:
        before, began = cpu_s(gateway), time.monotonic()
        clean = bench.calls(calls, per_second)
        cores = (cpu_s(gateway) - before) / (time.monotonic() - began)
        time.sleep(1)
    told_when = told_at(bench.line.home)
    seen = {seq: times for seq, times in screens.heard.items() if seq in told_when}
    missed = sum(count - len(times) for times in seen.values())
    late = [at - told_when[seq] for seq, times in seen.items() for at in times]
    print(f"{'clean' if clean else 'NOT CLEAN'}: {len(seen)} changes, {len(late)} tellings, {missed} missing")
    print(f"  told → on the screen, ms p50 / p99   {Spread.of(late)}")
    print(f"  gateway                              {cores:.2f} cores")


def soak(bench: Bench, count: int, per_second: float) -> None:
    """Print how memory goes over many calls."""
    print(f"\n== {count} calls at {per_second:g}/s: resident MB", flush=True)
    print("    calls   gateway  AGI server  Asterisk")
    step = max(1, count // 20)
    for done in range(step, count + 1, step):
        with bench.staffed():
            clean = bench.calls(step, per_second)
        parts = bench.processes
        now = [memory_mb(parts[name])[0] for name in ("gateway", "AGI server", "Asterisk")]
        print(f"  {done:7}{now[0]:10.1f}{now[1]:12.1f}{now[2]:10.1f}{'' if clean else '   NOT CLEAN'}", flush=True)


def run(bench: Bench, asked: argparse.Namespace) -> None:
    """Measure what was asked for."""
    parts: Sequence[str] = asked.parts or PARTS
    if "calls" in parts:
        measure_calls(bench, asked.calls, asked.per_second, profiled=asked.profile)
    if "dispatch" in parts:
        parallel = min(asked.parallel, len(bench.line.logins))
        ours = {name: process for name, process in bench.processes.items() if name != "floor"}
        load = Load(asked.dispatches, asked.dispatches_per_second, parallel, asked.parallel_s)
        measure(bench.line, bench.token, ours, load, profiled=asked.profile)
    if "waiting" in parts:
        waiting.measure(bench.line, asked.waiting)
    if "flood" in parts:
        flood.measure(bench.line, flood.Load(asked.flood_takers, asked.flood_s, asked.ordinary, asked.flood))
    if "ramp" in parts:
        ramp(bench)
    if "screens" in parts:
        many_screens(bench, asked.screens, 10, asked.screens_s)
    if asked.soak:
        soak(bench, asked.soak, asked.per_second)


def positive(text: str) -> int:
    """Take a number of 1 or more; raise ValueError otherwise."""
    if (number := int(text)) < 1:
        raise ValueError(f"{number} is less than 1")
    return number


def seconds_of_flood(text: str) -> int:
    """Take 1 to flood.LONGEST_S; raise ValueError otherwise."""
    if (seconds := positive(text)) > flood.LONGEST_S:
        raise ValueError(f"{seconds} is more than {flood.LONGEST_S}")
    return seconds


def main() -> None:
    """Run it and print the tables."""
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, help="only these (default: all of them)")
    parser.add_argument("--calls", type=int, default=500, help="calls of the part `calls` (500)")
    parser.add_argument("--per-second", type=float, default=40, help="their rate, and that of the soak (40)")
    parser.add_argument("--takers", type=int, default=50, help="phones at the desk (50)")
    parser.add_argument("--dispatches", type=positive, default=150, help="of the part `dispatch` (150)")
    parser.add_argument("--dispatches-per-second", type=float, default=10, help="their rate (10)")
    parser.add_argument(
        "--parallel", type=positive, default=50, help="calls with an SKPD at a time; a taker for each (50)"
    )
    parser.add_argument("--parallel-s", type=float, default=20, help="of conversation, for CPU a minute, seconds (20)")
    parser.add_argument("--waiting", type=positive, default=50, help="callers who wait and press keys (50)")
    parser.add_argument("--flood", type=positive, default=500, help="calls a minute from one number (500)")
    parser.add_argument("--flood-s", type=seconds_of_flood, default=80, help="for so long, seconds, 90 at most (80)")
    parser.add_argument("--flood-takers", type=positive, default=10, help="phones at the desk meanwhile (10)")
    parser.add_argument("--ordinary", type=positive, default=60, help="other calls a minute beside the flood (60)")
    parser.add_argument("--screens", type=int, default=200, help="clients of the live feed (200)")
    parser.add_argument("--screens-s", type=int, default=30, help="for so long, seconds (30)")
    parser.add_argument("--soak", type=int, default=0, metavar="CALLS", help="so many calls more, for memory (none)")
    parser.add_argument("--profile", action="store_true", help="sample the gateway with py-spy meanwhile")
    asked = parser.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="siaga112-bench-")))
        print("starting the line …", flush=True)
        line = stack.enter_context(
            Line.started(home, SIAGA112_RTP_PORTS="20000-24999", SIAGA112_CARRIER_PROXY=str(free_address("127.0.0.2")))
        )
        token = furnish(line, asked.takers)
        floor = stack.enter_context(floor_beside(line))
        run(Bench(line, floor, token), asked)


if __name__ == "__main__":
    main()
