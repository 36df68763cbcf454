"""Orders, carts and custom events as /v3 keeps them: resources with statuses, in whole cents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire.dialects.doorway import Reply
from orderwire.dialects.omnisend.door.door import DOOR
from orderwire.model import Cart, Event, Identity, Order, Product, RefundKind
from orderwire.testing.doors import Visitor

ANA = "ana@mail.test"
NOW = "2026-03-01T11:00:00Z"
LINE = {"productID": "P", "variantID": "V", "title": "Juice", "quantity": 2, "price": 1560}
CART_LINE = {"cartProductID": "L1", **LINE, "quantity": 1}
CART = {"cartID": "C", "email": ANA, "currency": "EUR", "cartSum": 1560, "products": [CART_LINE]}


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    made = Visitor(tmp_path, DOOR)
    yield made
    made.close()


def ask(visitor: Visitor, method: str, path: str, body: object = None, **query: str) -> Reply:
    return visitor.call(method, path, json=body, headers={"X-API-KEY": visitor.secret}, query=query)


def answer(reply: Reply) -> Any:
    return json.loads(reply.body)


def order(**more: Any) -> dict[str, Any]:
    plain = {"orderID": "O1", "email": ANA, "currency": "EUR", "orderSum": 3120, "createdAt": NOW, "products": [LINE]}
    return plain | {"orderNumber": 10001} | more


def newest(visitor: Visitor) -> Order:
    found = visitor.shelves.snapshot("order:O1")
    assert isinstance(found, Order)
    return found


def cart(visitor: Visitor) -> Cart:
    found = visitor.shelves.snapshot("cart:C")
    assert isinstance(found, Cart)
    return found


def test_an_order_is_created_read_and_read_again(visitor: Visitor) -> None:
    made = ask(visitor, "POST", "/v3/orders", order(cartID="C", discountCode="X", discountSum=100, discountValue=100))
    assert (200, {"orderID": "O1", "email": ANA}) == (made.status, answer(made))
    shown = answer(ask(visitor, "GET", "/v3/orders/O1"))
    wanted = {
        "orderID": "O1",
        "email": ANA,
        "phone": "",
        "cartID": "C",
        "emailID": None,
        "orderSum": 3120,
        "orderNumber": 10001,
        "createdAt": NOW,
        "discountCode": "X",
        "discountValue": 100,
        "canceledDate": None,
        "paymentStatus": "awaitingPayment",
        "fulfillmentStatus": "unfulfilled",
        "taxSum": 0,
    }
    assert wanted == {name: shown[name] for name in wanted}
    assert [("P", "V", "Juice", 2, 1560, 0)] == [
        tuple(one[name] for name in ("productID", "variantID", "title", "quantity", "price", "discount"))
        for one in shown["products"]
    ]
    assert 24 == len(shown["contactID"])


@pytest.mark.parametrize(
    ("currency", "total", "expected"), [("EUR", 3120, 3120), ("JPY", 312000, 3120), ("KWD", 3120, 31200)]
)
def test_cents_are_hundredths_whatever_the_currency(
    visitor: Visitor, currency: str, total: int, expected: int
) -> None:
    ask(visitor, "POST", "/v3/orders", order(currency=currency, orderSum=total))
    assert (expected, total) == (newest(visitor).total, answer(ask(visitor, "GET", "/v3/orders/O1"))["orderSum"])


def test_statuses_become_happenings_when_they_change(visitor: Visitor) -> None:
    ask(visitor, "POST", "/v3/orders", order())
    for change in (
        {"paymentStatus": "paid"},
        {"fulfillmentStatus": "fulfilled", "trackingCode": "T1", "courierTitle": "DHL"},
        {"fulfillmentStatus": "delivered"},
        {"paymentStatus": "refunded"},
        {"canceledDate": "2026-03-01T11:30:00Z", "cancelReason": "moved"},
    ):
        reply = ask(visitor, "PATCH", "/v3/orders/O1", change)
        assert (200, {"orderID": "O1", "email": ANA}) == (reply.status, answer(reply))
    kinds = ["placed", "paid", "fulfilled", "delivered", "refunded", "cancelled"]
    assert [f"order.{kind}" for kind in kinds] == visitor.kinds()
    found = newest(visitor)
    assert (3120, RefundKind.FULL, "moved", ()) == (
        found.refunded,
        found.refunds[0].kind,
        found.cancel_reason,
        found.approximate,
    )
    shown = answer(ask(visitor, "GET", "/v3/orders/O1"))
    assert ("refunded", "delivered", "T1", "2026-03-01T11:30:00Z") == tuple(
        shown[name] for name in ("paymentStatus", "fulfillmentStatus", "trackingCode", "canceledDate")
    )


def test_the_same_order_again_adds_nothing(visitor: Visitor) -> None:
    body = order(paymentStatus="paid", fulfillmentStatus="fulfilled", trackingCode="T1")
    for method, path in (("POST", "/v3/orders"), ("POST", "/v3/orders"), ("PUT", "/v3/orders/O1")):
        ask(visitor, method, path, body)
    assert ["order.placed", "order.paid", "order.fulfilled"] == visitor.kinds()


def test_a_code_that_follows_is_no_second_parcel(visitor: Visitor) -> None:
    ask(visitor, "POST", "/v3/orders", order(fulfillmentStatus="fulfilled"))
    ask(visitor, "PATCH", "/v3/orders/O1", {"trackingCode": "T1"})
    assert ["order.placed", "order.fulfilled", "order.updated"] == visitor.kinds()
    assert "T1" == answer(ask(visitor, "GET", "/v3/orders/O1"))["trackingCode"]


@pytest.mark.parametrize(
    ("created_at", "updated_at", "approximate", "paid_at"),
    [
        (NOW, None, (), NOW),
        ("2021-01-01T00:00:00Z", None, ("paid_at",), "2021-01-01T00:00:00Z"),
        ("2021-01-01T00:00:00Z", "2021-02-01T00:00:00Z", ("paid_at",), "2021-02-01T00:00:00Z"),
    ],
)
def test_the_instant_of_an_old_status_is_named_approximate(
    visitor: Visitor, created_at: str, updated_at: str | None, approximate: tuple[str, ...], paid_at: str
) -> None:
    ask(visitor, "POST", "/v3/orders", order(createdAt=created_at, updatedAt=updated_at, paymentStatus="paid"))
    found = newest(visitor)
    assert (approximate, paid_at.replace("Z", "+00:00")) == (found.approximate, found.paid_at.isoformat())  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "change",
    [{"email": None}, {"email": "nobody"}, {"currency": "EURO"}, {"orderSum": 1.5}, {"createdAt": "then"},
     {"orderSum": None}, {"paymentStatus": "maybe"}, {"products": [{"title": "Mug"}]}, {"orderID": ""}],
)  # fmt: skip
def test_an_order_that_breaks_the_contract_is_refused(visitor: Visitor, change: dict[str, Any]) -> None:
    reply = ask(visitor, "POST", "/v3/orders", order(**change))
    assert (400, []) == (reply.status, visitor.kinds())
    assert answer(reply)["fields"]


def test_an_order_finds_its_person_by_contact(visitor: Visitor) -> None:
    made = answer(ask(visitor, "POST", "/v3/contacts", {"email": ANA}))
    body = {name: value for name, value in order().items() if name != "email"} | {"contactID": made["contactID"]}
    assert {"orderID": "O1", "email": ANA} == answer(ask(visitor, "POST", "/v3/orders", body))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["O1", "O2", "O3"]),
        ({"email": ANA}, ["O1", "O3"]),
        ({"email": "nobody@mail.test"}, []),
        ({"paymentStatus": "paid"}, ["O2"]),
        ({"sort": "orderSum"}, ["O3", "O2", "O1"]),
        ({"sort": "orderSum", "limit": "1", "offset": "1"}, ["O2"]),
        ({"dateFrom": "2026-03-02"}, []),
    ],
)
def test_orders_are_listed_and_filtered(visitor: Visitor, query: dict[str, str], found: list[str]) -> None:
    ask(visitor, "POST", "/v3/orders", order(orderSum=1, updatedAt=NOW))
    ask(visitor, "POST", "/v3/orders", order(orderID="O2", orderSum=2, email="b@mail.test", paymentStatus="paid"))
    ask(visitor, "POST", "/v3/orders", order(orderID="O3", orderSum=3, updatedAt=NOW))
    assert found == [one["orderID"] for one in answer(ask(visitor, "GET", "/v3/orders", **query))["orders"]]


def test_a_deleted_order_is_shown_no_more_and_stays_in_the_log(visitor: Visitor) -> None:
    ask(visitor, "POST", "/v3/orders", order())
    assert 204 == ask(visitor, "DELETE", "/v3/orders/O1").status
    assert [404, 404] == [ask(visitor, method, "/v3/orders/O1").status for method in ("GET", "DELETE")]
    assert [] == answer(ask(visitor, "GET", "/v3/orders"))["orders"]
    assert ["order.placed"] == visitor.kinds()
    assert 200 == ask(visitor, "POST", "/v3/orders", order()).status
    assert 200 == ask(visitor, "GET", "/v3/orders/O1").status


def test_an_order_told_by_events_is_shown_as_a_resource(visitor: Visitor) -> None:
    line = {"productID": "P", "productVariantID": "V", "productTitle": "Mug", "productQuantity": 2, "productPrice": 5}
    said = {"orderID": "O1", "currency": "EUR", "totalPrice": 10, "totalTax": 1.6, "lineItems": [line]}
    ask(visitor, "POST", "/v5/events", {"eventName": "paid for order", "contact": {"email": ANA}, "properties": said})
    shown = answer(ask(visitor, "GET", "/v3/orders/O1"))
    assert (1000, 160, "paid", 500) == (
        shown["orderSum"],
        shown["taxSum"],
        shown["paymentStatus"],
        shown["products"][0]["price"],
    )


def test_a_batch_of_orders_answers_by_order(visitor: Visitor) -> None:
    items = [order(), order(orderID="O2", email="b@mail.test"), order(orderID="O3", currency=None)]
    made = ask(visitor, "POST", "/v3/batches", {"method": "POST", "endpoint": "orders", "items": items})
    batch = answer(ask(visitor, "GET", f"/v3/batches/{answer(made)['batchID']}/items"))
    assert [("1", "O1"), ("2", "O2")] == [(one["itemID"], one["response"]["orderID"]) for one in batch["responses"]]
    assert [("3", 400, "O3")] == [
        (one["itemID"], one["responseCode"], one["request"]["orderID"]) for one in batch["errors"]
    ]
    put = [order(orderSum=5), order(orderID="none")]
    made = ask(visitor, "POST", "/v3/batches", {"method": "PUT", "endpoint": "orders", "items": put})
    batch = answer(ask(visitor, "GET", f"/v3/batches/{answer(made)['batchID']}/items"))
    assert [404] == [one["responseCode"] for one in batch["errors"]]
    assert 5 == newest(visitor).total


def test_a_browsers_key_adds_no_order(visitor: Visitor) -> None:
    for path, body in (
        ("/v3/orders", order()),
        ("/v3/batches", {"method": "POST", "endpoint": "orders", "items": [order()]}),
    ):
        reply = visitor.call("POST", path, json=body, headers={"X-API-KEY": visitor.public})
        assert (403, []) == (reply.status, visitor.kinds())


def test_a_browsers_key_takes_nothing_of_an_order_away(visitor: Visitor) -> None:
    ask(visitor, "POST", "/v3/orders", order(products=[LINE | {"tags": ["fresh"]}]))
    said = {"orderID": "O1", "currency": "EUR", "totalPrice": 1}
    contact = {"email": ANA, "firstName": "Ana"}
    body = {"eventName": "placed order", "origin": "api", "contact": contact, "properties": said}
    assert 202 == visitor.call("POST", "/v5/events", json=body, headers={"X-API-KEY": visitor.public}).status
    shown = answer(ask(visitor, "GET", "/v3/orders/O1"))
    assert (3120, ["fresh"]) == (shown["orderSum"], shown["products"][0]["tags"])


def test_a_cart_lives_as_recorded(visitor: Visitor) -> None:
    made = ask(visitor, "POST", "/v3/carts", CART)
    assert (200, {"cartID": "C", "email": ANA}) == (made.status, answer(made))
    shown = answer(ask(visitor, "GET", "/v3/carts/C"))
    line = {
        "cartProductID": "L1",
        "productID": "P",
        "variantID": "V",
        "title": "Juice",
        "description": "",
        "quantity": 1,
        "price": 1560,
        "oldPrice": None,
        "discount": 0,
        "productUrl": "",
        "imageUrl": "",
        "sku": "",
    }
    assert (ANA, "", "", None, 1560, [line]) == tuple(
        shown[name] for name in ("email", "phone", "cartRecoveryUrl", "emailID", "cartSum", "products")
    )
    patched = ask(visitor, "PATCH", "/v3/carts/C", {"cartRecoveryUrl": "https://shop.test/c"})
    assert (200, {"cartID": "C"}, "https://shop.test/c") == (patched.status, answer(patched), cart(visitor).url)
    assert 204 == ask(visitor, "DELETE", "/v3/carts/C").status
    assert (404, (), 0) == (ask(visitor, "GET", "/v3/carts/C").status, cart(visitor).lines, cart(visitor).total)


def test_lines_go_into_a_cart_and_out_of_it(visitor: Visitor) -> None:
    ask(visitor, "POST", "/v3/carts", CART)
    second = CART_LINE | {"cartProductID": "L2", "productID": "Q", "variantID": "Q"}
    made = ask(visitor, "POST", "/v3/carts/C/products", second)
    reply = {"cartID": "C", "cartProductID": "L2", "productID": "Q", "variantID": "Q"}
    assert (200, reply, 3120) == (made.status, answer(made), cart(visitor).total)
    again = ask(visitor, "POST", "/v3/carts/C/products", second)
    told = " *Product with cartProductID L2 already exists in the Cart; "
    assert (422, {"error": told}) == (again.status, answer(again))
    assert 200 == ask(visitor, "PATCH", "/v3/carts/C/products/L2", {"quantity": 3}).status
    assert [(1, 1560), (3, 4680)] == [(line.quantity, line.total) for line in cart(visitor).lines]
    assert 200 == ask(visitor, "PUT", "/v3/carts/C/products/L2", LINE | {"price": 100}).status
    assert 204 == ask(visitor, "DELETE", "/v3/carts/C/products/L1").status
    assert (200, ["L2"]) == (cart(visitor).total, [line.line_id for line in cart(visitor).lines])
    assert 404 == ask(visitor, "DELETE", "/v3/carts/C/products/L1").status


def test_a_missing_cart_is_made_by_the_call_that_follows_its_404(visitor: Visitor) -> None:
    assert 404 == ask(visitor, "PUT", "/v3/carts/C", CART).status
    assert 200 == ask(visitor, "POST", "/v3/carts", CART).status
    assert 200 == ask(visitor, "PUT", "/v3/carts/C", CART | {"cartSum": 1}).status
    assert [1] == [one["cartSum"] for one in answer(ask(visitor, "GET", "/v3/carts", email=ANA))["carts"]]
    assert [] == answer(ask(visitor, "GET", "/v3/carts", email="b@mail.test"))["carts"]


def test_keys_are_met_in_any_case(visitor: Visitor) -> None:
    line = {"cartproductid": "L1", "productId": "P", "variantId": "V", "title": "Mug", "quantity": 1, "price": 100}
    body = {"cartId": "C", "Email": ANA, "currency": "EUR", "cartsum": 100, "products": [line]}
    assert 200 == ask(visitor, "POST", "/v3/carts", body).status
    assert ["V"] == [one.variant_id for one in cart(visitor).lines]


def test_a_custom_event_is_declared_by_its_first_use(visitor: Visitor) -> None:
    fields = {
        "size": "M",
        "bust": 10.0,
        "dry": True,
        "weight": 12.2,
        "until": "2017-05-30T14:11:12Z",
        "day": "2017-05-30",
    }
    body = {
        "name": "My event",
        "systemName": "myEvent",
        "email": ANA,
        "fields": fields | {"url": "https://shop.test"},
    }
    made = ask(visitor, "POST", "/v3/events", body)
    assert (204, b"") == (made.status, made.body)
    (event_type,) = answer(ask(visitor, "GET", "/v3/events"))
    assert ("My event", "myEvent", True, 24) == (
        event_type["name"],
        event_type["systemName"],
        event_type["enabled"],
        len(event_type["eventID"]),
    )
    types = {"size": "string", "bust": "int", "dry": "bool", "weight": "float", "until": "dateTime", "day": "date"}
    assert types | {"url": "url"} == {one["systemName"]: one["type"] for one in event_type["fields"]}
    by_id = f"/v3/events/{event_type['eventID']}"
    assert event_type == answer(ask(visitor, "GET", by_id))
    assert 204 == ask(visitor, "POST", by_id, {"phone": "+37060000000", "fields": {"size": "L"}}).status
    assert 400 == ask(visitor, "POST", "/v3/events", body | {"fields": {"bust": "much"}}).status
    assert 404 == ask(visitor, "POST", f"/v3/events/{'0' * 24}", body).status
    assert ["custom.My event"] * 2 == visitor.kinds()
    told = [msgspec.json.decode(fact.body, type=Event) for fact in visitor.facts()]
    assert [(Identity(email=ANA), "M"), (Identity(phone="+37060000000"), "L")] == [
        (one.identity, one.properties["size"]) for one in told
    ]


def test_a_batch_of_custom_events_names_its_kind_once(visitor: Visitor) -> None:
    ask(visitor, "POST", "/v3/events", {"systemName": "worn", "email": ANA, "fields": {"size": 1}})
    event_id = answer(ask(visitor, "GET", "/v3/events"))[0]["eventID"]
    items = [{"email": ANA, "fields": {"size": 2}}, {"fields": {"size": 3}}, {"email": ANA, "fields": {"size": 2}}]
    batch = {"method": "POST", "endpoint": "events", "eventID": event_id, "items": items}
    made = answer(ask(visitor, "POST", "/v3/batches", batch))
    header = answer(ask(visitor, "GET", f"/v3/batches/{made['batchID']}"))
    assert (event_id, 3, 1) == (header["eventID"], header["finishedCount"], header["errorsCount"])
    assert ["custom.worn"] * 3 == visitor.kinds()


def test_images_and_old_prices_of_a_product_come_back_exactly(visitor: Visitor) -> None:
    product = {
        "productID": "P",
        "title": "Juice",
        "status": "inStock",
        "description": "Cold",
        "currency": "EUR",
        "productUrl": "https://shop.test/p",
        "vendor": "Kiln",
        "type": "drink",
        "categoryIDs": ["c1"],
        "tags": ["t1"],
        "createdAt": "2021-01-01T00:00:00Z",
        "updatedAt": "2021-01-01T00:00:00Z",
        "images": [{"imageID": "i", "url": "https://shop.test/i.jpg", "isDefault": True, "variantIDs": ["V"]}],
        "variants": [
            {
                "variantID": "V",
                "title": "Bottle",
                "sku": "S",
                "price": 1399,
                "oldPrice": 1599,
                "productUrl": "https://shop.test/p",
                "status": "inStock",
                "imageID": "i",
            }
        ],
    }
    ask(visitor, "POST", "/v3/products/", product)
    assert product == answer(ask(visitor, "GET", "/v3/products/P"))
    assert [product] == answer(ask(visitor, "GET", "/v3/products", vendor="Kiln", sort="updatedAt"))["products"]
    found = visitor.shelves.snapshot("product:P")
    assert isinstance(found, Product)
    assert ("https://shop.test/i.jpg", "15.99", "drink") == (
        found.variants[0].image_url,
        str(found.variants[0].compare_at_price),
        found.properties["type"],
    )
