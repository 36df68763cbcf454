"""Carts, browsing, recurring purchases and custom events."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from orderwire.dialects.contract import Statement
from orderwire.dialects.klaviyo.events import Happening, add_custom, instant_id, money, number, stated, unique_id
from orderwire.dialects.klaviyo.fields import CUSTOM_PREFIX, METRICS, VIEWED_PROPERTIES
from orderwire.dialects.klaviyo.lines import contents_of, product_of
from orderwire.model import Cart, Event, Kind, OrderLine, Subscription, kind_of


def of_cart(statement: Statement, cart: Cart, unsaid: list[str]) -> list[Happening]:
    """The events of one cart fact: one for each line added, or one for the checkout or the abandonment."""
    kind = Kind(statement.kind)
    stamp = instant_id(statement.occurred_at)
    value = money(cart.total, cart.currency)
    if kind is not Kind.CART_UPDATED:
        properties = _contents(cart)
        add_custom(properties, cart.properties, unsaid)
        return [Happening(METRICS[kind], unique_id(cart.cart_id, stamp), properties, value, cart.currency)]
    told: list[Happening] = []
    for line, quantity in _added(cart, statement.previous):
        properties = _added_line(line, quantity) | _contents(cart)
        add_custom(properties, cart.properties, unsaid)
        ident = unique_id(cart.cart_id, stamp, line.line_id)
        told.append(Happening(METRICS[kind], ident, properties, value, cart.currency))
    if not told:
        unsaid.append("cart: nothing was added, and Klaviyo has no event for a removal")
    return told


def of_subscription(statement: Statement, subscription: Subscription, unsaid: list[str]) -> list[Happening]:
    """The custom event of one fact of a recurring purchase."""
    kind = Kind(statement.kind)
    properties: dict[str, Any] = {"SubscriptionId": subscription.subscription_id}
    if subscription.product_ids:
        properties["ProductIDs"] = subscription.product_ids
    if subscription.interval:
        properties["Interval"] = subscription.interval
    if subscription.price is not None and subscription.currency:
        properties["Price"] = money(subscription.price, subscription.currency)
        properties["Currency"] = subscription.currency
    if subscription.next_order_at:
        properties["NextOrderAt"] = subscription.next_order_at
    if subscription.next_order_id:
        properties["NextOrderId"] = subscription.next_order_id
    if kind is Kind.SUBSCRIPTION_CANCELLED and subscription.cancel_reason:
        properties["Reason"] = subscription.cancel_reason
    add_custom(properties, subscription.properties, unsaid)
    ident = unique_id(subscription.subscription_id, *_subscription_suffix(kind, statement))
    return [Happening(METRICS[kind], ident, properties)]


def of_event(statement: Statement, event: Event, unsaid: list[str]) -> list[Happening]:
    """A view, a visit or a custom event."""
    kind = kind_of(statement.kind)
    metric = statement.kind.removeprefix(CUSTOM_PREFIX) if kind is Kind.CUSTOM else METRICS[kind]
    properties: dict[str, Any] = {}
    names = VIEWED_PROPERTIES if kind is Kind.PRODUCT_VIEWED else {}
    for name, value in event.properties.items():
        add_custom(properties, {names.get(name, name): value}, unsaid)
    amount = None
    if event.value is not None:
        if event.currency:
            amount = money(event.value, event.currency)
        else:
            unsaid.append("value: an amount without its currency")
    return [Happening(metric, unique_id(event.event_id), properties, amount, event.currency)]


def _subscription_suffix(kind: Kind, statement: Statement) -> tuple[str, ...]:
    match kind:
        case Kind.SUBSCRIPTION_CREATED:
            return ()
        case Kind.ORDER_UPCOMING if statement.detail:
            return (statement.detail,)
        case Kind.SUBSCRIPTION_UPDATED:
            # Two changes may carry the same instant where the source has no time of change; their keys differ.
            return (hashlib.blake2s(statement.key.encode(), digest_size=8).hexdigest(),)
        case _:
            return (instant_id(statement.occurred_at),)


def _added(cart: Cart, previous: object) -> list[tuple[OrderLine, Decimal]]:
    """Lines that are new or grew since the snapshot before, with the quantity that was added."""
    before = {line.line_id: line.quantity for line in previous.lines} if isinstance(previous, Cart) else {}
    grown = ((line, line.quantity - before.get(line.line_id, Decimal(0))) for line in cart.lines)
    return [(line, quantity) for line, quantity in grown if quantity > 0]


def _added_line(line: OrderLine, quantity: Decimal) -> dict[str, Any]:
    said: dict[str, Any] = {"AddedItemProductName": line.name, "AddedItemQuantity": number(quantity)}
    said |= stated(
        ("AddedItemProductID", line.product_id),
        ("AddedItemSKU", line.sku),
        ("AddedItemImageURL", line.image_url),
        ("AddedItemURL", line.url),
        ("AddedItemCategories", line.categories),
    )
    if line.unit_price is not None:
        said["AddedItemPrice"] = number(line.unit_price)
    return said


def _contents(cart: Cart) -> dict[str, Any]:
    said: dict[str, Any] = {"CartId": cart.cart_id}
    products = [product_of(line) for line in cart.lines]
    said |= contents_of(cart.lines, products, cart.currency, categories="ProductCategories")
    said |= stated(("CheckoutURL", cart.url), ("Store", cart.store))
    if cart.discount:
        said["DiscountValue"] = money(cart.discount, cart.currency)
    return said
