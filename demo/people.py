"""Who works at the demo's desk, and whom it can ring: users, takers and their phones, SKPDs and their lines.

All of them are made through the command line, as a site's are.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.line import DemoLine

# Extension, name, and as whom they sign in.
TAKERS: Final = (
    ("101", "Rahmawati", "rahmawati"),
    ("102", "Junaidin", "junaidin"),
    ("103", "Siti Hajar", "siti"),
    ("104", "Arif Budiman", "arif"),
)
ABSENT: Final = ("105", "Kalisom")  # signed out: has the night shift
SUPERVISOR: Final = "dewi"
VISITOR: Final = "demo"  # whoever looks at the demo signs in as this supervisor

# Code, name, lines in their order, categories. The numbers are invented; nothing that is dialled leaves the machine.
SKPDS: Final = (
    (
        "damkar",
        "Pemadam Kebakaran",
        ("0374 112 113", "0812 0000 0113", "0812 0000 0213"),
        ("kebakaran", "evakuasi-hewan"),
    ),
    (
        "psc119",
        "PSC 119 Dinas Kesehatan",
        ("0374 112 119", "0812 0000 0119"),
        ("medis", "kecelakaan"),
    ),
    ("polres", "Polres Bima Kota", ("0374 112 110", "0812 0000 0110"), ("kriminal", "kdrt", "kecelakaan")),
    (
        "bpbd",
        "BPBD Kota Bima",
        ("0374 112 117,hours=Mon-Fri 07:30-16:00", "0812 0000 0117"),
        ("banjir", "pohon-tumbang", "sar"),
    ),
)


@dataclass(frozen=True, slots=True)
class Desk:
    """Who is there, and what they show."""

    phones: tuple[tuple[str, str], ...]  # extension, password
    supervisor: str  # token
    visitor_password: str


async def hire(line: DemoLine) -> Desk:
    """Make the takers with their phones, and the supervisors; raise DemoFailed when the command line refuses."""
    password = secrets.token_urlsafe(12)
    async with asyncio.TaskGroup() as group:
        group.create_task(_add_user(line, VISITOR, "supervisor", password))
        supervisor = group.create_task(_user(line, SUPERVISOR, "supervisor"))
        phones = [group.create_task(_phone(line, extension, name)) for extension, name, _ in TAKERS]
    return Desk(tuple(phone.result() for phone in phones), supervisor.result(), password)


def open_screens(line: DemoLine, group: asyncio.TaskGroup) -> dict[str, asyncio.Task[str]]:
    """Have the takers come to their screens, one after the other: extension → token.

    Each verb costs about a second of CPU: the telephones need not wait for these.
    """
    screens = {extension: group.create_task(_user(line, user, "call_taker")) for extension, _, user in TAKERS}
    group.create_task(line.siaga112("taker", "add", ABSENT[0], "--name", ABSENT[1]))
    return screens


def register_skpds(line: DemoLine, ring_s: int, group: asyncio.TaskGroup) -> dict[str, asyncio.Task[None]]:
    """Have the SKPDs registered, whose lines ring for so long each: code → done."""
    return {
        code: group.create_task(_skpd(line, code, name, [f"{one},ring={ring_s}" for one in lines], categories))
        for code, name, lines, categories in SKPDS
    }


def whom_to_send(category: str | None) -> tuple[str, ...]:
    """The SKPDs that act on such an incident."""
    return tuple(code for code, _, _, categories in SKPDS if category in categories)


async def _phone(line: DemoLine, extension: str, name: str) -> tuple[str, str]:
    await line.siaga112("taker", "add", extension, "--name", name, "--signed-in")
    login = json.loads(await line.siaga112("phone", "show", extension, "--json"))
    return extension, login["password"]


async def _skpd(line: DemoLine, code: str, name: str, lines: Sequence[str], categories: Sequence[str]) -> None:
    more = [word for one in lines for word in ("--line", one)]
    more += [word for one in categories for word in ("--category", one)]
    await line.siaga112("skpd", "add", code, "--name", name, *more)


async def _user(line: DemoLine, name: str, role: str) -> str:
    await _add_user(line, name, role, secrets.token_urlsafe(12))
    return await line.siaga112("token", "create", "--user", name)


async def _add_user(line: DemoLine, name: str, role: str, password: str) -> None:
    await line.siaga112("user", "add", name, "--role", role, "--password-stdin", password=password)
