"""Call-backs as they are shown: who is owed one, since when, what was tried. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.web.pages.views import CallerView, When, caller_view, lasted
from ticketing.callbacks import CallBackOutcome

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from datetime import datetime

    from gateway.web.pages.views import Words
    from ticketing.ports import KeptCallBack
    from ticketing.return_calls import ReturnCall

ATTEMPTS: Final = tuple(one for one in CallBackOutcome if one is not CallBackOutcome.GIVEN_UP)
"""What a click can record, in the order of the buttons."""


@dataclass(frozen=True, slots=True)
class Tried:
    """Somebody's attempt; `word` is the name of what came of it (tried.…, returned.…)."""

    when: When
    by: str
    word: str
    note: str | None


@dataclass(frozen=True, slots=True)
class SettledView:
    """What settled it; `by` is None for a caller who called again."""

    when: When
    how: str
    by: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class ReturningView:
    """A return call that is under way: how it stands (`word`: returning.…), and whether it can be withdrawn."""

    id: int
    word: str
    phone: str
    withdraws: bool


@dataclass(frozen=True, slots=True)
class CallBackView:
    """One line of the list. `name` is how its buttons speak of the caller."""

    id: int
    caller: CallerView
    name: str
    since: When
    age: str
    last: When
    calls: int
    outcomes: tuple[str, ...]  # how its calls ended, each once
    attempts: tuple[Tried, ...]  # the last first
    settled: SettledView | None
    returning: ReturningView | None  # a call back by a click, that is under way


def call_back_view(kept: KeptCallBack, now: datetime, words: Words) -> CallBackView:
    """A call-back at `now`; its caller as the last call presented itself."""
    one, settled = kept.call_back, kept.call_back.settlement
    caller = caller_view(kept.calls[-1].caller)
    since = words.when(one.since)
    return CallBackView(
        id=one.id,
        caller=caller,
        name=caller.number or f"{words.t('caller.no_number')}, {since.time}",
        since=since,
        age=lasted(now - one.since),
        last=words.when(kept.calls[-1].arrival.at),
        calls=len(kept.calls),
        outcomes=tuple(dict.fromkeys(call.outcome.value for call in kept.calls)),
        attempts=_attempts(kept, words),
        settled=SettledView(words.when(settled.at), settled.how, settled.by, settled.note) if settled else None,
        returning=next(map(returning_view, (it for it in kept.return_calls if it.under_way)), None),
    )


def _attempts(kept: KeptCallBack, words: Words) -> tuple[Tried, ...]:
    """What was tried by hand and by click, the last first: also what counts for no attempt, and why it does not."""
    counted = {one.return_call for one in kept.call_back.attempts}
    tries = [(one.at, one.by, f"tried.{one.outcome}", one.note) for one in kept.call_back.attempts]
    tries += [
        (one.tried_at, one.requested_by, f"returned.{one.outcome}", None)
        for one in kept.return_calls
        if one.outcome and one.id not in counted
    ]
    return tuple(
        Tried(words.when(at), by, word, note) for at, by, word, note in sorted(tries, reverse=True, key=_first)
    )


def _first(dated: tuple[datetime, str, str, str | None]) -> datetime:
    return dated[0]


def returning_view(call: ReturnCall) -> ReturningView:
    """A return call that is under way."""
    return ReturningView(
        call.id, f"returning.{call.state}", call.phone, call.can_be_withdrawn and not call.cancelled_at
    )


@dataclass(frozen=True, slots=True)
class ReturnedView:
    """A return call that is over; `audible`: its audio is there, and this visitor may hear it."""

    id: int
    when: When
    outcome: str
    by: str
    audible: bool


def returned_views(made: Iterable[ReturnCall], audible: Container[int], words: Words) -> tuple[ReturnedView, ...]:
    """The return calls of a call that are over, in their order."""
    return tuple(
        ReturnedView(one.id, words.when(one.tried_at), one.outcome, one.requested_by, one.id in audible)
        for one in made
        if one.outcome
    )
