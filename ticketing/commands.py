"""What people and telephones ask of the desk."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

from ticketing.asked import BY_A_TAKER
from ticketing.dispatch import SAID_BY_SKPD, DispatchMode
from ticketing.model import well_formed

if TYPE_CHECKING:
    from datetime import date, datetime

    from ticketing.asked import Question
    from ticketing.callbacks import CallBackOutcome
    from ticketing.dispatch import Begun, DispatchState, Said, SpokenNote, Trace
    from ticketing.model import Call, CallId, CallType, JournalPosition, Role, Taker, TicketStatus
    from ticketing.nuisance import Judgement
    from ticketing.people import Session, Token, User
    from ticketing.premise import PremiseChanges, PremiseKind, Premises
    from ticketing.return_calls import ReturnTrace
    from ticketing.skpd import Skpd


@dataclass(frozen=True, slots=True)
class RecordCalls:
    """Keep what became known of some calls, and how far the journals were read to know it.

    Knowledge may be partial, repeated and in any order; a call may be given in several pieces. A call that
    has not reached the line is not kept (`Call.reached_the_line`): the giver holds on to it, and to the
    journal position before it.
    """

    calls: tuple[Call, ...] = ()
    positions: tuple[JournalPosition, ...] = ()
    # What became known of these dispatches, in pieces as well; those begun by telephone by their name there.
    dispatches: tuple[tuple[int | str, Trace], ...] = ()
    said: tuple[tuple[int, Said], ...] = ()  # what officers said of these dispatches by telephone
    begun: tuple[Begun, ...] = ()  # dispatches that takers began by telephone
    return_calls: tuple[tuple[int, ReturnTrace], ...] = ()  # what became known of these return calls, in pieces as well


class _Sentinel(Enum):
    NOT_GIVEN = "not given"


NOT_GIVEN: Final = _Sentinel.NOT_GIVEN
NotGiven = Literal[_Sentinel.NOT_GIVEN]

LONGEST_TEXT: Final = 10_000
SEVERITIES: Final = range(1, 6)


@dataclass(frozen=True, slots=True)
class Triage:
    """What a taker records of a ticket. What is not given stays as it is; None clears it.

    The last six are the location's: the caller's words (`verbatim`), and apart from them what people and maps
    made of them. Raises ValueError for texts longer than LONGEST_TEXT, a severity outside SEVERITIES, and
    what is no place on the globe (WGS84 degrees).
    """

    reporter_name: str | NotGiven | None = NOT_GIVEN
    call_type: CallType | NotGiven = NOT_GIVEN
    category: str | NotGiven | None = NOT_GIVEN
    severity: int | NotGiven | None = NOT_GIVEN
    description: str | NotGiven | None = NOT_GIVEN
    verbatim: str | NotGiven | None = NOT_GIVEN
    area_code: str | NotGiven | None = NOT_GIVEN
    landmark: str | NotGiven | None = NOT_GIVEN
    lat: float | NotGiven | None = NOT_GIVEN
    lon: float | NotGiven | None = NOT_GIVEN
    source: str | NotGiven | None = NOT_GIVEN

    def __post_init__(self) -> None:
        for name in ("reporter_name", "category", "description", "verbatim", "area_code", "landmark", "source"):
            value = getattr(self, name)
            if isinstance(value, str):
                object.__setattr__(self, name, _bounded(name, value))
        for name, bound in (("lat", 90.0), ("lon", 180.0)):
            degrees = getattr(self, name)
            if isinstance(degrees, int | float):
                object.__setattr__(self, name, _on_the_globe(name, degrees, bound))
        if isinstance(self.severity, int) and self.severity not in SEVERITIES:
            raise ValueError(f"severity {self.severity} is not one of {SEVERITIES[0]} to {SEVERITIES[-1]}")

    @property
    def given(self) -> dict[str, str | float | None]:
        """What is given, by name."""
        values = ((name, getattr(self, name)) for name in self.__slots__)
        return {name: value for name, value in values if value is not NOT_GIVEN}


def _bounded(name: str, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"{name} is longer than {LONGEST_TEXT} characters")
    return well_formed(text)


def _on_the_globe(name: str, degrees: float, bound: float) -> float:
    if not math.isfinite(degrees) or abs(degrees) > bound:
        raise ValueError(f"{name} {degrees} is outside ±{bound:g}°")
    return float(degrees)


@dataclass(frozen=True, slots=True)
class TriageTicket:
    """Record what the taker learned (SOP step 3); refused with TicketUnknown, StaleVersion, ReopenFirst.

    `version` is the one that the taker saw. What says nothing new makes no new version.
    """

    number: str
    version: int
    by: str
    changes: Triage


@dataclass(frozen=True, slots=True)
class TurnStatus:
    """Turn a ticket (SOP steps 6 and 8); refused with TicketUnknown, StaleVersion or TransitionRefused.

    `version` None: whatever it is now. Raises ValueError for a reason longer than LONGEST_TEXT.
    """

    number: str
    to: TicketStatus
    by: str
    role: Role
    reason: str | None = None
    version: int | None = None

    def __post_init__(self) -> None:
        if self.reason is not None:
            object.__setattr__(self, "reason", _bounded("reason", self.reason))


@dataclass(frozen=True, slots=True)
class NoteBreaches:
    """Put on record which clocks ran out; to be asked about once a second. Many are noted in several turns."""


@dataclass(frozen=True, slots=True)
class NoteRecordingAccess:
    """Put on record who asked for a call's audio, for a note on one of its dispatches, or for a return call's audio.

    Refused with CallUnknown.
    """

    call_id: CallId
    by: str
    note: SpokenNote | None = None
    return_call: int | None = None


@dataclass(frozen=True, slots=True)
class TryCallBack:
    """Record somebody's turn at a call-back; refused with CallBackUnknown, CallBackOver, GivingUpRefused, ReasonNeeded.

    Raises ValueError for a note longer than LONGEST_TEXT.
    """

    call_back: int
    outcome: CallBackOutcome
    by: str
    role: Role
    note: str | None = None

    def __post_init__(self) -> None:
        if self.note is not None:
            object.__setattr__(self, "note", _bounded("note", self.note))


@dataclass(frozen=True, slots=True)
class JudgeNumber:
    """Confirm or forgive the marks of a number (E.164); refused with JudgingRefused, NoNuisance.

    It is on record who did it and when; no call's timeline has it. Raises ValueError for a note longer than
    LONGEST_TEXT.
    """

    number: str
    judgement: Judgement
    by: str
    role: Role
    note: str | None = None

    def __post_init__(self) -> None:
        if self.note is not None:
            object.__setattr__(self, "note", _bounded("note", self.note))


@dataclass(frozen=True, slots=True)
class RequestReturnCall:
    """Call a caller back from the phone of this extension: the intent, before anything rings.

    Whom: whoever is owed this call-back, or the caller of this ticket; ValueError unless one of them is given.
    Refused with CallBackUnknown, CallBackOver, TicketUnknown, CallerOnTheLine, CallerNotCallable, ReturnCallUnderWay,
    PhoneInUse. The first entry that it gives is its ReturnCallRequested, with the id.
    """

    phone: str
    by: str
    call_back: int | None = None
    ticket: str | None = None

    def __post_init__(self) -> None:
        if (self.call_back is None) is (self.ticket is None):
            raise ValueError("a return call is for a call-back or for a ticket")


@dataclass(frozen=True, slots=True)
class CancelReturnCall:
    """Withdraw a return call that only rings; refused with ReturnCallUnknown, ReturnCallOver."""

    return_call: int
    by: str


@dataclass(frozen=True, slots=True)
class RequestDispatch:
    """Ask an SKPD to act on a ticket (SOP step 4): the intent, before anything rings.

    Refused with TicketUnknown, TicketClosed, SkpdUnknown, SkpdWithoutLines, DispatchUnderWay. The first entry that
    it gives is its DispatchRequested, with the id.
    """

    number: str
    skpd: str
    by: str
    local: datetime  # the city's time now: by it the lines are put in order
    mode: DispatchMode = DispatchMode.BRIDGE


@dataclass(frozen=True, slots=True)
class CancelDispatch:
    """Withdraw a dispatch that nobody has accepted; refused with DispatchUnknown, DispatchOver."""

    number: str
    dispatch: int
    by: str


@dataclass(frozen=True, slots=True)
class UpdateDispatch:
    """Put on record what an SKPD says of its dispatch (SOP steps 5 to 8).

    Refused with DispatchUnknown, also when it is not `skpd`'s (None: anybody's), and DispatchOver for one that was
    cancelled. What says nothing new makes no entry. Raises ValueError for a note longer than LONGEST_TEXT.
    """

    number: str
    dispatch: int
    state: DispatchState
    by: str
    skpd: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        if self.state not in SAID_BY_SKPD:
            raise ValueError(f"{self.state} is nothing that an SKPD says of a dispatch")
        if self.note is not None:
            object.__setattr__(self, "note", _bounded("note", self.note))


@dataclass(frozen=True, slots=True)
class AskCaller:
    """Have a question played to a caller who cannot speak; refused with TicketUnknown, CallerGone.

    Raises ValueError for a question that is not a taker's.
    """

    number: str
    question: Question
    by: str

    def __post_init__(self) -> None:
        if self.question not in BY_A_TAKER:
            raise ValueError(f"{self.question} is asked of callers who wait")


@dataclass(frozen=True, slots=True)
class AddTaker:
    """Give the line a new call taker; refused with TakerExists when the extension is taken."""

    taker: Taker


@dataclass(frozen=True, slots=True)
class SignTaker:
    """Sign a call taker in or out; refused with UnknownTaker. Signing in twice is signing in."""

    extension: str
    signed_in: bool


@dataclass(frozen=True, slots=True)
class AddUser:
    """Let somebody in; refused with UserExists, also when that user is disabled."""

    user: User


@dataclass(frozen=True, slots=True)
class SetPassword:
    """Give a user another password, which ends the user's sessions; refused with UnknownUser."""

    name: str
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DisableUser:
    """Shut a user out: no more sessions, no more tokens. The name stays on record. Refused with UnknownUser."""

    name: str


