"""Drip's plain values as ours: texts, instants, amounts, and whatever else a sender adds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from msgspec import json

from orderwire.model.money import minor
from orderwire.model.people import JsonScalar

MAX_AMOUNT = Decimal(10) ** 13
_FINEST = -12
_MOST_INT = 2**63
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_PAGING = {"page", "per_page"}
"""What one client adds to every record that it sends, by a slip of its own."""
_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)
_SPACED_ZONE = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)|\s*(UTC|GMT)$")
_encode = json.Encoder(decimal_format="number").encode


def text(value: Any) -> str:
    """A text, trimmed; a whole number as its digits, anything else as nothing."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def is_email(value: str) -> bool:
    """Whether Drip takes this as an e-mail address."""
    return len(value) <= 255 and _EMAIL.fullmatch(value) is not None


def currency(value: Any) -> str:
    """A currency's code in capitals; empty for what is none."""
    code = text(value)
    return code.upper() if _CURRENCY.fullmatch(code) else ""


def instant(value: Any) -> datetime | None:
    """An ISO-8601 instant in UTC, which is also meant where no zone is named; None for what is none."""
    if not isinstance(value, str):
        return None
    written = value.strip()
    zone = _SPACED_ZONE.search(written)
    if zone:
        written = written[: zone.start()] + (written[zone.end() :] or "Z")
    try:
        found = datetime.fromisoformat(written)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if 1900 <= found.year < 3000 else None


def is_number(value: Any) -> bool:
    """Whether it is a JSON number that an amount or a quantity can be."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return abs(value) < MAX_AMOUNT
    if not isinstance(value, Decimal):
        return False
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent > -100 and value.adjusted() < 13


def number(value: Any) -> Decimal | None:
    """A number as an exact decimal, no finer than shops count; None for what is none."""
    if not is_number(value):
        return None
    exact = Decimal(value)
    exponent = exact.as_tuple().exponent
    if isinstance(exponent, int) and exponent < _FINEST:
        exact = exact.quantize(Decimal(1).scaleb(_FINEST))
    return exact


def amount(value: Any, of: str) -> int:
    """An amount in major units as minor ones; 0 for what is none, which is Drip's own default."""
    return minor(number(value) or Decimal(0), of)


def from_cents(value: Any, of: str) -> int:
    """Drip's cents, hundredths of the major unit whatever the currency, as minor units."""
    return minor((number(value) or Decimal(0)) / 100, of)


def plain(value: Any) -> Any:
    """A value as ordinary JSON keeps it; a number that a double cannot hold becomes a text of its digits."""
    if isinstance(value, Decimal):
        short = float(value)
        if short in (float("inf"), float("-inf")) or Decimal(repr(short)) != value:
            return str(value)
        return short
    if value is None or isinstance(value, (bool, str, float)):
        # A float comes out of what was kept, where numbers stand as ordinary JSON already.
        return value
    if isinstance(value, int):
        return value if -_MOST_INT <= value < _MOST_INT else str(value)
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value]


def scalar(value: Any) -> JsonScalar:
    """A value as a property that holds no structure: lists and objects as the text of their JSON."""
    if isinstance(value, (dict, list)):
        return _encode(plain(value)).decode()
    simple: JsonScalar = plain(value)
    return simple


def extras(
    record: Mapping[str, Any], taken: frozenset[str], *, consumed: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """A sender's own attributes beside Drip's; `shop_total` is `total` again, where Drip reads `total` itself."""
    found: dict[str, Any] = {}
    is_paged = record.keys() >= _PAGING
    for name, value in record.items():
        if value is None or name in taken or name in consumed or (is_paged and name in _PAGING):
            continue
        inner = name.removeprefix("shop_")
        found[inner if inner != name and inner in taken else name] = value
    return found


def digest(*parts: Any) -> str:
    """An id made of what is said, the same whenever the same is said."""
    return blake2b(_encode(plain(list(parts))), digest_size=16).hexdigest()


def stamp(instant_: datetime | None) -> str | None:
    """An instant as Drip writes it."""
    return None if instant_ is None else instant_.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
