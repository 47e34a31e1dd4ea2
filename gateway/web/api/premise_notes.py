"""Premise notes: /premise-notes; and what is known of a ticket besides: /tickets/{number}/history."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web

from gateway.presentation import rfc3339
from gateway.presentation_history import (
    kept_premise_note_json,
    number_history_json,
    past_ticket_json,
    premise_note_json,
)
from gateway.web.api.history_answers import HistoryAnswer, KeptPremiseNoteAnswer, PremiseNotePage
from gateway.web.api.premise_schemas import (
    HistoryQuery,
    PremiseChangeBody,
    PremiseNoteBody,
    PremiseNoteQuery,
    WithdrawBody,
)
from gateway.web.api.tickets import kept_ticket
from gateway.web.door import guard
from gateway.web.door.auth import asker
from gateway.web.door.context import web_of
from gateway.web.door.errors import BodyInvalid, NoSuchThing
from gateway.web.door.requests import found_by_id
from gateway.web.door.routes import Route
from gateway.web.histories import history_of, today
from ticketing.commands import AddPremiseNote, ChangePremiseNote, WithdrawPremiseNote
from ticketing.errors import BadCursor, ExpiryRefused, PremiseNoteUnknown, PremiseNoteWithdrawn, StalePremiseNote
from ticketing.permissions import Permission
from ticketing.premise import PREMISE_NOTE_ID, PremiseChanges, Premises

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ticketing.commands import PremiseNoteCommand
    from ticketing.premise import PremiseNote

log = structlog.get_logger()


async def _history(request: web.Request) -> web.Response:
    parts, kept, asked = web_of(request), await kept_ticket(request), guard.query(request, HistoryQuery)
    history = await history_of(parts, kept, asker(request).user.role, asked.area)
    caller, area, day = kept.call.caller, history.area, today(parts)
    return web.json_response(
        {
            "number": number_history_json(str(caller and caller.e164), history.number) if history.number else None,
            "area": area
            and {
                "area_code": area.area,
                "since": rfc3339(area.since),
                "until": rfc3339(area.until),
                "tickets": [past_ticket_json(one.ticket) for one in area.tickets],
            },
            "notes": [premise_note_json(note, day) for note in history.notes],
        }
    )


async def _list(request: web.Request) -> web.Response:
    parts, asked = web_of(request), guard.query(request, PremiseNoteQuery)
    day = today(parts)
    page = await parts.store.premise_notes(asked.state, day, cursor=asked.cursor, limit=asked.limit)
    return web.json_response({"items": [premise_note_json(note, day) for note in page.items], "next": page.next})


async def _versions(request: web.Request) -> Sequence[PremiseNote]:
    """The versions of the note of the path; raise NoSuchThing."""
    find = web_of(request).store.premise_note
    return await found_by_id(request, "premise_note", PREMISE_NOTE_ID, find, "premise note")


async def _show(request: web.Request) -> web.Response:
    return web.json_response(kept_premise_note_json(await _versions(request), today(web_of(request))))


async def _add(request: web.Request) -> web.Response:
    asked, parts = guard.body(request, PremiseNoteBody), web_of(request)
    try:
        premises = Premises(asked.number, asked.area_code, asked.address)
        command = AddPremiseNote(premises, asked.kind, asked.text, asker(request).user.name, asked.expires_on)
    except ValueError as error:
        raise BodyInvalid([("body", str(error))]) from error
    note = await parts.desk.write_premise_note(command)
    log.info("premise_note_written", premise_note=note.id, kind=note.kind, by=note.written_by)
    return web.json_response(kept_premise_note_json((note,), today(parts)), status=HTTPStatus.CREATED)


async def _change(request: web.Request) -> web.Response:
    (note, *_), asked = await _versions(request), guard.body(request, PremiseChangeBody)
    if asked.address is not None and note.premises.number is not None:
        raise BodyInvalid([("address", "this note is about a number, which has none")])
    changes = PremiseChanges(asked.kind, asked.text, asked.address, asked.expires_on)
    return await _done(request, ChangePremiseNote(note.id, asked.version, asker(request).user.name, changes))


async def _withdraw(request: web.Request) -> web.Response:
    (note, *_), asked = await _versions(request), guard.body(request, WithdrawBody)
    command = WithdrawPremiseNote(note.id, asker(request).user.name, asked.reason, asked.version)
    return await _done(request, command)


async def _done(request: web.Request, command: PremiseNoteCommand) -> web.Response:
    await web_of(request).desk.handle(command)
    log.info("premise_note_kept", premise_note=command.premise_note, did=type(command).__name__, by=command.by)
    return await _show(request)


ROUTES: Final = (
    Route(
        "GET",
        "/tickets/{number}/history",
        _history,
        Permission.READ_TICKETS,
        "What is known besides: other calls of the number, other tickets of the area, premise notes",
        HistoryAnswer,
        query=HistoryQuery,
        errors=(NoSuchThing,),
    ),
    Route(
        "GET",
        "/premise-notes",
        _list,
        Permission.KEEP_PREMISE_NOTES,
        "Premise notes, the last written first",
        PremiseNotePage,
        query=PremiseNoteQuery,
        errors=(BadCursor,),
    ),
    Route(
        "POST",
        "/premise-notes",
        _add,
        Permission.KEEP_PREMISE_NOTES,
        "Write a premise note",
        KeptPremiseNoteAnswer,
        status=HTTPStatus.CREATED,
        body=PremiseNoteBody,
        errors=(ExpiryRefused,),
    ),
    Route(
        "GET",
        "/premise-notes/{premise_note}",
        _show,
        Permission.KEEP_PREMISE_NOTES,
        "One premise note with all its versions",
        KeptPremiseNoteAnswer,
        errors=(NoSuchThing,),
    ),
    Route(
        "PATCH",
        "/premise-notes/{premise_note}",
        _change,
        Permission.KEEP_PREMISE_NOTES,
        "Change or renew a premise note; needs the version that was seen",
        KeptPremiseNoteAnswer,
        body=PremiseChangeBody,
        errors=(NoSuchThing, PremiseNoteUnknown, StalePremiseNote, PremiseNoteWithdrawn, ExpiryRefused),
    ),
    Route(
        "POST",
        "/premise-notes/{premise_note}/withdraw",
        _withdraw,
        Permission.KEEP_PREMISE_NOTES,
        "Withdraw a premise note; it stays on record",
        KeptPremiseNoteAnswer,
        body=WithdrawBody,
        errors=(NoSuchThing, PremiseNoteUnknown, StalePremiseNote, PremiseNoteWithdrawn),
    ),
)
