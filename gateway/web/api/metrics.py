"""`GET /metrics`: how the line stands, for Prometheus. The same as health says, as numbers; nobody's name or number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from gateway.web.door.context import web_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client.core import Metric

    from gateway.feed import EntryCounts
    from gateway.health import Health

_GAUGES: Final = {
    "ready": "Whether a call to 112 would be answered, recorded and ticketed now",
    "staffed": "Takers who are signed in, with a registered phone, not paused",
    "free": "Of them: can be rung this instant",
    "journal_lag_s": "For how long something in the ledger has waited to be read, in seconds",
    "open_tickets": "Tickets that are not closed",
    "call_backs_owed": "Callers whom nobody has called back yet",
    "unreadable": "Events and pieces of the ledger that made no sense, since the start",
    "audit": "Places in which the store does not say what the ledger tells; must be 0",
}


# Known to its registry by itself, not by what it holds.
@dataclass(slots=True, eq=False)
class _Line:
    """A collector, in Prometheus' sense, of one answer."""

    health: Health
    entries: Mapping[str, int]

    def collect(self) -> Iterator[Metric]:
        """Give every metric."""
        for name, meaning in _GAUGES.items():
            gauge = GaugeMetricFamily(f"siaga112_{name}", meaning)
            gauge.add_metric([], float(getattr(self.health, name)))
            yield gauge
        alarms = GaugeMetricFamily(
            "siaga112_alarm", "An alarm that stands; since when, in seconds since 1970", labels=["name", "grave"]
        )
        for alarm in self.health.alarms:
            alarms.add_metric([alarm.name, str(alarm.grave).lower()], alarm.since.timestamp())
        yield alarms
        trunks = GaugeMetricFamily("siaga112_trunk_up", "Whether a trunk is there; absent: not known", labels=["name"])
        for name, state in self.health.trunks.items():
            if state != "unknown":
                trunks.add_metric([name], float(state == "up"))
        yield trunks
        entries = CounterMetricFamily(
            "siaga112_entries", "Entries of the timeline that were committed since the start", labels=["type"]
        )
        for kind, count in sorted(self.entries.items()):
            entries.add_metric([kind], count)
        yield entries


def exposition(health: Health, entries: Mapping[str, int]) -> bytes:
    """Write it all in Prometheus' text format, version 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Line(health, entries))
    return generate_latest(registry)


def add_metrics(app: web.Application, counts: EntryCounts) -> None:
    """Register `/metrics`."""

    async def metrics(request: web.Request) -> web.Response:
        body = exposition(await web_of(request).health.now(), counts.by_type)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    app.router.add_get("/metrics", metrics)
