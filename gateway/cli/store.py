"""What verbs of the command line share: the store, the desk, a table on the screen."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from gateway.site import config

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from zoneinfo import ZoneInfo

    from ticketing.desk import TicketDesk
    from ticketing.ports import Store

T = TypeVar("T")

_LONGEST_LINE: Final = 8_192
_LONG: Final = frozenset(
    {"caller", "name", "place", "sentence", "text"}
)  # columns that give way where the screen is narrow

# What a verb needs is imported when it runs: `--help` and `status` answer at once.


def show(rows: Sequence[dict[str, Any]], *, as_json: bool, columns: Sequence[str]) -> None:
    """Print rows as one JSON array, or as a table of these columns in the city's time."""
    if as_json:
        # In ASCII: JSON's reader sees no difference, and a terminal gets nothing to obey (C1 controls, bidi overrides).
        click.echo(json.dumps(rows))
        return
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    zone = config.load().zone
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), no_wrap=column not in _LONG, overflow="fold")
    for row in rows:
        # As Text, so that nothing a caller sent is taken for markup.
        table.add_row(*(Text(_text(column, row[column], zone)) for column in columns))
    Console().print(table if rows else "none")


def _text(column: str, value: object, zone: ZoneInfo) -> str:
    parts = value or [None] if isinstance(value, list) else [value]
    return "\n".join(printable(_cell(column, part, zone)) for part in parts)


def printable(text: str) -> str:
    """Replace what a terminal would obey instead of showing it."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _cell(column: str, value: object, zone: ZoneInfo) -> str:
    match value:
        case {"e164": e164, "raw": raw, "kind": kind}:
            return f"{e164 or raw or '-'} ({kind})"
        case str() if column.endswith("_at"):
            return f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M:%S}"
        case float():
            return f"{value:.1f}"
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


def typed_line() -> str:
    """One line of standard input, without its end."""
    try:
        return sys.stdin.buffer.readline(_LONGEST_LINE).decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise click.UsageError("standard input is not UTF-8") from error


def with_store(work: Callable[[Store], Awaitable[T]]) -> T:
    """Do `work` with the store of the settings; it is closed again."""
    from ticketing.store import open_store  # noqa: PLC0415

    async def opened() -> T:
        store = await open_store(config.load().database, checked=False)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(opened())


def with_desk(work: Callable[[TicketDesk], Awaitable[T]]) -> T:
    """Have a desk upon that store do something; the running line sees it in a moment."""
    from gateway.process.clock import SystemClock  # noqa: PLC0415
    from ticketing.desk import TicketDesk  # noqa: PLC0415

    class Nobody:
        """The running gateway sees the change in the store; there is nobody else to tell."""

        def publish(self, news: Sequence[object]) -> None:
            """Tell nobody."""

    settings = config.load()
    told = (settings.zone, settings.targets, settings.nuisance_rules)
    return with_store(lambda store: work(TicketDesk(store, SystemClock(), Nobody(), *told)))
