"""What a real Asterisk said of a few stories (recorded by tests/telephony/capture.py)."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).parent / "data" / "transcripts"
STORIES = ("answered", "hidden", "abandoned", "second_taker", "overflow", "sign_in_and_out")


def ami(story: str) -> list[dict[str, str | list[str]]]:
    """The doorbell's events, as plain dicts."""
    text = (DATA / f"{story}.ami").read_bytes().decode()
    blocks = [block for block in text.split("\r\n\r\n") if block]
    return [_headers(block) for block in blocks]


def _headers(block: str) -> dict[str, str | list[str]]:
    headers: dict[str, str | list[str]] = {}
    for line in block.split("\r\n"):
        name, _, value = line.partition(": ")
        headers[name] = value
    return headers


def cel(story: str) -> list[str]:
    """The lines of cel.json."""
    return (DATA / f"{story}.cel").read_text().splitlines()


def queue_log(story: str) -> list[str]:
    """The lines of queue_log."""
    return (DATA / f"{story}.queue_log").read_text().splitlines()
