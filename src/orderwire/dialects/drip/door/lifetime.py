"""A subscriber's lifetime value as Drip keeps it: whole hundredths of whatever currency, set by a call or by orders.

An order adds its total, takes off each refund, and comes to nothing when it is cancelled before anybody paid.
"""

from __future__ import annotations

from orderwire.dialects.drip.door.turn import Met, Turn, document_key
from orderwire.model import Order
from orderwire.model.money import major

LIFETIME = "lifetime"
"""The collection of lifetime values, by `document_key`."""


def set_lifetime(turn: Turn, met: Met, cents: int) -> None:
    """Keep the value that a call gives."""
    turn.keep(LIFETIME, document_key(met.identity), {"cents": cents})


def earn(turn: Turn, met: Met, before: Order | None, after: Order) -> None:
    """Add what an order comes to now beyond what it came to before."""
    gained = _worth(after) - _worth(before)
    if gained:
        key = document_key(met.identity)
        kept = turn.document(LIFETIME, key) or {}
        turn.keep(LIFETIME, key, {"cents": kept.get("cents", 0) + gained})


def _worth(order: Order | None) -> int:
    if order is None or (order.cancelled_at is not None and order.paid_at is None):
        return 0
    return int(major(order.total - order.refunded, order.currency) * 100)
