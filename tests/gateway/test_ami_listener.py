"""The doorbell against a manager port that misbehaves; beside it, where that can be shown, panoramisk alone."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from contextlib import asynccontextmanager, closing, suppress
from itertools import count
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import pytest
from panoramisk import Manager, Message
from panoramisk.actions import Action
from structlog.testing import capture_logs

from gateway.doorbell.ami_link import AmiLogin, AmiRefused, AmiUnavailable, action_headers
from gateway.doorbell.ami_listener import AmiListener, LinkState, pause_after
from tests.gateway.fake_ami import SECRET, USERNAME, FakeAmi, encoded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping

    from tests.gateway.fake_ami import Headers

ORIGINATE = {
    "Channel": "Local/1@skpd/n",
    "Context": "skpd-join",
    "ChannelId": "dispatch-1",
    "Async": "true",
}


class Inbox:
    """The one consumer: remembers what it got, and can be waited on."""

    def __init__(self) -> None:
        self.events: list[Mapping[str, str | list[str]]] = []
        self._new: asyncio.Queue[Mapping[str, str | list[str]]] = asyncio.Queue()

    def take(self, event: Mapping[str, str | list[str]]) -> None:
        self.events.append(event)
        self._new.put_nowait(event)

    async def until(self, name: str) -> Mapping[str, str | list[str]]:
        async with asyncio.timeout(10):
            while True:
                event = await self._new.get()
                if event["Event"] == name:
                    return event

    @property
    def names(self) -> list[object]:
        return [event["Event"] for event in self.events]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for here has no event of its own
            await asyncio.sleep(0.002)


class Pace(TypedDict, total=False):
    ping_every_s: float
    answer_within_s: float
    retry_s: tuple[float, float]
    clock: Callable[[], float]


@asynccontextmanager
async def listening(
    port: int, receive: Callable[[Mapping[str, str | list[str]]], None], **settings: Unpack[Pace]
) -> AsyncIterator[AmiListener]:
    pace: Pace = {"ping_every_s": 0.05, "answer_within_s": 5.0, "retry_s": (0.01, 0.05)}
    login = AmiLogin("127.0.0.1", port, USERNAME, SECRET)
    listener = AmiListener(login, receive=receive, **(pace | settings))
    running = asyncio.create_task(listener.run())
    try:
        yield listener
        assert not running.done()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@asynccontextmanager
async def panoramisk_alone(ami: FakeAmi, **config: object) -> AsyncIterator[Manager]:
    login = {"host": "127.0.0.1", "port": ami.port, "username": USERNAME, "secret": SECRET}
    manager = Manager(loop=asyncio.get_running_loop(), reconnect_timeout=0, **login, **config)
    await manager.connect()
    try:
        await ami.asked("Login")
        yield manager
    finally:
        manager.close()


@pytest.fixture
async def ami() -> AsyncIterator[FakeAmi]:
    async with FakeAmi() as server:
        yield server


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def logged(log: list[MutableMapping[str, Any]], event: str) -> list[MutableMapping[str, Any]]:
    return [entry for entry in log if entry["event"] == event]


# ---- hearing ---------------------------------------------------------------------------------------------


async def test_a_link_is_announced_before_its_first_event_and_its_loss_after_the_last(
    ami: FakeAmi, inbox: Inbox
) -> None:
    async with listening(ami.port, inbox.take) as listener:
        await inbox.until("FullyBooted")
        assert listener.state == "connected"
        ami.tell(Event="AgentConnect", Uniqueid="bima1-1795467089.1")
        await inbox.until("AgentConnect")
    assert inbox.names == ["SiagaLinkUp", "FullyBooted", "AgentConnect", "SiagaLinkDown"]
    assert listener.state is LinkState.CLOSED


async def test_events_arrive_as_plain_dicts_in_the_order_in_which_asterisk_sent_them(
    ami: FakeAmi, inbox: Inbox
) -> None:
    async with listening(ami.port, inbox.take):
        await inbox.until("FullyBooted")
        for serial in range(500):
            ami.tell(Event="Hangup", Uniqueid=f"bima1-1795467089.{serial}", Cause="16", AccountCode="")
        ami.tell(Event="End", ChanVariable=["A=1", "B=2"])
        last = await inbox.until("End")
    hangups = [event for event in inbox.events if event["Event"] == "Hangup"]
    assert [event["Uniqueid"] for event in hangups] == [f"bima1-1795467089.{n}" for n in range(500)]
    assert type(last) is dict
    assert last == {"Event": "End", "ChanVariable": ["A=1", "B=2"]}
    assert "Uniqueid" not in last


async def test_a_character_that_two_reads_share_is_kept_and_a_broken_one_is_marked(ami: FakeAmi, inbox: Inbox) -> None:
    event = "Event: UserEvent\r\nName: Ibu Sitiā\r\nLast: à".encode() + b"\xff\r\n\r\n"
    cut = event.index("ā".encode()) + 1
    async with listening(ami.port, inbox.take) as listener:
        await inbox.until("FullyBooted")
        ami.send(event[:cut])
        assert listener._link is not None
        wire = listener._link.wire
        await until(lambda: wire._held.endswith(event[:cut]))
        ami.send(event[cut:])
        heard = await inbox.until("UserEvent")
    assert heard == {"Event": "UserEvent", "Name": "Ibu Sitiā", "Last": "à\ufffd"}


async def test_panoramisk_alone_drops_such_a_character(ami: FakeAmi) -> None:
    heard: list[object] = []
    async with panoramisk_alone(ami) as manager:
        manager.register_event("UserEvent", lambda _, event: heard.append(event["Name"]))
        assert manager.protocol is not None
        manager.protocol.data_received(b"Event: UserEvent\r\nName: Siti\xc4")
        manager.protocol.data_received(b"\x81\r\n\r\n")
    assert heard == ["Siti"]


async def test_a_consumer_that_fails_costs_neither_the_next_event_nor_the_link(ami: FakeAmi, inbox: Inbox) -> None:
    def failing(event: Mapping[str, str | list[str]]) -> None:
        inbox.take(event)
        if event["Event"] == "Bad":
            raise RuntimeError("the consumer's own fault")

    with capture_logs() as log:
        async with listening(ami.port, failing) as listener:
            await inbox.until("FullyBooted")
            ami.send(encoded({"Event": "Bad"}, {"Event": "Good"}))
            await inbox.until("Good")
            await listener.action("Ping")
            assert inbox.names == ["SiagaLinkUp", "FullyBooted", "Bad", "Good"]
    assert [entry["ami_event"] for entry in logged(log, "ami_event_not_taken")] == ["Bad"]


async def test_panoramisk_alone_loses_the_next_event_and_the_link(ami: FakeAmi) -> None:
    def failing(_manager: Manager, event: Message) -> None:
        heard.append(event["Event"])
        raise RuntimeError("the consumer's own fault")

    heard: list[object] = []
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, fault: faults.append(fault))
    async with panoramisk_alone(ami) as manager:
        manager.register_event("Bad", failing)
        manager.register_event("Good", failing)
        [session] = ami.sessions
        ami.send(encoded({"Event": "Bad"}, {"Event": "Good"}))
        await session.closed.wait()
    assert heard == ["Bad"]
    assert "data_received" in faults[0]["message"]


async def test_an_event_that_names_itself_twice_is_what_asterisk_named_it_first(ami: FakeAmi, inbox: Inbox) -> None:
    async with listening(ami.port, inbox.take) as listener:
        await inbox.until("FullyBooted")
        ami.tell(Event=["UserEvent", "SiagaLinkDown"], ActionID=["one", "two"])
        assert (await inbox.until("UserEvent"))["ActionID"] == "one"
        await listener.action("Ping")
        assert "SiagaLinkDown" not in inbox.names


async def test_what_is_said_ahead_of_the_login_is_no_event(ami: FakeAmi, inbox: Inbox) -> None:
    ami.banner += encoded({"Event": "Early"})
    async with listening(ami.port, inbox.take):
        await inbox.until("FullyBooted")
    assert inbox.names == ["SiagaLinkUp", "FullyBooted", "SiagaLinkDown"]


async def test_a_header_of_64_kb_is_taken_whole(ami: FakeAmi, inbox: Inbox) -> None:
    async with listening(ami.port, inbox.take):
        await inbox.until("FullyBooted")
        ami.tell(Event="UserEvent", Long="x" * 65_536)
        assert len((await inbox.until("UserEvent"))["Long"]) == 65_536


async def test_an_event_without_an_end_is_not_kept_for_ever(ami: FakeAmi, inbox: Inbox) -> None:
    with capture_logs() as log:
        async with listening(ami.port, inbox.take):
            await inbox.until("FullyBooted")
            ami.send(b"Event: UserEvent\r\n" + b"Long: x\r\n" * 300_000)
            await inbox.until("SiagaLinkDown")
            await inbox.until("SiagaLinkUp")
    assert logged(log, "ami_link_lost")[0]["reason"] == "a message without an end"
    assert "UserEvent" not in inbox.names


async def test_callers_numbers_stay_out_of_panoramisks_log(
    ami: FakeAmi, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with listening(ami.port, inbox.take):
        await inbox.until("FullyBooted")
        ami.tell(Event="Newchannel", CallerIDNum="081234567890")
        await inbox.until("Newchannel")
    assert "081234567890" not in caplog.text
    assert SECRET not in caplog.text


# ---- losing, and finding again ---------------------------------------------------------------------------


async def test_a_line_that_is_cut_is_noticed_at_once_and_found_again(ami: FakeAmi, inbox: Inbox) -> None:
    with capture_logs() as log:
        async with listening(ami.port, inbox.take, ping_every_s=3600.0) as listener:
            await inbox.until("FullyBooted")
            ami.hang_up()
            await inbox.until("SiagaLinkDown")
            await inbox.until("FullyBooted")
            assert listener.state is LinkState.CONNECTED
    assert inbox.names == ["SiagaLinkUp", "FullyBooted", "SiagaLinkDown"] * 2
    assert [len(logged(log, event)) for event in ("ami_link_up", "ami_link_lost")] == [2, 2]


async def test_until_a_lost_link_is_found_nothing_can_be_asked_and_the_link_can_be_waited_for(
    ami: FakeAmi, inbox: Inbox
) -> None:
    async with listening(ami.port, inbox.take) as listener:
        await listener.connected()
        ami.secret = "changed"
        ami.hang_up()
        await inbox.until("SiagaLinkDown")
        waiting = asyncio.create_task(listener.connected())
        with pytest.raises(AmiUnavailable, match="the link is connecting"):
            await listener.action("Ping")
        await ami.asked("Login")
        assert not waiting.done()
        ami.secret = SECRET
        await waiting
        assert (await listener.action("Ping"))["Ping"] == "Pong"


async def test_a_peer_that_freezes_with_the_line_open_is_found_out(ami: FakeAmi, inbox: Inbox) -> None:
    with capture_logs() as log:
        async with listening(ami.port, inbox.take, answer_within_s=0.2) as listener:
            await inbox.until("FullyBooted")
            session = ami.sessions[-1]
            ami.freeze()
            await inbox.until("SiagaLinkDown")
            assert listener.state is LinkState.CONNECTING
            await until(lambda: logged(log, "ami_unreachable"))
            session.transport.resume_reading()
            await session.closed.wait()
            ami.banner = b"Asterisk Call Manager/11.0.0\r\n"
            await inbox.until("FullyBooted")
    assert "Ping" in logged(log, "ami_link_lost")[0]["reason"]


async def test_a_peer_that_talks_without_answering_is_given_time_but_not_for_ever(
    ami: FakeAmi, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.doorbell.ami_listener._PINGS_FORGIVEN", 2)
    talk = {"Ping": encoded({"Event": "VarSet"})}
    async with listening(ami.port, inbox.take, answer_within_s=0.3, ping_every_s=0.01):
        await inbox.until("FullyBooted")
        ami.instead = talk
        for _ in range(2):
            await inbox.until("VarSet")
        ami.instead = {}
        for _ in range(3):
            await ami.asked("Ping")
        assert "SiagaLinkDown" not in inbox.names
        before = len(ami.actions)
        ami.instead = talk
        await inbox.until("SiagaLinkDown")
        pings = [action for action in ami.actions[before:] if action["Action"] == "Ping"]
    assert len(pings) == 3


async def test_a_peer_that_reads_no_more_cannot_keep_the_socket(ami: FakeAmi, inbox: Inbox) -> None:
    async with listening(ami.port, inbox.take, answer_within_s=0.3) as listener:
        await inbox.until("FullyBooted")
        assert listener._link is not None
        wire = listener._link.wire
        ami.freeze()
        asking = [asyncio.create_task(listener.action("Ping", Variable=["x" * 1000] * 100)) for _ in range(200)]
        await until(lambda: wire.transport.get_write_buffer_size() > 0)
        await inbox.until("SiagaLinkDown")
        await until(lambda: not wire.open)
        outcomes = await asyncio.gather(*asking, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {AmiUnavailable}


async def test_an_answer_that_is_there_counts_even_if_we_were_held_up(ami: FakeAmi, inbox: Inbox) -> None:
    ami.instead["CoreStatus"] = b""
    async with listening(ami.port, inbox.take, ping_every_s=60.0, answer_within_s=0.3) as listener:
        await inbox.until("FullyBooted")
        asking = asyncio.create_task(listener.action("CoreStatus"))
        question = await ami.asked("CoreStatus")
        ami.tell(Response="Success", ActionID=question["ActionID"], CoreCurrentCalls="0")
        threading.Event().wait(0.5)  # the whole loop is held up past the deadline
        assert (await asking)["CoreCurrentCalls"] == "0"


async def test_asterisk_announcing_its_end_leads_to_an_ordinary_reconnect(ami: FakeAmi, inbox: Inbox) -> None:
    with capture_logs() as log:
        async with listening(ami.port, inbox.take):
            await inbox.until("FullyBooted")
            ami.send(encoded({"Event": "Shutdown", "Shutdown": "Cleanly"}, {"Event": "Last"}))
            await inbox.until("FullyBooted")
    down = ["SiagaLinkUp", "FullyBooted", "Shutdown", "Last", "SiagaLinkDown"]
    assert inbox.names[: len(down)] == down
    assert logged(log, "ami_link_lost")[0]["reason"] == "Asterisk is shutting down"


async def test_a_port_that_takes_nobody_in_holds_nothing_up(inbox: Inbox) -> None:
    # A backlog that is full leaves the next one's SYN without an answer.
    with closing(socket.socket()) as port, closing(socket.socket()) as one, closing(socket.socket()) as two:
        port.bind(("127.0.0.1", 0))
        port.listen(0)
        for filler in (one, two):
            filler.settimeout(0)
            filler.connect_ex(port.getsockname())
        with capture_logs() as log:
            number = port.getsockname()[1]
            async with listening(number, inbox.take, answer_within_s=0.1) as listener:
                await until(lambda: logged(log, "ami_unreachable"))
                assert listener.state is LinkState.CONNECTING
    assert logged(log, "ami_unreachable")[0]["reason"] == "no answer within 0.1 s"
    assert inbox.events == []


@pytest.mark.parametrize(
    ("banner", "reason"),
    [
        (b"", "no answer within 0.3 s"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "what answers there is not Asterisk's manager port"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "what answers there is not Asterisk's manager port"),
        (b"\x00\xff" * 5000, "what answers there is not Asterisk's manager port"),
        (b"Asterisk Call Manager/" + b"1" * 5000, "what answers there is not Asterisk's manager port"),
    ],
)
async def test_what_does_not_greet_like_asterisk_is_not_told_the_secret(
    ami: FakeAmi, inbox: Inbox, banner: bytes, reason: str
) -> None:
    greeting, ami.banner = ami.banner, banner
    with capture_logs() as log:
        async with listening(ami.port, inbox.take, answer_within_s=0.3):
            await until(lambda: logged(log, "ami_unreachable"))
            assert ami.actions == []
            ami.banner = greeting
            await inbox.until("FullyBooted")
    assert [entry["reason"] for entry in logged(log, "ami_unreachable")] == [reason]


async def test_a_login_that_is_not_answered_is_tried_again(ami: FakeAmi, inbox: Inbox) -> None:
    ami.instead["Login"] = b""
    async with listening(ami.port, inbox.take, answer_within_s=0.1) as listener:
        for _ in range(2):
            await ami.asked("Login")
        assert listener.state is LinkState.CONNECTING
        ami.instead.clear()
        await inbox.until("FullyBooted")


async def test_a_refused_login_is_shown_logged_once_and_tried_again(ami: FakeAmi, inbox: Inbox) -> None:
    ami.secret = "changed"
    with capture_logs() as log:
        async with listening(ami.port, inbox.take) as listener:
            for _ in range(4):
                await ami.asked("Login")
            assert str(listener.state) == "refused"
            with pytest.raises(AmiUnavailable, match="refused"):
                await listener.action("Ping")
            ami.secret = SECRET
            await inbox.until("FullyBooted")
            assert str(listener.state) == "connected"
    [refusal] = logged(log, "ami_login_refused")
    assert refusal["reason"] == "Asterisk refused Login: Authentication failed"
    assert SECRET not in repr(log)
    assert inbox.names == ["SiagaLinkUp", "FullyBooted", "SiagaLinkDown"]


async def test_an_asterisk_that_is_going_down_is_heard_to_the_end_and_not_taken_for_a_refusal(
    ami: FakeAmi, inbox: Inbox
) -> None:
    with capture_logs() as log:
        async with listening(ami.port, inbox.take) as listener:
            await inbox.until("FullyBooted")
            ami.shutting_down = True
            for _ in range(2):
                await ami.asked("Ping")
            with pytest.raises(AmiRefused, match="shutting down"):
                await listener.action("Originate", **ORIGINATE)
            ami.tell(Event="Shutdown", Shutdown="Cleanly")
            await inbox.until("Shutdown")
            await until(lambda: logged(log, "ami_unreachable"))
            assert listener.state is LinkState.CONNECTING
            ami.shutting_down = False
            await inbox.until("FullyBooted")
    assert logged(log, "ami_login_refused") == []
    up, booted, *_ = inbox.names
    assert inbox.names == [up, booted, "Shutdown", "SiagaLinkDown", up, booted, "SiagaLinkDown"]


async def test_a_link_that_held_is_sought_again_at_once_however_often_it_is_lost(ami: FakeAmi, inbox: Inbox) -> None:
    # Doubling 0.01 s sixteen times would be eleven minutes.
    hours = count(step=3600.0)
    async with listening(ami.port, inbox.take, retry_s=(0.01, 3600.0), clock=lambda: next(hours)):
        for _ in range(16):
            await inbox.until("FullyBooted")
            ami.hang_up()


@pytest.mark.parametrize(
    ("last_s", "held_s", "next_s"),
    [(0.0, 0.0, 0.1), (0.1, 0.0, 0.2), (3.2, 0.0, 5.0), (5.0, 4.9, 5.0), (5.0, 5.0, 0.1), (0.1, 3600.0, 0.1)],
)
def test_the_pause_doubles_until_a_link_has_held(last_s: float, held_s: float, next_s: float) -> None:
    assert pause_after(last_s, held_s, (0.1, 5.0)) == next_s


@pytest.mark.parametrize("fault", ["none", "hang up", "silent", "refused"])
async def test_a_listener_that_is_stopped_leaves_nothing_behind(ami: FakeAmi, inbox: Inbox, fault: str) -> None:
    loop = asyncio.get_running_loop()
    before = asyncio.all_tasks()
    if fault == "refused":
        ami.secret = "changed"
    async with listening(ami.port, inbox.take, answer_within_s=0.1) as listener:
        await ami.asked("Login")
        match fault:
            case "none":
                await inbox.until("FullyBooted")
            case "hang up":
                await inbox.until("FullyBooted")
                ami.hang_up()
                await inbox.until("SiagaLinkDown")
            case "silent":
                await inbox.until("FullyBooted")
                ami.freeze()
        wire = listener._link.wire if listener._link else None
        sessions = list(ami.sessions)
    assert wire is None or not wire.open
    for session in sessions:
        session.transport.resume_reading()
        await session.closed.wait()
    assert asyncio.all_tasks() == before
    timers: list[asyncio.TimerHandle] = getattr(loop, "_scheduled")  # noqa: B009 - not in typeshed
    assert [timer for timer in timers if not timer.cancelled()] == []


# ---- asking ----------------------------------------------------------------------------------------------


async def test_an_action_returns_its_own_answer(ami: FakeAmi, inbox: Inbox) -> None:
    async with listening(ami.port, inbox.take) as listener:
        await listener.connected()
        pong, calls = await asyncio.gather(
            listener.action("Ping"), listener.action("Originate", **ORIGINATE, Variable=["A=1", "B=2"])
        )
        sent = await ami.asked("Originate")
    assert pong["Ping"] == "Pong"
    assert calls["Message"] == "Originate successfully queued"
    assert sent["Variable"] == ["A=1", "B=2"]
    assert sent.items() >= ORIGINATE.items()


async def test_a_refused_action_says_what_asterisk_said(ami: FakeAmi, inbox: Inbox) -> None:
    async with listening(ami.port, inbox.take) as listener:
        await listener.connected()
        with pytest.raises(AmiRefused, match="Asterisk refused Hangup: No such channel") as refusal:
            await listener.action("Hangup", Channel="PJSIP/201-00000001")
        assert refusal.value.answer == "No such channel"
        with pytest.raises(AmiRefused, match="unknown command: Nope"):
            await listener.list_action("Nope")


async def test_an_action_without_a_link_is_not_sent_and_says_so(inbox: Inbox) -> None:
    listener = AmiListener(AmiLogin("127.0.0.1", 1, USERNAME, SECRET), receive=inbox.take)
    with pytest.raises(AmiUnavailable, match="the link is connecting") as failure:
        await listener.action("Ping")
    assert not failure.value.sent


async def test_an_action_in_the_instant_of_the_loss_is_not_sent_and_says_so(ami: FakeAmi, inbox: Inbox) -> None:
    async with listening(ami.port, inbox.take) as listener:
        await inbox.until("FullyBooted")
        assert listener._link is not None
        listener._link.wire.lose("cut")
        with pytest.raises(AmiUnavailable, match="cut") as failure:
            await listener.action("Ping")
        assert not failure.value.sent


async def test_a_late_answer_does_not_pass_for_news(ami: FakeAmi, inbox: Inbox) -> None:
    ami.instead["QueueStatus"] = b""
    async with listening(ami.port, inbox.take, answer_within_s=0.5, ping_every_s=0.01) as listener:
        await inbox.until("FullyBooted")
        with pytest.raises(AmiUnavailable, match=r"no answer within 0\.5 s") as failure:
            await listener.list_action("QueueStatus")
        assert failure.value.sent
        late: Headers = {"ActionID": (await ami.asked("QueueStatus"))["ActionID"]}
        ami.tell(Response="Success", **late, EventList="start", Message="Queue status will follow")
        ami.tell(Event="QueueMember", **late, Location="PJSIP/201")
        ami.tell(Event="QueueStatusComplete", **late)
        ami.tell(Event="End")
        await inbox.until("End")
        assert inbox.names == ["SiagaLinkUp", "FullyBooted", "End"]
        assert listener._link is not None
        assert late["ActionID"] not in listener._link.wire.responses


async def test_a_late_answer_of_one_message_is_forgotten_too(ami: FakeAmi, inbox: Inbox) -> None:
    ami.instead["CoreStatus"] = b""
    async with listening(ami.port, inbox.take, answer_within_s=0.3) as listener:
        await inbox.until("FullyBooted")
        with pytest.raises(AmiUnavailable):
            await listener.action("CoreStatus")
        late = (await ami.asked("CoreStatus"))["ActionID"]
        ami.tell(Response="Success", ActionID=late)
        ami.tell(Event="End")
        await inbox.until("End")
        assert listener._link is not None
        assert late not in listener._link.wire.responses


async def test_an_originate_that_went_unanswered_is_never_sent_again(ami: FakeAmi, inbox: Inbox) -> None:
    ami.instead["Originate"] = b""
    async with listening(ami.port, inbox.take) as listener:
        await inbox.until("FullyBooted")
        dialling = asyncio.create_task(listener.action("Originate", **ORIGINATE))
        await ami.asked("Originate")
        ami.hang_up()
        with pytest.raises(AmiUnavailable) as failure:
            await dialling
        assert failure.value.sent
        await inbox.until("FullyBooted")
        for _ in range(3):
            await listener.action("Ping")
    assert [action["Action"] for action in ami.actions].count("Originate") == 1


async def test_panoramisk_alone_sends_the_originate_again(ami: FakeAmi) -> None:
    ami.instead["Originate"] = b""
    async with panoramisk_alone(ami) as manager:
        manager.send_action(Action({"Action": "Originate", **ORIGINATE}))
        first = await ami.asked("Originate")
        ami.hang_up()
        assert await ami.asked("Originate") == first


async def test_an_originates_answer_is_one_message_and_its_outcome_an_event(ami: FakeAmi, inbox: Inbox) -> None:
    async with listening(ami.port, inbox.take) as listener:
        await listener.connected()
        answer = await listener.action("Originate", **ORIGINATE)
        outcome = await inbox.until("OriginateResponse")
    assert answer["Message"] == "Originate successfully queued"
    assert outcome["Uniqueid"] == "dispatch-1"


async def test_panoramisk_alone_answers_an_originate_with_a_list(ami: FakeAmi) -> None:
    async with panoramisk_alone(ami) as manager:
        async with asyncio.timeout(10):
            answer = await manager.send_action(Action({"Action": "Originate", **ORIGINATE}))
    assert [type(answer), len(answer)] == [list, 2]


async def test_a_list_is_returned_without_its_frame(ami: FakeAmi, inbox: Inbox) -> None:
    ami.members = ["PJSIP/201", "PJSIP/202"]
    async with listening(ami.port, inbox.take) as listener:
        await listener.connected()
        listed = await listener.list_action("QueueStatus", Queue="line112")
        ami.tell(Event="End")
        await inbox.until("End")
    assert [event["Event"] for event in listed] == ["QueueParams", "QueueMember", "QueueMember"]
    assert [event["Location"] for event in listed[1:]] == ["PJSIP/201", "PJSIP/202"]
    assert "QueueMember" not in inbox.names


async def test_a_list_without_an_end_costs_the_link_and_not_the_memory(ami: FakeAmi, inbox: Inbox) -> None:
    ami.members = ["PJSIP/201"] * 11_000
    async with listening(ami.port, inbox.take) as listener:
        await listener.connected()
        with pytest.raises(AmiUnavailable, match="a list without an end"):
            await listener.list_action("QueueStatus")


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("Ping", {"Channel": "PJSIP/201\r\n\r\nAction: Originate"}),
        ("Ping", {"Channel": "a\nb"}),
        ("Ping", {"Channel": "a\rb"}),
        ("Ping", {"Channel": "a\0b"}),
        ("Ping", {"Variable": ["A=1", "B=2\r\nC: 3"]}),
        ("Ping", {"Channel": "\ud800"}),
        ("Ping", {"Channel": "x" * 1014}),
        ("Ping", {"Variable": ["A=1"] * 127}),
        ("Ping", {"Channel\r\nX": "a"}),
        ("Ping", {"Channel:": "a"}),
        ("Ping", {"ActionID": "mine"}),
        ("Ping", {"action": "Originate"}),
        ("Ping\r\nAction: Originate", {}),
        ("", {}),
    ],
)
async def test_what_could_become_another_action_is_not_sent_at_all(
    ami: FakeAmi, inbox: Inbox, name: str, headers: dict[str, str | list[str]]
) -> None:
    async with listening(ami.port, inbox.take, ping_every_s=60.0) as listener:
        await inbox.until("FullyBooted")
        for ask in (listener.action, listener.list_action):
            with pytest.raises(ValueError, match=r"Ping: |not the name"):
                await ask(name, **headers)
        await listener.action("Ping")
    assert [action["Action"] for action in ami.actions] == ["Login", "Ping"]


def test_a_line_as_long_as_asterisk_takes_may_be_sent() -> None:
    assert action_headers("Ping", {"Channel": "x" * 1013}) == {"Action": "Ping", "Channel": ["x" * 1013]}


def test_a_refused_value_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ValueError, match="line break") as refusal:
        AmiLogin("127.0.0.1", 5038, USERNAME, f"{SECRET}\r\n")
    assert SECRET not in str(refusal.value)


def test_the_secret_does_not_show() -> None:
    assert SECRET not in repr(AmiLogin("127.0.0.1", 5038, USERNAME, SECRET))
