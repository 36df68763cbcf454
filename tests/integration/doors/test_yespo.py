"""Yespo's door as its plugins and clients call it: keys, orders, events, the tracker."""

from base64 import b64encode
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire.dialects.doorway import Known, Reply
from orderwire.dialects.yespo.door.door import DOOR
from orderwire.model import Cart, Event, Order
from orderwire.testing.doors import Visitor

ORDER: dict[str, Any] = {
    "externalOrderId": "1001",
    "totalCost": 1000,
    "status": "INITIALIZED",
    "date": "2026-03-01T10:00:00.7022176+03:00",
    "currency": "UAH",
    "email": "ana@mail.test",
}


class Shop:
    """A shop that calls the door with its key, under any user name."""

    def __init__(self, folder: Path, user: str = "") -> None:
        self.visitor = Visitor(folder, DOOR)
        token = b64encode(f"{user}:{self.visitor.secret}".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}", "Accept": "application/json; charset=UTF-8"}

    def call(self, method: str, path: str, json: object = None, **query: str) -> Reply:
        """A call below `/api`."""
        return self.visitor.call(method, f"/api{path}", json=json, headers=self.headers, query=query)

    def order(self, order_id: str = "1001") -> Order:
        """An order as it is known."""
        found = self.visitor.shelves.snapshot(f"order:{order_id}")
        assert isinstance(found, Order)
        return found

    def known(self, email: str) -> Known:
        """A person who must be known."""
        found = self.visitor.known(email=email)
        assert found is not None
        return found

    def track(self, name: str, body: object, **general: object) -> Reply:
        """A tracker call as a page makes it, with nothing but the id of the site."""
        told = {"eventName": name, "siteId": self.visitor.public, "datetime": 1772365000000, **general}
        return self.visitor.call("POST", "/api/v2", json={"GeneralInfo": told, name: body})

    def newest(self) -> dict[str, Any]:
        """The body of the newest fact."""
        found: dict[str, Any] = msgspec.json.decode(self.visitor.facts()[-1].body)
        return found


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def json_of(reply: Reply) -> Any:
    return msgspec.json.decode(reply.body)


@pytest.mark.parametrize("user", ["", "user", "anyvalue", "owner@mail.test"])
def test_any_user_name_goes_with_a_key(user: str, tmp_path: Path) -> None:
    assert 200 == Shop(tmp_path, user).call("GET", "/v1/account/info").status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Basic bm90OmtleQ=="}, 401),
        ({"authorization": "Basic %%%"}, 401),
        ({"authorization": "Basic /////w=="}, 401),
        ({"authorization": "Bearer nonsense"}, 401),
    ],
)
def test_a_bad_key_is_told_in_plain_text(headers: dict[str, str], status: int, shop: Shop) -> None:
    reply = shop.visitor.call("GET", "/api/v1/account/info", headers=headers)
    assert (status, b"Unauthorized") == (reply.status, reply.body)
    assert reply.content_type.startswith("text/plain")


def test_a_key_is_also_taken_as_a_bearer_token_without_a_version_in_the_path(shop: Shop) -> None:
    reply = shop.visitor.call(
        "POST",
        "/api/contact",
        json={"channels": [{"type": "email", "value": "ana@mail.test"}]},
        headers={"authorization": f"Bearer {shop.visitor.secret}"},
    )
    assert 200 == reply.status


def test_the_account_tells_what_modules_check_a_key_by(shop: Shop) -> None:
    told = json_of(shop.call("GET", "/v1/account/info/"))
    assert {"userEmail", "organisationName", "orgId"} == told.keys()
    assert isinstance(told["orgId"], int)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/promocodes", 404),
        ("DELETE", "/v1/orders", 405),
        ("GET", "/v3/event", 404),
        ("PUT", "/v1/orders", 405),
    ],
)
def test_what_is_not_offered_answers_as_an_unknown_call(method: str, path: str, status: int, shop: Shop) -> None:
    assert status == shop.call(method, path).status


def test_orders_that_are_all_taken_answer_without_a_body(shop: Shop) -> None:
    reply = shop.call("POST", "/v1/orders", {"orders": [ORDER]})
    assert (200, b"") == (reply.status, reply.body)
    assert ["order.placed"] == shop.visitor.kinds()


