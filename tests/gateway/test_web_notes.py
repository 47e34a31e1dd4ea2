"""A note that an officer has spoken is played to whom recordings are, and each time is on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.facts.skpd_facts import note_stamp, voice_note
from tests.ticketing.evidence import MORNING, at
from ticketing.commands import AddSkpd, RecordCalls, RequestDispatch
from ticketing.dispatch import Said
from ticketing.model import Role
from ticketing.skpd import Line, Skpd

if TYPE_CHECKING:
    from tests.gateway.web_desk import Room

AUDIO = b"RIFF" + bytes(range(256)) * 10
STAMP, UNTOLD = note_stamp(at(70).at), note_stamp(at(71).at)


async def spoken(room: Room) -> str:
    """A dispatch with a note on it, and the audio of one of which nobody told; give where its notes are."""
    number = await room.ticket()
    await room.desk.handle(AddSkpd(Skpd("damkar", "Pemadam", (Line("+62374400001"),))))
    await room.desk.handle(RequestDispatch(number, "damkar", "siti", MORNING))
    await room.desk.handle(RecordCalls(said=((1, Said(at(70).at, "tel:+62374400001", None, voice_note(STAMP))),)))
    room.home.notes.mkdir(parents=True, exist_ok=True)
    for stamp in (STAMP, UNTOLD):
        room.home.note(1, stamp).write_bytes(AUDIO)
    return f"/tickets/{number}/dispatches/1/notes"


async def test_a_note_is_played_to_a_supervisor_and_that_is_on_record(room: Room) -> None:
    path = await spoken(room)
    answer = await room.program(Role.SUPERVISOR).get(f"{path}/{STAMP}")
    assert (answer.status, answer.raw, answer.headers["Content-Type"]) == (200, AUDIO, "audio/wav")
    last = room.told.news[-1]
    told = {"by": "supervisor", "dispatch": "1", "note": f"voice:{STAMP}"}
    assert (last.type, last.body) == ("recording_played", told)


async def test_a_note_is_played_to_no_call_taker(room: Room) -> None:
    path = await spoken(room)
    assert (await room.program(Role.CALL_TAKER).get(f"{path}/{STAMP}")).status == 403
    assert "recording_played" not in room.told.types


@pytest.mark.parametrize("note", [UNTOLD, "x", "..%2f..%2fsecrets.json", "20261123T080110000000Z.wav", "%00"])
async def test_what_is_no_note_of_the_dispatch_is_not_found(room: Room, note: str) -> None:
    path = await spoken(room)
    assert (await room.program(Role.SUPERVISOR).get(f"{path}/{note}")).status == 404
    assert "recording_played" not in room.told.types
