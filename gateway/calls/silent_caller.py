"""Questions to a caller who cannot speak, played into the conversation and answered by keys.

The intent is in the store first, then one channel is asked for. The dialplan ([silent-question] in
extensions_waiting.conf) plays the question to everybody in the conversation and writes the key into the ledger.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.facts import channel_variables as names
from ticketing.commands import AskCaller
from ticketing.errors import CallerGone, QuestionUnderWay, TicketUnknown

if TYPE_CHECKING:
    from gateway.doorbell.ami_listener import AmiListener
    from ticketing.asked import Question
    from ticketing.desk import TicketDesk
    from ticketing.model import CallId
    from ticketing.ports import Store

# An answer ends a question, no key at all too, and another may be asked then. Should the ledger tell of none: the
# dialplan gives it 30 s, however long a city's own recording of it is.
_STANDS_S: Final = 31.0


@dataclass(slots=True)
class SilentCaller:
    """See the module."""

    ami: AmiListener
    store: Store
    desk: TicketDesk
    _asked: dict[CallId, tuple[float, int]] = field(default_factory=dict)  # when, and how many answers there were

    async def ask(self, number: str, question: Question, by: str) -> None:
        """Have it played; raise TicketUnknown, CallerGone, QuestionUnderWay, AmiUnavailable, AmiRefused."""
        kept = await self.store.ticket(number)
        if kept is None:
            raise TicketUnknown(number)
        call = kept.call
        if self._stands(call.id, len(call.said)):
            raise QuestionUnderWay(number)
        caller = await self.ami.channel_of(call.id)
        if not caller:
            raise CallerGone(number)
        await self.desk.handle(AskCaller(number, question, by))
        self._asked[call.id] = (time.monotonic(), len(call.said))
        given = {names.QUESTION: question, names.DISPATCH_CALLER: caller, names.DISPATCH_CALL: call.id}
        await self.ami.action(
            "Originate",
            Channel="Local/s@silent-question/n",
            Context="silent-join",
            Exten="s",
            Priority="1",
            Timeout="10000",
            CallerID='"112" <112>',
            Async="true",
            Variable=[f"__{name}={value}" for name, value in given.items()],
        )

    def _stands(self, call: CallId, answers: int) -> bool:
        now = time.monotonic()
        self._asked = {one: asked for one, asked in self._asked.items() if now - asked[0] < _STANDS_S}
        return call in self._asked and answers <= self._asked[call][1]
