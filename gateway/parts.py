"""What the gateway process is made of: put together by `gateway.app`, looked at by `gateway.web.site`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from gateway.alarms import Alarms
    from gateway.calls.call_recorder import CallRecorder, Journal
    from gateway.calls.number_turns import NumberTurns
    from gateway.calls.reconciler import Reconciler
    from gateway.calls.silent_caller import SilentCaller
    from gateway.dispatching.dispatcher import Dispatcher
    from gateway.dispatching.return_caller import ReturnCaller
    from gateway.dispatching.roster import Roster
    from gateway.doorbell.ami_listener import AmiListener
    from gateway.doorbell.location_listener import LocationListener
    from gateway.feed import EntryCounts, Feed
    from gateway.health import HealthCheck
    from gateway.places.areas.table import AreaTable
    from gateway.site.config import Settings
    from gateway.site.home import Home
    from gateway.upkeep.rotation import Rotation
    from gateway.watch.boundary_watch import BoundaryWatch
    from gateway.watch.cell_watch import CellWatch
    from gateway.watch.disk_watch import DiskWatch
    from gateway.watch.dispatch_watch import DispatchWatch
    from gateway.watch.ledger_audit import LedgerAudit
    from gateway.watch.nuisance_watch import NuisanceWatch
    from gateway.watch.skpd_watch import SkpdWatch
    from gateway.watch.sla_watch import SlaWatch
    from gateway.watch.test_call import ScheduledCalls
    from gateway.watch.trunk_watch import TrunkWatch
    from ticketing.desk import TicketDesk
    from ticketing.ports import Clock, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Each part, by what it is for."""

    settings: Settings
    home: Home
    clock: Clock
    # What is kept, and who is told
    store: Store
    desk: TicketDesk
    feed: Feed
    counts: EntryCounts
    # Doorbell and ledger
    ami: AmiListener
    recorder: CallRecorder
    locations: LocationListener
    journals: Sequence[Journal]
    ledger_read: asyncio.Event  # all of it that there was at the start
    reconciler: Reconciler
    # Who looks after what
    roster: Roster
    sla: SlaWatch
    alarms: Alarms
    health: HealthCheck
    audit: LedgerAudit
    trunks: TrunkWatch
    test_calls: ScheduledCalls
    dispatcher: Dispatcher
    silent_caller: SilentCaller
    return_caller: ReturnCaller
    dispatches: DispatchWatch
    skpds: SkpdWatch
    areas: AreaTable
    boundaries: BoundaryWatch
    nuisance: NuisanceWatch
    turns: NumberTurns
    cells: CellWatch
    rotation: Rotation
    disks: DiskWatch
