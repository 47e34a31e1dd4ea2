"""The city's areas by Kemendagri code, read from a table of comma-separated values. Pure.

kota_bima.csv is the one that comes along: Kota Bima's 5 kecamatan and 41 kelurahan, facts of Kepmendagri
300.2.2-2430/2025, read from cahyadsn/wilayah (MIT) and checked name by name against lokabisa-oss/region-id and
sumitroajiprabowo/kode-wilayah-id. The codes keep their dots: without them they collide with those of BPS.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from gateway.site.csv_table import read_rows
from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

AREA_CODE: Final = r"[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?"
"""Kemendagri's codes with their dots: of a province, a city, a kecamatan, a kelurahan."""

LARGEST_TABLE: Final = 1024 * 1024  # bytes; Kota Bima's has 3 000
MOST_AREAS: Final = 2_000  # the largest kabupaten have some 900
COLUMNS: Final = ("code", "level", "name", "parent", "lat", "lon")
_ALSO: Final = "also"  # other spellings, with | between them; may be left out
_LONGEST_NAME: Final = 60


class AreasUnreadable(Siaga112Error):
    """The table of areas cannot be used; the message says where and why."""


class Level(StrEnum):
    """What an area is, in Kemendagri's words."""

    KOTA = "kota"
    KABUPATEN = "kabupaten"
    KECAMATAN = "kecamatan"
    DISTRIK = "distrik"  # a kecamatan in Papua
    KELURAHAN = "kelurahan"
    DESA = "desa"


# By the dots in the code.
_LEVELS: Final = {
    1: frozenset({Level.KOTA, Level.KABUPATEN}),
    2: frozenset({Level.KECAMATAN, Level.DISTRIK}),
    3: frozenset({Level.KELURAHAN, Level.DESA}),
}
_DISTRICT_DOTS: Final = 2


@dataclass(frozen=True, slots=True)
class Area:
    """A kelurahan, a kecamatan, or the city. `lat`, `lon` (WGS84, degrees) lie in it, and say no more than that."""

    code: str
    level: Level
    name: str
    parent: str
    lat: float
    lon: float
    also: tuple[str, ...] = ()  # other ways to spell the name

    @property
    def is_district(self) -> bool:
        """Whether it is one of the parts that the city is first divided into."""
        return self.code.count(".") == _DISTRICT_DOTS


@dataclass(frozen=True, slots=True)
class District:
    """A kecamatan and its kelurahan, by name."""

    code: str
    name: str
    areas: tuple[Area, ...]


@dataclass(frozen=True, eq=False, slots=True)
class AreaTable:
    """All areas by their codes. Two tables are never equal: what was looked up in one is no answer of another."""

    by_code: Mapping[str, Area] = field(default_factory=dict)

    def __contains__(self, code: object) -> bool:
        return code in self.by_code

    def parent(self, area: Area) -> Area | None:
        """What it is a part of; None of the city itself."""
        return self.by_code.get(area.parent)

    def name(self, code: str | None) -> str | None:
        """`Paruga, Rasanae Barat`; the code itself where it is none of ours; None for none."""
        if code is None:
            return None
        area = self.by_code.get(code)
        if area is None:
            return code
        parent = self.parent(area)
        return f"{area.name}, {parent.name}" if parent else area.name

    def districts(self) -> tuple[District, ...]:
        """The kecamatan by name, each with its kelurahan."""
        known = sorted(self.by_code.values(), key=lambda area: area.name)
        parts: dict[str, list[Area]] = {}
        for area in known:
            parts.setdefault(area.parent, []).append(area)
        return tuple(District(one.code, one.name, tuple(parts.get(one.code, ()))) for one in known if one.is_district)


@cache
def kota_bima() -> AreaTable:
    """The table that comes along."""
    return parse(files("gateway.places.areas").joinpath("kota_bima.csv").read_bytes(), "kota_bima.csv")


def parse(content: bytes, source: str) -> AreaTable:
    """Read a table; raise AreasUnreadable with `source` and the line that is wrong.

    Its columns are those of COLUMNS, in any order, and perhaps `also`; a parent stands in the table too, above or
    below.
    """
    found: dict[str, Area] = {}
    read_rows(
        content,
        source,
        largest=LARGEST_TABLE,
        head=_judge_head,
        take=lambda row: _add(found, _area(row)),
        refuses=AreasUnreadable,
    )
    if not any(area.is_district for area in found.values()):
        raise AreasUnreadable(f"{source}: it has no kecamatan")
    if lonely := [area for area in found.values() if not _parent_is_there(area, found)]:
        raise AreasUnreadable(f"{source}: {lonely[0].code} is a part of {lonely[0].parent}, which is not in the table")
    return AreaTable(found)


def _judge_head(columns: Sequence[str]) -> None:
    if missing := [name for name in COLUMNS if name not in columns]:
        raise ValueError(f"the head has no column {missing[0]}: it is {','.join(COLUMNS)}, and {_ALSO} if need be")
    if unknown := [name for name in columns if name not in {*COLUMNS, _ALSO}]:
        raise ValueError(f"the head has a column {unknown[0][:40]!r}, which means nothing here")
    if len(set(columns)) < len(columns):
        raise ValueError("the head has a column twice")


def _area(value: Mapping[str, str]) -> Area:
    code = value["code"]
    if not re.fullmatch(AREA_CODE, code) or code.count(".") not in _LEVELS:
        raise ValueError(f"{code[:40]!r} is no code of a city, a kecamatan or a kelurahan, such as 52.72.01.1001")
    levels = _LEVELS[code.count(".")]
    if value["level"] not in levels:
        raise ValueError(f"what has the code {code} is {' or '.join(sorted(levels))}, not {value['level'][:40]!r}")
    if value["parent"] != code.rpartition(".")[0]:
        raise ValueError(f"the parent of {code} is {code.rpartition('.')[0]}, not {value['parent'][:40]!r}")
    also = tuple(_name(text.strip()) for text in value.get(_ALSO, "").split("|") if text.strip())
    return Area(
        code,
        Level(value["level"]),
        _name(value["name"]),
        value["parent"],
        _degrees("lat", value["lat"], 90),
        _degrees("lon", value["lon"], 180),
        also,
    )


def _name(text: str) -> str:
    if len(text) > _LONGEST_NAME or not text.isprintable() or not any(letter.isalnum() for letter in text):
        raise ValueError(f"a name is 1 to {_LONGEST_NAME} letters that can be shown, not {text[:80]!r}")
    return text


def _degrees(name: str, text: str, most: int) -> float:
    # As Python reads numbers, 1_0 and nan are some.
    degrees = float(text) if re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,20})?", text, re.ASCII) else math.nan
    if not abs(degrees) <= most:
        raise ValueError(f"{name} is degrees from -{most} to {most}, with a point, not {text[:40]!r}")
    return degrees


def _add(found: dict[str, Area], area: Area) -> None:
    if area.code in found:
        raise ValueError(f"{area.code} is there already: {found[area.code].name}")
    if len(found) == MOST_AREAS:
        raise ValueError(f"more than {MOST_AREAS} areas")
    found[area.code] = area


def _parent_is_there(area: Area, found: Mapping[str, Area]) -> bool:
    return area.parent in found or area.level in _LEVELS[1]
