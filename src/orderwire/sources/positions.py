"""Our position in one stream of a database, as the JSON bytes that the ledger keeps.

Two stages. *Import* reads everything that had not changed since `began`, by id, so that it can stop and go on
anywhere. *Following* reads windows `[until - overlap, now - lag)` of the time column, by (time, id).
What changes while the import runs is left to following: it is news, and imported rows are not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from msgspec import Struct

from orderwire.errors import ConfigError

_READERS: dict[str, Callable[[str], object]] = {
    "str": str,
    "int": int,
    "float": float,
    "Decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "UUID": UUID,
    "bytes": bytes.fromhex,
}


class Position(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a stream stands. `after` is the last row read in a stage that is not finished, as typed cells."""

    began: datetime
    """The start of the import less the safety lag; what changed from then on is observed."""
    is_imported: bool = False
    until: datetime | None = None
    """Every change before this has been read."""
    window_to: datetime | None = None
    """The end of the window being read."""
    after: tuple[tuple[str, str], ...] = ()
    read_at: datetime | None = None
    """When an entity without a time column was last read to its end."""

    @property
    def cursor(self) -> tuple[object, ...]:
        """The cells of `after` as the driver gave them."""
        return tuple(_READERS[kind](text) for kind, text in self.after)


def cells(*values: object) -> tuple[tuple[str, str], ...]:
    """Values of a cursor as texts that keep their type, so that the database compares like with like."""
    return tuple(_cell(value) for value in values)


def _cell(value: object) -> tuple[str, str]:
    match value:
        case bool():
            return "int", str(int(value))
        case datetime():
            return "datetime", value.isoformat()
        case date():
            return "date", value.isoformat()
        case bytes() | memoryview():
            return "bytes", bytes(value).hex()
        case str() | int() | Decimal() | UUID():
            return type(value).__name__, str(value)
        case float():
            return "float", repr(value)
        case _:
            raise ConfigError(
                "id", f"is of type {type(value).__name__}, which cannot be paged by.", "Cast it to text in a query."
            )


def load(position: bytes | None) -> Position | None:
    """A committed position; None where there is none."""
    return msgspec.json.decode(position, type=Position) if position else None


def dump(position: Position) -> bytes:
    """A position as the bytes to commit."""
    return msgspec.json.encode(position)
