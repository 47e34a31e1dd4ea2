"""Whether a call would be answered, recorded and ticketed now: every part is asked, and each failing one is named."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from gateway.alarms import Alarms
from gateway.calls.call_recorder import CallRecorder, Journal
from gateway.dispatching.roster import Roster
from gateway.doorbell.ami_link import AmiLogin
from gateway.doorbell.ami_listener import AmiListener
from gateway.facts.call_tracker import CallTracker
from gateway.health import HealthCheck
from gateway.ledger.formats import QUEUE_LOG, cel_format
from gateway.ledger.journal import JournalTail
from gateway.ledger.set_aside import SetAside
from gateway.process.clock import SystemClock
from gateway.site.config import Bind, Settings
from gateway.site.home import Home
from gateway.telephony.asterisk import Asterisk
from gateway.telephony.provide import Installed
from gateway.watch.ledger_audit import LedgerAudit
from tests.databases import new_database
from tests.gateway.agi_peer import serving
from tests.gateway.fake_ami import SECRET, USERNAME, FakeAmi
from tests.ticketing.evidence import answered, arrives, hung_up
from tests.ticketing.room import Told
from ticketing.commands import RecordCalls
from ticketing.desk import TicketDesk
from ticketing.errors import StoreUnusable
from ticketing.model import CallerIdStyle
from ticketing.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class FailingStore(SqliteStore):
    """A store that cannot be read for a while."""

    failing = False

    async def open_tickets(self) -> int:
        if self.failing:
            raise StoreUnusable("the database cannot be used: disk I/O error")
        return await super().open_tickets()


@dataclass
class Parts:
    """A line's parts, all well, and who looks after them."""

    check: HealthCheck
    ami: FakeAmi
    store: FailingStore
    desk: TicketDesk
    folder: Path

    def seen_anew(self) -> None:
        self.check._last = None


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SIAGA112_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def agi() -> Iterator[Bind]:
    with serving() as (host, port):
        yield Bind(host=host, port=port)


@asynccontextmanager
async def connected(listener: AmiListener) -> AsyncIterator[None]:
    running = asyncio.create_task(listener.run())
    try:
        await listener.connected()
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@pytest.fixture
async def parts(tmp_path: Path, agi: Bind) -> AsyncIterator[Parts]:
    settings = Settings(home=tmp_path / "home")
    home = Home.of(settings)
    store = await FailingStore.opened(new_database(tmp_path / "siaga112.sqlite3"))
    desk = TicketDesk(store, SystemClock(), Told(), ZoneInfo("Asia/Makassar"))
    recorder = CallRecorder(
        desk, CallTracker(lambda _trunk: CallerIdStyle.AUTO), SetAside(tmp_path / "unreadable.jsonl")
    )
    queue_log = Journal(JournalTail(tmp_path / "queue_log", None), QUEUE_LOG)
    cel = Journal(JournalTail(tmp_path / "cel.json", None), cel_format())
    for journal in (queue_log, cel):
        journal.read_once.set()
    asterisk = Asterisk(Installed("22.10.1", ("false",), Path("/modules"), Path("/data")), home)
    async with FakeAmi() as ami:
        login = AmiLogin("127.0.0.1", ami.port, USERNAME, SECRET)
        listener = AmiListener(login, receive=recorder.hear, ping_every_s=60.0, answer_within_s=5.0)
        roster = Roster(settings, store, asterisk, listener, asyncio.Event())
        alarms = Alarms(SystemClock())
        audit = LedgerAudit((), store, alarms)
        journals, trunks = (queue_log, cel), {"telkom": "up"}
        check = HealthCheck(listener, agi, store, recorder, journals, roster, audit, alarms, trunks)
        async with connected(listener):
            yield Parts(check, ami, store, desk, tmp_path)
    await store.close()
    queue_log.tail.close()
    cel.tail.close()


async def until_not_connected(parts: Parts) -> None:
    async with asyncio.timeout(10):
        while parts.check.ami.state == "connected":  # noqa: ASYNC110 - what is waited for here is another task's doing
            await asyncio.sleep(0.002)


async def test_a_line_of_which_every_part_answers_is_ready(parts: Parts) -> None:
    parts.ami.members = ["PJSIP/201", "PJSIP/202"]
    assert (await parts.check.now()).as_json() == {
        "ready": True,
        "staffed": 2,
        "free": 2,
        "ami": "connected",
        "agi": "ok",
        "store": "ok",
        "journal_lag_s": 0.0,
        "open_tickets": 0,
        "call_backs_owed": 0,
        "unreadable": 0,
        "audit": 0,
        "trunks": {"telkom": "up"},
        "reasons": [],
        "alarms": [],
    }


