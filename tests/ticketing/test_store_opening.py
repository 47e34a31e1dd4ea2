from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from tests.ticketing.evidence import answered, arrives, at
from tests.ticketing.room import SetClock, Told
from ticketing.commands import NoteBreaches, RecordCalls
from ticketing.desk import TicketDesk
from ticketing.errors import StoreDamaged, StoreForeign, StoreTooNew, StoreUnusable
from ticketing.ports import CallFilter, TicketFilter
from ticketing.store import open_store
from ticketing.store.condition import schema_of
from ticketing.store.migrate import MIGRATIONS, prepare
from ticketing.store.tables import TEXT_INDEX, metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ticketing.store import SqliteStore

CHECKOUT = Path(__file__).resolve().parents[2]


def url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def everything_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
async def filled(database: Path, store: SqliteStore, desk: TicketDesk) -> Path:
    """A database with calls in several pages, closed."""
    for serial in range(60):
        call = arrives(serial)
        await desk.handle(RecordCalls((call, answered(call, "101", 4))))
    await store.close()
    return database


async def opens(file: Path, *, checked: bool = True) -> int:
    """Open it and count the calls."""
    store = await open_store(url(file), checked=checked)
    try:
        return len(await store.calls())
    finally:
        await store.close()


async def test_a_new_database_is_made_with_its_directory_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "var" / "line 112 #;'é 100%" / "siaga112.sqlite3"
    assert await opens(file) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert await opens(file) == 0


async def test_an_empty_file_is_a_new_database(database: Path) -> None:
    await asyncio.to_thread(database.touch)
    assert await opens(database) == 0


async def test_what_was_kept_is_there_again(filled: Path) -> None:
    assert await opens(filled) == 60


def alembics_own(name: str | None, type_: str, _parents: object) -> bool:
    """Whether Alembic can know of it: SQLite's text index, and the tables it makes for itself, are triggers' work."""
    return type_ != "table" or not (name or "").startswith(TEXT_INDEX)


async def test_the_migrations_make_the_tables_that_the_code_speaks_of(database: Path) -> None:
    prepare(database, checked=True)
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": alembics_own})
        assert compare_metadata(context, metadata) == []
        ddl = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'timeline'").scalar_one()
        assert "AUTOINCREMENT" in ddl
    engine.dispose()


async def test_the_database_writes_ahead_and_waits_for_the_disk(store: SqliteStore, database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    for pragma, value in (
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 5000),
        ("wal_autocheckpoint", 8000),
    ):
        found = await store._writer.execute_fetchall(f"PRAGMA {pragma}")
        assert [tuple(row) for row in found] == [(value,)]


NEWEST = max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")).partition("_")[0]

LATER_REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{newest}"


def upgrade() -> None:
    op.add_column("calls", sa.Column("mood", sa.Text(), server_default="calm"))
    {then}
"""


def later_release(folder: Path, then: str = "pass") -> Path:
    """The migrations of a release to come."""
    migrations = folder / "migrations"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    (migrations / "versions" / "9999_mood.py").write_text(LATER_REVISION.format(newest=NEWEST, then=then))
    return migrations


async def test_an_older_database_is_migrated_and_keeps_what_it_has(
    filled: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    prepare(filled, checked=True, migrations=later_release(tmp_path_factory.mktemp("later")))
    with closing(sqlite3.connect(filled)) as connection:
        assert connection.execute("SELECT mood, count(*) FROM calls GROUP BY 1").fetchall() == [("calm", 60)]


async def test_a_migration_that_fails_leaves_the_database_as_it_was(
    filled: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    failing = later_release(tmp_path_factory.mktemp("later"), then='op.execute("no such statement")')
    with pytest.raises(StoreUnusable, match="syntax error"):
        prepare(filled, checked=True, migrations=failing)
    assert await opens(filled) == 60
    with closing(sqlite3.connect(filled)) as connection:
        assert "mood" not in [row[1] for row in connection.execute("PRAGMA table_info(calls)")]


async def test_a_database_of_a_newer_release_is_refused_and_left_alone(
    filled: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    prepare(filled, checked=True, migrations=later_release(tmp_path_factory.mktemp("later")))
    before = everything_in(filled.parent)
    with pytest.raises(StoreTooNew, match=r"newer siaga112 \(its schema '9999' is unknown here\): upgrade"):
        await open_store(url(filled))
    assert everything_in(filled.parent) == before


def no_database(file: Path) -> None:
    file.write_bytes(b"112 " * 4000)


def cut_in_half(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def cut_in_its_header(file: Path) -> None:
    os.truncate(file, 30)


def cut_in_its_last_page(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 100)


def a_page_overwritten(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'calls'").fetchone()
    with file.open("r+b") as database:
        database.seek(4096 * (page - 1))
        database.write(b"\xa5" * 4096)


def without_its_revision(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM alembic_version")
        connection.commit()


DAMAGES = [
    no_database,
    cut_in_half,
    cut_in_its_header,
    cut_in_its_last_page,
    a_page_overwritten,
    without_its_revision,
]


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_database_is_refused_and_left_alone(filled: Path, damage: Callable[[Path], None]) -> None:
    damage(filled)
    before = everything_in(filled.parent)
    with pytest.raises(StoreDamaged, match="is damaged") as refused:
        await open_store(url(filled))
    assert everything_in(filled.parent) == before
    assert "\n" not in str(refused.value)


async def test_whoever_has_checked_a_database_before_opens_it_without_reading_all_of_it(filled: Path) -> None:
    a_page_overwritten(filled)
    store = await open_store(url(filled), checked=False)
    with pytest.raises(StoreDamaged, match="malformed"):
        await store.calls()
    await store.close()


async def test_another_programs_database_is_refused_and_left_alone(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE songs (title)")
    before = everything_in(database.parent)
    with pytest.raises(StoreForeign, match="another program's tables"):
        await open_store(url(database))
    assert everything_in(database.parent) == before


WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute(sys.argv[2])
print("written", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process_having_it_open(database: Path, statement: str) -> Iterator[subprocess.Popen[bytes]]:
    """Let another process write and stay: what it wrote is in the -wal file alone."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(database), statement], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"written\n"
        yield writer


