"""A programme at Ordergroove that goes on while it is read: nothing missing, nothing twice, whatever goes wrong."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire.errors import ConfigError
from orderwire.model import Person, Subscription
from orderwire.sandbox.kit import FaultPlan
from orderwire.sandbox.ordergroove import Ordergroove
from orderwire.sandbox.ordergroove.programme import UNSENT, ZONE, Happening
from orderwire.testing.shopfronts import Shopfront

TABLE: dict[str, Any] = {
    "kind": "ordergroove",
    "key": "env:KEY",
    "webhook_secrets": ["env:HOOKS", "env:OLD_HOOKS"],
    "options": {"since": "2020-01-01"},
}
HOUR = 3600


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Shopfront]:
    """A programme and a shop that reads it."""
    made = Shopfront(tmp_path, TABLE, options={"hooks_to": "https://orderwire.test/hooks/shop"})
    yield made
    made.close()


def opened(tmp_path: Path, *, options: dict[str, Any] | None = None, **kept: Any) -> Shopfront:
    """Another one, with other terms."""
    table = {**TABLE, "options": {**TABLE["options"], **(options or {})}}
    return Shopfront(tmp_path, table, **kept)


def stand_in_of(front: Shopfront) -> Ordergroove:
    """The programme's API."""
    assert isinstance(front.stand_in, Ordergroove)
    return front.stand_in


def settle(front: Shopfront) -> None:
    """The programme stops; what moved until now is read to its end."""
    stand_in_of(front).programme.every = 0
    front.wait(HOUR)
    front.plan.change(rates={})
    front.sync()


def subscriptions(front: Shopfront) -> dict[str, Subscription]:
    """The newest snapshot of every subscription."""
    ids = [fact.subject.partition(":")[2] for fact in front.facts() if fact.kind == "subscription.created"]
    return {
        number: msgspec.json.decode(front.ledger.snapshot_of(f"shop/subscription:{number}"), type=Subscription)
        for number in ids
    }


def seen(front: Shopfront) -> dict[str, tuple[Any, ...]]:
    """What the ledger says of every subscription, in the words of the programme."""
    return {
        number: (one.properties["status"], one.interval, one.next_order_at, one.next_order_total, one.cancelled_at)
        for number, one in subscriptions(front).items()
    }


def there(front: Shopfront) -> dict[str, tuple[Any, ...]]:
    """What the programme says of every subscription."""
    stand_in = stand_in_of(front)
    programme = stand_in.programme
    shown = {order["public_id"]: order for order in stand_in.holdings()["orders"]}
    units = {2: "week", 3: "month"}
    found = {}
    for one in programme.subscriptions.values():
        item = programme.item_of(one)
        order = programme.orders[item.order] if item else None
        found[one.id] = (
            "active" if one.live else "cancelled",
            f"{one.every} {units[one.period]}{'' if one.every == 1 else 's'}",
            datetime.combine(order.place, time(), ZONE).astimezone(UTC) if order else None,
            round(float(shown[order.id]["total"]) * 100) if order else None,
            one.cancelled,
        )
    return found


def counts(front: Shopfront) -> dict[str, tuple[int, int]]:
    """Active and all subscriptions of every person, by the ledger."""
    found = {}
    for fact in front.facts():
        if fact.kind == "person.updated":
            one = msgspec.json.decode(front.ledger.snapshot_of(f"shop/{fact.subject}"), type=Person)
            found[one.identity.external_id or ""] = (
                one.properties["active_subscriptions"],
                one.properties["total_subscription"],
            )
    return found


def counted(front: Shopfront) -> dict[str, tuple[int, int]]:
    """The same, by the programme."""
    programme = stand_in_of(front).programme
    live, every = Counter[str](), Counter[str]()
    for one in programme.subscriptions.values():
        live[one.customer] += one.live
        every[one.customer] += 1
    return {number: (live[number], every[number]) for number in programme.customers}


def due(front: Shopfront) -> set[str]:
    """Orders still to be placed whose reminder is due by now."""
    programme = stand_in_of(front).programme
    today = front.clock.now() - timedelta(seconds=60)
    return {
        one.id
        for one in programme.orders.values()
        if one.status == UNSENT and datetime.combine(one.place - timedelta(days=10), time(), ZONE) <= today
    }


def upcoming(front: Shopfront) -> list[str]:
    """The orders that were said to be coming, in log order."""
    return [fact.detail or "" for fact in front.facts() if fact.kind == "order.upcoming"]


def told_again(front: Shopfront) -> set[str]:
    """Orders that were said to be coming more than once."""
    return {order for order, times in Counter(upcoming(front)).items() if times > 1}


def changed_hands(front: Shopfront) -> set[str]:
    """Orders whose reminder another subscription carries now: the oldest in them was cancelled or moved."""
    first = {}
    changed = set()
    for fact in front.facts():
        if fact.kind == "order.upcoming":
            number = fact.detail or ""
            if first.setdefault(number, fact.subject) != fact.subject:
                changed.add(number)
    return {number for number in changed if first[number].partition(":")[2] not in still_in(front, number)}


def still_in(front: Shopfront, order: str) -> set[str | None]:
    """The subscriptions that are in an order now."""
    return {one.subscription for one in stand_in_of(front).programme.items_of(order)}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("share", [0.0, 0.08])
