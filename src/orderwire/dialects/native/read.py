"""Reads our own JSON: bytes in, model records out, strictly.

One record is an object; a batch is `{"records": [{"type": "order", …}, …]}`. A record that cannot be understood
spoils nothing but itself. Unknown fields are refused: in our own format they are mistakes.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Context, Decimal
from difflib import get_close_matches
from functools import cache
from typing import Any, cast

import msgspec
from msgspec import Raw, Struct

from orderwire.dialects.native.types import TYPES, tagged
from orderwire.errors import InvalidRecord
from orderwire.model import Record, claims_of, identity_of

_PLACE = re.compile(r" - at `\$(?P<path>.*)`$")
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]*)`")
_NUL = b"\\u0000"
"""How JSON writes a NUL character."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FINEST = Decimal("1e-15")
_WIDE = Context(prec=40)
_QUOTED = re.compile(r"'[^']*'")


class Piece(Struct, frozen=True, kw_only=True):
    """One record and the bytes it was read from."""

    type: str
    record: Record
    raw: bytes


class Reading(Struct, frozen=True, kw_only=True):
    """What a batch says. `places` are those of `pieces` in the batch; `problems` name theirs in their path.

    `count` is that of all records; where it is more than may be, none was read.
    """

    count: int
    pieces: tuple[Piece, ...] = ()
    places: tuple[int, ...] = ()
    problems: tuple[InvalidRecord, ...] = ()


class _Batch(Struct, forbid_unknown_fields=True):
    records: list[Raw]


class _Typed(Struct):
    type: str


_BATCH = msgspec.json.Decoder(_Batch)
_TYPED = msgspec.json.Decoder(_Typed)


def read_one(type_name: str, body: bytes, *, source: str, path: str = "") -> Record:
    """The record that a JSON object holds; a `type` in it must say the same as `type_name`.

    Args:
        type_name: what it is, out of `TYPES`.
        body: the object's bytes.
        source: how errors name the source.
        path: where the object stands, for errors.

    Raises:
        InvalidRecord: naming the field, without any value of it.
    """
    if type_name not in TYPES:
        raise InvalidRecord(source, _join(path, "type"), "is not a type of record", f"Types: {', '.join(TYPES)}.")
    try:
        # The strict twin only judges; the record is then decoded as the model type itself, so that both are plain C.
        _strict_decoder(type_name).decode(body)
        record = cast("Record", _finished(_decoder(type_name).decode(body)))
    except msgspec.ValidationError as error:
        raise _invalid(error, type_name, source, path) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidRecord(source, path or "body", "is not JSON") from error
    except OverflowError as error:
        raise InvalidRecord(source, path or type_name, "holds an instant beyond all calendars") from error
    except (ArithmeticError, ValueError) as error:
        raise InvalidRecord(source, path or type_name, "holds a number that is no amount or quantity") from error
    if _NUL in body and _has_nul(record):
        raise InvalidRecord(source, path or type_name, "an id holds a NUL character", "No database keeps it as text.")
    return record


def read_batch(body: bytes, *, source: str, most: int | None = None) -> Reading:
    """The records of a batch; bad ones are named and the rest go on. Of more than `most` records none is read.

    Raises:
        InvalidRecord: the batch itself is not `{"records": […]}`.
    """
    try:
        batch = _BATCH.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidRecord(source, "body", 'is not {"records": […]}', "Wrap the records in a list.") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidRecord(source, "body", "is not JSON") from error
    count = len(batch.records)
    if most is not None and count > most:
        return Reading(count=count)
    pieces: list[Piece] = []
    places: list[int] = []
    problems: list[InvalidRecord] = []
    for place, raw in enumerate(batch.records):
        try:
            pieces.append(_piece(bytes(raw), source, f"records[{place}]"))
            places.append(place)
        except InvalidRecord as problem:
            problems.append(problem)
    return Reading(count=count, pieces=tuple(pieces), places=tuple(places), problems=tuple(problems))


