"""Reading a list of Magento to its end while it changes, by searchCriteria.

No page numbers are used: a list is sorted by its key, and each request asks for what lies behind the last key seen.
So nothing is skipped when things come or go meanwhile, and a page beyond the end, which older versions answer with
the last page again, is never asked for. `total_count` then counts what is left, this page included: a page that says
there is more but holds nothing is refused rather than taken for the end.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

import msgspec
from msgspec import Raw, Struct

from orderwire.dialects.connector import Access
from orderwire.dialects.shop_json import Misread, Part, decoded
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import BadReply, ConfigError

MOST = 100
_TIMEOUT = 60.0


class Filter(Struct, frozen=True):
    """One condition; all of them must hold."""

    field: str
    value: str
    condition: str


class Row(Struct, frozen=True):
    """One thing of a list: its key, its bytes and what they say."""

    key: int
    raw: bytes
    part: Part


class Rows(Struct, frozen=True):
    """New things of a list, the cursor of the next page (None at the end) and how many things are left in all."""

    rows: tuple[Row, ...]
    cursor: str | None
    total: int | None = None


class Listing(Struct, frozen=True):
    """A list: its path below `/V1`, the field it is sorted by, and what a thing calls that field."""

    path: str
    key: str = "entity_id"
    named: str = "entity_id"


class _Envelope(Struct):
    items: list[Raw] | None = None
    total_count: int | None = None


Asking = Generator[WireRequest, WireReply, Rows]
_ENVELOPE = msgspec.json.Decoder(_Envelope)


def since(field: str, at: datetime) -> Filter:
    """Everything with a time at or after this; Magento keeps and compares UTC."""
    return Filter(field, at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"), "gteq")


def among(field: str, keys: Iterable[int]) -> Filter:
    """Everything of these keys."""
    return Filter(field, ",".join(map(str, keys)), "in")


def get(path: str, access: Access, query: Mapping[str, str] | None = None) -> WireRequest:
    """A request for something of the shop, its brackets escaped: filters before shops refuse bare ones."""
    asked = f"?{urlencode(query)}" if query else ""
    store = access.text("store_view") or "all"
    return WireRequest(method="GET", path=f"/rest/{store}/V1{path}{asked}", timeout=_TIMEOUT)


def criteria(listing: Listing, filters: Iterable[Filter], size: int) -> dict[str, str]:
    """A search as Magento takes it: filters in groups of their own, which must all hold."""
    query: dict[str, str] = {}
    for place, one in enumerate(filters):
        group = f"searchCriteria[filter_groups][{place}][filters][0]"
        query |= {
            f"{group}[field]": one.field,
            f"{group}[value]": one.value,
            f"{group}[condition_type]": one.condition,
        }
    return query | {
        "searchCriteria[sortOrders][0][field]": listing.key,
        "searchCriteria[sortOrders][0][direction]": "ASC",
        "searchCriteria[pageSize]": str(size),
        "searchCriteria[currentPage]": "1",
    }


def page(listing: Listing, filters: tuple[Filter, ...], cursor: str, limit: int, access: Access) -> Asking:
    """The next page of a list, behind the last key seen.

    Raises:
        BadReply: the reply is no list.
        ConfigError: there is no such list at this address.
    """
    last = int(cursor) if cursor.isdecimal() else 0
    behind = (Filter(listing.key, str(last), "gt"),) if last else ()
    size = max(1, min(limit, MOST))
    reply = yield get(listing.path, access, criteria(listing, (*filters, *behind), size))
    if reply.status == 404:
        raise ConfigError(
            "source", f"there is no {listing.path} of Magento's API at this address.", "Try url/rest/V1/orders."
        )
    rows, total = _read(reply, listing)
    if not rows and total:
        raise BadReply(f"{listing.path} says that there is more, and gives nothing")
    new = tuple(row for row in rows if row.key > last)
    is_last = not new or (len(rows) < size and (total is None or total <= len(rows)))
    return Rows(new, None if is_last else str(max(row.key for row in new)), None if total is None else total)


def whole(
    listing: Listing, filters: tuple[Filter, ...], limit: int, access: Access
) -> Generator[WireRequest, WireReply, list[Row]]:
    """All things of a short list, as many at a time as the shop gives."""
    found: list[Row] = []
    cursor: str | None = ""
    while cursor is not None:
        rows = yield from page(listing, filters, cursor, limit, access)
        found += rows.rows
        cursor = rows.cursor
    return found


def _read(reply: WireReply, listing: Listing) -> tuple[list[Row], int | None]:
    try:
        envelope = _ENVELOPE.decode(reply.body)
        found = [(bytes(one), Part(decoded(bytes(one)))) for one in envelope.items or ()]
        return [Row(_key(part, listing), raw, part) for raw, part in found], envelope.total_count
    except Misread as error:
        raise BadReply(f"{listing.path} cannot be read: {error.problem}") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadReply(f"{listing.path} is no list") from error


def _key(part: Part, listing: Listing) -> int:
    found = part.whole(listing.named)
    if found is None or found <= 0:
        raise Misread(listing.named, "is missing")
    return found