async def test_a_live_database_is_looked_at_with_what_its_writer_has_not_moved_yet(filled: Path) -> None:
    newer = "UPDATE alembic_version SET version_num = '9999'"
    with another_process_having_it_open(filled, newer):
        before = everything_in(filled.parent)
        assert "siaga112.sqlite3-wal" in before
        with pytest.raises(StoreTooNew):
            await open_store(url(filled))
        assert everything_in(filled.parent) == before


async def test_a_killed_writers_database_is_looked_at_without_replaying_its_journal(filled: Path) -> None:
    with another_process_having_it_open(filled, "UPDATE alembic_version SET version_num = '9999'") as writer:
        writer.kill()
    before = everything_in(filled.parent)
    with pytest.raises(StoreTooNew):
        await open_store(url(filled))
    assert everything_in(filled.parent) == before


async def test_a_copied_database_with_its_journal_is_looked_at_whole(filled: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "siaga112.sqlite3"
    copy.parent.mkdir()
    with another_process_having_it_open(filled, "UPDATE alembic_version SET version_num = '9999'"):
        for suffix in ("", "-wal"):
            shutil.copy(f"{filled}{suffix}", f"{copy}{suffix}")
    before = everything_in(copy.parent)
    with pytest.raises(StoreTooNew):
        await open_store(url(copy))
    assert everything_in(copy.parent) == before


async def test_a_killed_writers_calls_are_there_again(filled: Path) -> None:
    gone = "DELETE FROM calls WHERE id NOT IN (SELECT call_id FROM timeline LIMIT 5)"
    with another_process_having_it_open(filled, gone) as writer:
        writer.kill()
    assert await opens(filled) < 60


COMES_AND_GOES = """
import sqlite3, sys
print("comes and goes", flush=True)
while True:
    connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
    connection.execute("UPDATE calls SET trunk = trunk || 'x'")
    connection.close()
"""


@contextmanager
def another_process_coming_and_going(database: Path) -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", COMES_AND_GOES, str(database)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"comes and goes\n"
        try:
            yield
        finally:
            other.kill()


async def test_a_database_that_others_open_and_close_meanwhile_is_never_called_damaged(filled: Path) -> None:
    with another_process_coming_and_going(filled):
        for _ in range(40):
            assert await asyncio.to_thread(schema_of, filled, checked=True) == NEWEST


OPENER = """
import asyncio, sys
from ticketing.store import open_store

async def opened():
    await (await open_store(sys.argv[1])).close()

sys.stdin.readline()
asyncio.run(opened())
"""


async def test_processes_that_open_a_new_database_at_the_same_moment_all_get_it(database: Path) -> None:
    async def opener() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            OPENER,
            url(database),
            cwd=CHECKOUT,
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    openers = [await opener() for _ in range(4)]
    errors = await asyncio.gather(*(process.communicate(b"\n") for process in openers))
    assert [(process.returncode, error) for process, (_, error) in zip(openers, errors, strict=True)] == [(0, b"")] * 4
    assert await opens(database) == 0


async def test_a_place_where_nothing_can_be_made_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnusable, match=r"cannot be made: File exists: .*/file$"):
        await open_store(url(tmp_path / "file" / "siaga112.sqlite3"))


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up root's rights for a while; whoever is not root has none to give up."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def closed_directory(database: Path) -> Iterator[Path]:
    """The database's directory, in which nothing may be changed."""
    folder = database.parent
    folder.chmod(0o555)
    for parent in folder.parents:
        if parent.stat().st_uid == os.getuid() and parent.stat().st_mode & 0o777 == 0o700:
            parent.chmod(0o711)
    yield folder
    folder.chmod(0o755)


