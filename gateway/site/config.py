"""The site's settings: one TOML file, environment variables over it, checked once and whole.

Every value that reaches Asterisk's configuration is checked against what it may be (`gateway.site.setting_types`), so
that rendering it cannot inject a line.
"""

from __future__ import annotations

import os
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from gateway.site.setting_types import (
    Address,
    Bind,
    BindText,
    City,
    DialledNumber,
    Name,
    Network,
    PortRange,
    PortRangeText,
    Zone,
)
from gateway.site.trunk_settings import Trunk, overlapping
from ticketing.errors import Siaga112Error
from ticketing.model import CallerIdStyle
from ticketing.nuisance import NuisanceRules
from ticketing.sla import Targets

__all__ = [
    "CHECKOUT",
    "Bind",
    "Nuisance",
    "PortRange",
    "Queueing",
    "ScheduledTestCall",
    "Settings",
    "SettingsUnreadable",
    "Sla",
    "Trunk",
    "find_file",
    "load",
]

CHECKOUT = Path(__file__).resolve().parents[2]
FILE_NAME = "siaga112.toml"


class SettingsUnreadable(Siaga112Error):
    """The settings cannot be used; the message names the key and the file or variable."""


class Queueing(BaseModel):
    """How callers wait and takers are rung."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ring_s: int = Field(default=12, ge=3, le=60)  # one taker's phone rings so long before the next one's
    silent_phone_s: int = Field(default=20, ge=2, le=25)  # a phone that sends no audio for so long is dead
    wrap_up_s: int = Field(default=0, ge=0, le=600)  # a taker's pause after a call
    notice_after_s: int = Field(default=15, ge=5, le=60)  # then the waiting caller is answered with a notice
    longest_wait_s: int = Field(default=180, ge=30, le=3600)  # then the backup numbers
    asks: bool = True  # waiting callers are asked what has happened, and where

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.longest_wait_s <= self.notice_after_s:
            raise ValueError("longest_wait_s must be more than notice_after_s")
        return self


class Sla(BaseModel):
    """What the city promises, in seconds from the call taker's answer (SOP steps 6 and 8)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on_progress_s: int = Field(default=180, ge=10, le=86_400)
    close_s: int = Field(default=1200, ge=10, le=86_400)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.close_s <= self.on_progress_s:
            raise ValueError("close_s must be more than on_progress_s")
        return self


class Storage(BaseModel):
    """What happens as disks fill, in MB that are left; and how long journals are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    no_new_recordings_mb: float = Field(default=2000, ge=1)  # from here on, calls are no longer recorded
    no_recordings_mb: float = Field(default=1000, ge=1)  # then running recordings end as well
    quiet_logs_mb: float = Field(default=500, ge=1)  # then logs keep errors alone
    evidence_mb: float = Field(default=250, ge=1)  # then calls and tickets themselves are at risk
    ballast_mb: float = Field(default=16, ge=0, le=10_000)  # given up when the journals' file system is full
    rotate_journals_mb: float = Field(default=64, ge=0.01, le=100_000)
    keep_journals_days: int = Field(default=400, ge=1, le=36_500)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        levels = (self.no_new_recordings_mb, self.no_recordings_mb, self.quiet_logs_mb, self.evidence_mb)
        if sorted(levels, reverse=True) != list(levels):
            raise ValueError(
                "no_new_recordings_mb, no_recordings_mb, quiet_logs_mb, evidence_mb: each at most the one before"
            )
        return self


class ScheduledTestCall(BaseModel):
    """The call that the line places to itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every_s: int = Field(default=1800, ge=0, le=86_400)  # 0: only those that somebody asks for


