"""A line of the ledger → the records in it, and when it was written. Pure.

A full disk or a crash tears a record off in its middle, and the next one is written behind it, in the same line. What
is whole in such a line is a record like any other; what is torn is given as a piece of its own, for its reader to
refuse. No text that a caller chooses stands in a journal as it is (cel_custom.conf, extensions.conf): what looks like
the beginning of a record is one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_CEL_BEGINS: Final = '{"eventtype":"'
# `epoch|call|`, or in place of the call what app_queue and its command line write there.
_QUEUE_LOG_BEGINS: Final = re.compile(
    # Looked ahead for: the serial of a torn record's call and the next record's epoch may be one row of digits.
    r"(?=[0-9]{10}\|(?:[a-z0-9]{1,16}-[0-9]{1,11}\.[0-9]+|NONE|REALTIME|MANAGER)\|)"
)

_CEL_TIME: Final = re.compile(r'"eventtime":"(\d{1,11}\.\d{1,6})"')
_QUEUE_LOG_TIME: Final = re.compile(r"(\d{1,11})\|")


def cel_records(line: str) -> tuple[str, ...]:
    """Give the records of a line of cel.json, in order; a line without any is one piece."""
    if line.startswith(_CEL_BEGINS) and line.find(_CEL_BEGINS, 1) < 0:  # as it should be
        return (line,)
    torn, *records = line.split(_CEL_BEGINS)
    return _pieces(torn, [_CEL_BEGINS + record for record in records])


def queue_log_records(line: str) -> tuple[str, ...]:
    """Give the records of a line of queue_log, in order; a line without any is one piece."""
    begins = [match.start() for match in _QUEUE_LOG_BEGINS.finditer(line)]
    ends = [*begins[1:], len(line)]
    # With no beginning there is one end too many: that of the torn piece.
    return _pieces(line[: (begins or ends)[0]], [line[begin:end] for begin, end in zip(begins, ends, strict=False)])


def _pieces(torn: str, records: list[str]) -> tuple[str, ...]:
    return (*((torn,) if torn else ()), *records)


def cel_time(line: str) -> float | None:
    """When a line of cel.json was written, in epoch seconds; None for what does not say."""
    match = _CEL_TIME.search(line)
    return float(match[1]) if match else None


def queue_log_time(line: str) -> float | None:
    """When a line of queue_log was written, in whole epoch seconds; None for what does not say."""
    match = _QUEUE_LOG_TIME.match(line)
    return float(match[1]) if match else None


def of_one_time(journals: Sequence[tuple[Sequence[float | None], bool]]) -> tuple[int, ...]:
    """How many lines of each journal's piece belong together; each with its lines' times, and whether there are more.

    A piece that was cut short ends somewhere in time, and what others wrote later can wait for the rest of it. So a
    call that is caught up with is learned whole, once, and not from each journal by itself.
    """
    ends = [max(known) for times, more in journals if more and (known := [at for at in times if at is not None])]
    if not ends:
        return tuple(len(times) for times, _ in journals)
    horizon = min(ends)
    return tuple(
        next((place for place, at in enumerate(times) if at is not None and at > horizon), len(times))
        for times, _ in journals
    )