def test_the_documented_example_is_read_whole(shop: Shop) -> None:
    # The seed guide's example: items 990 and shipping 10 make 1000.
    shop.call(
        "POST",
        "/v1/orders",
        {
            "orders": [
                {
                    **ORDER,
                    "externalCustomerId": "77",
                    "phone": "380501112233",
                    "firstName": "Ana",
                    "lastName": "Ruiz",
                    "shipping": 10,
                    "deliveryMethod": "Courier",
                    "paymentMethod": "Card",
                    "deliveryAddress": "Main 1, Kyiv",
                    "storeId": "shop-1",
                    "statusDescription": "new",
                    "additionalInfo": {"gift": "yes"},
                    "items": [
                        {
                            "externalItemId": "P1",
                            "name": "Mug",
                            "category": "Kitchen",
                            "quantity": 2,
                            "cost": 495,
                            "url": "https://shop.test/mug",
                            "imageUrl": "https://shop.test/mug.jpg",
                            "description": "blue",
                        }
                    ],
                }
            ]
        },
    )
    order = shop.order()
    assert datetime(2026, 3, 1, 7, 0, 0, 702217, tzinfo=UTC) == order.placed_at
    assert (100_000, 1000, 99_000) == (order.total, order.shipping, order.lines[0].total)
    assert ("77", "ana@mail.test", "+380501112233") == (
        order.identity.external_id,
        order.identity.email,
        order.identity.phone,
    )
    assert ("Ana", "Ruiz", "shop-1", "new") == (order.first_name, order.last_name, order.store, order.source_status)
    assert {"gift": "yes"} == order.properties
    assert order.shipping_address is not None
    assert "Main 1, Kyiv" == order.shipping_address.line1
    assert ("blue", Decimal(2), ("Kitchen",)) == (
        order.lines[0].properties["description"],
        order.lines[0].quantity,
        order.lines[0].categories,
    )


def test_what_the_plugin_of_woocommerce_sends_is_read(shop: Shop) -> None:
    # Amounts as texts, blanks for nothing, a space for a name, and the line's sum before discount as `cost`.
    order = {
        **ORDER,
        "totalCost": "19.00",
        "shipping": "",
        "discount": "1.00",
        "taxes": "",
        "phone": "",
        "source": "checkout",
        "firstName": " ",
        "items": [{"externalItemId": 12, "name": "Tea", "quantity": 4, "cost": "20"}],
    }
    reply = shop.call("POST", "/v1/orders", {"orders": [order]})
    found = shop.order()
    assert b"" == reply.body
    assert (1900, 0, 100, None, None) == (
        found.total,
        found.shipping,
        found.discount,
        found.identity.phone,
        found.first_name,
    )
    assert (2000, Decimal(5)) == (found.lines[0].total, found.lines[0].unit_price)
    assert "checkout" == found.properties["source"]


def test_what_the_module_of_opencart_sends_is_read(shop: Shop) -> None:
    order = {
        **ORDER,
        "externalOrderId": 9007199254740993,
        "externalCustomerId": 12,
        "totalCost": "10.50",
        "items": [{"externalItemId": 5, "quantity": 3, "cost": "3.5000"}],
    }
    shop.call("POST", "/v1/orders", {"orders": order})
    found = shop.order("9007199254740993")
    assert ("12", 1050, "5") == (found.identity.external_id, found.total, found.lines[0].product_id)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"externalOrderId": ""}, "externalOrderId is empty"),
        ({"totalCost": None}, "totalCost is empty"),
        ({"totalCost": "much"}, "totalCost has a wrong format"),
        ({"status": "SHIPPED"}, "status has a wrong format"),
        ({"date": ""}, "date is empty"),
        ({"date": "yesterday"}, "date has a wrong format"),
        ({"currency": "hryvnia"}, "currency has a wrong format"),
        ({"email": " "}, "externalCustomerId, email and phone are empty"),
        ({"email": "nobody"}, "email has a wrong format"),
        ({"items": [{"quantity": 1}]}, "items.externalItemId is empty"),
        ({"items": [{"externalItemId": "P1"}]}, "items.quantity is empty"),
        ({"additionalInfo": "x"}, "additionalInfo has a wrong format"),
    ],
)
def test_a_bad_order_is_named_and_the_rest_go_on(change: dict[str, Any], error: str, shop: Shop) -> None:
    bad = {**ORDER, "unknownField": [1], **change}
    reply = shop.call("POST", "/v1/orders", {"orders": [bad, {**ORDER, "externalOrderId": "1002"}]})
    assert (200, {"failedOrders": [{"order": bad, "error": error}]}) == (reply.status, json_of(reply))
    assert ["order:1002"] == [fact.subject for fact in shop.visitor.facts()]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"orders":[]}', b"{}", msgspec.json.encode({"orders": [ORDER] * 1001})],
    ids=["nothing", "broken", "list", "none", "other", "too many"],
)
def test_a_call_that_cannot_be_read_is_refused_whole_in_plain_text(body: bytes, shop: Shop) -> None:
    reply = shop.visitor.call("POST", "/api/v1/orders", body=body, headers=shop.headers)
    assert (400, "text/plain;charset=UTF-8") == (reply.status, reply.content_type)
    assert [] == shop.visitor.kinds()


