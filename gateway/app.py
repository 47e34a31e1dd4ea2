"""The gateway process, and the only place where its parts are put together."""

from __future__ import annotations

import asyncio
import gc
import importlib
import signal
import sys
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

import structlog

from gateway.alarms import Alarms
from gateway.calls.call_recorder import CallRecorder, Journal
from gateway.calls.number_turns import NumberTurns
from gateway.calls.reconciler import Reconciler
from gateway.calls.silent_caller import SilentCaller
from gateway.dispatching.dispatcher import Dispatcher
from gateway.dispatching.return_caller import ReturnCaller
from gateway.dispatching.roster import Roster
from gateway.doorbell.ami_link import AmiLogin
from gateway.doorbell.ami_listener import AmiListener
from gateway.doorbell.location_listener import LocationListener
from gateway.facts.call_tracker import CallTracker
from gateway.feed import EntryCounts, Feed
from gateway.health import HealthCheck
from gateway.ledger.formats import QUEUE_LOG, cel_format
from gateway.ledger.journal import JournalTail
from gateway.ledger.set_aside import SetAside
from gateway.parts import Parts
from gateway.places.areas.kept import table_of
from gateway.places.areas.table import AreasUnreadable, AreaTable
from gateway.process.clock import SystemClock
from gateway.site.home import Home, load_secrets
from gateway.telephony.asterisk import Asterisk
from gateway.telephony.provide import provide
from gateway.upkeep.rotation import Rotation
from gateway.watch.boundary_watch import BoundaryWatch
from gateway.watch.cell_watch import CellWatch
from gateway.watch.clock_sync import watch_clock
from gateway.watch.disk_watch import DiskWatch
from gateway.watch.dispatch_watch import DispatchWatch
from gateway.watch.ledger_audit import LedgerAudit, behind
from gateway.watch.nuisance_watch import NuisanceWatch
from gateway.watch.pin_watch import PinWatch
from gateway.watch.skpd_watch import SkpdWatch
from gateway.watch.sla_watch import DueInstants, SlaWatch
from gateway.watch.space import Part
from gateway.watch.test_call import CallPlacer, ScheduledCalls
from gateway.watch.trunk_watch import TrunkWatch
from ticketing.desk import TicketDesk
from ticketing.store import file_of, open_store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
    from pathlib import Path

    from gateway.site.config import Settings
    from ticketing.model import JournalPosition
    from ticketing.ports import Store
    from ticketing.timeline import Entry

    Event = Mapping[str, str | list[str]]
    Ear = Callable[[Event], None]

log = structlog.get_logger()

# The store's thread waits so long for a busy event loop to let go, and the loop for it (5 ms by default).
_SWITCH_S = 0.0005
_MANY = 200
_TICKETS_FIRST_S = 20.0


class LogPublisher:
    """Tells the log what was committed."""

    def publish(self, news: Sequence[Entry]) -> None:
        """One line an entry: facts, and nobody's number. Of very many at once, one line: there is much to catch up."""
        if len(news) > _MANY:
            log.info("entries_recorded", count=len(news), first=news[0].seq, last=news[-1].seq)
            return
        for entry in news:
            log.info(entry.type, call=entry.call_id, ticket=entry.ticket_number, seq=entry.seq)


