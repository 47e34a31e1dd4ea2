"""The boundaries of the city's areas, and which of them a point lies in. Pure.

    hint = boundaries.areas_at(lat, lon)

What a city hands in are a map's lines, not the land registry's: neighbours overlap a little, and leave gaps. So the
answer is a hint for people, and decides nothing. Where there are no boundaries there is no hint: the nearest label
point would be a guess that looks like knowledge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

Position = tuple[float, float]
"""Longitude and latitude (WGS84, degrees), in GeoJSON's order."""

Ring = tuple[Position, ...]
"""A closed line: the last position is the first."""

# Eight digits behind the point are a millimetre; what is nearer to a line than this, in square degrees, lies on it.
_ON_THE_LINE: Final = 1e-14


class AreasAt(Protocol):
    """Whoever knows boundaries: those read once, or those that the running line has now (gateway.watch)."""

    def areas_at(self, lat: float, lon: float) -> tuple[str, ...]:
        """Which areas this point (WGS84, degrees) lies in: their codes, the smallest areas first; none: no hint."""


@dataclass(frozen=True, slots=True)
class Box:
    """What lies between two longitudes and two latitudes, in degrees."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def around(cls, ring: Ring) -> Box:
        """The smallest one that holds this ring."""
        lons, lats = [lon for lon, _ in ring], [lat for _, lat in ring]
        return cls(min(lons), min(lats), max(lons), max(lats))

    def holds(self, lat: float, lon: float) -> bool:
        """Whether a point is in it, or on its edge."""
        return self.south <= lat <= self.north and self.west <= lon <= self.east


@dataclass(frozen=True, slots=True)
class Polygon:
    """A ring, and the holes in it."""

    outer: Ring
    holes: tuple[Ring, ...] = ()
    box: Box = field(init=False, compare=False)

    def __post_init__(self) -> None:
        # The dataclass is frozen: this is how it is told once what follows from the rest.
        object.__setattr__(self, "box", Box.around(self.outer))

    def holds(self, lat: float, lon: float) -> bool:
        """Whether a point is in it, or on one of its lines."""
        if not self.box.holds(lat, lon):
            return False
        where = _winds(self.outer, lat, lon)
        if where is not True:
            return where is None
        return not any(_winds(hole, lat, lon) for hole in self.holes)


@dataclass(frozen=True, slots=True)
class Boundary:
    """An area's boundary: one polygon, or several for islands and exclaves."""

    code: str
    polygons: tuple[Polygon, ...]


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Those of all areas that have one."""

    of_areas: tuple[Boundary, ...] = ()

    def areas_at(self, lat: float, lon: float) -> tuple[str, ...]:
        """Which areas this point (WGS84, degrees) lies in: their codes, the smallest areas first; none: no hint.

        Where neighbours overlap it is both. On a line it is in.
        """
        held = (one.code for one in self.of_areas if any(polygon.holds(lat, lon) for polygon in one.polygons))
        return tuple(sorted(held, key=lambda code: (-code.count("."), code)))

    def only(self, known: Container[str]) -> Boundaries:
        """Those of these areas alone."""
        return Boundaries(tuple(one for one in self.of_areas if one.code in known))


def smallest(codes: Iterable[str]) -> tuple[str, ...]:
    """Those of these areas that have no part among them: `52.72.01` is left out beside `52.72.01.1001`."""
    all_of_them = tuple(codes)
    return tuple(one for one in all_of_them if not any(other.startswith(f"{one}.") for other in all_of_them))


def _winds(ring: Ring, lat: float, lon: float) -> bool | None:
    """Whether the ring goes around the point (even-odd rule); None when the point is on the line."""
    inside = False
    for (west, south), (east, north) in pairwise(ring):
        # Most edges pass the point's parallel by: nothing else is asked of them.
        if (south > lat and north > lat) or (south < lat and north < lat):
            continue
        if _is_on(lat, lon, west, south, east, north):
            return None
        # Does the edge cross the parallel east of the point?
        if (south > lat) != (north > lat):
            turn = (east - west) * (lat - south) - (lon - west) * (north - south)
            inside ^= (turn > 0) == (north > south)
    return inside


def _is_on(lat: float, lon: float, west: float, south: float, east: float, north: float) -> bool:
    if not (min(west, east) <= lon <= max(west, east) and min(south, north) <= lat <= max(south, north)):
        return False
    return abs((east - west) * (lat - south) - (lon - west) * (north - south)) <= _ON_THE_LINE
