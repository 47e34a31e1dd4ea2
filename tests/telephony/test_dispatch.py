"""The caller is bridged to the SKPD's phone. Everybody sends a tone of their own: it tells who hears whom."""

from __future__ import annotations

import asyncio
import json
import wave
from array import array
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from bench.softphone import Plan, Softphone, Talk
from bench.voice import share_of
from gateway.doorbell.ami_link import AmiLogin
from gateway.doorbell.ami_listener import AmiListener
from tests.telephony.city import (
    ACCEPTS,
    AMBULANCE,
    BACKUP,
    CITIZEN,
    DAMKAR,
    LAND,
    MOBILE,
    PSC,
    RADIO,
    TAKER,
    City,
    hear_each_other,
    hears_nothing_of,
)
from tests.telephony.line import Line, eventually, now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_an_skpd_that_accepts_at_its_first_line_is_with_caller_and_taker(city: City) -> None:
    city.lines[LAND] = Plan(hz=DAMKAR, presses=ACCEPTS)
    with city.call() as call:
        dispatch = call.dispatch()
        officer = call.answered_by(LAND)
        hear_each_other(call.citizen, call.taker, officer)
        eventually(lambda: call.seen(dispatch)["bridged_at"])
        seen = call.seen(dispatch)
        assert (seen["state"], seen["legs"][0]["ringing_at"] is not None) == ("accepted", True)
        assert call.outcomes(dispatch) == [(LAND, "accepted")]
        moments = [
            seen["requested_at"],
            *(seen["legs"][0][f"{name}_at"] for name in ("started", "answered", "accepted")),
        ]
        assert moments == sorted(moments)


@pytest.mark.parametrize(
    ("first", "outcome"),
    [
        (Plan(refuses="486 Busy Here"), "busy"),
        (Plan(picks_up=False), "no_answer"),
        (Plan(refuses="603 Decline"), "refused"),
        (Plan(refuses="404 Not Found"), "unreachable"),
        (Plan(hz=PSC, stays_s=6), "not_confirmed"),
    ],
    ids=["busy", "no answer", "refused", "unreachable", "a machine"],
)
def test_the_next_line_is_rung_when_the_first_does_not_accept(city: City, first: Plan, outcome: str) -> None:
    city.lines |= {LAND: first, MOBILE: Plan(hz=DAMKAR, presses=ACCEPTS)}
    with city.call() as call:
        dispatch = call.dispatch()
        officer = eventually(
            lambda: next((talk for talk in city.carrier.talks if talk.number == MOBILE and talk.up), None), within_s=90
        )
        hear_each_other(call.citizen, call.taker, officer)
        eventually(lambda: call.outcomes(dispatch) == [(LAND, outcome), (MOBILE, "accepted")])
        # Whatever a machine said, it said to nobody.
        assert not any(talk.voice.ever_heard(PSC) for talk in (call.citizen, call.taker))


def test_when_nobody_accepts_everybody_is_alarmed_and_it_can_be_tried_again(city: City) -> None:
    city.lines |= {LAND: Plan(refuses="486 Busy Here"), MOBILE: Plan(refuses="486 Busy Here")}
    with city.call() as call:
        dispatch = call.dispatch()
        eventually(lambda: call.state(dispatch) == "failed", within_s=60)
        assert call.outcomes(dispatch) == [(LAND, "busy"), (MOBILE, "busy"), (RADIO, "unreachable")]
        alarm = f"dispatch.{dispatch['id']}"
        eventually(lambda: alarm in {one["name"] for one in city.line.health()["alarms"]})
        city.lines[LAND] = Plan(hz=DAMKAR, presses=ACCEPTS)
        again = call.dispatch()
        hear_each_other(call.citizen, call.taker, call.answered_by(LAND))
        eventually(lambda: call.state(again) == "accepted")
        eventually(lambda: alarm not in {one["name"] for one in city.line.health()["alarms"]})


def test_two_skpds_are_in_one_conversation(city: City) -> None:
    city.lines |= {LAND: Plan(hz=DAMKAR, presses=ACCEPTS), AMBULANCE: Plan(hz=PSC, presses=ACCEPTS)}
    with city.call() as call:
        dispatches = [call.dispatch(), call.dispatch("psc119")]
        hear_each_other(call.citizen, call.taker, call.answered_by(LAND), call.answered_by(AMBULANCE))
        assert {call.state(one) for one in dispatches} == {"accepted"}


