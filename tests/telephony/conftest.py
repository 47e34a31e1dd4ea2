"""The line itself: one real `siaga112 run` a test session, with an Asterisk of its own on ports of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.telephony.city import City, city_of
from tests.telephony.line import Line

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def line112(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """The line with four takers signed in; which of them can be rung is for each test to say (`staffed`)."""
    with Line.started(tmp_path_factory.mktemp("line")) as line:
        line.add_takers(4)
        yield line


@pytest.fixture(scope="module")
def one_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with city_of(tmp_path_factory.mktemp("line")) as city:
        yield city


@pytest.fixture
def city(one_city: City) -> City:
    """The city of a module's stories, its telephones without a plan."""
    one_city.lines.clear()
    return one_city
