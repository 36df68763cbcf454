"""Products as Shopper Activity, and everything else a person did as Drip's custom events."""

from __future__ import annotations

from datetime import UTC
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID, uuid5

from orderwire.dialects.contract import Account, Expression, Item, Lane, Recipient, Statement
from orderwire.dialects.drip.fields import EVENT_ACTIONS, EVENT_PROPERTIES, amount, extras, provider
from orderwire.dialects.drip.size import expression
from orderwire.dialects.drip.write_people import introduction
from orderwire.model import Event, Kind, Product, Subscription, Variant, kind_of
from orderwire.model.money import major

_EVENT_IDS = UUID("6f0c5f0e-7a0b-5f0e-9a3c-2d1b8e4c7f10")
_MAX_VALUE = 2_147_483_647
_OWN_PROPERTIES = frozenset({"event_id", "value"})
"""Properties of an event that Drip reads, or that we find it by: a shop's own never stand in their place."""


def write_product(statement: Statement, account: Account, product: Product) -> Expression:
    """A product as one record for each variant; without variants it is its own."""
    is_removal = statement.kind == Kind.PRODUCT_REMOVED
    action = "deleted" if is_removal else "updated" if statement.is_known_there else "created"
    head = {
        "provider": provider(statement.source, account),
        "action": action,
        "product_id": product.product_id,
        "occurred_at": statement.occurred_at.astimezone(UTC),
    }
    currency = product.currency or str(account.options.get("currency") or "")
    unsaid = [] if currency else ["currency: not known, and Drip takes US dollars"]
    if not product.is_published and not is_removal:
        unsaid.append("is_published: Drip has no unpublished products")
    items: list[Item] = []
    for variant in product.variants or (Variant(variant_id=product.product_id),):
        price = variant.price if variant.price is not None else product.price
        if price is None and not is_removal:
            unsaid.append(f"variant {variant.variant_id}: Drip requires a price")
            continue
        record = head | _variant(product, variant, price or Decimal(0))
        if currency:
            record["currency"] = currency
        said = expression(_route(statement, "product"), _product_wire_id(product, variant), record)
        items.extend(said.items)
        unsaid.extend(said.unsaid)
    return Expression(items=tuple(items), unsaid=tuple(unsaid))


def write_event(statement: Statement, account: Account, event: Event, recipient: Recipient) -> Expression:
    """Browsing or a custom event, with its own id among the properties."""
    properties = {"source": statement.source} | extras(event.properties, _OWN_PROPERTIES)
    properties["event_id"] = event.event_id
    kind = kind_of(statement.kind)
    action = EVENT_ACTIONS.get(kind) or statement.kind.removeprefix("custom.")
    if kind is Kind.PRODUCT_VIEWED:
        properties = _viewed(properties)
    unsaid: tuple[str, ...] = ()
    if event.value is not None and event.currency:
        unsaid = _add_value(properties, event.value, event.currency)
    elif event.value is not None:
        unsaid = ("value: an amount without its currency",)
    return _event(statement, account, recipient, action, properties, unsaid)


def write_subscription(
    statement: Statement, account: Account, subscription: Subscription, recipient: Recipient
) -> Expression:
    """A recurring purchase's change as a custom event."""
    properties: dict[str, Any] = {
        "event_id": str(uuid5(_EVENT_IDS, statement.key)),
        "source": statement.source,
        "subscription_id": subscription.subscription_id,
        "product_ids": subscription.product_ids,
    }
    for name in ("interval", "next_order_at", "next_order_id", "cancelled_at", "cancel_reason"):
        if value := getattr(subscription, name):
            properties[name] = value
    if statement.detail:
        properties["next_order_id"] = statement.detail
    if subscription.price is not None and subscription.currency:
        properties["price"] = amount(subscription.price, subscription.currency)
        properties["currency"] = subscription.currency
    properties |= extras(subscription.properties, _OWN_PROPERTIES | properties.keys())
    return _event(statement, account, recipient, EVENT_ACTIONS[Kind(statement.kind)], properties)


def _event(
    statement: Statement,
    account: Account,
    recipient: Recipient,
    action: str,
    properties: dict[str, Any],
    unsaid: tuple[str, ...] = (),
) -> Expression:
    record = {
        "email": recipient.email,
        "action": action,
        "occurred_at": statement.occurred_at.astimezone(UTC),
        "properties": properties,
    }
    said = expression(_route(statement, "event"), str(properties["event_id"]), record, unsaid)
    if recipient.is_known_there or not said.items:
        return said
    return Expression(items=(introduction(recipient, account), *said.items), unsaid=said.unsaid)


def _route(statement: Statement, single: str) -> str:
    return f"{single}s" if statement.lane is Lane.HISTORY else single


def _product_wire_id(product: Product, variant: Variant) -> str:
    return f"{product.product_id}:{variant.variant_id}" if product.variants else product.product_id


def _variant(product: Product, variant: Variant, price: Decimal) -> dict[str, Any]:
    record: dict[str, Any] = {
        "product_variant_id": variant.variant_id,
        "name": f"{product.title} - {variant.title}" if variant.title else product.title,
        "price": price,
        "categories": product.categories,
    }
    optional = (
        ("sku", variant.sku or product.sku),
        ("brand", product.brand),
        ("inventory", variant.inventory if variant.inventory is not None else product.inventory),
        ("product_url", variant.url or product.url),
        ("image_url", variant.image_url or product.image_url),
    )
    return record | {name: value for name, value in optional if value is not None}


def _viewed(properties: dict[str, Any]) -> dict[str, Any]:
    seen = {EVENT_PROPERTIES.get(name, name): value for name, value in properties.items()}
    if "product_id" in seen:
        seen.setdefault("product_variant_id", seen["product_id"])
    if isinstance(seen.get("categories"), (list, tuple)):
        seen["categories"] = ", ".join(str(category) for category in seen["categories"])
    return seen


def _add_value(properties: dict[str, Any], minor_units: int, currency: str) -> tuple[str, ...]:
    """The exact amount, and Drip's conversion value: whole hundredths of the currency's major unit."""
    properties["amount"] = amount(minor_units, currency)
    properties["currency"] = currency
    cents = (major(minor_units, currency) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    if abs(cents) >= _MAX_VALUE:
        return ("value: beyond what Drip counts as a conversion",)
    properties["value"] = int(cents)
    return ()
