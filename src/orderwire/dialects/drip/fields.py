"""What Drip calls things, and the small conversions that all its records share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from msgspec import Raw, json

from orderwire.dialects.contract import Account, Recipient
from orderwire.model import Address, Channel, ConsentState, Kind, OrderLine
from orderwire.model.money import decimal_text, digits, major

encode: Callable[[object], bytes] = json.Encoder(decimal_format="number").encode
"""JSON with decimals as numbers: Drip's gateway refuses amounts and quantities that are strings."""

ORDER_ACTIONS: dict[Kind, str] = {
    Kind.ORDER_PLACED: "placed",
    Kind.ORDER_UPDATED: "updated",
    Kind.ORDER_PAID: "paid",
    Kind.ORDER_FULFILLED: "fulfilled",
    Kind.ORDER_DELIVERED: "updated",
    Kind.ORDER_CANCELLED: "canceled",
    Kind.ORDER_REFUNDED: "refunded",
}
EVENT_ACTIONS: dict[Kind, str] = {
    Kind.PRODUCT_VIEWED: "Viewed a product",
    Kind.SITE_ACTIVE: "Active on site",
    Kind.SUBSCRIPTION_CREATED: "Started a subscription",
    Kind.SUBSCRIPTION_UPDATED: "Updated a subscription",
    Kind.SUBSCRIPTION_CANCELLED: "Canceled a subscription",
    Kind.ORDER_UPCOMING: "Upcoming subscription order",
}
EVENT_PROPERTIES = {"variant_id": "product_variant_id", "url": "product_url"}
"""Our names of a viewed product's properties, and Drip's."""

_PERSON_KEYS = {"email", "person_id", "visitor_uuid", "id", "status", "initial_status", "new_email", "tags"}
RECORD_FIELDS = frozenset(
    _PERSON_KEYS
    | {"provider", "action", "occurred_at", "order_id", "order_public_id", "cart_id", "cart_public_id", "cart_url"}
    | {"checkout_id", "total_price", "grand_total", "total_discounts", "total_taxes", "total_fees", "total_shipping"}
    | {"refund_amount", "currency", "order_url", "items", "billing_address", "shipping_address"}
)
"""Names that Drip itself reads on an order, cart or checkout: a shop's own property never overwrites one."""
ITEM_FIELDS = frozenset(
    {"product_id", "product_variant_id", "sku", "name", "brand", "categories", "price", "sale_price", "quantity"}
    | {"discounts", "taxes", "fees", "shipping", "total", "product_url", "image_url", "line_id"}
)

ACTIVE = "active"
UNSUBSCRIBED = "unsubscribed"


def hint(recipient: Recipient, account: Account) -> str:
    """The `initial_status` that goes with every record: what a person becomes whom Drip does not know yet.

    Left out, Drip subscribes them. A shop that does not know newsletter status itself never hints `active`.
    """
    is_subscribed = recipient.consent.get(Channel.EMAIL) is ConsentState.SUBSCRIBED
    return ACTIVE if is_subscribed and account.knows_newsletter else UNSUBSCRIBED


def provider(source: str, account: Account) -> str:
    """The sending platform's name, lower snake case: a part of Drip's key of an order, cart and product."""
    return str(account.options.get("provider") or "") or _snake(source)


@cache
def _snake(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "shop"


def amount(minor_units: int, currency: str) -> Raw:
    """An amount as an exact JSON number in major units."""
    return Raw(decimal_text(minor_units, currency).encode())


def number(value: Decimal) -> int | Decimal:
    """A decimal as the plainest JSON number of the same value: 2.000 → 2."""
    return int(value) if value == value.to_integral_value() else value


def extras(properties: Mapping[str, Any], taken: frozenset[str]) -> dict[str, Any]:
    """A shop's own properties beside Drip's fields; a name that Drip reads itself gets the prefix `shop_`."""
    return {
        (f"shop_{name}" if name in taken else name): value for name, value in properties.items() if value is not None
    }


def order_items(lines: Iterable[OrderLine], currency: str) -> list[dict[str, Any]]:
    """The lines of an order."""
    return [_item(line, currency) for line in lines]


def cart_items(lines: Iterable[OrderLine], currency: str) -> list[dict[str, Any]]:
    """The lines of a cart, where Drip also requires product, variant and unit price."""
    items = []
    for line in lines:
        item = _item(line, currency)
        if "product_id" not in item:
            item["product_id"] = item["product_variant_id"] = line.sku or line.line_id
        if "price" not in item:
            item["price"] = _unit_price(line, currency)
        items.append(item)
    return items


def _item(line: OrderLine, currency: str) -> dict[str, Any]:
    product = line.product_id or line.variant_id
    item: dict[str, Any] = {
        "line_id": line.line_id,
        "name": line.name or line.sku or product or line.line_id,
        "quantity": number(line.quantity),
        "discounts": amount(line.discount, currency),
        "taxes": amount(line.tax, currency),
        "total": amount(line.total, currency),
    }
    if product:
        item["product_id"] = product
        item["product_variant_id"] = line.variant_id or product
    if line.unit_price is not None:
        item["price"] = line.unit_price
    if line.sku:
        item["sku"] = line.sku
    if line.brand:
        item["brand"] = line.brand
    if line.categories:
        item["categories"] = line.categories
    if line.url:
        item["product_url"] = line.url
    if line.image_url:
        item["image_url"] = line.image_url
    if line.properties:
        item.update(extras(line.properties, ITEM_FIELDS))
    return item


def _unit_price(line: OrderLine, currency: str) -> Decimal:
    if not line.quantity:
        return Decimal(0)
    price = major(line.subtotal, currency) / line.quantity
    return price.quantize(Decimal(1).scaleb(-max(digits(currency), 4)))


_ACTIVITY_ADDRESS = (
    ("first_name", "first_name"),
    ("last_name", "last_name"),
    ("company", "company"),
    ("line1", "address_1"),
    ("line2", "address_2"),
    ("city", "city"),
    ("postal_code", "postal_code"),
    ("phone", "phone"),
)
_SUBSCRIBER_ADDRESS = (("line1", "address1"), ("line2", "address2"), ("city", "city"), ("postal_code", "zip"))


def activity_address(address: Address) -> dict[str, str]:
    """An address on an order."""
    return _address(address, _ACTIVITY_ADDRESS)


def subscriber_address(address: Address) -> dict[str, str]:
    """An address on a person, where the same parts have other names."""
    return _address(address, _SUBSCRIBER_ADDRESS)


def _address(address: Address, names: tuple[tuple[str, str], ...]) -> dict[str, str]:
    parts = {theirs: value for ours, theirs in names if (value := getattr(address, ours))}
    if state := address.region or address.region_code:
        parts["state"] = state
    if country := address.country or address.country_code:
        parts["country"] = country
    return parts


def custom_fields(properties: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A person's properties as custom fields, and the names of those that another one's name displaced.

    Field names hold only lower-case letters, digits and underscores; the prefix `drip_` is Drip's own.
    """
    fields: dict[str, Any] = {}
    displaced: list[str] = []
    for name, value in properties.items():
        if value is None:
            continue
        field = re.sub(r"[^a-z0-9_]", "_", name.lower())
        if field.startswith("drip_"):
            field = f"shop_{field}"
        if field in fields:
            displaced.append(name)
        else:
            fields[field] = value
    return fields, tuple(displaced)
