"""Keeps the boundaries that the running line has as new as those that were imported."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

from gateway.places.areas.boundaries import Boundaries
from gateway.places.areas.geojson import BoundariesUnreadable
from gateway.places.areas.kept import kept_boundaries
from gateway.site.imported import version_of

if TYPE_CHECKING:
    from gateway.alarms import Alarms
    from gateway.places.areas.table import AreaTable
    from gateway.site.home import Home
    from gateway.site.imported import Version

log = structlog.get_logger()

# The command line, which imports them, tells nobody.
_LOOK_EVERY_S: Final = 2.0
_ALARM: Final = "boundaries"


@dataclass(slots=True)
class BoundaryWatch:
    """The boundaries of this moment: an AreasAt (gateway.places.areas.boundaries) for whoever has a point."""

    home: Home
    table: AreaTable
    alarms: Alarms
    _now: Boundaries = field(default_factory=Boundaries)
    _seen: Version | None = None  # of the file that was read

    def areas_at(self, lat: float, lon: float) -> tuple[str, ...]:
        """Which areas this point (WGS84, degrees) lies in: their codes, the smallest areas first; none: no hint."""
        return self._now.areas_at(lat, lon)

    async def run(self) -> None:
        """Follow the file for ever."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_EVERY_S)

    async def look(self) -> None:
        """Take over what was imported, or removed, since the last look."""
        seen = version_of(self.home.boundaries)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            read = await asyncio.to_thread(kept_boundaries, self.home)
        except BoundariesUnreadable as error:
            # A hint from lines that nobody can read any more would be one that nobody can check.
            self._now = Boundaries()
            self.alarms.raise_(_ALARM, f"no hints where a point lies: {error}; import the boundaries again")
            return
        # Tickets may go on with another table than the one that they were imported for.
        self._now = read.only(self.table)
        self.alarms.clear(_ALARM)
        log.info("boundaries_read", areas=len(self._now.of_areas), unknown=len(read.of_areas) - len(self._now.of_areas))
