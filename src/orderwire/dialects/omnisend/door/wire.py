"""A body as it came: exact numbers, keys in any case, and every fault collected before it is refused.

Keys are met without regard to case: official clients write `categoryId` for `categoryID` and `variantId` for
`variantID`, and the platform takes both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from msgspec import MsgspecError, Raw, json

from orderwire.dialects.omnisend.door.refusals import Fault, Refusal, invalid
from orderwire.model.money import minor
from orderwire.model.people import JsonScalar

_ANY = json.Decoder(float_hook=Decimal)
_PARTS = json.Decoder(dict[str, Raw])
_LIST = json.Decoder(list[Raw])
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d)?([.,]\d+)?\s?(Z|z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_LARGEST = Decimal(10) ** 15
_LONGEST_ID = 500
REQUIRED = "field required but not found in Json"


def decode(body: bytes) -> Any:
    """Any JSON, numbers with a fraction as decimals.

    Raises:
        Refusal: the bytes are no JSON.
    """
    try:
        return _ANY.decode(body)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise Refusal(400, "Request body is not valid JSON") from None


def parts(body: bytes) -> dict[str, bytes]:
    """The members of an object as they stand in the body, their names in lower case.

    Raises:
        Refusal: the bytes are no JSON object.
    """
    try:
        return {name.lower(): bytes(part) for name, part in _PARTS.decode(body).items()}
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise Refusal(400, "Request body is not a valid JSON object") from None


def elements(body: bytes) -> list[bytes] | None:
    """The elements of a list as they stand in the body; None where it is none."""
    try:
        return [bytes(part) for part in _LIST.decode(body)]
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        return None


class Fields:
    """The members of one object of a body. Null counts as absent everywhere."""

    def __init__(self, data: Mapping[str, Any], path: str = "", faults: list[Fault] | None = None) -> None:
        self.data = data
        self.path = path
        self.faults: list[Fault] = [] if faults is None else faults
        self._by_name = {name.lower(): value for name, value in data.items()}

    @classmethod
    def of(cls, body: Any) -> Fields:
        """The fields of a whole body.

        Raises:
            Refusal: it is no object.
        """
        if not isinstance(body, dict):
            raise Refusal(400, "Request body is not a JSON object")
        return cls(body)

    def get(self, name: str) -> Any:
        """A member as it came; the exact spelling goes first."""
        return self.data[name] if name in self.data else self._by_name.get(name.lower())

    def has(self, name: str) -> bool:
        """Whether a member is there and not null."""
        return self.get(name) is not None

    def fault(self, name: str, message: str, code: str = "invalid") -> None:
        """Note what is wrong with a member."""
        self.faults.append(Fault(path=f"{self.path}{name}", message=message, code=code))

    def finish(self) -> None:
        """Refuse the body where anything was wrong.

        Raises:
            Refusal: with every fault found.
        """
        if self.faults:
            raise invalid(self.faults)

    def text(self, name: str, *, required: bool = False) -> str | None:
        """A text, trimmed; digits where a number is given. None for an absent or empty one."""
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal | None):
            self.fault(name, "must be a string", "invalid_type")
            return None
        found = "" if value is None else _digits(value).strip()
        if not found and required:
            self.fault(name, REQUIRED, "required")
        return found or None

    def id(self, name: str, *, required: bool = False) -> str | None:
        """A text that names something."""
        found = self.text(name, required=required)
        if found and (len(found) > _LONGEST_ID or "\0" in found):
            self.fault(name, f"must have at most {_LONGEST_ID} characters", "invalid_length")
            return None
        return found

    def choice(self, name: str, among: tuple[str, ...], *, required: bool = False) -> str | None:
        """One of a few words, in any case."""
        found = self.text(name, required=required)
        if found is None:
            return None
        for word in among:
            if word.lower() == found.lower():
                return word
        self.fault(name, f"must be one of: {', '.join(among)}", "invalid_value")
        return None

    def instant(self, name: str) -> datetime | None:
        """An instant in any form that clients send; one without a zone is of UTC."""
        found = self.text(name)
        if found is None:
            return None
        instant = read_instant(found)
        if instant is None:
            self.fault(name, "must be a date-time in RFC 3339 format", "invalid_format")
        return instant

    def day(self, name: str) -> date | None:
        """A calendar date; of a date-time its first half."""
        found = self.text(name)
        instant = read_instant(found) if found else None
        return instant.date() if instant else None

    def number(self, name: str) -> Decimal | None:
        """A finite number of ordinary size, as number or as text."""
        value = self.get(name)
        if value is None or value == "":
            return None
        number = read_number(value)
        if number is None:
            self.fault(name, "must be a number", "invalid_type")
        return number

    def major(self, name: str, currency: str) -> int | None:
        """An amount given in major units, in minor units."""
        number = self.number(name)
        return None if number is None else minor(number, currency)

    def whole(self, name: str) -> int | None:
        """A whole number."""
        number = self.number(name)
        if number is not None and number != int(number):
            self.fault(name, "must be an integer", "invalid_type")
            return None
        return None if number is None else int(number)

    def flag(self, name: str) -> bool | None:
        """True or false."""
        value = self.get(name)
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if value in (0, 1) and not isinstance(value, str):
            return bool(value)
        if value is not None and value != "":
            self.fault(name, "must be a boolean", "invalid_type")
        return None

    def words(self, name: str) -> tuple[str, ...] | None:
        """A list of texts without the empty ones; None where it is absent."""
        value = self.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, list) or any(
            isinstance(one, bool) or not isinstance(one, str | int | Decimal | None) for one in value
        ):
            self.fault(name, "must be an array of strings", "invalid_type")
            return None
        return tuple(dict.fromkeys(text for one in value if one is not None and (text := _digits(one).strip())))

    def table(self, name: str) -> Fields | None:
        """An object; None where it is absent, or the empty list that PHP makes of an empty object."""
        value = self.get(name)
        if value is None or value == [] or value == "":
            return None
        if not isinstance(value, dict):
            self.fault(name, "must be an object", "invalid_type")
            return None
        return Fields(value, f"{self.path}{name}.", self.faults)

    def rows(self, name: str) -> list[Fields] | None:
        """A list of objects; None where it is absent."""
        value = self.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, list):
            self.fault(name, "must be an array", "invalid_type")
            return None
        found = []
        for place, row in enumerate(value):
            if isinstance(row, dict):
                found.append(Fields(row, f"{self.path}{name}.{place}.", self.faults))
            else:
                self.fault(f"{name}.{place}", "must be an object", "invalid_type")
        return found

    def rest(self, known: frozenset[str]) -> Iterator[tuple[str, Any]]:
        """The members under none of these names (in lower case), nulls left out."""
        for name, value in self.data.items():
            if name.lower() not in known and value is not None:
                yield name, value


def read_instant(text: str) -> datetime | None:
    """An instant as clients write it; None for any other text."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text.replace(" +", "+").replace(",", ".").upper())
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def read_number(value: Any) -> Decimal | None:
    """A number as clients write it; None for what is none, or beyond all measure."""
    if isinstance(value, str):
        value = Decimal(value.strip()) if _NUMBER.fullmatch(value.strip()) else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    if not number.is_finite() or number.adjusted() >= 15 or abs(number) >= _LARGEST:
        return None
    return number if number.adjusted() > -30 else Decimal(0)


def scalar(value: Any) -> JsonScalar:
    """A value as a property of a record: lists and objects as their JSON."""
    value = plain(value)
    return value if isinstance(value, str | int | float | None) else json.encode(value).decode()


def plain(value: Any) -> Any:
    """A decoded value with its decimals as ordinary numbers, or as text where those would not hold them."""
    if isinstance(value, Decimal):
        near = float(value)
        return near if Decimal(repr(near)) == value else str(value)
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value


def _digits(value: str | int | Decimal) -> str:
    if isinstance(value, Decimal):
        return format(value, "f") if -30 < value.adjusted() < 30 else str(value)
    return str(value)
