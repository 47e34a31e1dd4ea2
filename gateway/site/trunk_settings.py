"""One carrier's line as the site's settings give it: `[[trunk]]` of siaga112.toml."""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from gateway.site.setting_types import Bind, DialledNumber, Name, Network
from ticketing.model import TEST_TRUNK, CallerIdStyle

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_PASSWORD_FILE = 1024


def _account(text: str) -> str:
    # It stands in a SIP address, and as an extension in the dialplan: nothing that means something there.
    if not re.fullmatch(r"[A-Za-z0-9+][A-Za-z0-9.+_-]{0,63}", text):
        raise ValueError("1 to 64 letters, digits and . + _ -, beginning with a letter, a digit or +")
    return text


def _password(text: str) -> str:
    # Asterisk's configuration cuts blanks off, begins a comment at ; and has a meaning for \ and a > in front.
    if not re.fullmatch(r"(?!>)[!-~]{1,128}", text) or re.search(r"[;\\]", text):
        raise ValueError("1 to 128 visible ASCII characters, no ; or \\, no > in front")
    return text


def _domain(text: str) -> str:
    if not re.fullmatch(r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]*)(?:\.[A-Za-z0-9-]+)*", text):
        raise ValueError("a domain's name, such as ims.carrier.example")
    return text


def _trunk_name(text: str) -> str:
    if text == TEST_TRUNK:
        raise ValueError(f"{TEST_TRUNK} is the trunk of the line's own test calls")
    return text


class Dtmf(StrEnum):
    """How a trunk sends the keys that a caller presses."""

    AUTO = "auto"  # RFC 4733 where it is offered, else SIP INFO
    RFC4733 = "rfc4733"
    INFO = "info"


class Trunk(BaseModel):
    """A carrier's line into the gateway, known by the addresses its INVITEs come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[Name, AfterValidator(_trunk_name)]
    addresses: tuple[Network, ...] = ()
    proxy: Bind | None = None  # where outgoing calls are sent; none: to the registrar, or this trunk takes calls only
    registrar: Bind | None = None  # where we log in; calls come back from there
    domain: Annotated[str, AfterValidator(_domain)] | None = None  # what stands behind the @, when it is no address
    username: Annotated[str, AfterValidator(_account)] | None = None
    password: Annotated[str, AfterValidator(_password)] | None = Field(default=None, repr=False)
    password_file: Path | None = None
    numbers: tuple[DialledNumber, ...] = ()  # called numbers of the line that this trunk alone sends
    outbound_identity: DialledNumber | None = None  # whom its called parties see; none: the caller
    caller_id_style: CallerIdStyle = CallerIdStyle.AUTO
    dtmf: Dtmf = Dtmf.AUTO
    qualify_s: int = Field(default=15, ge=0, le=45)  # asked so often (OPTIONS) whether it is there; 0: not at all

    @model_validator(mode="before")
    @classmethod
    def _with_password(cls, value: Any) -> Any:  # noqa: ANN401 - whatever a site wrote
        """Take the password out of its file, so that it need not stand among the settings."""
        if not isinstance(value, dict) or not isinstance(file := value.get("password_file"), str):
            return value
        if value.get("password") is not None:
            raise ValueError("password and password_file: one of them")
        try:
            with Path(file).expanduser().open(encoding="utf-8") as stream:
                text = stream.read(_LONGEST_PASSWORD_FILE)
        except (OSError, ValueError, RuntimeError) as error:
            raise ValueError(f"password_file {file[:200]!r} cannot be read: {error}") from error
        return {**value, "password": text.rstrip("\r\n")}

    @field_validator("addresses")
    @classmethod
    def _somewhere(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        if any(ipaddress.ip_network(one, strict=False).prefixlen == 0 for one in addresses):
            raise ValueError("a trunk from everywhere would let everybody in")
        return addresses

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if not self.sources:
            raise ValueError(f"trunk {self.name}: addresses or a registrar are needed, to know its calls by")
        if (self.username is None) != (self.password is None):
            raise ValueError(f"trunk {self.name}: username and password (or password_file) go together")
        if self.registrar and self.username is None:
            raise ValueError(f"trunk {self.name}: a registrar wants a username and a password")
        return self

    @property
    def sources(self) -> tuple[str, ...]:
        """The addresses whose INVITEs are this trunk's."""
        registrar = (self.registrar.host,) if self.registrar else ()
        return tuple(dict.fromkeys((*self.addresses, *registrar)))

    @property
    def outward(self) -> Bind | None:
        """Where its outgoing calls are sent; None for a trunk that only takes calls."""
        return self.proxy or self.registrar

    @property
    def own_numbers(self) -> tuple[str, ...]:
        """What is called on this trunk and on no other: its numbers, and the account that it logs in as."""
        account = (self.username,) if self.registrar and self.username else ()
        return tuple(dict.fromkeys((*self.numbers, *account)))

    @property
    def context(self) -> str:
        """Where its calls enter the dialplan."""
        return f"from-trunk-{self.name}" if self.own_numbers else "from-carrier"


def overlapping(trunks: Iterable[Trunk]) -> tuple[str, str] | None:
    """Two trunks of which a call could be either's, by name; None when each call's trunk is certain."""
    seen: list[tuple[str, ipaddress.IPv4Network | ipaddress.IPv6Network]] = []
    for trunk in trunks:
        networks = [ipaddress.ip_network(source, strict=False) for source in trunk.sources]
        for network in networks:
            for name, other in seen:
                if type(network) is type(other) and network.overlaps(other):
                    return name, trunk.name
        seen += [(trunk.name, network) for network in networks]
    return None
