"""Reading a list to its end while it changes.

WooCommerce pages by offset, so whatever leaves the list in front of the offset makes the next page skip as much. The
list asked for can only grow: it is sorted by id, filtered by nothing but a lower bound, and what changes stays in it.
What grows shifts things backward, which repeats some; those are known by their id. Only what is deleted or put in the
trash leaves the list, and that is noticed: each page begins with the last thing of the page before. Where that
stands elsewhere or not at all, the offset goes back until a page begins at or before it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct, json

from orderwire.dialects.shop_json import Misread, Part, decoded, pieces
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.dialects.woocommerce.replies import error_code
from orderwire.errors import BadReply, ConfigError

BASE = "/wp-json/wc/v3"
MOST = 100
"""The greatest `per_page` that is taken."""


class Place(Struct, frozen=True, omit_defaults=True):
    """How far a list was read: how many things lie before, and the id of the last one seen."""

    offset: int = 0
    last: int = 0


class Row(Struct, frozen=True):
    """One thing of a list: its id, its bytes and what they say. `part` is None where they are no object."""

    key: int
    raw: bytes
    part: Part


class Rows(Struct, frozen=True):
    """New things of a list, and the cursor of the next page; None at the end."""

    rows: tuple[Row, ...]
    cursor: str | None
    total: int | None = None


Asking = Generator[WireRequest, WireReply, Rows]


def get(path: str, **query: object) -> WireRequest:
    """A request for something below the API's base."""
    asked = f"?{urlencode({name: str(value) for name, value in query.items()})}" if query else ""
    return WireRequest(method="GET", path=f"{path if path.startswith('/wp-json') else BASE + path}{asked}")


def rows_of(reply: WireReply) -> list[Row]:
    """The things of a list as it was answered.

    Raises:
        BadReply: it is no list of things with ids.
    """
    try:
        found = [(raw, Part(decoded(raw))) for raw in pieces(reply.body)]
        return [Row(_id(part), raw, part) for raw, part in found]
    except Misread as error:
        raise BadReply(f"a list of the shop cannot be read: {error.problem}") from error


def page(path: str, query: Mapping[str, object], cursor: str, limit: int, *, is_optional: bool = False) -> Asking:
    """The next page of a list, anchored at the last thing seen; an optional list that is not there is empty.

    Raises:
        BadReply: the reply is no list.
        ConfigError: there is no such API at this address.
    """
    place = json.decode(cursor, type=Place) if cursor else Place()
    size = max(2, min(limit, MOST)) if place.last else max(1, min(limit, MOST))
    offset = max(0, place.offset - 1) if place.last else 0
    while True:
        reply = yield get(path, **query, orderby="id", order="asc", per_page=size, offset=offset)
        if reply.status == 404 and is_optional:
            return Rows((), None)
        if reply.status == 404:
            raise no_api(reply)
        rows = rows_of(reply)
        if not offset or (rows and rows[0].key <= place.last):
            break
        offset = max(0, offset - size + 1)
    new = tuple(row for row in rows if row.key > place.last)
    is_last = len(rows) < size
    after = Place(offset + len(rows), max([place.last, *(row.key for row in rows)]))
    return Rows(new, None if is_last else json.encode(after).decode(), _total(reply))


def whole(path: str, is_wanted: Callable[[Row], bool] = lambda _row: True) -> Asking:
    """All things of a short list; none where the shop has no such list."""
    found: dict[int, Row] = {}
    offset = 0
    while True:
        reply = yield get(path, orderby="id", order="asc", per_page=MOST, offset=offset)
        if reply.status == 404:
            return Rows((), None)
        rows = rows_of(reply)
        found.update((row.key, row) for row in rows if is_wanted(row))
        if len(rows) < MOST:
            return Rows(tuple(found.values()), None, len(found))
        offset += len(rows)


def no_api(reply: WireReply) -> ConfigError:
    """What a 404 to a whole list means."""
    if error_code(reply.body) == "rest_no_route":
        return ConfigError("source", "the shop has no such list.", "Is WooCommerce 3.5 or newer active there?")
    return ConfigError(
        "source", "there is no WooCommerce API at this address.", "Pretty permalinks must be on; try url/wp-json/."
    )


def _id(part: Part) -> int:
    found = part.whole("id")
    if found is None or found <= 0:
        raise Misread("id", "is missing")
    return found


def _total(reply: WireReply) -> int | None:
    text: Any = reply.headers.get("x-wp-total", "")
    return int(text) if text.isdecimal() else None
