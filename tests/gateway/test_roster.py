"""The takers of the store at the desk of Asterisk: phones, sign-ins, sign-outs, and who is ahead of whom."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dispatching.roster import Desk, Roster, changes, read_desk
from gateway.doorbell.ami_link import AmiLogin, AmiRefused, AmiUnavailable
from gateway.doorbell.ami_listener import AmiListener
from gateway.process.clock import SystemClock
from gateway.site.config import Settings
from gateway.site.home import Home
from gateway.telephony.asterisk import Asterisk
from gateway.telephony.provide import Installed
from gateway.telephony.render import render_phones
from tests.databases import new_database
from tests.gateway.fake_ami import SECRET, USERNAME, FakeAmi, encoded
from tests.ticketing.room import Told
from ticketing.commands import AddSkpd, AddTaker, SignTaker
from ticketing.desk import TicketDesk
from ticketing.errors import StoreUnusable
from ticketing.model import Taker
from ticketing.skpd import Line, Skpd
from ticketing.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.gateway.fake_ami import Headers

SITI = Taker("201", "Siti", "rahasia-siti", signed_in=True)
BUDI = Taker("202", "Budi", "rahasia-budi", signed_in=True)
PHONES, NUMBERS = "module reload res_pjsip.so", "dialplan reload"
AWAY = Taker("203", "Wati", "rahasia-wati")

# `asterisk … -rx COMMAND`: writes down what it was asked, and answers unless there is a file `silent`.
CONTROL = """#!/bin/sh
for command; do :; done
echo "$command" >> {folder}/asked
[ -e {folder}/silent ] && exit 1
echo "Module 'res_pjsip.so' reloaded successfully."
"""


# ---- what is to be done, and who is there: pure ----------------------------------------------------------------------


def test_at_the_start_whoever_is_signed_in_comes_and_whoever_is_not_goes() -> None:
    assert changes((), (SITI, BUDI, AWAY), frozenset({"202", "203"})) == (("201",), ("203",))


def test_a_taker_who_signs_in_comes_and_one_who_signs_out_goes() -> None:
    before, after = (SITI, AWAY), (replace(SITI, signed_in=False), replace(AWAY, signed_in=True))
    assert changes(before, after, frozenset({"201"})) == (("203",), ("201",))


def test_a_taker_of_whom_nothing_changed_is_left_as_the_phone_has_it() -> None:
    # 201 has just signed out by *12, 203 in by *11: the phone is ahead of the store.
    assert changes((SITI, AWAY), (SITI, AWAY, BUDI), frozenset({"203"})) == (("202",), ())


def test_whoever_is_where_they_should_be_is_neither_added_nor_removed() -> None:
    assert changes((), (SITI, AWAY), frozenset({"201"})) == ((), ())


extensions = st.sampled_from(["201", "202", "203", "204"])
rosters = st.dictionaries(extensions, st.booleans()).map(
    lambda signed: tuple(Taker(one, one, "rahasia", signed_in=there) for one, there in signed.items())
)


@given(rosters, rosters, st.frozensets(extensions))
def test_afterwards_everybody_who_changed_is_as_the_store_says_and_everybody_else_as_before(
    applied: tuple[Taker, ...], wanted: tuple[Taker, ...], members: frozenset[str]
) -> None:
    come, gone = changes(applied, wanted, members)
    there = members.union(come).difference(gone)
    changed = {taker for taker in wanted if taker not in applied}
    assert {taker.extension: taker.extension in there for taker in changed} == {
        taker.extension: taker.signed_in for taker in changed
    }
    untouched = {"201", "202", "203", "204"} - {taker.extension for taker in changed}
    assert there & untouched == members & untouched


@pytest.mark.parametrize(
    ("state", "reachable", "free"),
    [
        ("0", False, False),  # unknown
        ("1", True, True),  # not in use
        ("2", True, False),  # in use
        ("3", True, False),  # busy
        ("4", False, False),  # invalid
        ("5", False, False),  # unavailable: not registered
        ("6", True, False),  # ringing
        ("7", True, False),  # ringing, in use
        ("8", True, False),  # on hold
        ("", False, False),
        ("9", False, False),
    ],
)
def test_a_phones_state_says_whether_it_can_be_rung(state: str, reachable: bool, free: bool) -> None:  # noqa: FBT001
    desk = read_desk([{"Event": "QueueMember", "Location": "PJSIP/201", "Status": state, "Paused": "0"}])
    assert (desk.reachable == {"201"}, desk.free == {"201"}) == (reachable, free)
    assert desk.members == {"201"}


@pytest.mark.parametrize(("state", "rings"), [("1", False), ("2", False), ("6", True), ("7", True)])
def test_a_phone_that_rings_is_known_to_ring(state: str, rings: bool) -> None:  # noqa: FBT001
    desk = read_desk([{"Event": "QueueMember", "Location": "PJSIP/201", "Status": state, "Paused": "0"}])
    assert (desk.ringing == {"201"}) is rings


def test_a_taker_who_is_paused_is_there_and_not_rung() -> None:
    assert read_desk([{"Event": "QueueMember", "Location": "PJSIP/201", "Status": "1", "Paused": "1"}]) == Desk(
        members=frozenset({"201"}), reachable=frozenset(), free=frozenset(), ringing=frozenset()
    )


def test_what_says_nothing_of_a_member_adds_nobody() -> None:
    nobody = Desk(frozenset(), frozenset(), frozenset(), frozenset())
    assert read_desk([{"Event": "QueueParams", "Queue": "112", "Calls": "3"}, {"Status": "1"}]) == nobody


# ---- beside an Asterisk ----------------------------------------------------------------------------------------------


class DeskAmi(FakeAmi):
    """A manager port that keeps the queue's members as app_queue does (Asterisk 22, manager_add_queue_member)."""

    refusing = False

    def hear(self, action: Headers) -> None:
        name, interface = str(action["Action"]), str(action.get("Interface", ""))
        if name in {"QueueAdd", "QueueRemove"}:
            said = self._add(interface) if name == "QueueAdd" else self._remove(interface)
            outcome: Headers = {"Response": "Error" if "Unable" in said else "Success"}
            self.instead[name] = encoded(outcome | {"ActionID": action["ActionID"], "Message": said})
        super().hear(action)

    def _add(self, interface: str) -> str:
        if self.refusing or interface in self.members:
            return "Unable to add interface: Already there"
        self.members.append(interface)
        return "Added interface to queue"

    def _remove(self, interface: str) -> str:
        if self.refusing or interface not in self.members:
            return "Unable to remove interface: Not there"
        self.members.remove(interface)
        return "Removed interface from queue"

    @property
    def asked_of_the_queue(self) -> list[tuple[object, ...]]:
        wanted = ("QueueAdd", "QueueRemove")
        return [(one["Action"], one["Queue"], one["Interface"]) for one in self.actions if one["Action"] in wanted]


