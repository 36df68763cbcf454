"""Instants as the store keeps them: whole microseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000
"""One day in microseconds."""


def micros(instant: datetime) -> int:
    """An aware instant as stored.

    Raises:
        TypeError: the instant has no time zone.
    """
    span = instant - _EPOCH
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


def micros_if(instant: datetime | None) -> int | None:
    """The same of an instant that may be absent."""
    return None if instant is None else micros(instant)


def instant(stored: int) -> datetime:
    """A stored instant as an aware one."""
    return _EPOCH + timedelta(microseconds=stored)


def instant_if(stored: int | None) -> datetime | None:
    """The same of an instant that may be absent."""
    return None if stored is None else instant(stored)
