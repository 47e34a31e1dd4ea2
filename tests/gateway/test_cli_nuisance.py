"""The verbs about marked numbers, as a supervisor types them, on a line's own database."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from gateway.cli.root import siaga112
from tests.ticketing.evidence import MULYADI
from tests.ticketing.room import SetClock, Told
from ticketing.commands import AddUser, RecordCalls, Triage, TriageTicket, TurnStatus
from ticketing.desk import TicketDesk
from ticketing.model import AnswerLeg, Call, CallId, CallType, Instant, Precision, Role, TicketStatus
from ticketing.people import User
from ticketing.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

NUMBER = str(MULYADI.e164)


async def _pranks(home: Path, count: int) -> None:
    """So many calls of one number were answered an hour ago, and their tickets closed as pranks."""
    store, now = await open_store(f"sqlite+aiosqlite:///{home / 'siaga112.sqlite3'}"), datetime.now(UTC)
    desk = TicketDesk(store, SetClock(now), Told(), ZoneInfo("Asia/Makassar"))
    for name, role in (("dewi", Role.SUPERVISOR), ("rahma", Role.CALL_TAKER)):
        await desk.handle(AddUser(User(name, role, None, "no password", now)))
    for serial in range(count):
        at = Instant(now - timedelta(hours=1), Precision.LEDGER)
        leg = AnswerLeg(f"leg-{serial}", "101", connected=True, answered=at, ended=at)
        call_id = CallId(f"bima1-{int(at.at.timestamp())}.{serial}")
        told = await desk.handle(RecordCalls((Call(call_id, at, "carrier", MULYADI, legs=(leg,), ended=at),)))
        number = next(str(entry.ticket_number) for entry in told if entry.ticket_number)
        await desk.handle(TriageTicket(number, 1, "rahma", Triage(call_type=CallType.PRANK)))
        await desk.handle(TurnStatus(number, TicketStatus.CLOSED, "dewi", Role.SUPERVISOR))
    await store.close()


def typed(home: Path, *words: str) -> Result:
    others = {name: None for name in os.environ if name.startswith("SIAGA112_")}
    return CliRunner().invoke(siaga112, ["nuisance", *words], env={**others, "SIAGA112_HOME": str(home)})


def test_a_supervisor_lists_confirms_and_forgives(tmp_path: Path) -> None:
    asyncio.run(_pranks(tmp_path, 5))
    (found,) = json.loads(typed(tmp_path, "list", "--json").stdout)
    assert (found["number"], len(found["marks"]), found["beyond"], found["delay_s"]) == (NUMBER, 5, True, 60.0)
    assert typed(tmp_path, "confirm", "0812-3450-0001", "--by", "dewi", "--note", "anak SDN 12").exit_code == 0
    (found,) = json.loads(typed(tmp_path, "list", "--json").stdout)
    assert (found["confirmed_by"], found["note"], found["delay_s"]) == ("dewi", "anak SDN 12", 300.0)
    assert NUMBER in typed(tmp_path, "list").stdout
    forgiven = typed(tmp_path, "forgive", NUMBER, "--by", "dewi")
    assert forgiven.stdout == f"{NUMBER}: forgiven\n"
    assert json.loads(typed(tmp_path, "list", "--all", "--json").stdout) == []


def test_what_is_not_beyond_the_threshold_is_listed_when_asked_for_and_not_confirmed(tmp_path: Path) -> None:
    asyncio.run(_pranks(tmp_path, 2))
    assert json.loads(typed(tmp_path, "list", "--json").stdout) == []
    assert len(json.loads(typed(tmp_path, "list", "--all", "--json").stdout)) == 1
    assert "not beyond the threshold" in str(typed(tmp_path, "confirm", NUMBER, "--by", "dewi").exception)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("forgive", "112", "--by", "dewi"), "no telephone"),
        (("forgive", NUMBER, "--by", "nobody"), "there is no user nobody"),
        (("forgive", NUMBER, "--by", "rahma"), "a supervisor does"),
        (("forgive", NUMBER), "--by"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(tmp_path: Path, words: tuple[str, ...], complaint: str) -> None:
    asyncio.run(_pranks(tmp_path, 5))
    refused = typed(tmp_path, *words)
    assert refused.exit_code != 0
    assert complaint in refused.output + str(refused.exception)
    assert len(json.loads(typed(tmp_path, "list", "--json").stdout)) == 1
