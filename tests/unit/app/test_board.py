"""What a running sync knows, from the lines of its workers."""

import pytest

from orderwire import Shop
from orderwire.app.ingest import IngestProgress
from orderwire.app.running.board import Board, Standing, pending_of
from orderwire.app.running.roles import Delivering, Estimated, Reading
from orderwire.delivery.progress import Progress
from orderwire.ledger.values import Changes, Stream
from orderwire.testing.ledgers import order, person, product, record, switched_on


def line(**counters: int | str) -> Delivering:
    """What a worker says of its destination."""
    given: dict[str, int | str] = {"destination": "letters", "head": 10}
    return Delivering(progress=Progress(**(given | counters)))  # type: ignore[arg-type]


def standing(*lines: tuple[int, Delivering | Estimated]) -> Standing:
    """Where the destination stands after these lines of these runs; ten facts were left when it began."""
    board = Board()
    board.expect({"letters": 10}, head=10)
    for run, one in lines:
        board.hear(run, one)
    return board.standings()[0]


def test_before_the_first_line_everything_is_left() -> None:
    found = standing()
    assert (0, 10, "starting") == (found.done, found.total, found.phase)


def test_the_last_line_of_a_run_counts() -> None:
    found = standing((1, line(accepted=2, requests=1)), (1, line(accepted=5, requests=3, refusals=1)))
    assert (5, 3, 1) == (found.done, found.requests, found.refusals)


def test_a_worker_that_was_started_again_goes_on_counting() -> None:
    found = standing((1, line(accepted=4, requests=2)), (2, line(accepted=3, requests=1)))
    assert (7, 3) == (found.done, found.requests)


def test_facts_that_are_not_sent_and_dead_letters_are_done_too() -> None:
    assert 6 == standing((1, line(accepted=1, settled_unsent=3, dead=2))).done


def test_facts_that_came_meanwhile_are_to_be_done_too() -> None:
    assert 14 == standing((1, line(head=14))).total


@pytest.mark.parametrize(("accepted", "expected"), [(0, 100.0), (5, 50.0), (10, 0.0)])
def test_what_is_left_takes_its_share_of_the_estimate(accepted: int, expected: float) -> None:
    estimate = Estimated(destination="letters", facts=8, requests=4, seconds=100.0)
    assert expected == standing((1, line(accepted=accepted)), (2, estimate)).seconds_left


def test_without_an_estimate_nothing_is_promised() -> None:
    assert standing((1, line(accepted=1))).seconds_left is None


def test_a_source_that_answers_again_is_in_reach() -> None:
    board = Board()
    for is_lost in (True, False):
        board.hear(1, Reading(progress=IngestProgress(source="shop"), is_out_of_reach=is_lost))
    assert set() == board.out_of_reach


def test_facts_are_left_by_the_cursor_of_their_phase(shop: Shop) -> None:
    record(shop.ledger, person(), product(), order(), order("1002"))
    shop.ledger.administer("drip", switched_on("drip"))
    shop.ledger.administer("drip", Changes(cursors={Stream.PEOPLE: 4, Stream.ACTIVITY: 3}))
    assert 2 == pending_of(shop, "drip")


def test_an_estimate_counts_from_what_was_left_when_it_began() -> None:
    board = Board()
    board.expect({"letters": 2}, head=2)
    board.hear(1, line(head=12, accepted=4))
    board.begin_estimate()
    board.hear(2, Estimated(destination="letters", facts=8, requests=4, seconds=100.0))
    board.hear(1, line(head=12, accepted=8))
    (found,) = board.standings()
    assert 50.0 == found.seconds_left
