"""What is wrong with pyst2's session, each flaw beside its cure, and the bounds that keep a session safe."""

from __future__ import annotations

import io
import signal
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

import pytest
from asterisk.agi import (
    AGI,
    AGIAppError,
    AGIHangup,
    AGIInvalidCommand,
    AGIResultHangup,
    AGISIGHUPHangup,
    AGISIGPIPEHangup,
    AGIUsageError,
)
from hypothesis import given
from hypothesis import strategies as st

from gateway.agi.session import LONGEST_LINE, AgiSession, CommandTooLong, ProtocolBroken
from tests.gateway.agi_peer import greeting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GREETING = greeting("caller_id", "v1.carrier").encode()
USAGE = (
    "520-Invalid command syntax.  Proper usage follows:\n"
    "Sets a variable to the current channel.\n"
    "520 End of proper usage.\n"
)


class Asterisk:
    """The other end of a session's socket."""

    def __init__(self) -> None:
        self._socket, ours = socket.socketpair()
        self._socket.settimeout(10)
        ours.settimeout(10)
        self._session_end = ours
        self._reader, self._writer = ours.makefile("rb"), ours.makefile("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self._reader, self._writer, self._session_end, self._socket):
            with suppress(BrokenPipeError):  # what a session could not send any more
                end.close()

    def says(self, data: bytes | str) -> None:
        self._socket.sendall(data.encode() if isinstance(data, str) else data)

    def says_no_more(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def leaves(self) -> None:
        self._socket.close()

    def session(self) -> AgiSession:
        return AgiSession(self._reader, self._writer)

    def heard(self) -> str:
        """All that was said to it. Ends the session."""
        self._session_end.shutdown(socket.SHUT_WR)
        with self._socket.makefile("rb") as lines:
            return lines.read().decode()


@pytest.fixture
def asterisk() -> Iterator[Asterisk]:
    with Asterisk() as other_end:
        yield other_end


@contextmanager
def session_of_pyst2(
    said: bytes | str, heard: io.StringIO | io.BytesIO | None = None, dumped: io.StringIO | None = None
) -> Iterator[AGI]:
    """pyst2's own session, on streams that it can use; the signal handler it installs is taken away again."""
    before = signal.getsignal(signal.SIGHUP)
    try:
        stdin = io.StringIO(said) if isinstance(said, str) else io.BytesIO(said)
        yield AGI(stdin, heard or io.StringIO(), dumped or io.StringIO())
    finally:
        signal.signal(signal.SIGHUP, before)


def in_another_thread(task: Callable[[], object]) -> list[BaseException]:
    """What a task raises in a thread that is not the main one."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            task()
        except ValueError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised


def test_a_session_starts_in_any_thread(asterisk: Asterisk) -> None:
    [flaw] = in_another_thread(lambda: AGI(io.StringIO("\n"), io.StringIO(), io.StringIO()))
    assert "signal only works in main thread" in str(flaw)

    asterisk.says(GREETING)
    assert in_another_thread(asterisk.session) == []


def test_a_session_leaves_the_processs_signals_alone(asterisk: Asterisk) -> None:
    before = signal.getsignal(signal.SIGHUP)
    with session_of_pyst2("\n"):
        assert signal.getsignal(signal.SIGHUP) is not before

    asterisk.says(GREETING)
    asterisk.session()
    assert signal.getsignal(signal.SIGHUP) is before


def test_a_command_can_be_written_to_a_socket(asterisk: Asterisk) -> None:
    with session_of_pyst2(b"\n200 result=0\n", io.BytesIO()) as flawed, pytest.raises(TypeError):
        flawed.set_variable("GW_OK", 1)

    asterisk.says(GREETING + b"200 result=1\n")
    asterisk.session().set_variable("GW_OK", 1)
    assert asterisk.heard() == 'SET VARIABLE "GW_OK" "1"\n'


def test_nothing_of_the_caller_is_printed(asterisk: Asterisk, capfd: pytest.CaptureFixture[str]) -> None:
    dumped = io.StringIO()
    with session_of_pyst2(GREETING.decode() + "200 result=1\n", dumped=dumped) as flawed:
        flawed.set_variable("NAME", "Siti Aminah")
    assert "08123456789" in dumped.getvalue()
    assert "Siti Aminah" in dumped.getvalue()

    asterisk.says(GREETING + b"200 result=1\n")
    asterisk.session().set_variable("NAME", "Siti Aminah")
    assert capfd.readouterr() == ("", "")


def test_a_peer_that_leaves_before_it_has_said_all_is_no_call(asterisk: Asterisk) -> None:
    half = GREETING[:60]
    with session_of_pyst2(half) as flawed:
        assert "agi_network" in flawed.env

    asterisk.says(half)
    asterisk.leaves()
    with pytest.raises(AGISIGPIPEHangup):
        asterisk.session()


def test_a_peer_that_leaves_during_a_command_has_hung_up(asterisk: Asterisk) -> None:
    with session_of_pyst2("\n") as flawed, pytest.raises(ValueError, match="invalid literal for int"):
        flawed.set_variable("GW_OK", 1)

    asterisk.says(GREETING)
    session = asterisk.session()
    asterisk.leaves()
    with pytest.raises(AGIHangup):
        session.set_variable("GW_OK", 1)


def test_a_caller_who_hangs_up_during_a_command_ends_the_session(asterisk: Asterisk) -> None:
    # Captured from Asterisk 22.10: HANGUP comes before the reply, and the command is still carried out.
    said = "HANGUP\n200 result=0\n"
    with session_of_pyst2("\n" + said) as flawed, pytest.raises(ValueError, match="invalid literal for int"):
        flawed.set_variable("GW_OK", 1)

    asterisk.says(GREETING + said.encode())
    session = asterisk.session()
    with pytest.raises(AGISIGHUPHangup):
        session.set_variable("GW_OK", 1)
    with pytest.raises(AGISIGHUPHangup):
        session.set_variable("GW_OK", 1)
    assert asterisk.heard().count("\n") == 1


def test_a_newline_in_a_value_starts_no_command(asterisk: Asterisk) -> None:
    name = 'x"\nEXEC System "reboot\r\n\0'
    heard = io.StringIO()
    with session_of_pyst2("\n200 result=1\n", heard) as flawed:
        flawed.set_variable("NAME", name)
    assert 'EXEC System "reboot' in heard.getvalue().splitlines()[1]

    asterisk.says(GREETING + b"200 result=1\n")
    asterisk.session().set_variable("NAME", name)
    assert asterisk.heard() == 'SET VARIABLE "NAME" "x\\" EXEC System \\"reboot   "\n'


def test_a_newline_in_an_argument_that_pyst2_does_not_quote_starts_no_command_either(
    asterisk: Asterisk,
) -> None:
    asterisk.says(GREETING + b"200 result=0\n")
    asterisk.session().execute("STREAM FILE", "beep\nEXEC System reboot", '""')
    assert asterisk.heard() == 'STREAM FILE beep EXEC System reboot ""\n'


def test_a_quote_or_backslash_in_a_value_stays_in_the_value(asterisk: Asterisk) -> None:
    heard = io.StringIO()
    with session_of_pyst2("\n200 result=1\n", heard) as flawed:
        flawed.set_variable("NAME", 'a "b" \\')
    assert heard.getvalue() == 'SET VARIABLE "NAME" "a "b" \\"\n'

    # Asterisk 22.10, asked for the value, gives it back as it was.
    asterisk.says(GREETING + b"200 result=1\n")
    asterisk.session().set_variable("NAME", 'a "b" \\')
    assert asterisk.heard() == 'SET VARIABLE "NAME" "a \\"b\\" \\\\"\n'


def test_a_name_in_broken_utf_8_is_read_as_far_as_it_goes(asterisk: Asterisk) -> None:
    said = b"agi_calleridname: Jos\xe9\n\n"
    with pytest.raises(UnicodeDecodeError), session_of_pyst2(said):
        pass

    asterisk.says(said)
    assert asterisk.session().env == {"agi_calleridname": "Jos\ufffd"}


class EndedStream:
    """A stream that says its lines and ends, and who reads on is found out."""

    def __init__(self, said: str) -> None:
        self._lines = io.StringIO(said)
        self._ends = 0

    def readline(self) -> str:
        line = self._lines.readline()
        self._ends += not line
        assert self._ends < 1000, "still reading"
        return line


def test_a_usage_text_cut_short_is_not_awaited_for_ever(asterisk: Asterisk) -> None:
    cut = USAGE.partition("520 End")[0]
    with session_of_pyst2("\n") as flawed:
        flawed.stdin = EndedStream(cut)
        with pytest.raises(AssertionError, match="still reading"):
            flawed.set_variable("GW_OK", 1)

    asterisk.says(GREETING + cut.encode())
    asterisk.says_no_more()
    with pytest.raises(AGIHangup):
        asterisk.session().set_variable("GW_OK", 1)


def test_a_value_that_spans_lines_is_not_taken_for_the_next_reply(asterisk: Asterisk) -> None:
    said = "200 result=1 (first\n200 result=1 (forged))\n"
    with session_of_pyst2("\n" + said) as flawed:
        assert flawed.get_variable("NAME") == ""
        assert flawed.get_variable("NUMBER") == "forged)"

    asterisk.says(GREETING + said.encode())
    with pytest.raises(ProtocolBroken):
        asterisk.session().get_variable("NAME")


def test_the_environment_is_what_asterisk_said(asterisk: Asterisk) -> None:
    asterisk.says(greeting("caller_id", "v1.carrier.IDA4MTIz...", "two: three"))
    env = asterisk.session().env
    assert env["agi_network_script"] == "caller_id"
    assert env["agi_calleridname"] == 'a "quoted\\" name'
    assert env["agi_accountcode"] == ""
    assert (env["agi_arg_1"], env["agi_arg_2"]) == ("v1.carrier.IDA4MTIz...", "two: three")


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:4573\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n",
        b"agi_arg_1: " + b"x" * LONGEST_LINE + b"\n\n",
        b"".join(b"agi_arg_%d: x\n" % number for number in range(129)) + b"\n",
        b"agi_arg_1: \nagi_network_script: caller_id\nagi_arg_1: forged by a newline\n\n",
    ],
    ids=["HTTP", "TLS", "a line without end", "lines without end", "a line said twice"],
)
def test_what_is_no_agi_is_refused(asterisk: Asterisk, said: bytes) -> None:
    asterisk.says(said)
    with pytest.raises(ProtocolBroken):
        asterisk.session()


def test_the_longest_line_and_the_longest_environment_are_still_read(asterisk: Asterisk) -> None:
    longest = b"x" * (LONGEST_LINE - len("agi_arg_1: \n"))
    asterisk.says(b"".join(b"agi_arg_%d: x\n" % number for number in range(2, 129)))
    asterisk.says(b"agi_arg_1: " + longest + b"\n\n")
    env = asterisk.session().env
    assert len(env) == 128
    assert env["agi_arg_1"] == longest.decode()


def test_the_longest_value_still_fits_a_line(asterisk: Asterisk) -> None:
    asterisk.says(GREETING + b"200 result=1\n")
    asterisk.session().set_variable("SIAGA_CALLER_E164", "\N{FIRE ENGINE}" * 9000)
    heard = asterisk.heard()
    assert heard == 'SET VARIABLE "SIAGA_CALLER_E164" "' + "\N{FIRE ENGINE}" * 2000 + '"\n'


def test_a_command_that_asterisk_would_cut_in_two_is_not_sent(asterisk: Asterisk) -> None:
    asterisk.says(GREETING)
    with pytest.raises(CommandTooLong):
        asterisk.session().execute("NOOP", "x" * LONGEST_LINE)
    assert asterisk.heard() == ""


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ("200 result=-1\n", AGIAppError),
        ("200 result=-1 (hangup)\n", AGIResultHangup),
        ("510 Invalid or unknown command\n", AGIInvalidCommand),
        ("511 Command Not Permitted on a dead channel or intercept routine\n", AGIHangup),
        (USAGE, AGIUsageError),
        ("520 Invalid command syntax.  Proper usage not available.\n", AGIUsageError),
        ("520-Invalid command syntax.\n" + "more\n" * 200, ProtocolBroken),
        ("\n", ProtocolBroken),
        ("200 OK\n", ProtocolBroken),
        ("999 result=1\n", ProtocolBroken),
    ],
)
def test_each_refusal_of_asterisks_has_its_error(asterisk: Asterisk, reply: str, error: type[Exception]) -> None:
    asterisk.says(GREETING + reply.encode())
    with pytest.raises(error) as raised:
        asterisk.session().execute("NOOP")
    assert type(raised.value) is error


def test_after_a_refusal_the_next_reply_is_the_next_commands(asterisk: Asterisk) -> None:
    asterisk.says(GREETING + USAGE.encode() + b"200 result=1 (mobile)\n")
    session = asterisk.session()
    with pytest.raises(AGIUsageError):
        session.execute("SET VARIABLE", "Q")
    assert session.get_variable("SIAGA_CALLER_KIND") == "mobile"


def test_every_part_of_a_result_is_read(asterisk: Asterisk) -> None:
    asterisk.says(GREETING + b"200 result=53 (dtmf) endpos=8000\n200 result=1 (a (b) endpos=9)\n")
    session = asterisk.session()
    assert session.execute("RECORD FILE") == {"result": ("53", "dtmf"), "endpos": ("8000", "")}
    assert session.execute("GET VARIABLE", "NAME") == {"result": ("1", "a (b) endpos=9")}


def as_asterisk_reads(line: str) -> list[str]:
    """Asterisk's own reading of a command (parse_args, res_agi.c)."""
    words: list[str] = []
    quoted = escaped = False
    blank = True
    for letter in line:
        if not escaped and letter == '"':
            quoted = not quoted
            if quoted and blank:
                words.append("")
                blank = False
        elif not escaped and not quoted and letter in " \t":
            blank = True
        elif not escaped and letter == "\\":
            escaped = True
        else:
            if blank:
                words.append("")
                blank = False
            words[-1] += letter
            escaped = False
    return words


@given(value=st.text(max_size=200))
def test_whatever_the_value_asterisk_reads_one_command_and_one_value(value: str) -> None:
    with Asterisk() as asterisk:
        asterisk.says(GREETING + b"200 result=1\n")
        asterisk.session().set_variable("NAME", value)
        heard = asterisk.heard()
    assert heard.count("\n") == 1
    shown = "".join(" " if ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029" else c for c in value)
    assert as_asterisk_reads(heard.removesuffix("\n")) == ["SET", "VARIABLE", "NAME", shown]