async def run_gateway(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; a part that fails ends all, and the supervisor starts us anew."""
    asterisk = Asterisk(await asyncio.to_thread(provide, say=lambda _: None), Home.of(settings))
    async with AsyncExitStack() as stack:
        store = await open_store(settings.database, checked=False)
        stack.push_async_callback(store.close)
        parts = _wired(settings, asterisk, store, await store.journal_positions())
        sys.setswitchinterval(_SWITCH_S)
        async with asyncio.TaskGroup() as group:
            _cancel_on_signal([group.create_task(work, name=name) for name, work in _work(parts)])


def _wired(settings: Settings, asterisk: Asterisk, store: Store, places: Sequence[JournalPosition]) -> Parts:
    home, clock = asterisk.home, SystemClock()
    alarms, counts, due = Alarms(clock), EntryCounts(), DueInstants(settings.targets)
    dispatches, skpds = DispatchWatch(store, alarms), SkpdWatch(store, alarms, home.skpds)
    areas = _areas(settings, alarms)
    nuisance = NuisanceWatch(store, clock, settings.nuisance_rules, alarms, home.nuisance)
    ears: list[Ear] = []
    login = AmiLogin(settings.ami_bind.host, settings.ami_bind.port, "siaga112", load_secrets(home).ami)
    ami = AmiListener(login, receive=lambda event: _tell(ears, event))
    turns = NumberTurns(ami, store)
    feed = Feed((LogPublisher(), due, counts, dispatches, skpds, nuisance, turns))
    desk = TicketDesk(store, clock, feed, settings.zone, settings.targets, settings.nuisance_rules)
    tracker, aside = CallTracker(settings.style_of), SetAside(home.unreadable)
    recorder = CallRecorder(desk, tracker, aside, PinWatch(alarms).tried)
    ears.append(recorder.hear)
    journals = _journals(home, settings, places)
    reconciler = Reconciler(settings.node, settings.style_of, ami, journals, store, desk, clock)
    ears.append(reconciler.hear)
    ledger_read = asyncio.Event()
    roster = Roster(settings, store, asterisk, ami, ledger_read)
    audit = LedgerAudit(_second_readers(journals, places), store, alarms)
    trunks = TrunkWatch(settings.trunks, ami, alarms, assumed=settings.carrier_is_assumed)
    dispatcher = Dispatcher(settings, home, store, desk, ami=ami, journals=journals, clock=clock)
    placer = CallPlacer(ami, store, desk, home, clock, settings.node)
    return Parts(
        settings=settings,
        home=home,
        store=store,
        desk=desk,
        clock=clock,
        feed=feed,
        counts=counts,
        alarms=alarms,
        ami=ami,
        recorder=recorder,
        locations=_listener(settings, home, recorder, alarms),
        journals=journals,
        ledger_read=ledger_read,
        reconciler=reconciler,
        roster=roster,
        audit=audit,
        trunks=trunks,
        health=HealthCheck(ami, settings.agi_bind, store, recorder, journals, roster, audit, alarms, trunks.states),
        test_calls=ScheduledCalls(placer, alarms, settings.test_call.every_s),
        dispatcher=dispatcher,
        silent_caller=SilentCaller(ami, store, desk),
        return_caller=ReturnCaller(settings.node, store, desk, ami=ami, journals=journals, clock=clock),
        dispatches=dispatches,
        skpds=skpds,
        areas=areas,
        boundaries=BoundaryWatch(home, areas, alarms),
        nuisance=nuisance,
        turns=turns,
        cells=CellWatch(home, alarms),
        sla=SlaWatch(desk, clock, due),
        rotation=Rotation(journals, asterisk, ami, clock, settings.storage),
        disks=DiskWatch(_folders(settings), settings.storage, alarms, ami, asterisk, clock),
    )


def _listener(settings: Settings, home: Home, recorder: CallRecorder, alarms: Alarms) -> LocationListener:
    # On UDP where AMI is on TCP: nobody has to choose another port.
    key = load_secrets(home).mirror.encode()
    return LocationListener(settings.ami_bind, key, settings.trunks, recorder.hear_place, alarms)


def _work(parts: Parts) -> Iterator[tuple[str, Coroutine[None, None, None]]]:
    """What runs for as long as the gateway does."""
    yield "doorbell", parts.ami.run()
    yield "doorbell's recorder", parts.recorder.listen()
    yield "places in calls", parts.locations.run()
    yield "ledger", parts.recorder.follow(parts.journals)
    yield "ledger's first reading", _all_read(parts.journals, parts.ledger_read)
    yield "console", _console(parts)
    yield "reconciler", parts.reconciler.run()
    yield "roster", parts.roster.run()
    yield "SLA watch", _after(parts.ledger_read, parts.sla.run)
    yield "ledger's audit", parts.audit.run()
    yield "trunk watch", parts.trunks.run()
    yield "test calls", parts.test_calls.run()
    yield "dispatcher", parts.dispatcher.run()
    yield "return caller", parts.return_caller.run()
    yield "dispatch watch", _after(parts.ledger_read, parts.dispatches.run)
    yield "SKPD watch", parts.skpds.run()
    yield "boundary watch", parts.boundaries.run()
    yield "nuisance watch", _after(parts.ledger_read, parts.nuisance.run)
    yield "turns of a number", _after(parts.ledger_read, parts.turns.run)
    yield "cell watch", parts.cells.run()
    yield "journals' rotation", parts.rotation.run()
    yield "disk watch", parts.disks.run()
    yield "clock watch", watch_clock(parts.clock, parts.alarms)


async def _console(parts: Parts) -> None:
    """Serve screens and programs for ever.

    What the web needs takes as long to bring in as all the rest: the tickets that are owed at the start come first,
    but screens do not wait for them for ever.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_TICKETS_FIRST_S):
            await parts.ledger_read.wait()
    site = await asyncio.to_thread(importlib.import_module, "gateway.web.site")
    # Modules and wiring stay for good: no collection need look through them again.
    gc.collect()
    gc.freeze()
    gc.enable()
    await site.serve(parts)


async def _after(event: asyncio.Event, run: Callable[[], Awaitable[None]]) -> None:
    await event.wait()
    await run()


def _tell(ears: Sequence[Ear], event: Event) -> None:
    for ear in ears:
        ear(event)


async def _all_read(journals: Sequence[Journal], done: asyncio.Event) -> None:
    for journal in journals:
        await journal.read_once.wait()
    done.set()


def _areas(settings: Settings, alarms: Alarms) -> AreaTable:
    """The city's table. One that has been spoiled since the line was started costs names, and no ticket."""
    try:
        return table_of(settings)
    except AreasUnreadable as error:
        alarms.raise_("areas", f"areas have no names, only codes: {error}")
        return AreaTable()


def _folders(settings: Settings) -> dict[Part, Path]:
    home = Home.of(settings)
    return {
        Part.JOURNALS: home.journals,
        Part.STORE: file_of(settings.database).parent,
        Part.RECORDINGS: home.recordings,
        Part.LOGS: home.log,
    }


def _journals(home: Home, settings: Settings, positions: Sequence[JournalPosition]) -> tuple[Journal, Journal]:
    saved = {position.name: position for position in positions}

    def tail(path: Path) -> JournalTail:
        return JournalTail(path, saved.get(path.name))

    return (
        Journal(tail(home.queue_log), QUEUE_LOG),
        Journal(tail(home.cel), cel_format(settings.service_numbers)),
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