class FailingStore(SqliteStore):
    """A store that cannot be read for a while."""

    failures = 0

    async def takers(self) -> tuple[Taker, ...]:
        if self.failures:
            self.failures -= 1
            raise StoreUnusable("the database cannot be used: disk I/O error")
        return await super().takers()


@dataclass
class Room:
    """A store, an Asterisk and the roster between them."""

    home: Home
    store: FailingStore
    ami: DeskAmi
    roster: Roster
    folder: Path
    ledger_read: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._desk = TicketDesk(self.store, SystemClock(), Told(), ZoneInfo("Asia/Makassar"))

    async def add(self, *takers: Taker) -> None:
        for taker in takers:
            await self._desk.handle(AddTaker(taker))

    async def register(self, skpd: Skpd) -> None:
        await self._desk.handle(AddSkpd(skpd))

    async def sign(self, taker: Taker, *, signed_in: bool) -> None:
        await self._desk.handle(SignTaker(taker.extension, signed_in=signed_in))

    @property
    def phones(self) -> str:
        return (self.home.etc / "pjsip_phones.conf").read_text()

    @property
    def asked_of_asterisk(self) -> list[str]:
        asked = self.folder / "asked"
        return asked.read_text().splitlines() if asked.exists() else []

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        running = asyncio.create_task(self.roster.run())
        try:
            yield
            assert not running.done()
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for here is another program's doing
            await asyncio.sleep(0.002)


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SIAGA112_")]:
        monkeypatch.delenv(name)


