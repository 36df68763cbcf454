"""What is remembered of a destination, and who may write it."""

import time
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from orderwire.errors import Busy, LeaseLost
from orderwire.ledger import (
    Attempt,
    AttemptState,
    Changes,
    DestinationState,
    Disposition,
    Exemption,
    Lease,
    Mark,
    Member,
    Stream,
)
from orderwire.ledger.store import StoredLedger
from orderwire.testing.ledgers import NOW, PLACED, TTL, attempt, exempt, lease_of, switched_on

DEST = "letters"
MANY = tuple(Member(seq) for seq in range(1, 2_000, 2))
FULL = Attempt(
    number=3,
    route="events",
    lane="live",
    state=AttemptState.ACCEPTED,
    opened_at=NOW,
    members=(Member(9, 0, 2), Member(9, 1, 2), Member(4)),
    wire_ids=("a", "ž", ""),
    group="list:1",
    body_hash="ff",
    tries=2,
    due_at=NOW + TTL,
    settled_at=NOW,
    failed=(2,),
    job="job-1",
    reason="slow",
)


def test_a_lease_is_held_by_one(ledger: StoredLedger) -> None:
    first = ledger.acquire(DEST, "a", ttl=TTL)
    assert (1, None) == (first and first.epoch, ledger.acquire(DEST, "b", ttl=TTL))


def test_a_lease_names_its_holder_until_it_ends(ledger: StoredLedger) -> None:
    before = ledger.holder(DEST)
    held = lease_of(ledger, DEST, "a")
    during = ledger.holder(DEST)
    ledger.release(held)
    assert (None, held, None) == (before, during, ledger.holder(DEST))


def test_a_lease_that_ran_out_has_no_holder(ledger: StoredLedger) -> None:
    ledger.acquire(DEST, "a", ttl=timedelta(milliseconds=1))
    time.sleep(0.01)
    assert ledger.holder(DEST) is None


def test_the_last_success_is_that_of_the_newest_request_taken(ledger: StoredLedger) -> None:
    ledger.administer(DEST, switched_on(DEST))
    before = ledger.last_taken_at(DEST)
    kept = [
        attempt(1, AttemptState.CONFIRMED, 1, settled_at=NOW),
        attempt(2, AttemptState.ACCEPTED, 2, settled_at=NOW + TTL),
        attempt(3, AttemptState.FAILED, 3, settled_at=NOW + 2 * TTL),
    ]
    ledger.administer(DEST, Changes(attempts=kept))
    assert (None, NOW + TTL) == (before, ledger.last_taken_at(DEST))


def test_renewing_keeps_the_epoch_and_moves_the_end(ledger: StoredLedger) -> None:
    first = lease_of(ledger, DEST, "a")
    again = ledger.acquire(DEST, "a", ttl=2 * TTL)
    assert again is not None
    assert (first.epoch, True) == (again.epoch, again.expires_at > first.expires_at)


def test_a_new_holder_begins_a_new_epoch(ledger: StoredLedger) -> None:
    ledger.release(lease_of(ledger, DEST, "a"))
    assert 2 == lease_of(ledger, DEST, "b").epoch


def test_a_lease_that_ran_out_is_free_and_the_old_holder_may_not_write(ledger: StoredLedger) -> None:
    old = ledger.acquire(DEST, "a", ttl=timedelta(milliseconds=1))
    assert old is not None
    time.sleep(0.01)
    with pytest.raises(LeaseLost):
        ledger.commit(old, Changes(cursors={Stream.LIVE: 1}))
    assert 2 == lease_of(ledger, DEST, "b").epoch


def test_an_old_epoch_writes_nothing(ledger: StoredLedger) -> None:
    old = lease_of(ledger, DEST, "a")
    ledger.release(old)
    lease_of(ledger, DEST, "b")
    with pytest.raises(LeaseLost):
        ledger.commit(old, Changes(cursors={Stream.LIVE: 1}))
    assert 0 == ledger.cursors(DEST)[Stream.LIVE]


def test_giving_back_a_lost_lease_takes_nothing_from_its_holder(ledger: StoredLedger) -> None:
    old = lease_of(ledger, DEST, "a")
    ledger.release(old)
    lease_of(ledger, DEST, "b")
    ledger.release(old)
    assert None is ledger.acquire(DEST, "c", ttl=TTL)


def test_leases_of_destinations_are_apart(ledger: StoredLedger) -> None:
    assert (1, 1) == (lease_of(ledger, "one", "a").epoch, lease_of(ledger, "two", "b").epoch)


def test_nobody_writes_without_ever_having_held_it(ledger: StoredLedger) -> None:
    with pytest.raises(LeaseLost):
        ledger.commit(Lease(destination=DEST, holder="a", epoch=0, expires_at=NOW), Changes())


