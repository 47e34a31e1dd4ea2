"""The page of a ticket: its form, its status, whom it was sent to, its timeline. Thin, as root.py is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from gateway.facts.skpd_facts import spoken_stamp, voice_note
from gateway.web.api.nuisance import standing_of_caller
from gateway.web.door.context import web_of
from gateway.web.door.errors import NoSuchThing
from gateway.web.pages.area_views import area_hints, no_choice
from gateway.web.pages.call_back_views import returned_views, returning_view
from gateway.web.pages.dispatch_views import Asker, dispatch_panel
from gateway.web.pages.location_views import place_views
from gateway.web.pages.nuisance_views import standing_view
from gateway.web.pages.rendering import rendered, words_for
from gateway.web.pages.said_views import said_panel
from gateway.web.pages.texts import CATEGORIES
from gateway.web.pages.timeline_words import timeline_lines
from gateway.web.pages.views import ticket_view
from ticketing.dispatch import SpokenNote
from ticketing.model import CallType, Role, is_ticket_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from aiohttp import web

    from gateway.web.pages.nuisance_views import StandingView
    from gateway.web.pages.rendering import Visitor
    from ticketing.dispatch import Dispatch
    from ticketing.model import Call
    from ticketing.ports import KeptTicket
    from ticketing.return_calls import ReturnCall

    Known = tuple[KeptTicket, tuple[Dispatch, ...]]

Named = TypeVar("Named")


async def ticket(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """One ticket: its form, its status, its caller, its dispatches, its timeline."""
    seq = await web_of(request).store.last_seq()
    known = kept, _ = await known_ticket(request, visitor)
    recorded = await recordings_for(request, visitor, [kept.call])
    values = {
        "seq": seq,
        "recorded": bool(recorded),
        "call_types": tuple(CallType),
        "categories": tuple(CATEGORIES),
        "areas": web_of(request).city.areas,
        "other_area": no_choice(kept.ticket.location.area_code, web_of(request).city.areas),
        "zone": web_of(request).city.zone.key,
        "marked": await _marked(request, visitor, kept.call),
        **await _ticket(request, visitor, known),
    }
    return rendered(request, "ticket.html", visitor, values)


async def _marked(request: web.Request, visitor: Visitor, call: Call) -> StandingView | None:
    """How the caller's number stands, for who may know; None for one without marks."""
    stands = await standing_of_caller(web_of(request), call) if visitor.reads_nuisance else None
    return standing_view(stands, words_for(request)) if stands else None


async def ticket_parts(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """What of the page others may change; the form is left to who types in it."""
    known = await known_ticket(request, visitor)
    return rendered(request, "_ticket_parts.html", visitor, await _ticket(request, visitor, known))


async def known_ticket(request: web.Request, visitor: Visitor) -> Known:
    """The ticket of the path and its dispatches; raise NoSuchThing for one that the visitor may not know of."""
    number, store = request.match_info["number"], web_of(request).store
    kept = await store.ticket(number) if is_ticket_number(number) else None
    dispatches = (await store.dispatches([number])).get(number, ()) if kept else ()
    sent_to_them = visitor.role is not Role.SKPD or any(one.skpd == visitor.skpd for one in dispatches)
    if kept is None or not sent_to_them:
        raise NoSuchThing(f"there is no ticket {number[:40]}")
    return kept, dispatches


async def _ticket(request: web.Request, visitor: Visitor, known: Known) -> dict[str, object]:
    parts, words, (kept, dispatches) = web_of(request), words_for(request), known
    names, asker = await parts.store.skpd_names(), Asker(visitor.role, visitor.skpd)
    skpds = await parts.store.skpds() if asker.dispatches else ()
    entries = await parts.store.timeline(kept.ticket.number)
    made = await parts.store.return_calls(kept.call.id) if visitor.reads_calls else ()
    return {
        "returning": next((returning_view(one) for one in made if one.under_way), None),
        "returned": returned_views(made, await _returns_for(request, visitor, made), words),
        "view": ticket_view(kept, await parts.store.takers(), role=visitor.role, now=parts.clock.now(), words=words),
        "panel": dispatch_panel(
            kept,
            dispatches,
            skpds,
            names,
            asker=asker,
            words=words,
            audible=await _notes_for(request, visitor, dispatches),
        ),
        "area_hints": area_hints(kept.ticket.location, parts.boundaries, parts.city.areas),
        "said": said_panel(kept.call, words, asks=visitor.triages, hears=await _hears(request, visitor, kept.call)),
        "places": place_views(kept, parts.cells, parts.boundaries, words),
        "timeline": timeline_lines(entries, kept.ticket.answered_at, words, names),
    }


async def _hears(request: web.Request, visitor: Visitor, call: Call) -> bool:
    # The recording of a call that goes on is not served.
    return call.over_at is not None and bool(await recordings_for(request, visitor, [call]))


async def recordings_for(request: web.Request, visitor: Visitor, of: list[Call]) -> frozenset[str]:
    """Which of these calls have audio that the visitor may hear."""
    if not visitor.plays:
        return frozenset()
    return await _those_there({call.id: web_of(request).home.recording(call.id) for call in of})


async def _returns_for(request: web.Request, visitor: Visitor, of: Iterable[ReturnCall]) -> frozenset[int]:
    """Which of these return calls have audio that the visitor may hear."""
    if not visitor.plays:
        return frozenset()
    home = web_of(request).home
    return await _those_there({one.id: home.return_recording(one.call_id, one.id) for one in of})


async def _notes_for(request: web.Request, visitor: Visitor, of: Iterable[Dispatch]) -> frozenset[SpokenNote]:
    """Which spoken notes of these dispatches have audio that the visitor may hear."""
    spoken = [(one.id, stamp) for one in of for told in one.updates if (stamp := spoken_stamp(told.note))]
    if not spoken or not visitor.plays:
        return frozenset()
    home = web_of(request).home
    return await _those_there({SpokenNote(one, voice_note(stamp)): home.note(one, stamp) for one, stamp in spoken})


async def _those_there(audio: Mapping[Named, Path]) -> frozenset[Named]:
    return await asyncio.to_thread(lambda: frozenset(one for one, file in audio.items() if file.is_file()))
