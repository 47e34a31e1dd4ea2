"""Refusals as problem details (RFC 9457): one table from error to status and title, and one way out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from gateway.doorbell.ami_link import AmiRefused, AmiUnavailable
from gateway.web.door import errors
from ticketing import errors as refusals

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """What all refusals of one kind share. `tells`: the error's own message is for the asker's eyes."""

    status: HTTPStatus
    name: str
    title: str
    tells: bool = True

    @property
    def type(self) -> str:
        """The problem's `type`: a name that programs compare."""
        return f"urn:siaga112:problem:{self.name}"


INTERNAL: Final = Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "This is our fault", tells=False)

# An error is of the kind of the nearest of its classes that stands here; a startup error never gets this far.
KINDS: Final[dict[type[refusals.Siaga112Error], Kind]] = {
    errors.BodyUnreadable: Kind(HTTPStatus.BAD_REQUEST, "unreadable-body", "The body is not JSON"),
    errors.QueryInvalid: Kind(HTTPStatus.BAD_REQUEST, "invalid-query", "The query string is not what this call takes"),
    errors.NotSignedIn: Kind(HTTPStatus.UNAUTHORIZED, "not-signed-in", "Sign in first"),
    errors.SignInRefused: Kind(HTTPStatus.UNAUTHORIZED, "sign-in-refused", "Not signed in"),
    errors.Forbidden: Kind(HTTPStatus.FORBIDDEN, "forbidden", "Not for this role"),
    errors.CsrfMissing: Kind(HTTPStatus.FORBIDDEN, "csrf", "The CSRF token is missing or wrong"),
    errors.ForeignOrigin: Kind(HTTPStatus.FORBIDDEN, "foreign-origin", "Asked from another site's page"),
    refusals.GivingUpRefused: Kind(HTTPStatus.FORBIDDEN, "forbidden", "Not for this role"),
    refusals.JudgingRefused: Kind(HTTPStatus.FORBIDDEN, "forbidden", "Not for this role"),
    refusals.NoNuisance: Kind(HTTPStatus.CONFLICT, "nothing-to-confirm", "Its marks are not beyond the threshold"),
    errors.NoSuchThing: Kind(HTTPStatus.NOT_FOUND, "not-found", "There is no such thing"),
    errors.BodyTooSlow: Kind(HTTPStatus.REQUEST_TIMEOUT, "body-too-slow", "The body did not arrive in time"),
    errors.WrongContentType: Kind(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "wrong-content-type", "Send JSON"),
    errors.BodyInvalid: Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-body", "The body is not what this call takes"),
    refusals.BadCursor: Kind(HTTPStatus.BAD_REQUEST, "bad-cursor", "The cursor is none of this list"),
    refusals.TicketUnknown: Kind(HTTPStatus.NOT_FOUND, "not-found", "There is no such thing"),
    refusals.CallUnknown: Kind(HTTPStatus.NOT_FOUND, "not-found", "There is no such thing"),
    refusals.CallBackUnknown: Kind(HTTPStatus.NOT_FOUND, "not-found", "There is no such thing"),
    refusals.SkpdUnknown: Kind(HTTPStatus.NOT_FOUND, "not-found", "There is no such thing"),
    refusals.UnknownTaker: Kind(HTTPStatus.NOT_FOUND, "not-found", "There is no such thing"),
    refusals.UnknownUser: Kind(HTTPStatus.NOT_FOUND, "not-found", "There is no such thing"),
    refusals.UnknownToken: Kind(HTTPStatus.NOT_FOUND, "not-found", "There is no such thing"),
    refusals.StaleVersion: Kind(HTTPStatus.CONFLICT, "stale-version", "Somebody else has changed it meanwhile"),
    refusals.TransitionRefused: Kind(HTTPStatus.CONFLICT, "transition-refused", "The ticket cannot be turned so"),
    refusals.ReopenFirst: Kind(HTTPStatus.CONFLICT, "reopen-first", "It has to be reopened first"),
    refusals.CallBackOver: Kind(HTTPStatus.CONFLICT, "call-back-settled", "Nothing is owed there any more"),
    refusals.ReasonNeeded: Kind(HTTPStatus.CONFLICT, "reason-needed", "It needs a reason"),
    refusals.TakerExists: Kind(HTTPStatus.CONFLICT, "exists", "There is one of this name already"),
    refusals.UserExists: Kind(HTTPStatus.CONFLICT, "exists", "There is one of this name already"),
    refusals.SkpdWithoutLines: Kind(HTTPStatus.CONFLICT, "skpd-without-lines", "The SKPD has no line to ring"),
    refusals.DispatchUnknown: Kind(HTTPStatus.NOT_FOUND, "not-found", "There is no such thing"),
    refusals.DispatchUnderWay: Kind(HTTPStatus.CONFLICT, "dispatch-under-way", "This SKPD is dispatched already"),
    refusals.DispatchOver: Kind(HTTPStatus.CONFLICT, "dispatch-over", "That comes too late for this dispatch"),
    refusals.NotConsulting: Kind(HTTPStatus.CONFLICT, "not-consulting", "There is nobody to bring together"),
    refusals.NobodyToHandOverTo: Kind(HTTPStatus.CONFLICT, "nobody-to-hand-over-to", "The caller would be alone"),
    refusals.CallerGone: Kind(HTTPStatus.CONFLICT, "caller-gone", "The caller is not in a conversation any more"),
    refusals.QuestionUnderWay: Kind(HTTPStatus.CONFLICT, "question-under-way", "One question at a time"),
    refusals.ReturnCallUnknown: Kind(HTTPStatus.NOT_FOUND, "not-found", "There is no such thing"),
    refusals.ReturnCallUnderWay: Kind(
        HTTPStatus.CONFLICT, "return-call-under-way", "The caller is called back already"
    ),
    refusals.ReturnCallOver: Kind(HTTPStatus.CONFLICT, "return-call-over", "That comes too late for this return call"),
    refusals.CallerNotCallable: Kind(HTTPStatus.CONFLICT, "caller-not-callable", "There is no number to call"),
    refusals.CallerOnTheLine: Kind(HTTPStatus.CONFLICT, "caller-on-the-line", "The caller has not hung up"),
    refusals.PhoneInUse: Kind(HTTPStatus.CONFLICT, "phone-in-use", "The phone is in use"),
    refusals.PhoneAbsent: Kind(HTTPStatus.CONFLICT, "phone-absent", "The phone is not registered"),
    refusals.TicketClosed: Kind(HTTPStatus.CONFLICT, "ticket-closed", "The ticket is closed"),
    AmiUnavailable: Kind(HTTPStatus.SERVICE_UNAVAILABLE, "telephone-silent", "Asterisk does not answer", tells=False),
    AmiRefused: Kind(HTTPStatus.SERVICE_UNAVAILABLE, "telephone-refused", "Asterisk refused", tells=False),
    refusals.PremiseNoteUnknown: Kind(HTTPStatus.NOT_FOUND, "not-found", "There is no such thing"),
    refusals.StalePremiseNote: Kind(
        HTTPStatus.CONFLICT, "stale-premise-note", "Somebody else has changed it meanwhile"
    ),
    refusals.PremiseNoteWithdrawn: Kind(HTTPStatus.CONFLICT, "premise-note-withdrawn", "The note is withdrawn"),
    refusals.ExpiryRefused: Kind(HTTPStatus.CONFLICT, "expiry-refused", "A note cannot hold until that day"),
    refusals.SkpdExists: Kind(HTTPStatus.CONFLICT, "exists", "There is one of this name already"),
    errors.TooManyTries: Kind(HTTPStatus.TOO_MANY_REQUESTS, "too-many-tries", "Too many attempts to sign in"),
    errors.TooSlow: Kind(HTTPStatus.SERVICE_UNAVAILABLE, "too-slow", "The line's own work comes first"),
    errors.NoUpgrade: Kind(HTTPStatus.UPGRADE_REQUIRED, "no-upgrade", "This call is a WebSocket"),
    errors.TooManyListeners: Kind(HTTPStatus.SERVICE_UNAVAILABLE, "too-many-listeners", "Too many screens"),
    refusals.StoreUnusable: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE, "store-unusable", "The database cannot be used now", tells=False
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal, ready to be written. `more` are members beside those of RFC 9457."""

    status: int
    type: str
    title: str
    detail: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """The answer that tells it."""
        body = {"type": self.type, "title": self.title, "status": self.status}
        if self.detail is not None:
            body["detail"] = self.detail
        # `more` first: what it brings can never stand in for the members that the RFC defines.
        return web.Response(
            text=json.dumps({**self.more, **body}),
            status=self.status,
            content_type=CONTENT_TYPE,
            headers=dict(self.headers),
        )


def kind_of(error: type[refusals.Siaga112Error]) -> Kind:
    """The kind of the nearest class that has one."""
    return next((KINDS[one] for one in error.__mro__ if one in KINDS), INTERNAL)


def of_refusal(error: refusals.Siaga112Error, **more: object) -> Problem:
    """What a refusal looks like to the asker."""
    kind = kind_of(type(error))
    headers: dict[str, str] = {}
    match error:
        case errors.Invalid():
            more["errors"] = [{"where": where, "why": why} for where, why in error.flaws]
        case errors.TooManyTries():
            headers["Retry-After"] = str(int(error.wait_s) + 1)
        case errors.NotSignedIn():
            headers["WWW-Authenticate"] = "Bearer"
        case errors.NoUpgrade():
            headers["Upgrade"] = "websocket"
        case errors.TooSlow():
            headers["Retry-After"] = "5"
    return Problem(kind.status, kind.type, kind.title, str(error) if kind.tells else None, more, headers)


def of_http(error: web.HTTPException) -> Problem:
    """What the server itself refuses: unknown path (404), wrong method (405), too large (413)."""
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return Problem(error.status, "about:blank", HTTPStatus(error.status).phrase, headers=headers)


def of_failure() -> Problem:
    """What is not foreseen: the log has it, the asker learns nothing of our insides."""
    return Problem(INTERNAL.status, INTERNAL.type, INTERNAL.title)
