"""Lines as order items whose prices add up to the order's total to the last minor unit.

Yespo has one price per piece and asks that items and charges add up to `totalCost`. A discount on the whole order is
therefore shared over the lines, and a line whose share does not divide by its quantity becomes two rows of the same
product: 3 pieces for 10.00 are 2 × 3.33 and 1 × 3.34. Pieces, product and money all stay exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from msgspec import Raw

from orderwire.model import Order, OrderLine
from orderwire.model.money import decimal_text, digits, major, spread

_EXTRA_DIGITS = 4
"""How many digits beyond the currency's own a price per piece may have where a quantity is no whole number."""


class Row(NamedTuple):
    """One item row of a line: `suffix` completes the name where the quantity had to go there."""

    quantity: Raw
    cost: Raw
    suffix: str = ""


def money(minor: int, currency: str) -> Raw:
    """An amount as an exact JSON number."""
    return Raw(decimal_text(minor, currency).encode())


def shipping_of(order: Order) -> int:
    """What stands as `shipping` there: there is no field for other fees."""
    return order.shipping + order.fee


def tax_on_top(order: Order) -> int:
    """The tax that is not contained in the lines."""
    return 0 if order.is_tax_included else order.tax


def shares(order: Order) -> tuple[tuple[int, ...], str]:
    """What each line adds to the order's total, and a remark when the source's own figures do not add up."""
    totals = tuple(line.total for line in order.lines)
    target = order.total - shipping_of(order) - tax_on_top(order)
    gap = sum(totals) - target
    if not totals or gap == 0:
        return totals, ""
    is_explained = gap in _known_discounts(order) or abs(gap) <= len(totals)
    remark = f"items: the source's lines and its total differ by {decimal_text(gap, order.currency)} {order.currency}"
    if target < 0 or sum(totals) <= 0:
        return totals, remark
    return spread(target, totals), "" if is_explained else f"{remark}, shared over the items"


def _known_discounts(order: Order) -> tuple[int, ...]:
    in_lines = sum(line.discount for line in order.lines)
    named = sum(discount.amount for discount in order.discounts)
    return order.discount, order.discount - in_lines, named, named - in_lines


def rows(line: OrderLine, share: int, currency: str) -> Iterator[Row]:
    """The item rows that say a line's quantity and its share of the total exactly."""
    quantity = line.quantity
    whole = int(quantity)
    if whole == quantity and whole > 0:
        each, rest = divmod(share, whole)
        if whole > rest:
            yield Row(Raw(str(whole - rest).encode()), money(each, currency))
        if rest:
            yield Row(Raw(str(rest).encode()), money(each + 1, currency))
        return
    cost = _exact_price(quantity, share, currency)
    if cost is None:
        yield Row(Raw(b"1"), money(share, currency), f" × {quantity.normalize():f}")
    else:
        yield Row(Raw(f"{quantity.normalize():f}".encode()), Raw(f"{cost.normalize():f}".encode()))


def _exact_price(quantity: Decimal, share: int, currency: str) -> Decimal | None:
    if quantity <= 0:
        return Decimal(0) if share == 0 else None
    step = Decimal(1).scaleb(-digits(currency) - _EXTRA_DIGITS)
    cost = (major(share, currency) / quantity).quantize(step)
    return cost if cost * quantity == major(share, currency) else None
