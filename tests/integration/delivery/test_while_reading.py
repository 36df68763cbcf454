"""Delivering while the sources are still read: nothing is over before, and few facts wait for more; virtual time."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from orderwire.model import Identity, Order
from orderwire.testing import virtual
from orderwire.testing.stage import Stage


def order(number: int) -> Order:
    return Order(
        order_id=str(number),
        identity=Identity(email=f"c{number}@mail.test"),
        currency="EUR",
        total=1000,
        placed_at=datetime(2025, 2, 1, tzinfo=UTC),
    )


def delivered(place: Path, *, first: int, more: int, read_after: float) -> tuple[list[int], float]:
    """How many orders the platform had after each half minute, and when the run was over, in seconds.

    `first` are in the ledger when it begins, `more` come after 40 seconds, the sources are read after `read_after`.
    """

    async def work() -> tuple[list[int], float]:
        loop = asyncio.get_running_loop()
        with Stage("klaviyo", place / "ledger.db", kinds=frozenset({"order.placed"})) as stage:
            stage.record(*(order(number) for number in range(first)), is_imported=True)
            stage.switch_on()
            all_read = asyncio.Event()
            later = [order(first + number) for number in range(more)]
            began = loop.time()
            loop.call_later(40, lambda: stage.record(*later, is_imported=True))
            loop.call_later(read_after, all_read.set)
            counts: list[int] = []
            for half_minute in (30.0, 60.0):
                loop.call_later(half_minute, lambda: counts.append(sum(1 for _ in stage.kept("event"))))
            await stage.deliver(all_read=all_read)
            over = loop.time() - began
            return [*counts, sum(1 for _ in stage.kept("event"))], over

    return virtual.run(work)


def test_a_run_is_not_over_before_the_sources_are_read(tmp_path: Path) -> None:
    counts, over = delivered(tmp_path, first=0, more=3, read_after=90)
    assert (3, True) == (counts[-1], over > 89.9)


def test_a_few_more_facts_wait_until_everything_was_read(tmp_path: Path) -> None:
    counts, _ = delivered(tmp_path, first=5, more=3, read_after=90)
    assert [5, 5, 8] == counts


def test_enough_facts_go_while_the_rest_is_read(tmp_path: Path) -> None:
    counts, _ = delivered(tmp_path, first=10_000, more=3, read_after=90)
    assert [10_000, 10_000, 10_003] == counts
