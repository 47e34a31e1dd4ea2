"""A look that is repeated: soon after somebody has woken it, and now and then by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = structlog.get_logger()

# The command line changes things as well, and tells nobody.
_LOOK_EVERY_S: Final = 2.0
# What happens together is looked at together: nobody notices half a second.
_AT_MOST_EVERY_S: Final = 0.5


async def looking(look: Callable[[], Awaitable[None]], woken: asyncio.Event, refused: str) -> None:
    """Look for ever; `refused` is what is logged while the store refuses."""
    while True:
        woken.clear()
        try:
            await look()
        except Siaga112Error as error:  # the store, which says so itself
            log.warning(refused, reason=str(error))
        await asyncio.sleep(_AT_MOST_EVERY_S)
        try:
            async with asyncio.timeout(_LOOK_EVERY_S):
                await woken.wait()
        except TimeoutError:
            continue
