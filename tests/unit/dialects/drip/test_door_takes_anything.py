"""Whatever is sent, the door answers as Drip does: never with an exception, and with records that can be kept."""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orderwire.dialects.doorway import Call, Document, Endpoint, Intake, Known, Reply, Scope, Told, Wanted
from orderwire.dialects.drip.door.door import DOOR
from orderwire.dialects.drip.door.ids import person_of, subscriber_id
from orderwire.model import Cart, Identity, Order, Person, Product, Record, Subscription, claims_of, content_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EARLIER = datetime(2026, 2, 1, 12, tzinfo=UTC)
ANA = Known(
    person=7,
    email="ana@mail.test",
    external_id="77",
    record=Person(identity=Identity(email="ana@mail.test", external_id="77"), tags=("vip",), properties={"x": 1}),
    created_at=EARLIER,
)
ORDER = Order(
    order_id="1001", identity=ANA.identity, currency="EUR", placed_at=EARLIER, total=500, updated_at=EARLIER
)
THINGS: dict[str, Record] = {
    "order:1001": ORDER,
    "cart:c1": Cart(cart_id="c1", identity=ANA.identity, currency="EUR", total=500, updated_at=EARLIER),
    "subscription:s1": Subscription(subscription_id="s1", identity=ANA.identity, created_at=EARLIER),
    "product:p1": Product(product_id="p1", title="Tea"),
}


class AnasShelves:
    """Shelves that hold one person and one of each thing."""

    def document(self, collection: str, key: str) -> Document | None:
        return None

    def documents(
        self, collection: str, *, after: tuple[str, str] | None = None, limit: int = 100, is_last_first: bool = False
    ) -> list[Document]:
        return []

    def count(self, collection: str) -> int:
        return 0

    def person(self, number: int) -> Known | None:
        return ANA if number == 7 else None

    def find(self, identity: Identity) -> Known | None:
        return ANA if identity.email == ANA.email or identity.external_id == ANA.external_id else None

    def people(self, *, after: int = 0, limit: int = 100, is_newest_first: bool = False) -> list[Known]:
        return [ANA] if after < 7 else []

    def snapshot(self, subject: str, *, source: str = "") -> Record | None:
        return THINGS.get(subject)

    def snapshots(self, kind: str, *, after: str = "", limit: int = 100) -> list[tuple[str, Record]]:
        return []

    def facts(self, wanted: Wanted) -> list[Told]:
        return []


