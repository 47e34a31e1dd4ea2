"""One Asterisk of our own: started, found again after a crash of ours, spoken to through its control socket."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.process.supervisor import Adopted, spawn
from gateway.telephony.made import sum_of
from gateway.telephony.render import replace_if_changed
from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.process.supervisor import Running
    from gateway.site.home import Home
    from gateway.telephony.provide import Installed

_ANSWER_WITHIN_S = 5.0
_GREETING_WITHIN_S = 3.0


class AsteriskSilent(Siaga112Error):
    """Asterisk's control socket does not answer."""


@dataclass(frozen=True, slots=True)
class Asterisk:
    """The Asterisk of one HOME."""

    installed: Installed
    home: Home

    async def start(self) -> Running:
        """Take over the one that still runs in this HOME, or start one."""
        survivor = await self.survivor()
        if survivor is not None:
            return survivor
        # A control socket that nobody answers is left over from a kill; Asterisk makes its own anew.
        argv = [*self.installed.command, "-f", "-C", str(self.home.etc / "asterisk.conf")]
        return await spawn(argv, self.home.log / "asterisk.log")()

    async def survivor(self) -> Adopted | None:
        """The Asterisk that a former run left behind at work in this HOME, if there is one."""
        with suppress(OSError, ValueError):
            held = Adopted.of(int((self.home.run / "asterisk.pid").read_text()))
            try:
                # Whoever answers on our own control socket is the process of that number.
                await self.command("core show version")
            except AsteriskSilent:
                held.release()
            else:
                return held
        return None

    async def command(self, text: str) -> str:
        """Run one command of Asterisk's command line; raise AsteriskSilent when it does not answer."""
        process = await asyncio.create_subprocess_exec(
            *self.installed.command,
            "-C",
            str(self.home.etc / "asterisk.conf"),
            "-rx",
            text,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), _ANSWER_WITHIN_S)
        except TimeoutError as late:
            process.kill()
            await process.wait()
            raise AsteriskSilent(f"Asterisk did not answer {text!r} within {_ANSWER_WITHIN_S:g} s") from late
        answer = output.decode(errors="replace")
        if process.returncode or "Unable to connect to remote asterisk" in answer:
            raise AsteriskSilent(f"Asterisk cannot be reached: {answer.strip()[:200]}")
        return answer

    async def answers(self) -> bool:
        """Whether it greets who connects to its control socket, which takes it a thread of its own and no lock."""
        try:
            async with asyncio.timeout(_GREETING_WITHIN_S):
                reader, writer = await asyncio.open_unix_connection(self.home.control_socket)
                try:
                    return bool(await reader.read(1))
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False

    async def have_phones_read(self) -> None:
        """Have Asterisk read the phones, unless they are those that it has read; calls go on."""
        await self._have_read(self.home.phones, self.home.phones_read, "module reload res_pjsip.so")

    async def have_skpd_numbers_read(self) -> None:
        """Have Asterisk read what takers dial for SKPDs, unless it has read that; calls go on."""
        await self._have_read(self.home.skpd_numbers, self.home.skpd_numbers_read, "dialplan reload")

    async def _have_read(self, file: Path, mark: Path, command: str) -> None:
        """Have a file read, unless `mark` says that this content was.

        Kept in a file: a former gateway may have died between writing the one and having it read, and a new one has no
        reason to hold up a call that comes in while Asterisk reads what it knows.
        """
        written = await asyncio.to_thread(sum_of, file)
        if await asyncio.to_thread(_word, mark) != written:
            await self.command(command)
            await asyncio.to_thread(replace_if_changed, mark, written)


def _word(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