async def test_a_directory_that_may_not_be_written_is_refused_in_one_line(closed_directory: Path) -> None:
    with as_nobody(), pytest.raises(StoreUnusable, match=r"cannot be made: Permission denied: .*sqlite3$"):
        await open_store(url(closed_directory / "siaga112.sqlite3"))


async def test_a_database_that_may_only_be_read_is_unusable_and_not_damaged(
    filled: Path, closed_directory: Path
) -> None:
    await asyncio.to_thread(filled.chmod, 0o644)
    before = everything_in(closed_directory)
    with as_nobody(), pytest.raises(StoreUnusable, match="cannot be used") as refused:
        await open_store(url(filled))
    assert not isinstance(refused.value, StoreDamaged)
    assert everything_in(closed_directory) == before


async def test_a_database_in_a_closed_directory_cannot_be_read(filled: Path, closed_directory: Path) -> None:
    await asyncio.to_thread(closed_directory.chmod, 0o600)
    with as_nobody(), pytest.raises(StoreUnusable, match="cannot be used: Permission denied"):
        await open_store(url(filled))


async def test_a_copy_that_cannot_be_made_is_no_verdict_on_the_database(
    filled: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied_without_index = tmp_path_factory.mktemp("copy") / "siaga112.sqlite3"
    with another_process_having_it_open(filled, "DELETE FROM journal_positions"):
        for suffix in ("", "-wal"):
            shutil.copy(f"{filled}{suffix}", f"{copied_without_index}{suffix}")
    monkeypatch.setattr("tempfile.tempdir", "/dev/null/nowhere")
    with pytest.raises(StoreUnusable, match="cannot be used: Not a directory"):
        await open_store(url(copied_without_index))


async def test_what_is_no_file_is_refused(database: Path) -> None:
    os.mkfifo(database)
    with pytest.raises(StoreUnusable, match="it is not a file"):
        await open_store(url(database))


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("nonsense", "no database URL"),
        ("postgresql+asyncpg://siaga112@db/siaga112", "no store for postgresql yet"),
        ("sqlite+aiosqlite://", "must be a plain file"),
        ("sqlite+aiosqlite:///:memory:", "must be a plain file"),
        ("sqlite+aiosqlite:///file:calls?mode=ro&uri=true", "must be a plain file"),
        ("sqlite+aiosqlite:////tmp/calls?timeout=0", "must be a plain file"),
        ("sqlite+aiosqlite:////tmp/what?/calls", "must be a plain file"),
    ],
)
async def test_a_url_that_names_no_file_is_refused(address: str, why: str) -> None:
    with pytest.raises(StoreUnusable, match=why):
        await open_store(address)


def first_release(folder: Path) -> Path:
    """The migrations as they were before there were people."""
    migrations = folder / "migrations"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__", "000[2-9]_*", "00[1-9]?_*"))
    return migrations


OLD_ROWS = """
    INSERT INTO calls VALUES ('bima1-1795395600.1', 'bima1', 'carrier', 1795395600000000, 3, 1795395604000000, 3,
        NULL, NULL, NULL, NULL, 'talking', '081234500001', '+6281234500001', 'mobile', '{}', 0,
        '[{"channel": "c", "party": "101", "kind": "taker", "connected": true,
           "answered": [1795395604000000, 3], "ended": null}]', '112-20261123-0001', 0, '');
    INSERT INTO calls VALUES ('bima1-1795395600.2', 'bima1', 'carrier', 1795395600000000, 3, NULL, NULL,
        NULL, NULL, NULL, NULL, 'waiting', '', NULL, 'anonymous', '{}', 0, '[]', NULL, 0, '');
    INSERT INTO tickets (number, call_id, opened_at, answered_at, taker, version, status, call_type, verbatim)
        VALUES ('112-20261123-0001', 'bima1-1795395600.1', 1795395604000000, 1795395604000000, '101', 1, 'open',
        'emergency', 'belakang pasar');
"""


async def test_what_the_first_release_kept_is_found_by_the_lists(
    database: Path, tmp_path_factory: pytest.TempPathFactory, told: Told
) -> None:
    prepare(database, checked=False, migrations=first_release(tmp_path_factory.mktemp("first")))
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(OLD_ROWS)
    store = await open_store(url(database))
    try:
        for wanted in (TicketFilter(text="pasar"), TicketFilter(text="081234500001"), TicketFilter(taker="101")):
            assert [kept.ticket.number for kept in (await store.find_tickets(wanted)).items] == ["112-20261123-0001"]
        assert len((await store.find_calls(CallFilter(taker="101"))).items) == 1
        assert len((await store.find_calls(CallFilter())).items) == 2
        # Its clocks ran while nobody noted what they do.
        await TicketDesk(store, SetClock(at(7200).at), told, ZoneInfo("Asia/Makassar")).handle(NoteBreaches())
        assert told.types == ["sla_breached", "sla_breached"]
    finally:
        await store.close()
