"""The refusals. Each carries its facts; its message is for the person who asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


class Siaga112Error(Exception):
    """Something that was asked cannot be done; the message says why in one line."""


class StoreUnusable(Siaga112Error):
    """The database cannot be used as it is, or refused a change; what it held before is untouched."""


class StoreTooNew(StoreUnusable):
    """The database was written by a newer siaga112."""

    def __init__(self, where: str, found: str) -> None:
        super().__init__(
            f"the database {where} comes from a newer siaga112 (its schema {found[:40]!r} is unknown here): "
            "upgrade siaga112, or point SIAGA112_DATABASE_URL elsewhere"
        )


class StoreDamaged(StoreUnusable):
    """The database file is not one, or is broken."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"the database {where} is damaged ({reason}): restore a copy; it was left as it is")


class StoreForeign(StoreUnusable):
    """The database is a sound one, and not ours."""

    def __init__(self, where: str) -> None:
        super().__init__(f"the database {where} holds another program's tables: point SIAGA112_DATABASE_URL elsewhere")


class ChainBroken(Siaga112Error):
    """A timeline is not what was written: an entry was changed, taken out, put in or moved."""

    def __init__(self, call_id: str, position: int, reason: str) -> None:
        super().__init__(f"the timeline of call {call_id} is broken at entry {position}: {reason}")
        self.position = position


class TransitionRefused(Siaga112Error):
    """A ticket may not go from its status to the one asked for, or not by this person."""

    def __init__(self, number: str, status: str, to: str, reason: str) -> None:
        super().__init__(f"ticket {number} cannot go from {status} to {to}: {reason}")
        self.number = number
        self.status = status
        self.to = to
        self.reason = reason


class ReopenFirst(Siaga112Error):
    """Whether a closed ticket is an emergency is settled: to change it, it has to be opened again."""

    def __init__(self, number: str, closed_as: str, to: str) -> None:
        super().__init__(f"ticket {number} was closed as {closed_as}: a supervisor has to reopen it before it is {to}")
        self.number = number
        self.closed_as = closed_as
        self.to = to


class UnknownTaker(Siaga112Error):
    """There is no call taker with this extension."""

    def __init__(self, extension: str) -> None:
        super().__init__(f"there is no call taker {extension}: see siaga112 taker add --help")


class TakerExists(Siaga112Error):
    """There is a call taker with this extension already."""

    def __init__(self, extension: str) -> None:
        super().__init__(f"there is a call taker {extension} already")


class TicketUnknown(Siaga112Error):
    """There is no ticket of this number."""

    def __init__(self, number: str) -> None:
        super().__init__(f"there is no ticket {number[:40]}")
        self.number = number


class CallUnknown(Siaga112Error):
    """There is no call of this id."""

    def __init__(self, call_id: str) -> None:
        super().__init__(f"there is no call {call_id[:40]}")
        self.call_id = call_id


class CallBackUnknown(Siaga112Error):
    """There is no call-back of this id."""

    def __init__(self, call_back: int | str) -> None:
        super().__init__(f"there is no call-back {str(call_back)[:40]}")


class CallBackOver(Siaga112Error):
    """Nothing is owed there any more."""

    def __init__(self, call_back: int, how: str) -> None:
        super().__init__(f"call-back {call_back} is settled already: {how}")
        self.call_back = call_back
        self.how = how


class GivingUpRefused(Siaga112Error):
    """A call-back is not this person's to give up."""

    def __init__(self, call_back: int, role: str) -> None:
        super().__init__(f"call-back {call_back} is not given up by {role}: a supervisor decides that")
        self.call_back = call_back
        self.role = role


class ReasonNeeded(Siaga112Error):
    """A call-back is given up with a reason, or not at all."""

    def __init__(self, call_back: int) -> None:
        super().__init__(f"call-back {call_back} is not given up without a reason: give it as the note")
        self.call_back = call_back


class NoNuisance(Siaga112Error):
    """A number's marks are not beyond the threshold: there is nothing for a supervisor to confirm."""

    def __init__(self, number: str) -> None:
        super().__init__(f"the marks of {number[:20]} are not beyond the threshold: there is nothing to confirm")
        self.number = number


class JudgingRefused(Siaga112Error):
    """What a number's marks cost is not this person's to decide."""

    def __init__(self, role: str) -> None:
        super().__init__(f"{role} neither confirms nor forgives marks: a supervisor does")
        self.role = role


class StaleVersion(Siaga112Error):
    """The ticket was changed after the asker read it."""

    def __init__(self, number: str, given: int, current: int) -> None:
        super().__init__(f"ticket {number} is at version {current} by now, not {given}: look at it again")
        self.number = number
        self.given = given
        self.current = current


class BadCursor(Siaga112Error):
    """This is no cursor that such a list has given."""

    def __init__(self) -> None:
        super().__init__("the cursor is not one that this list has given: begin again without it")


class UnknownUser(Siaga112Error):
    """There is no user of this name, or the user is disabled."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no user {name[:40]}, or the user is disabled")


class UserExists(Siaga112Error):
    """There is a user of this name already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a user {name} already")


class SkpdUnknown(Siaga112Error):
    """There is no SKPD of this code, or it was removed."""

    def __init__(self, code: str) -> None:
        super().__init__(f"there is no SKPD {code[:40]}: see siaga112 skpd list")
        self.code = code


class SkpdExists(Siaga112Error):
    """There is an SKPD of this code already."""

    def __init__(self, code: str) -> None:
        super().__init__(f"there is an SKPD {code} already")
        self.code = code


