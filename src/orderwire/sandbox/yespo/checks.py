"""What Yespo refuses: dates, numbers, texts, keys, names and channels in a wrong form."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

CHANNEL_TYPES = frozenset({"email", "sms", "viber", "mobilepush", "webpush", "appinbox", "widget", "inapp"})
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(?::(\d{2})(?:\.(\d+))?)?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
_FORBIDDEN_IN_KEYS = re.compile("[<>;'\u2018\u2019\"`\\\\/|^?!,]")
_WORD = re.compile(r"[^\W\d_]\w*(?:['\u2019-]\w+)*\.?")
_SHORT_WORD = 3
_LONGEST_FIRST_NAME = 40


class Refused(Exception):
    """The platform's refusal: a status and a plain text."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text
        super().__init__(text)


class BadItem(Exception):
    """One item of a bulk call is bad; the others go on. The message is the platform's."""


def instant(value: Any) -> datetime | None:
    """A date in one of the documented forms, None for another. One without offset is taken as UTC."""
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    day, minute, second, fraction, offset = match.groups()
    if offset and not minute:
        return None
    text = f"{day}T{minute or '00:00'}:{second or '00'}.{(fraction or '0')[:6].ljust(6, '0')}"
    try:
        return datetime.fromisoformat(text + (offset or "+00:00").replace("Z", "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_absent(value: Any) -> bool:
    """Whether a field counts as not given: missing, null or blank."""
    return value is None or (isinstance(value, str) and not value.strip())


def number(field: str, value: Any) -> float | None:
    """A number, given as one or as its digits in text, as the platform's own plugins send it.

    Raises:
        BadItem: it is neither.
    """
    if is_absent(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadItem(f"{field} has a wrong format")
    try:
        amount = float(value)
    except ValueError:
        raise BadItem(f"{field} has a wrong format") from None
    if not math.isfinite(amount):
        raise BadItem(f"{field} has a wrong format")
    return amount


def text(field: str, value: Any) -> str | None:
    """A text; numbers are taken as their digits.

    Raises:
        BadItem: it is an object, a list or a boolean.
    """
    if is_absent(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadItem(f"{field} has a wrong format")
    return str(value).strip()


def key(field: str, value: Any, *, longest: int, is_required: bool) -> str | None:
    """An event type key or key value.

    Raises:
        Refused: it is missing, too long or holds a forbidden character.
    """
    if is_absent(value):
        if is_required:
            raise Refused(400, f"{field} is required")
        return None
    if not isinstance(value, str):
        raise Refused(400, f"{field} must be a string")
    if len(value) > longest:
        raise Refused(400, f"{field} is longer than {longest} characters")
    if _FORBIDDEN_IN_KEYS.search(value):
        raise Refused(400, f"{field} contains forbidden characters")
    return value


def name(field: str, value: Any) -> str | None:
    """A first or last name by the documented rules.

    Raises:
        BadItem: it breaks one of them.
    """
    given = text(field, value)
    if given is None:
        return None
    words = given.split()
    long_count = sum(len(word) > _SHORT_WORD for word in words)
    is_first = field == "firstName"
    dotted = [word for word in words if word.endswith(".")]
    if (
        (is_first and len(given) > _LONGEST_FIRST_NAME)
        or sum(letter.isdigit() for letter in given) > 3
        or not all(_WORD.fullmatch(word) for word in words)
        or len(dotted) > 1
        or any(len(word) > _SHORT_WORD + 1 for word in dotted)
        or (is_first and (long_count > 3 or len(words) - long_count > 3))
    ):
        raise BadItem(f"{field} is not valid")
    return given


def channels(value: Any) -> dict[str, str]:
    """The first value of each channel type; a bare object counts as a list of one.

    Raises:
        BadItem: a channel has an unknown type, no value, or there are more than two of a type.
    """
    given = [value] if isinstance(value, dict) else value
    if not isinstance(given, list) or not given:
        raise BadItem("channels are required")
    found: dict[str, list[str]] = {}
    for channel in given:
        kind = channel.get("type") if isinstance(channel, dict) else None
        if kind not in CHANNEL_TYPES:
            raise BadItem("channel type is not valid")
        address = text("channel value", channel.get("value"))
        if address is None:
            continue
        if kind == "email" and not is_email(address):
            raise BadItem("email is not valid")
        found.setdefault(kind, []).append(address)
    if any(len(addresses) > 2 for addresses in found.values()):
        raise BadItem("more than two channels of one type")
    if not found:
        raise BadItem("channels are empty")
    return {kind: addresses[0] for kind, addresses in found.items()}


def is_email(value: str) -> bool:
    """Whether it looks like an address."""
    local, at, domain = value.rpartition("@")
    return bool(local and at and "." in domain and not re.search(r"\s", value))


def digits(phone: str) -> str:
    """A phone number as it compares."""
    return re.sub(r"\D", "", phone)


def collapsed(values: list[Any], *, is_on: bool) -> Any:
    """A list as the service writes it: a single element stands alone, without its list."""
    return values[0] if is_on and len(values) == 1 else values
