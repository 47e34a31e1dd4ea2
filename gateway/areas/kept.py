"""What this site has of areas: the city's own table, or the one that comes along; the boundaries that were imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.areas import geojson, table
from gateway.areas.boundaries import Boundaries
from gateway.areas.geojson import LARGEST_FILE, BoundariesUnreadable
from gateway.areas.table import LARGEST_TABLE, AreasUnreadable, kota_bima
from gateway.home import Home, write_private

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    from gateway.areas.table import AreaTable
    from gateway.config import Settings

_ONE_MORE: Final = 1  # byte than may be read: then it is too large, however much more there is


def table_of(settings: Settings) -> AreaTable:
    """Read the table that the settings name, else HOME's areas.csv, else have Kota Bima's; raise AreasUnreadable."""
    own = Home.of(settings).areas
    file = settings.areas or (own if own.exists() else None)
    if file is None:
        return kota_bima()
    try:
        return table.parse(_content(file, LARGEST_TABLE), str(file))
    except OSError as error:
        raise AreasUnreadable(f"cannot read the table of areas {file}: {error.strerror}") from error


def read_boundaries(file: Path, known: Container[str]) -> Boundaries:
    """Read boundaries of these areas from a file, as a city hands it in; raise BoundariesUnreadable."""
    try:
        return geojson.parse(_content(file, LARGEST_FILE), str(file), known)
    except OSError as error:
        raise BoundariesUnreadable(f"cannot read {file}: {error.strerror}") from error


def kept_boundaries(home: Home) -> Boundaries:
    """The boundaries that were imported, none if none were; raise BoundariesUnreadable."""
    if not home.boundaries.exists():
        return Boundaries()
    return read_boundaries(home.boundaries, _Any())


def keep_boundaries(home: Home, boundaries: Boundaries) -> None:
    """Keep these in place of whatever was kept, in one step; raise BoundariesUnreadable."""
    try:
        write_private(home.boundaries, geojson.encode(boundaries))
    except OSError as error:
        raise BoundariesUnreadable(f"cannot write {home.boundaries}: {error.strerror}") from error


def remove_boundaries(home: Home) -> bool:
    """Have none from now on; say whether there were any. Raises BoundariesUnreadable."""
    there = home.boundaries.exists()
    try:
        home.boundaries.unlink(missing_ok=True)
    except OSError as error:
        raise BoundariesUnreadable(f"cannot remove {home.boundaries}: {error.strerror}") from error
    return there


class _Any:
    """Every code: what is kept was checked when it came, against the table of that day."""

    def __contains__(self, code: object) -> bool:
        return True


def _content(file: Path, most: int) -> bytes:
    with file.open("rb") as source:
        return source.read(most + _ONE_MORE)
