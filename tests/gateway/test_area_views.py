"""The area's field: what can be chosen, and what boundaries say of a ticket's point."""

from __future__ import annotations

import pytest

from gateway.places.areas.boundaries import Boundaries, Boundary, Polygon
from gateway.places.areas.table import kota_bima
from gateway.web.pages.area_views import AreaHint, area_hints, no_choice
from ticketing.model import Location

PARUGA, NAE = "52.72.01.1001", "52.72.01.1002"
SQUARE = Polygon(((118.0, -9.0), (119.0, -9.0), (119.0, -8.0), (118.0, -8.0), (118.0, -9.0)))
OVERLAP = Boundaries(tuple(Boundary(code, (SQUARE,)) for code in ("52.72", "52.72.01", PARUGA, NAE)))
POINT = Location(lat=-8.5, lon=118.7)


def test_a_point_in_two_overlapping_kelurahan_is_a_hint_at_both_and_at_nothing_larger() -> None:
    assert area_hints(POINT, OVERLAP, kota_bima()) == (
        AreaHint(PARUGA, "Paruga, Rasanae Barat"),
        AreaHint(NAE, "Nae, Rasanae Barat"),
    )


def test_where_only_a_kecamatan_has_a_boundary_that_is_the_hint() -> None:
    (hint,) = area_hints(POINT, OVERLAP.only({"52.72", "52.72.01"}), kota_bima())
    assert hint.name == "Rasanae Barat, Kota Bima"


@pytest.mark.parametrize("place", [Location(), Location(lat=-8.5), Location(lon=118.7), Location(lat=1.0, lon=118.7)])
def test_without_a_point_in_the_city_there_is_no_hint(place: Location) -> None:
    assert area_hints(place, OVERLAP, kota_bima()) == ()
    assert area_hints(POINT, Boundaries(), kota_bima()) == ()


@pytest.mark.parametrize(
    ("code", "name"),
    [(None, None), ("52.72.01", None), (PARUGA, None), ("52.72", "Kota Bima"), ("52.06.01", "52.06.01")],
)
def test_what_is_no_kecamatan_or_kelurahan_of_the_table_can_still_be_what_a_ticket_has(
    code: str | None, name: str | None
) -> None:
    assert no_choice(code, kota_bima()) == name
