"""What the pages show, in the city's time and in two languages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import gateway.web.pages
from gateway.alarms import Alarm
from gateway.facts.skpd_facts import note_stamp, voice_note
from gateway.web.api import (
    call_backs,
    dispatches,
    nuisance,
    premise_notes,
    questions,
    return_calls,
    tickets,
)
from gateway.web.door.city import City, limit
from gateway.web.door.problems import INTERNAL, KINDS, kind_of
from gateway.web.pages.board_views import board_view
from gateway.web.pages.call_log_filter import LogFilter, read_filter
from gateway.web.pages.texts import CATEGORIES, LANGUAGES, TEXTS, texts
from gateway.web.pages.timeline_words import timeline_lines
from gateway.web.pages.views import (
    Seats,
    Words,
    call_rows,
    caller_view,
    clock_views,
    lasted,
    quick_closes,
    ticket_view,
    turns,
)
from tests.ticketing.evidence import MORNING, answered, arrives, call_id, hung_up, interrupted, joined, left
from ticketing.dispatch import DispatchState, LegOutcome
from ticketing.dispatch_events import (
    DispatchFailed,
    DispatchLeft,
    DispatchLineDialled,
    DispatchLineEnded,
    DispatchRequested,
    DispatchUpdated,
)
from ticketing.events import (
    Event,
    NotePlayed,
    RecordingPlayed,
    SlaBreached,
    StatusTurned,
    TakerAnswered,
    TicketTriaged,
)
from ticketing.located import Shape, SourceKind
from ticketing.model import (
    Caller,
    CallerKind,
    CallType,
    Precision,
    PresentedIdentity,
    Role,
    Taker,
    Ticket,
    TicketStatus,
)
from ticketing.ports import KeptCall, KeptTicket
from ticketing.return_calls import ReturnOutcome, ReturnState
from ticketing.sla import SlaState, Targets
from ticketing.timeline import NO_ENTRY, chained

TEMPLATES = Path(gateway.web.pages.__file__).parent / "templates"
WITA = ZoneInfo("Asia/Makassar")
WORDS = Words(City(WITA), texts("id"))
ENGLISH = Words(City(WITA), texts("en"))
ANSWER = MORNING + timedelta(seconds=4)
TAKERS = (Taker("201", "Rahmawati", "x", signed_in=True), Taker("202", "Ahmad", "x", signed_in=True))


def kept(serial: int = 1, after: float = 0, **more: object) -> KeptTicket:
    """A ticket whose call was answered by 201, four seconds after it came."""
    call = joined(arrives(serial, after), answered(arrives(serial, after), "201", after + 4))
    at = MORNING + timedelta(seconds=after + 4)
    ticket = Ticket(f"112-20261123-{serial:04d}", call.id, at, at, "201")
    return KeptTicket(replace(ticket, **more), call)  # type: ignore[arg-type]


# ---- times ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-3, "00:00"),
        (0, "00:00"),
        (59.999, "00:59"),
        (60, "01:00"),
        (3599, "59:59"),
        (3600, "1:00:00"),
        (90061, "25:01:01"),
    ],
)
def test_a_duration_is_shown_in_whole_seconds(seconds: float, shown: str) -> None:
    assert lasted(timedelta(seconds=seconds)) == shown


def test_an_instant_is_shown_in_the_citys_time_and_language() -> None:
    late = datetime(2026, 5, 31, 16, 30, 5, tzinfo=UTC)
    assert WORDS.when(late).date == "Sen 1 Jun 2026"
    assert (ENGLISH.when(late).date, ENGLISH.when(late).time) == ("Mon 1 Jun 2026", "00:30:05")
    assert WORDS.when(late).iso == "2026-06-01T00:30:05+08:00"


# ---- clocks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after_s", "state", "text", "counting"),
    [
        (0, SlaState.RUNNING, "03:00", True),
        (179.2, SlaState.RUNNING, "00:00", True),
        (180, SlaState.RUNNING, "00:00", True),
        (245, SlaState.BREACHED, "+01:05", True),
    ],
)
def test_a_running_clock_shows_what_is_left_and_then_how_late_it_is(
    after_s: float, state: SlaState, text: str, *, counting: bool
) -> None:
    on_progress, _ = clock_views(kept().ticket, ANSWER + timedelta(seconds=after_s), WORDS)
    assert (on_progress.state, on_progress.text, on_progress.counting) == (state, text, counting)


@pytest.mark.parametrize(("after_s", "state"), [(110, SlaState.MET), (260, SlaState.BREACHED)])
def test_a_clock_that_was_met_shows_how_long_it_took_and_counts_no_more(after_s: float, state: SlaState) -> None:
    ticket = kept(status=TicketStatus.ON_PROGRESS, on_progress_at=ANSWER + timedelta(seconds=after_s)).ticket
    on_progress, close = clock_views(ticket, ANSWER + timedelta(seconds=400), WORDS)
    assert (on_progress.state, on_progress.text, on_progress.counting) == (
        state,
        lasted(timedelta(seconds=after_s)),
        False,
    )
    assert close.counting


def test_clocks_run_against_what_the_city_promises() -> None:
    strict = Words(City(WITA, targets=Targets(timedelta(seconds=90), timedelta(minutes=10))), texts("id"))
    on_progress, close = clock_views(kept().ticket, ANSWER + timedelta(minutes=2), strict)
    assert (on_progress.text, close.text) == ("+00:30", "08:00")


@pytest.mark.parametrize(("seconds", "written"), [(180, "3"), (1200, "20"), (90, "1:30")])
def test_a_promise_is_written_in_minutes(seconds: int, written: str) -> None:
    assert limit(timedelta(seconds=seconds)) == written


def test_a_ticket_that_is_no_emergency_has_no_clock_to_watch() -> None:
    for clock in clock_views(kept(call_type=CallType.PRANK).ticket, ANSWER + timedelta(hours=1), WORDS):
        assert (clock.state, clock.counting) == (SlaState.EXEMPT, False)


# ---- callers --------------------------------------------------------------------------------------------------------


def test_a_callers_number_is_grouped_as_people_read_it() -> None:
    assert caller_view(Caller("081234500001", "+6281234500001", CallerKind.MOBILE)).number == "+62 812-3450-0001"


def test_a_caller_without_a_number_cannot_be_called_back() -> None:
    view = caller_view(Caller("", None, CallerKind.ANONYMOUS))
    assert (view.number, view.callable) == (None, False)
    assert caller_view(None).kind == "unknown"


def test_a_number_that_is_none_is_shown_as_it_was_sent() -> None:
    assert caller_view(Caller("+62hello", "+62hello", CallerKind.UNKNOWN)).number == "+62hello"
    assert caller_view(Caller(" 14045 ", None, CallerKind.SHORT)).number == "14045"


@pytest.mark.parametrize(("name", "shown"), [("Pak RT", "Pak RT"), ("0812", ""), ("  ", ""), ("+62812", "")])
def test_the_name_that_a_network_sends_is_shown_unless_it_is_the_number_again(name: str, shown: str) -> None:
    sent = PresentedIdentity(number="0812", name=name)
    assert caller_view(Caller("0812", "+62812", CallerKind.MOBILE, sent)).name == shown


# ---- the board ------------------------------------------------------------------------------------------------------


def test_emergencies_come_first_and_among_them_the_next_deadline() -> None:
    prank = kept(1, 0, call_type=CallType.PRANK)
    waiting_for_close = kept(2, 10, status=TicketStatus.ON_PROGRESS, on_progress_at=ANSWER)
    fresh = kept(3, 300)
    older = kept(4, 200)
    board = board_view([prank, waiting_for_close, fresh, older], [], TAKERS, Seats(), now=ANSWER, words=WORDS)
    assert [row.number[-1] for row in board.tickets] == ["4", "3", "2", "1"]


def test_who_has_waited_longest_is_on_top_and_nobody_waits_who_was_answered_or_left() -> None:
    young, old = arrives(1, 50), arrives(2, 20)
    gone = joined(arrives(3, 0), hung_up(arrives(3, 0), 5))
    board = board_view(
        [], [young, old, gone, kept(4).call], TAKERS, None, now=ANSWER + timedelta(minutes=1), words=WORDS
    )
    assert [call.call_id for call in board.waiting] == [old.id, young.id]
    assert board.longest is not None
    assert board.longest.age == "00:44"


def test_a_taker_is_shown_as_the_phones_and_calls_have_it() -> None:
    talking = kept(1)
    others = [Taker(str(n), "Nama", "x", signed_in=n != 207) for n in range(202, 208)]
    seats = Seats(frozenset({"201", "202", "203", "204"}), frozenset({"202"}), frozenset({"203"}))
    board = board_view([talking], [talking.call], [*TAKERS[:1], *others], seats, now=ANSWER, words=WORDS)
    assert [taker.state for taker in board.takers] == [
        "talking", "free", "ringing", "busy", "offline", "offline", "signed_out",
    ]  # fmt: skip
    assert board.takers[0].ticket == talking.ticket.number
    assert board.free == 1


def test_nobody_waits_or_talks_in_a_call_that_was_interrupted() -> None:
    waited, talked = joined(arrives(2), interrupted(arrives(2), 30)), joined(kept(1).call, interrupted(arrives(1), 30))
    board = board_view([kept(1)], [waited, talked], TAKERS[:1], Seats(), now=ANSWER, words=WORDS)
    assert (board.waiting, [taker.state for taker in board.takers]) == ((), ["offline"])


def test_a_taker_who_has_hung_up_talks_no_more_although_the_caller_is_still_there() -> None:
    call = joined(kept(1).call, left(arrives(1), "201", 30))
    board = board_view([], [call], TAKERS, Seats(free=frozenset({"201"})), now=ANSWER, words=WORDS)
    assert board.takers[0].state == "free"


def test_while_asterisk_does_not_answer_the_phones_state_is_not_guessed() -> None:
    board = board_view([], [], TAKERS, None, now=ANSWER, words=WORDS)
    assert {taker.state for taker in board.takers} == {"unknown"}
    assert not board.seen


def test_the_board_counts_what_it_shows() -> None:
    tickets = [kept(1), kept(2, 400), kept(3, 400, status=TicketStatus.ON_PROGRESS, on_progress_at=ANSWER)]
    board = board_view(tickets, [], (), None, now=MORNING + timedelta(seconds=410), words=WORDS, more=True)
    assert (board.count("open"), board.count("on_progress"), board.late, board.more) == (2, 1, 1, True)


# ---- who may do what ------------------------------------------------------------------------------------------------


def test_a_supervisor_turns_and_a_taker_only_closes_what_is_no_emergency() -> None:
    emergency, prank = kept().ticket, kept(call_type=CallType.PRANK).ticket
    assert [turn.to for turn in turns(emergency, Role.SUPERVISOR)] == [TicketStatus.ON_PROGRESS]
    assert turns(emergency, Role.CALL_TAKER) == ()
    assert [turn.to for turn in turns(prank, Role.CALL_TAKER)] == [TicketStatus.CLOSED]
    assert turns(emergency, Role.ADMIN) == ()


def test_reopening_asks_for_a_reason() -> None:
    (reopen,) = turns(kept(status=TicketStatus.CLOSED, closed_at=ANSWER).ticket, Role.SUPERVISOR)
    assert (reopen.to, reopen.needs_reason) == (TicketStatus.OPEN, True)


def test_one_key_closes_a_prank_or_a_ghost_for_whoever_may_close_it() -> None:
    assert [(one.call_type, one.key) for one in quick_closes(kept().ticket, Role.CALL_TAKER)] == [
        (CallType.PRANK, "F8"),
        (CallType.GHOST, "F9"),
    ]
    assert quick_closes(kept().ticket, Role.ADMIN) == ()
    assert quick_closes(kept(status=TicketStatus.CLOSED).ticket, Role.SUPERVISOR) == ()


# ---- a ticket and the log -------------------------------------------------------------------------------------------


def test_a_ticket_shows_its_calls_times() -> None:
    over = KeptTicket(kept().ticket, joined(kept().call, hung_up(arrives(1), 64)))
    view = ticket_view(over, TAKERS, role=Role.SUPERVISOR, now=ANSWER, words=WORDS)
    assert (view.wait, view.talk, view.call_over, view.row.taker) == ("00:04", "01:00", True, "Rahmawati (201)")
    talking = ticket_view(kept(taker="299"), TAKERS, role=Role.SUPERVISOR, now=ANSWER, words=WORDS)
    assert (talking.talk, talking.call_over, talking.row.taker) == (None, False, "299")


def test_a_call_is_logged_beside_its_tickets_timings() -> None:
    one = kept(on_progress_at=ANSWER + timedelta(seconds=70))
    over = joined(one.call, hung_up(arrives(1), 64))
    calls = [KeptCall(over, one.ticket.number), KeptCall(arrives(2, 20))]
    first, second = call_rows(
        calls, {one.ticket.number: one.ticket}, TAKERS, {over.id}, now=MORNING + timedelta(seconds=30), words=WORDS
    )
    assert first.clocks is not None
    assert (first.wait, first.talk, first.takers, first.clocks[0].text) == ("00:04", "01:00", "Rahmawati", "01:10")
    assert (first.recorded, second.recorded) == (True, False)
    assert (second.ticket, second.clocks, second.wait, second.answered) == (None, None, "00:10", None)


@pytest.mark.parametrize(
    "query",
    [
        {"outcome": "lost"}, {"taker": "'; --"}, {"from": "23-11-2026"}, {"to": "9999-12-31"}, {"from": "0001-01-01"},
    ],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_asks_for_nothing_and_says_so(query: dict[str, str]) -> None:
    assert read_filter(query) == LogFilter(unreadable=True)


def test_a_filters_days_are_the_citys_and_both_count() -> None:
    asked = read_filter({"from": "2026-11-23", "to": "2026-11-23", "q": " \x00ab "}).asked(WITA)
    assert asked.since == datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert asked.until == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert asked.text == "\ufffdab"


def test_a_link_keeps_the_filter_and_escapes_it() -> None:
    wanted = read_filter({"outcome": "answered", "q": "a&b=<c>"})
    assert wanted.link("next/1") == "/calls?outcome=answered&q=a%26b%3D%3Cc%3E&cursor=next%2F1"
    assert LogFilter().link() == "/calls"
    assert not LogFilter().given


# ---- the timeline ---------------------------------------------------------------------------------------------------


def test_the_timeline_is_told_in_plain_words() -> None:
    due = ANSWER + timedelta(minutes=3)
    events = (
        TakerAnswered(ANSWER, "channel", "201", Precision.LEDGER),
        TicketTriaged(ANSWER, "rahma", {"category": (None, "kebakaran"), "location.area_code": ("x", "52.72.01.1001")}),
        SlaBreached(due, "on_progress", due),
        StatusTurned(due, "sari", TicketStatus.CLOSED, TicketStatus.OPEN, "salah tutup"),
    )
    lines = timeline_lines(chained(call_id(), events, NO_ENTRY, recorded_at=due), ANSWER, WORDS)
    assert [line.text for line in lines] == [
        "Dijawab penerima panggilan 201",
        "Catatan diubah",
        "Batas waktu terlewati: Ditangani ≤ 3 mnt",
        "Status: Selesai → Baru",
    ]
    assert lines[1].details == ("Kategori kejadian: Kebakaran", "Kelurahan: x → Paruga, Rasanae Barat")
    assert (lines[2].grave, lines[2].after, lines[2].when.time) == (True, "+03:00", "09:03:04")
    assert (lines[3].by, lines[3].details) == ("sari", ("Alasan: salah tutup",))


def test_a_dispatch_is_told_by_the_name_of_its_skpd_on_every_line() -> None:
    events = (
        DispatchRequested(ANSWER, "7", "damkar", ("+6237442113", "113"), "rahma"),
        DispatchLineDialled(ANSWER, "7", "+6237442113", "telkom"),
        DispatchLineEnded(ANSWER, "7", "+6237442113", "telkom", LegOutcome.BUSY, 17, 486),
        DispatchLineEnded(ANSWER, "7", "113", "telkom", LegOutcome.NOT_CONFIRMED, None, None),
        DispatchFailed(ANSWER, "7", "damkar"),
        DispatchUpdated(ANSWER, "7", "damkar", DispatchState.DECLINED, "rahma", "semua unit di Sape"),
        DispatchLeft(ANSWER, "8", "bpbd"),
    )
    entries = chained(call_id(), events, NO_ENTRY, recorded_at=ANSWER)
    lines = timeline_lines(entries, ANSWER, WORDS, {"damkar": "Pemadam Kebakaran"})
    assert [line.text for line in lines] == [
        "Dihubungkan ke Pemadam Kebakaran",
        "Pemadam Kebakaran: memanggil +62 374 42113 lewat telkom",
        "Pemadam Kebakaran: +62 374 42113 selesai: sibuk",
        "Pemadam Kebakaran: 113 selesai: diangkat, tidak ada yang menekan 1",
        "Tidak ada yang menerima di Pemadam Kebakaran",
        "Pemadam Kebakaran: Menolak",
        "bpbd keluar dari percakapan",
    ]
    assert [line.details for line in lines[2:6]] == [("Q.850 17, SIP 486",), (), (), ("Catatan: semua unit di Sape",)]
    assert [line.by for line in lines if line.by] == ["rahma", "rahma"]
    assert [line.type for line in lines if line.grave] == ["dispatch_failed"]


def test_a_spoken_note_is_no_riddle_and_whoever_plays_it_played_that_one() -> None:
    note, told_at = voice_note(note_stamp(ANSWER)), ANSWER + timedelta(seconds=75)
    events = (
        DispatchRequested(ANSWER, "7", "damkar", ("+6237442113",), "rahma"),
        DispatchUpdated(told_at, "7", "damkar", DispatchState.ACCEPTED, "tel:+6237442113", note),
        NotePlayed(told_at, "sari", "7", note),
        NotePlayed(told_at, "sari", "8", note),
        RecordingPlayed(told_at, "sari"),
    )
    entries = chained(call_id(), events, NO_ENTRY, recorded_at=told_at)
    lines = timeline_lines(entries, ANSWER, WORDS, {"damkar": "Pemadam Kebakaran"})
    assert [(line.text, line.details) for line in lines[1:]] == [
        ("Pemadam Kebakaran: Diterima", ("Catatan suara",)),
        ("Catatan suara Pemadam Kebakaran pukul 09:01:19 diputar", ()),
        ("Catatan suara — pukul — diputar", ()),
        ("Rekaman diputar", ()),
    ]


def test_every_kind_of_entry_has_a_sentence() -> None:
    told = {event.type for event in Event.__subclasses__()}
    assert len(told) > 30
    assert {f"timeline.{one}" for one in told} <= TEXTS.keys()


def test_an_entry_of_a_kind_that_the_pages_do_not_know_is_shown_by_its_name() -> None:
    (entry,) = chained(
        call_id(), [TakerAnswered(MORNING, "c", "{0.__class__}", Precision.LEDGER)], NO_ENTRY, recorded_at=ANSWER
    )
    odd = replace(entry, type="moon_landed", body={"party": 5, "changes": [1]})
    assert timeline_lines([odd], ANSWER, WORDS)[0].text == "Kejadian: moon_landed"
    (braces,) = timeline_lines([entry], ANSWER, WORDS)
    assert (braces.text, braces.after) == ("Dijawab penerima panggilan {0.__class__}", None)


# ---- words and places -----------------------------------------------------------------------------------------------


def test_every_sentence_has_the_same_places_to_fill_in_both_languages() -> None:
    for key, (indonesian, english) in TEXTS.items():
        assert re.findall(r"{\w+}", indonesian) == re.findall(r"{\w+}", english), key


def test_every_sentence_that_a_template_names_is_in_the_catalogue() -> None:
    sources = "".join(file.read_text() for file in TEMPLATES.glob("*.html"))
    named = set(re.findall(r"""\bt\(["']([\w.]+)["'](?:\)|,)""", sources))
    assert len(named) > 50
    assert named <= TEXTS.keys()


@pytest.mark.parametrize(
    ("family", "values"),
    [
        ("status", TicketStatus),
        ("call_type", CallType),
        ("role", Role),
        ("kind", CallerKind),
        ("sla", SlaState),
        ("ticket.turn", ()),
        ("dispatch", DispatchState),
        ("leg", LegOutcome),
        ("returned", ReturnOutcome),
        ("returning", ReturnState),
        ("place", (*Shape, *SourceKind)),
        ("taker", ("free", "ringing", "talking", "busy", "offline", "signed_out", "unknown")),
    ],
)
def test_everything_that_can_be_shown_has_a_word(family: str, values: tuple[str, ...]) -> None:
    assert {f"{family}.{value}" for value in values} <= TEXTS.keys()


def test_every_refusal_that_a_page_may_meet_has_words_in_both_languages() -> None:
    modules = (
        tickets,
        call_backs,
        dispatches,
        nuisance,
        premise_notes,
        questions,
        return_calls,
    )
    routes = [route for module in modules for route in module.ROUTES]
    told = {kind_of(error).name for route in routes if route.method != "GET" for error in route.errors}
    of_all = {"not-signed-in", "forbidden", "csrf", "invalid-body", "too-slow", "store-unusable", "internal"}
    assert set(texts("id").problems()) == told | of_all
    known = {kind.name for kind in KINDS.values()} | {INTERNAL.name}
    assert of_all <= known


def test_who_chose_no_language_reads_the_sites_and_else_indonesian() -> None:
    asked = (("en", "id"), (None, "en"), ("xx", "id"), ("", "fr"))
    assert [texts(wanted, site).language for wanted, site in asked] == ["en", "en", "id", "id"]


def test_a_category_that_is_not_in_the_table_is_shown_as_it_is() -> None:
    assert (texts("en").category("kebakaran"), texts("en").category("ufo"), texts("en").category(None)) == (
        "Fire",
        "ufo",
        None,
    )
    assert {len(names) for names in CATEGORIES.values()} == {len(LANGUAGES)}


def test_an_alarm_that_has_no_words_of_its_own_is_shown_as_a_fault() -> None:
    alarms = [
        Alarm("trunk.telkom", "no answer", MORNING, grave=True),
        Alarm("dispatch.7", "nobody", MORNING, grave=True),
        Alarm("new", "something", MORNING),
    ]
    board = board_view([], [], (), None, now=MORNING, words=WORDS, alarms=alarms)
    assert [(one.kind, one.text, one.grave) for one in board.alarms] == [
        ("trunk", "no answer", True),
        ("dispatch", "nobody", True),
        ("other", "something", False),
    ]
