"""Orders: the whole order each time, because what is sent replaces what Ometria holds."""

from __future__ import annotations

from decimal import Decimal

from orderwire.dialects.contract import Account, Expression, Item, Recipient
from orderwire.dialects.ometria.fields import (
    MAX_RECORD_BYTES,
    address_of,
    amount,
    customer_of,
    encode,
    moment,
    names_of,
    price,
    set_of,
)
from orderwire.model import Order, OrderLine, RefundKind

_TOO_LARGE = "the order is larger than 60 KB even without lines and properties"
_DROPPED = (
    ("properties", "properties: the order is larger than 60 KB with them"),
    ("lineitems", "lineitems: the order is larger than 60 KB with them"),
)


def write_order(order: Order, recipient: Recipient | None, account: Account) -> Expression:
    """An order with its status, validity and refunds as they are now."""
    unsaid: list[str] = []
    record = _record(order, recipient, account, unsaid)
    body = encode(record)
    for name, loss in _DROPPED:
        if len(body) <= MAX_RECORD_BYTES:
            break
        if record.pop(name, None) is not None:
            unsaid.append(loss)
            body = encode(record)
    if len(body) > MAX_RECORD_BYTES:
        return Expression(unsaid=(_TOO_LARGE,))
    return Expression(items=(Item(route="orders", wire_id=order.order_id, body=body),), unsaid=tuple(unsaid))


def status_of(order: Order) -> str:
    """The state an order is in, out of `fields.STATUSES`; the latest stage it has reached wins."""
    if order.cancelled_at:
        return "cancelled"
    refunded = order.refunded
    if (refunded and refunded >= order.total) or any(refund.kind is RefundKind.FULL for refund in order.refunds):
        return "refunded"
    if refunded:
        return "partially_refunded"
    if order.delivered_at or (order.shipments and all(shipment.delivered_at for shipment in order.shipments)):
        return "complete"
    if order.fulfilled_at or order.shipments:
        return "shipped"
    return "processing" if order.paid_at else "pending"


def _record(order: Order, recipient: Recipient | None, account: Account, unsaid: list[str]) -> dict[str, object]:
    options, currency = account.options, order.currency
    status = status_of(order)
    customer = customer_of(recipient)
    if not customer:
        unsaid.append("customer: neither e-mail nor account id is known, the order is attached to nobody")
    elif recipient is not None:
        names = {
            "firstname": order.first_name or recipient.first_name,
            "lastname": order.last_name or recipient.last_name,
        }
        customer |= {name: value for name, value in names.items() if value}
    if any(shipment.tracking_code or shipment.tracking_url for shipment in order.shipments):
        unsaid.append("shipments: there is no field for tracking")
    subtotal = sum(line.subtotal for line in order.lines) if order.subtotal is None else order.subtotal
    discount = order.discount or sum(line.discount for line in order.lines)
    return {
        "@type": "order",
        "id": order.order_id,
        "timestamp": moment(order.placed_at),
        "status": names_of(str(options.get("status_names", ""))).get(status, status),
        "is_valid": status in set_of(str(options.get("valid_statuses", ""))),
        "grand_total": amount(order.total, currency),
        "currency": currency,
        "subtotal": amount(subtotal, currency),
        "discount": amount(discount, currency),
        "shipping": amount(order.shipping, currency),
        "tax": amount(order.tax, currency),
        "total_refunded": amount(order.refunded, currency),
        "customer": customer or None,
        "lineitems": _lines(order, unsaid),
        "channel": options.get("channel") or None,
        "store": order.store or options.get("store") or None,
        "payment_method": order.payment_method,
        "shipping_method": order.shipping_method,
        "coupon_code": ",".join([part.code for part in order.discounts if part.code]) or None,
        "shipping_address": address_of(order.shipping_address),
        "billing_address": address_of(order.billing_address),
        "properties": _properties(order) or None,
    }


def _properties(order: Order) -> dict[str, object]:
    """What Ometria has no field for but keeps as custom fields."""
    found: dict[str, object] = dict(order.properties)
    if order.fee:
        found["fee"] = amount(order.fee, order.currency)
    if order.number and order.number != order.order_id:
        found["order_number"] = order.number
    if order.cancel_reason:
        found["cancel_reason"] = order.cancel_reason
    if order.url:
        found["url"] = order.url
    if order.tags:
        found["tags"] = order.tags
    return found


def _lines(order: Order, unsaid: list[str]) -> list[dict[str, object]]:
    refunded: dict[str, tuple[Decimal, int]] = {}
    for refund in order.refunds:
        for part in refund.lines:
            quantity, money = refunded.get(part.line_id, (Decimal(0), 0))
            refunded[part.line_id] = (quantity + part.quantity, money + part.amount)
    return [
        _line(line, place, order.currency, refunded.get(line.line_id), unsaid)
        for place, line in enumerate(order.lines)
    ]


def _line(
    line: OrderLine, place: int, currency: str, refunded: tuple[Decimal, int] | None, unsaid: list[str]
) -> dict[str, object]:
    product = line.product_id or line.variant_id or line.sku
    shown: dict[str, object] = {
        "product_id": product or line.line_id,
        "quantity": _whole(line.quantity, f"lineitems[{place}].quantity", unsaid),
        "subtotal": amount(line.subtotal, currency),
        "total": amount(line.total, currency),
        "tax": amount(line.tax, currency),
        "discount": amount(line.discount, currency),
    }
    if line.unit_price is not None and line.quantity == shown["quantity"]:
        shown["unit_price"] = price(line.unit_price)
    if line.variant_id:
        shown["variant_id"] = line.variant_id
    if line.sku:
        shown["sku"] = line.sku
    if refunded is not None:
        quantity, money = refunded
        shown["quantity_refunded"] = _whole(quantity, f"lineitems[{place}].quantity_refunded", unsaid, least=0)
        shown["refunded"] = amount(money, currency)
    properties: dict[str, object] = dict(line.properties)
    if product is None:
        properties["title"] = line.name
        unsaid.append(f"lineitems[{place}].product_id: not known, the line's own id stands for it")
    if properties:
        shown["properties"] = properties
    return shown


def _whole(quantity: Decimal, place: str, unsaid: list[str], least: int = 1) -> int:
    """A quantity as the integer Ometria wants; a part of a unit cannot be told."""
    whole = int(quantity)
    if whole == quantity:
        return whole
    unsaid.append(f"{place}: only whole numbers can be told")
    return max(whole, least)
