"""Writes the page about our own JSON, and the JSON Schema itself."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

from reference_markdown import attribute_docs, page, table

from orderwire import model
from orderwire.dialects.native import TYPES, schema
from orderwire.model import address, catalog, orders, people

SCHEMA = "native-schema.json"
_MODULES = (model, orders, people, catalog, address)


def schema_file() -> str:
    """The JSON Schema as it is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def native_page() -> str:
    """The records and their parts, field by field."""
    parts = schema()["$defs"]
    records = [kind.__name__ for kind in TYPES.values()]
    lines = [
        "Orderwire's own words for records.",
        "The `body` of every fact that `orderwire log` prints has these fields, so has `source preview --json`.",
        'A batch is an object `{"records": [ … ]}`; each record has a `type` and the fields of its table below.',
        f"[{SCHEMA}]({SCHEMA}) is the same as a JSON Schema (2020-12), for editors and validators.",
        "",
        "- Amounts are whole minor units of the record's `currency`.",
        "- Prices and quantities are decimals, as text or number.",
        "- Instants are RFC 3339 with a zone; one without is refused.",
        "- A field that is not listed is refused; what is the shop's own goes under `properties`.",
        "",
        "```json",
        '{"records": [',
        '  {"type": "order", "order_id": "1001", "currency": "GBP", "placed_at": "2024-03-01T09:30:00Z",',
        '   "total": 2550, "identity": {"email": "ana@mail.test"},',
        '   "lines": [{"line_id": "1", "name": "Lantern", "sku": "71053", "quantity": "6", "unit_price": "4.25",',
        '              "subtotal": 2550, "total": 2550}]}',
        "]}",
        "```",
        "",
    ]
    for name, kind in TYPES.items():
        lines += _section(name, kind.__name__, parts)
    lines += ["## Parts", "", "What the records are made of.", ""]
    for name in sorted(set(parts) - set(records)):
        lines += _section(name, name, parts, level="###")
    return page("Our own JSON", *lines)


def _section(title: str, name: str, parts: Mapping[str, Any], level: str = "##") -> list[str]:
    about = parts[name]
    lines = [f"{level} {title}", "", *inspect.cleandoc(about.get("description", "")).splitlines(), ""]
    if "enum" in about:
        return [*lines, "One of: " + ", ".join(f"`{value}`" for value in about["enum"]) + ".", ""]
    docs = _docs(name)
    rows = [
        [
            f"`{field}`",
            _type(shape),
            "required" if field in about["required"] else _default(shape),
            docs.get(field, ""),
        ]
        for field, shape in about["properties"].items()
        if field != "type"
    ]
    return [*lines, *table(["field", "value", "default", "meaning"], rows)]


def _docs(name: str) -> dict[str, str]:
    kind = next(found for module in _MODULES if isinstance(found := getattr(module, name, None), type))
    return attribute_docs(kind)


def _default(shape: Mapping[str, Any]) -> str:
    if "default" not in shape or shape["default"] in (None, [], {}):
        return ""
    return f"`{json.dumps(shape['default'])}`"


def _type(shape: Mapping[str, Any]) -> str:
    if "$ref" in shape:
        name = shape["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in shape:
        return " or ".join(dict.fromkeys(_type(one) for one in shape["anyOf"] if one.get("type") != "null"))
    if shape.get("format") == "decimal":
        return "decimal"
    match shape.get("type"):
        case "array":
            return f"list of {_type(shape['items'])}"
        case "object":
            return f"names to {_type(shape.get('additionalProperties') or {})}"
        case "string":
            return {"date-time": "instant", "date": "date"}.get(shape.get("format", ""), "text")
        case "integer":
            return "whole number"
        case "boolean":
            return "yes or no"
        case "number":
            return "number"
    return "any plain value"
