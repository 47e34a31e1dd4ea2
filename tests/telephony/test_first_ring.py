"""A citizen dials 112, a call taker answers, and the ticket is already open."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bench.rtp import Ear
from bench.sipp import HIDDEN, Citizen, Pickup, SippFailed, citizens, dial, free_address, phones, register
from tests.telephony.line import eventually, now

if TYPE_CHECKING:
    from tests.telephony.line import Line


def test_an_answered_call_has_one_ticket_with_its_true_times(line112: Line) -> None:
    since = now()
    with line112.staffed("201"), citizens(line112.sip, Citizen()) as caller:
        caller.finish()
    call = line112.ended_call(since)
    (ticket,) = line112.tickets(since)
    assert ticket["call_id"] == call["id"]
    assert ticket["number"] == call["ticket"]
    assert ticket["number"].startswith("112-20")
    assert (call["outcome"], call["takers"]) == ("answered", ["201"])
    assert (ticket["status"], ticket["call_type"], ticket["taker"]) == ("open", "emergency", "201")
    assert ticket["caller"]["e164"] == "+628123456789"
    assert ticket["sla"]["on_progress"]["state"] == "running"
    assert _at(ticket["sla"]["close"]["due_at"]) - _at(ticket["answered_at"]) == timedelta(minutes=20)


def test_the_ticket_is_there_while_they_still_talk(line112: Line) -> None:
    since = now()
    with line112.staffed("201"), citizens(line112.sip, Citizen(talk_ms=6000)) as caller:
        (ticket,) = eventually(lambda: line112.tickets(since))
        (call,) = line112.calls(since)
        caller.finish()
    assert call["outcome"] == "talking"
    assert call["ended_at"] is None
    assert ticket["taker"] == "201"


def test_the_times_are_those_of_asterisks_own_record(line112: Line) -> None:
    since = now()
    with line112.staffed("201"), citizens(line112.sip, Citizen()) as caller:
        caller.finish()
    call = line112.ended_call(since)

    def settled() -> bool:
        return bool(line112.calls(since)[0]["answered_at"] == answer)

    records = [record for record in _cel(line112) if record["linkedid"] == call["id"]]
    started = _instant(records, "CHAN_START", call["id"])
    ended = _instant(records, "HANGUP", call["id"])
    (taker,) = {record["uniqueid"] for record in records} - {call["id"]}
    answer = f"{_instant(records, 'ANSWER', taker):%Y-%m-%dT%H:%M:%S.%fZ}"
    eventually(settled)
    assert line112.tickets(since)[0]["answered_at"] == answer
    assert call["wait_s"] == pytest.approx((_at(answer) - started).total_seconds(), abs=0.050)
    assert _at(call["ended_at"]) - ended <= timedelta(milliseconds=5)


def test_the_call_is_recorded(line112: Line) -> None:
    since = now()
    with line112.staffed("201"), citizens(line112.sip, Citizen()) as caller:
        caller.finish()
    call = line112.ended_call(since)
    assert call["recording"] == f"/api/v1/calls/{call['id']}/recording"
    files = [path for path in (line112.home / "recordings").rglob("*.wav") if path.stem == call["id"]]
    assert len(files) == 1
    assert files[0].stat().st_mode & 0o077 == 0


def test_a_hidden_caller_is_served_like_any_other_and_shown_as_one_who_cannot_be_called_back(line112: Line) -> None:
    since = now()
    hidden = Citizen(from_header=HIDDEN, headers=("Privacy: id",))
    with line112.staffed("201"), citizens(line112.sip, hidden) as caller:
        caller.finish()
    (ticket,) = line112.tickets(since)
    assert ticket["caller"]["kind"] == "anonymous"
    assert ticket["caller"]["e164"] is None
    assert ticket["caller"]["callable"] is False


@pytest.mark.parametrize(
    ("number", "e164", "kind"),
    [
        ("08123456789", "+628123456789", "mobile"),
        ("628123456789", "+628123456789", "mobile"),
        ("+62 812-3456-789", "+628123456789", "mobile"),
        ("037442434", "+6237442434", "fixed"),
        ("+6591234567", "+6591234567", "foreign"),
        ("110", None, "short"),
    ],
)
def test_who_calls_is_known_by_number_and_kind(line112: Line, number: str, e164: str | None, kind: str) -> None:
    since = now()
    caller = Citizen(from_header=f'"{number}" <sip:{number.replace(" ", "%20")}@[local_ip]:[local_port]>')
    with line112.staffed("201"), citizens(line112.sip, caller) as calling:
        calling.finish()
    (ticket,) = line112.tickets(since)
    assert (ticket["caller"]["e164"], ticket["caller"]["kind"]) == (e164, kind)


def test_a_caller_who_gives_up_in_the_queue_is_a_call_without_a_ticket(line112: Line) -> None:
    since = now()
    with (
        line112.staffed("201", pickup=Pickup(picks_up=False)),
        citizens(line112.sip, Citizen(patience_ms=1500)) as caller,
    ):
        caller.finish()
    call = line112.ended_call(since)
    assert (call["outcome"], call["ticket"], call["answered_at"]) == ("abandoned", None, None)
    assert call["wait_s"] == pytest.approx(1.5, abs=1)
    assert line112.tickets(since) == []


def test_a_call_that_one_taker_does_not_pick_up_is_the_next_ones(line112: Line) -> None:
    since = now()
    # The turn is round robin: with two who do not pick up in front, whoever begins, 103 is not the first.
    with (
        line112.staffed("201", "202", pickup=Pickup(picks_up=False)),
        line112.staffed("203"),
        citizens(line112.sip, Citizen()) as caller,
    ):
        caller.finish()
    call = line112.ended_call(since)
    (ticket,) = line112.tickets(since)
    assert (call["takers"], ticket["taker"]) == (["203"], "203")


def test_two_calls_at_once_are_two_tickets(line112: Line) -> None:
    since = now()
    with (
        line112.staffed("201", "202"),
        citizens(line112.sip, Citizen(talk_ms=3000), calls=2, per_second=50) as callers,
    ):
        callers.finish()
    tickets = line112.tickets(since)
    assert {ticket["taker"] for ticket in tickets} == {"201", "202"}
    first, second = sorted(int(ticket["number"].rpartition("-")[2]) for ticket in tickets)
    assert second == first + 1


def test_a_taker_signs_in_and_out_on_the_phone(line112: Line) -> None:
    line112.add_takers(1, first=290)
    account = ("290", line112.logins["290"])
    dial(line112.sip, account, "*12")
    eventually(lambda: not _signed_in(line112, "290"))
    with phones(line112.sip, [account]):
        eventually(lambda: line112.health()["staffed"] == 0)
        dial(line112.sip, account, "*11")
        eventually(lambda: line112.health()["staffed"] == 1)
        assert _signed_in(line112, "290")
        since = now()
        with citizens(line112.sip, Citizen()) as caller:
            caller.finish()
        assert line112.tickets(since)[0]["taker"] == "290"
        dial(line112.sip, account, "*12")
        eventually(lambda: line112.health()["staffed"] == 0)


def test_who_has_waited_15_s_is_told_to_stay_and_then_answered(line112: Line) -> None:
    since = now()
    with Ear() as ear, line112.staffed("201"), citizens(line112.sip, Citizen(talk_ms=19_000)) as first:
        # The only taker talks; the second caller has to wait.
        eventually(lambda: line112.health()["free"] == 0)
        with citizens(line112.sip, Citizen(listens_at=ear.address, talk_ms=10_000)) as second:
            eventually(lambda: ear.loud_s > 1, within_s=20)
            assert line112.calls(since)[1]["outcome"] == "waiting"
            with citizens(line112.sip, Citizen(patience_ms=60_000)) as third:
                for caller in (first, second, third):
                    caller.finish()
    answered, waited, came_later = line112.calls(since)
    assert answered["wait_s"] < 15 < waited["wait_s"]
    # Out of the queue for the notice and in again, in front of whoever came meanwhile.
    assert waited["answered_at"] < came_later["answered_at"]
    assert len(line112.tickets(since)) == 3


@pytest.mark.parametrize("elsewhere", ["*11", "112", "203"])
def test_a_phone_that_forwards_its_calls_is_one_that_does_not_answer(line112: Line, elsewhere: str) -> None:
    since = now()
    with (
        line112.staffed("201", pickup=Pickup(forwards_to=elsewhere)),
        line112.staffed("202"),
        citizens(line112.sip, Citizen()) as caller,
    ):
        caller.finish()
    assert line112.ended_call(since)["takers"] == ["202"]


def test_a_taker_whose_phone_dies_in_mid_call_costs_the_caller_nothing_but_time(line112: Line) -> None:
    since = now()
    # SIPp's phones send no audio: after 20 s of that Asterisk takes a phone for dead.
    with line112.staffed("201", "202"), citizens(line112.sip, Citizen(talk_ms=26_000)) as caller:
        caller.finish()
    call = line112.ended_call(since)
    (ticket,) = line112.tickets(since)
    assert set(call["takers"]) == {"201", "202"}
    assert call["talk_s"] > 24
    assert (ticket["call_id"], ticket["taker"]) == (call["id"], call["takers"][0])


def test_with_nobody_at_the_desk_a_caller_hears_so_and_the_call_is_kept(line112: Line) -> None:
    since = now()
    with Ear() as ear:
        with citizens(line112.sip, Citizen(listens_at=ear.address, talk_ms=60_000)) as caller:
            caller.finish()
        assert ear.loud_s > 2
    call = line112.ended_call(since)
    assert (call["outcome"], call["ticket"]) == ("overflow", None)


@pytest.mark.parametrize("dialled", ["112", "+112", "0112"])
def test_every_form_of_112_is_the_line(line112: Line, dialled: str) -> None:
    since = now()
    with line112.staffed("201"), citizens(line112.sip, Citizen(dials=dialled)) as caller:
        caller.finish()
    assert line112.ended_call(since)["outcome"] == "answered"


def test_a_carrier_that_dials_something_else_is_told_that_there_is_no_such_number(line112: Line) -> None:
    since = now()
    with citizens(line112.sip, Citizen(dials="113", refused_with=404)) as caller:
        caller.finish()
    assert line112.calls(since) == []


def test_a_call_from_an_address_that_is_no_carriers_is_refused(line112: Line) -> None:
    since = now()
    with citizens(line112.sip, Citizen(refused_with=401), carrier="127.0.0.9") as stranger:
        stranger.finish()
    assert line112.calls(since) == []


def test_a_phone_with_a_wrong_password_is_refused(line112: Line) -> None:
    register(line112.sip, free_address(), [("201", "wrong")], refused=True)
    with pytest.raises(SippFailed):
        register(line112.sip, free_address(), [("201", "wrong")])


def test_a_call_taker_may_dial_112_too(line112: Line) -> None:
    since = now()
    with line112.staffed("201", pickup=Pickup(talk_ms=500)):
        dial(line112.sip, ("204", line112.logins["204"]), "112")
    assert line112.ended_call(since)["takers"] == ["201"]


def _cel(line: Line) -> list[dict[str, Any]]:
    text = (line.home / "journals/cel-custom/cel.json").read_text()
    return [json.loads(record) for record in text.splitlines()]


def _instant(records: list[dict[str, Any]], event: str, channel: str) -> datetime:
    (stamp,) = {one["eventtime"] for one in records if (one["eventenum"], one["uniqueid"]) == (event, channel)}
    return datetime.fromisoformat("1970-01-01T00:00:00+00:00") + timedelta(
        seconds=int(stamp.partition(".")[0]), microseconds=int(stamp.partition(".")[2])
    )


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _signed_in(line: Line, extension: str) -> bool:
    return bool(next(one["signed_in"] for one in line.told("taker", "list") if one["extension"] == extension))
