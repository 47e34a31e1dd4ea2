"""Hears the SIP messages that Asterisk mirrors (HEP), and tells the recorder of the places in their bodies.

A second doorbell: at once, and forgetful. What is heard while nobody listens is lost; the ledger still says that a
place was sent. Nothing here is in a call's way: Asterisk sends its copy and does not look back.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

from gateway.doorbell.hep import read_hep
from gateway.facts.located_invite import read_invite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.alarms import Alarms
    from gateway.facts.located_invite import LocatedBody
    from gateway.site.setting_types import Bind
    from gateway.site.trunk_settings import Trunk

log = structlog.get_logger()

# Some seconds of a busy line's messages, should the loop be held up.
_RECEIVE_BUFFER: Final = 4 * 1024 * 1024
_RETRY_S: Final = 30.0
# Only calls with such a body are looked into: one message in thousands.
_WANTED: Final = b"pidf+xml"


@dataclass(slots=True)
class LocationListener(asyncio.DatagramProtocol):
    """See the module. `run` listens for ever."""

    address: Bind
    key: bytes
    trunks: Iterable[Trunk]
    tell: Callable[[LocatedBody], None]
    alarms: Alarms
    heard: int = 0  # bodies with a place, or with a refusal, since the start
    _networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = field(init=False)

    def __post_init__(self) -> None:
        sources = (source for trunk in self.trunks for source in trunk.sources)
        self._networks = tuple(ipaddress.ip_network(source, strict=False) for source in sources)

    async def run(self) -> None:
        """Listen for ever; while somebody else has the address, say so and try again."""
        while True:
            try:
                transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: self, local_addr=(self.address.host, self.address.port)
                )
            except OSError as error:
                self.alarms.raise_("locations", f"places in calls are not read: UDP {self.address}: {error.strerror}")
                await asyncio.sleep(_RETRY_S)
                continue
            self.alarms.clear("locations")
            try:
                await asyncio.Event().wait()
            finally:
                transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Give the kernel room for what comes while the loop is held up."""
        with suppress(OSError):
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002 - asyncio's signature
        """Take one mirrored message. Never raises."""
        if _WANTED not in data.lower():
            return
        try:
            mirrored = read_hep(data, self.key)
        except ValueError as error:
            log.warning("mirrored_message_unreadable", reason=str(error))
            return
        # Whoever is no carrier speaks for no carrier's call, whatever Call-ID is used.
        if not any(mirrored.source in network for network in self._networks):
            return
        body = read_invite(mirrored.message, mirrored.at)
        if body is not None:
            self.heard += 1
            self.tell(body)
