"""How every process of ours logs: one JSON object a line, on standard error unless it says otherwise."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO, cast

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


class Lenient:
    """A stream that takes what it can: of a full disk, nobody who has something to tell may die."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write it, or not."""
        with suppress(OSError, ValueError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        """Flush, or not."""
        with suppress(OSError, ValueError):
            self._stream.flush()


class _Quiet:
    """Lets everything pass, or errors alone."""

    errors_alone = False

    def __call__(self, _logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        if self.errors_alone and _LEVELS.get(event.get("level", "error"), logging.ERROR) < logging.ERROR:
            raise structlog.DropEvent
        return event


_quiet = _Quiet()


def errors_alone(*, quiet: bool) -> None:
    """Have this process log errors only, or everything again."""
    _quiet.errors_alone = quiet


def configure(stream: TextIO = sys.stderr) -> None:
    """Have this process log to `stream`, libraries' warnings too."""
    lenient = cast("TextIO", Lenient(stream))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _quiet,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=lenient),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=lenient, format="%(name)s: %(message)s")
