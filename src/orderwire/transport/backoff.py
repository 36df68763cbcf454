"""When to try again: exponential, with jitter, never giving up by age."""

from __future__ import annotations

import random


def backoff(tries: int, rng: random.Random, *, first: float = 1.0, most: float = 300.0) -> float:
    """Seconds to wait after the `tries`-th failed try: doubling from `first` up to `most`, then spread by ±25 %."""
    span = min(most, first * 2.0 ** min(tries - 1, 30))
    return span * rng.uniform(0.75, 1.25)


def spread_wait(retry_after: float, rng: random.Random) -> float:
    """A wait the platform asked for, never shorter, up to a tenth longer so that not everybody comes at once."""
    return retry_after * (1.0 + rng.random() * 0.1)


def seconds_of(header: str | None) -> float | None:
    """A `Retry-After` in seconds; None where there is none, or it is a date."""
    try:
        return float(header) if header else None
    except ValueError:
        return None
