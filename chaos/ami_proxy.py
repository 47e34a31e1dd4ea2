"""The network between the gateway and Asterisk's manager port, as bad as it is asked to be."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.sipp import Address

_CHUNK: Final = 16 * 1024
_TICK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Weather:
    """What becomes of packets."""

    vanish: bool = False  # both sides think that they are connected
    refuse: bool = False  # no connection lasts, and none can be made
    delay_s: float = 0.0
    bytes_per_s: float = 0.0  # 0: as fast as can be


FAIR: Final = Weather()


@dataclass(slots=True)
class AmiProxy:
    """Passes on what the two say to each other, through the weather of the moment.

    It runs in a thread of its own; `weather` may be set from any other.
    """

    listen: Address
    target: Address
    weather: Weather = FAIR
    _wires: set[asyncio.StreamWriter] = field(default_factory=set)
    _pumps: set[asyncio.Task[None]] = field(default_factory=set)
    _ready: threading.Event = field(default_factory=threading.Event)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None

    @contextmanager
    def running(self) -> Iterator[AmiProxy]:
        """Have it run while the block does."""
        thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="AMI proxy", daemon=True)
        thread.start()
        self._ready.wait(10)
        try:
            yield self
        finally:
            if self._loop:
                self._loop.call_soon_threadsafe(self._stop.set)
            thread.join(10)

    def cut(self) -> None:
        """End every connection now, with a reset."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._reset)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._pass_on, self.listen.host, self.listen.port)
        self._ready.set()
        await self._stop.wait()
        server.close()
        self._reset()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def _reset(self) -> None:
        for wire in self._wires:
            wire.transport.abort()
        self._wires.clear()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.weather.refuse:
            writer.transport.abort()
            return
        self._wires.add(writer)
        try:
            behind_reader, behind_writer = await asyncio.open_connection(self.target.host, self.target.port)
        except OSError:  # Asterisk is down
            self._wires.discard(writer)
            writer.transport.abort()
            return
        if writer.is_closing():  # cut meanwhile
            behind_writer.transport.abort()
            return
        self._wires.add(behind_writer)
        for source, sink in ((reader, behind_writer), (behind_reader, writer)):
            pump = asyncio.create_task(self._pump(source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)

        async def deliver() -> None:
            while True:
                sent_at, data = await on_the_way.get()
                while (late := sent_at + self.weather.delay_s - loop.time()) > 0:  # noqa: ASYNC110 - set by another thread
                    await asyncio.sleep(min(late, _TICK_S))
                await self._through(sink, data)

        delivering = asyncio.create_task(deliver())
        try:
            with suppress(OSError):
                while data := await source.read(_CHUNK):
                    await on_the_way.put((loop.time(), data))
            await on_the_way.put((loop.time(), b""))
            await delivering
        finally:
            delivering.cancel()

    async def _through(self, sink: asyncio.StreamWriter, data: bytes) -> None:
        """Deliver `data`, or the end of it all when there is none; nothing arrives while packets vanish.

        What vanishes is sent again by TCP, and arrives when the weather is fair again.
        """
        while self.weather.vanish:  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(_TICK_S)
        if not data:
            self._wires.discard(sink)
            sink.close()
            raise asyncio.CancelledError
        if sink.is_closing():  # nobody is there any more
            return
        with suppress(OSError):
            while data and self.weather.bytes_per_s and not sink.is_closing():
                piece = max(1, int(self.weather.bytes_per_s * _TICK_S))
                sink.write(data[:piece])
                data = data[piece:]
                await asyncio.sleep(_TICK_S)
            if not sink.is_closing():
                sink.write(data)
                await sink.drain()
