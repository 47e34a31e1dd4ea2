"""A taker clicks, the own phone rings, then the caller's: the two of them talk, and the debt is settled by itself."""

from __future__ import annotations

import wave
from array import array
from typing import TYPE_CHECKING, Any

from bench.softphone import Plan, Softphone, Talk
from bench.voice import share_of
from tests.telephony.city import ACCEPTS, CITIZEN, DAMKAR, DESK, LAND, TAKER, City, hear_each_other
from tests.telephony.line import eventually, now

if TYPE_CHECKING:
    from pathlib import Path


def in_vain(city: City, number: str) -> dict[str, Any]:
    """Have somebody call, whom nobody answers; give the call-back that is owed."""
    since, rung = now(), len(city.taker.talks)
    city.lines[DESK] = Plan(picks_up=False)
    with Softphone(host="127.0.0.2") as phone:
        citizen = phone.dial(city.line.sip, "112", shown=number)
        eventually(lambda: city.taker.talks[rung:])
        phone.hang_up(citizen)
        call = city.line.ended_call(since)
    del city.lines[DESK]
    eventually(lambda: city.line.health()["free"] == 1)
    listed = eventually(lambda: [one for one in owed(city) if call["id"] in {it["id"] for it in one["calls"]}])
    return dict(listed[0])


def owed(city: City, *, settled: bool = False) -> list[dict[str, Any]]:
    status, answer = city.api("GET", f"/call-backs{'?settled=true' if settled else ''}")
    assert status == 200
    return list(answer["items"])


def clicked(city: City, path: str) -> dict[str, Any]:
    status, answer = city.api("POST", f"{path}/return-calls", {"phone": DESK})
    assert status == 201, answer
    return dict(answer)


def seen(city: City, made: dict[str, Any]) -> dict[str, Any]:
    status, answer = city.api("GET", f"/return-calls/{made['id']}")
    assert status == 200
    return dict(answer)


def over(city: City, made: dict[str, Any]) -> dict[str, Any]:
    return eventually(lambda: one if (one := seen(city, made))["outcome"] else None)


def talking_at(phone: Softphone, known: int, number: str | None = None) -> Talk:
    def look() -> Talk | None:
        return next((one for one in phone.talks[known:] if one.up and number in {None, one.number}), None)

    return eventually(look)


