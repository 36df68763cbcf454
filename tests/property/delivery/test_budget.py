"""No platform window is ever overrun, wherever it begins and however long requests and replies take."""

import asyncio
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderwire.sandbox.kit import FixedWindows
from orderwire.testing import virtual
from orderwire.transport.budget import RateBudget

WINDOWS = st.sampled_from([((4, 1.0),), ((10, 1.0), (30, 60.0)), ((7, 60.0),), ((3, 1.0), (8, 10.0), (50, 3600.0))])


class Platform:
    """Counts in windows that begin when it likes, and tells in a 429 how long to wait."""

    def __init__(self, windows: tuple[tuple[int, float], ...], phase: float) -> None:
        self._windows = FixedWindows(*windows)
        self._phase = phase
        self.taken: list[float] = []
        self.refused = 0

    def receive(self, at: float) -> float | None:
        """The wait it asks for, or None when it took the request."""
        spent = self._windows.spend(at + self._phase)
        if spent.is_allowed:
            self.taken.append(at)
            return None
        self.refused += 1
        return spent.retry_after


async def keep_sending(
    budget: RateBudget, platform: Platform, rng: random.Random, latency: float, until: float, *, is_live: bool
) -> None:
    clock = budget.clock
    while clock.tick() < until:
        await budget.acquire(is_live=is_live)
        await asyncio.sleep(rng.uniform(0.0, latency))
        wait = platform.receive(clock.tick())
        await asyncio.sleep(rng.uniform(0.0, latency))
        budget.replied()
        if wait is None:
            budget.answered()
        else:
            budget.refused(wait, backoff=1.0)


def play(
    windows: tuple[tuple[int, float], ...],
    known: tuple[tuple[int, float], ...],
    *,
    phase: float,
    latency: float,
    seed: int,
    senders: int,
    span: float,
) -> Platform:
    platform = Platform(windows, phase)

    async def work() -> None:
        budget = RateBudget("api", known, virtual.VirtualClock(), reserve=0.0)
        rng = random.Random(seed)
        await asyncio.gather(
            *(
                keep_sending(budget, platform, rng, latency, span, is_live=bool(one % 3 == 0))
                for one in range(senders)
            )
        )

    virtual.run(work)
    return platform


@settings(max_examples=40, deadline=None)
@given(
    windows=WINDOWS,
    phase=st.floats(0, 3600),
    latency=st.sampled_from([0.0001, 0.02, 0.3, 2.5]),
    seed=st.integers(0, 1000),
    senders=st.integers(1, 8),
)
def test_known_windows_are_never_overrun(
    windows: tuple[tuple[int, float], ...], phase: float, latency: float, seed: int, senders: int
) -> None:
    span = 3 * max(per for _, per in windows[:2])
    platform = play(windows, windows, phase=phase, latency=latency, seed=seed, senders=senders, span=span)
    assert 0 == platform.refused
    assert platform.taken


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(2, 20),
    phase=st.floats(0, 60),
    latency=st.sampled_from([0.001, 0.05]),
    seed=st.integers(0, 1000),
)
def test_an_unknown_limit_is_found_with_few_refusals_and_then_used(
    count: int, phase: float, latency: float, seed: int
) -> None:
    """Ten windows: at most the requests on their way are refused once; the ratio to the best is within 1.3."""
    platform = play(((count, 60.0),), (), phase=phase, latency=latency, seed=seed, senders=3, span=600.0)
    windows = len({math.floor((at + phase) / 60) for at in platform.taken})
    assert platform.refused <= 2 * 3
    assert len(platform.taken) * 1.3 >= count * (windows - 1)


@pytest.mark.parametrize("seed", range(5))
def test_a_limit_lower_than_configured_is_learned_too(seed: int) -> None:
    """Somebody else spends half of the account: our requests shrink until refusals are rare."""
    platform = play(((5, 60.0),), ((10, 60.0),), phase=17.0, latency=0.02, seed=seed, senders=2, span=3600.0)
    assert platform.refused <= 60
    assert len(platform.taken) >= 0.9 * 5 * 59
