"""What a call brings of its place: in the ledger, and in the INVITE itself."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.facts.ledger_payloads import LONGEST_PAYLOAD
from gateway.facts.located_invite import LocatedBody, decode_located, read_invite
from tests.places import CIRCLE, pidf
from tests.ticketing.evidence import MORNING
from ticketing.located import MOST_SOURCES, LocationSource, Shape, SourceKind

CELL = "utran-cell-id-3gpp=5101012AB01C3D4"


def written(*texts: str, version: str = "v1") -> str:
    """A LOCATED payload as the dialplan writes it."""
    return ".".join([version, *(base64.b64encode(f" {text}".encode()).decode() for text in texts)])


def told(geolocation: str = "", access: str = "") -> tuple[LocationSource, ...]:
    return decode_located(written("abc@carrier", geolocation, access), MORNING).sources


def test_a_payload_names_the_sip_call_and_what_its_headers_say() -> None:
    located = decode_located(written("abc@carrier", "<cid:place@citizen>", f"3GPP-E-UTRAN-FDD; {CELL}"), MORNING)
    assert located.sip_call == "abc@carrier"
    assert located.sources == (
        LocationSource(SourceKind.REFERENCE, MORNING, reference="cid:place@citizen"),
        LocationSource(SourceKind.CELL, MORNING, method="3GPP-E-UTRAN-FDD", reference="5101012ab01c3d4"),
    )


def test_the_longest_payload_is_safe_in_the_ledger() -> None:
    assert len(written("x" * 100, "x" * 160, "x" * 160)) <= LONGEST_PAYLOAD


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_a_payload_that_was_cut_gives_what_is_left(cut: int) -> None:
    whole = written("abc@carrier", "<https://lis.example.com/x>", "")
    assert len(decode_located(whole[: 2 + cut] if cut else "v1", MORNING).sources) <= 1


@pytest.mark.parametrize("payload", ["", "v2.YQ==", "nonsense"])
def test_another_version_is_refused(payload: str) -> None:
    with pytest.raises(ValueError, match="version v1"):
        decode_located(payload, MORNING)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("geo:-8.4606,118.7273", (Shape.POINT, -8.4606, 118.7273, None, "")),
        ("geo:-8.4606,118.7273,12;u=30", (Shape.CIRCLE, -8.4606, 118.7273, 30.0, "")),
        ("GEO:-8.4606,118.7273;crs=wgs84;u=30", (Shape.CIRCLE, -8.4606, 118.7273, 30.0, "")),
        ("geo:-8.4606,118.7273;crs=moon", (None, None, None, None, "crs")),
        ("geo:-98.4606,118.7273", (None, None, None, None, "off_the_earth")),
        ("geo:here", (None, None, None, None, "coordinates")),
        ("geo:-8.4606,118.7273;u=wide", (None, None, None, None, "radius")),
    ],
)
def test_a_geo_uri_is_a_place(uri: str, expected: tuple[object, ...]) -> None:
    (place,) = told(f"<{uri}>;loc-src=lis.example.com")
    assert (place.shape, place.lat, place.lon, place.uncertainty_m, place.refusal) == expected
    assert (place.kind, place.reference) == (SourceKind.VALUE, uri)


def test_where_a_place_could_be_asked_for_is_kept_and_nobody_asks() -> None:
    assert [place.reference for place in told("<https://lis.example.com/x?y=1>, <sips:me@lis.example.com>")] == [
        "https://lis.example.com/x?y=1",
        "sips:me@lis.example.com",
    ]


def test_no_call_has_more_places_than_are_kept() -> None:
    assert len(told("<cid:a>," * 20)) == MOST_SOURCES


@pytest.mark.parametrize(
    ("header", "access", "cell"),
    [
        (f"3GPP-E-UTRAN-FDD; {CELL}", "3GPP-E-UTRAN-FDD", "5101012ab01c3d4"),
        (f'3GPP-UTRAN-TDD;{CELL.replace("=", "=" + chr(34))}";network-provided', "3GPP-UTRAN-TDD", "5101012ab01c3d4"),
        ("3GPP-GERAN; cgi-3gpp=51010aaaabbbb", "3GPP-GERAN", "51010aaaabbbb"),
        ("IEEE-802.11; i-wlan-node-id=00deadbeef00; local-time-zone=x", "IEEE-802.11", "00deadbeef00"),
        (
            "3GPP-GERAN; cgi-3gpp=51010aaaabbbb, 3GPP-NR; utran-cell-id-3gpp=510ff00; network-provided",
            "3GPP-NR",
            "510ff00",
        ),
        ("?; cgi-3gpp=51010aaaabbbb", "", "51010aaaabbbb"),
    ],
)
def test_a_cell_is_known_by_its_id_the_networks_own_word_first(header: str, access: str, cell: str) -> None:
    assert told(access=header) == (LocationSource(SourceKind.CELL, MORNING, method=access, reference=cell),)


@pytest.mark.parametrize("header", ["3GPP-E-UTRAN-FDD", "x" * 400, "cgi-3gpp=51010aaaabbbb", "a; cgi-3gpp=zz"])
def test_a_header_without_a_cell_is_kept_and_says_so(header: str) -> None:
    (place,) = told(access=header)
    assert (place.refusal, place.reference) == ("no_cell", header[:100])


# ---- the INVITE ------------------------------------------------------------------------------------------------------

DOCUMENT = pidf(CIRCLE).encode()


def invite(body: bytes, media: bytes = b"multipart/mixed;boundary=b1", **more: bytes) -> bytes:
    headers = {b"Call-ID": b"abc@carrier", b"To": b"<sip:112@city>", b"Content-Type": media}
    headers |= {name.encode().replace(b"_", b"-"): value for name, value in more.items()}
    lines = [name + b": " + value for name, value in headers.items() if value]
    return b"\r\n".join([b"INVITE sip:112@city SIP/2.0", *lines, b"", body])


def parts(*bodies: bytes, boundary: bytes = b"b1") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n" + body + b"\r\n" for body in bodies) + b"--" + boundary + b"--\r\n"


AUDIO = b"Content-Type: application/sdp\r\n\r\nv=0"
PLACE = b"Content-Type: application/pidf+xml\r\nContent-ID: <p@c>\r\n\r\n" + DOCUMENT


def found(message: bytes) -> list[Shape | str | None]:
    body = read_invite(message, MORNING)
    return [place.shape or place.refusal for place in body.sources] if body else []


def test_a_place_is_found_beside_the_audio_and_belongs_to_the_sip_call() -> None:
    body = read_invite(invite(parts(AUDIO, PLACE)), MORNING)
    assert isinstance(body, LocatedBody)
    assert (body.sip_call, [place.uncertainty_m for place in body.sources]) == ("abc@carrier", [850.24])


@pytest.mark.parametrize(
    "message",
    [
        invite(parts(PLACE, AUDIO)),
        invite(parts(AUDIO, PLACE.replace(b"application/pidf+xml", b"Application/PIDF+XML; charset=utf-8"))),
        invite(parts(AUDIO, PLACE), b'multipart/related; type=x; boundary="b1"'),
        invite(DOCUMENT, b"application/pidf+xml"),
        invite(parts(AUDIO, PLACE), b"multipart/mixed;\r\n\tboundary=b1"),
        invite(parts(AUDIO, PLACE)).replace(b"Content-Type: multipart", b"c : multipart").replace(b"Call-ID", b"i"),
        invite(parts(AUDIO, PLACE.replace(b"Content-Type", b"nonsense\r\nContent-Type"))),
    ],
)
def test_however_a_body_is_put_together_its_place_is_found(message: bytes) -> None:
    assert found(message) == [Shape.CIRCLE]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"OPTIONS sip:112@city SIP/2.0\r\n\r\n",
        b"INVITE sip:112@city SIP/2.0\r\n\r\n",
        invite(parts(AUDIO, PLACE), To=b"<sip:112@city>;tag=7"),
        invite(parts(AUDIO, PLACE), Call_ID=b""),
        invite(parts(AUDIO, PLACE), b""),
        invite(parts(AUDIO, PLACE), b"multipart/mixed"),
        invite(parts(AUDIO, PLACE), b"application/sdp;boundary=b1"),
        invite(parts(AUDIO, PLACE), b"multipart/mixed;boundary=other"),
        invite(parts(AUDIO)),
        invite(parts(AUDIO, b"\r\n\r\n" + DOCUMENT)),
        invite(parts(*[AUDIO] * 40, PLACE)),
    ],
)
def test_what_is_no_new_call_or_has_no_such_body_has_no_place(message: bytes) -> None:
    assert found(message) == []


def test_a_body_of_many_places_gives_eight() -> None:
    assert len(found(invite(parts(AUDIO, *[PLACE] * 12)))) == MOST_SOURCES


@given(st.binary(max_size=200), st.integers(0, 900))
def test_whatever_an_invite_holds_it_is_read_to_its_end(junk: bytes, cut: int) -> None:
    whole = invite(parts(AUDIO, junk, PLACE.replace(b"Circle", junk[:6])))
    for message in (whole, whole[:cut], whole[:cut] + junk, b"INVITE " + junk):
        body = read_invite(message, MORNING)
        assert body is None or (body.sip_call and body.sources)
