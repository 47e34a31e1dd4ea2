"""What is behind the demo's carrier: the telephones of its SKPDs. Any other number is not in use."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bench.softphone import Plan, Softphone
from demo.people import SKPDS
from gateway.dispatching.line_syntax import parse_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.town import Town

NUMBERS: Final = frozenset(parse_line(line).number for _, _, lines, _ in SKPDS for line in lines)
_NOT_IN_USE: Final = Plan(refuses="404 Not Found")


@contextmanager
def telephones(town: Town) -> Iterator[Softphone]:
    """Telephones that do as the town has it, at the carrier's address, while the block runs."""
    called: Counter[str] = Counter()

    def plan(number: str) -> Plan:
        if number not in NUMBERS:
            return _NOT_IN_USE
        called[number] += 1
        return town.telephone(number, called[number])

    with Softphone(plan, host="127.0.0.2") as exchange:
        yield exchange
