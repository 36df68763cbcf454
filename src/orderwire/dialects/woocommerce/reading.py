"""Which requests read a stretch of a stream, and what each thing in their replies is."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from orderwire.dialects.connector import Access, Found, Piece, Reading, Sight, Stretch
from orderwire.dialects.doorway import Unread
from orderwire.dialects.shop_json import Misread, Part, decoded
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.dialects.woocommerce.paging import MOST, Row, Rows, get, page, rows_of, whole
from orderwire.dialects.woocommerce.read_orders import is_order, order_of
from orderwire.dialects.woocommerce.read_people import person
from orderwire.dialects.woocommerce.read_products import has_variations, product
from orderwire.dialects.woocommerce.read_subscriptions import subscription
from orderwire.errors import BadReply
from orderwire.model import Record

SUBSCRIPTIONS = "/wp-json/wc/v3/subscriptions"
Read: TypeAlias = Callable[[Part, Sequence[Part], Access, datetime | None], Record | None]
Steps: TypeAlias = Generator[WireRequest, WireReply, Piece]


def _order(part: Part, refunds: Sequence[Part], access: Access, news_from: datetime | None) -> Record | None:
    return order_of(part, refunds, access, news_from=news_from) if is_order(part, access) else None


def _product(part: Part, variations: Sequence[Part], access: Access, _news_from: datetime | None) -> Record:
    return product(part, variations, access.text("currency"))


READERS: Mapping[str, Read] = {
    "people": lambda part, _children, _access, _news_from: person(part),
    "products": _product,
    "subscriptions": lambda part, _children, _access, _news_from: subscription(part),
    "orders": _order,
}
"""How one thing of each noun is read, with what is kept beside it: refunds of an order, variations of a product."""
_PATHS = {"people": "/customers", "products": "/products", "orders": "/orders", "subscriptions": SUBSCRIPTIONS}
_CHILDREN = {"orders": "refunds", "products": "variations"}


def read(stretch: Stretch, access: Access) -> Reading:
    """Read the next piece of a stretch."""
    noun = stretch.stream.partition(".")[0]
    if stretch.stream == "orders.refunds":
        rows, cursor, total = yield from _refunded(stretch)
    else:
        query: dict[str, object] = {"status": "any"} if noun in ("orders", "products", "subscriptions") else {}
        query |= _since("after" if stretch.stream == "orders.recent" else "modified_after", stretch.since)
        found = yield from page(_PATHS[noun], query, stretch.cursor, stretch.limit)
        rows, cursor, total = list(found.rows), found.cursor, found.total
    return (yield from _told(noun, rows, cursor, total, stretch, access))


def _since(name: str, since: datetime | None) -> dict[str, object]:
    """The lower bound of a list. Without `dates_are_gmt` the shop would take it for its own local time."""
    if since is None:
        return {}
    return {name: since.strftime("%Y-%m-%dT%H:%M:%S"), "dates_are_gmt": "true"}


def _refunded(stretch: Stretch) -> Generator[WireRequest, WireReply, tuple[list[Row], str | None, int | None]]:
    """The orders of the refunds that were made since; none where the shop has no list of refunds."""
    query = _since("after", stretch.since)
    refunds = yield from page("/refunds", query, stretch.cursor, stretch.limit, is_optional=True)
    parents = _parents(refunds.rows)
    if not parents:
        return [], refunds.cursor, None
    reply = yield get("/orders", status="any", include=",".join(map(str, parents)), per_page=MOST)
    return rows_of(reply), refunds.cursor, None


def _parents(refunds: Sequence[Row]) -> list[int]:
    try:
        return sorted({parent for one in refunds if (parent := one.part.whole("parent_id"))})
    except Misread as error:
        raise BadReply(f"the list of refunds cannot be read: {error.place} {error.problem}") from error


def _told(
    noun: str, rows: Sequence[Row], cursor: str | None, total: int | None, stretch: Stretch, access: Access
) -> Steps:
    """What these things are, each with what the shop keeps beside it."""
    found: list[Found] = []
    unread: list[Unread] = []
    for row in rows:
        beside = yield from _beside(noun, row)
        raw = with_children(row.raw, [one.raw for one in beside.rows]) if beside.rows else row.raw
        children = [one.part for one in beside.rows]
        told = understood(noun, row.part, children, raw, access, news_from=stretch.news_from)
        if isinstance(told, Found):
            found.append(told)
        elif told is not None:
            unread.append(told)
    return Piece(found=tuple(found), unread=tuple(unread), cursor=cursor, total=total)


def _beside(noun: str, row: Row) -> Generator[WireRequest, WireReply, Rows]:
    has_some = bool(row.part.value.get("refunds")) if noun == "orders" else has_variations(row.part)
    if noun not in _CHILDREN or not has_some:
        return Rows((), None)
    return (yield from whole(f"{_PATHS[noun]}/{row.key}/{_CHILDREN[noun]}"))


def understood(
    noun: str, part: Part, children: Sequence[Part], raw: bytes, access: Access, *, news_from: datetime | None
) -> Found | Unread | None:
    """A thing as a record, or why it is none; None for what is not to be told at all."""
    key = ""
    try:
        key = part.need("id")
        record = READERS[noun](part, children, access, news_from)
        changed = part.instant("date_modified_gmt", is_utc=True)
    except Misread as error:
        return Unread(stream=noun, key=key, place=error.place, problem=error.problem, remedy=error.remedy, raw=raw)
    return None if record is None else Found(record=record, raw=raw, key=key, changed_at=changed)


def with_children(raw: bytes, children: Sequence[bytes]) -> bytes:
    """The bytes of a thing with those that are kept beside it."""
    return b'{"thing":' + raw + b',"beside":[' + b",".join(children) + b"]}"


def reread(noun: str, raw: bytes, access: Access) -> Found:
    """Read kept bytes again; how they came is not known any more, so no time of a last change is certain.

    Raises:
        InvalidRecord: they cannot be understood.
    """
    try:
        whole_part = Part(decoded(raw))
        thing = whole_part.part("thing") if "beside" in whole_part.value else whole_part
        if thing is None or noun not in READERS:
            raise Misread("body", "is not of this stream")
        told = understood(noun, thing, whole_part.parts("beside"), raw, access, news_from=None)
    except Misread as error:
        raise error.of(access.source) from error
    if isinstance(told, Found):
        return told
    if told is None:
        raise Misread("status", "says that it is no order yet").of(access.source)
    raise Misread(told.place, told.problem, told.remedy).of(access.source)


def look(access: Access) -> Generator[WireRequest, WireReply, Sight]:
    """Count what there is, and see whether webhooks were switched off."""
    counts: dict[str, int | None] = {}
    for noun, path in _PATHS.items():
        if noun == "subscriptions" and not access.flag("subscriptions"):
            continue
        reply = yield get(path, per_page=1)
        text = reply.headers.get("x-wp-total", "")
        counts[noun] = int(text) if text.isdecimal() else None
    reply = yield get("/webhooks", per_page=MOST)
    return Sight(counts=counts, warnings=tuple(_hook_warnings(reply)))


def _hook_warnings(reply: WireReply) -> list[str]:
    try:
        hooks = [Part(one) for one in decoded(reply.body)] if reply.status == 200 else []
        off = [one.text("topic") or "" for one in hooks if one.text("status") == "disabled"]
    except (Misread, TypeError):
        return []
    return [f"the webhook of {topic} is switched off: five deliveries in a row had failed." for topic in off]
