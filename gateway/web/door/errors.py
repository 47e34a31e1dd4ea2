"""What the API refuses by itself, before the desk is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Sequence


class NotSignedIn(Siaga112Error):
    """No session and no token that is good now."""

    def __init__(self) -> None:
        super().__init__("sign in, or send a token as Authorization: Bearer TOKEN")


class SignInRefused(Siaga112Error):
    """Wrong name or wrong password, or a disabled user: which of them is not said."""

    def __init__(self) -> None:
        super().__init__("wrong name or password")


class TooManyTries(Siaga112Error):
    """So many attempts to sign in that guessing must be assumed."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"too many attempts to sign in: try again in {wait_s:.0f} s")
        self.wait_s = wait_s


class Forbidden(Siaga112Error):
    """Signed in, and this is not for this role."""

    def __init__(self, role: str, what: str) -> None:
        super().__init__(f"not for the role {role}: {what}")


class CsrfMissing(Siaga112Error):
    """A change asked for with a cookie, and without the proof that our own page asks."""

    def __init__(self) -> None:
        super().__init__("a change made with a session needs the header X-CSRF-Token that the session came with")


class ForeignOrigin(Siaga112Error):
    """Another site's page tries to listen with its visitor's session."""

    def __init__(self) -> None:
        super().__init__("the live feed is for pages of this server alone")


class NoUpgrade(Siaga112Error):
    """The live feed, asked for as if it were a page."""

    def __init__(self) -> None:
        super().__init__("this is a WebSocket (RFC 6455): ask for an upgrade")


class TooManyListeners(Siaga112Error):
    """More screens than a city has."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the live feed serves {most} screens at once, and they are there")


class NoSuchThing(Siaga112Error):
    """There is none of this name, or none that the asker may know of."""


class BodyUnreadable(Siaga112Error):
    """The request's body is no JSON at all."""


class WrongContentType(Siaga112Error):
    """The body is not declared as JSON."""

    def __init__(self) -> None:
        super().__init__("the body must be application/json, uncompressed")


class BodyTooSlow(Siaga112Error):
    """The body did not arrive in time."""

    def __init__(self, within_s: float) -> None:
        super().__init__(f"the body did not arrive within {within_s:g} s")


class TooSlow(Siaga112Error):
    """The answer could not be found in the time that the line's own work leaves."""

    def __init__(self, within_s: float) -> None:
        super().__init__(f"not answered within {within_s:g} s: narrow the question, or ask again later")


class Invalid(Siaga112Error):
    """Readable, and not what this call takes: `flaws` are pairs of where and why."""

    def __init__(self, flaws: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{where}: {why}" for where, why in flaws))
        self.flaws = tuple(flaws)


class BodyInvalid(Invalid):
    """A body that is JSON and breaks the call's schema."""


class QueryInvalid(Invalid):
    """A query string that this call does not take."""
