"""`siaga112 dispatch …`: an SKPD is rung for a ticket, as by a click; for whoever has a terminal and no console."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from typing import TYPE_CHECKING, Final

import click

from gateway.cli.store import printable, show, with_desk, with_store
from ticketing.dispatch import SAID_BY_SKPD, DispatchMode, DispatchState
from ticketing.errors import DispatchUnknown, TicketUnknown

if TYPE_CHECKING:
    from gateway.cli.line import LineParts
    from gateway.dispatching.dispatcher import Dispatcher
    from ticketing.dispatch import Dispatch
    from ticketing.ports import Store

# What a verb needs is imported when it runs: `--help` answers at once.

_LOOK_EVERY_S: Final = 0.3
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _by() -> str:
    """Who is on record: whoever is at the terminal."""
    try:
        return f"{getpass.getuser()} (terminal)"
    except (KeyError, OSError):  # a container may have no name for its user
        return "terminal"


@click.group()
def dispatch() -> None:
    """SKPDs sent to tickets."""


@dispatch.command("send")
@click.argument("ticket")
@click.argument("skpd")
@click.option("--consult", is_flag=True, help="The taker speaks with the SKPD first, the caller on music.")
@click.option("--wait/--no-wait", default=True, help="Tell each step until somebody has accepted, or nobody has.")
def dispatch_send(ticket: str, skpd: str, *, consult: bool, wait: bool) -> None:
    """Ring an SKPD for a ticket, line after line. Exit status 0: accepted (with --no-wait: it rings)."""
    from gateway.cli.line import with_line  # noqa: PLC0415

    async def sent(line: LineParts) -> Dispatch:
        mode = DispatchMode.CONSULT if consult else DispatchMode.BRIDGE
        asked = await _dispatcher(line).request(ticket, skpd, _by(), mode)
        click.echo(f"dispatch {asked.id}: {skpd} is rung at {', '.join(asked.lines)}; Ctrl-C does not stop it")
        return await _followed(line.store, asked) if wait else asked

    ended = with_line(sent)
    if wait and ended.state in {DispatchState.FAILED, DispatchState.CANCELLED}:
        sys.exit(1)


async def _followed(store: Store, dispatch: Dispatch) -> Dispatch:
    told: set[str] = set()
    while True:
        now = await store.dispatch(dispatch.id)
        if now is None:
            raise DispatchUnknown(dispatch.id)
        for leg in now.trace.legs:
            step = f"  {now.line(leg)} through {leg.trunk}: {leg.outcome or ('answered' if leg.answered else 'rung')}"
            if step not in told:
                told.add(step)
                click.echo(printable(step))
        if not now.rings or now.updates:
            click.echo(f"dispatch {now.id}: {now.state}")
            return now
        await asyncio.sleep(_LOOK_EVERY_S)


@dispatch.command("join")
@click.argument("ticket")
@click.argument("number", type=click.IntRange(1))
def dispatch_join(ticket: str, number: int) -> None:
    """After a consultation: caller, taker and SKPD in one conversation."""
    from gateway.cli.line import with_line  # noqa: PLC0415

    async def joined(line: LineParts) -> None:
        found = await line.store.dispatch(number)
        if found is None or found.ticket != ticket:
            raise DispatchUnknown(number)
        await _dispatcher(line).join(found)

    with_line(joined)
    click.echo(f"dispatch {number}: joined")


@dispatch.command("cancel")
@click.argument("ticket")
@click.argument("number", type=click.IntRange(1))
def dispatch_cancel(ticket: str, number: int) -> None:
    """Withdraw a dispatch that nobody has accepted; what rings stops ringing."""
    from gateway.cli.line import with_line  # noqa: PLC0415

    cancelled = with_line(lambda line: _dispatcher(line).cancel(ticket, number, _by()))
    click.echo(f"dispatch {cancelled.id}: {cancelled.state}")


def _dispatcher(line: LineParts) -> Dispatcher:
    from gateway.dispatching.dispatcher import Dispatcher  # noqa: PLC0415

    return Dispatcher(line.settings, line.home, line.store, line.desk, ami=line.ami, journals=(), clock=line.clock)


@dispatch.command("update")
@click.argument("ticket")
@click.argument("number", type=click.IntRange(1))
@click.argument("state", type=click.Choice(sorted(SAID_BY_SKPD)))
@click.option("--note", help="What there is to say about it.")
def dispatch_update(ticket: str, number: int, state: str, note: str | None) -> None:
    """Put on record what the SKPD says of its dispatch."""
    from ticketing.commands import UpdateDispatch  # noqa: PLC0415

    try:
        said = UpdateDispatch(ticket, number, DispatchState(state), _by(), note=note)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with_desk(lambda desk: desk.handle(said))
    click.echo(f"dispatch {number}: {state}")


@dispatch.command("list")
@click.argument("ticket")
@_JSON
def dispatch_list(ticket: str, *, as_json: bool) -> None:
    """List the dispatches of a ticket, with every line that was rung."""
    from gateway.presentation import dispatch_json  # noqa: PLC0415

    async def found(store: Store) -> tuple[Dispatch, ...]:
        if await store.ticket(ticket) is None:
            raise TicketUnknown(ticket)
        return (await store.dispatches([ticket])).get(ticket, ())

    rows = [dispatch_json(one) for one in with_store(found)]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        row["lines"] = [f"{leg['line']} {leg['outcome'] or 'under way'}" for leg in row["legs"]]
    show(rows, as_json=False, columns=("id", "skpd", "state", "requested_at", "accepted_at", "bridged_at", "lines"))
