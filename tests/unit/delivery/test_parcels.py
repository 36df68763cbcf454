"""Packing items up to a platform's limits, and what a fact of several items remembers."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from orderwire.delivery.attempts import said_of
from orderwire.delivery.parcels import Packer, Passage
from orderwire.dialects.contract import Item, Lane, Once, Route
from orderwire.ledger.values import Attempt, AttemptState, Member

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
MakeRoute = Callable[..., Route]
MakePassage = Callable[..., Passage]


def put_all(packer: Packer, route: Route, passages: list[Passage]) -> list[list[int]]:
    """The parcels that come out, as the facts in them, those still open last."""
    out = []
    for one in passages:
        parcel, sealed = packer.put(route, one.items[0], one, 0, packer.peek(route, one.items[0], one))
        out += [sealed] if sealed else []
        if packer.is_full(parcel):
            packer.seal(parcel)
            out.append(parcel)
    out += [*packer.seal_all(Lane.LIVE), *packer.seal_all(Lane.HISTORY)]
    return [[member.seq for member in parcel.members()] for parcel in out]


@pytest.mark.parametrize(
    ("limits", "parcels"),
    [
        ({"max_weight": 3}, [[1, 2, 3], [4, 5]]),
        ({"max_weight": 1}, [[1], [2], [3], [4], [5]]),
        ({"max_weight": 9}, [[1, 2, 3, 4, 5]]),
        ({"max_weight": 9, "max_bytes": 22}, [[1, 2], [3, 4], [5]]),
        ({"max_weight": 9, "max_bytes": 32, "frame_bytes": 10}, [[1, 2], [3, 4], [5]]),
    ],
)
def test_a_parcel_holds_what_the_route_takes(
    limits: dict[str, Any], parcels: list[list[int]], route: MakeRoute, passage: MakePassage
) -> None:
    assert parcels == put_all(Packer(), route(**limits), [passage(seq) for seq in range(1, 6)])


def test_lanes_and_groups_never_share_a_parcel(route: MakeRoute, passage: MakePassage) -> None:
    passages = [passage(1), passage(2, lane=Lane.LIVE), passage(3, group="b"), passage(4)]
    assert [[2], [1, 4], [3]] == put_all(Packer(), route(), passages)


@pytest.mark.parametrize(
    ("once", "parcels"),
    [(Once.ITEM, [[1, 2, 3]]), (Once.SUBJECT, [[1, 2], [3]]), (Once.PERSON, [[1], [2], [3]])],
)
def test_what_a_route_takes_once_begins_a_new_parcel(
    once: Once, parcels: list[list[int]], route: MakeRoute, passage: MakePassage
) -> None:
    passages = [passage(1, "shop/a", "person:1"), passage(2, "shop/b", "person:1"), passage(3, "shop/b", "person:1")]
    assert parcels == put_all(Packer(), route(max_weight=9, once=once), passages)


def test_a_fact_goes_on_where_it_stopped(passage: MakePassage) -> None:
    before, after = passage(1, parts=3), passage(1, parts=3)
    before.take(0)
    after.carry_over(before)
    assert (1, False, 3) == (after.next_part, after.is_done, after.number_count)


def test_a_fact_said_in_other_items_now_keeps_the_numbers_of_what_was_taken(passage: MakePassage) -> None:
    """The first of three items was taken; now the fact needs one other item only."""
    renewed = passage(1)
    renewed.resume({0: ("unsubscribe", "", "c1")})
    assert ((1,), 2, 0) == (renewed.numbers, renewed.number_count, renewed.next_part)


def test_items_of_one_wire_id_are_told_apart_by_their_group(passage: MakePassage) -> None:
    renewed = passage(1)
    renewed.items = tuple(Item(route="batch", wire_id="p1", body=b"", group=group) for group in ("POST", "PUT"))
    renewed.resume({0: ("batch", "POST", "p1")})
    assert ({0}, (0, 1)) == (renewed.done, renewed.numbers)


def test_what_a_later_answer_refuses_is_sent_again_and_nothing_else(passage: MakePassage) -> None:
    one = passage(1, parts=3)
    for part in range(2):
        one.take(part)
    one.lose(0)
    assert (0, {1}) == (one.next_part, one.done)


def attempt(
    number: int, state: AttemptState, *members: Member, failed: tuple[int, ...] = (), route: str = "events"
) -> Attempt:
    return Attempt(
        number=number,
        route=route,
        lane="history",
        state=state,
        opened_at=AT,
        members=members,
        wire_ids=tuple(f"{member.seq}.{member.part}" for member in members),
        failed=failed,
    )


OK, LOST = AttemptState.ACCEPTED, AttemptState.FAILED


@pytest.mark.parametrize(
    ("attempts", "begun", "complete"),
    [
        ([attempt(1, OK, Member(7))], {}, {7}),
        ([attempt(1, LOST, Member(7))], {}, set()),
        ([attempt(1, OK, Member(7, 0, 2))], {7: [0]}, set()),
        ([attempt(1, OK, Member(7, 0, 2)), attempt(2, OK, Member(7, 1, 2))], {}, {7}),
        ([attempt(1, OK, Member(7, 0, 3)), attempt(2, OK, Member(7, 1, 2))], {}, {7}),
        ([attempt(1, OK, Member(7, 1, 2), Member(8), failed=(0,))], {}, {8}),
        ([attempt(1, OK, Member(7, 0, 2), failed=(0,)), attempt(2, OK, Member(7, 1, 2))], {7: [1]}, set()),
    ],
)
def test_the_books_tell_what_was_taken_of_a_fact(
    attempts: list[Attempt], begun: dict[int, list[int]], complete: set[int]
) -> None:
    said, whole = said_of(attempts)
    assert (begun, complete) == ({seq: sorted(numbers) for seq, numbers in said.items()}, whole)
