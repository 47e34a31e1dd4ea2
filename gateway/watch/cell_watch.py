"""Keeps the cells that the running line knows as new as those that were imported."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

from gateway.places.cells.kept import kept_cells
from gateway.places.cells.table import Cell, CellsUnreadable, CellTable
from gateway.site.imported import version_of

if TYPE_CHECKING:
    from gateway.alarms import Alarms
    from gateway.site.home import Home
    from gateway.site.imported import Version
    from ticketing.located import LocationSource

log = structlog.get_logger()

# The command line, which imports them, tells nobody.
_LOOK_EVERY_S: Final = 2.0
_ALARM: Final = "cells"


@dataclass(slots=True)
class CellWatch:
    """The cells of this moment, for whoever shows where a call comes from."""

    home: Home
    alarms: Alarms
    _now: CellTable = field(default_factory=CellTable)
    _seen: Version | None = None  # of the file that was read

    def of(self, source: LocationSource) -> Cell | None:
        """The antenna that a call told of; None when it told of none, or of one that nobody imported."""
        return self._now.of(source)

    async def run(self) -> None:
        """Follow the file for ever."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_EVERY_S)

    async def look(self) -> None:
        """Take over what was imported, or removed, since the last look."""
        seen = version_of(self.home.cells)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._now = await asyncio.to_thread(kept_cells, self.home)
        except CellsUnreadable as error:
            self._now = CellTable()
            self.alarms.raise_(_ALARM, f"cells have ids, but no places: {error}; import them again")
            return
        self.alarms.clear(_ALARM)
        log.info("cells_read", cells=len(self._now.by_id))
