"""Pages by offset and limit, as everything but contacts has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from heapq import nsmallest
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlencode

from orderwire.dialects.doorway import Call, Document, Reply, Shelves
from orderwire.dialects.omnisend.door.refusals import Fault, invalid
from orderwire.dialects.omnisend.shapes import encode
from orderwire.model import Record

MAX_LIMIT = 250
_DEFAULT_LIMIT = 100
_SCANNED = 500
_LAST = "\U0010ffff"
_MAX_OFFSET = 10_000_000
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
Row = TypeVar("Row")


def limit_of(call: Call) -> int:
    """How many rows a page may hold.

    Raises:
        Refusal: the limit asked for is none.
    """
    limit = _number(call, "limit", _DEFAULT_LIMIT)
    if not 1 <= limit <= MAX_LIMIT:
        raise invalid([Fault(path="limit", message=f"must be between 1 and {MAX_LIMIT}", code="out_of_range")])
    return limit


def by_offset(
    call: Call,
    name: str,
    rows: Iterator[Row],
    shown: Callable[[Row], Any],
    *,
    first: Callable[[Row], Any] | None = None,
) -> Reply:
    """A page of rows, in their own order or in that of `first`."""
    limit, offset = limit_of(call), min(_number(call, "offset", 0), _MAX_OFFSET)
    if first is not None:
        rows = iter(nsmallest(offset + limit + 1, rows, key=first))
    found = list(islice(rows, offset, offset + limit + 1))
    paging = {
        "previous": _link(call, max(0, offset - limit), limit) if offset else None,
        "next": _link(call, offset + limit, limit) if len(found) > limit else None,
        "offset": offset,
        "limit": limit,
    }
    return Reply(body=encode({name: [shown(row) for row in found[:limit]], "paging": paging}))


def all_documents(shelves: Shelves, collection: str, *, is_last_first: bool = False) -> Iterator[Document]:
    """Every document of a collection, read in pages."""
    after = None
    while page := shelves.documents(collection, after=after, limit=_SCANNED, is_last_first=is_last_first):
        yield from page
        after = (page[-1].rank, page[-1].key)


def all_snapshots(shelves: Shelves, kind: str) -> Iterator[tuple[str, Record]]:
    """The newest snapshot of everything of a kind with its source, read in pages."""
    after = ""
    while page := shelves.snapshots(kind, after=after, limit=_SCANNED):
        yield from ((name.partition("/")[0], record) for name, record in page)
        after = page[-1][0]


def elsewhere(shelves: Shelves, kind: str, thing: str) -> Record | None:
    """The newest snapshot of a thing that another source told of."""
    after = ""
    while page := shelves.snapshots(kind, after=after, limit=1):
        source = page[0][0].partition("/")[0]
        if (found := shelves.snapshot(f"{kind}:{thing}", source=source)) is not None:
            return found
        after = f"{source}/{kind}:{_LAST}"
    return None


def _number(call: Call, name: str, default: int) -> int:
    given = call.asked(name).strip()
    if not given:
        return default
    if not _WHOLE.fullmatch(given):
        raise invalid([Fault(path=name, message="must be a positive integer", code="invalid_type")])
    return int(given)


def _link(call: Call, offset: int, limit: int) -> str:
    kept = [(key, value) for key, value in call.query if key not in ("offset", "limit")]
    return f"{call.base_url}{call.path}?{urlencode([*kept, ('limit', limit), ('offset', offset)])}"
