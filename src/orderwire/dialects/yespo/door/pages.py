"""Pages as the platform cuts them: from the how-manieth row, and how many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from msgspec import Struct

from orderwire.dialects.doorway import Call, Known, Shelves
from orderwire.dialects.yespo.door.values import Refusal

MOST_ROWS = 500
_STEP = 1000

_T = TypeVar("_T")


class Page(Struct, frozen=True):
    """`start` counts from 1."""

    start: int
    rows: int

    @classmethod
    def of(cls, call: Call, *, most: int = MOST_ROWS) -> Page:
        """The page that a call asks for; more rows than there may be are as many as there may be.

        Raises:
            Refusal: a number is none.
        """
        start, rows = call.asked("startindex") or "1", call.asked("maxrows") or str(most)
        if not all(one.isascii() and one.isdigit() and len(one) < 10 for one in (start, rows)):
            raise Refusal(400, "startindex and maxrows have to be numbers")
        return cls(max(int(start), 1), min(max(int(rows), 1), most))

    def cut(self, rows: list[_T]) -> list[_T]:
        """The page of a list."""
        return rows[self.start - 1 : self.start - 1 + self.rows]


def everybody(shelves: Shelves, *, is_newest_first: bool = False) -> Iterator[Known]:
    """All people of the ledger, one after the other."""
    after = 0
    while page := shelves.people(after=after, limit=_STEP, is_newest_first=is_newest_first):
        yield from page
        after = page[-1].person