@pytest.fixture
async def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    monkeypatch.setattr("gateway.dispatching.roster._EVERY_S", 0.01)
    settings = Settings(home=tmp_path / "home")
    home = Home.of(settings)
    home.make()
    store = await FailingStore.opened(new_database(tmp_path / "siaga112.sqlite3"))
    control = tmp_path / "asterisk"
    control.write_text(CONTROL.format(folder=tmp_path))
    control.chmod(0o700)
    asterisk = Asterisk(Installed("22.10.1", (str(control),), Path("/modules"), Path("/data")), home)
    async with DeskAmi() as ami:
        listener = AmiListener(AmiLogin("127.0.0.1", ami.port, USERNAME, SECRET), receive=lambda _event: None)
        listening = asyncio.create_task(listener.run())
        await listener.connected()
        ledger_read = asyncio.Event()
        ledger_read.set()
        roster = Roster(settings, store, asterisk, listener, ledger_read)
        yield Room(home, store, ami, roster, tmp_path, ledger_read)
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
    await store.close()


async def test_a_taker_added_in_the_store_has_a_phone_and_is_rung(room: Room) -> None:
    await room.roster.follow()
    await room.add(SITI)
    await room.roster.follow()
    assert "password = rahasia-siti" in room.phones
    assert room.asked_of_asterisk == [PHONES, NUMBERS, PHONES]
    assert room.ami.asked_of_the_queue == [("QueueAdd", "112", "PJSIP/201")]
    assert (await room.roster.desk()).free == {"201"}


async def test_a_taker_added_but_not_signed_in_has_a_phone_and_is_not_rung(room: Room) -> None:
    await room.add(AWAY)
    await room.roster.follow()
    assert "password = rahasia-wati" in room.phones
    assert room.ami.asked_of_the_queue == []


async def test_a_taker_signed_out_in_the_store_is_rung_no_more_and_keeps_the_phone(room: Room) -> None:
    await room.add(SITI, BUDI)
    await room.roster.follow()
    phones = room.phones
    await room.sign(SITI, signed_in=False)
    await room.roster.follow()
    assert room.ami.asked_of_the_queue[2:] == [("QueueRemove", "112", "PJSIP/201")]
    assert room.phones == phones
    # Calls go on, but a reload for nothing is a risk for nothing.
    assert room.asked_of_asterisk == [PHONES, NUMBERS]


async def test_a_taker_who_signed_out_on_the_phone_is_not_added_again_by_anothers_coming(room: Room) -> None:
    await room.add(SITI)
    await room.roster.follow()
    room.ami.members.remove("PJSIP/201")
    await room.add(BUDI)
    await room.roster.follow()
    assert room.ami.members == ["PJSIP/202"]


async def test_a_taker_who_signed_out_on_the_phone_is_not_added_again_by_a_second_attempt(room: Room) -> None:
    await room.add(SITI)
    async with room.following():
        await until(lambda: room.ami.members)
        room.ami.members.remove("PJSIP/201")
        room.ami.refusing = True
        await room.add(BUDI)
        await until(lambda: len(room.ami.asked_of_the_queue) >= 3)
        room.ami.refusing = False
        await until(lambda: room.ami.members)
    assert room.ami.members == ["PJSIP/202"]


async def test_a_taker_who_signed_out_on_the_phone_is_left_alone_when_the_store_comes_to_know(room: Room) -> None:
    await room.add(SITI)
    await room.roster.follow()
    room.ami.members.remove("PJSIP/201")
    await room.sign(SITI, signed_in=False)
    await room.roster.follow()
    assert room.ami.asked_of_the_queue == [("QueueAdd", "112", "PJSIP/201")]


async def test_when_nothing_changed_asterisk_is_not_asked(room: Room) -> None:
    await room.add(SITI)
    await room.roster.follow()
    before = len(room.ami.actions)
    await room.roster.follow()
    assert len(room.ami.actions) == before


