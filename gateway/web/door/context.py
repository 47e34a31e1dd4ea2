"""What the web side stands on, and where its handlers find it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from aiohttp import web

from gateway.access.sign_in_limit import SignInLimit
from gateway.doorbell.ami_link import AmiUnavailable
from gateway.places.areas.boundaries import Boundaries
from gateway.places.cells.table import NO_CELLS
from gateway.watch.test_call import SeenCall

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.alarms import Alarms
    from gateway.feed import Feed
    from gateway.health import Health
    from gateway.places.areas.boundaries import AreasAt
    from gateway.places.cells.table import Cells
    from gateway.site.home import Home
    from gateway.web.door.city import City
    from ticketing.asked import Question
    from ticketing.desk import TicketDesk
    from ticketing.dispatch import Dispatch, DispatchMode
    from ticketing.ports import Clock, Store
    from ticketing.return_calls import ReturnCall

# Two readers serve the store (ticketing.store): more at once would only wait there, before the recorder's.
_REQUESTS_AT_ONCE: Final = 8
# Each takes 64 MiB and a core for some hundredths of a second (RFC 9106, second recommended set).
_PASSWORDS_AT_ONCE: Final = 2


class HealthSource(Protocol):
    """Whoever knows how the line stands."""

    async def now(self) -> Health:
        """How things stand."""


class Dispatches(Protocol):
    """Whoever rings SKPDs (gateway.dispatching.dispatcher)."""

    async def request(self, number: str, skpd: str, by: str, mode: DispatchMode) -> Dispatch:
        """Have an SKPD rung for a ticket."""

    async def cancel(self, number: str, dispatch: int, by: str) -> Dispatch:
        """Withdraw a dispatch."""

    async def join(self, dispatch: Dispatch) -> None:
        """Bring the caller, the taker and the SKPD that the taker consults together."""

    async def hand_over(self, number: str) -> None:
        """Free the taker of a ticket whose caller talks with an SKPD."""


class Questions(Protocol):
    """Whoever puts questions to callers who cannot speak (gateway.calls.silent_caller)."""

    async def ask(self, number: str, question: Question, by: str) -> None:
        """Have one played to a ticket's caller."""


class ReturnCalls(Protocol):
    """Whoever calls callers back (gateway.dispatching.return_caller)."""

    async def request(
        self, phone: str, by: str, *, call_back: int | None = None, ticket: str | None = None
    ) -> ReturnCall:
        """Have the taker's phone rung, and then the caller of a call-back or of a ticket."""

    async def cancel(self, return_call: int, by: str) -> ReturnCall:
        """Withdraw a return call that only rings."""


class _NoReturnCalls:
    """There is no line here: nobody is called."""

    async def request(
        self,
        phone: str,  # noqa: ARG002
        by: str,  # noqa: ARG002
        *,
        call_back: int | None = None,  # noqa: ARG002
        ticket: str | None = None,  # noqa: ARG002
    ) -> ReturnCall:
        raise AmiUnavailable("Originate", "there is no line here", sent=False)

    async def cancel(self, return_call: int, by: str) -> ReturnCall:  # noqa: ARG002
        raise AmiUnavailable("Hangup", "there is no line here", sent=False)


class _NoLine:
    """There is no line here: nobody is rung."""

    async def request(self, number: str, skpd: str, by: str, mode: DispatchMode) -> Dispatch:  # noqa: ARG002
        raise AmiUnavailable("Originate", "there is no line here", sent=False)

    async def cancel(self, number: str, dispatch: int, by: str) -> Dispatch:  # noqa: ARG002
        raise AmiUnavailable("Hangup", "there is no line here", sent=False)

    async def join(self, dispatch: Dispatch) -> None:  # noqa: ARG002
        raise AmiUnavailable("Redirect", "there is no line here", sent=False)

    async def hand_over(self, number: str) -> None:  # noqa: ARG002
        raise AmiUnavailable("Hangup", "there is no line here", sent=False)

    async def ask(self, number: str, question: Question, by: str) -> None:  # noqa: ARG002
        raise AmiUnavailable("Originate", "there is no line here", sent=False)


async def _no_line() -> SeenCall:
    return SeenCall(reason="there is no line here")


@dataclass(frozen=True, slots=True)
class Web:
    """The parts of the gateway that the API and the pages use."""

    store: Store
    desk: TicketDesk
    clock: Clock
    feed: Feed
    home: Home
    health: HealthSource
    city: City
    alarms: Alarms
    dispatches: Dispatches = field(default_factory=_NoLine)
    boundaries: AreasAt = field(default_factory=Boundaries)
    questions: Questions = field(default_factory=_NoLine)
    cells: Cells = NO_CELLS
    place_test_call: Callable[[], Awaitable[SeenCall]] = _no_line
    return_calls: ReturnCalls = field(default_factory=_NoReturnCalls)
    limit: SignInLimit = field(default_factory=SignInLimit)
    requests: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_REQUESTS_AT_ONCE))
    passwords: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_PASSWORDS_AT_ONCE))


WEB: Final = web.AppKey("web", Web)


def web_of(request: web.Request) -> Web:
    """What this request's application stands on."""
    return request.app[WEB]