def _piece(raw: bytes, source: str, path: str) -> Piece:
    try:
        type_name = _TYPED.decode(raw).type
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        remedy = f"Types: {', '.join(TYPES)}."
        raise InvalidRecord(source, f"{path}.type", "is missing or not a text", remedy) from error
    return Piece(type=type_name, record=read_one(type_name, raw, source=source, path=path), raw=raw)


@cache
def _strict_decoder(type_name: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(tagged(type_name))


@cache
def _decoder(type_name: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(TYPES[type_name])


def _has_nul(record: Record) -> bool:
    """Whether what the ledger looks a record up by holds a NUL."""
    names = [f"{one.kind}{one.subject}{one.discriminator}{one.detail}" for one in claims_of(record, at=_EPOCH)]
    identity = identity_of(record)
    parts = () if identity is None else msgspec.structs.astuple(identity)
    return "\0" in "".join([*names, *(part for part in parts if part)])


def _invalid(error: msgspec.ValidationError, type_name: str, source: str, path: str) -> InvalidRecord:
    """Our error from msgspec's words, values left out."""
    said = str(error)
    inside = found["path"].lstrip(".") if (found := _PLACE.search(said)) else ""
    problem = _QUOTED.sub("…", _PLACE.sub("", said))
    remedy = ""
    if "matching regex" in said:
        problem, remedy = "is not the name of an event", "Names: product.viewed, site.active, custom.<your name>."
    if unknown := _UNKNOWN.search(said):
        close = get_close_matches(unknown["name"], _field_names(type_name), n=1)
        remedy = f'Did you mean "{close[0]}"?' if close else "Extra values go under `properties`."
        problem, inside = "is not a field", _join(inside, unknown["name"])
    return InvalidRecord(source, _join(path, inside) or type_name, problem, remedy)


@cache
def _field_names(type_name: str) -> tuple[str, ...]:
    """The names of all fields at any depth, for suggestions."""
    names: dict[str, None] = {}
    pending: list[type[Struct]] = [TYPES[type_name]]
    for kind in pending:
        for field in msgspec.structs.fields(kind):
            names[field.name] = None
            pending += [each for each in _structs_in(field.type) if each not in pending]
    return tuple(names)


def _structs_in(annotation: Any) -> list[type[Struct]]:
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return [annotation]
    return [kind for argument in getattr(annotation, "__args__", ()) for kind in _structs_in(argument)]


def _finished(value: Any) -> Any:
    """The value with every instant in UTC; refuses numbers that are not finite, and rounds those without end."""
    if isinstance(value, datetime):
        return value if value.tzinfo is UTC else value.astimezone(UTC)
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        if not isinstance(exponent, int) or value.adjusted() > 15:
            raise ValueError("not a finite amount")
        # What a binary fraction shows beyond its fifteenth digit after the point is noise: 0.30000000000000004.
        return value if exponent >= -15 else value.quantize(_FINEST, context=_WIDE)
    if isinstance(value, Struct):
        changed: dict[str, Any] = {}
        for name in _fields_to_finish(type(value)):
            old = getattr(value, name)
            if old is not None and (new := _finished(old)) is not old:
                changed[name] = new
        return msgspec.structs.replace(value, **changed) if changed else value
    if isinstance(value, tuple) and value:
        new_items = tuple(_finished(item) for item in value)
        return value if all(new is old for new, old in zip(new_items, value, strict=True)) else new_items
    return value


@cache
def _fields_to_finish(kind: type[Struct]) -> tuple[str, ...]:
    """The fields that may hold an instant or a decimal, at any depth: most hold neither and are not looked at."""
    return tuple(field.name for field in msgspec.structs.fields(kind) if _is_to_finish(field.type))


def _is_to_finish(annotation: Any) -> bool:
    if annotation in (datetime, Decimal):
        return True
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return bool(_fields_to_finish(annotation))
    return any(_is_to_finish(argument) for argument in getattr(annotation, "__args__", ()))


def _join(path: str, inside: str) -> str:
    return f"{path}.{inside}" if path and inside else path or inside
