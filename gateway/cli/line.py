"""How a verb speaks with the running line: the store, the desk, and a link to Asterisk of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from gateway.cli.store import with_store
from gateway.site import config

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from gateway.doorbell.ami_listener import AmiListener
    from gateway.process.clock import SystemClock
    from gateway.site.config import Settings
    from gateway.site.home import Home
    from ticketing.desk import TicketDesk
    from ticketing.ports import Store

# What a verb needs is imported when it runs: `--help` answers at once.

T = TypeVar("T")

_LINK_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class LineParts:
    """What a verb may use of the line."""

    settings: Settings
    home: Home
    clock: SystemClock
    store: Store
    desk: TicketDesk
    ami: AmiListener


def with_line(work: Callable[[LineParts], Awaitable[T]]) -> T:
    """Do `work` with the line of the settings. Whatever keeps the link from coming up is what its actions raise."""

    async def linked(store: Store) -> T:
        parts = _parts(store)
        link = asyncio.create_task(parts.ami.run())
        try:
            await asyncio.wait({asyncio.create_task(parts.ami.connected())}, timeout=_LINK_WITHIN_S)
            return await work(parts)
        finally:
            link.cancel()
            await asyncio.gather(link, return_exceptions=True)

    return with_store(linked)


def _parts(store: Store) -> LineParts:
    from gateway.doorbell.ami_link import AmiLogin  # noqa: PLC0415
    from gateway.doorbell.ami_listener import AmiListener  # noqa: PLC0415
    from gateway.process.clock import SystemClock  # noqa: PLC0415
    from gateway.site.home import Home, load_secrets  # noqa: PLC0415
    from ticketing.desk import TicketDesk  # noqa: PLC0415

    settings = config.load()
    home, clock = Home.of(settings), SystemClock()
    login = AmiLogin(settings.ami_bind.host, settings.ami_bind.port, "siaga112", load_secrets(home).ami)
    desk = TicketDesk(store, clock, _Nobody(), settings.zone, settings.targets, settings.nuisance_rules)
    return LineParts(settings, home, clock, store, desk, AmiListener(login, receive=_hear_nothing))


def _hear_nothing(_event: Mapping[str, str | list[str]]) -> None:
    """What there is to hear, the running gateway hears."""


class _Nobody:
    """The running gateway sees the change in the store; there is nobody else to tell."""

    def publish(self, news: object) -> None:
        """Tell nobody."""
