"""What belongs together: a customer, their subscriptions, the orders to come, and the products of it all.

Nothing at Ordergroove is whole by itself, so whatever moved, everything of its customer is asked for, and every
record is made of it. The bytes of a record hold all that it was made of.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from orderwire.dialects.connector import Access, Found
from orderwire.dialects.doorway import Unread
from orderwire.dialects.ordergroove.fields import UNSENT, moment
from orderwire.dialects.ordergroove.paging import everything, thing
from orderwire.dialects.ordergroove.read_people import person
from orderwire.dialects.ordergroove.read_subscriptions import Order, Whole, carrier_of, due_at, next_of, subscription
from orderwire.dialects.shop_json import Misread, Part, decoded
from orderwire.dialects.wire import WireReply, WireRequest

Products = dict[str, bytes | None]
"""Products by id as far as they were asked for; None for those there are none of."""


class Household(Struct, frozen=True, kw_only=True):
    """One customer with everything there is of them, as it was answered."""

    customer_id: str
    customer: bytes | None = None
    subscriptions: tuple[bytes, ...] = ()
    orders: tuple[tuple[bytes, tuple[bytes, ...]], ...] = ()
    """Orders still to be placed, each with its items."""


def ask_people(customer_id: str, customer: bytes | None) -> Generator[WireRequest, WireReply, Household]:
    """A customer as answered, None where there is none, with their subscriptions."""
    subscriptions = yield from everything("/subscriptions/", customer=customer_id)
    return Household(customer_id=customer_id, customer=customer, subscriptions=subscriptions)


def ask_all(customer_id: str) -> Generator[WireRequest, WireReply, Household]:
    """A customer with their subscriptions and the orders to come."""
    customer = yield from thing("/customers/", customer_id)
    people = yield from ask_people(customer_id, customer)
    orders = yield from everything("/orders/", customer=customer_id, status=UNSENT)
    held: list[tuple[bytes, tuple[bytes, ...]]] = []
    for order in orders:
        try:
            number = Part(decoded(order)).need("public_id")
        except Misread:
            continue
        items = yield from everything("/items/", order=number)
        held.append((order, items))
    return Household(
        customer_id=customer_id, customer=people.customer, subscriptions=people.subscriptions, orders=tuple(held)
    )


def ask_products(household: Household, products: Products) -> Generator[WireRequest, WireReply, None]:
    """Add the products of a household's subscriptions to those known."""
    for raw in household.subscriptions:
        try:
            number = Part(decoded(raw)).text("product")
        except Misread:
            continue
        if number is not None and number not in products:
            products[number] = yield from thing("/products/", number)


def told_person(household: Household, access: Access, zone: ZoneInfo) -> Found | Unread | None:
    """The person of a household, or why there is none; None where Ordergroove has no such customer any more."""
    if household.customer is None:
        return None
    raw = joined(customer=household.customer, subscriptions=listed(household.subscriptions))
    return understood_person(raw, household.customer_id, access, zone)


def told_subscriptions(
    household: Household, products: Products, zone: ZoneInfo, until: datetime
) -> Iterator[Found | Unread]:
    """The subscriptions of a household as they stand at a moment."""
    try:
        orders = [(_order(order, items), order, items) for order, items in household.orders]
        parts = [_part(raw) for raw in household.subscriptions]
        carriers = {carrier_of(one, parts, zone) for one, _, _ in orders}
    except Misread as error:
        yield _unread(error, f"of customer {household.customer_id}", listed(household.subscriptions))
        return
    for raw, part in zip(household.subscriptions, parts, strict=True):
        mine = next_of(part, [one for one, _, _ in orders])
        order, items = next(((bytes_, held) for one, bytes_, held in orders if one is mine), (b"null", ()))
        kept = joined(
            subscription=raw,
            customer=household.customer or b"null",
            product=products.get(part.text("product") or "") or b"null",
            order=order,
            items=listed(items),
            is_carrier=b"true" if part.text("public_id") in carriers else b"false",
        )
        yield understood_subscription(kept, zone, until)


def understood_person(raw: bytes, key: str, access: Access, zone: ZoneInfo) -> Found | Unread:
    """The person in kept bytes."""
    try:
        part = Part(decoded(raw))
        customer = part.part("customer")
        if customer is None:
            raise Misread("customer", "is missing")
        record = person(customer, part.parts("subscriptions"), access, zone)
        changed = moment(customer, "last_updated", zone)
    except Misread as error:
        return _unread(error, key, raw, stream="people")
    return Found(record=record, raw=raw, key=record.identity.external_id or key, changed_at=changed)


def understood_subscription(raw: bytes, zone: ZoneInfo, until: datetime) -> Found | Unread:
    """The subscription in kept bytes, as it stands at a moment.

    A reminder that is due stands in the bytes from then on. What a webhook told is as new as the webhook, because an
    order in it has no time of its last change.
    """
    key = ""
    try:
        part = Part(decoded(raw))
        whole = whole_of(part)
        key = whole.subscription.need("public_id")
        due = due_at(whole, zone)
        told = moment(part, "reminded_at", zone) or (due if due is not None and due <= until else None)
        record = subscription(whole, zone, reminded_at=told if due is not None else None)
        if (heard := moment(part, "heard_at", zone)) is not None:
            record = replace(record, updated_at=max(heard, record.updated_at or heard))
        changed = moment(whole.subscription, "updated", zone)
    except Misread as error:
        return _unread(error, key, raw)
    if record.next_order_id is not None and told is not None and "reminded_at" not in part.value:
        raw = raw[:-1] + b',"reminded_at":' + str(int(told.timestamp())).encode() + b"}"
    return Found(record=record, raw=raw, key=key, changed_at=changed)


def whole_of(part: Part) -> Whole:
    """A subscription and what belongs to it, out of kept bytes.

    Raises:
        Misread: they are not what is kept.
    """
    subscription_part, order = part.part("subscription"), part.part("order")
    if subscription_part is None:
        raise Misread("subscription", "is missing")
    return Whole(
        subscription=subscription_part,
        customer=part.part("customer"),
        product=part.part("product"),
        next_order=Order(order, tuple(part.parts("items"))) if order is not None else None,
        is_carrier=bool(part.flag("is_carrier")),
    )


def joined(**members: bytes) -> bytes:
    """One object of these members' own bytes."""
    return b"{" + b",".join(b'"' + name.encode() + b'":' + value for name, value in members.items()) + b"}"


def listed(rows: Sequence[bytes]) -> bytes:
    """One list of these things' own bytes."""
    return b"[" + b",".join(rows) + b"]"


def _part(raw: bytes) -> Part:
    return Part(decoded(raw))


def _order(order: bytes, items: Sequence[bytes]) -> Order:
    return Order(_part(order), tuple(_part(one) for one in items))


def _unread(error: Misread, key: str, raw: bytes, *, stream: str = "subscriptions") -> Unread:
    return Unread(stream=stream, key=key, place=error.place, problem=error.problem, remedy=error.remedy, raw=raw)
