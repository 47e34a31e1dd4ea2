"""Verbs about the city's areas: `siaga112 areas …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.store import printable, show
from gateway.site import config

if TYPE_CHECKING:
    from gateway.places.areas.boundaries import Boundaries
    from gateway.places.areas.table import AreaTable
    from gateway.site.config import Settings

# What a verb needs is imported when it runs: `--help` answers at once.

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one array.")
_COLUMNS = ("code", "level", "name", "parent_name")
_MOST_TOLD = 5


@click.group()
def areas() -> None:
    """The city's areas: their names, the search for them, their boundaries."""


@areas.command("list")
@_JSON
def areas_list(*, as_json: bool) -> None:
    """List the areas, and so check the table that the settings name."""
    from gateway.presentation import area_json  # noqa: PLC0415

    table = _table(config.load())
    show([area_json(area, table) for area in table.by_code.values()], as_json=as_json, columns=_COLUMNS)


@areas.command("search")
@click.argument("text", nargs=-1, required=True)
@_JSON
def areas_search(text: tuple[str, ...], *, as_json: bool) -> None:
    """Find the areas that TEXT may mean, the nearest first; spelling and one typing error are forgiven."""
    from gateway.places.areas.search import search  # noqa: PLC0415
    from gateway.presentation import area_json  # noqa: PLC0415

    table = _table(config.load())
    rows = [area_json(one.area, table, one.closeness) for one in search(table, " ".join(text))]
    show(rows, as_json=as_json, columns=(*_COLUMNS, "closeness"))


@areas.command("import")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--remove", is_flag=True, help="Have no boundaries any more, and so no hints.")
def areas_import(file: Path | None, *, remove: bool) -> None:
    """Take the areas' boundaries from FILE (GeoJSON), in place of those there were.

    FILE is a FeatureCollection of Polygons and MultiPolygons in longitude and latitude (EPSG:4326), each with the
    property "code": an area's, with its dots.
    """
    from gateway.places.areas.kept import keep_boundaries, read_boundaries, remove_boundaries  # noqa: PLC0415
    from gateway.site.home import Home  # noqa: PLC0415

    if (file is None) != remove:
        raise click.UsageError("give either FILE or --remove")
    settings = config.load()
    home = Home.of(settings)
    if file is None:
        click.echo("boundaries removed" if remove_boundaries(home) else "there were no boundaries")
        return
    home.must_be_there()
    table = _table(settings)
    boundaries = read_boundaries(file, table)
    keep_boundaries(home, boundaries)
    _tell(boundaries, table)


def _tell(boundaries: Boundaries, table: AreaTable) -> None:
    """Say what was taken, and what of it looks wrong: the operator decides whether it is."""
    drawn = {one.code for one in boundaries.of_areas}
    click.echo(f"boundaries of {len(drawn)} of {len(table.by_code)} areas; the running line goes by them in a moment")
    without = [area.name for area in table.by_code.values() if area.code not in drawn]
    astray = [
        area.name
        for area in table.by_code.values()
        if area.code in drawn and area.code not in boundaries.areas_at(area.lat, area.lon)
    ]
    for names, what in ((without, "without a boundary"), (astray, "whose label point lies outside of their boundary")):
        if names:
            more = f" and {len(names) - _MOST_TOLD} more" if len(names) > _MOST_TOLD else ""
            click.echo(printable(f"! {what}: {', '.join(names[:_MOST_TOLD])}{more}"))


def _table(settings: Settings) -> AreaTable:
    from gateway.places.areas.kept import table_of  # noqa: PLC0415

    return table_of(settings)
