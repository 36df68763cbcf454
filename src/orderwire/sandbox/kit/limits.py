"""Fixed rate windows, as the platforms document theirs."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Spent:
    """How a request met a set of windows. Seconds are platform seconds."""

    is_allowed: bool
    retry_after: float = 0.0
    remaining: tuple[int, ...] = ()
    """Left in each window after this request."""
    resets: tuple[float, ...] = ()


class FixedWindows:
    """At most `count` requests in each whole period of `per` seconds, for several periods at once.

    A refused request spends nothing. Periods are aligned to whole multiples of their length.
    """

    def __init__(self, *windows: tuple[int, float]) -> None:
        self.windows = windows
        self._period = [-1] * len(windows)
        self._used = [0] * len(windows)

    def spend(self, now: float, weight: int = 1) -> Spent:
        """Take `weight` from every window if all have it."""
        waits: list[float] = []
        for place, (count, per) in enumerate(self.windows):
            period = math.floor(now / per)
            if period != self._period[place]:
                self._period[place] = period
                self._used[place] = 0
            if self._used[place] + weight > count:
                waits.append((period + 1) * per - now)
        if waits:
            return Spent(False, max(waits), self._left(), self._resets(now))
        for place in range(len(self.windows)):
            self._used[place] += weight
        return Spent(True, 0.0, self._left(), self._resets(now))

    def _left(self) -> tuple[int, ...]:
        return tuple(count - used for (count, _), used in zip(self.windows, self._used, strict=True))

    def _resets(self, now: float) -> tuple[float, ...]:
        return tuple((math.floor(now / per) + 1) * per - now for _, per in self.windows)
