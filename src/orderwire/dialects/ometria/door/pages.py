"""Pages as the platform cuts them: how many, and behind how many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from msgspec import Struct

from orderwire.dialects.doorway import Call, Document, Shelves
from orderwire.dialects.ometria.door.values import Refusal

STEP = 1000
"""How many of anything are looked up at a time."""

_T = TypeVar("_T")


class Page(Struct, frozen=True):
    """How many, and behind how many."""

    limit: int
    offset: int

    @classmethod
    def of(cls, call: Call) -> Page:
        """The page that a call asks for: 10 unless it says more, 250 at most.

        Raises:
            Refusal: a number is none.
        """
        limit, offset = call.asked("limit") or "10", call.asked("offset") or "0"
        if not all(one.isascii() and one.isdigit() and len(one) < 10 for one in (limit, offset)):
            raise Refusal(400, "limit and offset have to be numbers")
        return cls(min(max(int(limit), 1), 250), int(offset))

    def cut(self, rows: Iterator[_T]) -> list[_T]:
        """The page of a sequence."""
        found: list[_T] = []
        for place, row in enumerate(rows):
            if place >= self.offset:
                found.append(row)
            if len(found) == self.limit:
                break
        return found


def documents_of(collection: str, shelves: Shelves) -> Iterator[Document]:
    """All documents of a collection, one after the other."""
    after: tuple[str, str] | None = None
    while page := shelves.documents(collection, after=after, limit=STEP):
        yield from page
        after = (page[-1].rank, page[-1].key)
