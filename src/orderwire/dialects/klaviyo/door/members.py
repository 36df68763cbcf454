"""Reading the JSON of a call: each member by its name and kind, faults collected with their places.

A member that is absent or null reads as None; one of another kind is a fault, and reads as None too, so that a call
is told everything that is wrong with it at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import DecodeError, json

from orderwire.dialects.klaviyo.door.faults import Fault, Refusal

_LARGEST = Decimal(10) ** 15
_MOST_DIGITS = 300
"""Numbers beyond this size are refused: no amount and no coordinate is one."""


def exact(text: str) -> Decimal:
    """A JSON number as written.

    Raises:
        ValueError: it is of a size that nothing has.
    """
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("not a number") from error
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("not a number of any use")
    return number


_DECODER = json.Decoder(float_hook=exact)


def decode(body: bytes) -> Any:
    """The JSON value of a body.

    Raises:
        Refusal: it is none.
    """
    value = decode_if(body)
    if value is None:
        fault = Fault(detail="JSON parse error", code="parse_error", title="Malformed request.")
        raise Refusal(400, fault)
    return value


def decode_if(body: bytes) -> Any:
    """The JSON value of a body, None where it is none."""
    try:
        return _DECODER.decode(body)
    except (DecodeError, UnicodeError, RecursionError, ArithmeticError):
        return None


def plain(value: Any) -> Any:
    """A JSON value with its exact numbers as JSON writes them: whole ones as integers, others as fractions."""
    if isinstance(value, Decimal):
        whole = value.to_integral_value()
        return (
            int(whole) if whole == value and abs(value) < 2**53 and value.as_tuple().exponent == 0 else float(value)
        )
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value


def moment(value: Any) -> datetime | None:
    """The instant of an ISO 8601 text, cut to seconds; without a zone it is UTC. None when it is no instant."""
    if not isinstance(value, str) or len(value) > 64 or "-" not in value:
        return None
    try:
        when = datetime.fromisoformat(value.strip().replace(" UTC", "+00:00"))
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None


def words(value: Any) -> str | None:
    """A text, or the digits of a number where people write one; None for anything else and for nothing at all."""
    if isinstance(value, str):
        return value.strip().replace("\0", "") or None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    return None


class Members:
    """An object of a call, its place in the document, and the faults found so far."""

    def __init__(self, value: Any, at: str, faults: list[Fault]) -> None:
        self.at = at
        self.faults = faults
        self.given: dict[str, Any] = value if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            self.blame("This field must be an object.")

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def blame(self, detail: str, name: str = "") -> None:
        """Add a fault of this object or of one of its members."""
        self.faults.append(Fault(detail=detail, pointer=f"{self.at}/{name}" if name else self.at))

    def only(self, names: Collection[str], resource: str) -> None:
        """Blame members that the resource has not."""
        for name in self.given:
            if name not in names:
                self.blame(f"'{name}' is not a valid field for the resource '{resource}'.", name)

    def raw(self, name: str, *, is_required: bool = False) -> Any:
        """A member as it is; None where it is absent."""
        if is_required and name not in self.given:
            self.blame("This field is required.", name)
        return self.given.get(name)

    def text(self, name: str, *, is_required: bool = False, most: int | None = None) -> str | None:
        """A text; the digits of a number are taken for one."""
        value = self.raw(name, is_required=is_required)
        if value is None:
            if is_required and name in self.given:
                self.blame("This field may not be null.", name)
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            self.blame("This field must be a string.", name)
            return None
        text = value if isinstance(value, str) else words(value) or ""
        if "\0" in text:
            self.blame("Null characters are not allowed.", name)
            return None
        if is_required and not text.strip():
            self.blame("This field may not be blank.", name)
        if most is not None and len(text) > most:
            self.blame(f"Ensure this field has no more than {most} characters.", name)
            return None
        return text

    def number(self, name: str, *, is_required: bool = False) -> Decimal | None:
        """A number, exactly."""
        value = self.raw(name, is_required=is_required)
        if value is None:
            return None
        number = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
        if number is None or abs(number) >= _LARGEST:
            self.blame("A valid number is required.", name)
            return None
        return number

    def flag(self, name: str) -> bool | None:
        """A boolean."""
        value = self.given.get(name)
        if value is not None and not isinstance(value, bool):
            self.blame("Must be a valid boolean.", name)
            return None
        return value

    def instant(self, name: str) -> datetime | None:
        """An instant, cut to seconds; without a zone it is UTC."""
        value = self.given.get(name)
        if value is None:
            return None
        when = moment(value)
        if when is None:
            self.blame("Datetime has wrong format. Use ISO 8601.", name)
        return when

    def mapping(self, name: str, *, is_required: bool = False) -> dict[str, Any] | None:
        """An object with any members."""
        value = self.raw(name, is_required=is_required)
        if isinstance(value, dict):
            return value
        if value is not None:
            self.blame("This field must be an object.", name)
        elif is_required and name in self.given:
            self.blame("This field may not be null.", name)
        return None

    def part(self, name: str) -> Members:
        """An object that must be there; an empty one where it is not."""
        if name not in self.given:
            self.blame("This field is required.", name)
            return Members({}, f"{self.at}/{name}", [])
        return Members(self.given[name], f"{self.at}/{name}", self.faults)

    def part_if(self, name: str) -> Members | None:
        """An object that may be there."""
        if self.given.get(name) is None:
            return None
        return Members(self.given[name], f"{self.at}/{name}", self.faults)

    def every(self, name: str, *, most: int | None = None, is_required: bool = True) -> list[Members]:
        """A list of objects."""
        value = self.raw(name, is_required=is_required)
        if value is None and not (is_required and name in self.given):
            return []
        if not isinstance(value, list):
            self.blame("This field must be a list.", name)
            return []
        if is_required and not value:
            self.blame("Ensure this field has at least 1 elements.", name)
        if most is not None and len(value) > most:
            self.blame(f"Ensure this field has no more than {most} elements.", name)
            return []
        return [Members(one, f"{self.at}/{name}/{place}", self.faults) for place, one in enumerate(value)]

    def kind(self, *expected: str) -> None:
        """Blame a `type` that is not the one expected here."""
        given = self.raw("type", is_required=True)
        if "type" in self.given and given not in expected:
            self.blame(f"Invalid resource type. Expected '{expected[0]}'.", "type")

    def texts(self, name: str) -> Iterator[str]:
        """The texts of a list, or one text alone."""
        value = self.given.get(name)
        if isinstance(value, str):
            yield value
        elif isinstance(value, list) and all(isinstance(one, str) for one in value):
            yield from value
        elif value is not None:
            self.blame("This field must be a string or a list of strings.", name)


def document(body: bytes, *expected: str) -> tuple[Members, list[Fault]]:
    """The `data` of a document of the expected type, and the list its faults go to.

    Raises:
        Refusal: the body is no JSON.
    """
    faults: list[Fault] = []
    data = Members(decode(body), "", faults).part("data")
    if not faults:
        data.kind(*expected)
    return data, faults
