"""The doorbell: what Asterisk says over AMI, at once and in order, and the actions that are asked of it.

panoramisk 1.4 speaks AMI. One of its managers is used for one connection and then dropped, because left to
itself it sends unanswered actions again after a reconnect (a second Originate rings a second telephone),
never notices a peer that has fallen silent, and says nothing of a refused login.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import structlog
from panoramisk import Manager, Message
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol

from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

log = structlog.get_logger()

# At DEBUG panoramisk writes every message whole, callers' numbers included; at INFO whole actions.
_PANORAMISK_LOG = logging.getLogger("panoramisk")
_PANORAMISK_LOG.setLevel(logging.WARNING)

Headers = dict[str, str | list[str]]
"""One AMI message. A header sent twice is a list; an absent one is absent, as is an empty one at the end."""

LINK_UP: Final = "SiagaLinkUp"
LINK_DOWN: Final = "SiagaLinkDown"

_END = b"\r\n\r\n"
_BANNER = b"Asterisk Call Manager/"
_LONGEST_BANNER = 80
_LONGEST_MESSAGE = 1 << 20  # bytes; Asterisk's own stay below 100 kB
_LONGEST_LIST = 10_000  # events in the answer of one list action
_PINGS_FORGIVEN = 5
_LOGIN_REFUSED = "Authentication failed"  # manager.c, Asterisk 22: wrong user, wrong secret, or its ACL
_CLOSED_HERE = "closed by the gateway"
# manager.c, Asterisk 22: more is answered "line too long", "Too many lines". Of its 128 lines two are ours.
_LONGEST_LINE = 1022  # bytes, without CRLF
_MOST_LINES = 126
_NAME = re.compile(r"[A-Za-z]{1,64}")
_SET_HERE = frozenset({"action", "actionid", "commandid"})
# Should panoramisk ever come to send again what went unanswered, then none of these.
_NEVER_AGAIN = ("ping", "login", "originate", "redirect", "hangup", "bridge", "bridgeadd")
# What panoramisk takes for text without looking; a list there would cost the link.
_READ_BY_PANORAMISK = ("Event", "Response", "ActionID", "CommandID", "Message")


class LinkState(StrEnum):
    """How things stand with Asterisk's manager port."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    REFUSED = "refused"  # the user or the secret is not the one Asterisk knows
    CLOSED = "closed"


class AmiUnavailable(Siaga112Error):
    """Asterisk gave no answer. An action that was `sent` may have been done: look before asking again."""

    def __init__(self, action: str, reason: str, *, sent: bool) -> None:
        super().__init__(f"Asterisk did not answer {action}: {reason}")
        self.sent = sent


class AmiRefused(Siaga112Error):
    """Asterisk answered with an error; `answer` is its text."""

    def __init__(self, action: str, answer: str) -> None:
        self.answer = answer[:200]
        super().__init__(f"Asterisk refused {action}: {self.answer}")


def action_headers(name: str, headers: Mapping[str, str | Sequence[str]]) -> Headers:
    """Check that it will arrive as meant, as one action; raise ValueError (which repeats no value)."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"not the name of an action: {name[:40]!r}")
    checked: Headers = {"Action": name}
    for key, value in headers.items():
        if not _NAME.fullmatch(key) or key.lower() in _SET_HERE:
            raise ValueError(f"{name}: not a header that can be given: {key[:40]!r}")
        checked[key] = [_line_value(name, key, one) for one in ([value] if isinstance(value, str) else value)]
    if sum(len(values) for values in checked.values() if isinstance(values, list)) > _MOST_LINES:
        raise ValueError(f"{name}: more than {_MOST_LINES} headers")
    return checked


def _line_value(name: str, key: str, value: str) -> str:
    if any(break_ in value for break_ in "\r\n\0"):
        raise ValueError(f"{name}: a line break or NUL in {key}")
    try:
        length = len(f"{key}: {value}".encode())
    except UnicodeEncodeError as error:
        raise ValueError(f"{name}: {key} is not text") from error
    if length > _LONGEST_LINE:
        raise ValueError(f"{name}: {key} has {length} bytes, Asterisk takes {_LONGEST_LINE}")
    return value


def pause_after(pause_s: float, held_s: float, bounds_s: tuple[float, float]) -> float:
    """Seconds until the next attempt: the shortest if the last link held, else twice the last pause."""
    shortest, longest = bounds_s
    return shortest if held_s >= longest else min(max(2 * pause_s, shortest), longest)


@dataclass(frozen=True, slots=True)
class AmiLogin:
    """Where Asterisk's manager port is, and as whom to log in; raises ValueError for what cannot be sent."""

    host: str
    port: int
    username: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        self.headers()

    def headers(self) -> Headers:
        """The Login action."""
        return action_headers("Login", {"Username": self.username, "Secret": self.secret, "Events": "on"})


