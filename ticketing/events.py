"""What happened to a call, and what of it is new when more becomes known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from ticketing.model import AnswerLeg, Call, Caller, CallOutcome, Instant, LegKind, Precision

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from ticketing.callbacks import CallBackOutcome, SettledHow
    from ticketing.located import LocationSource
    from ticketing.model import CallId, TicketStatus
    from ticketing.premise import PremiseAct, PremiseKind


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, at an instant (UTC). `type` is its name on the timeline and in the feed."""

    type: ClassVar[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class CallArrived(Event):
    """A call reached the line."""

    type: ClassVar[str] = "call_arrived"
    trunk: str
    precision: Precision


@dataclass(frozen=True, slots=True)
class ArrivalTimeSettled(Event):
    """`at` is the arrival as better known now; `was` is what was told before."""

    type: ClassVar[str] = "arrival_time_settled"
    was: datetime
    precision: Precision


@dataclass(frozen=True, slots=True)
class CallerIdentified(Event):
    """Who calls became known, or better known: `identified` once the caller-ID script has spoken.

    `at` is the arrival: the number came with the call.
    """

    type: ClassVar[str] = "caller_identified"
    caller: Caller
    identified: bool


@dataclass(frozen=True, slots=True)
class LocationTold(Event):
    """The network told of a place; `at` is when the call brought it."""

    type: ClassVar[str] = "location_told"
    source: LocationSource


@dataclass(frozen=True, slots=True)
class CallOverflowed(Event):
    """No taker could be rung in time: the call went on to the backup numbers."""

    type: ClassVar[str] = "call_overflowed"


@dataclass(frozen=True, slots=True)
class TakerAnswered(Event):
    """The caller was given to a call taker, who answered on this channel."""

    type: ClassVar[str] = "taker_answered"
    channel: str
    party: str
    precision: Precision


@dataclass(frozen=True, slots=True)
class BackupAnswered(Event):
    """The caller was given to a number outside the room, which answered on this channel."""

    type: ClassVar[str] = "backup_answered"
    channel: str
    party: str
    precision: Precision


@dataclass(frozen=True, slots=True)
class RobotAnswered(Event):
    """The line's own test call was answered by its robot, on this channel."""

    type: ClassVar[str] = "robot_answered"
    channel: str
    party: str
    precision: Precision


@dataclass(frozen=True, slots=True)
class AnswerTimeSettled(Event):
    """`at` is the answer of this channel as better known now; `was` is what was told before."""

    type: ClassVar[str] = "answer_time_settled"
    channel: str
    party: str
    was: datetime
    precision: Precision


@dataclass(frozen=True, slots=True)
class TakerLeft(Event):
    """The call taker's channel ended; the caller may still be on the line."""

    type: ClassVar[str] = "taker_left"
    channel: str
    party: str


@dataclass(frozen=True, slots=True)
class BackupLeft(Event):
    """The backup number's channel ended; the caller may still be on the line."""

    type: ClassVar[str] = "backup_left"
    channel: str
    party: str


@dataclass(frozen=True, slots=True)
class CallInterrupted(Event):
    """The call is gone, through a fault of the line, and nothing tells of its end: by `at` at the latest.

    Should its end become known after all, it is told as every end is: the first as CallEnded. This entry told
    of none, so there is nothing to settle, and whoever counts ends counts each call once.
    """

    type: ClassVar[str] = "call_interrupted"


@dataclass(frozen=True, slots=True)
class RobotLeft(Event):
    """The robot of a test call has hung up."""

    type: ClassVar[str] = "robot_left"
    channel: str
    party: str


@dataclass(frozen=True, slots=True)
class CallEnded(Event):
    """The caller's channel ended. `cause` is Q.850, None while it is not known."""

    type: ClassVar[str] = "call_ended"
    outcome: CallOutcome
    cause: int | None
    precision: Precision


@dataclass(frozen=True, slots=True)
class EndSettled(Event):
    """The end as better known now (its instant, its outcome or its cause), in place of what was told before.

    A call that was told as abandoned may turn out as answered when the answer's evidence comes last.
    """

    type: ClassVar[str] = "end_settled"
    outcome: CallOutcome
    cause: int | None
    precision: Precision


@dataclass(frozen=True, slots=True)
class CallerAnswered(Event):
    """The caller answered a question by key, or was asked for words that are in the recording (ticketing.asked)."""

    type: ClassVar[str] = "caller_answered"
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class QuestionAsked(Event):
    """Somebody had a question played to a caller who cannot speak."""

    type: ClassVar[str] = "question_asked"
    by: str
    question: str


@dataclass(frozen=True, slots=True)
class TicketOpened(Event):
    """The answer opened a ticket; `taker` is None when a backup number answered."""

    type: ClassVar[str] = "ticket_opened"
    number: str
    answered_at: datetime
    taker: str | None


@dataclass(frozen=True, slots=True)
class TicketTriaged(Event):
    """Somebody recorded something. `changes`: field → what it was, what it is; a place's fields as `location.…`."""

    type: ClassVar[str] = "ticket_triaged"
    by: str
    changes: Mapping[str, tuple[str | float | None, str | float | None]]


@dataclass(frozen=True, slots=True)
class StatusTurned(Event):
    """Somebody turned the ticket."""

    type: ClassVar[str] = "status_turned"
    by: str
    from_: TicketStatus
    to: TicketStatus
    reason: str | None


@dataclass(frozen=True, slots=True)
class SlaBreached(Event):
    """A clock (`on_progress` or `close`) ran out; `at` is its due instant, however late that became known."""

    type: ClassVar[str] = "sla_breached"
    clock: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class RecordingPlayed(Event):
    """Somebody asked for the call's audio."""

    type: ClassVar[str] = "recording_played"
    by: str


@dataclass(frozen=True, slots=True)
class NotePlayed(Event):
    """Somebody asked for a note that was spoken on a dispatch; `note` is as the dispatch's update names it.

    An event of its own because an entry has the fields of its event: those of the call's audio stay as they are.
    """

    type: ClassVar[str] = "recording_played"
    by: str
    dispatch: str
    note: str


@dataclass(frozen=True, slots=True)
class CallBackTried(Event):
    """Somebody tried to call the caller of this owing call back."""

    type: ClassVar[str] = "call_back_tried"
    call_back: str
    by: str
    outcome: CallBackOutcome
    note: str | None


@dataclass(frozen=True, slots=True)
class CallBackSettled(Event):
    """This call owes nothing any more; `settling_call` is the one in which its caller was answered."""

    type: ClassVar[str] = "call_back_settled"
    call_back: str
    how: SettledHow
    by: str | None
    note: str | None
    settling_call: CallId | None


@dataclass(frozen=True, slots=True)
class PremiseNoteTouched(Event):
    """Somebody wrote, changed or withdrew a premise note that concerns this ticket, while the ticket was not closed.

    What the note says is not told: a timeline keeps it for ever, and a gate's code is for nobody but who goes there.
    """

    type: ClassVar[str] = "premise_note_touched"
    premise_note: str
    kind: PremiseKind
    act: PremiseAct
    by: str


_ANSWERED: Final[dict[LegKind, type[TakerAnswered | BackupAnswered | RobotAnswered]]] = {
    LegKind.TAKER: TakerAnswered,
    LegKind.BACKUP: BackupAnswered,
    LegKind.ROBOT: RobotAnswered,
}
_LEFT: Final[dict[LegKind, type[TakerLeft | BackupLeft | RobotLeft]]] = {
    LegKind.TAKER: TakerLeft,
    LegKind.BACKUP: BackupLeft,
    LegKind.ROBOT: RobotLeft,
}


def learned(before: Call | None, after: Call) -> tuple[Event, ...]:
    """Tell what is new in `after`, which is `before` joined with something; None: nothing was told yet.

    Along any path of joins nothing is told twice, and a join that changes nothing tells nothing. Arrival
    first, the end last, between them by time; how long a leg lasted is told once, as first known.
    """
    return (
        *_arrival_news(before, after),
        *_caller_news(before, after),
        *_news_between(before, after),
        *_end_news(before, after),
    )


def _arrival_news(before: Call | None, after: Call) -> Iterator[Event]:
    arrival = after.arrival
    if before is None:
        yield CallArrived(arrival.at, after.trunk, arrival.precision)
    elif before.arrival.at != arrival.at:
        yield ArrivalTimeSettled(arrival.at, before.arrival.at, arrival.precision)


def _caller_news(before: Call | None, after: Call) -> Iterator[Event]:
    known = (before.caller, before.identified) if before else (None, False)
    if after.caller is not None and known != (after.caller, after.identified):
        yield CallerIdentified(after.arrival.at, after.caller, after.identified)


def _news_between(before: Call | None, after: Call) -> Iterator[Event]:
    known = {leg.channel: leg for leg in before.legs} if before else {}
    news = [dated for leg in after.legs for dated in _leg_news(known.get(leg.channel), leg)]
    told = before.locations if before else ()
    news += [(source.at, LocationTold(source.at, source)) for source in after.locations if source not in told]
    if after.overflowed_at and not (before and before.overflowed_at):
        news.append((after.overflowed_at, CallOverflowed(after.overflowed_at)))
    heard = before.said if before else ()
    news += [(one.at, CallerAnswered(one.at, one.question, one.answer)) for one in after.said if one not in heard]
    return (event for _, event in sorted(news, key=lambda dated: dated[0]))


def _answer(leg: AnswerLeg | None) -> Instant | None:
    return leg.answered if leg and leg.connected else None


def _leg_news(known: AnswerLeg | None, leg: AnswerLeg) -> Iterator[tuple[datetime, Event]]:
    """Yield what is new of one leg, each with the instant that gives its place among the news."""
    answer = _answer(leg)
    if answer is None:
        return
    # Told under another name or as another kind, it was told of somebody else.
    told = known if known and (known.kind, known.party) == (leg.kind, leg.party) else None
    told_answer = _answer(told)
    if told_answer is None:
        yield answer.at, _ANSWERED[leg.kind](answer.at, leg.channel, leg.party, answer.precision)
    elif told_answer.at != answer.at:
        settled = AnswerTimeSettled(answer.at, leg.channel, leg.party, told_answer.at, answer.precision)
        yield answer.at, settled
    if leg.ended and not (told and told_answer and told.ended):
        # A whole second may lie before the answer that it followed.
        yield max(leg.ended.at, answer.at), _LEFT[leg.kind](leg.ended.at, leg.channel, leg.party)


def _end_news(before: Call | None, after: Call) -> Iterator[Event]:
    if after.ended is None:
        if after.interrupted_at and not (before and before.interrupted_at):
            yield CallInterrupted(after.interrupted_at)
        return
    end = (after.ended.at, after.outcome, after.hangup_cause)
    if before is None or before.ended is None:
        yield CallEnded(*end, after.ended.precision)
    elif (before.ended.at, before.outcome, before.hangup_cause) != end:
        yield EndSettled(*end, after.ended.precision)
