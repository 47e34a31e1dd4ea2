"""The doorbell: keeps a link to Asterisk, and hands on what it says over AMI, at once and in order.

What panoramisk does not: it notices a peer that has fallen silent, says when a login is refused, and connects again for
ever with bounded pauses.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import structlog

from gateway.doorbell.ami_link import AmiRefused, AmiUnavailable, Link, LoginQuestion, Question, action_headers, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gateway.doorbell.ami_link import AmiLogin, Headers

log = structlog.get_logger()

LINK_UP: Final = "SiagaLinkUp"
LINK_DOWN: Final = "SiagaLinkDown"

_PINGS_FORGIVEN = 5
_LOGIN_REFUSED = "Authentication failed"  # manager.c, Asterisk 22: wrong user, wrong secret, or its ACL
_CLOSED_HERE = "closed by the gateway"


class LinkState(StrEnum):
    """How things stand with Asterisk's manager port."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    REFUSED = "refused"  # the user or the secret is not the one Asterisk knows
    CLOSED = "closed"


def pause_after(pause_s: float, held_s: float, bounds_s: tuple[float, float]) -> float:
    """Seconds until the next attempt: the shortest if the last link held, else twice the last pause."""
    shortest, longest = bounds_s
    return shortest if held_s >= longest else min(max(2 * pause_s, shortest), longest)


