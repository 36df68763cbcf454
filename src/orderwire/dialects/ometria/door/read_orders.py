"""What an order record means.

An order tells its status and no instant but that of placing. Which instant a status fills is a table; when it came to
be so is the time of receipt, where the order was known before or is younger than an hour, and otherwise the order's
own date, marked approximate. What was given back is told as a sum: each time it grows, the rest is a refund.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec import structs

from orderwire.dialects.ometria.door.desk import Desk
from orderwire.dialects.ometria.door.values import (
    Fields,
    Unfit,
    account,
    amount,
    currency_of,
    flag,
    inside,
    instant,
    number,
    objects,
    properties,
    text,
)
from orderwire.dialects.ometria.fields import ADDRESS, VALID_STATUSES, set_of
from orderwire.dialects.ometria.write_orders import status_of
from orderwire.model import Address, Discount, Identity, Order, OrderLine, Refund, RefundKind, RefundLine, money

_FRESH = timedelta(hours=1)
_FIELD_BY_STATUS = {
    **dict.fromkeys(("processing", "paid", "authorized"), "paid_at"),
    **dict.fromkeys(("shipped", "fulfilled", "partially_shipped"), "fulfilled_at"),
    **dict.fromkeys(("complete", "completed", "delivered"), "delivered_at"),
    **dict.fromkeys(("cancelled", "canceled", "voided", "expired"), "cancelled_at"),
}
VALIDITY = "order validity"
"""The documents that tell whether an order counts as revenue, by its id, where its status does not."""

_OWN = ("fee", "order_number", "cancel_reason", "url", "tags")


def read_order(given: Fields, desk: Desk) -> Order:
    """The order as it is known with this record; fields it does not carry stay as they were.

    Raises:
        Unfit: a required field is missing, or one has no valid value.
    """
    order_id = text(given, "id")
    if order_id is None:
        raise Unfit("id")
    before = desk.order(order_id)
    placed_at = instant(given, "timestamp") or (before.placed_at if before else None)
    currency = currency_of(given) or (before.currency if before else None)
    total = amount(given, "grand_total", currency) if currency else None
    if total is None:
        total = before.total if before else None
    for name, value in (("timestamp", placed_at), ("currency", currency), ("grand_total", total)):
        if value is None:
            raise Unfit(name)
    if placed_at is None or currency is None or total is None:
        raise Unfit("id")
    order = before or Order(
        order_id=order_id, identity=Identity(), currency=currency, placed_at=placed_at, total=total
    )
    order = structs.replace(order, currency=currency, placed_at=placed_at, total=total)
    order = _with_texts(given, _with_person(given, _with_money(given, order)))
    order = _with_own_properties(given, order)
    if given.get("lineitems") is not None:
        order = structs.replace(order, lines=_lines(given, order))
    order = structs.replace(order, updated_at=desk.received_at if before is not None else None)
    status = text(given, "status")
    order = _with_status(order, status, desk, is_known=before is not None)
    order = _with_refunds(given, order, status, desk, is_known=before is not None)
    _keep_validity(given, order, desk)
    return order


def _with_money(given: Fields, order: Order) -> Order:
    currency = order.currency
    own = inside(given, "properties")
    fee = amount(own, "fee", currency, "properties") if _is_number(own.get("fee")) else None
    sums = {name: amount(given, name, currency) for name in ("subtotal", "discount", "shipping", "tax")}
    changes: dict[str, Any] = {name: value for name, value in sums.items() if value is not None}
    # Some clients keep their shop's sign, and a discount is negative there.
    if "discount" in changes:
        changes["discount"] = abs(changes["discount"])
    if fee is not None:
        changes["fee"] = fee
    return structs.replace(order, **changes)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _with_person(given: Fields, order: Order) -> Order:
    customer = inside(given, "customer")
    known = order.identity
    email = text(customer, "email", "customer")
    if email is not None and "@" not in email.strip("@"):
        email = None
    return structs.replace(
        order,
        identity=Identity(
            external_id=account(customer, "id", "customer") or known.external_id,
            email=email or known.email,
            phone=text(customer, "phone_number", "customer") or known.phone,
            anonymous_id=known.anonymous_id,
        ),
        first_name=text(customer, "firstname", "customer") or order.first_name,
        last_name=text(customer, "lastname", "customer") or order.last_name,
    )


def _with_texts(given: Fields, order: Order) -> Order:
    changes: dict[str, Any] = {
        name: found for name in ("store", "payment_method", "shipping_method") if (found := text(given, name))
    }
    if status := text(given, "status"):
        changes["source_status"] = status
    if codes := text(given, "coupon_code"):
        changes["discounts"] = _discounts(codes, order.discount)
    for name in ("shipping_address", "billing_address"):
        if address := _address(inside(given, name), name):
            changes[name] = address
    return structs.replace(order, **changes)


def _discounts(codes: str, amount: int) -> tuple[Discount, ...]:
    """The coupons of an order; the whole discount stands with the first."""
    names = [code for code in codes.split(",") if code]
    return tuple(Discount(amount=0 if place else amount, code=code) for place, code in enumerate(names))


def _address(given: Fields, name: str) -> Address | None:
    found = {ours: value for ours, theirs in ADDRESS if (value := text(given, theirs, name))}
    return Address(**found) if found else None


def _with_own_properties(given: Fields, order: Order) -> Order:
    """Custom fields, those of our writer as what they stand for."""
    own = properties(given)
    channel, changes = text(given, "channel"), dict[str, Any]()
    if channel and channel != "online":
        own["channel"] = channel
    for theirs, ours in (("order_number", "number"), ("cancel_reason", "cancel_reason"), ("url", "url")):
        if isinstance(own.get(theirs), str):
            changes[ours] = own[theirs]
    tags = inside(given, "properties").get("tags")
    if isinstance(tags, list):
        changes["tags"] = tuple(tag for tag in tags if isinstance(tag, str))
    kept = {
        name: value for name, value in own.items() if name not in _OWN or (name == "fee" and not _is_number(value))
    }
    return structs.replace(order, properties={**order.properties, **kept}, **changes)


def _lines(given: Fields, order: Order) -> tuple[OrderLine, ...]:
    seen: dict[str, int] = {}
    found = []
    for place, item in enumerate(objects(given, "lineitems")):
        path = ("lineitems", str(place))
        own = inside(item, "product", *path)
        product_id = text(item, "product_id", *path) or text(own, "id", *path)
        if product_id is None:
            raise Unfit(*path, "product_id")
        variant_id = text(item, "variant_id", *path)
        name = variant_id or product_id
        seen[name] = seen.get(name, 0) + 1
        line_id = name if seen[name] == 1 else f"{name}#{seen[name]}"
        found.append(_line(item, line_id, product_id, variant_id, order.currency, path))
    return tuple(found)


def _line(
    item: Fields, line_id: str, product_id: str, variant_id: str | None, currency: str, path: tuple[str, ...]
) -> OrderLine:
    quantity = number(item, "quantity", *path)
    if quantity is None:
        raise Unfit(*path, "quantity")
    each = number(item, "unit_price", *path)
    discount = abs(amount(item, "discount", currency, *path) or 0)
    subtotal = amount(item, "subtotal", currency, *path)
    if subtotal is None:
        if each is None:
            raise Unfit(*path, "unit_price")
        subtotal = money.minor(each * quantity, currency)
    total = amount(item, "total", currency, *path)
    own = properties(item)
    product = inside(item, "product", *path)
    title = own.pop("title", None) if "title" in own else text(product, "title", *path)
    if (is_on_sale := flag(item, "is_on_sale")) is not None:
        own["is_on_sale"] = is_on_sale
    for option in objects(item, "variant_options") if item.get("variant_options") else []:
        kind, label = text(option, "type", *path), text(option, "label", *path)
        if kind and label:
            own[kind] = label
    return OrderLine(
        line_id=line_id,
        name=str(title) if title else product_id,
        quantity=quantity,
        product_id=product_id,
        variant_id=variant_id,
        sku=text(item, "sku", *path) or text(item, "variant_sku", *path),
        unit_price=each,
        subtotal=subtotal,
        discount=discount,
        tax=amount(item, "tax", currency, *path) or 0,
        total=subtotal - discount if total is None else total,
        properties=own,
    )


def _with_status(order: Order, status: str | None, desk: Desk, *, is_known: bool) -> Order:
    """The order with the instant that its status fills; one that is filled is not moved."""
    field = _FIELD_BY_STATUS.get((status or "").lower())
    if field is None or getattr(order, field) is not None:
        return order
    is_seen = is_known or desk.received_at - order.placed_at < _FRESH
    at = max(desk.received_at, order.placed_at) if is_seen else order.placed_at
    approximate = order.approximate if is_seen else (*order.approximate, field)
    return structs.replace(order, **{field: at}, approximate=approximate)


def _with_refunds(given: Fields, order: Order, status: str | None, desk: Desk, *, is_known: bool) -> Order:
    """The order with a refund of what was given back since it was last told."""
    told = amount(given, "total_refunded", order.currency)
    if not told and (status or "").lower() == "refunded":
        told = order.total
    parts = _refunded_lines(given, order)
    if told is None:
        told = sum(part.amount for part in parts) + order.refunded if parts else order.refunded
    rest = abs(told) - order.refunded
    if rest <= 0:
        return order
    is_seen = is_known or desk.received_at - order.placed_at < _FRESH
    refund = Refund(
        refund_id=f"{order.order_id}:{abs(told)}",
        refunded_at=max(desk.received_at, order.placed_at) if is_seen else order.placed_at,
        amount=rest,
        kind=RefundKind.FULL if abs(told) >= order.total else RefundKind.PARTIAL,
        lines=parts,
    )
    vague = order.approximate if is_seen else tuple(dict.fromkeys((*order.approximate, "refunded_at")))
    return structs.replace(order, refunds=(*order.refunds, refund), approximate=vague)


def _refunded_lines(given: Fields, order: Order) -> tuple[RefundLine, ...]:
    """What was given back of each line since it was last told."""
    told: dict[str, tuple[Decimal, int]] = {}
    for refund in order.refunds:
        for part in refund.lines:
            quantity, given_back = told.get(part.line_id, (Decimal(0), 0))
            told[part.line_id] = (quantity + part.quantity, given_back + part.amount)
    found = []
    for line, item in zip(order.lines, given.get("lineitems") or (), strict=False):
        quantity = number(item, "quantity_refunded", "lineitems") or Decimal(0)
        given_back = abs(amount(item, "refunded", order.currency, "lineitems") or 0)
        before = told.get(line.line_id, (Decimal(0), 0))
        if quantity > before[0] or given_back > before[1]:
            found.append(
                RefundLine(line_id=line.line_id, quantity=quantity - before[0], amount=max(given_back - before[1], 0))
            )
    return tuple(found)


def _keep_validity(given: Fields, order: Order, desk: Desk) -> None:
    """Keep whether the order counts as revenue, where its status would not say the same."""
    is_valid = flag(given, "is_valid")
    if is_valid is None:
        return
    if is_valid is not counts(order) or desk.shelves.document(VALIDITY, order.order_id) is not None:
        desk.keep(VALIDITY, order.order_id, is_valid)


def counts(order: Order) -> bool:
    """Whether an order of this status counts as revenue by default."""
    return status_of(order) in set_of(VALID_STATUSES)
