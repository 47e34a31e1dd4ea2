from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.ticketing.evidence import MORNING
from ticketing.commands import (
    AddToken,
    AddUser,
    DisableUser,
    EndSession,
    EndSessionsOf,
    RevokeToken,
    SetPassword,
    StartSession,
)
from ticketing.errors import UnknownToken, UnknownUser, UserExists
from ticketing.model import Role
from ticketing.people import Session, Token, User

if TYPE_CHECKING:
    from tests.ticketing.room import Told
    from ticketing.desk import TicketDesk
    from ticketing.store import SqliteStore

DEWI = User("dewi", Role.SUPERVISOR, None, "$argon2id$1", MORNING)
DAMKAR = User("damkar", Role.SKPD, "DAMKAR", "$argon2id$2", MORNING + timedelta(microseconds=1))
HOUR = timedelta(hours=1)


def session(digest: str, user: str = "dewi", *, started: int = 0) -> Session:
    return Session(digest, user, f"csrf-{digest}", MORNING + started * HOUR, MORNING + (started + 8) * HOUR)


@pytest.fixture
async def peopled(desk: TicketDesk) -> TicketDesk:
    """A desk with a supervisor and somebody of the fire brigade."""
    await desk.handle(AddUser(DEWI))
    await desk.handle(AddUser(DAMKAR))
    return desk


@pytest.mark.usefixtures("peopled")
async def test_users_come_back_as_they_were_added_by_name(store: SqliteStore, told: Told) -> None:
    assert await store.users() == (DAMKAR, DEWI)
    assert await store.user("dewi") == DEWI
    assert await store.user("Dewi") is None
    assert told.news == []


async def test_a_name_is_given_once_even_after_it_was_disabled(peopled: TicketDesk, store: SqliteStore) -> None:
    await peopled.handle(DisableUser("dewi"))
    with pytest.raises(UserExists, match="there is a user dewi already"):
        await peopled.handle(AddUser(replace(DEWI, role=Role.ADMIN)))
    assert await store.user("dewi") == replace(DEWI, disabled=True)


async def test_a_session_is_found_with_its_user_until_it_is_ended(peopled: TicketDesk, store: SqliteStore) -> None:
    for digest in ("a", "b"):
        await peopled.handle(StartSession(session(digest)))
    assert await store.session("a") == (session("a"), DEWI)
    await peopled.handle(EndSession("a"))
    await peopled.handle(EndSession("a"))
    assert await store.session("a") is None
    assert await store.session("b") == (session("b"), DEWI)


async def test_all_sessions_of_a_user_end_and_nobody_elses(peopled: TicketDesk, store: SqliteStore) -> None:
    for one in (session("a"), session("b"), session("c", "damkar")):
        await peopled.handle(StartSession(one))
    await peopled.handle(EndSessionsOf("dewi"))
    assert [await store.session(digest) for digest in "abc"] == [None, None, (session("c", "damkar"), DAMKAR)]


async def test_expired_sessions_are_forgotten_when_another_starts(peopled: TicketDesk, store: SqliteStore) -> None:
    await peopled.handle(StartSession(session("a")))
    await peopled.handle(StartSession(session("b", started=7)))
    assert await store.session("a") is not None
    await peopled.handle(StartSession(session("c", "damkar", started=8)))
    assert await store.session("a") is None
    assert await store.session("b") is not None


async def test_another_password_ends_the_sessions(peopled: TicketDesk, store: SqliteStore) -> None:
    await peopled.handle(StartSession(session("a")))
    await peopled.handle(StartSession(session("c", "damkar")))
    await peopled.handle(SetPassword("dewi", "$argon2id$3"))
    assert await store.user("dewi") == replace(DEWI, password_hash="$argon2id$3")
    assert await store.session("a") is None
    assert await store.session("c") is not None


async def test_a_token_acts_for_its_user_until_it_is_revoked(peopled: TicketDesk, store: SqliteStore) -> None:
    await peopled.handle(AddToken(Token("t", "damkar", MORNING)))
    assert await store.token_user("t") == DAMKAR
    await peopled.handle(RevokeToken("t"))
    assert await store.token_user("t") is None
    with pytest.raises(UnknownToken):
        await peopled.handle(RevokeToken("t"))


async def test_whoever_is_disabled_is_out_at_once_and_stays_out(peopled: TicketDesk, store: SqliteStore) -> None:
    await peopled.handle(StartSession(session("a")))
    await peopled.handle(AddToken(Token("t", "dewi", MORNING)))
    await peopled.handle(DisableUser("dewi"))
    assert await store.session("a") is None
    assert await store.token_user("t") is None
    for late in (StartSession(session("b")), AddToken(Token("u", "dewi", MORNING))):
        with pytest.raises(UnknownUser, match="no user dewi, or the user is disabled"):
            await peopled.handle(late)
    assert await store.session("b") is None


async def test_nothing_is_done_for_nobody(desk: TicketDesk) -> None:
    for command in (
        SetPassword("dewi", "…"),
        DisableUser("dewi"),
        StartSession(session("a")),
        AddToken(Token("t", "dewi", MORNING)),
    ):
        with pytest.raises(UnknownUser):
            await desk.handle(command)
    await desk.handle(EndSessionsOf("dewi"))
