"""A backup is what was there, whole or not at all; what comes back is the same line; and flaws are found."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from gateway.cli.root import siaga112
from gateway.facts import call_facts
from gateway.facts.call_tracker import CallTracker
from gateway.ledger.journal import JournalTail
from gateway.site.config import Settings
from gateway.site.home import Home, HomeUnusable, load_secrets
from gateway.telephony.recordings import LARGEST
from gateway.upkeep.archive import DATABASE, MANIFEST, BackupUnusable
from gateway.upkeep.backup import BackupNotMade, back_up
from gateway.upkeep.restore import restore
from gateway.upkeep.verify import Verification
from tests.gateway import transcripts
from tests.ticketing.evidence import MORNING
from tests.ticketing.room import SetClock, Told
from ticketing.commands import RecordCalls
from ticketing.desk import TicketDesk
from ticketing.model import CallerIdStyle, JournalPosition
from ticketing.store import open_store
from ticketing.store.inspection import Inspection

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STORIES = ("answered", "hidden", "abandoned", "second_taker", "overflow")


def nothing(_count: int) -> None:
    """Nobody looks at the progress."""


@dataclass
class Site:
    """A HOME in which the line has recorded a few real calls."""

    settings: Settings

    @property
    def home(self) -> Home:
        return Home.of(self.settings)

    def write(self, *stories: str) -> None:
        for story in stories:
            for path, lines in ((self.home.queue_log, transcripts.queue_log), (self.home.cel, transcripts.cel)):
                with path.open("a") as journal:
                    journal.writelines(f"{line}\n" for line in lines(story))

    def record(self) -> None:
        """Read the ledger on, as the gateway does."""
        asyncio.run(self._record())

    async def _record(self) -> None:
        store = await open_store(self.settings.database)
        desk = TicketDesk(store, SetClock(MORNING + timedelta(days=1)), Told(), ZoneInfo("Asia/Makassar"))
        saved = {position.name: position for position in await store.journal_positions()}
        tracker = CallTracker(lambda _: CallerIdStyle.AUTO)
        parsers = ((self.home.queue_log, call_facts.from_queue_log), (self.home.cel, call_facts.from_cel))
        for path, parse in parsers:
            tail = JournalTail(path, saved.get(path.name))
            while (chunk := tail.read()) is not None:
                facts = [fact for line in chunk.lines if (fact := parse(line))]
                known = list(filter(call_facts.is_of_call, facts))
                await desk.handle(RecordCalls(tracker.learn(known), (chunk.position,)))
                tail.confirm(chunk.position)
            tail.close()
        await store.close()

    def told(self) -> list[tuple[str, str]]:
        """Its tickets and calls."""
        return asyncio.run(self._told())

    def places(self) -> dict[str, JournalPosition]:
        """How far its journals were read."""
        with Inspection.of(self.settings.home / DATABASE) as store:
            return store.positions()

    async def _told(self) -> list[tuple[str, str]]:
        store = await open_store(self.settings.database)
        found = [(kept.ticket.number, kept.ticket.answered_at.isoformat()) for kept in await store.tickets()]
        calls = [(kept.call.id, kept.call.outcome.value) for kept in await store.calls()]
        await store.close()
        return [*found, *calls]

    def verified(self, *, full: bool = False) -> list[str]:
        complaints: list[str] = []
        database = self.settings.home / DATABASE
        looking = Verification(database, self.home, lambda _: None, complaints.append, full=full)
        assert looking.run() == len(complaints)
        return complaints

    def change(self, *statements: str) -> None:
        """Somebody does this to the database."""
        with closing(sqlite3.connect(self.settings.home / DATABASE)) as database:
            # Whoever can write to the file can do away with what keeps the timeline append-only.
            triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'timeline'"
            for (name,) in database.execute(triggers).fetchall():
                database.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                assert database.execute(statement).rowcount
            database.commit()


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("SIAGA112_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SIAGA112_HOME", str(tmp_path / "home"))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(Settings(home=tmp_path / "home"))
    made.home.make()
    load_secrets(made.home)
    (made.home.root / "siaga112.toml").write_text('city = "Kota Bima"\n')
    made.write(*STORIES)
    made.record()
    return made


def backed_up(site: Site, *, recordings: bool = False) -> Path:
    file = site.settings.home.parent / "line.backup"
    back_up(site.settings, file, MORNING, recordings=recordings, progress=nothing)
    return file


def names_in(file: Path) -> list[str]:
    with tarfile.open(file, "r:") as tar:
        return tar.getnames()


# ---- backup and back -------------------------------------------------------------------------------------------------


def test_what_comes_back_is_the_same_line(site: Site, tmp_path: Path) -> None:
    file = backed_up(site)
    assert file.stat().st_mode & 0o777 == 0o600
    restore(file, tmp_path / "new", nothing)
    new = Site(Settings(home=tmp_path / "new"))
    assert new.told() == site.told() != []
    assert load_secrets(new.home) == load_secrets(site.home)
    assert (new.home.root / "siaga112.toml").read_text() == 'city = "Kota Bima"\n'
    assert new.home.queue_log.read_bytes() == site.home.queue_log.read_bytes()
    assert new.verified(full=True) == []
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name or path.name.startswith(".")] == []


def test_a_restored_line_reads_on_where_it_stood_and_misses_nothing(site: Site, tmp_path: Path) -> None:
    # Where the store stands, and what it has not read yet, are two files by now.
    site.home.queue_log.rename(site.home.queue_log.with_name("queue_log.20261123T010000Z"))
    site.home.cel.rename(site.home.cel.with_name("cel.json.20261123T010000Z"))
    site.write("answered")
    file = backed_up(site)
    restore(file, tmp_path / "new", nothing)
    new = Site(Settings(home=tmp_path / "new"))
    for path in (new.home.queue_log, new.home.cel):
        elder = path.with_name(f"{path.name}.20261123T010000Z")
        assert new.places()[path.name] == JournalPosition(path.name, elder.stat().st_ino, elder.stat().st_size)
    before = new.told()
    new.record()
    assert new.told() == before
    assert new.verified() == []


def test_with_an_old_backup_and_the_newest_journals_nothing_is_missing(site: Site, tmp_path: Path) -> None:
    file = backed_up(site)
    # A day later another call, and the rotation of what was there; then the database is damaged.
    site.home.cel.rename(site.home.cel.with_name("cel.json.20261123T010000Z"))
    for path, lines in ((site.home.queue_log, transcripts.queue_log), (site.home.cel, transcripts.cel)):
        with path.open("a") as journal:
            journal.writelines(f"{line.replace('-17954', '-17955')}\n" for line in lines("answered"))
    site.record()
    restore(file, tmp_path / "new", nothing)
    shutil.copytree(site.home.journals, tmp_path / "new/journals", dirs_exist_ok=True)
    new = Site(Settings(home=tmp_path / "new"))
    new.record()
    assert new.told() == site.told()
    assert new.verified() == []


def test_places_in_journals_that_are_not_there_begin_anew(site: Site, tmp_path: Path) -> None:
    before = site.told()
    site.home.queue_log.unlink()
    file = backed_up(site)
    restore(file, tmp_path / "new", nothing)
    new = Site(Settings(home=tmp_path / "new"))
    new.write("answered")
    new.record()
    assert new.told() == before


def test_recordings_are_in_it_when_they_are_asked_for(site: Site) -> None:
    audio = site.home.recordings / "2026/11/23/bima1-1795469752.0.wav"
    audio.parent.mkdir(parents=True)
    audio.write_bytes(b"RIFF")
    assert f"recordings/{audio.relative_to(site.home.recordings)}" in names_in(backed_up(site, recordings=True))


def test_an_officers_note_comes_back_and_somebody_elses_file_stays_where_it_is(site: Site, tmp_path: Path) -> None:
    audio = site.home.note(12, "20261128T092800123456Z")
    audio.parent.mkdir(parents=True, exist_ok=True)
    audio.write_bytes(b"RIFF")
    (site.home.recordings / "my own.wav").write_bytes(b"RIFF")
    restore(backed_up(site, recordings=True), tmp_path / "new", nothing)
    new = tmp_path / "new/recordings"
    assert [file.relative_to(new).as_posix() for file in new.rglob("*.wav")] == [f"notes/{audio.name}"]


def test_the_citys_recordings_of_what_the_line_says_are_in_it_and_come_back(site: Site, tmp_path: Path) -> None:
    prompts = site.settings.prompts_dir
    prompts.mkdir()
    for name in ("notice.wav", "nobody.FLAC"):
        (prompts / name).write_bytes(b"a voice")
    (prompts / "failed.wav").symlink_to("/etc/passwd")
    (prompts / "read me.txt").touch()
    with (prompts / "robot.wav").open("wb") as enormous:
        enormous.truncate(LARGEST + 1)
    file = backed_up(site)
    assert {name for name in names_in(file) if "prompts" in name} == {"prompts/notice.wav", "prompts/nobody.FLAC"}
    restore(file, tmp_path / "new", nothing)
    assert {path.name: path.read_bytes() for path in (tmp_path / "new/prompts").iterdir()} == {
        "notice.wav": b"a voice",
        "nobody.FLAC": b"a voice",
    }


def test_the_citys_areas_and_boundaries_are_in_it_and_come_back(site: Site, tmp_path: Path) -> None:
    site.home.areas.write_bytes(b"a table")
    site.home.boundaries.write_bytes(b"lines")
    file = backed_up(site)
    restore(file, tmp_path / "new", nothing)
    new = Home(tmp_path / "new", tmp_path / "new/journals")
    assert (new.areas.read_bytes(), new.boundaries.read_bytes()) == (b"a table", b"lines")


def test_a_line_that_is_being_written_is_not_in_it_and_the_whole_ones_are(site: Site) -> None:
    whole = site.home.queue_log.read_bytes()
    with site.home.queue_log.open("a") as journal:
        journal.write("1795469752|torn")
    with tarfile.open(backed_up(site), "r:") as tar:
        copied = tar.extractfile("journals/queue_log")
        assert copied
        assert copied.read() == whole


def test_a_backup_is_written_over_nothing(site: Site) -> None:
    file = backed_up(site)
    before = file.read_bytes()
    with pytest.raises(BackupNotMade, match="is there already"):
        backed_up(site)
    assert file.read_bytes() == before


def test_a_damaged_database_is_not_backed_up(site: Site, tmp_path: Path) -> None:
    database = site.settings.home / DATABASE
    with database.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 8192)
    result = CliRunner().invoke(siaga112, ["backup", str(tmp_path / "bad.backup")])
    assert "damaged" in str(result.exception)
    assert not (tmp_path / "bad.backup").exists()


# ---- what is refused -------------------------------------------------------------------------------------------------


def header(name: str, size: int = 0, **more: Any) -> tarfile.TarInfo:  # noqa: ANN401 - any field of the header
    made = tarfile.TarInfo(name)
    made.size = size
    for field, value in more.items():
        setattr(made, field, value)
    return made


def with_member(file: Path, member: tarfile.TarInfo) -> None:
    with tarfile.open(file, "a:") as tar:
        tar.addfile(member, io.BytesIO(b"x" * member.size))


@pytest.mark.parametrize(
    "member",
    [
        header("/etc/cron.d/x", 1),
        header("../outside", 1),
        header("journals/../../outside", 1),
        header("journals/queue_log.1/../../../outside", 1),
        header("prompts/../outside.wav", 1),
        header("recordings/2026/11/23", type=tarfile.DIRTYPE),
        header("journals/queue_log.9", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        header("journals/queue_log.9", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
        header("journals/queue_log.9", type=tarfile.CHRTYPE, devmajor=1, devminor=5),
        header("journals/queue_log.9", type=tarfile.FIFOTYPE),
        header("siaga112.sqlite3", 1),
        header("journals/queue_log.9", 1),
        header("secrets.json\n", 1),
    ],
    ids=lambda member: f"{member.name!r} {member.type!r}",
)
def test_a_hostile_archive_is_refused_and_nothing_is_left_behind(
    site: Site, tmp_path: Path, member: tarfile.TarInfo
) -> None:
    file = backed_up(site)
    with_member(file, member)
    with pytest.raises(BackupUnusable):
        restore(file, tmp_path / "new", nothing)
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "outside").exists()


def rewritten(file: Path, change: Callable[[str, bytes], bytes]) -> None:
    """The same archive with other contents."""
    with tarfile.open(file, "r:") as tar:
        contents = {one.name: read.read() for one in tar if (read := tar.extractfile(one))}
    with tarfile.open(file, "w:") as tar:
        for name, content in contents.items():
            changed = change(name, content)
            tar.addfile(header(name, len(changed)), io.BytesIO(changed))


def manifest_with(**more: object) -> Callable[[str, bytes], bytes]:
    def change(name: str, content: bytes) -> bytes:
        return json.dumps({**json.loads(content), **more}).encode() if name == MANIFEST else content

    return change


def one_bit(name: str, content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:] if name == "journals/queue_log" else content


def larger(name: str, content: bytes) -> bytes:
    return content + b"\0" * 10_000_000 if name == "journals/queue_log" else content


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (one_bit, "its sum is another"),
        (larger, "its size is another"),
        (manifest_with(format=2), "of format 2"),
        (manifest_with(files={}), "not what its manifest lists"),
        (manifest_with(files={"siaga112.sqlite3": {"size": -1, "sha256": ""}}), "makes no sense"),
        (lambda name, content: b"[" * 100_000 if name == MANIFEST else content, "makes no sense"),
    ],
)
def test_what_is_not_what_the_manifest_says_is_refused(
    site: Site, tmp_path: Path, change: Callable[[str, bytes], bytes], complaint: str
) -> None:
    file = backed_up(site)
    rewritten(file, change)
    with pytest.raises(BackupUnusable, match=complaint):
        restore(file, tmp_path / "new", nothing)
    assert not (tmp_path / "new").exists()


def test_half_a_backup_and_no_backup_are_refused(site: Site, tmp_path: Path) -> None:
    file = backed_up(site)
    half = tmp_path / "half"
    half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    (tmp_path / "other").write_bytes(b"no tar at all" * 1000)
    for broken in (half, tmp_path / "other", tmp_path / "absent"):
        with pytest.raises(BackupUnusable):
            restore(broken, tmp_path / "new", nothing)


def test_a_compressed_archive_is_not_even_unpacked(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb"
    with tarfile.open(bomb, "w:gz") as tar:
        tar.addfile(header("siaga112.sqlite3", 1000), io.BytesIO(b"\0" * 1000))
    with pytest.raises(BackupUnusable):
        restore(bomb, tmp_path / "new", nothing)
    assert not (tmp_path / "new").exists()


def test_a_home_that_is_in_use_is_left_alone(site: Site, tmp_path: Path) -> None:
    file = backed_up(site)
    used = tmp_path / "used"
    used.mkdir()
    (used / "something").write_text("of somebody")
    with pytest.raises(HomeUnusable, match="is not empty"):
        restore(file, used, nothing)
    assert [path.name for path in used.iterdir()] == ["something"]


def test_an_empty_folder_that_was_there_is_there_still_when_nothing_came_of_it(site: Site, tmp_path: Path) -> None:
    file = backed_up(site)
    # Sound by its sums, and no database.
    nonsense = b"nonsense" * 1000

    def change(name: str, content: bytes) -> bytes:
        if name == DATABASE:
            return nonsense
        if name != MANIFEST:
            return content
        manifest = json.loads(content)
        manifest["files"][DATABASE].update(size=len(nonsense), sha256=hashlib.sha256(nonsense).hexdigest())
        return json.dumps(manifest).encode()

    rewritten(file, change)
    empty = tmp_path / "mount"
    empty.mkdir()
    result = CliRunner().invoke(siaga112, ["restore", str(file), "--home", str(empty)])
    assert "damaged" in str(result.exception)
    assert list(empty.iterdir()) == []


# ---- verify ----------------------------------------------------------------------------------------------------------


def test_a_sound_line_has_no_discrepancies(site: Site) -> None:
    assert site.verified() == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("UPDATE timeline SET at = at + 1 WHERE seq = 2", "broken at entry .*: it was changed"),
        (
            "DELETE FROM timeline WHERE seq = (SELECT max(seq) FROM timeline)",
            r"ends at entry \d+, and not as its call has it",
        ),
        ("UPDATE tickets SET number = substr(number, 1, 13) || '0009' WHERE number LIKE '%0001'", "ticket numbers of"),
        ("UPDATE ticket_numbers SET last = last + 1", "numbers were given"),
        ("UPDATE tickets SET answered_at = answered_at + 1000000 WHERE number LIKE '%0001'", "has it answered at"),
        ("UPDATE calls SET ended_precision = NULL WHERE ticket LIKE '%0001'", "tells more than the store keeps: ended"),
        ("UPDATE calls SET ticket = NULL WHERE ticket LIKE '%0001'", "was answered and has no ticket"),
        ("DELETE FROM tickets WHERE number LIKE '%0001'", "was answered and has no ticket"),
        (
            "DELETE FROM calls WHERE outcome = 'abandoned'",
            "a row of timeline belongs to none of calls|in the ledger and not in the store",
        ),
        ("UPDATE journal_positions SET inode = '1'", "place in queue_log is in none of its files"),
    ],
)
def test_each_flaw_is_found(site: Site, change: str, complaint: str) -> None:
    site.change(change)
    assert any(re.search(complaint, text) for text in site.verified()), site.verified()


def test_a_call_that_the_ledger_does_not_know_is_found(site: Site) -> None:
    row = "SELECT * FROM calls WHERE outcome = 'abandoned'"
    with closing(sqlite3.connect(site.settings.home / DATABASE)) as database:
        database.execute(f"CREATE TABLE invented AS {row}")
        database.execute("UPDATE invented SET id = 'bima1-1.1', entries = 0, head = ?", ("0" * 64,))
        database.execute("INSERT INTO calls SELECT * FROM invented")
        database.commit()
    assert site.verified() == ["call bima1-1.1: is in the store and not in the ledger"]


def test_calls_from_before_the_first_record_are_no_discrepancies(site: Site) -> None:
    for path in (site.home.queue_log, site.home.cel):
        path.unlink()
        path.touch()
    site.write("overflow")
    site.change("DELETE FROM journal_positions")
    site.record()
    assert site.verified() == []


def test_what_the_line_has_not_read_yet_is_no_discrepancy(site: Site) -> None:
    line = transcripts.cel("answered")[0].replace("1795469752", "1795999999")
    with site.home.cel.open("a") as journal:
        journal.write(f"{line}\n")
    assert site.verified() == []


def test_a_record_behind_a_torn_one_counts_and_the_torn_one_is_passed_over(site: Site) -> None:
    whole, torn = site.home.queue_log.read_text(), "1795469752|bima1-17954"
    site.home.queue_log.write_text(whole.replace("\n", f"\n{torn}", 1))
    site.change("UPDATE journal_positions SET offset = 1000000000 WHERE name = 'queue_log'")
    assert site.verified() == []


def test_a_broken_database_is_a_discrepancy_and_not_a_traceback(site: Site) -> None:
    with (site.settings.home / DATABASE).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 30_000)
    assert site.verified()


def test_the_verb_says_what_it_checked_and_how_it_ended(site: Site) -> None:
    sound = CliRunner().invoke(siaga112, ["verify", "--full"])
    assert (sound.exit_code, sound.output.splitlines()[-1]) == (0, "all as it should be")
    assert "full check" in sound.output
    site.change("UPDATE ticket_numbers SET last = last + 1")
    flawed = CliRunner().invoke(siaga112, ["verify"])
    assert flawed.exit_code == 1
    assert "! ticket numbers of" in flawed.output


def test_a_backup_can_be_verified_where_it_lies(site: Site, tmp_path: Path) -> None:
    file = backed_up(site)
    done = CliRunner().invoke(siaga112, ["verify", str(file)])
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "all as it should be")
    assert "each with the sum that its manifest says" in done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "line.backup"]


def test_a_line_without_a_database_has_nothing_to_verify(tmp_path: Path) -> None:
    done = CliRunner().invoke(siaga112, ["verify"])
    assert "there is no database" in str(done.exception)
    assert not (tmp_path / "home").exists()
