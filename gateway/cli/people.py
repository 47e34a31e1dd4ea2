"""Verbs about people: `siaga112 user …` and `siaga112 token …`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.cli.store import show, typed_line, with_desk, with_store
from ticketing.model import Role

if TYPE_CHECKING:
    from ticketing.people import User

# What a verb needs is imported when it runs: `--help` answers at once.

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one array.")
_PASSWORD = click.option(
    "--password-stdin", is_flag=True, required=True, help="Read the password from standard input, one line."
)


@click.group()
def user() -> None:
    """People who sign in to the console, and their roles."""


@user.command("add")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="What they may do.")
@click.option("--skpd", metavar="CODE", help="The SKPD that a user of the role skpd works for.")
@_PASSWORD
def user_add(name: str, role: str, skpd: str | None, *, password_stdin: bool) -> None:  # noqa: ARG001 - a promise
    """Add a user."""
    from ticketing.commands import AddUser  # noqa: PLC0415

    new = _new_user(name, Role(role), skpd, typed_line())
    with_desk(lambda desk: desk.handle(AddUser(new)))
    click.echo(f"user {name} added with the role {role}")


def _new_user(name: str, role: Role, skpd: str | None, password: str) -> User:
    from gateway.access.passwords import hashed  # noqa: PLC0415
    from gateway.process.clock import SystemClock  # noqa: PLC0415
    from ticketing.people import User  # noqa: PLC0415
    from ticketing.skpd import parse_skpd_code  # noqa: PLC0415

    try:
        if skpd:
            parse_skpd_code(skpd)
        return User(name, role, skpd, hashed(password), SystemClock().now())
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@user.command("password")
@click.argument("name")
@_PASSWORD
def user_password(name: str, *, password_stdin: bool) -> None:  # noqa: ARG001 - a promise
    """Give a user another password. It ends the user's sessions."""
    from gateway.access.passwords import hashed  # noqa: PLC0415
    from ticketing.commands import SetPassword  # noqa: PLC0415

    try:
        password_hash = hashed(typed_line())
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with_desk(lambda desk: desk.handle(SetPassword(name, password_hash)))
    click.echo(f"user {name} has another password")


@user.command("list")
@_JSON
def user_list(*, as_json: bool) -> None:
    """List the users."""
    from gateway.presentation import rfc3339  # noqa: PLC0415

    users = with_store(lambda store: store.users())
    rows = [
        {
            "name": one.name,
            "role": one.role,
            "skpd": one.skpd,
            "created_at": rfc3339(one.created_at),
            "disabled": one.disabled,
        }
        for one in users
    ]
    show(rows, as_json=as_json, columns=("name", "role", "skpd", "created_at", "disabled"))


@user.command("sign-out")
@click.argument("name")
def user_sign_out(name: str) -> None:
    """End a user's sessions, wherever they are. The password stays."""
    from ticketing.commands import EndSessionsOf  # noqa: PLC0415
    from ticketing.errors import UnknownUser  # noqa: PLC0415

    if with_store(lambda store: store.user(name)) is None:
        raise UnknownUser(name)
    with_desk(lambda desk: desk.handle(EndSessionsOf(name)))
    click.echo(f"user {name} is signed out everywhere")


@user.command("disable")
@click.argument("name")
def user_disable(name: str) -> None:
    """Shut a user out, at once: sessions and tokens are over. The name stays on record."""
    from ticketing.commands import DisableUser  # noqa: PLC0415

    with_desk(lambda desk: desk.handle(DisableUser(name)))
    click.echo(f"user {name} is disabled")


@click.group()
def token() -> None:
    """Bearer tokens: what programs show the API."""


@token.command("create")
@click.option("--user", "name", required=True, metavar="NAME", help="The user that the program acts for.")
def token_create(name: str) -> None:
    """Print a new bearer token for the API. It is a secret, and is shown this once."""
    from gateway.access.passwords import digest, new_secret  # noqa: PLC0415
    from gateway.process.clock import SystemClock  # noqa: PLC0415
    from ticketing.commands import AddToken  # noqa: PLC0415
    from ticketing.people import Token  # noqa: PLC0415

    secret = new_secret()
    new = Token(digest(secret), name, SystemClock().now())
    with_desk(lambda desk: desk.handle(AddToken(new)))
    click.echo(secret)


@token.command("revoke")
def token_revoke() -> None:
    """Revoke the token that is given on standard input, one line: an argument would be seen by other users."""
    from gateway.access.passwords import digest  # noqa: PLC0415
    from ticketing.commands import RevokeToken  # noqa: PLC0415

    secret = typed_line()
    with_desk(lambda desk: desk.handle(RevokeToken(digest(secret))))
    click.echo("the token is revoked")
