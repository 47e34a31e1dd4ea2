"""Garbage as a broken disk, a torn write or somebody with an editor leaves it in a journal. Pure.

None of it is a record that Asterisk could have written: a reader must not make a call of it, and must lose none that
stands before or behind it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

_MEGABYTES: Final = 3
_HALVES: Final = {
    "queue_log": b"1795469752|bima1-1795469752.0|112|PJSIP/201|CONN",
    "cel.json": b'{"eventtype":"ANSWER","eventenum":"ANSWER","userdeftype":"","eventtime":"17954697',
}


def garbage(form: str, journal: str, chance: random.Random) -> bytes:
    """Some garbage of this form (see `chaos.plan.GARBAGE`) for this journal."""
    match form:
        case "bytes":
            return chance.randbytes(chance.randrange(1, 20_000)) + b"\n"
        case "half a line":
            # Without its end: what Asterisk writes next stands in the same line.
            return _HALVES[journal][: chance.randrange(5, len(_HALVES[journal]))]
        case "megabytes":
            without_end = chance.randbytes(_MEGABYTES << 20).replace(b"\n", b" ")
            return without_end + (b"\n" if chance.random() < 0.5 else b"")
        case _:
            return b"".join(line + b"\n" for line in _hostile(chance))


def _hostile(chance: random.Random) -> list[bytes]:
    lines = [
        b"[" * 100_000,
        b'{"a":' * 20_000,
        b"null",
        b'{"eventtype":"ANSWER","eventenum":"ANSWER","eventtime":"1e999","uniqueid":[],"linkedid":{}}',
        b'{"eventenum":"HANGUP","eventtime":"99999999999.000000","channame":"\\u0000","uniqueid":"bima1-1.1"}',
        json.dumps(
            {"eventenum": "USER_DEFINED", "userdeftype": "ARRIVED", "eventextra": "'; DROP TABLE call; --"}
        ).encode(),
        b"1e9|" + b"|" * 5000,
        b"\xff\xfe" + "1795469752|x|112|PJSIP/201|CONNECT".encode("utf-16-le"),
        b"-1|bima1-1.1|112|PJSIP/201|CONNECT|0|bima1-1.2|0",
    ]
    chance.shuffle(lines)
    return lines
