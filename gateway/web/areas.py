"""The city's areas by Kemendagri code: areas.csv holds Kota Bima's 5 kecamatan and 41 kelurahan.

Facts of Kepmendagri 300.2.2-2430/2025. The codes keep their dots: without them they collide with those of BPS.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_KECAMATAN_DOTS = 2


@dataclass(frozen=True, slots=True)
class Area:
    """A kelurahan, or any other part of the city."""

    code: str
    name: str
    parent: str


@dataclass(frozen=True, slots=True)
class District:
    """A kecamatan and its kelurahan, by name."""

    code: str
    name: str
    areas: tuple[Area, ...]


@cache
def areas() -> dict[str, Area]:
    """Every area by its code."""
    with files("gateway.web").joinpath("areas.csv").open(encoding="utf-8") as lines:
        read = (Area(row["code"], row["name"], row["parent"]) for row in csv.DictReader(lines))
        return {area.code: area for area in read}


@cache
def districts() -> tuple[District, ...]:
    """The kecamatan by name, each with its kelurahan."""
    known = sorted(areas().values(), key=lambda area: area.name)
    return tuple(
        District(one.code, one.name, tuple(area for area in known if area.parent == one.code))
        for one in known
        if one.code.count(".") == _KECAMATAN_DOTS
    )


def area_name(code: str | None) -> str | None:
    """`Paruga, Rasanae Barat`; the code itself where it is none of ours; None for none."""
    if code is None:
        return None
    area = areas().get(code)
    if area is None:
        return code
    parent = areas().get(area.parent)
    return f"{area.name}, {parent.name}" if parent else area.name
