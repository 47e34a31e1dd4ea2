"""Facts → what is known of each call. Pure.

A fact is a piece of `Call`, and pieces join whatever their order (ticketing/model.py). What is left to track is the
piece that comes before the proof that its channel is a call to the line at all: it is kept here, for a while.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gateway.facts.call_facts import (
    CallArrived,
    CallBegan,
    CallerConnected,
    CallerIdentified,
    CallerSaid,
    CallFact,
    CallLocated,
    CallOverflowed,
    LegAnswered,
    LegEnded,
)
from gateway.facts.phone_numbers import as_kept, identify
from ticketing.model import UNKNOWN_CALLER, AnswerLeg, Call, Caller, CallerIdStyle, CallId, PresentedIdentity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.facts.located_invite import LocatedBody
    from ticketing.located import LocationSource


CallerOf = Callable[[str, PresentedIdentity], Caller]
"""Makes a caller of what was sent by a trunk of this name."""


def as_sent(_trunk: str, presented: PresentedIdentity) -> Caller:
    """Make nothing of it: for calls of which somebody else says who calls. Cheap, where a number costs 0.1 ms."""
    return replace(UNKNOWN_CALLER, presented=as_kept(presented))


def piece_of(fact: CallFact, caller_of: CallerOf) -> Call:  # noqa: PLR0911 - one a fact
    """What this one fact says of its call."""
    match fact:
        case CallBegan(call, at, trunk):
            return Call(call, arrived=at, trunk=trunk)
        case CallArrived(call, at, trunk, presented):
            return Call(call, arrived=at, trunk=trunk, caller=caller_of(trunk, presented))
        case CallLocated(call, told):
            return Call(call, locations=told.sources)
        case CallerIdentified(call, caller):
            return Call(call, caller=caller, identified=True)
        case CallerConnected(call, channel, party, at, kind):
            return Call(call, legs=(AnswerLeg(channel, party, kind, connected=True, answered=at),))
        case LegAnswered(call, channel, party, kind, at):
            return Call(call, legs=(AnswerLeg(channel, party, kind, answered=at),))
        case LegEnded(call, channel, party, kind, at):
            return Call(call, legs=(AnswerLeg(channel, party, kind, ended=at),))
        case CallerSaid(call, answer):
            return Call(call, said=(answer,))
        case CallOverflowed(call, at):
            return Call(call, overflowed_at=at)
    # What is left is CallEnded, and mypy holds it so.
    return Call(fact.call, ended=fact.at, hangup_cause=fact.cause)


@dataclass(slots=True)
class HeardBodies:
    """Finds whose a body is that was heard beside the ledger: by the SIP Call-ID, whichever of both comes first.

    Of the last `remembered` on either side. The first body of a call is the one: no other message speaks for it.
    """

    remembered: int = 200
    _heard: dict[str, tuple[LocationSource, ...]] = field(default_factory=dict)
    _calls: dict[str, CallId] = field(default_factory=dict)

    def found(self, facts: Iterable[CallFact], heard: Iterable[LocatedBody]) -> tuple[Call, ...]:
        """Give a piece of each call of which both are there now."""
        touched: dict[str, None] = {}
        for body in heard:
            self._heard.setdefault(body.sip_call, body.sources)
            touched[body.sip_call] = None
        for fact in facts:
            if isinstance(fact, CallLocated) and fact.told.sip_call:
                # A carrier that tries again does so by the same Call-ID.
                self._calls[fact.told.sip_call] = fact.call
                touched[fact.told.sip_call] = None
        pieces = tuple(
            Call(self._calls[one], locations=self._heard[one])
            for one in touched
            if one in self._calls and one in self._heard
        )
        for kept in (self._heard, self._calls):
            while len(kept) > self.remembered:
                kept.pop(next(iter(kept)))
        return pieces


@dataclass(slots=True)
class CallTracker:
    """Joins facts into calls, and keeps those that nothing proves yet to be calls to the line.

    `remembered` bounds the memory: the oldest unproven pieces (takers' own calls, for the most part) are forgotten
    first. Forgetting costs nothing in the order in which Asterisk writes: its proof comes first.
    """

    style_of: Callable[[str], CallerIdStyle]
    remembered: int = 1000
    bodies: HeardBodies = field(default_factory=HeardBodies)
    _unproven: dict[CallId, Call] = field(default_factory=dict)

    def learn(
        self, facts: Iterable[CallFact], heard: Iterable[LocatedBody] = (), pieces_told: Iterable[Call] = ()
    ) -> tuple[Call, ...]:
        """Take the facts, what was heard of places, and pieces of calls; give a piece of each call that they touch.

        Each with whatever was kept of that call.
        """
        pieces: dict[CallId, Call] = {}
        for piece in pieces_told:
            self._join(pieces, piece)
        told = list(facts)
        # The script's word wins over what we should make of the number (`Call.learn`): then it need not be made.
        identified = {fact.call for fact in told if isinstance(fact, CallerIdentified)}
        for fact in told:
            piece = piece_of(fact, as_sent if fact.call in identified else self._identify)
            self._join(pieces, piece)
        for piece in self.bodies.found(told, heard):
            self._join(pieces, piece)
        for call, piece in pieces.items():
            self._unproven.pop(call, None)
            if not piece.reached_the_line:
                self._unproven[call] = piece
        while len(self._unproven) > self.remembered:
            self._unproven.pop(next(iter(self._unproven)))
        return tuple(pieces.values())

    def _join(self, pieces: dict[CallId, Call], piece: Call) -> None:
        known = pieces.get(piece.id) or self._unproven.get(piece.id)
        pieces[piece.id] = known.learn(piece) if known else piece

    def _identify(self, trunk: str, presented: PresentedIdentity) -> Caller:
        return identify(presented, self.style_of(trunk))
