"""The log as readers meet it."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import json

from orderwire.ledger import FactFilter
from orderwire.ledger.store import StoredLedger
from orderwire.model import ConsentState, Family, Identity
from orderwire.testing.ledgers import (
    NOW,
    PLACED,
    cart,
    consent,
    entries,
    event,
    order,
    person,
    product,
    record,
)

DAY = timedelta(days=1)
BEN = Identity(email="ben@mail.test")


@pytest.fixture
def shop(ledger: StoredLedger) -> StoredLedger:
    """A log of seven: an imported person, product and order; a paid order, a cart, a page, another person's order."""
    record(ledger, person(first_name="Ana"), product(), order(), is_imported=True)
    record(ledger, order(paid_at=PLACED + DAY), cart(updated_at=PLACED + 2 * DAY))
    record(ledger, event(name="custom.wishlist"), order("2001", identity=BEN), source="market")
    return ledger


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7]),
        ({"after": 3}, [4, 5, 6, 7]),
        ({"limit": 2}, [1, 2]),
        ({"until": 3}, [1, 2, 3]),
        ({"family": Family.PEOPLE}, [1]),
        ({"family": Family.ACTIVITY, "after": 3}, [4, 5, 6, 7]),
        ({"only_observed": True}, [4, 5, 6, 7]),
        ({"only_observed": True, "family": Family.PRODUCTS}, []),
        ({"only_observed": True, "family": Family.ACTIVITY, "until": 5}, [4, 5]),
        ({"after": 7}, []),
    ],
)
def test_entries_come_in_sequence_filtered(shop: StoredLedger, asked: dict[str, Any], expected: list[int]) -> None:
    given = {"after": 0, "limit": 100} | asked
    assert expected == [entry.fact.seq for entry in shop.entries(given.pop("after"), **given)]


def test_entries_can_be_asked_for_by_number(shop: StoredLedger) -> None:
    assert [2, 5] == [entry.fact.seq for entry in shop.entries_at([5, 99, 2])]


def test_no_numbers_are_no_entries(shop: StoredLedger) -> None:
    assert [] == shop.entries_at([])


def test_an_entry_knows_its_newest_snapshot(shop: StoredLedger) -> None:
    placed, paid = entries(shop)[2:4]
    assert (4, 3, 4, 4) == (placed.newest, placed.newer_of_kind, paid.newest, paid.newer_of_kind)


def test_the_newest_snapshot_of_one_record_is_held_by_its_first_fact(ledger: StoredLedger) -> None:
    record(ledger, order())
    record(ledger, order(paid_at=PLACED + DAY, delivered_at=PLACED + 2 * DAY))
    assert [2, 2, 2] == [entry.newest for entry in entries(ledger)]


def test_the_newest_snapshot_may_be_older_than_a_stale_fact(ledger: StoredLedger) -> None:
    record(ledger, order(updated_at=PLACED + 2 * DAY))
    record(ledger, order(paid_at=PLACED, updated_at=PLACED + DAY))
    assert [1, 1] == [entry.newest for entry in entries(ledger)]


def test_an_entry_knows_the_newest_fact_of_its_kind(ledger: StoredLedger) -> None:
    for total in (1, 2, 3):
        record(ledger, order(total=total))
    assert [1, 3, 3] == [entry.newer_of_kind for entry in entries(ledger)]


def test_only_carts_show_the_snapshot_before(ledger: StoredLedger) -> None:
    first, second = cart(total=1), cart(total=2, updated_at=PLACED + DAY)
    record(ledger, first, order(total=1))
    record(ledger, second, order(total=2))
    before = {entry.fact.kind: entry.previous for entry in entries(ledger)[2:]}
    assert {"cart.updated": json.encode(first), "order.updated": None} == before


