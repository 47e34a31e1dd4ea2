"""Logs may fail; whoever has something to tell goes on."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog

from gateway.process import logs

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    logs.errors_alone(quiet=False)
    structlog.reset_defaults()


def test_a_disk_without_room_for_the_log_stops_nobody() -> None:
    # Unbuffered, as every process of ours has its standard error.
    with Path("/dev/full").open("wb", buffering=0) as device, io.TextIOWrapper(device, write_through=True) as full:
        logs.configure(full)
        structlog.get_logger().error("told")
        logs.Lenient(full).flush()


def test_errors_alone_are_logged_when_there_is_little_room_and_everything_again_afterwards() -> None:
    told = io.StringIO()
    logs.configure(told)
    log = structlog.get_logger()
    for quiet in (True, False):
        logs.errors_alone(quiet=quiet)
        log.info("call_arrived", quiet=quiet)
        log.error("store_refuses", quiet=quiet)
    assert [line.count("call_arrived") for line in told.getvalue().splitlines()] == [0, 1, 0]
