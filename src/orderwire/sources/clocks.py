"""Bounds of a time column, in the form that the column itself uses.

Databases keep times as datetimes, ISO text or epoch numbers, in UTC or in the shop's wall time. Wall time repeats an
hour when summer time ends, so a bound in it is moved to the safe side: a window may hold a row twice, never miss one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal

from orderwire.errors import ConfigError

_MILLISECONDS_FROM = 100_000_000_000
_SHIFT_SEEN_WITHIN = timedelta(hours=3)


def lower(since: datetime, to: datetime, *, sample: object, zone: tzinfo | None, place: str) -> object:
    """The least value a row written at `since` or later (up to `to`) can have."""
    soon = min(to, since + _SHIFT_SEEN_WITHIN)
    return _form(since, min(_offset(since, zone), _offset(soon, zone)), sample, zone, place)


def upper(since: datetime, to: datetime, *, sample: object, zone: tzinfo | None, place: str) -> object:
    """A value that no row written before `to` reaches, counting from `since`."""
    before = max(since, to - _SHIFT_SEEN_WITHIN)
    return _form(to, max(_offset(to, zone), _offset(before, zone)), sample, zone, place)


def _offset(at: datetime, zone: tzinfo | None) -> timedelta:
    return at.astimezone(zone or UTC).utcoffset() or timedelta(0)


def _form(at: datetime, offset: timedelta, sample: object, zone: tzinfo | None, place: str) -> object:
    at = at.astimezone(UTC).replace(microsecond=0)
    wall = (at + offset).replace(tzinfo=None)
    match sample:
        case datetime() if sample.tzinfo is not None:
            return at
        case datetime():
            _need(zone, place)
            return wall
        case date():
            raise ConfigError(place, "holds dates without a time.", "Name a column that holds the time as well.")
        case str():
            return _text(at, wall, sample, zone, place)
        case int() | float() | Decimal():
            seconds = int(at.timestamp())
            return seconds * 1000 if abs(float(sample)) >= _MILLISECONDS_FROM else seconds
        case _:
            raise ConfigError(place, "does not hold times.", "Name the column that tells when a row changed.")


def _text(at: datetime, wall: datetime, sample: str, zone: tzinfo | None, place: str) -> str:
    """Without fraction and zone: shorter text sorts first, so the bound lies before every row of its second."""
    try:
        parsed = datetime.fromisoformat(sample.strip())
    except ValueError:
        raise ConfigError(place, "does not hold ISO 8601 times.", "Convert it in a query.") from None
    if len(sample) < 19 or sample[10] not in " T":
        raise ConfigError(place, "does not sort by time as text.", "Convert it in a query: YYYY-MM-DD HH:MM:SS.")
    if parsed.tzinfo is None:
        _need(zone, place)
        return wall.isoformat(sep=sample[10])
    if parsed.utcoffset():
        raise ConfigError(place, "holds text with a zone other than UTC.", "Convert it to UTC in a query.")
    return at.replace(tzinfo=None).isoformat(sep=sample[10])


def _need(zone: tzinfo | None, place: str) -> None:
    if zone is None:
        source = ".".join(place.split(".")[:2])
        raise ConfigError(
            f"{source}.time_zone",
            "is missing, and the source has timestamps without a zone.",
            'Say what they mean: time_zone = "Europe/London" (or "UTC").',
        )
