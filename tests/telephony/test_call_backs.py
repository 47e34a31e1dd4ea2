"""Nobody answered a caller: the line knows whom it owes a call back, and when it does no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.sipp import HIDDEN, Citizen, Pickup, citizens
from tests.telephony.line import Line, eventually, now

if TYPE_CHECKING:
    from datetime import datetime


def owed(line: Line, call: dict[str, Any], *more: str) -> list[dict[str, Any]]:
    """The call-backs of which this call is part."""
    listed = line.told("call-backs", "list", *more)
    return [one for one in listed if call["id"] in {owing["id"] for owing in one["calls"]}]


def in_vain(line: Line, caller: Citizen) -> tuple[datetime, dict[str, Any]]:
    """Have somebody call, and hang up while a phone rings; give since when, and the call."""
    since = now()
    with line.staffed("201", pickup=Pickup(picks_up=False)), citizens(line.sip, caller) as process:
        process.finish()
    return since, line.ended_call(since)


def test_a_caller_who_hangs_up_while_queued_is_owed_a_call_back_until_calling_again_and_being_answered(
    line112: Line,
) -> None:
    before = line112.health()["call_backs_owed"]
    _, call = in_vain(line112, Citizen.numbered("081233344455", patience_ms=1500))
    assert (call["outcome"], call["ticket"]) == ("abandoned", None)
    (debt,) = eventually(lambda: owed(line112, call))
    assert (debt["caller"]["e164"], debt["caller"]["callable"], debt["settled"]) == ("+6281233344455", True, None)
    eventually(lambda: line112.health()["call_backs_owed"] == before + 1)
    since = now()
    with line112.staffed("201"), citizens(line112.sip, Citizen.numbered("081233344455")) as caller:
        caller.finish()
    again = line112.ended_call(since)
    assert again["outcome"] == "answered"
    assert owed(line112, call) == []
    (settled,) = owed(line112, call, "--settled")
    assert (settled["id"], settled["settled"]["how"]) == (debt["id"], "called_again")
    assert settled["settled"]["call_id"] == again["id"]
    eventually(lambda: line112.health()["call_backs_owed"] == before)


def test_a_caller_without_a_number_is_listed_as_one_who_cannot_be_called(line112: Line) -> None:
    _, call = in_vain(line112, Citizen(from_header=HIDDEN, patience_ms=1500))
    (debt,) = eventually(lambda: owed(line112, call))
    assert (debt["caller"]["e164"], debt["caller"]["callable"], len(debt["calls"])) == (None, False, 1)
