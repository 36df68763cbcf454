"""The books of a destination, summed twice."""

import pytest

from orderwire.ledger import AttemptState, Balance, Changes, Disposition, Member, Stream
from orderwire.ledger.store import StoredLedger
from orderwire.testing.ledgers import attempt, event, exempt, order, person, product, record

DEST = "letters"
PASSED = {Stream.PEOPLE: 5, Stream.PRODUCTS: 5, Stream.ACTIVITY: 5}
ACCEPTED, CONFIRMED, OPEN = AttemptState.ACCEPTED, AttemptState.CONFIRMED, AttemptState.OPEN


@pytest.fixture
def shop(ledger: StoredLedger) -> StoredLedger:
    """Five facts: a person, a product, three of activity."""
    record(ledger, person(), product(), order(), event("e1"), event("e2"))
    return ledger


def books(shop: StoredLedger, changes: Changes) -> Balance:
    shop.administer(DEST, changes)
    return shop.balance(DEST)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (Changes(), {Disposition.PENDING: 5}),
        (
            Changes(cursors=PASSED, attempts=[attempt(1, ACCEPTED, 1, 2, 3, 4, 5)]),
            {Disposition.ACCEPTED: 5},
        ),
        (
            Changes(cursors={Stream.PEOPLE: 1}, attempts=[attempt(1, CONFIRMED, 1)]),
            {Disposition.CONFIRMED: 1, Disposition.PENDING: 4},
        ),
        (
            Changes(cursors=PASSED, attempts=[attempt(1, ACCEPTED, 1, 2), attempt(2, OPEN, 3, 4, 5)]),
            {Disposition.ACCEPTED: 2, Disposition.IN_FLIGHT: 3},
        ),
        (
            Changes(
                cursors=PASSED,
                attempts=[attempt(1, ACCEPTED, 1, 2, 3, failed=(1, 2))],
                exceptions=[
                    exempt(2, Disposition.DEAD),
                    exempt(3, Disposition.UNKNOWN),
                    exempt(4, Disposition.WITHHELD),
                    exempt(5, Disposition.EXCLUDED),
                ],
            ),
            {
                Disposition.ACCEPTED: 1,
                Disposition.DEAD: 1,
                Disposition.UNKNOWN: 1,
                Disposition.WITHHELD: 1,
                Disposition.EXCLUDED: 1,
            },
        ),
        (
            Changes(cursors={Stream.LIVE: 5}, attempts=[attempt(1, ACCEPTED, 5)]),
            {Disposition.ACCEPTED: 1, Disposition.PENDING: 4},
        ),
        (
            Changes(
                cursors=PASSED,
                attempts=[
                    attempt(1, ACCEPTED, 1, 2, 4, 5, Member(3, 0, 2)),
                    attempt(2, CONFIRMED, Member(3, 1, 2)),
                ],
            ),
            {Disposition.ACCEPTED: 5},
        ),
        (
            Changes(
                cursors=PASSED,
                attempts=[attempt(1, ACCEPTED, 1, 2, 4, 5, Member(3, 0, 2))],
                exceptions=[exempt(3, Disposition.DEAD)],
            ),
            {Disposition.ACCEPTED: 4, Disposition.DEAD: 1},
        ),
        (
            Changes(
                cursors=PASSED,
                attempts=[attempt(1, AttemptState.FAILED, 1, 2, 3), attempt(2, ACCEPTED, 1, 2, 3, 4, 5)],
            ),
            {Disposition.ACCEPTED: 5},
        ),
        (
            Changes(
                cursors=PASSED,
                attempts=[attempt(1, ACCEPTED, 1, 2, 3, 4, 5)],
                exceptions=[exempt(1, Disposition.ERASED)],
            ),
            {Disposition.ACCEPTED: 4, Disposition.ERASED: 1},
        ),
    ],
    ids=[
        "nothing yet",
        "all accepted",
        "a phase done",
        "in flight",
        "every exemption",
        "live ran ahead",
        "parts in two requests",
        "a part dead",
        "failed, then taken",
        "taken, then erased",
    ],
)
def test_honest_books_balance(shop: StoredLedger, changes: Changes, expected: dict[Disposition, int]) -> None:
    balance = books(shop, changes)
    assert (expected, ()) == (balance.from_log, balance.faults)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            Changes(cursors={Stream.PEOPLE: 1}),
            "accepted by the cursor, but no attempt was acknowledged with it: 1",
        ),
        (
            Changes(cursors=PASSED, attempts=[attempt(1, ACCEPTED, 1, 2, 3, 4)]),
            "accepted by the cursor, but no attempt was acknowledged with it: 5",
        ),
        (
            Changes(cursors=PASSED, attempts=[attempt(1, ACCEPTED, 1, 2, 3, 4, 5, failed=(0, 4))]),
            "accepted by the cursor, but no attempt was acknowledged with it: 1, 5",
        ),
        (
            Changes(attempts=[attempt(1, ACCEPTED, 4), attempt(2, CONFIRMED, 4)]),
            "acknowledged in two attempts: 4",
        ),
        (
            Changes(attempts=[attempt(1, ACCEPTED, Member(3, 0, 2)), attempt(2, ACCEPTED, Member(3, 0, 2))]),
            "acknowledged in two attempts: 3",
        ),
        (
            Changes(cursors=PASSED, attempts=[attempt(1, ACCEPTED, 1, 2, 4, 5, Member(3, 1, 2))]),
            "accepted by the cursor, but some of its parts were never acknowledged: 3",
        ),
        (
            Changes(attempts=[attempt(1, ACCEPTED, 4)], exceptions=[exempt(4, Disposition.DEAD)]),
            "acknowledged by the platform, yet dead in the books: 4",
        ),
        (
            Changes(attempts=[attempt(1, ACCEPTED, 4)], exceptions=[exempt(4, Disposition.WITHHELD)]),
            "acknowledged by the platform, yet withheld in the books: 4",
        ),
        (
            Changes(attempts=[attempt(1, ACCEPTED, 4), attempt(2, OPEN, 4)]),
            "acknowledged and in an open attempt at once: 4",
        ),
        (
            Changes(exceptions=[exempt(4, Disposition.ACCEPTED)]),
            "accepted in the books, but no attempt was acknowledged with it: 4",
        ),
        (Changes(cursors={Stream.LIVE: 6}), "cursor live is at 6, beyond the newest fact 5"),
        (
            Changes(attempts=[attempt(1, ACCEPTED, 9)], exceptions=[exempt(8, Disposition.DEAD)]),
            "named in an attempt or an exemption but not in the log: 8, 9",
        ),
    ],
)
def test_every_difference_is_named(shop: StoredLedger, changes: Changes, fault: str) -> None:
    assert (fault,) == books(shop, changes).faults


