"""A manager port that says what Asterisk never should: the next call that it tells of is ticketed all the same.

The port is the one that answers as the real one does (`tests/telephony/test_ami_contract.py`); behind it are the
listener, the recorder, the desk and a store.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from gateway.calls.call_recorder import CallRecorder
from gateway.doorbell.ami_link import AmiLogin
from gateway.doorbell.ami_listener import AmiListener, LinkState
from gateway.facts.call_tracker import CallTracker
from gateway.ledger.set_aside import SetAside
from gateway.process.clock import SystemClock
from tests.gateway import transcripts
from tests.gateway.fake_ami import SECRET, USERNAME, FakeAmi, encoded
from tests.ticketing.room import Told
from ticketing.desk import TicketDesk
from ticketing.model import CallerIdStyle
from ticketing.store import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.gateway.fake_ami import Headers
    from ticketing.store import SqliteStore

(CONNECTED,) = [event for event in transcripts.ami("answered") if event["Event"] == "AgentConnect"]
LONG = "x" * 65_536


def without(header: str) -> Headers:
    return {key: value for key, value in CONNECTED.items() if key != header}


# Every header that is read, in every way in which it can be wrong.
READ = ("Uniqueid", "DestUniqueid", "Interface", "Timestamp")
FLAWS: dict[str, bytes] = {
    **{f"{name} is missing": encoded(without(name)) for name in READ},
    **{f"{name} is empty": encoded({**CONNECTED, name: ""}) for name in READ},
    **{f"{name} is there twice": encoded({**CONNECTED, name: [str(CONNECTED[name]), "x"]}) for name in READ},
    **{f"{name} has 64 kB": encoded({**CONNECTED, name: LONG}) for name in READ},
    **{f"{name} is no text": encoded(without(name))[:-2] + name.encode() + b": \xff\xc3\r\n\r\n" for name in READ},
}
HARMLESS: dict[str, bytes] = {
    "a name of 64 kB": encoded({"Event": "Newchannel", LONG: "x"}),
    "a value of 64 kB": encoded({"Event": "Newchannel", "CallerIDName": LONG}),
    "no name at all": encoded({"Uniqueid": "bima1-1.1"}),
    "no header at all": b"\r\n\r\n\r\n\r\n",
    "a line without a colon": b"Event: Newchannel\r\nnonsense\r\n: \r\n\r\n",
    "an answer that nobody asked for": encoded({"Response": "Success", "ActionID": "nobody/1", "Message": LONG}),
    "ten thousand headers": encoded({"Event": "Newchannel", "Variable": ["x"] * 10_000}),
}


class Behind:
    """What stands behind the port."""

    def __init__(self, store: SqliteStore, recorder: CallRecorder, listener: AmiListener) -> None:
        self.store, self.recorder, self.listener = store, recorder, listener

    async def tickets(self) -> list[str]:
        """The calls that have one, as soon as there is any."""
        async with asyncio.timeout(10):
            while not (kept := await self.store.tickets()):  # noqa: ASYNC110 - what is waited for here is a commit
                await asyncio.sleep(0.005)
        return [str(one.ticket.call_id) for one in kept]


@asynccontextmanager
async def line_behind(ami: FakeAmi, folder: Path) -> AsyncIterator[Behind]:
    store = await open_store(f"sqlite+aiosqlite:///{folder / 'siaga112.sqlite3'}")
    desk = TicketDesk(store, SystemClock(), Told(), ZoneInfo("Asia/Makassar"))
    recorder = CallRecorder(desk, CallTracker(lambda _trunk: CallerIdStyle.AUTO), SetAside(folder / "unreadable.jsonl"))
    listener = AmiListener(AmiLogin("127.0.0.1", ami.port, USERNAME, SECRET), receive=recorder.hear)
    work = [asyncio.create_task(one) for one in (listener.run(), recorder.listen())]
    try:
        await asyncio.wait_for(listener.connected(), 10)
        yield Behind(store, recorder, listener)
        assert not any(task.done() for task in work)
    finally:
        for task in work:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await store.close()


@pytest.mark.parametrize("what", [*FLAWS, *HARMLESS])
async def test_after_an_event_that_makes_no_sense_the_next_call_is_ticketed(tmp_path: Path, what: str) -> None:
    with capture_logs() as logged:
        async with FakeAmi() as ami, line_behind(ami, tmp_path) as line:
            ami.send({**FLAWS, **HARMLESS}[what])
            ami.tell(**CONNECTED)
            assert await line.tickets() == [CONNECTED["Uniqueid"]]
            assert line.recorder.unreadable == (what in FLAWS)
            assert line.listener.state is LinkState.CONNECTED
            assert len(ami.sessions) == 1
    # The link held all the time, and no complaint grew with what was sent.
    assert [entry["event"] for entry in logged].count("ami_link_up") == 1
    assert all(len(str(entry)) < 1_000 for entry in logged)