def test_a_destination_is_unknown_until_it_is_switched_on(ledger: StoredLedger) -> None:
    before = ledger.destination(DEST)
    ledger.administer(DEST, switched_on(DEST, seq=5))
    state = ledger.destination(DEST)
    assert (None, 5, ("letters",)) == (before, state and state.switched_on_seq, ledger.destinations())


def test_everything_remembered_of_a_destination_comes_back(ledger: StoredLedger) -> None:
    state = DestinationState(
        name=DEST,
        switched_on_at=NOW,
        switched_on_seq=1,
        settings_version=4,
        paused_reason="key refused",
        acknowledged=("events",),
        adopted_before=PLACED,
        opt_out_cursor="p2",
        opt_outs_read_at=NOW,
        history_barrier=9,
    )
    ledger.administer(DEST, Changes(state=state))
    assert state == ledger.destination(DEST)


def test_cursors_begin_at_the_start_and_the_live_one_where_it_was_switched_on(ledger: StoredLedger) -> None:
    ledger.administer(DEST, switched_on(DEST, seq=5))
    ledger.commit(lease_of(ledger, DEST), Changes(cursors={Stream.PEOPLE: 3}))
    expected = {Stream.LIVE: 5, Stream.PEOPLE: 3, Stream.PRODUCTS: 0, Stream.ACTIVITY: 0}
    assert expected == ledger.cursors(DEST)


@pytest.mark.parametrize(
    "change",
    [
        Changes(cursors={Stream.LIVE: 1}),
        Changes(cleared=[1]),
        Changes(attempts=[attempt(1, AttemptState.OPEN, 1)]),
        Changes(exceptions=[exempt(1, Disposition.DEAD)]),
        Changes(marks=[Mark(subject="person:1", seq=1, occurred_at=NOW)]),
    ],
    ids=["cursor", "cleared", "attempt", "exemption", "mark"],
)
def test_an_operator_waits_for_the_worker(ledger: StoredLedger, change: Changes) -> None:
    lease = lease_of(ledger, DEST)
    with pytest.raises(Busy):
        ledger.administer(DEST, change)
    ledger.release(lease)
    ledger.administer(DEST, change)


def test_pausing_does_not_wait_for_the_worker(ledger: StoredLedger) -> None:
    lease_of(ledger, DEST)
    ledger.administer(DEST, switched_on(DEST))
    assert ("letters",) == ledger.destinations()


@pytest.mark.parametrize(
    "given",
    [FULL, attempt(1, AttemptState.OPEN), attempt(2, AttemptState.WAITING, *MANY, due_at=NOW)],
    ids=["everything", "nothing in it", "many"],
)
def test_an_attempt_comes_back_whole(ledger: StoredLedger, given: Attempt) -> None:
    ledger.administer(DEST, Changes(attempts=[given]))
    assert [given] == list(ledger.attempts(DEST))


def test_an_attempt_is_replaced_by_its_number(ledger: StoredLedger) -> None:
    lease = lease_of(ledger, DEST)
    for state in (AttemptState.OPEN, AttemptState.ACCEPTED):
        ledger.commit(lease, Changes(attempts=[attempt(1, state, 1)]))
    assert [AttemptState.ACCEPTED] == [one.state for one in ledger.attempts(DEST)]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [1, 2, 3, 4]),
        ({"states": [AttemptState.OPEN]}, [1]),
        ({"states": [AttemptState.OPEN, AttemptState.WAITING]}, [1, 2]),
        ({"with_job": True}, [3]),
        ({"states": [AttemptState.OPEN], "with_job": True}, [1, 3]),
        ({"states": [AttemptState.FAILED]}, []),
    ],
)
def test_attempts_are_found_by_state_or_job(ledger: StoredLedger, asked: dict[str, Any], expected: list[int]) -> None:
    four = [
        attempt(4, AttemptState.CONFIRMED, 9),
        FULL,
        attempt(2, AttemptState.WAITING, 5),
        attempt(1, AttemptState.OPEN, 2),
    ]
    ledger.administer(DEST, Changes(attempts=four))
    assert expected == [one.number for one in ledger.attempts(DEST, **asked)]


def test_attempts_stream_in_order_whatever_their_states_and_number(ledger: StoredLedger) -> None:
    states = [AttemptState.OPEN, AttemptState.WAITING]
    many = [attempt(number, states[number % 2], number) for number in range(1, 501)]
    ledger.administer(DEST, Changes(attempts=many))
    every = list(range(1, 501))
    assert every == [one.number for one in ledger.attempts(DEST)]
    assert every == [one.number for one in ledger.attempts(DEST, states=states)]


def test_attempts_may_be_settled_while_they_stream(ledger: StoredLedger) -> None:
    many = [attempt(number, AttemptState.OPEN, number) for number in range(1, 501)]
    ledger.administer(DEST, Changes(attempts=many))
    seen = 0
    for one in ledger.attempts(DEST, states=[AttemptState.OPEN, AttemptState.FAILED]):
        ledger.administer(DEST, Changes(attempts=[replace(one, state=AttemptState.FAILED)]))
        seen += 1
    assert (500, []) == (seen, list(ledger.attempts(DEST, states=[AttemptState.OPEN])))


