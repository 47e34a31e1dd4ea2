"""A PIDF-LO document (RFC 4119, 5491, 5139, 7459) → the places in it. Pure.

Whoever calls may have written it. Only expat reads it, in pieces that are bounded: no document type, hence no entity,
none but these sizes, and no number that is not written as one. Names are taken without their namespaces, which
senders get wrong and which say nothing more here.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.parsers import expat

from ticketing.located import MOST_SOURCES, LocationSource, Shape, SourceKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST_DOCUMENT: Final = 65_536  # bytes: more than Asterisk takes in one message
_MOST_ELEMENTS: Final = 1_000
_DEEPEST: Final = 32
_LONGEST_TEXT: Final = 4_000  # characters in one element
_LONGEST_FIELD: Final = 200  # of an address
_MOST_FIELDS: Final = 40  # RFC 5139 has 30
_MOST_CORNERS: Final = 100  # RFC 5491 asks for at most 15
_FEWEST_CORNERS: Final = 3
_FARTHEST_M: Final = 20_040_000.0  # half around the earth
_EARTH_M: Final = 6_371_009.0  # mean radius
_BOUNDS: Final = (90.0, 180.0)
_YEARS: Final = range(1990, 2200)

_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{0,20})?")
_WGS84 = re.compile(r"(?:.*[:/#])?(?:4326|4979)")
_METRES = re.compile(r"(?:.*[:/#])?(?:9001|m|metre|meter)")
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,15}")
_OWNERS: Final = frozenset({"device", "tuple", "person"})


class Refused(ValueError):
    """Nothing can be made of it; the message is the word for why (LocationSource.refusal)."""


class _TooMuch(Exception):
    """What the document holds is more than a place needs."""


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, str]
    children: list[_Element] = field(default_factory=list)
    text: str = ""

    def child(self, name: str) -> _Element | None:
        return next((one for one in self.children if one.name == name), None)

    def below(self, name: str) -> Iterator[_Element]:
        """Every element of this name below it, in the document's order."""
        for one in self.children:
            if one.name == name:
                yield one
            yield from one.below(name)

    def said(self, name: str) -> str:
        """The text of a child, "" where there is none."""
        found = self.child(name)
        return " ".join(found.text.split()) if found else ""


def places(document: bytes, at: datetime) -> tuple[LocationSource, ...]:
    """Give each place in the document, in its order, eight at most; one with a refusal where there is none.

    `at` is when the document came. Refusals: `too_big`, `malformed`, `dtd`, `empty` (no place in it), `shape` (none
    that is known), `coordinates` (no numbers), `off_the_earth`, `crs` (not WGS84), `unit` (not metres), `radius`.
    """
    try:
        found = tuple(islice(_places(_parsed(document), at), MOST_SOURCES))
    except Refused as refused:
        return (LocationSource(SourceKind.VALUE, at, refusal=str(refused)),)
    return found or (LocationSource(SourceKind.VALUE, at, refusal="empty"),)


# ---- XML -------------------------------------------------------------------------------------------------------------


def _parsed(document: bytes) -> _Element:
    if len(document) > LONGEST_DOCUMENT:
        raise Refused("too_big")
    tree = _Tree()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartElementHandler = tree.begin
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.write
    try:
        parser.Parse(document, True)  # noqa: FBT003 - the whole document at once
    except _TooMuch as much:
        raise Refused("too_big") from much
    except (expat.ExpatError, ValueError, LookupError) as error:
        # An encoding that nobody knows, or one of several bytes a letter, is no ExpatError.
        raise error if isinstance(error, Refused) else Refused("malformed") from error
    return tree.root


def _refuse_document_type(*_declared: object) -> None:
    raise Refused("dtd")


class _Tree:
    """Builds elements as they come, and stops at what is too much."""

    def __init__(self) -> None:
        self.root = _Element("", {})
        self._open = [self.root]
        self._count = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > _MOST_ELEMENTS or len(self._open) > _DEEPEST:
            raise _TooMuch
        element = _Element(_local(name), {_local(key): value for key, value in attributes.items()})
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._open.pop()

    def write(self, text: str) -> None:
        element = self._open[-1]
        if len(element.text) + len(text) > _LONGEST_TEXT:
            raise _TooMuch
        element.text += text


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


# ---- PIDF-LO ---------------------------------------------------------------------------------------------------------


class _Told(NamedTuple):
    """What is said of a place beside the place."""

    at: datetime
    method: str
    found_at: datetime | None
    confidence: float | None


def _places(root: _Element, at: datetime) -> Iterator[LocationSource]:
    for owner in _owners(root):
        found_at = _moment(owner.said("timestamp"))
        for policy in owner.below("geopriv"):
            for info in policy.below("location-info"):
                method = policy.said("method")[:_LONGEST_FIELD]
                yield from _in_info(info, _Told(at, method, found_at, _confidence(info)))


def _owners(element: _Element) -> Iterator[_Element]:
    for one in element.children:
        if one.name in _OWNERS:
            yield one
        else:
            yield from _owners(one)


def _in_info(info: _Element, told: _Told) -> Iterator[LocationSource]:
    shapes = [one for one in info.children if one.name != "confidence"]
    if not shapes:
        yield _refusal(told, "empty")
    for element in shapes:
        read = _SHAPES.get(element.name)
        try:
            yield read(element, told) if read else _refusal(told, "shape")
        except Refused as refused:
            yield _refusal(told, str(refused))


def _refusal(told: _Told, why: str) -> LocationSource:
    return LocationSource(SourceKind.VALUE, told.at, method=told.method, found_at=told.found_at, refusal=why)


