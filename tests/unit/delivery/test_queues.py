"""Parcels in line for a permit."""

from collections.abc import Callable

import pytest

from orderwire.delivery.parcels import Parcel, Passage
from orderwire.delivery.queues import ParcelQueue
from orderwire.dialects.contract import Lane, Once, Route

MakeRoute = Callable[..., Route]
MakePassage = Callable[..., Passage]


def parcel_of(route: Route, passages: list[Passage], *, group: str = "", number: int = 0) -> Parcel:
    parcel = Parcel(route, Lane.LIVE, group, number=number)
    for one in passages:
        parcel.add(one.items[0], one, 0)
    return parcel


def taken(queue: ParcelQueue) -> list[list[int]]:
    found = []
    while (parcel := queue.take(Lane.LIVE)) is not None:
        found.append([member.seq for member in parcel.members()])
    return found


def test_small_parcels_are_joined_while_they_wait(route: MakeRoute, passage: MakePassage) -> None:
    queue, wide = ParcelQueue(), route(max_weight=3)
    for seq in range(1, 6):
        queue.put(parcel_of(wide, [passage(seq)]))
    assert [[1, 2, 3], [4, 5]] == taken(queue)


@pytest.mark.parametrize("reason", ["number", "group", "part", "route", "person"])
def test_what_must_travel_alone_is_not_joined(reason: str, route: MakeRoute, passage: MakePassage) -> None:
    queue = ParcelQueue()
    wide = route(max_weight=9, once=Once.PERSON)
    second = parcel_of(route("other") if reason == "route" else wide, [passage(2, "person:2")])
    match reason:
        case "number":
            second.number = 4
        case "group":
            second.group = "b"
        case "part":
            second.is_part = True
        case "person":
            second = parcel_of(wide, [passage(2, "person:1")])
    queue.put(parcel_of(wide, [passage(1, "person:1")]))
    queue.put(second)
    assert [[1], [2]] == taken(queue)


def test_one_that_waited_already_goes_first(route: MakeRoute, passage: MakePassage) -> None:
    queue = ParcelQueue()
    queue.put(parcel_of(route(), [passage(1)], number=7))
    queue.put(parcel_of(route(), [passage(2)], number=8), first=True)
    assert [[2], [1]] == taken(queue)
