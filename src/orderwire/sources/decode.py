"""Reads single values as databases and files give them: exact, strict, and quick.

Every reader takes a value that is not None and returns what it means, or None where it means nothing (blank text).
What cannot be understood raises `Unreadable`, or one of `MISFITS` where Python's own parsing has already said so.
No reader ever puts the value into the error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias
from uuid import UUID

from msgspec import json

from orderwire.model.money import digits, minor
from orderwire.model.people import JsonScalar

Decoder: TypeAlias = Callable[[object], object]
MoneyDecoder: TypeAlias = Callable[[object, str], object]

MISFITS = (ValueError, TypeError, ArithmeticError)
"""What Python's own parsing raises; `Unreadable` is one of them."""

_REMEMBERED = 16_384
"""Amounts of which each reader remembers the meaning: prices come again and again, totals seldom."""
_LONGEST_KEY = 64
_MOST_DIGITS = 15
"""Amounts of more digits than this before or after the point are damage, not money."""


class Unreadable(ValueError):
    """A value that does not say what its field needs.

    Args:
        problem: what is wrong with it, without the value.
        remedy: what to do about it.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(problem)


def text(value: object) -> str | None:
    """A text, trimmed; blank is None. Whole floats lose their point, so that the key 17850.0 is `17850`."""
    if type(value) is str:
        if not value.isascii():
            value.encode()
        return value.strip() or None
    if type(value) is int:
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, UUID | int):
        return str(value)
    if isinstance(value, float | Decimal):
        return _digits_of_key(value if isinstance(value, Decimal) else Decimal(repr(value)))
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode().strip() or None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if value is None:
        return None
    raise Unreadable("is not a text")


def _digits_of_key(exact: Decimal) -> str:
    """A number as a key; databases keep keys of 20 and more digits as decimals."""
    if not exact.is_finite() or abs(exact.adjusted()) > _LONGEST_KEY:
        raise Unreadable("is not a number")
    return str(int(exact)) if exact == int(exact) else format(exact, "f")


@lru_cache(maxsize=_REMEMBERED)
def _decimal(value: str | float | Decimal) -> Decimal:
    exact = value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else value)
    if not exact.is_finite():
        raise Unreadable("is not a number")
    exponent = exact.as_tuple().exponent
    if exact.adjusted() > _MOST_DIGITS or (isinstance(exponent, int) and exponent < -_MOST_DIGITS):
        raise Unreadable("has more digits than any amount or quantity has")
    return exact


def number(value: object) -> Decimal | None:
    """An exact number. Floats are read by their shortest text, so 19.99 is 19.99."""
    if isinstance(value, str):
        value = value.strip()
        return _decimal(value) if value else None
    if isinstance(value, int | float | Decimal):
        return _decimal(value)
    raise Unreadable("is not a number", "Amounts are plain numbers with a point, such as 1234.50.")


@lru_cache(maxsize=_REMEMBERED)
def _units_of_major(value: str | float | Decimal, currency: str) -> int:
    if isinstance(value, str) and (units := _plain_units(value, digits(currency))) is not None:
        return units
    return minor(_decimal(value), currency)


def _plain_units(value: str, places: int) -> int | None:
    """An amount written with exactly the digits of its currency, as most are: it needs no arithmetic."""
    whole, _, part = value.partition(".")
    is_plain = len(part) == places > 0 and len(whole) <= _MOST_DIGITS and whole.isdecimal() and part.isdecimal()
    return int(whole + part) if is_plain else None


@lru_cache(maxsize=_REMEMBERED)
def _units_of_minor(value: str | float | Decimal, currency: str) -> int:
    exact = _decimal(value)
    if exact != int(exact):
        raise Unreadable(f"is not a whole number of {currency} minor units", 'Set money = "major" for such amounts.')
    return int(exact)


@lru_cache(maxsize=_REMEMBERED)
def _price_of_major(value: str | float | Decimal, currency: str) -> Decimal:
    return _canonical(_decimal(value), currency)


@lru_cache(maxsize=_REMEMBERED)
def _price_of_minor(value: str | float | Decimal, currency: str) -> Decimal:
    return _canonical(_decimal(value).scaleb(-digits(currency)), currency)


def _canonical(exact: Decimal, currency: str) -> Decimal:
    """The same price always with the same digits, as many as the currency has or more where they say something.

    Databases differ: 2.1, 2.10 and 2.100 are one price and must not look like a change.
    """
    usual = exact.quantize(Decimal(1).scaleb(-digits(currency)))
    return usual if usual == exact else exact.normalize()


def money(*, is_major: bool) -> MoneyDecoder:
    """The reader of amounts: whole minor units of the currency, halves away from zero."""
    units = _units_of_major if is_major else _units_of_minor

    def amount(value: object, currency: str) -> int | None:
        if isinstance(value, str):
            value = value.strip()
            return units(value, currency) if value else None
        if isinstance(value, int | float | Decimal):
            return units(value, currency)
        raise Unreadable("is not an amount", "Amounts are plain numbers with a point, such as 1234.50.")

    return amount


def price(*, is_major: bool) -> MoneyDecoder:
    """The reader of prices: exact decimals in major units, with as many digits as the shop has."""
    exact = _price_of_major if is_major else _price_of_minor

    def amount(value: object, currency: str) -> Decimal | None:
        if isinstance(value, str):
            value = value.strip()
            return exact(value, currency) if value else None
        if isinstance(value, int | float | Decimal):
            return exact(value, currency)
        raise Unreadable("is not a price", "Prices are plain numbers with a point, such as 12.345.")

    return amount


@lru_cache(maxsize=4096)
def _quantity(value: str | float | Decimal) -> Decimal:
    exact = _decimal(value)
    return Decimal(int(exact)) if exact == int(exact) else exact.normalize()


def quantity(value: object) -> Decimal | None:
    """How many, exactly; `6`, `6.0` and `6.00` are the same quantity."""
    if isinstance(value, str):
        value = value.strip()
        return _quantity(value) if value else None
    if isinstance(value, int | float | Decimal):
        return _quantity(value)
    raise Unreadable("is not a quantity")


def count(value: object) -> int | None:
    """A whole number."""
    exact = number(value)
    if exact is not None and exact != int(exact):
        raise Unreadable("is not a whole number")
    return None if exact is None else int(exact)


_FLAGS = {
    **dict.fromkeys(("1", "true", "t", "yes", "y", "on"), True),
    **dict.fromkeys(("0", "false", "f", "no", "n", "off"), False),
}


def flag(value: object) -> bool | None:
    """Yes or no, as shops write it: true, 1, yes, on and their opposites; a bit as MariaDB gives it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, bytes) and len(value) == 1 and value in b"\x00\x01":
        return value == b"\x01"
    said = text(value)
    if said is None:
        return None
    if (known := _FLAGS.get(said.lower())) is None:
        raise Unreadable("is neither yes nor no", "Map it: { column = …, map = { … = true } }.")
    return known


