"""The low-water mark of a stream."""

import random

import pytest

from orderwire.delivery.trail import Trail


def test_a_cursor_stands_before_the_first_fact_that_is_not_dealt_with() -> None:
    trail = Trail(10)
    for seq in (12, 15):
        trail.begin(seq)
    trail.reached(20)
    stands = [trail.cursor]
    for seq in (15, 12):
        trail.settle(seq)
        stands.append(trail.cursor)
    assert [11, 11, 20] == stands


def test_a_stream_never_goes_back() -> None:
    trail = Trail(10)
    trail.reached(5)
    assert (10, 10) == (trail.fetched, trail.cursor)


@pytest.mark.parametrize("seed", range(20))
def test_no_order_of_settling_lets_the_cursor_pass_an_open_fact(seed: int) -> None:
    rng = random.Random(seed)
    trail, open_facts = Trail(0), set(range(1, 30))
    for seq in sorted(open_facts):
        trail.begin(seq)
    trail.reached(30)
    for seq in rng.sample(sorted(open_facts), len(open_facts)):
        assert trail.cursor < min(open_facts)
        open_facts.discard(seq)
        trail.settle(seq)
    assert 30 == trail.cursor
