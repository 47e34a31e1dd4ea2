"""The pages: sign in, board, call log. Thin: asks the store, has `views` arrange it, fills a template."""

from __future__ import annotations

import asyncio
import errno
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import structlog
from aiohttp import web
from markupsafe import Markup

from gateway.web.door.auth import identify
from gateway.web.door.context import WEB, web_of
from gateway.web.door.errors import Forbidden, NoSuchThing
from gateway.web.door.guard import WITHIN_S
from gateway.web.pages.board_views import board_view
from gateway.web.pages.call_back_pages import call_backs, call_backs_part
from gateway.web.pages.call_log_filter import read_filter
from gateway.web.pages.dispatch_views import sent_views
from gateway.web.pages.history_pages import premise_note, premise_notes, premise_notes_part, ticket_history
from gateway.web.pages.nuisance_pages import nuisance, nuisance_part
from gateway.web.pages.rendering import LANGUAGE_COOKIE, Visitor, page, rendered, texts_for, words_for, written
from gateway.web.pages.shared_board import SharedBoard
from gateway.web.pages.texts import LANGUAGES
from gateway.web.pages.ticket_pages import recordings_for, ticket, ticket_parts
from gateway.web.pages.views import Seats, call_rows, milliseconds
from ticketing.errors import BadCursor, Siaga112Error, StoreUnusable
from ticketing.model import CallOutcome, CallType, TicketStatus
from ticketing.permissions import Permission, may
from ticketing.ports import CallFilter, Page, TicketFilter

if TYPE_CHECKING:
    from ticketing.model import Call, Ticket
    from ticketing.ports import KeptCall, KeptTicket, Store

log = structlog.get_logger()

STATIC: Final = Path(str(files("gateway.web.pages").joinpath("static")))
MOST_ON_BOARD: Final = 200
NOW_HEADER: Final = "X-Now-Ms"
"""The server's time with a fragment, in milliseconds since 1970."""
# A call that neither ended nor was answered in this time is a gap in the ledger, not somebody who waits.
_LONGEST_CALL: Final = timedelta(hours=6)
_A_PAGE: Final = 50
_NOT_CLOSED: Final = frozenset(TicketStatus) - {TicketStatus.CLOSED}
_EMERGENCY: Final = frozenset({CallType.EMERGENCY})
_NO_EMERGENCY: Final = frozenset(CallType) - _EMERGENCY
_NOT_OVER: Final = frozenset({CallOutcome.WAITING, CallOutcome.TALKING, CallOutcome.OVERFLOW})
_FRAGMENTS: Final = "/fragments/"
_ERROR_WITHIN_S: Final = 1.0
_YEAR_S: Final = 365 * 24 * 3600

SeatsNow = Callable[[], Awaitable[Seats | None]]
"""Asks Asterisk who can be rung; None when it does not answer."""
_SEATS: Final = web.AppKey[SeatsNow]("seats")
_BOARD: Final = web.AppKey("board", SharedBoard)

PageHandler = Callable[[web.Request, Visitor], Awaitable[web.StreamResponse]]


def add_pages(app: web.Application, seats: SeatsNow) -> None:
    """Register the pages and what they are made of."""
    app[_SEATS] = seats
    app[_BOARD] = SharedBoard(app[WEB].store.last_seq)
    app.middlewares.append(refusals_as_pages)
    app.on_response_prepare.append(_ask_anew)
    app.router.add_get("/sign-in", sign_in)
    app.router.add_get("/language", choose_language)
    app.router.add_get("/", _for(Permission.READ_TICKETS, board, waits=True))
    app.router.add_get("/fragments/board", _for(Permission.READ_TICKETS, board_part, waits=True))
    app.router.add_get("/tickets/{number}", _for(Permission.READ_TICKETS, ticket))
    app.router.add_get("/fragments/tickets/{number}", _for(Permission.READ_TICKETS, ticket_parts))
    app.router.add_get("/fragments/tickets/{number}/history", _for(Permission.READ_TICKETS, ticket_history))
    app.router.add_get("/premise-notes", _for(Permission.KEEP_PREMISE_NOTES, premise_notes))
    app.router.add_get("/fragments/premise-notes", _for(Permission.KEEP_PREMISE_NOTES, premise_notes_part))
    app.router.add_get("/fragments/premise-notes/{premise_note}", _for(Permission.KEEP_PREMISE_NOTES, premise_note))
    app.router.add_get("/calls", _for(Permission.READ_CALLS, calls))
    app.router.add_get("/call-backs", _for(Permission.READ_CALLS, call_backs))
    app.router.add_get("/fragments/call-backs", _for(Permission.READ_CALLS, call_backs_part))
    app.router.add_get("/nuisance", _for(Permission.JUDGE_NUISANCE, nuisance))
    app.router.add_get("/fragments/nuisance", _for(Permission.JUDGE_NUISANCE, nuisance_part))
    app.router.add_static("/static/", STATIC)


