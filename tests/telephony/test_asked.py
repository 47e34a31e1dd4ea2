"""Callers who must wait are asked who needs what, and where: in the queue, in their place, whatever they press."""

from __future__ import annotations

import time
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from bench.softphone import Softphone, Talk
from tests.telephony.city import hear_each_other
from tests.telephony.line import eventually, now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tests.telephony.city import City

WAITER = 550
STEPS = ("what", "district", "place", "none")
# The keys that lead to each step.
KEYS = {"what": "", "district": "1", "place": "13", "none": "13#"}
SAID = {
    "what": [],
    "district": [("incident", "medical")],
    "place": [("incident", "medical"), ("district", "52.72.04"), "place"],
    "none": [("incident", "medical"), ("district", "52.72.04"), "place"],
}


@pytest.fixture(autouse=True)
def impatient(city: City) -> Iterator[None]:
    """The notice comes after a second, and the line waits for keys as long as it does in a city."""
    city.line.asterisk("dialplan set global SIAGA_NOTICE_AFTER 1")
    yield
    for name, seconds in (("SIAGA_NOTICE_AFTER", 15), ("SIAGA_ASK_S", 40), ("SIAGA_ASK_AGAIN_S", 60)):
        city.line.asterisk(f"dialplan set global {name} {seconds}")


@contextmanager
def waiting(city: City) -> Iterator[tuple[Softphone, Talk, Talk]]:
    """The only taker talks; somebody else waits, and has been answered with the notice. Gives the taker's talk last."""
    with city.call() as busy, Softphone(host="127.0.0.2") as phone:
        waiter = phone.dial(city.line.sip, "112", shown="081299900011", hz=WAITER)
        eventually(lambda: waiter.up)
        asked_is(city, "what")
        yield phone, waiter, busy.taker
        phone.hang_up(waiter)


def asked(city: City) -> str:
    """What the last channel that waits is asked now."""
    rows = city.line.asterisk("core show channels concise").splitlines()
    name = next((row.split("!")[0] for row in rows if "!waiting!" in row), "")
    told = city.line.asterisk(f"core show channel {name}") if name else ""
    return next((row.partition("=")[2] for row in told.splitlines() if row.startswith("ASK=")), "")


def asked_is(city: City, step: str) -> None:
    eventually(lambda: asked(city) == step)


def press(city: City, waiter: Talk, keys: str) -> None:
    """Press them, each once the question before is answered."""
    for key, step in zip(keys, STEPS[1:], strict=False):
        waiter.voice.press(key)
        asked_is(city, step)


def said(call: dict[str, Any]) -> list[Any]:
    return [one["question"] if one["question"] == "place" else (one["question"], one["answer"]) for one in call["said"]]


def answered_is(city: City, path: str, answer: tuple[str, str]) -> None:
    """The last answer on the ticket, once it is one to this question."""
    eventually(lambda: said(city.api("GET", path)[1])[-1][0] == answer[0])
    assert said(city.api("GET", path)[1])[-1] == answer


def known_are(city: City, since: datetime, calls: int) -> None:
    eventually(lambda: len(city.line.calls(since)) == calls)


def call_of(city: City, waiter: Talk) -> dict[str, Any]:
    assert not waiter.incoming
    return next(call for call in reversed(city.line.calls()) if call["caller"]["e164"] == "+6281299900011")


def freed(city: City, taker: Talk) -> Talk:
    """The taker puts the receiver down, and is rung for the next caller."""
    known = len(city.taker.talks)
    city.taker.hang_up(taker)
    return eventually(lambda: next((talk for talk in city.taker.talks[known:] if talk.up), None))


@pytest.mark.parametrize("step", STEPS)
def test_a_freed_taker_cuts_the_question_and_has_what_was_said(city: City, step: str) -> None:
    with waiting(city) as (_, waiter, taker):
        press(city, waiter, KEYS[step])
        again = freed(city, taker)
        hear_each_other(waiter, again)
        call = eventually(lambda: (one := call_of(city, waiter))["ticket"] and one)
        assert said(call) == SAID[step]
        _, ticket = city.api("GET", f"/tickets/{call['ticket']}")
        assert ticket["said"] == call["said"]


@pytest.mark.parametrize("step", STEPS)
def test_who_hangs_up_leaves_what_they_said(city: City, step: str) -> None:
    with waiting(city) as (phone, waiter, _):
        press(city, waiter, KEYS[step])
        phone.hang_up(waiter)
        call = eventually(lambda: (one := call_of(city, waiter))["ended_at"] and one)
        assert (call["outcome"], said(call)) == ("abandoned", SAID[step])


def test_keys_beside_the_audio_are_keys_too(city: City) -> None:
    with waiting(city) as (phone, waiter, _):
        phone.press_by_info(waiter, "2")
        asked_is(city, "district")
        phone.press_by_info(waiter, "5")
        asked_is(city, "place")
        eventually(lambda: said(call_of(city, waiter))[:2] == [("incident", "fire"), ("district", "52.72.02")])


