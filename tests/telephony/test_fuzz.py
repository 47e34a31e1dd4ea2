"""Every call of the running line's API, asked by Schemathesis with every role and none.

No server error, nothing that the description does not say, and the next citizen is served as usual. `make fuzz` asks
more of each call, and something else each time.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gateway.web.api.table import ROUTES
from tests.telephony.line import CHECKOUT
from tests.telephony.ordinary import is_served_as_ever
from ticketing.model import Role

if TYPE_CHECKING:
    from pathlib import Path

    from tests.telephony.line import Line

EXAMPLES = os.environ.get("FUZZ_EXAMPLES")


def token_of(line: Line, role: Role) -> str:
    """The bearer token of a new user of this role."""
    more = ["--skpd", "damkar"] if role is Role.SKPD else []
    words = ["user", "add", f"fuzz-{role}", "--role", role, *more, "--password-stdin"]
    assert line.siaga112(*words, typed="tujuh-bukit-Mantoi\n").returncode == 0
    return line.siaga112("token", "create", "--user", f"fuzz-{role}").stdout.split()[-1]


def report_of(line: Line, token: str | None, folder: Path) -> tuple[int, str]:
    """Have Schemathesis ask, as the owner of the token or as nobody; give its exit status and its report."""
    call = next(call for call in reversed(line.calls()) if call["ticket"])
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"http://{line.http}/api/v1/openapi.json"]
    command += ["--no-color", "--checks=all", "--continue-on-failure", "--generation-database=none"]
    command += ["--output-sanitize=false", "--request-timeout=20", "--suppress-health-check=all"]
    command += ["--max-examples", EXAMPLES or "3", *([] if EXAMPLES else ["--seed=112"])]
    command += ["--header", f"Authorization: Bearer {token}"] if token else []
    environment = {
        **os.environ,
        "PYTHONPATH": str(CHECKOUT),
        "SCHEMATHESIS_HOOKS": "tests.telephony.fuzz_hooks",
        "FUZZ_TICKET": call["ticket"],
        "FUZZ_CALL": call["id"],
        "FUZZ_CALL_BACK": next((one["id"] for one in line.told("call-backs", "list")), "1"),
        "FUZZ_SKPD": "damkar",
    }
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("role", [*Role, None], ids=str)
def test_what_the_api_answers_is_what_it_says_and_the_line_goes_on(
    line112: Line, role: Role | None, tmp_path: Path
) -> None:
    unreadable = line112.health()["unreadable"]
    if not line112.tickets():
        is_served_as_ever(line112, unreadable)
    # Of the asker before, it may be gone.
    line112.siaga112("skpd", "add", "damkar", "--name", "Pemadam Kebakaran", "--line", "113")
    status, report = report_of(line112, token_of(line112, role) if role else None, tmp_path)
    assert status == 0, report
    # Schemathesis leaves out what it reads first: the description itself.
    assert re.search(rf"Tested: +{len(ROUTES) - 1}$", report, re.MULTILINE), report
    assert int(re.findall(r"(\d+) generated", report)[0]) > 30 * len(ROUTES)
    is_served_as_ever(line112, unreadable)
