"""A file of boundaries: taken whole or refused with a reason, whatever is in it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.places.areas.boundaries import Boundaries, Boundary, Polygon
from gateway.places.areas.geojson import LARGEST_FILE, MOST_POSITIONS, BoundariesUnreadable, encode, parse
from gateway.places.areas.table import kota_bima

PARUGA, NAE = "52.72.01.1001", "52.72.01.1002"
SQUARE = [[118.70, -8.50], [118.72, -8.50], [118.72, -8.47], [118.70, -8.47], [118.70, -8.50]]
HOLE = [[118.705, -8.49], [118.71, -8.49], [118.71, -8.48], [118.705, -8.49]]
ISLAND = [[118.60, -8.50], [118.61, -8.50], [118.61, -8.49], [118.60, -8.50]]


def feature(code: object = PARUGA, kind: str = "Polygon", coordinates: object = None) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"code": code, "name": "Paruga"},
        "geometry": {"type": kind, "coordinates": [SQUARE] if coordinates is None else coordinates},
    }


def collection(*features: object, **more: object) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **more}


def read(record: object) -> Boundaries:
    return parse(json.dumps(record).encode(), "batas.geojson", kota_bima())


def refusal(record: object) -> str:
    content = record if isinstance(record, bytes) else json.dumps(record).encode()
    with pytest.raises(BoundariesUnreadable) as refused:
        parse(content, "batas.geojson", kota_bima())
    assert len(str(refused.value)) < 400
    return str(refused.value)


def test_polygons_holes_and_islands_are_read_and_points_found_in_them() -> None:
    boundaries = read(
        collection(feature(coordinates=[SQUARE, HOLE]), feature(NAE, "MultiPolygon", [[SQUARE], [ISLAND]]))
    )
    assert boundaries.areas_at(-8.475, 118.715) == (PARUGA, NAE)
    assert boundaries.areas_at(-8.487, 118.709) == (NAE,)
    assert boundaries.areas_at(-8.497, 118.609) == (NAE,)


def test_features_of_the_same_area_are_taken_together() -> None:
    boundaries = read(collection(feature(), feature(coordinates=[ISLAND])))
    assert [one.code for one in boundaries.of_areas] == [PARUGA]
    assert boundaries.areas_at(-8.497, 118.609) == boundaries.areas_at(-8.48, 118.71) == (PARUGA,)


def test_heights_are_passed_over_and_whole_numbers_are_degrees() -> None:
    high = [[118, -9, 12.5], [119, -9, 0], [119, -8, 3], [118, -9, 12.5]]
    (boundary,) = read(collection(feature(coordinates=[high]))).of_areas
    assert boundary.polygons[0].outer[0] == (118.0, -9.0)


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4326"])
def test_an_older_file_that_says_what_its_degrees_are_is_read(name: str) -> None:
    assert read(collection(feature(), crs={"type": "name", "properties": {"name": name}})).of_areas


def of(coordinates: object) -> dict[str, Any]:
    return collection(feature(coordinates=coordinates))


HOSTILE: dict[str, tuple[object, str]] = {
    "nothing": (b"", "it is not JSON"),
    "no text": (b"\xff\xfe\x00", "it is not JSON"),
    "XML": (b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>", "it is not JSON"),
    "a torn file": (json.dumps(collection(feature())).encode()[:-20], "it is not JSON"),
    "brackets without end": (b"[" * 200_000, "it is nested too deeply"),
    "coordinates without end": (
        json.dumps(of("X")).encode().replace(b'"X"', b"[" * 100_000 + b"]" * 100_000),
        "it is nested too deeply",
    ),
    "too large": (b" " * (LARGEST_FILE + 1), f"more than {LARGEST_FILE} bytes"),
    "a list": ([], "it is no FeatureCollection"),
    "a number": (112, "it is no FeatureCollection"),
    "one feature": (feature(), "it is no FeatureCollection"),
    "no features": (collection(), "it has no features"),
    "features of the wrong type": ({"type": "FeatureCollection", "features": {"0": feature()}}, "it has no features"),
    "a feature that is none": (collection(feature(), None), "feature 2: it is no Feature"),
    "a feature of another type": (collection({**feature(), "type": "Point"}), "feature 1: it is no Feature"),
    "no properties": (collection({**feature(), "properties": None}), 'feature 1: it has no property "code"'),
    "no code": (collection({**feature(), "properties": {"kode": PARUGA}}), 'it has no property "code"'),
    "a code without dots": (collection(feature(5272011001)), 'it has no property "code", a text'),
    "another city's code": (collection(feature("52.06.01.2001")), "'52.06.01.2001' is not in the table of areas"),
    "a code without its dots": (collection(feature("5272011001")), "codes keep their dots"),
    "a code that is no end of letters": (collection(feature("5" * 10_000)), "is not in the table of areas"),
    "no geometry": (collection({**feature(), "geometry": None}), f"feature 1 ({PARUGA}): its geometry is no Polygon"),
    "a point": (collection(feature(kind="Point", coordinates=[1, 2])), "its geometry is no Polygon or MultiPolygon"),
    "no coordinates": (collection({**feature(), "geometry": {"type": "Polygon"}}), "there are no rings"),
    "coordinates that are text": (of("POLYGON((0 0))"), "there are no rings"),
    "no rings": (of([]), "there are no rings"),
    "an empty ring": (of([[]]), "there are no positions"),
    "no polygons": (collection(feature(kind="MultiPolygon", coordinates=[])), "there are no polygons"),
    "a polygon where a multipolygon should be": (
        collection(feature(kind="MultiPolygon", coordinates=[SQUARE])),
        "118.7 is no position",
    ),
    "a position of one number": (of([[[118.7], *SQUARE]]), "[118.7] is no position"),
    "a position of four numbers": (of([[[1, 2, 3, 4], *SQUARE]]), "is no position"),
    "a position of text": (of([[["118.7", "-8.5"], *SQUARE]]), "is no position"),
    "a position of truths": (of([[[True, False], *SQUARE]]), "is no position"),
    "a position of nothing": (of([[None, *SQUARE]]), "None is no position"),
    "NaN": (json.dumps(of([[[float("nan"), 0], *SQUARE]])).encode(), "NaN is no number"),
    "infinity": (json.dumps(of([[[float("-inf"), 0], *SQUARE]])).encode(), "-Infinity is no number"),
    "a number beyond all": (json.dumps(of([["X"]])).encode().replace(b'"X"', b"[1e999, 0]"), "nowhere on the earth"),
    "a number of 5000 digits": (
        json.dumps(of([["X"]])).encode().replace(b'"X"', b"[" + b"9" * 5000 + b", 0]"),
        "nowhere on the earth",
    ),
    "latitude first": (of([[[lat, lon] for lon, lat in SQUARE]]), "nowhere on the earth: longitude, then latitude"),
    "metres": (of([[[692_000.0, 9_062_000.0]] * 4]), "nowhere on the earth"),
    "a line of two points": (of([[SQUARE[0], SQUARE[1], SQUARE[0]]]), "ring 1 has 3 positions: fewer than 4"),
    "an open ring": (of([SQUARE[:-1]]), f"feature 1 ({PARUGA}): ring 1 is not closed"),
    "an open hole": (of([SQUARE, [*HOLE[:-1], HOLE[1]]]), "ring 2 is not closed"),
    "too many positions": (
        of([SQUARE[:4] * (MOST_POSITIONS // 4) + SQUARE[:1]]),
        f"more than {MOST_POSITIONS} positions",
    ),
    "metres that say so": (
        collection(feature(), crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32750"}}),
        "EPSG:4326",
    ),
    "a reference that is none": (collection(feature(), crs="EPSG:4326"), "EPSG:4326"),
    "a reference without a name": (collection(feature(), crs={"type": "name"}), "EPSG:4326"),
}


@pytest.mark.parametrize(("record", "why"), HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_cannot_be_used_is_refused_with_the_place_and_the_reason(record: object, why: str) -> None:
    said = refusal(record)
    assert said.startswith("batas.geojson: ")
    assert why in said


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.just(PARUGA),
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "features", "properties", "code", "geometry", "coordinates"]), below)
    ),
    max_leaves=20,
)


@given(JSON, JSON, JSON)
def test_whatever_stands_in_a_file_it_is_read_or_refused(coordinates: object, properties: object, crs: object) -> None:
    for record in (
        of(coordinates),
        collection({**feature(), "properties": properties}),
        collection(feature(), crs=crs),
        coordinates,
    ):
        with suppress(BoundariesUnreadable):
            assert parse(json.dumps(record).encode(), "batas.geojson", kota_bima()).of_areas


degrees = st.tuples(st.floats(-180, 180), st.floats(-90, 90))
rings = st.lists(degrees, min_size=3, max_size=8).map(lambda ring: (*ring, ring[0]))
polygons = st.builds(Polygon, rings, st.lists(rings, max_size=2).map(tuple))


@given(st.lists(polygons, min_size=1, max_size=3).map(tuple))
def test_what_is_kept_is_read_back_as_it_was(of_it: tuple[Polygon, ...]) -> None:
    boundaries = Boundaries((Boundary(PARUGA, of_it),))
    assert parse(encode(boundaries).encode(), "kept", kota_bima()) == boundaries
