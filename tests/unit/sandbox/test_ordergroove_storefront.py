"""What the stand-in of Ordergroove answers a shop's pages: as strict with customers as with the merchant."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from orderwire.sandbox.kit import Answer, FaultPlan, ReceptionLog
from orderwire.sandbox.kit.server import Exchange
from orderwire.sandbox.ordergroove import Ordergroove
from orderwire.sandbox.ordergroove.programme import SUCCESS, UNSENT, Order
from orderwire.sandbox.ordergroove.shapes import MERCHANT, OFFER
from orderwire.sandbox.ordergroove.storefront import signature
from orderwire.testing.shopfronts import HandClock

HOUR = 3600
OFFERED = f"/offer/{MERCHANT}/pdp?session_id=s.1.1&page_type=1&module_view=%5B%22regular%22%5D&p="


class Page:
    """A shop's page on which a customer is signed in."""

    def __init__(self, **options: Any) -> None:
        self.clock = HandClock()
        self.stand_in = Ordergroove(self.clock, {"key": "k", "hash_key": "store-key", "every": 0, **options})
        self.programme = self.stand_in.programme
        self.exchange = Exchange(self.stand_in, ReceptionLog(None), FaultPlan())
        self.order = next(one for one in self.programme.orders.values() if one.status == UNSENT)
        self.customer = self.order.customer

    def signed(self, **changed: Any) -> str:
        """The signature that the shop's server gives, or one that is changed."""
        sent = int(self.clock.seconds())
        sig = signature("store-key", self.customer, sent)
        return json.dumps({"public_id": MERCHANT, "sig_field": self.customer, "ts": sent, "sig": sig} | changed)

    def call(self, method: str, address: str, body: Any = None, **headers: str) -> Answer:
        """Make a call, with a signature unless another one is given."""
        parts = urlsplit(address)
        given = {"origin": "https://shop.test", "authorization": self.signed()} | headers
        return self.exchange.receive(
            method=method,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            headers={name: value for name, value in given.items() if value},
            body=b"" if body is None else json.dumps(body).encode(),
        ).answer

    def product(self) -> str:
        """Something that is not in the order to come."""
        held = {one.product for one in self.programme.items_of(self.order.id)}
        return next(one for one in self.programme.products if one not in held)

    def added(self, **changed: Any) -> Answer:
        """Put something into the order to come."""
        body = {"product": self.product(), "order": self.order.id, "quantity": 1, "offer": OFFER}
        return self.call("POST", "/items/iu/", body | changed)

    def subscribed(self, **changed: Any) -> Answer:
        """Subscribe to something that was just put into it."""
        item = self.added().body["public_id"]
        body = {"item": item, "every": 8, "every_period": 2, "offer": OFFER, "session_id": "s.1.1"}
        return self.call("POST", "/subscriptions/create_from_item/", body | changed)


@pytest.fixture
def page() -> Page:
    return Page()


def others(page: Page) -> Order:
    """An order to come of somebody else."""
    every = page.programme.orders.values()
    return next(one for one in every if one.status == UNSENT and one.customer != page.customer)


def test_a_signature_is_the_one_that_is_documented() -> None:
    assert "8d6FauAVG3DLKDC4D37oicpWzeBhWj5Xt8yuoUnxZjE=" == signature("store-key", "cust1", 1_700_000_000)


@pytest.mark.parametrize(
    "changed",
    [
        {"sig": "8d6FauAVG3DLKDC4D37oicpWzeBhWj5Xt8yuoUnxZjE="},
        {"sig_field": "somebody"},
        {"sig_field": "\ud800"},
        {"public_id": "0" * 32},
        {"ts": "1772445600"},
        {"ts": 1},
        {"trust_level": "recognized"},
    ],
)
def test_a_signature_that_is_not_genuine_opens_nothing(page: Page, changed: dict[str, Any]) -> None:
    answer = page.call("GET", "/orders/", authorization=page.signed(**changed))
    assert (403, {"detail": "Authentication Failed"}) == (answer.status, answer.body)


