"""`--dispatch-kills`: the gateway is killed at random instants of dispatches, on some lines side by side.

Nobody may be dropped, no line dialled twice, and every leg has to be on its ticket afterwards.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chaos.dispatch_lane import Lane
from chaos.dispatch_plan import Moment, draw
from chaos.dispatch_scene import Stopped
from chaos.dispatch_verdict import judge_dispatches
from chaos.verdict import Verdict, Violation, judge

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from chaos.dispatch_plan import Round
    from chaos.dispatch_verdict import Played

# A dispatch that Asterisk has nothing of is given up after 10 s and two looks (gateway/dispatching/dispatcher.py).
_SETTLES_WITHIN_S: Final = 45.0
_LOOKS_EVERY_S: Final = 1.0


def dispatch_kills(asked: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Play the rounds, print what was found; give how many violations there were."""
    rounds, stop = draw(asked.seed, asked.dispatch_kills), threading.Event()
    shares = [rounds[first :: asked.side_by_side] for first in range(min(asked.side_by_side, len(rounds)))]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="siaga112-chaos-")))
        lanes = [
            stack.enter_context(Lane.opened(folder / f"line-{index}", index, share, stop))
            for index, share in enumerate(shares)
        ]
        pool = stack.enter_context(ThreadPoolExecutor(len(lanes)))
        stack.callback(stop.set)  # before the pool waits for its threads: Ctrl-C ends them too
        for playing in [pool.submit(_play, *one, say) for one in zip(lanes, shares, strict=True)]:
            playing.result()
        verdict, counts = _verdict_of(lanes)
        for text in _report([one for lane in lanes for one in lane.played], verdict, counts):
            say(text)
        if asked.keep:
            for index, lane in enumerate(lanes):
                lane.keep(asked.keep / f"line-{index}")
    return len(verdict.violations)


def _play(lane: Lane, share: Sequence[Round], say: Callable[[str], None]) -> None:
    try:
        for one in share:
            began = time.strftime("%H:%M:%S", time.gmtime())
            say(f"{one.count:4}  {began}  {lane.play(one)}")
    except Stopped:
        return


def _verdict_of(lanes: Iterable[Lane]) -> tuple[Verdict, Counter[str]]:
    """Let every line settle, and judge; what is missing for a while is missing."""
    deadline = time.monotonic() + _SETTLES_WITHIN_S
    whole, counts = Verdict(), Counter[str]()
    for lane in lanes:
        while True:
            verdict, found = _look(lane)
            if not verdict.violations or time.monotonic() > deadline:
                break
            time.sleep(_LOOKS_EVERY_S)
        whole.violations += verdict.violations
        whole.apart += verdict.apart
        whole.calls, whole.answered = whole.calls + verdict.calls, whole.answered + verdict.answered
        counts += found
    return whole, counts


def _look(lane: Lane) -> tuple[Verdict, Counter[str]]:
    ledger = lane.written()
    found = judge_dispatches(lane.played, lane.rung(), ledger.dispatches, lane.standing())
    verdict = judge(lane.callers, ledger, lane.told(), ())
    verdict.violations += found.violations
    if why := lane.unwell():
        verdict.violations.append(Violation("the line is not well at the end", why, "afterwards"))
    if ledger.unreadable_pieces:
        verdict.violations.append(Violation("the ledger is not whole", str(ledger.unreadable_pieces), "afterwards"))
    found.counts["callers dropped"] = sum("cut" in call.steps for call in lane.callers.values())
    return verdict, found.counts


def _report(played: Sequence[Played], verdict: Verdict, counts: Counter[str]) -> Iterator[str]:
    """The table by moment, what was counted, and every violation; line by line."""
    yield "\n  killed at            rounds   answer lost   seen to its end"
    for moment in Moment:
        them = [one for one in played if one.plan.moment is moment]
        lost = sum(None in one.answers.values() for one in them)
        yield f"  {moment:<18}{len(them):9}{lost:14}{sum(not one.unseen for one in them):18}"
    yield ""
    yield f"{verdict.calls} calls, {verdict.answered} answered; {len(played)} kills of the gateway"
    for what in ("dispatches", "lines rung", "legs", "callers dropped", "lines dialled twice", "legs missing"):
        yield f"  {counts.pop(what, 0):5} {what}"
    for what, count in sorted((counts + verdict.apart).items()):
        yield f"  apart: {count} {what}"
    for violation in verdict.violations:
        yield f"  VIOLATION  {violation}"
    yield f"{len(verdict.violations)} violations"
