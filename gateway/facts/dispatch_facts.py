"""What Asterisk says of dispatches → facts. Pure.

The dialplan ([skpd] in extensions.conf) writes each step of a dispatch into the ledger itself, as a CEL user event
DISPATCH. Its payload has the dispatch's id, so that every record is understood alone, and nothing that anybody outside
may choose: our own words, numbers and a trunk's name, joined by dots.

    v1.<dispatch>.dialled.<line>.<trunk>
    v1.<dispatch>.answered.<line>.<trunk>
    v1.<dispatch>.accepted.<line>.<trunk>
    v1.<dispatch>.ended.<line>.<trunk>.<cause>                             a line that was picked up, put down
    v1.<dispatch>.tried.<line>.<trunk>.<DIALSTATUS>.<0|1>.<cause>.<SIP>    Dial() is over; whether it rang
    v1.<dispatch>.consulted | joined | left | over

One that a taker has begun on the phone ([by-phone]) has a name in place of an id, and tells first what it is:

    v1.<dispatch>.begun.<bridge|consult>.<SKPD>.<extension>.<line>_<line>….<call>

`line` is the line's place among those of the dispatch, from 1. Ringing is not in the ledger: the doorbell (DialState)
knows it, or nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.facts.channel_variables import DISPATCH_LEG
from ticketing.dispatch import BEGUN_AS, DISPATCH_ID, Begun, DispatchLeg, DispatchMode, Trace, Tried
from ticketing.model import parse_call_id
from ticketing.skpd import SKPD_CODE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ticketing.model import Instant

_VERSION: Final = "v1"
_LEG: Final = r"(?P<line>[1-9][0-9]?)\.(?P<trunk>[a-z][a-z0-9]{0,15})"
_PAYLOAD: Final = re.compile(
    rf"{_VERSION}\.(?P<dispatch>{DISPATCH_ID}|{BEGUN_AS})\.(?:"
    rf"(?P<whole>consulted|joined|left|over)"
    rf"|(?P<step>dialled|answered|accepted)\.{_LEG}"
    rf"|(?P<end>ended)\.{_LEG.replace('?P<', '?P<end_')}\.(?P<end_cause>[0-9]{{0,3}})"
    rf"|(?P<try>tried)\.{_LEG.replace('?P<', '?P<try_')}"
    r"\.(?P<status>[A-Z]{0,20})\.(?P<rang>[01])\.(?P<cause>[0-9]{0,3})\.(?P<sip>[0-9]{0,3})"
    r")"
)
_BEGUN: Final = re.compile(
    rf"{_VERSION}\.(?P<name>{BEGUN_AS})\.begun\.(?P<mode>bridge|consult)\.(?P<skpd>{SKPD_CODE})"
    r"\.(?P<by>[1-9][0-9]{1,5})\.(?P<lines>\+?[0-9]{3,15}(?:_\+?[0-9]{3,15}){0,9})\.(?P<call>.+)"
)
_CHANNEL: Final = re.compile(rf"[a-z0-9]{{1,16}}-skpd-(?P<dispatch>{DISPATCH_ID})\.(?P<half>[12])")
_LEG_VARIABLE: Final = re.compile(rf"{DISPATCH_LEG}={_LEG}")


_WHOLE: Final[dict[str, Callable[[Instant], Trace]]] = {
    "consulted": lambda at: Trace(consulted=at),
    "joined": lambda at: Trace(joined=at),
    "left": lambda at: Trace(left=at),
    "over": lambda at: Trace(over=at),
}
_STEPS: Final[dict[str, Callable[[int, str, Instant], DispatchLeg]]] = {
    "dialled": lambda line, trunk, at: DispatchLeg(line, trunk, dialled=at),
    "answered": lambda line, trunk, at: DispatchLeg(line, trunk, answered=at),
    "accepted": lambda line, trunk, at: DispatchLeg(line, trunk, accepted=at),
}


@dataclass(frozen=True, slots=True)
class DispatchTold:
    """A piece of what the telephone tells of a dispatch: of one begun there by its name, else by its id."""

    dispatch: int | str
    piece: Trace


@dataclass(frozen=True, slots=True)
class DispatchBegun:
    """A taker has begun a dispatch on the phone."""

    begun: Begun


def channel_ids(node: str, dispatch: int) -> tuple[str, str]:
    """Give the ids of the two halves of a dispatch's channel: they follow from the dispatch, and are given once."""
    return f"{node}-skpd-{dispatch}.1", f"{node}-skpd-{dispatch}.2"


def is_dispatch_channel(channel: str) -> bool:
    """Whether a channel's unique id is one of a dispatch."""
    return _CHANNEL.fullmatch(channel) is not None


def decode_dispatch(payload: str, at: Instant) -> DispatchTold | DispatchBegun:
    """Take a DISPATCH payload; raise ValueError for what is none."""
    if begun := _BEGUN.fullmatch(payload):
        return DispatchBegun(_begun(begun.groupdict(), at))
    match = _PAYLOAD.fullmatch(payload)
    if match is None:
        raise ValueError(f"not a step of a dispatch: {payload[:80]!r}")
    said, dispatch = match.groupdict(), match["dispatch"]
    return DispatchTold(int(dispatch) if dispatch.isdecimal() else dispatch, _piece(said, at))


def _begun(said: Mapping[str, str], at: Instant) -> Begun:
    return Begun(
        name=said["name"],
        call_id=parse_call_id(said["call"]),
        skpd=said["skpd"],
        lines=tuple(said["lines"].split("_")),
        at=at.at,
        by=said["by"],
        mode=DispatchMode(said["mode"]),
    )


def _piece(said: Mapping[str, str | None], at: Instant) -> Trace:
    if said["whole"]:
        return _WHOLE[said["whole"]](at)
    if said["step"]:
        return Trace((_STEPS[said["step"]](*_leg(said), at),))
    if said["end"]:
        return Trace((DispatchLeg(*_leg(said, "end_"), ended=at, cause=_number(said["end_cause"])),))
    tried = Tried(said["status"] or "", said["rang"] == "1", _number(said["cause"]), _number(said["sip"]))
    return Trace((DispatchLeg(*_leg(said, "try_"), ended=at, tried=tried),))


def _leg(said: Mapping[str, str | None], prefix: str = "") -> tuple[int, str]:
    line, trunk = said[f"{prefix}line"], said[f"{prefix}trunk"]
    assert line is not None
    assert trunk is not None
    return int(line), trunk


def _number(text: str | None) -> int | None:
    # Asterisk writes 0 where there was no cause.
    return int(text) or None if text else None


def from_dial_state(event: Mapping[str, str | list[str]], at: Instant) -> DispatchTold | None:
    """Read an AMI DialState event of this instant: that it rings at a dispatch's line; None for anything else."""
    channel = _CHANNEL.fullmatch(_text(event, "Uniqueid"))
    leg = _LEG_VARIABLE.fullmatch(_text(event, "ChanVariable"))
    if channel is None or leg is None or _text(event, "DialStatus") not in {"RINGING", "PROGRESS"}:
        return None
    rings = DispatchLeg(int(leg["line"]), leg["trunk"], ringing=at)
    return DispatchTold(int(channel["dispatch"]), Trace((rings,)))


def _text(event: Mapping[str, str | list[str]], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""
