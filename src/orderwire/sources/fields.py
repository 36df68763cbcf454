"""The fields a mapping may fill, entity by entity, as tables that parsing, reading and docs share.

A field path is the path in our model, with the person's identifiers lifted up (`email`, not `identity.email`).
`properties.<name>` is open: any name may be mapped, and the value is kept as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Sort(StrEnum):
    """What a column's value is read as."""

    TEXT = "text"
    INSTANT = "a point in time"
    DAY = "a date"
    MONEY = "an amount of money"
    PRICE = "a price"
    QUANTITY = "a quantity"
    COUNT = "a whole number"
    FLAG = "yes or no"
    LIST = "a list of texts"
    SCALAR = "a plain value"
    CURRENCY = "an ISO 4217 currency code"
    CHANNEL = "a channel (email or sms)"
    CONSENT_STATE = "a consent state (subscribed, unsubscribed, never_asked or suppressed)"
    EVENT_NAME = "an event name (product.viewed, site.active or custom.<name>)"
    REFUND_KIND = "a kind of refund (full, partial, money_only or restock_only)"


PROPERTIES = "properties."

_IDENTITY = {"external_id": Sort.TEXT, "email": Sort.TEXT, "phone": Sort.TEXT, "anonymous_id": Sort.TEXT}
IDENTIFIERS = tuple(_IDENTITY)

_ADDRESS_PARTS = (
    "first_name",
    "last_name",
    "company",
    "line1",
    "line2",
    "city",
    "region",
    "region_code",
    "postal_code",
    "country",
    "country_code",
    "phone",
)


def _address(prefix: str) -> dict[str, Sort]:
    return {f"{prefix}.{part}": Sort.TEXT for part in _ADDRESS_PARTS}


def _texts(*names: str) -> dict[str, Sort]:
    return dict.fromkeys(names, Sort.TEXT)


_PEOPLE = {
    **_IDENTITY,
    **_texts("first_name", "last_name", "company", "gender", "language", "time_zone"),
    "birth_date": Sort.DAY,
    **_address("address"),
    "tags": Sort.LIST,
    "created_at": Sort.INSTANT,
    "updated_at": Sort.INSTANT,
}
_CONSENTS = {
    **_IDENTITY,
    "channel": Sort.CHANNEL,
    "state": Sort.CONSENT_STATE,
    "changed_at": Sort.INSTANT,
    **_texts("origin", "ip_address", "user_agent"),
    "is_double_opt_in": Sort.FLAG,
}
_PRODUCTS = {
    **_texts("title", "description", "sku", "brand", "url", "image_url"),
    "currency": Sort.CURRENCY,
    "price": Sort.PRICE,
    "compare_at_price": Sort.PRICE,
    "categories": Sort.LIST,
    "tags": Sort.LIST,
    "inventory": Sort.COUNT,
    "is_published": Sort.FLAG,
    "created_at": Sort.INSTANT,
    "updated_at": Sort.INSTANT,
    "removed_at": Sort.INSTANT,
}
_VARIANTS = {
    **_texts("variant_id", "title", "sku", "url", "image_url"),
    "price": Sort.PRICE,
    "compare_at_price": Sort.PRICE,
    "inventory": Sort.COUNT,
}
_ORDERS = {
    **_IDENTITY,
    "currency": Sort.CURRENCY,
    "placed_at": Sort.INSTANT,
    "paid_at": Sort.INSTANT,
    "fulfilled_at": Sort.INSTANT,
    "delivered_at": Sort.INSTANT,
    "cancelled_at": Sort.INSTANT,
    "updated_at": Sort.INSTANT,
    "total": Sort.MONEY,
    "subtotal": Sort.MONEY,
    "discount": Sort.MONEY,
    "tax": Sort.MONEY,
    "shipping": Sort.MONEY,
    "fee": Sort.MONEY,
    "is_tax_included": Sort.FLAG,
    "is_test": Sort.FLAG,
    "marketing_consent": Sort.FLAG,
    **_texts("number", "store", "first_name", "last_name", "cancel_reason", "discount_code", "discount_title"),
    **_texts("payment_method", "shipping_method", "url", "note"),
    "tags": Sort.LIST,
    **_address("billing_address"),
    **_address("shipping_address"),
}
_LINES = {
    **_texts("line_id", "name", "product_id", "variant_id", "sku", "brand", "url", "image_url"),
    "categories": Sort.LIST,
    "quantity": Sort.QUANTITY,
    "unit_price": Sort.PRICE,
    "subtotal": Sort.MONEY,
    "discount": Sort.MONEY,
    "tax": Sort.MONEY,
    "total": Sort.MONEY,
}
_REFUNDS = {
    "refunded_at": Sort.INSTANT,
    "amount": Sort.MONEY,
    "shipping": Sort.MONEY,
    "kind": Sort.REFUND_KIND,
    "reason": Sort.TEXT,
}
_REFUND_LINES = {"line_id": Sort.TEXT, "quantity": Sort.QUANTITY, "amount": Sort.MONEY}
_SHIPMENTS = {
    "shipped_at": Sort.INSTANT,
    "delivered_at": Sort.INSTANT,
    **_texts("carrier", "tracking_code", "tracking_url"),
}
_CARTS = {
    **_IDENTITY,
    "currency": Sort.CURRENCY,
    "total": Sort.MONEY,
    "discount": Sort.MONEY,
    "updated_at": Sort.INSTANT,
    "abandoned_at": Sort.INSTANT,
    "checkout_started_at": Sort.INSTANT,
    **_texts("store", "url"),
}
_SUBSCRIPTIONS = {
    **_IDENTITY,
    "product_ids": Sort.LIST,
    **_texts("interval", "next_order_id", "cancel_reason"),
    "price": Sort.MONEY,
    "currency": Sort.CURRENCY,
    "created_at": Sort.INSTANT,
    "next_order_at": Sort.INSTANT,
    "cancelled_at": Sort.INSTANT,
    "updated_at": Sort.INSTANT,
}
_EVENTS = {
    **_IDENTITY,
    "name": Sort.EVENT_NAME,
    "occurred_at": Sort.INSTANT,
    "value": Sort.MONEY,
    "currency": Sort.CURRENCY,
}

