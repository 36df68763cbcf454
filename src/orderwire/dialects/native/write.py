"""Writes our own JSON: a record as one object with its `type` first."""

from __future__ import annotations

import msgspec

from orderwire.dialects.native.types import TYPES
from orderwire.model import Record

_NAME_BY_TYPE = {kind: name for name, kind in TYPES.items()}
_ENCODER = msgspec.json.Encoder(decimal_format="string")


def write(record: Record) -> bytes:
    """The record's JSON; `read_one` gives the same record back."""
    name = _NAME_BY_TYPE[type(record)]
    return b'{"type":"' + name.encode() + b'",' + _ENCODER.encode(record)[1:]
