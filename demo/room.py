"""The room of the demo: what people do at their screens while telephones ring, and a line of print for each call."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from demo.api import Refused
from demo.people import TAKERS, whom_to_send
from demo.stories import GHOST, Story
from demo.town import subscriber
from gateway.cli.store import printable
from gateway.site.config import Settings
from ticketing.model import CallType

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
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
    skpds: Mapping[str, asyncio.Task[None]]  # code → registered
    town: Town
    say: Callable[[str], None]
    _stories: dict[str, Story] = field(default_factory=dict)  # by the caller's last digits
    _callers: dict[str, str] = field(default_factory=dict)  # call → who calls, in words
    _desks: dict[str, str] = field(default_factory=dict)  # ticket → taker
    _asked_again: set[tuple[str, str]] = field(default_factory=set)  # ticket, SKPD

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
                        self._desks[ticket] = taker
                        group.create_task(self._unless_refused(ticket, self._handle(ticket, taker)), name=ticket)
                    case {
                        "type": "dispatch_accepted" | "dispatch_failed" as outcome,
                        "ticket": ticket,
                        "body": {"dispatch": dispatch, "skpd": skpd},
                    } if ticket in self._desks:
                        accepted = outcome == "dispatch_accepted"
                        goes_on = self._report(ticket, dispatch, skpd) if accepted else self._ask_again(ticket, skpd)
                        group.create_task(self._unless_refused(ticket, goes_on), name=ticket)

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
            case _:
                self._tell_of_dispatch(told)

    def _tell_of_dispatch(self, told: Json) -> None:
        match told:
            case {"type": "dispatch_requested", "body": {"skpd": skpd, "by": by}}:
                self._say(told, f"{by} asks for {skpd}")
            case {"type": "dispatch_line_ended", "body": {"line": line, "outcome": outcome}} if outcome != "accepted":
                self._say(told, f"{line}: {outcome}")
            case {"type": "dispatch_accepted", "body": {"skpd": skpd, "line": line}}:
                self._say(told, f"{skpd} accepts, on {line}")
            case {"type": "dispatch_failed", "body": {"skpd": skpd}}:
                self._say(told, f"nobody accepts at {skpd}")
            case {"type": "dispatch_cancelled", "body": {"skpd": skpd, "by": by}}:
                self._say(told, f"{by} withdraws {skpd}")
            case {"type": "dispatch_updated", "body": {"skpd": skpd, "state": state}}:
                self._say(told, f"{skpd}: {state}")

    def _say(self, told: Json, words: str) -> None:
        at = datetime.fromisoformat(told["at"]).astimezone(_ZONE)
        self.say(printable(f"{at:%H:%M:%S}  {told['ticket'] or '-':<18}  {words}"))

    async def _unless_refused(self, ticket: str, work: Coroutine[None, None, None]) -> None:
        try:
            await work
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
        for skpd in whom_to_send(story.first["category"]):
            await self._send(ticket, token, skpd)
        await asyncio.sleep(takes.complete_s)
        more: dict[str, Any] = {**story.then, "reporter_name": self.town.reporter(ticket)}
        await self.client.record(token, ticket, more)
        for status, after_s in (("on_progress", takes.on_progress_s), ("closed", takes.close_s)):
            await asyncio.sleep(started + after_s - loop.time())
            await self.client.turn(self.desk.supervisor, ticket, status)

    async def _send(self, ticket: str, token: str, skpd: str) -> None:
        """Have an SKPD rung, as the taker thinks best; now and then the taker thinks better of it."""
        sending = self.town.sending(ticket, skpd)
        if sending is None:
            return
        await self.skpds[skpd]
        dispatch = await self.client.send(token, ticket, skpd)
        if sending.withdrawn_after_s is not None:
            await asyncio.sleep(sending.withdrawn_after_s)
            # Somebody may have accepted by then.
            with suppress(Refused):
                await self.client.withdraw(token, ticket, dispatch)

    async def _ask_again(self, ticket: str, skpd: str) -> None:
        """Nobody has accepted: once more, unless somebody else saw to it meanwhile."""
        sending = self.town.sending(ticket, skpd)
        if sending is None or (ticket, skpd) in self._asked_again:
            return
        self._asked_again.add((ticket, skpd))
        await asyncio.sleep(sending.again_after_s)
        token = await self.screens[self._desks[ticket]]
        known = await self.client.get(token, f"/tickets/{ticket}")
        last = [one["state"] for one in known["dispatches"] if one["skpd"] == skpd][-1]
        if known["status"] != "closed" and last == "failed":
            await self.client.send(token, ticket, skpd)

    async def _report(self, ticket: str, dispatch: str, skpd: str) -> None:
        """The taker writes down what the SKPD says, to the end."""
        token = await self.screens[self._desks[ticket]]
        for said in self.town.reports(ticket, skpd):
            await asyncio.sleep(said.after_s)
            await self.client.report(token, ticket, dispatch, {"state": said.state, "note": said.note})


def _in_words(caller: Json) -> str:
    number = "" if caller["kind"] == "anonymous" else caller["e164"] or caller["raw"]
    return f"{number} ({caller['kind']})" if number else "somebody whose number is withheld"
