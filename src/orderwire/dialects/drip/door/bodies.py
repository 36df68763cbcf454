"""What a request's body holds: JSON with exact numbers, taken out of Drip's wrappers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DecimalException
from typing import Any, NamedTuple

from msgspec import DecodeError, Raw, json

from orderwire.dialects.drip.door.faults import Refusal, not_json, wrong_count, wrong_structure

MAX_RECORDS = 1000
_MAX_DEPTH = 60
_decoder = json.Decoder(float_hook=Decimal)


class Piece(NamedTuple):
    """One record of a request, and the bytes it was read from."""

    value: dict[str, Any]
    raw: bytes


def decoded(body: bytes, refusal: Callable[[str], Refusal] = not_json) -> Any:
    """The JSON of a body, its fractions as exact decimals.

    Raises:
        Refusal: it is no JSON, is nested beyond measure, or holds the character that no database keeps as text.
    """
    try:
        value = _decoder.decode(body)
    except (DecodeError, UnicodeDecodeError, DecimalException, RecursionError):
        raise refusal("unexpected token") from None
    if not _is_sound(value, _MAX_DEPTH):
        raise refusal("unexpected token")
    return value


def pieces(body: bytes, value: list[dict[str, Any]], *path: str | int) -> list[Piece]:
    """The records of a list in a body, each with its own bytes; `path` leads to the list."""
    part = Raw(body)
    for step in path:
        if isinstance(step, str):
            part = json.decode(part, type=dict[str, Raw])[step]
        else:
            part = json.decode(part, type=list[Raw])[step]
    return [Piece(one, bytes(raw)) for one, raw in zip(value, json.decode(part, type=list[Raw]), strict=True)]


def one_of(body: bytes, noun: str) -> Piece:
    """The only record of `{noun: [{…}]}`; the bare record is taken too, because clients send it.

    Raises:
        Refusal: the body has another structure.
    """
    value = decoded(body)
    if isinstance(value, dict) and noun not in value and {"email", "id", "visitor_uuid"} & value.keys():
        return Piece(value, body)
    records = value.get(noun) if isinstance(value, dict) else None
    if not isinstance(records, list) or len(records) != 1 or not isinstance(records[0], dict):
        raise wrong_structure()
    return Piece(records[0], body)


def several(body: bytes, noun: str) -> list[Piece]:
    """The records of `{noun: […]}`.

    Raises:
        Refusal: the body has another structure, or holds none or too many.
    """
    return _listed(body, decoded(body), noun)


def batched(body: bytes, noun: str) -> list[Piece]:
    """The records of `{"batches": [{noun: […]}]}`; without the outer wrapper they are taken too.

    Raises:
        Refusal: the body has another structure, or holds none or too many.
    """
    value = decoded(body)
    batches = value.get("batches") if isinstance(value, dict) else None
    if isinstance(value, dict) and batches is None and noun in value:
        return _listed(body, value, noun)
    if not isinstance(batches, list) or not batches:
        raise wrong_structure()
    found = [piece for place, batch in enumerate(batches) for piece in _listed(body, batch, noun, "batches", place)]
    if len(found) > MAX_RECORDS:
        raise wrong_count(noun)
    return found


def _listed(body: bytes, holder: Any, noun: str, *path: str | int) -> list[Piece]:
    records = holder.get(noun) if isinstance(holder, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise wrong_structure()
    if not 1 <= len(records) <= MAX_RECORDS:
        raise wrong_count(noun)
    return pieces(body, records, *path, noun)


def _is_sound(value: Any, depth: int) -> bool:
    """Whether it is nested within measure and holds no NUL character."""
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, dict):
        return depth > 0 and all("\0" not in key and _is_sound(part, depth - 1) for key, part in value.items())
    if isinstance(value, list):
        return depth > 0 and all(_is_sound(part, depth - 1) for part in value)
    return True
