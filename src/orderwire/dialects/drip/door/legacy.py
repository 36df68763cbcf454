"""Orders and refunds of the REST API v2, which Drip still takes: amounts in cents, states without their instants.

An order that is first met paid or shipped was so when it was placed, approximately; a state that an order reaches
later, it reached when the call said so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from orderwire.dialects.doorway import Answer, Call, Shelves
from orderwire.dialects.drip.door.bodies import Piece, batched, several
from orderwire.dialects.drip.door.faults import Refusal, invalid, not_found, wrong_structure
from orderwire.dialects.drip.door.lifetime import earn
from orderwire.dialects.drip.door.lines import address_of
from orderwire.dialects.drip.door.orders import DEFAULT_CURRENCY
from orderwire.dialects.drip.door.people import refusal_words
from orderwire.dialects.drip.door.resources import reply
from orderwire.dialects.drip.door.turn import ANOTHERS, Met, Turn
from orderwire.dialects.drip.door.values import (
    currency,
    digest,
    from_cents,
    instant,
    is_email,
    is_number,
    number,
    scalar,
    text,
)
from orderwire.model import Order, OrderLine, Refund, RefundKind
from orderwire.model.money import major

_CENTS = ("amount", "tax", "fees", "discount", "price")
_STATES = {"paid": ("financial_state", "paid_at"), "fulfilled": ("fulfillment_state", "fulfilled_at")}


def write_orders(call: Call, shelves: Shelves) -> Answer:
    """`POST orders`: of people who are known, else nothing is taken."""
    turn = Turn(call, shelves)
    for piece in several(call.body, "orders"):
        check_order(piece.value)
        met = turn.person_in(piece.value, "id")
        if met is None or met.is_new:
            raise not_found()
        _take(turn, met, piece)
    return turn.intake(reply({}, 202))


def write_order_batches(call: Call, shelves: Shelves) -> Answer:
    """`POST orders/batches`: what cannot be taken is told of nowhere at Drip, and is kept here."""
    turn = Turn(call, shelves)
    for place, piece in enumerate(batched(call.body, "orders")):
        problem, met = "nobody has this id", None
        try:
            check_order(piece.value)
            met = turn.person_in(piece.value, "id")
        except Refusal as refusal:
            problem = refusal_words(refusal)
        if met is None:
            turn.unread("orders", f"orders[{place}]", problem, piece.raw)
        else:
            _take(turn, met, piece)
    return turn.intake(reply({}, 202))


def write_refunds(call: Call, shelves: Shelves) -> Answer:
    """`POST refunds`: of orders that are known."""
    turn = Turn(call, shelves)
    for piece in several(call.body, "refunds"):
        record = piece.value
        if not text(record.get("order_upstream_id")):
            raise invalid("presence_error", "Order upstream is required", "order_upstream_id")
        if not _is_cents(record.get("amount")):
            raise invalid("presence_error", "Amount is required", "amount")
        order_id = turn.ident(text(record.get("provider")), text(record["order_upstream_id"]))
        known = turn.snapshot(f"order:{order_id}")
        if not isinstance(known, Order):
            raise not_found()
        order = _refunded(known, record, turn.call.received_at)
        earn(turn, turn.meet(known.identity), known, order)
        turn.add(order, piece.raw)
    return turn.intake(reply({}, 202))


def check_order(record: Mapping[str, Any]) -> None:
    """See whether an order can be taken.

    Raises:
        Refusal: it cannot, with Drip's code for the reason.
    """
    email = text(record.get("email"))
    if not email and not text(record.get("id")):
        raise invalid("presence_error", "Email is required", "email")
    if email and not is_email(email):
        raise invalid("email_error", "Email is invalid", "email")
    if record.get("amount") is None:
        raise invalid("presence_error", "Amount is required", "amount")
    items = record.get("items") or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise wrong_structure()
    for part in (record, *items):
        if not all(part.get(name) is None or _is_cents(part[name]) for name in _CENTS):
            raise invalid("format_error", "Amount must be a whole number of cents", "amount")
    if record.get("currency_code") and not currency(record["currency_code"]):
        raise invalid("format_error", "Currency code is invalid", "currency_code")


def _take(turn: Turn, met: Met, piece: Piece) -> None:
    record = piece.value
    key = text(record.get("upstream_id")) or text(record.get("identifier"))
    order_id = turn.ident(text(record.get("provider")), key) if key else digest(dict(record))
    before = turn.snapshot(f"order:{order_id}")
    known = before if isinstance(before, Order) else None
    if known is not None and turn.is_anothers(known, met):
        turn.unread("orders", "orders", ANOTHERS, piece.raw)
        return
    order = _order(turn, record, met, order_id, known)
    earn(turn, met, known, order)
    turn.add(order, piece.raw)
    met.has_come = True


def _order(turn: Turn, record: Mapping[str, Any], met: Met, order_id: str, known: Order | None) -> Order:
    received_at = turn.call.received_at
    given_at = instant(record.get("occurred_at"))
    code = currency(record.get("currency_code")) or (known.currency if known else DEFAULT_CURRENCY)
    base = known or Order(
        order_id=order_id,
        identity=turn.identity_in(record, met, "id"),
        currency=code,
        placed_at=given_at or received_at,
        total=0,
    )
    properties = record.get("properties")
    provider = text(record.get("provider"))
    items = record.get("items") or []
    order = replace(
        base,
        currency=code,
        placed_at=given_at or base.placed_at,
        number=text(record.get("identifier")) or base.number,
        total=from_cents(record["amount"], code),
        tax=from_cents(record.get("tax"), code),
        fee=from_cents(record.get("fees"), code),
        discount=abs(from_cents(record.get("discount"), code)),
        url=text(record.get("permalink")) or base.url,
        billing_address=address_of(record.get("billing_address")) or base.billing_address,
        shipping_address=address_of(record.get("shipping_address")) or base.shipping_address,
        lines=tuple(_line(turn, item, code, str(place), provider) for place, item in enumerate(items, 1)),
        properties={name: scalar(value) for name, value in properties.items()}
        if isinstance(properties, dict)
        else {},
        cancelled_at=instant(record.get("cancelled_at")) or base.cancelled_at,
        source_status=text(record.get("fulfillment_state")) or text(record.get("financial_state")) or None,
        updated_at=received_at if known else None,
    )
    return _with_states(order, record, known, received_at)


def _with_states(order: Order, record: Mapping[str, Any], known: Order | None, received_at: datetime) -> Order:
    for state, (name, field) in _STATES.items():
        if text(record.get(name)) != state or getattr(order, field) is not None:
            continue
        if known is None:
            order = replace(order, **{field: order.placed_at}, approximate=(*order.approximate, field))
        else:
            order = replace(order, **{field: received_at})
    return order


def _line(turn: Turn, item: Mapping[str, Any], code: str, place: str, provider: str) -> OrderLine:
    quantity = number(item.get("quantity")) or Decimal(1)
    total = from_cents(item.get("amount"), code)
    discount = abs(from_cents(item.get("discount"), code))
    price = from_cents(item["price"], code) if item.get("price") is not None else None
    product = text(item.get("upstream_product_id")) or text(item.get("product_id"))
    variant = text(item.get("upstream_product_variant_id"))
    properties = item.get("properties")
    return OrderLine(
        line_id=text(item.get("upstream_id")) or place,
        name=text(item.get("name")) or text(item.get("sku")) or product or place,
        quantity=quantity,
        product_id=turn.ident(provider, product) if product else None,
        variant_id=variant if variant != product and variant else None,
        sku=text(item.get("sku")) or None,
        unit_price=None if price is None else major(price, code),
        subtotal=total + discount if price is None else int(price * quantity),
        discount=discount,
        tax=from_cents(item.get("tax"), code),
        total=total,
        properties={name: scalar(value) for name, value in properties.items()}
        if isinstance(properties, dict)
        else {},
    )


def _refunded(order: Order, record: Mapping[str, Any], received_at: datetime) -> Order:
    refund_id = text(record.get("upstream_id")) or digest(dict(record))
    others = tuple(refund for refund in order.refunds if refund.refund_id != refund_id)
    given = abs(from_cents(record["amount"], order.currency))
    is_all = sum(refund.amount for refund in others) + given >= order.total
    refund = Refund(
        refund_id=refund_id,
        refunded_at=instant(record.get("processed_at")) or received_at,
        amount=given,
        kind=RefundKind.FULL if is_all else RefundKind.PARTIAL,
        reason=text(record.get("note")) or None,
    )
    return replace(order, refunds=(*others, refund), updated_at=received_at)


def _is_cents(value: Any) -> bool:
    return is_number(value) and not isinstance(value, Decimal)
