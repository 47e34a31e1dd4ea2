from __future__ import annotations

import pytest

from tests.ticketing.evidence import MORNING
from ticketing.model import Role
from ticketing.people import Session, Token, User, parse_user_name
from ticketing.permissions import PERMISSIONS, Permission, may
from ticketing.transitions import RULES


@pytest.mark.parametrize("name", ["ab", "siti.r", "dewi_2", "a-b", "a" * 32])
def test_a_user_name_is_plain(name: str) -> None:
    assert parse_user_name(name) == name


@pytest.mark.parametrize("name", ["", "a", "Siti", "1siti", ".siti", "siti\n", "siti r", "sitï", "a" * 33])
def test_no_other_name_is_a_users(name: str) -> None:
    with pytest.raises(ValueError, match="is no user name"):
        parse_user_name(name)
    with pytest.raises(ValueError, match="is no user name"):
        User(name, Role.ADMIN, None, "$argon2id$…", MORNING)


def test_whoever_works_for_an_skpd_says_which_and_nobody_else_does() -> None:
    assert User("damkar", Role.SKPD, "DAMKAR", "…", MORNING).skpd == "DAMKAR"
    for role, skpd in ((Role.SKPD, None), (Role.SKPD, ""), (Role.SUPERVISOR, "DAMKAR")):
        with pytest.raises(ValueError, match="the role skpd needs an SKPD"):
            User("damkar", role, skpd, "…", MORNING)


def test_what_somebody_proves_it_with_is_not_shown() -> None:
    shown = repr(User("siti", Role.ADMIN, None, "hash-1", MORNING))
    shown += repr(Session("digest-1", "siti", "csrf-1", MORNING, MORNING)) + repr(Token("digest-2", "siti", MORNING))
    assert not any(secret in shown for secret in ("hash-1", "digest-1", "csrf-1", "digest-2"))


def test_every_permission_is_in_the_table_and_somebody_has_it() -> None:
    assert PERMISSIONS.keys() == set(Permission)
    assert all(PERMISSIONS.values())


@pytest.mark.parametrize(
    ("role", "has"),
    [
        (
            Role.CALL_TAKER,
            {
                "read_tickets",
                "triage",
                "turn_status",
                "dispatch",
                "update_dispatch",
                "read_calls",
                "read_live",
                "call_back",
                "read_skpds",
                "read_nuisance",
            },
        ),
        (Role.SKPD, {"read_tickets", "read_skpds", "update_dispatch"}),
        (
            Role.SUPERVISOR,
            {
                "read_tickets",
                "triage",
                "turn_status",
                "dispatch",
                "update_dispatch",
                "read_calls",
                "read_live",
                "play_recording",
                "call_back",
                "give_up_call_back",
                "place_test_call",
                "read_skpds",
                "read_nuisance",
                "judge_nuisance",
                "keep_premise_notes",
            },
        ),
        (
            Role.ADMIN,
            {
                "read_tickets",
                "read_calls",
                "read_live",
                "play_recording",
                "place_test_call",
                "read_skpds",
                "edit_skpds",
                "read_nuisance",
                "keep_premise_notes",
            },
        ),
    ],
)
def test_what_each_role_may(role: Role, has: set[str]) -> None:
    assert {permission for permission in Permission if may(role, permission)} == has


def test_whoever_some_status_rule_names_may_ask_for_a_status() -> None:
    named = {role for rules in RULES.values() for rule in rules for role in rule.roles}
    assert PERMISSIONS[Permission.TURN_STATUS] == named
