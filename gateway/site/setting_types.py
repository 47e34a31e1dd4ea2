"""What the site's settings are made of: numbers, names, addresses, each checked against what it may be.

Most of them are written into Asterisk's configuration: none can bring a line of its own.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import NoDecode


def _dialled_number(text: str) -> str:
    if not re.fullmatch(r"\+?[0-9]{2,20}", text):
        raise ValueError("a number of 2 to 20 digits, + allowed in front")
    return text


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9]{0,15}", text):
        raise ValueError("1 to 16 of a-z and 0-9, beginning with a letter")
    return text


def _address(text: str) -> str:
    if "%" in text:
        # An IPv6 scope may hold anything at all, line breaks included (RFC 4007, section 11.2).
        raise ValueError("an address with a scope (%) cannot be used")
    return str(ipaddress.ip_address(text))


def _network(text: str) -> str:
    return str(ipaddress.ip_network(text, strict=False)) if "/" in text else _address(text)


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (OSError, ValueError, ZoneInfoNotFoundError) as unknown:
        raise ValueError("no time zone of that name") from unknown
    return text


def _city(text: str) -> str:
    name = text.strip()
    if not name or len(name) > 40 or not name.isprintable():  # noqa: PLR2004 - what the head of a page holds
        raise ValueError("1 to 40 letters that can be shown")
    return name


DialledNumber = Annotated[str, AfterValidator(_dialled_number)]
Name = Annotated[str, AfterValidator(_name)]
Address = Annotated[str, AfterValidator(_address)]
Network = Annotated[str, AfterValidator(_network)]
Zone = Annotated[str, AfterValidator(_zone)]
City = Annotated[str, AfterValidator(_city)]


class Bind(BaseModel):
    """An address and port to listen on, written `127.0.0.1:5060` or `[::1]:5060`."""

    model_config = ConfigDict(frozen=True)

    host: Address
    port: int = Field(ge=1, le=65535)

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        host, colon, port = value.rpartition(":")
        if not colon or not re.fullmatch("[0-9]{1,5}", port):
            raise ValueError(f"{value[:80]!r} is not ADDRESS:PORT")
        return {"host": host.removeprefix("[").removesuffix("]"), "port": int(port)}

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.host).is_loopback


class PortRange(BaseModel):
    """Ports for audio, written `20000-24999`."""

    model_config = ConfigDict(frozen=True)

    first: int = Field(ge=1024, le=65535)
    last: int = Field(ge=1024, le=65535)

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", value)
        if match is None:
            raise ValueError(f"{value[:80]!r} is not FIRST-LAST")
        return {"first": int(match[1]), "last": int(match[2])}

    @model_validator(mode="after")
    def _holds_calls(self) -> Self:
        if self.last - self.first < 3:  # noqa: PLR2004 - a call needs four ports: RTP and RTCP on two legs
            raise ValueError("at least four ports are needed")
        return self

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


# Written as plain text in the environment, not as JSON.
BindText = Annotated[Bind, NoDecode]
PortRangeText = Annotated[PortRange, NoDecode]
