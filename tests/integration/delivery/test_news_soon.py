"""How soon news are with the platform, one after the other and many of them, within the platform's own windows."""

import asyncio
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from orderwire.ledger import StoredLedger
from orderwire.testing.shops import identity, order_of
from orderwire.testing.stage import Stage, run_coarsely


def delays_of(place: Path, *, every: float, seconds: float) -> list[float]:
    """Seconds from the record of each of many orders until the platform took it, shortest first."""

    async def work() -> list[float]:
        with Stage("klaviyo", place, kinds=frozenset({"order.placed"})) as stage:
            stage.switch_on()
            delivering = asyncio.ensure_future(stage.deliver(seconds=seconds + 60.0))
            await asyncio.sleep(5.0)
            told_at: dict[str, float] = {}
            for number in range(int(seconds / every)):
                told_at[f"N{number}"] = stage.clock.now().timestamp()
                stage.record(order_of(f"N{number}", identity(number), stage.clock.now()))
                await asyncio.sleep(every)
            await delivering
            there = {str(one["id"]): at for at, one in reversed(list(_taken(stage.log.lines)))}
            return sorted(there[number] - at for number, at in told_at.items())

    return run_coarsely(work)


def _taken(lines: list[dict[str, Any]]) -> Iterator[tuple[float, dict[str, Any]]]:
    """The orders that were taken, with the platform's clock."""
    for line in lines:
        for one in line["kept"]:
            if one.get("metric") == "Placed Order":
                yield line["at"], one


def test_news_that_keep_coming_are_found_at_once(tmp_path: Path) -> None:
    delays = delays_of(tmp_path / "ledger.db", every=0.11, seconds=3.0)
    assert median(delays) <= 0.05


def test_more_news_than_requests_arrive_within_a_second_all_the_same(tmp_path: Path) -> None:
    """Five a second are twice the requests that the platform takes in a minute."""
    delays = delays_of(tmp_path / "ledger.db", every=0.2, seconds=120.0)
    assert (600, True) == (len(delays), delays[-1] <= 1.0)


def test_a_feed_that_finds_nothing_looks_ever_more_seldom(tmp_path: Path) -> None:
    looks = count()

    class Watched(StoredLedger):
        def head(self) -> int:
            next(looks)
            return super().head()

    async def work() -> int:
        with Stage("klaviyo", tmp_path / "ledger.db") as stage:
            stage.switch_on()
            stage.ledger.__class__ = Watched
            await stage.deliver(seconds=60.0)
            return next(looks)

    # The live feed and the history feed each look ten times a second, and now and then somebody else.
    assert run_coarsely(work) <= 60 * 25
