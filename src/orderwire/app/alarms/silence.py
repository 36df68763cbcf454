"""Whether a source is silent for too long, by what is usual at this hour of the week.

Orders of a shop come as a Poisson process whose rate changes through the week: many on a Sunday evening, few at
night. The rate of each of the 168 hours is the mean of the last eight weeks. While a source is silent, as many orders
were to be expected as these rates add up to, and a process that expects Λ is silent by chance with e^-Λ. Below one in
a thousand, which is Λ > 6.9, it is no chance any more.

Worked number: a shop with 30 orders an hour on Monday mornings and 2 at night is missed after 14 minutes of a Monday
morning, and after three and a half hours of a night.

Source: the probability of no event is the definition of the Poisson process; hours are UTC, so that a change of
daylight saving time moves the pattern by one of them for some weeks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from orderwire.ledger import HourOfOrders

WEEKS = 8
LEAST = timedelta(weeks=2)
"""How long orders must have been seen before anything is said."""
IMPROBABLE = 0.001
_WEEK = 168
_LATE = 0.95
"""The share of hours whose orders are all known within the time that is waited for: an outage of some days, after
which orders came late, is not taken for what is usual."""


class Silence(Struct, frozen=True, kw_only=True):
    """How long a source is silent, and what was to be expected meanwhile."""

    since: datetime
    expected: float
    """Orders."""

    @property
    def is_alarming(self) -> bool:
        """Whether chance alone is silent for so long less than once in a thousand times."""
        return math.exp(-self.expected) < IMPROBABLE


def silence_of(hours: Sequence[HourOfOrders], now: datetime) -> Silence | None:
    """How silent one source is; None while too little of it is known to tell."""
    if not hours:
        return None
    counts = {one.hour: one.count for one in hours}
    first, last_at = min(counts), max(one.last_at for one in hours)
    if now < last_at or last_at - _instant(first) < LEAST:
        return None
    rates = _rates(counts, first + 1, _hour(last_at))
    until = now - _usual_wait(hours)
    return Silence(since=last_at, expected=_expected(rates, last_at, until))


def _rates(counts: dict[int, int], first: int, beyond: int) -> list[float]:
    """Orders in each hour of the week, from hours that were seen whole."""
    seen, placed = [0] * _WEEK, [0] * _WEEK
    for hour in range(first, beyond):
        seen[hour % _WEEK] += 1
        placed[hour % _WEEK] += counts.get(hour, 0)
    return [placed[slot] / max(1, seen[slot]) for slot in range(_WEEK)]


def _expected(rates: Sequence[float], since: datetime, until: datetime) -> float:
    """The sum of the rates over a span of time, its first and last hour in part."""
    total = 0.0
    at = since
    while at < until:
        end = min(_instant(_hour(at) + 1), until)
        total += rates[_hour(at) % _WEEK] * ((end - at) / timedelta(hours=1))
        at = end
    return total


def _usual_wait(hours: Sequence[HourOfOrders]) -> timedelta:
    """How long after it was placed an order is usually known: where a file comes once a night, no day is silent."""
    waits = sorted(one.longest_wait for one in hours)
    return waits[min(len(waits) - 1, int(len(waits) * _LATE))]


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // 3600


def _instant(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * 3600, UTC)
