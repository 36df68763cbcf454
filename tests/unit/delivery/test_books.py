"""Group commit: one transaction for all that was staged, cursors as of that moment, nothing after a failure."""

import asyncio
from datetime import UTC, datetime
from typing import cast

import pytest

from orderwire.delivery.books import Books
from orderwire.errors import Busy, StoreError, StoreFull
from orderwire.ledger.contract import Ledger
from orderwire.ledger.values import Attempt, AttemptState, Changes, Disposition, Exemption, Lease, Mark, Stream

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
LEASE = Lease(destination="letters", holder="worker", epoch=1, expires_at=AT)


class Store:
    """The commits of a ledger; those that are told to fail keep nothing."""

    def __init__(self, *failures: StoreError | None) -> None:
        self.failures = list(failures)
        self.kept: list[Changes] = []
        self.asked = self.taken_for = 0

    def is_free(self) -> bool:
        self.asked += 1
        return self.asked > self.taken_for

    def commit(self, lease: Lease, changes: Changes) -> None:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.kept.append(changes)


def books_of(store: Store, cursors: dict[Stream, int] | None = None) -> Books:
    return Books(cast("Ledger", store), lambda: LEASE, lambda: cursors or {})


def attempt(number: int) -> Attempt:
    return Attempt(number=number, route="r", lane="live", state=AttemptState.OPEN, opened_at=AT, members=())


def exemption(seq: int) -> Exemption:
    return Exemption(seq=seq, disposition=Disposition.PENDING, decided_at=AT)


async def test_all_that_is_staged_until_the_transaction_begins_goes_into_one() -> None:
    store = Store()
    books = books_of(store)

    async def work(number: int) -> None:
        books.attempt(attempt(number))
        await books.flush()

    await asyncio.gather(*(work(number) for number in range(20)))
    assert [set(range(20))] == [{one.number for one in changes.attempts} for changes in store.kept]


async def test_nothing_staged_is_nothing_written() -> None:
    store = Store()
    await books_of(store).flush()
    assert [] == store.kept


async def test_cursors_are_those_of_the_transactions_own_moment() -> None:
    store, cursors = Store(), {Stream.LIVE: 1}
    books = books_of(store, cursors)
    flushing = asyncio.ensure_future(books.flush())
    cursors[Stream.LIVE] = 5
    await flushing
    assert [{Stream.LIVE: 5}] == [changes.cursors for changes in store.kept]


async def test_a_cursor_that_stands_still_is_not_written_again() -> None:
    store = Store()
    books = books_of(store, {Stream.LIVE: 1})
    for seq in (1, 2):
        books.exempt(exemption(seq))
        await books.flush()
    assert [{Stream.LIVE: 1}, {}] == [changes.cursors for changes in store.kept]


@pytest.mark.parametrize("failure", [Busy("locked"), StoreFull("full")])
async def test_after_a_failure_no_later_transaction_carries_cursors_past_what_was_lost(failure: StoreError) -> None:
    store, cursors = Store(failure), {Stream.LIVE: 1}
    books = books_of(store, cursors)
    books.attempt(attempt(1))
    with pytest.raises(type(failure)):
        await books.flush()
    cursors[Stream.LIVE] = 9
    books.attempt(attempt(2))
    with pytest.raises(type(failure)):
        await books.flush()
    assert [] == store.kept


def test_an_exemption_that_is_cleared_is_not_written_and_the_other_way_round() -> None:
    store = Store()
    books = books_of(store)
    books.exempt(exemption(1))
    books.clear(1)
    books.clear(2)
    books.exempt(exemption(2))
    books.write()
    (changes,) = store.kept
    assert ([2], [1]) == ([one.seq for one in changes.exceptions], changes.cleared)


@pytest.mark.parametrize(("first", "second", "kept"), [(3, 5, 5), (5, 3, 5)])
def test_of_two_marks_the_newer_wins(first: int, second: int, kept: int) -> None:
    store = Store()
    books = books_of(store)
    for seq in (first, second):
        books.mark(Mark(subject="s", seq=seq, occurred_at=AT))
    books.write()
    assert [kept] == [mark.seq for mark in store.kept[0].marks]


async def test_while_another_process_writes_the_others_go_on_and_their_changes_go_along() -> None:
    store = Store()
    store.taken_for = 3
    books = books_of(store)
    books.attempt(attempt(1))
    flushing = asyncio.ensure_future(books.flush())
    while store.asked < 2:
        await asyncio.sleep(0)
    books.attempt(attempt(2))
    await books.flush()
    await flushing
    assert [{1, 2}] == [{one.number for one in changes.attempts} for changes in store.kept]
