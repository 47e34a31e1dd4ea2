"""What role may do what: one table, which the API, the pages and the documentation share."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from ticketing.model import Role


class Permission(StrEnum):
    """Something that not everybody may do."""

    READ_TICKETS = "read_tickets"  # an SKPD reads only those that were sent to it
    TRIAGE = "triage"
    TURN_STATUS = "turn_status"  # who may turn what to what: ticketing.transitions
    DISPATCH = "dispatch"
    UPDATE_DISPATCH = "update_dispatch"  # an SKPD only its own
    READ_CALLS = "read_calls"
    PLAY_RECORDING = "play_recording"
    CALL_BACK = "call_back"
    GIVE_UP_CALL_BACK = "give_up_call_back"
    READ_NUISANCE = "read_nuisance"
    JUDGE_NUISANCE = "judge_nuisance"
    PLACE_TEST_CALL = "place_test_call"
    READ_SKPDS = "read_skpds"  # an SKPD reads of itself alone
    EDIT_SKPDS = "edit_skpds"
    KEEP_PREMISE_NOTES = "keep_premise_notes"  # at the answer they are read with the ticket
    READ_LIVE = "read_live"  # the feed tells of every call: not for an SKPD


_ROOM: Final = frozenset({Role.CALL_TAKER, Role.SUPERVISOR})
_ROOM_AND_ADMIN: Final = _ROOM | {Role.ADMIN}

PERMISSIONS: Final[dict[Permission, frozenset[Role]]] = {
    Permission.READ_TICKETS: frozenset(Role),
    Permission.TRIAGE: _ROOM,
    Permission.TURN_STATUS: _ROOM,
    Permission.DISPATCH: _ROOM,
    Permission.UPDATE_DISPATCH: _ROOM | {Role.SKPD},
    Permission.READ_CALLS: _ROOM_AND_ADMIN,
    Permission.PLAY_RECORDING: frozenset({Role.SUPERVISOR, Role.ADMIN}),
    Permission.CALL_BACK: _ROOM,
    Permission.GIVE_UP_CALL_BACK: frozenset({Role.SUPERVISOR}),
    Permission.READ_NUISANCE: _ROOM_AND_ADMIN,
    Permission.JUDGE_NUISANCE: frozenset({Role.SUPERVISOR}),
    Permission.PLACE_TEST_CALL: frozenset({Role.SUPERVISOR, Role.ADMIN}),
    Permission.READ_SKPDS: frozenset(Role),
    Permission.EDIT_SKPDS: frozenset({Role.ADMIN}),
    Permission.KEEP_PREMISE_NOTES: frozenset({Role.SUPERVISOR, Role.ADMIN}),
    Permission.READ_LIVE: _ROOM_AND_ADMIN,
}


def may(role: Role, permission: Permission) -> bool:
    """Whether whoever has this role has this permission."""
    return role in PERMISSIONS[permission]
