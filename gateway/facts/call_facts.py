"""What Asterisk says → facts. Pure: one AMI event or one journal line in, one fact or nothing out.

Three mouths tell of the same calls: AMI (the doorbell: at once, forgets), CEL and queue_log (the ledger: on disk).
What each is believed about:

==========  =========================================================  ===================
source      says                                                       instants
==========  =========================================================  ===================
AMI         the caller was given to a taker (AgentConnect)             microseconds, a millisecond late
queue_log   the same (CONNECT), written before AMI says it;            whole seconds
            who signed in and out (ADDMEMBER, REMOVEMEMBER)
CEL         arrival, caller, answer and end of every channel           microseconds, exact
==========  =========================================================  ===================

A channel that answers proves nothing yet: a taker may pick up in the instant in which the caller hangs up. That the
caller was given to it is said by CONNECT and AgentConnect alone, which app_queue makes in the same place; of a backup
number, by its entering the bridge.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypedDict, TypeGuard

from gateway.facts.channel_variables import (
    ARRIVED,
    ASKED,
    CALLER,
    DISPATCH,
    LOCATED,
    OVERFLOW,
    RETURN_CALL,
    ROBOT,
    ROBOT_INTERFACE,
    SKPD_PIN,
    SKPD_UPDATE,
)
from gateway.facts.dispatch_facts import (
    DispatchBegun,
    DispatchTold,
    decode_dispatch,
    from_dial_state,
    is_dispatch_channel,
)
from gateway.facts.ledger_payloads import decode_answer, decode_arrival, decode_caller
from gateway.facts.located_invite import LocatedBody, LocatedHeaders, decode_located
from gateway.facts.return_call_facts import ReturnCallTold, decode_return_call, ended, is_return_channel
from gateway.facts.skpd_facts import DispatchSaid, PinTried, decode_pin, decode_update
from ticketing.model import CallId, Instant, LegKind, Precision, parse_call_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ticketing.asked import CallerAnswer
    from ticketing.model import Caller, PresentedIdentity


class Unreadable(ValueError):
    """A line or event that says something we should understand, and does not say it right."""


@dataclass(frozen=True, slots=True)
class CallBegan:
    """A carrier's channel was made for a number of the line. Who calls is told by the dialplan's first steps.

    A caller who gives up before them has called all the same.
    """

    call: CallId
    at: Instant
    trunk: str


@dataclass(frozen=True, slots=True)
class CallArrived:
    """A channel reached the line; what the trunk sent about the caller, as sent."""

    call: CallId
    at: Instant
    trunk: str
    presented: PresentedIdentity


@dataclass(frozen=True, slots=True)
class CallLocated:
    """The network told of the caller's place, in the call's headers."""

    call: CallId
    told: LocatedHeaders


@dataclass(frozen=True, slots=True)
class CallerIdentified:
    """The caller-ID script made this of it."""

    call: CallId
    caller: Caller


@dataclass(frozen=True, slots=True)
class CallerConnected:
    """The caller was given to a taker, or to a backup number."""

    call: CallId
    channel: str
    party: str
    at: Instant
    kind: LegKind = LegKind.TAKER


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """A phone that was rung for the caller was picked up."""

    call: CallId
    channel: str
    party: str
    kind: LegKind
    at: Instant


@dataclass(frozen=True, slots=True)
class LegEnded:
    """A phone that was rung for the caller was put down, or never picked up."""

    call: CallId
    channel: str
    party: str
    kind: LegKind
    at: Instant


@dataclass(frozen=True, slots=True)
class CallOverflowed:
    """Nobody in the room could take the caller."""

    call: CallId
    at: datetime


@dataclass(frozen=True, slots=True)
class CallerSaid:
    """The caller answered a question by key, or was asked to speak."""

    call: CallId
    answer: CallerAnswer


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The caller's channel is gone. `cause` is Q.850."""

    call: CallId
    at: Instant
    cause: int | None


