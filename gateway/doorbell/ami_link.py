"""One connection to Asterisk's manager port, spoken by panoramisk 1.4, its flaws cured.

One of panoramisk's managers is used for one connection and then dropped, because left to itself it sends unanswered
actions again after a reconnect (a second Originate rings a second telephone).
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from panoramisk import Manager, Message
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol

from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# At DEBUG panoramisk writes every message whole, callers' numbers included; at INFO whole actions.
_PANORAMISK_LOG = logging.getLogger("panoramisk")
_PANORAMISK_LOG.setLevel(logging.WARNING)

Headers = dict[str, str | list[str]]
"""One AMI message. A header sent twice is a list; an absent one is absent, as is an empty one at the end."""

_END = b"\r\n\r\n"
_BANNER = b"Asterisk Call Manager/"
_LONGEST_BANNER = 80
_LONGEST_MESSAGE = 1 << 20  # bytes; Asterisk's own stay below 100 kB
_LONGEST_LIST = 10_000  # events in the answer of one list action
# manager.c, Asterisk 22: more is answered "line too long", "Too many lines". Of its 128 lines two are ours.
_LONGEST_LINE = 1022  # bytes, without CRLF
_MOST_LINES = 126
_NAME = re.compile(r"[A-Za-z]{1,64}")
_SET_HERE = frozenset({"action", "actionid", "commandid"})
# Should panoramisk ever come to send again what went unanswered, then none of these.
_NEVER_AGAIN = ("ping", "login", "originate", "redirect", "hangup", "bridge", "bridgeadd")
# What panoramisk takes for text without looking; a list there would cost the link.
_READ_BY_PANORAMISK = ("Event", "Response", "ActionID", "CommandID", "Message")


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


def plain(message: Message) -> Headers:
    """The headers of a message and nothing else."""
    # panoramisk adds `content` to every message: the body of a form of answer that Asterisk 22 does not use.
    return {key: value for key, value in message.items() if key != "content"}


class Question(Action):
    """An action whose answer is taken in to its end, even when nobody waits for it any more."""

    def add_message(self, message: Message) -> bool | None:
        """Take one message of the answer; say whether that was the last."""
        if not self.future.done():
            return super().add_message(message)
        # Nobody waits any more; the rest of the answer is taken in all the same, lest it pass for news.
        self.responses.append(message)
        return self.completed and (len(self.responses) > 1 or not self.multi)


class LoginQuestion(Question):
    """The Login action; `accepted` is called while the answer is being read."""

    def __init__(self, login: AmiLogin, accepted: Callable[[], None]) -> None:
        super().__init__(login.headers())
        self._accepted = accepted

    def add_message(self, message: Message) -> bool | None:
        """Take the answer to the login."""
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


class Link(Manager):
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
        """Take the connection over, without panoramisk's own pings."""
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
