"""Passwords and PINs as argon2id hashes, and secrets whose digest alone is kept."""

from __future__ import annotations

import secrets
from functools import cache
from hashlib import sha256
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ticketing.skpd import parse_pin

# RFC 9106, second recommended option: 64 MiB, 3 passes, 4 lanes (argon2-cffi's defaults).
_HASHER: Final = PasswordHasher()

SHORTEST_PASSWORD: Final = 10
LONGEST_PASSWORD: Final = 1024


def hashed(password: str) -> str:
    """Hash a new password; raise ValueError when it is too short or too long. Takes tens of milliseconds."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ValueError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return _HASHER.hash(password)


def hashed_pin(pin: str) -> str:
    """Hash the PIN of an SKPD's officers; raise ValueError for what is none. Takes as long as a password's.

    A PIN is short: its hash keeps it from whoever reads a backup for some hours, not for ever.
    """
    return _HASHER.hash(parse_pin(pin))


def matches(password: str, password_hash: str | None) -> bool:
    """Whether this is the password, or the PIN; with None (nobody of that name) it takes as long and is False."""
    try:
        _HASHER.verify(_nobodys_hash() if password_hash is None else password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_hex())


def new_secret() -> str:
    """256 bits for a cookie, a CSRF proof or a token, in letters that every header takes."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a secret: with 256 random bits in it, a plain SHA-256 cannot be undone."""
    return sha256(secret.encode()).hexdigest()
