"""Nobody in the room can take the caller: the backup numbers, one after the other, through the carrier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.sipp import Address, Citizen, Pickup, called_party, citizens, free_address
from tests.telephony.line import Line, eventually, now

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, SECOND = "081100000001", "081100000002"


@pytest.fixture(scope="module")
def carrier() -> Address:
    """Where the line sends its outgoing calls."""
    return free_address("127.0.0.2")


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory, carrier: Address) -> Iterator[Line]:
    """A line with two backup numbers and one taker."""
    settings = {"SIAGA112_BACKUP_NUMBERS": f"{FIRST},{SECOND}", "SIAGA112_CARRIER_PROXY": str(carrier)}
    with Line.started(tmp_path_factory.mktemp("line"), **settings) as line:
        line.add_takers(1)
        yield line


def test_a_backup_number_that_answers_has_a_ticket_of_its_own(line: Line, carrier: Address) -> None:
    since = now()
    with called_party(line.sip, carrier), citizens(line.sip, Citizen(talk_ms=1500)) as caller:
        caller.finish()
    call = line.ended_call(since)
    (ticket,) = line.tickets(since)
    assert (call["outcome"], call["takers"], ticket["taker"]) == ("answered", [], None)
    assert call["talk_s"] == pytest.approx(1.5, abs=0.5)


def test_a_busy_backup_number_is_followed_by_the_next(line: Line, carrier: Address) -> None:
    since = now()
    with (
        called_party(line.sip, carrier, Pickup(busy_for=FIRST)),
        citizens(line.sip, Citizen(talk_ms=3000)) as caller,
    ):
        caller.finish()
    assert line.ended_call(since)["outcome"] == "answered"
    assert len(line.tickets(since)) == 1


def test_a_caller_who_gives_up_while_a_backup_number_rings_has_no_ticket(line: Line, carrier: Address) -> None:
    since = now()
    with (
        called_party(line.sip, carrier, Pickup(picks_up=False)),
        citizens(line.sip, Citizen(patience_ms=4000)) as caller,
    ):
        waiting = eventually(lambda: line.calls(since))
        assert waiting[0]["outcome"] == "waiting"
        caller.finish()
    call = line.ended_call(since)
    assert (call["outcome"], call["answered_at"]) == ("overflow", None)
    assert line.tickets(since) == []


def test_a_taker_at_the_desk_goes_before_every_backup_number(line: Line, carrier: Address) -> None:
    since = now()
    with line.staffed("201"), called_party(line.sip, carrier), citizens(line.sip, Citizen()) as caller:
        caller.finish()
    assert line.ended_call(since)["takers"] == ["201"]
