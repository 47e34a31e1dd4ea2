"""Caller IDs as trunks write them. The cases, with their reasons, stand in data/caller_ids.json."""

import json
import re
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.facts.phone_numbers import (
    LONGEST_NUMBER,
    LONGEST_PRESENTED,
    SERVICE_CODES,
    identify,
    normalise,
    warm_up,
)
from ticketing.model import CallerIdStyle, CallerKind, PresentedIdentity

AUTO = CallerIdStyle.AUTO
MOBILE = "+628123456789"
ANOTHER_MOBILE = "+6281398765432"
WITHHELD = '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=7f'
CHECKOUT = Path(__file__).resolve().parents[2]
CASES = json.loads((Path(__file__).parent / "data" / "caller_ids.json").read_text(encoding="utf-8"))["cases"]

# What a hostile or broken peer may send: any code point, lone surrogates and NUL included, and what looks
# like headers and numbers.
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
HEADER_LIKE = st.text(st.sampled_from('+0123456789<>"\\;:,@% -().siptel\x00\ud800é'), max_size=200)
DIGITS = st.from_regex(r"\A\+?[0-9]{0,20}\Z")
NUMBER_LIKE = st.one_of(
    DIGITS, st.builds("{}{}".format, st.sampled_from(["0", "00", "62", "+62", "01017", "+"]), DIGITS)
)
HOSTILE = st.one_of(ANY_TEXT, HEADER_LIKE, NUMBER_LIKE)
STYLES = st.sampled_from(CallerIdStyle)


@pytest.fixture(autouse=True, scope="module")
def _countries_loaded() -> None:
    warm_up()


@pytest.mark.parametrize("style", CallerIdStyle)
@pytest.mark.parametrize("case", CASES, ids=[ascii(case["sent"]) for case in CASES])
def test_a_number_means_what_its_trunk_wrote(case: dict[str, list[str | None]], style: CallerIdStyle) -> None:
    sent = str(case["sent"])
    e164, kind = case["every_style"] if "every_style" in case else case[style.value]
    assert normalise(sent, style) == (e164, kind)
    caller = identify(PresentedIdentity(number=sent), style)
    assert (caller.e164, caller.kind) == (e164, kind)


@pytest.mark.parametrize("style", CallerIdStyle)
@pytest.mark.parametrize("form", ["{}", "0{}", "62{}", "+62{}", "0062{}", "+{}", "sip:{}@10.0.0.1"])
@pytest.mark.parametrize("code", SERVICE_CODES)
def test_a_service_code_is_no_telephone_however_it_is_written(code: str, form: str, style: CallerIdStyle) -> None:
    assert normalise(form.format(code), style) == (None, CallerKind.SHORT)


def test_the_network_s_word_comes_before_the_caller_s_own() -> None:
    caller = identify(
        PresentedIdentity(
            number="6281398765432",
            from_header=f"<sip:{ANOTHER_MOBILE}@10.0.0.1>;tag=1",
            asserted_identity=f'"Budi" <sip:{MOBILE}@ims.example;user=phone>',
        ),
        AUTO,
    )
    assert (caller.e164, caller.kind, caller.raw) == (MOBILE, CallerKind.MOBILE, MOBILE)


@pytest.mark.parametrize("number", ["anonymous", "", "asterisk"])
def test_a_withheld_number_is_used_when_the_network_asserts_it(number: str) -> None:
    caller = identify(
        PresentedIdentity(
            number=number,
            from_header=WITHHELD,
            asserted_identity=f"<tel:{MOBILE}>",
            privacy="id;critical",
        ),
        AUTO,
    )
    assert caller.e164 == MOBILE
    assert caller.callable
    assert caller.presented.privacy == "id;critical"


