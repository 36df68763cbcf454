"""Exact money: whole minor units, and the digits of each currency."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel.numbers import get_currency_precision
from msgspec import Struct


@cache
def digits(currency: str) -> int:
    """How many decimal digits the minor unit of a currency has: 2 for EUR, 0 for JPY, 3 for KWD.

    Source: Unicode CLDR through Babel; ISO 4217 digits, not cash rounding.
    """
    return get_currency_precision(currency)


class Money(Struct, frozen=True, order=False):
    """An amount in whole minor units of one currency."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise ValueError("amounts in two currencies cannot be added without a rate")
        return Money(self.minor + other.minor, self.currency)


def major(minor: int, currency: str) -> Decimal:
    """An amount in major units, exactly: 1999 EUR → Decimal('19.99')."""
    return Decimal(minor).scaleb(-digits(currency))


def minor(amount: Decimal, currency: str) -> int:
    """The nearest whole number of minor units, halves away from zero: Decimal('0.285') GBP → 29."""
    return int(amount.scaleb(digits(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def decimal_text(minor_units: int, currency: str) -> str:
    """A JSON number in major units, from integers alone: 1999 EUR → '19.99', -5 EUR → '-0.05'."""
    places = digits(currency)
    if not places:
        return str(minor_units)
    sign = "-" if minor_units < 0 else ""
    whole, part = divmod(abs(minor_units), 10**places)
    return f"{sign}{whole}.{part:0{places}d}"


def spread(amount: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """Share an amount over weights so that the shares add up to it exactly.

    The remainder goes to the largest fractions first, ties to the earlier place. All-zero weights share evenly.

    Example:
        >>> spread(100, (1, 1, 1))
        (34, 33, 33)
    """
    if not weights:
        return ()
    total = sum(weights)
    if total == 0:
        weights, total = (1,) * len(weights), len(weights)
    sign = -1 if amount < 0 else 1
    shares = [divmod(abs(amount) * weight, total) for weight in weights]
    rest = abs(amount) - sum(share for share, _ in shares)
    order = sorted(range(len(weights)), key=lambda place: (-shares[place][1], place))
    extra = set(order[:rest])
    return tuple(sign * (share + (place in extra)) for place, (share, _) in enumerate(shares))
