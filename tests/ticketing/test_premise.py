"""Premise notes: what one is, how long it holds, what makes the next version of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.ticketing.evidence import MORNING
from ticketing.errors import ExpiryRefused, PremiseNoteWithdrawn, StalePremiseNote
from ticketing.premise import (
    LONGEST_ADDRESS,
    LONGEST_NOTE,
    LONGEST_TERM,
    PremiseAct,
    PremiseChanges,
    PremiseKind,
    PremiseNote,
    Premises,
    PremiseState,
    changed,
    containing,
    in_term,
    seen,
    withdrawn,
)

TODAY = date(2026, 11, 23)
LATER = MORNING + timedelta(hours=1)
HOUSE = Premises(area="52.72.01.1001", address="Gang Mawar 12")
DOG = PremiseNote(HOUSE, PremiseKind.HAZARD, "Anjing galak", date(2027, 11, 23), MORNING, "dewi", MORNING, "dewi", id=7)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"area": "52.72.01"},
        {"address": "Gang Mawar 12"},
        {"number": "+6281234500001", "area": "52.72.01"},
        {"number": "+6281234500001", "address": "Gang Mawar 12"},
        {"number": "081234500001"},
        {"number": "112"},
        {"number": ""},
        {"number": "+62812\n34500001"},
        {"area": "5272", "address": "Gang Mawar 12"},
        {"area": "52.72.01.", "address": "Gang Mawar 12"},
        {"area": "52.72%", "address": "Gang Mawar 12"},
        {"area": "52.72", "address": " \n "},
        {"area": "52.72", "address": "x" * (LONGEST_ADDRESS + 1)},
    ],
)
def test_a_note_is_about_a_number_or_an_address_in_an_area(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"number|area|address"):
        Premises(**given)


def test_what_stands_around_a_text_is_not_kept_and_what_no_database_can_hold_is_replaced() -> None:
    note = replace(
        DOG, premises=Premises(area="52", address=" Gang Mawar 12\n"), text="  Anjing\x00 galak ", reason=" x "
    )
    assert (note.premises.address, note.text, note.reason) == ("Gang Mawar 12", "Anjing\ufffd galak", "x")


@pytest.mark.parametrize("field", ["text", "reason"])
@pytest.mark.parametrize("text", ["", "  ", "x" * (LONGEST_NOTE + 1)])
def test_a_text_says_something_and_ends(field: str, text: str) -> None:
    given: dict[str, Any] = {field: text}
    with pytest.raises(ValueError, match=f"the {field} is"):
        replace(DOG, **given)


def test_a_note_holds_until_the_end_of_its_last_day() -> None:
    states = [DOG.state(DOG.expires_on + timedelta(days=days)) for days in (-1, 0, 1)]
    assert states == [PremiseState.IN_FORCE, PremiseState.IN_FORCE, PremiseState.EXPIRED]


def test_a_withdrawn_note_is_withdrawn_for_ever() -> None:
    ended = withdrawn(DOG, "Anjing sudah tidak ada", by="rini", at=LATER)
    assert ended == replace(
        DOG, withdrawn=True, reason="Anjing sudah tidak ada", changed_at=LATER, changed_by="rini", version=2
    )
    assert {ended.state(TODAY), ended.state(date(2099, 1, 1))} == {PremiseState.WITHDRAWN}
    with pytest.raises(PremiseNoteWithdrawn, match="premise note 7 is withdrawn: write a new one"):
        withdrawn(ended, None, by="rini", at=LATER)
    with pytest.raises(PremiseNoteWithdrawn):
        changed(ended, PremiseChanges(text="Anjing"), by="rini", at=LATER, day=TODAY)


@pytest.mark.parametrize(
    ("days", "allowed"), [(-1, False), (0, True), (LONGEST_TERM.days, True), (LONGEST_TERM.days + 1, False)]
)
def test_a_note_holds_from_today_on_and_not_for_ever(days: int, allowed: bool) -> None:  # noqa: FBT001
    asked = TODAY + timedelta(days=days)
    if allowed:
        assert in_term(asked, TODAY) == asked
        return
    with pytest.raises(ExpiryRefused, match="the last day is from 2026-11-23 to 2028-11-23") as refused:
        in_term(asked, TODAY)
    assert (refused.value.asked, refused.value.earliest) == (asked, TODAY)


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        (PremiseChanges(kind=PremiseKind.ACCESS), replace(DOG, kind=PremiseKind.ACCESS)),
        (PremiseChanges(text=" Dua anjing "), replace(DOG, text="Dua anjing")),
        (PremiseChanges(address="Gang Mawar 21"), replace(DOG, premises=replace(HOUSE, address="Gang Mawar 21"))),
        (PremiseChanges(expires_on=TODAY), replace(DOG, expires_on=TODAY)),
    ],
)
def test_a_change_is_the_next_version_with_who_made_it(changes: PremiseChanges, after: PremiseNote) -> None:
    made = changed(DOG, changes, by="rini", at=LATER, day=TODAY)
    assert made == replace(after, changed_at=LATER, changed_by="rini", version=2)
    assert [DOG.act, made.act] == [PremiseAct.WRITTEN, PremiseAct.CHANGED]


def test_what_says_nothing_new_makes_no_version() -> None:
    same = PremiseChanges(DOG.kind, f" {DOG.text} ", HOUSE.address, DOG.expires_on)
    for changes in (PremiseChanges(), same):
        assert changed(DOG, changes, by="rini", at=LATER, day=TODAY) is DOG


def test_an_expired_note_is_renewed_and_may_be_corrected_without_that() -> None:
    late = DOG.expires_on + timedelta(days=40)
    renewed = changed(DOG, PremiseChanges(expires_on=late), by="rini", at=LATER, day=late)
    assert renewed.state(late) is PremiseState.IN_FORCE
    corrected = changed(DOG, PremiseChanges(text="Dua anjing", expires_on=DOG.expires_on), by="r", at=LATER, day=late)
    assert corrected.state(late) is PremiseState.EXPIRED
    with pytest.raises(ExpiryRefused):
        changed(DOG, PremiseChanges(expires_on=DOG.expires_on + timedelta(days=1)), by="r", at=LATER, day=late)


def test_a_number_has_no_address() -> None:
    note = replace(DOG, premises=Premises("+6281234500001"))
    with pytest.raises(ValueError, match="not both"):
        changed(note, PremiseChanges(address="Gang Mawar 12"), by="rini", at=LATER, day=TODAY)


def test_whoever_changes_a_note_has_seen_it_as_it_is() -> None:
    assert seen(DOG, None) == seen(DOG, 1) == DOG
    with pytest.raises(StalePremiseNote, match="premise note 7 is at version 1 by now, not 2") as stale:
        seen(DOG, 2)
    assert (stale.value.note, stale.value.given, stale.value.current) == (7, 2, 1)


def test_an_area_lies_within_those_whose_code_begins_its_own() -> None:
    assert containing("52.72.01.1001") == ("52", "52.72", "52.72.01", "52.72.01.1001")
    assert containing("52") == ("52",)
