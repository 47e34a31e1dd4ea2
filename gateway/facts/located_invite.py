"""What a call brings of its place: the INVITE's body (RFC 6442), and what the dialplan keeps of its headers. Pure.

Asterisk's own parser of such bodies stays out: it can be made to die (docs/adr/0024). Asterisk mirrors each message to
the gateway instead (HEP, docs/adr/0024), which reads the body here. The headers are in the ledger as well:

    LOCATED  v1.<SIP Call-ID>.<Geolocation>.<P-Access-Network-Info>    each base64 of what was sent, cut
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.facts.ledger_payloads import decode_text
from gateway.places.pidf import Refused, metres, on_the_earth, places
from ticketing.located import MOST_SOURCES, LocationSource, Shape, SourceKind

if TYPE_CHECKING:
    from datetime import datetime

_LOCATED_VERSION: Final = "v1"
LONGEST_CALL_ID: Final = 100  # characters of a SIP Call-ID by which a body finds its call; the dialplan cuts it as well
# What the dialplan makes of brackets in it ([located]).
_AS_THE_DIALPLAN: Final = str.maketrans("()", "__")
_MOST_PARTS: Final = 16
_PIDF: Final = "application/pidf+xml"

_HEADER = re.compile(rb"([A-Za-z0-9.!%*_+`'~-]+)[ \t]*:[ \t]*(.*)", re.DOTALL)
_COMPACT: Final = {b"c": b"content-type", b"i": b"call-id", b"t": b"to"}
_BOUNDARY = re.compile(r';\s*boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_URI = re.compile(r"<([^<>\s]{1,300})>?")
_GEO = re.compile(r"geo:([^,;]+),([^,;]+)(?:,[^,;]+)?((?:;[^;]*)*)", re.IGNORECASE)
# What names an antenna in P-Access-Network-Info (RFC 7315; 3GPP TS 24.229, 7.2A.4).
_CELL = re.compile(
    r';\s*(?:utran-cell-id-3gpp|cgi-3gpp|utran-sai-3gpp|i-wlan-node-id)\s*=\s*"?([0-9A-Fa-f]{6,32})"?\s*(?=[;,]|$)',
    re.IGNORECASE,
)
_OF_THE_NETWORK = re.compile(r";\s*network-provided\s*(?=[;,]|$)", re.IGNORECASE)
_ACCESS = re.compile(r"[A-Za-z0-9.-]{1,40}")


@dataclass(frozen=True, slots=True)
class LocatedHeaders:
    """What the headers of a call say of its place, and the SIP Call-ID by which a body is found."""

    sip_call: str
    sources: tuple[LocationSource, ...]


@dataclass(frozen=True, slots=True)
class LocatedBody:
    """What the body of an INVITE says of the place of whoever calls with this SIP Call-ID."""

    sip_call: str
    sources: tuple[LocationSource, ...]


# ---- the ledger ------------------------------------------------------------------------------------------------------


def decode_located(payload: str, at: datetime) -> LocatedHeaders:
    """Take a LOCATED payload, which may be cut anywhere; raise ValueError for what is none of version 1."""
    version, _, rest = payload.partition(".")
    if version != _LOCATED_VERSION:
        raise ValueError(f"not a LOCATED payload of version {_LOCATED_VERSION}: {version[:20]!r}")
    sip_call, geolocation, access, *_ = [*map(decode_text, rest.split(".")), "", "", ""]
    sources = (*_of_uris(geolocation, at), *_of_access(access, at))
    return LocatedHeaders(sip_call[:LONGEST_CALL_ID], sources[:MOST_SOURCES])


def _of_uris(geolocation: str, at: datetime) -> tuple[LocationSource, ...]:
    return tuple(_of_uri(uri, at) for uri in _URI.findall(geolocation))


def _of_uri(uri: str, at: datetime) -> LocationSource:
    if uri[:4].lower() != "geo:":
        return LocationSource(SourceKind.REFERENCE, at, reference=uri)
    try:
        return _of_geo(uri, at)
    except Refused as refused:
        return LocationSource(SourceKind.VALUE, at, reference=uri, refusal=str(refused))


def _of_geo(uri: str, at: datetime) -> LocationSource:
    """Read `geo:-8.46,118.72;u=30` (RFC 5870): metres around WGS84 degrees."""
    match = _GEO.fullmatch(uri)
    if match is None:
        raise Refused("coordinates")
    given = dict(one.lower().partition("=")[::2] for one in match[3].split(";") if one)
    if given.get("crs", "wgs84") != "wgs84":
        raise Refused("crs")
    place = on_the_earth(match[1], match[2])
    if "u" not in given:
        return LocationSource(SourceKind.VALUE, at, Shape.POINT, *place, reference=uri)
    return LocationSource(SourceKind.VALUE, at, Shape.CIRCLE, *place, metres(given["u"]), reference=uri)


def _of_access(header: str, at: datetime) -> tuple[LocationSource, ...]:
    """The antenna, the network's own word before the phone's."""
    if not header:
        return ()
    told = [one.strip() for one in header.split(",")]
    surest = sorted(told, key=lambda one: not _OF_THE_NETWORK.search(one))
    found = next(((one, cell[1].lower()) for one in surest if (cell := _CELL.search(one))), None)
    if found is None:
        return (LocationSource(SourceKind.CELL, at, reference=header[:LONGEST_CALL_ID], refusal="no_cell"),)
    access = _ACCESS.match(found[0])
    return (LocationSource(SourceKind.CELL, at, method=access[0] if access else "", reference=found[1]),)


# ---- the body --------------------------------------------------------------------------------------------------------


def read_invite(message: bytes, at: datetime) -> LocatedBody | None:
    """Take a SIP message as it came; give the places in its body, None when it is no new call or holds none."""
    if not message.startswith(b"INVITE "):
        return None
    head, _, body = message.partition(b"\r\n\r\n")
    headers = _headers(head.partition(b"\r\n")[2])
    sip_call = headers.get(b"call-id", "").translate(_AS_THE_DIALPLAN)[:LONGEST_CALL_ID]
    # With a tag in To it belongs to a call that is there already (RFC 3261).
    if not sip_call or ";tag=" in headers.get(b"to", ""):
        return None
    documents = _documents(headers.get(b"content-type", ""), body)
    sources = tuple(source for document in documents for source in places(document, at))
    return LocatedBody(sip_call, sources[:MOST_SOURCES]) if sources else None


def _headers(head: bytes) -> dict[bytes, str]:
    """The headers by their long names in lower case, the first of each; folded lines are one."""
    found: dict[bytes, str] = {}
    for line in re.sub(rb"\r?\n[ \t]+", b" ", head).splitlines():
        if match := _HEADER.fullmatch(line):
            name = match[1].lower()
            found.setdefault(_COMPACT.get(name, name), match[2].decode("utf-8", "replace").strip())
    return found


def _documents(content_type: str, body: bytes) -> tuple[bytes, ...]:
    if _media(content_type) == _PIDF:
        return (body,)
    boundary = _BOUNDARY.search(content_type)
    if boundary is None or not _media(content_type).startswith("multipart/"):
        return ()
    delimiter = b"--" + (boundary[1] or boundary[2]).encode()
    parts = body.split(delimiter, _MOST_PARTS)[1:_MOST_PARTS]
    split = (_split_part(part) for part in parts)
    return tuple(content for media, content in split if media == _PIDF)[:MOST_SOURCES]


def _split_part(part: bytes) -> tuple[str, bytes]:
    head, _, content = part.lstrip(b"\r\n").partition(b"\r\n\r\n")
    return _media(_headers(head).get(b"content-type", "")), content.strip()


def _media(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
