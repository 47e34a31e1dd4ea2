from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.ticketing.evidence import MORNING
from ticketing.model import ticket_number
from ticketing.store import open_store
from ticketing.timeline import verify_chain

CHECKOUT = Path(__file__).resolve().parents[2]


def killed_after(told: int, database: Path, first_serial: int) -> list[str]:
    """Let a line answer calls, kill it (SIGKILL) when it has told so many tickets; give all that it told."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.ticketing.answering_line", str(database), str(first_serial)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    ) as line:
        assert line.stdout is not None
        numbers = [line.stdout.readline().strip() for _ in range(told)]
        line.kill()
        return [*numbers, *(number for number in line.stdout.read().splitlines() if len(number) == len(numbers[0]))]


FAILS = """
import asyncio, sys
from ticketing.store import open_store

async def fails():
    store = await open_store(sys.argv[1])
    await store.open_tickets()
    raise SystemExit("a part has failed")

asyncio.run(fails())
"""


def test_a_process_that_fails_without_closing_its_store_ends(database: Path) -> None:
    failed = subprocess.run(
        [sys.executable, "-c", FAILS, f"sqlite+aiosqlite:///{database}"],
        cwd=CHECKOUT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (failed.returncode, failed.stderr) == (1, b"a part has failed\n")


async def test_a_line_killed_again_and_again_loses_no_told_ticket_and_leaves_no_gap(database: Path) -> None:
    told: list[str] = []
    for kill, count in enumerate((1, 23, 57, 90)):
        told += killed_after(count, database, first_serial=1 + kill * 10_000)
        store = await open_store(f"sqlite+aiosqlite:///{database}")
        tickets = await store.tickets()
        numbers = sorted(kept.ticket.number for kept in tickets)
        assert numbers == [ticket_number(MORNING.date(), serial) for serial in range(1, len(numbers) + 1)]
        assert set(told) <= set(numbers)
        (position,) = await store.journal_positions()
        assert position.offset == max(int(kept.call.id.rpartition(".")[2]) for kept in tickets)
        for number in numbers[-20:]:
            verify_chain(await store.timeline(number))
        await store.close()
