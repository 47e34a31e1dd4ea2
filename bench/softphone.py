"""A telephone in a few lines: dials, rings, answers, presses keys, hangs up, sends a tone of its own and listens.

SIPp plays scenarios; a story in which somebody does something because of what somebody else did wants a telephone that
is told step by step, and whose audio says who is heard. One UDP socket for SIP, one for RTP a call, G.711 A-law and
RFC 4733 digits. For the loopback: nothing is sent twice, nobody logs in (phones do, by `bench.sipp.register`).
"""

from __future__ import annotations

import re
import select
import socket
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.sipp import Address, free_address
from bench.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self


_BETWEEN_KEYS_S = 1.0
_SENT_AGAIN_FOR_S = 32.0  # RFC 3261: 64 · T1


@dataclass(frozen=True)
class Plan:
    """What a telephone does with a call that comes in."""

    hz: int = 0  # its tone; 0: silence
    counts: bool = False  # says the number of each packet instead
    rings_s: float = 0.1
    picks_up: bool = True
    refuses: str | None = None  # a status such as "486 Busy Here"
    silent: bool = False  # says nothing at all, as a line that is not there
    presses: str = ""  # as a person does: once something is heard, and a second between one key and the next
    thinks_s: float = 0.0  # no key so long after it has picked up
    stays_s: float | None = None  # hangs up so long after it has picked up


@dataclass
class Talk:
    """One call of a telephone."""

    number: str  # who was called
    plan: Plan
    voice: Voice
    call_id: str
    ours: str  # From or To, with our tag
    theirs: str
    via: list[str]
    sequence: str
    peer: tuple[str, int]
    request_uri: str = ""
    asked_at: float = field(default_factory=time.monotonic)
    answered_at: float | None = None
    ended: bool = False
    ended_at: float | None = None
    put_down: bool = False  # by us: what ended without it was ended by the other side
    status: int = 0  # of the last answer to our INVITE
    incoming: bool = True
    next_key_at: float = 0.0  # monotonic seconds
    requests: int = 1  # of ours, the first included
    offered: Address | None = None  # where the other side wants the audio, as it asked

    def __post_init__(self) -> None:
        self.keys = self.plan.presses  # that are still to be pressed

    def next_request(self) -> str:
        """The number of our next request in this call (CSeq)."""
        self.requests += 1
        return str(self.requests)

    @property
    def up(self) -> bool:
        """Whether both sides talk."""
        return self.answered_at is not None and not self.ended


