"""A line that answers calls until it is killed: prints each ticket's number once the desk has told it.

Run as `python -m tests.ticketing.answering_line DATABASE FIRST_SERIAL`.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.ticketing.evidence import MORNING, answered, arrives
from tests.ticketing.room import SetClock
from ticketing.commands import RecordCalls
from ticketing.desk import TicketDesk
from ticketing.model import JournalPosition
from ticketing.store import open_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ticketing.timeline import Entry

AT_ONCE = 8


class Printer:
    """Prints a ticket's number the moment it is told."""

    def publish(self, news: Sequence[Entry]) -> None:
        for entry in news:
            if entry.type == "ticket_opened":
                sys.stdout.write(f"{entry.ticket_number}\n")
                sys.stdout.flush()


async def answer_for_ever(database: str, first: int) -> None:
    store = await open_store(f"sqlite+aiosqlite:///{database}")
    desk = TicketDesk(store, SetClock(MORNING), Printer(), ZoneInfo("Asia/Makassar"))
    serial = first
    while True:
        calls = [arrives(serial + offset) for offset in range(AT_ONCE)]
        commands = [
            RecordCalls((call, answered(call, "101", 4)), (JournalPosition("queue_log", 1, serial + offset),))
            for offset, call in enumerate(calls)
        ]
        await asyncio.gather(*(desk.handle(command) for command in commands))
        serial += AT_ONCE


if __name__ == "__main__":
    asyncio.run(answer_for_ever(sys.argv[1], int(sys.argv[2])))
