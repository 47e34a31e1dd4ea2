"""The caller's number: from what a trunk sent to a number that can be called back, or to none.

phonenumbers knows the world's numbering plans. What it cannot know is how a trunk writes numbers: left to
guess, it reads 62374646464 (Bima) as a line in Tanjung Balai and 6591234567 (Singapore) as one in Blangpidie
(measured with phonenumbers 9.0.43). So the guessing is done here, by rules, and the library is only ever
asked about `+` and digits. Where two readings remain and neither is much the likelier, there is no number: a
taker who sees UNKNOWN asks the caller, a wrong number rings a stranger.
"""

from __future__ import annotations

import re
from dataclasses import fields, replace
from enum import Enum, auto
from itertools import islice
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import phonenumbers

from ticketing.model import Caller, CallerIdStyle, CallerKind, PresentedIdentity
from ticketing.skpd import E164, LINE_CODES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_NUMBER: Final = 128
"""Characters of `Caller.raw`; whatever is longer is no number."""

LONGEST_TYPED: Final = 40
"""Characters of what people type as a line's number, blanks and brackets included."""

LONGEST_PRESENTED: Final[Mapping[str, int]] = {
    "number": 256,
    "name": 256,
    "from_header": 512,
    "asserted_identity": 512,
    "privacy": 256,
}
"""Characters kept of each field of the presented identity."""

SERVICE_CODES: Final[Mapping[str, str]] = {
    "108": "Telkom, directory enquiries",  # the operators' codes in Wikipedia, Telephone numbers in Indonesia
    "110": "Polri, police",  # KM 28/2004 (numbering plan), emergency numbers 11X
    "112": "the single emergency number",  # Permenkominfo 10/2016
    "113": "Pemadam Kebakaran, fire",  # KM 28/2004
    "115": "Basarnas, search and rescue",  # KM 28/2004
    "117": "BNPB and BPBD, disasters",  # BNPB's statement of 22 November 2022
    "118": "ambulance",  # KM 28/2004
    "119": "Kementerian Kesehatan, medical emergencies",  # Permenkes 19/2016
    "122": "Posko Kewaspadaan Nasional",  # layanan112.kominfo.go.id, as GridKids quotes it
    "123": "PLN, electricity",  # PLN's contact centre
    "129": "SAPA, violence against women and children",  # Kementerian PPPA, after Perpres 65/2020
}
"""Indonesian service codes and who answers there. phonenumbers 9.0.43 lacks 108, 115, 117, 122, 123, 129."""

# Words a network or Asterisk puts where a withheld number would be: RFC 3323 and RFC 3325 (anonymous),
# 3GPP TS 29.163 (unavailable), Asterisk's own default (asterisk) and AGI (unknown), exchanges (the rest).
_WITHHELD: Final = frozenset(
    {"anonymous", "asterisk", "blocked", "private", "restricted", "unavailable", "unknown", "withheld"}
)

# KM 28/2004: 00X for international calls, 010XY (Y not 0) for those over Internet telephony. Of the 00X those
# in use: 001 and 008 Indosat, 007 Telkom, 009 Bakrie. A plain 00 is none of them, but gateways write it.
_INDONESIAN_PREFIXES: Final = (re.compile("00"), re.compile("00[1789]"), re.compile(r"010\d[1-9]"))
_PLAIN_PREFIXES: Final = (re.compile("00"),)

# Subscriber numbers without their area code have up to eight digits (Jakarta, Surabaya, Bandung, Medan).
_LONGEST_LOCAL: Final = 8

# RFC 3325 allows two identities (a sip: and a tel:); more are not worth the time of a call.
_MOST_ADDRESSES: Final = 4

