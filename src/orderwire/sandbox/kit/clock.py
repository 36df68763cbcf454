"""A clock that may run faster than the wall, so that an hourly limit can be met in seconds."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class PlatformClock:
    """The platform's time: real time at the start, then `scale` platform seconds per real second."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self._started_wall = time.time()
        self._started = time.monotonic()

    def seconds(self) -> float:
        """Platform time as UNIX seconds."""
        return self._started_wall + (time.monotonic() - self._started) * self.scale

    def now(self) -> datetime:
        """Platform time as an aware instant."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def real(self, platform_seconds: float) -> float:
        """How many real seconds a span of platform time takes."""
        return platform_seconds / self.scale
