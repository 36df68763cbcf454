"""Drip's API, call by call, as its clients make them."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire.dialects.doorway import Known, Reply
from orderwire.dialects.drip.door.door import DOOR
from orderwire.ledger import Received
from orderwire.model import (
    Channel,
    Consent,
    ConsentState,
    Identity,
    Order,
    Product,
)
from orderwire.testing.doors import Visitor

PLACED = datetime(2026, 2, 1, 10, tzinfo=UTC)
ACTION: dict[str, Any] = {
    "provider": "my_shop",
    "email": "ana@mail.test",
    "action": "placed",
    "order_id": "456445746",
    "order_public_id": "#5",
    "occurred_at": "2026-02-01T10:00:00Z",
    "grand_total": 22.99,
    "total_discounts": 5.34,
    "total_taxes": 1.0,
    "total_shipping": 5.99,
    "currency": "EUR",
    "items": [
        {
            "product_id": "B01J4SWO1G",
            "product_variant_id": "B01J4SWO1G-CW-BOTT",
            "sku": "XHB-1234",
            "name": "The Coolest Water Bottle",
            "brand": "Drip",
            "categories": ["Accessories"],
            "price": 11.16,
            "sale_price": 10.16,
            "quantity": 2,
            "discounts": 5.34,
            "taxes": 1.0,
            "total": 16.98,
            "bottle_color": "blue",
        }
    ],
}


class Client:
    """Calls with the private key, as an SDK does; paths begin below the account."""

    def __init__(self, folder: Path) -> None:
        self.visitor = Visitor(folder, DOOR)
        token = base64.b64encode(f"{self.visitor.secret}:".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}"}

    def __call__(self, method: str, path: str, json: object = None, **given: Any) -> Reply:
        version, _, rest = path.strip("/").partition("/")
        whole = f"/{version}/{self.visitor.account}/{rest}"
        headers = {**self.headers, **given.pop("headers", {})}
        return self.visitor.call(method, whole, json=json, headers=headers, **given)

    def get(self, path: str, **query: str) -> Any:
        reply = self("GET", path, query=query)
        assert 200 == reply.status
        return msgspec.json.decode(reply.body)

    def subscriber(self, key: str) -> Any:
        [found] = self.get(f"v2/subscribers/{key}")["subscribers"]
        return found

    def subscribe(self, **fields: Any) -> Reply:
        return self("POST", "v2/subscribers", {"subscribers": [fields]})

    def act(self, action: str = "placed", at: str = "2026-02-01T10:00:00Z", **fields: Any) -> Reply:
        body = ACTION | {"action": action, "occurred_at": at} | fields
        return self("POST", "v3/shopper_activity/order", body)

    def order(self, order_id: str = "456445746") -> Order:
        order = self.visitor.shelves.snapshot(f"order:{order_id}")
        assert isinstance(order, Order)
        return order

    def known(self, email: str) -> Known:
        known = self.visitor.known(email=email)
        assert known is not None
        return known

    def state(self, email: str, channel: Channel = Channel.EMAIL) -> ConsentState | None:
        standing = self.known(email).consent.get(channel)
        return None if standing is None else standing.state


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    made = Client(tmp_path)
    yield made
    made.visitor.close()


def decoded(reply: Reply) -> Any:
    return msgspec.json.decode(reply.body)


def code(reply: Reply) -> tuple[int, str]:
    return reply.status, decoded(reply)["errors"][0]["code"]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(lambda key: "Basic " + base64.b64encode(f"{key}:".encode()).decode(), id="as documented"),
        pytest.param(lambda key: "Basic " + base64.b64encode(f"{key}".encode()).decode(), id="without the colon"),
        pytest.param(lambda key: "Basic " + base64.b64encode(f"{key}: ".encode()).decode(), id="a space as password"),
        pytest.param(lambda key: f"Bearer {key}", id="bearer"),
        pytest.param(lambda key: f"Bearer #{key}", id="bearer with a stray sign"),
    ],
)
def test_a_client_is_let_in_however_it_writes_its_token(client: Client, header: Any) -> None:
    reply = client.visitor.call("GET", "/v2/user", headers={"Authorization": header(client.visitor.secret)})

    assert 200 == reply.status


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Basic d3Jvbmc6", "Bearer", "Digest x", "Bearer wrong"])
def test_a_wrong_key_is_refused_in_drips_words(client: Client, header: str) -> None:
    reply = client.visitor.call("GET", "/v2/accounts", headers={"Authorization": header})

    assert (401, "authentication_error") == code(reply)


def test_a_key_opens_its_own_account_alone(client: Client) -> None:
    assert (403, "authorization_error") == code(client.visitor.call("GET", "/v2/1/tags", headers=client.headers))
    assert (404, "not_found_error") == code(client.visitor.call("GET", "/v2/accounts/1", headers=client.headers))
    [account] = decoded(client.visitor.call("GET", "/v2/accounts", headers=client.headers))["accounts"]
    assert client.visitor.account == account["id"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "answer"),
    [
        ("POST", "v2/subscribers/batches", {"batches": [{"subscribers": [{"email": "a@mail.test"}]}]}, 201, "{}"),
        ("POST", "v2/unsubscribes/batches", {"batches": [{"subscribers": [{"email": "a@mail.test"}]}]}, 204, ""),
        ("POST", "v2/events", {"events": [{"email": "a@mail.test", "action": "Logged in"}]}, 204, ""),
        (
            "POST",
            "v2/events/batches",
            {"batches": [{"events": [{"email": "a@mail.test", "action": "x"}]}]},
            201,
            "{}",
        ),
        ("POST", "v2/orders/batches", {"batches": [{"orders": [{"email": "a@mail.test", "amount": 1}]}]}, 202, "{}"),
        ("POST", "v2/tags", {"tags": [{"email": "a@mail.test", "tag": "vip"}]}, 201, "{}"),
        ("POST", "v2/webhooks", {"webhooks": [{"post_url": "https://shop.test/x"}]}, 201, None),
        ("POST", "v3/shopper_activity/order", ACTION, 202, None),
        ("POST", "v3/shopper_activity/order/batch", {"orders": [ACTION]}, 202, None),
    ],
)
def test_each_call_has_its_own_code(
    client: Client, method: str, path: str, body: object, status: int, answer: str | None
) -> None:
    reply = client(method, path, body)

    assert status == reply.status
    assert answer is None or answer == reply.body.decode()


def test_a_subscriber_is_told_back_as_it_was_given(client: Client) -> None:
    given = {"email": "Ana@mail.test", "first_name": "Ana", "address1": "Main 1", "zip": "1001", "country": "LV"}
    more = {
        "time_zone": "Europe/Riga",
        "custom_fields": {"shirt": "L", "birthday": None},
        "tags": ["vip", "Fan club"],
    }
    kept = {"lifetime_value": 5099, "base_lead_score": 40, "prospect": False, "eu_consent": "granted"}

    [shown] = decoded(client.subscribe(**given, **more, **kept, user_id=42))["subscribers"]

    assert given | more | kept | {"custom_fields": {"shirt": "L"}, "user_id": "42"} == {
        name: shown[name] for name in given | more | kept | {"user_id": 0}
    }
    assert (20, f"http://orderwire.test/v2/{client.visitor.account}/subscribers/{shown['id']}") == (
        len(shown["id"]),
        shown["href"],
    )
    assert shown == client.subscriber(shown["id"]) == client.subscriber("ana@mail.test")
    assert ["Fan club", "vip"] == client.get("v2/tags")["tags"]
    assert ["birthday", "shirt"] == client.get("v2/custom_field_identifiers")["custom_field_identifiers"]


def test_a_change_of_a_subscriber_leaves_alone_what_it_does_not_name(client: Client) -> None:
    client.subscribe(email="a@mail.test", first_name="Ana", tags=["a", "b"], custom_fields={"x": 1, "y": 2})
    client.subscribe(email="a@mail.test", last_name="B", tags=["c"], remove_tags=["a"], custom_fields={"y": ""})

    shown = client.subscriber("a@mail.test")
    assert ("Ana", "B", ["b", "c"], {"x": 1}) == tuple(
        shown[name] for name in ("first_name", "last_name", "tags", "custom_fields")
    )


def test_a_bare_subscriber_is_taken_as_one_destination_sends_it(client: Client) -> None:
    assert 200 == client("POST", "v2/subscribers", {"email": "a@mail.test", "first_name": "Ana"}).status
    assert 201 == client("POST", "v2/subscribers/batches", {"subscribers": [{"email": "b@mail.test"}]}).status
    assert "Ana" == client.subscriber("a@mail.test")["first_name"]


def test_an_opt_out_of_somebody_unreachable_is_kept_and_a_yes_is_not(client: Client) -> None:
    bounced = Consent(
        identity=Identity(email="a@mail.test"),
        channel=Channel.EMAIL,
        state=ConsentState.SUPPRESSED,
        changed_at=PLACED,
    )
    received = Received(record=bounced, raw=b"{}")
    client.visitor.ledger.record([received], source="post", at=PLACED, is_imported=False)

    client.subscribe(email="a@mail.test", status="active")
    assert "undeliverable" == client.subscriber("a@mail.test")["status"]
    assert 1 == client.get("v2/subscribers", status="undeliverable")["meta"]["total_count"]
    client("POST", "v2/subscribers/a@mail.test/unsubscribe_all")
    client("POST", "v2/subscribers/a@mail.test/unsubscribe_all")
    assert 3 == client.visitor.kinds().count("consent.changed")


@pytest.mark.parametrize(
    ("path", "wrapped"),
    [("v2/subscribers", False), ("v2/unsubscribes/batches", True)],
)
def test_an_opt_out_of_somebody_unreachable_told_again_is_no_news(client: Client, path: str, wrapped: bool) -> None:
    bounced = Consent(
        identity=Identity(email="a@mail.test"),
        channel=Channel.EMAIL,
        state=ConsentState.SUPPRESSED,
        changed_at=PLACED,
    )
    client.visitor.ledger.record([Received(record=bounced, raw=b"{}")], source="post", at=PLACED, is_imported=False)
    told = {"subscribers": [{"email": "a@mail.test", "status": "unsubscribed"}]}
    statuses = {client("POST", path, {"batches": [told]} if wrapped else told).status for _ in range(3)}

    assert ({204} if wrapped else {200}, ["consent.changed"] * 2) == (statuses, client.visitor.kinds())


def test_a_new_email_keeps_the_person_and_their_id(client: Client) -> None:
    [before] = decoded(client.subscribe(email="old@mail.test", status="active", lifetime_value=7))["subscribers"]
    client.subscribe(email="old@mail.test", new_email="new@mail.test")

    after = client.subscriber("new@mail.test")
    assert (before["id"], "new@mail.test", "active", 7, None) == tuple(
        after[name] for name in ("id", "email", "status", "lifetime_value", "user_id")
    )
    assert after == client.subscriber("old@mail.test")


def test_a_new_email_of_nobody_makes_a_person_with_it(client: Client) -> None:
    client.subscribe(email="gone@mail.test", new_email="new@mail.test")

    assert "new@mail.test" == client.subscriber("new@mail.test")["email"]
    assert client.visitor.known(email="gone@mail.test") is None


def test_an_alias_of_somebody_else_is_refused(client: Client) -> None:
    client.subscribe(email="a@mail.test", user_id="1")
    client.subscribe(email="b@mail.test")

    assert (422, "uniqueness_error") == code(client.subscribe(email="b@mail.test", user_id="1"))
    assert (422, "uniqueness_error") == code(client.subscribe(email="b@mail.test", new_email="a@mail.test"))


def test_people_of_one_batch_who_claim_one_id_are_not_one_person(client: Client) -> None:
    people = [{"email": f"{name}@mail.test", "user_id": "7"} for name in ("a", "b", "a")]
    client("POST", "v2/subscribers/batches", {"batches": [{"subscribers": people}]})

    assert client.visitor.known(email="b@mail.test") is None
    assert ["subscribers[1]"] == [one.place for one in client.visitor.ledger.refused("drip", "people")]


@pytest.mark.parametrize("nobodys", ["0", 0, "null", "undefined"])
def test_guests_who_share_an_id_that_is_none_are_not_one_person(client: Client, nobodys: object) -> None:
    assert [200, 200] == [client.subscribe(email=f"{one}@mail.test", user_id=nobodys).status for one in "ab"]

    assert client.known("a@mail.test").person != client.known("b@mail.test").person
    assert client.subscriber("a@mail.test")["user_id"] is None


def test_a_new_email_in_a_batch_is_whose_it_is_in_what_follows(client: Client) -> None:
    client.subscribe(email="old@mail.test", user_id="1")
    client.subscribe(email="b@mail.test")
    people: list[dict[str, Any]] = [
        {"email": "old@mail.test", "new_email": "new@mail.test"},
        {"email": "new@mail.test", "user_id": "1", "first_name": "Ana"},
        {"email": "b@mail.test", "new_email": "new@mail.test"},
    ]
    client("POST", "v2/subscribers/batches", {"batches": [{"subscribers": people}]})

    assert "Ana" == client.known("old@mail.test").first_name
    assert ["subscribers[2]"] == [one.place for one in client.visitor.ledger.refused("drip", "people")]


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"first_name": "Ana"}, "presence_error"),
        ({"email": "nobody"}, "email_error"),
        ({"email": "a@mail.test", "status": "happy"}, "format_error"),
        ({"email": "a@mail.test", "sms_number": "+37120000000"}, "sms_error"),
        ({"email": "a@mail.test", "custom_fields": "x"}, "parsing_error"),
    ],
)
def test_a_subscriber_that_cannot_be_is_refused_with_a_code(client: Client, fields: Any, wanted: str) -> None:
    assert (422, wanted) == code(client("POST", "v2/subscribers", {"subscribers": [fields]}))
    assert [] == client.visitor.kinds()


@pytest.mark.parametrize("body", [{"email": 1.5}, {"subscribers": []}, {"subscribers": [{}, {}]}, [], "x", 5])
def test_another_structure_is_a_parsing_error(client: Client, body: object) -> None:
    assert (422, "parsing_error") == code(client("POST", "v2/subscribers", body))


def test_a_broken_body_is_refused_in_each_apis_own_shape(client: Client) -> None:
    v2 = decoded(client("POST", "v2/subscribers", body="{"))
    v3 = decoded(client("POST", "v3/shopper_activity/cart", body="{"))

    assert (400, True) == (v2["status"], v2["error"].startswith("There was a problem in the JSON you submitted"))
    assert ["error"] == list(v3)


@pytest.mark.parametrize(
    ("first", "then", "wanted"),
    [
        ({"status": "active"}, {}, ConsentState.SUBSCRIBED),
        ({"status": "unsubscribed"}, {}, ConsentState.UNSUBSCRIBED),
        ({"initial_status": "active"}, {}, ConsentState.SUBSCRIBED),
        ({"initial_status": "unsubscribed"}, {}, ConsentState.NEVER_ASKED),
        ({}, {}, None),
        ({}, {"initial_status": "active"}, None),
        ({"initial_status": "unsubscribed"}, {"initial_status": "active"}, ConsentState.NEVER_ASKED),
        ({"status": "unsubscribed"}, {"initial_status": "active"}, ConsentState.UNSUBSCRIBED),
        ({"initial_status": "active", "status": "unsubscribed"}, {}, ConsentState.UNSUBSCRIBED),
        ({"status": "unsubscribed"}, {"status": "active"}, ConsentState.SUBSCRIBED),
        ({"status": "active"}, {"status": "unsubscribed"}, ConsentState.UNSUBSCRIBED),
    ],
)
@pytest.mark.parametrize("call", ["subscriber", "subscribers in a batch", "order", "cart"])
def test_permission_is_what_was_stated(
    client: Client, call: str, first: Any, then: Any, wanted: ConsentState | None
) -> None:
    def say(said: dict[str, str]) -> None:
        person = {"email": "ana@mail.test", **said}
        cart = {"provider": "p", "action": "updated", "cart_id": "1", "cart_url": "https://shop.test"}
        match call:
            case "subscriber":
                client.subscribe(**person)
            case "order":
                client.act(**said)
            case "cart":
                client("POST", "v3/shopper_activity/cart", cart | person)
            case _:
                client("POST", "v2/subscribers/batches", {"batches": [{"subscribers": [person]}]})

    say(first)
    say(then)

    assert wanted == client.state("ana@mail.test")


def test_a_hint_counts_for_the_first_record_of_a_batch_alone(client: Client) -> None:
    people = [{"email": "a@mail.test", "initial_status": one} for one in ("unsubscribed", "active")]
    client("POST", "v2/subscribers/batches", {"batches": [{"subscribers": people}]})
    actions = [ACTION | {"initial_status": one, "email": "b@mail.test"} for one in ("unsubscribed", "active")]
    client("POST", "v3/shopper_activity/order/batch", {"orders": actions})

    assert [ConsentState.NEVER_ASKED] * 2 == [client.state("a@mail.test"), client.state("b@mail.test")]


def test_a_statement_names_its_moment_and_its_call(client: Client) -> None:
    client.subscribe(email="a@mail.test", status="active", status_updated_at="2026-01-05T08:00:00Z")
    client.subscribe(email="b@mail.test", status="active")

    standing = client.known("a@mail.test").consent[Channel.EMAIL]
    assert (datetime(2026, 1, 5, 8, tzinfo=UTC), "drip/subscribers") == (standing.changed_at, standing.origin)
    assert client.visitor.now == client.known("b@mail.test").consent[Channel.EMAIL].changed_at


def test_an_import_of_subscribers_is_history_but_for_its_opt_outs(client: Client) -> None:
    people = [{"email": "a@mail.test", "status": "active", "first_name": "A"}]
    people.append({"email": "b@mail.test", "status": "unsubscribed"})
    client("POST", "v2/subscribers/batches", {"batches": [{"subscribers": people}]})

    found = [(fact.kind, fact.is_imported) for fact in client.visitor.facts()]
    assert [("person.updated", True), ("consent.changed", True), ("consent.changed", False)] == found


@pytest.mark.parametrize("path", ["unsubscribe_all", "remove", "unsubscribe"])
def test_whoever_leaves_everything_has_opted_out(client: Client, path: str) -> None:
    client.subscribe(email="a+b@mail.test", status="active")
    reply = client("POST", f"v2/subscribers/a%2Bb@mail.test/{path}", {"qs": {}})

    assert (200, "unsubscribed") == (reply.status, decoded(reply)["subscribers"][0]["status"])
    assert ConsentState.UNSUBSCRIBED == client.state("a+b@mail.test")


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ({"campaign_id": "77"}, None),
        ({"campaign_id": "77"}, {"qs": {"campaign_id": "77"}}),
        ({}, {"qs": {"campaign_id": "77"}}),
        ({}, {"campaign_id": 77}),
    ],
)
def test_leaving_one_series_ends_no_permission(client: Client, query: Any, body: object) -> None:
    client.subscribe(email="a@mail.test", status="active")
    client("POST", "v2/campaigns/77/subscribers", {"subscribers": [{"email": "a@mail.test", "double_optin": False}]})
    [membership] = client.get("v2/subscribers/a@mail.test/campaign_subscriptions")["campaign_subscriptions"]
    client("POST", "v2/subscribers/a@mail.test/remove", body, query=query)

    assert ("77", "active") == (membership["campaign_id"], membership["status"])
    assert [] == client.get("v2/subscribers/a@mail.test/campaign_subscriptions")["campaign_subscriptions"]
    assert ConsentState.SUBSCRIBED == client.state("a@mail.test")


def test_a_series_states_no_permission(client: Client) -> None:
    client("POST", "v2/campaigns/77/subscribers", {"subscribers": [{"email": "a@mail.test", "double_optin": False}]})

    assert client.state("a@mail.test") is None
    assert ["a@mail.test"] == [one["email"] for one in client.get("v2/campaigns/77/subscribers")["subscribers"]]


def test_opt_outs_in_a_batch_count_for_strangers_too(client: Client) -> None:
    client.subscribe(email="a@mail.test", status="active")
    gone = [{"email": "a@mail.test"}, {"email": "stranger@mail.test"}]
    client("POST", "v2/unsubscribes/batches", {"batches": [{"subscribers": gone}]})

    assert [ConsentState.UNSUBSCRIBED] * 2 == [client.state("a@mail.test"), client.state("stranger@mail.test")]


def test_the_list_is_filtered_and_paged(client: Client) -> None:
    for place in range(5):
        client.subscribe(
            email=f"p{place}@mail.test", status="active" if place % 2 else "unsubscribed", tags=[f"t{place}"]
        )

    first = client.get("v2/subscribers", status="all", page="1", per_page="2")
    last = client.get("v2/subscribers", status="all", page="3", per_page="2")
    assert ["p0@mail.test", "p1@mail.test", "p4@mail.test"] == [
        one["email"] for page in (first, last) for one in page["subscribers"]
    ]
    assert (3, 5, 2, 1) == (
        *(first["meta"][name] for name in ("total_pages", "total_count", "count")),
        last["meta"]["count"],
    )
    assert 2 == client.get("v2/subscribers")["meta"]["total_count"]
    assert 3 == client.get("v2/subscribers", status="unsubscribed")["meta"]["total_count"]
    assert ["p3@mail.test"] == [one["email"] for one in client.get("v2/subscribers", tags="t3,t9")["subscribers"]]
    assert [] == client.get("v2/subscribers", status="all", subscribed_before="2026-01-01")["subscribers"]
    empty = dict.fromkeys(("status", "tags", "subscribed_before", "subscribed_after", "page", "per_page"), "")
    assert 2 == client.get("v2/subscribers", **empty)["meta"]["total_count"]


def test_whoever_was_deleted_is_gone_until_told_of_again(client: Client) -> None:
    client.subscribe(email="a@mail.test", status="active", lifetime_value=5)
    reply = client("DELETE", "v2/subscribers/a@mail.test")

    assert (204, b"") == (reply.status, reply.body)
    assert 404 == client("GET", "v2/subscribers/a@mail.test").status
    assert 404 == client("DELETE", "v2/subscribers/a@mail.test").status
    assert [] == client.get("v2/subscribers", status="all")["subscribers"]

    client.subscribe(email="a@mail.test", initial_status="active")
    shown = client.subscriber("a@mail.test")
    assert ("unsubscribed", 0) == (shown["status"], shown["lifetime_value"])


def test_somebody_forgotten_is_answered_for_and_not_kept(client: Client) -> None:
    client.subscribe(email="a@mail.test", first_name="Ana")
    client.visitor.ledger.forget(client.known("a@mail.test").person, at=client.visitor.now, reason="asked")

    [shown] = decoded(client.subscribe(email="a@mail.test", first_name="Ana"))["subscribers"]
    assert ("a@mail.test", None) == (shown["email"], shown["first_name"])
    assert client.visitor.known(email="a@mail.test") is None


@pytest.mark.parametrize("written", ["Fan%20club", "Fan+club"])
def test_a_tag_is_taken_away_however_its_space_is_written(client: Client, written: str) -> None:
    client("POST", "v2/tags", {"tags": [{"email": "a@mail.test", "tag": "Fan club"}]})

    assert 204 == client("DELETE", f"v2/subscribers/a@mail.test/tags/{written}").status
    assert [] == client.subscriber("a@mail.test")["tags"]


def test_a_tag_is_taken_away_by_a_body_as_one_client_asks(client: Client) -> None:
    client.subscribe(email="a@mail.test", tags=["x", "y"])

    assert 204 == client("DELETE", "v2/tags", {"tags": [{"email": "a@mail.test", "tag": "x"}]}).status
    assert ["y"] == client.subscriber("a@mail.test")["tags"]


def test_an_orders_life_is_one_order(client: Client) -> None:
    refund = {"refund_amount": 5, "refund_reason": "broken"}
    for action, at, more in (
        ("placed", "2026-02-01T10:00:00Z", {}),
        ("paid", "2026-02-01T10:05:00Z", {}),
        ("fulfilled", "2026-02-02T10:00:00Z", {}),
        ("refunded", "2026-02-03T10:00:00Z", refund),
        ("canceled", "2026-02-04T10:00:00Z", {"cancel_reason": "late"}),
    ):
        assert 202 == client.act(action, at, **more).status
        client.act(action, at, **more)

    order = client.order()
    assert ["order.placed", "order.paid", "order.fulfilled", "order.refunded", "order.cancelled"] == [
        kind for kind in client.visitor.kinds() if kind.startswith("order.") and kind != "order.updated"
    ]
    assert (2299, 500, 0, 100, 599, ()) == (
        order.total,
        order.refunded,
        order.fee,
        order.tax,
        order.shipping,
        order.approximate,
    )
    assert (2232, 534, 1698, {"bottle_color": "blue", "sale_price": 10.16}) == (
        order.lines[0].subtotal,
        order.lines[0].discount,
        order.lines[0].total,
        order.lines[0].properties,
    )
    assert 1799 == client.subscriber("ana@mail.test")["lifetime_value"]


def test_a_life_told_backwards_comes_to_the_same_order(client: Client) -> None:
    life = [("canceled", 4), ("fulfilled", 3), ("paid", 2), ("placed", 1)]
    for action, day in life:
        client.act(action, f"2026-02-0{day}T10:00:00Z")

    order = client.order()
    instants = (order.placed_at, order.paid_at, order.fulfilled_at, order.cancelled_at)
    assert [1, 2, 3, 4] == [instant.day for instant in instants if instant]
    assert () == order.approximate


@pytest.mark.parametrize(("code", "total", "back"), [("EUR", 2299, 300), ("JPY", 23, 3), ("KWD", 22990, 3000)])
def test_what_a_refund_left_out_is_filled_in_by_the_placing_that_comes_after_it(
    client: Client, code: str, total: int, back: int
) -> None:
    sent = {name: ACTION[name] for name in ("provider", "email", "order_id")}
    paid = sent | {"action": "paid", "occurred_at": "2026-02-02T10:00:00Z"}
    refund = sent | {"action": "refunded", "occurred_at": "2026-02-05T10:00:00Z", "refund_amount": 3}
    for body in (refund, paid, ACTION | {"currency": code}):
        assert 202 == client("POST", "v3/shopper_activity/order", body).status

    order = client.order()
    assert (code, total, back, 1, "#5", PLACED, 2, ()) == (
        order.currency,
        order.total,
        order.refunded,
        len(order.lines),
        order.number,
        order.placed_at,
        order.paid_at.day if order.paid_at else None,
        order.approximate,
    )


def test_a_placing_told_again_without_its_instant_is_the_same_placing(client: Client) -> None:
    for _ in range(3):
        client.act(at="")

    assert (["order.placed"], client.visitor.facts()[0].occurred_at) == (
        client.visitor.kinds(),
        client.order().placed_at,
    )


@pytest.mark.parametrize("direction", [1, -1])
def test_what_a_cancellation_gives_back_counts_whenever_the_payment_is_told(client: Client, direction: int) -> None:
    client.act()
    told = [("paid", "2026-02-02T10:00:00Z", {}), ("canceled", "2026-02-03T10:00:00Z", {"refund_amount": 22.99})]
    for action, at, more in told[::direction]:
        client.act(action, at, **more)
        client.act(action, at, **more)

    assert ([(2299, 3)], 0) == (
        [(one.amount, one.refunded_at.day) for one in client.order().refunds],
        client.subscriber("ana@mail.test")["lifetime_value"],
    )


def test_an_order_first_met_later_was_placed_then_approximately(client: Client) -> None:
    client.act("fulfilled", "2026-02-03T10:00:00Z")

    [placed, shipped] = client.visitor.facts()[-2:]
    assert ("order.placed", True, "order.fulfilled", False) == (
        placed.kind,
        placed.is_approximate,
        shipped.kind,
        shipped.is_approximate,
    )


def test_an_order_placed_without_an_instant_was_placed_now(client: Client) -> None:
    client.act("placed", "")
    client.act("placed", "yesterday", order_id="2")

    assert (client.visitor.now, ()) == (client.order("2").placed_at, client.order("2").approximate)
    assert client.order().placed_at < client.visitor.now


def test_a_refund_without_items_leaves_the_order_as_it_was(client: Client) -> None:
    client.act()
    sent = {name: ACTION[name] for name in ("provider", "email", "order_id", "order_public_id", "grand_total")}
    sent |= {"action": "refunded", "occurred_at": "2026-02-05T10:00:00Z", "refund_amount": 22.99}
    client("POST", "v3/shopper_activity/order", sent)

    order = client.order()
    assert ("EUR", 1, 2299, "full") == (order.currency, len(order.lines), order.refunded, order.refunds[0].kind)


def test_an_update_is_the_whole_order_and_an_older_one_is_not(client: Client) -> None:
    client.act()
    client.act("updated", "2026-02-02T10:00:00Z", grand_total=10, items=[])
    client.act("updated", "2026-02-01T11:00:00Z", grand_total=99)

    assert (1000, ()) == (client.order().total, client.order().lines)


def test_the_second_persons_order_of_the_same_id_is_not_taken(client: Client) -> None:
    client.act()
    reply = client.act("updated", email="b@mail.test", grand_total=1)

    assert 202 == reply.status
    assert ("ana@mail.test", 2299) == (client.order().identity.email, client.order().total)


def test_providers_have_ids_of_their_own(client: Client) -> None:
    client.act()
    client.act(provider="other_shop", grand_total=5)

    assert (2299, 500) == (client.order().total, client.order("other_shop:456445746").total)


def test_a_batch_answers_with_an_id_for_each_record(client: Client) -> None:
    orders = [ACTION | {"order_id": str(number)} for number in range(3)]
    reply = client("POST", "v3/shopper_activity/order/batch", {"orders": orders})

    ids = decoded(reply)["request_ids"]
    assert (202, 3, 3, {36}) == (reply.status, len(ids), len(set(ids)), {len(one) for one in ids})
    assert 36 == len(decoded(client.act())["request_id"])


def test_an_amount_as_text_is_refused_as_the_gateway_does(client: Client) -> None:
    reply = client.act(grand_total="22.99")

    problem = '[instance type (string) does not match any allowed primitive type (allowed: ["integer","number"])]'
    assert (400, {"error": {"message": problem}}) == (reply.status, decoded(reply))
    batch = client("POST", "v3/shopper_activity/order/batch", {"orders": [ACTION, ACTION | {"grand_total": "1"}]})
    assert (400, []) == (batch.status, client.visitor.kinds())


def test_an_instant_as_a_number_is_refused_rather_than_lost(client: Client) -> None:
    reply = client("POST", "v3/shopper_activity/order", ACTION | {"occurred_at": 1_769_940_000})

    problem = '[instance type (integer) does not match any allowed primitive type (allowed: ["string"])]'
    assert (400, {"error": {"message": problem}}) == (reply.status, decoded(reply))


@pytest.mark.parametrize("missing", ["provider", "action", "email"])
def test_what_an_order_requires_is_required(client: Client, missing: str) -> None:
    body = {name: value for name, value in ACTION.items() if name != missing}

    assert 400 == client("POST", "v3/shopper_activity/order", body).status


@pytest.mark.parametrize("count", [0, 1001])
def test_a_batch_holds_one_to_a_thousand_records(client: Client, count: int) -> None:
    v3 = client("POST", "v3/shopper_activity/order/batch", {"orders": [ACTION] * count})
    people = {"batches": [{"subscribers": [{"email": "a@mail.test"}] * count}]}
    v2 = client("POST", "v2/subscribers/batches", people)

    assert (400, 422, "Subscribers must contain between 1 and 1000 items") == (
        v3.status,
        v2.status,
        decoded(v2)["errors"][0]["message"],
    )


def test_what_cannot_be_understood_in_a_batch_is_kept(client: Client) -> None:
    orders = [ACTION | {"email": "n/a"}, ACTION | {"person_id": "nobody"}, ACTION]
    people = [{"email": "n/a"}, {"first_name": "A"}, {"email": "b@mail.test"}]
    client("POST", "v3/shopper_activity/order/batch", {"orders": orders})
    client("POST", "v2/subscribers/batches", {"batches": [{"subscribers": people}]})

    assert ["order.placed", "person.updated"] == client.visitor.kinds()
    kept = [one for stream in ("orders", "people") for one in client.visitor.ledger.refused("drip", stream)]
    assert ["orders[0]", "orders[1]", "subscribers[0]", "subscribers[1]"] == sorted(one.place for one in kept)
    assert {"email": "n/a"} == msgspec.json.decode(next(one.raw for one in kept if one.place == "subscribers[0]"))


def test_an_order_names_its_person_by_id(client: Client) -> None:
    [person] = decoded(client.subscribe(email="a@mail.test"))["subscribers"]
    client.act(person_id=person["id"], email="other@mail.test")

    assert "a@mail.test" == client.order().identity.email


def test_a_cart_becomes_a_checkout(client: Client) -> None:
    cart = {"provider": "p", "email": "a@mail.test", "action": "created", "cart_id": "c1", "currency": "EUR"}
    item = {"product_id": "1", "product_variant_id": "1", "name": "Tea", "price": 4.5, "quantity": 2}
    link = {"cart_url": "https://shop.test/c1", "grand_total": 9, "items": [item], "theme": "dark"}
    client("POST", "v3/shopper_activity/cart", cart | link)
    checkout = {"provider": "p", "email": "a@mail.test", "action": "created", "checkout_id": "c1", "total_price": 9}
    reply = client("POST", "v3/shopper_activity/checkout", checkout)

    assert 202 == reply.status
    assert ["cart.updated", "checkout.started"] == client.visitor.kinds()
    emptied = cart | link | {"action": "updated", "items": [], "grand_total": 0}
    client("POST", "v3/shopper_activity/cart", emptied)
    assert ["cart.updated", "checkout.started", "cart.updated"] == client.visitor.kinds()


def test_a_checkout_told_again_without_its_instant_began_once(client: Client) -> None:
    checkout = {"provider": "p", "email": "a@mail.test", "action": "created", "checkout_id": "c1", "total_price": 9}
    for at in ("2026-02-01T10:00:00Z", None, "2026-02-01T10:00:00Z", "2026-02-02T10:00:00Z"):
        client("POST", "v3/shopper_activity/checkout", checkout | {"occurred_at": at})

    started = [fact.occurred_at.day for fact in client.visitor.facts() if fact.kind == "checkout.started"]
    assert [1, 2] == started


def test_a_cart_of_a_browser_is_its_persons_once_they_are_known(client: Client) -> None:
    cart = {"provider": "p", "visitor_uuid": "a" * 32, "action": "created", "cart_id": "c1"}
    client("POST", "v3/shopper_activity/cart", cart | {"cart_url": "https://shop.test/c1"})
    client.subscribe(email="a@mail.test", visitor_uuid="a" * 32)

    assert client.known("a@mail.test").person == client.visitor.facts()[0].person
    assert "a" * 32 == client.subscriber("a@mail.test")["visitor_uuid"]


def test_variants_make_one_product(client: Client) -> None:
    def record(variant: str, name: str, action: str = "created", **more: Any) -> dict[str, Any]:
        given = {"provider": "p", "action": action, "product_id": "P", "product_variant_id": variant, "price": 5.25}
        return given | {"name": name, "currency": "EUR", "product_url": "https://shop.test/p"} | more

    both = [record("1", "Tea - 100 g", inventory=3), record("2", "Tea - 200 g", price=9)]
    client("POST", "v3/shopper_activity/product/batch", {"products": both})
    product = client.visitor.shelves.snapshot("product:P")
    assert isinstance(product, Product)
    assert ("Tea", "https://shop.test/p", [("1", "100 g", "5.25", 3), ("2", "200 g", "9", None)]) == (
        product.title,
        product.url,
        [(one.variant_id, one.title, str(one.price), one.inventory) for one in product.variants],
    )

    client("POST", "v3/shopper_activity/product", record("1", "Tea - 100 g", "deleted"))
    assert "product.removed" not in client.visitor.kinds()
    client("POST", "v3/shopper_activity/product", record("2", "Tea - 200 g", "deleted"))
    assert "product.removed" == client.visitor.kinds()[-1]


def test_a_product_without_a_variant_id_is_its_own(client: Client) -> None:
    given = {"provider": "p", "action": "created", "product_id": 7, "name": "Tea", "price": 1}
    assert 202 == client("POST", "v3/shopper_activity/product", given).status

    product = client.visitor.shelves.snapshot("product:7")
    assert isinstance(product, Product)
    assert ("Tea", (), "USD") == (product.title, product.variants, product.currency)


def test_the_same_event_of_the_same_moment_is_one(client: Client) -> None:
    event = {"email": "a@mail.test", "action": "Logged in", "properties": {"ip": "x"}}
    for _ in range(2):
        client("POST", "v2/events", {"events": [event | {"occurred_at": "2026-02-01T10:00:00Z"}]})
    assert ["custom.Logged in"] == client.visitor.kinds()
    for _ in range(2):
        client("POST", "v2/events", {"events": [event]})
    assert ["custom.Logged in"] * 3 == client.visitor.kinds()
    assert ["Logged in"] == client.get("v2/event_actions")["event_actions"]
    assert client.state("a@mail.test") is None


@pytest.mark.parametrize("action", ["Viewed a Product", "viewed a product"])
def test_a_viewed_product_is_browsing(client: Client, action: str) -> None:
    client("POST", "v2/events", {"events": [{"email": "a@mail.test", "action": action}]})

    assert ["product.viewed"] == client.visitor.kinds()


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        ({"action": "x"}, "presence_error"),
        ({"email": "a@mail.test"}, "presence_error"),
        ({"email": "n/a", "action": "x"}, "email_error"),
        ({"email": "a@mail.test", "action": "x", "occurred_at": "soon"}, "time_error"),
        ({"email": "a@mail.test", "action": "x", "properties": {"value": 1.5}}, "format_error"),
        ({"email": "a@mail.test", "action": "x", "properties": 5}, "parsing_error"),
    ],
)
def test_an_event_that_cannot_be_is_refused_with_a_code(client: Client, event: Any, wanted: str) -> None:
    assert (422, wanted) == code(client("POST", "v2/events", {"events": [event]}))


def test_a_legacy_order_needs_somebody_known(client: Client) -> None:
    order = {"email": "a@mail.test", "provider": "p", "upstream_id": "9", "amount": 4900, "currency_code": "EUR"}
    order |= {"items": [{"name": "Tea", "amount": 4900, "quantity": 2, "price": 2450}]}

    assert (404, "not_found_error") == code(client("POST", "v2/orders", {"orders": [order]}))
    client.subscribe(email="a@mail.test")
    assert 202 == client("POST", "v2/orders", {"orders": [order]}).status
    client("POST", "v2/orders", {"orders": [order | {"financial_state": "paid"}]})
    refund = {"provider": "p", "order_upstream_id": "9", "amount": 900, "upstream_id": "R1", "note": "broken"}
    client("POST", "v2/refunds", {"refunds": [refund, refund]})

    assert (4900, client.visitor.now.date(), 900) == (
        client.order("9").total,
        client.order("9").paid_at.date(),  # type: ignore[union-attr]
        client.order("9").refunded,
    )
    assert ["order.placed", "order.paid", "order.refunded"] == [
        kind for kind in client.visitor.kinds() if kind.startswith("order.")
    ]
    assert 404 == client("POST", "v2/refunds", {"refunds": [refund | {"order_upstream_id": "10"}]}).status


@pytest.mark.parametrize("path", ["v2/orders", "v2/orders/batches"])
def test_a_legacy_order_stays_its_first_persons(client: Client, path: str) -> None:
    for email in ("a@mail.test", "b@mail.test"):
        client.subscribe(email=email)
        order = {"email": email, "upstream_id": "9", "amount": 4900 if email[0] == "a" else 1}
        body = {"orders": [order]} if path == "v2/orders" else {"batches": [{"orders": [order]}]}
        assert 202 == client("POST", path, body).status

    assert (4900, "a@mail.test") == (client.order("9").total, client.order("9").identity.email)
    assert 1 == len(list(client.visitor.ledger.refused("drip", "orders")))


def test_a_legacy_order_first_met_paid_was_paid_when_it_was_placed(client: Client) -> None:
    client.subscribe(email="a@mail.test")
    order = {"email": "a@mail.test", "upstream_id": "9", "amount": 4900, "occurred_at": "2026-01-01T00:00:00Z"}
    client("POST", "v2/orders", {"orders": [order | {"financial_state": "paid"}]})

    assert (client.order("9").placed_at, ("paid_at",)) == (client.order("9").paid_at, client.order("9").approximate)


def test_webhooks_are_kept(client: Client) -> None:
    [made] = decoded(client("POST", "v2/webhooks", {"webhooks": [{"post_url": "https://shop.test/x"}]}))["webhooks"]

    assert [made] == client.get("v2/webhooks")["webhooks"] == client.get(f"v2/webhooks/{made['id']}")["webhooks"]
    assert "subscriber.received_email" not in made["events"]
    assert (422, "url_error") == code(client("POST", "v2/webhooks", {"webhooks": [{"post_url": "x"}]}))
    assert 204 == client("DELETE", f"v2/webhooks/{made['id']}").status
    assert 404 == client("GET", f"v2/webhooks/{made['id']}").status


@pytest.mark.parametrize("noun", ["campaigns", "broadcasts", "workflows", "forms", "goals"])
def test_lists_of_what_is_not_here_are_empty(client: Client, noun: str) -> None:
    assert [] == client.get(f"v2/{noun}")[noun]
    assert (404, "not_found_error") == code(client("GET", f"v2/{noun}/5"))


def test_the_same_statement_again_is_no_news(client: Client) -> None:
    client.subscribe(email="a@mail.test", status="unsubscribed")
    client.subscribe(email="a@mail.test", status="unsubscribed")

    assert ["consent.changed"] == client.visitor.kinds()
