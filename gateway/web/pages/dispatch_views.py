"""Dispatches as the pages show them: whom to ask, how each stands, every line of it, what may be said of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.facts.skpd_facts import spoken_stamp, voice_note
from gateway.web.pages.views import causes, grouped
from ticketing.dispatch import SAID_BY_SKPD, DispatchState, SpokenNote, last_of_each
from ticketing.model import LegKind, Role, TicketStatus
from ticketing.permissions import Permission, may

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from gateway.web.pages.views import When, Words
    from ticketing.dispatch import Dispatch, DispatchLeg, Update
    from ticketing.ports import KeptTicket
    from ticketing.skpd import Skpd

_ORDER: Final = (
    DispatchState.ACCEPTED,
    DispatchState.ASSIGNED,
    DispatchState.EN_ROUTE,
    DispatchState.ON_SCENE,
    DispatchState.HANDLED,
)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who looks, as far as it matters here: an SKPD's dispatcher speaks for `skpd` alone."""

    role: Role
    skpd: str | None = None

    @property
    def dispatches(self) -> bool:
        """Whether they have SKPDs rung."""
        return may(self.role, Permission.DISPATCH)

    def speaks_for(self, dispatch: Dispatch) -> bool:
        """Whether they put on record what this dispatch's SKPD says."""
        own = self.role is not Role.SKPD or dispatch.skpd == self.skpd
        return own and may(self.role, Permission.UPDATE_DISPATCH)


@dataclass(frozen=True, slots=True)
class SentView:
    """An SKPD that was asked, in one word: `state` is a DispatchState, or `ringing` or `answered` before it accepts."""

    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to a line, by the name of its word (leg.…)."""

    word: str
    when: When


@dataclass(frozen=True, slots=True)
class LegView:
    """One attempt to reach one line; the last of its steps is how it stands."""

    line: str
    trunk: str
    steps: tuple[Step, ...]
    codes: str


@dataclass(frozen=True, slots=True)
class SpokenView:
    """A note that was spoken; `plays`: its audio is there, and this visitor may hear it."""

    stamp: str
    plays: bool


@dataclass(frozen=True, slots=True)
class UpdateView:
    """What somebody said of a dispatch; its note, if it has one, was written or spoken."""

    state: DispatchState
    when: When
    by: str
    note: str | None
    spoken: SpokenView | None


@dataclass(frozen=True, slots=True)
class DispatchView:
    """A dispatch with all that is known of it, and what this visitor may do with it."""

    id: int
    sent: SentView
    requested: When
    by: str
    talks: bool  # the SKPD is in the conversation
    consults: bool  # it speaks with the taker, apart from the caller
    joins: bool  # this visitor may bring them together
    failed: bool  # nobody accepted, the SKPD was not asked again, and the ticket is open
    legs: tuple[LegView, ...]
    updates: tuple[UpdateView, ...]
    cancels: bool
    says: tuple[DispatchState, ...]
    notes: DispatchState | None  # the state to which a note can be added


@dataclass(frozen=True, slots=True)
class Choice:
    """An SKPD that may be asked. `fits`: this category is its own; `busy`: it is being rung, or talks, already."""

    code: str
    name: str
    fits: bool
    busy: bool
    reachable: bool  # it has a line


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything about dispatches on a ticket's page, the latest first."""

    choices: tuple[Choice, ...]
    dispatches: tuple[DispatchView, ...]
    consults: bool  # a taker is on the line, who can have a word with an SKPD first
    hands_over: bool

    @property
    def failed(self) -> tuple[str, ...]:
        """The SKPDs at which nobody accepted."""
        return tuple(one.sent.name for one in self.dispatches if one.failed)


def dispatch_panel(
    kept: KeptTicket,
    dispatches: Sequence[Dispatch],
    skpds: Iterable[Skpd],
    names: Mapping[str, str],
    *,
    asker: Asker,
    words: Words,
    audible: AbstractSet[SpokenNote] = frozenset(),
) -> Panel:
    """The panel of a ticket; `dispatches` are the ticket's in their order, `names` those of SKPDs, removed ones too.

    `audible` are the spoken notes that the visitor may hear.
    """
    is_open = kept.ticket.status is not TicketStatus.CLOSED
    standing = {one.id for one in last_of_each(dispatches)} if is_open else frozenset()
    return Panel(
        choices=_choices(skpds, kept.ticket.category, dispatches) if asker.dispatches and is_open else (),
        dispatches=tuple(
            _dispatch_view(one, names, asker, words, audible, stands=one.id in standing) for one in reversed(dispatches)
        ),
        consults=asker.dispatches and _taker_is_there(kept),
        hands_over=asker.dispatches and _taker_is_there(kept) and any(one.talks for one in dispatches),
    )


