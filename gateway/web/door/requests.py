"""From a request's bytes to typed values, or a refusal that says where and why."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_origin

from pydantic import BaseModel, ValidationError

from gateway.web.door.errors import (
    BodyInvalid,
    BodyTooSlow,
    BodyUnreadable,
    NoSuchThing,
    QueryInvalid,
    WrongContentType,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aiohttp import web
    from multidict import MultiMapping

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

BODY_WITHIN_S: Final = 10.0
_MOST_FLAWS: Final = 20
_LONGEST_WHERE: Final = 80


async def found_by_id(
    request: web.Request, name: str, pattern: str, find: Callable[[int], Awaitable[T | None]], what: str
) -> T:
    """Find the `what` whose id, of this pattern, is the part `name` of the path; raise NoSuchThing."""
    text = request.match_info[name]
    found = await find(int(text)) if re.fullmatch(pattern, text, re.ASCII) else None
    if not found:
        raise NoSuchThing(f"there is no {what} {text[:40]}")
    return found


async def body_of(request: web.Request, model: type[M]) -> M:
    """Read the JSON body as `model`.

    Raises WrongContentType, BodyTooSlow, BodyUnreadable, BodyInvalid; aiohttp's own 413 when it is too large.
    """
    if request.content_type != "application/json" or request.headers.get("Content-Encoding", "identity") != "identity":
        raise WrongContentType
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            raw = await request.read()
    except TimeoutError as slow:
        raise BodyTooSlow(BODY_WITHIN_S) from slow
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        if any(flaw["type"] == "json_invalid" for flaw in error.errors(include_url=False)):
            raise BodyUnreadable("the body is not JSON") from None
        raise BodyInvalid(_flaws(error)) from None


def query_of(query: MultiMapping[str], model: type[M]) -> M:
    """Read a query string as `model`; raise QueryInvalid for what it does not take."""
    values: dict[str, Any] = {}
    for name in dict.fromkeys(query):
        given = query.getall(name)
        field = model.model_fields.get(name)
        if field is not None and get_origin(field.annotation) is list:
            values[name] = given
        elif len(given) > 1:
            raise QueryInvalid([(name[:_LONGEST_WHERE], "given more than once")])
        else:
            values[name] = given[0]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise QueryInvalid(_flaws(error)) from None


def _flaws(error: ValidationError) -> Sequence[tuple[str, str]]:
    told = error.errors(include_url=False, include_context=False, include_input=False)[:_MOST_FLAWS]
    return [
        (
            ".".join(str(part) for part in flaw["loc"])[:_LONGEST_WHERE] or "body",
            flaw["msg"].removeprefix("Value error, "),
        )
        for flaw in told
    ]
