"""Orders, carts and checkouts as Drip's Shopper Activity.

An order action is an event and a full snapshot at once: a field left out is reset to its default, so `grand_total`
goes with every action or the person's lifetime value is lost. Drip adds `grand_total` to the lifetime value when an
order is placed and takes `refund_amount` off for each refund and cancellation.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from orderwire.dialects.contract import Account, Expression, Lane, Recipient, Statement
from orderwire.dialects.drip.fields import (
    ORDER_ACTIONS,
    RECORD_FIELDS,
    activity_address,
    amount,
    cart_items,
    extras,
    hint,
    order_items,
    provider,
)
from orderwire.dialects.drip.size import expression
from orderwire.model import Cart, Kind, Order, Refund, Shipment


def write_order(statement: Statement, account: Account, order: Order, recipient: Recipient) -> Expression:
    """An order fact as an action with the whole order.

    What corrects a fact told before is an `updated`, which sets the lifetime value by the difference: the same action
    again would add or take off its amount a second time.
    """
    kind = Kind(statement.kind)
    record = _head(statement, account, recipient, "updated" if statement.revision else ORDER_ACTIONS[kind])
    if kind is Kind.ORDER_REFUNDED:
        refund = next((refund for refund in order.refunds if refund.refund_id == statement.detail), None)
        if refund is None:
            return Expression(unsaid=("refund_amount: the newest snapshot of the order no longer holds this refund",))
        record["refund_amount"] = amount(refund.amount, order.currency)
        happening = _refund_detail(refund)
    else:
        happening = _happening(kind, order, statement.detail)
    if kind is Kind.ORDER_CANCELLED:
        record["refund_amount"] = amount(_never_paid(order), order.currency)
    unsaid: tuple[str, ...] = ()
    if statement.revision and record.pop("refund_amount", None) is not None:
        unsaid = ("refund_amount: what was taken off before cannot be corrected there",)
    _add_order(record, order)
    record.update(happening)
    if order.properties:
        record.update(extras(order.properties, RECORD_FIELDS | record.keys()))
    return expression("orders" if statement.lane is Lane.HISTORY else "order", order.order_id, record, unsaid)


def write_cart(statement: Statement, account: Account, cart: Cart, recipient: Recipient) -> Expression:
    """A cart's whole content, as created the first time and updated after that."""
    link = cart.url or str(account.options.get("cart_url") or "")
    if not link:
        return Expression(unsaid=("cart_url: Drip requires a link that restores the cart; set the option cart_url",))
    action = "updated" if statement.is_known_there else "created"
    record = _head(statement, account, recipient, action)
    record["cart_id"] = cart.cart_id
    record["cart_url"] = link
    record["grand_total"] = amount(cart.total, cart.currency)
    record["total_discounts"] = amount(cart.discount, cart.currency)
    record["currency"] = cart.currency
    record["items"] = cart_items(cart.lines, cart.currency)
    if cart.store:
        record["store"] = cart.store
    record.update(extras(cart.properties, RECORD_FIELDS))
    return expression("carts" if statement.lane is Lane.HISTORY else "cart", cart.cart_id, record)


def write_checkout(statement: Statement, account: Account, cart: Cart, recipient: Recipient) -> Expression:
    """A checkout that was started, named by its cart. Drip publishes no batch form, so history goes singly too."""
    record = _head(statement, account, recipient, "created")
    record["checkout_id"] = cart.cart_id
    record["total_price"] = amount(cart.total, cart.currency)
    record["currency"] = cart.currency
    record["items"] = cart_items(cart.lines, cart.currency)
    if link := cart.url or str(account.options.get("cart_url") or ""):
        record["cart_url"] = link
    record.update(extras(cart.properties, RECORD_FIELDS))
    return expression("checkout", cart.cart_id, record)


def _head(statement: Statement, account: Account, recipient: Recipient, action: str) -> dict[str, Any]:
    return {
        "provider": provider(statement.source, account),
        "email": recipient.email,
        "initial_status": hint(recipient, account),
        "action": action,
        "occurred_at": statement.occurred_at.astimezone(UTC),
    }


def _add_order(record: dict[str, Any], order: Order) -> None:
    currency = order.currency
    record["order_id"] = order.order_id
    if order.number:
        record["order_public_id"] = order.number
    record["grand_total"] = amount(order.total, currency)
    record["total_discounts"] = amount(order.discount or sum(line.discount for line in order.lines), currency)
    record["total_taxes"] = amount(order.tax, currency)
    record["total_fees"] = amount(order.fee, currency)
    record["total_shipping"] = amount(order.shipping, currency)
    record["currency"] = currency
    if order.url:
        record["order_url"] = order.url
    record["items"] = order_items(order.lines, currency)
    if order.billing_address:
        record["billing_address"] = activity_address(order.billing_address)
    if order.shipping_address:
        record["shipping_address"] = activity_address(order.shipping_address)
    for name in ("store", "payment_method", "shipping_method", "source_status", "note"):
        if value := getattr(order, name):
            record[name] = value
    if order.tags:
        record["order_tags"] = order.tags
    if codes := [discount.code for discount in order.discounts if discount.code]:
        record["discount_codes"] = codes


def _never_paid(order: Order) -> int:
    """What a cancellation takes off the lifetime value: all that was not given back, of an order never paid.

    Of a paid order the refunds say it, each its own amount.
    """
    return 0 if order.paid_at else max(order.total - order.refunded, 0)


def _refund_detail(refund: Refund) -> dict[str, Any]:
    detail = {"refund_id": refund.refund_id, "refund_kind": refund.kind.value}
    if refund.reason:
        detail["refund_reason"] = refund.reason
    return detail


def _happening(kind: Kind, order: Order, which: str | None) -> dict[str, Any]:
    if kind is Kind.ORDER_CANCELLED and order.cancel_reason:
        return {"cancel_reason": order.cancel_reason}
    if kind not in (Kind.ORDER_FULFILLED, Kind.ORDER_DELIVERED):
        return {}
    detail: dict[str, Any] = {"happening": "delivered"} if kind is Kind.ORDER_DELIVERED else {}
    shipment = next((parcel for parcel in order.shipments if parcel.shipment_id == which), None)
    return detail if shipment is None else detail | _parcel(shipment)


def _parcel(shipment: Shipment) -> dict[str, Any]:
    parts = {
        "shipment_id": shipment.shipment_id,
        "carrier": shipment.carrier,
        "tracking_code": shipment.tracking_code,
        "tracking_url": shipment.tracking_url,
    }
    return {name: value for name, value in parts.items() if value}
