"""Shops read through their connectors: everything once, whatever goes wrong, in time that is moved by hand.

What there is to find is counted from the made-up merchant behind the stand-in, which knows nothing of records.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from orderwire.errors import ConfigError, Unavailable
from orderwire.sandbox.kit import FaultPlan
from orderwire.sandbox.trading.merchant import Merchant
from orderwire.sources.api.standing import load
from orderwire.testing.shopfronts import START, Shopfront

Opener = Callable[..., Shopfront]
DAY = 86_400.0


def merchant_of(front: Shopfront) -> Merchant:
    found = front.stand_in.merchant  # type: ignore[attr-defined]
    assert isinstance(found, Merchant)
    return found


def happened(merchant: Merchant) -> Counter[str]:
    """What happened in the shop, by the names of our facts."""
    orders = merchant.orders.values()
    return Counter(
        {
            "order.placed": len(orders),
            "order.paid": sum(one.paid is not None for one in orders),
            "order.fulfilled": sum(one.shipped is not None for one in orders),
            "order.cancelled": sum(one.cancelled is not None for one in orders),
            "order.refunded": sum(len(one.refunds) for one in orders),
        }
    )


def recorded(front: Shopfront) -> Counter[str]:
    kinds = Counter(front.kinds())
    return Counter({kind: kinds[kind] for kind in happened(merchant_of(front))})


def settle(front: Shopfront) -> None:
    """Let the shop close, and read until nothing can be new: past the safety lag, and once past the daily reading."""
    merchant_of(front)._every = 0.0
    for seconds in (300.0, 300.0, DAY + 300.0):
        front.wait(seconds)
        for _ in range(30):
            if is_rested(front):
                break
            front.wait(120.0)


def is_rested(front: Shopfront) -> bool:
    """Whether a pass came to its end."""
    try:
        front.sync()
    except Unavailable:
        return False
    standings = map(load, front.ledger.checkpoints("shop").values())
    return not any(one and one.rest_until and one.rest_until > front.clock.now() for one in standings)


def test_the_first_pass_imports_everything_there_is(kind: str, open_front: Opener) -> None:
    front = open_front(kind, options={"every": 0})
    front.sync()
    assert happened(merchant_of(front)) == recorded(front)
    assert {True} == {fact.is_imported for fact in front.facts()}
    assert len(merchant_of(front).customers) == front.kinds().count("person.updated")


def test_a_second_pass_over_a_shop_at_rest_adds_nothing(kind: str, open_front: Opener) -> None:
    front = open_front(kind, options={"every": 0})
    front.sync()
    keys = front.keys()
    front.wait(2 * DAY)
    front.sync()
    assert keys == front.keys()


def test_every_total_adds_up_and_is_the_shops_own(kind: str, open_front: Opener) -> None:
    front = open_front(kind, options={"every": 0})
    front.sync()
    orders = front.orders()
    assert [] == [order_id for order_id, order in orders.items() if order.properties.get("orderwire.mismatch_minor")]
    within_rounding = 4
    different = [
        number
        for number, one in merchant_of(front).orders.items()
        if abs(orders[str(number)].total - one.total) > within_rounding
    ]
    assert [] == different


def test_what_happens_while_the_shop_is_read_is_news_and_nothing_is_missing(kind: str, open_front: Opener) -> None:
    front = open_front(kind, options={"every": 5})
    for _ in range(12):
        front.sync()
        front.wait(180)
    settle(front)
    assert happened(merchant_of(front)) == recorded(front)
    news = [fact for fact in front.facts() if fact.kind == "order.placed" and not fact.is_imported]
    assert len(news) > 20
    assert [] == [fact.key for fact in front.facts() if fact.is_imported and fact.occurred_at >= START]


def test_a_change_is_seen_at_the_next_pass_and_told_once(kind: str, open_front: Opener) -> None:
    front = open_front(kind, options={"every": 0})
    front.sync()
    front.wait(600)
    merchant = merchant_of(front)
    merchant.place(front.clock.now())
    order_id = str(max(merchant.orders))
    front.wait(120)
    before = len(front.facts())
    front.sync()
    front.wait(300)
    front.sync()
    new = front.facts()[before:]
    assert [("order.placed", f"order:{order_id}", False)] == [
        (fact.kind, fact.subject, fact.is_imported) for fact in new if fact.kind != "consent.changed"
    ]


def test_refunds_that_move_no_date_of_their_order_are_found_by_their_own_clock(open_front: Opener) -> None:
    front = open_front("woocommerce", options={"every": 0})
    front.sync()
    front.wait(600)
    merchant = merchant_of(front)
    order = next(one for one in merchant.orders.values() if one.paid and not one.refunds)
    merchant.refund(order, front.clock.now(), is_quiet=True)
    front.wait(120)
    front.sync()
    assert order.refunded == front.order(str(order.id)).refunded


def test_where_refunds_have_no_list_they_are_found_by_the_daily_reading(open_front: Opener) -> None:
    front = open_front("woocommerce", options={"every": 0, "lists_refunds": False})
    front.sync()
    front.wait(600)
    merchant = merchant_of(front)
    order = max(
        (one for one in merchant.orders.values() if one.paid and not one.refunds), key=lambda one: one.created
    )
    merchant.refund(order, front.clock.now(), is_quiet=True)
    front.wait(120)
    front.sync()
    assert 0 == front.order(str(order.id)).refunded
    front.wait(DAY)
    front.sync()
    assert order.refunded == front.order(str(order.id)).refunded


def test_a_page_changing_under_the_cursor_skips_nothing(open_front: Opener) -> None:
    front = open_front("woocommerce", table={"page": 10}, options={"every": 0, "orders": 60})
    merchant = merchant_of(front)
    assert front.sync(dies_after=26) is None
    read_already = {fact.subject for fact in front.facts() if fact.kind == "order.placed"}
    assert 0 < len(read_already) < 60
    gone = [one for one in merchant.orders.values() if f"order:{one.id}" in read_already][:7]
    for one in gone:
        merchant.remove(one)
    settle(front)
    assert {str(number) for number in merchant.orders} == set(front.orders())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_faults_of_every_kind_lose_nothing_and_double_nothing(kind: str, open_front: Opener, seed: int) -> None:
    rates = {
        "limited": 0.05, "limited_bare": 0.03, "refused_before": 0.06, "failed_after": 0.06,
        "dropped_before": 0.05, "dropped_after": 0.05, "truncated": 0.06,
    }  # fmt: skip
    front = open_front(kind, options={"every": 30, "seed": seed}, faults=FaultPlan(seed=seed, rates=rates))
    for _ in range(8):
        is_rested(front)
        front.wait(240)
    front.plan.rates = {}
    settle(front)
    assert happened(merchant_of(front)) == recorded(front)
    assert len(front.keys()) == len(set(front.keys()))


def test_a_process_that_dies_between_any_two_requests_goes_on_from_its_last_commit(
    kind: str, open_front: Opener
) -> None:
    front = open_front(kind, table={"page": 15}, options={"every": 0, "orders": 40, "customers": 20})
    deaths = 0
    while front.sync(dies_after=2 + deaths % 7) is None and deaths < 200:
        deaths += 1
        front.wait(30)
    settle(front)
    whole = open_front(kind, options={"every": 0, "orders": 40, "customers": 20})
    whole.sync()
    settle(whole)
    assert 5 < deaths < 200
    assert whole.keys() == front.keys()


def test_a_long_wait_ends_the_pass_and_is_remembered(open_front: Opener) -> None:
    front = open_front("woocommerce", options={"every": 0, "filter": 4})
    front.sync()
    asked = front.exchange.log.count
    front.wait(5)
    front.sync()
    assert asked == front.exchange.log.count
    while not is_rested(front):
        front.wait(61)
    assert happened(merchant_of(front)) == recorded(front)


def test_a_query_that_costs_too_much_is_asked_in_smaller_pieces(open_front: Opener) -> None:
    front = open_front("shopify", table={"page": 50}, options={"every": 0})
    front.sync()
    assert happened(merchant_of(front)) == recorded(front)


def test_the_bucket_of_points_is_never_overdrawn(open_front: Opener) -> None:
    front = open_front("shopify", options={"every": 0, "orders": 300})
    front.sync()
    assert {"taken"} == set(front.exchange.counts)


def test_many_lines_and_many_refunds_are_read_whole(open_front: Opener) -> None:
    front = open_front("shopify", options={"every": 0, "orders": 3, "customers": 2})
    merchant = merchant_of(front)
    order = next(iter(merchant.orders.values()))
    order.cancelled, order.paid = None, order.created
    order.lines = [merchant._line() for _ in range(73)]
    for number in range(6):
        merchant.refund(order, order.created + timedelta(days=1, seconds=number))
    front.sync()
    found = front.order(str(order.id))
    assert [str(line.id) for line in order.lines] == [line.line_id for line in found.lines]
    assert order.refunded == found.refunded


@pytest.mark.parametrize(("change", "problem"), [("bad_key", "refuses us"), ("outage", "no answer")])
def test_a_shop_that_refuses_or_is_down_says_so(kind: str, open_front: Opener, change: str, problem: str) -> None:
    front = open_front(kind, faults=FaultPlan(**{change: True}))
    with pytest.raises((ConfigError, Unavailable), match=problem):
        front.sync()
    front.plan.change(**{change: False})
    merchant_of(front)._every = 0.0
    front.sync()
    assert happened(merchant_of(front)) == recorded(front)


def test_no_secret_is_in_what_an_error_says(kind: str, open_front: Opener) -> None:
    front = open_front(kind, faults=FaultPlan(bad_key=True))
    with pytest.raises(ConfigError) as caught:
        front.sync()
    assert "key-1" not in str(caught.value)
    assert "secret-1" not in str(caught.value)


def test_kept_bytes_read_again_say_the_same(kind: str, open_front: Opener) -> None:
    front = open_front(kind, options={"every": 0})
    front.sync()
    source = front.source()
    nouns = {"person": "people", "product": "products", "order": "orders", "consent": "consents"}
    subjects = [
        (nouns[subject.partition("/")[2].partition(":")[0]], subject, raw)
        for _, subject, raw in front.ledger.raws("shop")
    ]
    reread = {subject: source.reread(noun, raw).record for noun, subject, raw in subjects}
    assert front.orders() == {
        subject.removeprefix("shop/order:"): record for subject, record in reread.items() if "/order:" in subject
    }
    assert len(reread) > 150
