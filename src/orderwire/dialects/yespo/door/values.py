"""What single values on the wire mean: texts, numbers, dates, phones and amounts in every form clients send.

The platform's own plugins send numbers as texts, ids as numbers, a blank for nothing and a space for a name they have
not: all of it is read, and only what has no meaning at all is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import Raw

from orderwire.model import money

Fields: TypeAlias = Mapping[str, Any]
"""A JSON object as it was decoded."""

_T = TypeVar("_T")

_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?", re.ASCII
)
_NOBODY = ("0", "null", "undefined")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(1970, 3000)
_MOST_DIGITS = 13
_CURRENCY = re.compile("[A-Za-z]{3}", re.ASCII)
_ANY: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)
_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_LIST = msgspec.json.Decoder(list[Raw])


class Refusal(Exception):
    """The whole call is refused: an HTTP status and the platform's plain text."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text
        super().__init__(text)


class Unfit(Exception):
    """One item of a call is refused; the text is for the client and holds no value."""


def decoded(body: bytes | Raw) -> Any:
    """Any JSON value, its numbers exact.

    Raises:
        Refusal: it is no JSON.
    """
    try:
        return _ANY.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ArithmeticError, ValueError) as error:
        raise Refusal(400, "Bad request: the body is not valid JSON") from error


def parts(body: bytes) -> dict[str, Raw]:
    """The fields of a JSON object, still as they were written.

    Raises:
        Refusal: it is no JSON object.
    """
    try:
        return _OBJECT.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
        raise Refusal(400, "Bad request: the body is not a JSON object") from error


def items(given: Raw | None, name: str, most: int) -> list[bytes]:
    """The items of a list, still as they were written; an object alone stands for a list of one.

    Raises:
        Refusal: it is missing, empty, no list or too long.
    """
    found = bytes(given or b"").strip()
    if found.startswith(b"{"):
        return [found]
    try:
        every = [bytes(one) for one in _LIST.decode(found)]
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
        raise Refusal(400, f"{name} is required") from error
    if not 1 <= len(every) <= most:
        raise Refusal(400, f"{name}: from 1 to {most} per request")
    return every


def fields(body: bytes) -> Fields:
    """A JSON object.

    Raises:
        Refusal: it is none.
    """
    found = decoded(body)
    if not isinstance(found, dict):
        raise Refusal(400, "Bad request: the body is not a JSON object")
    return found


def listed(value: Any) -> list[Any]:
    """A list, where one element alone may stand without it and null for none."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def text(value: Any, name: str) -> str | None:
    """A text, a number as its digits; None for nothing, which a blank is too.

    Raises:
        Unfit: it is an object, a list or a boolean, or holds what no text may.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Unfit(f"{name} has a wrong format")
    try:
        found = (
            value.strip() if isinstance(value, str) else f"{value:f}" if isinstance(value, Decimal) else str(value)
        )
    except ValueError as error:
        raise Unfit(f"{name} has a wrong format") from error
    if "\0" in found or len(found) > 100_000:
        raise Unfit(f"{name} has a wrong format")
    return found or None


def number(value: Any, name: str) -> Decimal | None:
    """An exact number, given as one or as its digits in a text; None for nothing.

    Raises:
        Unfit: it is neither, or none that money or pieces can have.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Unfit(f"{name} has a wrong format")
    try:
        found = Decimal(value.strip() if isinstance(value, str) else value)
    except (InvalidOperation, ValueError) as error:
        raise Unfit(f"{name} has a wrong format") from error
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -15 or (found and found.adjusted() > _MOST_DIGITS):
        raise Unfit(f"{name} has a wrong format")
    return found


def amount(value: Any, name: str, currency: str) -> int | None:
    """An amount in minor units.

    Raises:
        Unfit: it is no number.
    """
    found = number(value, name)
    return None if found is None else money.minor(found, currency)


def instant(value: Any) -> datetime | None:
    """A date in one of the documented forms, or in milliseconds; None for anything else.

    One without an offset is read as UTC: the platform's pages name three zones for it.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 10**11 <= value < 10**14:
        return _EPOCH + timedelta(milliseconds=value)
    match = _INSTANT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    day, minute, second, fraction, offset = match.groups()
    zone = (offset or "Z").replace("Z", "+00:00")
    zone = f"{zone}:00" if len(zone) == 3 else zone
    written = f"{day}T{minute or '00:00'}:{second or '00'}.{(fraction or '0')[:6].ljust(6, '0')}{zone}"
    try:
        found = datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year in _YEARS else None


def currency_of(value: Any) -> str | None:
    """A currency code; None for nothing.

    Raises:
        Unfit: it is not of three letters.
    """
    found = text(value, "currency")
    if found is None:
        return None
    if not _CURRENCY.fullmatch(found):
        raise Unfit("currency has a wrong format")
    return found.upper()


def email_of(value: Any) -> str | None:
    """An e-mail address as it was written; None for nothing.

    Raises:
        Unfit: it is none.
    """
    found = text(value, "email")
    if found is None:
        return None
    local, _, domain = found.rpartition("@")
    if not local or not domain or re.search(r"\s", found):
        raise Unfit("email has a wrong format")
    return found


def customer_of(value: Any) -> str | None:
    """The shop's id of a person; None for nothing, and for what stands there for a guest.

    Clients send 0 for everybody without an account: taken for an id, it would make one person of all of them.

    Raises:
        Unfit: it is no text.
    """
    found = text(value, "externalCustomerId")
    return None if found in _NOBODY else found


def phone_of(value: Any) -> str | None:
    """A phone number in international form where its digits are one; None for nothing.

    The platform's clients send bare digits of an international number. What begins with a zero is a number of some
    country, and stays as it is: nobody is found by it.

    Raises:
        Unfit: it is no text.
    """
    found = text(value, "phone")
    if found is None:
        return None
    digits = re.sub(r"\D", "", found)
    if found.startswith("+") or not digits:
        return found
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    return digits if digits.startswith("0") else f"+{digits}"


def digits_of(phone: str | None) -> str | None:
    """A phone number as the platform shows it: digits alone."""
    return re.sub(r"\D", "", phone) or None if phone else None


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
            return msgspec.json.encode(value).decode()
