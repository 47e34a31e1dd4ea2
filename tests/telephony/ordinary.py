"""The proof that nothing of what went before has harmed the line: one more call, as usual."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.sipp import Citizen, citizens
from tests.telephony.line import eventually, now

if TYPE_CHECKING:
    from tests.telephony.line import Line


def is_served_as_ever(line: Line, unreadable: int) -> None:
    """Have an ordinary call answered, ticketed and recorded; nothing unreadable is new, and the line is ready."""
    since = now()
    with line.staffed("201"), citizens(line.sip, Citizen()) as caller:
        caller.finish()
    call = line.ended_call(since)
    (ticket,) = line.tickets(since)
    assert (call["outcome"], call["takers"], call["ticket"]) == ("answered", ["201"], ticket["number"])
    assert (ticket["status"], ticket["caller"]["e164"]) == ("open", "+628123456789")
    assert call["recording"] == f"/api/v1/calls/{call['id']}/recording"
    (audio,) = [path for path in (line.home / "recordings").rglob("*.wav") if path.stem == call["id"]]
    assert audio.read_bytes()[:4] == b"RIFF"
    health = eventually(lambda: seen if (seen := line.health()).get("ready") else None)
    assert health["unreadable"] == unreadable
