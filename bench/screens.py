"""Screens that listen to the live feed: `python -m bench.screens ADDRESS TOKEN COUNT FILE`, until SIGTERM.

Each of them notes when it was told of each entry; at the end FILE has a line for each entry: its seq, and the epoch
seconds at which each screen had it.
"""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path

import aiohttp

_SEQ = re.compile(r'\{"seq":\s*(\d+)')


async def _screen(session: aiohttp.ClientSession, heard: dict[int, list[float]], ready: asyncio.Semaphore) -> None:
    async with session.ws_connect("/api/v1/live") as feed:
        ready.release()
        async for message in feed:
            text: str = message.data
            if '"heartbeat"' not in text and (match := _SEQ.match(text)):
                heard[int(match[1])].append(time.time())


async def listen(address: str, token: str, count: int) -> dict[int, list[float]]:
    """Listen with so many screens until SIGTERM; give what they heard, and when."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    heard: dict[int, list[float]] = defaultdict(list)
    ready = asyncio.Semaphore(0)
    headers = {"Authorization": f"Bearer {token}"}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(f"http://{address}", headers=headers, connector=connector) as session:
        screens = [asyncio.create_task(_screen(session, heard, ready)) for _ in range(count)]
        for _ in screens:
            await ready.acquire()
        print("listening", flush=True)
        await stop.wait()
        for screen in screens:
            screen.cancel()
        await asyncio.gather(*screens, return_exceptions=True)
    return heard


def main() -> None:
    """Listen, then write the file."""
    address, token, count, file = sys.argv[1:]
    heard = asyncio.run(listen(address, token, int(count)))
    lines = (f"{seq} {' '.join(f'{at:.6f}' for at in times)}\n" for seq, times in sorted(heard.items()))
    Path(file).write_text("".join(lines), encoding="ascii")


if __name__ == "__main__":
    main()