@pytest.mark.parametrize(
    "asserted",
    [
        f'"Polres, Bima" <sip:110@ims.example>, <tel:{MOBILE}>',
        f"<sip:trunk-17@ims.example>,<tel:{MOBILE}>",
        f"sip:999999@ims.example, tel:{MOBILE}",
        f"<tel:{MOBILE}>, <sip:{ANOTHER_MOBILE}@ims.example>",
        f'"\\"<tel:{ANOTHER_MOBILE}>" <tel:{MOBILE}>',
        f"Budi Santoso <sip:{MOBILE}@ims.example>",
        f"SIP:{MOBILE}@ims.example;user=phone",
        f"{MOBILE}@ims.example",
        f"anonymous, {MOBILE}",
    ],
)
def test_of_several_asserted_identities_the_first_that_can_be_called_counts(asserted: str) -> None:
    assert identify(PresentedIdentity(asserted_identity=asserted), AUTO).e164 == MOBILE


@pytest.mark.parametrize(
    "asserted",
    [
        "sip:anonymous@anonymous.invalid",
        "<sip:trunk-17@ims.example>",
        "<sip:+62112@ims.example>",
        "<sip:+6281@ims.example>",
        f'"<tel:{ANOTHER_MOBILE}>',
        "<>",
        "",
    ],
)
def test_the_from_header_counts_when_the_network_asserts_nothing_callable(asserted: str) -> None:
    presented = PresentedIdentity(
        number="081398765432", from_header=f"<sip:{MOBILE}@10.0.0.1>", asserted_identity=asserted
    )
    assert identify(presented, AUTO).e164 == MOBILE


def test_asterisk_s_number_counts_when_no_header_names_one() -> None:
    # Asterisk may have it from a Remote-Party-ID.
    caller = identify(PresentedIdentity(number="08123456789", from_header=WITHHELD), AUTO)
    assert (caller.e164, caller.raw) == (MOBILE, "08123456789")


def test_a_number_in_a_display_name_is_the_caller_s_joke() -> None:
    caller = identify(
        PresentedIdentity(
            number="anonymous",
            name=MOBILE,
            from_header=f'"<sip:{MOBILE}@x>, tel:110" <sip:anonymous@anonymous.invalid>',
        ),
        AUTO,
    )
    assert (caller.e164, caller.kind) == (None, CallerKind.ANONYMOUS)


def test_a_trunk_s_name_does_not_make_a_withheld_number_a_known_one() -> None:
    caller = identify(PresentedIdentity(from_header=WITHHELD, asserted_identity="<sip:trunk-17@ims.example>"), AUTO)
    assert (caller.kind, caller.raw) == (CallerKind.ANONYMOUS, "anonymous")


def test_a_name_without_a_number_is_not_taken_for_a_withheld_one() -> None:
    caller = identify(PresentedIdentity(from_header="<sip:budi@10.0.0.1>"), AUTO)
    assert (caller.kind, caller.raw) == (CallerKind.UNKNOWN, "budi")


def test_digits_nobody_can_read_are_shown_to_the_taker() -> None:
    caller = identify(PresentedIdentity(from_header=WITHHELD, asserted_identity="<sip:646464@ims.example>"), AUTO)
    assert (caller.kind, caller.raw, caller.callable) == (CallerKind.UNKNOWN, "646464", False)


def test_a_phone_of_an_institution_shows_its_service_code() -> None:
    caller = identify(PresentedIdentity(number="14045", asserted_identity="<sip:trunk-17@x>"), AUTO)
    assert (caller.kind, caller.raw, caller.callable) == (CallerKind.SHORT, "14045", False)


def test_a_trunk_that_sends_nothing_brings_an_anonymous_caller() -> None:
    caller = identify(PresentedIdentity(), AUTO)
    assert (caller.raw, caller.e164, caller.kind) == ("", None, CallerKind.ANONYMOUS)


@pytest.mark.parametrize("style", CallerIdStyle)
def test_a_mobile_of_ours_is_found_whatever_the_style_says(style: CallerIdStyle) -> None:
    caller = identify(PresentedIdentity(from_header="<sip:08123456789@10.0.0.1>"), style)
    assert (caller.raw, caller.e164, caller.kind) == ("08123456789", MOBILE, CallerKind.MOBILE)