def test_everything_is_read_once_while_the_programme_goes_on(tmp_path: Path, seed: int, share: float) -> None:
    front = Shopfront(tmp_path, TABLE, options={"seed": seed, "customers": 20}, faults=FaultPlan.mixed(seed, share))
    for _ in range(6):
        front.sync()
        front.wait(HOUR)
    settle(front)
    assert (there(front), counted(front)) == (seen(front), counts(front))
    assert len(front.keys()) == len(set(front.keys()))
    assert due(front) <= set(upcoming(front))
    assert told_again(front) <= changed_hands(front)
    front.close()


@pytest.mark.parametrize("steps", [77, 131])
def test_a_process_that_dies_again_and_again_loses_and_doubles_nothing(tmp_path: Path, steps: int) -> None:
    front = Shopfront(tmp_path, TABLE, options={"customers": 20, "every": 600})
    deaths = 0
    for _ in range(8):
        deaths += front.sync(dies_after=steps) is None
        front.wait(900)
    settle(front)
    assert deaths >= 3
    assert (there(front), counted(front)) == (seen(front), counts(front))
    assert len(front.keys()) == len(set(front.keys()))
    front.close()


def test_what_was_there_at_first_is_imported_and_what_comes_after_is_observed(front: Shopfront) -> None:
    front.sync()
    is_imported = {fact.is_imported for fact in front.facts()}
    began = len(front.facts())
    front.wait(HOUR)
    front.sync()
    assert ({True}, {False}) == (is_imported, {fact.is_imported for fact in front.facts()[began:]})


def test_a_reminder_is_told_once_when_its_day_comes(tmp_path: Path) -> None:
    front = Shopfront(tmp_path, TABLE, options={"every": 0})
    front.sync()
    before = upcoming(front)
    for _ in range(5):
        front.wait(24 * HOUR)
        front.sync()
    told = upcoming(front)
    assert due(front) == set(told)
    assert len(told) == len(set(told)) > len(before)
    front.close()


def test_a_reminder_by_webhook_says_the_same_as_the_sweep(tmp_path: Path) -> None:
    front = Shopfront(tmp_path, TABLE, options={"hooks_to": "https://orderwire.test/hooks/shop"})
    front.sync()
    stand_in = stand_in_of(front)
    for _ in range(40):
        front.wait(HOUR)
        for delivery in stand_in.deliveries():
            reply = front.hear(delivery.headers, delivery.body)
            stand_in.answered(delivery, reply.status)
    heard = upcoming(front)
    front.sync()
    settle(front)
    assert stand_in.reminders() & set(heard)
    assert told_again(front) <= changed_hands(front)
    assert there(front) == seen(front)
    front.close()


def test_a_webhook_about_what_is_known_adds_nothing(front: Shopfront) -> None:
    front.sync()
    settle(front)
    before = front.keys()
    stand_in = stand_in_of(front)
    programme = stand_in.programme
    orders = [one.id for one in programme.orders.values() if one.status == UNSENT]
    programme.happenings += [
        Happening(f"{place:032x}", "order.change_payment", front.clock.now(), order)
        for place, order in enumerate(orders)
    ]
    replies = {front.hear(one.headers, one.body).status for one in stand_in.deliveries()}
    assert ({200}, before) == (replies, front.keys())


def test_both_signatures_are_taken_while_the_key_is_changed(tmp_path: Path) -> None:
    options = {"hooks_to": "https://orderwire.test", "hook_secret": "brand-new", "old_hook_secret": "old-hook-secret"}
    front = Shopfront(tmp_path, TABLE, options=options)
    front.wait(HOUR)
    delivery = stand_in_of(front).deliveries()[0]
    assert 200 == front.hear(delivery.headers, delivery.body).status
    assert 401 == front.hear(delivery.headers, delivery.body + b" ").status
    front.close()


def test_the_day_since_which_is_asked_for(tmp_path: Path) -> None:
    front = opened(tmp_path, options={"since": ""})
    with pytest.raises(ConfigError, match=r"source\.shop\.options\.since: is missing\. Write since = "):
        front.sync()
    with pytest.raises(ConfigError, match="since"):
        front.source().look()
    front.close()


def test_only_who_came_since_that_day_is_brought_in_at_first_and_everybody_who_moves_afterwards(
    tmp_path: Path,
) -> None:
    front = opened(tmp_path, options={"since": "2025-12-01"})
    programme = stand_in_of(front).programme
    programme.every = 0
    front.sync()
    begun = datetime(2025, 12, 1, tzinfo=ZONE)
    signed_up = {one.id for one in programme.customers.values() if one.created >= begun}
    later = signed_up | {one.customer for one in programme.subscriptions.values() if one.created >= begun}
    assert signed_up < later < set(programme.customers)
    assert {number: counted(front)[number] for number in later} == counts(front)
    old = next(one for one in programme.subscriptions.values() if one.live and one.customer not in later)
    programme.cancel(old, front.clock.now())
    front.wait(HOUR)
    front.sync()
    assert later | {old.customer} == set(counts(front))
    front.close()


def test_a_key_that_sees_one_customer_only_is_pointed_out(tmp_path: Path) -> None:
    front = Shopfront(tmp_path, TABLE, options={"bulk": False})
    assert "Bulk Operations" in front.source().look().warnings[0]
    front.close()


def test_a_thing_that_is_locked_at_the_moment_is_asked_for_again(tmp_path: Path) -> None:
    front = Shopfront(tmp_path, TABLE, options={"locked_every": 5, "customers": 10})
    front.sync()
    settle(front)
    assert there(front) == seen(front)
    front.close()
