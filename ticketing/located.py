"""Where a call comes from, as the network tells it. Frozen values; nothing here is the caller's own word."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ticketing.text import well_formed

if TYPE_CHECKING:
    from datetime import datetime


class SourceKind(StrEnum):
    """How a place was told."""

    VALUE = "value"  # written into the call itself: PIDF-LO (RFC 4119, 5491) in its body, or a geo: URI (RFC 5870)
    REFERENCE = "reference"  # where somebody who may could ask for it (RFC 6442); nobody here asks
    CELL = "cell"  # the antenna that the phone uses (P-Access-Network-Info, RFC 7315)


class Shape(StrEnum):
    """What a place looks like (RFC 5491; RFC 5139 for addresses)."""

    POINT = "point"
    CIRCLE = "circle"
    ELLIPSE = "ellipse"
    POLYGON = "polygon"
    ARC_BAND = "arc_band"  # part of a ring around an antenna
    CIVIC = "civic"  # an address in words


MOST_SOURCES: Final = 8
"""So many places of one call are kept; carriers send one."""


@dataclass(frozen=True, slots=True)
class LocationSource:
    """One place that was told of a call, and how well it is known.

    Degrees are WGS84; `uncertainty_m` is the distance within which the place is, from `lat`, `lon`, with the
    `confidence` (in percent) that was sent, None where none was. What could not be understood has a `refusal` and
    no place. Texts are as they were sent: hostile.
    """

    kind: SourceKind
    at: datetime  # when the call brought it
    shape: Shape | None = None
    lat: float | None = None
    lon: float | None = None
    uncertainty_m: float | None = None
    confidence: float | None = None
    outline: tuple[tuple[float, float], ...] = ()  # a polygon's corners (lat, lon), the first not repeated
    civic: tuple[tuple[str, str], ...] = ()  # RFC 5139's element and what it holds, in the order sent
    method: str = ""  # how it was found: GPS, Cell, … (IANA's registry of method tokens)
    found_at: datetime | None = None  # when it was found, if that was sent
    reference: str = ""  # the cell's id, or the URI
    refusal: str = ""  # why nothing could be made of what was sent

    def __post_init__(self) -> None:
        for name in ("method", "reference", "refusal"):
            object.__setattr__(self, name, well_formed(getattr(self, name)))
        object.__setattr__(self, "civic", tuple((well_formed(name), well_formed(text)) for name, text in self.civic))


def joined(one: tuple[LocationSource, ...], other: tuple[LocationSource, ...]) -> tuple[LocationSource, ...]:
    """Every source of both, each once, in one order: the earliest first."""
    return tuple(sorted({*one, *other}, key=lambda source: (source.at, source.kind, repr(source))))
