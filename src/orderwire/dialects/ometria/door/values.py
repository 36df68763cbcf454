"""What single values of a record mean; what has no meaning is named by its path, as the platform's errors are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

import msgspec

from orderwire.model import money

Fields: TypeAlias = Mapping[str, Any]
"""A JSON object as it was decoded."""

NOT_VALID = "not a valid value"
_ANY: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)
_MOST_DIGITS = 13
_YEARS = range(1970, 3000)
_CURRENCY = re.compile("[A-Za-z]{3}", re.ASCII)


class Refusal(Exception):
    """The whole call is refused: a status and the message of its JSON body."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(message)


class Unfit(Exception):
    """A record has no valid value at a place, told as the platform tells it: `root > lastname`."""

    def __init__(self, *path: str) -> None:
        self.path = " > ".join(("root", *path))
        super().__init__(self.path)


def decoded(body: bytes) -> Any:
    """Any JSON value, its numbers exact.

    Raises:
        Refusal: it is no JSON.
    """
    try:
        return _ANY.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ArithmeticError, ValueError) as error:
        raise Refusal(400, "Payload invalid: the body is not JSON") from error


def text(given: Fields, name: str, *above: str) -> str | None:
    """A text field, a number as its digits; None for a blank.

    Raises:
        Unfit: it is an object, a list or a boolean, or holds what no text may.
    """
    return text_of(given.get(name), *above, name)


def text_of(value: Any, *path: str) -> str | None:
    """A text, a number as its digits; None for a blank.

    Raises:
        Unfit: it is neither.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Unfit(*path)
    try:
        found = (
            value.strip() if isinstance(value, str) else f"{value:f}" if isinstance(value, Decimal) else str(value)
        )
    except ValueError as error:
        raise Unfit(*path) from error
    if "\0" in found:
        raise Unfit(*path)
    return found or None


def account(given: Fields, name: str, *above: str) -> str | None:
    """The shop's id of a person; None for nothing, and for the 0 that stands for a guest.

    Raises:
        Unfit: it is no text.
    """
    found = text(given, name, *above)
    return None if found in ("0", "null") else found


def number(given: Fields, name: str, *above: str) -> Decimal | None:
    """An exact number, or its digits in a text; None for nothing.

    Raises:
        Unfit: it is neither, or none that money or pieces can have.
    """
    value = given.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Unfit(*above, name)
    try:
        found = Decimal(value.strip() if isinstance(value, str) else value)
    except (InvalidOperation, ValueError) as error:
        raise Unfit(*above, name) from error
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -15 or (found and found.adjusted() > _MOST_DIGITS):
        raise Unfit(*above, name)
    return found


def amount(given: Fields, name: str, currency: str, *above: str) -> int | None:
    """An amount in minor units; None for nothing.

    Raises:
        Unfit: it is no number.
    """
    found = number(given, name, *above)
    return None if found is None else money.minor(found, currency)


def currency_of(given: Fields, *above: str) -> str | None:
    """A currency code; None for nothing.

    Raises:
        Unfit: it is not of three letters.
    """
    found = text(given, "currency", *above)
    if found is None:
        return None
    if not _CURRENCY.fullmatch(found):
        raise Unfit(*above, "currency")
    return found.upper()


def instant(given: Fields, name: str, *above: str) -> datetime | None:
    """An instant in ISO 8601; one without an offset is read as UTC; None for nothing.

    Raises:
        Unfit: it is none.
    """
    value = given.get(name)
    if value is None or value == "":
        return None
    found = instant_of(value)
    if found is None:
        raise Unfit(*above, name)
    return found


def instant_of(value: Any) -> datetime | None:
    """An instant, None for what is none."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year in _YEARS else None


def day(given: Fields, name: str) -> date | None:
    """A calendar day; None for nothing.

    Raises:
        Unfit: it is none.
    """
    value = given.get(name)
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else _raise(name)
    except ValueError as error:
        raise Unfit(name) from error


def _raise(name: str) -> date:
    raise Unfit(name)


def flag(given: Fields, name: str) -> bool | None:
    """A truth, also in words; None for nothing.

    Raises:
        Unfit: it is none.
    """
    value = given.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
    if known is None:
        raise Unfit(name)
    return known


def inside(given: Fields, name: str, *above: str) -> Fields:
    """An object in a field, an empty one for nothing.

    Raises:
        Unfit: it is something else.
    """
    value = given.get(name)
    if value is None or value == [] or value == "":
        return {}
    if not isinstance(value, dict):
        raise Unfit(*above, name)
    return value


def objects(given: Fields, name: str) -> list[Fields]:
    """The objects of a list, none for nothing.

    Raises:
        Unfit: it is no list of objects.
    """
    value = given.get(name)
    if value is None or value == "":
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Unfit(name)
    return value


def scalar(value: Any) -> str | int | float | bool | None:
    """A value as a property holds it: numbers of any size exactly, a structure as its JSON."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) < 2**63 else str(value)
        case Decimal():
            return float(value) if value == Decimal(repr(float(value))) else str(value)
        case _:
            return msgspec.json.encode(plain(value)).decode()


def plain(value: Any) -> object:
    """A value as a property of an event may hold it, to any depth."""
    match value:
        case list():
            return [plain(one) for one in value]
        case dict():
            return {name: plain(one) for name, one in value.items()}
        case _:
            return scalar(value)


def properties(given: Fields) -> dict[str, str | int | float | bool | None]:
    """The custom fields of a record.

    Raises:
        Unfit: they are no object.
    """
    return {name: scalar(value) for name, value in inside(given, "properties").items()}
