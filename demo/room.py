"""The room of the demo: what people do at their screens while telephones ring, and a line of print for each call."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from demo.api import Refused
from demo.people import TAKERS
from demo.stories import GHOST, Story
from demo.town import subscriber
from gateway.cli_store import printable
from gateway.config import Settings
from ticketing.model import CallType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from demo.api import Client, Json
    from demo.people import Desk
    from demo.town import Handling, Town

_NAMES: Final = {extension: name for extension, name, _ in TAKERS}
_ZONE: Final[ZoneInfo] = Settings.model_construct().zone


@dataclass
class Room:
    """Takers and their supervisor, each through the API."""

    client: Client
    desk: Desk
    screens: Mapping[str, asyncio.Task[str]]  # extension → token, as soon as the taker has one
    town: Town
    say: Callable[[str], None]
    _stories: dict[str, Story] = field(default_factory=dict)  # by the caller's last digits
    _callers: dict[str, str] = field(default_factory=dict)  # call → who calls, in words

    def expect(self, number: str, story: Story) -> None:
        """What the next caller from this number will talk about."""
        self._stories[subscriber(number)] = story

    async def work(self) -> None:
        """Do what the live feed gives them to do, until cancelled; raise Unreachable."""
        async with asyncio.TaskGroup() as group:
            async for told in self.client.live(self.desk.supervisor):
                self._tell(told)
                match told:
                    # A visitor may have brought a phone of their own: that one's tickets are not ours.
                    case {"type": "ticket_opened", "ticket": ticket, "body": {"taker": taker}} if taker in self.screens:
                        group.create_task(self._work_on(ticket, taker), name=ticket)

    def _tell(self, told: Json) -> None:
        """Print what happened, when it is worth a line."""
        match told:
            case {"type": "caller_identified", "call_id": call, "body": {"caller": caller}}:
                self._callers[call] = _in_words(caller)
            case {"type": "ticket_opened", "call_id": call, "body": {"taker": str(taker)}}:
                self._say(told, f"{_NAMES.get(taker, taker)} answers {self._callers.get(call, '')}")
            case {"type": "call_ended", "call_id": call, "body": {"outcome": outcome}}:
                caller = self._callers.pop(call, "")
                if outcome != "answered":
                    self._say(told, f"{outcome}: {caller}")
            case {"type": "call_interrupted", "call_id": call}:
                self._say(told, f"interrupted: {self._callers.pop(call, '')}")
            case {"type": "ticket_triaged", "body": {"by": by, "changes": changes}}:
                noted = [changes[name][1] for name in ("call_type", "category") if name in changes]
                if noted:
                    self._say(told, f"{by} notes: {', '.join(noted)}")
            case {"type": "status_turned", "body": {"by": by, "to": to}}:
                self._say(told, f"{to}, by {by}")
            case {"type": "sla_breached", "body": {"clock": clock}}:
                self._say(told, f"late: {clock}")

    def _say(self, told: Json, words: str) -> None:
        at = datetime.fromisoformat(told["at"]).astimezone(_ZONE)
        self.say(printable(f"{at:%H:%M:%S}  {told['ticket'] or '-':<18}  {words}"))

    async def _work_on(self, ticket: str, taker: str) -> None:
        try:
            await self._handle(ticket, taker)
        except Refused as refusal:
            # A visitor may have turned it in between.
            self.say(f"          {ticket:<18}  left as it is: {printable(str(refusal))}")

    async def _handle(self, ticket: str, taker: str) -> None:
        """One ticket, from the first word to the supervisor's last."""
        token, takes = await self.screens[taker], self.town.handling(ticket)
        caller = (await self.client.get(token, f"/tickets/{ticket}"))["caller"]
        # Several callers without a number may wait at once; one's words for another's harm nothing here.
        story = self._stories.get(subscriber(caller["raw"]), GHOST)
        started = asyncio.get_running_loop().time()
        await asyncio.sleep(takes.note_s)
        if story.call_type is CallType.EMERGENCY:
            await self._emergency(ticket, token, story, takes, started)
        else:
            await self.client.record(token, ticket, {**story.first, "call_type": story.call_type})
            if story.then:
                await asyncio.sleep(takes.complete_s)
                await self.client.record(token, ticket, story.then)
            await self.client.turn(token, ticket, "closed")

    async def _emergency(self, ticket: str, token: str, story: Story, takes: Handling, started: float) -> None:
        loop = asyncio.get_running_loop()
        await self.client.record(token, ticket, story.first)
        await asyncio.sleep(takes.complete_s)
        more: dict[str, Any] = {**story.then, "reporter_name": self.town.reporter(ticket)}
        await self.client.record(token, ticket, more)
        for status, after_s in (("on_progress", takes.on_progress_s), ("closed", takes.close_s)):
            await asyncio.sleep(started + after_s - loop.time())
            await self.client.turn(self.desk.supervisor, ticket, status)


def _in_words(caller: Json) -> str:
    number = "" if caller["kind"] == "anonymous" else caller["e164"] or caller["raw"]
    return f"{number} ({caller['kind']})" if number else "somebody whose number is withheld"
