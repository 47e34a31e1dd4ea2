"""The carriers' antennas by their ids, read from a table of comma-separated values. Pure.

An id is written as P-Access-Network-Info writes it (3GPP TS 24.229, 7.2A.4): the country (510), the network, the area
and the cell one after the other, the last two in hexadecimal. Carriers hand such tables to whoever runs the line.
"""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from gateway.site.csv_table import read_rows
from ticketing.errors import Siaga112Error
from ticketing.located import SourceKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ticketing.located import LocationSource

COLUMNS: Final = ("cell", "lat", "lon", "radius_m", "name")
LARGEST_TABLE: Final = 16 * 1024 * 1024  # bytes
MOST_CELLS: Final = 100_000  # a city has some thousands, all carriers together
_LONGEST_NAME: Final = 60
_FARTHEST_M: Final = 100_000.0  # GSM reaches 35 km, LTE by its standard 100
_ID = re.compile(r"[0-9a-f]{6,32}")


class CellsUnreadable(Siaga112Error):
    """The table of cells cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Cell:
    """An antenna: where it stands (WGS84, degrees), and how far from there a phone that uses it may be."""

    cell: str
    lat: float
    lon: float
    radius_m: float
    name: str


class Cells(Protocol):
    """Whoever knows where antennas are."""

    def of(self, source: LocationSource) -> Cell | None:
        """The antenna that a call told of; None when it told of none, or of one that nobody knows."""


@dataclass(frozen=True, eq=False, slots=True)
class CellTable:
    """All cells by their ids."""

    by_id: Mapping[str, Cell] = field(default_factory=dict)

    def of(self, source: LocationSource) -> Cell | None:
        """The antenna that a call told of; None when it told of none, or of one that is not in the table."""
        return self.by_id.get(source.reference) if source.kind is SourceKind.CELL else None


NO_CELLS: Final = CellTable()


def parse(content: bytes, source: str) -> CellTable:
    """Read a table; raise CellsUnreadable with `source` and the line that is wrong. Its columns are COLUMNS."""
    found: dict[str, Cell] = {}
    read_rows(
        content,
        source,
        largest=LARGEST_TABLE,
        head=_judge_head,
        take=lambda row: _add(found, _cell(row)),
        refuses=CellsUnreadable,
    )
    if not found:
        raise CellsUnreadable(f"{source}: it has no cells")
    return CellTable(found)


def encode(table: CellTable) -> str:
    """Write a table as it is read."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(
        (one.cell, f"{one.lat:.9f}", f"{one.lon:.9f}", f"{one.radius_m:.1f}", one.name) for one in table.by_id.values()
    )
    return lines.getvalue()


def _judge_head(columns: Sequence[str]) -> None:
    if sorted(columns) != sorted(COLUMNS):
        raise ValueError(f"the head is to be {','.join(COLUMNS)}")


def _cell(value: Mapping[str, str]) -> Cell:
    cell = value["cell"].lower()
    if not _ID.fullmatch(cell):
        raise ValueError(f"{cell[:40]!r} is no cell's id, such as 5101012ab01c3d4")
    return Cell(
        cell,
        _number("lat", value["lat"], 90, "degrees"),
        _number("lon", value["lon"], 180, "degrees"),
        _radius(value["radius_m"]),
        _name(value["name"]),
    )


def _number(name: str, text: str, most: float, unit: str) -> float:
    # As Python reads numbers, 1_0 and nan are some.
    number = float(text) if re.fullmatch(r"-?[0-9]{1,6}(\.[0-9]{1,20})?", text, re.ASCII) else math.nan
    if not abs(number) <= most:
        raise ValueError(f"{name} is {unit} up to {most:g}, with a point, not {text[:40]!r}")
    return round(number, 9)


def _radius(text: str) -> float:
    radius = round(_number("radius_m", text, _FARTHEST_M, "metres"), 1)
    if radius <= 0:
        raise ValueError(f"radius_m is more than 0, not {text[:40]!r}")
    return radius


def _name(text: str) -> str:
    if len(text) > _LONGEST_NAME or not text.isprintable():
        raise ValueError(f"a name is at most {_LONGEST_NAME} letters that can be shown, not {text[:80]!r}")
    return text


def _add(found: dict[str, Cell], cell: Cell) -> None:
    if cell.cell in found:
        raise ValueError(f"{cell.cell} is there already")
    if len(found) == MOST_CELLS:
        raise ValueError(f"more than {MOST_CELLS} cells")
    found[cell.cell] = cell
