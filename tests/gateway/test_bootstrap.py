"""`make run` and `make test` on machines of every kind: a copy of the checkout, and a PATH of stand-in tools.

What the real apt-get and pip do is seen each time these tests are run by `make test`.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
COPIED = ("Makefile", "tools", "packages", "requirements", ".ci", "setup.cfg", "pyproject.toml")
RUN_PACKAGES = {"debian-archive-keyring", "espeak-ng", "mmdebstrap", "python3-venv", "sox"}

# Every stand-in notes how it was called; files below $STATE say how it shall behave.
NOTE = 'echo "${0##*/} $*" >>"$STATE/calls"\n'
PYTHON = """
case "$*" in
    '-I -c import ensurepip, venv') test ! -e "$STATE/no-ensurepip" ;;
    '-I -c '*) cat "$STATE/python" ;;
    '-m venv .venv') mkdir -p .venv/bin && cp "$0" .venv/bin/python && touch .venv/fresh ;;
    '-m pip '*' --requirement '*) test ! -e "$STATE/no-network" ;;
    '-m pip '*'--editable .') for tool in siaga112 ruff mypy lint-imports; do
        cp "$STATE/tool" ".venv/bin/$tool"
    done ;;
    '-m pytest'*) cat "$STATE/pytest" && grep -q passed "$STATE/pytest" ;;
esac
"""
DPKG_QUERY = """
for package; do
    case $package in -*) ;; *) if grep -qx "$package" "$STATE/installed"; then echo "ii  $package"
        else echo "no packages found matching $package" >&2; missing=1; fi ;;
    esac
done
exit ${missing-0}
"""
APT_GET = """
case "$*" in
    *Check-Valid-Until=false*) ;;
    *update*) if [ -e "$STATE/update-says" ]; then cat "$STATE/update-says" >&2; exit 100; fi ;;
    *install*) if [ -e "$STATE/install-says" ]; then cat "$STATE/install-says" >&2; exit 100; fi
        for package; do echo "$package" >>"$STATE/installed"; done ;;
