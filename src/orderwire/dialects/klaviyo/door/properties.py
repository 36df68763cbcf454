"""The properties of an event, found by name however a sender writes it: `OrderId`, `order_id`, `Discount Code`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from msgspec import json

from orderwire.dialects.klaviyo.door.members import moment, plain, words
from orderwire.model import Address
from orderwire.model.money import minor
from orderwire.model.people import JsonScalar

_LARGEST_DIGITS = 15
_FINEST_DIGITS = 12
_FINEST = Decimal(1).scaleb(-_FINEST_DIGITS)
"""What is written with more digits is rounded: no price has them."""
_LATEST_SECONDS = 10**11
"""Seconds beyond this are milliseconds: a known mistake of clients."""


@lru_cache(maxsize=4096)
def bare(name: str) -> str:
    """A name without case, spaces and marks."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def decimal_of(value: Any) -> Decimal | None:
    """A number of a size that amounts and quantities have, also one written as text."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        number = Decimal(value.strip()) if isinstance(value, str) else Decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() >= _LARGEST_DIGITS:
        return None
    exponent = number.as_tuple().exponent
    return number.quantize(_FINEST) if isinstance(exponent, int) and exponent < -_FINEST_DIGITS else number


def instant_of(value: Any) -> datetime | None:
    """An instant as ISO text, or as UNIX seconds or milliseconds, cut to seconds."""
    if isinstance(value, str) and (when := moment(value)) is not None:
        return when
    number = decimal_of(value)
    if number is None:
        return None
    try:
        return datetime.fromtimestamp(int(number) // (1000 if abs(number) > _LATEST_SECONDS else 1), UTC)
    except (ValueError, OverflowError, OSError):
        return None


class Properties:
    """Properties by bare name; those read are remembered, so that the rest can be kept as they are."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        self._names: dict[str, str] = {}
        for name in given:
            self._names.setdefault(bare(name), name)
        self._read: set[str] = set()

    def get(self, *names: str) -> Any:
        """The first of these that is there and says anything; another of them that says else is not read by it."""
        found = None
        for name in names:
            original = self._names.get(name)
            if original is None:
                continue
            value = self._given[original]
            is_empty = value is None or value == ""
            if found is None and not is_empty:
                found = value
            if is_empty or value == found or isinstance(value, dict | list):
                self._read.add(original)
        return found

    def text(self, *names: str) -> str | None:
        """A text, or the digits of a number."""
        return words(self.get(*names))

    def number(self, *names: str) -> Decimal | None:
        """A number."""
        return decimal_of(self.get(*names))

    def amount(self, currency: str, *names: str) -> int | None:
        """An amount in minor units."""
        number = self.number(*names)
        return None if number is None else minor(number, currency)

    def instant(self, *names: str) -> datetime | None:
        """An instant."""
        return instant_of(self.get(*names))

    def texts(self, *names: str) -> tuple[str, ...]:
        """Several texts; one text alone is a list of one."""
        value = self.get(*names)
        parts = value if isinstance(value, list) else [value]
        return tuple(text for part in parts if (text := words(part)) is not None)

    def objects(self, *names: str) -> list[dict[str, Any]]:
        """The objects of a list."""
        value = self.get(*names)
        return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []

    def object(self, *names: str) -> dict[str, Any] | None:
        """An object."""
        value = self.get(*names)
        return value if isinstance(value, dict) and value else None

    def rest(self, *without: str) -> dict[str, JsonScalar]:
        """The properties that nobody asked for, but for these and the platform's own; structures as their JSON."""
        kept: dict[str, JsonScalar] = {}
        for name, value in self._given.items():
            if name in self._read or name.startswith("$") or bare(name) in without:
                continue
            simple = plain(value)
            kept[name] = json.encode(simple).decode() if isinstance(simple, dict | list) else simple
        return kept


_ADDRESS = {
    "first_name": ("firstname",),
    "last_name": ("lastname",),
    "company": ("company", "organization"),
    "line1": ("address1", "street", "line1", "addressline1"),
    "line2": ("address2", "line2", "addressline2"),
    "city": ("city",),
    "region": ("region", "state", "province"),
    "region_code": ("regioncode", "statecode", "provincecode"),
    "country": ("country",),
    "country_code": ("countrycode",),
    "postal_code": ("zip", "postalcode", "postcode", "zipcode"),
    "phone": ("phone", "phonenumber"),
}


def address_of(given: Mapping[str, Any] | None) -> Address | None:
    """A postal address out of an order's event."""
    if given is None:
        return None
    view = Properties(given)
    found = {field: text for field, names in _ADDRESS.items() if (text := view.text(*names))}
    return Address(**found) if found else None


def first(values: Iterable[str | None]) -> str | None:
    """The first that says anything."""
    return next((value for value in values if value), None)
