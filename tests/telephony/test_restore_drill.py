"""The drill: a backup made in the middle of a call becomes a line of its own, and nothing is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.sipp import Citizen, citizens
from tests.telephony.line import SITE, Line, eventually, now

if TYPE_CHECKING:
    from pathlib import Path


def test_a_backup_made_during_a_call_is_a_line_that_goes_on(line112: Line, tmp_path: Path) -> None:
    since, file, home = now(), tmp_path / "line.backup", tmp_path / "new"
    with line112.staffed("201"), citizens(line112.sip, Citizen(talk_ms=60_000)):
        talking = line112.wait_for_talk(since)
        done = line112.siaga112("backup", str(file))
        assert done.returncode == 0, done.stderr
        beside = line112.siaga112("verify")
        line112.asterisk("channel request hangup all")
        ended = line112.ended_call(since)
    assert (beside.returncode, beside.stderr) == (0, ""), beside.stdout
    assert line112.siaga112("restore", str(file), "--home", str(home)).returncode == 0
    (home / "siaga112.toml").write_text(SITE)
    new = Line.prepared(home)
    new.start()
    try:
        before = {ticket["number"]: ticket["answered_at"] for ticket in line112.tickets()}
        assert {ticket["number"]: ticket["answered_at"] for ticket in new.tickets()} == before
        (call,) = new.calls(since)
        # Its end was written after the backup, and into another line's ledger.
        assert (call["id"], call["ticket"]) == (talking["id"], ended["ticket"])
        new.logins.update(line112.logins)
        since = now()
        with new.staffed("201"), citizens(new.sip, Citizen()) as caller:
            caller.finish()
        assert new.ended_call(since)["outcome"] == "answered"
        verified = eventually(lambda: found if (found := new.siaga112("verify")).returncode == 0 else None)
        assert verified.stdout.endswith("all as it should be\n")
    finally:
        new.stop()
