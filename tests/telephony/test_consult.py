"""The taker has a word with the SKPD first, the caller on music; then all are together, whatever happens meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bench.softphone import Plan, Talk
from tests.telephony.city import (
    ACCEPTS,
    AMBULANCE,
    CITIZEN,
    DAMKAR,
    LAND,
    PSC,
    TAKER,
    hear_each_other,
    hears_nothing_of,
)
from tests.telephony.line import eventually

if TYPE_CHECKING:
    from tests.telephony.city import City, Conversation


def consult(call: Conversation) -> tuple[dict[str, Any], Talk]:
    """The taker and Damkar speak apart from the caller, who hears music."""
    call.city.lines[LAND] = Plan(hz=DAMKAR, presses=ACCEPTS)
    dispatch = call.dispatch(mode="consult")
    officer = call.answered_by(LAND)
    hear_each_other(call.taker, officer)
    eventually(lambda: hears_nothing_of(call.citizen, call.taker, officer))
    eventually(lambda: call.seen(dispatch)["consulted_at"])
    return dispatch, officer


def join(call: Conversation, dispatch: dict[str, Any]) -> int:
    status, _ = call.city.api("POST", f"/tickets/{call.number}/dispatches/{dispatch['id']}/join")
    return status


def music_is_over(city: City) -> bool:
    return "consult-music" not in city.line.asterisk("core show channels concise")


def test_the_taker_consults_the_skpd_and_then_joins_all(city: City) -> None:
    with city.call() as call:
        dispatch, officer = consult(call)
        # Music, and nobody: what is heard is not silence.
        eventually(lambda: any(call.citizen.voice.heard(3.0).strip(b"\xd5\x55")))
        assert hears_nothing_of(call.taker, call.citizen)
        assert not officer.voice.ever_heard(CITIZEN)
        assert join(call, dispatch) == 200
        hear_each_other(call.citizen, call.taker, officer)
        eventually(lambda: call.seen(dispatch)["bridged_at"])
        seen = call.seen(dispatch)
        assert seen["mode"] == "consult"
        assert seen["requested_at"] < seen["accepted_at"] < seen["consulted_at"] < seen["bridged_at"]
        # The music is over: three are left, and whoever leaves leaves the others together.
        eventually(lambda: music_is_over(city))
        city.carrier.hang_up(officer)
        hear_each_other(call.citizen, call.taker)
        assert join(call, dispatch) == 409


def test_the_taker_is_back_with_the_caller_when_the_skpd_hangs_up(city: City) -> None:
    with city.call() as call:
        _, officer = consult(call)
        city.carrier.hang_up(officer)
        hear_each_other(call.citizen, call.taker)
        # As before, once the music is gone: the taker's hang-up ends the call.
        eventually(lambda: music_is_over(city))
        city.taker.hang_up(call.taker)
        eventually(lambda: call.citizen.ended)


def test_a_taker_who_hangs_up_leaves_the_caller_with_the_skpd(city: City) -> None:
    with city.call() as call:
        dispatch, officer = consult(call)
        known = len(city.taker.talks)
        city.taker.hang_up(call.taker)
        hear_each_other(call.citizen, officer)
        eventually(lambda: call.seen(dispatch)["bridged_at"])
        # And back to the takers, first in line, when the officer leaves.
        city.carrier.hang_up(officer)
        again = eventually(lambda: next((talk for talk in city.taker.talks[known:] if talk.up), None))
        hear_each_other(call.citizen, again)
        assert call.ticket()["number"] == call.number


def test_taker_and_skpd_go_on_when_the_caller_hangs_up(city: City) -> None:
    with city.call() as call:
        dispatch, officer = consult(call)
        call.phone.hang_up(call.citizen)
        eventually(lambda: city.line.calls()[-1]["ended_at"])
        hear_each_other(call.taker, officer)
        assert join(call, dispatch) == 200
        # There is nobody to come to: the officer may have the caller called back.
        eventually(lambda: call.taker.ended)


def test_a_caller_is_not_kept_waiting_for_ever(city: City) -> None:
    city.line.asterisk("dialplan set global SIAGA_CONSULT_S 2")
    try:
        with city.call() as call:
            _, officer = consult(call)
            hear_each_other(call.citizen, call.taker, officer)
    finally:
        city.line.asterisk("dialplan set global SIAGA_CONSULT_S 120")


def test_a_gateway_that_dies_meanwhile_keeps_nobody_apart(city: City) -> None:
    city.line.asterisk("dialplan set global SIAGA_CONSULT_S 6")
    try:
        with city.call() as call:
            dispatch, officer = consult(call)
            city.line.process("-m gateway ").kill()
            hear_each_other(call.taker, officer)
            eventually(lambda: call.citizen.voice.hears(TAKER), within_s=15)
            hear_each_other(call.citizen, call.taker, officer)
            eventually(city.line.is_ready)
            eventually(lambda: call.seen(dispatch)["bridged_at"])
    finally:
        city.line.asterisk("dialplan set global SIAGA_CONSULT_S 120")


def test_a_caller_whom_all_have_left_is_first_in_the_queue(city: City) -> None:
    with city.call() as call:
        _, officer = consult(call)
        known = len(city.taker.talks)
        city.taker.hang_up(call.taker)
        city.carrier.hang_up(officer)
        again = eventually(lambda: next((talk for talk in city.taker.talks[known:] if talk.up), None))
        hear_each_other(call.citizen, again)
        assert [one["ticket"] for one in city.line.calls() if one["outcome"] == "talking"] == [call.number]


def test_one_skpd_is_consulted_while_another_speaks_with_the_caller(city: City) -> None:
    city.lines[AMBULANCE] = Plan(hz=PSC, presses=ACCEPTS)
    with city.call() as call:
        call.dispatch("psc119")
        crew = call.answered_by(AMBULANCE)
        hear_each_other(call.citizen, call.taker, crew)
        city.lines[LAND] = Plan(hz=DAMKAR, presses=ACCEPTS)
        dispatch = call.dispatch(mode="consult")
        officer = call.answered_by(LAND)
        hear_each_other(call.taker, officer)
        hear_each_other(call.citizen, crew)
        eventually(lambda: hears_nothing_of(call.citizen, call.taker, officer))
        assert join(call, dispatch) == 200
        hear_each_other(call.citizen, crew, call.taker, officer)


@pytest.mark.parametrize("mode", ["shout", "", None, 1, ["consult"]])
def test_what_is_no_mode_rings_nobody(city: City, mode: object) -> None:
    with city.call() as call:
        body = {"skpd": "damkar", "mode": mode}
        assert city.api("POST", f"/tickets/{call.number}/dispatches", body)[0] == 422
        assert call.ticket()["dispatches"] == []
