"""Whether a happening that is known reads differently now."""

from __future__ import annotations

from msgspec import Struct, json

from orderwire.model import Claim, Kind, Order, Record


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
