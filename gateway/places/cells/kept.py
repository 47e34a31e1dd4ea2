"""The table of cells that was imported, as HOME keeps it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gateway.places.cells import table
from gateway.places.cells.table import LARGEST_TABLE, NO_CELLS, CellsUnreadable, CellTable
from gateway.site import imported

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.site.home import Home


def read_cells(file: Path) -> CellTable:
    """Read a table from a file; raise CellsUnreadable."""
    return table.parse(imported.content(file, LARGEST_TABLE, CellsUnreadable), str(file))


def kept_cells(home: Home) -> CellTable:
    """The cells that were imported, none if none were; raise CellsUnreadable."""
    return read_cells(home.cells) if home.cells.exists() else CellTable()


def usable_cells(home: Home) -> CellTable:
    """The cells, none where they cannot be read: an alarm of the running line says so, and lists go on without."""
    with suppress(CellsUnreadable):
        return kept_cells(home)
    return NO_CELLS


def keep_cells(home: Home, cells: CellTable) -> None:
    """Keep these in place of whatever was kept, in one step; raise CellsUnreadable."""
    imported.keep(home.cells, table.encode(cells), CellsUnreadable)


def remove_cells(home: Home) -> bool:
    """Have none from now on; say whether there were any. Raises CellsUnreadable."""
    return imported.remove(home.cells, CellsUnreadable)