SUBSCRIBER: dict[str, Any] = {
    "email": "ana@mail.test",
    "new_email": "new@mail.test",
    "first_name": "Ana",
    "address1": "Main 1",
    "country": "LV",
    "phone": "+12025550100",
    "sms_number": "+12025550100",
    "sms_consent": True,
    "user_id": "78",
    "lifetime_value": 100,
    "custom_fields": {"x": 1.5, "birth_date": "1990-05-06", "list": [1]},
    "tags": ["vip"],
    "remove_tags": ["old"],
    "prospect": False,
    "status": "active",
    "initial_status": "unsubscribed",
    "eu_consent": "granted",
}
EVENT: dict[str, Any] = {
    "email": "b@mail.test",
    "action": "Updated a subscription",
    "occurred_at": "2026-02-01T10:00:00Z",
    "properties": {
        "event_id": "E1",
        "source": "web",
        "subscription_id": "s1",
        "product_ids": ["P1"],
        "price": 19.9,
        "value": 1990,
        "amount": 19.9,
        "currency": "EUR",
        "next_order_at": "2026-04-01",
    },
}
LINE: dict[str, Any] = {
    "product_id": "P1",
    "product_variant_id": "V1",
    "name": "Tea",
    "price": 9.99,
    "quantity": 2,
    "discounts": 1.5,
    "total": 18.48,
    "categories": ["Tea"],
    "sale_price": 9,
    "line_id": "L1",
}
ACTION: dict[str, Any] = {
    "provider": "shop",
    "email": "ana@mail.test",
    "action": "refunded",
    "order_id": "1001",
    "occurred_at": "2026-02-03T10:00:00Z",
    "initial_status": "unsubscribed",
    "grand_total": 18.48,
    "refund_amount": 5,
    "currency": "EUR",
    "items": [LINE],
    "billing_address": {"first_name": "Ana", "address_1": "Main 1", "country": "LV"},
    "shipment_id": "S1",
    "discount_codes": ["A", "B"],
    "order_tags": ["x"],
    "extra": {"deep": [1, {"a": 1.5}]},
}
CART: dict[str, Any] = {
    "provider": "shop",
    "email": "ana@mail.test",
    "visitor_uuid": "a" * 32,
    "action": "created",
    "cart_id": "c1",
    "cart_url": "https://shop.test/cart",
    "occurred_at": "2026-02-03T10:00:00Z",
    "items": [LINE],
    "grand_total": 18.48,
}
PRODUCT: dict[str, Any] = {
    "provider": "shop",
    "action": "updated",
    "product_id": "p1",
    "product_variant_id": "V1",
    "name": "Tea - 100 g",
    "price": 9.99,
    "inventory": 5,
    "categories": ["Tea"],
}
LEGACY: dict[str, Any] = {
    "email": "ana@mail.test",
    "upstream_id": "1001",
    "provider": "shop",
    "amount": 4900,
    "tax": 10,
    "financial_state": "paid",
    "fulfillment_state": "fulfilled",
    "cancelled_at": "2026-02-03T10:00:00Z",
    "billing_address": {"address_1": "Main 1"},
    "properties": {"x": 1},
    "items": [{"name": "Tea", "amount": 4900, "price": 2450, "quantity": 2, "properties": {"size": "M"}}],
}
BODIES: dict[str, Any] = {
    "/v2/{account}/subscribers": {"subscribers": [SUBSCRIBER]},
    "/v2/{account}/subscribers/batches": {"batches": [{"subscribers": [SUBSCRIBER, {"email": "b@mail.test"}]}]},
    "/v2/{account}/unsubscribes/batches": {"batches": [{"subscribers": [{"email": "b@mail.test"}]}]},
    "/v2/{account}/campaigns/{id}/subscribers": {"subscribers": [SUBSCRIBER]},
    "/v2/{account}/tags": {"tags": [{"email": "ana@mail.test", "tag": "x"}]},
    "/v2/{account}/events": {"events": [EVENT]},
    "/v2/{account}/events/batches": {"batches": [{"events": [EVENT, EVENT]}]},
    "/v2/{account}/orders": {"orders": [LEGACY]},
    "/v2/{account}/orders/batches": {"batches": [{"orders": [LEGACY]}]},
    "/v2/{account}/refunds": {"refunds": [{"provider": "shop", "order_upstream_id": "1001", "amount": 100}]},
    "/v2/{account}/webhooks": {
        "webhooks": [{"post_url": "https://shop.test/hook", "events": ["subscriber.created"]}]
    },
    "/v3/{account}/shopper_activity/order": ACTION,
    "/v3/{account}/shopper_activity/order/batch": {"orders": [ACTION, ACTION]},
    "/v3/{account}/shopper_activity/cart": CART,
    "/v3/{account}/shopper_activity/cart/batch": {"carts": [CART]},
    "/v3/{account}/shopper_activity/checkout": CART | {"checkout_id": "c1"},
    "/v3/{account}/shopper_activity/product": PRODUCT,
    "/v3/{account}/shopper_activity/product/batch": {"products": [PRODUCT, PRODUCT | {"action": "deleted"}]},
}
WRITING = [one for one in DOOR.endpoints if one.method != "GET" and one.path in BODIES]
ENDPOINTS = [pytest.param(one, id=f"{one.method} {one.path}") for one in DOOR.endpoints]

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["\0", "ana@mail.test", "9999-12-31T23:59:59-14:00", "0001-01-01", "1e400", "active", "-1", ""])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
RARELY = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def answer_to(endpoint: Endpoint, body: bytes, **given: Any) -> Reply | Intake:
    """The answer, its records shown to be fit for a ledger."""
    call = Call(
        method=endpoint.method,
        path=endpoint.path,
        body=body,
        received_at=NOW,
        request_id="ab" * 16,
        source="drip",
        account="123",
        parameters=given.get("parameters", {"key": "ana@mail.test", "id": "5", "tag": "vip"}),
        query=given.get("query", ()),
        is_public=endpoint.scope is Scope.BROWSE,
    )
    answer = endpoint.answer(call, AnasShelves())
    if isinstance(answer, Intake):
        for one in answer.records:
            assert content_of(one.record)
            assert msgspec.json.encode(one.record)
            assert all(claim.occurred_at.tzinfo for claim in claims_of(one.record, at=NOW))
        for kept in answer.documents:
            assert isinstance(msgspec.json.decode(kept.body), dict)
        reply = answer.reply if isinstance(answer.reply, Reply) else answer.reply(AnasShelves())
    else:
        reply = answer
    assert 200 <= reply.status < 500
    return answer


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something can be put in a body."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from places_in(part, (*path, name))


