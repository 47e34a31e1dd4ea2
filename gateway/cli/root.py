"""The command line. Each verb opens the same store as the running line; what it changes is seen there in a moment."""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import datetime
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from click.exceptions import NoArgsIsHelpError

from gateway.cli.areas import areas
from gateway.cli.call_backs import call_backs
from gateway.cli.cells import cells
from gateway.cli.dispatch import dispatch
from gateway.cli.notes import notes
from gateway.cli.nuisance import nuisance
from gateway.cli.people import token, user
from gateway.cli.prompts import prompts
from gateway.cli.return_calls import return_call
from gateway.cli.skpd import skpd
from gateway.cli.store import printable, show, with_desk, with_store
from gateway.cli.test_call import test_call
from gateway.cli.upkeep import backup, restore, verify
from gateway.site import config
from ticketing.errors import Siaga112Error, UnknownTaker

if TYPE_CHECKING:
    from gateway.site.config import Settings
    from ticketing.dispatch import Dispatch
    from ticketing.ports import KeptTicket, Store

T = TypeVar("T")

_LONGEST_NAME: Final = 80
_LONGEST_ANSWER: Final = 64 * 1024  # bytes of a health answer; it has some 300
_KEY_WIDTH: Final = 18  # of the longest, `call backs owed`, and some room
# What a verb needs is imported when it runs: `--help` and `status` answer at once.


class Moment(click.ParamType["datetime"]):
    """An instant as RFC 3339 writes it: 2026-11-23T08:00:00+08:00."""

    name = "RFC3339"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401 - click's own signature
        """Parse it; an instant without its offset is refused, since nobody knows which clock was meant."""
        try:
            at = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            self.fail(f"{value!r} is not a time such as 2026-11-23T08:00:00+08:00", param, ctx)
        if at.tzinfo is None:
            self.fail(f"{value!r} says no offset: write Z, or +08:00 for WITA", param, ctx)
        return at


def _say(line: str) -> None:
    # The line must not go down because nobody reads what it says.
    with suppress(OSError, ValueError):
        click.echo(line if line.startswith(("siaga112", " ")) else f"siaga112: {line}")
        sys.stdout.flush()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="siaga112")
def siaga112() -> None:
    """The voice gateway for a city's 112 emergency line.

    Settings come from siaga112.toml and SIAGA112_… variables: see siaga112.example.toml.
    """


@siaga112.command()
@click.option(
    "--without-asterisk", is_flag=True, help="Leave Asterisk to another container, which runs what was prepared."
)
def run(*, without_asterisk: bool) -> None:
    """Run the whole line in the foreground; Ctrl-C stops it."""
    from gateway.run import run as run_line  # noqa: PLC0415
    from gateway.run import run_beside_asterisk  # noqa: PLC0415

    asyncio.run((run_beside_asterisk if without_asterisk else run_line)(config.load(), _say))


@siaga112.command()
def prepare() -> None:
    """Write what an Asterisk in a container of its own needs, and end."""
    from gateway.run import prepare as prepare_home  # noqa: PLC0415

    asyncio.run(prepare_home(config.load(), _say))


@siaga112.command()
@click.option("--json", "as_json", is_flag=True, help="Print the whole answer as JSON.")
def status(*, as_json: bool) -> None:
    """Say whether a call to 112 would be answered now. Exit status 0 when ready, 1 when not."""
    settings = config.load()
    health = _ask_health(settings)
    if as_json:
        click.echo(json.dumps(health))
    else:
        _show_health(health)
    if not health["ready"]:
        sys.exit(1)


def _ask_health(settings: Settings) -> dict[str, Any]:
    address = f"http://{settings.http_bind}/api/v1/health"
    try:
        health = json.loads(_body(address))
    except OSError:
        return {"ready": False, "reasons": [f"nothing answers on {settings.http_bind}: is siaga112 run running?"]}
    except (HTTPException, ValueError, RecursionError):
        health = None
    if isinstance(health, dict) and isinstance(health.get("ready"), bool):
        return health
    return {"ready": False, "reasons": [f"something else answers on {settings.http_bind}"]}


def _body(address: str) -> bytes:
    # No proxy: one that the shell is set up for knows nothing of this machine's loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=5) as answer:
            return bytes(answer.read(_LONGEST_ANSWER))
    except urllib.error.HTTPError as error:
        with error:
            return error.read(_LONGEST_ANSWER)


def _show_health(health: dict[str, Any]) -> None:
    click.echo("ready" if health["ready"] else "NOT READY")
    for key, value in health.items():
        if key in {"reasons", "alarms"} and isinstance(value, list):
            for one in value:
                click.echo(printable(f"  ! {one.get('text')}" if isinstance(one, dict) else f"  ! {one}"))
        elif isinstance(value, dict):
            told = ", ".join(f"{name} {state}" for name, state in value.items())
            click.echo(printable(f"  {key:<{_KEY_WIDTH}}{told}"))
        elif key != "ready":
            click.echo(printable(f"  {key.replace('_', ' '):<{_KEY_WIDTH}}{value}"))


