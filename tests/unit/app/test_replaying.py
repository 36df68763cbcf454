"""Replay, and what plans say of work that is partly done."""

from orderwire import Shop
from orderwire.app.books import plan
from orderwire.app.reconcile import receipts
from orderwire.app.repairs import replay
from orderwire.delivery.planning import Planner
from orderwire.ledger.values import AttemptState, Changes, Disposition, Mark, Stream
from orderwire.testing.ledgers import NOW, attempt, exempt, order, person, record, switched_on

REACHED = {Stream.PEOPLE: 3, Stream.PRODUCTS: 3, Stream.ACTIVITY: 3}


def delivered(shop: Shop) -> None:
    """Three facts that history has passed: one accepted, one excluded, one dead."""
    record(shop.ledger, person(first_name="Ana"), order(), order("1002"))
    shop.ledger.administer("drip", switched_on("drip"))
    changes = Changes(
        attempts=[attempt(1, AttemptState.ACCEPTED, 1, route="subscribers", wire_ids=("per_1",))],
        exceptions=[exempt(2, Disposition.EXCLUDED, reason="kind"), exempt(3, Disposition.DEAD)],
        marks=[
            Mark(subject="person:1", seq=1, occurred_at=NOW),
            Mark(subject="shop/person:7", seq=1, occurred_at=NOW),
        ],
        cursors=REACHED,
    )
    shop.ledger.administer("drip", changes)


def test_a_plan_leaves_out_what_history_has_passed(shop: Shop) -> None:
    delivered(shop)
    assert {} == plan(shop, "drip").facts


def test_a_plan_of_a_replay_holds_what_would_be_decided_anew(shop: Shop) -> None:
    delivered(shop)
    assert {"order.placed": 1} == plan(shop, "drip", back_to=0).facts


def test_a_replay_reopens_what_was_not_sent_by_setting_and_nothing_else(shop: Shop) -> None:
    delivered(shop)
    assert 3 == replay(shop, "drip", to=0)
    balance = shop.ledger.balance("drip")
    assert ({Disposition.ACCEPTED: 1, Disposition.PENDING: 1, Disposition.DEAD: 1}, ()) == (
        dict(balance.from_log),
        balance.faults,
    )


def test_a_plan_holds_what_waits_for_another_try(shop: Shop) -> None:
    delivered(shop)
    shop.ledger.administer("drip", Changes(exceptions=[exempt(3, Disposition.PENDING, due_at=NOW)]))
    assert {"order.placed": 1} == plan(shop, "drip").facts


def test_a_plan_leaves_out_what_ran_ahead_of_history(shop: Shop) -> None:
    delivered(shop)
    record(shop.ledger, order("1003"), order("1004"))
    shop.ledger.administer("drip", Changes(attempts=[attempt(2, AttemptState.ACCEPTED, 5, route="order")]))
    assert {"order.placed": 1} == plan(shop, "drip").facts


def test_a_repair_says_again_what_the_platform_is_thought_to_know(shop: Shop) -> None:
    delivered(shop)
    planner = Planner(
        ledger=shop.ledger,
        dialect=shop.dialect("drip"),
        settings=shop.destination("drip", with_key=False),
        now=NOW,
    )
    assert {"person.updated": 1} == planner.plan_again([1]).facts


def test_receipts_leave_out_what_was_refused(shop: Shop) -> None:
    record(shop.ledger, order(), order("1002"))
    shop.ledger.administer("drip", switched_on("drip"))
    taken = attempt(1, AttemptState.ACCEPTED, 1, 2, wire_ids=("1001", "1002"), failed=(1,))
    shop.ledger.administer("drip", Changes(attempts=[taken]))
    assert [(1, "1001")] == [(one.seq, one.wire_id) for one in receipts(shop, "drip")]
