"""What this site has of areas: the city's own table, or the one that comes along; the boundaries that were imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.places.areas import geojson, table
from gateway.places.areas.boundaries import Boundaries
from gateway.places.areas.geojson import LARGEST_FILE, BoundariesUnreadable
from gateway.places.areas.table import LARGEST_TABLE, AreasUnreadable, kota_bima
from gateway.site import imported
from gateway.site.home import Home

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    from gateway.places.areas.table import AreaTable
    from gateway.site.config import Settings


def table_of(settings: Settings) -> AreaTable:
    """Read the table that the settings name, else HOME's areas.csv, else have Kota Bima's; raise AreasUnreadable."""
    own = Home.of(settings).areas
    file = settings.areas or (own if own.exists() else None)
    if file is None:
        return kota_bima()
    content = imported.content(file, LARGEST_TABLE, AreasUnreadable, "the table of areas ")
    return table.parse(content, str(file))


def read_boundaries(file: Path, known: Container[str]) -> Boundaries:
    """Read boundaries of these areas from a file, as a city hands it in; raise BoundariesUnreadable."""
    return geojson.parse(imported.content(file, LARGEST_FILE, BoundariesUnreadable), str(file), known)


def kept_boundaries(home: Home) -> Boundaries:
    """The boundaries that were imported, none if none were; raise BoundariesUnreadable."""
    if not home.boundaries.exists():
        return Boundaries()
    return read_boundaries(home.boundaries, _Any())


def keep_boundaries(home: Home, boundaries: Boundaries) -> None:
    """Keep these in place of whatever was kept, in one step; raise BoundariesUnreadable."""
    imported.keep(home.boundaries, geojson.encode(boundaries), BoundariesUnreadable)


def remove_boundaries(home: Home) -> bool:
    """Have none from now on; say whether there were any. Raises BoundariesUnreadable."""
    return imported.remove(home.boundaries, BoundariesUnreadable)


class _Any:
    """Every code: what is kept was checked when it came, against the table of that day."""

    def __contains__(self, code: object) -> bool:
        return True