@dataclass(frozen=True, slots=True)
class StartSession:
    """Keep a session; refused with UnknownUser, also when the user was disabled meanwhile.

    Sessions of whomever that had expired when this one starts are forgotten.
    """

    session: Session


@dataclass(frozen=True, slots=True)
class EndSession:
    """Forget a session; ending one that is over is no error."""

    digest: str


@dataclass(frozen=True, slots=True)
class EndSessionsOf:
    """Forget all sessions of a user."""

    user: str


@dataclass(frozen=True, slots=True)
class AddToken:
    """Keep a token; refused with UnknownUser, also when the user is disabled."""

    token: Token


@dataclass(frozen=True, slots=True)
class RevokeToken:
    """Forget a token; refused with UnknownToken."""

    digest: str


@dataclass(frozen=True, slots=True)
class AddSkpd:
    """Register an SKPD; refused with SkpdExists. A removed code comes back, as it is given here.

    Its short number is the lowest that is free.
    """

    skpd: Skpd


@dataclass(frozen=True, slots=True)
class ChangeSkpd:
    """Keep this of an SKPD in place of what was kept, all but its PIN and short number; refused with SkpdUnknown."""

    skpd: Skpd


@dataclass(frozen=True, slots=True)
class RemoveSkpd:
    """Ask an SKPD no more. What was sent to it keeps its name; its PIN is over. Refused with SkpdUnknown."""

    code: str