def _plain(message: Message) -> Headers:
    # panoramisk adds `content` to every message: the body of a form of answer that Asterisk 22 does not use.
    return {key: value for key, value in message.items() if key != "content"}


class _Question(Action):
    def add_message(self, message: Message) -> bool | None:
        if not self.future.done():
            return super().add_message(message)
        # Nobody waits any more; the rest of the answer is taken in all the same, lest it pass for news.
        self.responses.append(message)
        return self.completed and (len(self.responses) > 1 or not self.multi)


class _LoginQuestion(_Question):
    def __init__(self, login: AmiLogin, accepted: Callable[[], None]) -> None:
        super().__init__(login.headers())
        self._accepted = accepted

    def add_message(self, message: Message) -> bool | None:
        # Told here, while reading: the first events may stand in the same chunk.
        if message.success:
            self._accepted()
        return super().add_message(message)


class _Wire(AMIProtocol):
    """One socket: hands on whole messages only, keeps no more than it must, and once lost stays lost."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.banner: asyncio.Future[str] = loop.create_future()
        self.lost: asyncio.Future[str] = loop.create_future()  # why
        self.open = False
        self.heard = 0
        self._held = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.open = True

    def data_received(self, data: bytes) -> None:
        self._held += data
        if not self.banner.done():
            self._read_banner()
        end = self._held.rfind(_END, max(0, len(self._held) - len(data) - len(_END)))
        if end >= 0 and self.factory is not None:
            whole = bytes(self._held[: end + len(_END)])
            del self._held[: len(whole)]
            # panoramisk drops what is not UTF-8, and with it every character that two reads share.
            super().data_received(whole.decode(errors="replace").encode())
        if len(self._held) > _LONGEST_MESSAGE:
            self.lose("a message without an end")

    def _read_banner(self) -> None:
        line, newline, rest = self._held.partition(b"\r\n")
        if len(line) > _LONGEST_BANNER or (newline and not line.startswith(_BANNER)):
            self.lose("what answers there is not Asterisk's manager port")
        elif newline:
            self.banner.set_result(line.removeprefix(_BANNER).decode(errors="replace"))
            self._held = rest

    def handle_message(self, message: Message) -> None:
        self.heard += 1
        for header in _READ_BY_PANORAMISK:
            # The first is Asterisk's own; a UserEvent may append others of the same name.
            if isinstance(value := message.get(header), list):
                message[header] = value[0]
        super().handle_message(message)
        question = self.responses.get(message.action_id or "")
        if question is not None and len(question.responses) > _LONGEST_LIST:
            self.lose("a list without an end")

    def connection_lost(self, exc: Exception | Message | None) -> None:
        # panoramisk calls this too, with the event, when Asterisk announces its end.
        if isinstance(exc, Message):
            self.lose("Asterisk is shutting down")
        else:
            self.lose(str(exc) if exc else "Asterisk closed the connection")
            self.open = False

    def lose(self, why: str) -> None:
        if not self.lost.done():
            self.lost.set_result(why)
        self.close()

    def close(self) -> None:
        if not self.open:
            return
        # What is done is not kept by panoramisk to be sent again.
        for question in self.responses.values():
            question.future.cancel()
        # close() alone would wait for a peer that may never read again.
        self.transport.abort()
        super().close()


class _Link(Manager):
    """One connection and no more: whatever panoramisk would do later on its own account is taken out."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(loop=loop, encoding="utf-8", log=_PANORAMISK_LOG, forgetable_actions=_NEVER_AGAIN)
        self.wire = _Wire()

    async def open(self, host: str, port: int) -> str:
        """Connect, and read the banner before anything is said; return AMI's version, raise OSError."""
        transport, wire = await self.loop.create_connection(lambda: self.wire, host, port)
        await asyncio.wait({wire.banner, wire.lost}, return_when=asyncio.FIRST_COMPLETED)
        if wire.lost.done():
            raise ConnectionError(wire.lost.result())
        connected = self.loop.create_future()
        connected.set_result((transport, wire))
        self.connection_made(connected)
        return wire.banner.result()

    def connection_made(self, f: asyncio.Future[tuple[asyncio.Transport, AMIProtocol]]) -> None:
        super().connection_made(f)
        if self.pinger is not None:  # its Ping has no deadline: ours has
            self.pinger.cancel()

    async def ask(self, question: Action, within_s: float, *, as_list: bool | None = False) -> list[Message]:
        """Send, and return the answer: one message, or with `as_list=None` all that Asterisk lists."""
        name = str(question["Action"])
        if self.wire.closed:
            raise AmiUnavailable(name, self.wire.lost.result(), sent=False)
        future = self.send_action(question, as_list=as_list)
        # Unlike a time-out that cancels, this takes an answer that is there when we wake, however late.
        await asyncio.wait({future}, timeout=within_s)
        if not future.done():
            future.cancel()
            raise AmiUnavailable(name, f"no answer within {within_s:g} s", sent=True)
        if future.cancelled():
            raise AmiUnavailable(name, self.wire.lost.result(), sent=True)
        answer = future.result()
        messages = answer if isinstance(answer, list) else [answer]
        if not messages[0].success:
            raise AmiRefused(name, messages[0].message)
        return messages


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
        self._link: _Link | None = None
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

    async def list_action(self, name: str, /, **headers: str | Sequence[str]) -> list[Headers]:
        """Ask for an action that answers with a list (QueueStatus, CoreShowChannels); return its events.

        The event that closes the list is not among them. Raises as `action` does.
        """
        _, *listed = await self._ask(name, headers, as_list=None)
        return [event for event in listed if not str(event.get("Event")).endswith("Complete")]

    async def _ask(
        self, name: str, headers: Mapping[str, str | Sequence[str]], *, as_list: bool | None
    ) -> list[Headers]:
        question = _Question(action_headers(name, headers))
        if self._link is None:
            raise AmiUnavailable(name, f"the link is {self.state}", sent=False)
        answer = await self._link.ask(question, self._answer_within_s, as_list=as_list)
        return [_plain(message) for message in answer]

    async def _hold_a_link(self) -> float:
        """Connect, log in, listen until it is lost; return for how many seconds it was up."""
        link = _Link()
        try:
            async with asyncio.timeout(self._answer_within_s):
                version = await link.open(self._login.host, self._login.port)
            question = _LoginQuestion(self._login, lambda: self._up(link, version))
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

    async def _watch(self, link: _Link) -> None:
        unanswered = 0
        while not link.wire.lost.done():
            await asyncio.wait({link.wire.lost}, timeout=self._ping_every_s)
            heard = link.wire.heard
            try:
                with suppress(AmiRefused):  # "Asterisk is shutting down": an answer like any other
                    await link.ask(_Question({"Action": "Ping"}), self._answer_within_s)
            except AmiUnavailable as silence:
                # In a flood of events the answer may stand far behind: a peer that talks lives.
                unanswered += 1
                if link.wire.heard == heard or unanswered > _PINGS_FORGIVEN:
                    link.wire.lose(str(silence))
            else:
                unanswered = 0

    def _up(self, link: _Link, version: str) -> None:
        self._link = link
        self._up_since = self._clock()
        self._complaint = ("", "")
        self.state = LinkState.CONNECTED
        self._connected.set()
        log.info("ami_link_up", version=version)
        self._deliver({"Event": LINK_UP})
        link.register_event("*", lambda _link, message: self._deliver(_plain(message)))

    def _down(self, link: _Link) -> float:
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
