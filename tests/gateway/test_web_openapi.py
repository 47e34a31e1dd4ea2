from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from gateway.web.api.openapi import description, operation_id, refusals_of
from gateway.web.api.table import ROUTES
from gateway.web.door.problems import kind_of
from gateway.web.door.routes import API

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.web.door.routes import Route
    from tests.gateway.web_desk import Room

SPEC = description(ROUTES, "0.0")
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def everything(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Every object below this one."""
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from everything(child)
    elif isinstance(node, list):
        for child in node:
            yield from everything(child)


def operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = SPEC["paths"][API + route.path][route.method.lower()]
    return found


async def test_the_description_is_served_to_everybody(room: Room) -> None:
    answer = (await room.visitor().get("/openapi.json")).json
    assert answer["openapi"] == "3.1.0"
    assert answer["paths"] == SPEC["paths"]


def test_every_call_of_the_table_is_described_and_no_other() -> None:
    described = {(method, path) for path, item in SPEC["paths"].items() for method in item}
    assert described == {(route.method.lower(), API + route.path) for route in ROUTES}
    assert {method for method, _ in described} <= METHODS


def test_every_name_is_used_once() -> None:
    names = [operation_id(route) for route in ROUTES]
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere() -> None:
    references = {node["$ref"] for node in everything(SPEC) if "$ref" in node}
    assert references
    assert all(one.removeprefix("#/components/schemas/") in SPEC["components"]["schemas"] for one in references)


def test_every_parameter_of_a_path_is_declared_with_what_it_may_be() -> None:
    for route in ROUTES:
        declared = {one["name"]: one for one in operation(route)["parameters"] if one["in"] == "path"}
        assert set(declared) == set(re.findall(r"{(\w+)}", route.path))
        assert all(one["required"] and one["schema"]["pattern"] for one in declared.values())


@pytest.mark.parametrize("route", ROUTES, ids=operation_id)
def test_every_refusal_is_described(route: Route) -> None:
    described = operation(route)["responses"]
    assert {str(int(kind_of(error).status)) for error in refusals_of(route)} <= set(described)
    assert {str(int(status)) for status in (route.status, *route.also)} <= set(described)


def test_the_bounds_of_a_query_are_told() -> None:
    (limit,) = [one for one in SPEC["paths"][f"{API}/tickets"]["get"]["parameters"] if one["name"] == "limit"]
    assert limit["schema"] == {"type": "integer", "default": 50, "minimum": 1, "maximum": 200}


def test_schemas_use_words_of_json_schema_alone() -> None:
    words = {"ge", "le", "gt", "lt", "multiple_of", "max_length"}
    assert not [node for node in everything(SPEC["components"]["schemas"]) if words & node.keys()]
