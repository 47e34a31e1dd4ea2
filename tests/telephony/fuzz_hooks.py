"""What Schemathesis is told of us beyond our OpenAPI. Loaded by it, not by pytest."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData

if TYPE_CHECKING:
    from schemathesis import Case, HookContext, Response
    from schemathesis.core.failures import Failure

_EXISTING = {
    "number": os.environ["FUZZ_TICKET"],
    "id": os.environ["FUZZ_CALL"],
    "call_back": os.environ["FUZZ_CALL_BACK"],
    "code": os.environ["FUZZ_SKPD"],
    "dispatch": "1",
    "note": "20261128T010203000000Z",
    "phone": "+628123456789",
    "premise_note": "1",
    "return_call": "1",
}
_KINDS = {
    "number": re.compile(r"112-[0-9]{8}-[0-9]{4,9}", re.ASCII),
    "call_back": re.compile(r"[0-9]{1,18}", re.ASCII),
    "dispatch": re.compile(r"[0-9]{1,9}", re.ASCII),
    "note": re.compile(r"[0-9]{8}T[0-9]{12}Z", re.ASCII),
    "code": re.compile(r"[a-z][a-z0-9-]{1,19}", re.ASCII),
    "phone": re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII),
    "premise_note": re.compile(r"[0-9]{1,9}", re.ASCII),
    "return_call": re.compile(r"[0-9]{1,9}", re.ASCII),
    "id": re.compile(r"[a-z0-9]{1,16}-[0-9]{1,11}\.[0-9]{1,12}", re.ASCII),
}
_UNSAYABLE = re.compile(r"name|number|lines\.[0-9]\.number")


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _options: dict[str, Any]) -> None:
    """Ask for what exists as often as for what does not: random names alone would only ever meet 404."""
    for name, value in (case.path_parameters or {}).items():
        if isinstance(value, str) and _KINDS[name].fullmatch(value) and ord(value[-1]) % 2:
            case.path_parameters[name] = _EXISTING[name]


@schemathesis.hook
def filter_failure(_context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Whether it counts. Three refusals of well-formed requests are as described, and no schema can say so.

    A cursor is whatever the page before gave: an invented one is refused, with its own kind of problem. /live is a
    WebSocket (OpenAPI has no word for one): asked for without an upgrade, it says which one it wants. Which numbers
    are telephones is known to their numbering plan, and which letters can be shown to Unicode.
    """
    if not isinstance(failure, RejectedPositiveData):
        return True
    problem = response.json()
    kind = problem["type"].removeprefix("urn:siaga112:problem:")
    invented = kind == "bad-cursor" and "cursor" in (case.query or {})
    no_upgrade = kind == "no-upgrade" and case.path == "/api/v1/live"
    no_number = kind == "invalid-body" and all(_UNSAYABLE.fullmatch(flaw["where"]) for flaw in problem["errors"])
    return not (invented or no_upgrade or no_number)