class Nuisance(BaseModel):
    """What prank and ghost calls cost their number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    half_life_days: float = Field(default=30, ge=1, le=365)  # after so long a mark counts half
    threshold: float = Field(default=4.5, ge=1, le=1000)  # beyond it, a supervisor should look
    delay_s: float = Field(default=60, ge=0, le=300)  # as if called so much later, by marks alone
    confirmed_delay_s: float = Field(default=300, ge=0, le=300)  # the same once a supervisor has confirmed it ...
    confirmed_days: float = Field(default=14, ge=1, le=365)  # ... for so long

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.confirmed_delay_s < self.delay_s:
            raise ValueError("confirmed_delay_s must not be less than delay_s")
        return self


class Settings(BaseSettings):
    """Everything a site decides. Each field is documented in siaga112.example.toml."""

    model_config = SettingsConfigDict(env_prefix="SIAGA112_", frozen=True, extra="forbid")

    home: Path = CHECKOUT / "var"
    journals: Path | None = None
    prompts: Path | None = None
    areas: Path | None = None
    node: Name = "bima1"
    city: City = "Kota Bima"
    timezone: Zone = "Asia/Makassar"
    language: str = Field(default="id", pattern=r"^[a-z]{2}$")
    numbers: Annotated[tuple[DialledNumber, ...], NoDecode] = ("112",)
    service_numbers: Annotated[tuple[DialledNumber, ...], NoDecode] = ()
    sip_bind: BindText = Bind(host="127.0.0.1", port=5060)
    rtp_ports: PortRangeText = PortRange(first=20000, last=24999)
    http_bind: BindText = Bind(host="127.0.0.1", port=8112)
    ami_bind: BindText = Bind(host="127.0.0.1", port=5038)
    agi_bind: BindText = Bind(host="127.0.0.1", port=4573)
    carrier_ips: Annotated[tuple[Network, ...], NoDecode] = ("127.0.0.2",)
    carrier_proxy: Annotated[Bind | None, NoDecode] = Bind(host="127.0.0.2", port=5070)
    caller_id_style: CallerIdStyle = CallerIdStyle.AUTO
    trunk: tuple[Trunk, ...] = ()
    public_address: Address | None = None
    local_networks: Annotated[tuple[Network, ...], NoDecode] = (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
    )
    map_links: bool = False  # places link to a map of the world outside
    backup_numbers: Annotated[tuple[DialledNumber, ...], NoDecode] = ()
    queue: Queueing = Queueing()
    sla: Sla = Sla()
    storage: Storage = Storage()
    test_call: ScheduledTestCall = ScheduledTestCall()
    nuisance: Nuisance = Nuisance()
    database_url: str | None = None

    @field_validator("numbers", "service_numbers", "carrier_ips", "backup_numbers", "local_networks", mode="before")
    @classmethod
    def _from_commas(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return [part.strip() for part in value.split(",") if part.strip()]

    @field_validator("home", "journals", "prompts", "areas")
    @classmethod
    def _plain_path(cls, value: Path | None) -> Path | None:
        if value is None:
            return None
        if value == Path():
            raise ValueError("names no folder")
        try:
            path = value.expanduser().absolute()
        except RuntimeError as unknown:
            raise ValueError("there is no such user's home folder") from unknown
        # Such paths are written into Asterisk's configuration, where ; , and the like have a meaning, and a blank at
        # the end is lost.
        if not re.fullmatch(r"[\w./ -]*[\w./-]", str(path), re.ASCII):
            raise ValueError("only letters, digits, space (not at the end) and . _ / - may be in this path")
        return path

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        names = [trunk.name for trunk in self.trunks]
        if len(set(names)) < len(names):
            raise ValueError("two trunks bear the same name")
        if pair := overlapping(self.trunks):
            raise ValueError(f"trunks {pair[0]} and {pair[1]} share an address: whose would a call from it be?")
        of_the_line = {*self.line_numbers, *(number for trunk in self.trunks for number in trunk.own_numbers)}
        if both := of_the_line.intersection(self.service_numbers):
            raise ValueError(
                f"service_numbers: {min(both)} is a number of the line: its callers would be asked for a PIN"
            )
        for name in ("http_bind", "ami_bind", "agi_bind"):
            if not getattr(self, name).is_loopback:
                raise ValueError(f"{name}: must be a loopback address (there is no TLS on it yet)")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic-settings'
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment variables win over the file (which arrives as the initial values)."""
        return env_settings, init_settings

    @property
    def trunks(self) -> tuple[Trunk, ...]:
        """The carriers: those of the file, or the one that the CARRIER variables describe."""
        return self.trunk or (
            Trunk(
                name="carrier",
                addresses=self.carrier_ips,
                proxy=self.carrier_proxy,
                caller_id_style=self.caller_id_style,
            ),
        )

    @property
    def carrier_is_assumed(self) -> bool:
        """Whether the only trunk is the one that nobody set: then nobody need be missed there."""
        return not self.trunk and not self.model_fields_set & {"carrier_ips", "carrier_proxy"}

    @property
    def line_numbers(self) -> tuple[str, ...]:
        """Every called number that means the line: the forms of 112, and what the carrier sends instead."""
        return tuple(dict.fromkeys(("112", "+112", "0112", *self.numbers)))

    @property
    def journals_dir(self) -> Path:
        """Where Asterisk writes the ledger."""
        return self.journals or self.home / "journals"

    @property
    def prompts_dir(self) -> Path:
        """Where the city's own recordings of what the line says are."""
        return self.prompts or self.home / "prompts"

    @property
    def database(self) -> str:
        """SQLAlchemy's URL of the store."""
        return self.database_url or f"sqlite+aiosqlite:///{self.home / 'siaga112.sqlite3'}"

    @property
    def zone(self) -> ZoneInfo:
        """The city's local time."""
        return ZoneInfo(self.timezone)

    @property
    def targets(self) -> Targets:
        """What the two clocks of a ticket run against."""
        return Targets(timedelta(seconds=self.sla.on_progress_s), timedelta(seconds=self.sla.close_s))

    @property
    def nuisance_rules(self) -> NuisanceRules:
        """What marks cost a number."""
        asked = self.nuisance
        return NuisanceRules(
            half_life=timedelta(days=asked.half_life_days),
            threshold=asked.threshold,
            delay=timedelta(seconds=asked.delay_s),
            confirmed_delay=timedelta(seconds=asked.confirmed_delay_s),
            confirmed_for=timedelta(days=asked.confirmed_days),
        )

    def style_of(self, trunk: str) -> CallerIdStyle:
        """How this trunk writes numbers; AUTO for a name that is none of ours."""
        return next((one.caller_id_style for one in self.trunks if one.name == trunk), CallerIdStyle.AUTO)


def find_file() -> Path | None:
    """The site's file: SIAGA112_CONFIG, else siaga112.toml in HOME, else in the checkout."""
    named = os.environ.get("SIAGA112_CONFIG")
    if named:
        return Path(named)
    home = Path(os.environ.get("SIAGA112_HOME") or CHECKOUT / "var")
    return next((path for path in (home / FILE_NAME, CHECKOUT / FILE_NAME) if path.exists()), None)


def load(file: Path | None = None) -> Settings:
    """Read the settings; raise SettingsUnreadable with the first thing that is wrong."""
    file = file or find_file()
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsUnreadable(f"cannot read {file}: {error}") from error
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsUnreadable(_first_problem(error, file)) from error
    except SettingsError as error:
        raise SettingsUnreadable(f"a SIAGA112_ variable cannot be read: {error}") from error


def _first_problem(error: ValidationError, file: Path | None) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    key = ".".join(str(part) for part in first["loc"]) or "settings"
    variable = f"SIAGA112_{str(first['loc'][0]).upper()}" if first["loc"] else ""
    where = variable if variable in os.environ else str(file or "the settings")
    return f"{key} (in {where}): {first['msg'].removeprefix('Value error, ')}"