class AmiListener:
    """Keeps one link to Asterisk for as long as `run` runs.

    `receive` gets every event as a plain dict, in the order of arrival, from within the reading: it must only
    put it somewhere. {"Event": "SiagaLinkUp"} comes before a link's first event, {"Event": "SiagaLinkDown"}
    after its last. What happens between two links is not heard and not repeated: the ledger has it.

    A peer that falls silent is found within `ping_every_s` + `answer_within_s`. `retry_s` are the shortest
    and the longest pause between attempts; `clock` tells elapsed seconds.
    """

    def __init__(
        self,
        login: AmiLogin,
        *,
        receive: Callable[[Mapping[str, str | list[str]]], None],
        ping_every_s: float = 2.0,
        answer_within_s: float = 2.0,
        retry_s: tuple[float, float] = (0.1, 5.0),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = LinkState.CONNECTING
        self._login = login
        self._receive = receive
        self._ping_every_s = ping_every_s
        self._answer_within_s = answer_within_s
        self._retry_s = retry_s
        self._clock = clock
        self._link: Link | None = None
        self._up_since = 0.0
        self._connected = asyncio.Event()
        self._complaint = ("", "")

    async def run(self) -> None:
        """Connect, listen, notice the loss, connect again; cancellation ends it and leaves nothing behind."""
        pause_s = 0.0
        try:
            while True:
                held_s = await self._hold_a_link()
                refused = self.state is LinkState.REFUSED
                pause_s = self._retry_s[1] if refused else pause_after(pause_s, held_s, self._retry_s)
                await asyncio.sleep(pause_s)
        finally:
            self.state = LinkState.CLOSED

    async def connected(self) -> None:
        """Wait until Asterisk has accepted the login; returns at once while it has."""
        await self._connected.wait()

    async def action(self, name: str, /, **headers: str | Sequence[str]) -> Headers:
        """Ask for one action and return Asterisk's one answer to it, which says Success.

        A sequence sends its header once per item. An Originate with `Async="true"` is answered when it is
        queued; what became of it comes to `receive` as OriginateResponse. A comma in a value keeps its
        meaning to Asterisk.

        Raises ValueError for what cannot be sent (and sends nothing), AmiRefused, AmiUnavailable.
        """
        return (await self._ask(name, headers, as_list=False))[0]

    async def channel_of(self, unique_id: str) -> str:
        """Name the channel of this unique id; nothing when it is gone. Raises AmiUnavailable."""
        try:
            # One answer, where a list of all channels costs more the more people talk. Asterisk finds by unique id too.
            told = await self.action("Getvar", Channel=unique_id, Variable="CHANNEL(name)")
        except AmiRefused:
            return ""
        name = told.get("Value")
        return name if isinstance(name, str) else ""

    async def list_action(self, name: str, /, **headers: str | Sequence[str]) -> list[Headers]:
        """Ask for an action that answers with a list (QueueStatus, CoreShowChannels); return its events.

        The event that closes the list is not among them. Raises as `action` does.
        """
        _, *listed = await self._ask(name, headers, as_list=None)
        return [event for event in listed if not str(event.get("Event")).endswith("Complete")]

    async def _ask(
        self, name: str, headers: Mapping[str, str | Sequence[str]], *, as_list: bool | None
    ) -> list[Headers]:
        question = Question(action_headers(name, headers))
        if self._link is None:
            raise AmiUnavailable(name, f"the link is {self.state}", sent=False)
        answer = await self._link.ask(question, self._answer_within_s, as_list=as_list)
        return [plain(message) for message in answer]

    async def _hold_a_link(self) -> float:
        """Connect, log in, listen until it is lost; return for how many seconds it was up."""
        link = Link()
        try:
            async with asyncio.timeout(self._answer_within_s):
                version = await link.open(self._login.host, self._login.port)
            question = LoginQuestion(self._login, lambda: self._up(link, version))
            await link.ask(question, self._answer_within_s)
            await self._watch(link)
        except (OSError, AmiUnavailable, AmiRefused) as error:
            # An Asterisk that is going down refuses a login too, and will soon be there again.
            refused = isinstance(error, AmiRefused) and error.answer == _LOGIN_REFUSED
            self.state = LinkState.REFUSED if refused else LinkState.CONNECTING
            reason = str(error) or f"no answer within {self._answer_within_s:g} s"
            self._complain("ami_login_refused" if refused else "ami_unreachable", reason)
        finally:
            link.wire.lose(_CLOSED_HERE)
            held_s = self._down(link)
        return held_s

    async def _watch(self, link: Link) -> None:
        unanswered = 0
        while not link.wire.lost.done():
            await asyncio.wait({link.wire.lost}, timeout=self._ping_every_s)
            heard = link.wire.heard
            try:
                with suppress(AmiRefused):  # "Asterisk is shutting down": an answer like any other
                    await link.ask(Question({"Action": "Ping"}), self._answer_within_s)
            except AmiUnavailable as silence:
                # In a flood of events the answer may stand far behind: a peer that talks lives.
                unanswered += 1
                if link.wire.heard == heard or unanswered > _PINGS_FORGIVEN:
                    link.wire.lose(str(silence))
            else:
                unanswered = 0

    def _up(self, link: Link, version: str) -> None:
        self._link = link
        self._up_since = self._clock()
        self._complaint = ("", "")
        self.state = LinkState.CONNECTED
        self._connected.set()
        log.info("ami_link_up", version=version)
        self._deliver({"Event": LINK_UP})
        link.register_event("*", lambda _link, message: self._deliver(plain(message)))

    def _down(self, link: Link) -> float:
        if self._link is not link:
            return 0.0
        self._link = None
        self._connected.clear()
        self.state = LinkState.CONNECTING
        reason = link.wire.lost.result()
        (log.info if reason == _CLOSED_HERE else log.warning)("ami_link_lost", reason=reason)
        self._deliver({"Event": LINK_DOWN})
        return self._clock() - self._up_since

    def _complain(self, event: str, reason: str) -> None:
        # Once, and not at each of the attempts that follow.
        if self._complaint != (event, reason):
            self._complaint = (event, reason)
            log.warning(event, host=self._login.host, port=self._login.port, reason=reason)

    def _deliver(self, headers: Headers) -> None:
        try:
            self._receive(headers)
        except Exception:
            # Raised on, whatever it is would cost the messages behind this one, and the link.
            log.exception("ami_event_not_taken", ami_event=headers.get("Event"))
