"""`make chaos`: faults at random under real calls on a line of its own, and whether any call or ticket was lost.

The plan follows from the seed. The truth is what SIPp noted at both ends of each call and what Asterisk wrote into its
ledger, never the gateway's word. Exit status 1: something must not have been. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import random
import secrets
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chaos import sealed
from chaos.catch_up import catch_up
from chaos.dispatch_scene import Unseen
from chaos.dispatches import dispatch_kills
from chaos.faults import inflict
from chaos.ground import Ground, Stuck
from chaos.kills import kill_gateway, violations_of
from chaos.plan import Kind, draw
from chaos.report import report
from chaos.verdict import Ordeal, Violation, judge
from gateway.telephony.provide import AsteriskUnavailable, provide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaos.plan import Fault
    from chaos.verdict import Verdict

_RECOVERS_WITHIN_S: Final = 45.0
_CATCHES_UP_WITHIN_S: Final = 60.0
_LOOKED_AT_AGAIN_FOR_S: Final = 15.0
_WARM_UP_S: Final = 3.0
_MOST: Final = 2000
_MOST_LINES: Final = 20


def say(text: str) -> None:
    """Print one line at once."""
    print(text, flush=True)


# ---- faults of every kind --------------------------------------------------------------------------------------------


def suffer(fault: Fault, ground: Ground) -> tuple[Ordeal, list[Violation]]:
    """One fault, and the line ready again; a violation when it does not come back."""
    in_flight = sum(call.ended is None and call.wanted_to_go is None for call in ground.seen().values())
    ordeal = Ordeal(fault, time.time(), in_flight=in_flight)
    stuck: list[Violation] = []
    try:
        inflict(fault, ground)
        ordeal.released = time.time()
        ground.settle(_RECOVERS_WITHIN_S)
    except Stuck as why:
        stuck.append(Violation("the line did not become ready again", str(why)[-2000:], str(fault.kind)))
    ordeal.recovered = time.time()
    ordeal.released = ordeal.released or ordeal.recovered
    return ordeal, stuck


def faults(asked: argparse.Namespace, ground: Ground) -> tuple[list[Ordeal], list[Violation]]:
    """Have the line suffer all that the seed gives."""
    ordeals: list[Ordeal] = []
    violations: list[Violation] = []
    for count, fault in enumerate(draw(asked.seed, asked.faults, short=asked.short), 1):
        one, stuck = suffer(fault, ground)
        ordeals.append(one)
        violations += stuck
        stood, again = time.strftime("%H:%M:%S", time.gmtime(one.began)), one.recovered - one.released
        how = f"{one.in_flight:3} calls in flight; {'NOT READY after' if stuck else 'ready again in'} {again:.1f} s"
        say(f"{count:4}  {stood}  {fault!s:<48} {how}")
        ground.relieve()
        time.sleep(fault.pause_s)
    return ordeals, violations


# ---- the two other questions -----------------------------------------------------------------------------------------


def kills(asked: argparse.Namespace, ground: Ground) -> tuple[list[Ordeal], list[Violation]]:
    """Have the gateway killed again and again."""
    chance = random.Random(asked.seed)
    took: list[float] = []
    violations: list[Violation] = []
    for count in range(1, asked.kills + 1):
        kill = kill_gateway(ground, chance)
        say(f"{count:4}  {kill}")
        took.append(kill.took_s)
        violations += violations_of(kill, count)
        ground.relieve()
    median, longest = statistics.median(took), max(took)
    say(f"\nevery ticket there and true, seconds after the next start: p50 {median:.1f}, longest {longest:.1f}")
    return [], violations


def long_ledger(asked: argparse.Namespace, ground: Ground) -> tuple[list[Ordeal], list[Violation]]:
    """Have a long ledger caught up with."""
    caught_up = catch_up(ground, asked.catch_up)
    say(str(caught_up))
    return [], caught_up.violations()


# ---- all of it -------------------------------------------------------------------------------------------------------


def verdict_of(ground: Ground, ordeals: Sequence[Ordeal]) -> Verdict:
    """Let it catch up, and judge; what is missing for a while is missing."""
    unwell: list[Violation] = []
    try:
        ground.settle(_CATCHES_UP_WITHIN_S, ground.is_well)
    except Stuck as why:
        unwell.append(Violation("the line is not well at the end", str(why), "afterwards"))
    deadline = time.monotonic() + _LOOKED_AT_AGAIN_FOR_S
    while True:
        ledger = ground.written()
        verdict = judge(ground.seen(), ledger, ground.told(), ordeals)
        if not verdict.violations or time.monotonic() > deadline:
            break
        time.sleep(1)
    unreadable = int(str(ground.line.health().get("unreadable", 0)))
    if unreadable > ledger.unreadable_pieces:
        found = f"{unreadable} unreadable, and {ledger.unreadable_pieces} pieces of garbage in the ledger"
        unwell.append(Violation("more is unreadable than garbage explains", found, "whenever"))
    verdict.violations += unwell
    return verdict


def chaos(asked: argparse.Namespace) -> int:
    """Run what was asked for; give the exit status."""
    if asked.dispatch_kills:
        say(f"chaos: {asked.dispatch_kills} kills of the gateway in dispatches, seed {asked.seed}")
        status = 1 if dispatch_kills(asked, say) else 0
        say(f"seed {asked.seed}")
        return status
    what, done = f"{asked.faults} faults", faults
    if asked.kills:
        what, done = f"{asked.kills} kills of the gateway", kills
    elif asked.catch_up:
        what, done = f"{asked.catch_up} records to catch up with", long_ledger
    say(f"chaos: {what}, seed {asked.seed}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="siaga112-chaos-")))
        ground = stack.enter_context(Ground.staffed(folder))
        with ground.calls(asked.per_second):
            time.sleep(_WARM_UP_S)
            ordeals, violations = done(asked, ground)
            time.sleep(_WARM_UP_S)
        verdict = verdict_of(ground, ordeals)
        verdict.violations += violations
        for text in report(verdict, ordeals):
            say(text)
        if asked.keep:
            ground.keep(asked.keep)
    say(f"seed {asked.seed}")
    return 1 if verdict.violations else 0


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        prog="make chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = len(Kind)
    parser.add_argument("--faults", type=int, default=kinds, help=f"so many; make chaos N=… ({kinds}: each kind once)")
    parser.add_argument("--kills", type=int, default=0, help="instead: kill the gateway so often, at random instants")
    parser.add_argument("--catch-up", type=int, default=0, metavar="RECORDS", help="instead: read so long a ledger")
    parser.add_argument("--dispatch-kills", type=int, default=0, help="instead: kill it so often, in dispatches")
    parser.add_argument("--side-by-side", type=int, default=3, metavar="LINES", help="on so many lines at once (3)")
    parser.add_argument("--seed", type=int, help="the same faults again; make chaos SEED=… (others)")
    parser.add_argument("--per-second", type=float, default=5, help="calls (5)")
    parser.add_argument("--short", action="store_true", help="hold none for longer than 1 s, as `make test` does")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave SIPp's record, journals, logs, store there")
    asked = parser.parse_args(words)
    if not 1 <= asked.faults <= _MOST or not all(0 <= kills <= _MOST for kills in (asked.kills, asked.dispatch_kills)):
        parser.error(f"1 to {_MOST} faults, or kills")
    if not 1 <= asked.side_by_side <= _MOST_LINES:
        parser.error(f"1 to {_MOST_LINES} lines side by side")
    if asked.seed is None:
        asked.seed = secrets.randbelow(1_000_000)
    return asked


def main() -> None:
    """Run it in a world of its own."""
    asked = arguments(sys.argv[1:])
    try:
        # Now: in a world without a network it could not be fetched any more.
        provide(say=lambda line: print(f"chaos: {line}", flush=True))
        sealed.enter([*sys.argv[1:], "--seed", str(asked.seed)])
        sys.exit(chaos(asked))
    except sealed.NoWorld as why:
        sys.exit(f"chaos: this machine gives no namespaces to mount small disks in: {why}")
    except (AsteriskUnavailable, Stuck, Unseen, TimeoutError) as why:
        sys.exit(f"chaos: {why}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
