"""Which areas a point lies in: islands, holes, overlaps, lines; and no hint where there is nothing to go by."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.places.areas.boundaries import Boundaries, Boundary, Polygon, smallest

if TYPE_CHECKING:
    from gateway.places.areas.boundaries import Ring

WEST, EAST, CITY = "52.72.01.1001", "52.72.01.1002", "52.72"


def square(west: float, south: float, side: float = 1.0) -> Ring:
    east, north = west + side, south + side
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


def one(code: str, *polygons: Polygon) -> Boundary:
    return Boundary(code, polygons)


# Two neighbours that overlap by a tenth of a degree, in a city with an island.
TOWN = Boundaries(
    (
        one(CITY, Polygon(square(0, 0, 3)), Polygon(square(10, 10))),
        one(WEST, Polygon(square(0, 0, 1.1))),
        one(EAST, Polygon(square(1, 0))),
    )
)


def test_a_point_is_in_the_area_around_it_and_in_what_that_is_a_part_of() -> None:
    assert TOWN.areas_at(0.5, 0.5) == (WEST, CITY)
    assert TOWN.areas_at(0.5, 1.5) == (EAST, CITY)
    assert TOWN.areas_at(2.5, 2.5) == (CITY,)


def test_where_neighbours_overlap_a_point_is_in_both() -> None:
    assert TOWN.areas_at(0.5, 1.05) == (WEST, EAST, CITY)


def test_an_island_is_a_part_too() -> None:
    assert TOWN.areas_at(10.5, 10.5) == (CITY,)


@pytest.mark.parametrize(
    ("lat", "lon"),
    [(5, 5), (-0.01, 0.5), (0.5, 3.01), (91, 0), (math.nan, 0.5), (0.5, math.nan), (math.inf, -math.inf)],
)
def test_outside_of_all_boundaries_there_is_no_hint(lat: float, lon: float) -> None:
    assert TOWN.areas_at(lat, lon) == ()


def test_without_boundaries_there_is_no_hint() -> None:
    assert Boundaries().areas_at(-8.45, 118.73) == ()


def test_a_hole_is_outside_and_its_line_is_not() -> None:
    lake = Boundaries((one(WEST, Polygon(square(0, 0, 4), (square(1, 1), square(2.5, 2.5)))),))
    assert lake.areas_at(0.5, 0.5) == (WEST,)
    assert lake.areas_at(1.5, 1.5) == ()
    assert lake.areas_at(3, 3) == ()
    assert lake.areas_at(1, 1.5) == (WEST,)
    assert lake.areas_at(2.2, 2.2) == (WEST,)


@pytest.mark.parametrize(("lat", "lon"), [(0, 0), (0, 0.5), (0.5, 0), (1, 1), (1, 0.25), (0.25, 1)])
def test_on_its_line_a_point_is_in(lat: float, lon: float) -> None:
    assert Boundaries((one(WEST, Polygon(square(0, 0))),)).areas_at(lat, lon) == (WEST,)


def test_on_a_slanting_line_a_point_is_in_and_a_metre_beside_it_is_not() -> None:
    triangle = Boundaries((one(WEST, Polygon(((118.70, -8.50), (118.73, -8.50), (118.70, -8.47), (118.70, -8.50)))),))
    assert triangle.areas_at(-8.49, 118.72) == (WEST,)
    assert triangle.areas_at(-8.48, 118.71) == (WEST,)
    assert triangle.areas_at(-8.48 + 1e-5, 118.71 + 1e-5) == ()
    assert triangle.areas_at(-8.48 - 1e-5, 118.71 - 1e-5) == (WEST,)


def test_which_way_round_the_line_goes_does_not_matter() -> None:
    for ring in (square(0, 0), tuple(reversed(square(0, 0)))):
        shape = Boundaries((one(WEST, Polygon(ring)),))
        assert shape.areas_at(0.5, 0.5) == (WEST,)
        assert shape.areas_at(0.5, 1.5) == ()


def test_a_corner_at_the_points_height_is_counted_once() -> None:
    # Its western and eastern corners lie on the parallel of the point.
    diamond = Boundaries((one(WEST, Polygon(((0, 1), (1, 0), (2, 1), (1, 2), (0, 1)))),))
    assert diamond.areas_at(1, 1) == (WEST,)
    assert diamond.areas_at(1, -1) == ()
    assert diamond.areas_at(1, 3) == ()
    assert diamond.areas_at(0, 0.5) == ()


def test_boundaries_of_areas_that_the_table_does_not_have_are_left_out() -> None:
    assert TOWN.only({EAST}).areas_at(0.5, 1.05) == (EAST,)


def test_the_smallest_areas_are_those_without_a_part_among_them() -> None:
    assert smallest((WEST, EAST, "52.72.01", CITY)) == (WEST, EAST)
    assert smallest(("52.72.01", CITY)) == ("52.72.01",)
    assert smallest(()) == ()


@given(
    st.lists(st.floats(0.1, 1.0), min_size=3, max_size=24),
    st.floats(-1.2, 1.2),
    st.floats(-1.2, 1.2),
)
def test_a_point_is_inside_as_seen_from_the_middle_of_a_star(reach: list[float], lat: float, lon: float) -> None:
    """A star around the origin: inside is what is nearer to it than its line is, in the same direction."""
    corners = [
        (far * math.cos(math.tau * place / len(reach)), far * math.sin(math.tau * place / len(reach)))
        for place, far in enumerate(reach)
    ]
    ring = (*corners, corners[0])
    inside = any(
        _in_triangle((lon, lat), corner, following)
        for corner, following in zip(corners, (*corners[1:], corners[0]), strict=True)
    )
    held = Boundaries((one(WEST, Polygon(ring)),)).areas_at(lat, lon) != ()
    assert held == inside or _hits(ring, lat, lon)


def _in_triangle(point: tuple[float, float], here: tuple[float, float], there: tuple[float, float]) -> bool:
    (x, y), (ax, ay), (bx, by) = point, here, there
    whole = ax * by - ay * bx
    one_part, other = (x * by - y * bx) / whole, (ax * y - ay * x) / whole
    return one_part >= 0 and other >= 0 and one_part + other <= 1


def _hits(ring: Ring, lat: float, lon: float) -> bool:
    """Whether the point is so near to the line, or to a ray from the origin to a corner, that rounding decides."""
    near = 1e-9
    return any(
        abs((bx - ax) * (lat - ay) - (lon - ax) * (by - ay)) < near or abs(ax * lat - ay * lon) < near
        for (ax, ay), (bx, by) in pairwise(ring)
    )
