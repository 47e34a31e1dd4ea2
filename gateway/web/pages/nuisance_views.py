"""How a number stands by its marks, as it is shown. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.web.pages.views import When, caller_view
from ticketing.model import Caller, CallerKind

if TYPE_CHECKING:
    from gateway.web.pages.views import Words
    from ticketing.nuisance import Standing


@dataclass(frozen=True, slots=True)
class ConfirmedView:
    """Who has confirmed it, and until when it holds."""

    by: str
    when: When
    until: When
    note: str | None


@dataclass(frozen=True, slots=True)
class StandingView:
    """A number with marks."""

    number: str  # E.164
    shown: str
    count: int
    since: When
    tickets: tuple[str, ...]  # the latest first
    beyond: bool
    confirmed: ConfirmedView | None
    delay_s: int


def standing_view(stands: Standing, words: Words) -> StandingView | None:
    """A number's standing; None for one without marks."""
    if stands.since is None:
        return None
    known, until = stands.confirmed, stands.until
    return StandingView(
        number=stands.number,
        shown=caller_view(Caller(stands.number, stands.number, CallerKind.MOBILE)).number or stands.number,
        count=len(stands.marks),
        since=words.when(stands.since),
        tickets=tuple(one.ticket for one in stands.marks),
        beyond=stands.beyond,
        confirmed=ConfirmedView(known.by, words.when(known.at), words.when(until), known.note)
        if known and until
        else None,
        delay_s=round(stands.delay.total_seconds()),
    )
