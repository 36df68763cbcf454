"""The published JSON Schema of our own JSON, made from the types that read it."""

from __future__ import annotations

from typing import Any, Union

import msgspec

from orderwire.dialects.native.types import TYPES, tagged


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a batch: `{"records": [{"type": "order", …}, …]}`, every record type under `$defs`."""
    each = tuple(tagged(name) for name in TYPES)
    (records,), components = msgspec.json.schema_components(
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
        "$defs": components,
    }