@dataclass(frozen=True, slots=True)
class TakerSigned:
    """A taker came to the desk, or left it."""

    extension: str
    signed_in: bool


CallFact = (
    CallBegan
    | CallArrived
    | CallLocated
    | CallerIdentified
    | CallerConnected
    | LegAnswered
    | LegEnded
    | CallOverflowed
    | CallerSaid
    | CallEnded
)
SkpdFact = DispatchTold | DispatchBegun | DispatchSaid | PinTried
Fact = CallFact | LocatedBody | TakerSigned | SkpdFact | ReturnCallTold


def is_of_call(fact: Fact | None) -> TypeGuard[CallFact]:
    """Whether this says something of a call to the line."""
    return fact is not None and not isinstance(fact, LocatedBody | TakerSigned | SkpdFact | ReturnCallTold)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CALLED = re.compile(r"\+?[0-9]{2,20}")
_STAMP = re.compile(r"(\d{1,11})\.(\d{6})")
_PHONE = re.compile(r"PJSIP/([1-9]\d{1,5})")
_CHANNEL = re.compile(r"PJSIP/(?:trunk-(?P<trunk>[a-z][a-z0-9]{0,15})|(?P<taker>[1-9]\d{1,5}))-[0-9a-f]{8,}")
# The half of the robot's channel that the queue rings; the other half is the robot itself.
_ROBOTS_CHANNEL = re.compile(rf"{re.escape(ROBOT_INTERFACE.removesuffix('/n'))}-[0-9a-f]{{8,}};1")
# Half of the ledger, of which nothing is needed: ends that HANGUP has told, bridges and beginnings of takers' phones,
# the caller's own answer and bridge. It need not be read.
_UNNEEDED = re.compile(
    r'\{"eventtype":"[A-Z_]+","eventenum":"(?:'
    r'(?:CHAN_END|BRIDGE_EXIT|LINKEDID_END)"'
    r'|(?:CHAN_START|BRIDGE_ENTER)",[^{}]*?"channame":"PJSIP/[0-9]'
    r'|(?:ANSWER|BRIDGE_ENTER)",[^{}]*?"uniqueid":"([^"]+)","linkedid":"\1")'
)
_CEL_FIELD = re.compile(r'"(eventenum|eventtime|channame|uniqueid|linkedid)":"([^"\\]*)"')


# ---- the doorbell ----------------------------------------------------------------------------------------------------


def from_ami(event: Mapping[str, str | list[str]]) -> Fact | None:
    """Read one AMI event; None when it says nothing of calls or takers; raise Unreadable."""
    match event.get("Event"):
        case "AgentConnect":
            return CallerConnected(
                call=_call(_header(event, "Uniqueid")),
                channel=_call(_header(event, "DestUniqueid")),
                at=Instant(_stamp(_header(event, "Timestamp")), Precision.DOORBELL),
                **_member(_header(event, "Interface")),
            )
        case "DialState":
            return from_dial_state(event, Instant(_stamp(_header(event, "Timestamp")), Precision.DOORBELL))
        case "QueueMemberAdded" | "QueueMemberRemoved" as name:
            return TakerSigned(_phone(_header(event, "Interface")), signed_in=name == "QueueMemberAdded")
        case _:
            return None


def _header(event: Mapping[str, str | list[str]], name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str) or not value:
        state = "is absent" if not value else "was sent twice"
        raise Unreadable(f"{event.get('Event')}: {name} {state}")
    return value


# ---- the ledger: queue_log -------------------------------------------------------------------------------------------


