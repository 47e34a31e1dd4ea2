"""A trunk that is not there alarms, until it is back; one that nobody expects does not."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from gateway.alarms import Alarms
from gateway.doorbell.ami_link import AmiLogin
from gateway.doorbell.ami_listener import AmiListener
from gateway.process.clock import SystemClock
from gateway.site.config import Bind, Trunk
from gateway.watch.trunk_watch import TrunkState, TrunkWatch, trunk_state
from tests.gateway.fake_ami import SECRET, USERNAME, FakeAmi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PROXY = Bind(host="192.0.2.1", port=5060)
TELKOM = Trunk(name="telkom", addresses=("192.0.2.1",), proxy=PROXY)
XL = Trunk(name="xl", addresses=("192.0.2.2",), proxy=PROXY)
IMS = Trunk(name="ims", registrar=PROXY, username="bima", password="rahasia")
INWARD = Trunk(name="inward", addresses=("192.0.2.3",))


@pytest.mark.parametrize(
    ("contact", "registration", "state"),
    [
        ("Reachable", None, TrunkState.UP),
        ("Unreachable", None, TrunkState.DOWN),
        ("NonQualified", None, TrunkState.UNKNOWN),
        ("", None, TrunkState.UNKNOWN),
        ("Reachable", "Registered", TrunkState.UP),
        ("Reachable", "Rejected", TrunkState.DOWN),
        ("Unreachable", "Registered", TrunkState.DOWN),
        ("", "Registered", TrunkState.UP),
        ("", "Unregistered", TrunkState.DOWN),
    ],
)
def test_a_trunk_is_up_when_it_answers_and_when_it_has_let_us_register(
    contact: str, registration: str | None, state: TrunkState
) -> None:
    assert trunk_state(contact, registration) is state


@asynccontextmanager
async def watched(*trunks: Trunk, assumed: bool = False) -> AsyncIterator[tuple[FakeAmi, TrunkWatch]]:
    async with FakeAmi() as ami:
        listener = AmiListener(AmiLogin("127.0.0.1", ami.port, USERNAME, SECRET), receive=lambda _: None)
        running = asyncio.create_task(listener.run())
        await listener.connected()
        try:
            yield ami, TrunkWatch(trunks, listener, Alarms(SystemClock()), assumed=assumed)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


def says(ami: FakeAmi, **contacts: str) -> None:
    """Have Asterisk know this of the trunks' contacts."""
    for name, status in contacts.items():
        ami.values[f"PJSIP_AOR(trunk-{name},contact)"] = f"trunk-{name}@@{name}"
        ami.values[f"PJSIP_CONTACT(trunk-{name}@@{name},status)"] = status


def told(watch: TrunkWatch) -> list[tuple[str, bool]]:
    return [(alarm.name, alarm.grave) for alarm in watch.alarms.standing()]


async def test_a_trunk_that_does_not_answer_alarms_at_the_second_look_until_it_is_back() -> None:
    async with watched(TELKOM, XL) as (ami, watch):
        says(ami, telkom="Unreachable", xl="Reachable")
        await watch.look()
        assert told(watch) == []
        await watch.look()
        assert told(watch) == [("trunk.telkom", False)]
        assert watch.states == {"telkom": "down", "xl": "up"}
        assert "does not answer on 192.0.2.1:5060" in watch.alarms.standing()[0].text
        says(ami, telkom="Reachable")
        await watch.look()
        assert told(watch) == []


async def test_with_all_trunks_dead_each_alarm_is_grave_and_with_one_back_none_is() -> None:
    async with watched(TELKOM, XL) as (ami, watch):
        says(ami, telkom="Unreachable", xl="Unreachable")
        await watch.look()
        await watch.look()
        assert told(watch) == [("trunk.telkom", True), ("trunk.xl", True)]
        says(ami, xl="Reachable")
        await watch.look()
        assert told(watch) == [("trunk.telkom", False)]


async def test_a_trunk_that_is_not_registered_alarms_with_the_registrars_answer() -> None:
    async with watched(IMS) as (ami, watch):
        says(ami, ims="Reachable")
        ami.registrations = {"trunk-ims": "Rejected"}
        await watch.look()
        await watch.look()
        (alarm,) = watch.alarms.standing()
        assert alarm.text == "trunk ims is not registered with 192.0.2.1:5060: Rejected"
        ami.registrations = {"trunk-ims": "Registered"}
        await watch.look()
        assert (told(watch), watch.states) == ([], {"ims": "up"})


async def test_of_a_trunk_that_only_takes_calls_nothing_is_known() -> None:
    async with watched(INWARD) as (_, watch):
        await watch.look()
        await watch.look()
        assert (told(watch), watch.states) == ([], {"inward": "unknown"})


async def test_a_carrier_that_nobody_set_is_missed_only_once_it_has_been_there() -> None:
    async with watched(TELKOM, assumed=True) as (ami, watch):
        says(ami, telkom="Unreachable")
        for _ in range(3):
            await watch.look()
        assert (told(watch), watch.states) == ([], {"telkom": "unknown"})
        says(ami, telkom="Reachable")
        await watch.look()
        says(ami, telkom="Unreachable")
        await watch.look()
        await watch.look()
        assert told(watch) == [("trunk.telkom", True)]


async def test_while_asterisk_does_not_say_nothing_is_known_and_the_alarms_stand() -> None:
    async with watched(TELKOM) as (ami, watch):
        says(ami, telkom="Unreachable")
        await watch.look()
        await watch.look()
        ami.shutting_down = True
        running = asyncio.create_task(watch.run())
        async with asyncio.timeout(5):
            while watch.states != {"telkom": "unknown"}:  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0.01)
        running.cancel()
        assert told(watch) == [("trunk.telkom", True)]
