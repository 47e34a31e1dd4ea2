"""One call of the API as data: what registers it, describes it (openapi.py) and guards it is the same row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from ticketing.errors import Siaga112Error
    from ticketing.permissions import Permission

API: Final = "/api/v1"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Open(Enum):
    """Calls that no permission guards."""

    TO_ALL = auto()  # no login
    TO_SIGNED_IN = auto()  # any role: it concerns only the asker's own session


class NoQuery(BaseModel):
    """A call that takes no parameters."""

    model_config = ConfigDict(extra="forbid")


class AnyQuery(BaseModel):
    """A call that does not look at its query string."""


@dataclass(frozen=True, slots=True)
class Route:
    """A call: `path` below API, `access` as it is checked before the handler runs.

    `also` are further good answers. `answers` is the model of a JSON answer, or the media type of another one, or
    None for an empty one. `problems` are models of refusals that say more than RFC 9457 asks for. `unhurried`
    calls last as long as they last; the others have seconds.
    """

    method: str
    path: str
    handler: Handler
    access: Permission | Open
    summary: str
    answers: type[BaseModel] | str | None
    status: HTTPStatus = HTTPStatus.OK
    also: tuple[HTTPStatus, ...] = ()
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    errors: tuple[type[Siaga112Error], ...] = ()
    problems: Mapping[HTTPStatus, type[BaseModel]] = field(default_factory=dict)
    unhurried: bool = False
