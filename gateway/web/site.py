"""The web's only wiring: API, pages and metrics over the gateway's parts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.web.api.metrics import add_metrics
from gateway.web.door.city import City
from gateway.web.door.context import Web
from gateway.web.pages.root import add_pages
from gateway.web.pages.seats import AskedSeats
from gateway.web.server import application, serving

if TYPE_CHECKING:
    from gateway.parts import Parts


async def serve(parts: Parts) -> None:
    """Serve screens and programs until cancelled."""
    settings = parts.settings
    city = City(
        settings.zone,
        settings.city,
        settings.targets,
        settings.language,
        parts.areas,
        settings.nuisance_rules,
        settings.map_links,
    )
    site = application(
        Web(
            parts.store,
            parts.desk,
            parts.clock,
            parts.feed,
            parts.home,
            parts.health,
            city,
            parts.alarms,
            parts.dispatcher,
            parts.boundaries,
            parts.silent_caller,
            parts.cells,
            parts.test_calls.place,
            parts.return_caller,
        )
    )
    add_pages(site, AskedSeats(parts.roster))
    add_metrics(site, parts.counts)
    async with serving(site, settings.http_bind):
        await asyncio.Event().wait()