class Softphone:
    """A telephone, or a whole exchange of them: `plan` says what is done with a call for a number."""

    def __init__(
        self,
        plan: Callable[[str], Plan] | Plan = Plan(),
        address: Address | None = None,
        host: str = "127.0.0.1",
        voice: Callable[[str, int], Voice] = Voice,
    ) -> None:
        self.address = address or free_address(host)
        self.talks: list[Talk] = []
        self._plan = plan if callable(plan) else (lambda _number, fixed=plan: fixed)
        self._voice = voice  # of each call, by the host it is at and its tone
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._over = threading.Event()
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        self._socket.bind((self.address.host, self.address.port))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for talk in self.talks:
            if talk.up:
                self.hang_up(talk)
        self._over.set()
        self._thread.join()
        self._socket.close()
        for talk in self.talks:
            talk.voice.stop()

    # ---- what a person does ------------------------------------------------------------------------------------------

    def dial(
        self, line: Address, number: str, *, shown: str = "08123456789", hz: int = 0, counts: bool = False
    ) -> Talk:
        """Call a number of the line."""
        voice = self._voice_of(hz, counts=counts)
        tag, call_id = _token(), f"{_token()}@{self.address.host}"
        ours = f'"{shown}" <sip:{shown}@{self.address}>;tag={tag}'
        talk = Talk(
            number,
            Plan(hz=hz, counts=counts),
            voice,
            call_id,
            ours,
            f"<sip:{number}@{line}>",
            [],
            "1",
            (line.host, line.port),
            f"sip:{number}@{line}",
            incoming=False,
        )
        with self._lock:
            self.talks.append(talk)
        self._request(talk, "INVITE", "1", self._sdp(voice))
        return talk

    def hang_up(self, talk: Talk) -> None:
        """Put the receiver down; before an answer: give up."""
        if talk.ended:
            return
        talk.put_down = True
        if talk.answered_at is None and not talk.incoming:
            self._request(talk, "CANCEL", "1")
            return
        self._request(talk, "BYE", talk.next_request())
        self._end(talk)

    def press_by_info(self, talk: Talk, key: str) -> None:
        """Press a key as telephones do that tell it beside the audio (SIP INFO, application/dtmf-relay)."""
        signal = f"Signal={key}\r\nDuration=160\r\n"
        self._request(talk, "INFO", talk.next_request(), signal, kind="application/dtmf-relay")

    def forget(self) -> None:
        """Let go of calls that are over, with all that was heard in them: for a telephone that is there for hours."""
        with self._lock:
            now = time.monotonic()
            # What is sent again by the other side must not be taken for a new call.
            self.talks = [talk for talk in self.talks if not talk.ended or now - talk.asked_at < _SENT_AGAIN_FOR_S]

    def _voice_of(self, hz: int, *, counts: bool) -> Voice:
        voice = self._voice(self.address.host, hz)
        voice.counts = counts
        return voice

    # ---- SIP ---------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._over.is_set():
            readable, _, _ = select.select([self._socket], [], [], 0.01)
            if readable:
                data, peer = self._socket.recvfrom(65535)
                with self._lock:
                    self._take(data.decode(errors="replace"), peer)
            with self._lock:
                self._answer_those_who_rang()

    def _take(self, text: str, peer: tuple[str, int]) -> None:
        head, _, body = text.partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        headers = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        get = dict(reversed(headers))
        vias = [value for name, value in headers if name in {"via", "v"}]
        if first.startswith("SIP/2.0"):
            self._taken_answer(int(first.split()[1]), get, body)
            return
        method, uri, _ = first.split(" ", 2)
        talk = next((one for one in self.talks if one.call_id == get["call-id"]), None)
        if method == "INVITE" and talk is None:
            self._rung(uri, get, vias, body, peer)
        elif method == "INVITE" and talk and talk.answered_at is not None and "tag=" in get["to"]:
            self._reply("200 OK", get, vias, peer, talk, self._sdp(talk.voice))
        elif method in {"BYE", "CANCEL"} and talk:
            self._reply("200 OK", get, vias, peer, talk)
            if method == "CANCEL":
                invite = {**get, "cseq": f"{talk.sequence} INVITE"}
                self._reply("487 Request Terminated", invite, talk.via, peer, talk)
            self._end(talk)
        elif method != "ACK":
            self._reply("200 OK" if method != "INVITE" else "100 Trying", get, vias, peer, talk)

    def _rung(self, uri: str, get: dict[str, str], vias: list[str], body: str, peer: tuple[str, int]) -> None:
        match = re.match(r"sip:([^@;>]*)", uri)
        number = match[1] if match else ""
        plan = self._plan(number)
        talk = Talk(
            number,
            plan,
            self._voice_of(plan.hz, counts=plan.counts),
            get["call-id"],
            f"{get['to']};tag={_token()}",
            get["from"],
            vias,
            get["cseq"].split()[0],
            peer,
            request_uri=_uri(get.get("contact", get["from"])),
        )
        talk.offered = _media(body)
        self.talks.append(talk)
        if plan.silent:
            return
        if plan.refuses:
            self._reply(plan.refuses, get, vias, peer, talk)
            self._end(talk)
            return
        self._reply("180 Ringing", get, vias, peer, talk)

    def _answer_those_who_rang(self) -> None:
        now = time.monotonic()
        for talk in self.talks:
            plan = talk.plan
            waits = talk.incoming and talk.answered_at is None and not talk.ended
            if waits and plan.picks_up and not plan.silent and now - talk.asked_at >= plan.rings_s:
                talk.answered_at, talk.next_key_at = now, now + plan.thinks_s
                get = {"from": talk.theirs, "to": talk.ours, "call-id": talk.call_id, "cseq": f"{talk.sequence} INVITE"}
                talk.voice.target = talk.offered
                self._reply("200 OK", get, talk.via, talk.peer, talk, self._sdp(talk.voice))
            elif talk.keys and talk.up and talk.voice.packets and now >= talk.next_key_at:
                talk.voice.press(talk.keys[0])
                talk.keys, talk.next_key_at = talk.keys[1:], now + _BETWEEN_KEYS_S
            elif talk.up and talk.incoming and plan.stays_s and now - (talk.answered_at or now) >= plan.stays_s:
                self.hang_up(talk)

    def _taken_answer(self, status: int, get: dict[str, str], body: str) -> None:
        talk = next((one for one in self.talks if one.call_id == get["call-id"]), None)
        if talk is None or not get["cseq"].endswith("INVITE"):
            return
        talk.status = status
        if status < 200:
            if media := _media(body):
                talk.voice.target = media
            return
        talk.theirs = get["to"]
        if status < 300:
            talk.request_uri = _uri(get.get("contact", get["to"]))
            talk.voice.target = _media(body) or talk.voice.target
            talk.answered_at = talk.answered_at or time.monotonic()
        self._request(talk, "ACK", "1")
        if status >= 300:
            self._end(talk)

    def _request(
        self, talk: Talk, method: str, sequence: str, body: str = "", *, kind: str = "application/sdp"
    ) -> None:
        lines = [
            f"{method} {talk.request_uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.address};branch=z9hG4bK{talk.call_id[:8] if method == 'CANCEL' else _token()}",
            f"From: {talk.ours}",
            f"To: {talk.theirs}",
            f"Call-ID: {talk.call_id}",
            f"CSeq: {sequence} {method}",
            f"Contact: <sip:phone@{self.address}>",
            "Max-Forwards: 70",
        ]
        if method == "INVITE":
            lines[1] = f"Via: SIP/2.0/UDP {self.address};branch=z9hG4bK{talk.call_id[:8]}"
        self._send(lines, body, talk.peer, kind)

    def _reply(
        self,
        status: str,
        get: dict[str, str],
        vias: list[str],
        peer: tuple[str, int],
        talk: Talk | None = None,
        body: str = "",
    ) -> None:
        to = talk.ours if talk and talk.incoming and "tag=" not in get["to"] else get["to"]
        lines = [
            f"SIP/2.0 {status}",
            *(f"Via: {via}" for via in vias),
            f"From: {get['from']}",
            f"To: {to}",
            f"Call-ID: {get['call-id']}",
            f"CSeq: {get['cseq']}",
            f"Contact: <sip:phone@{self.address}>",
        ]
        self._send(lines, body, peer)

    def _send(self, lines: list[str], body: str, peer: tuple[str, int], kind: str = "application/sdp") -> None:
        if body:
            lines.append(f"Content-Type: {kind}")
        lines.append(f"Content-Length: {len(body)}")
        self._socket.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), peer)

    def _sdp(self, voice: Voice) -> str:
        at = voice.address
        lines = ("v=0", f"o=- 1 1 IN IP4 {at.host}", "s=-", f"c=IN IP4 {at.host}", "t=0 0")
        media = (f"m=audio {at.port} RTP/AVP 8 101", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000")
        return "".join(f"{line}\r\n" for line in (*lines, *media, "a=fmtp:101 0-15", "a=ptime:20", "a=sendrecv"))

    def _end(self, talk: Talk) -> None:
        talk.ended, talk.ended_at = True, talk.ended_at or time.monotonic()
        talk.voice.stop()


def _token() -> str:
    return uuid.uuid4().hex[:12]


def _uri(header: str) -> str:
    match = re.search(r"<([^>]+)>", header)
    return match[1] if match else header


def _media(body: str) -> Address | None:
    host, port = re.search(r"^c=IN IP4 (\S+)", body, re.MULTILINE), re.search(r"^m=audio (\d+)", body, re.MULTILINE)
    return Address(host[1], int(port[1])) if host and port else None
