"""Calls, and the pieces of evidence that make them known, for the tests of ticketing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from ticketing.located import LocationSource, Shape, SourceKind
from ticketing.model import (
    AnswerLeg,
    Call,
    Caller,
    CallerKind,
    CallId,
    Instant,
    LegKind,
    Precision,
    PresentedIdentity,
)

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""09:00 in Bima."""

MULYADI = Caller("081234500001", "+6281234500001", CallerKind.MOBILE)
HIDDEN = Caller("", None, CallerKind.ANONYMOUS)


def at(seconds: float, precision: Precision = Precision.LEDGER) -> Instant:
    """An instant so many seconds into the morning."""
    return Instant(MORNING + timedelta(seconds=seconds), precision)


def call_id(serial: int = 1, arrived: float = 0) -> CallId:
    return CallId(f"bima1-{int(MORNING.timestamp() + arrived)}.{serial}")


def arrives(serial: int = 1, after: float = 0, caller: Caller = MULYADI) -> Call:
    """A call that waits in the queue."""
    return Call(call_id(serial, after), arrived=at(after), trunk="carrier", caller=caller)


def answered(call: Call, taker: str, after: float, precision: Precision = Precision.LEDGER) -> Call:
    """The piece of evidence that this taker answered the call."""
    return _with_leg(call, AnswerLeg(f"{taker}-leg", taker, connected=True, answered=at(after, precision)))


def answered_by_backup(call: Call, trunk: str, after: float) -> Call:
    """The piece of evidence that a number outside the room answered the call."""
    leg = AnswerLeg(f"{trunk}-leg", trunk, LegKind.BACKUP, connected=True, answered=at(after))
    return _with_leg(call, leg)


def left(call: Call, taker: str, after: float) -> Call:
    """The piece of evidence that the taker's channel ended."""
    return _with_leg(call, AnswerLeg(f"{taker}-leg", taker, ended=at(after)))


def hung_up(call: Call, after: float, cause: int | None = 16) -> Call:
    """The piece of evidence that the caller's channel ended."""
    return Call(call.id, ended=at(after), hangup_cause=cause)


def interrupted(call: Call, after: float) -> Call:
    """The piece of evidence that the call was gone by then, and that nothing tells of its end."""
    return Call(call.id, interrupted_at=at(after).at)


def _with_leg(call: Call, leg: AnswerLeg) -> Call:
    return Call(call.id, legs=(leg,))


def joined(*pieces: Call) -> Call:
    """Everything that the pieces tell of one call."""
    first, *others = pieces
    for piece in others:
        first = first.learn(piece)
    return first


# What hypothesis may think of. Few values of each kind, so that pieces meet and contradict each other.

instants = st.builds(
    Instant,
    st.integers(0, 5_000_000).map(lambda us: MORNING + timedelta(microseconds=us)) | st.just(MORNING),
    st.sampled_from(Precision),
)
texts = st.text(max_size=6) | st.sampled_from(["\ud800", "a\x00b", "'; DROP TABLE calls; --", "\\", '"', "é\u202e"])
identities = st.builds(PresentedIdentity, texts, texts, texts, texts, texts)
callers = st.builds(Caller, texts, st.none() | st.just("+6281234500001"), st.sampled_from(CallerKind), identities)
legs = st.builds(
    AnswerLeg,
    channel=st.sampled_from(["bima1-1.2", "bima1-1.3", "bima1-1.4"]),
    party=st.sampled_from(["", "101", "102"]) | texts,
    kind=st.sampled_from(LegKind),
    connected=st.booleans(),
    answered=st.none() | instants,
    ended=st.none() | instants,
)

sources = st.sampled_from(
    [
        LocationSource(SourceKind.CELL, MORNING, reference="5101000a1b2c3d4"),
        LocationSource(SourceKind.REFERENCE, MORNING, reference="https://lis.example.com/\ud800\x00"),
        LocationSource(SourceKind.VALUE, at(0.5).at, Shape.POINT, -8.4606, 118.7273, found_at=MORNING),
        LocationSource(SourceKind.VALUE, at(0.5).at, Shape.CIRCLE, -8.4606, 118.7273, 850.24, 67.5, method="Cell"),
        LocationSource(SourceKind.VALUE, MORNING, Shape.POLYGON, outline=((-8.46, 118.72), (-8.46, 118.73))),
        LocationSource(SourceKind.VALUE, MORNING, Shape.CIVIC, civic=(("RD", "Jl. \x00'; --"), ("HNO", "12"))),
        LocationSource(SourceKind.VALUE, at(2).at, refusal="it is not on the earth"),
    ]
)


@st.composite
def pieces_of(draw: st.DrawFn, call: CallId) -> Call:
    """A piece of knowledge about this call."""
    caller = draw(st.none() | callers)
    return Call(
        id=call,
        arrived=draw(st.none() | instants),
        trunk=draw(st.sampled_from(["", "carrier"]) | texts),
        caller=caller,
        identified=caller is not None and draw(st.booleans()),
        legs=tuple(draw(st.lists(legs, max_size=3))),
        overflowed_at=draw(st.none() | instants.map(lambda instant: instant.at)),
        ended=draw(st.none() | instants),
        hangup_cause=draw(st.none() | st.sampled_from([0, 16, 17])),
        interrupted_at=draw(st.none() | instants.map(lambda instant: instant.at)),
        locations=tuple(draw(st.lists(sources, max_size=2))),
    )


pieces = pieces_of(call_id())


def without_legs(call: Call) -> Call:
    return replace(call, legs=())
