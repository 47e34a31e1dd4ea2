"""Verbs that keep the evidence: backup, restore, verify."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.store import printable
from gateway.site import config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.site.config import Settings

# What a verb needs is imported when it runs: `--help` and `status` answer at once.

_FILE = click.Path(path_type=Path, dir_okay=False, resolve_path=True)
_MB = 1_000_000


@click.command()
@click.argument("file", type=_FILE)
@click.option("--recordings", is_flag=True, help="Put the recordings into it as well.")
def backup(file: Path, *, recordings: bool) -> None:
    """Write everything needed to set the line up anew into FILE, while calls run. It holds secrets."""
    from gateway.process.clock import SystemClock  # noqa: PLC0415
    from gateway.upkeep.backup import back_up  # noqa: PLC0415

    with _progress("copied") as advance:
        made = back_up(config.load(), file, SystemClock().now(), recordings=recordings, progress=advance)
    size = sum(member.size for member in made.files.values())
    click.echo(f"{file}: {len(made.files)} files, {size / _MB:.1f} MB; look it over with siaga112 verify {file}")


@click.command()
@click.argument("file", type=_FILE)
@click.option("--home", required=True, type=click.Path(path_type=Path, resolve_path=True), help="An empty folder.")
def restore(file: Path, home: Path) -> None:
    """Set up a HOME from a backup, after all of it was found sound. Start it with SIAGA112_HOME."""
    from gateway.upkeep.restore import restore as restore_home  # noqa: PLC0415

    with _progress("read") as advance:
        made = restore_home(file, home, advance)
    click.echo(f"{home}: as it was at {made.made_at}, {len(made.files)} files; SIAGA112_HOME={home} siaga112 verify")


@click.command()
@click.argument("file", type=_FILE, required=False)
@click.option("--full", is_flag=True, help="Compare the database's indexes with its tables too; takes longer.")
def verify(file: Path | None, *, full: bool) -> None:
    """Look the evidence through: database, timelines, ticket numbers, ledger against tickets.

    The line's own, beside it as it runs; or a backup's, with FILE. Exit status 1 when something is not as it should be.
    """
    settings = config.load()
    found = _verify(settings, full=full) if file is None else _verify_backup(settings, file, full=full)
    click.echo(f"{found} discrepancies" if found else "all as it should be")
    if found:
        sys.exit(1)


def _verify(settings: Settings, *, full: bool) -> int:
    from gateway.site.home import Home  # noqa: PLC0415
    from gateway.upkeep.verify import Verification  # noqa: PLC0415
    from ticketing.errors import StoreUnusable  # noqa: PLC0415
    from ticketing.store import file_of  # noqa: PLC0415

    database = file_of(settings.database)
    if not database.exists():
        raise StoreUnusable(f"there is no database {database}")
    looking = Verification(
        database,
        Home.of(settings),
        say=lambda line: click.echo(printable(line)),
        complain=lambda line: click.echo(printable(f"! {line}")),
        full=full,
        service_numbers=settings.service_numbers,
    )
    return looking.run()


def _verify_backup(settings: Settings, file: Path, *, full: bool) -> int:
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    from gateway.upkeep.restore import restore as restore_home  # noqa: PLC0415

    # Beside the backup: where that had room, its database and journals have too.
    with TemporaryDirectory(dir=file.parent, prefix=".verify-") as folder:
        with _progress("read") as advance:
            made = restore_home(file, Path(folder), advance, recordings=False)
        click.echo(f"backup: {len(made.files)} files of {made.made_at}, each with the sum that its manifest says")
        there = settings.model_copy(update={"home": Path(folder), "journals": None, "database_url": None})
        return _verify(there, full=full)


@contextmanager
def _progress(done: str) -> Iterator[Callable[[int], object]]:
    """Tell a terminal how far it is; nobody else."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import DownloadColumn, Progress, TransferSpeedColumn  # noqa: PLC0415

    console = Console(stderr=True)
    with Progress(DownloadColumn(), done, TransferSpeedColumn(), console=console, transient=True) as bar:
        task = bar.add_task(done, total=None)
        yield lambda count: bar.advance(task, count)
