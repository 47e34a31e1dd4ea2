"""`siaga112 test-call`: the line calls itself, and the verb says what was seen of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from gateway.cli.store import printable

if TYPE_CHECKING:
    from gateway.cli.line import LineParts
    from gateway.watch.test_call import SeenCall

# What a verb needs is imported when it runs: `--help` answers at once.


@click.command("test-call")
def test_call() -> None:
    """Have the line call itself: trunk, queue, robot, recording, ticket. Exit status 0: it went the whole way."""
    from gateway.cli.line import with_line  # noqa: PLC0415

    seen = with_line(_placed)
    if not seen.passed:
        click.echo(printable(f"FAILED: {seen.reason}"))
        sys.exit(1)
    click.echo(f"answered after {seen.wait_s:.2f} s, ticket {seen.ticket}, recorded, closed")


async def _placed(line: LineParts) -> SeenCall:
    from gateway.watch.test_call import CallPlacer  # noqa: PLC0415

    return await CallPlacer(line.ami, line.store, line.desk, line.home, line.clock, line.settings.node).place()
