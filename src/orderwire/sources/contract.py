"""What a source is: something we pull from, page by page, from a committed position."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from orderwire.errors import InvalidRecord
from orderwire.model import Identity, Record


class Decoded(Struct, frozen=True, kw_only=True):
    """One record and the bytes it was read from: JSON of the mapped columns, children included."""

    record: Record
    raw: bytes
    key: str = ""
    """What the stream calls the record: its id, or what stands for one that tells whom it is about."""


class Undecoded(Struct, frozen=True, kw_only=True):
    """One row that could not be understood: why, and everything that was there."""

    reason: InvalidRecord
    raw: bytes = b""
    """As a record's where the row is whole, so that it can be read again; else the bytes of the file."""
    key: str = ""
    """As a record's; empty where none could be read."""
    is_whole: bool = True
    identity: Identity | None = None
    """Whom it seems to name, as far as that could be read."""


class Page(Struct, frozen=True, kw_only=True):
    """A piece of one stream. Record it and commit `position` in one transaction; then ask for the next.

    `problems` are the rows that could not be understood, to be kept in that transaction too: `position` is already
    behind them. `mismatch_count` counts the orders and carts in `records` whose own figures do not add up
    (`properties["orderwire.mismatch_minor"]`).
    """

    stream: str
    records: tuple[Decoded, ...]
    position: bytes
    is_import: bool
    """Whether this belongs to the first full pass."""
    problems: tuple[Undecoded, ...] = ()
    mismatch_count: int = 0
    total_hint: int | None = None
    """About how many rows the stream has in this pass; None where counting would cost a pass of its own."""


class Source(Protocol):
    """A configured way in that we pull."""

    @property
    def name(self) -> str:
        """The name in the settings; part of every fact's key."""
        ...

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams in the order they are read: consent first, so that nobody is known before their no is."""
        ...

    def pages(self, positions: Mapping[str, bytes], *, now: datetime) -> Iterator[Page]:
        """Everything since these positions up to `now` less the safety lag; ends when caught up.

        Raises:
            ConfigError: the mapping does not fit what is there.
            Unavailable: not reached, or the connection was lost; the committed positions stay good.
        """
        ...

    def reread(self, stream: str, raw: bytes) -> Decoded:
        """Read a kept record again with the mapping of today.

        Raises:
            InvalidRecord: today's mapping cannot understand it.
        """
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...
