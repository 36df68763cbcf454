"""What an order on the wire means.

The platform knows five statuses and one date. Which instant of an order a status fills: IN_PROGRESS is paid,
DELIVERED and CANCELLED are themselves. When it came to be so is told by nobody but our own writer (`statusAt`) and by
events; else it is the time of receipt, where the order was known before or is younger than an hour, and otherwise the
order's own date, marked approximate: it is known that it happened, but not when.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, structs

from orderwire.dialects.yespo.door.desk import Desk
from orderwire.dialects.yespo.door.lines import order_lines
from orderwire.dialects.yespo.door.values import (
    Fields,
    Unfit,
    amount,
    currency_of,
    customer_of,
    email_of,
    instant,
    number,
    phone_of,
    scalar,
    text,
)
from orderwire.dialects.yespo.fields import ABANDONED, CANCELLED, DELIVERED, IN_PROGRESS, RANK_BY_STATUS
from orderwire.model import Address, Cart, Discount, Identity, Order, OrderLine

_FRESH = timedelta(hours=1)
_FIELD_BY_STATUS = {IN_PROGRESS: "paid_at", DELIVERED: "delivered_at", CANCELLED: "cancelled_at"}
_TOLD = frozenset(
    {"statusAt", "number", "fee", "taxIncluded", "coupon", "cancelReason", "billingAddress", "note", "tags"}
)
"""What our own writer puts into `additionalInfo` for fields that an order has not got there."""


class Moment(Struct, frozen=True, kw_only=True):
    """When a message about an order says it: `stated` is its own time, None where it has none."""

    received_at: datetime
    stated: datetime | None = None


class _Money(Struct, frozen=True):
    total: int
    shipping: int
    fee: int
    discount: int
    tax: int
    is_tax_included: bool


def read_order(given: Fields, status: str, moment: Moment, desk: Desk) -> Order | Cart:
    """The order as it is known with this message; fields it does not carry stay as they were.

    Raises:
        Unfit: a required field is empty, or one has a wrong format.
    """
    order_id = text(given.get("externalOrderId"), "externalOrderId")
    if order_id is None:
        raise Unfit("externalOrderId is empty")
    if status == ABANDONED:
        return _abandoned(given, order_id, moment, desk)
    if status not in RANK_BY_STATUS:
        raise Unfit("status has a wrong format")
    before = desk.order(order_id)
    placed_at = _date(given, before.placed_at if before else moment.stated)
    currency = _currency(given, before.currency if before else None, desk)
    order = _with_texts(
        given,
        before or Order(order_id=order_id, identity=Identity(), currency=currency, placed_at=placed_at, total=0),
    )
    told = _info(given)
    sums = _money(given, told, before, currency)
    order = structs.replace(
        order,
        identity=_identity(given, before.identity if before else Identity()),
        currency=currency,
        placed_at=placed_at,
        total=sums.total,
        shipping=sums.shipping,
        fee=sums.fee,
        discount=sums.discount,
        tax=sums.tax,
        is_tax_included=sums.is_tax_included,
        lines=_lines(given, sums, before, currency),
        approximate=tuple(name for name in order.approximate if name != "placed_at" or "date" not in given),
        updated_at=_changed_at(moment, before),
    )
    return _with_status(_with_info(order, told), status, moment, is_known=before is not None, told=told)


def _date(given: Fields, known: datetime | None) -> datetime:
    value = given.get("date")
    if value is None or value == "":
        if known is None:
            raise Unfit("date is empty")
        return known
    found = instant(value)
    if found is None:
        raise Unfit("date has a wrong format")
    return found


def _currency(given: Fields, known: str | None, desk: Desk) -> str:
    return currency_of(given.get("currency")) or known or desk.currency


def _identity(given: Fields, known: Identity) -> Identity:
    found = Identity(
        external_id=customer_of(given.get("externalCustomerId")) or known.external_id,
        email=email_of(given.get("email")) or known.email,
        phone=phone_of(given.get("phone")) or known.phone,
        anonymous_id=known.anonymous_id,
    )
    if found.is_empty:
        raise Unfit("externalCustomerId, email and phone are empty")
    return found


def _with_texts(given: Fields, order: Order) -> Order:
    """The fields that are texts here and there, those not given as they were."""
    said = {
        ours: found
        for theirs, ours in (
            ("firstName", "first_name"),
            ("lastName", "last_name"),
            ("storeId", "store"),
            ("restoreUrl", "url"),
            ("deliveryMethod", "shipping_method"),
            ("paymentMethod", "payment_method"),
            ("statusDescription", "source_status"),
        )
        if (found := text(given.get(theirs), theirs)) is not None
    }
    changes: dict[str, Any] = dict(said)
    if delivered_to := text(given.get("deliveryAddress"), "deliveryAddress"):
        changes["shipping_address"] = Address(line1=delivered_to)
    source = text(given.get("source"), "source")
    if source and source != "online":
        changes["properties"] = {**order.properties, "source": source}
    return structs.replace(order, **changes)


def _info(given: Fields) -> dict[str, Any]:
    info = given.get("additionalInfo")
    if info is None or info == "" or info == []:
        return {}
    if not isinstance(info, dict):
        raise Unfit("additionalInfo has a wrong format")
    return {name: scalar(value) for name, value in info.items() if value is not None}


def _money(given: Fields, told: Fields, before: Order | None, currency: str) -> _Money:
    def sum_of(name: str, known: int) -> int:
        found = amount(given.get(name), name, currency)
        return known if found is None else found

    total = amount(given.get("totalCost"), "totalCost", currency)
    if total is None and before is None:
        raise Unfit("totalCost is empty")
    fee = _own_amount(told.get("fee"), currency)
    shipping = sum_of("shipping", before.shipping + before.fee if before else 0)
    if "shipping" not in given and before is not None:
        fee = before.fee
    included = _own_amount(told.get("taxIncluded"), currency)
    tax = sum_of("taxes", before.tax if before else 0)
    is_included = bool(included) and not number(given.get("taxes"), "taxes")
    fee = fee if fee <= shipping else 0
    return _Money(
        total=total if total is not None else before.total if before else 0,
        shipping=shipping - fee,
        fee=fee,
        discount=abs(sum_of("discount", before.discount if before else 0)),
        tax=included if is_included else tax,
        is_tax_included=is_included or ("taxes" not in given and before is not None and before.is_tax_included),
    )


def _own_amount(value: Any, currency: str) -> int:
    """An amount of our own among the additional information; 0 for what is none."""
    try:
        return max(amount(value, "additionalInfo", currency) or 0, 0)
    except Unfit:
        return 0


def _lines(given: Fields, sums: _Money, before: Order | None, currency: str) -> tuple[OrderLine, ...]:
    if given.get("items") in (None, ""):
        return before.lines if before else ()
    charges = sums.shipping + sums.fee + (0 if sums.is_tax_included else sums.tax)
    lines = order_lines(given["items"], currency, sums.total - charges)
    if sums.discount and sum(line.total for line in lines) != sums.total - charges:
        beside = order_lines(given["items"], currency, sums.total - charges + sums.discount)
        if sum(line.total for line in beside) == sums.total - charges + sums.discount:
            return beside
    return lines


def _with_info(order: Order, told: dict[str, Any]) -> Order:
    if not told:
        return order
    words = {name: str(value) for name, value in told.items() if name in _TOLD}
    more = {name.removeprefix("property_"): value for name, value in told.items() if name not in _TOLD}
    changes: dict[str, Any] = {"properties": {**order.properties, **more}}
    for theirs, ours in (("number", "number"), ("note", "note")):
        if theirs in words:
            changes[ours] = words[theirs]
    if "tags" in words:
        changes["tags"] = tuple(tag for tag in words["tags"].split(", ") if tag)
    if "coupon" in words:
        changes["discounts"] = (Discount(amount=order.discount, code=words["coupon"]),)
    if "billingAddress" in words:
        changes["billing_address"] = Address(line1=words["billingAddress"])
    if "cancelReason" in words:
        changes["cancel_reason"] = words["cancelReason"]
        if order.source_status == words["cancelReason"]:
            changes["source_status"] = None
    return structs.replace(order, **changes)


def _with_status(order: Order, status: str, moment: Moment, *, is_known: bool, told: Fields) -> Order:
    """The order with the instant that its status fills; one that is known exactly is not moved."""
    field = _FIELD_BY_STATUS.get(status)
    if field is None:
        return order
    stated = instant(told.get("statusAt")) or moment.stated
    known = getattr(order, field)
    is_vague = field in order.approximate
    if known is not None and (not is_vague or stated is None):
        return order
    is_fresh = moment.received_at - order.placed_at < _FRESH
    at = stated or (moment.received_at if is_known or is_fresh else order.placed_at)
    rest = tuple(name for name in order.approximate if name != field)
    is_approximate = stated is None and not (is_known or is_fresh)
    return structs.replace(order, **{field: at}, approximate=(*rest, field) if is_approximate else rest)


def _changed_at(moment: Moment, before: Order | None) -> datetime | None:
    """The version of the snapshot: none for the first, which is the order as it was placed."""
    if before is None:
        return None
    at = moment.stated or moment.received_at
    return max(at, before.updated_at) if before.updated_at else at


def _abandoned(given: Fields, order_id: str, moment: Moment, desk: Desk) -> Cart:
    """A cart that was left, told as an order of its own."""
    cart_id = order_id.removeprefix("cart-") or order_id
    before = desk.cart(cart_id)
    at = _date(given, moment.stated)
    currency = _currency(given, before.currency if before else None, desk)
    total = amount(given.get("totalCost"), "totalCost", currency)
    if total is None:
        raise Unfit("totalCost is empty")
    told = _info(given)
    own_date = before.updated_at if before is not None and before.updated_at <= at else at
    return Cart(
        cart_id=cart_id,
        identity=_identity(given, before.identity if before else Identity()),
        currency=currency,
        total=total,
        updated_at=own_date,
        lines=order_lines(given.get("items"), currency, total),
        discount=abs(amount(given.get("discount"), "discount", currency) or 0),
        store=text(given.get("storeId"), "storeId"),
        url=text(given.get("restoreUrl"), "restoreUrl"),
        abandoned_at=at,
        properties={name: value for name, value in told.items() if name != "statusAt"},
    )