def texts(value: object) -> tuple[str, ...] | None:
    """A list of texts: a real list, JSON of one, or words with commas between them."""
    if isinstance(value, str):
        value = value.strip()
        value = json.decode(value) if value.startswith("[") else value.split(",")
    if not isinstance(value, list | tuple):
        raise Unreadable("is not a list of texts")
    found = tuple(item for item in map(text, value) if item is not None)
    return found or None


def scalar(value: object) -> JsonScalar:
    """A plain JSON value as it is; exact decimals and times become text."""
    if isinstance(value, bool | int | str):
        if isinstance(value, str) and not value.isascii():
            value.encode()
        if isinstance(value, int) and not -(2**63) <= value < 2**64:
            raise Unreadable("is too large a number")
        return value
    if isinstance(value, float):
        if value - value != 0:
            raise Unreadable("is not a number")
        return value
    return text(value)


def day(value: object) -> date | None:
    """A date without a time; MySQL's zero date is none."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        value = value.strip()
        return None if not value or value.startswith("0000-00-00") else date.fromisoformat(value[:10])
    raise Unreadable("is not a date", "Dates are written 2024-03-31.")


def currency(value: object) -> str | None:
    """An ISO 4217 code, in upper case."""
    code = text(value)
    return None if code is None else _code(code)


@lru_cache(maxsize=1024)
def _code(code: str) -> str:
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise Unreadable("is not a currency code", 'Currencies are ISO 4217 letters such as "GBP".')
    return code.upper()


def event_name(value: object) -> str | None:
    """The name of an event in our words; a shop's own name is mapped, or written `custom.<name>`."""
    name = text(value)
    if name is None or name in ("product.viewed", "site.active"):
        return name
    if not name.startswith("custom.") or name == "custom.":
        raise Unreadable("is not an event's name", "Map it to product.viewed, site.active or custom.<name>.")
    return name


def one_of(kind: type[StrEnum]) -> Decoder:
    """The reader of a choice; nothing is guessed."""
    known = {member.value: member for member in kind}

    def choice(value: object) -> StrEnum | None:
        said = text(value)
        if said is None:
            return None
        if said not in known:
            raise Unreadable(f"is none of: {', '.join(known)}", "Map it: { column = …, map = { … } }.")
        return known[said]

    return choice


def mapped(values: Mapping[str, JsonScalar], decode: Callable[..., object]) -> Callable[..., object]:
    """A reader that translates the column's text first."""

    def translate(value: object, *rest: str) -> object:
        said = text(value) or ""
        if said in values:
            return decode(values[said], *rest)
        if said:
            raise Unreadable("is a value that the field's map does not know", "Add it to the map.")
        return None

    return translate


def negated(decode: Callable[..., object]) -> Callable[..., object]:
    """A reader of amounts that turns the sign."""

    def turn(value: object, *rest: str) -> object:
        amount = decode(value, *rest)
        return None if amount is None else -amount  # type: ignore[operator]

    return turn
