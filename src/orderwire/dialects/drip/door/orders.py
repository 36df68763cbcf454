"""An order action of Shopper Activity as a whole order.

Each action is an event and a snapshot at once. The snapshot replaces what is known, unless it is older; what a paid,
fulfilled, refunded or canceled action leaves out (some shops send no items with a refund) stays as it was. The event
fills the instant that it names. An order first met by a later action was placed then, approximately; what that action
left out, an earlier one that comes after it fills in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from orderwire.dialects.drip.door.lines import address_of, lines_of
from orderwire.dialects.drip.door.turn import Turn
from orderwire.dialects.drip.door.values import (
    amount,
    currency,
    digest,
    extras,
    instant,
    number,
    scalar,
    stamp,
    text,
)
from orderwire.dialects.drip.fields import RECORD_FIELDS
from orderwire.model import Discount, Identity, Order, Refund, RefundKind, Shipment
from orderwire.model.money import digits, major, minor, spread

DEFAULT_CURRENCY = "USD"
_WHOLE = ("placed", "updated")
"""Actions after which nothing of the snapshot before is left."""
_AMOUNTS = {
    "total": "grand_total",
    "discount": "total_discounts",
    "tax": "total_taxes",
    "fee": "total_fees",
    "shipping": "total_shipping",
}
OWED = "owed"
"""The collection of what cancellations gave back of orders that nobody has told to be paid, by order."""
_TEXTS = {
    "number": "order_public_id",
    "url": "order_url",
    "store": "store",
    "payment_method": "payment_method",
    "shipping_method": "shipping_method",
    "source_status": "source_status",
    "note": "note",
}
_CONTENT = (
    *_AMOUNTS,
    *_TEXTS,
    *("lines", "billing_address", "shipping_address", "tags", "discounts"),
)
_OUR_EXTRAS = frozenset({*_TEXTS.values(), "order_tags", "discount_codes"})
_PARCEL = frozenset({"shipment_id", "carrier", "tracking_code", "tracking_url"})
_REFUND = frozenset({"refund_id", "refund_kind", "refund_reason"})


def order_of(turn: Turn, record: Mapping[str, Any], identity: Identity, order_id: str, known: Order | None) -> Order:
    """The order after an action."""
    action = record["action"]
    at = instant(record.get("occurred_at")) or turn.call.received_at
    is_old = known is not None and known.updated_at is not None and at < known.updated_at
    if known is None or not is_old:
        order = _content(turn, record, identity, order_id, known, at)
    elif "placed_at" in known.approximate:
        whole = {"currency": known.currency} | {name: part for name, part in record.items() if part is not None}
        order = _completed(known, _content(turn, whole, identity, order_id, None, at))
    else:
        order = known
    return _settled(turn, _happened(order, action, record, at), record)


def _completed(known: Order, told: Order) -> Order:
    """An order met by a later action, with what that left open and an earlier one tells."""
    order = _in_currency(known, told.currency)
    open_fields = {name: getattr(told, name) for name in _CONTENT if not getattr(order, name)}
    order = replace(order, **open_fields, properties={**told.properties, **order.properties})
    return replace(order, is_tax_included=_includes_tax(order))


def _in_currency(order: Order, code: str) -> Order:
    """The order in the currency that it turns out to be in, its amounts the same in major units."""
    if digits(order.currency) == digits(code):
        return replace(order, currency=code)

    def moved(part: Any, *names: str) -> dict[str, int]:
        return {name: minor(major(getattr(part, name), order.currency), code) for name in names}

    lines = (replace(line, **moved(line, "subtotal", "discount", "tax", "total")) for line in order.lines)
    return replace(
        order,
        currency=code,
        lines=tuple(lines),
        refunds=tuple(replace(refund, **moved(refund, "amount")) for refund in order.refunds),
        discounts=tuple(replace(one, **moved(one, "amount")) for one in order.discounts),
        **moved(order, *_AMOUNTS),
    )


def order_key(record: Mapping[str, Any]) -> str:
    """The sender's id of an order; some name it by the number that people see, alone."""
    return text(record.get("order_id")) or text(record.get("order_public_id"))


