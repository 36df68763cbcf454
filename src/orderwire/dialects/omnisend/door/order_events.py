"""Orders said as events: each event carries the order and one thing that happened to it.

* What happened is told by the event's name, at the event's own time; the statuses inside an event tell nothing else,
  apart from `placed order` that says the order is paid already. A status that does not follow from what is known is
  kept as the source's own status.
* The content of the newest event counts; an older one only adds what happened in it, and what no other tells.
* An order first met by a later event was placed at its `createdAt`, or else at that event's time, named approximate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from orderwire.dialects.omnisend.door.ids import hex_id
from orderwire.dialects.omnisend.door.lines import (
    currency_of,
    custom_fields,
    properties,
    read_address,
    read_discounts,
    read_lines,
)
from orderwire.dialects.omnisend.door.wire import Fields
from orderwire.dialects.omnisend.write_orders import fulfillment_status, payment_status
from orderwire.model import Identity, Order, OrderLine, Refund, RefundKind, RefundLine, Shipment

_KNOWN = frozenset(
    name.lower()
    for name in (
        "orderID",
        "orderNumber",
        "createdAt",
        "currency",
        "paymentStatus",
        "fulfillmentStatus",
        "totalPrice",
        "subTotalPrice",
        "totalDiscount",
        "totalTax",
        "subTotalTaxIncluded",
        "shippingPrice",
        "totalFee",
        "paymentMethod",
        "shippingMethod",
        "billingAddress",
        "shippingAddress",
        "discounts",
        "note",
        "orderStatusURL",
        "tags",
        "store",
        "tracking",
        "cancelReason",
        "refundedLineItems",
        "totalRefundedAmount",
        "totalRefundedTaxAmount",
        "customFields",
        "lineItems",
    )
)


_TEXTS = (
    *("number", "billing_address", "shipping_address", "payment_method", "shipping_method"),
    *("url", "note", "tags", "store"),
)
_SUMS = ("lines", "subtotal", "discount", "tax", "shipping", "fee", "is_tax_included", "discounts")


class Told(Struct, frozen=True, kw_only=True):
    """An event about an order, taken out of its envelope. `at` is its own time or that of receipt."""

    name: str
    event_id: str | None
    at: datetime
    is_dated: bool
    identity: Identity
    properties: Fields


def read_order(told: Told, before: Order | None) -> Order | None:
    """The whole order after this event; None where it says too little to be one.

    Faults are noted in the event's properties.
    """
    fields = told.properties
    order_id = fields.id("orderID", required=True)
    currency = currency_of(fields, before.currency if before else None)
    if currency is None:
        fields.fault("currency", "no currency", "required")
    elif before is not None and currency != before.currency:
        fields.fault("currency", "is not that of the order", "conflict")
    if order_id is None or currency is None or fields.faults:
        return None
    order = _known_or_new(told, before, order_id, currency)
    is_newest = before is None or before.updated_at is None or told.at >= before.updated_at
    told_now = _with_content(order, fields)
    order = told_now if is_newest else _filled(order, told_now)
    order = _HAPPENINGS[told.name](order, told)
    if is_newest:
        order = replace(order, source_status=_own_status(order, told), updated_at=told.at)
    return order


def _known_or_new(told: Told, before: Order | None, order_id: str, currency: str) -> Order:
    placed_at, is_placing = told.properties.instant("createdAt"), told.name == "placed order"
    if is_placing and told.is_dated:
        placed_at = told.at
    if before is not None:
        identity = before.identity if told.identity.is_empty else told.identity
        is_cleared = is_placing and "placed_at" in before.approximate
        return replace(
            before,
            identity=Identity(
                external_id=before.identity.external_id or identity.external_id,
                email=identity.email or before.identity.email,
                phone=identity.phone or before.identity.phone,
            ),
            placed_at=(placed_at or told.at) if is_cleared else before.placed_at,
            approximate=tuple(name for name in before.approximate if name != "placed_at" or not is_cleared),
        )
    return Order(
        order_id=order_id,
        identity=told.identity,
        currency=currency,
        placed_at=placed_at or told.at,
        total=0,
        approximate=() if is_placing or placed_at else ("placed_at",),
    )


def _with_content(order: Order, fields: Fields) -> Order:
    """The order with everything that the event says of its content."""
    currency = order.currency
    rows = fields.rows("lineItems")
    lines = read_lines(rows, currency) if rows else order.lines
    cuts = fields.rows("discounts")
    is_included = fields.flag("subTotalTaxIncluded")
    total = fields.major("totalPrice", currency)
    given: Mapping[str, Any] = {
        "number": fields.text("orderNumber"),
        "lines": lines,
        "total": sum(line.total for line in lines) if total is None and not order.total else total,
        "subtotal": fields.major("subTotalPrice", currency),
        "discount": fields.major("totalDiscount", currency),
        "tax": fields.major("totalTax", currency),
        "shipping": fields.major("shippingPrice", currency),
        "fee": fields.major("totalFee", currency),
        "is_tax_included": is_included,
        "discounts": read_discounts(cuts, currency) if cuts else None,
        "billing_address": read_address(fields.table("billingAddress")),
        "shipping_address": read_address(fields.table("shippingAddress")),
        "payment_method": fields.text("paymentMethod"),
        "shipping_method": fields.text("shippingMethod"),
        "url": fields.text("orderStatusURL"),
        "note": fields.text("note"),
        "tags": fields.words("tags"),
        "store": fields.text("store"),
        "properties": {
            **order.properties,
            **properties(fields, _KNOWN),
            **custom_fields(fields.table("customFields")),
        },
    }
    return replace(order, **{name: value for name, value in given.items() if value is not None})


def _filled(known: Order, older: Order) -> Order:
    """The order as it is known, with what nothing but an older event tells of its content."""
    said = {name: getattr(known, name) or getattr(older, name) for name in _TEXTS}
    if not known.lines:
        said |= {name: getattr(older, name) for name in _SUMS}
        said["total"] = known.total or older.total
    return replace(known, **said, properties={**older.properties, **known.properties})


def _placed(order: Order, told: Told) -> Order:
    is_paid = (told.properties.text("paymentStatus") or "").lower() == "paid"
    return replace(order, paid_at=order.placed_at) if is_paid and order.paid_at is None else order


def _paid(order: Order, told: Told) -> Order:
    return order if order.paid_at else replace(order, paid_at=told.at)


def _fulfilled(order: Order, told: Told) -> Order:
    parcel = _parcel(told)
    if parcel is None:
        return order if order.fulfilled_at or order.shipments else replace(order, fulfilled_at=told.at)
    if any(known.shipment_id == parcel.shipment_id for known in order.shipments):
        return order
    return replace(order, shipments=(*order.shipments, parcel))


def _delivered(order: Order, told: Told) -> Order:
    parcel = _parcel(told)
    if parcel is not None and any(known.shipment_id == parcel.shipment_id for known in order.shipments):
        return replace(
            order,
            shipments=tuple(
                replace(known, delivered_at=known.delivered_at or told.at)
                if known.shipment_id == parcel.shipment_id
                else known
                for known in order.shipments
            ),
        )
    return order if order.delivered_at else replace(order, delivered_at=told.at)


def _cancelled(order: Order, told: Told) -> Order:
    reason = told.properties.text("cancelReason") or order.cancel_reason
    return replace(order, cancelled_at=order.cancelled_at or told.at, cancel_reason=reason)


def _refunded(order: Order, told: Told) -> Order:
    """One more refund with its own amount, unless this very one is known.

    One that tells neither its id nor its time, of more than is left to give back, is one told before.
    """
    fields, currency = told.properties, order.currency
    back = read_lines(fields.rows("refundedLineItems") or (), currency)
    is_whole = (fields.text("paymentStatus") or "").lower() == "refunded"
    rest = max(0, order.total - order.refunded)
    amount = fields.major("totalRefundedAmount", currency)
    if amount is None:
        amount = sum(line.total for line in back) or (rest if is_whole else 0)
    amount = abs(amount)
    is_named = bool(told.event_id) or told.is_dated
    if not is_named and order.refunds and amount > rest:
        return order
    refund_id = told.event_id or hex_id(
        order.order_id, told.at.isoformat(), str(amount), *(one.line_id for one in back)
    )
    if any(refund.refund_id == refund_id for refund in order.refunds):
        return order
    refund = Refund(
        refund_id=refund_id,
        refunded_at=told.at,
        amount=amount,
        kind=RefundKind.FULL if is_whole or amount >= rest > 0 else RefundKind.PARTIAL,
        lines=tuple(
            RefundLine(line_id=_line_id(order.lines, line), quantity=line.quantity, amount=line.total)
            for line in back
        ),
    )
    return replace(order, refunds=(*order.refunds, refund))


def _line_id(lines: tuple[OrderLine, ...], back: OrderLine) -> str:
    """The line of the order that a refunded line stands for."""
    for line in lines:
        if (line.product_id, line.variant_id) == (back.product_id, back.variant_id):
            return line.line_id
    return back.line_id


def _parcel(told: Told) -> Shipment | None:
    tracking = told.properties.table("tracking")
    if tracking is None:
        return None
    code, carrier, url = tracking.id("code"), tracking.text("courierTitle"), tracking.text("courierURL")
    if not (code or url):
        return None
    return Shipment(
        shipment_id=code or hex_id("parcel", url or ""),
        shipped_at=told.at,
        carrier=carrier,
        tracking_code=code,
        tracking_url=url,
    )


def _own_status(order: Order, told: Told) -> str | None:
    """The statuses that the event states, where they do not follow from what is known to have happened."""
    stated = [told.properties.text("paymentStatus"), told.properties.text("fulfillmentStatus")]
    follows = [payment_status(order, told.at), fulfillment_status(order, told.at)]
    if all(one is None or one == other for one, other in zip(stated, follows, strict=True)):
        return order.source_status if stated == [None, None] else None
    return ", ".join(one for one in stated if one)


_HAPPENINGS: Mapping[str, Callable[[Order, Told], Order]] = {
    "placed order": _placed,
    "paid for order": _paid,
    "order fulfilled": _fulfilled,
    "order delivered": _delivered,
    "order canceled": _cancelled,
    "order refunded": _refunded,
}
ORDER_EVENTS = frozenset(_HAPPENINGS)


def is_in(order: Order, line: OrderLine) -> bool:
    """Whether an order holds a line of this product."""
    return any((one.product_id, one.variant_id) == (line.product_id, line.variant_id) for one in order.lines)
