"""What the pages show of dispatches, and what they offer to whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.facts.skpd_facts import note_stamp, voice_note
from gateway.web.door.city import City
from gateway.web.pages.dispatch_views import Asker, Panel, dispatch_panel, sayable, sent_views
from gateway.web.pages.texts import TEXTS, texts
from gateway.web.pages.views import Words
from tests.ticketing.evidence import MORNING, answered, arrives, hung_up, joined, left
from ticketing.dispatch import Dispatch, DispatchLeg, DispatchState, SpokenNote, Trace, Tried, Update
from ticketing.model import Instant, Precision, Role, Ticket, TicketStatus
from ticketing.ports import KeptTicket
from ticketing.skpd import Line, Skpd

WORDS = Words(City(ZoneInfo("Asia/Makassar")), texts("id"))
ANSWER = MORNING + timedelta(seconds=4)
TAKER, SUPERVISOR, ADMIN = Asker(Role.CALL_TAKER), Asker(Role.SUPERVISOR), Asker(Role.ADMIN)
DAMKAR_OFFICER, BPBD_OFFICER = Asker(Role.SKPD, "damkar"), Asker(Role.SKPD, "bpbd")
BPBD = Skpd("bpbd", "BPBD", (Line("117"),), ("banjir", "gempa"))
DAMKAR = Skpd("damkar", "Pemadam Kebakaran", (Line("+6237442113"), Line("113")), ("kebakaran",))
POLRES = Skpd("polres", "Polres", ())
SKPDS = (BPBD, DAMKAR, POLRES)
NAMES = {one.code: one.name for one in SKPDS}
CALL = joined(arrives(1), answered(arrives(1), "201", 4))
TICKET = Ticket("112-20261123-0001", CALL.id, ANSWER, ANSWER, "201", category="kebakaran")
KEPT = KeptTicket(TICKET, CALL)


def at(seconds: float) -> Instant:
    return Instant(ANSWER + timedelta(seconds=seconds), Precision.LEDGER)


def dispatch(number: int = 1, skpd: str = "damkar", trace: Trace | None = None, **more: object) -> Dispatch:
    asked = Dispatch(TICKET.number, CALL.id, skpd, ("+6237442113", "113"), ANSWER, "rahma", id=number)
    return replace(asked, trace=trace or Trace(), **more)  # type: ignore[arg-type]


def said(state: DispatchState, seconds: float = 30, note: str | None = None) -> Update:
    return Update(at(seconds).at, state, "wahyu", note)


ENGAGED = DispatchLeg(1, "telkom", dialled=at(1), ended=at(3), tried=Tried("BUSY", cause=17, sip=486))
RINGS = DispatchLeg(2, "telkom", dialled=at(4), ringing=at(5))
PICKED_UP = replace(RINGS, answered=at(9))
ACCEPTS = replace(PICKED_UP, accepted=at(15))
TALKS = dispatch(trace=Trace((ENGAGED, ACCEPTS), joined=at(16)))
GONE = dispatch(trace=Trace((ENGAGED, replace(ACCEPTS, ended=at(60))), joined=at(16), left=at(60), over=at(61)))
FAILED = dispatch(trace=Trace((ENGAGED,), over=at(4)))


def panel(*dispatches: Dispatch, asker: Asker = TAKER, kept: KeptTicket = KEPT) -> Panel:
    return dispatch_panel(kept, dispatches, SKPDS, NAMES, asker=asker, words=WORDS)


# ---- whom to ask ----------------------------------------------------------------------------------------------------


def test_whose_category_it_is_comes_first_and_the_others_by_their_names() -> None:
    assert [(one.code, one.fits) for one in panel().choices] == [("damkar", True), ("bpbd", False), ("polres", False)]
    flood = replace(KEPT, ticket=replace(TICKET, category="banjir"))
    assert [one.code for one in panel(kept=flood).choices] == ["bpbd", "damkar", "polres"]
    unknown = replace(KEPT, ticket=replace(TICKET, category=None))
    assert [one.code for one in panel(kept=unknown).choices if one.fits] == []


def test_an_skpd_without_a_line_cannot_be_rung() -> None:
    assert [one.code for one in panel().choices if not one.reachable] == ["polres"]


@pytest.mark.parametrize(
    ("one", "busy"),
    [(dispatch(), True), (TALKS, True), (GONE, False), (FAILED, False), (dispatch(cancelled_at=ANSWER), False)],
    ids=["rings", "talks", "gone", "failed", "cancelled"],
)
def test_an_skpd_that_is_rung_or_talks_is_not_asked_for_twice(one: Dispatch, *, busy: bool) -> None:
    assert [choice.busy for choice in panel(one).choices] == [busy, False, False]


@pytest.mark.parametrize("asker", [ADMIN, DAMKAR_OFFICER])
def test_who_may_not_dispatch_is_offered_nobody(asker: Asker) -> None:
    shown = panel(TALKS, asker=asker)
    assert (shown.choices, shown.hands_over, shown.dispatches[0].cancels) == ((), False, False)


def test_nobody_is_sent_to_what_is_closed() -> None:
    closed = replace(KEPT, ticket=replace(TICKET, status=TicketStatus.CLOSED))
    shown = panel(FAILED, kept=closed)
    assert (shown.choices, shown.failed) == ((), ())


# ---- how it stands --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (dispatch(), "requested"),
        (dispatch(trace=Trace((ENGAGED,))), "requested"),
        (dispatch(trace=Trace((ENGAGED, RINGS))), "ringing"),
        (dispatch(trace=Trace((ENGAGED, PICKED_UP))), "answered"),
        (TALKS, "accepted"),
        (FAILED, "failed"),
        (dispatch(trace=Trace((RINGS,)), cancelled_at=ANSWER), "cancelled"),
        (dispatch(trace=TALKS.trace, updates=(said(DispatchState.EN_ROUTE),)), "en_route"),
    ],
)
def test_a_dispatch_is_told_in_one_word(one: Dispatch, state: str) -> None:
    (shown,) = panel(one).dispatches
    assert (shown.sent.name, shown.sent.state) == ("Pemadam Kebakaran", state)
    assert f"dispatch.{state}" in TEXTS


def test_every_step_of_every_line_is_shown_with_its_time_and_what_became_of_it() -> None:
    (shown,) = panel(GONE).dispatches
    assert [(leg.line, leg.trunk, leg.codes) for leg in shown.legs] == [
        ("+62 374 42113", "telkom", "Q.850 17, SIP 486"),
        ("113", "telkom", ""),
    ]
    steps = [[(step.word, step.when.time) for step in leg.steps] for leg in shown.legs]
    assert steps == [
        [("dialled", "09:00:05"), ("busy", "09:00:07")],
        [
            ("dialled", "09:00:08"), ("ringing", "09:00:09"), ("answered", "09:00:13"),
            ("accepted", "09:00:19"), ("ended", "09:01:04"),
        ],
    ]  # fmt: skip
    assert {f"leg.{word}" for leg in steps for word, _ in leg} <= TEXTS.keys()


def test_a_spoken_note_is_played_by_whoever_may_hear_it_where_its_audio_is() -> None:
    told = [said(DispatchState.ACCEPTED, seconds, voice_note(note_stamp(at(seconds).at))) for seconds in (30, 40)]
    there = frozenset({SpokenNote(1, str(told[0].note))})
    for audible, plays in ((there, [True, False]), (frozenset(), [False, False])):
        one = dispatch(updates=(*told, said(DispatchState.HANDLED, 50, "voice: selesai")))
        shown = dispatch_panel(KEPT, (one,), SKPDS, NAMES, asker=SUPERVISOR, words=WORDS, audible=audible)
        *spoken, written = shown.dispatches[0].updates
        assert [(update.note, update.spoken and update.spoken.plays) for update in spoken] == [
            (None, played) for played in plays
        ]
        assert (written.note, written.spoken) == ("voice: selesai", None)


def test_what_the_skpd_said_is_shown_with_who_put_it_down() -> None:
    (shown,) = panel(dispatch(updates=(said(DispatchState.DECLINED, note="semua unit di Sape"),))).dispatches
    (update,) = shown.updates
    assert (update.state, update.by, update.note) == ("declined", "wahyu", "semua unit di Sape")


def test_the_latest_dispatch_is_on_top_and_a_removed_skpd_keeps_its_name() -> None:
    shown = dispatch_panel(KEPT, (FAILED, dispatch(2, "bpbd")), (), NAMES, asker=TAKER, words=WORDS)
    assert [one.sent.name for one in shown.dispatches] == ["BPBD", "Pemadam Kebakaran"]
    assert panel(dispatch(3, "satpol")).dispatches[0].sent.name == "satpol"


def test_a_failure_stands_until_the_same_skpd_is_asked_again() -> None:
    assert panel(FAILED, dispatch(2, "bpbd")).failed == ("Pemadam Kebakaran",)
    assert panel(FAILED, dispatch(2)).failed == ()


def test_the_board_has_the_last_word_of_each_skpd_and_none_of_what_was_withdrawn() -> None:
    tried = (FAILED, dispatch(2, trace=Trace((RINGS,))), dispatch(3, "bpbd", cancelled_at=ANSWER))
    assert [(one.name, one.state) for one in sent_views(tried, NAMES)] == [("Pemadam Kebakaran", "ringing")]


# ---- who may do what ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "cancels"),
    [
        (dispatch(trace=Trace((RINGS,))), True),
        (TALKS, False),
        (FAILED, False),
        (dispatch(cancelled_at=ANSWER), False),
        (dispatch(updates=(said(DispatchState.ACCEPTED),)), True),
    ],
    ids=["rings", "accepted", "failed", "cancelled", "rings, and said to be accepted"],
)
def test_a_dispatch_is_withdrawn_until_somebody_accepts(one: Dispatch, *, cancels: bool) -> None:
    assert panel(one).dispatches[0].cancels == cancels


def test_a_taker_hands_over_while_an_skpd_is_in_the_conversation_and_only_then() -> None:
    assert panel(TALKS).hands_over
    assert not panel(dispatch(trace=Trace((ACCEPTS,)))).hands_over
    assert not panel(GONE).hands_over
    handed_over = replace(KEPT, call=joined(CALL, left(arrives(1), "201", 30)))
    assert not panel(TALKS, kept=handed_over).hands_over
    over = replace(KEPT, call=joined(CALL, hung_up(arrives(1), 30)))
    assert not panel(TALKS, kept=over).hands_over


@pytest.mark.parametrize(
    ("asker", "speaks"),
    [(TAKER, True), (SUPERVISOR, True), (DAMKAR_OFFICER, True), (BPBD_OFFICER, False), (ADMIN, False)],
)
def test_the_room_and_the_skpds_own_dispatcher_put_down_what_it_says(asker: Asker, *, speaks: bool) -> None:
    (shown,) = panel(TALKS, asker=asker).dispatches
    assert (bool(shown.says), shown.notes is not None) == (speaks, speaks)


@pytest.mark.parametrize(
    ("state", "next_ones"),
    [
        ("requested", "accepted declined"),
        ("failed", "accepted declined"),
        ("accepted", "assigned en_route on_scene handled declined"),
        ("on_scene", "handled declined"),
        ("handled", "on_scene"),
        ("declined", "accepted"),
        ("cancelled", ""),
    ],
)
def test_what_can_be_said_next_is_what_comes_later(state: str, next_ones: str) -> None:
    assert [str(one) for one in sayable(DispatchState(state))] == next_ones.split()
    assert {f"dispatch.say_{one}" for one in next_ones.split()} <= TEXTS.keys()


def test_a_note_is_added_to_what_was_said_and_to_nothing_else() -> None:
    notes = [panel(one).dispatches[0].notes for one in (TALKS, dispatch(), FAILED)]
    assert notes == [DispatchState.ACCEPTED, None, None]


CONSULTS = dispatch(trace=Trace((ACCEPTS,), consulted=at(16)))


def test_a_word_first_is_offered_while_a_taker_is_on_the_call() -> None:
    assert panel().consults
    assert not panel(asker=DAMKAR_OFFICER).consults
    assert not panel(kept=replace(KEPT, call=joined(CALL, hung_up(CALL, 60)))).consults


def test_who_consults_can_join_until_all_are_together() -> None:
    (shown,) = panel(CONSULTS).dispatches
    assert (shown.consults, shown.joins) == (True, True)
    (shown,) = panel(CONSULTS, asker=DAMKAR_OFFICER).dispatches
    assert (shown.consults, shown.joins) == (True, False)
    (shown,) = panel(CONSULTS.learn(Trace(joined=at(40)))).dispatches
    assert (shown.consults, shown.joins, shown.talks) == (False, False, True)
