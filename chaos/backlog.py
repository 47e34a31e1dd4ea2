"""A ledger that has grown long while nobody read it: real transcripts, told again and again with other calls' ids.

Pure but for reading the transcripts, which tests/telephony/capture.py recorded from a real Asterisk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRANSCRIPTS: Final = Path(__file__).resolve().parents[1] / "tests/gateway/data/transcripts"
_STORIES: Final = ("answered", "hidden", "abandoned", "second_taker", "overflow")
_ANSWERED: Final = frozenset({"answered", "hidden", "second_taker"})
# A unique id, or an instant: both begin with epoch seconds.
_TIMES: Final = re.compile(r"(?P<node>bima1-)?(?P<epoch>1795\d{6})(?:\.(?P<rest>\d+))?")
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
    cel: list[str] = []
    queue_log: list[str] = []
    calls = answered = 0
    told = {story: (_lines(f"{story}.cel"), _lines(f"{story}.queue_log")) for story in _STORIES}
    first = min(int(match["epoch"]) for lines, _ in told.values() for line in lines for match in _TIMES.finditer(line))
    while len(cel) + len(queue_log) < records:
        story = _STORIES[calls % len(_STORIES)]
        later, serial = begins - first + calls // _A_SECOND, calls * _SERIALS
        cel += _moved(told[story][0], later, serial)
        queue_log += _moved(told[story][1], later, serial)
        calls, answered = calls + 1, answered + (story in _ANSWERED)
    return Backlog(tuple(cel), tuple(queue_log), calls, answered)


def _lines(name: str) -> list[str]:
    return (_TRANSCRIPTS / name).read_text(encoding="utf-8").splitlines()


def _moved(lines: list[str], later: int, serial: int) -> Iterator[str]:
    def move(found: re.Match[str]) -> str:
        epoch, rest = int(found["epoch"]) + later, found["rest"]
        if found["node"]:
            return f"{found['node']}{epoch}.{int(rest) + serial}"
        return f"{epoch}.{rest}" if rest else str(epoch)

    return (_TIMES.sub(move, line) for line in lines)
