"""The same person calls twice: who answers the second time is told of the first, and of what supervisors noted."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

from bench.sipp import Citizen, citizens
from tests.telephony.line import Line, eventually, now

if TYPE_CHECKING:
    from datetime import datetime

CALLER, E164 = "081233399911", "+6281233399911"


def answered_call(line: Line) -> str:
    """Somebody calls and is answered; the ticket's number."""
    since: datetime = now()
    with line.staffed("201"), citizens(line.sip, Citizen.numbered(CALLER)) as process:
        process.finish()
    return str(eventually(lambda: line.ended_call(since)["ticket"]))


def history(line: Line, number: str, token: str) -> Any:  # noqa: ANN401 - JSON
    asked = urllib.request.Request(
        f"http://{line.http}/api/v1/tickets/{number}/history", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - our own server
        return json.load(answer)


def test_a_number_that_calls_twice_brings_its_first_ticket_and_its_note_along(line112: Line) -> None:
    token = line112.siaga112("token", "create", "--user", "admin").stdout.split()[-1]
    first = answered_call(line112)
    told = history(line112, first, token)
    assert (told["number"]["calls"], told["number"]["in_hand"], told["notes"]) == ([], [], [])
    about = ("--number", CALLER, "--kind", "hazard", "--by", "admin")
    assert line112.siaga112("notes", "add", *about, typed="Anjing galak di halaman\n").returncode == 0
    second = answered_call(line112)
    told = history(line112, second, token)
    assert [one["number"] for one in told["number"]["in_hand"]] == [first]
    assert [one["ticket"]["number"] for one in told["number"]["calls"]] == [first]
    assert (told["number"]["e164"], told["number"]["by_call_type"]["emergency"]) == (E164, 1)
    assert [(one["kind"], one["text"], one["number"]) for one in told["notes"]] == [
        ("hazard", "Anjing galak di halaman", E164)
    ]
