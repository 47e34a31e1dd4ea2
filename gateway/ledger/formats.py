"""How the lines of either journal are read. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.facts import call_facts
from gateway.ledger.lines import cel_records, cel_time, queue_log_records, queue_log_time

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from gateway.facts.call_facts import Fact


class JournalFormat(NamedTuple):
    """The records of a line, what one says (None: nothing we need; Unreadable), and when a line was written."""

    records: Callable[[str], tuple[str, ...]]
    parse: Callable[[str], Fact | None]
    written_at: Callable[[str], float | None]


QUEUE_LOG: Final = JournalFormat(queue_log_records, call_facts.from_queue_log, queue_log_time)


def cel_format(service_numbers: Collection[str] = ()) -> JournalFormat:
    """The format of cel.json; who calls one of these numbers is an officer, and no call to the line."""
    # A tuple, and no closure: a format goes to another process.
    parse = partial(call_facts.from_cel, service_numbers=tuple(service_numbers))
    return JournalFormat(cel_records, parse, cel_time)