def _person(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    name = value.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise click.BadParameter(f"1 to {_LONGEST_NAME} letters that can be shown")
    return name


@siaga112.group()
def taker() -> None:
    """Call takers and their phones."""


@taker.command("add")
@click.argument("extension")
@click.option("--name", required=True, callback=_person, help="The call taker's name.")
@click.option("--signed-in", is_flag=True, help="Ring this phone from now on (as *11 on it would).")
def taker_add(extension: str, name: str, *, signed_in: bool) -> None:
    """Add a call taker with a phone. The phone's login is shown by `siaga112 phone show EXTENSION`."""
    from gateway.site.home import generated_secret  # noqa: PLC0415
    from ticketing.commands import AddTaker  # noqa: PLC0415
    from ticketing.model import Taker, parse_extension  # noqa: PLC0415

    try:
        new = Taker(parse_extension(extension), name, generated_secret(), signed_in=signed_in)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="EXTENSION") from error
    with_desk(lambda desk: desk.handle(AddTaker(new)))
    click.echo(f"taker {extension} added; the phone's login: siaga112 phone show {extension}")


@taker.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def taker_list(*, as_json: bool) -> None:
    """List the call takers."""
    takers = with_store(lambda store: store.takers())
    rows = [{"extension": one.extension, "name": one.name, "signed_in": one.signed_in} for one in takers]
    show(rows, as_json=as_json, columns=("extension", "name", "signed_in"))


@siaga112.group()
def phone() -> None:
    """Logins of the takers' phones."""


@phone.command("show")
@click.argument("extension")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def phone_show(extension: str, *, as_json: bool) -> None:
    """Show what to type into the softphone of this extension. It is a secret."""
    settings = config.load()
    takers = with_store(lambda store: store.takers())
    found = next((one for one in takers if one.extension == extension), None)
    if found is None:
        raise UnknownTaker(extension)
    login = {
        "username": found.extension,
        "password": found.password,
        "domain": settings.sip_bind.host,
        "port": settings.sip_bind.port,
        "transport": "udp",
    }
    if as_json:
        click.echo(json.dumps(login))
        return
    for key, value in login.items():
        click.echo(f"{key:<10}{value}")


_SINCE = click.option("--since", type=Moment(), help="Only those since then, e.g. 2026-11-23T08:00:00+08:00.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one array.")


@siaga112.command()
@_SINCE
@_JSON
def tickets(since: datetime | None, *, as_json: bool) -> None:
    """List tickets, oldest first."""
    from gateway.places.cells.kept import usable_cells  # noqa: PLC0415
    from gateway.presentation import ticket_json  # noqa: PLC0415
    from gateway.process.clock import SystemClock  # noqa: PLC0415
    from gateway.site.home import Home  # noqa: PLC0415

    settings = config.load()
    now, targets, known = SystemClock().now(), settings.targets, usable_cells(Home.of(settings))
    found, dispatches = with_store(lambda store: _tickets(store, since))
    rows = [
        ticket_json(kept.ticket, kept.call, dispatches.get(kept.ticket.number, ()), now, targets, known)
        for kept in found
    ]
    show(rows, as_json=as_json, columns=("number", "status", "call_type", "taker", "caller", "answered_at", "wait_s"))


async def _tickets(
    store: Store, since: datetime | None
) -> tuple[tuple[KeptTicket, ...], dict[str, tuple[Dispatch, ...]]]:
    found = await store.tickets(since)
    return found, await store.dispatches([kept.ticket.number for kept in found])


@siaga112.command()
@_SINCE
@_JSON
def calls(since: datetime | None, *, as_json: bool) -> None:
    """List calls that reached the line, answered or not, oldest first."""
    from gateway.places.cells.kept import usable_cells  # noqa: PLC0415
    from gateway.presentation import call_json  # noqa: PLC0415
    from gateway.site.home import Home  # noqa: PLC0415

    home = Home.of(config.load())
    found = with_store(lambda store: store.calls(since))
    known = usable_cells(home)
    rows = [
        call_json(kept.call, kept.ticket, recording=home.recording(kept.call.id).exists(), cells=known)
        for kept in found
    ]
    show(rows, as_json=as_json, columns=("arrived_at", "outcome", "caller", "wait_s", "talk_s", "ticket"))


siaga112.add_command(call_backs)
siaga112.add_command(return_call)
siaga112.add_command(cells)
siaga112.add_command(dispatch)
siaga112.add_command(nuisance)
siaga112.add_command(user)
siaga112.add_command(token)
siaga112.add_command(skpd)
siaga112.add_command(backup)
siaga112.add_command(restore)
siaga112.add_command(verify)
siaga112.add_command(test_call)
siaga112.add_command(prompts)
siaga112.add_command(areas)
siaga112.add_command(notes)


def main() -> None:
    """Run the command line; whatever is wrong is one line on stderr, and an exit status other than 0."""
    try:
        siaga112(prog_name="siaga112", standalone_mode=False)
    except NoArgsIsHelpError as bare:
        bare.show()
        sys.exit(bare.exit_code)
    except click.ClickException as misuse:
        where = misuse.ctx.command_path if isinstance(misuse, click.UsageError) and misuse.ctx else "siaga112"
        _complain(f"{where}: {misuse.format_message()}")
        sys.exit(misuse.exit_code)
    except click.Abort:
        sys.exit(130)
    except Siaga112Error as refusal:
        _complain(f"siaga112: {refusal}")
        sys.exit(1)


def _complain(text: str) -> None:
    click.echo(printable(" ".join(text.split())), err=True)