def test_an_order_sent_again_is_no_second_order(shop: Shop) -> None:
    shop.call("POST", "/v1/orders", {"orders": [ORDER, ORDER]})
    shop.call("POST", "/v1/orders", {"orders": [ORDER]})
    assert ["order.placed"] == shop.visitor.kinds()


def test_an_order_goes_through_its_statuses_and_keeps_what_is_not_sent_again(shop: Shop) -> None:
    item = {"externalItemId": "P1", "quantity": 1, "cost": 1000}
    shop.call("POST", "/v1/orders", {"orders": [{**ORDER, "items": [item], "additionalInfo": {"number": "#7"}}]})
    for status in ("IN_PROGRESS", "IN_PROGRESS", "DELIVERED", "CANCELLED", "INITIALIZED"):
        shop.call("POST", "/v1/orders", {"orders": [{**ORDER, "status": status}]})
    order = shop.order()
    assert ["order.placed", "order.paid", "order.delivered", "order.cancelled"] == shop.visitor.kinds()
    assert ("#7", 1, ()) == (order.number, len(order.lines), order.approximate)
    assert order.paid_at is not None
    assert order.delivered_at is not None
    assert order.placed_at < order.paid_at < order.delivered_at


def test_an_old_order_first_met_with_a_later_status_has_an_instant_that_is_only_approximate(shop: Shop) -> None:
    shop.call("POST", "/v1/orders", {"orders": [{**ORDER, "date": "2024-05-01", "status": "DELIVERED"}]})
    order = shop.order()
    assert (order.placed_at, ("delivered_at",)) == (order.delivered_at, order.approximate)
    assert [False, True] == [fact.is_approximate for fact in shop.visitor.facts()]


def test_an_order_without_a_currency_has_that_of_the_other_orders(shop: Shop) -> None:
    shop.call("POST", "/v1/orders", {"orders": [{**ORDER, "currency": "EUR"}]})
    without = {name: value for name, value in ORDER.items() if name != "currency"}
    shop.call("POST", "/v1/orders", {"orders": [{**without, "externalOrderId": "1002"}]})
    assert "EUR" == shop.order("1002").currency


def test_an_abandoned_cart_is_a_cart(shop: Shop) -> None:
    left = {
        **ORDER,
        "status": "ABANDONED_SHOPPING_CART",
        "items": [{"externalItemId": "P1", "quantity": 1, "cost": 5}],
    }
    shop.call("POST", "/v1/orders", {"orders": [left]})
    cart = shop.visitor.shelves.snapshot("cart:1001")
    assert isinstance(cart, Cart)
    assert ["cart.updated", "cart.abandoned"] == shop.visitor.kinds()


def test_two_guests_are_two_people(shop: Shop) -> None:
    guests = [
        {**ORDER, "externalOrderId": name, "externalCustomerId": 0, "email": f"{name}@mail.test"} for name in "ab"
    ]
    shop.call("POST", "/v1/orders", {"orders": guests})
    assert shop.known("a@mail.test").person != shop.known("b@mail.test").person


def test_an_order_states_no_consent(shop: Shop) -> None:
    shop.call("POST", "/v1/orders", {"orders": [ORDER]})
    assert {} == shop.known("ana@mail.test").consent


def event(name: str, *, key: str = "k1", **params: object) -> dict[str, Any]:
    return {
        "eventTypeKey": name,
        "keyValue": key,
        "params": [{"name": one, "value": value} for one, value in params.items()],
    }


