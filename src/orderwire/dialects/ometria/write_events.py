"""Carts, browsing, custom events and recurring purchases, all as custom events."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from orderwire.dialects.contract import Account, Expression, Item, Recipient, Statement
from orderwire.dialects.ometria.fields import (
    EVENT_TYPES,
    MAX_EVENT_TYPE,
    MAX_RECORD_BYTES,
    MAX_TEXT,
    amount,
    encode,
    event_id,
    frequency,
    moment,
    price,
)
from orderwire.model import Cart, Event, Kind, OrderLine, Subscription, kind_of
from orderwire.model.money import major

_NOBODY = "identity: a custom event needs an e-mail or an account id"
_CORRECTED = "cannot be corrected there: that a known id is the same event is not documented"


def write_event(activity: Cart | Event, statement: Statement) -> Expression:
    """A cart, a visit or a custom event."""
    unsaid: list[str] = []
    kind = kind_of(statement.kind)
    name = EVENT_TYPES.get(kind) or statement.kind.removeprefix("custom.")
    if len(name) > MAX_EVENT_TYPE:
        return Expression(unsaid=(f"event_type: Ometria cuts names of more than {MAX_EVENT_TYPE} characters",))
    properties = _of_cart(activity) if isinstance(activity, Cart) else _of_event(activity, unsaid)
    return _said(name, properties, ("lines",), statement, unsaid)


def write_subscription(subscription: Subscription, statement: Statement, account: Account) -> Expression:
    """A recurring purchase begun, ended or about to deliver, as the Ordergroove connector tells it."""
    unsaid: list[str] = []
    if statement.kind == Kind.ORDER_UPCOMING:
        properties = _of_reminder(subscription, statement, account, unsaid)
    else:
        properties = _of_subscription(subscription, statement, account, unsaid)
    return _said(EVENT_TYPES[Kind(statement.kind)], properties, (), statement, unsaid)


def _said(
    name: str, properties: dict[str, object], droppable: tuple[str, ...], statement: Statement, unsaid: list[str]
) -> Expression:
    if statement.revision:
        return Expression(unsaid=(_CORRECTED,))
    identity = _identity(statement.recipient)
    if not identity:
        return Expression(unsaid=(_NOBODY,))
    record: dict[str, object] = {
        "@type": "custom_event",
        "id": event_id(statement.kind, statement.key),
        "event_type": name,
        "timestamp": moment(statement.occurred_at),
        **identity,
        "properties": properties,
    }
    body = encode(record)
    for part in droppable:
        if len(body) > MAX_RECORD_BYTES and properties.pop(part, None) is not None:
            unsaid.append(f"properties.{part}: the event is larger than 60 KB with them")
            body = encode(record)
    if len(body) > MAX_RECORD_BYTES:
        return Expression(unsaid=("the event is larger than 60 KB",))
    item = Item(route="custom_events", wire_id=str(record["id"]), body=body)
    return Expression(items=(item,), unsaid=tuple(unsaid))


def _identity(recipient: Recipient | None) -> dict[str, str]:
    if recipient is None:
        return {}
    parts = {"identity_account_id": recipient.external_id, "identity_email": recipient.email}
    return {name: value for name, value in parts.items() if value}


def _of_cart(cart: Cart) -> dict[str, object]:
    found: dict[str, object] = dict(cart.properties)
    found |= {
        "cart_id": cart.cart_id,
        "total": amount(cart.total, cart.currency),
        "currency": cart.currency,
        "products": [line.product_id or line.variant_id or line.sku or line.line_id for line in cart.lines],
        "lines": [_line(line, cart.currency) for line in cart.lines],
    }
    for name, value in (("url", cart.url), ("store", cart.store)):
        if value:
            found[name] = value
    if cart.discount:
        found["discount"] = amount(cart.discount, cart.currency)
    return found


def _line(line: OrderLine, currency: str) -> dict[str, object]:
    shown: dict[str, object] = {
        "title": line.name,
        "quantity": price(line.quantity),
        "total": amount(line.total, currency),
    }
    parts = {
        "product_id": line.product_id,
        "variant_id": line.variant_id,
        "sku": line.sku,
        "url": line.url,
        "image_url": line.image_url,
    }
    shown |= {name: value for name, value in parts.items() if value}
    if line.unit_price is not None:
        shown["unit_price"] = price(line.unit_price)
    return shown


def _of_event(event: Event, unsaid: list[str]) -> dict[str, object]:
    found = dict(event.properties)
    if event.name == Kind.PRODUCT_VIEWED and "product_id" in found and "products" not in found:
        found["products"] = [str(found["product_id"])]
    if event.value is not None and event.currency:
        found |= {"value": amount(event.value, event.currency), "currency": event.currency}
    elif event.value is not None:
        unsaid.append("value: an amount without its currency")
    return found


def _of_subscription(
    subscription: Subscription, statement: Statement, account: Account, unsaid: list[str]
) -> dict[str, object]:
    """A created and a cancelled subscription differ only in that the latter has a reason."""
    is_cancelled = statement.kind == Kind.SUBSCRIPTION_CANCELLED
    found: dict[str, object] = {"product_set": subscription.product_ids}
    texts = {
        "cancellation_reason": (subscription.cancel_reason or "not given") if is_cancelled else None,
        "delivery_frequency": frequency(subscription.interval) if subscription.interval else None,
        "detail_url": subscription.properties.get("detail_url"),
        "image_url": subscription.properties.get("image_url"),
    }
    for name, value in texts.items():
        if isinstance(value, str) and len(value) > MAX_TEXT:
            unsaid.append(f"properties.{name}: longer than {MAX_TEXT} characters")
        elif value:
            found[name] = value
    if account.options.get("event_action"):
        found["event_action"] = "cancelled" if is_cancelled else "created"
    return found


def _of_reminder(
    subscription: Subscription, statement: Statement, account: Account, unsaid: list[str]
) -> dict[str, object]:
    found: dict[str, object] = {
        "order_id": statement.detail or subscription.next_order_id,
        "product_set": subscription.next_order_product_ids or subscription.product_ids,
    }
    total = subscription.price if subscription.next_order_total is None else subscription.next_order_total
    if total is None or not subscription.currency:
        unsaid.append("properties.total_value: the source does not say what the order will cost")
    elif account.options.get("total_value_in_minor_units"):
        found["total_value"] = total
    else:
        value = major(total, subscription.currency).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        found["total_value"] = int(value)
    return found
