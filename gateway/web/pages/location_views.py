"""The places that the network told of a call, as a ticket's page shows them: side by side, none as the truth. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ticketing.located import SourceKind
from ticketing.model import TicketStatus

if TYPE_CHECKING:
    from gateway.places.areas.boundaries import AreasAt
    from gateway.places.cells.table import Cell, Cells
    from gateway.web.pages.views import When, Words
    from ticketing.located import LocationSource
    from ticketing.ports import KeptTicket

_KILOMETRE: Final = 1000


@dataclass(frozen=True, slots=True)
class Taking:
    """What the button has written into the ticket."""

    lat: float
    lon: float
    source: str


@dataclass(frozen=True, slots=True)
class PlaceView:
    """One place; `label` and `refusal` are names of words, None where there is nothing to say."""

    id: str
    label: str
    when: When
    found: When | None
    point: str | None
    geo: str | None
    map: str | None  # the place on a map of the world outside, where the city wants such links
    within: str | None
    confidence: str | None
    civic: tuple[tuple[str, str], ...]
    method: str
    reference: str
    cell_name: str | None
    area: str | None  # a hint: what the city's boundaries make of the point
    refusal: str | None
    take: Taking | None
    taken: bool


def place_views(kept: KeptTicket, cells: Cells, boundaries: AreasAt, words: Words) -> tuple[PlaceView, ...]:
    """Every place of the ticket's call, the earliest first."""
    sources = kept.call.locations
    # What the call says it brings is told by what it brought; alone it says that nobody could read that.
    brought = any(source.kind is SourceKind.VALUE for source in sources)
    shown = [one for one in sources if not (brought and _is_of_body(one))]
    return tuple(
        _view(f"place-{serial}", one, cells.of(one), kept, boundaries, words) for serial, one in enumerate(shown, 1)
    )


def _is_of_body(source: LocationSource) -> bool:
    return source.kind is SourceKind.REFERENCE and source.reference.lower().startswith("cid:")


def _view(
    name: str, source: LocationSource, cell: Cell | None, kept: KeptTicket, boundaries: AreasAt, words: Words
) -> PlaceView:
    lat, lon = (cell.lat, cell.lon) if cell else (source.lat, source.lon)
    radius = cell.radius_m if cell else source.uncertainty_m
    take, area, where = None, None, kept.ticket.location
    if lat is not None and lon is not None:
        take = Taking(lat, lon, _code(source))
        codes = boundaries.areas_at(lat, lon)
        area = words.city.areas.name(codes[0]) if codes else None
    return PlaceView(
        id=name,
        label=f"place.{source.shape or source.kind}",
        when=words.when(source.at),
        found=words.when(source.found_at) if source.found_at else None,
        point=f"{take.lat:.6f}, {take.lon:.6f}" if take else None,
        geo=_geo(take, radius) if take else None,
        map=_map(take) if take and words.city.map_links else None,
        within=_distance(radius),
        confidence=f"{source.confidence:g} %" if source.confidence else None,
        civic=source.civic,
        method=source.method,
        reference="" if _is_of_body(source) else source.reference,
        cell_name=cell.name or None if cell else None,
        area=area,
        refusal=_refusal(source, cell),
        take=take if kept.ticket.status is not TicketStatus.CLOSED else None,
        taken=bool(take and (where.lat, where.lon, where.source) == (take.lat, take.lon, take.source)),
    )


def _refusal(source: LocationSource, cell: Cell | None) -> str | None:
    if source.refusal:
        return f"place.refusal.{source.refusal}"
    if _is_of_body(source):
        return "place.refusal.not_read"
    if source.kind is SourceKind.CELL and cell is None:
        return "place.refusal.unknown_cell"
    return None


def _code(source: LocationSource) -> str:
    """What the ticket names as the source of its point: a code of at most 40 letters, as the API takes it."""
    if source.kind is SourceKind.CELL:
        return f"cell-{source.reference}"
    within = f"-{source.uncertainty_m:.0f}m" if source.uncertainty_m else ""
    return f"network-{source.shape}{within}"


def _distance(metres: float | None) -> str | None:
    if metres is None:
        return None
    return f"± {metres / _KILOMETRE:.1f} km" if metres >= _KILOMETRE else f"± {metres:.0f} m"


def _geo(place: Taking, radius: float | None) -> str:
    """RFC 5870: whatever shows maps on this machine opens it, without a network where it has none."""
    return f"geo:{place.lat:.6f},{place.lon:.6f}" + (f";u={radius:.0f}" if radius else "")


def _map(place: Taking) -> str:
    at = f"{place.lat:.6f}/{place.lon:.6f}"
    return f"https://www.openstreetmap.org/?mlat={place.lat:.6f}&mlon={place.lon:.6f}#map=17/{at}"
