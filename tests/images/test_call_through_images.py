"""Both images of docker/, built from their Dockerfiles and started as compose.yaml says: a call goes through them."""

from __future__ import annotations

import io
import json
import signal
import wave
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest

from bench.sipp import Address, Citizen, Pickup, citizens, free_address, phones
from tests.images.containers import Buildah, Container, Containers, compose
from tests.telephony.line import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTICE_AFTER_S = 5
# Two images are built first.
pytestmark = [pytest.mark.images, pytest.mark.timeout(600)]


@dataclass
class Stack:
    """The services at work on ports of their own."""

    containers: Containers
    sip: Address
    http: Address
    running: dict[str, Container] = field(default_factory=dict)
    token: str = ""
    phone: tuple[str, str] = ("", "")

    def up(self, name: str) -> None:
        self.running[name] = self.containers.start(name)

    def down(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        self.running.pop(name).signal(number)

    def siaga112(self, *words: str, said: str = "") -> str:
        """What a verb prints, in the gateway's container."""
        done = self.containers.run("gateway", "siaga112", *words, said=said)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def get(self, path: str) -> bytes:
        with closing(HTTPConnection(self.http.host, self.http.port, timeout=10)) as connection:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            body = answer.read()
        assert answer.status == HTTPStatus.OK, body
        return body

    def listed(self, what: str) -> list[dict[str, Any]]:
        return list(json.loads(self.get(f"/api/v1/{what}"))["items"])

    def health(self) -> dict[str, Any]:
        return dict(json.loads(self.get("/api/v1/health")))

    def staff(self) -> None:
        """Add a taker with a phone, and a supervisor with a token."""
        self.siaga112("taker", "add", "201", "--name", "Siti", "--signed-in")
        shown = json.loads(self.siaga112("phone", "show", "201", "--json"))
        self.phone = (shown["username"], shown["password"])
        self.siaga112("user", "add", "dewi", "--role", "supervisor", "--password-stdin", said="a long password\n")
        self.token = self.siaga112("token", "create", "--user", "dewi")

    def answered_call(self, pickup: Pickup = Pickup(talk_ms=500)) -> dict[str, Any]:  # noqa: B008 - frozen
        """A citizen calls, the taker answers and hangs up; the call once it is over, as the API has it."""
        known = {call["id"] for call in self.listed("calls")}
        with phones(self.sip, [self.phone], pickup):
            eventually(lambda: self.health()["staffed"] == 1)
            with citizens(self.sip, Citizen.numbered("081234567890", talk_ms=30_000)) as caller:
                caller.finish()

        def ended() -> dict[str, Any] | None:
            return next((one for one in self.listed("calls") if one["id"] not in known and one["ended_at"]), None)

        return eventually(ended)


@pytest.fixture(scope="module")
def buildah() -> Iterator[Buildah]:
    """Both images, built from the Dockerfiles on a base made of Debian's archive."""
    services = compose()["services"]
    with Buildah.here() as buildah:
        buildah.make_base()
        for name in ("asterisk", "gateway"):
            buildah.build(services[name])
        yield buildah


@contextmanager
def prepared(buildah: Buildah) -> Iterator[Stack]:
    sip, http, ami, agi = (free_address() for _ in range(4))
    rtp = 20000 + sip.port % 300 * 100
    binds = [f'sip_bind = "{sip}"', f'http_bind = "{http}"', f'ami_bind = "{ami}"', f'agi_bind = "{agi}"']
    site = buildah.folder / "siaga112.toml"
    site.write_text(
        "\n".join([*binds, f'rtp_ports = "{rtp}-{rtp + 999}"', "[queue]", f"notice_after_s = {NOTICE_AFTER_S}"])
    )
    site.chmod(0o644)
    stack = Stack(Containers(buildah, site, buildah.folder / "home"), sip, http)
    stack.containers.create()
    try:
        yield stack
    finally:
        for name in tuple(reversed(stack.running)):
            stack.down(name)


@pytest.fixture(scope="module")
def stack(buildah: Buildah) -> Iterator[Stack]:
    """Everything started in compose.yaml's order, and ready."""
    with prepared(buildah) as stack:
        done = stack.containers.run("prepare")
        assert done.returncode == 0, done.stdout + done.stderr
        for name in ("asterisk", "gateway"):
            stack.up(name)
        eventually(lambda: "siaga112 ready" in stack.running["gateway"].printed(), within_s=60)
        stack.staff()
        yield stack


def test_a_call_through_the_images_is_answered_ticketed_and_recorded(stack: Stack) -> None:
    # SIPp says nothing. A caller who waits hears our notice, and that is on the recording.
    call = stack.answered_call(Pickup(rings_ms=NOTICE_AFTER_S * 1000 + 500, talk_ms=500))
    assert call["outcome"] == "answered"
    assert call["caller"]["e164"] == "+6281234567890", "the AGI server's word has not reached Asterisk"
    (ticket,) = stack.listed("tickets")
    assert (ticket["call_id"], ticket["number"]) == (call["id"], call["ticket"])
    with wave.open(io.BytesIO(stack.get(call["recording"]))) as audio:
        assert len(set(audio.readframes(audio.getnframes()))) > 2, "nothing but silence"


def test_both_services_are_healthy_by_their_own_health_checks(stack: Stack) -> None:
    assert stack.containers.is_healthy("asterisk")
    assert stack.containers.is_healthy("gateway")


def test_preparing_again_leaves_a_running_asterisk_as_it_is(stack: Stack) -> None:
    rendered = stack.containers.home / "asterisk/etc"
    before = {file.name: file.stat().st_mtime_ns for file in rendered.iterdir()}
    done = stack.containers.run("prepare")
    assert done.returncode == 0, done.stderr
    assert "its configuration is left as it is" in done.stdout
    assert {file.name: file.stat().st_mtime_ns for file in rendered.iterdir()} == before


def test_an_asterisk_container_that_was_killed_and_started_again_serves_the_same_desk(stack: Stack) -> None:
    stack.down("asterisk", signal.SIGKILL)
    eventually(lambda: not stack.containers.is_healthy("asterisk"))
    assert not stack.containers.is_healthy("gateway")
    stack.up("asterisk")
    eventually(lambda: stack.containers.is_healthy("gateway"), within_s=60)
    assert stack.answered_call()["outcome"] == "answered"


def test_a_gateway_container_that_was_killed_and_started_again_has_every_ticket(stack: Stack) -> None:
    before = stack.listed("tickets")
    stack.down("gateway", signal.SIGKILL)
    stack.up("gateway")
    eventually(lambda: stack.containers.is_healthy("gateway"), within_s=60)
    assert stack.listed("tickets") == before
    call = stack.answered_call()
    assert call["ticket"] == stack.listed("tickets")[0]["number"]
