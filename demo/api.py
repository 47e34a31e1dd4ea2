"""A client of the line's API, as anybody may write one: docs/api.md is all that it knows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from bench.sipp import Address

Json = dict[str, Any]

_TRIES: Final = 20
_PAUSE_S: Final = 1.0
_WITHIN: Final = aiohttp.ClientTimeout(10)


class Refused(Exception):
    """The API refused; the message holds the status and its reason."""


class Unreachable(Exception):
    """Nobody answers on the API for long."""


@dataclass(frozen=True, slots=True)
class Client:
    """Asks one line. A line that is being started again is asked again."""

    session: aiohttp.ClientSession
    line: Address

    async def ask(self, token: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Json]:
        """Give the status and the JSON of the answer; raise Unreachable when the line is gone for long."""
        for _ in range(_TRIES):
            try:
                async with self.session.request(
                    method, f"http://{self.line}/api/v1{path}", json=body, headers=_shown(token), timeout=_WITHIN
                ) as answer:
                    if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                        return answer.status, await answer.json()
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(_PAUSE_S)
        raise Unreachable(f"{method} {path}: no answer, asked {_TRIES} times")

    async def get(self, token: str, path: str) -> Json:
        """Read something; raise Refused."""
        return _good(await self.ask(token, "GET", path), path)

    async def record(self, token: str, ticket: str, said: Mapping[str, Any]) -> None:
        """Write on a ticket, on top of whatever others wrote meanwhile; raise Refused."""
        path = f"/tickets/{ticket}"
        version = (await self.get(token, path))["version"]
        status, answer = await self.ask(token, "PATCH", path, {**said, "version": version})
        while status == HTTPStatus.CONFLICT and answer["type"].endswith("stale-version"):
            status, answer = await self.ask(token, "PATCH", path, {**said, "version": answer["current"]})
        _good((status, answer), path)

    async def turn(self, token: str, ticket: str, status: str) -> None:
        """Turn a ticket; raise Refused."""
        path = f"/tickets/{ticket}/status"
        _good(await self.ask(token, "POST", path, {"status": status}), path)

    async def send(self, token: str, ticket: str, skpd: str) -> str:
        """Have an SKPD rung for a ticket, and give the dispatch's id; raise Refused."""
        path = f"/tickets/{ticket}/dispatches"
        return str(_good(await self.ask(token, "POST", path, {"skpd": skpd}), path)["id"])

    async def withdraw(self, token: str, ticket: str, dispatch: str) -> None:
        """Have it rung no more; raise Refused, also when somebody has accepted meanwhile."""
        path = f"/tickets/{ticket}/dispatches/{dispatch}/cancel"
        _good(await self.ask(token, "POST", path), path)

    async def report(self, token: str, ticket: str, dispatch: str, said: Mapping[str, Any]) -> None:
        """Write down what the SKPD says of it; raise Refused."""
        path = f"/tickets/{ticket}/dispatches/{dispatch}/updates"
        _good(await self.ask(token, "POST", path, said), path)

    async def live(self, token: str) -> AsyncIterator[Json]:
        """Follow the live feed for ever, without a gap: cut off, it comes back with the last `seq` it has seen."""
        query: dict[str, str] = {}
        while True:
            try:
                async with self.session.ws_connect(
                    f"http://{self.line}/api/v1/live", params=query, headers=_shown(token)
                ) as feed:
                    async for told in feed:
                        message: Json = told.json()
                        query = {"since": str(message["seq"])}
                        yield message
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(_PAUSE_S)


def _shown(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _good(answered: tuple[int, Json], path: str) -> Json:
    status, answer = answered
    if status >= HTTPStatus.BAD_REQUEST:
        raise Refused(f"{path}: {status} {answer.get('detail') or answer.get('title')}")
    return answer
