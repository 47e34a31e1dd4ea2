"""The fake manager port of the gateway's tests answers as the real one does."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.doorbell.ami_link import AmiLogin, AmiRefused
from gateway.doorbell.ami_listener import LINK_UP, AmiListener, LinkState
from tests.gateway.fake_ami import SECRET, USERNAME, FakeAmi
from tests.telephony.line import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tests.telephony.line import Line

Heard = list["Mapping[str, str | list[str]]"]


@asynccontextmanager
async def listening(login: AmiLogin) -> AsyncIterator[tuple[AmiListener, Heard]]:
    heard: Heard = []
    listener = AmiListener(login, receive=heard.append)
    running = asyncio.create_task(listener.run())
    try:
        yield listener, heard
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture(params=["the fake", "the real one"])
async def login(request: pytest.FixtureRequest, line112: Line) -> AsyncIterator[AmiLogin]:
    if request.param == "the fake":
        async with FakeAmi() as fake:
            fake.members = [f"PJSIP/{extension}" for extension in sorted(line112.logins)]
            yield AmiLogin("127.0.0.1", fake.port, USERNAME, SECRET)
    else:
        host, _, port = line112.environment["SIAGA112_AMI_BIND"].rpartition(":")
        secret = json.loads((line112.home / "secrets.json").read_text())["ami"]
        yield AmiLogin(host, int(port), "siaga112", secret)


async def test_a_login_is_followed_by_the_word_that_all_is_started(login: AmiLogin) -> None:
    async with listening(login) as (listener, heard):
        await asyncio.wait_for(listener.connected(), 5)
        await asyncio.to_thread(eventually, lambda: "FullyBooted" in [event["Event"] for event in heard])
        assert heard[0]["Event"] == LINK_UP


async def test_a_ping_is_answered_with_its_time(login: AmiLogin) -> None:
    async with listening(login) as (listener, _):
        await asyncio.wait_for(listener.connected(), 5)
        answer = await listener.action("Ping")
    assert (answer["Response"], answer["Ping"]) == ("Success", "Pong")


async def test_the_members_of_the_queue_are_listed(login: AmiLogin, line112: Line) -> None:
    async with listening(login) as (listener, _):
        await asyncio.wait_for(listener.connected(), 5)
        events = await listener.list_action("QueueStatus", Queue="112")
    members = [event for event in events if event["Event"] == "QueueMember"]
    assert {str(member["Location"]) for member in members} >= {f"PJSIP/{one}" for one in ("201", "202", "203")}
    assert all({"Location", "Status", "Paused"} <= set(member) for member in members)
    assert len(line112.logins) >= len(members) > 0


async def test_an_unknown_action_is_refused_in_words(login: AmiLogin) -> None:
    async with listening(login) as (listener, _):
        await asyncio.wait_for(listener.connected(), 5)
        with pytest.raises(AmiRefused, match="Invalid/unknown command"):
            await listener.action("MakeCoffee")


async def test_a_wrong_secret_is_refused(login: AmiLogin) -> None:
    wrong = AmiLogin(login.host, login.port, login.username, "wrong")
    async with listening(wrong) as (listener, heard):
        await asyncio.to_thread(eventually, lambda: listener.state is LinkState.REFUSED)
    assert heard == []
