"""Carts, checkouts and recurring purchases said as events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from orderwire.dialects.omnisend.door.ids import hex_id
from orderwire.dialects.omnisend.door.lines import currency_of, custom_fields, properties, read_line, read_lines
from orderwire.dialects.omnisend.door.order_events import Told
from orderwire.dialects.omnisend.door.wire import Fields
from orderwire.model import Cart, OrderLine, Subscription

CART_EVENTS = frozenset({"added product to cart", "started checkout", "cart abandoned"})
SUBSCRIPTION_EVENTS = frozenset(
    {"subscription created", "subscription updated", "subscription cancelled", "upcoming order"}
)
_CART = frozenset({"cartid", "currency", "value", "abandonedcheckouturl", "addeditem", "lineitems", "customfields"})
_SUBSCRIPTION = frozenset(
    name.lower()
    for name in (
        "subscriptionID",
        "createdAt",
        "productIDs",
        "interval",
        "price",
        "currency",
        "nextOrderAt",
        "nextOrderID",
        "cancelledAt",
        "cancelReason",
        "customFields",
    )
)


def cart_id_of(told: Told) -> str:
    """The cart's own id; for an event without one, that of the only cart its contact has."""
    given = told.properties.id("cartID")
    who = told.identity.email or told.identity.phone or told.identity.external_id or ""
    return given or f"contact-{hex_id('cart', who.lower())}"


def read_cart(told: Told, before: Cart | None) -> Cart | None:
    """The whole cart after this event; None where it says too little to be one."""
    fields = told.properties
    currency = currency_of(fields, before.currency if before else None)
    if currency is None:
        fields.fault("currency", "no currency", "required")
        return None
    was = before or Cart(
        cart_id=cart_id_of(told), identity=told.identity, currency=currency, total=0, updated_at=told.at
    )
    is_newest = before is None or told.at >= before.updated_at
    cart = _with_content(was, fields, currency, told) if is_newest else was
    if told.name == "started checkout":
        return replace(cart, checkout_started_at=_later(was.checkout_started_at, told.at))
    if told.name == "cart abandoned":
        return replace(cart, abandoned_at=_later(was.abandoned_at, told.at))
    return cart


def read_subscription(told: Told, before: Subscription | None) -> Subscription | None:
    """The whole recurring purchase after this event; None where it names none."""
    fields = told.properties
    subscription_id = fields.id("subscriptionID")
    if subscription_id is None:
        return None
    currency = currency_of(fields, before.currency if before else None)
    ends = told.name == "subscription cancelled"
    given: Mapping[str, Any] = {
        "product_ids": fields.words("productIDs"),
        "interval": fields.text("interval"),
        "price": fields.major("price", currency) if currency else None,
        "currency": currency,
        "next_order_at": fields.instant("nextOrderAt"),
        "next_order_id": fields.id("nextOrderID"),
        "cancelled_at": fields.instant("cancelledAt") or (told.at if ends else None),
        "cancel_reason": fields.text("cancelReason"),
        "properties": {
            **(before.properties if before else {}),
            **properties(fields, _SUBSCRIPTION),
            **custom_fields(fields.table("customFields")),
        },
        "updated_at": _later(before.updated_at if before else None, told.at),
    }
    was = before or Subscription(
        subscription_id=subscription_id, identity=told.identity, created_at=fields.instant("createdAt") or told.at
    )
    is_older = before is not None and before.updated_at is not None and told.at < before.updated_at
    if is_older:
        given = {"cancelled_at": was.cancelled_at or given["cancelled_at"]}
    return replace(was, **{name: value for name, value in given.items() if value is not None})


def _with_content(was: Cart, fields: Fields, currency: str, told: Told) -> Cart:
    rows, added = fields.rows("lineItems"), fields.table("addedItem")
    lines = was.lines
    if rows is not None:
        lines = read_lines(rows, currency)
    elif added is not None:
        lines = _with(lines, read_line(added, currency))
    value = fields.major("value", currency)
    return replace(
        was,
        identity=told.identity if not told.identity.is_empty else was.identity,
        currency=currency,
        total=value if value is not None else sum(line.total for line in lines),
        updated_at=told.at,
        lines=lines,
        url=fields.text("abandonedCheckoutURL") or was.url,
        properties={
            **was.properties,
            **properties(fields, _CART),
            **custom_fields(fields.table("customFields")),
        },
    )


def _with(lines: tuple[OrderLine, ...], added: OrderLine) -> tuple[OrderLine, ...]:
    """The cart's lines and the one just added, in place of one of the same variant."""
    return (*(line for line in lines if line.line_id != added.line_id), added)


def _later(one: Any, other: Any) -> Any:
    return other if one is None else max(one, other)