def _content(
    turn: Turn, record: Mapping[str, Any], identity: Identity, order_id: str, known: Order | None, at: datetime
) -> Order:
    is_patch = known is not None and record["action"] not in _WHOLE
    code = currency(record.get("currency")) or (known.currency if known else DEFAULT_CURRENCY)
    known = _in_currency(known, code) if known else None
    found: dict[str, Any] = {}
    for ours, theirs in _AMOUNTS.items():
        if record.get(theirs) is not None or not is_patch:
            found[ours] = amount(record.get(theirs), code)
    found["discount"] = abs(found["discount"]) if "discount" in found else 0 if known is None else known.discount
    for ours, theirs in _TEXTS.items():
        if (value := text(record.get(theirs))) or not is_patch:
            found[ours] = value or None
    provider = text(record.get("provider"))
    if record.get("items") is not None or not is_patch:
        found["lines"] = lines_of(record.get("items") or (), code, lambda ident: turn.ident(provider, ident))
    for name in ("billing_address", "shipping_address"):
        if (address := address_of(record.get(name))) or not is_patch:
            found[name] = address
    found |= _named_extras(record, found["discount"], is_patch=is_patch)
    own = {name: scalar(value) for name, value in _own(record).items()}
    found["properties"] = {**known.properties, **own} if is_patch and known else own
    base = known or Order(
        order_id=order_id, identity=identity, currency=code, placed_at=at, total=0, approximate=("placed_at",)
    )
    order = replace(base, updated_at=at, **found)
    return replace(order, is_tax_included=_includes_tax(order))


def _named_extras(record: Mapping[str, Any], discount: int, *, is_patch: bool) -> dict[str, Any]:
    """What our own writing dialect sends beside Drip's attributes."""
    found: dict[str, Any] = {}
    tags, codes = record.get("order_tags"), record.get("discount_codes")
    if isinstance(tags, list) or not is_patch:
        found["tags"] = tuple(text(tag) for tag in tags) if isinstance(tags, list) else ()
    if isinstance(codes, list) or not is_patch:
        given = [code for one in codes if (code := text(one))] if isinstance(codes, list) else []
        shares = spread(discount, (1,) * len(given))
        found["discounts"] = tuple(
            Discount(amount=share, code=code) for share, code in zip(shares, given, strict=True)
        )
    return found


def _own(record: Mapping[str, Any]) -> dict[str, Any]:
    """A sender's own attributes, without those that are told by a field of the order."""
    consumed = set(_OUR_EXTRAS)
    if text(record.get("shipment_id")):
        consumed |= _PARCEL
    if text(record.get("refund_id")):
        consumed |= _REFUND
    if record.get("happening") == "delivered":
        consumed.add("happening")
    if record["action"] == "canceled":
        consumed.add("cancel_reason")
    return extras(record, RECORD_FIELDS, consumed=frozenset(consumed))


def _happened(order: Order, action: str, record: Mapping[str, Any], at: datetime) -> Order:
    match action:
        case "placed":
            # Said again without its instant it is the same placing, told once more.
            is_again = instant(record.get("occurred_at")) is None and "placed_at" not in order.approximate
            return order if is_again else replace(order, placed_at=at, approximate=_without(order, "placed_at"))
        case "paid":
            return replace(order, paid_at=order.paid_at or at)
        case "fulfilled":
            return _fulfilled(order, record, at)
        case "refunded":
            return _refunded(order, record, at)
        case "canceled":
            reason = text(record.get("cancel_reason")) or order.cancel_reason
            cancelled = replace(order, cancelled_at=order.cancelled_at or at, cancel_reason=reason)
            # Of an order that was never paid it is the whole total, which the cancellation itself takes back.
            is_given_back = order.paid_at is not None and amount(record.get("refund_amount"), order.currency)
            return _refunded(cancelled, record, at) if is_given_back else cancelled
        case _ if record.get("happening") == "delivered":
            return _delivered(order, record, at)
        case _:
            return order