@pytest.mark.parametrize("path", ["/v1/event", "/v2/event", "/event"])
def test_an_event_is_taken_without_a_body_and_happens_on_receipt(path: str, shop: Shop) -> None:
    reply = shop.call("POST", path, event("wishlist", EmailAddress="ana@mail.test", product_id="P1"))
    told = shop.newest()
    assert (200, b"") == (reply.status, reply.body)
    assert ("custom.wishlist", {"product_id": "P1"}, "ana@mail.test") == (
        told["name"],
        told["properties"],
        told["identity"]["email"],
    )
    assert shop.visitor.now == shop.visitor.facts()[-1].occurred_at


def test_an_event_finds_its_contact_by_the_contacts_id(shop: Shop) -> None:
    made = shop.call("POST", "/v1/contact", {"channels": [{"type": "email", "value": "ana@mail.test"}]})
    shop.call("POST", "/v2/event", event("wish", contactId=json_of(made)["id"], externalCustomerId="null"))
    assert shop.known("ana@mail.test").person == shop.visitor.facts()[-1].person


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"keyValue": "k"}, "eventTypeKey is required"),
        ({"eventTypeKey": "a;b", "keyValue": "k"}, "eventTypeKey contains forbidden characters"),
        ({"eventTypeKey": "a" * 101, "keyValue": "k"}, "eventTypeKey is longer than 100 characters"),
        ({"eventTypeKey": "a", "keyValue": "k" * 301}, "keyValue is longer than 300 characters"),
        ({"eventTypeKey": "a", "params": []}, "keyValue is required"),
        ({"eventTypeKey": "a", "keyValue": "k", "params": [{"value": 1}]}, "params: name is required"),
        ({"eventTypeKey": "a", "keyValue": "k", "params": [{"name": "n"}]}, "params: value is required"),
        (
            {"eventTypeKey": "a", "keyValue": "k", "params": [{"name": "n", "value": 1}, {"name": "n", "value": 2}]},
            "params: names must be unique",
        ),
    ],
)
def test_an_event_in_a_wrong_form_is_refused(given: dict[str, Any], text: str, shop: Shop) -> None:
    reply = shop.call("POST", "/v1/event", given)
    assert (400, text.encode()) == (reply.status, reply.body)


def test_an_event_larger_than_20_kb_is_refused(shop: Shop) -> None:
    assert 413 == shop.call("POST", "/v1/event", event("wish", note="x" * 21_000)).status


def test_an_order_lives_through_events_alone(shop: Shop) -> None:
    items = msgspec.json.encode([{"externalItemId": "P1", "quantity": 2, "cost": 5, "name": "Mug"}]).decode()
    order = {"externalOrderId": "E1", "totalCost": "10", "currency": "USD", "email": "ana@mail.test"}
    shop.call("POST", "/v1/event", event("orderCreated", **order, date="2026-03-01T09:00:00Z", items=items))
    shop.call("POST", "/v1/event", event("orderDelivered", externalOrderId="E1", email="ana@mail.test"))
    found = shop.order("E1")
    assert ["order.placed", "order.delivered"] == shop.visitor.kinds()
    assert (1000, Decimal(2), ()) == (found.total, found.lines[0].quantity, found.approximate)


def past(name: str, day: int, total: int, **more: object) -> dict[str, Any]:
    order = {"externalOrderId": "E1", "totalCost": total, "currency": "USD", "email": "ana@mail.test"}
    items = [{"externalItemId": "P1", "quantity": 1, "cost": total, "name": "Mug"}]
    return {**event(name, **order, items=items, **more), "occurred": f"2025-05-{day:02}T09:00:00Z"}


LIFE = (
    past("orderCreated", 1, 10, date="2025-05-01T09:00:00Z", firstName="Ana"),
    past("orderUpdated", 2, 20, status="IN_PROGRESS"),
    past("orderUpdated", 3, 30, status="IN_PROGRESS"),
    past("orderDelivered", 4, 40, deliveryMethod="Post"),
)


