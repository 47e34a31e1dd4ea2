"""A line of the ledger → the records in it. Pure.

A full disk or a crash tears a record off in its middle, and the next one is written behind it, in the same line. What
is whole in such a line is a record like any other; what is torn is given as a piece of its own, for its reader to
refuse. No text that a caller chooses stands in a journal as it is (cel_custom.conf, extensions.conf): what looks like
the beginning of a record is one.
"""

from __future__ import annotations

import re
from typing import Final

_CEL_BEGINS: Final = '{"eventtype":"'
# `epoch|call|`, or in place of the call what app_queue and its command line write there.
_QUEUE_LOG_BEGINS: Final = re.compile(
    # Looked ahead for: the serial of a torn record's call and the next record's epoch may be one row of digits.
    r"(?=[0-9]{10}\|(?:[a-z0-9]{1,16}-[0-9]{1,11}\.[0-9]+|NONE|REALTIME|MANAGER)\|)"
)


def cel_records(line: str) -> tuple[str, ...]:
    """Give the records of a line of cel.json, in order; a line without any is one piece."""
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