def _fulfilled(order: Order, record: Mapping[str, Any], at: datetime) -> Order:
    shipment_id = text(record.get("shipment_id"))
    if not shipment_id:
        return replace(order, fulfilled_at=order.fulfilled_at or at)
    before = next((parcel for parcel in order.shipments if parcel.shipment_id == shipment_id), None)
    delivered_at = before.delivered_at if before else None
    shipment = replace(_parcel(record, shipment_id, at), delivered_at=delivered_at)
    return replace(order, shipments=_with_shipment(order, shipment))


def _delivered(order: Order, record: Mapping[str, Any], at: datetime) -> Order:
    """The order delivered; of a parcel not met yet the order itself, for when it was shipped is still to be told."""
    shipment_id = text(record.get("shipment_id"))
    before = next((parcel for parcel in order.shipments if parcel.shipment_id == shipment_id), None)
    if before is not None:
        return replace(order, shipments=_with_shipment(order, replace(before, delivered_at=at)))
    return replace(order, delivered_at=order.delivered_at or at)


def _parcel(record: Mapping[str, Any], shipment_id: str, at: datetime) -> Shipment:
    return Shipment(
        shipment_id=shipment_id,
        shipped_at=at,
        carrier=text(record.get("carrier")) or None,
        tracking_code=text(record.get("tracking_code")) or None,
        tracking_url=text(record.get("tracking_url")) or None,
    )


def _with_shipment(order: Order, shipment: Shipment) -> tuple[Shipment, ...]:
    others = tuple(parcel for parcel in order.shipments if parcel.shipment_id != shipment.shipment_id)
    return (*others, shipment)


def _refunded(order: Order, record: Mapping[str, Any], at: datetime) -> Order:
    """The order with a refund more: `refund_amount` is this one's. The same refund told again is the same.

    Drip has no id of a refund. Ours is the one our writing dialect sends, else the action's own instant; where that
    is not given either, what was said, so that a call made twice refunds once.
    """
    given = amount(record.get("refund_amount"), order.currency)
    refund_id = _refund_id(record)
    others = tuple(refund for refund in order.refunds if refund.refund_id != refund_id)
    is_all = sum(refund.amount for refund in others) + abs(given) >= order.total
    kind = text(record.get("refund_kind"))
    refund = Refund(
        refund_id=refund_id,
        refunded_at=at,
        amount=abs(given),
        kind=RefundKind(kind) if kind in set(RefundKind) else RefundKind.FULL if is_all else RefundKind.PARTIAL,
        reason=text(record.get("refund_reason")) or None,
    )
    return replace(order, refunds=(*others, refund))


def _refund_id(record: Mapping[str, Any]) -> str:
    return text(record.get("refund_id")) or stamp(instant(record.get("occurred_at"))) or digest(dict(record))


def _settled(turn: Turn, order: Order, record: Mapping[str, Any]) -> Order:
    """The order with what its cancellation gave back, be it told later that it had been paid before."""
    given = number(record.get("refund_amount"))
    if record["action"] == "canceled" and order.paid_at is None and given:
        at = stamp(order.cancelled_at)
        kept = {name: text(record.get(name)) for name in ("refund_kind", "refund_reason")}
        owed = {**kept, "refund_id": _refund_id(record), "refund_amount": str(given), "at": at}
        turn.keep(OWED, order.order_id, owed)
    if record["action"] != "paid" or (told := turn.document(OWED, order.order_id)) is None:
        return order
    turn.drop(OWED, order.order_id)
    at_cancelling = instant(told["at"])
    if at_cancelling is None or order.paid_at is None or order.paid_at > at_cancelling:
        return order
    return _refunded(order, told | {"refund_amount": Decimal(told["refund_amount"])}, at_cancelling)


def _without(order: Order, name: str) -> tuple[str, ...]:
    return tuple(one for one in order.approximate if one != name)


def _includes_tax(order: Order) -> bool:
    """Whether the total is only right without the tax on top."""
    lines = sum(line.total for line in order.lines)
    if not order.tax or not order.lines:
        return False
    loose = max(order.discount - sum(line.discount for line in order.lines), 0)
    return lines + order.shipping + order.fee - loose == order.total
