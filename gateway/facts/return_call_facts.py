"""What Asterisk says of return calls → facts. Pure.

The dialplan ([return-call] in extensions.conf) writes each step into the ledger itself, as a CEL user event
RETURN_CALL. Its payload has the return call's id, so that every record is understood alone, and nothing that anybody
outside may choose:

    v1.<return call>.picked_up                                              by the taker
    v1.<return call>.dialled.<trunk>
    v1.<return call>.reached.<trunk>                                        picked up, where the caller is
    v1.<return call>.tried.<trunk>.<DIALSTATUS>.<0|1>.<cause>.<SIP>         Dial() is over; whether it rang

Where the taker does not pick up, no dialplan runs. So the end is what CEL itself says of the taker's channel: its
unique id is made of the return call's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ticketing.dispatch import Tried
from ticketing.return_calls import RETURN_CALL_ID, ReturnLeg, ReturnTrace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ticketing.model import Instant

_TRUNK: Final = r"[a-z][a-z0-9]{0,15}"
_PAYLOAD: Final = re.compile(
    rf"v1\.(?P<id>{RETURN_CALL_ID})\.(?:"
    rf"(?P<picked>picked_up)"
    rf"|dialled\.(?P<dialled>{_TRUNK})"
    rf"|reached\.(?P<reached>{_TRUNK})"
    rf"|tried\.(?P<tried>{_TRUNK})\.(?P<status>[A-Z]{{0,20}})\.(?P<rang>[01])\.(?P<cause>[0-9]{{0,3}})"
    r"\.(?P<sip>[0-9]{0,3})"
    r")"
)
_CHANNEL: Final = re.compile(rf"[a-z0-9]{{1,16}}-back-(?P<id>{RETURN_CALL_ID})\.1")


@dataclass(frozen=True, slots=True)
class ReturnCallTold:
    """A piece of what the telephone tells of a return call."""

    return_call: int
    piece: ReturnTrace


def channel_id(node: str, return_call: int) -> str:
    """Give the unique id of the taker's channel: it follows from the return call, and is given once."""
    return f"{node}-back-{return_call}.1"


def is_return_channel(channel: str) -> bool:
    """Whether a channel's unique id is that of a return call's taker."""
    return _CHANNEL.fullmatch(channel) is not None


def ended(channel: str, at: Instant) -> ReturnCallTold | None:
    """Give what it says that the channel of this unique id is gone; None when it is none of a return call."""
    match = _CHANNEL.fullmatch(channel)
    return ReturnCallTold(int(match["id"]), ReturnTrace(over=at)) if match else None


def decode_return_call(payload: str, at: Instant) -> ReturnCallTold:
    """Take a RETURN_CALL payload; raise ValueError for what is none."""
    match = _PAYLOAD.fullmatch(payload)
    if match is None:
        raise ValueError(f"not a step of a return call: {payload[:80]!r}")
    return ReturnCallTold(int(match["id"]), _piece(match.groupdict(), at))


def _piece(said: Mapping[str, str | None], at: Instant) -> ReturnTrace:
    if said["picked"]:
        return ReturnTrace(picked_up=at)
    if trunk := said["dialled"]:
        return ReturnTrace((ReturnLeg(trunk, dialled=at),))
    if trunk := said["reached"]:
        return ReturnTrace((ReturnLeg(trunk, reached=at),))
    tried = Tried(said["status"] or "", said["rang"] == "1", _number(said["cause"]), _number(said["sip"]))
    return ReturnTrace((ReturnLeg(said["tried"] or "", ended=at, tried=tried),))


def _number(text: str | None) -> int | None:
    # Asterisk writes 0 where there was no cause.
    return int(text) or None if text else None