esac
"""
SUDO = """
if [ "$1" = -n ]; then shift; test ! -e "$STATE/sudo-asks" || exit 1; fi
exec "$@"
"""
# Takes as long to stop as make takes to see the Ctrl-C itself (it then no longer catches SIGINT, signal 2), as
# the real one always does: GNU make that is told of its child's end first has something to say about it.
INTERRUPTIBLE = """#!/bin/sh
trap 'while grep -q "^SigCgt:.*[2367abef]$" "/proc/$PPID/status"; do :; done; echo stopped; exit 0' INT
echo siaga112 ready
while :; do sleep 1; done
"""


@dataclass
class Machine:
    """A checkout on a machine that has all of our Debian packages, and root; tests take away from it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    def state(self, name: str, text: str = "") -> None:
        (self.folder / "state" / name).write_text(text)

    def forget(self, name: str) -> None:
        (self.folder / "state" / name).unlink()

    def tool(self, name: str, script: str) -> None:
        file = self.folder / "bin" / name
        file.write_text(f"#!/bin/sh\n{NOTE}{script}")
        file.chmod(0o755)

    def change(self, name: str) -> None:
        file = self.checkout / name
        file.write_text(f"{file.read_text()}\n# changed\n")

    def do(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run it without a terminal; standard error comes with standard output."""
        return subprocess.run(
            command,
            cwd=self.checkout,
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            check=False,
        )

    def make(self, target: str) -> subprocess.CompletedProcess[str]:
        return self.do("make", target)

    def calls(self, tool: str) -> list[str]:
        """How a tool was called since this was last asked about any."""
        log = self.folder / "state/calls"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [line for line in lines if line.startswith(f"{tool} ")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    one = Machine(tmp_path)
    for folder in ("checkout", "bin", "state", "home"):
        (tmp_path / folder).mkdir()
    for name in COPIED:
        source, target = CHECKOUT / name, one.checkout / name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    for name, script in {
        "python3": PYTHON,
        "dpkg-query": DPKG_QUERY,
        "apt-get": APT_GET,
        "sudo": SUDO,
        "id": 'echo "${UID_OF_TEST:-0}"',
    }.items():
        one.tool(name, script)
    one.state("python", f"3.12 True {tmp_path}/bin/python3\n")
    one.state("installed", "\n".join((*RUN_PACKAGES, "sip-tester", "distro-info-data")) + "\n")
    one.state("tool", "#!/bin/sh\necho siaga112 ready\n")
    (tmp_path / "state/tool").chmod(0o755)
    one.state("pytest", "===== 3 passed in 0.01s =====\n")
    one.environment = {
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
        "HOME": f"{tmp_path}/home",
        "STATE": f"{tmp_path}/state",
    }
    return one


def test_make_run_sets_everything_up_and_runs_the_line(machine: Machine) -> None:
    done = machine.make("run")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "siaga112 ready"
    assert "siaga112: Python environment: making .venv with Python 3.12" in done.stdout


def test_what_is_installed_must_match_the_locked_hashes(machine: Machine) -> None:
    machine.make("test")
    installed = [call for call in machine.calls("python") if "--requirement" in call]
    assert [call.rpartition("/")[2] for call in installed] == ["build.txt", "dev.txt"]
    assert all("--require-hashes" in call for call in installed)


def test_a_second_make_run_installs_nothing_and_says_nothing(machine: Machine) -> None:
    machine.make("run")
    machine.calls("any")
    done = machine.make("run")
    assert done.stdout == "siaga112 ready\n"
    assert not any("pip" in call for call in machine.calls("python"))


def test_tests_add_to_the_environment_of_a_run_and_a_run_is_content_with_that_of_tests(machine: Machine) -> None:
    machine.make("run")
    machine.calls("any")
    assert "making .venv" not in machine.make("test").stdout
    assert "requirements/dev.txt" in " ".join(machine.calls("python"))
    assert machine.make("run").stdout == "siaga112 ready\n"


@pytest.mark.parametrize("name", ["requirements/run.txt", "requirements/build.txt"])
def test_a_changed_lock_makes_the_environment_anew(machine: Machine, name: str) -> None:
    machine.make("run")
    machine.change(name)
    assert "making .venv" in machine.make("run").stdout


def test_another_python_makes_the_environment_anew(machine: Machine) -> None:
    machine.make("run")
    machine.state("python", f"3.13 True {machine.folder}/bin/python3\n")
    assert "making .venv with Python 3.13" in machine.make("run").stdout


def test_changed_settings_of_the_project_install_only_the_project(machine: Machine) -> None:
    machine.make("test")
    machine.calls("any")
    machine.change("setup.cfg")
    assert "making .venv" not in machine.make("run").stdout
    assert [call.rpartition(" --")[2] for call in machine.calls("python") if "pip" in call] == ["editable ."]
    assert "installing" not in machine.make("test").stdout, "the tests' packages are still there"


def test_an_environment_cut_off_half_way_is_made_anew(machine: Machine) -> None:
    machine.state("no-network")
    assert machine.make("run").returncode != 0
    left = machine.checkout / ".venv/left-over"
    left.touch()
    machine.forget("no-network")
    assert machine.make("run").stdout.endswith("siaga112 ready\n")
    assert not left.exists()


def test_an_environment_whose_enlargement_was_cut_off_is_made_anew(machine: Machine) -> None:
    machine.make("run")
    machine.state("no-network")
    assert machine.make("test").returncode != 0
    machine.forget("no-network")
    assert "making .venv" in machine.make("run").stdout


def test_a_failed_installation_is_named_and_nothing_is_run(machine: Machine) -> None:
    machine.state("no-network")
    done = machine.make("run")
    assert done.returncode != 0
    assert "siaga112: Python environment: pip failed" in done.stdout
    assert "siaga112 ready" not in done.stdout


def test_an_old_python_is_refused_in_one_line(machine: Machine) -> None:
    machine.state("python", "3.9 False /usr/bin/python3\n")
    done = machine.make("run")
    assert done.returncode != 0
    assert "siaga112: python3 is Python 3.9, and 3.11 or newer is needed" in done.stdout


def test_another_python_can_be_named(machine: Machine) -> None:
    machine.tool("python9", PYTHON)
    machine.state("python", f"9.1 True {machine.folder}/bin/python9\n")
    assert "making .venv with Python 9.1" in machine.do("make", "run", "PYTHON=python9").stdout
    assert "python9 -m venv .venv" in machine.calls("python9")


def test_a_python_that_is_not_there_is_named(machine: Machine) -> None:
    done = machine.do("make", "run", "PYTHON=python-of-nobody")
    assert done.returncode != 0
    assert "siaga112: python-of-nobody cannot be run" in done.stdout


def test_missing_packages_are_installed_once_the_lists_are_read(machine: Machine) -> None:
    machine.state("installed", "debian-archive-keyring\ndistro-info-data\npython3-venv\n")
    done = machine.make("run")
    update, install = machine.calls("apt-get")
    assert update.endswith(" update")
    assert install.endswith("install --yes --no-install-recommends espeak-ng sox mmdebstrap")
    assert "siaga112: installing Debian packages: espeak-ng sox mmdebstrap" in done.stdout
    machine.make("run")
    assert not machine.calls("apt-get")


def test_tests_need_packages_of_their_own(machine: Machine) -> None:
    machine.state("installed", "\n".join((*RUN_PACKAGES, "distro-info-data")))
    machine.make("run")
    assert not machine.calls("apt-get")
    machine.make("test")
    assert machine.calls("apt-get")[1].endswith(" sip-tester")


def test_a_python_with_its_own_venv_needs_none_of_debians(machine: Machine) -> None:
    machine.state("installed", "\n".join((*RUN_PACKAGES - {"python3-venv"}, "distro-info-data")))
    machine.make("run")
    assert not machine.calls("apt-get")


def test_debians_bare_python_is_given_its_venv(machine: Machine) -> None:
    machine.state("installed", "\n".join((*RUN_PACKAGES - {"python3-venv"}, "distro-info-data")))
    machine.state("no-ensurepip")
    machine.make("run")
    assert machine.calls("apt-get")[1].endswith(" python3-venv")


def test_an_ordinary_user_installs_packages_through_sudo(machine: Machine) -> None:
    machine.state("installed")
    machine.environment["UID_OF_TEST"] = "1000"
    assert machine.make("run").returncode == 0
    assert any("apt-get" in call and "install" in call for call in machine.calls("sudo"))


def test_without_root_and_sudo_one_message_names_packages_and_command(machine: Machine) -> None:
    machine.state("installed", "espeak-ng\nsox\npython3-venv\ndistro-info-data\n")
    machine.environment["UID_OF_TEST"] = "1000"
    machine.state("sudo-asks")
    done = machine.make("run")
    assert done.returncode != 0
    assert "needs root: debian-archive-keyring mmdebstrap\n" in done.stdout
    assert "apt-get install --no-install-recommends debian-archive-keyring mmdebstrap\n" in done.stdout
    assert not machine.calls("apt-get")
    assert not (machine.checkout / ".venv").exists()


def test_at_a_terminal_sudo_may_ask(machine: Machine) -> None:
    machine.state("installed")
    machine.environment["UID_OF_TEST"] = "1000"
    machine.state("sudo-asks")
    terminal, end = pty.openpty()
    with os.fdopen(terminal, "rb"):
        subprocess.run(
            ["setsid", "--ctty", "--wait", "make", "run"],
            cwd=machine.checkout,
            env=machine.environment,
            stdin=end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        os.close(end)
    assert any("apt-get" in call and "install" in call for call in machine.calls("sudo"))


def test_a_mirror_with_an_expired_release_file_serves_and_the_user_is_told(machine: Machine) -> None:
    machine.state("installed")
    machine.state("update-says", "E: Release file for somewhere is expired (invalid since 17d).\n")
    done = machine.make("run")
    assert done.returncode == 0
    assert "siaga112: the mirror's Release file has expired" in done.stdout
    strict, undated, _ = machine.calls("apt-get")
    assert "Check-Valid-Until" not in strict
    assert "Acquire::Check-Valid-Until=false" in undated


def test_a_dead_source_among_the_lists_is_mentioned_and_not_in_the_way(machine: Machine) -> None:
    machine.state("installed")
    machine.state("update-says", "E: The repository 'somewhere' does not have a Release file.\n")
    done = machine.make("run")
    assert done.returncode == 0
    assert "going on with those at hand: E: The repository 'somewhere'" in done.stdout
    assert not any("Check-Valid-Until" in call for call in machine.calls("apt-get"))


def test_what_apt_says_of_a_failure_is_shown(machine: Machine) -> None:
    machine.state("installed")
    machine.state("install-says", "E: Unable to locate package sox\n")
    done = machine.make("run")
    assert done.returncode != 0
    assert "E: Unable to locate package sox" in done.stdout
    assert "siaga112: apt-get could not install" in done.stdout


def test_two_makes_in_one_checkout_wait_for_each_other(machine: Machine) -> None:
    holder = os.open(machine.checkout, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    waiting = subprocess.Popen(
        ["make", "run"], cwd=machine.checkout, env=machine.environment, text=True, stdout=subprocess.PIPE
    )
    with waiting:
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == "siaga112: another make is setting up this checkout: waiting for it\n"
        os.close(holder)
        assert waiting.stdout.read().endswith("siaga112 ready\n")


def test_ctrl_c_reaches_the_line_and_make_has_nothing_to_add(machine: Machine) -> None:
    machine.state("tool", INTERRUPTIBLE)
    terminal, end = pty.openpty()
    running = subprocess.Popen(
        ["setsid", "--ctty", "--wait", "make", "run"],
        cwd=machine.checkout,
        env=machine.environment,
        stdin=end,
        stdout=end,
        stderr=end,
    )
    os.close(end)
    shown = b""
    with running:
        while not shown.endswith(b"siaga112 ready\r\n"):
            shown += os.read(terminal, 1000)
        os.write(terminal, b"\x03")
        after = b""
        with suppress(OSError):  # EIO, once everybody has closed the terminal
            while chunk := os.read(terminal, 1000):
                after += chunk
    os.close(terminal)
    assert after.replace(b"^C", b"").strip() == b"stopped"


@pytest.mark.parametrize("verdict", ["3 passed", "1 failed"])
def test_continuous_integration_closes_on_pytests_verdict_and_passes_it_on(machine: Machine, verdict: str) -> None:
    machine.state("pytest", f"===== {verdict} in 0.01s =====\n")
    done = machine.do(".ci/run")
    assert done.stdout.splitlines()[-1] == f"===== {verdict} in 0.01s ====="
    assert (done.returncode == 0) == ("passed" in verdict)


@pytest.mark.parametrize("tool", ["ruff", "mypy", "lint-imports"])
def test_make_test_fails_with_each_of_its_checks(machine: Machine, tool: str) -> None:
    machine.state("tool", f'#!/bin/sh\ntest "${{0##*/}}" != {tool}\n')
    assert machine.make("test").returncode != 0


def test_make_alone_says_what_there_is(machine: Machine) -> None:
    offered = re.findall(r"^  make (\w+) ", machine.do("make").stdout, re.MULTILINE)
    assert {"run", "test", "lint", "types", "contracts", "lock", "bench", "clean", "help"} <= set(offered)


def test_make_clean_leaves_the_data_of_the_line(machine: Machine) -> None:
    for name in ("gateway", "ticketing", "tests", "bench", "demo", "chaos", "var/recordings"):
        (machine.checkout / name).mkdir(parents=True)
    machine.make("run")
    assert machine.make("clean").returncode == 0
    assert (machine.checkout / "var/recordings").is_dir()
    assert not (machine.checkout / ".venv").exists()


def locked(name: str) -> dict[str, str]:
    """Packages of a lock file and their versions."""
    text = (CHECKOUT / "requirements" / name).read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def test_the_locks_name_no_host_and_give_every_package_its_hashes() -> None:
    for name in ("build.txt", "run.txt", "dev.txt"):
        text = (CHECKOUT / "requirements" / name).read_text()
        assert "://" not in text
        assert "--index" not in text
        entries = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
        assert len(entries) == len(locked(name)) > 0
        assert all("--hash=sha256:" in entry for entry in entries)


def test_what_is_tested_is_what_is_run() -> None:
    assert locked("run.txt").items() <= locked("dev.txt").items()