async def test_it_is_told_as_json(parts: Parts) -> None:
    health = (await parts.check.now()).as_json()
    assert json.loads(json.dumps(health)) == health


async def test_a_line_with_nobody_at_the_desk_is_ready_and_says_so(parts: Parts) -> None:
    health = await parts.check.now()
    assert (health.ready, health.staffed, health.free) == (True, 0, 0)


async def test_without_asterisk_it_is_not_ready(parts: Parts) -> None:
    parts.ami.members = ["PJSIP/201"]
    parts.ami.secret = "changed"
    parts.ami.hang_up()
    await until_not_connected(parts)
    health = await parts.check.now()
    assert not health.ready
    assert health.ami in {"connecting", "refused"}
    assert (health.staffed, health.reasons) == (0, (f"Asterisk's event feed: {health.ami}",))


async def test_an_asterisk_that_does_not_say_who_is_there_leaves_the_rest_to_be_told(parts: Parts) -> None:
    parts.ami.instead["QueueStatus"] = b""

    async def answer() -> None:
        asked = await parts.ami.asked("QueueStatus")
        parts.ami.tell(Response="Error", ActionID=str(asked["ActionID"]), Message="Permission denied")

    answering = asyncio.create_task(answer())
    health = await parts.check.now()
    await answering
    assert (health.ready, health.staffed) == (True, 0)


async def test_without_the_agi_server_it_is_not_ready(parts: Parts) -> None:
    parts.check.agi = Bind(host="127.0.0.1", port=1)
    health = await parts.check.now()
    assert (health.ready, health.agi, health.reasons) == (False, "silent", ("the AGI server does not answer",))


async def test_with_a_store_that_cannot_be_read_it_is_not_ready(parts: Parts) -> None:
    parts.store.failing = True
    health = await parts.check.now()
    assert (health.ready, health.open_tickets) == (False, 0)
    assert health.store == "the database cannot be used: disk I/O error"
    assert health.reasons == (f"the store: {health.store}",)


async def test_with_a_store_that_takes_nothing_in_it_is_not_ready(parts: Parts) -> None:
    parts.check.recorder.failing = "the database cannot be used: database is locked"
    health = await parts.check.now()
    assert health.reasons == ("the store: the database cannot be used: database is locked",)
    assert not health.ready


async def test_until_the_ledger_has_been_read_it_is_not_ready(parts: Parts) -> None:
    parts.check.journals[1].read_once.clear()
    health = await parts.check.now()
    assert (health.ready, health.reasons) == (False, ("the ledger has not been read to its end yet",))


async def test_everything_that_is_wrong_is_named(parts: Parts) -> None:
    parts.store.failing = True
    parts.check.agi = Bind(host="127.0.0.1", port=1)
    assert len((await parts.check.now()).reasons) == 2


async def test_what_lies_unread_in_the_ledger_is_told_in_seconds(parts: Parts) -> None:
    (parts.folder / "queue_log").write_text("1795469752|bima1-1795469752.0|112|NONE|ENTERQUEUE|\n")
    tail = parts.check.journals[0].tail
    assert tail.read()
    async with asyncio.timeout(10):
        while (await parts.check.now()).journal_lag_s == 0:
            parts.seen_anew()
            await asyncio.sleep(0.01)


async def test_open_tickets_are_counted(parts: Parts) -> None:
    for serial in (1, 2):
        call = arrives(serial)
        await parts.desk.handle(RecordCalls((call, answered(call, "101", 4))))
    assert (await parts.check.now()).open_tickets == 2


async def test_call_backs_that_are_owed_are_counted(parts: Parts) -> None:
    for serial in (1, 2):
        call = arrives(serial, serial * 60)
        await parts.desk.handle(RecordCalls((call, hung_up(call, serial * 60 + 9))))
    # Both are one caller's.
    assert (await parts.check.now()).call_backs_owed == 1


async def test_asked_by_many_at_once_it_looks_once(parts: Parts) -> None:
    answers = await asyncio.gather(*(parts.check.now() for _ in range(20)))
    assert all(answer is answers[0] for answer in answers)
    assert [one["Action"] for one in parts.ami.actions].count("QueueStatus") == 1


async def test_it_looks_again_after_a_moment(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.health._GOOD_FOR_S", 0.0)
    assert (await parts.check.now()).staffed == 0
    parts.ami.members = ["PJSIP/201"]
    assert (await parts.check.now()).staffed == 1
