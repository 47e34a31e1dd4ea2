"""What lives in Asterisk now, against what is known of calls → pieces of knowledge. Pure.

The ledger tells of every arrival and every end, as long as Asterisk lives and its disk takes what it writes. Where it
could not, the channels themselves are the evidence: a call that is known and lives no more is over; one that lives and
is not known has reached the line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.facts.phone_numbers import identify
from ticketing.model import Call, CallId, PresentedIdentity, parse_call_id

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import datetime

    from ticketing.model import CallerIdStyle
    from ticketing.ports import KeptCall

# Where a caller's channel is while it is a call to the line (extensions.conf, extensions_waiting.conf).
_OF_THE_LINE: Final = frozenset({"line112", "waiting", "overflow", "outward"})
_TRUNK: Final = re.compile(r"PJSIP/trunk-([a-z][a-z0-9]{0,15})-[0-9a-f]{8,}")
_CLOCK: Final = re.compile(r"(\d{1,5}):([0-5]\d):([0-5]\d)")
# An arrival is in the ledger at once, and read within a tenth of a second. What is not known by now was not told.
_TOLD_BY_NOW: Final = timedelta(seconds=10)
# Asterisk tells for how many whole seconds it has been up.
_UPTIME_IS_KNOWN_TO: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class LiveChannel:
    """A channel of Asterisk's, as `CoreShowChannels` tells of it."""

    id: CallId
    name: str
    context: str
    number: str  # the caller's, as the channel has it now
    age: timedelta


def read_channels(events: Iterable[Mapping[str, str | list[str]]]) -> tuple[LiveChannel, ...]:
    """Read the answer of CoreShowChannels; what is no channel of ours is left out."""
    channels = (_channel(event) for event in events if event.get("Event") == "CoreShowChannel")
    return tuple(channel for channel in channels if channel)


def _channel(event: Mapping[str, str | list[str]]) -> LiveChannel | None:
    text = {name: value for name, value in event.items() if isinstance(value, str)}
    clock = _CLOCK.fullmatch(text.get("Duration", ""))
    try:
        channel = parse_call_id(text.get("Uniqueid", ""))
    except ValueError:
        return None
    hours, minutes, seconds = map(int, clock.groups()) if clock else (0, 0, 0)
    age = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return LiveChannel(channel, text.get("Channel", ""), text.get("Context", ""), text.get("CallerIDNum", ""), age)


def gone(known: Iterable[KeptCall], alive: Collection[CallId], node: str, *, looked_at: datetime) -> frozenset[CallId]:
    """Which calls of this Asterisk that are known to be in progress had no channel at this instant."""
    return frozenset(
        one.call.id
        for one in known
        if one.call.node == node and one.call.arrival.at < looked_at and one.call.id not in alive
    )


def interrupted(call: Call, *, started_at: datetime | None, looked_at: datetime) -> Call:
    """Give the piece that says by when this call, which is gone without an end, was over at the latest.

    That is when Asterisk was started again, if it was since the call came; otherwise the look that missed it.
    """
    died = started_at is not None and call.arrival.at + _UPTIME_IS_KNOWN_TO < started_at
    return Call(call.id, interrupted_at=started_at if died else looked_at)


def untold(
    channels: Iterable[LiveChannel], known: Collection[CallId], style_of: Callable[[str], CallerIdStyle]
) -> tuple[Call, ...]:
    """Give a piece for each call that has been at the line for a while, and of which nobody told."""
    return tuple(
        _piece(channel, style_of)
        for channel in channels
        if channel.context in _OF_THE_LINE and channel.age >= _TOLD_BY_NOW and channel.id not in known
    )


def _piece(channel: LiveChannel, style_of: Callable[[str], CallerIdStyle]) -> Call:
    match = _TRUNK.fullmatch(channel.name)
    trunk = match[1] if match else ""
    return Call(channel.id, trunk=trunk, caller=identify(PresentedIdentity(channel.number), style_of(trunk)))
