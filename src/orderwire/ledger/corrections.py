"""Whether a happening that is known reads differently now, and instants that are known better than they are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct, json
from msgspec.structs import replace

from orderwire.ledger.instants import instant
from orderwire.ledger.plans import KnownFact
from orderwire.model import Claim, Kind, Order, Record

_HAPPENINGS = {
    "placed_at": "placed",
    "paid_at": "paid",
    "fulfilled_at": "fulfilled",
    "delivered_at": "delivered",
    "cancelled_at": "cancelled",
}
"""What a happening of the order as a whole is called in its key, by the instant that tells of it."""


def differs(record: Record, claim: Claim, snapshot: bytes) -> bool:
    """Whether the part of an order that a happening is about differs from the snapshot known before.

    Only refunds and shipments have a content of their own; the other happenings are their instant alone.
    """
    if not isinstance(record, Order) or claim.detail is None or not snapshot:
        return False
    return _part(record, claim) != _part(json.decode(snapshot, type=Order), claim)


def _part(order: Order, claim: Claim) -> Struct | None:
    match claim.kind:
        case Kind.ORDER_REFUNDED:
            return next((refund for refund in order.refunds if refund.refund_id == claim.detail), None)
        case Kind.ORDER_FULFILLED | Kind.ORDER_DELIVERED:
            return next((parcel for parcel in order.shipments if parcel.shipment_id == claim.detail), None)
        case _:
            return None


def with_known_instants(order: Order, known: Callable[[str], KnownFact | None], *, is_correcting: bool) -> Order:
    """The order with the instants in the log where it tells approximate ones; it may be the same order.

    Of two approximate instants the first stays, unless correcting: else a last-change time would be news each time.
    """
    changes: dict[str, Any] = {}
    vague: list[str] = []
    for name in order.approximate:
        fact = known(_HAPPENINGS[name]) if name in _HAPPENINGS and getattr(order, name) is not None else None
        if fact is not None and not (fact.is_approximate and is_correcting):
            changes[name] = instant(fact.occurred_at)
        if fact is None or fact.is_approximate:
            vague.append(name)
    return replace(order, approximate=tuple(vague), **changes) if changes else order


def _is_better(told: datetime | None, order: Order, name: str) -> bool:
    """Whether an exact instant may take an approximate one's place: it is earlier, or the order's day stood in."""
    vague = getattr(order, name)
    if told is None or vague is None:
        return False
    has_own_day = name != "placed_at" and vague == order.placed_at
    return bool(told < vague or has_own_day)


def with_told_instants(newest: bytes, told: Order) -> Order | None:
    """The newest snapshot with what it knows only approximately and is told exactly; None where there is nothing."""
    order = json.decode(newest, type=Order)
    exact: dict[str, Any] = {
        name: getattr(told, name)
        for name in order.approximate
        if name in _HAPPENINGS and name not in told.approximate and _is_better(getattr(told, name), order, name)
    }
    if not exact:
        return None
    return replace(order, approximate=tuple(name for name in order.approximate if name not in exact), **exact)
