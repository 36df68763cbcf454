"""Checking a body field by field: every fault is collected, then all are refused together."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from orderwire.sandbox.omnisend.problems import invalid

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)| \d\d:\d\d:\d\d[+-]\d\d:\d\d)", re.ASCII
)


def plain(value: Any) -> Any:
    """A decoded body with its decimals as floats, fit to be encoded again."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list) else value


def instant(text: str) -> datetime | None:
    """An instant with a zone in one of the two accepted forms, else None."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


class Checker:
    """Collects what is wrong with one body. A null counts as absent."""

    def __init__(self) -> None:
        self.faults: list[dict[str, str]] = []

    def fault(self, field: str, code: str, message: str) -> None:
        """Note one fault."""
        self.faults.append({"field": field, "code": code, "message": message})

    def finish(self) -> None:
        """Refuse the body when anything was wrong with it."""
        if self.faults:
            raise invalid(self.faults)

    def text(self, data: dict[str, Any], key: str, at: str = "", *, most: int = 0, required: bool = False) -> str:
        """A string of at most `most` characters; "" when absent or wrong."""
        value, field = data.get(key), at + key
        if value is None or (required and value == ""):
            if required:
                self.fault(field, "required", "is required")
            return ""
        if not isinstance(value, str):
            self.fault(field, "type", "must be a string")
            return ""
        if most and len(value) > most:
            self.fault(field, "maxLength", f"must have at most {most} characters")
        return value

    def choice(
        self, data: dict[str, Any], key: str, among: Collection[str], at: str = "", *, required: bool = False
    ) -> str:
        """One of a few words."""
        value = self.text(data, key, at, required=required)
        if value and value not in among:
            self.fault(at + key, "enum", f"must be one of {', '.join(sorted(among))}")
        return value

    def when(self, data: dict[str, Any], key: str, at: str = "") -> datetime | None:
        """An instant with a zone; None when absent or wrong."""
        value = self.text(data, key, at)
        found = instant(value) if value else None
        if value and found is None:
            self.fault(at + key, "format", "must be an RFC 3339 date-time with a zone")
        return found

    def day(self, data: dict[str, Any], key: str, at: str = "") -> None:
        """A calendar date."""
        value = self.text(data, key, at)
        try:
            if value:
                date.fromisoformat(value if len(value) == 10 else "")
        except ValueError:
            self.fault(at + key, "format", "must be YYYY-MM-DD")

    def flag(self, data: dict[str, Any], key: str, at: str = "", *, default: bool) -> bool:
        """True or false."""
        value = data.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fault(at + key, "type", "must be a boolean")
            return default
        return value

    def price(self, data: dict[str, Any], key: str, at: str = "", *, required: bool = False) -> None:
        """A number that is not negative and has at most two decimals."""
        value = data.get(key)
        if value is None:
            if required:
                self.fault(at + key, "required", "is required")
        elif isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            self.fault(at + key, "type", "must be a number")
        elif value < 0:
            self.fault(at + key, "minimum", "must not be negative")
        elif isinstance(value, Decimal) and _decimals(value) > 2:
            self.fault(at + key, "multipleOf", "must have at most 2 decimals")

    def table(self, data: dict[str, Any], key: str, at: str = "", *, required: bool = False) -> dict[str, Any]:
        """An object; empty when absent or wrong."""
        value = data.get(key)
        if isinstance(value, dict):
            return value
        if value is not None:
            self.fault(at + key, "type", "must be an object")
        elif required:
            self.fault(at + key, "required", "is required")
        return {}

    def rows(
        self, data: dict[str, Any], key: str, at: str = "", *, most: int, least: int = 0
    ) -> list[tuple[str, dict[str, Any]]]:
        """An array of objects, each with its own place as a prefix for its fields."""
        found = []
        for place, value in enumerate(self._array(data, key, at, most, least)):
            if isinstance(value, dict):
                found.append((f"{at}{key}.{place}.", value))
            else:
                self.fault(f"{at}{key}.{place}", "type", "must be an object")
        return found

    def words(
        self, data: dict[str, Any], key: str, at: str = "", *, most: int, least: int = 0, length: int = 0
    ) -> list[str]:
        """An array of strings."""
        found = []
        for place, value in enumerate(self._array(data, key, at, most, least)):
            if not isinstance(value, str) or (length and len(value) > length):
                self.fault(f"{at}{key}.{place}", "type", "must be a string" + (f" of {length}" if length else ""))
            else:
                found.append(value)
        return found

    def _array(self, data: dict[str, Any], key: str, at: str, most: int, least: int) -> list[Any]:
        value = data.get(key)
        if value is None and not least:
            return []
        if value is None:
            self.fault(at + key, "required", "is required")
            return []
        if not isinstance(value, list):
            self.fault(at + key, "type", "must be an array")
            return []
        if not least <= len(value) <= most:
            self.fault(at + key, "items", f"must have {least} to {most} items")
        return value
