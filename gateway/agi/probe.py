"""Whether the AGI server answers: one connection, one line, a bound on all of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.site.config import Bind

_ASK = b"agi_network: yes\nagi_network_script: ping\n\n"
_ANSWER = b'NOOP "pong"\n'


async def probe(bind: Bind, timeout_s: float) -> bool:
    """Tell whether the AGI server at this address answers within `timeout_s`."""
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
