"""The table of cells that was imported, as HOME keeps it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from gateway.cells import table
from gateway.cells.table import LARGEST_TABLE, NO_CELLS, CellsUnreadable, CellTable
from gateway.home import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.home import Home

_ONE_MORE: Final = 1  # byte than may be read: then it is too large, however much more there is


def read_cells(file: Path) -> CellTable:
    """Read a table from a file; raise CellsUnreadable."""
    try:
        with file.open("rb") as source:
            return table.parse(source.read(LARGEST_TABLE + _ONE_MORE), str(file))
    except OSError as error:
        raise CellsUnreadable(f"cannot read {file}: {error.strerror}") from error


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
    try:
        write_private(home.cells, table.encode(cells))
    except OSError as error:
        raise CellsUnreadable(f"cannot write {home.cells}: {error.strerror}") from error


def remove_cells(home: Home) -> bool:
    """Have none from now on; say whether there were any. Raises CellsUnreadable."""
    there = home.cells.exists()
    try:
        home.cells.unlink(missing_ok=True)
    except OSError as error:
        raise CellsUnreadable(f"cannot remove {home.cells}: {error.strerror}") from error
    return there