# An unclosed quote runs to the end: the expression cannot fail, so it cannot backtrack on hostile text.
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.?)*(?:"|\Z)')
_ADDRESS: Final = re.compile(r"<([^<>]*)>|(?:^|,)\s*((?:sips?|tel):[^\s,<>]*)", re.IGNORECASE)
_SCHEME: Final = re.compile(r"(sip|tel)s?:", re.IGNORECASE)
_GLOBAL_CONTEXT: Final = re.compile(r";phone-context=(\+[^;]*)", re.IGNORECASE)
_SEPARATORS: Final = re.compile("[ \\t\u00a0()./\\-\u2010-\u2015\u2212]")
_DIALLABLE: Final = re.compile(r"\+?[0-9]{1,32}")
_E164: Final = re.compile(E164)
_NOT_A_LETTER_OR_DIGIT: Final = re.compile(r"[^a-z0-9]+")


class _Line(Enum):
    """What is at the other end; of a foreign number also whether it can be in our country at all."""

    MOBILE = auto()
    FIXED = auto()
    SERVICE = auto()
    ROAMING = auto()  # a foreign mobile, or one that may be
    FAR = auto()  # any other foreign number
    NONE = auto()


_Reading = tuple[str | None, _Line]
_NO_READING: Final[_Reading] = (None, _Line.NONE)
_NOBODY: Final = Caller(raw="", e164=None, kind=CallerKind.ANONYMOUS)

_KINDS: Final[Mapping[_Line, CallerKind]] = {
    _Line.MOBILE: CallerKind.MOBILE,
    _Line.FIXED: CallerKind.FIXED,
    _Line.SERVICE: CallerKind.SHORT,
    _Line.ROAMING: CallerKind.FOREIGN,
    _Line.FAR: CallerKind.FOREIGN,
    _Line.NONE: CallerKind.UNKNOWN,
}
_HOME: Final = frozenset({_Line.MOBILE, _Line.FIXED, _Line.SERVICE})
_ANY: Final = _HOME | {_Line.ROAMING, _Line.FAR}

_ROAMING_TYPES: Final = frozenset(
    {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
)
_SERVICE_TYPES: Final = frozenset(
    {
        phonenumbers.PhoneNumberType.TOLL_FREE,
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
        phonenumbers.PhoneNumberType.UAN,
    }
)

# How bare digits (neither + nor 0 in front) are read: as a number with its country code ("abroad") or as one
# of this country without it ("home"); the first step that finds a line of its sort decides.
_BARE: Final[Mapping[CallerIdStyle, tuple[tuple[str, frozenset[_Line]], ...]]] = {
    CallerIdStyle.AUTO: (
        # 62…: an exchange that writes national numbers writes their 0; and a fixed line of the areas 062x
        # reaches the 112 of its own city, not ours.
        ("abroad", _HOME),
        # 8…: a mobile of ours without its 0. Some read as Japan or Hong Kong too: far rarer callers.
        ("home", frozenset({_Line.MOBILE})),
        # 65…: of the forms known from trunks only the country code begins so; nobody drops an area code's 0
        # alone. But the cell decides whose 112 rings: a foreign caller is a roaming mobile, no fixed line.
        ("abroad", frozenset({_Line.ROAMING})),
        ("home", _HOME),
        ("abroad", frozenset({_Line.FAR})),
    ),
    # The trunk writes country codes; a + that was lost on the way changes nothing.
    CallerIdStyle.E164: (("abroad", _ANY), ("home", frozenset({_Line.SERVICE}))),
    CallerIdStyle.E164_BARE: (("abroad", _ANY), ("home", frozenset({_Line.SERVICE}))),
    # 62… as in AUTO, for the same reason; all else is a national number without its 0.
    CallerIdStyle.NATIONAL: (("abroad", _HOME), ("home", _HOME)),
}


def identify(presented: PresentedIdentity, style: CallerIdStyle, *, region: str = "ID") -> Caller:
    """Say who calls, from what the trunk sent; never raises, whatever the text.

    The network's own word (P-Asserted-Identity, RFC 3325) comes before the From header, and that before
    `presented.number` (CALLERID(num) of Asterisk); but a number that can be called back comes before a
    service code wherever it stands, and both before text that means nothing. Privacy hides nothing here: it
    asks that the called party be not told, and an emergency service may be. With no number anywhere the
    caller is ANONYMOUS; text that is neither a number nor a word for a withheld one is UNKNOWN.

    `style` is the trunk's; `region` is the country whose numbers are MOBILE, FIXED and SHORT (the tables here
    are Indonesia's). `raw` is the user part as the trunk wrote it, `presented` is all of it: both printable,
    and bounded by LONGEST_NUMBER and LONGEST_PRESENTED.
    """
    asserted = [_caller(user, style, region) for user in _users(presented.asserted_identity)]
    best = min(asserted, key=_rank, default=_NOBODY)
    if best.e164 is None:
        claimed = dict.fromkeys([*_users(presented.from_header), _user_part(presented.number)])
        callers = [*asserted, *(_caller(user, style, region) for user in claimed if user)]
        best = min(callers, key=_rank, default=_NOBODY)
    return replace(best, presented=as_kept(presented))


def normalise(text: str, style: CallerIdStyle, *, region: str = "ID") -> tuple[str | None, CallerKind]:
    """Read one number, bare or as a sip: or tel: URI: its E.164 form (None without one) and its kind.

    `+…`, `00…`, `0…` and the Indonesian international prefixes mean the same in every style; the style
    decides about bare digits. Service numbers (110, 14045, 1500123, 0800…) are SHORT and have no E.164 form,
    since they name an institution and not a telephone. Never raises.
    """
    return _read(_user_part(text), style, region)


def dialled_line(text: str, *, region: str = "ID") -> str:
    """Read the number of an SKPD's line as people write it: its E.164 form, or a service code that may be dialled.

    The result is what `ticketing.skpd.Line` takes. Of the telephones only this country's are read, and only with
    their area code: where a city has typed a number wrong, nobody comes. Raises ValueError, which says how to write it.
    """
    digits = _typed(text)
    if region == "ID" and digits in LINE_CODES:
        return digits
    if digits.startswith("+"):
        e164, line = _telephone(digits, region)
    elif digits.startswith("0"):
        e164, line = _telephone(_with_home_code(digits[1:], region), region)
    else:
        e164, line = _NO_READING
    if e164 is None or line not in {_Line.MOBILE, _Line.FIXED}:
        raise ValueError(
            f"{_printable(text, 40)!r} is no telephone of this country with its area code (0374 42112, +6237442112), "
            f"and none of {', '.join(sorted(LINE_CODES))}"
        )
    return e164


def telephone(text: str, *, region: str = "ID") -> str:
    """Read the number of somebody's telephone as people write it: its E.164 form, as callers are known by it.

    Of other countries too, with their code. Raises ValueError, also for a service code, which is nobody's telephone.
    """
    e164, _ = normalise(_typed(text), CallerIdStyle.NATIONAL, region=region)
    if e164 is None:
        raise ValueError(f"{_printable(text, 40)!r} is no telephone with its area code, or + and its country's code")
    return e164


def _typed(text: str) -> str:
    """The digits, a + in front if there was one; raise ValueError."""
    # Not _dialled: a caller ID may bring parameters along, an operator's number may not.
    digits = _SEPARATORS.sub("", text[:LONGEST_TYPED])
    if len(text) > LONGEST_TYPED or not _DIALLABLE.fullmatch(digits):
        raise ValueError(f"{_printable(text, 40)!r} is no telephone number: digits, a + in front, and ( ) - . / alone")
    return digits


def warm_up() -> None:
    """Load the metadata of all countries (about a tenth of a second), so that no call pays for it."""
    phonenumbers.PhoneMetadata.load_all()
    for number in ("+628123456789", "14045"):
        normalise(number, CallerIdStyle.AUTO)


def _caller(user: str, style: CallerIdStyle, region: str) -> Caller:
    e164, kind = _read(user, style, region)
    return Caller(raw=_printable(user, LONGEST_NUMBER), e164=e164, kind=kind)


def _rank(caller: Caller) -> int:
    """Which of several identities to believe; the lowest, and of equals the first."""
    if caller.e164 is not None:
        return 0
    if caller.kind is CallerKind.SHORT:
        return 1
    if caller.kind is CallerKind.ANONYMOUS:
        return 3
    # Digits we cannot read may still tell a taker something; a trunk's or a provider's name does not.
    return 4 if _dialled(caller.raw) is None else 2


def as_kept(presented: PresentedIdentity) -> PresentedIdentity:
    """Give what is kept of what a trunk sent: printable, and bounded by LONGEST_PRESENTED."""
    return PresentedIdentity(
        **{
            field.name: _printable(getattr(presented, field.name), LONGEST_PRESENTED[field.name])
            for field in fields(presented)
        }
    )


def _printable(text: str, longest: int) -> str:
    """At most so many characters, each of them printable: blanks for white space, U+FFFD for the rest."""
    text = text[:longest]
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else " " if one.isspace() else "\ufffd" for one in text)


def _users(header: str) -> Iterator[str]:
    """Give the user parts of a From or P-Asserted-Identity header; a display name never counts."""
    plain = _QUOTED.sub(" ", header)
    addresses = [match[match.lastindex or 0] for match in islice(_ADDRESS.finditer(plain), _MOST_ADDRESSES)]
    for address in addresses or plain.split(",", _MOST_ADDRESSES)[:_MOST_ADDRESSES]:
        if user := _user_part(address):
            yield user


def _user_part(address: str) -> str:
    """`sip:USER:password@host;…`, `tel:USER`, `USER@host` or the bare USER; RFC 3261 section 19.1."""
    address = address.strip()
    scheme = _SCHEME.match(address)
    if scheme is None:
        user = address.partition("@")[0]
    elif scheme[1].lower() == "tel":
        user = address[scheme.end() :]
    else:
        userinfo, at, _host = address[scheme.end() :].partition("@")
        user = userinfo.partition(":")[0] if at else ""
    return unquote(user).strip()


def _read(user: str, style: CallerIdStyle, region: str) -> tuple[str | None, CallerKind]:
    if len(user) > LONGEST_NUMBER:
        return None, CallerKind.UNKNOWN
    if not user or _NOT_A_LETTER_OR_DIGIT.sub("", user.casefold()) in _WITHHELD:
        return None, CallerKind.ANONYMOUS
    number = _dialled(user)
    if number is None:
        return None, CallerKind.UNKNOWN
    if number.startswith("+"):
        e164, line = _telephone(number, region)
    elif number.startswith("0"):
        e164, line = _read_prefixed(number, region)
    else:
        e164, line = _read_bare(number, style, region)
    if line is _Line.NONE and _is_service_code(number, region):
        return None, CallerKind.SHORT
    return e164, _KINDS[line]


def _dialled(user: str) -> str | None:
    """Give the digits, + in front if there was one; None for anything that is no number."""
    number = user.partition(";")[0]
    context = _GLOBAL_CONTEXT.search(user)
    if context is not None and not number.startswith("+"):
        # RFC 3966, section 5.1.5: a local number, and the global prefix that makes it complete.
        number = context[1] + number
    digits = _SEPARATORS.sub("", number)
    if not _DIALLABLE.fullmatch(digits):
        return None
    # No country code begins with 0: such a + was put before a national number.
    return digits[1:] if digits.startswith("+0") else digits


def _read_prefixed(number: str, region: str) -> _Reading:
    """Read 0… and 00…; the same digits may fit several prefixes (0086… is 00 86… and 008 6…)."""
    prefixes = _INDONESIAN_PREFIXES if region == "ID" else _PLAIN_PREFIXES
    matches = [match for prefix in prefixes if (match := prefix.match(number))]
    readings = {_telephone(f"+{number[match.end() :]}", region) for match in matches}
    # Whose telephone can be calling our 112: first those at home, then those that travel.
    for likely in (_HOME, {_Line.ROAMING}, {_Line.FAR}):
        found = [reading for reading in readings if reading[1] in likely]
        if found:
            return found[0] if len(found) == 1 else _NO_READING
    return _telephone(_with_home_code(number, region), region)


def _read_bare(number: str, style: CallerIdStyle, region: str) -> _Reading:
    """Read digits that begin with neither + nor 0, as the trunk's style says."""
    steps = _BARE[style]
    if style is CallerIdStyle.AUTO and len(number) <= _LONGEST_LOCAL:
        # Perhaps a subscriber's number without its area code: of which city, nobody can tell.
        steps = (("home", frozenset({_Line.SERVICE})),)
    readings = {
        "abroad": _telephone(f"+{number}", region),
        "home": _telephone(_with_home_code(number, region), region),
    }
    return next((readings[place] for place, lines in steps if readings[place][1] in lines), _NO_READING)


def _with_home_code(number: str, region: str) -> str:
    return f"+{phonenumbers.country_code_for_region(region)}{number}"


def _telephone(international: str, region: str) -> _Reading:
    """Judge `+` and digits by the numbering plan of the country whose code they begin with."""
    try:
        number = phonenumbers.parse(international)
    except phonenumbers.NumberParseException:
        return _NO_READING
    number_type = phonenumbers.number_type(number)
    if number_type == phonenumbers.PhoneNumberType.UNKNOWN:
        return _NO_READING
    at_home = number.country_code == phonenumbers.country_code_for_region(region)
    if at_home and number_type in _SERVICE_TYPES:
        return None, _Line.SERVICE
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not _E164.fullmatch(e164):
        # The library takes some for valid that are shorter or longer than E.164 allows (Austria, Germany).
        return _NO_READING
    if at_home:
        return e164, _Line.MOBILE if number_type == phonenumbers.PhoneNumberType.MOBILE else _Line.FIXED
    return e164, _Line.ROAMING if number_type in _ROAMING_TYPES else _Line.FAR


def _is_service_code(number: str, region: str) -> bool:
    """Whether this is a service code, also when written +112, 0112, 62112, +62112 or 0062112."""
    country_code = phonenumbers.country_code_for_region(region)
    form = re.fullmatch(rf"(?:\+|00)?(?:{country_code})?0?([0-9]{{3,6}})", number)
    if form is None:
        return False
    if region == "ID" and form[1] in SERVICE_CODES:
        return True
    code = phonenumbers.PhoneNumber(country_code=country_code, national_number=int(form[1]))
    return phonenumbers.is_valid_short_number_for_region(code, region)