def from_queue_log(line: str) -> Fact | None:
    """Read `epoch|call|queue|member|VERB|…` (app_queue, Asterisk 22); None for verbs we do not need.

    Raises Unreadable for a line that is not one.
    """
    parts = line.split("|")
    if len(parts) < 5 or not re.fullmatch(r"\d{1,11}", parts[0]):  # noqa: PLR2004 - the five of the docstring
        raise Unreadable(f"not a line of queue_log: {line[:120]!r}")
    match parts[4]:
        case "CONNECT" if len(parts) > 6:  # noqa: PLR2004 - hold time, member's channel
            return CallerConnected(
                call=_call(parts[1]),
                channel=_call(parts[6]),
                at=Instant(datetime.fromtimestamp(int(parts[0]), UTC), Precision.SECOND),
                **_member(parts[3]),
            )
        case "CONNECT":
            raise Unreadable(f"CONNECT without the member's channel: {line[:120]!r}")
        case "ADDMEMBER" | "REMOVEMEMBER" as verb:
            return TakerSigned(_phone(parts[3]), signed_in=verb == "ADDMEMBER")
        case _:
            return None


# ---- the ledger: CEL -------------------------------------------------------------------------------------------------


def from_cel(line: str, service_numbers: Collection[str] = ()) -> CallFact | SkpdFact | ReturnCallTold | None:
    """Read one JSON record of cel_custom (fields: cel_custom.conf); None for records we do not need.

    A record whose JSON is broken still gives its answer or its end: those need none of the text that can break it.
    Who calls one of the `service_numbers` is an officer of an SKPD, and no call to the line. Raises Unreadable for a
    line that gives nothing up.
    """
    if _UNNEEDED.match(line):
        return None
    record = _cel_record(line)
    at = Instant(_stamp(_text(record, "eventtime")), Precision.LEDGER)
    if (name := record.get("userdeftype")) in {DISPATCH, SKPD_UPDATE, SKPD_PIN}:
        return _of_skpd(name, record, at)
    if name == RETURN_CALL or any(is_return_channel(_text(record, id_)) for id_ in ("uniqueid", "linkedid")):
        return _of_return_call(record, at)
    if any(is_dispatch_channel(_text(record, name)) for name in ("uniqueid", "linkedid")):
        return None  # its steps tell everything
    return _of_call(record, at, service_numbers)


def _of_call(record: Mapping[str, Any], at: Instant, service_numbers: Collection[str]) -> CallFact | None:
    call = _call(_text(record, "linkedid"))
    match _text(record, "eventenum"):
        case "CHAN_START":
            return None if record.get("exten") in service_numbers else _beginning(record, call, at)
        case "USER_DEFINED":
            return _user_event(record, _call(_text(record, "uniqueid")), at)
        case "ANSWER" | "HANGUP" | "BRIDGE_ENTER" as name:
            return _channel_event(record, name, call, at)
        case _:
            return None


