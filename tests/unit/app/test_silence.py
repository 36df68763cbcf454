"""When a source is silent for too long."""

from datetime import UTC, datetime, timedelta

import pytest

from orderwire.app.alarms.silence import Silence, silence_of
from orderwire.ledger import HourOfOrders

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hours(
    weeks: int,
    *,
    by_day: int = 30,
    by_night: int = 2,
    until: datetime = MONDAY,
    wait: timedelta = timedelta(),
) -> list[HourOfOrders]:
    """A shop with so many orders an hour, by day from 8 to 20 o'clock, up to an instant."""
    found = []
    at = until - timedelta(weeks=weeks)
    while at < until:
        count = by_day if 8 <= at.hour < 20 else by_night
        if count:
            last_at = min(at + HOUR - timedelta(minutes=1), until)
            hour = int(at.timestamp()) // 3600
            found.append(HourOfOrders(source="shop", hour=hour, count=count, last_at=last_at, longest_wait=wait))
        at += HOUR
    return found


@pytest.mark.parametrize(
    ("silent_from", "minutes", "expected"),
    [
        (9, 13, False),
        (9, 15, True),
        (2, 200, False),
        (2, 215, True),
        (19, 60, True),
        (20, 60, False),
    ],
    ids=["a while", "a morning", "hours of a night", "a night", "the end of a day", "the beginning of a night"],
)
def test_silence_is_measured_by_what_is_usual_at_that_hour(silent_from: int, minutes: int, expected: bool) -> None:
    begun = MONDAY + silent_from * HOUR
    seen = hours(8, until=begun)
    now = max(one.last_at for one in seen) + timedelta(minutes=minutes)
    found = silence_of(seen, now)
    assert found is not None
    assert expected is found.is_alarming


def test_what_was_expected_is_the_sum_over_the_hours() -> None:
    seen = hours(8, until=MONDAY + 7 * HOUR)
    found = silence_of(seen, MONDAY + 9.5 * HOUR)
    assert Silence(since=MONDAY + 7 * HOUR - timedelta(minutes=1), expected=2 / 60 + 2 + 45.0) == found


@pytest.mark.parametrize("weeks", [0, 1])
def test_nothing_is_said_before_two_weeks_are_known(weeks: int) -> None:
    assert silence_of(hours(weeks), MONDAY + timedelta(days=2)) is None


def test_two_weeks_are_enough() -> None:
    found = silence_of(hours(3), MONDAY + timedelta(days=1))
    assert found is not None
    assert found.is_alarming


def test_a_day_on_which_the_shop_is_closed_is_no_silence() -> None:
    seen = [one for one in hours(8, by_night=0, until=MONDAY - 24 * HOUR) if one.last_at.weekday() != 6]
    found = silence_of(seen, MONDAY + 7 * HOUR)
    assert found is not None
    assert (0.5, False) == (found.expected, found.is_alarming)


def test_orders_that_come_in_a_file_once_a_night_are_not_missed_by_day() -> None:
    seen = hours(8, wait=26 * HOUR)
    within, beyond = silence_of(seen, MONDAY + 26 * HOUR), silence_of(seen, MONDAY + 40 * HOUR)
    assert within is not None
    assert beyond is not None
    assert (False, True) == (within.is_alarming, beyond.is_alarming)


def test_an_outage_of_two_days_after_which_orders_came_late_changes_nothing() -> None:
    usual, late = hours(8)[:-48], hours(8, wait=48 * HOUR)[-48:]
    found = silence_of([*usual, *late], MONDAY + 9 * HOUR)
    assert found is not None
    assert found.is_alarming


def test_an_order_from_the_future_is_no_silence() -> None:
    assert silence_of(hours(8), MONDAY - 2 * HOUR) is None
