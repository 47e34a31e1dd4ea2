"""Boundaries as a city hands them in, and as they are kept: GeoJSON (RFC 7946). Pure; nothing in a file is believed.

A FeatureCollection of Polygons and MultiPolygons in longitude and latitude (WGS84), each feature with the property
`code`: Kemendagri's, with its dots. Other properties are not looked at.
"""

from __future__ import annotations

import json
import reprlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

from gateway.places.areas.boundaries import Boundaries, Boundary, Polygon
from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from gateway.places.areas.boundaries import Position, Ring

LARGEST_FILE: Final = 16 * 1024 * 1024  # bytes; the 47 areas of Kota Bima have 150 000
MOST_POSITIONS: Final = 100_000
"""So many are looked through in some hundredths of a second; the 47 areas of Kota Bima have 6 000."""

_FEWEST_OF_A_RING: Final = 4  # RFC 7946, 3.1.6
# How files older than RFC 7946 say what that takes for granted.
_WGS84: Final = ("CRS84", "4326")


class BoundariesUnreadable(Siaga112Error):
    """These are no boundaries that could be used; the message says where and why."""


def parse(content: bytes, source: str, known: Container[str]) -> Boundaries:
    """Read a file's content, all of it or nothing; raise BoundariesUnreadable with `source` and what is wrong.

    `known` are the codes of the city's areas. Features of the same area are taken together.
    """
    if len(content) > LARGEST_FILE:
        raise BoundariesUnreadable(f"{source}: more than {LARGEST_FILE} bytes")
    try:
        record = json.loads(content, parse_constant=_no_number, parse_int=float)
        reader = _Reader(known)
        polygons: dict[str, list[Polygon]] = {}
        for code, of_it in reader.collection(record):
            polygons.setdefault(code, []).extend(of_it)
    except RecursionError as error:
        raise BoundariesUnreadable(f"{source}: it is nested too deeply") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BoundariesUnreadable(f"{source}: it is not JSON: {error}") from error
    except ValueError as error:
        raise BoundariesUnreadable(f"{source}: {error}") from error
    return Boundaries(tuple(Boundary(code, tuple(of_it)) for code, of_it in polygons.items()))


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


@dataclass(slots=True)
class _Reader:
    """Goes through a file once; raises ValueError with the place and the reason."""

    known: Container[str]
    positions: int = 0

    def collection(self, record: object) -> Iterator[tuple[str, tuple[Polygon, ...]]]:
        """Every feature's code and polygons."""
        if not isinstance(record, dict) or record.get("type") != "FeatureCollection":
            raise ValueError("it is no FeatureCollection")
        _check_reference(record.get("crs"))
        features = record.get("features")
        if not isinstance(features, list) or not features:
            raise ValueError("it has no features")
        for number, feature in enumerate(features, start=1):
            where = f"feature {number}"
            try:
                if not isinstance(feature, dict) or feature.get("type") != "Feature":
                    raise ValueError("it is no Feature")  # noqa: TRY301 - the place is added in one place
                code = self._code(feature.get("properties"))
                where = f"{where} ({code})"
                yield code, self._polygons(feature.get("geometry"))
            except ValueError as error:
                raise ValueError(f"{where}: {error}") from error

    def _code(self, properties: object) -> str:
        code = properties.get("code") if isinstance(properties, dict) else None
        if not isinstance(code, str):
            raise ValueError('it has no property "code", a text such as "52.72.01.1001"')  # noqa: TRY004 - a file's flaw, not ours
        if code not in self.known:
            raise ValueError(f"{code[:40]!r} is not in the table of areas (codes keep their dots)")
        return code

    def _polygons(self, geometry: object) -> tuple[Polygon, ...]:
        kind, coordinates = (
            (geometry.get("type"), geometry.get("coordinates")) if isinstance(geometry, dict) else (0, 0)
        )
        match kind:
            case "Polygon":
                return (self._polygon(coordinates),)
            case "MultiPolygon":
                return tuple(self._polygon(one) for one in _some(coordinates, "polygons"))
        raise ValueError("its geometry is no Polygon or MultiPolygon")

    def _polygon(self, rings: object) -> Polygon:
        outer, *holes = (self._ring(number, ring) for number, ring in enumerate(_some(rings, "rings"), start=1))
        return Polygon(outer, tuple(holes))

    def _ring(self, number: int, positions: object) -> Ring:
        listed = _some(positions, "positions")
        self.positions += len(listed)
        if self.positions > MOST_POSITIONS:
            raise ValueError(f"the file has more than {MOST_POSITIONS} positions: have its lines simplified")
        ring = tuple(map(_position, listed))
        if len(ring) < _FEWEST_OF_A_RING:
            raise ValueError(f"ring {number} has {len(ring)} positions: fewer than {_FEWEST_OF_A_RING}")
        if ring[0] != ring[-1]:
            raise ValueError(f"ring {number} is not closed: its last position is not its first")
        return ring


def _check_reference(crs: object) -> None:
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str) or not name.endswith(_WGS84):
        raise ValueError("its coordinates are to be longitude and latitude (EPSG:4326)")


def _some(value: object, what: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise ValueError(f"there are no {what} where they should be")
    return value


def _position(value: object) -> Position:
    # A third number is a height.
    if not isinstance(value, list) or len(value) not in {2, 3}:
        raise ValueError(f"{reprlib.repr(value)} is no position")
    lon, lat = value[:2]
    if not isinstance(lon, float) or not isinstance(lat, float):
        raise ValueError(f"{reprlib.repr(value)} is no position")  # noqa: TRY004 - a file's flaw, not ours
    if not (abs(lon) <= 180 and abs(lat) <= 90):  # noqa: PLR2004 - the earth's
        raise ValueError(f"{reprlib.repr(value)} is nowhere on the earth: longitude, then latitude, in degrees")
    return lon, lat


def encode(boundaries: Boundaries) -> str:
    """Write boundaries so that `parse` reads the same."""
    features = [
        {"type": "Feature", "properties": {"code": one.code}, "geometry": _geometry(one)} for one in boundaries.of_areas
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":"))


def _geometry(boundary: Boundary) -> dict[str, Any]:
    polygons = [[one.outer, *one.holes] for one in boundary.polygons]
    return {"type": "MultiPolygon", "coordinates": polygons}