def _for(
    permission: Permission, handler: PageHandler, *, waits: bool = False
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler for those who may; others are sent to the door. One that `waits` takes its slot by itself."""

    async def handle(request: web.Request) -> web.StreamResponse:
        async with asyncio.timeout(WITHIN_S):
            return await admitted(request)

    async def admitted(request: web.Request) -> web.StreamResponse:
        slots = web_of(request).requests
        async with slots:
            identity = await identify(request)
        if identity is None:
            return _to_the_door(request)
        if not may(identity.user.role, permission):
            raise Forbidden(identity.user.role, permission)
        visitor = Visitor.of(identity)
        if visitor.reads_calls and not request.path.startswith(_FRAGMENTS):
            async with slots:
                visitor = replace(visitor, owed=await web_of(request).store.call_backs_owed())
        if waits:
            return await handler(request, visitor)
        async with slots:
            return await handler(request, visitor)

    return handle


def _to_the_door(request: web.Request) -> web.Response:
    if request.path.startswith(_FRAGMENTS):
        return web.Response(status=HTTPStatus.UNAUTHORIZED)
    door = f"/sign-in?next={quote(request.path_qs, safe='')}"
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": door})


@web.middleware
async def refusals_as_pages(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Show what goes wrong with a page as a page; the API's own refusals pass by."""
    if request.path.startswith("/api/"):
        return await handler(request)
    try:
        return await _answer(request, handler)
    except Forbidden:
        return await _error(request, HTTPStatus.FORBIDDEN)
    except (NoSuchThing, web.HTTPNotFound):
        return await _error(request, HTTPStatus.NOT_FOUND)
    except (StoreUnusable, TimeoutError) as error:
        log.warning("page_not_in_time", path=request.path, reason=str(error) or type(error).__name__)
        return await _error(request, HTTPStatus.SERVICE_UNAVAILABLE)
    except web.HTTPException:
        raise
    except Exception:
        log.exception("page_failed", path=request.path)
        return await _error(request, HTTPStatus.INTERNAL_SERVER_ERROR)


async def _answer(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            # aiohttp asks the disk for a static file of whatever name; none of ours has such a one.
            raise NoSuchThing("there is no such file") from error
        raise


async def _error(request: web.Request, status: HTTPStatus) -> web.Response:
    identity = None
    # The store again, or no slot in time: the page is shown as to a stranger.
    with suppress(Siaga112Error, TimeoutError):
        async with asyncio.timeout(_ERROR_WITHIN_S), web_of(request).requests:
            identity = await identify(request)
    return rendered(
        request, "error.html", Visitor.of(identity) if identity else None, {"code": status.value}, status=status
    )


async def _ask_anew(request: web.Request, response: web.StreamResponse) -> None:
    """Have browsers ask whether a file is still good: a page and its script must be of one version."""
    if request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-cache")


# ---- the door -------------------------------------------------------------------------------------------------------


async def sign_in(request: web.Request) -> web.StreamResponse:
    """The door; who is in already is let through."""
    onward = _local(request.query.get("next", ""))
    async with web_of(request).requests:
        identity = await identify(request)
    if identity is not None:
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": onward})
    return rendered(request, "sign_in.html", None, {"next": onward})


async def choose_language(request: web.Request) -> web.StreamResponse:
    """Remember the language, and go back."""
    answer = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": _local(request.query.get("next", ""))})
    wanted = request.query.get("to")
    if wanted in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, wanted, max_age=_YEAR_S, httponly=True, samesite="Lax")
    return answer


def _local(path: str) -> str:
    """A path of this server, else the board: nobody is sent elsewhere through our door."""
    # Browsers read `//` and `/\` as another host, and drop tabs and line ends before they look.
    fits = re.fullmatch(r"/(?![/\\])[!-~]{0,500}", path, re.ASCII) is not None and "\\" not in path
    return path if fits else "/"


# ---- the board ------------------------------------------------------------------------------------------------------


async def board(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """Everything that is under way."""
    async with web_of(request).requests:
        # Read first: what happens after it is told by the feed, and fetched again.
        seq, takers = await web_of(request).store.last_seq(), await web_of(request).store.takers()
    html = Markup(await _shared_board(request, visitor, seq))  # noqa: S704 - the fragment, escaped when it was made
    values = {"seq": seq, "here": "board", "takers": takers, "html": html, "now_ms": _now_ms(request)}
    return rendered(request, "board.html", visitor, values)


async def board_part(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """The same without its frame, for the page to put in place; `heard` is the last entry it knows of."""
    heard = request.query.get("heard", "")
    seq = int(heard) if re.fullmatch("[0-9]{1,18}", heard, re.ASCII) else 0
    answer = page(await _shared_board(request, visitor, seq))
    # Not in the fragment, which may have been made a moment ago for somebody else.
    answer.headers[NOW_HEADER] = str(_now_ms(request))
    return answer


def _now_ms(request: web.Request) -> int:
    return milliseconds(web_of(request).clock.now())


async def _shared_board(request: web.Request, visitor: Visitor, heard: int) -> str:
    async def make() -> str:
        # Asterisk is asked outside of the slots: when it is slow, the API is not.
        seats = await request.app[_SEATS]()
        async with web_of(request).requests:
            # A number from the future asks for nothing that there is: as new as can be will do.
            return written(request, "_board.html", visitor, await _board(request, visitor, seats))

    # An SKPD's dispatcher has a board of the SKPD's own tickets.
    kind = (texts_for(request).language, visitor.reads_calls, visitor.skpd)
    return await request.app[_BOARD].html(kind, heard, make)


async def _board(request: web.Request, visitor: Visitor, seats: Seats | None) -> dict[str, object]:
    parts, now = web_of(request), web_of(request).clock.now()
    tickets = await _most_urgent(parts.store, visitor.skpd)
    under_way: list[Call] = []
    if visitor.reads_calls:
        not_over = CallFilter(outcomes=_NOT_OVER, since=now - _LONGEST_CALL)
        under_way = [kept.call for kept in (await parts.store.find_calls(not_over, limit=MOST_ON_BOARD)).items]
    dispatches = await parts.store.dispatches([kept.ticket.number for kept in tickets.items])
    names = await parts.store.skpd_names()
    view = board_view(
        tickets.items,
        under_way,
        await parts.store.takers(),
        seats,
        now=now,
        words=words_for(request),
        alarms=parts.alarms.standing() if visitor.reads_calls else (),
        more=tickets.next is not None,
        sent={number: sent_views(of_it, names) for number, of_it in dispatches.items()},
    )
    return {"board": view, "owed": await parts.store.call_backs_owed()}


async def _most_urgent(store: Store, skpd: str | None) -> Page[KeptTicket]:
    """The open tickets that the board has room for, sent to `skpd` if given: emergencies before anything else."""
    emergencies = await store.find_tickets(TicketFilter(_NOT_CLOSED, _EMERGENCY, skpd=skpd), limit=MOST_ON_BOARD)
    room = MOST_ON_BOARD - len(emergencies.items)
    others = await store.find_tickets(TicketFilter(_NOT_CLOSED, _NO_EMERGENCY, skpd=skpd), limit=max(room, 1))
    items = (*emergencies.items, *others.items[:room])
    return Page(items, emergencies.next or others.next or ("more" if len(others.items) > room else None))


# ---- the call log ---------------------------------------------------------------------------------------------------


async def calls(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """Every call, newest first, with its ticket's timings."""
    parts, words = web_of(request), words_for(request)
    wanted = read_filter(request.query)
    cursor = request.query.get("cursor")
    try:
        page = await parts.store.find_calls(wanted.asked(parts.city.zone), cursor=cursor, limit=_A_PAGE)
    except BadCursor:
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": wanted.link()})
    now, takers = parts.clock.now(), await parts.store.takers()
    recorded = await recordings_for(request, visitor, [kept.call for kept in page.items])
    tickets = await _tickets_of(request, page.items)
    values = {
        "here": "calls",
        "rows": call_rows(page.items, tickets, takers, recorded, now=now, words=words),
        "filter": wanted,
        "outcomes": tuple(CallOutcome),
        "takers": takers,
        "newest": wanted.link() if cursor else None,
        "older": wanted.link(page.next) if page.next else None,
        "now_ms": _now_ms(request),
    }
    return rendered(request, "calls.html", visitor, values)


async def _tickets_of(request: web.Request, kept: tuple[KeptCall, ...]) -> dict[str, Ticket]:
    found = await web_of(request).store.tickets_numbered([one.ticket for one in kept if one.ticket])
    return {number: one.ticket for number, one in found.items()}
