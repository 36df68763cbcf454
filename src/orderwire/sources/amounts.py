"""The sums of an order: what each line costs after discounts, and whether the shop's own figures add up.

Pure functions of whole minor units. A discount on the whole order is spread over the lines, so that the lines add up
to the total; where the shop's figures do not, its total stays and the difference is named, never hidden in a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from orderwire.model.money import minor, spread


class LineAmounts(Struct, frozen=True, gc=False):
    """What a line costs: before discounts, the discount, after discounts; and what does not add up in it."""

    subtotal: int
    discount: int
    total: int
    mismatch: int = 0


class OrderAmounts(NamedTuple):
    """What an order costs, and what does not add up in it (the shop's total less the sum of its parts)."""

    lines: Sequence[LineAmounts]
    total: int
    mismatch: int


@lru_cache(maxsize=16_384)
def product(quantity: Decimal, unit_price: Decimal, currency: str) -> int:
    """Quantity times unit price in minor units, halves away from zero: 3 × 0.095 GBP → 29."""
    return minor(quantity * unit_price, currency)


def line_amounts(
    goods: int | None, *, subtotal: int | None, discount: int | None, total: int | None
) -> LineAmounts | None:
    """Complete a line's amounts from those that the shop states.

    Args:
        goods: quantity times unit price; None where the price is not known.
        subtotal: the shop's own figure for the same.
        discount: the line's discount.
        total: what the line adds to the order.

    Returns:
        None where nothing says what the line costs.
    """
    before = goods if subtotal is None else subtotal
    if total is None:
        if before is None:
            return None
        return LineAmounts(before, discount or 0, before - (discount or 0))
    if before is None:
        return LineAmounts(total + (discount or 0), discount or 0, total)
    if discount is None:
        discount = max(before - total, 0)
    return LineAmounts(before, discount, total, total - (before - discount))


def order_amounts(
    lines: Sequence[LineAmounts], *, total: int | None, discount: int, extras: int, has_lines: bool = True
) -> OrderAmounts:
    """Settle an order: spread its discount where the lines do not hold it yet, and compare with the shop's total.

    Args:
        lines: the lines as the shop states them.
        total: the shop's total; None where it states none.
        discount: the discount on the whole order, which may or may not be in the lines already.
        extras: shipping, fees and tax charged on top.
        has_lines: whether the mapping reads lines at all; without them there is nothing to compare.
    """
    if not has_lines:
        return OrderAmounts(lines, extras - discount if total is None else total, 0)
    computed = sum(line.total for line in lines) + extras
    if discount and not _is_in_lines(lines, computed, total=total, discount=discount):
        lines = _spread(lines, discount)
        computed -= discount
    return OrderAmounts(lines, computed, 0) if total is None else OrderAmounts(lines, total, total - computed)


def _is_in_lines(lines: Sequence[LineAmounts], sum_before: int, *, total: int | None, discount: int) -> bool:
    if total is not None and sum_before == total:
        return True
    if total is not None and sum_before - discount == total:
        return False
    return sum(line.discount for line in lines) == discount


def _spread(lines: Sequence[LineAmounts], discount: int) -> list[LineAmounts]:
    shares = spread(discount, tuple(max(line.total, 0) for line in lines))
    return [
        LineAmounts(line.subtotal, line.discount + share, line.total - share, line.mismatch)
        for line, share in zip(lines, shares, strict=True)
    ]