def test_another_country_can_be_home() -> None:
    assert normalise("91234567", CallerIdStyle.NATIONAL, region="SG") == ("+6591234567", CallerKind.MOBILE)
    assert normalise("0065 9123 4567", AUTO, region="SG") == ("+6591234567", CallerKind.MOBILE)
    assert normalise("08123456789", AUTO, region="SG") == (None, CallerKind.UNKNOWN)
    assert normalise("008628123456789", AUTO, region="SG") == (None, CallerKind.UNKNOWN)
    assert normalise(MOBILE, AUTO, region="SG") == (MOBILE, CallerKind.FOREIGN)
    assert normalise("999", AUTO, region="SG") == (None, CallerKind.SHORT)
    assert normalise("129", AUTO, region="SG") == (None, CallerKind.UNKNOWN)


def test_without_a_known_home_every_number_is_foreign() -> None:
    assert normalise(MOBILE, AUTO, region="??") == (MOBILE, CallerKind.FOREIGN)
    assert normalise("08123456789", AUTO, region="??") == (None, CallerKind.UNKNOWN)
    assert normalise("112", AUTO, region="??") == (None, CallerKind.UNKNOWN)


def test_what_was_presented_is_kept_but_bounded_and_printable() -> None:
    flood = "\x00\ud800\u202e\r\nA" * 1000
    caller = identify(PresentedIdentity(flood, flood, flood, flood, flood), AUTO)
    assert [len(text) for text in astuple(caller.presented)] == list(LONGEST_PRESENTED.values())
    assert caller.presented.name.startswith("\ufffd\ufffd\ufffd  A\ufffd")
    assert caller.raw.startswith("\ufffd\ufffd\ufffd  A\ufffd")
    assert len(caller.raw) == LONGEST_NUMBER
    assert (caller.e164, caller.kind) == (None, CallerKind.UNKNOWN)


def test_a_long_display_name_cannot_push_the_network_s_word_away() -> None:
    asserted = f'"{"x" * 5000}" <sip:{MOBILE}@ims.example>'
    caller = identify(PresentedIdentity(from_header=f"<sip:{ANOTHER_MOBILE}@x>", asserted_identity=asserted), AUTO)
    assert caller.e164 == MOBILE


def test_a_flood_of_blanks_does_not_cut_a_number_out_of_a_longer_text() -> None:
    text = MOBILE + " " * 4000 + "0"
    assert normalise(text, AUTO) == (None, CallerKind.UNKNOWN)
    assert identify(PresentedIdentity(number=text), AUTO).e164 is None


def test_after_the_warm_up_no_call_waits_for_a_country_s_data() -> None:
    script = (
        "import sys\n"
        "from gateway.facts.phone_numbers import normalise, warm_up\n"
        "from ticketing.model import CallerIdStyle\n"
        "warm_up()\n"
        "before = set(sys.modules)\n"
        "for text in ('08123456789', '+6591234567', '+870772001234', '112', '14045'):\n"
        "    normalise(text, CallerIdStyle.AUTO)\n"
        "print(sorted(set(sys.modules) - before))"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


@settings(deadline=None, max_examples=500)
@given(st.builds(PresentedIdentity, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE), STYLES)
@example(PresentedIdentity(asserted_identity='"\\"' * 2000 + "\\"), AUTO)
@example(PresentedIdentity(asserted_identity="<" * 4000, from_header=",sip:" * 900), AUTO)
@example(PresentedIdentity(number="%" * 4000, from_header="sip:%ff%00@" + "@" * 4000), AUTO)
def test_no_text_breaks_the_reading(presented: PresentedIdentity, style: CallerIdStyle) -> None:
    caller = identify(presented, style)
    assert caller.e164 is None or re.fullmatch(r"\+[1-9][0-9]{6,14}", caller.e164)
    assert caller.callable == (caller.kind in {CallerKind.MOBILE, CallerKind.FIXED, CallerKind.FOREIGN})
    assert caller.callable == (caller.e164 is not None)
    assert len(caller.raw) <= LONGEST_NUMBER
    assert all(text.isprintable() for text in (caller.raw, *astuple(caller.presented)))


@settings(deadline=None, max_examples=1000)
@given(NUMBER_LIKE, STYLES, STYLES)
def test_a_number_once_read_stays_the_same(text: str, style: CallerIdStyle, later: CallerIdStyle) -> None:
    e164, kind = normalise(text, style)
    if e164 is not None:
        caller = identify(PresentedIdentity(number=e164), later)
        assert (caller.e164, caller.kind) == (e164, kind)
