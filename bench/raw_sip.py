"""A citizen whose INVITE may hold any bytes at all: what SIPp's scenarios cannot write."""

from __future__ import annotations

import re
import socket
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.sipp import free_address

if TYPE_CHECKING:
    from bench.sipp import Address

_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Body:
    """What an INVITE carries: by its media type, with these headers of its own beside the call's audio, or alone."""

    content: bytes
    media: bytes = b"application/pidf+xml"
    headers: tuple[bytes, ...] = (b"Content-ID: <place@citizen>",)
    multipart: bytes = b"multipart/mixed;boundary=part"  # the whole body's type; b"": the content is all of the body


def call_with(
    line: Address,
    from_header: bytes,
    headers: tuple[bytes, ...] = (),
    carrier: str = "127.0.0.2",
    body: Body | None = None,
    dialled: str = "112",
) -> int:
    """Dial with this From header; hang up as soon as somebody answers; give the final status."""
    local = free_address(carrier)
    dialog = _Dialog(str(line), str(local), from_header, dialled)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind((local.host, local.port))
        peer.settimeout(_WAIT_S)
        peer.sendto(dialog.invite(headers, body), (line.host, line.port))
        while True:
            answer = peer.recv(65536)
            status = int(answer.split(b" ", 2)[1])
            if status < 200:  # provisional (RFC 3261)
                continue
            peer.sendto(dialog.within(b"ACK", 1, answer), (line.host, line.port))
            if status == 200:
                peer.sendto(dialog.within(b"BYE", 2, answer), (line.host, line.port))
                peer.recv(65536)
            return status


def _with(more: Body, audio: bytes) -> tuple[bytes, bytes]:
    if not more.multipart:
        return more.media, more.content
    parts = [
        b"Content-Type: application/sdp\r\n\r\n" + audio,
        b"\r\n".join([b"Content-Type: " + more.media, *more.headers, b"", more.content]),
    ]
    return more.multipart, b"".join(b"--part\r\n" + part + b"\r\n" for part in parts) + b"--part--\r\n"


class _Dialog:
    def __init__(self, line: str, local: str, from_header: bytes, dialled: str) -> None:
        self._line, self._local = line.encode(), local.encode()
        self._dialled = dialled.encode()
        self._tag = uuid.uuid4().hex[:8].encode()
        self._from = from_header + b";tag=" + self._tag
        self._call_id = uuid.uuid4().hex.encode()
        self._branch = b"z9hG4bK" + self._tag

    def invite(self, headers: tuple[bytes, ...], more: Body | None = None) -> bytes:
        host, port = self._local.rsplit(b":", 1)
        # The discard port: nobody listens to the audio.
        body = b"v=0\r\no=- 1 1 IN IP4 %b\r\ns=-\r\nc=IN IP4 %b\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n" % (host, host)
        media = b"application/sdp"
        if more is not None:
            media, body = _with(more, body)
        extra = [b"Contact: <sip:citizen@%b:%b>" % (host, port), b"Content-Type: " + media, *headers]
        return self._request(b"INVITE", 1, b"", extra, body)

    def within(self, method: bytes, serial: int, answer: bytes) -> bytes:
        found = re.search(rb"(?im)^To:.*?;tag=([^;\r\n]+)", answer)
        return self._request(method, serial, b";tag=" + found[1] if found else b"", [], b"")

    def _request(self, method: bytes, serial: int, to_tag: bytes, extra: list[bytes], body: bytes) -> bytes:
        # An ACK to a refusal belongs to the INVITE's transaction, one to a 200 does not care.
        branch = self._branch + (b"2" if method == b"BYE" else b"")
        lines = [
            b"%b sip:%b@%b SIP/2.0" % (method, self._dialled, self._line),
            b"Via: SIP/2.0/UDP %b;branch=%b" % (self._local, branch),
            b"From: " + self._from,
            b"To: <sip:%b@%b>%b" % (self._dialled, self._line, to_tag),
            b"Call-ID: " + self._call_id,
            b"CSeq: %d %b" % (serial, method),
            b"Max-Forwards: 70",
            *extra,
            b"Content-Length: %d" % len(body),
        ]
        return b"\r\n".join(lines) + b"\r\n\r\n" + body
