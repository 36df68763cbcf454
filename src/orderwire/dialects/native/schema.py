"""The published JSON Schema of our own JSON, made from the types that read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import msgspec

from orderwire.dialects.native.types import TYPES, tagged


def components(types: Sequence[Any], *, ref_template: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The schemas of types, and of what they are made of by name; amounts may be numbers as well as text."""
    shapes, parts = msgspec.json.schema_components(types, ref_template=ref_template)
    return [_with_numbers(shape) for shape in shapes], {name: _with_numbers(part) for name, part in parts.items()}


def _with_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        inside = {name: _with_numbers(part) for name, part in value.items()}
        return inside | {"type": ["string", "number"]} if value.get("format") == "decimal" else inside
    return [_with_numbers(part) for part in value] if isinstance(value, list) else value


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a batch: `{"records": [{"type": "order", …}, …]}`, every record type under `$defs`."""
    each = tuple(tagged(name) for name in TYPES)
    (records,), parts = components(
        [list[Union[each]]],  # type: ignore[valid-type]  # noqa: UP007 - built at run time
        ref_template="#/$defs/{name}",
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Orderwire records",
        "type": "object",
        "properties": {"records": records},
        "required": ["records"],
        "additionalProperties": False,
        "$defs": parts,
    }
