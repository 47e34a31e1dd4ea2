"""The area's field on a ticket's page: what can be chosen, and what boundaries say of a point. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.places.areas.boundaries import smallest

if TYPE_CHECKING:
    from gateway.places.areas.boundaries import AreasAt
    from gateway.places.areas.table import AreaTable
    from ticketing.model import Location


@dataclass(frozen=True, slots=True)
class AreaHint:
    """An area that the ticket's point lies in, as the city's boundaries have it: a hint, never jurisdiction."""

    code: str
    name: str


def area_hints(place: Location, boundaries: AreasAt, table: AreaTable) -> tuple[AreaHint, ...]:
    """The smallest areas that the place's point lies in; none without a point, or without boundaries around it."""
    if place.lat is None or place.lon is None:
        return ()
    codes = smallest(boundaries.areas_at(place.lat, place.lon))
    return tuple(AreaHint(code, table.name(code) or code) for code in codes)


def no_choice(code: str | None, table: AreaTable) -> str | None:
    """How a ticket's area is called that is no kecamatan or kelurahan of the table; None for one that is, or none."""
    area = table.by_code.get(code or "")
    if area is not None and (area.is_district or table.parent(area) is not None):
        return None
    return table.name(code)
