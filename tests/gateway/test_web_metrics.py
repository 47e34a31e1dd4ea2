"""What Prometheus sees of the line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from gateway.alarms import Alarm
from tests.gateway.web_desk import WELL
from tests.ticketing.evidence import MORNING

if TYPE_CHECKING:
    from tests.gateway.web_desk import Room

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def scraped(room: Room) -> Samples:
    answer = await room.visitor().page("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.raw.decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


async def test_the_metrics_say_what_health_says(room: Room) -> None:
    room.health.health = replace(WELL, open_tickets=7, journal_lag_s=1.5, audit=2)
    seen = await scraped(room)
    assert seen[("siaga112_ready", ())] == 1
    assert seen[("siaga112_staffed", ())] == WELL.staffed
    assert seen[("siaga112_open_tickets", ())] == 7
    assert seen[("siaga112_journal_lag_s", ())] == 1.5
    assert seen[("siaga112_audit", ())] == 2


async def test_a_line_that_is_not_ready_can_be_scraped_all_the_same(room: Room) -> None:
    room.health.health = replace(WELL, ready=False, reasons=("the AGI server does not answer",))
    assert (await scraped(room))[("siaga112_ready", ())] == 0


async def test_each_alarm_that_stands_is_a_sample_with_its_beginning(room: Room) -> None:
    room.health.health = replace(WELL, alarms=(Alarm('trunk."telkom"\n', "no answer", MORNING, grave=True),))
    labels = (("grave", "true"), ("name", 'trunk."telkom"\n'))
    assert (await scraped(room))[("siaga112_alarm", labels)] == MORNING.timestamp()


async def test_what_was_committed_is_counted_and_names_nobody(room: Room) -> None:
    await room.ticket()
    seen = await scraped(room)
    assert seen[("siaga112_entries_total", (("type", "ticket_opened"),))] == 1
    assert seen[("siaga112_entries_total", (("type", "call_ended"),))] == 1
    assert b"081234500001" not in (await room.visitor().page("/metrics")).raw
