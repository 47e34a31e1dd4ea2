"""Verbs about callers who are owed a call back: `siaga112 call-backs …`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.cli.store import show, with_desk, with_store
from ticketing.callbacks import CallBackOutcome

if TYPE_CHECKING:
    from ticketing.people import User
    from ticketing.ports import KeptCallBack, Store

# What a verb needs is imported when it runs: `--help` answers at once.


@click.group("call-backs")
def call_backs() -> None:
    """Callers whom nobody answered, or whose call a fault of the line cut off."""


@call_backs.command("list")
@click.option("--settled", is_flag=True, help="List those that are settled, the last settled first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one array.")
def call_backs_list(*, settled: bool, as_json: bool) -> None:
    """List who is owed a call back, the oldest debt first."""
    from gateway.presentation import call_back_json  # noqa: PLC0415

    found = with_store(lambda store: _all(store, settled=settled))
    rows = [call_back_json(kept) for kept in found] if as_json else [_told(kept) for kept in found]
    show(rows, as_json=as_json, columns=("id", "caller", "since_at", "calls", "attempts", "last", "settled"))


def _told(kept: KeptCallBack) -> dict[str, object]:
    """What a table has room for: how often, and what came of it last."""
    from gateway.presentation import caller_json, rfc3339  # noqa: PLC0415

    one = kept.call_back
    return {
        "id": one.id,
        "caller": caller_json(kept.calls[-1].caller),
        "since_at": rfc3339(one.since),
        "calls": len(kept.calls),
        "attempts": len(one.attempts),
        "last": one.attempts[-1].outcome if one.attempts else None,
        "settled": one.settlement.how if one.settlement else None,
    }


async def _all(store: Store, *, settled: bool) -> list[KeptCallBack]:
    found: list[KeptCallBack] = []
    cursor: str | None = None
    while True:
        page = await store.call_backs(settled=settled, cursor=cursor, limit=200)
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


@call_backs.command("tried")
@click.argument("call_back", metavar="ID", type=click.IntRange(1, 10**18 - 1))
@click.option(
    "--outcome", required=True, type=click.Choice([one.value for one in CallBackOutcome]), help="What came of it."
)
@click.option("--note", help="What there is to say about it; the reason, when it is given up.")
@click.option("--by", "name", required=True, metavar="NAME", help="The user who tried, or who gives it up.")
def call_backs_tried(call_back: int, outcome: str, note: str | None, name: str) -> None:
    """Record that somebody called back (ID: see the list), or that a supervisor gives it up."""
    from ticketing.commands import TryCallBack  # noqa: PLC0415

    user = who_calls_back(name)
    try:
        command = TryCallBack(call_back, CallBackOutcome(outcome), user.name, user.role, note)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with_desk(lambda desk: desk.handle(command))
    click.echo(f"call-back {call_back}: {outcome}")


def who_calls_back(name: str) -> User:
    """Give the user of this name, who may call back; raise UnknownUser, click.UsageError."""
    from ticketing.errors import UnknownUser  # noqa: PLC0415
    from ticketing.permissions import Permission, may  # noqa: PLC0415

    user = with_store(lambda store: store.user(name))
    if user is None or user.disabled:
        raise UnknownUser(name)
    if not may(user.role, Permission.CALL_BACK):
        raise click.UsageError(f"{user.name} has the role {user.role}, which does not call back")
    return user
