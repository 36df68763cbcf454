"""A rate budget alone, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from orderwire.testing import virtual
from orderwire.transport.budget import RateBudget

Windows = tuple[tuple[int, float], ...]
Story = Callable[[RateBudget, virtual.VirtualClock], Awaitable[list[float]]]


def told(windows: Windows, story: Story, *, reserve: float = 0.0) -> list[float]:
    """What a story about a budget notes down."""

    async def work() -> list[float]:
        clock = virtual.VirtualClock()
        return await story(RateBudget("api", windows, clock, reserve=reserve), clock)

    return [round(at, 3) for at in virtual.run(work)]


async def send(budget: RateBudget, clock: virtual.VirtualClock, count: int, *, is_live: bool = False) -> list[float]:
    """Send one after the other, each answered at once; the moments of sending."""
    moments = []
    for _ in range(count):
        await budget.acquire(is_live=is_live)
        moments.append(clock.tick())
        budget.replied()
    return moments


def test_a_window_is_used_up_at_once_and_then_waited_for() -> None:
    assert [0.0, 0.0, 10.0, 10.0, 20.0] == told(((2, 10.0),), lambda budget, clock: send(budget, clock, 5))


def test_all_windows_hold_at_once() -> None:
    moments = told(((2, 1.0), (3, 10.0)), lambda budget, clock: send(budget, clock, 5))
    assert [0.0, 0.0, 1.0, 10.0, 10.0] == moments


def test_a_request_counts_until_its_window_has_passed_since_its_reply() -> None:
    async def story(budget: RateBudget, clock: virtual.VirtualClock) -> list[float]:
        await budget.acquire(is_live=False)
        await asyncio.sleep(4)
        budget.replied()
        return await send(budget, clock, 1)

    assert [14.0] == told(((1, 10.0),), story)


def test_a_permit_that_is_given_back_is_free_at_once() -> None:
    async def story(budget: RateBudget, clock: virtual.VirtualClock) -> list[float]:
        await budget.acquire(is_live=False)
        budget.unused()
        return await send(budget, clock, 1)

    assert [0.0] == told(((1, 10.0),), story)


def test_history_leaves_a_share_to_news() -> None:
    async def story(budget: RateBudget, clock: virtual.VirtualClock) -> list[float]:
        return [*await send(budget, clock, 8), *await send(budget, clock, 2, is_live=True)]

    assert [0.0] * 10 == told(((10, 60.0),), story, reserve=0.2)


def test_history_waits_when_only_the_reserve_is_left() -> None:
    assert 60.0 == told(((10, 60.0),), lambda budget, clock: send(budget, clock, 9), reserve=0.2)[-1]


def test_news_go_as_they_come_while_they_are_few() -> None:
    assert [0.0] * 3 == told(((10, 60.0),), lambda budget, clock: send(budget, clock, 3, is_live=True))


def test_many_news_keep_a_pace_that_a_long_window_bears() -> None:
    moments = told(((150, 60.0),), lambda budget, clock: send(budget, clock, 600, is_live=True))
    assert 0.5 == max(round(later - at, 3) for at, later in pairwise(moments))


def test_news_do_not_wait_for_a_pace_within_seconds() -> None:
    moments = told(((10, 1.0),), lambda budget, clock: send(budget, clock, 20, is_live=True))
    assert [0.0] * 10 + [1.0] * 10 == moments


def test_a_permit_that_news_give_back_leaves_their_pace_as_it_was() -> None:
    async def story(budget: RateBudget, clock: virtual.VirtualClock) -> list[float]:
        for _ in range(100):
            await budget.acquire(is_live=True)
            budget.unused()
        return await send(budget, clock, 3, is_live=True)

    assert [0.0] * 3 == told(((10, 60.0),), story)


def test_news_go_before_history_that_waits_longer() -> None:
    async def story(budget: RateBudget, clock: virtual.VirtualClock) -> list[float]:
        order: list[float] = []

        async def one(mark: float, *, is_live: bool) -> None:
            await budget.acquire(is_live=is_live)
            order.append(mark)
            budget.replied()

        await send(budget, clock, 1)
        waiting = [asyncio.ensure_future(one(1.0, is_live=False)) for _ in range(2)]
        await asyncio.sleep(1)
        waiting.append(asyncio.ensure_future(one(2.0, is_live=True)))
        await asyncio.gather(*waiting)
        return order

    assert [2.0, 1.0, 1.0] == told(((1, 10.0),), story)


@pytest.mark.parametrize("asked", [0.5, 7.0, 61.0, 3000.0])
def test_nobody_sends_before_the_wait_that_a_429_asks_for(asked: float) -> None:
    async def story(budget: RateBudget, clock: virtual.VirtualClock) -> list[float]:
        await budget.acquire(is_live=False)
        budget.replied()
        budget.refused(asked, backoff=1.0)
        return await send(budget, clock, 1, is_live=True)

    assert [pytest.approx(asked, abs=0.01)] == told(((100, 60.0),), story)


def test_one_failure_among_successes_stops_nobody() -> None:
    async def story(budget: RateBudget, clock: virtual.VirtualClock) -> list[float]:
        budget.failed(lambda failures: 60.0)
        budget.answered()
        budget.failed(lambda failures: 60.0)
        return await send(budget, clock, 1)

    assert [0.0] == told(((100, 60.0),), story)


def test_failures_in_a_row_make_everybody_rest_longer_and_longer() -> None:
    async def story(budget: RateBudget, clock: virtual.VirtualClock) -> list[float]:
        moments = []
        for _ in range(5):
            moments += await send(budget, clock, 1)
            budget.failed(lambda failures: 10.0 * failures)
        return moments

    assert [0.0, 0.0, 0.0, 10.0, 30.0] == told(((100, 60.0),), story)


def test_requests_that_fail_together_count_as_one_failure() -> None:
    async def story(budget: RateBudget, clock: virtual.VirtualClock) -> list[float]:
        for _ in range(20):
            budget.failed(lambda failures: 10.0 * failures)
        return await send(budget, clock, 1)

    assert [10.0] == told(((100, 60.0),), story)


def test_without_windows_a_limit_is_learned_from_the_first_429() -> None:
    """A platform of 5 in 60 seconds, whose window began at 0: after one refusal it is never overrun again."""

    async def story(budget: RateBudget, clock: virtual.VirtualClock) -> list[float]:
        counts: dict[int, int] = {}
        refusals = 0.0
        while clock.tick() < 20 * 60:
            await budget.acquire(is_live=False)
            window = int(clock.tick() // 60)
            taken = counts.get(window, 0) < 5
            budget.replied()
            if taken:
                counts[window] = counts.get(window, 0) + 1
            else:
                refusals += 1
                budget.refused(60 - clock.tick() % 60, backoff=1.0)
        return [refusals, min(list(counts.values())[:-1])]

    assert [1.0, 5.0] == told((), story)


def test_what_others_spend_is_seen_in_the_headers() -> None:
    async def story(budget: RateBudget, clock: virtual.VirtualClock) -> list[float]:
        await asyncio.sleep(5)
        await send(budget, clock, 1)
        budget.observe(10, 60.0, remaining=3, reset=55.0)
        return await send(budget, clock, 3)

    assert [5.0, 5.0, 60.0] == told(((10, 60.0),), story)


def test_our_own_requests_in_the_second_that_rounding_hides_are_not_taken_for_others() -> None:
    """The window began at 5.4 for the platform; it says 60 for the 59.6 that are left at 5.8."""

    async def story(budget: RateBudget, clock: virtual.VirtualClock) -> list[float]:
        await asyncio.sleep(5.45)
        await send(budget, clock, 8)
        await asyncio.sleep(0.35)
        await send(budget, clock, 1)
        budget.observe(20, 60.0, remaining=11, reset=60.0)
        return await send(budget, clock, 11)

    assert [5.8] * 11 == told(((20, 60.0),), story)
