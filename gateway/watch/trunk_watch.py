"""Whether the carriers are there, as Asterisk knows it: an alarm for each trunk that is not, until it is back.

Asterisk asks each trunk itself (OPTIONS, `qualify_s`) and keeps its registrations; here it is only asked what it knows.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import structlog

from gateway.doorbell.ami_link import AmiRefused, AmiUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.alarms import Alarms
    from gateway.doorbell.ami_link import Headers
    from gateway.doorbell.ami_listener import AmiListener
    from gateway.site.trunk_settings import Trunk

log = structlog.get_logger()

_EVERY_S: Final = 2.0
# One look may fall into the moment of a registration. With the longest qualify_s (45 s) and its 3 s for an answer, the
# second look is still within the minute in which a dead trunk has to be told.
_LOOKS: Final = 2
_REGISTERED: Final = "Registered"


class TrunkState(StrEnum):
    """How a trunk stands; UNKNOWN: it takes calls only, is not asked, or Asterisk does not say."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


def trunk_state(contact: str, registration: str | None) -> TrunkState:
    """Judge by Asterisk's words for the contact ("" when there is none) and the registration (None: it has none)."""
    if registration is not None and registration != _REGISTERED:
        return TrunkState.DOWN
    by_contact = {"Reachable": TrunkState.UP, "Unreachable": TrunkState.DOWN}
    return by_contact.get(contact, TrunkState.UP if registration else TrunkState.UNKNOWN)


def registrations(events: Iterable[Headers]) -> dict[str, str]:
    """The status of each registration, by trunk, from the answer to PJSIPShowRegistrationsOutbound."""
    return {
        str(event.get("ObjectName", "")).removeprefix("trunk-"): str(event.get("Status", ""))
        for event in events
        if event.get("Event") == "OutboundRegistrationDetail"
    }


@dataclass(slots=True)
class TrunkWatch:
    """See the module. `states` is how each trunk stands, by name: the same mapping all the time.

    `assumed`: nobody said that there is a carrier (it is the default of the settings), so that it is missed only once
    it has been there.
    """

    trunks: Sequence[Trunk]
    ami: AmiListener
    alarms: Alarms
    assumed: bool = False
    states: dict[str, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _looks_down: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._forget()

    async def run(self) -> None:
        """Look for ever; while Asterisk does not answer, alarms stand as they were."""
        while True:
            await self.ami.connected()
            try:
                await self.look()
            except (AmiUnavailable, AmiRefused) as error:
                self._forget()
                log.warning("trunks_not_seen", reason=str(error))
            await asyncio.sleep(_EVERY_S)

    async def look(self) -> None:
        """Ask Asterisk once, and raise and clear what follows; raise AmiUnavailable or AmiRefused."""
        registered = {}
        if any(trunk.registrar for trunk in self.trunks):
            registered = registrations(await self.ami.list_action("PJSIPShowRegistrationsOutbound"))
        for trunk in self.trunks:
            registration = registered.get(trunk.name, "unknown") if trunk.registrar else None
            self._note(trunk.name, trunk_state(await self._contact(trunk), registration))
        self._tell(registered)

    async def _contact(self, trunk: Trunk) -> str:
        """Asterisk's word for the trunk's address: Reachable, Unreachable, NonQualified."""
        if trunk.outward is None or not trunk.qualify_s:
            return ""
        contact = await self._value(f"PJSIP_AOR(trunk-{trunk.name},contact)")
        return await self._value(f"PJSIP_CONTACT({contact},status)") if contact else ""

    async def _value(self, expression: str) -> str:
        return str((await self.ami.action("Getvar", Variable=expression)).get("Value", ""))

    def _note(self, name: str, state: TrunkState) -> None:
        if state is TrunkState.UP:
            self._seen.add(name)
        if state is TrunkState.DOWN and self.assumed and name not in self._seen:
            state = TrunkState.UNKNOWN
        self._looks_down[name] = self._looks_down[name] + 1 if state is TrunkState.DOWN else 0
        self.states[name] = state

    def _tell(self, registered: Mapping[str, str]) -> None:
        dead = {name for name, looks in self._looks_down.items() if looks >= _LOOKS}
        for trunk in self.trunks:
            text = None
            if trunk.name in dead:
                text = _complaint(trunk, registered.get(trunk.name))
            self.alarms.set(f"trunk.{trunk.name}", text, grave=len(dead) == len(self.trunks))

    def _forget(self) -> None:
        self.states.update((trunk.name, TrunkState.UNKNOWN) for trunk in self.trunks)


def _complaint(trunk: Trunk, registration: str | None) -> str:
    if trunk.registrar and registration != _REGISTERED:
        return f"trunk {trunk.name} is not registered with {trunk.registrar}: {registration or 'unknown to Asterisk'}"
    return f"trunk {trunk.name} does not answer on {trunk.outward}"
