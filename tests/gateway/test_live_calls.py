"""The channels of Asterisk as evidence: what is gone is over, what lives has reached the line."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.calls.live_calls import LiveChannel, gone, interrupted, read_channels, untold
from tests.ticketing.evidence import MORNING, answered, arrives, call_id
from ticketing.model import Call, CallerIdStyle, CallerKind
from ticketing.ports import KeptCall

if TYPE_CHECKING:
    from datetime import datetime

# As Asterisk 22.10.1 lists a caller in the queue.
IN_THE_QUEUE = {
    "Event": "CoreShowChannel",
    "Channel": "PJSIP/trunk-carrier-00000007",
    "ChannelState": "4",
    "ChannelStateDesc": "Ring",
    "CallerIDNum": "+628123456789",
    "CallerIDName": "08123456789",
    "ConnectedLineNum": "<unknown>",
    "ConnectedLineName": "<unknown>",
    "Language": "id",
    "AccountCode": "",
    "Context": "line112",
    "Exten": "s",
    "Priority": "18",
    "Uniqueid": str(call_id(7)),
    "Linkedid": str(call_id(7)),
    "Application": "Queue",
    "ApplicationData": "112,rcib(taker-leg^s^1(PJSIP/trunk-carrier-00000000)),,,15",
    "Duration": "00:01:05",
    "BridgeId": "",
}
LATER = MORNING + timedelta(minutes=5)


def live(serial: int = 7, *, context: str = "line112", seconds: float = 60, name: str = "") -> LiveChannel:
    channel = name or f"PJSIP/trunk-carrier-{serial:08x}"
    return LiveChannel(call_id(serial), channel, context, "+628123456789", timedelta(seconds=seconds))


def auto(_trunk: str) -> CallerIdStyle:
    return CallerIdStyle.AUTO


def test_a_channel_is_read_as_asterisk_lists_it() -> None:
    assert read_channels([IN_THE_QUEUE]) == (live(seconds=65),)


@pytest.mark.parametrize(
    "flaw",
    [{"Uniqueid": "nobody"}, {"Uniqueid": ["one", "two"]}, {"Event": "CoreShowChannelsComplete"}],
    ids=str,
)
def test_what_is_no_channel_of_ours_is_left_out(flaw: dict[str, str | list[str]]) -> None:
    assert read_channels([{**IN_THE_QUEUE, **flaw}]) == ()


def test_a_channel_that_does_not_say_how_old_it_is_has_just_come() -> None:
    (channel,) = read_channels([{**IN_THE_QUEUE, "Duration": "for ever"}])
    assert channel.age == timedelta(0)


def test_a_call_in_progress_without_a_channel_is_gone() -> None:
    known = [KeptCall(arrives(1)), KeptCall(arrives(2))]
    assert gone(known, {call_id(2)}, "bima1", looked_at=LATER) == {call_id(1)}


def test_a_call_that_came_after_the_look_is_not_gone() -> None:
    assert gone([KeptCall(arrives(1, after=600))], set(), "bima1", looked_at=LATER) == frozenset()


def test_a_call_of_another_asterisk_is_not_this_ones_to_miss() -> None:
    assert gone([KeptCall(arrives(1))], set(), "bima2", looked_at=LATER) == frozenset()


def test_a_call_that_lived_when_asterisk_died_was_over_by_its_next_start() -> None:
    started = MORNING + timedelta(minutes=2)
    call = answered(arrives(1), "201", 5)
    assert interrupted(call, started_at=started, looked_at=LATER) == Call(call_id(1), interrupted_at=started)


@pytest.mark.parametrize("started", [None, MORNING - timedelta(days=1), MORNING + timedelta(milliseconds=900)])
def test_a_call_that_asterisk_outlived_was_over_by_the_look_that_missed_it(
    started: datetime | None,
) -> None:
    assert interrupted(arrives(1), started_at=started, looked_at=LATER).interrupted_at == LATER


def test_a_caller_at_the_line_of_whom_nobody_told_is_known_by_the_channel() -> None:
    (piece,) = untold([live()], (), auto)
    assert piece.reached_the_line
    assert (piece.id, piece.trunk) == (call_id(7), "carrier")
    assert piece.caller is not None
    assert (piece.caller.e164, piece.caller.kind) == ("+628123456789", CallerKind.MOBILE)


@pytest.mark.parametrize(
    "channel",
    [live(context="sign-in"), live(context="from-taker"), live(seconds=9)],
    ids=["signs in", "dials", "has just come"],
)
def test_other_channels_are_no_calls_to_the_line(channel: LiveChannel) -> None:
    assert untold([channel], (), auto) == ()


def test_a_call_that_is_known_is_not_told_again() -> None:
    assert untold([live()], {call_id(7)}, auto) == ()


def test_a_call_from_a_phone_of_the_room_has_no_trunk() -> None:
    (piece,) = untold([live(name="PJSIP/201-00000007")], (), auto)
    assert piece.trunk == ""
