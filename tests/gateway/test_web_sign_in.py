from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.access.passwords import SHORTEST_PASSWORD, digest, hashed, matches
from gateway.access.sign_in_limit import PER_NAME
from gateway.web.door.auth import SESSION_LASTS
from tests.gateway.web_desk import PASSWORD, password_hash, token_of
from ticketing.commands import DisableUser, EndSessionsOf, RevokeToken
from ticketing.model import Role

if TYPE_CHECKING:
    from tests.gateway.web_desk import Room


async def test_signing_in_gives_a_cookie_that_scripts_and_other_sites_cannot_use(room: Room) -> None:
    visitor = room.visitor()
    answer = await visitor.sign_in(Role.SUPERVISOR)
    assert answer.status == 200
    assert answer.json == {"name": "supervisor", "role": "supervisor", "skpd": None, "csrf": visitor.csrf}
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("siaga112=")
    assert {"HttpOnly", "Path=/", "SameSite=Strict"} <= {part.strip() for part in cookie.split(";")}
    assert (await visitor.get("/session")).json == answer.json


async def test_the_store_keeps_no_secret_that_would_let_somebody_in(room: Room) -> None:
    visitor = await room.signed_in(Role.ADMIN)
    (cookie,) = visitor.session.cookie_jar
    assert await room.store.session(cookie.value) is None
    found = await room.store.session(digest(cookie.value))
    assert found is not None
    assert found[1].name == "admin"


@pytest.mark.parametrize(
    ("name", "password"),
    [("supervisor", "wrong-password"), ("nobody", PASSWORD), ("Supervisor", PASSWORD), ("'; --", PASSWORD)],
)
async def test_wrong_name_and_wrong_password_are_told_apart_by_nobody(room: Room, name: str, password: str) -> None:
    answer = await room.visitor().sign_in(name, password)
    assert answer.status == 401
    assert answer.json["detail"] == "wrong name or password"
    assert "Set-Cookie" not in answer.headers


async def test_a_password_is_guessed_so_often_and_no_more(room: Room) -> None:
    visitor = room.visitor()
    tries = [await visitor.sign_in("supervisor", f"guess number {n}") for n in range(PER_NAME + 1)]
    assert [answer.status for answer in tries] == [401] * PER_NAME + [429]
    assert 0 < int(tries[-1].headers["Retry-After"]) <= 301
    # Not even the right one any more; and others are not locked out with it.
    assert (await visitor.sign_in(Role.SUPERVISOR)).status == 429
    assert (await visitor.sign_in(Role.ADMIN)).status == 200


async def test_guesses_at_once_are_counted_one_by_one(room: Room) -> None:
    visitor = room.visitor()
    tries = await asyncio.gather(*(visitor.sign_in("supervisor", f"guess number {n}") for n in range(PER_NAME * 2)))
    assert sorted(answer.status for answer in tries) == [401] * PER_NAME + [429] * PER_NAME


async def test_signing_out_ends_the_session_wherever_its_cookie_is(room: Room) -> None:
    visitor = await room.signed_in(Role.SUPERVISOR)
    (cookie,) = visitor.session.cookie_jar
    thief = room.visitor(Cookie=f"siaga112={cookie.value}")
    assert (await thief.get("/session")).status == 200
    assert (await visitor.ask("DELETE", "/session")).status == 204
    assert (await thief.get("/session")).status == 401
    assert (await visitor.get("/session")).status == 401


async def test_a_session_lasts_a_long_shift(room: Room) -> None:
    visitor = await room.signed_in(Role.CALL_TAKER)
    room.clock.time += SESSION_LASTS - timedelta(microseconds=1)
    assert (await visitor.get("/session")).status == 200
    room.clock.time += timedelta(microseconds=1)
    assert (await visitor.get("/session")).status == 401


async def test_a_disabled_user_is_out_at_once_and_stays_out(room: Room) -> None:
    visitor, program = await room.signed_in(Role.CALL_TAKER), room.program(Role.CALL_TAKER)
    await room.desk.handle(DisableUser("call_taker"))
    assert (await visitor.get("/session")).status == 401
    assert (await program.get("/session")).status == 401
    assert (await room.visitor().sign_in(Role.CALL_TAKER)).status == 401


async def test_all_sessions_of_a_user_can_be_ended(room: Room) -> None:
    desk, telephone = await room.signed_in(Role.SUPERVISOR), await room.signed_in(Role.SUPERVISOR)
    other = await room.signed_in(Role.ADMIN)
    await room.desk.handle(EndSessionsOf("supervisor"))
    assert [(await one.get("/session")).status for one in (desk, telephone, other)] == [401, 401, 200]


async def test_a_revoked_token_opens_nothing(room: Room) -> None:
    program = room.program(Role.ADMIN)
    assert (await program.get("/session")).json == {"name": "admin", "role": "admin", "skpd": None, "csrf": None}
    await room.desk.handle(RevokeToken(digest(token_of(Role.ADMIN))))
    answer = await program.get("/session")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer ", "Basic YWRtaW46eA==", "Bearer " + "x" * 5000, "é"])
async def test_an_authorization_that_is_none_is_none(room: Room, authorization: str) -> None:
    visitor = await room.signed_in(Role.ADMIN)
    # A header that does not hold is not made up for by a cookie.
    answer = await visitor.get("/session", headers={"Authorization": authorization})
    assert answer.status in {400, 401}


async def test_a_cookie_that_is_none_is_none(room: Room) -> None:
    for cookie in ["siaga112=", "siaga112=x", "siaga112=" + "x" * 3000, 'siaga112="', "siaga112=%00", "=;=,;"]:
        assert (await room.visitor(Cookie=cookie).get("/session")).status == 401


async def test_a_change_made_with_a_cookie_needs_the_proof_that_our_page_asks(room: Room) -> None:
    number = await room.ticket()
    visitor = await room.signed_in(Role.SUPERVISOR)
    csrf, visitor.csrf = visitor.csrf, None
    asked = {"status": "on_progress"}
    for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": "é"}):
        answer = await visitor.ask("POST", f"/tickets/{number}/status", json=asked, headers=headers)
        assert answer.status == 403
        assert answer.json["type"] == "urn:siaga112:problem:csrf"
    visitor.csrf = csrf
    assert (await visitor.ask("POST", f"/tickets/{number}/status", json=asked)).status == 200


async def test_the_proof_of_one_session_is_none_in_another(room: Room) -> None:
    mine, yours = await room.signed_in(Role.SUPERVISOR), await room.signed_in(Role.SUPERVISOR)
    mine.csrf = yours.csrf
    assert (await mine.ask("DELETE", "/session")).status == 403


def test_a_password_is_known_by_its_hash_alone() -> None:
    assert matches(PASSWORD, password_hash())
    assert not matches(PASSWORD.upper(), password_hash())
    assert not matches(PASSWORD, None)
    assert not matches(PASSWORD, "no hash at all")
    assert hashed(PASSWORD).startswith("$argon2id$")


@pytest.mark.parametrize("password", ["", "x" * (SHORTEST_PASSWORD - 1), "x" * 1025])
def test_a_password_is_neither_short_nor_endless(password: str) -> None:
    with pytest.raises(ValueError, match="10 to 1024"):
        hashed(password)
