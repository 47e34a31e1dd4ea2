"""`siaga112 test-call`: the line calls itself, and the verb says what was seen of it."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from gateway import config
from gateway.cli_store import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.watch.test_call import SeenCall
    from ticketing.ports import Store

# What a verb needs is imported when it runs: `--help` answers at once.

_LINK_WITHIN_S = 5.0


@click.command("test-call")
def test_call() -> None:
    """Have the line call itself: trunk, queue, robot, recording, ticket. Exit status 0: it went the whole way."""
    from gateway.cli_store import with_store  # noqa: PLC0415

    seen = with_store(_placed)
    if not seen.passed:
        click.echo(printable(f"FAILED: {seen.reason}"))
        sys.exit(1)
    click.echo(f"answered after {seen.wait_s:.2f} s, ticket {seen.ticket}, recorded, closed")


async def _placed(store: Store) -> SeenCall:
    from gateway.ami_link import AmiLogin  # noqa: PLC0415
    from gateway.ami_listener import AmiListener  # noqa: PLC0415
    from gateway.clock import SystemClock  # noqa: PLC0415
    from gateway.home import Home, load_secrets  # noqa: PLC0415
    from gateway.watch.test_call import CallPlacer  # noqa: PLC0415
    from ticketing.desk import TicketDesk  # noqa: PLC0415

    settings = config.load()
    home, clock = Home.of(settings), SystemClock()
    login = AmiLogin(settings.ami_bind.host, settings.ami_bind.port, "siaga112", load_secrets(home).ami)
    ami = AmiListener(login, receive=_hear_nothing)
    desk = TicketDesk(store, clock, _Nobody(), settings.zone, settings.targets)
    link = asyncio.create_task(ami.run())
    try:
        # Whatever keeps the link from coming up is the reason that the placer gives.
        await asyncio.wait({asyncio.create_task(ami.connected())}, timeout=_LINK_WITHIN_S)
        return await CallPlacer(ami, store, desk, home, clock, settings.node).place()
    finally:
        link.cancel()
        await asyncio.gather(link, return_exceptions=True)


def _hear_nothing(_event: Mapping[str, str | list[str]]) -> None:
    """What there is to hear, the running gateway hears."""


class _Nobody:
    """The running gateway sees the change in the store; there is nobody else to tell."""

    def publish(self, news: Sequence[object]) -> None:
        """Tell nobody."""
