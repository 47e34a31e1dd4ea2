"""What the ledger tells of calls against what the store keeps of them. Pure.

Knowledge of a call only grows (`Call.learn`), so that the question is always the same: does the store know all that
the ledger tells? It can be asked of any part of the ledger, and a call told in two parts may be compared twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Final

from gateway.facts.call_tracker import as_sent, piece_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from gateway.facts.call_facts import CallFact
    from ticketing.model import Call, CallId, Instant, Ticket
    from ticketing.ports import KeptCall

# The doorbell stamps an answer about a millisecond late, queue_log to the whole second below it.
_SAME_ANSWER: Final = timedelta(seconds=2)


class Flaw(StrEnum):
    """In what ledger and store differ about a call."""

    CALL_MISSING = "call_missing"  # the ledger tells of a call to the line, the store has no row
    CALL_UNTOLD = "call_untold"  # the store has a row, the ledger of that time tells of no such call
    CALL_DIFFERS = "call_differs"  # the ledger tells something that the row does not say
    ANSWER_UNTOLD = "answer_untold"  # the row has an answer, or an earlier one, of which the ledger does not tell
    TICKET_MISSING = "ticket_missing"
    TICKET_TWICE = "ticket_twice"
    TICKET_UNFOUNDED = "ticket_unfounded"  # nobody answered the call
    TICKET_DIFFERS = "ticket_differs"  # its instant of the answer is not the call's


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing that is not as it should be; `text` is one line for people, without anybody's number."""

    call: CallId
    flaw: Flaw
    text: str

    def __str__(self) -> str:
        return f"call {self.call}: {self.text}"


def compare(
    told: Call, kept: KeptCall | None, tickets: Sequence[Ticket], *, whole_since: datetime | None = None
) -> tuple[Discrepancy, ...]:
    """Compare one call, or a part of what the ledger tells of it, with its row and its tickets."""
    if kept is None:
        if not told.reached_the_line:
            return ()
        after = " although it was answered" if told.answered else ""
        return (Discrepancy(told.id, Flaw.CALL_MISSING, f"is in the ledger and not in the store{after}"),)
    known = kept.call.learn(told)
    found: list[Discrepancy] = []
    more = [name for name in known.__slots__ if _evidence(known, name) != _evidence(kept.call, name)]
    if more:
        text = f"the ledger tells more than the store keeps: {', '.join(more)}"
        found.append(Discrepancy(told.id, Flaw.CALL_DIFFERS, text))
    if _told_whole(told, whole_since) and not _bears_out(told.answered, kept.call.answered):
        found.append(Discrepancy(told.id, Flaw.ANSWER_UNTOLD, "the store has an answer that the ledger does not tell"))
    return (*found, *_of_tickets(known, kept, tickets))


def _evidence(call: Call, name: str) -> object:
    # What is made of a caller's number depends on the site's settings of that day; what was sent does not.
    if name == "caller":
        return call.caller and call.caller.presented
    # So is what is made of a place.
    if name == "locations":
        return {(source.kind, source.at) for source in call.locations}
    return getattr(call, name)


def untold(kept: KeptCall) -> Discrepancy:
    """Say of a call in the store that the ledger of its time tells nothing of it."""
    return Discrepancy(kept.call.id, Flaw.CALL_UNTOLD, "is in the store and not in the ledger")


def _told_whole(told: Call, whole_since: datetime | None) -> bool:
    begun = told.arrived is not None and whole_since is not None and told.arrived.at >= whole_since
    return begun and told.ended is not None


def _bears_out(told: Instant | None, kept: Instant | None) -> bool:
    """Whether the ledger's first answer is the one that is kept, as far as the ledger knows it."""
    if told is None or kept is None:
        return kept is None
    if told.precision >= kept.precision:
        return told.at <= kept.at
    return abs(told.at - kept.at) <= _SAME_ANSWER


def _of_tickets(known: Call, kept: KeptCall, tickets: Sequence[Ticket]) -> list[Discrepancy]:
    def flaw(kind: Flaw, text: str) -> list[Discrepancy]:
        return [Discrepancy(known.id, kind, text)]

    numbers = ", ".join(ticket.number for ticket in tickets)
    if known.answered is None:
        # Nobody answered the call: its caller was answered in a return call.
        tickets = [ticket for ticket in tickets if ticket.return_call is None]
        numbers = ", ".join(ticket.number for ticket in tickets)
        return flaw(Flaw.TICKET_UNFOUNDED, f"nobody answered it, and it has ticket {numbers}") if tickets else []
    if len(tickets) > 1:
        return flaw(Flaw.TICKET_TWICE, f"has {len(tickets)} tickets: {numbers}")
    if not tickets or tickets[0].number != kept.ticket:
        lost = f" (its row names {kept.ticket})" if kept.ticket else ""
        return flaw(Flaw.TICKET_MISSING, f"was answered and has no ticket{lost}")
    (ticket,) = tickets
    if ticket.answered_at != known.answered.at:
        said = f"{ticket.answered_at.isoformat()}, not {known.answered.at.isoformat()}"
        return flaw(Flaw.TICKET_DIFFERS, f"ticket {ticket.number} has it answered at {said}")
    return []


@dataclass(slots=True)
class ToldCalls:
    """Joins the ledger's facts into calls, those of both journals in the order of their time, with bounded memory.

    At most `remembered` calls are joined at a time. The one of which nothing was told for the longest goes first: by
    then it is over, or it is told in two parts.
    """

    remembered: int = 10_000
    _calls: dict[CallId, Call] = field(default_factory=dict)

    def take(self, facts: Iterable[CallFact]) -> tuple[Call, ...]:
        """Take facts; give the calls that go."""
        for fact in facts:
            piece = piece_of(fact, as_sent)
            known = self._calls.pop(piece.id, None)
            self._calls[piece.id] = known.learn(piece) if known else piece
        too_many = max(len(self._calls) - self.remembered, 0)
        return tuple(self._calls.pop(call) for call in list(islice(self._calls, too_many)))

    def rest(self) -> tuple[Call, ...]:
        """Give all that remain."""
        remaining = tuple(self._calls.values())
        self._calls.clear()
        return remaining
