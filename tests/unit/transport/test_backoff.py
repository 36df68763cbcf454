"""How long to wait before the next try."""

import random

import pytest

from orderwire.transport.backoff import backoff, spread_wait


@pytest.mark.parametrize(
    ("tries", "shortest", "longest"),
    [(1, 0.75, 1.25), (2, 1.5, 2.5), (5, 12.0, 20.0), (9, 192.0, 320.0), (10, 225.0, 375.0), (10_000, 225.0, 375.0)],
)
def test_waits_double_up_to_the_most_and_are_spread(tries: int, shortest: float, longest: float) -> None:
    waits = [backoff(tries, random.Random(seed)) for seed in range(200)]
    assert (True, True) == (shortest <= min(waits), max(waits) <= longest)
    assert max(waits) - min(waits) > (longest - shortest) * 0.8


def test_a_wait_asked_for_is_never_shortened_and_spread_over_a_tenth() -> None:
    waits = [spread_wait(60.0, random.Random(seed)) for seed in range(500)]
    assert (True, True) == (min(waits) >= 60.0, max(waits) <= 66.0)
    assert max(waits) - min(waits) > 4.0
