"""Asterisk's manager port on a real socket, for the faults that a real one cannot be made to show on demand.

The dialogue is the one taken down from Asterisk 22.10.1 (AMI 11.0.0), header for header.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

Headers = dict[str, str | list[str]]
"""A message; a header that stands in it more than once is a list."""

USERNAME = "siaga112"
SECRET = "rahasia-ami"
_LONGEST_LINE = 1022


def encoded(*messages: Headers) -> bytes:
    return b"".join(map(_encoded, messages))


def _encoded(headers: Headers) -> bytes:
    lines = [
        f"{key}: {one}\r\n" for key, value in headers.items() for one in ([value] if isinstance(value, str) else value)
    ]
    return ("".join(lines) + "\r\n").encode()


def parsed(lines: list[bytes]) -> Headers:
    values: defaultdict[str, list[str]] = defaultdict(list)
    for line in lines:
        key, _, value = line.decode().partition(": ")
        values[key].append(value)
    return {key: value[0] if len(value) == 1 else value for key, value in values.items()}


class FakeAmi:
    """Listens on a free port of the loopback for as long as it is entered."""

    def __init__(self) -> None:
        self.port = 0
        self.secret = SECRET
        self.banner = b"Asterisk Call Manager/11.0.0\r\n"
        self.instead: dict[str, bytes] = {}  # what these actions get in place of their answer
        self.shutting_down = False
        self.members: list[str] = []  # interfaces of the queue's members
        self.values: dict[str, str] = {}  # what Getvar gives for these expressions
        self.registrations: dict[str, str] = {}  # their status, by name
        self.actions: list[Headers] = []  # every action that came
        self.sessions: list[Session] = []
        self._asked: asyncio.Queue[Headers] = asyncio.Queue()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Session(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()

    def hear(self, action: Headers) -> None:
        self.actions.append(action)
        self._asked.put_nowait(action)

    async def asked(self, name: str) -> Headers:
        """Wait for the next action of this name."""
        async with asyncio.timeout(10):
            while True:
                action = await self._asked.get()
                if action["Action"] == name:
                    return action

    def send(self, data: bytes) -> None:
        for session in self.sessions:
            session.transport.write(data)

    def tell(self, **event: str | list[str]) -> None:
        self.send(encoded({**event}))

    def freeze(self) -> None:
        """Keep every connection open, and neither read nor write any more; greet nobody."""
        self.banner = b""
        for session in self.sessions:
            session.transport.pause_reading()

    def hang_up(self) -> None:
        for session in self.sessions:
            session.transport.abort()


class Session(asyncio.Protocol):
    """One connection to it."""

    transport: asyncio.Transport

    def __init__(self, ami: FakeAmi) -> None:
        self.ami = ami
        self.closed = asyncio.Event()
        self._logged_in = False
        self._held = b""
        self._lines: list[bytes] = []
        self._answers: dict[str, Callable[[Headers, Headers], list[Headers]]] = {
            "Login": self._log_in,
            "Ping": lambda _, id_: [_success(id_, Ping="Pong", Timestamp="1795467089.465976")],
            "QueueStatus": self._queue_status,
            "Originate": self._originate,
            "Getvar": self._getvar,
            "PJSIPShowRegistrationsOutbound": self._registrations,
            "Hangup": lambda _, id_: [_error(id_, "No such channel")],
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.ami.sessions.append(self)
        transport.write(self.ami.banner)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.ami.sessions.remove(self)
        self.closed.set()

    def data_received(self, data: bytes) -> None:
        *lines, self._held = (self._held + data).split(b"\r\n")
        for line in lines:
            if line:
                self._lines.append(line)
            else:
                self._take(self._lines)
                self._lines = []

    def _take(self, lines: list[bytes]) -> None:
        action = parsed(lines)
        name = str(action.get("Action"))
        self.ami.hear(action)
        if name in self.ami.instead:
            self.transport.write(self.ami.instead[name])
        elif any(len(line) > _LONGEST_LINE for line in lines):
            self.transport.write(encoded(_error(_id(action), "Failed to parse message: line too long")))
        elif self.ami.shutting_down:
            self.transport.write(encoded(_error(_id(action), "Asterisk is shutting down")))
        elif not self._logged_in and name != "Login":
            self.transport.write(encoded(_error(_id(action), "Permission denied")))
        else:
            self.transport.write(encoded(*self._answers.get(name, _unknown)(action, _id(action))))
            if not self._logged_in:
                self.transport.close()

    def _log_in(self, action: Headers, id_: Headers) -> list[Headers]:
        if self._logged_in:
            return [_success(id_, Message="Already authenticated")]
        self._logged_in = action.get("Username") == USERNAME and action.get("Secret") == self.ami.secret
        if not self._logged_in:
            return [_error(id_, "Authentication failed")]
        booted: Headers = {"Event": "FullyBooted", "Privilege": "system,all", "Uptime": "41"}
        return [
            _success(id_, Message="Authentication accepted"),
            {**booted, "LastReload": "41", "Status": "Fully Booted"},
        ]

    def _queue_status(self, _action: Headers, id_: Headers) -> list[Headers]:
        items: list[Headers] = [{**_QUEUE_PARAMS, **id_}]
        for member in self.ami.members:
            named = {"Name": member, "Location": member, "StateInterface": member}
            items.append({"Event": "QueueMember", "Queue": "line112", **named, **_QUEUE_MEMBER, **id_})
        return [
            _success(id_, EventList="start", Message="Queue status will follow"),
            *items,
            {"Event": "QueueStatusComplete", **id_, "EventList": "Complete", "ListItems": str(len(items))},
        ]

    def _getvar(self, action: Headers, id_: Headers) -> list[Headers]:
        variable = str(action["Variable"])
        return [_success(id_, Variable=variable, Value=self.ami.values.get(variable, ""))]

    def _registrations(self, _action: Headers, id_: Headers) -> list[Headers]:
        items: list[Headers] = [
            {"Event": "OutboundRegistrationDetail", **id_, "ObjectName": name, "Status": status}
            for name, status in self.ami.registrations.items()
        ]
        return [
            _success(id_, EventList="start", Message="Following are Events for each Outbound registration"),
            *items,
            {"Event": "OutboundRegistrationDetailComplete", **id_, "EventList": "Complete", "ListItems": "1"},
        ]

    def _originate(self, action: Headers, id_: Headers) -> list[Headers]:
        outcome: Headers = {"Event": "OriginateResponse", "Privilege": "call,all", "SystemName": "bima1", **id_}
        outcome |= {"Response": "Success", "Channel": "Local/1@skpd-00000001;1", "Context": action["Context"]}
        outcome |= {"Exten": "s", "Reason": "4", "Uniqueid": action["ChannelId"]}
        outcome |= {"CallerIDNum": "<unknown>", "CallerIDName": "<unknown>"}
        return [_success(id_, Message="Originate successfully queued"), outcome]


_QUEUE_PARAMS: Headers = {
    "Event": "QueueParams",
    "Queue": "line112",
    "Max": "0",
    "Strategy": "rrmemory",
    "Calls": "0",
    "Holdtime": "0",
    "TalkTime": "0",
    "Completed": "0",
    "Abandoned": "0",
    "ServiceLevel": "0",
    "ServicelevelPerf": "0.0",
    "ServicelevelPerf2": "0.0",
    "Weight": "0",
}
_QUEUE_MEMBER: Headers = {
    "Membership": "dynamic",
    "Penalty": "0",
    "CallsTaken": "0",
    "LastCall": "0",
    "LastPause": "0",
    "LoginTime": "1795467094",
    "InCall": "0",
    "Status": "1",
    "Paused": "0",
    "PausedReason": "",
    "Wrapuptime": "0",
}


def _id(action: Headers) -> Headers:
    return {"ActionID": action["ActionID"]} if "ActionID" in action else {}


def _success(id_: Headers, **headers: str) -> Headers:
    return {"Response": "Success", **id_, **headers}


def _error(id_: Headers, text: str) -> Headers:
    return {"Response": "Error", **id_, "Message": text}


def _unknown(action: Headers, id_: Headers) -> list[Headers]:
    known = "Use Action: ListCommands to show available commands."
    return [_error(id_, f"Invalid/unknown command: {action['Action']}. {known}")]
