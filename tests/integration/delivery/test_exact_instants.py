"""An order met by a later event first: what was not sent yet goes with its own instant once that is told."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orderwire.model import Order
from orderwire.testing.ledgers import order
from orderwire.testing.stage import Stage, run_coarsely
from orderwire.testing.virtual import START

PLACED = START - timedelta(minutes=5)
VAGUE = order(placed_at=START, fulfilled_at=START, approximate=("placed_at",), updated_at=START)
EXACT = order(placed_at=PLACED, updated_at=PLACED)


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Any]:
    """Runs a story on a stage whose destination gets orders as they are placed, in virtual time."""

    def run(platform: str, story: Callable[[Stage], Awaitable[Any]]) -> Any:
        async def work() -> Any:
            with Stage(platform, tmp_path / "ledger.db", kinds=frozenset({"order.placed"})) as made:
                made.switch_on()
                told = await story(made)
                assert () == made.faults()
                return told

        return run_coarsely(work)

    return run


def placed(stage: Stage) -> list[str]:
    """When the platform was told that the order was placed, each time, to the second."""
    return [str(one["occurred_at"])[:19] for one in stage.kept() if one["type"] in ("order", "event")]


async def both_at_once(stage: Stage) -> list[str]:
    stage.record(VAGUE)
    stage.record(EXACT)
    await stage.deliver()
    return placed(stage)


async def one_after_the_other(stage: Stage) -> tuple[list[str], list[str]]:
    stage.record(VAGUE)
    await stage.deliver()
    stage.record(EXACT)
    await stage.deliver()
    return placed(stage), [
        str(one.disposition) for one in stage.ledger.exemptions(stage.settings.name) if one.reason != "kind"
    ]


def text(which: Order) -> str:
    return which.placed_at.isoformat()[:19]


@pytest.mark.parametrize("platform", ["klaviyo", "omnisend", "drip"])
def test_what_waits_is_told_with_the_exact_instant(platform: str, play: Callable[..., Any]) -> None:
    assert {text(EXACT)} == set(play(platform, both_at_once))


def test_what_waits_is_news_as_soon_as_its_instant_is_known(play: Callable[..., Any]) -> None:
    async def story(stage: Stage) -> set[str]:
        await both_at_once(stage)
        return {one.lane for one in stage.ledger.attempts(stage.settings.name)}

    assert {"live"} == play("klaviyo", story)


def test_where_the_first_telling_stands_the_correction_is_named(play: Callable[..., Any]) -> None:
    assert ([text(VAGUE)], ["not_expressible"]) == play("klaviyo", one_after_the_other)


def test_where_it_can_be_corrected_it_is(play: Callable[..., Any]) -> None:
    told, left = play("drip", one_after_the_other)
    assert ([text(VAGUE), text(EXACT)], []) == (told, left)
