"""Where an instance keeps its state: for one user's eyes, and made before anything is started."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.site.config import Settings
from gateway.site.home import Home, HomeUnusable, Secrets, generated_secret, load_secrets
from ticketing.model import CallId

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SIAGA112_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "state" / "siaga112", tmp_path / "ledger" / "journals")


@pytest.fixture
def _usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_an_instance_lives_where_its_settings_say() -> None:
    home = Home.of(Settings(home=Path("/srv/siaga112"), journals=Path("/ledger")))
    assert (home.root, home.queue_log, home.cel) == (
        Path("/srv/siaga112"),
        Path("/ledger/queue_log"),
        Path("/ledger/cel-custom/cel.json"),
    )


@pytest.mark.usefixtures("_usual_umask")
def test_every_folder_is_made_and_is_for_its_user_alone(home: Home) -> None:
    home.make()
    below = [path for root in (home.root, home.journals) for path in (root, *root.rglob("*"))]
    assert {
        path.relative_to(home.root.parents[1]).as_posix(): mode(path) for path in below if mode(path) != 0o700
    } == {}
    # Without its folder Asterisk loses every CEL record in silence.
    assert home.cel.parent in below
    assert {home.etc, home.state, home.spool, home.sounds, home.log, home.run, home.recordings} <= set(below)


def test_making_it_again_changes_nothing(home: Home) -> None:
    home.make()
    (home.recordings / "kept.wav").write_bytes(b"RIFF")
    home.make()
    assert (home.recordings / "kept.wav").read_bytes() == b"RIFF"


def test_a_home_too_deep_for_a_control_socket_is_refused_and_nothing_made(tmp_path: Path) -> None:
    deepest = tmp_path / ("d" * (107 - len(str(tmp_path)) - len("//run/asterisk.ctl")))
    assert len(str(Home(deepest, deepest).control_socket)) == 107
    Home(deepest, deepest).make()
    too_deep = deepest.with_name(deepest.name + "d")
    with pytest.raises(HomeUnusable, match="too long a path"):
        Home(too_deep, too_deep).make()
    assert not too_deep.exists()


def test_a_file_where_a_folder_should_be_is_named(home: Home) -> None:
    home.root.parent.mkdir()
    home.root.touch()
    with pytest.raises(HomeUnusable, match=f"cannot make {home.root}: File exists"):
        home.make()


def test_a_recording_lies_under_the_day_of_its_calls_id_in_utc(home: Home) -> None:
    # A second before midnight in UTC; in Bima it is 07:59:59 of the next day. The dialplan finds the same path.
    last_second = int(datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC).timestamp())
    path = home.recording(CallId(f"bima1-{last_second}.7"))
    assert path == home.recordings / "2026/11/23" / f"bima1-{last_second}.7.wav"


# ---- secrets ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_usual_umask")
def test_secrets_are_made_once_and_are_for_their_user_alone(home: Home) -> None:
    home.make()
    first = load_secrets(home)
    assert len(first.ami) == 40
    assert load_secrets(home) == first
    assert {path.name: mode(path) for path in home.root.iterdir() if path.is_file()} == {"secrets.json": 0o600}


def test_a_secret_that_an_earlier_version_did_not_have_is_added_and_the_others_stay(home: Home) -> None:
    home.make()
    (home.root / "secrets.json").write_text(json.dumps({"ami": "a" * 40}))
    secrets = load_secrets(home)
    assert (secrets.ami, len(secrets.test_call)) == ("a" * 40, 40)
    assert load_secrets(home) == secrets


def test_two_instances_have_two_secrets() -> None:
    made = {generated_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(secret.isalnum() for secret in made)


def test_a_secret_does_not_show() -> None:
    assert "rahasia" not in repr(Secrets(ami="rahasia", test_call="rahasia"))


@pytest.mark.parametrize("broken", ["", "{", "[]", "5", "{}", '{"ami": "a", "more": "b"}', "\xff"])
def test_secrets_that_cannot_be_read_are_named_and_left_as_they_are(home: Home, broken: str) -> None:
    home.make()
    file = home.root / "secrets.json"
    file.write_bytes(broken.encode("latin-1"))
    with pytest.raises(HomeUnusable, match=f"cannot read or make {file}: "):
        load_secrets(home)
    assert file.read_bytes() == broken.encode("latin-1")


@pytest.mark.parametrize("ami", ["", "a\nwrite = all", "a;b", 5, None])
def test_a_secret_that_would_say_more_in_asterisks_configuration_is_refused(home: Home, ami: object) -> None:
    home.make()
    (home.root / "secrets.json").write_text(json.dumps({"ami": ami}))
    with pytest.raises(HomeUnusable):
        load_secrets(home)


def test_without_its_folder_no_secret_can_be_made(home: Home) -> None:
    with pytest.raises(HomeUnusable, match="cannot read or make"):
        load_secrets(home)
