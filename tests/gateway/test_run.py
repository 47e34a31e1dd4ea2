"""What `siaga112 run` looks at before it touches anything, and what it tells the operator."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from gateway.places.areas.table import AreasUnreadable
from gateway.run import (
    PortTaken,
    _alone,
    _announce,
    _health,
    _holds_an_asterisk,
    check_ports,
    prepare,
    run,
    run_beside_asterisk,
)
from gateway.site.config import Bind, Settings, load
from gateway.site.home import Home, HomeUnusable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    Site = Callable[..., Settings]
    Way = Callable[[Settings, Callable[[str], None]], Awaitable[None]]

TCP_BINDS = ["http_bind", "agi_bind", "sip_bind", "ami_bind"]


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SIAGA112_")]:
        monkeypatch.delenv(name)


@contextmanager
def listening(host: str = "127.0.0.1", kind: int = socket.SOCK_STREAM) -> Iterator[str]:
    """Somebody who listens; their address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as listener:
        listener.bind((host, 0))
        if kind == socket.SOCK_STREAM:
            listener.listen()
        yield str(Bind(host=host, port=listener.getsockname()[1]))


def free(host: str = "127.0.0.1") -> str:
    with listening(host) as address:
        return address


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Settings on free ports but for those that are given."""

    def with_binds(**given: str) -> Settings:
        binds = {name: given.get(name) or free() for name in TCP_BINDS}
        file = tmp_path / "siaga112.toml"
        lines = [f'{name} = "{address}"' for name, address in binds.items()]
        file.write_text("\n".join([f'home = "{tmp_path}/home"', *lines]))
        return load(file)

    return with_binds


# ---- ports -----------------------------------------------------------------------------------------------------------


def test_ports_that_nobody_uses_are_free(site: Site) -> None:
    check_ports(site())
    check_ports(site(sip_bind=free("::1"), agi_bind=free("::1")))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("name", TCP_BINDS)
def test_a_port_in_use_is_named_with_its_setting(site: Site, name: str, host: str) -> None:
    with listening(host) as address, pytest.raises(PortTaken) as refusal:
        check_ports(site(**{name: address}))
    assert str(refusal.value) == f"SIAGA112_{name.upper()} {address}: the port is in use"


def test_sip_needs_its_port_for_udp_as_well(site: Site) -> None:
    with listening(kind=socket.SOCK_DGRAM) as address, pytest.raises(PortTaken, match="SIP_BIND"):
        check_ports(site(sip_bind=address))


def test_an_address_that_is_not_this_machines_is_named(site: Site) -> None:
    with pytest.raises(PortTaken, match=r"SIAGA112_SIP_BIND 192\.0\.2\.1:5060: Cannot assign requested address"):
        check_ports(site(sip_bind="192.0.2.1:5060"))


@pytest.mark.parametrize("name", ["sip_bind", "ami_bind"])
def test_the_ports_of_our_own_asterisk_are_its_own_while_it_runs(site: Site, name: str) -> None:
    with listening() as address:
        check_ports(site(**{name: address}), asterisk_runs=True)


@pytest.mark.parametrize("name", ["http_bind", "agi_bind"])
def test_the_ports_of_the_others_are_not(site: Site, name: str) -> None:
    with listening() as address, pytest.raises(PortTaken, match=name.upper()):
        check_ports(site(**{name: address}), asterisk_runs=True)


def test_a_connection_of_a_former_run_that_is_fading_away_is_no_listener(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        with socket.create_connection((host, port)) as client:
            accepted, _ = server.accept()
            # Whoever closes first keeps the port for a minute (TIME_WAIT, RFC 9293).
            accepted.close()
            assert client.recv(1) == b""
    check_ports(site(http_bind=f"{host}:{port}"))


# ---- one run a home --------------------------------------------------------------------------------------------------


@pytest.fixture
def home(site: Site) -> Home:
    made = Home.of(site())
    made.make()
    return made


def test_a_home_is_held_by_one_run_at_a_time_and_let_go_at_its_end(home: Home) -> None:
    with _alone(home), pytest.raises(HomeUnusable, match=f"another siaga112 runs in {home.root}"), _alone(home):
        pass
    with _alone(home):
        pass


def test_an_asterisk_at_work_is_known_by_its_control_socket(home: Home) -> None:
    assert not _holds_an_asterisk(home)
    with closing(socket.socket(socket.AF_UNIX)) as control:
        control.bind(str(home.control_socket))
        control.listen()
        assert _holds_an_asterisk(home)
    # What a killed Asterisk leaves behind answers nobody.
    assert home.control_socket.exists()
    assert not _holds_an_asterisk(home)


def test_a_home_too_deep_for_a_socket_holds_no_asterisk(tmp_path: Path) -> None:
    assert not _holds_an_asterisk(Home(tmp_path / ("d" * 120), tmp_path))


WAYS = pytest.mark.parametrize("way", [run, run_beside_asterisk, prepare])


@WAYS
async def test_with_a_port_in_use_nothing_is_made(site: Site, way: Way) -> None:
    with listening() as address:
        settings = site(agi_bind=address)
        with pytest.raises(PortTaken):
            await way(settings, lambda _: None)
    assert not settings.home.exists()


@WAYS
async def test_with_a_table_of_areas_that_is_wrong_nothing_is_made(site: Site, way: Way, tmp_path: Path) -> None:
    table = tmp_path / "areas.csv"
    table.write_text("code,name\n")
    settings = site().model_copy(update={"areas": table})
    with pytest.raises(AreasUnreadable, match=r"areas\.csv, line 1: the head has no column level"):
        await way(settings, lambda _: None)
    assert not settings.home.exists()


@WAYS
async def test_beside_another_run_in_the_same_home_nothing_is_started(site: Site, way: Way) -> None:
    settings = site()
    home = Home.of(settings)
    home.make()
    said: list[str] = []
    with _alone(home), pytest.raises(HomeUnusable, match="another siaga112"):
        await way(settings, said.append)
    assert (said, list(home.log.iterdir()), list(home.etc.iterdir())) == ([], [], [])


# ---- ready -----------------------------------------------------------------------------------------------------------


@dataclass
class Gateway:
    """The gateway's API as far as the supervisor asks it: answers in turn, the last one again and again."""

    answers: list[tuple[int, Any]]
    asked: int = 0
    bind: Bind = field(default=Bind(host="127.0.0.1", port=1))

    async def answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        status, body = self.answers[min(self.asked, len(self.answers)) - 1]
        if isinstance(body, str):
            return web.Response(text=body, status=status)
        return web.json_response(body, status=status)