def sent_views(dispatches: Iterable[Dispatch], names: Mapping[str, str]) -> tuple[SentView, ...]:
    """Whom a ticket was sent to, and how each of them stands; what was withdrawn is no news on a board."""
    return tuple(_sent(one, names) for one in last_of_each(dispatches) if one.state is not DispatchState.CANCELLED)


def _sent(dispatch: Dispatch, names: Mapping[str, str]) -> SentView:
    return SentView(names.get(dispatch.skpd, dispatch.skpd), _state(dispatch))


def _state(dispatch: Dispatch) -> str:
    if dispatch.state is not DispatchState.REQUESTED:
        return dispatch.state
    rung = [leg for leg in dispatch.trace.legs if leg.ended is None]
    if any(leg.answered for leg in rung):
        return "answered"
    return "ringing" if any(leg.ringing for leg in rung) else DispatchState.REQUESTED


def _choices(skpds: Iterable[Skpd], category: str | None, dispatches: Sequence[Dispatch]) -> tuple[Choice, ...]:
    busy = {one.skpd for one in dispatches if one.under_way}
    choices = [
        Choice(one.code, one.name, category in one.categories, one.code in busy, bool(one.lines)) for one in skpds
    ]
    return tuple(sorted(choices, key=lambda one: (not one.fits, one.name)))


def _taker_is_there(kept: KeptTicket) -> bool:
    answers = kept.call.answers
    return kept.call.over_at is None and any(leg.kind is LegKind.TAKER and leg.ended is None for leg in answers)


def _dispatch_view(
    dispatch: Dispatch,
    names: Mapping[str, str],
    asker: Asker,
    words: Words,
    audible: AbstractSet[SpokenNote],
    *,
    stands: bool,
) -> DispatchView:
    speaks = asker.speaks_for(dispatch)
    return DispatchView(
        id=dispatch.id,
        sent=_sent(dispatch, names),
        requested=words.when(dispatch.requested_at),
        by=dispatch.requested_by,
        talks=dispatch.talks,
        consults=dispatch.consults,
        joins=asker.dispatches and dispatch.consults,
        failed=stands and dispatch.state is DispatchState.FAILED,
        legs=tuple(_leg_view(dispatch, leg, words) for leg in dispatch.trace.legs),
        updates=tuple(_update_view(dispatch, one, audible, words) for one in dispatch.updates),
        cancels=asker.dispatches and dispatch.can_be_withdrawn and not dispatch.cancelled_at,
        says=sayable(dispatch.state) if speaks else (),
        notes=dispatch.state if speaks and dispatch.state in SAID_BY_SKPD else None,
    )


def _leg_view(dispatch: Dispatch, leg: DispatchLeg, words: Words) -> LegView:
    end = "ended" if leg.accepted else str(leg.outcome)
    known = (
        ("dialled", leg.dialled),
        ("ringing", leg.ringing),
        ("answered", leg.answered),
        ("accepted", leg.accepted),
        (end, leg.ended),
    )
    steps = tuple(Step(word, words.when(instant.at)) for word, instant in known if instant)
    codes = causes(leg.ended_by, leg.tried.sip if leg.tried else None)
    return LegView(grouped(dispatch.line(leg) or "—"), leg.trunk, steps, codes)


def _update_view(dispatch: Dispatch, update: Update, audible: AbstractSet[SpokenNote], words: Words) -> UpdateView:
    stamp = spoken_stamp(update.note)
    spoken = SpokenView(stamp, SpokenNote(dispatch.id, voice_note(stamp)) in audible) if stamp else None
    return UpdateView(update.state, words.when(update.at), update.by, None if stamp else update.note, spoken)


def sayable(state: DispatchState) -> tuple[DispatchState, ...]:
    """What an SKPD may say next: that it accepts or declines; then what comes later; after all, that it is not over."""
    match state:
        case DispatchState.CANCELLED:
            return ()
        case DispatchState.REQUESTED | DispatchState.FAILED:
            return (DispatchState.ACCEPTED, DispatchState.DECLINED)
        case DispatchState.DECLINED:
            return (DispatchState.ACCEPTED,)
        case DispatchState.HANDLED:
            return (DispatchState.ON_SCENE,)
    return (*_ORDER[_ORDER.index(state) + 1 :], DispatchState.DECLINED)