class UnknownToken(Siaga112Error):
    """This token was never given, or is revoked already."""

    def __init__(self) -> None:
        super().__init__("there is no such token, or it is revoked already")


class SkpdWithoutLines(Siaga112Error):
    """This SKPD has no line that could be rung."""

    def __init__(self, code: str) -> None:
        super().__init__(f"SKPD {code[:40]} has no line to ring: see siaga112 skpd change --help")


class DispatchUnknown(Siaga112Error):
    """There is no dispatch of this id, or none of this ticket."""

    def __init__(self, dispatch: int | str) -> None:
        super().__init__(f"there is no dispatch {str(dispatch)[:40]} of this ticket")


class DispatchUnderWay(Siaga112Error):
    """The same SKPD is being rung, or already talks, for the same ticket."""

    def __init__(self, skpd: str, dispatch: int, state: str) -> None:
        super().__init__(f"{skpd} is dispatched to this ticket already: dispatch {dispatch} is {state}")
        self.skpd = skpd
        self.dispatch = dispatch


class DispatchOver(Siaga112Error):
    """What was asked of a dispatch comes too late."""

    def __init__(self, dispatch: int, state: str, asked: str) -> None:
        super().__init__(f"dispatch {dispatch} is {state}: it cannot be {asked} any more")
        self.dispatch = dispatch
        self.state = state


class NobodyToHandOverTo(Siaga112Error):
    """A caller is not left with nobody."""

    def __init__(self, number: str) -> None:
        super().__init__(f"no SKPD is in the conversation of ticket {number}: the caller would be alone")
        self.number = number


class NotConsulting(Siaga112Error):
    """Nobody speaks apart from the caller: there is nobody to bring together."""

    def __init__(self, dispatch: int) -> None:
        super().__init__(f"dispatch {dispatch} is no consultation that is going on: nobody waits to be joined")
        self.dispatch = dispatch


class ReturnCallUnknown(Siaga112Error):
    """There is no return call of this id."""

    def __init__(self, return_call: int | str) -> None:
        super().__init__(f"there is no return call {str(return_call)[:40]}")


class ReturnCallUnderWay(Siaga112Error):
    """This caller is being called back already."""

    def __init__(self, return_call: int, phone: str) -> None:
        super().__init__(f"this caller is being called back already, from the phone {phone}: return call {return_call}")
        self.return_call = return_call
        self.phone = phone


class ReturnCallOver(Siaga112Error):
    """It cannot be withdrawn any more: it is over, or they talk."""

    def __init__(self, return_call: int, how: str) -> None:
        super().__init__(f"return call {return_call} cannot be withdrawn any more: {how}")
        self.return_call = return_call
        self.how = how


class CallerNotCallable(Siaga112Error):
    """There is no number under which this caller could be called."""

    def __init__(self, call_id: str) -> None:
        super().__init__(f"the caller of {call_id} has no number that can be called")
        self.call_id = call_id


class CallerOnTheLine(Siaga112Error):
    """Whoever is on the line need not be called."""

    def __init__(self, call_id: str) -> None:
        super().__init__(f"the caller of {call_id} has not hung up")
        self.call_id = call_id


class PhoneInUse(Siaga112Error):
    """The taker is in a call, or the phone rings."""

    def __init__(self, phone: str) -> None:
        super().__init__(f"the phone {phone} is in use: end that call first")
        self.phone = phone


class PhoneAbsent(Siaga112Error):
    """The taker's phone is not registered."""

    def __init__(self, phone: str) -> None:
        super().__init__(f"the phone {phone} is not registered: switch it on, or choose another one")
        self.phone = phone


class CallerGone(Siaga112Error):
    """Nobody is there to be asked."""

    def __init__(self, number: str) -> None:
        super().__init__(f"the caller of ticket {number} is not in a conversation any more")
        self.number = number


class QuestionUnderWay(Siaga112Error):
    """One question at a time."""

    def __init__(self, number: str) -> None:
        super().__init__(f"a question is being put to the caller of ticket {number}: wait for the answer")
        self.number = number


class TicketClosed(Siaga112Error):
    """Nobody is sent to an incident that is closed."""

    def __init__(self, number: str) -> None:
        super().__init__(f"ticket {number} is closed: reopen it to dispatch an SKPD")
        self.number = number


class PremiseNoteUnknown(Siaga112Error):
    """There is no premise note of this id."""

    def __init__(self, note: int | str) -> None:
        super().__init__(f"there is no premise note {str(note)[:40]}")


class PremiseNoteWithdrawn(Siaga112Error):
    """A premise note that was withdrawn stays so: whoever needs it again writes it anew."""

    def __init__(self, note: int) -> None:
        super().__init__(f"premise note {note} is withdrawn: write a new one")
        self.note = note


class StalePremiseNote(Siaga112Error):
    """The premise note was changed after the asker read it."""

    def __init__(self, note: int, given: int, current: int) -> None:
        super().__init__(f"premise note {note} is at version {current} by now, not {given}: look at it again")
        self.note = note
        self.given = given
        self.current = current


class ExpiryRefused(Siaga112Error):
    """A premise note holds for a time: from today on, and not for ever."""

    def __init__(self, asked: date, earliest: date, latest: date) -> None:
        super().__init__(f"a premise note cannot hold until {asked}: the last day is from {earliest} to {latest}")
        self.asked = asked
        self.earliest = earliest
        self.latest = latest
