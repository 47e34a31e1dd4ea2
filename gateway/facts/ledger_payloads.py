"""What our own records of Asterisk's journal carry (CEL user events), as pure functions.

What others may choose travels as base64: the writer of the journal escapes no backslash (Asterisk 22.10). What the
dialplan wrote may be cut anywhere and holds whatever a carrier or a caller sent.

    ARRIVED  v1.<trunk>.<number>.<name>.<From>.<P-Asserted-Identity>.<Privacy>    all but the trunk base64
    CALLER   base64 of JSON: {"v": 1, "raw", "e164", "kind", "presented": {…}}
    ASKED    v1.<question>.<answer>           by the caller's own channel, while the caller waits
             v1.<question>.<answer>.<call>    for a caller who is asked by a taker

Asterisk 22.10.1 cuts a line of its JSON journal at 1,023 bytes, in the middle of the record (asterisk/asterisk
issue 2106). Without the payload, a line of ours has up to 321: the rest is what a payload may take.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from ticketing.asked import WHILE_WAITING, CallerAnswer, Question
from ticketing.model import Caller, CallerKind, PresentedIdentity, parse_call_id

if TYPE_CHECKING:
    from datetime import datetime

    from ticketing.model import CallId

LONGEST_PAYLOAD = 640  # characters of a payload that is sure to fit a line of the journal
LONGEST_TEXT = 512  # characters of any text that a trunk sent
LONGEST_NUMBER = 32  # so much of the number as it was sent is kept whatever else is cut; E.164 has 15 digits

_ARRIVAL_VERSION = "v1"
_CALLER_VERSION = 1
_TRUNK = re.compile(r"[a-z][a-z0-9]{0,15}")
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_PRESENTED = tuple(field.name for field in fields(PresentedIdentity))


def decode_arrival(text: str) -> tuple[str, PresentedIdentity]:
    """Take an ARRIVED payload; give the trunk's name ("" for none) and what the trunk sent.

    Fields that are missing, cut or broken give what can be made of them, at most 512 characters of it,
    without blanks around. Raises ValueError only for a text that is no v1 payload at all.
    """
    version, _, rest = text.partition(".")
    if version != _ARRIVAL_VERSION:
        raise ValueError(f"not an arrival of version {_ARRIVAL_VERSION}: {version[:20]!r}")
    trunk, *parts = rest.split(".")
    sent = dict(zip(_PRESENTED, map(decode_text, parts), strict=False))
    return trunk if _TRUNK.fullmatch(trunk) else "", PresentedIdentity(**sent)


def decode_answer(payload: str, at: datetime, call: CallId) -> tuple[CallId, CallerAnswer]:
    """Take an ASKED payload of the channel `call`: whose answer it is, and the answer. Raises ValueError."""
    version, _, rest = payload.partition(".")
    name, _, said = rest.partition(".")
    if version != _ARRIVAL_VERSION:
        raise ValueError(f"not an answer of version {_ARRIVAL_VERSION}: {version[:20]!r}")
    question = Question(name)
    if question in WHILE_WAITING:
        return call, CallerAnswer(at, question, said)
    answer, _, whose = said.partition(".")
    return parse_call_id(whose), CallerAnswer(at, question, answer)


def encode_caller(caller: Caller) -> str:
    """Make a CALLER payload of at most 640 characters; long texts are cut, the longest first.

    Raises ValueError when the number is not one in E.164.
    """
    if caller.e164 is not None and not _E164.fullmatch(caller.e164):
        raise ValueError("the caller's number is not in E.164")
    longest = LONGEST_TEXT
    while len(payload := _encode_caller(caller, longest)) > LONGEST_PAYLOAD:
        longest //= 2
    return payload


def decode_caller(payload: str) -> Caller:
    """Take a CALLER payload; raise ValueError for anything that `encode_caller` does not make."""
    if len(payload) > LONGEST_PAYLOAD:
        raise ValueError(f"a CALLER payload of {len(payload)} characters")
    record = json.loads(base64.b64decode(payload, validate=True))
    if not isinstance(record, dict) or record.get("v") != _CALLER_VERSION:
        raise ValueError(f"not a CALLER payload of version {_CALLER_VERSION}")
    presented = record.get("presented")
    if not isinstance(presented, dict):
        raise ValueError("a CALLER payload without what the trunk sent")  # noqa: TRY004 - refused data
    e164 = None if record.get("e164") is None else _text_of(record, "e164")
    if e164 is not None and not _E164.fullmatch(e164):
        raise ValueError("a CALLER payload whose number is not in E.164")
    return Caller(
        raw=_text_of(record, "raw"),
        e164=e164,
        kind=CallerKind(_text_of(record, "kind")),
        presented=PresentedIdentity(**{name: _text_of(presented, name) for name in _PRESENTED}),
    )


def decode_text(part: str) -> str:
    """Give what can be made of base64 that may be cut anywhere: at most 512 characters, no blanks around."""
    letters = _NOT_BASE64.sub("", part)
    whole = letters[: len(letters) - (len(letters) % 4 == 1)]  # one letter over holds six bits: no byte
    decoded = base64.b64decode(whole + "=" * (-len(whole) % 4)).decode("utf-8", "replace")
    return decoded.strip()[:LONGEST_TEXT]


def _encode_caller(caller: Caller, longest: int) -> str:
    presented = {name: text[:longest] for name, text in asdict(caller.presented).items()}
    record = {
        "v": _CALLER_VERSION,
        "raw": caller.raw[: max(longest, LONGEST_NUMBER)],
        "e164": caller.e164,
        "kind": caller.kind.value,
        "presented": presented,
    }
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(text.encode()).decode("ascii")


def _text_of(record: dict[str, object], name: str) -> str:
    text = record.get(name)
    if not isinstance(text, str):
        raise ValueError(f"a CALLER payload whose {name} is no text")  # noqa: TRY004 - refused data
    return text