def _cel_record(line: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as broken:
        record = dict(_CEL_FIELD.findall(line))
        if not record:
            raise Unreadable(f"not a record of CEL: {line[:120]!r}") from broken
    if not isinstance(record, dict):
        raise Unreadable(f"not a record of CEL: {line[:120]!r}")
    return record


def _user_event(record: Mapping[str, Any], call: CallId, at: Instant) -> CallFact | None:
    name = record.get("userdeftype")
    if name == OVERFLOW:
        return CallOverflowed(call, at.at)
    if name not in {ARRIVED, LOCATED, CALLER, ASKED}:
        return None
    payload = _extra(record).get("extra")
    if not isinstance(payload, str):
        raise Unreadable(f"{name} of {call} without its payload")
    try:
        if name == ARRIVED:
            trunk, presented = decode_arrival(payload)
            return CallArrived(call, at, trunk, presented)
        if name == ASKED:
            return CallerSaid(*decode_answer(payload, at.at, call))
        if name == LOCATED:
            return CallLocated(call, decode_located(payload, at.at))
        return CallerIdentified(call, decode_caller(payload))
    except ValueError as error:
        raise Unreadable(f"{name} of {call}: {error}") from error


def _of_skpd(name: str, record: Mapping[str, Any], at: Instant) -> SkpdFact:
    extra = _extra(record).get("extra")
    payload = extra if isinstance(extra, str) else ""
    try:
        if name == DISPATCH:
            return decode_dispatch(payload, at)
        return decode_update(payload, at.at) if name == SKPD_UPDATE else decode_pin(payload, at.at)
    except ValueError as error:
        raise Unreadable(str(error)) from error


def _of_return_call(record: Mapping[str, Any], at: Instant) -> ReturnCallTold | None:
    """Its steps, and the end of the taker's channel; the caller's own channel says nothing more."""
    if record.get("userdeftype") != RETURN_CALL:
        return ended(_text(record, "uniqueid"), at) if _text(record, "eventenum") == "HANGUP" else None
    payload = _extra(record).get("extra")
    try:
        return decode_return_call(payload if isinstance(payload, str) else "", at)
    except ValueError as error:
        raise Unreadable(str(error)) from error


def _beginning(record: Mapping[str, Any], call: CallId, at: Instant) -> CallBegan | None:
    # A call of ours through a trunk has no called number there, and is mostly part of somebody else's call.
    match = _CHANNEL.fullmatch(_text(record, "channame"))
    called = record.get("exten")
    if match is None or match["trunk"] is None or not isinstance(called, str) or not _CALLED.fullmatch(called):
        return None
    return CallBegan(call, at, match["trunk"]) if _text(record, "uniqueid") == call else None


def _channel_event(record: Mapping[str, Any], name: str, call: CallId, at: Instant) -> CallFact | None:
    channel = _call(_text(record, "uniqueid"))
    if channel == call:
        # The caller's own channel. Its ANSWER is Asterisk's (a notice) or follows the taker's: never the answer.
        return CallEnded(call, at, _cause(record)) if name == "HANGUP" else None
    leg = _leg(_text(record, "channame"))
    if leg is None:
        return None
    party, kind = leg
    if name == "BRIDGE_ENTER":
        # Of a backup number nobody else says that the caller was given to it.
        return CallerConnected(call, channel, party, at, kind) if kind is LegKind.BACKUP else None
    return (LegAnswered if name == "ANSWER" else LegEnded)(call, channel, party, kind, at)


def _leg(channel: str) -> tuple[str, LegKind] | None:
    """Whose channel this is, by its name; None when it is nobody's who answers calls."""
    if _ROBOTS_CHANNEL.fullmatch(channel):
        return ROBOT, LegKind.ROBOT
    match = _CHANNEL.fullmatch(channel)
    if match is None:
        return None
    return (match["taker"], LegKind.TAKER) if match["taker"] else (match["trunk"], LegKind.BACKUP)


def _cause(record: Mapping[str, Any]) -> int | None:
    cause = _extra(record).get("hangupcause")
    return cause if isinstance(cause, int) else None


def _extra(record: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        extra = json.loads(record.get("eventextra") or "{}")
    except (TypeError, ValueError):
        return {}
    return extra if isinstance(extra, dict) else {}


# ---- words -----------------------------------------------------------------------------------------------------------


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str):
        raise Unreadable(f"a record of CEL without {name}")
    return value


def _call(text: str) -> CallId:
    try:
        return parse_call_id(text)
    except ValueError as error:
        raise Unreadable(str(error)) from error


def _phone(interface: str) -> str:
    match = _PHONE.fullmatch(interface)
    if match is None:
        raise Unreadable(f"not a taker's phone: {interface[:80]!r}")
    return match[1]


class _Member(TypedDict):
    party: str
    kind: LegKind


def _member(interface: str) -> _Member:
    """Who was given the caller: a taker's phone, or the robot of a test call."""
    if interface == ROBOT_INTERFACE:
        return {"party": ROBOT, "kind": LegKind.ROBOT}
    return {"party": _phone(interface), "kind": LegKind.TAKER}


def _stamp(text: str) -> datetime:
    match = _STAMP.fullmatch(text)
    if match is None:
        raise Unreadable(f"not a time: {text[:40]!r}")
    # Not through float: a microsecond of today does not survive it.
    return _EPOCH + timedelta(seconds=int(match[1]), microseconds=int(match[2]))