def test_attempts_beyond_a_place_are_found(ledger: StoredLedger) -> None:
    ledger.administer(
        DEST, Changes(attempts=[attempt(1, AttemptState.OPEN, 1, 5), attempt(2, AttemptState.OPEN, 6, 2)])
    )
    assert [[1, 2], [2], []] == [[one.number for one in ledger.attempts_beyond(DEST, seq)] for seq in (4, 5, 6)]


def test_numbers_of_attempts_go_on_from_the_last(ledger: StoredLedger) -> None:
    ledger.administer(DEST, Changes(attempts=[attempt(7, AttemptState.FAILED)]))
    assert (7, 0) == (ledger.last_attempt(DEST), ledger.last_attempt("other"))


HELD = exempt(2, Disposition.HELD, reason="no identity")
DEAD = exempt(4, Disposition.DEAD, reason="refused", attempt=3, tries=5, settings_version=2)
DUE = exempt(6, Disposition.UNKNOWN, due_at=NOW, parts_done=(0, 2))
LATER = exempt(8, Disposition.UNKNOWN, due_at=NOW + TTL)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [HELD, DEAD, DUE, LATER]),
        ({"dispositions": [Disposition.HELD, Disposition.DEAD]}, [HELD, DEAD]),
        ({"dispositions": [Disposition.ERASED]}, []),
        ({"seqs": [4, 8, 9]}, [DEAD, LATER]),
        ({"seqs": [4, 8], "dispositions": [Disposition.DEAD]}, [DEAD]),
        ({"seqs": [4, 6, 8], "due_before": NOW}, [DUE]),
        ({"due_before": NOW}, [DUE]),
        ({"due_before": NOW + TTL}, [DUE, LATER]),
        ({"due_before": NOW + TTL, "dispositions": [Disposition.DEAD]}, []),
        ({"after": 4}, [DUE, LATER]),
        ({"limit": 1}, [HELD]),
        ({"dispositions": [Disposition.UNKNOWN], "after": 6, "limit": 5}, [LATER]),
    ],
)
def test_exemptions_are_found(ledger: StoredLedger, asked: dict[str, Any], expected: list[Exemption]) -> None:
    ledger.administer(DEST, Changes(exceptions=[LATER, DUE, DEAD, HELD]))
    assert expected == ledger.exemptions(DEST, **asked)


def test_an_exemption_is_replaced_and_cleared(ledger: StoredLedger) -> None:
    ledger.administer(DEST, Changes(exceptions=[HELD, DEAD]))
    ledger.administer(DEST, Changes(exceptions=[exempt(2, Disposition.WITHHELD)], cleared=[4]))
    assert [exempt(2, Disposition.WITHHELD)] == ledger.exemptions(DEST)


def test_a_mark_moves_forward_only(ledger: StoredLedger) -> None:
    first, older, newer = (
        Mark(subject="person:1", seq=seq, occurred_at=NOW, email=f"{seq}@mail.test", stated_consent=True)
        for seq in (5, 4, 6)
    )
    seen = []
    for mark in (first, older, newer):
        ledger.administer(DEST, Changes(marks=[mark]))
        seen.append(ledger.marks(DEST, ["person:1", "person:2"]))
    assert [{"person:1": first}, {"person:1": first}, {"person:1": newer}] == seen


def test_the_last_word_counts_where_a_change_names_something_twice(ledger: StoredLedger) -> None:
    marks = [Mark(subject="shop/order:1", seq=seq, occurred_at=NOW) for seq in (5, 4)]
    twice = [attempt(1, AttemptState.OPEN, 1), attempt(1, AttemptState.FAILED, 1)]
    changes = Changes(marks=marks, attempts=twice, exceptions=[HELD, exempt(2, Disposition.DEAD)])
    ledger.administer(DEST, changes)
    assert (5, [AttemptState.FAILED], [Disposition.DEAD]) == (
        ledger.marks(DEST, ["shop/order:1"])["shop/order:1"].seq,
        [one.state for one in ledger.attempts(DEST)],
        [one.disposition for one in ledger.exemptions(DEST)],
    )


def test_destinations_do_not_see_each_other(ledger: StoredLedger) -> None:
    changes = Changes(
        attempts=[FULL],
        exceptions=[HELD],
        marks=[Mark(subject="person:1", seq=1, occurred_at=NOW)],
        cursors={Stream.LIVE: 3},
    )
    ledger.administer("one", changes)
    seen = (
        list(ledger.attempts("two")),
        ledger.exemptions("two"),
        ledger.marks("two", ["person:1"]),
        ledger.cursors("two")[Stream.LIVE],
    )
    assert ([], [], {}, 0) == seen
