"""PIDF-LO bodies: what carriers send of a caller's place, and what nobody should."""

from __future__ import annotations

from typing import Final

WGS84: Final = "urn:ogc:def:crs:EPSG::4326"
METRES: Final = "urn:ogc:def:uom:EPSG::9001"
DEGREES: Final = "urn:ogc:def:uom:EPSG::9102"
_NAMES: Final = (
    'xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"'
    ' xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gml="http://www.opengis.net/gml"'
    ' xmlns:gs="http://www.opengis.net/pidflo/1.0" xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr"'
    ' xmlns:con="urn:ietf:params:xml:ns:geopriv:conf"'
)
_POS: Final = "<gml:pos>-8.4606 118.7273</gml:pos>"

POINT: Final = f'<gml:Point srsName="{WGS84}">{_POS}</gml:Point>'
CIRCLE: Final = f'<gs:Circle srsName="{WGS84}">{_POS}<gs:radius uom="{METRES}">850.24</gs:radius></gs:Circle>'
ELLIPSE: Final = (
    f'<gs:Ellipse srsName="{WGS84}">{_POS}<gs:semiMajorAxis uom="{METRES}">77.5</gs:semiMajorAxis>'
    f'<gs:semiMinorAxis uom="{METRES}">38.7</gs:semiMinorAxis><gs:orientation uom="{DEGREES}">40</gs:orientation>'
    "</gs:Ellipse>"
)
POLYGON: Final = (
    f'<gml:Polygon srsName="{WGS84}"><gml:exterior><gml:LinearRing><gml:pos>-8.46 118.72</gml:pos>'
    "<gml:pos>-8.46 118.74</gml:pos><gml:pos>-8.44 118.74</gml:pos><gml:pos>-8.46 118.72</gml:pos>"
    "</gml:LinearRing></gml:exterior></gml:Polygon>"
)
ARC_BAND: Final = (
    f'<gs:ArcBand srsName="{WGS84}">{_POS}<gs:innerRadius uom="{METRES}">1000</gs:innerRadius>'
    f'<gs:outerRadius uom="{METRES}">1500</gs:outerRadius><gs:startAngle uom="{DEGREES}">20</gs:startAngle>'
    f'<gs:openingAngle uom="{DEGREES}">120</gs:openingAngle></gs:ArcBand>'
)
CIVIC: Final = (
    '<ca:civicAddress xml:lang="id-ID"><ca:country>ID</ca:country><ca:A3>Kota Bima</ca:A3>'
    '<ca:RD>Jalan  Soekarno-Hatta "Utara"</ca:RD><ca:HNO>12</ca:HNO></ca:civicAddress>'
)
CONFIDENCE: Final = '<con:confidence pdf="normal">67</con:confidence>'
HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>'


def pidf(places: str, head: str = HEAD) -> str:
    """A document of one device, found by GPS, with these places."""
    return (
        f'{head}<presence {_NAMES} entity="pres:citizen@example.com"><dm:device id="d1"><gp:geopriv>'
        f"<gp:location-info>{places}</gp:location-info><gp:usage-rules/><gp:method>GPS</gp:method></gp:geopriv>"
        "<dm:deviceID>mac:1</dm:deviceID><dm:timestamp>2026-11-23T09:00:00+08:00</dm:timestamp></dm:device></presence>"
    )


def tuple_of(places: str) -> str:
    """The same as older senders write it."""
    return (
        f'{HEAD}<presence {_NAMES} entity="pres:citizen@example.com"><tuple id="t1"><status><gp:geopriv>'
        f"<gp:location-info>{places}</gp:location-info><gp:method>Cell</gp:method></gp:geopriv></status>"
        "<timestamp>yesterday</timestamp></tuple></presence>"
    )


def entities(*declared: str) -> str:
    """A document's head that declares entities."""
    return f'<?xml version="1.0"?><!DOCTYPE presence [{"".join(declared)}]>'


def turned(text: str) -> str:
    """An ellipse whose orientation is this."""
    return ELLIPSE.replace(">40<", f">{text}<")


def at(text: str) -> str:
    """A point at this place."""
    return POINT.replace("-8.4606 118.7273", text)


