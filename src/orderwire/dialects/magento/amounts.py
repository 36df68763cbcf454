"""Amounts of orders: in the currency the customer paid in or the shop's base one, with tax or without.

Every amount stands twice, bare in the order's currency and as `base_…` in the shop's. Magento states lines without
tax. What a line adds to the total is its row less its discount, plus what compensates the tax of a discount that was
given on the price with tax; with tax, the tax of the line besides. Shipping is made up the same way.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from orderwire.dialects.connector import Access
from orderwire.dialects.shop_json import Part
from orderwire.model.money import minor

_NOTHING = Decimal(0)


class Terms(Struct, frozen=True):
    """How the amounts of one order are read."""

    currency: str
    is_base: bool
    is_gross: bool

    def get(self, part: Part, name: str) -> Decimal | None:
        """An amount as it stands there; None where it is absent."""
        return part.decimal(f"base_{name}" if self.is_base else name)

    def of(self, part: Part, name: str) -> Decimal:
        """An amount as it stands there; 0 where it is absent."""
        return self.get(part, name) or _NOTHING

    def minor(self, amount: Decimal) -> int:
        """An amount in minor units."""
        return minor(amount, self.currency)


class Sums(Struct, frozen=True):
    """What a line is made up of, exact, not rounded yet."""

    row: Decimal = _NOTHING
    discount: Decimal = _NOTHING
    tax: Decimal = _NOTHING
    compensation: Decimal = _NOTHING
    row_with_tax: Decimal = _NOTHING

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.row + other.row,
            self.discount + other.discount,
            self.tax + other.tax,
            self.compensation + other.compensation,
            self.row_with_tax + other.row_with_tax,
        )

    def total(self, *, is_gross: bool) -> Decimal:
        """What it adds to the total."""
        net = self.row - self.discount + self.compensation
        return net + self.tax if is_gross else net

    def subtotal(self, *, is_gross: bool) -> Decimal:
        """What it was before the discount."""
        return self.row_with_tax if is_gross else self.row


def terms_of(order: Part, access: Access) -> Terms:
    """How an order's amounts are read.

    Raises:
        Misread: its currency is missing.
    """
    is_base = access.flag("base_currency")
    currency = order.currency("base_currency_code" if is_base else "order_currency_code")
    return Terms(currency, is_base, access.flag("prices_include_tax"))


def sums_of(item: Part, terms: Terms) -> Sums:
    """What one item says of itself."""
    row, tax = terms.of(item, "row_total"), terms.of(item, "tax_amount")
    with_tax = terms.get(item, "row_total_incl_tax")
    return Sums(
        row,
        abs(terms.of(item, "discount_amount")),
        tax,
        terms.of(item, "discount_tax_compensation_amount"),
        row + tax if with_tax is None else with_tax,
    )


def shipping_of(part: Part, terms: Terms) -> Decimal:
    """What shipping adds to the total of an order or a refund."""
    net = (
        terms.of(part, "shipping_amount")
        - abs(terms.of(part, "shipping_discount_amount"))
        + terms.of(part, "shipping_discount_tax_compensation_amount")
    )
    return net + terms.of(part, "shipping_tax_amount") if terms.is_gross else net
