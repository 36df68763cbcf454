"""Exact money: digits, texts, rounding and sharing."""

from decimal import Decimal

import pytest

from orderwire.model import Money
from orderwire.model.money import decimal_text, digits, major, minor, spread


@pytest.mark.parametrize(
    ("currency", "expected"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("BHD", 3), ("TND", 3)]
)
def test_a_currency_has_its_own_number_of_digits(currency: str, expected: int) -> None:
    assert expected == digits(currency)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (1999, "EUR", "19.99"),
        (1900, "EUR", "19.00"),
        (5, "EUR", "0.05"),
        (-5, "EUR", "-0.05"),
        (-1999, "EUR", "-19.99"),
        (0, "EUR", "0.00"),
        (1999, "JPY", "1999"),
        (-1999, "JPY", "-1999"),
        (1999, "KWD", "1.999"),
        (-7, "KWD", "-0.007"),
        (9007199254740993, "EUR", "90071992547409.93"),
    ],
)
def test_an_amount_is_written_in_major_units(amount: int, currency: str, expected: str) -> None:
    assert expected == decimal_text(amount, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("19.99", "EUR", 1999),
        ("0.285", "GBP", 29),
        ("-0.285", "GBP", -29),
        ("0.2849", "GBP", 28),
        ("0.005", "EUR", 1),
        ("-0.005", "EUR", -1),
        ("1.005", "EUR", 101),
        ("1999.5", "JPY", 2000),
        ("1.9995", "KWD", 2000),
        ("1E+2", "EUR", 10000),
    ],
)
def test_halves_of_a_minor_unit_round_away_from_zero(amount: str, currency: str, expected: int) -> None:
    assert expected == minor(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"), [(1999, "EUR", "19.99"), (1999, "JPY", "1999"), (1999, "KWD", "1.999")]
)
def test_major_units_are_exact(amount: int, currency: str, expected: str) -> None:
    assert Decimal(expected) == major(amount, currency)


@pytest.mark.parametrize(
    ("amount", "weights", "expected"),
    [
        (100, (1, 1, 1), (34, 33, 33)),
        (-100, (1, 1, 1), (-34, -33, -33)),
        (100, (1, 2), (33, 67)),
        (5, (0, 0), (3, 2)),
        (-5, (0, 0), (-3, -2)),
        (5, (0, 1), (0, 5)),
        (0, (3, 4), (0, 0)),
        (1, (1, 1), (1, 0)),
        (7, (5,), (7,)),
        (7, (), ()),
    ],
)
def test_an_amount_is_shared_by_weight(amount: int, weights: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert expected == spread(amount, weights)


def test_amounts_of_two_currencies_cannot_be_added() -> None:
    with pytest.raises(ValueError, match="two currencies"):
        Money(1, "EUR") + Money(1, "USD")
