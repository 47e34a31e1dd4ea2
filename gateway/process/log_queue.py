"""A log that holds up nobody: lines are written by a thread of its own.

A full disk, or a pipe that nobody reads, would otherwise stop whoever has something to tell.
"""

from __future__ import annotations

import queue
import threading
from contextlib import suppress

import structlog

MOST_UNWRITTEN = 1000


class LogQueue:
    """Takes lines at once and writes them when it can; what did not fit is counted in the next line."""

    def __init__(self) -> None:
        self._lines: queue.Queue[tuple[int, str, dict[str, object]] | None] = queue.Queue(MOST_UNWRITTEN)
        self._lost = 0
        self._counting = threading.Lock()
        self._log = structlog.get_logger()
        self._writer = threading.Thread(target=self._write, name="log", daemon=True)
        self._writer.start()

    @property
    def alive(self) -> bool:
        """Whether lines are still taken off the queue."""
        return self._writer.is_alive()

    def put(self, level: int, event: str, **facts: object) -> None:
        """Log this event, soon; never waits."""
        try:
            self._lines.put_nowait((level, event, facts))
        except queue.Full:
            with self._counting:
                self._lost += 1

    def close(self, within_s: float) -> None:
        """Write what there is, as long as that takes no longer than this; take no more."""
        with suppress(queue.Full):
            self._lines.put_nowait(None)
        self._writer.join(within_s)

    def _write(self) -> None:
        while line := self._lines.get():
            level, event, facts = line
            with self._counting:
                lost, self._lost = self._lost, 0
            if lost:
                facts["lines_lost"] = lost
            # A full disk, a closed stream: this line is lost, and there is nowhere to say so.
            with suppress(OSError, ValueError):
                self._log.log(level, event, **facts)
