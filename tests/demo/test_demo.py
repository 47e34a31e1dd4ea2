"""`make demo`: a town that calls, people who answer and write, and an end that leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from demo.line import DEMOS, DemoFailed, DemoLine, home_of, loopback
from demo.people import SKPDS, TAKERS
from gateway.site.config import CHECKOUT
from tests.demo.playing import Playing, alive, environment, words_of
from tests.telephony.line import eventually


def test_a_town_calls_takers_write_a_supervisor_turns_and_ctrl_c_leaves_nothing() -> None:
    with Playing.started("--pace", "12", "--seed", "112") as demo:
        visitor = demo.visitor()
        (first_phones,) = demo.phones()

        def everything_has_been_seen() -> bool:
            tickets, calls = visitor.list("tickets"), visitor.list("calls")
            turned = {(one["call_type"], one["status"]) for one in tickets}
            return (
                {("ghost", "closed"), ("prank", "closed"), ("emergency", "open"), ("emergency", "on_progress")}
                <= turned
                and len({one["caller"]["kind"] for one in calls}) >= 4
                and {"answered", "abandoned"} <= {one["outcome"] for one in calls}
                and any(one["category"] and one["severity"] and one["reporter_name"] for one in tickets)
                and len({one["taker"] for one in tickets}) >= 3
            )

        eventually(everything_has_been_seen, within_s=45)

        def every_telephone_has_been_seen() -> bool:
            sent = [one for ticket in visitor.list("tickets") for one in ticket["dispatches"]]
            legs = {leg["outcome"] for one in sent for leg in one["legs"]}
            # The carrier is there, and knows every number.
            assert legs <= {None, "accepted", "busy", "no_answer", "not_confirmed", "cancelled"}
            return (
                {"accepted", "busy", "no_answer", "not_confirmed"} <= legs
                and {"en_route", "handled"} <= {one["state"] for one in sent}
                and any(one["bridged_at"] for one in sent)
                and {one["requested_by"] for one in sent} <= {user for _, _, user in TAKERS}
            )

        eventually(every_telephone_has_been_seen, within_s=90)
        # Their login is good for two minutes only: by now others have taken their place, and are called.
        eventually(lambda: not alive([first_phones]), within_s=20)
        assert {one["code"] for one in visitor.list("skpds", "")} == {code for code, *_ in SKPDS}
        before = len(visitor.list("tickets"))
        eventually(lambda: len(visitor.list("tickets")) > before, within_s=20)
        home = Path((demo.said("state and logs") or "").split()[-1])
        assert home.parent == DEMOS
        assert list((home / "recordings").rglob("*.wav"))
        assert demo.said("answers +62")
        assert not demo.said("left as it is")
        processes = demo.processes()
        words = {Path(word).name for one in processes for word in words_of(one)}
        assert words >= {"sipp", "asterisk.conf", "gateway.agi.server"}
        assert demo.stop() == 0
        assert alive(processes) == []
        assert not home.exists()


def test_a_demo_that_is_killed_takes_its_calls_and_its_line_with_it(tmp_path: Path) -> None:
    with Playing.started("--pace", "12", SIAGA112_HOME=str(tmp_path)) as demo:
        demo.sign_in()
        processes = demo.processes()
        assert "sipp" in {word for one in processes for word in words_of(one)}
        demo.stop(signal.SIGKILL)
        eventually(lambda: not alive(processes), within_s=20)


def test_a_folder_that_holds_something_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    kept = tmp_path / "siaga112.sqlite3"
    kept.write_text("a site's own")
    done = subprocess.run(
        [sys.executable, "-m", "demo"],
        cwd=CHECKOUT,
        env=environment(SIAGA112_HOME=str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert (
        done.stderr
        == f"demo: SIAGA112_HOME {tmp_path} is not empty: a demo begins with an empty folder, and keeps it\n"
    )
    assert list(tmp_path.iterdir()) == [kept]
    assert kept.read_text() == "a site's own"


def test_what_a_killed_demo_left_is_removed_by_the_next_one_and_a_living_ones_is_not() -> None:
    DEMOS.mkdir(exist_ok=True)
    left = Path(tempfile.mkdtemp(dir=DEMOS))
    with home_of({}) as one:
        assert not left.exists()
        with home_of({}) as other:
            assert one.is_dir()
            assert other.is_dir()
        assert not other.exists()
    assert not one.exists()


def test_a_folder_that_was_named_is_kept(tmp_path: Path) -> None:
    with home_of({"SIAGA112_HOME": str(tmp_path / "new")}) as home:
        (home / "log").mkdir()
    assert (tmp_path / "new/log").is_dir()


def test_nothing_of_a_sites_database_carrier_or_settings_reaches_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = {
        "SIAGA112_DATABASE_URL": "sqlite+aiosqlite:////srv/siaga112.sqlite3",
        "SIAGA112_JOURNALS": "/srv/journals",
        "SIAGA112_CONFIG": "/srv/siaga112.toml",
        "SIAGA112_BACKUP_NUMBERS": "0811223344",
        "SIAGA112_CARRIER_PROXY": "192.0.2.1:5060",
    }
    for name, value in {**site, "SIAGA112_SIP_BIND": "127.0.0.1:5999"}.items():
        monkeypatch.setenv(name, value)
    line = DemoLine.prepared(tmp_path, "", print)
    ours = {name: value for name, value in line.environment.items() if name.startswith("SIAGA112_")}
    # Whatever else this shell has set stays out as well: ports and looks alone are taken over.
    assert ours.keys() & site.keys() == set()
    assert (ours["SIAGA112_HOME"], ours["SIAGA112_SIP_BIND"]) == (str(tmp_path), "127.0.0.1:5999")
    assert line.environment["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize("bind", ["192.0.2.1:5060", "0.0.0.0:5060", "[::1]:5060", "5060"])
def test_a_demo_calls_nobody_outside_this_machine(bind: str) -> None:
    with pytest.raises(DemoFailed, match="SIAGA112_SIP_BIND"):
        loopback({"SIAGA112_SIP_BIND": bind}, "sip_bind")