@dataclass(frozen=True, slots=True)
class SetSkpdPin:
    """Give an SKPD's officers another PIN, or with None no PIN; refused with SkpdUnknown."""

    code: str
    pin_hash: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class AddPremiseNote:
    """Keep a new premise note; refused with ExpiryRefused. For `TicketDesk.write_premise_note`, which gives its id.

    `expires_on` None: USUAL_TERM from today. Raises ValueError for a text that is none (ticketing.premise).
    """

    premises: Premises
    kind: PremiseKind
    text: str
    by: str
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class ChangePremiseNote:
    """Make the next version of a premise note; what says nothing new makes none.

    Refused with PremiseNoteUnknown, StalePremiseNote, PremiseNoteWithdrawn, ExpiryRefused. Raises ValueError for
    what is no note.
    """

    premise_note: int
    version: int
    by: str
    changes: PremiseChanges


@dataclass(frozen=True, slots=True)
class WithdrawPremiseNote:
    """End a premise note; refused with PremiseNoteUnknown, StalePremiseNote, PremiseNoteWithdrawn.

    `version` None: whatever it is now.
    """

    premise_note: int
    by: str
    reason: str | None = None
    version: int | None = None


TicketCommand = TriageTicket | TurnStatus | NoteBreaches | NoteRecordingAccess | TryCallBack | AskCaller
PeopleCommand = (
    AddTaker
    | SignTaker
    | AddUser
    | SetPassword
    | DisableUser
    | StartSession
    | EndSession
    | EndSessionsOf
    | AddToken
    | RevokeToken
)
SkpdCommand = AddSkpd | ChangeSkpd | RemoveSkpd | SetSkpdPin
DispatchCommand = RequestDispatch | CancelDispatch | UpdateDispatch
ReturnCallCommand = RequestReturnCall | CancelReturnCall
PremiseNoteCommand = ChangePremiseNote | WithdrawPremiseNote
Command = (
    RecordCalls
    | TicketCommand
    | DispatchCommand
    | ReturnCallCommand
    | PeopleCommand
    | SkpdCommand
    | JudgeNumber
    | PremiseNoteCommand
)
