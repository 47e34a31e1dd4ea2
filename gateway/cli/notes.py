"""Verbs about premise notes: `siaga112 notes …`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.cli.store import show, typed_line, with_desk, with_store
from ticketing.premise import PremiseKind, PremiseState

if TYPE_CHECKING:
    from datetime import date, datetime

    from ticketing.people import User
    from ticketing.ports import Store
    from ticketing.premise import PremiseNote, Premises

# What a verb needs is imported when it runs: `--help` answers at once.

_BY = click.option("--by", "name", required=True, metavar="NAME", help="The user who does it: a supervisor, an admin.")


@click.group()
def notes() -> None:
    """Premise notes: what whoever goes there has to know, shown to call takers at the answer."""


@notes.command("list")
@click.option(
    "--state",
    type=click.Choice([one.value for one in PremiseState]),
    default=PremiseState.IN_FORCE.value,
    show_default=True,
    help="List those that stand so today.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one array.")
def notes_list(state: str, *, as_json: bool) -> None:
    """List premise notes, the last written first."""
    from gateway.presentation_history import premise_note_json  # noqa: PLC0415

    day = _today()
    found = with_store(lambda store: _all(store, PremiseState(state), day))
    rows = [premise_note_json(note, day) for note in found]
    for row in rows if not as_json else ():
        row["place"] = row["number"] or f"{row['address']}, {row['area_code']}"
    show(rows, as_json=as_json, columns=("id", "kind", "place", "text", "expires_on", "written_by"))


async def _all(store: Store, state: PremiseState, day: date) -> list[PremiseNote]:
    found: list[PremiseNote] = []
    cursor: str | None = None
    while True:
        page = await store.premise_notes(state, day, cursor=cursor, limit=200)
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


@notes.command("add")
@click.option("--number", metavar="NUMBER", help="The caller's number that it is about, as people write it.")
@click.option("--area", metavar="CODE", help="The area that it is about, by its code; with --address.")
@click.option("--address", help="The house in that area, or how to find it.")
@click.option("--kind", required=True, type=click.Choice([one.value for one in PremiseKind]), help="What it is about.")
@click.option(
    "--text", help="The note; left out, it is read from standard input, and stays out of the shell's history."
)
@click.option(
    "--expires",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The last day on which it holds; left out, a year from today.",
)
@_BY
def notes_add(
    number: str | None,
    area: str | None,
    address: str | None,
    kind: str,
    text: str | None,
    expires: datetime | None,
    name: str,
) -> None:
    """Write a premise note, about a number or about an address in an area."""
    from ticketing.commands import AddPremiseNote  # noqa: PLC0415

    user = _keeper(name)
    try:
        premises = _premises(number, area, address)
        written = typed_line() if text is None else text
        command = AddPremiseNote(
            premises, PremiseKind(kind), written, user.name, expires.date() if expires is not None else None
        )
        note = with_desk(lambda desk: desk.write_premise_note(command))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"note {note.id} written; it holds until {note.expires_on}")


def _premises(number: str | None, area: str | None, address: str | None) -> Premises:
    """What they are about; raise ValueError."""
    from gateway.facts.phone_numbers import telephone  # noqa: PLC0415
    from ticketing.premise import Premises  # noqa: PLC0415

    return Premises(telephone(number) if number is not None else None, area, address)


@notes.command("withdraw")
@click.argument("note", metavar="ID", type=click.IntRange(1, 10**18 - 1))
@click.option("--reason", help="Why it does not hold any more.")
@_BY
def notes_withdraw(note: int, reason: str | None, name: str) -> None:
    """Withdraw a premise note (ID: see the list); it stays on record."""
    from ticketing.commands import WithdrawPremiseNote  # noqa: PLC0415

    user = _keeper(name)
    try:
        with_desk(lambda desk: desk.handle(WithdrawPremiseNote(note, user.name, reason)))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"note {note} withdrawn")


def _keeper(name: str) -> User:
    from ticketing.errors import UnknownUser  # noqa: PLC0415
    from ticketing.permissions import Permission, may  # noqa: PLC0415

    user = with_store(lambda store: store.user(name))
    if user is None or user.disabled:
        raise UnknownUser(name)
    if not may(user.role, Permission.KEEP_PREMISE_NOTES):
        raise click.UsageError(f"{user.name} has the role {user.role}, which does not keep premise notes")
    return user


def _today() -> date:
    from gateway.process.clock import SystemClock  # noqa: PLC0415
    from gateway.site import config  # noqa: PLC0415

    return SystemClock().now().astimezone(config.load().zone).date()