@pytest.mark.parametrize("places", [(0, 1, 2, 3), (0, 3, 1, 2), (3, 2, 1, 0, 1), (2, 0, 3, 1)])
def test_dated_order_events_in_any_order_end_as_the_same_order(places: tuple[int, ...], shop: Shop) -> None:
    for place in places:
        shop.call("POST", "/v2/past_events", {"events": [LIFE[place]]})
    found = shop.order("E1")
    days = [at.day if at else None for at in (found.placed_at, found.delivered_at, found.updated_at)]
    assert ([1, 4, 4], 4000, 4000) == (days, found.total, sum(line.total for line in found.lines))
    assert ("Ana", "Post", ()) == (found.first_name, found.shipping_method, found.approximate)
    assert {"order.placed", "order.paid", "order.delivered"} == set(shop.visitor.kinds()) - {"order.updated"}


def test_an_old_refund_stays_in_the_newest_order(shop: Shop) -> None:
    refund = {"externalOrderId": "E1", "refundId": "R1", "refundedCost": 5, "email": "ana@mail.test"}
    told = {**event("orderRefunded", **refund), "occurred": "2025-05-03T10:00:00Z"}
    shop.call("POST", "/v2/past_events", {"events": [LIFE[0], LIFE[3], told]})
    assert ([("R1", 500)], 4000) == (
        [(one.refund_id, one.amount) for one in shop.order("E1").refunds],
        shop.order("E1").total,
    )


def test_an_order_event_that_says_too_little_is_kept_as_an_event(shop: Shop) -> None:
    shop.call("POST", "/v1/event", event("orderDelivered", externalOrderId="E1", email="ana@mail.test"))
    assert ["custom.orderDelivered"] == shop.visitor.kinds()


def test_past_events_answer_for_each_and_are_history(shop: Shop) -> None:
    def past(**more: object) -> dict[str, Any]:
        return {**event("wish", email="ana@mail.test"), **more}

    reply = shop.call(
        "POST",
        "/v2/past_events",
        {
            "events": [
                past(occurred="2025-01-01T10:00"),
                past(),
                past(occurred="soon"),
                past(occurred="2027-01-01T10:00:00Z"),
            ]
        },
    )
    statuses = ["ACCEPTED", "OCCURRED_DATE_IS_REQUIRED", "INCORRECT_OCCURRED_DATE_FORMAT", "OCCURRED_TIME_IN_FUTURE"]
    assert {
        "results": [{"status": status} for status in statuses],
        "successCount": 1,
        "errorCount": 3,
    } == json_of(reply)
    assert [(True, datetime(2025, 1, 1, 10, tzinfo=UTC))] == [
        (fact.is_imported, fact.occurred_at) for fact in shop.visitor.facts()
    ]


def test_the_same_past_event_twice_is_one_and_one_result_stands_alone(shop: Shop) -> None:
    call = {"events": [{**event("wish", email="ana@mail.test"), "occurred": "2025-01-01T10:00"}]}
    shop.call("POST", "/v1/past_events", call)
    assert {"status": "ACCEPTED"} == json_of(shop.call("POST", "/v1/past_events", call))["results"]
    assert ["custom.wish"] == shop.visitor.kinds()


def test_a_page_reports_with_nothing_but_the_id_of_its_site(shop: Shop) -> None:
    made = shop.call("POST", "/v1/site/domains", {"domain": "shop.test"})
    again = shop.call("POST", "/v1/site/domains", {"domain": "shop.test"})
    assert (201, 200) == (made.status, again.status)
    assert shop.visitor.public == json_of(made)["siteId"]
    body = {"Product": {"productKey": "7", "price": "754 USD", "isInStock": 1}}
    reply = shop.track("ProductPage", body, cookies={"sc": "visitor-1"})
    told = shop.newest()
    assert (200, b"", "product.viewed") == (reply.status, reply.body, told["name"])
    assert {"product_id": "7", "in_stock": True, "price": 754} == told["properties"]
    assert {"anonymous_id": "visitor-1"} == told["identity"]


def test_a_cart_of_a_page_goes_by_the_visitor_and_may_be_emptied(shop: Shop) -> None:
    product = {"productKey": 7, "price": "10.50", "quantity": "2", "price_currency_code": "USD"}
    shop.track("StatusCart", {"GUID": "a", "Products": [product]}, cookies={"sc": "v1"}, user_email="ana@mail.test")
    shop.track("StatusCart", {"GUID": "b", "Products": []}, cookies={"sc": "v1"})
    carts = [msgspec.json.decode(fact.body, type=Cart) for fact in shop.visitor.facts()]
    assert [("v1", 2100, "USD"), ("v1", 0, "USD")] == [(one.cart_id, one.total, one.currency) for one in carts]