def test_an_older_consent_shows_the_one_in_force_whichever_source_it_came_from(ledger: StoredLedger) -> None:
    refusal = consent(ConsentState.UNSUBSCRIBED, PLACED + DAY)
    record(ledger, consent(ConsentState.SUBSCRIBED, PLACED))
    record(
        ledger, consent(ConsentState.UNSUBSCRIBED, PLACED + DAY, identity=Identity(email="ana@mail.test")), source="x"
    )
    first = entries(ledger)[0]
    shown = json.decode(first.snapshot, type=type(refusal))
    assert (2, 2, ConsentState.UNSUBSCRIBED) == (first.newest, first.newer_of_kind, shown.state)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (FactFilter(), [1, 2, 3, 4, 5, 6, 7]),
        (FactFilter(kinds=("order.placed",)), [3, 7]),
        (FactFilter(kinds=("custom",)), [6]),
        (FactFilter(kinds=("custom.wishlist", "order.paid")), [4, 6]),
        (FactFilter(subject="order:1001"), [3, 4]),
        (FactFilter(subject="shop/order:1001"), [3, 4]),
        (FactFilter(subject="order:9"), []),
        (FactFilter(person=1), [1, 3, 4, 5, 6]),
        (FactFilter(person=1, source="market"), [6]),
        (FactFilter(source="market"), [6, 7]),
        (FactFilter(since=PLACED + DAY), [1, 2, 4, 5]),
        (FactFilter(since=PLACED, until=PLACED + DAY), [3, 6, 7]),
        (FactFilter(subject="order:1001", kinds=("order.paid",), since=PLACED), [4]),
    ],
)
def test_the_log_can_be_filtered(shop: StoredLedger, where: FactFilter, expected: list[int]) -> None:
    assert expected == [fact.seq for fact in shop.facts(where)]


def test_the_log_can_be_followed_from_a_place(shop: StoredLedger) -> None:
    assert [6, 7] == [fact.seq for fact in shop.facts(FactFilter(), after=5)]


def test_a_long_log_streams_whole(ledger: StoredLedger) -> None:
    record(ledger, *(event(f"e{number}") for number in range(2_500)))
    assert list(range(1, 2_501)) == [fact.seq for fact in ledger.facts(FactFilter())]


def test_facts_are_counted_by_kind_and_origin(shop: StoredLedger) -> None:
    assert {("order.placed", True): 1, ("order.paid", False): 1} == shop.count_facts(after=2, until=4)


@pytest.mark.parametrize(
    ("persons", "subjects", "before", "expected"),
    [
        ([1], [], 5, [(1, Family.PEOPLE), (3, Family.ACTIVITY), (4, Family.ACTIVITY)]),
        ([], ["shop/order:1001", "shop/product:11"], 4, [(2, Family.PRODUCTS), (3, Family.ACTIVITY)]),
        ([2], ["shop/order:1001"], 9, [(3, Family.ACTIVITY), (4, Family.ACTIVITY), (7, Family.ACTIVITY)]),
        ([], [], 9, []),
    ],
)
def test_earlier_facts_of_people_and_subjects_are_found(
    shop: StoredLedger,
    persons: list[int],
    subjects: list[str],
    before: int,
    expected: list[tuple[int, Family]],
) -> None:
    assert expected == shop.earlier_of(persons=persons, subjects=subjects, before=before)


def test_a_log_that_was_never_written_is_empty(ledger: StoredLedger) -> None:
    assert (0, [], {}, ()) == (ledger.head(), entries(ledger), ledger.count_facts(), ledger.destinations())


def test_an_order_that_names_nobody_is_kept_and_counted(ledger: StoredLedger) -> None:
    receipt = record(ledger, order(identity=Identity()), at=NOW)
    assert (1, 1, None) == (receipt.appended, receipt.unidentified, entries(ledger)[0].person)


def test_an_order_is_its_persons_from_its_first_fact_once_it_names_them(ledger: StoredLedger) -> None:
    record(ledger, order(identity=Identity()))
    record(ledger, order(identity=BEN))
    assert ["ben@mail.test"] * 2 == [entry.person and entry.person.email for entry in entries(ledger)]
