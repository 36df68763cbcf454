"""Orders as events: what each of them carries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orderwire.dialects.contract import Statement
from orderwire.dialects.klaviyo.events import Happening, add_custom, money, number, stated, unique_id
from orderwire.dialects.klaviyo.fields import ADDRESS, METRICS, ORDERED_PRODUCT
from orderwire.dialects.klaviyo.lines import contents_of, product_of
from orderwire.model import Address, Kind, Order, Refund, Shipment, kind_of


def happenings_of(statement: Statement, order: Order, unsaid: list[str]) -> list[Happening]:
    """The events that tell one fact of an order; none when what it is about is no longer in the snapshot."""
    kind = kind_of(statement.kind)
    is_placed = kind is Kind.ORDER_PLACED
    products = [product_of(line) for line in order.lines]
    properties = _properties(order, products, is_placed=is_placed)
    ident, amount = order.order_id, order.total
    match kind:
        case Kind.ORDER_FULFILLED | Kind.ORDER_DELIVERED:
            ident = _numbered(order, statement)
            _add_shipment(properties, _shipment(order, statement.detail))
        case Kind.ORDER_REFUNDED:
            refund = _refund(order, statement.detail)
            if refund is None:
                unsaid.append("refund: it is no longer in the order's newest snapshot")
                return []
            ident, amount = _numbered(order, statement), refund.amount
            _add_refund(properties, refund, order.currency)
        case Kind.ORDER_CANCELLED if order.cancel_reason:
            properties["Reason"] = order.cancel_reason
        case _:
            pass
    add_custom(properties, order.properties, unsaid)
    told = [
        Happening(METRICS[kind], unique_id(ident), properties, money(amount, order.currency), order.currency),
    ]
    if is_placed:
        told.extend(_ordered_products(order, products, unsaid))
    return told


def _numbered(order: Order, statement: Statement) -> str:
    """The order's id for its first shipment or refund, whatever it is called; later ones add their own."""
    if not statement.ordinal:
        return order.order_id
    return f"{order.order_id}_{statement.detail or statement.ordinal}"


def _shipment(order: Order, which: str | None) -> Shipment | None:
    return next((one for one in order.shipments if one.shipment_id == which), None)


def _refund(order: Order, which: str | None) -> Refund | None:
    return next((one for one in order.refunds if one.refund_id == which), None)


def _add_shipment(properties: dict[str, Any], shipment: Shipment | None) -> None:
    if shipment is None:
        return
    properties |= stated(
        ("ShipmentId", shipment.shipment_id),
        ("Carrier", shipment.carrier),
        ("TrackingNumber", shipment.tracking_code),
        ("TrackingURL", shipment.tracking_url),
    )


def _add_refund(properties: dict[str, Any], refund: Refund, currency: str) -> None:
    properties["RefundId"] = refund.refund_id
    properties["RefundKind"] = refund.kind.value
    if refund.reason:
        properties["Reason"] = refund.reason
    if refund.lines:
        properties["RefundedItems"] = [
            {
                "LineID": line.line_id,
                "Quantity": number(line.quantity),
                "Amount": money(line.amount, currency),
            }
            for line in refund.lines
        ]


def _properties(order: Order, products: Sequence[dict[str, Any]], *, is_placed: bool) -> dict[str, Any]:
    currency = order.currency
    properties: dict[str, Any] = {"OrderId": order.order_id}
    properties |= contents_of(order.lines, products, currency, categories="Categories")
    codes = ", ".join(one.code for one in order.discounts if one.code) if order.discounts else ""
    # The platform's guide spells these two without a space for Placed Order and with one for all others.
    gap = "" if is_placed else " "
    if codes:
        properties[f"Discount{gap}Code"] = codes
    if order.discount:
        properties[f"Discount{gap}Value"] = money(order.discount, currency)
    for name, amount in (("Tax", order.tax), ("Shipping", order.shipping), ("Fee", order.fee)):
        if amount:
            properties[name] = money(amount, currency)
    if order.subtotal is not None:
        properties["Subtotal"] = money(order.subtotal, currency)
    for name, value in (
        ("OrderNumber", order.number),
        ("Store", order.store),
        ("OrderURL", order.url),
        ("PaymentMethod", order.payment_method),
        ("ShippingMethod", order.shipping_method),
        ("Tags", order.tags),
    ):
        if value:
            properties[name] = value
    if order.billing_address:
        properties["BillingAddress"] = _address(order.billing_address)
    if order.shipping_address:
        properties["ShippingAddress"] = _address(order.shipping_address)
    return properties


def _address(address: Address) -> dict[str, str]:
    return {name: value for field, name in ADDRESS if (value := getattr(address, field))}


def _ordered_products(order: Order, products: Sequence[dict[str, Any]], unsaid: list[str]) -> list[Happening]:
    """One event for each line; its value is the line's cost before discounts, as the platform defines it."""
    told: list[Happening] = []
    seen: dict[str, int] = {}
    for line, product in zip(order.lines, products, strict=True):
        properties = product.copy()
        properties["OrderId"] = order.order_id
        if line.categories:
            properties["Categories"] = line.categories
        if line.brand:
            properties["ProductBrand"] = line.brand
        if line.properties:
            add_custom(properties, line.properties, unsaid)
        nth = seen[line.line_id] = seen.get(line.line_id, 0) + 1
        parts = (order.order_id, line.line_id) if nth == 1 else (order.order_id, line.line_id, str(nth))
        told.append(
            Happening(
                ORDERED_PRODUCT,
                unique_id(*parts),
                properties,
                money(line.subtotal, order.currency),
                order.currency,
            )
        )
    return told
