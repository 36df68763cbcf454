"""What the tag of a page sends: a bracketed query string, in base64 with the cases of its letters swapped."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from typing import Any
from urllib.parse import parse_qsl

from orderwire.dialects.ometria.door.values import Refusal

_PART = re.compile(r"\[([^\]]*)\]")
_MOST_PARTS = 2000
_DEEPEST = 8


def unfolded(data: str) -> dict[str, Any]:
    """The data of a beacon as nested values.

    Raises:
        Refusal: it is no such text.
    """
    swapped = data.strip().replace(" ", "+").replace("-", "+").replace("_", "/").swapcase()
    try:
        query = b64decode(swapped + "=" * (-len(swapped) % 4), validate=True).decode("utf-8")
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARTS)
    except (Error, UnicodeError, ValueError) as error:
        raise Refusal(400, "the data cannot be read") from error
    found: dict[str, Any] = {}
    for name, value in pairs:
        _put(found, _path(name), value)
    return found


def listed(value: Any) -> list[Any]:
    """A list, also as an object whose names are its places."""
    if isinstance(value, list):
        return value
    return list(value.values()) if isinstance(value, dict) else []


def _path(name: str) -> list[str]:
    head, bracket, _ = name.partition("[")
    return [head, *_PART.findall(name)][:_DEEPEST] if bracket else [name]


def _put(inside: dict[str, Any], path: list[str], value: str) -> None:
    for place, part in enumerate(path):
        key = part or str(len(inside))
        if place == len(path) - 1:
            inside[key] = value
            return
        below = inside.get(key)
        if not isinstance(below, dict):
            below = inside[key] = {}
        inside = below
