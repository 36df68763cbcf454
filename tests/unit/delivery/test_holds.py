"""Order per person and subject: who waits for whom, and nobody else."""

from collections.abc import Callable, Sequence

import pytest

from orderwire.delivery.holds import Holds
from orderwire.delivery.parcels import Parcel, Passage
from orderwire.dialects.contract import Lane, Route

MakeRoute = Callable[..., Route]
MakePassage = Callable[..., Passage]


@pytest.mark.parametrize(
    ("busy", "asking", "may"),
    [
        (["person:1"], ["person:1"], False),
        (["person:1", "shop/order:1"], ["person:2", "shop/order:1"], False),
        (["person:1"], ["person:2"], True),
        (["person:1", "shop/order:1"], ["person:2", "shop/order:2"], True),
    ],
)
def test_only_who_is_about_the_same_waits(
    busy: Sequence[str], asking: Sequence[str], may: bool, route: MakeRoute, passage: MakePassage
) -> None:
    holds = Holds()
    holds.take(passage(1, *busy), Parcel(route(), Lane.HISTORY, ""))
    assert may is holds.may_go(passage(2, *asking), None)


def test_a_later_fact_may_join_the_very_parcel_that_keeps_its_keys(route: MakeRoute, passage: MakePassage) -> None:
    holds, parcel, other = Holds(), Parcel(route(), Lane.HISTORY, ""), Parcel(route(), Lane.HISTORY, "")
    holds.take(passage(1, "person:1"), parcel)
    later = passage(2, "person:1")
    assert (True, False, False) == tuple(holds.may_go(later, one) for one in (parcel, other, None))


def test_a_parked_fact_holds_its_followers_back(passage: MakePassage) -> None:
    holds = Holds()
    holds.take(passage(1, "person:1"), None)
    assert False is holds.may_go(passage(2, "person:1"), None)


def test_nobody_overtakes_in_line(passage: MakePassage) -> None:
    """3 is about 1's person and another one; 4, about that other one alone, comes after it."""
    holds = Holds()
    first, third, fourth = passage(1, "person:1"), passage(3, "person:1", "person:2"), passage(4, "person:2")
    holds.take(first, None)
    holds.wait(third)
    assert False is holds.may_go(fourth, None)


def test_those_behind_come_free_in_their_order(passage: MakePassage) -> None:
    holds = Holds()
    first, second, third = (passage(seq, "person:1") for seq in (1, 2, 3))
    holds.take(first, None)
    holds.wait(second)
    holds.wait(third)
    assert [second] == list(holds.release(first))
    assert [third] == holds.leave_line(second)
    assert 1 == holds.waiting_count


def test_an_earlier_fact_about_the_same_is_ahead_a_later_one_is_not(passage: MakePassage) -> None:
    holds = Holds()
    first, second = passage(1, "person:1"), passage(2, "person:1")
    holds.take(first, None)
    holds.take(second, None)
    assert (1, None) == (holds.ahead(second, None), holds.ahead(first, None))