def test_a_taker_who_hands_over_answers_the_next_call_while_the_first_goes_on(city: City) -> None:
    city.lines[LAND] = Plan(hz=DAMKAR, presses=ACCEPTS)
    with city.call() as call, Softphone(host="127.0.0.2") as phone:
        call.dispatch()
        officer = call.answered_by(LAND)
        hear_each_other(call.citizen, call.taker, officer)
        status, _ = city.api("POST", f"/tickets/{call.number}/hand-over")
        assert status == 200
        eventually(lambda: call.taker.ended)
        taken = len(city.taker.talks)
        second = phone.dial(city.line.sip, "112", shown="08123456780", hz=CITIZEN + 100)
        eventually(lambda: second.up)
        hear_each_other(second, city.taker.talks[taken])
        hear_each_other(call.citizen, officer)
        # What was said before the hand-over is heard out first.
        eventually(lambda: hears_nothing_of(call.citizen, city.taker.talks[taken], second))
        phone.hang_up(second)


def test_an_skpd_that_comes_after_a_hand_over_hears_and_is_heard_by_all(city: City) -> None:
    city.lines |= {LAND: Plan(hz=DAMKAR, presses=ACCEPTS), AMBULANCE: Plan(hz=PSC, presses=ACCEPTS)}
    with city.call() as call:
        call.dispatch()
        officer = call.answered_by(LAND)
        hear_each_other(call.citizen, call.taker, officer)
        city.taker.hang_up(call.taker)
        eventually(lambda: not call.citizen.voice.hears(TAKER))
        hear_each_other(call.citizen, officer)
        call.dispatch("psc119")
        crew = call.answered_by(AMBULANCE)
        hear_each_other(call.citizen, officer, crew)
        # And again between two: whoever goes takes nobody's hearing along.
        city.carrier.hang_up(officer)
        hear_each_other(call.citizen, crew)


def test_the_recording_holds_everybody_across_the_hand_over(city: City) -> None:
    city.lines[LAND] = Plan(hz=DAMKAR, presses=ACCEPTS)
    with city.call() as call:
        hear_each_other(call.citizen, call.taker)
        call.dispatch()
        officer = call.answered_by(LAND)
        eventually(lambda: call.taker.voice.hears_throughout(DAMKAR))
        city.taker.hang_up(call.taker)
        # For about a second the taker has been gone.
        eventually(lambda: not officer.voice.hears(TAKER, last_s=1.0))
        hear_each_other(call.citizen, officer)
        call_id = call.ticket()["call_id"]
    file = next((city.line.home / "recordings").rglob(f"{call_id}.wav"))
    together = ({CITIZEN, TAKER}, {CITIZEN, TAKER, DAMKAR}, {CITIZEN, DAMKAR})
    # Asterisk writes it out a moment after the end.
    eventually(lambda: all(some in heard_in(file) for some in together))
    assert all(heard_in(file))


def heard_in(recording: Path) -> list[set[int]]:
    """Whose tones are in a recording, fifth of a second by fifth of a second."""
    with wave.open(str(recording)) as file:
        samples = array("h", file.readframes(file.getnframes()))
    pieces = [samples[at : at + 1600] for at in range(0, len(samples) - 1600, 1600)]
    return [{hz for hz in (CITIZEN, TAKER, DAMKAR) if share_of(hz, piece) > 0.05} for piece in pieces]


def test_a_gateway_that_dies_while_it_rings_leaves_everybody_talking_and_the_record_whole(city: City) -> None:
    city.lines |= {LAND: Plan(picks_up=False), MOBILE: Plan(hz=DAMKAR, presses=ACCEPTS)}
    with city.call() as call:
        dispatch = call.dispatch()
        city.line.process("-m gateway ").kill()
        officer = call.answered_by(MOBILE)
        hear_each_other(call.citizen, call.taker, officer)
        eventually(city.line.is_ready)
        eventually(lambda: call.outcomes(dispatch) == [(LAND, "no_answer"), (MOBILE, "accepted")])
        assert call.seen(dispatch)["bridged_at"]
        assert [talk.number for talk in city.carrier.talks[-2:]] == [LAND, MOBILE]