def refusal(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["type"].rpartition(":")[2]


def tones_in(recording: Path) -> set[int]:
    with wave.open(str(recording)) as file:
        samples = array("h", file.readframes(file.getnframes()))
    pieces = [samples[at : at + 1600] for at in range(0, len(samples) - 1600, 1600)]
    return {hz for hz in (CITIZEN, TAKER) if any(share_of(hz, piece) > 0.2 for piece in pieces)}


def test_the_caller_is_reached_both_hear_each_other_it_is_recorded_and_nothing_is_owed_any_more(city: City) -> None:
    debt, since = in_vain(city, "081233300001"), now()
    number = "+6281233300001"
    city.lines[number] = Plan(hz=CITIZEN)
    at_desk, outside = len(city.taker.talks), len(city.carrier.talks)
    made = clicked(city, f"/call-backs/{debt['id']}")
    taker, citizen = talking_at(city.taker, at_desk), talking_at(city.carrier, outside, number)
    hear_each_other(taker, citizen)
    # A second taker is not sent after the same caller, nor this one after another.
    again = city.api("POST", f"/call-backs/{debt['id']}/return-calls", {"phone": DESK})
    assert refusal(again) == (409, "phone-in-use")
    (ticket,) = eventually(lambda: city.line.tickets(since))
    talks = seen(city, made)
    assert (talks["state"], talks["outcome"]) == ("talking", None)
    assert (ticket["call_id"], ticket["taker"]) == (debt["calls"][0]["id"], DESK)
    assert ticket["answered_at"] == talks["reached_at"]
    eventually(lambda: taker.voice.hears_throughout(CITIZEN, last_s=5.5) if taker.up else None, within_s=15)
    city.carrier.hang_up(citizen)
    assert over(city, made)["outcome"] == "reached"
    (paid,) = eventually(lambda: [one for one in owed(city, settled=True) if one["id"] == debt["id"]])
    assert (paid["settled"]["how"], paid["settled"]["by"]) == ("reached", "dewi")
    assert [(one["outcome"], one["return_call"]) for one in paid["attempts"]] == [("reached", made["id"])]
    file = city.line.home / "recordings"
    eventually(lambda: tones_in(next(file.rglob(f"{ticket['call_id']}-back-{made['id']}.wav"))) == {CITIZEN, TAKER})
    status = city.line.health()
    assert (status["audit"], status["unreadable"]) == (0, 0)
    eventually(lambda: taker.ended)


NOT_TALKED_WITH = (
    (Plan(refuses="486 Busy Here"), "busy"),
    (Plan(refuses="480 Temporarily Unavailable"), "no_answer"),
    (Plan(refuses="404 Not Found"), "unreachable"),
    (Plan(refuses="503 Service Unavailable"), "failed"),  # no trunk gets there: the caller has not been tried
    (Plan(stays_s=1), "refused"),  # picked up, and put down at once
)


def test_a_caller_who_is_not_talked_with_is_owed_it_still(city: City) -> None:
    debt = in_vain(city, "081233300010")
    for plan, outcome in NOT_TALKED_WITH:
        city.lines["+6281233300010"] = plan
        made = clicked(city, f"/call-backs/{debt['id']}")
        assert over(city, made)["outcome"] == outcome
        eventually(lambda: city.line.health()["free"] == 1)
    (still,) = [one for one in owed(city) if one["id"] == debt["id"]]
    assert [one["outcome"] for one in still["attempts"]] == ["busy", "no_answer", "unreachable", "refused"]
    assert [one["outcome"] for one in still["return_calls"]] == [outcome for _, outcome in NOT_TALKED_WITH]


def test_a_taker_who_does_not_pick_up_has_called_nobody(city: City) -> None:
    debt = in_vain(city, "081233300020")
    city.lines[DESK] = Plan(refuses="486 Busy Here")
    outside = len(city.carrier.talks)
    made = clicked(city, f"/call-backs/{debt['id']}")
    assert over(city, made)["outcome"] == "taker_no_answer"
    assert city.carrier.talks[outside:] == []
    (still,) = [one for one in owed(city) if one["id"] == debt["id"]]
    assert still["attempts"] == []


def test_the_caller_of_a_ticket_who_has_hung_up_is_called_back_on_that_ticket(city: City) -> None:
    with city.call() as call:
        path = f"/tickets/{call.number}"
        assert refusal(city.api("POST", f"{path}/return-calls", {"phone": DESK})) == (409, "phone-in-use")
        call.phone.hang_up(call.citizen)
        eventually(lambda: call.taker.ended and city.line.calls()[-1]["ended_at"])
        city.lines["+628123456789"] = Plan(hz=CITIZEN)
        since, at_desk, outside = now(), len(city.taker.talks), len(city.carrier.talks)
        made = clicked(city, path)
        taker, citizen = talking_at(city.taker, at_desk), talking_at(city.carrier, outside, "+628123456789")
        hear_each_other(taker, citizen)
        # An SKPD that is sent to it comes into this conversation.
        city.lines[LAND] = Plan(hz=DAMKAR, presses=ACCEPTS)
        eventually(lambda: seen(city, made)["state"] == "talking")
        dispatch = call.dispatch()
        officer = call.answered_by(LAND)
        hear_each_other(taker, citizen, officer)
        eventually(lambda: call.seen(dispatch)["bridged_at"])
        city.carrier.hang_up(officer)
        eventually(lambda: call.seen(dispatch)["left_at"])
        hear_each_other(taker, citizen)
        city.taker.hang_up(taker)
        eventually(lambda: citizen.ended)
        over(city, made)
        assert city.line.tickets(since) == []
        _, told = city.api("GET", f"{path}/timeline")
        steps = [entry["type"] for entry in told["items"] if entry["type"].startswith("return_call")]
        assert steps == [f"return_call_{step}" for step in ("requested", "picked_up", "dialled", "reached", "ended")]


def test_a_gateway_that_dies_while_it_rings_loses_nothing_and_calls_nobody_twice(city: City) -> None:
    debt = in_vain(city, "081233300030")
    number = "+6281233300030"
    city.lines[number] = Plan(hz=CITIZEN, rings_s=2.5)
    at_desk, outside = len(city.taker.talks), len(city.carrier.talks)
    made = clicked(city, f"/call-backs/{debt['id']}")
    eventually(lambda: city.carrier.talks[outside:])
    city.line.process("-m gateway ").kill()
    taker, citizen = talking_at(city.taker, at_desk), talking_at(city.carrier, outside, number)
    hear_each_other(taker, citizen)
    eventually(city.line.is_ready)
    eventually(lambda: seen(city, made)["state"] == "talking")
    city.taker.hang_up(taker)
    assert over(city, made)["legs"][0]["reached_at"]
    assert (len(city.taker.talks) - at_desk, len(city.carrier.talks) - outside) == (1, 1)


def test_it_is_withdrawn_while_the_takers_or_the_callers_telephone_rings(city: City) -> None:
    debt = in_vain(city, "081233300040")
    city.lines[DESK] = Plan(picks_up=False)
    at_desk = len(city.taker.talks)
    made = clicked(city, f"/call-backs/{debt['id']}")
    (ringing,) = eventually(lambda: city.taker.talks[at_desk:])
    assert city.api("POST", f"/return-calls/{made['id']}/cancel")[0] == 200
    eventually(lambda: ringing.ended)
    assert over(city, made)["outcome"] == "cancelled"
    del city.lines[DESK]
    eventually(lambda: city.line.health()["free"] == 1)
    city.lines["+6281233300040"] = Plan(picks_up=False)
    outside = len(city.carrier.talks)
    made = clicked(city, f"/call-backs/{debt['id']}")
    (ringing,) = eventually(lambda: city.carrier.talks[outside:])
    status, _ = city.api("POST", f"/return-calls/{made['id']}/cancel")
    assert status == 200
    eventually(lambda: ringing.ended)
    assert over(city, made)["outcome"] == "cancelled"
    assert refusal(city.api("POST", f"/return-calls/{made['id']}/cancel")) == (409, "return-call-over")


def test_nobody_says_which_number_is_called_and_no_phone_but_a_takers_rings(city: City) -> None:
    path = f"/call-backs/{in_vain(city, '081233300050')['id']}/return-calls"
    wrong: tuple[dict[str, str], ...] = (
        {"phone": "201", "number": "+62811"},
        {"phone": "201\r\nAction: Hangup"},
        {"phone": "PJSIP/201"},
        {},
    )
    assert {city.api("POST", path, body)[0] for body in wrong} == {422}
    assert city.api("POST", path, {"phone": "999"})[0] == 404
    city.line.add_takers(1, first=209)
    assert refusal(city.api("POST", path, {"phone": "209"})) == (409, "phone-absent")
