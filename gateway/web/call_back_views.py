"""Call-backs as they are shown: who is owed one, since when, what was tried. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.web.views import CallerView, When, caller_view, lasted
from ticketing.callbacks import CallBackOutcome

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.web.views import Words
    from ticketing.ports import KeptCallBack

ATTEMPTS: Final = tuple(one for one in CallBackOutcome if one is not CallBackOutcome.GIVEN_UP)
"""What a click can record, in the order of the buttons."""


@dataclass(frozen=True, slots=True)
class Tried:
    """Somebody's attempt."""

    when: When
    by: str
    outcome: str
    note: str | None


@dataclass(frozen=True, slots=True)
class SettledView:
    """What settled it; `by` is None for a caller who called again."""

    when: When
    how: str
    by: str | None
    note: str | None


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
        attempts=tuple(Tried(words.when(it.at), it.by, it.outcome, it.note) for it in reversed(one.attempts)),
        settled=SettledView(words.when(settled.at), settled.how, settled.by, settled.note) if settled else None,
    )