def test_a_stranger_whose_channel_begins_alike_is_not_joined(city: City) -> None:
    with city.call() as call:
        begins_alike = "PJSIP/201-"  # the taker's, whatever stands behind it

        def join(context: str, **variables: str) -> Talk:
            city.lines[LAND] = Plan(hz=DAMKAR)
            known = len(city.carrier.talks)
            originate(city.line, f"PJSIP/trunk-carrier/sip:{LAND}@{city.carrier.address}", context, variables)
            return eventually(lambda: next((talk for talk in city.carrier.talks[known:] if talk.up), None))

        # What Asterisk's BridgeAdd does with the beginning of a name is why the name is held against the unique id.
        trap = join("BridgeAdd", data=begins_alike)
        hear_each_other(call.citizen, call.taker, trap)
        city.carrier.hang_up(trap)
        eventually(lambda: not call.citizen.voice.hears(DAMKAR))
        call_id = call.ticket()["call_id"]
        for name, unique in ((begins_alike, call_id), (channel_of(city.line), f"{call_id}2")):
            officer = join("skpd-join", SIAGA_CALLER=name, SIAGA_CALL=unique, SIAGA_DISPATCH="999999")
            eventually(lambda officer=officer: officer.ended)  # type: ignore[misc]
            assert not call.citizen.voice.hears(DAMKAR)
        hear_each_other(call.citizen, call.taker)


def channel_of(line: Line) -> str:
    """The caller's channel, by its full name."""
    rows = line.asterisk("core show channels concise").splitlines()
    return next(row.split("!")[0] for row in rows if "!line112!" in row)


def originate(line: Line, channel: str, to: str, variables: dict[str, str]) -> None:
    """Have a number called and put into a context of the dialplan, or into BridgeAdd with `data`."""
    host, _, port = line.environment["SIAGA112_AMI_BIND"].rpartition(":")
    login = AmiLogin(host, int(port), "siaga112", json.loads((line.home / "secrets.json").read_text())["ami"])
    where = (
        {"Application": to, "Data": variables["data"]}
        if "data" in variables
        else {"Context": to, "Exten": "s", "Priority": "1"}
    )

    async def ask() -> None:
        ami = AmiListener(login, receive=lambda _event: None)
        link = asyncio.create_task(ami.run())
        await ami.connected()
        listed = [f"{name}={value}" for name, value in variables.items() if name != "data"]
        more = {"Variable": listed} if listed else {}
        await ami.action("Originate", Channel=channel, Async="true", Timeout="10000", **where, **more)
        link.cancel()
        await asyncio.gather(link, return_exceptions=True)

    asyncio.run(ask())


def test_nobody_is_left_alone_by_a_hand_over(city: City) -> None:
    with city.call() as call:
        status, refusal = city.api("POST", f"/tickets/{call.number}/hand-over")
        assert (status, refusal["type"].rpartition(":")[2]) == (409, "nobody-to-hand-over-to")
        hear_each_other(call.citizen, call.taker)


def test_a_caller_who_hangs_up_while_lines_ring_is_called_back_by_key(city: City) -> None:
    city.lines |= {
        LAND: Plan(hz=DAMKAR, rings_s=2.5, presses="12"),
        "+628123456789": Plan(hz=CITIZEN),
    }
    with city.call() as call:
        dispatch = call.dispatch()
        call.phone.hang_up(call.citizen)
        officer = call.answered_by(LAND)
        called_back = call.answered_by("+628123456789")
        hear_each_other(officer, called_back)
        assert call.state(dispatch) == "accepted"
        assert call.seen(dispatch)["bridged_at"] is None


def test_the_taker_stays_with_a_caller_whom_the_skpd_leaves(city: City) -> None:
    city.lines[LAND] = Plan(hz=DAMKAR, presses=ACCEPTS)
    with city.call() as call:
        dispatch = call.dispatch()
        officer = call.answered_by(LAND)
        hear_each_other(call.citizen, call.taker, officer)
        city.carrier.hang_up(officer)
        eventually(lambda: call.seen(dispatch)["left_at"])
        hear_each_other(call.citizen, call.taker)
        city.taker.hang_up(call.taker)
        # The taker's hang-up ends the call: the SKPD had left before, and left nobody alone.
        eventually(lambda: call.citizen.ended)


def test_taker_and_skpd_may_go_on_when_the_caller_hangs_up(city: City) -> None:
    city.lines[LAND] = Plan(hz=DAMKAR, presses=ACCEPTS)
    with city.call() as call:
        call.dispatch()
        officer = call.answered_by(LAND)
        hear_each_other(call.citizen, call.taker, officer)
        call.phone.hang_up(call.citizen)
        hear_each_other(call.taker, officer)


