"""The orders that come in: one a request, in our own JSON, which every tool is given alike."""

from __future__ import annotations

from datetime import UTC, datetime

PEOPLE = 20_000
_ORDER = (
    '{"order_id":"%d","currency":"EUR","placed_at":"%s","total":4598,"identity":{"email":"p%d@mail.test"},'
    '"lines":[{"line_id":"1","name":"Cup","sku":"A%d","quantity":2,"unit_price":"19.99","subtotal":3998,"total":3998},'
    '{"line_id":"2","name":"Jug","sku":"B%d","quantity":1,"unit_price":"6.00","subtotal":600,"total":600}]}'
)


def body_of(number: int, placed_at: float) -> bytes:
    """An order that was just placed (UNIX seconds), with two lines, of one of many people."""
    at = datetime.fromtimestamp(placed_at, UTC).isoformat(timespec="seconds")
    person = number * 7919 % PEOPLE
    return (_ORDER % (number, at, person, number % 500, number % 300)).encode()
