import asyncio
from collections.abc import Mapping

from . import utils
from .message import Message

class Action(utils.CaseInsensitiveDict):
    responses: list[Message]
    future: asyncio.Future[Message | list[Message]]
    def __init__(self, headers: Mapping[str, str | list[str]], /) -> None: ...
    @property
    def multi(self) -> bool: ...
    @property
    def completed(self) -> bool: ...
    def add_message(self, message: Message) -> bool | None: ...
