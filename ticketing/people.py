"""Who works with the desk: users, and what they prove it with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ticketing.model import Role

if TYPE_CHECKING:
    from datetime import datetime

_USER_NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")


def parse_user_name(text: str) -> str:
    """Take 2 to 32 of a-z, 0-9 and `._-`, a letter first; raise ValueError otherwise."""
    if not _USER_NAME.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no user name: 2 to 32 of a-z, 0-9, '.', '_', '-', a letter first")
    return text


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in. Whoever has the role `skpd` works for one SKPD, and nobody else does.

    Raises ValueError for a name that is none, and for a role and an SKPD that do not go together.
    """

    name: str
    role: Role
    skpd: str | None
    password_hash: str = field(repr=False)
    created_at: datetime
    disabled: bool = False

    def __post_init__(self) -> None:
        parse_user_name(self.name)
        if (self.role is Role.SKPD) != bool(self.skpd):
            raise ValueError(f"{self.name}: the role skpd needs an SKPD, and no other role has one")


@dataclass(frozen=True, slots=True)
class Session:
    """A user at a browser. `digest` is the hash of the cookie: the database alone opens no session."""

    digest: str = field(repr=False)
    user: str
    csrf: str = field(repr=False)
    started_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """A program that acts for a user. `digest` is the hash of the bearer token."""

    digest: str = field(repr=False)
    user: str
    created_at: datetime