def test_a_wrong_key_is_told_and_a_slip_is_corrected(city: City) -> None:
    with waiting(city) as (_, waiter, _):
        for wrong in "067#":
            waiter.voice.press(wrong)
        press(city, waiter, "4")
        waiter.voice.press("8")  # there are five kecamatan
        waiter.voice.press("*")
        asked_is(city, "what")
        press(city, waiter, "2")
        eventually(lambda: said(call_of(city, waiter)) == [("incident", "accident"), ("incident", "fire")])


def test_who_presses_nothing_is_asked_again_after_a_while(city: City) -> None:
    for name in ("SIAGA_ASK_S", "SIAGA_ASK_AGAIN_S"):
        city.line.asterisk(f"dialplan set global {name} 2")
    with waiting(city) as (_, waiter, taker):
        for step in ("none", "what", "none"):
            asked_is(city, step)
        hear_each_other(waiter, freed(city, taker))
        assert call_of(city, waiter)["said"] == []


def test_who_presses_without_end_keeps_the_place_and_is_answered(city: City) -> None:
    with waiting(city) as (_, waiter, taker):
        waiter.voice.press("7" * 500)
        city.taker.hang_up(taker)
        eventually(lambda: any(talk.up and time.monotonic() - (talk.answered_at or 0) > 3 for talk in city.taker.talks))
        assert waiter.up


def test_with_all_of_our_code_dead_the_answers_are_kept_all_the_same(city: City) -> None:
    with waiting(city) as (_, waiter, taker):
        city.line.process("gateway.agi.server").kill()
        city.line.process("-m gateway ").kill()
        press(city, waiter, "31")
        hear_each_other(waiter, freed(city, taker))
        eventually(city.line.is_ready)
        call = eventually(lambda: (one := call_of(city, waiter))["ticket"] and one)
        assert said(call)[:2] == [("incident", "crime"), ("district", "52.72.03")]


def test_who_cannot_speak_is_asked_by_keys_and_heard_all_along(city: City) -> None:
    with waiting(city) as (_, waiter, taker):
        waiter.voice.press("9")
        # Nobody who cannot speak is asked for an address by voice.
        press(city, waiter, "3")
        waiter.voice.press("2")
        asked_is(city, "none")
        again = freed(city, taker)
        hear_each_other(waiter, again)
        call = eventually(lambda: (one := call_of(city, waiter))["ticket"] and one)
        assert said(call) == [("silent", "yes"), ("incident", "crime"), ("district", "52.72.05")]
        path = f"/tickets/{call['ticket']}"
        assert city.api("POST", f"{path}/questions", {"question": "incident"})[0] == 422
        for question, key, answer in (("danger", "1", "yes"), ("weapon", "2", "no")):
            assert city.api("POST", f"{path}/questions", {"question": question})[0] == 200
            # One question at a time; it is heard by both, and neither is heard less for it.
            assert city.api("POST", f"{path}/questions", {"question": "hurt"})[0] == 409
            # A key before the question is no answer to it.
            eventually(lambda: "!silent-question!s!4!" in city.line.asterisk("core show channels concise"))
            assert again.voice.hears(WAITER)
            waiter.voice.press(key)
            answered_is(city, path, (question, answer))
            eventually(lambda: "silent-question" not in city.line.asterisk("core show channels concise"))
        hear_each_other(waiter, again)
        told = [one["type"] for one in city.api("GET", f"{path}/timeline")[1]["items"]]
        assert told.count("question_asked") == 2
        assert told.count("caller_answered") == 5


def test_a_question_to_a_caller_who_is_gone_is_refused(city: City) -> None:
    with city.call() as call:
        call.phone.hang_up(call.citizen)
        eventually(lambda: city.line.calls()[-1]["ended_at"])
        assert city.api("POST", f"/tickets/{call.number}/questions", {"question": "danger"})[0] == 409
        assert call.ticket()["said"] == []


def test_thirty_who_wait_are_served_in_the_order_of_their_arrival_whatever_they_press(city: City) -> None:
    """A different key or none for each, again and again, while one taker takes one after the other."""
    since = now()
    with city.call() as busy, Softphone(host="127.0.0.2") as phones:
        waiters = []
        for number in range(30):
            waiters.append(phones.dial(city.line.sip, "112", shown=f"0812111{number:05d}"))
            known_are(city, since, number + 2)
        eventually(lambda: all(talk.up for talk in waiters))
        turn = count()

        def all_served() -> bool:
            # One key a moment, by one after the other: each presses about one in a second and a half.
            here = next(turn)
            if waiters[here % 30].up and here % 4:
                waiters[here % 30].voice.press("123459*#0"[here % 9])
            for talk in city.taker.talks:
                if talk.up:
                    city.taker.hang_up(talk)
            return all(talk.ended for talk in waiters)

        city.taker.hang_up(busy.taker)
        eventually(all_served, within_s=120)
    calls = city.line.calls(since)
    answers = [call["answered_at"] for call in calls]
    assert (len(answers), answers) == (31, sorted(answers))
