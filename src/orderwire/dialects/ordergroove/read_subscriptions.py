"""Recurring purchases: a subscription, the order it will be in next, and what that order holds.

A subscription has no date of its next order: the order does, and the order's items say which subscriptions are in it.
An order groups what one customer gets on one day, so it may hold several subscriptions; its reminder is one. The
oldest of them carries it: only its record names the order (`next_order_id`), once the reminder is due. So one that
joins later tells nothing again; where the oldest is cancelled after the reminder, the next one tells it again.

The version of a record is the newest of all that it is made of, so that a moved order is newer than it was before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct

from orderwire.dialects.ordergroove.fields import UNSENT, day, interval, midnight, moment, products_of
from orderwire.dialects.ordergroove.read_people import identity, is_active
from orderwire.dialects.shop_json import Misread, Part
from orderwire.model import Identity, Subscription
from orderwire.model.money import minor
from orderwire.model.people import JsonScalar

_USUAL_LEAD = 10
_FROM_PRODUCT = {"detail_url": "detail_url", "image_url": "image_url", "name": "product_name"}
_ITS_OWN = {"merchant_order_id": "first_order_id", "cancel_reason_code": "cancel_reason_code"}


class Order(Struct, frozen=True):
    """An order still to be placed, and the items in it."""

    order: Part
    items: tuple[Part, ...]

    @property
    def order_id(self) -> str:
        """Ordergroove's id; the shop gives another once it is placed."""
        return self.order.need("public_id")

    def item_of(self, subscription_id: str) -> Part | None:
        """The item of a subscription; None where the order has none."""
        return next((one for one in self.items if one.text("subscription") == subscription_id), None)


class Whole(Struct, frozen=True, kw_only=True):
    """A subscription with everything that belongs to it."""

    subscription: Part
    customer: Part | None
    product: Part | None
    next_order: Order | None
    is_carrier: bool = False
    """Whether its record carries the reminder of the next order."""


def is_upcoming(order: Part) -> bool:
    """Whether an order is still to be placed."""
    return order.whole("status") == UNSENT


def next_of(subscription: Part, orders: Sequence[Order]) -> Order | None:
    """The next order that a subscription is in."""
    number = subscription.need("public_id")
    mine = [one for one in orders if is_upcoming(one.order) and one.item_of(number) is not None]
    return min(mine, key=lambda one: (one.order.text("place") or "", one.order_id), default=None)


def carrier_of(order: Order, subscriptions: Sequence[Part], zone: ZoneInfo) -> str | None:
    """The subscription whose record carries an order's reminder: the oldest in it."""
    held = [one for one in subscriptions if order.item_of(one.need("public_id")) is not None]
    ages = [(created, one.need("public_id")) for one in held if (created := moment(one, "created", zone))]
    return min(ages)[1] if ages else None


def due_at(whole: Whole, zone: ZoneInfo) -> datetime | None:
    """When the reminder of the next order is due; None where another subscription carries it, or there is none."""
    following = whole.next_order
    if following is None or not whole.is_carrier:
        return None
    on = day(following.order, "place")
    lead = whole.subscription.whole("reminder_days")
    return None if on is None else midnight(on - timedelta(days=_USUAL_LEAD if lead is None else lead), zone)


def subscription(whole: Whole, zone: ZoneInfo, *, reminded_at: datetime | None = None) -> Subscription:
    """Read one subscription. `reminded_at` is when the reminder of its next order was due, None where it is not yet.

    Raises:
        Misread: a part of it cannot be understood.
    """
    part, following = whole.subscription, whole.next_order
    created = moment(part, "created", zone)
    if created is None:
        raise Misread(part.at("created"), "is missing")
    on = day(following.order, "place") if following else None
    item = following.item_of(part.need("public_id")) if following else None
    currency = part.text("currency_code") or (following.order.text("currency_code") if following else None)
    price = _price(part, item, currency)
    cancelled = None if is_active(part) else moment(part, "cancelled", zone)
    moved = (
        moment(part, "updated", zone),
        moment(following.order, "updated", zone) if following else None,
        reminded_at,
        created,
    )
    return Subscription(
        subscription_id=part.need("public_id"),
        identity=identity(whole.customer) if whole.customer else Identity(external_id=part.need("customer")),
        created_at=created,
        product_ids=products_of(part),
        interval=interval(part),
        price=price,
        currency=currency,
        next_order_at=midnight(on, zone) if on else None,
        next_order_id=following.order_id if following and reminded_at else None,
        next_order_product_ids=tuple(_held(following)) if following else (),
        next_order_total=_total(following, currency) if following else None,
        cancelled_at=cancelled,
        cancel_reason=_reason(part) if cancelled else None,
        properties=dict(_properties(whole)),
        updated_at=max(at for at in moved if at is not None),
    )


def _price(part: Part, item: Part | None, currency: str | None) -> int | None:
    """What one delivery of it costs: its part of the next order, else the price it is locked at."""
    if currency is None:
        return None
    if item is not None and (asked := item.decimal("total_price")) is not None:
        return minor(asked, currency)
    locked = part.decimal("price")
    quantity = part.decimal("quantity")
    return None if locked is None else minor(locked * (Decimal(1) if quantity is None else quantity), currency)


def _total(following: Order, currency: str | None) -> int | None:
    total = following.order.decimal("total")
    return None if total is None or currency is None else minor(total, currency)


def _held(following: Order) -> Iterator[str]:
    """The products that an order holds, each once, those bought once only among them; items have no order."""
    yield from sorted({product for one in following.items for product in products_of(one)})


def _reason(part: Part) -> str | None:
    """The words of a reason written `<code>|<words>`, else its code."""
    code, _, words = (part.text("cancel_reason") or "").partition("|")
    return words.strip() or code.strip() or part.text("cancel_reason_code")


def _properties(whole: Whole) -> Iterator[tuple[str, JsonScalar]]:
    part = whole.subscription
    is_over = not is_active(part)
    yield "status", "cancelled" if is_over and part.value.get("cancelled") else "paused" if is_over else "active"
    if (quantity := part.whole("quantity")) is not None:
        yield "quantity", quantity
    for theirs, ours in _ITS_OWN.items():
        if (text := part.text(theirs)) is not None:
            yield ours, text
    for theirs, ours in _FROM_PRODUCT.items():
        if whole.product is not None and (text := whole.product.text(theirs)) is not None:
            yield ours, text