def test_the_last_skpd_to_leave_leaves_the_caller_first_in_the_queue(city: City) -> None:
    city.lines[LAND] = Plan(hz=DAMKAR, presses=ACCEPTS)
    with city.call() as call:
        since = len(city.taker.talks)
        call.dispatch()
        officer = call.answered_by(LAND)
        hear_each_other(call.citizen, call.taker, officer)
        city.taker.hang_up(call.taker)
        hear_each_other(call.citizen, officer)
        city.carrier.hang_up(officer)
        again = eventually(lambda: next(iter(city.taker.talks[since:]), None))
        hear_each_other(call.citizen, again)
        assert call.ticket()["number"] == call.number
        assert [one["ticket"] for one in city.line.calls() if one["outcome"] == "talking"] == [call.number]


def test_a_caller_whom_backup_number_and_skpd_have_left_is_not_given_up(city: City) -> None:
    city.lines |= {BACKUP: Plan(hz=TAKER), LAND: Plan(hz=DAMKAR, presses=ACCEPTS)}
    with signed_out(city), Softphone(host="127.0.0.2") as phone:
        since = now()
        citizen = phone.dial(city.line.sip, "112", hz=CITIZEN)
        backup = eventually(lambda: next((one for one in city.carrier.talks if one.number == BACKUP and one.up), None))
        hear_each_other(citizen, backup)
        (ticket,) = eventually(lambda: city.line.tickets(since))
        city.api("POST", f"/tickets/{ticket['number']}/dispatches", {"skpd": "damkar"})
        officer = eventually(lambda: next((one for one in city.carrier.talks if one.number == LAND and one.up), None))
        hear_each_other(citizen, backup, officer)
        city.carrier.hang_up(backup)
        hear_each_other(citizen, officer)
        city.carrier.hang_up(officer)
        again = eventually(lambda: next((one for one in city.carrier.talks if one.number == BACKUP and one.up), None))
        hear_each_other(citizen, again)
        # Whom a backup number leaves, and nobody else, the call is over.
        city.carrier.hang_up(again)
        eventually(lambda: citizen.ended)


@contextmanager
def signed_out(city: City) -> Iterator[None]:
    """Nobody is at the desk while the block runs."""
    city.line.asterisk("queue remove member PJSIP/201 from 112")
    eventually(lambda: city.line.health()["staffed"] == 0)
    yield
    city.line.asterisk("queue add member PJSIP/201 to 112")
    eventually(lambda: city.line.health()["staffed"] == 1)


def test_a_dispatch_is_withdrawn_while_it_rings(city: City) -> None:
    city.lines[LAND] = Plan(hz=DAMKAR, rings_s=60)
    with city.call() as call:
        dispatch = call.dispatch()
        (ringing,) = eventually(lambda: [talk for talk in city.carrier.talks if talk.number == LAND and not talk.ended])
        status, _ = city.api("POST", f"/tickets/{call.number}/dispatches/{dispatch['id']}/cancel")
        assert status == 200
        eventually(lambda: ringing.ended)
        eventually(lambda: call.outcomes(dispatch) == [(LAND, "cancelled")])
        assert call.state(dispatch) == "cancelled"
        hear_each_other(call.citizen, call.taker)


def test_a_call_that_is_over_can_be_dispatched_still(city: City) -> None:
    city.lines[LAND] = Plan(hz=DAMKAR, presses="1")
    with city.call() as call:
        call.phone.hang_up(call.citizen)
        eventually(lambda: city.line.calls()[-1]["ended_at"])
        dispatch = call.dispatch()
        eventually(lambda: call.state(dispatch) == "accepted")
        assert call.seen(dispatch)["bridged_at"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"skpd": "nobody"}, 404),
        ({"skpd": "damkar\r\nAction: Hangup"}, 422),
        ({"skpd": ""}, 422),
        ({"skpd": "damkar", "line": "+62811"}, 422),
        ({"skpd": ["damkar"]}, 422),
        ({"skpd": "damkar", "mode": "shout"}, 422),
        ({}, 422),
        ([], 422),
    ],
)
def test_what_is_no_dispatch_rings_nobody(city: City, body: object, status: int) -> None:
    before = len(city.carrier.talks)
    with city.call() as call:
        assert city.api("POST", f"/tickets/{call.number}/dispatches", body)[0] == status
        assert call.ticket()["dispatches"] == []
    assert len(city.carrier.talks) == before