def test_a_cursor_pushed_one_step_by_hand_is_found(shop: StoredLedger) -> None:
    honest = books(shop, Changes(cursors={Stream.ACTIVITY: 3}, attempts=[attempt(1, ACCEPTED, 3)]))
    pushed = books(shop, Changes(cursors={Stream.ACTIVITY: 4}))
    assert ((), 1) == (honest.faults, len(pushed.faults))


def test_members_of_attempts_are_counted_by_what_became_of_them(shop: StoredLedger) -> None:
    balance = books(
        shop,
        Changes(
            attempts=[
                attempt(1, ACCEPTED, 1, 2, failed=(0,)),
                attempt(2, OPEN, 3),
                attempt(3, AttemptState.UNKNOWN, 4),
            ]
        ),
    )
    assert {ACCEPTED: 1, AttemptState.FAILED: 1, OPEN: 1, AttemptState.UNKNOWN: 1} == balance.from_attempts


def test_at_most_a_hundred_numbers_are_named(ledger: StoredLedger) -> None:
    record(ledger, *(event(f"e{number}") for number in range(150)))
    balance = books(ledger, Changes(cursors={Stream.ACTIVITY: 150}))
    assert balance.faults[0].endswith(", 100 and 50 more")


def test_the_books_of_an_empty_ledger_balance(ledger: StoredLedger) -> None:
    assert Balance(destination=DEST, head=0, from_log={}, from_attempts={}) == ledger.balance(DEST)
