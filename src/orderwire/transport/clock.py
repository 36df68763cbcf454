"""Time as delivery sees it: an argument, so that tests can let a week pass in a moment.

Two clocks in one. `now` is the wall clock, in which facts happen and grow old. `tick` and `sleep` are the platform's
pace, in which rate windows and back-offs are counted: usually the same, but a stand-in may run its hours in seconds,
and then `scale` platform seconds pass in a real one.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where delivery takes its time from."""

    def now(self) -> datetime:
        """The wall clock, UTC-aware."""
        ...

    def tick(self) -> float:
        """Platform seconds since some fixed moment; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let so many platform seconds pass."""
        ...


class SystemClock:
    """The machine's clock, with the platform's pace `scale` times as fast."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def now(self) -> datetime:
        """The wall clock, UTC-aware."""
        return datetime.fromtimestamp(time.time(), UTC)

    def tick(self) -> float:
        """Platform seconds since the machine started; never goes back."""
        return time.monotonic() * self.scale

    async def sleep(self, seconds: float) -> None:
        """Let so many platform seconds pass."""
        await asyncio.sleep(max(0.0, seconds / self.scale))
