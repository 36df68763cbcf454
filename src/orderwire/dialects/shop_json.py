"""Taking values out of a shop's JSON: exact, or refused by the place where they stand, never guessed.

Numbers with a point are decimals from the text, ids above 2^53 stay exact, empty text counts as absent, and whatever
is of another type than asked for is a `Misread` with its place and without its value.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, DecimalException
from typing import Any

import msgspec

from orderwire.errors import InvalidRecord
from orderwire.model import Address, Order, OrderLine
from orderwire.model.money import minor

_JSON = msgspec.json.Decoder(float_hook=Decimal)
_CURRENCY = re.compile(r"[A-Z]{3}")
_MOST = Decimal(10) ** 14
"""Beyond this an amount is a mistake, and its minor units no longer fit where they are kept."""
_FINEST = -12
_SIX_PLACES = Decimal("0.000001")


class Misread(Exception):
    """A value that cannot be understood: where it stands, and what is wrong, without the value."""

    def __init__(self, place: str, problem: str, remedy: str = "") -> None:
        self.place = place
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{place}: {problem}")

    def of(self, source: str) -> InvalidRecord:
        """The same as the error that the rest of the house knows."""
        return InvalidRecord(source, self.place, self.problem, self.remedy)


def decoded(raw: bytes) -> Any:
    """The JSON value in these bytes.

    Raises:
        Misread: they are no JSON.
    """
    try:
        return _JSON.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeError, DecimalException) as error:
        raise Misread("body", "is not JSON") from error


def pieces(raw: bytes) -> list[bytes]:
    """The elements of a JSON list, each with the very bytes it came in.

    Raises:
        Misread: they are no JSON list.
    """
    try:
        return [bytes(one) for one in msgspec.json.decode(raw, type=list[msgspec.Raw])]
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Misread("body", "is not a JSON list") from error


class Part:
    """One JSON object of a shop, and the place where it stands."""

    def __init__(self, value: Any, place: str = "") -> None:
        if not isinstance(value, dict):
            raise Misread(place or "body", "is not an object")
        self.value: dict[str, Any] = value
        self.place = place

    def at(self, name: str) -> str:
        """The place of a member."""
        return f"{self.place}.{name}" if self.place else name

    def text(self, name: str) -> str | None:
        """A text, or a number by its digits; None where it is absent or empty."""
        value = self.value.get(name)
        match value:
            case None:
                return None
            case str():
                return value.strip() or None
            case int() if not isinstance(value, bool):
                return str(value)
            case Decimal() if value == value.to_integral_value() and abs(value) < _MOST**3:
                return str(int(value))
        raise Misread(self.at(name), "is not a text")

    def need(self, name: str) -> str:
        """A text that must be there."""
        found = self.text(name)
        if found is None:
            raise Misread(self.at(name), "is missing")
        return found

    def identifier(self, name: str) -> str | None:
        """An id by its digits; None where it is absent or 0, which shops write for none."""
        found = self.text(name)
        return None if found == "0" else found

    def decimal(self, name: str) -> Decimal | None:
        """A number, written as one or as a text; None where it is absent or empty."""
        value = self.value.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise Misread(self.at(name), "is not a number")
        try:
            found = Decimal(value.strip()) if isinstance(value, str) else Decimal(value)
        except DecimalException as error:
            raise Misread(self.at(name), "is not a number") from error
        if not found.is_finite() or abs(found) > _MOST:
            raise Misread(self.at(name), "is not a number that an amount can be")
        exponent = found.as_tuple().exponent
        if isinstance(exponent, int) and exponent < _FINEST:
            found = found.quantize(Decimal(1).scaleb(_FINEST))
        return found

    def amount(self, name: str, currency: str) -> int:
        """An amount in minor units; 0 where it is absent."""
        found = self.decimal(name)
        return 0 if found is None else minor(found, currency)

    def whole(self, name: str) -> int | None:
        """A whole number; None where it is absent."""
        found = self.decimal(name)
        if found is None:
            return None
        if found != found.to_integral_value():
            raise Misread(self.at(name), "is not a whole number")
        return int(found)

    def flag(self, name: str) -> bool | None:
        """Yes or no; None where it is absent."""
        value = self.value.get(name)
        if value is None or isinstance(value, bool):
            return value
        raise Misread(self.at(name), "is not true or false")

    def instant(self, name: str, *, is_utc: bool = False) -> datetime | None:
        """A point in time; None where it is absent. Without a zone it is refused, unless the name says UTC."""
        text = self.text(name)
        if text is None or text.startswith("0000-"):
            return None
        try:
            found = datetime.fromisoformat(text)
            if found.tzinfo is None and is_utc:
                return found.replace(tzinfo=UTC)
            if found.tzinfo is not None:
                return found.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise Misread(self.at(name), "is not a point in time") from error
        raise Misread(self.at(name), "has no time zone")

    def currency(self, name: str) -> str:
        """The code of a currency, which must be there."""
        code = self.need(name).upper()
        if not _CURRENCY.fullmatch(code):
            raise Misread(self.at(name), "is not a currency code")
        return code

    def part(self, name: str) -> Part | None:
        """An object; None where it is absent, or empty in a shop that writes lists for empty objects."""
        value = self.value.get(name)
        return None if value is None or value == [] else Part(value, self.at(name))

    def parts(self, name: str) -> list[Part]:
        """The objects of a list; none where it is absent, or empty as an object."""
        value = self.value.get(name)
        if value is None or value == {}:
            return []
        if not isinstance(value, list):
            raise Misread(self.at(name), "is not a list")
        return [Part(one, f"{self.at(name)}[{place}]") for place, one in enumerate(value)]

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list; none where it is absent."""
        value = self.value.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise Misread(self.at(name), "is not a list of texts")
        return tuple(value)


def postal(part: Part | None, names: dict[str, str]) -> Address | None:
    """An address whose members go by these names; None where nothing is in it."""
    if part is None:
        return None
    found = {ours: text for ours, theirs in names.items() if (text := part.text(theirs)) is not None}
    return Address(**found) if found else None


def each(amount: Decimal, quantity: Decimal) -> Decimal | None:
    """What one piece costs, to six places; None where that is no sensible number."""
    if not quantity:
        return None
    try:
        return (amount / quantity).quantize(_SIX_PLACES).normalize() + 0
    except DecimalException:
        return None


def line_sum(lines: tuple[OrderLine, ...]) -> int:
    """What lines add to the total of their order."""
    return sum(line.total for line in lines)


def mismatch_of(order: Order) -> int:
    """By how many minor units an order's total differs from what its parts add up to."""
    parts = line_sum(order.lines) + order.shipping + order.fee
    return order.total - parts - (0 if order.is_tax_included else order.tax)
