"""A ledger that has grown long while nobody read it: real transcripts, told again and again with other ids and callers.

Pure but for reading the transcripts, which tests/telephony/capture.py recorded from a real Asterisk.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.ledger.lines import cel_time, queue_log_time

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRANSCRIPTS: Final = Path(__file__).resolve().parents[1] / "tests/gateway/data/transcripts"
_STORIES: Final = ("answered", "hidden", "abandoned", "second_taker", "overflow")
_ANSWERED: Final = frozenset({"answered", "hidden", "second_taker"})
# A unique id, or an instant: both begin with epoch seconds.
_TIMES: Final = re.compile(r"(?P<node>bima1-)?(?P<epoch>1795\d{6})(?:\.(?P<rest>\d+))?")
_CALLER: Final = "08123456789"  # in every transcript but the hidden caller's
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}")
_SERIALS: Final = 100  # more than a transcript's own
_A_SECOND: Final = 10  # calls


@dataclass(frozen=True, slots=True)
class Backlog:
    """Lines for both journals, and what is to come of them."""

    cel: tuple[str, ...]
    queue_log: tuple[str, ...]
    calls: int
    answered: int


def backlog(records: int, begins: int) -> Backlog:
    """At least so many records of both journals together, the first of them at `begins` (epoch seconds)."""
    calls = answered = 0
    told = {story: (_lines(f"{story}.cel"), _lines(f"{story}.queue_log")) for story in _STORIES}
    # Several calls at a time write into one journal, as it comes.
    timed_cel: list[tuple[float, str]] = []
    timed_log: list[tuple[float, str]] = []
    first = min(int(match["epoch"]) for lines, _ in told.values() for line in lines for match in _TIMES.finditer(line))
    while len(timed_cel) + len(timed_log) < records:
        story = _STORIES[calls % len(_STORIES)]
        later, serial = begins - first + calls // _A_SECOND, calls * _SERIALS
        timed_cel += ((cel_time(line) or 0.0, line) for line in _moved(told[story][0], later, serial))
        timed_log += ((queue_log_time(line) or 0.0, line) for line in _moved(told[story][1], later, serial))
        calls, answered = calls + 1, answered + (story in _ANSWERED)
    return Backlog(_in_order(timed_cel), _in_order(timed_log), calls, answered)


def _in_order(timed: list[tuple[float, str]]) -> tuple[str, ...]:
    return tuple(line for _, line in sorted(timed, key=lambda one: one[0]))


def _lines(name: str) -> list[str]:
    return (_TRANSCRIPTS / name).read_text(encoding="utf-8").splitlines()


def _moved(lines: list[str], later: int, serial: int) -> Iterator[str]:
    def move(found: re.Match[str]) -> str:
        epoch, rest = int(found["epoch"]) + later, found["rest"]
        if found["node"]:
            return f"{found['node']}{epoch}.{int(rest) + serial}"
        return f"{epoch}.{rest}" if rest else str(epoch)

    # Nobody calls six thousand times in ten minutes.
    number = f"{int(_CALLER) + serial // _SERIALS:011d}"

    def renumber(found: re.Match[str]) -> str:
        letters = found[0]
        try:
            text = base64.b64decode(letters, validate=True).decode()
        except ValueError:
            return letters
        return base64.b64encode(_renumbered(text, number).encode()).decode() if _CALLER[1:] in text else letters

    return (_BASE64.sub(renumber, _renumbered(_TIMES.sub(move, line), number)) for line in lines)


def _renumbered(text: str, number: str) -> str:
    return text.replace(_CALLER[1:], number[1:])
