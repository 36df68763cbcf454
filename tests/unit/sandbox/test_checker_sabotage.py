"""Spoiled copies of reception logs: the checker finds exactly what was spoiled."""

from orderwire.sandbox.checker import Checker, Destination
from orderwire.sandbox.checker.sabotage import prove


def klaviyo_lines(platform_line, klaviyo_placed, klaviyo_event):
    """A clean reception of two orders."""
    steps = [("1001", "Paid Order"), ("1001", "Fulfilled Order"), ("1002", "Paid Order"), ("1002", "Fulfilled Order")]
    lines = [platform_line(1, *klaviyo_placed("1001"), *klaviyo_placed("1002"))]
    return lines + [platform_line(at, klaviyo_event(name, order)) for at, (order, name) in enumerate(steps, 2)]


def test_what_was_dropped_doubled_and_swapped_is_found_and_nothing_else(
    shop, platform_line, klaviyo_placed, klaviyo_event
):
    shop.order("1001", "placed", "paid", "fulfilled")
    shop.order("1002", "placed", "paid", "fulfilled", hours=8, person=2)
    checker = Checker(shop.log, Destination(name="klaviyo", platform="klaviyo"))
    lines = klaviyo_lines(platform_line, klaviyo_placed, klaviyo_event)
    proofs = prove(checker, lambda: lines)
    assert [(one.sabotage, one.found, one.is_found) for one in proofs] == [
        ("dropped", {"missing": 1}, True),
        ("doubled", {"duplicated": 1}, True),
        ("swapped", {"out_of_order": 1}, True),
    ]


def test_the_log_itself_stays_as_it_is(shop, platform_line, klaviyo_placed, klaviyo_event):
    shop.order("1001", "placed", "paid", "fulfilled")
    shop.order("1002", "placed", "paid", "fulfilled", hours=8, person=2)
    lines = klaviyo_lines(platform_line, klaviyo_placed, klaviyo_event)
    before = repr(lines)
    prove(Checker(shop.log, Destination(name="klaviyo", platform="klaviyo")), lambda: lines)
    assert repr(lines) == before


def test_states_are_swapped_where_there_are_no_events(shop, platform_line):
    shop.order("1001", "placed")
    shop.tell("order.paid", "order:1001", shop.order_body("1001", paid_at="2025-01-01T01:00:00Z"), hours=1)
    kept = {"type": "order", "id": "1001", "person": "c1@mail.test", "refunded": 0, "amount": 30.0}
    lines = [platform_line(at, kept | {"status": status}) for at, status in ((1, "pending"), (2, "processing"))]
    proofs = prove(Checker(shop.log, Destination(name="ometria", platform="ometria")), lambda: lines)
    assert [one.found for one in proofs] == [{}, {}, {"out_of_order": 1}]


def test_nothing_that_the_product_listed_is_spoiled(shop, platform_line, klaviyo_placed):
    shop.order("1001", "placed", "paid", "fulfilled")
    lines = [platform_line(1, *klaviyo_placed("1001"))]
    excused = dict.fromkeys((1, 2, 3), 1)
    checker = Checker(shop.log, Destination(name="klaviyo", platform="klaviyo"), excused=excused)
    assert [one.is_found for one in prove(checker, lambda: lines)] == [False, False, False]
