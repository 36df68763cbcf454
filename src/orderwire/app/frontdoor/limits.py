"""Rate windows of the platforms, held against our own callers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from orderwire.dialects.contract import Window
from orderwire.dialects.doorway import Spent

_MOST_CALLERS = 10_000


class CallLimits:
    """Counts calls in fixed windows, each for one caller and family of calls."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: dict[tuple[str, str, float], tuple[int, int]] = {}

    def spend(self, caller: str, family: str, windows: Sequence[Window]) -> tuple[tuple[Spent, ...], float | None]:
        """Count a call; how it stands to each window, and the seconds to wait where it goes beyond one.

        A call that is refused counts in no window, so that waiting as told is enough.
        """
        moment = self._clock()
        if len(self._counts) > _MOST_CALLERS:
            self._forget(moment)
        found: list[tuple[tuple[str, str, float], int, int, Window]] = []
        for window in windows:
            key = (caller, family, window.per)
            turn = int(moment // window.per)
            began, count = self._counts.get(key, (turn, 0))
            found.append((key, turn, count if began == turn else 0, window))
        waits = [(turn + 1) * window.per - moment for _, turn, count, window in found if count >= window.count]
        is_over = bool(waits)
        spent = []
        for key, turn, count, window in found:
            used = count if is_over else count + 1
            self._counts[key] = (turn, used)
            spent.append(
                Spent(
                    limit=window.count,
                    per=window.per,
                    remaining=max(0, window.count - used),
                    reset=(turn + 1) * window.per - moment,
                )
            )
        return tuple(spent), max(waits) if is_over else None

    def _forget(self, moment: float) -> None:
        """Leave out windows that are over: their callers may never come back."""
        self._counts = {key: (turn, count) for key, (turn, count) in self._counts.items() if turn >= moment // key[2]}


def scaled(families: Mapping[str, tuple[Window, ...]], factor: float) -> dict[str, tuple[Window, ...]]:
    """The same families with windows that let `factor` times as many through."""
    return {
        name: tuple(Window(max(1, round(window.count * factor)), window.per) for window in windows)
        for name, windows in families.items()
    }
