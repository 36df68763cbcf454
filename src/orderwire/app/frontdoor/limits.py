"""Rate windows of the platforms, held against our own callers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from orderwire.app.frontdoor.counts import Counts, Key, OwnCounts
from orderwire.dialects.contract import Window
from orderwire.dialects.doorway import Spent


class CallLimits:
    """Counts calls in fixed windows, each for one caller and family of calls; `counts` is where."""

    def __init__(self, counts: Counts | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: Counts = counts if counts is not None else OwnCounts()

    def spend(self, caller: str, family: str, windows: Sequence[Window]) -> tuple[tuple[Spent, ...], float | None]:
        """Count a call; how it stands to each window, and the seconds to wait where it goes beyond one.

        A call that is refused counts in no window, so that waiting as told is enough.
        """
        moment = self._clock()
        with self._counts.turn():
            found: list[tuple[Key, float, int, Window]] = []
            for window in windows:
                key = (caller, family, window.per)
                ends_at = (moment // window.per + 1) * window.per
                found.append((key, ends_at, self._counts.count(key, ends_at), window))
            waits = [ends_at - moment for _, ends_at, count, window in found if count >= window.count]
            if not waits:
                for key, ends_at, count, _ in found:
                    self._counts.put(key, ends_at, count + 1, moment=moment)
        spent = tuple(
            Spent(
                limit=window.count,
                per=window.per,
                remaining=max(0, window.count - count - (not waits)),
                reset=ends_at - moment,
            )
            for _, ends_at, count, window in found
        )
        return spent, max(waits) if waits else None


def scaled(families: Mapping[str, tuple[Window, ...]], factor: float) -> dict[str, tuple[Window, ...]]:
    """The same families with windows that let `factor` times as many through."""
    return {
        name: tuple(Window(max(1, round(window.count * factor)), window.per) for window in windows)
        for name, windows in families.items()
    }
