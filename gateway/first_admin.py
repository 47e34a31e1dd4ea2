"""The admin of a line that nobody can sign in to yet."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Final

from gateway.access.passwords import hashed
from gateway.feed import Feed
from gateway.process.clock import SystemClock
from ticketing.commands import AddUser
from ticketing.desk import TicketDesk
from ticketing.model import Role
from ticketing.people import User
from ticketing.store import open_store

if TYPE_CHECKING:
    from gateway.site.config import Settings

FIRST_ADMIN: Final = "admin"


async def first_admin(settings: Settings) -> str | None:
    """Make the admin when there is no user at all, and give the password; None when there is somebody.

    To be called when the password can be told at once: it is kept nowhere.
    """
    store = await open_store(settings.database, checked=False)
    try:
        if await store.users():
            return None
        password, clock = secrets.token_urlsafe(12), SystemClock()
        password_hash = await asyncio.to_thread(hashed, password)
        desk = TicketDesk(store, clock, Feed(), settings.zone)
        await desk.handle(AddUser(User(FIRST_ADMIN, Role.ADMIN, None, password_hash, clock.now())))
    finally:
        await store.close()
    return password
