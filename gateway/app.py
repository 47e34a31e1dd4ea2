"""The gateway process, and the only place where its parts are put together."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import structlog

from gateway import call_facts
from gateway.ami_link import AmiLogin
from gateway.ami_listener import AmiListener
from gateway.call_recorder import CallRecorder, Journal
from gateway.call_tracker import CallTracker
from gateway.clock import SystemClock
from gateway.feed import Feed
from gateway.health import HealthCheck
from gateway.home import Home, load_secrets
from gateway.journal import JournalTail
from gateway.reconciler import Reconciler
from gateway.roster import Roster
from gateway.set_aside import SetAside
from gateway.sla_watch import DueInstants, SlaWatch
from gateway.telephony.asterisk import Asterisk
from gateway.telephony.provide import provide
from gateway.torn_lines import cel_records, queue_log_records
from gateway.upkeep.rotation import Rotation
from gateway.watch.alarms import Alarms
from gateway.watch.clock_sync import watch_clock
from gateway.watch.disk_watch import DiskWatch
from gateway.watch.ledger_audit import LedgerAudit, behind
from gateway.watch.space import Part
from gateway.watch.test_call import CallPlacer, ScheduledCalls
from gateway.watch.trunk_watch import TrunkWatch
from gateway.web.city import City
from gateway.web.context import Web
from gateway.web.metrics import EntryCounts, add_metrics
from gateway.web.pages import add_pages
from gateway.web.seats import AskedSeats
from gateway.web.server import application, serving
from ticketing.desk import TicketDesk
from ticketing.store import file_of, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from gateway.config import Settings
    from ticketing.model import JournalPosition
    from ticketing.timeline import Entry

    Event = Mapping[str, str | list[str]]
    Ear = Callable[[Event], None]

log = structlog.get_logger()

_SWITCH_S = 0.0005


class LogPublisher:
    """Tells the log what was committed."""

    def publish(self, news: Sequence[Entry]) -> None:
        """One line an entry: facts, and nobody's number."""
        for entry in news:
            log.info(entry.type, call=entry.call_id, ticket=entry.ticket_number, seq=entry.seq)


async def run_gateway(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; a part that fails ends all, and the supervisor starts us anew."""
    home = Home.of(settings)
    asterisk = Asterisk(await asyncio.to_thread(provide, say=lambda _: None), home)
    async with AsyncExitStack() as stack:
        store = await open_store(settings.database, checked=False)
        stack.push_async_callback(store.close)
        clock, due = SystemClock(), DueInstants(settings.targets)
        counts = EntryCounts()
        feed = Feed((LogPublisher(), due, counts))
        desk = TicketDesk(store, clock, feed, settings.zone, settings.targets)
        recorder = CallRecorder(desk, CallTracker(settings.style_of), SetAside(home.unreadable))
        ears: list[Ear] = [recorder.hear]
        ami = AmiListener(
            AmiLogin(settings.ami_bind.host, settings.ami_bind.port, "siaga112", load_secrets(home).ami),
            receive=lambda event: _tell(ears, event),
        )
        places = await store.journal_positions()
        journals = _journals(home, places)
        reconciler = Reconciler(settings.node, settings.style_of, ami, journals, store, desk, clock)
        ears.append(reconciler.hear)
        ledger_read = asyncio.Event()
        roster = Roster(settings, store, asterisk, ami, ledger_read)
        alarms = Alarms(clock)
        audit = LedgerAudit(_second_readers(journals, places), store, settings.style_of, alarms)
        trunks = TrunkWatch(settings.trunks, ami, alarms, assumed=settings.carrier_is_assumed)
        health = HealthCheck(ami, settings.agi_bind, store, recorder, journals, roster, audit, alarms, trunks.states)
        city = City(settings.zone, settings.city, settings.targets, settings.language)
        placer = CallPlacer(ami, store, desk, home, clock, settings.node)
        test_calls = ScheduledCalls(placer, alarms, settings.test_call.every_s)
        site = application(Web(store, desk, clock, feed, home, health, city, alarms, test_calls.place))
        add_pages(site, AskedSeats(roster))
        add_metrics(site, counts)
        await stack.enter_async_context(serving(site, settings.http_bind))
        _make_haste()
        async with asyncio.TaskGroup() as group:
            work = [
                group.create_task(ami.run(), name="doorbell"),
                group.create_task(recorder.listen(), name="doorbell's recorder"),
                *(group.create_task(recorder.follow(one), name="ledger") for one in journals),
                group.create_task(reconciler.run(), name="reconciler"),
                group.create_task(audit.run(), name="ledger's audit"),
                group.create_task(roster.run(), name="roster"),
                group.create_task(trunks.run(), name="trunk watch"),
                group.create_task(test_calls.run(), name="test calls"),
                group.create_task(SlaWatch(desk, clock, due).run(), name="SLA watch"),
                group.create_task(
                    Rotation(journals, asterisk, ami, clock, settings.storage).run(), name="journals' rotation"
                ),
                group.create_task(
                    DiskWatch(_folders(settings), settings.storage, alarms, ami, asterisk, clock).run(),
                    name="disk watch",
                ),
                group.create_task(watch_clock(clock, alarms), name="clock watch"),
                group.create_task(_all_read(journals, ledger_read), name="ledger's first reading"),
            ]
            _cancel_on_signal(work)


def _tell(ears: Sequence[Ear], event: Event) -> None:
    for ear in ears:
        ear(event)


def _make_haste() -> None:
    """Have no answer wait for the interpreter itself."""
    # The store's thread waits so long for a busy event loop to let go, and the loop for it (5 ms by default).
    sys.setswitchinterval(_SWITCH_S)
    # Modules and wiring stay for good: no collection need look through them again.
    gc.collect()
    gc.freeze()


async def _all_read(journals: Sequence[Journal], done: asyncio.Event) -> None:
    for journal in journals:
        await journal.read_once.wait()
    done.set()


def _folders(settings: Settings) -> dict[Part, Path]:
    home = Home.of(settings)
    return {
        Part.JOURNALS: home.journals,
        Part.STORE: file_of(settings.database).parent,
        Part.RECORDINGS: home.recordings,
        Part.LOGS: home.log,
    }


def _journals(home: Home, positions: Sequence[JournalPosition]) -> tuple[Journal, Journal]:
    saved = {position.name: position for position in positions}

    def tail(path: Path) -> JournalTail:
        return JournalTail(path, saved.get(path.name))

    return (
        Journal(tail(home.queue_log), queue_log_records, call_facts.from_queue_log),
        Journal(tail(home.cel), cel_records, call_facts.from_cel),
    )


def _second_readers(
    journals: Sequence[Journal], positions: Sequence[JournalPosition]
) -> list[tuple[Journal, JournalTail]]:
    saved = {position.name: position for position in positions}
    return [(one, JournalTail(one.tail.path, behind(saved.get(one.tail.path.name)))) for one in journals]


def _cancel_on_signal(work: Sequence[asyncio.Task[None]]) -> None:
    def cancel() -> None:
        for task in work:
            task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, cancel)