@pytest.mark.parametrize(("age", "status"), [(2 * HOUR, 200), (2 * HOUR + 1, 403), (-2 * HOUR - 1, 403)])
def test_a_signature_counts_for_two_hours(page: Page, age: int, status: int) -> None:
    sent = int(page.clock.seconds()) - age
    old = page.signed(ts=sent, sig=signature("store-key", page.customer, sent))
    assert status == page.call("GET", "/orders/", authorization=old).status


def test_a_customer_sees_what_is_theirs(page: Page) -> None:
    nouns = ("customers", "subscriptions", "orders")
    found = {noun: page.call("GET", f"/{noun}/?page_size=100").body["results"] for noun in nouns}
    seen = {one.get("customer", one.get("merchant_user_id")) for rows in found.values() for one in rows}
    assert {page.customer} == seen
    theirs = [one.id for one in page.programme.subscriptions.values() if one.customer == page.customer]
    assert sorted(theirs) == sorted(one["public_id"] for one in found["subscriptions"])
    assert 404 == page.call("GET", f"/orders/{others(page).id}/").status
    assert [] == page.call("GET", f"/items/?order={others(page).id}").body["results"]


@pytest.mark.parametrize(("ordering", "is_backward"), [("place", False), ("-place", True)])
def test_orders_come_by_their_day_when_asked(page: Page, ordering: str, is_backward: bool) -> None:
    asked = f"/orders/?status=1&ordering={ordering}&exclude_prepaid_orders=true&page_size=100"
    days = [
        one["place"] for one in page.call("GET", asked, **{"authorization": "", "x-api-key": "k"}).body["results"]
    ]
    assert sorted(days, reverse=is_backward) == days
    assert len(set(days)) > 1


@pytest.mark.parametrize(("noun", "version"), [("orders", "2"), ("items", "")])
def test_an_order_of_a_list_that_is_not_known_is_refused(page: Page, noun: str, version: str) -> None:
    answer = page.call("GET", f"/{noun}/?ordering=place", **{"x-og-api-version": version})
    assert (400, {"ordering": ["Enter a valid value."]}) == (answer.status, answer.body)


def test_anybody_is_told_what_is_offered(page: Page) -> None:
    product = page.product()
    answer = page.call("GET", f'{OFFERED}["{product}","none"]', authorization="")
    assert (200, {product: True, "none": False}) == (answer.status, answer.body["in_stock"])
    assert {"regular": OFFER} == answer.body["module_view"]
    assert {product: {"every": 1, "every_period": 3}} == answer.body["default_frequencies"]
    (incentive,) = answer.body["incentives"][product]["ongoing"]
    assert 10 == answer.body["incentives_display"][incentive]["value"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{OFFERED}501", 400),
        (f"/offer/{MERCHANT}/pdp?p=[]", 400),
        (f"/offer/{'0' * 32}/pdp?session_id=s&p=[]", 404),
        (f"/offer/{MERCHANT}?session_id=s&p=[]", 404),
    ],
)
def test_an_offer_is_asked_for_whole(page: Page, address: str, status: int) -> None:
    assert status == page.call("GET", address).status


def test_something_is_added_to_an_order_once(page: Page) -> None:
    page.clock.sleep(HOUR)
    answer = page.added(quantity=2)
    shown = (answer.body["one_time"], answer.body["subscription"], answer.body["quantity"], answer.body["order"])
    assert (200, (True, None, 2, page.order.id)) == (answer.status, shown)
    assert page.clock.now() == page.order.updated
    assert answer.body["public_id"] in {one.id for one in page.programme.items_of(page.order.id)}
    listed = page.call("GET", f"/items/?order={page.order.id}&one_time=true").body["results"]
    assert [answer.body["public_id"]] == [one["public_id"] for one in listed]


@pytest.mark.parametrize(
    "changed", [{"product": "none"}, {"order": "none"}, {"quantity": 0}, {"quantity": True}, {"offer": "0"}]
)
def test_what_cannot_be_added_is_refused_by_its_name(page: Page, changed: dict[str, Any]) -> None:
    before = len(page.programme.items)
    answer = page.added(**changed)
    assert (400, {next(iter(changed)): ["Enter a valid value."]}) == (answer.status, answer.body)
    assert before == len(page.programme.items)


