"""A log that nobody reads stops nobody, and says what it lost."""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from gateway.process.log_queue import MOST_UNWRITTEN, LogQueue
from tests.gateway.agi_peer import wait_until

Obstacle = Callable[[], object]
Through = Callable[[Obstacle], LogCapture]


@pytest.fixture
def logging_through() -> Iterator[Through]:
    """Have every line of the log wait for, or fail with, something of the test's own."""
    before = structlog.get_config()

    def configure(obstacle: Obstacle) -> LogCapture:
        def pass_obstacle(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
            obstacle()
            return event

        written = LogCapture()
        structlog.configure(processors=[pass_obstacle, written])
        return written

    yield configure
    structlog.configure(**before)


def test_lines_are_written_in_order(logging_through: Through) -> None:
    written = logging_through(lambda: None)
    log = LogQueue()
    for number in range(3):
        log.put(logging.INFO, "told", number=number)
    log.close(within_s=10)
    assert [line["number"] for line in written.entries] == [0, 1, 2]


def test_a_log_that_stands_still_loses_lines_and_says_how_many(logging_through: Through) -> None:
    read = threading.Event()
    written = logging_through(lambda: read.wait(60))
    log = LogQueue()
    for _ in range(MOST_UNWRITTEN + 100):
        log.put(logging.INFO, "told")
    assert written.entries == []
    read.set()
    # One line may have been in the writer's hand beside those in the queue.
    wait_until(lambda: len(written.entries) >= MOST_UNWRITTEN)
    log.put(logging.INFO, "told")
    log.close(within_s=10)
    lost = [line["lines_lost"] for line in written.entries if "lines_lost" in line]
    assert len(written.entries) + sum(lost) == MOST_UNWRITTEN + 101


def test_a_log_on_a_full_disk_goes_on_when_there_is_room(logging_through: Through) -> None:
    attempts: list[str] = []

    def disk() -> None:
        attempts.append("write")
        if len(attempts) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")

    written = logging_through(disk)
    log = LogQueue()
    log.put(logging.INFO, "lost")
    log.put(logging.INFO, "told")
    log.close(within_s=10)
    assert [line["event"] for line in written.entries] == ["told"]
