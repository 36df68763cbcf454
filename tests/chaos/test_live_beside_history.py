"""News beside a history that is being sent: how soon they arrive, and what is left for history; in virtual time.

`pytest tests/chaos/test_live_beside_history.py --facts 1000000` does it with a history of that many orders.
"""

import asyncio
import math
import random
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from orderwire.ledger.values import Stream
from orderwire.sandbox.kit import ReceptionLog
from orderwire.testing.shops import identity, order_of
from orderwire.testing.stage import Stage, run_coarsely
from orderwire.testing.virtual import START

FACTS = 30_000
NEWS_SHARE = 0.1
"""News for each request that the platform's limit allows; they come at random moments."""
LEAST_USED = 0.98 * 0.95
"""Of the limit, by news and history together: history has nearly all that news and a reserve leave."""
FEWEST_PERIODS = 20
"""How long a course lasts whose use of the limit says something: its first period leaves a tenth."""
BY_PLATFORM = {"ometria": (4, 1.0), "omnisend": (400, 60.0), "klaviyo": (150, 60.0)}
"""The window that binds."""
QUANTILES = {"half": 0.5, "p99": 0.99, "all": 1.0}


class Arrivals(ReceptionLog):
    """A reception log that keeps only when news arrived, and how many requests carried history."""

    def __init__(self) -> None:
        super().__init__(None)
        self.news: dict[str, float] = {}
        self.history: list[float] = []
        self.all: list[float] = []

    def write(self, line: dict[str, Any]) -> None:
        """Take note of one line."""
        if line["method"] != "POST" or line["verdict"] != "taken":
            return
        self.all.append(line["at"])
        numbers = {str(one.get("order") or one["id"]) for one in line["kept"] if one["type"] in ("order", "event")}
        for number in numbers:
            if number.startswith("N"):
                self.news.setdefault(number.partition("-")[0], line["at"])
        if any(number.startswith("H") for number in numbers):
            self.history.append(line["at"])


@dataclass
class Course:
    """News of a shop, told while its history is on its way."""

    stage: Stage
    arrivals: Arrivals
    every: float
    """Seconds from one piece of news to the next, on average."""
    told_at: dict[str, float] = field(default_factory=dict)

    async def tell(self, rng: random.Random, people: int) -> None:
        """Tell of a new order every now and then, of anybody."""
        while True:
            await asyncio.sleep(rng.expovariate(1 / self.every))
            number = f"N{len(self.told_at)}"
            self.told_at[number] = self.stage.clock.now().timestamp()
            self.stage.record(order_of(number, identity(rng.randrange(people)), self.stage.clock.now()))

    def delays(self) -> list[float]:
        """Seconds from the record to the platform, shortest first."""
        return sorted(self.arrivals.news[number] - at for number, at in self.told_at.items())


def sent(platform: str, place: Path, facts: int) -> Coroutine[Any, Any, Course]:
    async def work() -> Course:
        arrivals = Arrivals()
        with Stage(platform, place, kinds=frozenset({"order.placed"})) as stage:
            stage.exchange.log = arrivals
            people = max(1, facts // 4)
            for first in range(0, facts, 1000):
                numbers = range(first, min(facts, first + 1000))
                orders = [order_of(f"H{number}", identity(number % people), START, pots=0) for number in numbers]
                stage.record(*orders, is_imported=True)
            stage.switch_on()
            count, per = BY_PLATFORM[platform]
            course = Course(stage, arrivals, every=per / count / NEWS_SHARE)
            telling = asyncio.ensure_future(course.tell(random.Random(facts), people))
            delivering = asyncio.ensure_future(stage.deliver(seconds=30 * 86400.0))
            while not delivering.done() and stage.ledger.cursors(platform).get(Stream.ACTIVITY, 0) < facts:
                await asyncio.sleep(1.0)
            telling.cancel()
            await asyncio.sleep(60.0)
            delivering.cancel()
            await asyncio.gather(telling, delivering, return_exceptions=True)
            return course

    return work()


def quantile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, math.ceil(len(values) * share) - 1)]


@pytest.mark.slow
@pytest.mark.parametrize("platform", BY_PLATFORM)
def test_news_arrive_within_seconds_and_history_has_the_rest(
    platform: str, in_memory: Path, facts_asked: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = facts_asked or FACTS
    course = run_coarsely(lambda: sent(platform, in_memory / "ledger.db", facts))
    delays, history = course.delays(), course.arrivals.history
    count, per = BY_PLATFORM[platform]
    seconds = history[-1] - history[0]
    periods = max(1.0, seconds / per)
    used = sum(history[0] <= at <= history[-1] for at in course.arrivals.all) / (count * periods)
    with capsys.disabled():
        print(f"\n{platform}: {facts:,} orders of history in {seconds / 60:,.0f} min by {len(history):,} requests")
        print(f"  both used {used:.1%} of the limit; {len(delays):,} news arrived after", end=" ")
        print(", ".join(f"{quantile(delays, one):.2f} s ({name})" for name, one in QUANTILES.items()))
    assert len(delays) == len(course.told_at)
    assert quantile(delays, 0.99) <= 2.0
    assert used >= LEAST_USED or periods < FEWEST_PERIODS
