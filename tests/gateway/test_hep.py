"""Mirrored SIP messages: those of our Asterisk are read, and nothing else is."""

from __future__ import annotations

import ipaddress
import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.doorbell.hep import read_hep

KEY = b"0f" * 20


def chunk(kind: int, content: bytes, vendor: int = 0) -> bytes:
    return struct.pack("!HHH", vendor, kind, 6 + len(content)) + content


WHOLE = (
    chunk(1, b"\x02"),
    chunk(3, b"\x7f\x00\x00\x02"),
    chunk(9, (1_795_861_000).to_bytes(4)),
    chunk(10, (351_232).to_bytes(4)),
    chunk(14, KEY),
    chunk(15, b"INVITE sip:112@city SIP/2.0\r\n\r\n"),
)


def datagram(*chunks: bytes) -> bytes:
    body = b"".join(chunks)
    return b"HEP3" + struct.pack("!H", 6 + len(body)) + body


def test_a_mirrored_message_is_what_was_on_the_wire_when_and_from_where() -> None:
    mirrored = read_hep(datagram(*WHOLE), KEY)
    assert mirrored.at == datetime.fromtimestamp(1_795_861_000, UTC).replace(microsecond=351_232)
    assert mirrored.source == ipaddress.ip_address("127.0.0.2")
    assert mirrored.message == b"INVITE sip:112@city SIP/2.0\r\n\r\n"


def test_a_source_may_be_of_the_newer_ip_and_a_vendors_own_chunks_mean_nothing() -> None:
    newer = (*WHOLE[:1], chunk(5, bytes(15) + b"\x01"), *WHOLE[2:], chunk(15, b"other", vendor=1))
    mirrored = read_hep(datagram(*newer), KEY)
    assert (str(mirrored.source), mirrored.message[:6]) == ("::1", b"INVITE")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HEP3",
        b"HEP2" + datagram(*WHOLE)[4:],
        datagram(*WHOLE)[:-1],
        datagram(*WHOLE) + b"x",
        datagram(*WHOLE[:4], chunk(14, b"another key"), WHOLE[5]),
        datagram(*WHOLE[:4], WHOLE[5]),
        datagram(*WHOLE[:5]),
        datagram(WHOLE[0], *WHOLE[2:]),
        datagram(*WHOLE[:2], *WHOLE[3:]),
        datagram(*WHOLE[:2], chunk(9, b"x"), *WHOLE[3:]),
        datagram(WHOLE[0], chunk(3, b"abc"), *WHOLE[2:]),
        datagram(*WHOLE, struct.pack("!HHH", 0, 1, 0)),
        datagram(*WHOLE, struct.pack("!HHH", 0, 1, 900)),
    ],
)
def test_what_is_no_whole_message_of_our_asterisk_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_hep(data, KEY)


@given(st.binary(max_size=80), st.integers(0, 120))
def test_bytes_are_refused_or_read_and_nothing_else(junk: bytes, at: int) -> None:
    whole = datagram(*WHOLE)
    for data in (junk, whole[:at] + junk + whole[at:], whole[:at] + junk):
        try:
            read_hep(data, KEY)
        except ValueError:
            continue
        assert KEY in data
