"""Verbs about the carriers' antennas: `siaga112 cells …`."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.store import show
from gateway.site import config

# What a verb needs is imported when it runs: `--help` answers at once.


@click.group()
def cells() -> None:
    """The carriers' antennas: where a cell is that a call names."""


@cells.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one array.")
def cells_list(*, as_json: bool) -> None:
    """List the cells."""
    from dataclasses import asdict  # noqa: PLC0415

    from gateway.places.cells.kept import kept_cells  # noqa: PLC0415
    from gateway.places.cells.table import COLUMNS  # noqa: PLC0415
    from gateway.site.home import Home  # noqa: PLC0415

    found = kept_cells(Home.of(config.load()))
    show([asdict(cell) for cell in found.by_id.values()], as_json=as_json, columns=COLUMNS)


@cells.command("import")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--remove", is_flag=True, help="Have no cells any more: calls then show their ids alone.")
def cells_import(file: Path | None, *, remove: bool) -> None:
    """Take the carriers' antennas from FILE (CSV), in place of those there were.

    FILE has the columns cell (as P-Access-Network-Info writes it, such as 5101012ab01c3d4), lat and lon (degrees),
    radius_m (how far a phone may be from there, in metres) and name.
    """
    from gateway.places.cells.kept import keep_cells, read_cells, remove_cells  # noqa: PLC0415
    from gateway.site.home import Home  # noqa: PLC0415

    if (file is None) != remove:
        raise click.UsageError("give either FILE or --remove")
    home = Home.of(config.load())
    if file is None:
        click.echo("cells removed" if remove_cells(home) else "there were no cells")
        return
    home.must_be_there()
    found = read_cells(file)
    keep_cells(home, found)
    click.echo(f"{len(found.by_id)} cells; the running line goes by them in a moment")
