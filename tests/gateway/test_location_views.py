"""Places on a ticket's page: side by side, each with how well it is known, and one button each that can be a place."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.places.areas.boundaries import Boundaries
from gateway.places.cells.table import NO_CELLS, Cell, CellTable
from gateway.web.api.schemas import LocationBody
from gateway.web.door.city import City
from gateway.web.pages.location_views import PlaceView, Taking, place_views
from gateway.web.pages.texts import TEXTS, texts
from gateway.web.pages.timeline_words import timeline_lines
from gateway.web.pages.views import Words
from tests.gateway.test_pidf import REFUSED
from tests.ticketing.evidence import MORNING, arrives
from ticketing.events import LocationTold
from ticketing.located import LocationSource, Shape, SourceKind
from ticketing.model import Location, Ticket, TicketStatus
from ticketing.ports import KeptTicket
from ticketing.timeline import NO_ENTRY, chained

CALL = arrives()
TICKET = Ticket("112-20261123-0001", CALL.id, MORNING, MORNING, "101")
BIMA = City(ZoneInfo("Asia/Makassar"))
CIRCLE = LocationSource(
    SourceKind.VALUE,
    MORNING,
    Shape.CIRCLE,
    -8.4606,
    118.7273,
    850.24,
    67.5,
    method="GPS",
    found_at=MORNING - timedelta(minutes=1),
)
CELL = LocationSource(SourceKind.CELL, MORNING, method="3GPP-NR", reference="5101012ab01c3d4")
BODY = LocationSource(SourceKind.REFERENCE, MORNING, reference="cid:place@citizen")
ANTENNAS = CellTable({CELL.reference: Cell(CELL.reference, -8.45, 118.72, 1250.0, "Raba")})


def shown(
    *sources: LocationSource, ticket: Ticket = TICKET, city: City = BIMA, cells: CellTable = NO_CELLS
) -> tuple[PlaceView, ...]:
    call = replace(CALL, locations=sources)
    return place_views(KeptTicket(ticket, call), cells, Boundaries(), Words(city, texts("en")))


def test_a_circle_is_shown_with_its_radius_its_confidence_and_when_it_was_found() -> None:
    (place,) = shown(CIRCLE)
    assert (place.label, place.within, place.confidence, place.method) == ("place.circle", "± 850 m", "67.5 %", "GPS")
    assert (place.point, place.geo, place.map) == ("-8.460600, 118.727300", "geo:-8.460600,118.727300;u=850", None)
    assert (place.when.time, place.found.time if place.found else None) == ("09:00:00", "08:59:00")
    assert (place.take, place.taken) == (Taking(-8.4606, 118.7273, "network-circle-850m"), False)


def test_a_map_of_the_world_outside_is_linked_only_where_the_city_wants_it() -> None:
    (place,) = shown(CIRCLE, city=replace(BIMA, map_links=True))
    assert place.map == ("https://www.openstreetmap.org/?mlat=-8.460600&mlon=118.727300#map=17/-8.460600/118.727300")


def test_a_place_that_was_taken_over_says_so_and_a_closed_ticket_takes_none() -> None:
    where = Location("dekat masjid", lat=-8.4606, lon=118.7273, source="network-circle-850m")
    (place,) = shown(CIRCLE, ticket=replace(TICKET, location=where))
    assert place.taken
    (place,) = shown(CIRCLE, ticket=replace(TICKET, status=TicketStatus.CLOSED))
    assert (place.take, place.point) == (None, "-8.460600, 118.727300")


def test_a_cell_stands_where_its_antenna_does_and_an_unknown_one_says_what_is_missing() -> None:
    (place,) = shown(CELL, cells=ANTENNAS)
    assert (place.label, place.within, place.cell_name, place.refusal) == ("place.cell", "± 1.2 km", "Raba", None)
    assert place.take == Taking(-8.45, 118.72, "cell-5101012ab01c3d4")
    (place,) = shown(CELL)
    assert (place.take, place.refusal) == (None, "place.refusal.unknown_cell")


def test_a_point_without_a_radius_says_none() -> None:
    (place,) = shown(replace(CIRCLE, shape=Shape.POINT, uncertainty_m=None, confidence=None, found_at=None))
    assert (place.within, place.geo, place.confidence, place.found) == (None, "geo:-8.460600,118.727300", None, None)
    assert place.take == Taking(-8.4606, 118.7273, "network-point")


def test_what_a_call_says_it_brings_is_shown_only_while_nothing_of_it_was_read() -> None:
    assert [place.refusal for place in shown(BODY)] == ["place.refusal.not_read"]
    assert [place.label for place in shown(BODY, CIRCLE)] == ["place.circle"]
    elsewhere = replace(BODY, reference="https://lis.example.com")
    assert [place.reference for place in shown(elsewhere)] == ["https://lis.example.com"]


@pytest.mark.parametrize("why", sorted({*REFUSED.values(), "no_cell"}))
def test_every_refusal_has_words(why: str) -> None:
    (place,) = shown(LocationSource(SourceKind.VALUE, MORNING, refusal=why))
    assert place.refusal in TEXTS


def test_the_timeline_says_which_place_the_network_told() -> None:
    sources = (CIRCLE, CELL, LocationSource(SourceKind.VALUE, MORNING, refusal="dtd"))
    entries = chained(CALL.id, [LocationTold(MORNING, one) for one in sources], NO_ENTRY, recorded_at=MORNING)
    told = [line.text for line in timeline_lines(entries, MORNING, Words(BIMA, texts("en")))]
    assert told == [
        "The network told of a place: Point within a radius",
        "The network told of a place: Antenna cell 5101012ab01c3d4",
        "The network told of a place: Location within the call — Refused: a document with a document type.",
    ]


@pytest.mark.parametrize(
    "source",
    [
        replace(CELL, reference="f" * 32),
        replace(CIRCLE, shape=Shape.ARC_BAND, uncertainty_m=20_039_999.9),
        replace(CIRCLE, uncertainty_m=0.1),
    ],
)
def test_whatever_is_taken_over_has_a_source_that_the_api_takes(source: LocationSource) -> None:
    table = CellTable({"f" * 32: Cell("f" * 32, -8.45, 118.72, 100_000.0, "")})
    (place,) = shown(source, cells=table)
    assert place.take
    LocationBody(lat=place.take.lat, lon=place.take.lon, source=place.take.source)


def test_a_part_of_an_address_without_words_keeps_its_name() -> None:
    assert (texts("en").civic("A3"), texts("en").civic("XYZ")) == ("City", "XYZ")