async def test_the_next_gateway_leaves_asterisk_alone_with_the_phones_that_it_has_read(room: Room) -> None:
    await room.add(SITI)
    await room.roster.follow()
    await replace(room.roster, _applied=None).follow()
    assert room.asked_of_asterisk == [PHONES, NUMBERS]


async def test_phones_that_a_gateway_wrote_and_died_are_read_by_the_next(room: Room) -> None:
    await room.add(SITI)
    await room.roster.follow()
    await room.add(BUDI)
    render_phones(room.roster.settings, room.home, [SITI, BUDI])
    await replace(room.roster, _applied=None).follow()
    assert room.asked_of_asterisk == [PHONES, NUMBERS, PHONES]


async def test_until_the_ledger_is_read_nobody_is_moved(room: Room) -> None:
    room.ledger_read.clear()
    await room.add(SITI)
    async with room.following():
        # A taker who signed out while we were away: the ledger has it, the store has not yet.
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert [one["Action"] for one in room.ami.actions] == ["Login"]
        await room.sign(SITI, signed_in=False)
        room.ledger_read.set()
        await until(lambda: room.asked_of_asterisk)
        await room.ami.asked("QueueStatus")
    assert room.ami.asked_of_the_queue == []


async def test_what_asterisk_was_too_busy_to_take_is_told_again(room: Room) -> None:
    await room.add(SITI)
    (room.folder / "silent").touch()
    with pytest.raises(Exception, match="cannot be reached"):
        await room.roster.follow()
    assert room.ami.asked_of_the_queue == []
    (room.folder / "silent").unlink()
    async with room.following():
        await until(lambda: room.ami.members == ["PJSIP/201"])
    assert room.asked_of_asterisk[:2] == [PHONES, PHONES]


async def test_a_refusal_is_followed_by_another_attempt(room: Room) -> None:
    room.ami.refusing = True
    await room.add(SITI)
    with pytest.raises(AmiRefused):
        await room.roster.follow()
    async with room.following():
        await until(lambda: len(room.ami.asked_of_the_queue) >= 3)
        room.ami.refusing = False
        await until(lambda: room.ami.members == ["PJSIP/201"])


async def test_an_asterisk_that_came_back_is_given_its_desk_again(room: Room) -> None:
    await room.add(SITI)
    async with room.following():
        await until(lambda: room.ami.members)
        room.ami.instead["QueueStatus"] = b""
        room.ami.hang_up()
        await room.sign(SITI, signed_in=False)
        await until(lambda: len(room.ami.sessions) == 1 and room.roster.ami.state == "connected")
        room.ami.instead.clear()
        await until(lambda: room.ami.members == [])


async def test_who_sits_at_the_desk_cannot_be_told_without_asterisk(room: Room) -> None:
    room.ami.secret = "changed"
    room.ami.hang_up()
    await until(lambda: room.roster.ami.state != "connected")
    with pytest.raises(AmiUnavailable):
        await room.roster.desk()


async def test_a_store_that_cannot_be_read_for_a_while_does_not_end_the_following(room: Room) -> None:
    await room.add(SITI)
    room.store.failures = 2
    async with room.following():
        await until(lambda: room.ami.members == ["PJSIP/201"])


async def test_a_folder_that_takes_no_file_for_a_while_does_not_end_the_following(room: Room) -> None:
    await room.add(SITI)
    away = room.home.etc.with_name("away")
    room.home.etc.rename(away)
    async with room.following():
        await room.ami.asked("Login")
        for _ in range(10):
            await asyncio.sleep(0.01)
        away.rename(room.home.etc)
        await until(lambda: room.ami.members == ["PJSIP/201"])


async def test_an_skpd_that_is_added_can_be_dialled_and_is_read_once(room: Room) -> None:
    await room.roster.follow()
    await room.register(Skpd("damkar", "Pemadam Kebakaran", (Line("113"),)))
    for _ in range(2):
        await room.roster.follow()
    assert "exten => 11,1,Set(CODE=damkar)" in room.home.skpd_numbers.read_text()
    assert room.asked_of_asterisk == [PHONES, NUMBERS, NUMBERS]
