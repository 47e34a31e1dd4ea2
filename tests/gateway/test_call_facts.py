"""What Asterisk says becomes facts, or a clear complaint."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.facts.call_facts import (
    CallArrived,
    CallBegan,
    CallEnded,
    CallerConnected,
    CallerIdentified,
    CallOverflowed,
    LegAnswered,
    LegEnded,
    TakerSigned,
    Unreadable,
    from_ami,
    from_cel,
    from_queue_log,
    is_of_call,
)
from tests.gateway import transcripts
from ticketing.model import CallerKind, CallId, Instant, LegKind, Precision

CALL, CHANNEL = CallId("bima1-1795467556.1"), "bima1-1795467556.2"
STAMP = datetime(2026, 11, 23, 20, 59, 16, 491867, tzinfo=UTC)

# One record as cel_custom writes it; the tests below change a field each.
RECORD = {
    "eventtype": "ANSWER",
    "eventenum": "ANSWER",
    "userdeftype": "",
    "eventtime": "1795467556.491867",
    "channame": "PJSIP/201-00000002",
    "appname": "AppQueue",
    "uniqueid": CHANNEL,
    "linkedid": CALL,
    "peer": "",
    "eventextra": "",
}


def record(**changes: str | None) -> str:
    return json.dumps({name: value for name, value in {**RECORD, **changes}.items() if value is not None})


def test_a_real_answered_call_tells_its_whole_story() -> None:
    facts = list(filter(is_of_call, map(from_cel, transcripts.cel("answered"))))
    # Caller and taker hang up in threads of their own: which end is written first is chance.
    assert [type(fact) for fact in facts[:3]] == [CallArrived, CallerIdentified, LegAnswered]
    assert {type(fact) for fact in facts[3:]} == {CallEnded, LegEnded}
    assert len({fact.call for fact in facts}) == 1


def test_the_doorbell_and_the_queue_log_tell_the_same_of_a_real_call() -> None:
    (rung,) = [fact for event in transcripts.ami("answered") if (fact := from_ami(event))]
    (written,) = [fact for line in transcripts.queue_log("answered") if (fact := from_queue_log(line))]
    assert isinstance(rung, CallerConnected)
    assert isinstance(written, CallerConnected)
    assert (rung.call, rung.channel, rung.party) == (written.call, written.channel, written.party)
    assert (rung.at.precision, written.at.precision) == (Precision.DOORBELL, Precision.SECOND)
    assert written.at.at == rung.at.at.replace(microsecond=0)


def test_a_real_call_that_nobody_could_take_says_so() -> None:
    facts = [fact for line in transcripts.cel("overflow") if (fact := from_cel(line))]
    assert CallOverflowed in {type(fact) for fact in facts}


def test_who_signs_out_and_in_is_told_by_doorbell_and_ledger() -> None:
    expected = [TakerSigned("204", signed_in=False), TakerSigned("204", signed_in=True)]
    assert [fact for event in transcripts.ami("sign_in_and_out") if (fact := from_ami(event))] == expected
    assert [fact for line in transcripts.queue_log("sign_in_and_out") if (fact := from_queue_log(line))] == expected


def test_an_instant_of_the_ledger_keeps_its_microsecond() -> None:
    fact = from_cel(record())
    assert fact == LegAnswered(CALL, CHANNEL, "201", LegKind.TAKER, Instant(STAMP, Precision.LEDGER))


def test_an_answer_of_the_callers_own_channel_is_never_the_answer() -> None:
    assert from_cel(record(uniqueid=CALL, channame="PJSIP/trunk-carrier-00000001")) is None


def test_a_backup_number_that_answers_is_known_by_its_trunk() -> None:
    fact = from_cel(record(channame="PJSIP/trunk-carrier-00000002"))
    assert isinstance(fact, LegAnswered)
    assert (fact.party, fact.kind) == ("carrier", LegKind.BACKUP)


def test_a_backup_number_is_given_the_caller_when_it_enters_the_bridge() -> None:
    entered = record(eventenum="BRIDGE_ENTER", channame="PJSIP/trunk-carrier-00000002")
    fact = from_cel(entered)
    assert isinstance(fact, CallerConnected)
    assert (fact.party, fact.kind) == ("carrier", LegKind.BACKUP)
    assert from_cel(record(eventenum="BRIDGE_ENTER")) is None


def test_the_robot_of_a_test_call_is_nobodys_phone() -> None:
    connected = from_queue_log(f"1795467556|{CALL}|test|Local/s@robot/n|CONNECT|0|{CHANNEL}|0")
    assert isinstance(connected, CallerConnected)
    assert (connected.party, connected.kind, connected.channel) == ("robot", LegKind.ROBOT, CHANNEL)
    picked_up = from_cel(record(channame="Local/s@robot-00000000;1"))
    assert picked_up == LegAnswered(CALL, CHANNEL, "robot", LegKind.ROBOT, Instant(STAMP, Precision.LEDGER))
    # Its other half is the robot itself: its answer comes first, and is no answer to anybody.
    assert from_cel(record(channame="Local/s@robot-00000000;2")) is None


def test_other_channels_and_events_say_nothing_of_calls() -> None:
    assert from_cel(record(channame="Local/s@anywhere-00000001;2")) is None
    assert from_cel(record(eventenum="CHAN_START")) is None
    assert from_cel(record(eventenum="USER_DEFINED", userdeftype="SOMETHING_ELSE")) is None
    assert from_ami({"Event": "FullyBooted"}) is None
    assert from_queue_log("1795467579|bima1-1795467567.5|112|PJSIP/201|RINGNOANSWER|12000") is None


@pytest.mark.parametrize(
    ("extra", "cause"),
    [('{"hangupcause":16}', 16), ('{"hangupcause":"16"}', None), ("{", None), ("[]", None), ("", None)],
)
def test_the_end_of_a_call_has_its_cause_where_asterisk_gives_one(extra: str, cause: int | None) -> None:
    fact = from_cel(record(eventenum="HANGUP", uniqueid=CALL, eventextra=extra))
    assert fact == CallEnded(CALL, Instant(STAMP, Precision.LEDGER), cause)


def test_a_record_whose_json_a_caller_broke_still_gives_its_answer() -> None:
    # cel_custom 22.10 escapes quotes, not backslashes: a name such as a\q would make a line like this one.
    broken = record().replace('"peer": ""', '"peer":"a\\q"').replace('": "', '":"')
    with pytest.raises(ValueError, match="escape"):
        json.loads(broken)
    assert from_cel(broken) == from_cel(record())


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        '"text"',
        "\x00\ufffd",
        record(linkedid=None),
        record(linkedid=7),  # type: ignore[arg-type]
        record(linkedid="not an id"),
        record(eventtime="yesterday"),
        record(eventtime="1795467556"),
        record(eventenum="USER_DEFINED", userdeftype="ARRIVED"),
        record(eventenum="USER_DEFINED", userdeftype="ARRIVED", eventextra='{"extra":7}'),
        record(eventenum="USER_DEFINED", userdeftype="ARRIVED", eventextra='{"extra":"v9.carrier"}'),
        record(eventenum="USER_DEFINED", userdeftype="CALLER", eventextra='{"extra":"bm9uc2Vuc2U="}'),
    ],
)
def test_a_ledger_line_that_gives_nothing_up_is_complained_about(line: str) -> None:
    with pytest.raises(Unreadable):
        from_cel(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a|b|c",
        "soon|bima1-1795467556.1|112|PJSIP/201|CONNECT|0|bima1-1795467556.2|0",
        "1795467556|bima1-1795467556.1|112|PJSIP/201|CONNECT|0",
        "1795467556|1|112|PJSIP/201|CONNECT|0|bima1-1795467556.2|0",
        "1795467556|bima1-1795467556.1|112|Local/201@x|CONNECT|0|bima1-1795467556.2|0",
    ],
)
def test_a_line_that_is_none_of_queue_logs_is_complained_about(line: str) -> None:
    with pytest.raises(Unreadable):
        from_queue_log(line)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Uniqueid", None),
        ("Uniqueid", ""),
        ("Uniqueid", ["bima1-1.1", "bima1-1.2"]),
        ("Interface", "PJSIP/<script>"),
        ("Timestamp", "now"),
        ("DestUniqueid", "x" * 65536),
    ],
)
def test_an_event_with_a_header_absent_doubled_or_absurd_is_complained_about(
    header: str, value: str | list[str] | None
) -> None:
    event = {**transcripts.ami("answered")[0]}
    if value is None:
        del event[header]
    else:
        event[header] = value
    with pytest.raises(Unreadable) as complaint:
        from_ami(event)
    assert len(str(complaint.value)) < 200


def test_the_caller_is_what_the_script_wrote_to_the_ledger() -> None:
    (fact,) = [fact for line in transcripts.cel("hidden") if isinstance(fact := from_cel(line), CallerIdentified)]
    assert fact.caller.kind is CallerKind.ANONYMOUS


def test_an_arrival_keeps_what_the_trunk_sent() -> None:
    parts = [base64.b64encode(text.encode()).decode() for text in (" 0811", " <b>", " From", " ", " id")]
    payload = json.dumps({"extra": ".".join(["v1", "carrier", *parts])})
    fact = from_cel(record(eventenum="USER_DEFINED", userdeftype="ARRIVED", uniqueid=CALL, eventextra=payload))
    assert isinstance(fact, CallArrived)
    assert fact.trunk == "carrier"
    assert (fact.presented.number, fact.presented.name, fact.presented.privacy) == ("0811", "<b>", "id")


@given(st.text())
def test_no_text_in_a_journal_does_more_than_be_complained_about(line: str) -> None:
    for parse in (from_cel, from_queue_log):
        try:
            fact = parse(line)
        except Unreadable:
            continue
        assert fact is None or fact.__class__.__module__ == "gateway.facts.call_facts"


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=20) | st.lists(st.text(max_size=5), min_size=2)))
def test_no_event_does_more_than_be_complained_about(event: dict[str, str | list[str]]) -> None:
    try:
        fact = from_ami({"Event": "AgentConnect", **event})
    except Unreadable:
        return
    assert fact is None


# As Asterisk 22.10.1 writes it, with Context and Exten (cel_custom.conf).
BEGINNING = {
    "eventtype": "CHAN_START",
    "eventenum": "CHAN_START",
    "userdeftype": "",
    "eventtime": "1795469759.483252",
    "channame": "PJSIP/trunk-carrier-00000006",
    "appname": "",
    "uniqueid": "bima1-1795469759.6",
    "linkedid": "bima1-1795469759.6",
    "peer": "",
    "eventextra": "",
    "context": "from-carrier",
    "exten": "112",
}


def test_a_carriers_channel_for_a_number_of_the_line_is_a_call_from_its_first_instant() -> None:
    fact = from_cel(json.dumps(BEGINNING))
    assert isinstance(fact, CallBegan)
    assert (fact.call, fact.trunk, fact.at.precision) == ("bima1-1795469759.6", "carrier", Precision.LEDGER)


@pytest.mark.parametrize(
    "other",
    [
        {"exten": "s"},  # a call of ours, through a trunk
        {"exten": ""},
        {"exten": None},
        {"linkedid": "bima1-1795469759.2"},  # for somebody else's call
        {"channame": "PJSIP/201-00000006", "exten": "112"},  # a taker's phone may dial other things first
        {"channame": "Local/s@robot-00000006;1"},
    ],
    ids=str,
)
def test_other_channels_say_nothing_by_being_made(other: dict[str, str | None]) -> None:
    assert from_cel(json.dumps({**BEGINNING, **other})) is None
