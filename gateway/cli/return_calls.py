"""`siaga112 return-call …`: a caller is called back from a taker's phone, as by a click."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final

import click

from gateway.cli.call_backs import who_calls_back
from ticketing.errors import ReturnCallUnknown

if TYPE_CHECKING:
    from gateway.cli.line import LineParts
    from gateway.dispatching.return_caller import ReturnCaller
    from ticketing.ports import Store
    from ticketing.return_calls import ReturnCall

# What a verb needs is imported when it runs: `--help` answers at once.

_LOOK_EVERY_S: Final = 0.3
_BY = click.option("--by", "name", required=True, metavar="NAME", help="The user who calls back, or withdraws it.")


@click.group("return-call")
def return_call() -> None:
    """Callers called back from a taker's phone."""


@return_call.command("start")
@click.option("--call-back", type=click.IntRange(1, 10**18 - 1), metavar="ID", help="Whom: see call-backs list.")
@click.option("--ticket", metavar="NUMBER", help="Or the caller of this ticket, who has hung up.")
@click.option("--phone", required=True, metavar="EXTENSION", help="The call taker's phone that rings first.")
@_BY
@click.option("--wait/--no-wait", default=True, help="Tell each step until it is over.")
def return_call_start(*, call_back: int | None, ticket: str | None, phone: str, name: str, wait: bool) -> None:
    """Ring a taker's phone, then the caller. Exit status 0: they talked (with --no-wait: the phone rings)."""
    from gateway.cli.line import with_line  # noqa: PLC0415
    from ticketing.return_calls import ReturnOutcome  # noqa: PLC0415

    if (call_back is None) is (ticket is None):
        raise click.UsageError("give --call-back or --ticket")
    user = who_calls_back(name)

    async def made(line: LineParts) -> ReturnCall:
        asked = await _caller(line).request(phone, user.name, call_back=call_back, ticket=ticket)
        click.echo(f"return call {asked.id}: the phone {phone} rings; Ctrl-C does not stop it")
        return await _followed(line.store, asked) if wait else asked

    ended = with_line(made)
    if wait and ended.outcome is not ReturnOutcome.REACHED:
        sys.exit(1)


async def _followed(store: Store, call: ReturnCall) -> ReturnCall:
    told = str(call.state)
    while True:
        now = await store.return_call(call.id)
        if now is None:
            raise ReturnCallUnknown(call.id)
        stands = str(now.outcome or now.state)
        if stands != told:
            told = stands
            click.echo(f"return call {now.id}: {stands}")
        if now.outcome:
            return now
        await asyncio.sleep(_LOOK_EVERY_S)


@return_call.command("withdraw")
@click.argument("number", type=click.IntRange(1, 10**9 - 1))
@_BY
def return_call_withdraw(number: int, name: str) -> None:
    """Withdraw a return call that only rings."""
    from gateway.cli.line import with_line  # noqa: PLC0415

    user = who_calls_back(name)
    withdrawn = with_line(lambda line: _caller(line).cancel(number, user.name))
    click.echo(f"return call {withdrawn.id}: withdrawn")


def _caller(line: LineParts) -> ReturnCaller:
    from gateway.dispatching.return_caller import ReturnCaller  # noqa: PLC0415

    return ReturnCaller(line.settings.node, line.store, line.desk, ami=line.ami, journals=(), clock=line.clock)
