"""How many requests were made, and how few would have done."""

from orderwire.sandbox.checker import Checker, Destination


def requests(shop, lines, platform="drip"):
    """The figures of a reception log."""
    return Checker(shop.log, Destination(name=platform, platform=platform)).check(lambda: lines).requests


def drip_order(number, is_placed=True):
    """An order as Drip's stand-in keeps it."""
    kept = {"type": "order", "action": "placed", "id": str(number), "person": "c1@mail.test", "duplicate": False}
    return kept | {"occurred_at": "2025-01-01T00:00:00Z", "status": "unsubscribed"}


BATCH = "/v3/1/shopper_activity/order/batch"
SINGLE = "/v3/1/shopper_activity/order"


def test_requests_are_counted_by_what_became_of_them(shop, platform_line):
    lines = [
        platform_line(1, path=BATCH),
        platform_line(2, path=BATCH, verdict="limited"),
        platform_line(3, path=BATCH, verdict="faulted", fault="limited"),
        platform_line(4, path=BATCH, fault="dropped_after"),
        platform_line(5, path=BATCH, verdict="refused"),
        platform_line(6, method="GET", path="/v2/1/subscribers"),
    ]
    found = requests(shop, lines)
    counts = (found.total, found.taken, found.refused, found.limited, found.faulted, found.telling)
    assert counts == (6, 3, 1, 1, 2, 2)


def test_history_sent_one_by_one_could_have_gone_in_one_request(shop, platform_line):
    for number in range(4):
        shop.order(str(number), "placed")
    lines = [platform_line(number + 1, drip_order(number), path=SINGLE) for number in range(4)]
    assert (requests(shop, lines).telling, requests(shop, lines).fewest) == (4, 1)


def test_news_goes_one_by_one(shop, platform_line):
    for number in range(4):
        shop.order(str(number), "placed", is_imported=False)
    lines = [platform_line(number + 1, drip_order(number), path=SINGLE) for number in range(4)]
    assert requests(shop, lines).fewest == 4


def test_the_windows_of_the_platform_bound_the_time(shop, platform_line):
    shop.order("0", "placed")
    at = [drip_order(0)] * 1000
    lines = [platform_line(number + 1, *at, path=BATCH) for number in range(51)]
    assert (requests(shop, lines).fewest, requests(shop, lines).minimum_seconds) == (51, 3600.0)


def test_the_time_of_history_is_from_its_first_to_its_last_request(shop, platform_line):
    shop.order("1", "placed")
    shop.order("2", "placed")
    shop.order("3", "placed", is_imported=False)
    lines = [
        platform_line(number, drip_order(number), path=SINGLE, at=at)
        for number, at in ((1, 5.0), (2, 9.5), (3, 30.0))
    ]
    assert requests(shop, lines).history_seconds == 4.5
