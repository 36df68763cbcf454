"""How much of a platform's rate limits a history sync uses: its time beside the shortest possible, for all five.

Over at least twenty windows of the one that binds, 5 % of the requests meeting a fault of the network or server.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from orderwire.dialects import registry
from orderwire.sandbox.kit.faults import Fault
from orderwire.testing.limits import Course, fewest_seconds, pace_of

COURSES = {
    "drip": Course(
        platform="drip", route="orders", path="order/batch", windows=((50, 3600.0),), orders=1000, grain=1.0
    ),
    "klaviyo": Course(
        platform="klaviyo", route="events", path="event-bulk", windows=((10, 1.0), (150, 60.0)), orders=4500
    ),
    "ometria": Course(
        platform="ometria",
        route="orders",
        path="",
        method="",
        windows=((4, 1.0),),
        orders=400,
        options={"push_rate": 4},
    ),
    "omnisend": Course(
        platform="omnisend", route="events_batch", path="", method="", windows=((400, 60.0),), orders=3900
    ),
    "yespo": Course(platform="yespo", route="past_events", path="past_events", windows=((100, 1.0),), orders=2100),
}


def fine(number: int) -> Fault:
    return Fault.NONE


@pytest.mark.parametrize(
    ("needed", "start", "windows", "expected"),
    [
        (1, 0.0, ((4, 1.0),), 0.0),
        (4, 0.5, ((4, 1.0),), 0.0),
        (5, 0.25, ((4, 1.0),), 0.75),
        (300, 30.0, ((10, 1.0), (150, 60.0)), 44.0),
        (301, 0.0, ((10, 1.0), (150, 60.0)), 120.0),
    ],
)
def test_the_clairvoyant_uses_the_part_of_the_first_window_that_is_left(
    needed: int, start: float, windows: tuple[tuple[int, float], ...], expected: float
) -> None:
    assert expected == fewest_seconds(needed, windows, start=start, fault=fine)


def test_the_clairvoyant_repeats_what_failed() -> None:
    every_third = [Fault.NONE, Fault.FAILED_AFTER, Fault.NONE]
    assert 2.0 == fewest_seconds(7, ((4, 1.0),), start=0.0, fault=lambda number: every_third[number % 3])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("platform", ["ometria", "yespo"])
def test_a_sync_is_within_a_twentieth_of_the_shortest_time(platform: str, seed: int, tmp_path: Path) -> None:
    check_pace(replace(COURSES[platform], seed=seed, phase=7.3 * seed), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("platform", ["drip", "klaviyo", "omnisend"])
def test_a_long_sync_is_within_a_twentieth_of_the_shortest_time(platform: str, tmp_path: Path) -> None:
    check_pace(replace(COURSES[platform], phase=7.3), tmp_path)


def check_pace(course: Course, place: Path) -> None:
    pace = pace_of(course, place / "ledger.db")
    assert 20 <= pace.full_windows, pace
    assert 0 == pace.refused, pace
    assert pace.ratio <= 1.05, pace


def test_an_unknown_limit_is_learned_from_the_first_429(tmp_path: Path) -> None:
    course = replace(COURSES["ometria"], budgets={"api": ()}, fault_share=0.0, orders=60)
    pace = pace_of(course, tmp_path / "ledger.db")
    assert pace.ratio <= 1.3, pace
    assert pace.refused <= 8, pace


def test_the_clairvoyant_knows_what_was_spent_before() -> None:
    assert 1.0 == fewest_seconds(4, ((4, 1.0),), start=10.0, fault=fine, spent=[10.0])


LEARNING = {"drip": 300, "klaviyo": 1500, "ometria": 120, "omnisend": 3000, "yespo": 1500}
"""How many orders: some windows of the one that binds."""


@pytest.mark.slow
@pytest.mark.parametrize("platform", LEARNING)
def test_whoever_knows_no_limit_loses_little_once_it_was_refused(platform: str, tmp_path: Path) -> None:
    """Nothing is configured; every window is learned from 429s, or from headers where the platform has them."""
    budgets = {budget.name: () for budget in registry.dialect(platform).profile.budgets}
    course = replace(COURSES[platform], budgets=budgets, orders=LEARNING[platform], fault_share=0.0, phase=7.3)
    pace = pace_of(course, tmp_path / "ledger.db")
    assert (pace.ratio_since_refused or pace.ratio) <= 1.3, pace
