"""Verbs about numbers that prank and ghost calls come from: `siaga112 nuisance …`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.cli.store import show, with_desk, with_store
from gateway.site import config
from ticketing.nuisance import Judgement

if TYPE_CHECKING:
    from ticketing.ports import Store

# What a verb needs is imported when it runs: `--help` answers at once.


@click.group("nuisance")
def nuisance() -> None:
    """Numbers that prank and ghost calls come from: a place further back in line, never a block."""


@nuisance.command("list")
@click.option("--all", "every", is_flag=True, help="List every number with a mark, not only those for a supervisor.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one array.")
def nuisance_list(*, every: bool, as_json: bool) -> None:
    """List numbers beyond the threshold, and those that are confirmed; first those to be looked at."""
    from gateway.presentation import standing_json  # noqa: PLC0415
    from gateway.process.clock import SystemClock  # noqa: PLC0415
    from gateway.watch.standings import marked_numbers  # noqa: PLC0415

    rules = config.load().nuisance_rules
    found = with_store(lambda store: marked_numbers(store, SystemClock().now(), rules))
    rows = [standing_json(one) for one in found if every or one.beyond or one.confirmed]
    if not as_json:
        for row in rows:
            row["marks"] = len(row["marks"])
    columns = ("number", "marks", "score", "confirmed_by", "until_at", "delay_s")
    show(rows, as_json=as_json, columns=columns)


@nuisance.command("confirm")
@click.argument("number")
@click.option("--note", help="What there is to say about it.")
@click.option("--by", "name", required=True, metavar="NAME", help="The supervisor who has looked.")
def nuisance_confirm(number: str, note: str | None, name: str) -> None:
    """Confirm a number's marks: its callers wait some minutes longer than others, for some days."""
    _judge(number, Judgement.CONFIRMED, note, name)


@nuisance.command("forgive")
@click.argument("number")
@click.option("--note", help="What there is to say about it.")
@click.option("--by", "name", required=True, metavar="NAME", help="The supervisor who forgives.")
def nuisance_forgive(number: str, note: str | None, name: str) -> None:
    """Forgive a number all its marks, at once; those to come count anew."""
    _judge(number, Judgement.FORGIVEN, note, name)


def _judge(number: str, judgement: Judgement, note: str | None, name: str) -> None:
    from gateway.facts.phone_numbers import telephone  # noqa: PLC0415
    from ticketing.commands import JudgeNumber  # noqa: PLC0415
    from ticketing.errors import UnknownUser  # noqa: PLC0415

    async def find(store: Store) -> JudgeNumber:
        user = await store.user(name)
        if user is None or user.disabled:
            raise UnknownUser(name)
        return JudgeNumber(telephone(number), judgement, user.name, user.role, note)

    try:
        command = with_store(find)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with_desk(lambda desk: desk.handle(command))
    click.echo(f"{command.number}: {judgement}")
