"""The verbs about people, as an operator types them, on a line's own database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway.access.passwords import digest, matches
from gateway.first_admin import first_admin
from gateway.site.config import Settings
from ticketing.model import Role
from ticketing.store import open_store

if TYPE_CHECKING:
    from ticketing.people import User

CHECKOUT = Path(__file__).resolve().parents[2]
PASSWORD = "tujuh-bukit-Mantoi"


class Line:
    """A line's home and its command line."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def siaga112(self, *words: str, typed: str | bytes = "") -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SIAGA112_")}
        done = subprocess.run(
            [sys.executable, "-m", "gateway.cli", *words],
            env={**kept, "SIAGA112_HOME": str(self.home)},
            cwd=CHECKOUT,
            input=typed.encode() if isinstance(typed, str) else typed,
            capture_output=True,
            check=False,
            timeout=60,
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def told(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.siaga112(*words, "--json").stdout)

    def add(self, name: str, role: str, *more: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
        return self.siaga112("user", "add", name, "--role", role, "--password-stdin", *more, typed=f"{password}\n")

    @property
    def database(self) -> str:
        return f"sqlite+aiosqlite:///{self.home / 'siaga112.sqlite3'}"

    async def user(self, name: str) -> User | None:
        store = await open_store(self.database)
        try:
            return await store.user(name)
        finally:
            await store.close()

    async def user_of(self, token: str) -> User | None:
        store = await open_store(self.database)
        try:
            return await store.token_user(digest(token))
        finally:
            await store.close()


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


async def test_a_user_is_added_and_the_password_is_kept_as_a_hash_alone(line: Line) -> None:
    done = line.add("sri.wahyuni", "supervisor")
    assert (done.returncode, done.stderr) == (0, "")
    assert PASSWORD not in done.stdout
    user = await line.user("sri.wahyuni")
    assert user is not None
    assert (user.role, user.skpd, user.disabled) == (Role.SUPERVISOR, None, False)
    assert matches(PASSWORD, user.password_hash)
    assert PASSWORD.encode() not in b"".join(file.read_bytes() for file in line.home.glob("*.sqlite3*"))


async def test_an_skpds_dispatcher_belongs_to_an_skpd(line: Line) -> None:
    assert line.add("damkar1", "skpd", "--skpd", "damkar").returncode == 0
    user = await line.user("damkar1")
    assert user is not None
    assert user.skpd == "damkar"
    assert line.add("damkar2", "skpd").returncode != 0
    assert "is no SKPD's code" in line.add("damkar3", "skpd", "--skpd", "DAMKAR").stderr
    assert line.add("admin2", "admin", "--skpd", "damkar").returncode != 0


@pytest.mark.parametrize(
    ("name", "role", "password", "why"),
    [
        ("Sri", "admin", PASSWORD, "is no user name"),
        ("a b", "admin", PASSWORD, "is no user name"),
        ("sri", "king", PASSWORD, "'king' is not one of"),
        ("sri", "admin", "short", "10 to 1024"),
        ("sri", "admin", "", "10 to 1024"),
    ],
)
def test_what_cannot_be_a_user_is_refused_in_one_line(
    line: Line, name: str, role: str, password: str, why: str
) -> None:
    done = line.add(name, role, password=password)
    assert done.returncode != 0
    assert why in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_password_that_is_no_text_is_refused_in_one_line(line: Line) -> None:
    done = line.siaga112("user", "add", "sri", "--role", "admin", "--password-stdin", typed=b"\xff" * 20 + b"\n")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_users_are_listed_without_their_secrets(line: Line) -> None:
    line.add("sri", "supervisor")
    line.add("budi", "call_taker")
    assert line.add("budi", "admin").returncode == 1
    rows = line.told("user", "list")
    assert [(row["name"], row["role"], row["disabled"]) for row in rows] == [
        ("budi", "call_taker", False),
        ("sri", "supervisor", False),
    ]
    assert "argon2" not in json.dumps(rows)
    assert "budi" in line.siaga112("user", "list").stdout


async def test_a_token_acts_for_its_user_until_it_is_revoked_or_the_user_disabled(line: Line) -> None:
    line.add("kominfo", "supervisor")
    first, second = (line.siaga112("token", "create", "--user", "kominfo").stdout.strip() for _ in range(2))
    assert first != second
    user = await line.user_of(first)
    assert user is not None
    assert user.name == "kominfo"
    assert line.siaga112("token", "revoke", typed=f"{first}\n").returncode == 0
    assert await line.user_of(first) is None
    assert line.siaga112("token", "revoke", typed=f"{first}\n").returncode == 1
    assert line.siaga112("user", "disable", "kominfo").returncode == 0
    assert await line.user_of(second) is None
    assert line.siaga112("token", "create", "--user", "kominfo").returncode == 1


async def test_a_user_gets_another_password(line: Line) -> None:
    line.add("sri", "supervisor")
    done = line.siaga112("user", "password", "sri", "--password-stdin", typed="delapan-bukit-Mantoi\n")
    assert done.returncode == 0
    user = await line.user("sri")
    assert user is not None
    assert matches("delapan-bukit-Mantoi", user.password_hash)
    assert line.siaga112("user", "password", "nobody", "--password-stdin", typed="x" * 20).returncode == 1


async def test_a_line_that_nobody_can_sign_in_to_gets_its_admin_once(line: Line) -> None:
    settings = Settings(home=line.home)
    password = await first_admin(settings)
    assert password is not None
    admin = await line.user("admin")
    assert admin is not None
    assert admin.role is Role.ADMIN
    assert matches(password, admin.password_hash)
    assert await first_admin(settings) is None


async def test_a_line_with_users_gets_no_other_admin(line: Line) -> None:
    line.add("sri", "supervisor")
    assert await first_admin(Settings(home=line.home)) is None
    assert await line.user("admin") is None
