"""The wish that a worker process ends: a signal, or the process that started it is gone."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Halt:
    """The wish that this process ends: `is_wanted` may be asked anywhere, `event` wakes the loop."""

    def __init__(self, parent: int | None) -> None:
        self._parent = parent
        self._is_asked = False
        self.event = asyncio.Event()

    @property
    def is_wanted(self) -> bool:
        """Whether a signal came, or the process this one works for is gone."""
        return self._is_asked or (self._parent is not None and os.getppid() != self._parent)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take signals as the wish to end; a loop that is busy notices when it asks."""
        loop = asyncio.get_running_loop()

        def ask(_number: int, _frame: object) -> None:
            self._is_asked = True
            loop.call_soon_threadsafe(self.event.set)

        before = {number: signal.signal(number, ask) for number in _SIGNALS}
        watching = asyncio.ensure_future(self._watch_parent())
        try:
            yield
        finally:
            watching.cancel()
            for number, handler in before.items():
                signal.signal(number, handler)

    async def _watch_parent(self) -> None:
        while not self.is_wanted:
            await asyncio.sleep(1.0)
        self.event.set()
