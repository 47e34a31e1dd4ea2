"""Our code is dead, and the taker has a telephone with keys: SKPDs are reached, and it is on the ticket afterwards."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.softphone import Plan
from tests.telephony.city import (
    ACCEPTS,
    AMBULANCE,
    CITIZEN,
    DAMKAR,
    LAND,
    MOBILE,
    PSC,
    hear_each_other,
    hears_nothing_of,
)
from tests.telephony.line import eventually
from tests.telephony.test_fails_open import stopped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.telephony.city import City, Conversation


@contextmanager
def nobody_but_asterisk(city: City) -> Iterator[None]:
    """Gateway and AGI server are dead while the block runs, and nobody starts them again."""
    with stopped(city.line.process("run")):
        city.line.process("-m gateway ").kill()
        city.line.process("gateway.agi.server").kill()
        yield
    eventually(city.line.is_ready)


def dial(call: Conversation, feature: str, short: str) -> None:
    """The taker presses keys during the call; between the feature and the number the phone asks which SKPD."""
    call.taker.voice.press(feature)
    eventually(lambda: hears_nothing_of(call.taker, call.citizen))
    call.taker.voice.press(short)


def short_of(city: City, skpd: str) -> str:
    return next(str(one["short"]) for one in city.line.told("skpd", "list") if one["code"] == skpd)


def test_without_the_gateway_a_taker_brings_an_skpd_into_the_conversation(city: City) -> None:
    city.lines |= {LAND: Plan(refuses="486 Busy Here"), MOBILE: Plan(hz=DAMKAR, presses=ACCEPTS)}
    short = short_of(city, "damkar")
    with city.call() as call:
        with nobody_but_asterisk(city):
            dial(call, "*7", short)
            officer = call.answered_by(MOBILE)
            hear_each_other(call.citizen, call.taker, officer)
            assert not call.citizen.voice.ever_heard(PSC)
            # Handed over by hanging up.
            city.taker.hang_up(call.taker)
            hear_each_other(call.citizen, officer)
        (dispatch,) = eventually(lambda: call.ticket()["dispatches"])
        eventually(lambda: call.seen(dispatch)["bridged_at"])
        seen = call.seen(dispatch)
        assert (seen["skpd"], seen["requested_by"], seen["state"]) == ("damkar", "201", "accepted")
        assert call.outcomes(dispatch) == [(LAND, "busy"), (MOBILE, "accepted")]
        assert seen["requested_at"] < seen["legs"][1]["started_at"] < seen["accepted_at"] < seen["bridged_at"]
        city.carrier.hang_up(officer)
        eventually(lambda: call.seen(dispatch)["left_at"])


def test_without_the_gateway_a_taker_consults_an_skpd_first(city: City) -> None:
    city.lines[LAND] = Plan(hz=DAMKAR, presses=ACCEPTS)
    short = short_of(city, "damkar")
    with city.call() as call:
        with nobody_but_asterisk(city):
            dial(call, "*8", short)
            officer = call.answered_by(LAND)
            hear_each_other(call.taker, officer)
            eventually(lambda: hears_nothing_of(call.citizen, call.taker, officer))
            # Put down, the caller is with the SKPD: an attended transfer.
            city.taker.hang_up(call.taker)
            hear_each_other(call.citizen, officer)
        (dispatch,) = eventually(lambda: call.ticket()["dispatches"])
        eventually(lambda: call.seen(dispatch)["bridged_at"])
        assert call.seen(dispatch)["mode"] == "consult"
        assert call.seen(dispatch)["consulted_at"] < call.seen(dispatch)["bridged_at"]


def test_a_dispatch_by_phone_is_alarmed_and_told_to_the_taker_alone_when_nobody_accepts(city: City) -> None:
    city.lines[AMBULANCE] = Plan(refuses="486 Busy Here")
    with city.call() as call:
        dial(call, "*7", short_of(city, "psc119"))
        (dispatch,) = eventually(lambda: call.ticket()["dispatches"])
        eventually(lambda: call.state(dispatch) == "failed")
        eventually(lambda: f"dispatch.{dispatch['id']}" in {one["name"] for one in city.line.health()["alarms"]})
        hear_each_other(call.citizen, call.taker)


def test_a_dispatch_by_phone_is_withdrawn_on_the_screen(city: City) -> None:
    city.lines[LAND] = Plan(rings_s=60)
    with city.call() as call:
        dial(call, "*7", short_of(city, "damkar"))
        (dispatch,) = eventually(lambda: call.ticket()["dispatches"])
        (ringing,) = eventually(lambda: [talk for talk in city.carrier.talks if talk.number == LAND and not talk.ended])
        assert city.api("POST", f"/tickets/{call.number}/dispatches/{dispatch['id']}/cancel")[0] == 200
        eventually(lambda: ringing.ended)
        eventually(lambda: call.state(dispatch) == "cancelled")


def test_a_number_that_is_none_rings_nobody(city: City) -> None:
    before = len(city.carrier.talks)
    with city.call() as call:
        for keys in ("99", "1#", "**"):
            dial(call, "*7", keys)
            hear_each_other(call.citizen, call.taker)
        assert call.ticket()["dispatches"] == []
    assert len(city.carrier.talks) == before


def test_a_callers_keys_are_no_features(city: City) -> None:
    short, before = short_of(city, "damkar"), len(city.carrier.talks)
    with city.call() as call:
        call.citizen.voice.press(f"*7{short}")
        # Until long after the keys are through, nobody has left the conversation.
        eventually(lambda: call.taker.voice.hears_throughout(CITIZEN, last_s=2.5))
        assert call.ticket()["dispatches"] == []
    assert len(city.carrier.talks) == before
