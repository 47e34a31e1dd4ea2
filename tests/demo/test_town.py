"""The town of the demo: as many pranks as a real one, every kind of caller, and the same again for the same seed."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from demo.__main__ import arguments
from demo.people import SKPDS, whom_to_send
from demo.stories import EMERGENCIES, QUESTIONS
from demo.telephones import NUMBERS
from demo.town import BETWEEN_CALLS_S, FASTEST, MIX, SLOWEST, TELEPHONES, Town, subscriber
from gateway.dispatching.line_syntax import parse_line
from gateway.facts.phone_numbers import identify
from gateway.places.areas.table import kota_bima
from gateway.site.config import Settings
from gateway.web.api.schemas import TriageBody
from gateway.web.pages.texts import CATEGORIES
from ticketing.dispatch import DispatchState
from ticketing.model import CallerIdStyle, CallerKind, PresentedIdentity
from ticketing.skpd import RING_S, Skpd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.softphone import Plan
    from demo.stories import Story
    from demo.town import PlannedCall


def calls(town: Town) -> Iterator[PlannedCall]:
    while True:
        yield town.call()


def test_the_same_seed_is_the_same_town() -> None:
    one, again, other = (list(islice(calls(Town(1, seed)), 50)) for seed in (7, 7, 8))
    assert one == again != other


def test_most_calls_are_no_emergency() -> None:
    types = Counter(call.story.call_type for call in islice(calls(Town(1, 1)), 4000))
    for call_type, share in MIX.items():
        assert types[call_type] / 40 == pytest.approx(share, abs=3)


def test_callers_of_every_kind_call() -> None:
    shown = {
        identify(PresentedIdentity(number=call.number), CallerIdStyle.AUTO).kind
        for call in islice(calls(Town(1, 1)), 500)
    }
    assert {*CallerKind} - {CallerKind.UNKNOWN} <= shown
    assert any("onerror" in call.citizen.from_header for call in islice(calls(Town(1, 1)), 500))


@pytest.mark.parametrize("ways", [("0812345678", "+62812345678", "62812345678"), ("037442434", "+6237442434")])
def test_a_number_is_known_again_however_it_is_written(ways: tuple[str, ...]) -> None:
    assert len({subscriber(number) for number in ways}) == 1


@pytest.mark.parametrize("pace", [SLOWEST, 1, 5, FASTEST])
def test_a_town_lives_as_fast_as_it_is_asked_to(pace: float) -> None:
    town = Town(pace, 1)
    assert sum(town.gap_s() for _ in range(2000)) / 2000 == pytest.approx(BETWEEN_CALLS_S / pace, rel=0.1)
    Settings.model_validate(tomllib.loads(town.settings()))


@pytest.mark.parametrize("pace", [SLOWEST, 1, 5, FASTEST])
def test_phones_log_in_before_they_are_forgotten_and_stay_until_their_last_word(pace: float) -> None:
    town, pickup = Town(pace, 1), Town(pace, 1).pickup()
    assert town.login_s <= 100
    assert (town.logins_in_use - 1) * town.login_s > pickup.talk_ms / 1000 + 3


def test_most_tickets_are_turned_in_time_and_some_are_late() -> None:
    town = Town(1, 1)
    handled = [town.handling(f"112-20261123-{serial:04d}") for serial in range(300)]
    for late in (
        [one for one in handled if one.on_progress_s > 180],
        [one for one in handled if one.close_s > 1200],
    ):
        assert 0.05 < len(late) / len(handled) < 0.3


@pytest.mark.parametrize("story", [*EMERGENCIES, *QUESTIONS])
def test_what_takers_write_is_what_the_api_takes(story: Story) -> None:
    for said in (story.first, story.then):
        TriageBody.model_validate_json(json.dumps({**said, "version": 1}))
    place = story.then.get("location", {})
    assert place.get("area_code") in {*kota_bima().by_code, None}
    assert story.first.get("category") in {*CATEGORIES, None}


def test_every_skpd_can_be_rung_and_is_asked_for_what_happens_in_the_town() -> None:
    happens = {story.first["category"] for story in EMERGENCIES}
    numbers = []
    for code, name, lines, categories in SKPDS:
        skpd = Skpd(code, name, tuple(map(parse_line, lines)), categories)
        assert set(categories) <= happens & set(CATEGORIES)
        numbers += [line.number for line in skpd.lines]
    assert len(numbers) == len(set(numbers)) > 2 * len(SKPDS)


def kind_of(plan: Plan) -> str:
    """What somebody who calls there gets."""
    if plan.refuses:
        return "busy"
    if not plan.picks_up:
        return "nobody"
    return "accepts" if plan.presses == "1" else "machine"


def test_telephones_of_skpds_go_every_way_and_the_same_again_for_the_same_seed() -> None:
    calls_to = [(number, times) for number in sorted(NUMBERS) for times in range(1, 301)]
    one, again, other = ([Town(1, seed).telephone(*call) for call in calls_to] for seed in (7, 7, 8))
    assert one == again != other
    kinds = Counter(map(kind_of, one))
    for kind, share in TELEPHONES.items():
        assert kinds[kind] * 100 / len(one) == pytest.approx(share, abs=4)


@pytest.mark.parametrize("pace", [SLOWEST, 1, 5, FASTEST])
def test_whoever_picks_up_does_so_while_the_line_is_rung_and_presses_while_it_is_told(pace: float) -> None:
    town = Town(pace, 1)
    assert town.line_rings_s in RING_S
    for plan in (town.telephone(number, times) for number in NUMBERS for times in range(50)):
        assert not plan.picks_up or plan.rings_s < town.line_rings_s
        assert plan.thinks_s <= 5
        assert not plan.presses or (plan.stays_s or 0) > plan.thinks_s


def test_skpds_say_how_it_goes_on_and_some_cannot_come() -> None:
    town = Town(1, 1)
    tickets = [f"112-20261123-{serial:04d}" for serial in range(400)]
    lasts = Counter(town.reports(ticket, "psc119")[-1].state for ticket in tickets)
    assert lasts.keys() == {DispatchState.HANDLED, DispatchState.DECLINED}
    assert 0.05 < lasts[DispatchState.DECLINED] / len(tickets) < 0.2
    assert all(said.note for ticket in tickets for said in town.reports(ticket, "psc119") if said.state == "declined")
    sent = [sending for sending in (town.sending(ticket, "psc119") for ticket in tickets) if sending]
    assert 0.7 < len(sent) / len(tickets) < 1
    assert 0 < sum(one.withdrawn_after_s is not None for one in sent) < len(sent) / 5


def test_an_accident_needs_ambulance_and_police() -> None:
    assert whom_to_send("kecelakaan") == ("psc119", "polres")
    assert whom_to_send("listrik") == ()


def test_a_pace_that_no_machine_keeps_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--pace", "1000"], ["--pace", "0"], ["--pace", "nan"], ["--pace", "x"], ["--seed", "x"]):
        with pytest.raises(SystemExit):
            arguments(words)
    assert "0.1 to 20" in capsys.readouterr().err