def test_nothing_is_added_to_another_ones_order_nor_to_one_that_is_placed(page: Page) -> None:
    assert 400 == page.added(order=others(page).id).status
    page.order.status = SUCCESS
    assert 400 == page.added().status


def test_something_that_was_added_is_subscribed_to(page: Page) -> None:
    answer = page.subscribed()
    made = page.programme.subscriptions[answer.body["public_id"]]
    assert (200, page.customer, 56, "s.1.1") == (answer.status, made.customer, made.days, answer.body["session_id"])
    assert (None, None, True) == tuple(answer.body[one] for one in ("merchant_order_id", "subscription_type", "live"))
    item = page.programme.item_of(made)
    assert item is not None
    assert page.order.id == item.order
    kinds = [one.type for one in page.programme.happenings]
    assert ["item.create", "subscription.create", "item.item_subscribe"] == kinds


@pytest.mark.parametrize(
    "changed",
    [{"item": "none"}, {"every": 0}, {"every": "8"}, {"every_period": 9}, {"offer": "0"}, {"session_id": 1}],
)
def test_what_cannot_be_subscribed_to_is_refused_by_its_name(page: Page, changed: dict[str, Any]) -> None:
    before = len(page.programme.subscriptions)
    answer = page.subscribed(**changed)
    assert (400, {next(iter(changed)): ["Enter a valid value."]}) == (answer.status, answer.body)
    assert before == len(page.programme.subscriptions)


def test_an_item_is_subscribed_to_once(page: Page) -> None:
    page.subscribed()
    item = list(page.programme.items)[-1]
    body = {"item": item, "every": 1, "every_period": 3}
    assert 400 == page.call("POST", "/subscriptions/create_from_item/", body).status


@pytest.mark.parametrize("path", ["/items/iu/", "/subscriptions/create_from_item/"])
def test_a_body_that_is_no_object_is_refused(page: Page, path: str) -> None:
    assert 400 == page.call("POST", path, [1]).status


def test_a_page_elsewhere_may_ask_and_read_what_is_answered(page: Page) -> None:
    asked = page.call("OPTIONS", "/items/iu/", authorization="")
    assert (200, "*") == (asked.status, asked.headers["Access-Control-Allow-Origin"])
    assert {"authorization", "content-type"} == set(asked.headers["Access-Control-Allow-Headers"].split(", "))
    refused = page.call("GET", "/orders/", authorization=page.signed(ts=1))
    for answer in (page.call("GET", "/orders/"), page.call("POST", "/items/iu/", {}), refused):
        assert "*" == answer.headers["Access-Control-Allow-Origin"]


def test_what_is_bought_once_goes_with_its_order_and_comes_no_more(page: Page) -> None:
    item = page.added().body["public_id"]
    new = page.subscribed().body["public_id"]
    until = (page.order.place - page.clock.now().date()).days + 1
    page.programme.every = until * 24 * HOUR
    page.clock.sleep(until * 24 * HOUR)
    page.call("GET", "/orders/")
    assert SUCCESS == page.order.status
    assert [item] == [one.id for one in page.programme.items.values() if one.subscription is None]
    orders = [one.order for one in page.programme.items.values() if one.subscription == new]
    assert (2, page.order.id) == (len(orders), orders[0])


def test_a_programme_with_things_bought_once_goes_on(page: Page) -> None:
    programme = page.programme
    for order in [one for one in programme.orders.values() if one.status == UNSENT]:
        programme.add(order, next(iter(programme.products)), 1, page.clock.now())
    programme.every = HOUR
    page.clock.sleep(60 * 24 * HOUR)
    page.call("GET", "/orders/")
    assert {"order.skip_order", "order.success"} <= {one.type for one in programme.happenings}
    coming = [one for one in programme.items.values() if programme.orders[one.order].status == UNSENT]
    live = {one.id for one in programme.subscriptions.values() if one.live}
    assert live == {one.subscription for one in coming if one.subscription}
