"""What clients read: products, orders, contacts, profiles, lists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from orderwire.dialects.doorway import Answer, Call, Document, Known, Shelves, Wanted
from orderwire.dialects.ometria.door.answers import answering, shown
from orderwire.dialects.ometria.door.desk import COLLECTIONS, LISTS, collection_name
from orderwire.dialects.ometria.door.ids import person_number
from orderwire.dialects.ometria.door.pages import STEP, Page, documents_of
from orderwire.dialects.ometria.door.read_contacts import LIST_TAG, described
from orderwire.dialects.ometria.door.read_orders import VALIDITY, counts
from orderwire.dialects.ometria.door.show import order_shown, product_shown, profile_shown, variants_shown
from orderwire.dialects.ometria.door.values import Refusal, instant_of
from orderwire.model import Identity, Kind, Order, Person, Product

_NOT_FOUND = "Not found"


@answering
def show_orders(call: Call, shelves: Shelves) -> Answer:
    """`GET orders`: the newest state of each; by when they were placed where that is asked for."""
    page = Page.of(call)
    found: Iterator[Order] = (record for record in _things("order", shelves) if isinstance(record, Order))
    if call.asked("orderby") == "timestamp":
        found = iter(sorted(found, key=lambda order: (order.placed_at, order.order_id)))
    return shown([_order(order, shelves) for order in page.cut(found)])


@answering
def show_order(call: Call, shelves: Shelves) -> Answer:
    """`GET orders/{id}`."""
    order = shelves.snapshot(f"order:{call.parameters['id']}")
    if not isinstance(order, Order):
        raise Refusal(404, _NOT_FOUND)
    return shown(_order(order, shelves))


def _order(order: Order, shelves: Shelves) -> dict[str, Any]:
    told = shelves.document(VALIDITY, order.order_id)
    return order_shown(order, is_valid=counts(order) if told is None else told.body == b"true")


@answering
def show_products(call: Call, shelves: Shelves) -> Answer:
    """`GET products`: parents only, unless variants are asked for too."""
    page = Page.of(call)
    wanted = {"true": True, "false": False}.get(call.asked("active"))
    with_variants = call.asked("includeVariants") == "true"
    return shown(page.cut(_products(shelves, wanted, with_variants=with_variants)))


def _products(shelves: Shelves, wanted: bool | None, *, with_variants: bool) -> Iterator[dict[str, Any]]:
    for record in _things("product", shelves):
        if not isinstance(record, Product):
            continue
        is_active = record.is_published and record.removed_at is None
        is_child = bool(record.properties.get("is_variant"))
        if (wanted is not None and is_active is not wanted) or (is_child and not with_variants):
            continue
        yield product_shown(record)
        if with_variants:
            yield from variants_shown(record)


@answering
def show_product(call: Call, shelves: Shelves) -> Answer:
    """`GET products/{id}`."""
    product = shelves.snapshot(f"product:{call.parameters['id']}")
    if not isinstance(product, Product):
        raise Refusal(404, _NOT_FOUND)
    return shown(product_shown(product))


@answering
def show_collections(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001
    """`GET contacts`: the collections and how many each holds."""
    return shown(
        [
            {"id": document.key, "count": shelves.count(collection_name(document.key))}
            for document in shelves.documents(COLLECTIONS, limit=STEP)
        ]
    )


@answering
def show_contacts(call: Call, shelves: Shelves) -> Answer:
    """`GET contacts/{collection}`."""
    page = Page.of(call)
    found = page.cut(documents_of(collection_name(call.parameters["collection"]), shelves))
    return shown([msgspec.Raw(document.body) for document in found])


@answering
def show_contact(call: Call, shelves: Shelves) -> Answer:
    """`GET contacts/{collection}/{id}`: a contact as it was given, field by field."""
    document = shelves.document(collection_name(call.parameters["collection"]), call.parameters["id"])
    if document is None:
        raise Refusal(404, _NOT_FOUND)
    return shown(msgspec.Raw(document.body))


@answering
def show_profiles(call: Call, shelves: Shelves) -> Answer:
    """`GET profiles`: all of them, those changed since a date, or those of an address (a list too)."""
    # A plus that a client left bare has arrived as a space, which no address holds.
    if email := call.asked("email").strip().replace(" ", "+"):
        known = shelves.find(Identity(email=email))
        return shown([profile_shown(known)] if known is not None else [])
    page = Page.of(call)
    since = None
    if told := call.asked("updateSince"):
        since = instant_of(told)
        if since is None:
            raise Refusal(400, "updateSince has to be a date")
    return shown([profile_shown(known) for known in page.cut(_people(shelves, since))])


@answering
def show_profile(call: Call, shelves: Shelves) -> Answer:
    """`GET profiles/{id}`: one, with what they bought."""
    number = person_number(call.parameters["id"])
    known = shelves.person(number) if number is not None else None
    if known is None:
        raise Refusal(404, _NOT_FOUND)
    orders: dict[str, Order] = {}
    placed = Wanted(person=known.person, kinds=(Kind.ORDER_PLACED,), limit=STEP)
    for told in shelves.facts(placed):
        newest = shelves.snapshot(told.subject, source=told.source)
        if isinstance(newest, Order):
            orders[f"{told.source}/{told.subject}"] = newest
    return shown(profile_shown(known, list(orders.values())))


@answering
def show_lists(call: Call, shelves: Shelves) -> Answer:
    """`GET lists`: the static lists that contacts were put into."""
    if call.asked("mode") == "archived":
        return shown([])
    page = Page.of(call)
    return shown([_list(document, None) for document in page.cut(documents_of(LISTS, shelves))])


@answering
def show_list(call: Call, shelves: Shelves) -> Answer:
    """`GET lists/{id}`: a list and how many are in it."""
    document = shelves.document(LISTS, call.parameters["id"])
    if document is None:
        raise Refusal(404, _NOT_FOUND)
    tag = f"{LIST_TAG}{document.key}"
    members = (known for known in _people(shelves, None) if isinstance(known.record, Person))
    return shown(_list(document, sum(tag in described(known).tags for known in members)))


def _list(document: Document, size: int | None) -> dict[str, Any]:
    shown_list = {
        "@type": "list",
        "id": int(document.key),
        "title": f"List {document.key}",
        "description": "",
        "type": "STATIC",
        "status": "READY",
    }
    return shown_list if size is None else {**shown_list, "size": size}


def _things(kind: str, shelves: Shelves) -> Iterator[object]:
    after = ""
    while page := shelves.snapshots(kind, after=after, limit=STEP):
        yield from (record for _, record in page)
        after = page[-1][0]


def _people(shelves: Shelves, since: datetime | None) -> Iterator[Known]:
    """Everybody who is more than a visitor, and of whom something was recorded since then."""
    after = 0
    while page := shelves.people(after=after, limit=STEP):
        for known in page:
            is_named = known.email or known.phone or known.external_id
            if is_named and (since is None or (known.updated_at or datetime.min.replace(tzinfo=UTC)) >= since):
                yield known
        after = page[-1].person
