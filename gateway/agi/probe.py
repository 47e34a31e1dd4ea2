"""Whether the AGI server answers: one connection, one line, a bound on all of it."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.site.config import Bind

_ASK = b"agi_network: yes\nagi_network_script: ping\n\n"
_ANSWER = b'NOOP "pong"\n'


def probe(bind: Bind, timeout_s: float) -> bool:
    """Tell whether the AGI server at this address answers within `timeout_s`; for a watchdog's own thread."""
    until = time.monotonic() + timeout_s
    try:
        with socket.create_connection((bind.host, bind.port), timeout=timeout_s) as peer:
            peer.sendall(_ASK)
            return _read_answer(peer, until) == _ANSWER
    except OSError:
        return False


async def probe_async(bind: Bind, timeout_s: float) -> bool:
    """Do the same on an event loop."""
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(bind.host, bind.port)
            try:
                writer.write(_ASK)
                return await reader.readexactly(len(_ANSWER)) == _ANSWER
            finally:
                writer.close()
    except (OSError, EOFError):
        return False


def _read_answer(peer: socket.socket, until: float) -> bytes:
    answer = b""
    while len(answer) < len(_ANSWER):
        # A peer that sends letter by letter must not stretch the whole.
        peer.settimeout(max(until - time.monotonic(), 0.001))
        more = peer.recv(len(_ANSWER) - len(answer))
        if not more:
            break
        answer += more
    return answer
