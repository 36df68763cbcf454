"""What each fact becomes at each platform, by the tables of expectations."""

from datetime import UTC, datetime

import pytest

from orderwire.sandbox.checker import Destination
from orderwire.sandbox.checker.registry import platform
from orderwire.sandbox.checker.wanted import Call, call_of, expected

AT = 1735689600
"""The instant of the first hour."""


def keys(shop, name, *, required=True):
    """The first key of everything called for at a platform, with how many of it."""
    wanted = expected(shop.log, platform(name), Destination(name=name, platform=name))
    return [(*one.wish.ways[0], one.wish.count) for one in wanted if one.is_required is required]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (
            "klaviyo",
            [
                ("event", "Placed Order", "1001", 1),
                ("event", "Ordered Product", "1001_a", 1),
                ("event", "Ordered Product", "1001_b", 1),
                ("event", "Paid Order", "1001", 1),
                ("event", "Fulfilled Order", "1001", 1),
            ],
        ),
        (
            "drip",
            [
                ("order", "1001", "placed", str(AT), 1),
                ("order", "1001", "paid", str(AT + 3600), 1),
                ("order", "1001", "fulfilled", str(AT + 7200), 1),
            ],
        ),
        (
            "omnisend",
            [
                ("event", "placed order", "1001", str(AT), 1),
                ("event", "ordered product", "1001", str(AT), 2),
                ("event", "paid for order", "1001", str(AT + 3600), 1),
                ("event", "order fulfilled", "1001", str(AT + 7200), 1),
            ],
        ),
        (
            "yespo",
            [("past", "orderCreated", "1001", str(AT), 1), ("past", "orderUpdated", "1001", str(AT + 3600), 1)],
        ),
        ("ometria", [("order", "1001", 1)] * 3),
    ],
)
def test_an_order_becomes_what_each_platform_calls_it(shop, name, found):
    shop.order("1001", "placed", "paid", "fulfilled")
    assert keys(shop, name) == found


def test_an_order_of_nobody_is_called_for_nowhere(shop):
    shop.order("1001", "placed", person=None)
    assert [keys(shop, name) for name in ("klaviyo", "drip", "omnisend", "yespo", "ometria")] == [[]] * 5


def test_a_second_refund_has_an_id_of_its_own_at_klaviyo(shop):
    body = shop.order_body("1001")
    shop.tell("order.refunded", "order:1001", body, detail="R1")
    shop.tell("order.refunded", "order:1001", body, detail="R2", ordinal=1)
    assert keys(shop, "klaviyo") == [
        ("event", "Refunded Order", "1001", 1),
        ("event", "Refunded Order", "1001_R2", 1),
    ]


def test_a_line_that_is_there_twice_is_numbered_at_klaviyo(shop):
    body = shop.order_body("1001", lines=[{"line_id": "a"}, {"line_id": "a"}])
    shop.tell("order.placed", "order:1001", body)
    assert keys(shop, "klaviyo")[1:] == [
        ("event", "Ordered Product", "1001_a", 1),
        ("event", "Ordered Product", "1001_a_2", 1),
    ]


def test_a_refund_of_goods_alone_is_none_at_omnisend(shop):
    body = shop.order_body("1001", refunds=[{"refund_id": "R1", "amount": 0}])
    shop.tell("order.refunded", "order:1001", body, detail="R1")
    assert keys(shop, "omnisend") == []


def test_a_payment_after_shipping_moves_nothing_at_yespo(shop):
    shop.order("1001", "placed", "fulfilled", "paid", "delivered")
    moved = [(one[1], one[3]) for one in keys(shop, "yespo")]
    assert moved == [
        ("orderCreated", str(AT)),
        ("orderUpdated", str(AT + 3600)),
        ("orderDelivered", str(AT + 10800)),
    ]


def test_the_look_of_an_order_at_ometria_is_its_status_and_what_was_given_back(shop):
    refunds = [{"refund_id": "R1", "amount": 500}]
    shop.order("1001", "placed")
    shop.tell("order.refunded", "order:1001", shop.order_body("1001", refunds=refunds), hours=2)
    wanted = expected(shop.log, platform("ometria"), Destination(name="ometria", platform="ometria"))
    assert [one.wish.look for one in wanted] == [("pending", "0", "30"), ("partially_refunded", "5", "30")]


@pytest.mark.parametrize(
    ("name", "body", "found"),
    [
        ("klaviyo", {"price": "9.50"}, []),
        ("klaviyo", {"price": "9.50", "url": "https://shop.test/p"}, [("product", "p1", 1)]),
        ("drip", {"url": "https://shop.test/p"}, []),
        ("drip", {"price": "9.50"}, [("product", "p1", 1)]),
        ("yespo", {"price": "9.50", "url": "https://shop.test/p"}, []),
        ("ometria", {"variants": [{"variant_id": "v"}]}, [("product", "p1", 1), ("product", "v", 1)]),
    ],
)
def test_a_product_is_called_for_where_it_can_be_said(shop, name, body, found):
    shop.tell("product.updated", "product:p1", {"product_id": "p1", "title": "Cup", **body}, person=None)
    assert keys(shop, name) == found


def test_carts_need_a_link_at_drip(shop):
    shop.tell("cart.updated", "cart:k", {"identity": {"email": "c1@mail.test"}, "lines": [{"line_id": "a"}]})
    assert keys(shop, "drip") == []
    assert keys(shop, "klaviyo") == [("event", "Added to Cart", f"k_{AT}_a", 1)]


@pytest.mark.parametrize(
    ("states", "call"),
    [
        ((), Call.NEEDED),
        (("subscribed",), Call.NEEDED),
        (("unsubscribed",), Call.FORBIDDEN),
        (("unsubscribed", "subscribed"), Call.ALLOWED),
    ],
)
def test_marketing_only_facts_depend_on_what_the_person_said_since(shop, states, call):
    for hours, state in enumerate(states[:1]):
        shop.consent(state, hours=hours)
    seq = shop.tell("cart.updated", "cart:k", {"identity": {"email": "c1@mail.test"}}, hours=5)
    for hours, state in enumerate(states[1:]):
        shop.consent(state, hours=6 + hours)
    log = shop.log
    assert call_of(log.by_seq[seq], log, Destination(name="drip", platform="drip")) is call


@pytest.mark.parametrize(
    "settings",
    [
        {"kinds": ("person.*", "consent.changed")},
        {"sources": ("other",)},
        {"since": datetime(2026, 1, 1, tzinfo=UTC)},
        {"name": "shop"},
    ],
)
def test_settings_keep_a_fact_away(shop, settings):
    shop.order("1001", "placed")
    destination = Destination(**{"name": "drip", "platform": "drip", **settings})
    assert call_of(shop.log.facts[0], shop.log, destination) is Call.NONE


def test_test_orders_belong_there_only_by_setting(shop):
    shop.tell("order.placed", "order:1", shop.order_body("1", is_test=True))
    calls = [
        call_of(shop.log.facts[0], shop.log, Destination(name="d", platform="drip", include_test_orders=included))
        for included in (False, True)
    ]
    assert calls == [Call.NONE, Call.NEEDED]
