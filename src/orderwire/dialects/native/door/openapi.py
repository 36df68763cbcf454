"""The description of our own API, in OpenAPI 3.1, made from the types that it reads and answers with."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Union

import msgspec

from orderwire.dialects.doorway import Answer, Call, Reply, Shelves
from orderwire.dialects.native.door.shapes import Facts, Failure, People, PersonShown, Taken, Things, ThingShown
from orderwire.dialects.native.door.telling import NUMBER, PERSON, PLACE
from orderwire.dialects.native.schema import components
from orderwire.dialects.native.types import TYPES, strict, tagged

VERSION = "1"
_PLURALS = {"order": "orders", "product": "products", "cart": "carts", "subscription": "subscriptions"}
_TAKEN = {**_PLURALS, "person": "people", "consent": "consents", "event": "events"}
_BATCH = "Batch"


def describe(call: Call, _shelves: Shelves) -> Answer:
    """`GET /openapi.json`."""
    return Reply(body=msgspec.json.encode(description() | {"servers": [{"url": call.base_url or "/"}]}))


@cache
def description() -> dict[str, Any]:
    """The whole description, without the address it is served at."""
    answers = (Taken, Failure, People, PersonShown, Facts, Things, ThingShown)
    each = tuple(tagged(name) for name in TYPES)
    shapes, parts = components(
        [*answers, list[Union[each]]],  # type: ignore[valid-type]  # noqa: UP007 - built at run time
        ref_template="#/components/schemas/{name}",
    )
    records = shapes[-1]
    # A record sent alone needs no `type`: the path says it. Its schema is a twin under a name of its own.
    ones, twins = components(
        [strict(kind) for kind in TYPES.values()], ref_template="#/components/schemas/Single{name}"
    )
    single = dict(zip(TYPES, ones, strict=True))
    parts |= {f"Single{name}": schema for name, schema in twins.items()}
    parts[_BATCH] = {
        "type": "object",
        "properties": {"records": {**records, "maxItems": 10_000}},
        "required": ["records"],
        "additionalProperties": False,
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Orderwire", "version": VERSION},
        "components": {"schemas": parts, "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "security": [{"key": []}],
        "paths": _joined(_taking(single), _telling()),
    }


def _joined(*parts: dict[str, Any]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for part in parts:
        for path, methods in part.items():
            paths[path] = {**paths.get(path, {}), **methods}
    return paths


def _taking(single: dict[str, dict[str, Any]]) -> dict[str, Any]:
    paths: dict[str, Any] = {"/v1/records": {"post": _posting("Add records of any type", {"$ref": _ref(_BATCH)})}}
    for name, plural in _TAKEN.items():
        paths[f"/v1/{plural}"] = {"post": _posting(f"Add one {name}", single[name])}
    return paths


def _telling() -> dict[str, Any]:
    limit = _parameter("limit", {"type": "integer", "minimum": 1, "maximum": 1000})
    page = [limit, _parameter("after")]
    person = [_parameter(name, {"type": "string", "minLength": 1}) for name in ("email", "phone", "external_id")]
    facts = [
        _parameter("kind", {"type": "array", "items": {"type": "string"}}),
        _parameter("person", _shaped(PERSON)),
        _parameter("since", {"type": "string", "format": "date-time"}),
        _parameter("until", {"type": "string", "format": "date-time"}),
        _parameter("order", {"enum": ["oldest", "newest"]}),
    ]
    one = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths: dict[str, Any] = {
        "/v1/people": {
            "get": _getting(
                "People, by an identifier or all", People, [*person, limit, _parameter("after", _shaped(NUMBER))]
            )
        },
        "/v1/people/{id}": {"get": _getting("One person", PersonShown, [one], may_miss=True)},
        "/v1/facts": {
            "get": _getting(
                "Facts by the time they occurred", Facts, [*facts, limit, _parameter("after", _shaped(PLACE))]
            )
        },
    }
    for name, plural in _PLURALS.items():
        paths[f"/v1/{plural}"] = {"get": _getting(f"The newest snapshot of every {name}", Things, page)}
        paths[f"/v1/{plural}/{{id}}"] = {
            "get": _getting(f"One {name}", ThingShown, [one, _parameter("source")], may_miss=True)
        }
    return paths


def _posting(summary: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": summary,
        "parameters": [_parameter("historical", {"type": "boolean"})],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"200": _answer("Durable now", Taken), **_failures("400", "401", "403", "413", "422", "503")},
    }


def _getting(
    summary: str, shape: type, parameters: list[dict[str, Any]], *, may_miss: bool = False
) -> dict[str, Any]:
    failures = ("400", "401", "403", "404") if may_miss else ("400", "401", "403")
    return {
        "summary": summary,
        "parameters": parameters,
        "responses": {"200": _answer("As asked", shape), **_failures(*failures)},
    }


def _failures(*statuses: str) -> dict[str, Any]:
    return {status: _answer("Not done; the body says why", Failure) for status in statuses}


def _answer(text: str, shape: type) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": {"$ref": _ref(shape.__name__)}}}}


def _parameter(name: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema or {"type": "string"}}


def _shaped(pattern: re.Pattern[str]) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^{pattern.pattern}$"}


def _ref(name: str) -> str:
    return f"#/components/schemas/{name}"
