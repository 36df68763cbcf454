"""Points in time, and the bounds of a time column."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from orderwire.errors import ConfigError
from orderwire.sources import clocks
from orderwire.sources.decode import MISFITS
from orderwire.sources.instants import instant

LONDON = ZoneInfo("Europe/London")
PLACE = "source.shop.orders.changed_at"
read = instant(LONDON, place="source.shop")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2011-01-10 08:26:00", "2011-01-10 08:26:00"),
        ("2011-07-10 08:26:00", "2011-07-10 07:26:00"),
        ("2011-07-10T08:26:00.500000", "2011-07-10 07:26:00.500000"),
        ("2011-07-10T08:26:00Z", "2011-07-10 08:26:00"),
        ("2011-07-10 08:26:00+02:00", "2011-07-10 06:26:00"),
        (" 2011-07-10 08:26:00 ", "2011-07-10 07:26:00"),
        ("2011-07-10", "2011-07-09 23:00:00"),
        (date(2011, 7, 10), "2011-07-09 23:00:00"),
        (datetime(2011, 7, 10, 8, 26), "2011-07-10 07:26:00"),  # noqa: DTZ001
        (datetime(2011, 7, 10, 8, tzinfo=timezone(timedelta(hours=2))), "2011-07-10 06:00:00"),
        (1310286360, "2011-07-10 08:26:00"),
        (1310286360000, "2011-07-10 08:26:00"),
        (Decimal("1310286360.5"), "2011-07-10 08:26:00.500000"),
        ("1310286360", "2011-07-10 08:26:00"),
    ],
)
def test_every_usual_form_becomes_utc(value: object, expected: str) -> None:
    assert utc(expected) == read(value)
    assert utc(expected) == read(value), "the second reading takes the quick way"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2011-10-30 00:59:59", "2011-10-29 23:59:59"),
        ("2011-10-30 01:30:00", "2011-10-30 00:30:00"),
        ("2011-10-30 02:00:00", "2011-10-30 02:00:00"),
        ("2011-03-27 00:59:59", "2011-03-27 00:59:59"),
        ("2011-03-27 02:00:00", "2011-03-27 01:00:00"),
    ],
)
def test_the_days_when_the_clock_is_put_are_read_hour_by_hour(value: str, expected: str) -> None:
    assert utc(expected) == read(value)


@pytest.mark.parametrize("value", ["", "  ", "0000-00-00", "0000-00-00 00:00:00"])
def test_blank_and_zero_dates_are_nothing(value: str) -> None:
    assert None is read(value)


@pytest.mark.parametrize(
    "value", ["yesterday", "2011-13-01", "99999999999999999999", True, b"2011-01-01", 1e300, float("nan")]
)
def test_what_is_no_point_in_time_is_refused(value: object) -> None:
    with pytest.raises(MISFITS):
        read(value)


@pytest.mark.parametrize("value", ["2011-01-10 08:26:00", datetime(2011, 1, 10), date(2011, 1, 10)])  # noqa: DTZ001
def test_a_naive_time_without_a_zone_is_a_fault_of_the_settings(value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        instant(None, place="source.shop")(value)
    assert "source.shop.time_zone" == caught.value.place


SINCE, TO = utc("2011-06-01 10:00:00"), utc("2011-06-01 11:00:00")


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("2011-01-01 00:00:00", ("2011-06-01 11:00:00", "2011-06-01 12:00:00")),
        ("2011-01-01T00:00:00.123", ("2011-06-01T11:00:00", "2011-06-01T12:00:00")),
        ("2011-01-01T00:00:00Z", ("2011-06-01T10:00:00", "2011-06-01T11:00:00")),
        (datetime(2011, 1, 1), (datetime(2011, 6, 1, 11), datetime(2011, 6, 1, 12))),  # noqa: DTZ001
        (datetime(2011, 1, 1, tzinfo=UTC), (SINCE, TO)),
        (1310286360, (1306922400, 1306926000)),
        (1310286360000, (1306922400000, 1306926000000)),
    ],
)
def test_bounds_take_the_form_of_the_column(sample: object, expected: tuple[object, object]) -> None:
    found = (
        clocks.lower(SINCE, TO, sample=sample, zone=LONDON, place=PLACE),
        clocks.upper(SINCE, TO, sample=sample, zone=LONDON, place=PLACE),
    )
    assert expected == found


@pytest.mark.parametrize("minute", range(0, 180, 20))
@pytest.mark.parametrize("length", [1, 20, 60, 120, 600])
def test_no_row_of_the_hour_that_comes_twice_falls_out_of_its_window(minute: int, length: int) -> None:
    since = utc("2011-10-29 23:00:00") + timedelta(minutes=minute)
    to = since + timedelta(minutes=length)
    low = clocks.lower(since, to, sample=datetime(2011, 1, 1), zone=LONDON, place=PLACE)  # noqa: DTZ001
    high = clocks.upper(since, to, sample=datetime(2011, 1, 1), zone=LONDON, place=PLACE)  # noqa: DTZ001
    written = [since + timedelta(minutes=step) for step in range(length)]
    walls = [moment.astimezone(LONDON).replace(tzinfo=None) for moment in written]
    assert [] == [wall for wall in walls if not low <= wall < high]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("sample", "problem"),
    [
        ("2011-01-01T00:00:00+02:00", "zone other than UTC"),
        ("01.02.2011 10:00:00", "ISO 8601"),
        ("20110101T000000", "does not sort"),
        (date(2011, 1, 1), "dates without a time"),
        (b"2011", "does not hold times"),
    ],
)
def test_a_time_column_that_cannot_be_followed_is_named(sample: object, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        clocks.lower(SINCE, TO, sample=sample, zone=LONDON, place=PLACE)


def test_a_naive_time_column_needs_a_zone() -> None:
    with pytest.raises(ConfigError, match=r"source\.shop\.time_zone"):
        clocks.lower(SINCE, TO, sample="2011-01-01 00:00:00", zone=None, place=PLACE)
