"""Disks fill, a database is locked: callers are answered, it is said, and all is caught up afterwards."""

from __future__ import annotations

import json
import sqlite3
import urllib.error
import urllib.request
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bench.sipp import Citizen, citizens
from tests.telephony.disks import SmallDisk, small_disk
from tests.telephony.line import SITE, Line, eventually, now

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = """
[storage]
no_new_recordings_mb = 16
no_recordings_mb = 8
quiet_logs_mb = 6
evidence_mb = 6
ballast_mb = 4
"""


@dataclass
class Site:
    """A line whose journals, store and recordings lie on small disks of their own."""

    line: Line
    journals: SmallDisk
    store: SmallDisk
    recordings: SmallDisk

    def alarms(self) -> dict[str, str]:
        return {alarm["name"]: alarm["text"] for alarm in self.line.health().get("alarms", [])}

    def says(self, alarm: str, words: str) -> None:
        eventually(lambda: words in self.alarms().get(alarm, ""))

    def is_quiet(self, alarm: str) -> None:
        eventually(lambda: alarm not in self.alarms())

    def call(self) -> None:
        """A citizen calls and is answered, or SIPp says what it saw instead."""
        with citizens(self.line.sip, Citizen(talk_ms=300)) as caller:
            caller.finish()

    def signing_in(self) -> dict[str, Any]:
        """What the API answers to somebody who signs in, whoever that is."""
        body = json.dumps({"name": "dewi", "password": "a long password"}).encode()
        address = f"http://{self.line.http}/api/v1/session"
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - http, and our own
                return {"status": answer.status}
        except urllib.error.HTTPError as error:
            with error:
                return dict(json.load(error))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("disks")
    home = folder / "home"
    with ExitStack() as stack:
        journals = stack.enter_context(small_disk(folder / "journals"))
        store = stack.enter_context(small_disk(folder / "store"))
        recordings = stack.enter_context(small_disk(home / "recordings"))
        line = Line.prepared(
            home,
            SIAGA112_JOURNALS=str(journals.path),
            SIAGA112_DATABASE_URL=f"sqlite+aiosqlite:///{store.path}/siaga112.sqlite3",
        )
        (home / "siaga112.toml").write_text(SITE + SMALL)
        line.start()
        stack.callback(line.stop)
        line.add_takers(1)
        words = ("user", "add", "dewi", "--role", "supervisor", "--password-stdin")
        assert line.siaga112(*words, typed="a long password\n").returncode == 0
        stack.enter_context(line.staffed("201"))
        yield Site(line, journals, store, recordings)


def test_recordings_give_way_before_anything_else_and_come_back(site: Site) -> None:
    since = now()
    with site.recordings.filled(leaving_mb=12):
        site.says("space.recordings", "new calls are not recorded")
        site.call()
        unrecorded = site.line.ended_call(since)
        assert unrecorded["recording"] is None
        assert "UNRECORDED" in (site.journals.path / "cel-custom/cel.json").read_text()
        # Said for a minute at a time: a gateway that dies now leaves nobody unrecorded for longer.
        assert 0 < unrecorded_until(site.line) - now().timestamp() <= 60
    site.is_quiet("space.recordings")
    since = now()
    site.call()
    assert site.line.ended_call(since)["recording"]


def unrecorded_until(line: Line) -> int:
    globals_ = line.asterisk("dialplan show globals").splitlines()
    return int(next(text.partition("=")[2] for text in globals_ if "SIAGA_UNRECORDED_UNTIL" in text))


def test_what_the_gateway_once_said_of_recordings_counts_for_nothing_when_its_time_is_over(site: Site) -> None:
    since, over = now(), int(now().timestamp()) - 1
    site.line.asterisk(f"dialplan set global SIAGA_UNRECORDED_UNTIL {over}")
    site.call()
    assert site.line.ended_call(since)["recording"]


def test_a_recording_under_way_ends_when_nearly_nothing_is_left_and_the_call_goes_on(site: Site) -> None:
    since = now()
    with citizens(site.line.sip, Citizen(talk_ms=60_000)):
        call = site.line.wait_for_talk(since)["id"]
        assert "MixMonitor" in site.line.asterisk(f"mixmonitor list {channel_of(site.line)}")
        with site.recordings.filled(leaving_mb=4):
            site.says("space.recordings", "nothing is recorded")
            (audio,) = site.recordings.path.rglob(f"{call}.wav")
            eventually(lambda: audio not in held_open(site.line))
            assert site.line.wait_for_talk(since)["id"] == call
        site.line.asterisk("channel request hangup all")
        site.line.ended_call(since)
    site.is_quiet("space.recordings")


def test_a_disk_that_has_become_read_only_is_noticed_by_writing_and_costs_no_call(site: Site) -> None:
    since = now()
    with site.recordings.read_only():
        site.says("space.recordings", "new calls are not recorded: Read-only file system")
        site.call()
        assert site.line.ended_call(since)["outcome"] == "answered"
    site.is_quiet("space.recordings")


def channel_of(line: Line) -> str:
    lines = line.asterisk("core show channels concise").splitlines()
    return next(text.partition("!")[0] for text in lines if text.startswith("PJSIP/trunk-"))


def held_open(line: Line) -> list[Path]:
    return [Path(file.path) for file in line.process("asterisk.conf").open_files()]


def test_a_full_disk_under_the_store_costs_no_call_and_no_ticket(site: Site) -> None:
    gateway, since = site.line.process("-m gateway "), now()
    with site.store.filled():
        site.says("space.store", "evidence is at risk")
        for _ in range(3):
            site.call()
        eventually(lambda: "full" in str(site.line.health().get("store")))
        refused = site.signing_in()
        assert (refused["status"], refused["type"]) == (503, "urn:siaga112:problem:store-unusable")
        assert not site.line.is_ready()
    eventually(lambda: len(site.line.tickets(since)) == 3)
    eventually(lambda: [call["outcome"] for call in site.line.calls(since)] == ["answered"] * 3)
    assert all(ticket["answered_at"] < ticket["opened_at"] for ticket in site.line.tickets(since))
    assert gateway.is_running()
    eventually(site.line.is_ready)
    site.is_quiet("space.store")


def test_a_full_disk_under_the_journals_is_met_with_the_reserve_and_nothing_is_lost(site: Site) -> None:
    reserve, since = site.journals.path / "reserve", now()
    eventually(reserve.exists)
    with site.journals.filled():
        site.says("space.journals", "the reserve is given up")
        assert "evidence is at risk" in site.alarms()["space.journals"]
        assert not reserve.exists()
        site.call()
        call = site.line.ended_call(since)
        assert (call["outcome"], call["caller"]["raw"]) == ("answered", "08123456789")
    site.is_quiet("space.journals")
    eventually(reserve.exists)
    eventually(site.line.is_ready)


def test_a_database_that_somebody_else_locks_costs_no_call_and_no_ticket(site: Site) -> None:
    gateway, since = site.line.process("-m gateway "), now()
    with closing(sqlite3.connect(site.store.path / "siaga112.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        site.call()
        eventually(lambda: "locked" in str(site.line.health().get("store")), within_s=20)
        assert site.line.tickets(since) == []
        other.execute("ROLLBACK")
    (ticket,) = eventually(lambda: site.line.tickets(since))
    assert site.line.ended_call(since)["ticket"] == ticket["number"]
    assert gateway.is_running()
    eventually(site.line.is_ready)
