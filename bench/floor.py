"""The floor: a bare panoramisk listener that commits one row for each answer, and nothing else.

What any gateway on this Asterisk must at least do. It logs in as the gateway does, with the same event filter, and
prints, for every call, when Asterisk stamped the answer and when its row was on disk.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import aiosqlite
from panoramisk import Manager

if TYPE_CHECKING:
    from panoramisk import Message


async def listen(port: int, secret: str, database: Path) -> None:
    """Commit and print until the process is ended."""
    inbox: asyncio.Queue[tuple[str, float]] = asyncio.Queue()
    manager = Manager(host="127.0.0.1", port=port, username="siaga112", secret=secret)

    def answered(_manager: Manager, event: Message) -> None:
        inbox.put_nowait((str(event["Uniqueid"]), float(str(event["Timestamp"]))))

    manager.register_event("AgentConnect", answered)
    async with aiosqlite.connect(database, isolation_level=None) as rows:
        await rows.execute("PRAGMA journal_mode=WAL")
        await rows.execute("PRAGMA synchronous=FULL")
        await rows.execute("CREATE TABLE answers (call TEXT PRIMARY KEY, at REAL)")
        await manager.connect()
        print("listening", flush=True)
        while True:
            call, at = await inbox.get()
            await rows.execute("INSERT INTO answers VALUES (?, ?)", (call, at))
            print(call, f"{at:.6f}", f"{time.time():.6f}", flush=True)


if __name__ == "__main__":
    asyncio.run(listen(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
