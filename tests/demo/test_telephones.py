"""The SKPDs' telephones of the demo, called as its line calls them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from bench.softphone import Plan, Softphone
from demo.telephones import NUMBERS, telephones
from demo.town import FASTEST, Town
from tests.telephony.line import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.softphone import Talk

TOWN = Town(FASTEST, 112)


def number_for(kind: Callable[[Plan], bool]) -> str:
    """A telephone whose first call goes this way."""
    return next(number for number in sorted(NUMBERS) if kind(TOWN.telephone(number, 1)))


@contextmanager
def called(number: str) -> Iterator[tuple[Softphone, Talk]]:
    """The line calls this telephone: give the exchange, and the line's side of the call."""
    with telephones(TOWN) as exchange, Softphone() as line:
        yield exchange, line.dial(exchange.address, number)


def test_an_officer_picks_up_presses_one_and_hangs_up_after_the_talk() -> None:
    with called(number_for(lambda plan: bool(plan.presses))) as (exchange, talk):
        eventually(lambda: talk.up)
        (theirs,) = exchange.talks
        eventually(lambda: theirs.keys == "")
        eventually(lambda: talk.ended)


def test_a_machine_picks_up_and_presses_nothing() -> None:
    with called(number_for(lambda plan: plan.picks_up and not plan.presses and not plan.refuses)) as (exchange, talk):
        eventually(lambda: talk.up)
        assert exchange.talks[0].keys == ""
        eventually(lambda: talk.ended)


def test_a_telephone_that_nobody_picks_up_rings_until_the_line_gives_up() -> None:
    with telephones(TOWN) as exchange, Softphone() as line:
        talk = line.dial(exchange.address, number_for(lambda plan: not plan.picks_up))
        eventually(lambda: talk.status == 180)
        line.hang_up(talk)
        eventually(lambda: talk.ended)
        assert (talk.status, talk.answered_at) == (487, None)


def test_a_busy_telephone_becomes_free() -> None:
    number = number_for(lambda plan: (plan.refuses or "").startswith("486"))
    times = next(times for times in range(2, 100) if not TOWN.telephone(number, times).refuses)
    with telephones(TOWN) as exchange, Softphone() as line:
        for _ in range(times - 1):
            talk = line.dial(exchange.address, number)
            eventually(lambda talk=talk: talk.ended)  # type: ignore[misc]
            assert talk.status == 486
        again = line.dial(exchange.address, number)
        eventually(lambda: again.status == 180)


@pytest.mark.parametrize("number", ["+6281234567890", "110"])
def test_no_other_number_is_in_use(number: str) -> None:
    with called(number) as (_, talk):
        eventually(lambda: talk.ended)
        assert talk.status == 404


def test_a_telephone_lets_go_of_calls_that_are_over_and_of_no_other() -> None:
    with called(number_for(lambda plan: not plan.picks_up)) as (exchange, _):
        (ringing,) = eventually(lambda: exchange.talks)
        with Softphone() as other:
            refused = other.dial(exchange.address, "110")
            eventually(lambda: refused.ended)
        exchange.forget()
        assert len(exchange.talks) == 2  # sent again, its INVITE must not be taken for a new call
        for talk in exchange.talks:
            talk.asked_at -= 60
        exchange.forget()
        assert exchange.talks == [ringing]
