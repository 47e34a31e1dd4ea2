"""OpenAPI 3.1, made of the same table that registers the calls."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pydantic.json_schema import models_json_schema

from gateway.facts.skpd_facts import NOTE_STAMP
from gateway.web.api.answers import FeedMessage, ProblemAnswer
from gateway.web.door import errors
from gateway.web.door.auth import COOKIE, CSRF_HEADER
from gateway.web.door.problems import CONTENT_TYPE, kind_of
from gateway.web.door.routes import API, AnyQuery, Open
from ticketing.callbacks import CALL_BACK_ID
from ticketing.dispatch import DISPATCH_ID
from ticketing.errors import Siaga112Error, StoreUnusable
from ticketing.model import TICKET_NUMBER
from ticketing.nuisance import E164
from ticketing.permissions import PERMISSIONS, Permission
from ticketing.premise import PREMISE_NOTE_ID
from ticketing.return_calls import RETURN_CALL_ID
from ticketing.skpd import SKPD_CODE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydantic import BaseModel

    from gateway.web.door.routes import Route

Schema = dict[str, Any]

CALL_ID_PATTERN: Final = r"^[a-z0-9]{1,16}-[0-9]{1,11}\.[0-9]{1,12}$"
_PATH_PARAMETERS: Final[dict[str, Schema]] = {
    "number": {"type": "string", "pattern": f"^{TICKET_NUMBER}$", "example": "112-20261123-0001"},
    "call_back": {"type": "string", "pattern": f"^{CALL_BACK_ID}$", "example": "17"},
    "dispatch": {"type": "string", "pattern": f"^{DISPATCH_ID}$", "example": "17"},
    "premise_note": {"type": "string", "pattern": f"^{PREMISE_NOTE_ID}$", "example": "17"},
    "return_call": {"type": "string", "pattern": f"^{RETURN_CALL_ID}$", "example": "17"},
    "note": {"type": "string", "pattern": f"^{NOTE_STAMP}$", "example": "20261128T010203000000Z"},
    "phone": {"type": "string", "pattern": f"^{E164}$", "example": "+6281234500001"},
    "code": {"type": "string", "pattern": f"^{SKPD_CODE}$", "example": "damkar"},
    "id": {"type": "string", "pattern": CALL_ID_PATTERN, "example": "bima1-1763929000.12"},
}
_JSON: Final = "application/json"
_REF: Final = "#/components/schemas/{model}"
_BODY_ERRORS: Final = (
    errors.BodyUnreadable,
    errors.BodyInvalid,
    errors.WrongContentType,
    errors.BodyTooSlow,
)


def description(routes: Sequence[Route], version: str) -> Schema:
    """Describe these calls."""
    schemas = _schemas(routes)
    queries = {route.query.__name__ for route in routes if route.query}
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(API + route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "siaga112",
            "version": version,
            "description": "The tickets and calls of a city's 112 emergency line.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in schemas.items() if name not in queries},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
                "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
            },
        },
    }


def _schemas(routes: Iterable[Route]) -> dict[str, Schema]:
    models: dict[str, type[BaseModel]] = {one.__name__: one for one in (ProblemAnswer, FeedMessage)}
    for route in routes:
        for model in (route.query, route.body, route.answers, *route.problems.values()):
            if isinstance(model, type):
                models[model.__name__] = model
    _, made = models_json_schema([(model, "validation") for model in models.values()], ref_template=_REF)
    schemas: dict[str, Schema] = made["$defs"]
    return schemas


def _operation(route: Route, schemas: dict[str, Schema]) -> Schema:
    operation: Schema = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "description": _who(route),
        "parameters": [*_path_parameters(route), *_query_parameters(route, schemas)],
        "responses": {**_refusals(route), **_good_answers(route)},
        "security": _security(route),
    }
    if route.body is not None:
        content = {_JSON: {"schema": _ref(route.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def operation_id(route: Route) -> str:
    """A name for the call: `get_tickets_number_timeline`."""
    return "_".join([route.method.lower(), *re.findall(r"[a-z]+", route.path)])


def _who(route: Route) -> str:
    match route.access:
        case Permission():
            return "For " + ", ".join(sorted(PERMISSIONS[route.access])) + "."
        case Open.TO_SIGNED_IN:
            return "For everybody who is signed in."
        case Open.TO_ALL:
            return "No login."


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.access is Open.TO_ALL:
        return []
    if route.method == "GET":
        return [{"token": []}, {"session": []}]
    return [{"token": []}, {"session": [], "csrf": []}]


def _path_parameters(route: Route) -> list[Schema]:
    names = re.findall(r"{(\w+)}", route.path)
    return [{"name": name, "in": "path", "required": True, "schema": _PATH_PARAMETERS[name]} for name in names]


def _query_parameters(route: Route, schemas: dict[str, Schema]) -> list[Schema]:
    if route.query is None:
        return []
    described = schemas[route.query.__name__]["properties"]
    return [_query_parameter(name, schema) for name, schema in described.items()]


def _query_parameter(name: str, schema: Schema) -> Schema:
    parameter: Schema = {"name": name, "in": "query", "required": False}
    if "description" in schema:
        parameter["description"] = schema["description"]
    kept = {key: value for key, value in schema.items() if key not in {"title", "description", "anyOf"}}
    if kept.get("default", ...) in (None, []):
        del kept["default"]
    for choice in schema.get("anyOf", ()):
        # A parameter is there or not: null cannot be written in a query string.
        if choice != {"type": "null"}:
            kept |= choice
    return {**parameter, "schema": kept}


def _good_answers(route: Route) -> dict[str, Schema]:
    answer: Schema = {"description": route.summary}
    if isinstance(route.answers, str):
        schema = {"type": "object"} if route.answers == _JSON else {"type": "string", "format": "binary"}
        answer["content"] = {route.answers: {"schema": schema}}
    elif route.answers is not None:
        answer["content"] = {_JSON: {"schema": _ref(route.answers)}}
    return {str(int(status)): answer for status in (route.status, *route.also)}


def _refusals(route: Route) -> dict[str, Schema]:
    by_status: dict[HTTPStatus, list[str]] = {}
    for error in refusals_of(route):
        kind = kind_of(error)
        by_status.setdefault(kind.status, []).append(kind.title)
    if route.body is not None:
        by_status[HTTPStatus.REQUEST_ENTITY_TOO_LARGE] = ["The body is larger than 64 KiB"]
    return {str(int(status)): _refusal(route, status, titles) for status, titles in sorted(by_status.items())}


def _refusal(route: Route, status: HTTPStatus, titles: list[str]) -> Schema:
    # One that says more is one of those that this status may mean.
    more = route.problems.get(status)
    schema = {"anyOf": [_ref(more), _ref(ProblemAnswer)]} if more else _ref(ProblemAnswer)
    return {"description": "; ".join(dict.fromkeys(titles)), "content": {CONTENT_TYPE: {"schema": schema}}}


def refusals_of(route: Route) -> tuple[type[Siaga112Error], ...]:
    """Every refusal that a route may give: its own, and those that its guard gives."""
    signed_in = (errors.NotSignedIn,) if route.access is not Open.TO_ALL else ()
    permitted = (errors.Forbidden,) if isinstance(route.access, Permission) else ()
    proven = (errors.CsrfMissing,) if signed_in and route.method != "GET" else ()
    asked = (errors.QueryInvalid,) if route.query is not AnyQuery else ()
    body = _BODY_ERRORS if route.body is not None else ()
    return (
        *asked,
        *signed_in,
        *permitted,
        *proven,
        *body,
        *route.errors,
        errors.TooSlow,
        StoreUnusable,
    )


def _ref(model: type[BaseModel]) -> Schema:
    return {"$ref": _REF.format(model=model.__name__)}
