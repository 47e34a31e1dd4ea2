"""One conversation with Asterisk over FastAGI: pyst2's command methods on a transport that can be trusted.

pyst2 0.5.1's own transport installs a signal handler, writes text to byte streams, prints what callers sent,
takes the end of the stream for an empty answer, and lets a newline in a value become a command. Replaced here
is the transport and nothing else.

Facts of the protocol, seen on Asterisk 22.10:

- A command line of more than 8,191 bytes is cut there, and what follows is carried out as a command of its
  own.
- A second command sent before the first one's reply stays in Asterisk's buffer unseen: one at a time.
- In double quotes, a backslash makes the next character literal.
- `HANGUP` comes in front of the reply to the command under way; that command is still carried out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asterisk.agi import (
    AGI,
    AGIAppError,
    AGIError,
    AGIHangup,
    AGIInvalidCommand,
    AGIResultHangup,
    AGISIGHUPHangup,
    AGISIGPIPEHangup,
    AGIUnknownError,
    AGIUsageError,
)

if TYPE_CHECKING:
    from io import BufferedIOBase

LONGEST_LINE = 8191  # bytes with the newline: AGI_BUF_LEN less one (res_agi.c, Asterisk 22)
MOST_LINES = 128  # of an environment, of a usage text
LONGEST_VALUE = 2000  # characters: a value of four-byte characters still fits a line

_ENVIRONMENT_LINE = re.compile(r"(agi_[a-z0-9_]{1,40}):(.*)")
_RESULT = re.compile(r"200 result=([^\s(]*)(?: \((.*)\))?((?: \w+=\S+)*)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class ProtocolBroken(AGIUnknownError):
    """What came is no AGI. The message repeats none of it: it may be a caller's data."""


class CommandTooLong(AGIError):
    """A command that Asterisk would cut in two was not sent."""


class AgiSession(AGI):
    """A call that asks one of our scripts.

    `env` holds what Asterisk said at the start (`agi_channel`, `agi_arg_1`, …): text of bounded length,
    from the caller in part. Every method that talks raises an `AGIHangup` when the caller, or the script's
    deadline, has ended the conversation; `ProtocolBroken` when no AGI is spoken; another `AGIError` when
    Asterisk refuses.
    """

    # AGI.__init__ is not called: it is the flaw (signal handler, copy of all that is read to stderr).
    def __init__(self, reader: BufferedIOBase, writer: BufferedIOBase) -> None:
        self._reader = reader
        self._writer = writer
        self._got_sighup = False
        self.env: dict[str, str] = {}
        self._get_agi_env()

    def send_command(self, command: str, *args: object) -> None:
        """Send one command as one line; control characters become spaces."""
        text = " ".join((command.strip(), *map(str, args))).strip()
        line = _without_controls(text).encode("utf-8", "replace") + b"\n"
        if len(line) > LONGEST_LINE:
            raise CommandTooLong(f"a command of {len(line)} bytes; Asterisk takes {LONGEST_LINE}")
        try:
            self._writer.write(line)
            self._writer.flush()
        except OSError as error:
            raise AGISIGPIPEHangup("the connection ended") from error

    def get_result(self) -> dict[str, tuple[str, str]]:
        """Read the reply to a command: `{"result": (value, text in brackets), "endpos": (value, ""), …}`."""
        line = self._read_line()
        if line == "HANGUP":
            self._got_sighup = True
            raise AGISIGHUPHangup("the caller hung up")
        code = line[:3]
        if code == "200":
            return _parse_result(line)
        if code == "510":
            raise AGIInvalidCommand(line)
        if code == "511":
            raise AGIHangup("the channel is gone: Asterisk refuses the command")
        if code == "520":
            raise AGIUsageError(self._read_usage(line))
        raise ProtocolBroken("a reply without a code that we know")

    def _quote(self, string: str | float) -> str:
        """Make one argument of any text: bounded, on one line, with quote and backslash escaped."""
        text = _without_controls(str(string)[:LONGEST_VALUE])
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def _get_agi_env(self) -> None:
        for _ in range(MOST_LINES + 1):
            line = self._read_line()
            if not line:
                return
            match = _ENVIRONMENT_LINE.fullmatch(line)
            # Asterisk says everything once: a second time means that a newline came in with a value.
            if match is None or match[1] in self.env:
                raise ProtocolBroken("a line that is no environment of Asterisk's")
            self.env[match[1]] = match[2].strip()
        raise ProtocolBroken(f"an environment of more than {MOST_LINES} lines")

    def _read_line(self) -> str:
        try:
            line = self._reader.readline(LONGEST_LINE + 1)
        except OSError as error:
            raise AGISIGPIPEHangup("the connection broke") from error
        if len(line) > LONGEST_LINE:
            raise ProtocolBroken(f"a line of more than {LONGEST_LINE} bytes")
        if not line.endswith(b"\n"):
            raise AGISIGPIPEHangup("the connection ended")
        return line.decode("utf-8", "replace").strip()

    def _read_usage(self, line: str) -> str:
        lines = [line]
        if line.startswith("520-"):
            while not line.startswith("520 "):
                line = self._read_line()
                lines.append(line)
                if len(lines) > MOST_LINES:
                    raise ProtocolBroken(f"a usage text of more than {MOST_LINES} lines")
        return "\n".join(lines)


def _without_controls(text: str) -> str:
    return _CONTROL.sub(" ", text)


def _parse_result(line: str) -> dict[str, tuple[str, str]]:
    match = _RESULT.fullmatch(line)
    if match is None:
        # For example a variable's value with a newline in it, whose rest would be taken for the next reply.
        raise ProtocolBroken("a result that is not whole")
    value, text, more = match[1], match[2] or "", match[3]
    if text == "hangup":
        raise AGIResultHangup("the caller hung up during the command")
    if value == "-1":
        raise AGIAppError("the application failed, or the caller hung up")
    pairs = (pair.partition("=") for pair in more.split())
    return {"result": (value, text)} | {key: (found, "") for key, _, found in pairs}