def put(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The body with another value in one place."""
    if not path:
        return value
    changed = copy.deepcopy(body)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return changed


@pytest.mark.parametrize("endpoint", WRITING, ids=lambda one: f"{one.method} {one.path}")
def test_a_whole_body_is_taken(endpoint: Endpoint) -> None:
    answer = answer_to(endpoint, msgspec.json.encode(BODIES[endpoint.path]))

    assert isinstance(answer, Intake), answer
    assert () == answer.unread


@RARELY
@given(data=st.data())
def test_any_value_in_any_place(data: st.DataObject) -> None:
    endpoint = data.draw(st.sampled_from(WRITING))
    body = BODIES[endpoint.path]
    changed = put(body, data.draw(st.sampled_from(list(places_in(body)))), data.draw(JSON))
    answer_to(endpoint, msgspec.json.encode(changed))


@RARELY
@given(endpoint=st.sampled_from(WRITING), body=st.binary(max_size=60))
def test_any_bytes(endpoint: Endpoint, body: bytes) -> None:
    answer_to(endpoint, body)


@RARELY
@given(
    endpoint=st.sampled_from(DOOR.endpoints), key=st.text(max_size=30), query=st.dictionaries(st.text(), st.text())
)
def test_any_path_and_query(endpoint: Endpoint, key: str, query: dict[str, str]) -> None:
    parameters = {"key": key, "id": key, "tag": key}
    names = ("page", "per_page", "status", "tags", "subscribed_after", "callback", "visitor_uuid", "email", "_action")
    answer_to(endpoint, b"{}", parameters=parameters, query=(*query.items(), *((name, key) for name in names)))


@pytest.mark.parametrize(
    "number", ["1e308", "-1e308", "1e-400", "1E+999999", "123456789012345678901234567890", "0.1e-99999999", "-0.0"]
)
@pytest.mark.parametrize("endpoint", WRITING, ids=lambda one: f"{one.method} {one.path}")
def test_any_number(endpoint: Endpoint, number: str) -> None:
    body = BODIES[endpoint.path]
    for place in places_in(body):
        written = msgspec.json.encode(put(body, place, "HERE"))
        answer_to(endpoint, written.replace(b'"HERE"', number.encode()))


@pytest.mark.parametrize("body", [b"", b"[" * 5000, b'{"a":NaN}', b'"\\ud800"', b"\xff", b"[" * 200 + b"]" * 200])
@pytest.mark.parametrize("endpoint", WRITING, ids=lambda one: f"{one.method} {one.path}")
def test_what_is_no_json_is_a_refusal(endpoint: Endpoint, body: bytes) -> None:
    answer = answer_to(endpoint, body)

    assert isinstance(answer, Reply)
    assert 400 == answer.status


@given(st.integers(min_value=0, max_value=2**62))
def test_an_id_leads_back_to_its_person(person: int) -> None:
    ident = subscriber_id(person)

    assert (20, person) == (len(ident), person_of(ident))


@given(st.text(max_size=24) | st.from_regex(r"[0-9a-z]{20}", fullmatch=True))
def test_no_guessed_id_leads_anywhere(ident: str) -> None:
    assert person_of(ident) is None
