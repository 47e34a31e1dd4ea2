"""Screens that listen to the live feed: `python -m bench.screens ADDRESS TOKEN COUNT FILE`, until SIGTERM.

Each of them notes when it was told of each entry; at the end FILE has a line for each entry: its seq, and the epoch
seconds at which each screen had it. Two hundred of them are one process here, so frames are taken apart by hand (RFC
6455, 5.2): a library's client would spend more than the server that is measured.
"""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path

_SEQ = re.compile(rb'\{"seq":\s*(\d+),"type":"(?!heartbeat)')
_SHORT, _TWO_BYTES = 126, 2


class Screen(asyncio.Protocol):
    """One listener."""

    def __init__(self, ask: bytes, heard: dict[int, list[float]], ready: asyncio.Semaphore) -> None:
        self._ask = ask
        self._heard = heard
        self._ready = ready
        self._data = b""
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the feed."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._ask)

    def data_received(self, data: bytes) -> None:
        """Take what has come apart into frames, and note the entries."""
        now = time.time()
        self._data += data
        if not self._upgraded:
            head, found, rest = self._data.partition(b"\r\n\r\n")
            if not found:
                return
            assert b" 101 " in head.partition(b"\r\n")[0], head
            self._upgraded, self._data = True, rest
            self._ready.release()
        at = 0
        while (frame := self._frame(at)) is not None:
            begin, at = frame
            if match := _SEQ.match(self._data, begin, at):
                self._heard[int(match[1])].append(now)
        self._data = self._data[at:]

    def _frame(self, at: int) -> tuple[int, int] | None:
        """Where the payload of the frame at `at` begins and ends; None when it is not whole yet."""
        if len(self._data) < at + 2:
            return None
        length, begin = self._data[at + 1] & 127, at + 2
        if length == _SHORT:
            begin += _TWO_BYTES
            length = int.from_bytes(self._data[at + 2 : begin], "big")
        return (begin, begin + length) if len(self._data) >= begin + length else None


async def listen(address: str, token: str, count: int) -> dict[int, list[float]]:
    """Listen with so many screens until SIGTERM; give what they heard, and when."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    heard: dict[int, list[float]] = defaultdict(list)
    ready = asyncio.Semaphore(0)
    host, _, port = address.rpartition(":")
    ask = (
        f"GET /api/v1/live HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    screens = [await loop.create_connection(lambda: Screen(ask, heard, ready), host, int(port)) for _ in range(count)]
    for _ in screens:
        await ready.acquire()
    print("listening", flush=True)
    await stop.wait()
    for transport, _ in screens:
        transport.abort()
    return heard


def main() -> None:
    """Listen, then write the file."""
    address, token, count, file = sys.argv[1:]
    heard = asyncio.run(listen(address, token, int(count)))
    lines = (f"{seq} {' '.join(f'{at:.6f}' for at in times)}\n" for seq, times in sorted(heard.items()))
    Path(file).write_text("".join(lines), encoding="ascii")


if __name__ == "__main__":
    main()
