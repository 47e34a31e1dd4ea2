"""A place in a document: each shape becomes one, and whatever is none becomes the word for why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.places.pidf import distance_m, places
from tests.places import (
    ARC_BAND,
    CIRCLE,
    CIVIC,
    CONFIDENCE,
    ELLIPSE,
    HOSTILE,
    POINT,
    POLYGON,
    at,
    pidf,
    tuple_of,
    turned,
    wide,
)
from tests.ticketing.evidence import MORNING
from ticketing.located import MOST_SOURCES, LocationSource, Shape, SourceKind

HERE = (-8.4606, 118.7273)


def found(document: str | bytes) -> LocationSource:
    """The one place of a document."""
    (place,) = places(document.encode() if isinstance(document, str) else document, MORNING)
    return place


@pytest.mark.parametrize(
    ("shape", "kind", "uncertainty_m"),
    [
        (POINT, Shape.POINT, None),
        (CIRCLE, Shape.CIRCLE, 850.24),
        (CIRCLE.replace("Circle", "Sphere").replace("8.7273", "8.7273 12"), Shape.CIRCLE, 850.24),
        (ELLIPSE, Shape.ELLIPSE, 77.5),
        (turned("twice as much"), Shape.ELLIPSE, 77.5),
        (ARC_BAND, Shape.ARC_BAND, 1500.0),
    ],
)
def test_a_shape_is_a_place_and_how_far_from_there_the_caller_may_be(
    shape: str, kind: Shape, uncertainty_m: float | None
) -> None:
    place = found(pidf(shape))
    assert (place.kind, place.at, place.refusal) == (SourceKind.VALUE, MORNING, "")
    assert (place.shape, (place.lat, place.lon), place.uncertainty_m) == (kind, HERE, uncertainty_m)
    assert (place.method, place.found_at) == ("GPS", datetime(2026, 11, 23, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "polygon",
    [
        POLYGON,
        POLYGON.replace("</gml:pos><gml:pos>", " ").replace("gml:pos>", "gml:posList>"),
        POLYGON.replace("<gml:exterior><gml:LinearRing>", "").replace("</gml:LinearRing></gml:exterior>", ""),
        POLYGON.replace("4326", "4979").replace("</gml:pos>", " 7</gml:pos>"),
        POLYGON.replace("<gml:pos>-8.46 118.72</gml:pos></gml:L", "</gml:L"),
    ],
)
def test_a_polygon_keeps_its_corners_and_has_a_middle_from_which_the_farthest_is_measured(polygon: str) -> None:
    place = found(pidf(polygon))
    assert place.outline == ((-8.46, 118.72), (-8.46, 118.74), (-8.44, 118.74))
    assert (place.shape, place.lat, place.lon) == (Shape.POLYGON, -8.45, 118.73)
    assert place.uncertainty_m == pytest.approx(distance_m((-8.45, 118.73), (-8.46, 118.72)), abs=0.1)


def test_a_degree_of_latitude_is_111_kilometres_everywhere() -> None:
    assert distance_m((0, 0), (1, 0)) == pytest.approx(111_195, rel=1e-3)
    assert distance_m((-8, 118), (-9, 118)) == pytest.approx(111_195, rel=1e-3)
    assert distance_m((90, 0), (-90, 0)) == pytest.approx(20_015_000, rel=1e-3)


def test_an_address_keeps_its_parts_in_their_order() -> None:
    place = found(pidf(CIVIC))
    assert (place.shape, place.lat) == (Shape.CIVIC, None)
    assert place.civic == (
        ("country", "ID"),
        ("A3", "Kota Bima"),
        ("RD", 'Jalan Soekarno-Hatta "Utara"'),
        ("HNO", "12"),
    )


@pytest.mark.parametrize("order", [CIRCLE + CONFIDENCE, CONFIDENCE + CIRCLE])
def test_how_sure_the_sender_is_is_kept_wherever_it_stands(order: str) -> None:
    assert found(pidf(order)).confidence == 67


@pytest.mark.parametrize("text", ["unknown", "0", "101", "much"])
def test_a_confidence_that_is_no_percentage_is_none(text: str) -> None:
    assert found(pidf(CIRCLE + CONFIDENCE.replace("67", text))).confidence is None


def test_a_tuple_is_read_like_a_device_and_a_time_that_is_none_is_left_out() -> None:
    place = found(tuple_of(CIRCLE))
    assert (place.shape, place.method, place.found_at) == (Shape.CIRCLE, "Cell", None)


@pytest.mark.parametrize(
    "time",
    ["2026-11-23T09:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z", ""],
)
def test_a_time_without_its_offset_or_in_which_nobody_calls_is_left_out(time: str) -> None:
    assert found(pidf(POINT).replace("2026-11-23T09:00:00+08:00", time)).found_at is None


def test_names_count_and_the_namespaces_that_senders_get_wrong_do_not() -> None:
    assert found(pidf(POINT).replace("http://www.opengis.net/gml", "urn:whatever")).shape is Shape.POINT


def test_a_place_without_units_and_grid_is_in_metres_and_degrees() -> None:
    bare = CIRCLE.replace(' srsName="urn:ogc:def:crs:EPSG::4326"', "").replace(' uom="urn:ogc:def:uom:EPSG::9001"', "")
    assert found(pidf(bare)).uncertainty_m == 850.24


def test_several_places_stand_side_by_side_and_eight_are_enough() -> None:
    two = places(pidf(CIVIC + CIRCLE + "<gs:Banana/>").encode(), MORNING)
    assert [(place.shape, place.refusal) for place in two] == [
        (Shape.CIVIC, ""),
        (Shape.CIRCLE, ""),
        (None, "shape"),
    ]
    assert len(places(pidf(POINT * 20).encode(), MORNING)) == MOST_SOURCES


REFUSED = {
    "a billion laughs": "dtd",
    "entities on the stack": "dtd",
    "a quadratic blow-up": "dtd",
    "entities in a ring": "dtd",
    "a file": "dtd",
    "a document type from elsewhere": "dtd",
    "a parameter entity": "dtd",
    "60 kB of digits": "too_big",
    "60 kB of angle": "too_big",
    "250 levels": "too_big",
    "2 500 levels": "too_big",
    "9 000 elements": "too_big",
    "a thousand attributes": "shape",
    "no place": "empty",
    "an empty point": "coordinates",
    "an empty address": "empty",
    "a shape of nobody": "shape",
    "words for a place": "empty",
    "north of the pole": "off_the_earth",
    "beyond the date line": "off_the_earth",
    "no numbers": "coordinates",
    "endless": "coordinates",
    "an exponent": "coordinates",
    "one number": "coordinates",
    "four numbers": "coordinates",
    "a radius of nothing": "radius",
    "a radius below nothing": "radius",
    "a radius around the earth": "radius",
    "feet": "unit",
    "another grid": "crs",
    "a line for a polygon": "coordinates",
    "no XML": "malformed",
    "nothing": "malformed",
    "half a document": "malformed",
    "invalid UTF-8": "malformed",
    "a NUL": "malformed",
    "an encoding of nobody": "malformed",
    "UTF-7": "malformed",
}


@pytest.mark.parametrize(("what", "why"), REFUSED.items())
def test_what_is_no_place_is_refused_with_the_word_for_why(what: str, why: str) -> None:
    place = found(HOSTILE[what])
    assert (place.kind, place.shape, place.lat, place.refusal) == (SourceKind.VALUE, None, None, why)


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        (CIRCLE.replace("radius", "diameter"), "radius"),
        (wide("850,24"), "radius"),
        (POLYGON.replace("118.74", "118.74 9", 1), "coordinates"),
        (POLYGON.replace("<gml:pos>", f"<gml:posList>{'-8.4 118.7 ' * 120}</gml:posList><gml:pos>", 1), "coordinates"),
        ("<ca:civicAddress><ca:_x>1</ca:_x></ca:civicAddress>", "empty"),
    ],
)
def test_a_shape_that_lacks_something_is_refused(shape: str, why: str) -> None:
    assert found(pidf(shape)).refusal == why


def test_a_document_that_is_longer_than_any_message_is_not_read() -> None:
    assert found(b"<presence>" + b" " * 70_000).refusal == "too_big"


def test_a_document_of_something_else_has_no_place() -> None:
    assert found("<presence><note>hello</note></presence>").refusal == "empty"


def test_markup_within_numbers_and_text_is_only_markup() -> None:
    assert found(pidf(at("<![CDATA[-8.46 118.72]]>"))).lat == -8.46
    assert found(pidf(CIVIC.replace("12<", "<!-- x -->12<"))).civic[-1] == ("HNO", "12")
    assert found(HOSTILE["dialplan, HTML and SQL"]).civic[-1] == (
        "HNO",
        "${SHELL(id)} <script>'; DROP TABLE calls; --\\",
    )


PIECES = st.sampled_from(
    [
        POINT,
        CIRCLE,
        CIVIC,
        POLYGON,
        CONFIDENCE,
        "<a>",
        "</a>",
        "&amp;",
        "&x;",
        "\x00",
        "<!DOCTYPE a>",
        "é",
        "]]>",
        "-8 9",
    ]
)


@given(st.lists(PIECES, max_size=6).map("".join), st.integers(0, 2000))
def test_whatever_is_sent_something_is_said_of_it(text: str, cut: int) -> None:
    for document in (pidf(text).encode(), pidf(text).encode()[:cut]):
        told = places(document, MORNING)
        assert 1 <= len(told) <= MOST_SOURCES
        for place in told:
            assert bool(place.refusal) != bool(place.shape)
            assert place.lat is None or abs(place.lat) <= 90
            assert place.lon is None or abs(place.lon) <= 180


@given(st.binary(max_size=300))
def test_bytes_are_no_place(document: bytes) -> None:
    assert found(document).refusal in {"malformed", "empty", "dtd"}