def _source(told: _Told, shape: Shape, place: tuple[float, float], uncertainty_m: float | None) -> LocationSource:
    return LocationSource(
        SourceKind.VALUE,
        told.at,
        shape,
        *place,
        uncertainty_m,
        told.confidence,
        method=told.method,
        found_at=told.found_at,
    )


def _point(element: _Element, told: _Told) -> LocationSource:
    return _source(told, Shape.POINT, _centre(element), None)


def _circle(element: _Element, told: _Told) -> LocationSource:
    return _source(told, Shape.CIRCLE, _centre(element), _length(element, "radius"))


def _ellipse(element: _Element, told: _Told) -> LocationSource:
    longest = max(_length(element, "semiMajorAxis"), _length(element, "semiMinorAxis"))
    return _source(told, Shape.ELLIPSE, _centre(element), longest)


def _arc_band(element: _Element, told: _Told) -> LocationSource:
    # All of it lies within the outer radius of the antenna.
    return _source(told, Shape.ARC_BAND, _centre(element), _length(element, "outerRadius"))


def _polygon(element: _Element, told: _Told) -> LocationSource:
    _check_crs(element)
    ring = next(element.below("LinearRing"), element)
    numbers = " ".join(one.text for one in ring.children if one.name in {"pos", "posList"}).split()
    step = 3 if _is_3d(element) else 2
    if len(numbers) % step or len(numbers) // step > _MOST_CORNERS:
        raise Refused("coordinates")
    corners = [_degrees(numbers[first : first + 2]) for first in range(0, len(numbers), step)]
    if len(corners) > 1 and corners[0] == corners[-1]:
        corners.pop()
    if len(set(corners)) < _FEWEST_CORNERS:
        raise Refused("coordinates")
    centre = (_middle([lat for lat, _ in corners]), _middle([lon for _, lon in corners]))
    farthest = round(max(distance_m(centre, corner) for corner in corners), 1)
    return replace(_source(told, Shape.POLYGON, centre, farthest), outline=tuple(corners))


def _civic(element: _Element, told: _Told) -> LocationSource:
    named = ((one.name, " ".join(one.text.split())[:_LONGEST_FIELD]) for one in element.children)
    fields = ((name, text) for name, text in named if text and _FIELD_NAME.fullmatch(name))
    told_fields = tuple(islice(fields, _MOST_FIELDS))
    if not told_fields:
        raise Refused("empty")
    return LocationSource(
        SourceKind.VALUE,
        told.at,
        Shape.CIVIC,
        civic=told_fields,
        confidence=told.confidence,
        method=told.method,
        found_at=told.found_at,
    )


_SHAPES: Final[dict[str, Callable[[_Element, _Told], LocationSource]]] = {
    "Point": _point,
    "Circle": _circle,
    "Sphere": _circle,
    "Ellipse": _ellipse,
    "Ellipsoid": _ellipse,
    "ArcBand": _arc_band,
    "Polygon": _polygon,
    "civicAddress": _civic,
}


# ---- numbers ---------------------------------------------------------------------------------------------------------


def _centre(element: _Element) -> tuple[float, float]:
    _check_crs(element)
    return _degrees(element.said("pos").split())


def _degrees(words: list[str]) -> tuple[float, float]:
    """Latitude and longitude; an altitude behind them is left out."""
    if len(words) not in {2, 3}:
        raise Refused("coordinates")
    return on_the_earth(words[0], words[1])


def on_the_earth(lat: str, lon: str) -> tuple[float, float]:
    """Take degrees as they are written; raise Refused (`coordinates`, `off_the_earth`)."""
    return _within(lat, _BOUNDS[0]), _within(lon, _BOUNDS[1])


def _within(text: str, bound: float) -> float:
    degrees = _number(text, "coordinates")
    if abs(degrees) > bound:
        raise Refused("off_the_earth")
    return degrees


def metres(text: str) -> float:
    """Take a distance as it is written, more than 0 and on the earth; raise Refused (`radius`)."""
    length = _number(text, "radius")
    if not 0 < length <= _FARTHEST_M:
        raise Refused("radius")
    return length


def _number(text: str, why: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise Refused(why)
    return float(text)


def _length(element: _Element, name: str) -> float:
    found = element.child(name)
    if found is None:
        raise Refused("radius")
    if (unit := found.attributes.get("uom")) is not None and not _METRES.fullmatch(unit.strip()):
        raise Refused("unit")
    return metres(found.text.strip())


def _check_crs(element: _Element) -> None:
    crs = element.attributes.get("srsName")
    if crs is not None and not _WGS84.fullmatch(crs.strip()):
        raise Refused("crs")


def _is_3d(element: _Element) -> bool:
    return element.attributes.get("srsName", "").strip().endswith("4979")


def _confidence(info: _Element) -> float | None:
    """In percent; RFC 7459 has `unknown` too."""
    text = info.said("confidence")
    return float(text) if _NUMBER.fullmatch(text) and 0 < float(text) <= 100 else None  # noqa: PLR2004 - percent


def _moment(text: str) -> datetime | None:
    """None for a text that is no time, or one in which no call was made: no clock of a city can show the last ones."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo and moment.year in _YEARS else None
    except (ValueError, OverflowError):
        return None


def _middle(values: list[float]) -> float:
    return round((min(values) + max(values)) / 2, 9)


def distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The way between two places (lat, lon in degrees) along a sphere, in metres."""
    lat, lon, other_lat, other_lon = map(math.radians, (*one, *other))
    half = math.sin((other_lat - lat) / 2) ** 2
    half += math.cos(lat) * math.cos(other_lat) * math.sin((other_lon - lon) / 2) ** 2
    return 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(half)))