def wide(text: str) -> str:
    """A circle of this radius."""
    return CIRCLE.replace("850.24", text)


_TENFOLD: Final = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))

HOSTILE: Final[dict[str, bytes]] = {
    "a billion laughs": pidf(at("&e9;"), entities('<!ENTITY e0 "ha">', _TENFOLD)).encode(),
    # These two make Asterisk's own reader die (docs/adr/0024).
    "entities on the stack": pidf(turned("&e2;"), entities(f'<!ENTITY e0 "{"A" * 5000}">', _TENFOLD)).encode(),
    "a confidence before its place": pidf(CONFIDENCE + CIRCLE).encode(),
    "a quadratic blow-up": pidf(turned("&e0;" * 5000), entities(f'<!ENTITY e0 "{"A" * 25000}">')).encode(),
    "entities in a ring": pidf(at("&a;"), entities('<!ENTITY a "&b;">', '<!ENTITY b "&a;">')).encode(),
    "a file": pidf(at("&x;"), entities('<!ENTITY x SYSTEM "file:///etc/passwd">')).encode(),
    "a document type from elsewhere": pidf(
        POINT, '<?xml version="1.0"?><!DOCTYPE presence SYSTEM "http://127.0.0.1:9/x.dtd">'
    ).encode(),
    "a parameter entity": pidf(POINT, entities('<!ENTITY % p SYSTEM "http://127.0.0.1:9/p">', "%p;")).encode(),
    "60 kB of digits": pidf(at("9" * 58_000)).encode(),
    "60 kB of angle": pidf(turned("9" * 57_000)).encode(),
    "250 levels": pidf("<gml:Point>" * 250 + "</gml:Point>" * 250).encode(),
    "2 500 levels": pidf("<gs:C>" * 2500 + "</gs:C>" * 2500).encode(),
    "9 000 elements": pidf("<a/>" * 9_000).encode(),
    "a thousand attributes": pidf("<a " + " ".join(f'b{n}=""' for n in range(1_000)) + "/>").encode(),
    "no place": pidf("").encode(),
    "an empty point": pidf("<gml:Point/>").encode(),
    "an empty address": pidf("<ca:civicAddress/>").encode(),
    "a shape of nobody": pidf("<gs:Banana/>").encode(),
    "words for a place": pidf("behind the market").encode(),
    "north of the pole": pidf(at("90.0001 118")).encode(),
    "beyond the date line": pidf(at("-8.4 180.5")).encode(),
    "no numbers": pidf(at("NaN NaN")).encode(),
    "endless": pidf(at("Infinity -Infinity")).encode(),
    "an exponent": pidf(at("1e1 1e2")).encode(),
    "one number": pidf(at("-8.46")).encode(),
    "four numbers": pidf(at("-8.46 118.7 1 2")).encode(),
    "a radius of nothing": pidf(wide("0")).encode(),
    "a radius below nothing": pidf(wide("-5")).encode(),
    "a radius around the earth": pidf(wide("99999999")).encode(),
    "feet": pidf(CIRCLE.replace("EPSG::9001", "EPSG::9002")).encode(),
    "another grid": pidf(POINT.replace("EPSG::4326", "EPSG::32750")).encode(),
    "a line for a polygon": pidf(POLYGON.replace("<gml:pos>-8.44 118.74</gml:pos>", "")).encode(),
    "no XML": b"where I am",
    "nothing": b"",
    "half a document": pidf(CIRCLE).encode()[:700],
    "invalid UTF-8": pidf(CIVIC).encode().replace(b"Kota", b"\xff\xfe\xc3("),
    "a NUL": pidf(wide("8\x0050")).encode(),
    "an encoding of nobody": pidf(POINT, '<?xml version="1.0" encoding="klingon"?>').encode(),
    "UTF-7": pidf(POINT, '<?xml version="1.0" encoding="UTF-7"?>').encode(),
    "dialplan, HTML and SQL": pidf(CIVIC.replace("12<", "${SHELL(id)} &lt;script>'; DROP TABLE calls; --\\<")).encode(),
}
