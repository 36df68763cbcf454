"""Values as Ordergroove writes them: times without a zone or as epoch seconds, truth as text, periods as numbers.

The API states times without a zone; its pages name Central and Eastern time for them. They are taken for the zone of
the option `time_zone`, and every window reaches back by more than the difference. Webhooks state epoch seconds.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orderwire.dialects.connector import Access
from orderwire.dialects.shop_json import Misread, Part
from orderwire.errors import ConfigError

PERIODS = {1: "day", 2: "week", 3: "month", 4: "year"}
"""What `every_period` counts."""
UNSENT = 1
"""The status of an order that is still to be placed."""
_MARGIN = timedelta(hours=2)
"""Two readings of the times' zone lie an hour apart, and so does each change of the clocks."""


def zone_of(access: Access) -> ZoneInfo:
    """The zone of times without one.

    Raises:
        ConfigError: there is none of this name.
    """
    name = access.text("time_zone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        place = f"source.{access.source}.options.time_zone"
        raise ConfigError(place, f'"{name}" is no time zone.', 'Such as "America/Chicago".') from error


def start_of(access: Access) -> date:
    """The day from which on history is brought in.

    Raises:
        ConfigError: it is not given, or is no day.
    """
    place, text = f"source.{access.source}.options.since", access.text("since")
    remedy = (
        'Write since = "YYYY-MM-DD" under options: the first pass brings in the customers and subscriptions '
        "that were made from that day on. It is asked once; what changes afterwards comes whatever its age."
    )
    if not text:
        raise ConfigError(place, "is missing.", remedy)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(place, f'"{text}" is no day.', remedy) from error


def leads_of(access: Access) -> tuple[int, ...]:
    """How many days before their orders reminders are due, the fewest first.

    Raises:
        ConfigError: it is no list of whole numbers.
    """
    try:
        found = sorted({int(one) for one in access.listed("reminder_days")})
    except ValueError:
        found = []
    if not found or found[0] < 0:
        place = f"source.{access.source}.options.reminder_days"
        raise ConfigError(place, "is no list of days.", 'Such as "10", or "5, 10".')
    return tuple(found)


def asked_since(since: datetime, zone: ZoneInfo) -> str:
    """The lower bound of a window as a filter takes it."""
    return (since - _MARGIN).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")


def moment(part: Part, name: str, zone: ZoneInfo) -> datetime | None:
    """A point in time, however it is written; None where it is absent."""
    value = part.value.get(name)
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        text = part.text(name)
        if text is None:
            return None
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Misread(part.at(name), "is not a point in time") from error


def day(part: Part, name: str) -> date | None:
    """A calendar day, with or without a time behind it; None where it is absent."""
    text = part.text(name)
    try:
        return None if text is None else date.fromisoformat(text[:10])
    except ValueError as error:
        raise Misread(part.at(name), "is not a day") from error


def midnight(on: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day begins."""
    return datetime.combine(on, time(), zone).astimezone(UTC)


def said(part: Part, name: str) -> bool | None:
    """Yes or no, also where it is written as a text; None where it is absent."""
    value = part.value.get(name)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return part.flag(name)


def interval(part: Part) -> str | None:
    """How often a subscription is sent: `2 weeks`; None where nothing says."""
    every, period = part.whole("every"), part.whole("every_period")
    if not every or period is None:
        return None
    unit = PERIODS.get(period)
    if unit is None:
        raise Misread(part.at("every_period"), "is not a period that is known")
    return f"{every} {unit}{'' if every == 1 else 's'}"


def products_of(part: Part) -> tuple[str, ...]:
    """The product of a subscription or an item, and those that it is put together of; each once."""
    found = [part.text("product")]
    components = part.value.get("components")
    if isinstance(components, str):
        found += [one.strip() for one in components.split(",")]
    elif isinstance(components, list) and all(isinstance(one, str) for one in components):
        found += components
    else:
        found += [one.text("product") for one in part.parts("components")]
    return tuple(dict.fromkeys(one for one in found if one))
