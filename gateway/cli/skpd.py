"""Verbs about the SKPDs that a taker can connect a caller with: `siaga112 skpd …`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.store import printable, show, typed_line, with_desk, with_store
from ticketing.errors import SkpdUnknown
from ticketing.skpd import RING_S, USUAL_RING_S, Line, Skpd

if TYPE_CHECKING:
    from collections.abc import Callable

# What a verb needs is imported when it runs: `--help` answers at once.


class LineText(click.ParamType["Line"]):
    """A line as it is typed: NUMBER[,ring=25][,hours=Mon-Fri 07:30-16:00]."""

    name = "NUMBER"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Line:  # noqa: ANN401 - click's own signature
        """Parse it, whatever it is; a refusal says how it is written."""
        from gateway.dispatching.line_syntax import parse_line  # noqa: PLC0415

        try:
            return parse_line(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _lines(*, required: bool) -> Callable[[Any], Any]:
    return click.option(
        "--line",
        "lines",
        multiple=True,
        required=required,
        type=LineText(),
        help=(
            "A number that reaches it, the one to be rung first first; behind it, if need be, ',ring=SECONDS' "
            f"({RING_S[0]} to {RING_S[-1]}, else {USUAL_RING_S}) and ',hours=Mon-Fri 07:30-16:00' (else always)."
        ),
    )


_CATEGORIES = click.option(
    "--category", "categories", multiple=True, metavar="CODE", help="A category of incidents that it is asked for."
)
_CONFIRM = "Whoever answers has to press 1 before the caller is joined: no answering machine gets the caller."
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def skpd() -> None:
    """SKPDs and the telephone lines that reach them."""


@skpd.command("add")
@click.argument("code")
@click.option("--name", required=True, help="The SKPD's name.")
@_lines(required=True)
@_CATEGORIES
@click.option("--confirm/--no-confirm", default=True, help=_CONFIRM)
def skpd_add(code: str, name: str, lines: tuple[Line, ...], categories: tuple[str, ...], *, confirm: bool) -> None:
    """Register an SKPD (CODE: short and for ever, such as damkar or psc119)."""
    from ticketing.commands import AddSkpd  # noqa: PLC0415

    new = _made(lambda: Skpd(code, name, lines, categories, confirm))
    with_desk(lambda desk: desk.handle(AddSkpd(new)))
    click.echo(f"skpd {code} added; it is rung at {_numbers(new)}")


def _made(make: Callable[[], Skpd]) -> Skpd:
    try:
        return make()
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _numbers(one: Skpd) -> str:
    return ", ".join(line.number for line in one.lines)


@skpd.command("list")
@_JSON
def skpd_list(*, as_json: bool) -> None:
    """List the SKPDs."""
    from gateway.presentation import skpd_json  # noqa: PLC0415

    found = with_store(lambda store: store.skpds())
    rows = [skpd_json(one) for one in found]
    if not as_json:
        rows = [{**row, "lines": [line.number for line in one.lines]} for row, one in zip(rows, found, strict=True)]
    show(rows, as_json=as_json, columns=("code", "short", "name", "lines", "categories", "confirm", "has_pin"))


@skpd.command("show")
@click.argument("code")
@_JSON
def skpd_show(code: str, *, as_json: bool) -> None:
    """Show an SKPD and each of its lines, as they are typed."""
    from gateway.dispatching.line_syntax import line_text  # noqa: PLC0415
    from gateway.presentation import skpd_json  # noqa: PLC0415

    found = _kept(code)
    if as_json:
        click.echo(json.dumps(skpd_json(found)))
        return
    click.echo(f"{'name':<12}{printable(found.name)}")
    click.echo(f"{'short':<12}{found.short or 'none'}")
    for line in found.lines:
        click.echo(f"{'line':<12}{line_text(line)}")
    for category in found.categories:
        click.echo(f"{'category':<12}{category}")
    click.echo(f"{'confirm':<12}{'yes' if found.confirm else 'no'}")
    click.echo(f"{'pin':<12}{'yes' if found.pin_hash else 'no'}")


def _kept(code: str) -> Skpd:
    found = with_store(lambda store: store.skpd(code))
    if found is None:
        raise SkpdUnknown(code)
    return found


@skpd.command("change")
@click.argument("code")
@click.option("--name", help="Another name.")
@_lines(required=False)
@_CATEGORIES
@click.option("--no-category", is_flag=True, help="It is asked for no category any more.")
@click.option("--confirm/--no-confirm", default=None, help=_CONFIRM)
def skpd_change(
    code: str,
    name: str | None,
    lines: tuple[Line, ...],
    categories: tuple[str, ...],
    *,
    no_category: bool,
    confirm: bool | None,
) -> None:
    """Change an SKPD. What is given takes the place of what was: all lines, or all categories; the rest stays."""
    from ticketing.commands import ChangeSkpd  # noqa: PLC0415

    if categories and no_category:
        raise click.UsageError("give either --category or --no-category")
    given: dict[str, Any] = {"name": name, "lines": lines or None, "categories": categories or None, "confirm": confirm}
    changes = {key: value for key, value in given.items() if value is not None}
    if no_category:
        changes["categories"] = ()
    if not changes:
        raise click.UsageError("nothing to change is given")
    before = _kept(code)
    changed = _made(lambda: replace(before, **changes))
    with_desk(lambda desk: desk.handle(ChangeSkpd(changed)))
    click.echo(f"skpd {code} changed; it is rung at {_numbers(changed)}")


@skpd.command("remove")
@click.argument("code")
def skpd_remove(code: str) -> None:
    """Ask an SKPD no more. What was sent to it stays on record under its name."""
    from ticketing.commands import RemoveSkpd  # noqa: PLC0415

    with_desk(lambda desk: desk.handle(RemoveSkpd(code)))
    click.echo(f"skpd {code} removed")


@skpd.command("pin")
@click.argument("code")
@click.option("--pin-stdin", is_flag=True, help="Read the PIN from standard input, one line of 4 to 8 digits.")
@click.option("--none", "take_away", is_flag=True, help="Take the PIN away: its officers cannot report by telephone.")
def skpd_pin(code: str, *, pin_stdin: bool, take_away: bool) -> None:
    """Give an SKPD the PIN with which its officers report by telephone."""
    from ticketing.commands import SetSkpdPin  # noqa: PLC0415

    if pin_stdin == take_away:
        raise click.UsageError("give either --pin-stdin or --none")
    pin_hash = None if take_away else _hash_of(typed_line())
    with_desk(lambda desk: desk.handle(SetSkpdPin(code, pin_hash)))
    click.echo(f"skpd {code} has {'no PIN' if take_away else 'another PIN'}")


def _hash_of(pin: str) -> str:
    from gateway.access.passwords import hashed_pin  # noqa: PLC0415

    try:
        return hashed_pin(pin)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