FIELDS: Mapping[str, Mapping[str, Sort]] = MappingProxyType(
    {
        "people": _PEOPLE,
        "consents": _CONSENTS,
        "products": _PRODUCTS,
        "products.variants": _VARIANTS,
        "orders": _ORDERS,
        "orders.lines": _LINES,
        "orders.refunds": _REFUNDS,
        "orders.refunds.lines": _REFUND_LINES,
        "orders.shipments": _SHIPMENTS,
        "carts": _CARTS,
        "carts.lines": _LINES,
        "subscriptions": _SUBSCRIPTIONS,
        "events": _EVENTS,
    }
)
"""What each entity and each of its children may be told. Ids are not fields: they have their own key."""

REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "consents": ("state",),
        "products": ("title",),
        "orders": ("placed_at",),
        "orders.refunds": ("refunded_at",),
        "orders.refunds.lines": ("line_id",),
        "orders.shipments": ("shipped_at",),
        "subscriptions": ("created_at",),
        "events": ("name", "occurred_at"),
    }
)
"""Fields that a mapping cannot do without."""

CHILDREN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "products": ("variants",),
        "orders": ("lines", "refunds", "shipments"),
        "orders.refunds": ("lines",),
        "carts": ("lines",),
    }
)

OPEN_PROPERTIES = frozenset(
    {"people", "products", "products.variants", "orders", "orders.lines", "carts", "carts.lines", "subscriptions"}
    | {"events"}
)
"""Where `properties.<name>` may be mapped."""

ENTITIES = ("consents", "people", "products", "orders", "subscriptions", "carts", "events")
"""In the order they are read: consent first, so that nobody is known before their no is."""

HAPPENINGS: Mapping[str, str] = MappingProxyType(
    {
        "placed": "placed_at",
        "paid": "paid_at",
        "fulfilled": "fulfilled_at",
        "delivered": "delivered_at",
        "cancelled": "cancelled_at",
    }
)
"""What a shop's status can say, and the instant that tells when."""


def sort_of(place: str, path: str) -> Sort | None:
    """What the field at `path` of an entity or child is read as; None for a field that does not exist."""
    if path.startswith(PROPERTIES) and len(path) > len(PROPERTIES) and place in OPEN_PROPERTIES:
        return Sort.SCALAR
    return FIELDS[place].get(path)
