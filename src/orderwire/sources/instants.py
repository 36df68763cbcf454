"""Reads points in time as databases and files give them, always into UTC.

Text is ISO 8601 with a space or a T; numbers are seconds or milliseconds since 1970; a timestamp without a zone means
the source's `time_zone`, and is refused where none is set. Of the hour that comes twice when summer time ends, the
first is meant: the text cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import TypeAlias

from orderwire.errors import ConfigError
from orderwire.sources.decode import Unreadable

InstantDecoder: TypeAlias = Callable[[object], datetime | None]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 100_000_000_000
"""Numbers from here on are milliseconds: as seconds they would lie beyond the year 5138."""
_DAYS_KEPT = 100_000
_SHORTEST_WITH_HOUR = len("2024-03-31 09")


def instant(zone: tzinfo | None, *, place: str) -> InstantDecoder:
    """The reader of points in time of one source.

    Args:
        zone: what a timestamp without a zone means; None refuses it.
        place: how a refusal names the source's settings.
    """
    offset_by_day: dict[str, timedelta | None] = {}

    def localised(naive: datetime) -> datetime:
        if zone is None:
            raise ConfigError(
                f"{place}.time_zone",
                "is missing, and the source has timestamps without a zone.",
                'Say what they mean: time_zone = "Europe/London" (or "UTC").',
            )
        return naive.replace(tzinfo=zone).astimezone(UTC)

    def from_text(value: str) -> datetime | None:
        trimmed = value.strip()
        if not trimmed or trimmed.startswith("0000-00-00"):
            return None
        if trimmed.isdecimal() and len(trimmed) > 8:
            return from_number(int(trimmed[:18]))
        found = datetime.fromisoformat(trimmed)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
        if trimmed == value and zone is not None and len(offset_by_day) < _DAYS_KEPT:
            offset_by_day[value[:10]] = _offset_of_day(found, zone)
        return localised(found)

    def from_number(value: float | Decimal) -> datetime:
        number = float(value)
        return _EPOCH + timedelta(seconds=number / 1000 if abs(number) >= _MILLISECONDS_FROM else number)

    def read(value: object) -> datetime | None:
        if isinstance(value, str):
            if value[-1:] == "Z" and (stated := _in_utc(value)) is not None:
                return stated
            offset = offset_by_day.get(value[:10])
            if offset is None or len(value) < _SHORTEST_WITH_HOUR:
                return from_text(value)
            try:
                found = datetime.fromisoformat(value + "+00:00")
            except ValueError:
                return from_text(value)
            return found - offset if offset else found
        if isinstance(value, datetime):
            if value.tzinfo is UTC:
                return value
            return localised(value) if value.tzinfo is None else value.astimezone(UTC)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return from_number(value)
        if isinstance(value, date):
            return localised(datetime(value.year, value.month, value.day))  # noqa: DTZ001
        raise Unreadable("is not a point in time", "Write it like 2024-03-31 09:30:00.")

    return read


def _in_utc(value: str) -> datetime | None:
    """A text that says itself that it is UTC; None where it is no plain timestamp."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is UTC else None


def _offset_of_day(naive: datetime, zone: tzinfo) -> timedelta | None:
    """The zone's offset on the whole day of `naive`; None where it changes."""
    start = naive.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=zone)
    end = naive.replace(hour=23, minute=59, second=59, microsecond=0, tzinfo=zone, fold=1)
    offset = start.utcoffset()
    return offset if offset == end.utcoffset() else None
