"""What a database engine must offer for a ledger to be kept in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

Columns: TypeAlias = tuple[Any, ...]
"""A row as it is read: the columns in the order of the statement."""

LOG = "log"
"""The scope of whoever writes the log and the current state."""


class Engine(Protocol):
    """One open database with its statements, called by their name in `queries.sql`."""

    def rows(self, name: str, /, **values: object) -> list[Columns]:
        """Ask, and take the whole answer."""
        ...

    def stream(self, name: str, /, **values: object) -> Iterator[Columns]:
        """Ask, and take the answer bit by bit; inside `snapshot` only."""
        ...

    def write(self, name: str, /, **values: object) -> None:
        """Write once, with named values."""
        ...

    def write_many(self, name: str, rows: Sequence[Sequence[object]], /) -> None:
        """Write rows, values by place; nothing for no rows."""
        ...

    def listed(self, values: Iterable[object], /) -> object:
        """Many values as one parameter of a statement."""
        ...

    def turn(self, scope: str = LOG, /) -> AbstractContextManager[None]:
        """The only writer's transaction: durable when left, undone when left by an error. Turns nest.

        `scope` is what is written: the log, or one destination's books. An engine may let scopes write side by side.

        Raises:
            Busy: another writer held the store for too long.
            StoreFull: the disk takes no more.
        """
        ...

    def is_free(self) -> bool:
        """Whether a turn could begin now without waiting for another writer; by the next moment that may change."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """A reading transaction: every question inside it sees one moment."""
        ...

    def scrub(self) -> None:
        """Leave no copy on disk of what was just overwritten, as far as the engine can."""
        ...

    def now(self) -> int:
        """The store's clock, as a stored instant."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...
