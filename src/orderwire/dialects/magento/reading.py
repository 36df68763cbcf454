"""Which requests read a stretch of a stream, and what each thing in their replies is."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence

from orderwire.dialects.connector import Access, Found, Piece, Reading, Sight, Stretch
from orderwire.dialects.doorway import Unread
from orderwire.dialects.magento.fields import at
from orderwire.dialects.magento.paging import (
    MOST,
    Filter,
    Listing,
    Row,
    Rows,
    among,
    criteria,
    get,
    page,
    since,
    whole,
)
from orderwire.dialects.magento.read_orders import Beside, order_of
from orderwire.dialects.magento.read_people import consent_of_account, consent_of_subscriber, person
from orderwire.dialects.magento.read_products import is_hidden_child, links_of, product
from orderwire.dialects.shop_json import Misread, Part, decoded
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import BadReply
from orderwire.model import Record

ORDERS = Listing("/orders")
PEOPLE = Listing("/customers/search", named="id")
PRODUCTS = Listing("/products", named="id")
BESIDE = ("invoices", "shipments", "creditmemos")
_KEPT = {"orders": "order", "products": "product"}
Steps = Generator[WireRequest, WireReply, Piece]


def read(stretch: Stretch, access: Access) -> Reading:
    """Read the next piece of a stretch."""
    noun, _, clock = stretch.stream.partition(".")
    if clock in BESIDE:
        rows = yield from _by_children(clock, stretch, access)
    else:
        field = {"consents": "change_status_at"}.get(noun, "created_at" if clock == "recent" else "updated_at")
        bounds = (since(field, stretch.since),) if stretch.since is not None else ()
        rows = yield from page(_listing(noun, access), bounds, stretch.cursor, stretch.limit, access)
    match noun:
        case "orders":
            return (yield from _orders(rows, stretch, access))
        case "products":
            return (yield from _products(rows, stretch.limit, access))
    return _piece((told for row in rows.rows for told in _people(noun, row, access)), rows)


def _listing(noun: str, access: Access) -> Listing:
    match noun:
        case "orders":
            return ORDERS
        case "products":
            return PRODUCTS
        case "consents":
            return Listing(access.text("newsletter_path"), key="subscriber_id", named="subscriber_id")
    return PEOPLE


def _by_children(name: str, stretch: Stretch, access: Access) -> Generator[WireRequest, WireReply, Rows]:
    """The orders whose invoices, shipments or credit memos moved."""
    bounds = (since("updated_at", stretch.since),) if stretch.since is not None else ()
    children = yield from page(Listing(f"/{name}"), bounds, stretch.cursor, stretch.limit, access)
    parents = sorted({_parent(row) for row in children.rows})
    found: list[Row] = []
    if parents:
        found = yield from whole(ORDERS, (among("entity_id", parents),), stretch.limit, access)
    return Rows(tuple(found), children.cursor)


def _parent(row: Row) -> int:
    try:
        found = row.part.whole("order_id")
    except Misread as error:
        raise BadReply(f"a list of Magento cannot be read: order_id {error.problem}") from error
    if found is None:
        raise BadReply("a list of Magento cannot be read: order_id is missing")
    return found


def _orders(rows: Rows, stretch: Stretch, access: Access) -> Steps:
    """Orders, each with everything that is kept beside it."""
    beside: dict[int, dict[str, list[Row]]] = {row.key: {name: [] for name in BESIDE} for row in rows.rows}
    for name in BESIDE if rows.rows else ():
        children = yield from whole(Listing(f"/{name}"), (among("order_id", beside),), stretch.limit, access)
        for child in children:
            if (parent := _parent(child)) in beside:
                beside[parent][name].append(child)
    told = [_order(row, beside[row.key], access, is_import=stretch.is_import) for row in rows.rows]
    return _piece(told, rows)


def _order(row: Row, beside: Mapping[str, Sequence[Row]], access: Access, *, is_import: bool) -> Found | Unread:
    lists = {name: b"[" + b",".join(one.raw for one in beside[name]) + b"]" for name in BESIDE}
    return understood("orders", _joined(order=row.raw, **lists), access, is_import=is_import)


def _products(rows: Rows, limit: int, access: Access) -> Steps:
    """Products, each with its children; those that are children only are told with what they belong to."""
    links = {row.key: _links(row) for row in rows.rows}
    wanted = sorted({one for several in links.values() for one in several})
    children: dict[int, Row] = {}
    for place in range(0, len(wanted), MOST):
        found = yield from whole(PRODUCTS, (among("entity_id", wanted[place : place + MOST]),), limit, access)
        children |= {row.key: row for row in found}
    told = []
    for row in rows.rows:
        if not _is_hidden(row):
            own = [children[one].raw for one in links[row.key] if one in children]
            kept = _joined(product=row.raw, children=b"[" + b",".join(own) + b"]")
            told.append(understood("products", kept, access))
    return _piece(told, rows)


def _links(row: Row) -> list[int]:
    try:
        return links_of(row.part)
    except Misread:
        return []


def _is_hidden(row: Row) -> bool:
    try:
        return is_hidden_child(row.part)
    except Misread:
        return False


def _people(noun: str, row: Row, access: Access) -> Iterator[Found | Unread]:
    """An account, and what it says about the newsletter unless a list says it better."""
    yield understood(noun, row.raw, access)
    if noun == "people" and not access.flag("newsletter"):
        said = understood("consents", row.raw, access)
        if isinstance(said, Found):
            yield said


def understood(noun: str, raw: bytes, access: Access, *, is_import: bool = False) -> Found | Unread:
    """The record in kept bytes, or why there is none."""
    key = ""
    try:
        part = Part(decoded(raw))
        main = (part.part(_KEPT[noun]) or Part({}, _KEPT[noun])) if noun in _KEPT else part
        key = main.text("entity_id") or main.text("id") or main.text("subscriber_id") or ""
        record = _record(noun, part, main, access, is_import=is_import)
        changed = at(main, "change_status_at" if "subscriber_id" in main.value else "updated_at")
    except Misread as error:
        return Unread(stream=noun, key=key, place=error.place, problem=error.problem, remedy=error.remedy, raw=raw)
    return Found(record=record, raw=raw, key=key, changed_at=changed)


def _record(noun: str, part: Part, main: Part, access: Access, *, is_import: bool) -> Record:
    match noun:
        case "orders":
            beside = Beside(*(part.parts(name) for name in BESIDE))
            return order_of(main, beside, access, is_import=is_import)
        case "products":
            return product(main, part.parts("children"), access)
        case "people":
            return person(main, access)
    said = consent_of_subscriber(main) if "subscriber_id" in main.value else consent_of_account(main)
    if said is None:
        raise Misread("extension_attributes.is_subscribed", "is missing")
    return said


def reread(noun: str, raw: bytes, access: Access) -> Found:
    """Read kept bytes again; whether they came with the first look is not known any more, so nothing is certain.

    Raises:
        InvalidRecord: they cannot be understood.
    """
    told = understood(noun, raw, access, is_import=True)
    if isinstance(told, Found):
        return told
    raise Misread(told.place, told.problem, told.remedy).of(access.source)


def _joined(**members: bytes) -> bytes:
    return b"{" + b",".join(b'"' + name.encode() + b'":' + value for name, value in members.items()) + b"}"


def _piece(told: Sequence[Found | Unread] | Iterator[Found | Unread], rows: Rows) -> Piece:
    every = list(told)
    return Piece(
        found=tuple(one for one in every if isinstance(one, Found)),
        unread=tuple(one for one in every if isinstance(one, Unread)),
        cursor=rows.cursor,
        total=rows.total,
    )


def look(access: Access) -> Generator[WireRequest, WireReply, Sight]:
    """Count what there is, and see whether the shop's prices look as the settings say."""
    counts: dict[str, int | None] = {}
    warnings: list[str] = []
    for noun, listing in (("people", PEOPLE), ("products", PRODUCTS), ("orders", ORDERS)):
        newest = criteria(listing, (Filter(listing.key, "0", "gt"),), 20)
        newest["searchCriteria[sortOrders][0][direction]"] = "DESC"
        reply = yield get(listing.path, access, newest)
        try:
            part = Part(decoded(reply.body))
            counts[noun] = part.whole("total_count")
            if noun == "orders" and not access.flag("prices_include_tax") and _look_gross(part.parts("items")):
                warnings.append(
                    "prices of the newest orders are rounder with tax: should prices_include_tax be true?"
                )
        except Misread as error:
            raise BadReply(f"{listing.path} is no list") from error
    return Sight(counts=counts, warnings=tuple(warnings))


def _look_gross(orders: Sequence[Part]) -> bool:
    """Whether most taxed lines cost a rounder sum with tax than without."""
    votes = [
        _ends(one, "price_incl_tax") - _ends(one, "price")
        for order in orders
        for one in order.parts("items")
        if one.decimal("tax_amount") and not one.value.get("parent_item_id")
    ]
    return bool(votes) and sum(votes) > len(votes) // 2


def _ends(part: Part, name: str) -> int:
    """1 where a price ends as prices in shops do."""
    cents = int((part.decimal(name) or 0) * 100) % 100
    return int(cents in (0, 50, 90, 95, 99))