@asynccontextmanager
async def answering(*answers: tuple[int, Any]) -> AsyncIterator[Gateway]:
    gateway = Gateway(list(answers))
    app = web.Application()
    app.router.add_get("/api/v1/health", gateway.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        gateway.bind = Bind(host="127.0.0.1", port=runner.addresses[0][1])
        yield gateway
    finally:
        await runner.cleanup()


READY = (HTTPStatus.OK, {"ready": True, "reasons": []})
STARTING = (HTTPStatus.SERVICE_UNAVAILABLE, {"ready": False, "reasons": ["one", "two"]})
ERROR = (HTTPStatus.INTERNAL_SERVER_ERROR, {"title": "Internal Server Error"})


@pytest.mark.parametrize("answer", [READY, STARTING, ERROR])
async def test_the_gateway_is_taken_at_its_word_whatever_the_status(answer: tuple[int, Any]) -> None:
    async with answering(answer) as gateway:
        assert await _health(gateway.bind, 5.0) == answer[1]


async def test_an_answer_that_says_nothing_is_an_answer() -> None:
    async with answering((HTTPStatus.OK, [])) as gateway:
        assert await _health(gateway.bind, 5.0) == {}


async def test_what_does_not_answer_or_not_as_the_gateway_does_says_nothing(site: Site) -> None:
    assert await _health(site().http_bind, 5.0) is None
    async with answering((HTTPStatus.OK, "ready")) as gateway:
        assert await _health(gateway.bind, 5.0) is None
    with listening() as address:
        assert await _health(Bind.model_validate(address), 0.1) is None


async def said_until_ready(site: Site, home: Home, *answers: tuple[int, Any]) -> list[str]:
    said: list[str] = []
    async with answering(*answers) as gateway, asyncio.timeout(10):
        await _announce(site(http_bind=str(gateway.bind)), home, said.append)
    return said


async def test_the_operator_is_told_when_the_line_is_ready_and_what_to_do_then(site: Site, home: Home) -> None:
    said = await said_until_ready(site, home, READY)
    assert said[0] == "siaga112 ready"
    told = "\n".join(said)
    assert "taker add" in told
    assert str(home.root) in told
    assert "from 127.0.0.2" in told


async def test_a_start_that_takes_long_is_told_with_its_reasons_and_tried_on(
    site: Site, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.run._READY_WITHIN_S", 0.0)
    said = await said_until_ready(site, home, STARTING, ERROR, READY)
    assert said[:3] == [
        f"NOT READY: one; two (tried on; see {home.log}/)",
        f"NOT READY: the gateway has an error (tried on; see {home.log}/)",
        "siaga112 ready",
    ]


async def test_a_start_as_it_should_be_is_told_without_complaints(site: Site, home: Home) -> None:
    said = await said_until_ready(site, home, STARTING, READY)
    assert said[0] == "siaga112 ready"
