"""What the web side knows of the city it serves. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.places.areas.table import kota_bima
from ticketing.nuisance import NuisanceRules
from ticketing.sla import Targets

if TYPE_CHECKING:
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from gateway.places.areas.table import AreaTable


@dataclass(frozen=True, slots=True)
class City:
    """Its clock, its name, what it promises its callers, the language of its pages, its areas, what pranks cost."""

    zone: ZoneInfo
    name: str = "Kota Bima"
    targets: Targets = field(default_factory=Targets)
    language: str = "id"
    areas: AreaTable = field(default_factory=kota_bima)
    nuisance: NuisanceRules = field(default_factory=NuisanceRules)
    map_links: bool = False  # places link to a map of the world outside


def limit(span: timedelta) -> str:
    """A promise as a page's head has it: `3`, or `1:30`, in minutes."""
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    return f"{minutes}:{seconds:02d}" if seconds else str(minutes)
