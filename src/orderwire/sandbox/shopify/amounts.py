"""What an order at Shopify adds up to: as placed, and now, after edits and refunds."""

from __future__ import annotations

from dataclasses import dataclass

from orderwire.sandbox.trading.things import Line, Order, tax_in


def is_gross(order: Order) -> bool:
    """Whether the prices of this order include tax; two in three do."""
    return order.id % 3 != 0


def without_tax(order: Order, gross: int) -> int:
    """An amount as this order states prices."""
    return gross if is_gross(order) else gross - tax_in(gross)


@dataclass(frozen=True)
class Sums:
    """The totals of an order."""

    total: int
    tax: int
    discount: int


def placed(order: Order) -> Sums:
    """The totals as placed."""
    discount = sum(without_tax(order, line.discount) for line in order.lines)
    if is_gross(order):
        tax = sum(tax_in(line.total) for line in order.lines) + tax_in(order.shipping)
        return Sums(order.total, tax, discount)
    goods = sum(line_price(order, line) * line.quantity - without_tax(order, line.discount) for line in order.lines)
    tax = sum(tax_in(line.total) for line in order.lines) + tax_in(order.shipping)
    return Sums(goods + without_tax(order, order.shipping) + tax, tax, discount)


def now(order: Order) -> Sums:
    """The totals after what was edited out and what went back as goods."""
    before = placed(order)
    total, tax = before.total, before.tax
    for line in order.lines:
        if line.removed:
            share = without_tax(order, line.discount) * line.removed // line.quantity
            out_tax = tax_in(line.total) * line.removed // line.quantity
            total -= line_price(order, line) * line.removed - share + (0 if is_gross(order) else out_tax)
            tax -= out_tax
    for refund in order.refunds:
        if refund.lines:
            total -= refund.amount
            tax -= tax_in(refund.amount)
    return Sums(total, tax, before.discount)


def line_price(order: Order, line: Line) -> int:
    """The price of one piece as this order states it."""
    return without_tax(order, line.price)


def went_back(order: Order, line: Line) -> int:
    """How many pieces of a line went back."""
    return sum(pieces for refund in order.refunds for number, pieces in refund.lines if number == line.id)
