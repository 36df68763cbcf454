"""Resting while the platform gives no useful answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orderwire.transport.budget import BAD_LUCK, RateBudget


class StoppedClock:
    """Time that passes only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def tick(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def doubling(failures: int) -> float:
    return 0.5 * 2 ** (failures - 1)


@pytest.mark.parametrize("at_once", [4, 16])
async def test_requests_that_fail_together_lengthen_the_rest_once(at_once: int) -> None:
    clock = StoppedClock()
    budget = RateBudget("events", [], clock)
    for _ in range(BAD_LUCK + at_once):
        budget.failed(doubling)
    await budget.acquire(is_live=True)
    assert clock.seconds == 0.5


async def test_every_round_of_failures_doubles_the_rest() -> None:
    clock = StoppedClock()
    budget = RateBudget("events", [], clock)
    for _ in range(BAD_LUCK):
        budget.failed(doubling)
    ended: list[float] = []
    for _ in range(3):
        for _ in range(4):
            budget.failed(doubling)
        await budget.acquire(is_live=True)
        ended.append(clock.seconds)
    assert ended == [0.5, 1.5, 3.5]


async def test_a_useful_answer_begins_the_count_anew() -> None:
    clock = StoppedClock()
    budget = RateBudget("events", [], clock)
    for _ in range(BAD_LUCK + 1):
        budget.failed(doubling)
    await budget.acquire(is_live=True)
    budget.answered()
    budget.failed(doubling)
    await budget.acquire(is_live=True)
    assert clock.seconds == 0.5
