"""What happened to an order afterwards: payments, refunds and parcels.

Money refunded is what successful refund transactions say. Goods may go back without money, and money without goods.
A refund whose transactions are all still pending is not told yet: its amount would be wrong for ever.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from orderwire.dialects.shop_json import Misread, Part
from orderwire.dialects.shopify.fields import Purse, every, goes_on, id_of, need_id, word
from orderwire.model import Refund, RefundKind, RefundLine, Shipment

_PAYMENTS = frozenset({"sale", "capture"})


def paid_at(part: Part) -> datetime | None:
    """When the first payment came; None where nothing tells of payments."""
    found = [
        at
        for one in every(part, "transactions")
        if word(one, "kind") in _PAYMENTS and word(one, "status") == "success"
        if (at := one.instant("processed_at") or one.instant("created_at")) is not None
    ]
    return min(found, default=None)


def returned(part: Part) -> dict[str, Decimal]:
    """How many pieces of each line went back."""
    found: dict[str, Decimal] = {}
    for refund in every(part, "refunds"):
        for one in every(refund, "refund_line_items"):
            line, quantity = _line_id(one), one.decimal("quantity") or Decimal(0)
            found[line] = found.get(line, Decimal(0)) + quantity
    return found


def refunds(part: Part, purse: Purse, total: int) -> tuple[Refund, ...]:
    """The refunds of an order, oldest first."""
    read = [_refund(one, purse, total) for one in every(part, "refunds") if not _is_pending(one)]
    return tuple(sorted(read, key=lambda one: (one.refunded_at, one.refund_id)))


def _is_pending(part: Part) -> bool:
    states = [word(one, "status") for one in every(part, "transactions") if word(one, "kind") == "refund"]
    return "pending" in states and "success" not in states


def _refund(part: Part, purse: Purse, total: int) -> Refund:
    at = part.instant("created_at") or part.instant("processed_at")
    if at is None:
        raise Misread(part.at("created_at"), "is missing")
    lines = tuple(
        RefundLine(
            line_id=_line_id(one),
            quantity=one.decimal("quantity") or Decimal(0),
            amount=abs(purse.amount(one, "subtotal")),
        )
        for one in every(part, "refund_line_items")
    )
    amount = abs(sum(_money_back(one, purse) for one in every(part, "transactions")))
    if goes_on(part, "transactions"):
        amount = purse.amount(part, "total_refunded")
    return Refund(
        refund_id=need_id(part),
        refunded_at=at,
        amount=amount,
        kind=_kind(amount, total, has_lines=bool(lines)),
        lines=lines,
        shipping=sum(abs(purse.amount(one, "subtotal_amount")) for one in every(part, "refund_shipping_lines")),
        reason=part.text("note"),
    )


def _kind(amount: int, total: int, *, has_lines: bool) -> RefundKind:
    if not amount:
        return RefundKind.RESTOCK_ONLY
    if amount >= total:
        return RefundKind.FULL
    return RefundKind.PARTIAL if has_lines else RefundKind.MONEY_ONLY


def _money_back(part: Part, purse: Purse) -> int:
    if word(part, "kind") != "refund" or word(part, "status") != "success":
        return 0
    currency = part.text("currency")
    if part.value.get("amount_set") is not None or currency is None:
        return purse.amount(part, "amount")
    if currency != purse.currency:
        raise Misread(part.at("amount_set"), "is missing, and the amount is in another currency")
    return part.amount("amount", currency)


def _line_id(part: Part) -> str:
    line = part.part("line_item")
    found = id_of(part, "line_item_id") or (id_of(line) if line else None)
    if found is None:
        raise Misread(part.at("line_item_id"), "is missing")
    return found


def shipments(part: Part) -> tuple[Shipment, ...]:
    """The parcels that were sent, apart from those called off. Only a query tells when one arrived."""
    found = []
    for one in every(part, "fulfillments"):
        sent = one.instant("created_at")
        if word(one, "status") != "success" or sent is None:
            continue
        tracking = one.parts("tracking")
        told = tracking[0] if tracking else None
        found.append(
            Shipment(
                shipment_id=need_id(one),
                shipped_at=sent,
                delivered_at=one.instant("delivered_at"),
                carrier=told.text("company") if told else one.text("tracking_company"),
                tracking_code=told.text("number") if told else one.text("tracking_number"),
                tracking_url=told.text("url") if told else one.text("tracking_url"),
            )
        )
    return tuple(sorted(found, key=lambda one: (one.shipped_at, one.shipment_id)))
