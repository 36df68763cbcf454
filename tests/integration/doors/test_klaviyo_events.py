"""Events as plugins and backends send them, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire.dialects.doorway import Reply
from orderwire.dialects.klaviyo.door.door import DOOR
from orderwire.ledger import Received
from orderwire.model import Cart, Event, Identity, Kind, Order, RefundKind
from orderwire.testing.doors import Visitor

T = datetime(2026, 2, 1, 10, tzinfo=UTC)


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    made = Visitor(tmp_path, DOOR)
    yield made
    made.close()


def post(visitor: Visitor, path: str, body: Any, **headers: str) -> Reply:
    key = {"Authorization": f"Klaviyo-API-Key {visitor.secret}", "revision": "2026-07-15"}
    return visitor.call("POST", path, json=body, headers=key | headers)


def get(visitor: Visitor, path: str, **query: str) -> Any:
    key = {"Authorization": f"Klaviyo-API-Key {visitor.secret}"}
    named = {name.replace("__", "[", 1) + "]" if "__" in name else name: value for name, value in query.items()}
    reply = visitor.call("GET", path, headers=key, query=named)
    assert 200 == reply.status, reply.body
    return json.loads(reply.body)


def event(name: str, given: dict[str, Any] | None = None, /, **attributes: Any) -> dict[str, Any]:
    told = {
        "metric": {"data": {"type": "metric", "attributes": {"name": name}}},
        "profile": {"data": {"type": "profile", "attributes": {"email": "ana@mail.test"}}},
        "properties": given or {},
        "time": "2026-02-01T10:00:00Z",
        **attributes,
    }
    return {"data": {"type": "event", "attributes": {name: one for name, one in told.items() if one is not ...}}}


def faults(reply: Reply) -> list[tuple[str, str]]:
    return [(one["detail"], one["source"].get("pointer", "")) for one in json.loads(reply.body)["errors"]]


def records(visitor: Visitor, kind: str, shape: type[Any]) -> list[Any]:
    return [msgspec.json.decode(fact.body, type=shape) for fact in visitor.facts() if fact.kind == kind]


ITEM = {"ProductID": "P1", "SKU": "MUG", "ProductName": "Mug", "Quantity": 2, "ItemPrice": 9.99, "RowTotal": 19.98}
GUIDE = {
    "$event_id": "1234",
    "$value": 29.98,
    "OrderId": "1234",
    "Categories": ["Kitchen"],
    "ItemNames": ["Mug"],
    "Brands": ["Potter"],
    "DiscountCode": "Free Shipping",
    "DiscountValue": 5,
    "Items": [ITEM | {"Categories": ["Kitchen"], "Brand": "Potter", "ImageURL": "https://shop.test/mug.jpg"}],
    "BillingAddress": {"FirstName": "Ana", "Address1": "Ring 1", "City": "Wien", "CountryCode": "AT", "Zip": "1010"},
}


def test_the_order_of_the_integration_guide_is_an_order(visitor: Visitor) -> None:
    reply = post(visitor, "/api/events/", event("Placed Order", GUIDE, value_currency="EUR"))
    assert (202, b"", "") == (reply.status, reply.body, reply.content_type)
    (order,) = records(visitor, Kind.ORDER_PLACED, Order)
    assert ("1234", T, 2998, "EUR", 500) == (
        order.order_id,
        order.placed_at,
        order.total,
        order.currency,
        order.discount,
    )
    assert [("MUG", Decimal(2), Decimal("9.99"), 1998, ("Kitchen",))] == [
        (line.line_id, line.quantity, line.unit_price, line.total, line.categories) for line in order.lines
    ]
    assert ("Ring 1", "1010", "AT") == (
        order.billing_address.line1,
        order.billing_address.postal_code,
        order.billing_address.country_code,
    )


def test_a_second_placed_order_of_an_id_changes_nothing(visitor: Visitor) -> None:
    post(visitor, "/api/events", event("Placed Order", GUIDE))
    assert 202 == post(visitor, "/api/events", event("Placed Order", GUIDE | {"$value": 1, "Items": []})).status
    assert [Kind.ORDER_PLACED] == visitor.kinds()
    assert 2998 == visitor.shelves.snapshot("order:1234").total  # type: ignore[union-attr]


def test_ordered_products_by_sku_add_no_fact_to_an_order_that_has_them(visitor: Visitor) -> None:
    post(visitor, "/api/events", event("Placed Order", GUIDE))
    line = {"OrderId": "1234", "ProductID": "P1", "SKU": "MUG", "ProductName": "Mug", "Quantity": 2}
    product = line | {"$event_id": "1234_MUG", "$value": 19.98}
    post(visitor, "/api/events", event("Ordered Product", product))
    assert [Kind.ORDER_PLACED] == visitor.kinds()


def line_of(visitor: Visitor, ident: str = "1234") -> list[tuple[str, int, str | None]]:
    order = visitor.shelves.snapshot(f"order:{ident}")
    assert isinstance(order, Order)
    return [(line.line_id, line.subtotal, line.brand) for line in order.lines]


LATE = {"OrderId": "1234", "ProductID": "P1", "SKU": "MUG", "ProductName": "Mug", "Quantity": 2}


def test_an_ordered_product_that_comes_later_fills_its_line_and_leaves_its_id(visitor: Visitor) -> None:
    bare = {name: value for name, value in ITEM.items() if name not in ("RowTotal", "ItemPrice")}
    post(visitor, "/api/events", event("Placed Order", {"OrderId": "1234", "Items": [bare]}, value=19.98))
    more = LATE | {"ProductBrand": "Potter", "title": "Red", "Colours": ["red", {"tone": 1.5}]}
    post(visitor, "/api/events", event("Ordered Product", more, value=19.98, unique_id="1234_L7"))

    assert [("MUG", 1998, "Potter")] == line_of(visitor)
    order = visitor.shelves.snapshot("order:1234")
    assert isinstance(order, Order)
    assert {"title": "Red", "Colours": '["red",{"tone":1.5}]'} == order.lines[0].properties


def test_only_the_first_ordered_product_of_an_id_counts(visitor: Visitor) -> None:
    post(visitor, "/api/events", event("Placed Order", GUIDE))
    for value in (25, 30):
        post(visitor, "/api/events", event("Ordered Product", LATE, value=value, unique_id="1234_MUG"))

    assert [("MUG", 2500, "Potter")] == line_of(visitor)


def test_two_lines_of_one_product_are_filled_each_by_its_own(visitor: Visitor) -> None:
    items = [ITEM | {"Quantity": count} for count in (1, 1)]
    post(visitor, "/api/events", event("Placed Order", GUIDE | {"Items": items}))
    for value, name in ((10, "L1"), (12, "L2"), (10, "L1")):
        told = event("Ordered Product", LATE | {"Quantity": 1}, value=value, unique_id=f"1234_{name}")
        post(visitor, "/api/events", told)

    assert [("MUG", 1000), ("MUG_2", 1200)] == [found[:2] for found in line_of(visitor)]


def test_a_line_with_an_id_of_its_own_is_not_doubled_by_its_sku(visitor: Visitor) -> None:
    post(visitor, "/api/events", event("Placed Order", GUIDE | {"Items": [ITEM | {"LineID": "55"}]}))
    post(visitor, "/api/events", event("Ordered Product", LATE, value=19.98, unique_id="1234_MUG"))

    assert [("55", 1998, None)] == line_of(visitor)


def test_further_lines_of_an_order_that_named_none_are_added(visitor: Visitor) -> None:
    post(visitor, "/api/events", event("Ordered Product", LATE, value=5, unique_id="1234_L1"))
    post(visitor, "/api/events", event("Placed Order", {"OrderId": "1234"}, value=12))
    for _ in range(2):
        post(visitor, "/api/events", event("Ordered Product", LATE, value=7, unique_id="1234_L2"))

    assert [("L1", 500, None), ("L2", 700, None)] == line_of(visitor)


def test_an_ordered_product_is_of_the_order_that_its_id_begins_with(visitor: Visitor) -> None:
    post(visitor, "/api/events", event("Placed Order", {"OrderId": "1234"}, value=12))
    nameless = {name: value for name, value in LATE.items() if name != "OrderId"}
    post(visitor, "/api/events", event("Ordered Product", nameless | {"$event_id": "1234_A_B"}, value=7))

    assert [("A_B", 700, None)] == line_of(visitor)


def test_what_belongs_to_no_order_or_to_anothers_is_kept_aside(visitor: Visitor) -> None:
    bo = {"data": {"type": "profile", "attributes": {"email": "bo@mail.test"}}}
    post(visitor, "/api/events", event("Placed Order", GUIDE))
    post(visitor, "/api/events", event("Placed Order", GUIDE, profile=bo))
    post(visitor, "/api/events", event("Ordered Product", {"SKU": "MUG"}))

    aside = [len(list(visitor.ledger.refused(visitor.source, one))) for one in ("orders", "ordered-products")]
    assert [1, 1] == aside
    assert [Kind.ORDER_PLACED] == visitor.kinds()


def test_ordered_products_that_come_first_wait_for_their_order(visitor: Visitor) -> None:
    first = {
        "OrderId": "9",
        "ProductID": "P1",
        "SKU": "MUG",
        "ProductName": "Mug",
        "Quantity": 1,
        "$event_id": "9_L7",
    }
    post(visitor, "/api/events", event("Ordered Product", first, value=12.5))
    assert [] == visitor.kinds()
    post(visitor, "/api/events", event("Placed Order", {"OrderId": "9"}, value=12.5, unique_id="9"))
    (order,) = records(visitor, Kind.ORDER_PLACED, Order)
    assert [("L7", "Mug", 1250, 1250)] == [(one.line_id, one.name, one.subtotal, one.total) for one in order.lines]
    assert not order.approximate


def test_an_order_first_met_when_it_is_sent_is_placed_about_then(visitor: Visitor) -> None:
    post(visitor, "/api/events", event("Fulfilled Order", GUIDE, time="2026-02-03T10:00:00Z"))
    assert [Kind.ORDER_PLACED, Kind.ORDER_FULFILLED] == visitor.kinds()
    assert [True, False] == [fact.is_approximate for fact in visitor.facts()]
    post(visitor, "/api/events", event("Placed Order", GUIDE))
    order = visitor.shelves.snapshot("order:1234")
    assert isinstance(order, Order)
    assert (T, datetime(2026, 2, 3, 10, tzinfo=UTC), ()) == (order.placed_at, order.fulfilled_at, order.approximate)


@pytest.mark.parametrize("gap", ["", " "])
def test_a_refund_is_netted_once(visitor: Visitor, gap: str) -> None:
    post(visitor, "/api/events", event("Placed Order", GUIDE))
    told = {"OrderId": "1234", f"Discount{gap}Code": "X", "Reason": "broken", "$event_id": "1234", "$value": 10}
    for _ in range(2):
        post(visitor, "/api/events", event("Refunded Order", told))
    (order,) = records(visitor, Kind.ORDER_REFUNDED, Order)
    assert [("1234", 1000, RefundKind.PARTIAL, "broken")] == [
        (one.refund_id, one.amount, one.kind, one.reason) for one in order.refunds
    ]


def test_carts_are_told_with_all_their_content(visitor: Visitor) -> None:
    added = {
        "$value": 29.98,
        "AddedItemProductName": "Mug",
        "AddedItemSKU": "MUG",
        "AddedItemQuantity": 1,
        "CheckoutURL": "https://shop.test/cart",
        "Items": [ITEM],
    }
    post(visitor, "/api/events", event("Added to Cart", added))
    started = added | {"$event_id": "C7_1769940000"}
    post(visitor, "/api/events", event("Started Checkout", started, time="2026-02-01T11:00:00"))
    assert [Kind.CART_UPDATED, Kind.CART_UPDATED, Kind.CHECKOUT_STARTED] == visitor.kinds()
    (cart,) = records(visitor, Kind.CHECKOUT_STARTED, Cart)
    assert ("C7", 2998, "https://shop.test/cart", ["MUG"]) == (
        cart.cart_id,
        cart.total,
        cart.url,
        [line.line_id for line in cart.lines],
    )


def test_a_line_added_without_the_cart_is_added_to_it(visitor: Visitor) -> None:
    one = {"CartId": "C1", "AddedItemProductName": "Mug", "AddedItemProductID": "P1", "AddedItemPrice": 5}
    post(visitor, "/api/events", event("Added To Cart", one))
    again = one | {"AddedItemQuantity": 2}
    post(visitor, "/api/events", event("Added To Cart", again, time="2026-02-01T10:05:00Z"))
    cart = visitor.shelves.snapshot("cart:C1")
    assert isinstance(cart, Cart)
    assert ([Decimal(3)], 1500) == ([line.quantity for line in cart.lines], cart.total)


def test_an_addition_sent_again_is_not_added_again(visitor: Visitor) -> None:
    one = event("Added to Cart", {"CartId": "C1", "AddedItemProductID": "P1", "AddedItemPrice": 5})
    named = event("Added to Cart", {"CartId": "C2", "AddedItemProductID": "P1"}, unique_id="a1", time=...)
    started = event("Started Checkout", {"CartId": "C2", "Items": [ITEM]}, unique_id="C2_1", time=...)
    for body in (one, one, named, named, started, started):
        assert 202 == post(visitor, "/api/events", body).status

    counts = []
    for ident in ("C1", "C2"):
        cart = visitor.shelves.snapshot(f"cart:{ident}")
        assert isinstance(cart, Cart)
        counts.append(sum(line.quantity for line in cart.lines))
    assert [1, 2] == counts
    assert 1 == visitor.kinds().count(Kind.CHECKOUT_STARTED)


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        ("Order Completed", Kind.ORDER_PLACED),
        ("Checkout Started", Kind.CHECKOUT_STARTED),
        ("Product Viewed", Kind.PRODUCT_VIEWED),
        ("Product Added", Kind.CART_UPDATED),
        ("Add To Cart", Kind.CART_UPDATED),
        ("__activity__", Kind.SITE_ACTIVE),
        ("Active on Site", Kind.SITE_ACTIVE),
        ("Rode a Horse", "custom.Rode a Horse"),
    ],
)
def test_names_of_vendors_mean_what_they_mean(visitor: Visitor, metric: str, kind: str) -> None:
    post(visitor, "/api/events", event(metric, {"name": "Mug", "order_id": "1"}))
    assert kind in visitor.kinds()


@pytest.mark.parametrize("ident", ["w", "9f1c2d3e-0000-4000-8000-000000000001"])
def test_two_metrics_and_two_people_may_use_the_same_id(visitor: Visitor, ident: str) -> None:
    other = {"data": {"type": "profile", "attributes": {"email": "bo@mail.test"}}}
    for _ in range(2):
        post(visitor, "/api/events", event("Welcomed", unique_id=ident))
        post(visitor, "/api/events", event("Greeted", unique_id=ident))
        post(visitor, "/api/events", event("Welcomed", unique_id=ident, profile=other))
    assert 3 == len(visitor.kinds())
    assert ident in [one.event_id for one in records(visitor, "custom.Welcomed", Event)]


def test_an_event_without_an_id_counts_once_a_second(visitor: Visitor) -> None:
    for when in ("2026-02-01T10:00:00.100Z", "2026-02-01T10:00:00.900Z", "2026-02-01T10:00:01Z"):
        post(visitor, "/api/events", event("Rode", {"when": when}, time=when))
    assert 2 == len(visitor.kinds())


def test_history_is_imported(visitor: Visitor) -> None:
    post(visitor, "/api/events", event("Rode", backfill=True))
    assert [True] == [fact.is_imported for fact in visitor.facts()]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            {
                "metric": {"name": "Rode", "service": "x"},
                "profile": {"$email": "ana@mail.test", "$first_name": "Ana"},
            },
            id="before 2023-07-15",
        ),
        pytest.param(
            {
                "metric": {"data": {"type": "metric", "attributes": {"name": "Rode"}}},
                "profile": {
                    "data": {
                        "type": "profile",
                        "attributes": {
                            "email": "ana@mail.test",
                            "first_name": "Ana",
                            "meta": {"patch_properties": {"append": {"pets": "dog"}}},
                        },
                    }
                },
            },
            id="since 2024-02-15",
        ),
    ],
)
def test_every_generation_of_bodies_is_read_by_its_shape(visitor: Visitor, body: dict[str, Any]) -> None:
    whole = {"data": {"type": "event", "attributes": body | {"properties": {}}}}
    assert 202 == post(visitor, "/api/events", whole).status
    known = visitor.known(email="ana@mail.test")
    assert known is not None
    assert "Ana" == known.first_name


def test_a_doubled_slash_a_naive_time_and_plain_json_are_taken(visitor: Visitor) -> None:
    body = event("Rode", time="2026-02-01T10:00:00")
    assert 202 == post(visitor, "//api/events/", body, **{"Content-Type": "application/json"}).status
    assert [T] == [fact.occurred_at for fact in visitor.facts()]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (event("Rode", metric=...), [("This field is required.", "/data/attributes/metric")]),
        (event("Rode", properties=...), [("This field is required.", "/data/attributes/properties")]),
        (event("Rode", value="x"), [("A valid number is required.", "/data/attributes/value")]),
        (event("Rode", time="soon"), [("Datetime has wrong format. Use ISO 8601.", "/data/attributes/time")]),
        (
            event("Rode", colour="red"),
            [("'colour' is not a valid field for the resource 'event'.", "/data/attributes/colour")],
        ),
        (
            event("Rode", time="2030-01-01T00:00:00Z"),
            [("The time must be after the year 1990 and at most one year ahead.", "/data/attributes/time")],
        ),
        (
            event("Rode", profile={"data": {"type": "profile", "attributes": {"email": "nope"}}}),
            [("Invalid email address", "/data/attributes/profile/data/attributes/email")],
        ),
        (
            event("Rode", profile={"data": {"type": "profile", "attributes": {"phone_number": "5551234567"}}}),
            [
                (
                    "Invalid phone number format (Example of a valid format: +12345678901)",
                    "/data/attributes/profile/data/attributes/phone_number",
                )
            ],
        ),
        ({"data": {"type": "profile"}}, [("Invalid resource type. Expected 'event'.", "/data/type")]),
    ],
)
def test_what_is_wrong_is_named_with_its_place(visitor: Visitor, body: Any, expected: list[tuple[str, str]]) -> None:
    reply = post(visitor, "/api/events", body)
    assert (400, expected[0]) == (reply.status, faults(reply)[0])
    assert [] == visitor.kinds()


def test_a_bad_phone_beside_a_good_email_is_left_out(visitor: Visitor) -> None:
    both = {"email": "ana@mail.test", "phone_number": "5551234567"}
    reply = post(visitor, "/api/events", event("Rode", profile={"data": {"type": "profile", "attributes": both}}))
    assert 202 == reply.status
    known = visitor.known(email="ana@mail.test")
    assert known is not None
    assert known.phone is None


def test_what_was_sent_is_given_back_as_it_was(visitor: Visitor) -> None:
    properties = {"deep": {"a": [1, 2.5, None]}, "$extra": {"x": "y"}, "big": 2**60, "OrderId": "1"}
    post(visitor, "/api/events", event("Placed Order", properties, value=19.99, unique_id="1"))
    post(visitor, "/api/events", event("Rode", properties, time="2026-02-01T10:00:01Z"))
    shown = get(visitor, "/api/events", sort="datetime")["data"]
    assert [
        properties | {"$event_id": "1", "$value": 19.99},
        properties | {"$event_id": "1769940001", "$value": 0.0},
    ] == [one["attributes"]["event_properties"] for one in shown]
    assert ["2026-02-01 10:00:00+00:00", "2026-02-01 10:00:01+00:00"] == [
        one["attributes"]["datetime"] for one in shown
    ]


def test_pages_go_through_everything_once_in_both_directions(visitor: Visitor) -> None:
    for second in range(7):
        post(
            visitor,
            "/api/events",
            event("Rode", {"n": second}, time=f"2026-02-01T10:00:0{second // 2}Z", unique_id=f"u{second}"),
        )
    items = [ITEM | {"SKU": f"S{place}"} for place in range(4)]
    post(visitor, "/api/events", event("Placed Order", {"OrderId": "5", "Items": items}, unique_id="5"))
    seen: dict[str, list[str]] = {}
    for sort in ("datetime", "-datetime"):
        query: dict[str, str] = {"sort": sort, "page__size": "3"}
        found: list[str] = []
        while True:
            page = get(visitor, "/api/events", **query)
            found += [one["id"] for one in page["data"]]
            if page["links"]["next"] is None:
                break
            query["page__cursor"] = page["links"]["next"].rpartition("=")[2].replace("%3D", "=")
        seen[sort] = found
    assert (12, 12) == (len(seen["datetime"]), len(set(seen["datetime"])))
    assert set(seen["datetime"]) == set(seen["-datetime"])


def test_events_are_found_by_metric_person_and_time(visitor: Visitor) -> None:
    bo = {"data": {"type": "profile", "attributes": {"email": "bo@mail.test"}}}
    post(visitor, "/api/events", event("Rode"))
    post(visitor, "/api/events", event("Swam", time="2026-02-02T10:00:00Z"))
    post(visitor, "/api/events", event("Swam", time="2026-02-03T10:00:00Z", profile=bo))
    named = {one["attributes"]["name"]: one["id"] for one in get(visitor, "/api/metrics")["data"]}
    who = get(visitor, "/api/profiles", filter='equals(email,"bo@mail.test")')["data"][0]["id"]

    def count(wanted: str) -> int:
        return len(get(visitor, "/api/events", filter=wanted)["data"])

    assert [2, 1, 1, 2, 1] == [
        count(f'equals(metric_id,"{named["Swam"]}")'),
        count(f"and(equals(metric_id,'{named['Swam']}'),equals(profile_id,'{who}'))"),
        count("less-than(datetime,2026-02-02T10:00:00Z)"),
        count("greater-or-equal(timestamp,1770026400)"),
        count("greater-than(datetime,2026-02-02T10:00:00 00:00)"),
    ]


def test_another_sources_facts_are_shown_as_our_writer_tells_them(visitor: Visitor) -> None:
    order = Order(
        order_id="X1",
        identity=Identity(email="ana@mail.test"),
        currency="EUR",
        placed_at=T,
        total=500,
        paid_at=T,
        number="#X1",
    )
    visitor.ledger.record([Received(record=order)], source="shop", at=T, is_imported=True)
    shown = get(visitor, "/api/events", include="metric,profile", sort="datetime")
    names = {one["id"]: one["attributes"]["name"] for one in shown["included"] if one["type"] == "metric"}
    assert ["Placed Order", "Paid Order"] == [
        names[one["relationships"]["metric"]["data"]["id"]] for one in shown["data"]
    ]
    assert ("X1", 5.0, "#X1") == tuple(
        shown["data"][0]["attributes"]["event_properties"][name] for name in ("$event_id", "$value", "OrderNumber")
    )


def test_a_browser_may_tell_of_visits_but_not_of_orders(visitor: Visitor) -> None:
    company = {"company_id": visitor.public}
    viewed = visitor.call("POST", "/client/events", json=event("Viewed Product", {"ProductID": "P1"}), query=company)
    ordered = visitor.call("POST", "/client/events", json=event("Placed Order", GUIDE), query=company)
    assert (202, 403) == (viewed.status, ordered.status)
    assert [Kind.PRODUCT_VIEWED] == visitor.kinds()
    assert "permission_denied" == json.loads(ordered.body)["errors"][0]["code"]


@pytest.mark.parametrize("metric", ["Placed Order", "Ordered Product", "Refunded Order", "Subscription Created"])
@pytest.mark.parametrize("path", ["/client/events", "/client/event-bulk-create", "/api/track"])
def test_what_only_servers_tell_is_refused_whole_to_a_browser(visitor: Visitor, metric: str, path: str) -> None:
    who = {"email": "ana@mail.test", "first_name": "Ana"}
    told = event(metric, GUIDE, profile={"data": {"type": "profile", "attributes": who}})
    match path:
        case "/client/events":
            body = told
        case "/api/track":
            body = {"token": visitor.public, "event": metric, "properties": GUIDE, "customer_properties": who}
        case _:
            given = {"profile": told["data"]["attributes"].pop("profile"), "events": {"data": [told["data"]]}}
            body = {"data": {"type": "event-bulk-create", "attributes": given}}

    reply = visitor.call("POST", path, json=body, query={"company_id": visitor.public})

    assert ((200, b"0") if path == "/api/track" else (403, b'{"errors"')) == (reply.status, reply.body[:9])
    assert [] == visitor.kinds()
    assert 0 == visitor.shelves.count("ordered product")


def test_a_browser_changes_no_identifier_of_somebody_known(visitor: Visitor) -> None:
    post(visitor, "/api/events", event("Rode"))
    both = {"email": "ana@mail.test", "phone_number": "+12025550123", "anonymous_id": "dev-1"}
    body = event("Viewed Product", profile={"data": {"type": "profile", "attributes": both}})
    visitor.call("POST", "/client/events", json=body, query={"company_id": visitor.public})
    known = visitor.known(email="ana@mail.test")
    assert known is not None
    assert (None, ("dev-1",)) == (known.phone, known.anonymous_ids)


def test_guests_who_share_an_id_that_is_none_are_not_one_person(visitor: Visitor) -> None:
    for email in ("ana@mail.test", "bo@mail.test"):
        who = {"email": email, "external_id": "0"}
        post(visitor, "/api/events", event("Rode", profile={"data": {"type": "profile", "attributes": who}}))
    ana, bo = visitor.known(email="ana@mail.test"), visitor.known(email="bo@mail.test")
    assert ana is not None
    assert bo is not None
    assert (True, None) == (ana.person != bo.person, ana.external_id)


def test_an_amount_written_as_text_is_an_amount(visitor: Visitor) -> None:
    post(visitor, "/api/events", event("Placed Order", {"OrderId": "1"}, value="29.9900"))
    assert [2999] == [one.total for one in records(visitor, Kind.ORDER_PLACED, Order)]


def test_amounts_without_a_currency_are_in_the_accounts(visitor: Visitor) -> None:
    post(visitor, "/api/events", event("Rode", value=5, value_currency="JPY"))
    post(visitor, "/api/events", event("Swam", value=500))
    assert ["JPY"] == [one.currency for one in records(visitor, "custom.Swam", Event)]
    assert "JPY" == get(visitor, "/api/accounts")["data"][0]["attributes"]["preferred_currency"]
