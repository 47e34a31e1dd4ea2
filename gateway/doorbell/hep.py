"""HEP version 3: how Asterisk (res_hep) mirrors a SIP message in one datagram. Pure.

Behind `HEP3` and the whole's length come chunks: vendor, type, length (big-endian, 16 bits each, the length with these
six bytes), content. See the HEPv3 network protocol specification of the sipcapture project, rev. 36.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

_HEAD: Final = struct.Struct("!4sH")
_CHUNK: Final = struct.Struct("!HHH")
_SOURCE_V4, _SOURCE_V6, _SECONDS, _MICROSECONDS, _KEY, _PAYLOAD = 3, 5, 9, 10, 14, 15
_UINT32: Final = 4
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A SIP message as it was on the wire: when, and from where."""

    at: datetime
    source: ipaddress.IPv4Address | ipaddress.IPv6Address
    message: bytes


def read_hep(datagram: bytes, key: bytes) -> Mirrored:
    """Read one datagram; raise ValueError for what is none, or was not made with this key."""
    chunks = _chunks(datagram)
    if chunks.get(_KEY) != key:
        raise ValueError("not of our Asterisk")
    source = chunks.get(_SOURCE_V4) or chunks.get(_SOURCE_V6)
    if source is None or _PAYLOAD not in chunks:
        raise ValueError("a mirrored message without its source, or without itself")
    seconds, more = (_number(chunks, kind) for kind in (_SECONDS, _MICROSECONDS))
    at = _EPOCH + timedelta(seconds=seconds, microseconds=more)
    return Mirrored(at, ipaddress.ip_address(source), chunks[_PAYLOAD])


def _chunks(datagram: bytes) -> dict[int, bytes]:
    if len(datagram) < _HEAD.size or _HEAD.unpack_from(datagram) != (b"HEP3", len(datagram)):
        raise ValueError("not a HEP datagram, or not a whole one")
    found: dict[int, bytes] = {}
    place = _HEAD.size
    while place + _CHUNK.size <= len(datagram):
        vendor, kind, length = _CHUNK.unpack_from(datagram, place)
        if length < _CHUNK.size or place + length > len(datagram):
            raise ValueError("a chunk that ends nowhere")
        if vendor == 0:
            found[kind] = datagram[place + _CHUNK.size : place + length]
        place += length
    return found


def _number(chunks: dict[int, bytes], kind: int) -> int:
    content = chunks.get(kind, b"")
    if len(content) != _UINT32:
        raise ValueError("a mirrored message without its time")
    return int.from_bytes(content)
