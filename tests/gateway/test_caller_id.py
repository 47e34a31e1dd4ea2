"""The caller-ID script in the real server, asked as the dialplan asks."""

from __future__ import annotations

import base64

import pytest
from structlog.testing import capture_logs

from gateway.facts.ledger_payloads import decode_caller
from tests.gateway.agi_peer import PRANKSTER, Peer, serving
from ticketing.model import Caller, CallerKind


def arrival(number: str = "", *, trunk: str = "carrier", asserted: str = "", name: str = "") -> str:
    """SIAGA_ARRIVAL as the dialplan makes it."""
    fields = (f" {text}" for text in (number, name, "", asserted, ""))
    return ".".join(["v1", trunk, *(base64.b64encode(text.encode()).decode() for text in fields)])


def recorded(command: str) -> Caller:
    """The caller in the journal's record."""
    return decode_caller(command.removeprefix('EXEC CELGenUserEvent "CALLER,').removesuffix('"'))


def ask(payload: str) -> list[str]:
    """The script's commands for this arrival."""
    with serving() as address, Peer.asking(address, "caller_id", payload) as asterisk:
        return asterisk.commands()


def test_a_mobile_caller_gets_a_number_that_can_be_called_back() -> None:
    record, channel = ask(arrival("08123456789"))
    caller = recorded(record)
    assert (caller.raw, caller.e164, caller.kind) == ("08123456789", "+628123456789", CallerKind.MOBILE)
    assert channel == (
        'EXEC MSet "SIAGA_CALLER_E164=+628123456789,CALLERID(num)=+628123456789,SIAGA_CALLER_KIND=mobile,GW_OK=1"'
    )


def test_a_number_from_which_pranks_come_is_put_back_and_nobody_else() -> None:
    _, channel = ask(arrival(PRANKSTER))
    assert channel.endswith(',SIAGA_CALLER_KIND=mobile,SIAGA_PENALTY=6000,GW_OK=1"')
    assert "PENALTY" not in ask(arrival("08123450001"))[1]


def test_a_caller_without_a_number_gets_none() -> None:
    _, channel = ask(arrival("anonymous"))
    assert channel == 'EXEC MSet "SIAGA_CALLER_KIND=anonymous,GW_OK=1"'


@pytest.mark.parametrize(("trunk", "e164"), [("bare", "+6591234567"), ("national", "+626591234567")])
def test_the_trunk_decides_how_a_number_is_read(trunk: str, e164: str) -> None:
    # Singapore, or Blangpidie without its 0: nobody can tell by looking.
    _, channel = ask(arrival("6591234567", trunk=trunk))
    assert f"SIAGA_CALLER_E164={e164}," in channel


def test_the_networks_word_counts_more_than_the_callers() -> None:
    _, channel = ask(arrival("08999999999", asserted="<sip:+628123456789@ims.example>"))
    assert "SIAGA_CALLER_E164=+628123456789," in channel


def test_a_name_full_of_commands_stays_a_name() -> None:
    name = '"\nEXEC System "reboot,GW_OK=1)'
    record, channel = ask(arrival("08123456789", name=name))
    assert "System" not in record + channel
    assert "System" in recorded(record).presented.name


def test_the_longest_of_callers_goes_into_the_journal_whole() -> None:
    record, _ = ask(arrival("08123456789", asserted="<sip:+628123456789@x>" + "é" * 400, name="é" * 400))
    assert recorded(record).e164 == "+628123456789"


@pytest.mark.parametrize("payload", ["", "v2.carrier.MDgxMjM0NTY3ODk="])
def test_an_arrival_of_another_version_changes_nothing_and_is_told(payload: str) -> None:
    with capture_logs() as logged:
        assert ask(payload) == []
    [line] = [entry for entry in logged if entry["event"] == "agi_session"]
    assert (line["outcome"], line["error"]) == ("failed", "ValueError")


def test_without_an_entry_in_the_journal_the_dialplan_is_not_told_that_all_is_well() -> None:
    with serving() as address, Peer.asking(address, "caller_id", arrival("08123456789")) as asterisk:
        [record] = asterisk.commands(reply="200 result=-2")
    assert record.startswith("EXEC CELGenUserEvent")