def test_who_looked_is_joined_with_who_said_their_address(shop: Shop) -> None:
    shop.track("MainPage", {}, cookies={"sc": "v1"})
    shop.track("CustomerData", {"user_email": "ana@mail.test", "externalCustomerId": "77"}, cookies={"sc": "v1"})
    assert ("77", ("v1",)) == (shop.known("ana@mail.test").external_id, shop.known("ana@mail.test").anonymous_ids)


def test_the_second_post_of_the_shop_plugin_joins_a_visitor_with_a_customer(shop: Shop) -> None:
    # The plugin of WooCommerce tells the same person once more without the envelope, with its key.
    shop.track("MainPage", {}, cookies={"sc": "v1"})
    told = {"externalCustomerId": 77, "webId": "v1", "orgId": 5, "email": "ana@mail.test", "phone": "380501112233"}
    assert 200 == shop.visitor.call("POST", "/api/v2", json=told, headers=shop.headers).status
    known = shop.known("ana@mail.test")
    assert ("77", "+380501112233", ("v1",)) == (known.external_id, known.phone, known.anonymous_ids)


def test_what_the_app_of_shopify_sends_is_read(shop: Shop) -> None:
    # Line totals as `cost`, line ids as item ids, a phone with its plus, a batch answered without a body.
    order = {
        **ORDER,
        "totalCost": 45.0,
        "shipping": 5,
        "status": "DELIVERED",
        "phone": "+380501112233",
        "items": [
            {"externalItemId": "14001", "name": "Mug", "quantity": 3, "cost": 30},
            {"externalItemId": "14002", "name": "Tea", "quantity": 1, "cost": 10},
        ],
    }
    assert b"" == shop.call("POST", "/v1/orders", {"orders": [order]}).body
    assert [(3000, Decimal(10)), (1000, Decimal(10))] == [
        (line.total, line.unit_price) for line in shop.order().lines
    ]


def test_a_purchase_on_a_page_is_an_event_and_no_order(shop: Shop) -> None:
    bought = {"OrderNumber": "1001", "Products": [{"product_id": "7", "unit_price": "5", "quantity": 1}]}
    shop.track("PurchasedItems", bought, cookies={"sc": "v1"})
    told = msgspec.json.decode(shop.visitor.facts()[-1].body, type=Event)
    assert ("custom.PurchasedItems", "1001") == (told.name, told.properties["OrderNumber"])


def test_the_id_of_a_site_opens_nothing_but_the_tracker(shop: Shop) -> None:
    token = b64encode(f":{shop.visitor.public}".encode()).decode()
    reply = shop.visitor.call(
        "POST", "/api/v1/orders", json={"orders": [ORDER]}, headers={"authorization": f"Basic {token}"}
    )
    assert 403 == reply.status


def test_a_tracker_call_for_an_unknown_site_is_refused(shop: Shop) -> None:
    told = {"GeneralInfo": {"eventName": "MainPage", "siteId": "nobody", "cookies": {"sc": "v1"}}}
    assert 401 == shop.visitor.call("POST", "/api/v2", json=told).status


def test_a_product_that_is_not_known_waits_for_its_description(shop: Shop) -> None:
    update = {
        "GeneralInfo": {"eventName": "ProductUpdate"},
        "ProductUpdate": [{"product_id": "7", "isInStock": 0, "unit_price": "5"}],
    }
    reply = shop.visitor.call("POST", "/api/v2", json=update, headers=shop.headers)
    assert (200, []) == (reply.status, shop.visitor.kinds())


def test_the_script_of_a_page_reports_to_this_door(shop: Shop) -> None:
    reply = shop.call("GET", "/v1/site/script")
    assert reply.content_type.startswith("text/plain")
    assert b'"http://orderwire.test/api/v2"' in reply.body
    assert shop.visitor.public.encode() in reply.body


@pytest.mark.parametrize("path", ["/v1/site/webpush/domain", "/v1/site/webpush/domains"])
def test_web_push_is_refused_as_the_apps_read_it(path: str, shop: Shop) -> None:
    told = json_of(shop.call("POST", path, {"domain": "shop.test", "domains": [{"domain": "shop.test"}]}))
    assert {"domain": "shop.test", "message": "Web push is not available"} == told["errors"]
