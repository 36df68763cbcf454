"""Orders and carts as resources of /v3: integer cents, statuses instead of happenings.

A status says that something has happened, not when. Where an order that is known changes its status, that was at the
order's `updatedAt` where one is given, else at receipt. An order first seen with a status is news if it is younger
than a day; in an older one the instant is the last change at best, and named approximate.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from orderwire.dialects.omnisend.door.lines import numbered, properties, read_address, unit_price
from orderwire.dialects.omnisend.door.wire import Fields
from orderwire.model import Cart, Discount, Identity, Order, OrderLine, Refund, RefundKind, Shipment
from orderwire.model.money import minor
from orderwire.model.people import JsonScalar

PAYMENT = ("awaitingPayment", "partiallyPaid", "paid", "partiallyRefunded", "refunded", "voided")
FULFILLMENT = ("unfulfilled", "inProgress", "fulfilled", "delivered", "restocked")
PAID = frozenset({"paid", "partiallyRefunded", "refunded"})
_KEPT = ("cartID", "attributionID", "emailID", "source", "languageCode")
_JUST_NOW = timedelta(days=1)
_LINE = frozenset(
    name.lower()
    for name in (
        "cartProductID",
        "productID",
        "variantID",
        "title",
        "quantity",
        "price",
        "oldPrice",
        "discount",
        "sku",
        "vendor",
        "imageUrl",
        "productUrl",
        "categoryIDs",
    )
)


def read_order(fields: Fields, identity: Identity, order_id: str, before: Order | None, at: datetime) -> Order | None:
    """A whole order; happenings that are known stay. Faults are noted in `fields`."""
    currency = _currency(fields)
    total = cents(fields, "orderSum", currency, required=True)
    created_at, updated_at = fields.instant("createdAt"), fields.instant("updatedAt")
    if not fields.has("createdAt"):
        fields.fault("createdAt", "field required but not found in Json", "required")
    lines = tuple(_line(row, currency) for row in fields.rows("products") or ())
    billing, shipping = read_address(fields.table("billingAddress")), read_address(fields.table("shippingAddress"))
    statuses = _statuses(fields)
    said = dict(properties(Fields({name: fields.get(name) for name in _KEPT}), frozenset()))
    content: Mapping[str, Any] = {
        "number": fields.text("orderNumber"),
        "first_name": fields.text("firstName"),
        "last_name": fields.text("lastName"),
        "lines": numbered(list(lines)),
        "subtotal": cents(fields, "subTotalSum", currency),
        "discount": cents(fields, "discountSum", currency) or 0,
        "tax": cents(fields, "taxSum", currency) or 0,
        "shipping": cents(fields, "shippingSum", currency) or 0,
        "is_tax_included": fields.flag("subTotalTaxIncluded") or False,
        "discounts": _discounts(fields, currency),
        "billing_address": billing,
        "shipping_address": shipping,
        "payment_method": fields.text("paymentMethod"),
        "shipping_method": fields.text("shippingMethod"),
        "url": fields.text("orderUrl"),
        "note": fields.text("contactNote"),
        "tags": fields.words("tags") or (),
        "properties": said,
    }
    if fields.faults or total is None or created_at is None:
        return None
    was = before or Order(order_id=order_id, identity=identity, currency=currency, placed_at=created_at, total=total)
    order = replace(was, identity=identity, currency=currency, placed_at=created_at, total=total, **content)
    order = with_statuses(
        order, statuses, fields, updated_at or (at if before else created_at), is_new=before is None
    )
    is_old = before is None and at - created_at > _JUST_NOW
    vague = tuple(name for name in _INSTANTS if getattr(order, name) and not getattr(was, name)) if is_old else ()
    if is_old and order.shipments and not was.shipments:
        vague = (*vague, "fulfilled_at")
    if is_old and order.refunds and not was.refunds:
        vague = (*vague, "refunded_at")
    if is_old and order.cancelled_at and not was.cancelled_at and not fields.has("canceledDate"):
        vague = (*vague, "cancelled_at")
    known = tuple(name for name in was.approximate if name != "placed_at")
    return replace(order, approximate=tuple(dict.fromkeys((*known, *vague))), updated_at=_newest(was, updated_at, at))


def with_statuses(
    order: Order, statuses: tuple[str | None, str | None], fields: Fields, at: datetime, *, is_new: bool = False
) -> Order:
    """The order with what its statuses, its cancellation date and its tracking say has happened by `at`."""
    payment, fulfillment = statuses
    if payment in PAID and order.paid_at is None:
        order = replace(order, paid_at=at)
    if payment in ("refunded", "partiallyRefunded"):
        order = _refunded(order, payment, at)
    order = _shipped(order, fulfillment, fields, at)
    cancelled_at = fields.instant("canceledDate") or (at if payment == "voided" else None)
    if cancelled_at is not None and order.cancelled_at is None:
        order = replace(order, cancelled_at=cancelled_at)
    reason = fields.text("cancelReason")
    stated = ", ".join(one for one in statuses if one)
    return replace(
        order,
        cancel_reason=reason or order.cancel_reason,
        source_status=stated if stated and (is_new or None not in statuses) else _joined(order, statuses),
    )


def read_statuses(order: Order) -> tuple[str, str]:
    """The two statuses that a source gave an order last; empty where it gave none."""
    stated = (order.source_status or "").split(", ")
    return (
        next((one for one in stated if one in PAYMENT), ""),
        next((one for one in stated if one in FULFILLMENT), ""),
    )


def read_patch(fields: Fields, order: Order, at: datetime) -> Order:
    """An order whose status changed. Faults are noted in `fields`."""
    statuses = _statuses(fields)
    changed = with_statuses(order, statuses, fields, at)
    cart = fields.id("cartID")
    said = {**changed.properties, "cartID": cart} if cart else changed.properties
    return replace(changed, properties=said, updated_at=_newest(order, None, at))


def read_cart(fields: Fields, identity: Identity, cart_id: str, before: Cart | None, at: datetime) -> Cart | None:
    """A whole cart. Faults are noted in `fields`."""
    currency = _currency(fields)
    total = cents(fields, "cartSum", currency, required=True)
    lines = tuple(_line(row, currency) for row in fields.rows("products") or ())
    updated_at = fields.instant("updatedAt") or (fields.instant("createdAt") if before is None else None) or at
    said = dict(properties(Fields({name: fields.get(name) for name in ("attributionID", "emailID")}), frozenset()))
    if fields.faults or total is None:
        return None
    return Cart(
        cart_id=cart_id,
        identity=identity,
        currency=currency,
        total=total,
        updated_at=max(updated_at, before.updated_at) if before else updated_at,
        lines=numbered(list(lines)),
        url=fields.text("cartRecoveryUrl"),
        abandoned_at=before.abandoned_at if before else None,
        checkout_started_at=before.checkout_started_at if before else None,
        properties=said,
    )


def read_cart_line(fields: Fields, currency: str) -> OrderLine:
    """One line of a cart. Faults are noted in `fields`."""
    return _line(fields, currency)


def cents(fields: Fields, name: str, currency: str, *, required: bool = False) -> int | None:
    """An amount in hundredths of the major unit, whatever digits the currency has, in minor units."""
    number = fields.whole(name)
    if number is None:
        if required and not fields.has(name):
            fields.fault(name, "field required but not found in Json", "required")
        return None
    return minor(Decimal(number).scaleb(-2), currency)


_INSTANTS = ("paid_at", "fulfilled_at", "delivered_at")


def _currency(fields: Fields) -> str:
    given = (fields.text("currency", required=True) or "").upper()
    if given and not (len(given) == 3 and given.isascii() and given.isalpha()):
        fields.fault("currency", "must be an ISO currency code", "invalid_format")
        return "EUR"
    return given or "EUR"


def _statuses(fields: Fields) -> tuple[str | None, str | None]:
    return fields.choice("paymentStatus", PAYMENT), fields.choice("fulfillmentStatus", FULFILLMENT)


def _joined(order: Order, statuses: tuple[str | None, str | None]) -> str | None:
    """What both statuses are after one of them changed."""
    both = [new or old for new, old in zip(statuses, read_statuses(order), strict=True)]
    return ", ".join(one for one in both if one) or None


def _line(row: Fields, currency: str) -> OrderLine:
    product, variant = row.id("productID", required=True), row.id("variantID", required=True)
    title = row.text("title", required=True)
    quantity = row.number("quantity")
    cents(row, "price", currency, required=True)
    discount = cents(row, "discount", currency) or 0
    pieces = Decimal(1) if quantity is None else quantity
    each = Decimal(row.whole("price") or 0).scaleb(-2)
    total = minor(each * pieces, currency)
    old = row.whole("oldPrice")
    said: dict[str, JsonScalar] = properties(row, _LINE)
    return OrderLine(
        line_id=row.id("cartProductID") or variant or product or "line",
        name=title or product or "",
        quantity=pieces,
        product_id=product,
        variant_id=variant if variant != product else None,
        sku=row.text("sku"),
        unit_price=Decimal(old).scaleb(-2)
        if old and old > (row.whole("price") or 0)
        else unit_price(each, pieces, total, discount, currency),
        subtotal=total + discount,
        discount=discount,
        total=total,
        brand=row.text("vendor"),
        categories=row.words("categoryIDs") or (),
        url=row.text("productUrl"),
        image_url=row.text("imageUrl"),
        properties=said,
    )


def _discounts(fields: Fields, currency: str) -> tuple[Discount, ...]:
    code, kind, value = fields.text("discountCode"), fields.text("discountType"), fields.whole("discountValue")
    if not (code or value):
        return ()
    amount = cents(fields, "discountValue", currency) if kind != "percentage" else None
    return (Discount(amount=amount or cents(fields, "discountSum", currency) or 0, code=code, title=kind),)


def _refunded(order: Order, payment: str, at: datetime) -> Order:
    """The order with the refund that its status tells of, of unknown amount where it is partial."""
    is_whole = payment == "refunded"
    rest = max(0, order.total - order.refunded)
    refund_id = f"{order.order_id}-{'refunded' if is_whole else 'partially'}"
    if any(refund.refund_id == refund_id for refund in order.refunds) or (is_whole and not rest and order.refunds):
        return order
    kind = RefundKind.FULL if is_whole else RefundKind.PARTIAL
    refund = Refund(refund_id=refund_id, refunded_at=at, amount=rest if is_whole else 0, kind=kind)
    return replace(order, refunds=(*order.refunds, refund))


def _shipped(order: Order, fulfillment: str | None, fields: Fields, at: datetime) -> Order:
    """The order with its parcel. A code that comes after the order was fulfilled is no second parcel."""
    code, carrier, url = fields.id("trackingCode"), fields.text("courierTitle"), fields.text("courierUrl")
    is_known = any(one.tracking_code == code for one in order.shipments)
    is_gone = fulfillment in ("fulfilled", "delivered") or read_statuses(order)[1] in ("fulfilled", "delivered")
    if code and order.fulfilled_at and not order.shipments:
        told = {"trackingCode": code, "courierTitle": carrier, "courierUrl": url}
        order = replace(order, properties={**order.properties, **{name: one for name, one in told.items() if one}})
    elif code and is_gone and not is_known:
        parcel = Shipment(shipment_id=code, shipped_at=at, carrier=carrier, tracking_code=code, tracking_url=url)
        order = replace(order, shipments=(*order.shipments, parcel))
    elif fulfillment in ("fulfilled", "delivered") and not order.fulfilled_at and not order.shipments:
        order = replace(order, fulfilled_at=at)
    if fulfillment == "delivered" and order.delivered_at is None:
        order = replace(order, delivered_at=at)
    return order


def _newest(was: Order, updated_at: datetime | None, at: datetime) -> datetime:
    new = updated_at or at
    return max(new, was.updated_at) if was.updated_at else new
