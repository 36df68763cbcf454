"""Whatever is sent, the door answers as the platform does: never with an exception."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orderwire.dialects.doorway import Call, Document, Endpoint, Intake, Known, Reply, Told, Wanted
from orderwire.dialects.yespo.door.door import DOOR
from orderwire.model import Identity, Order, Person, Record, content_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDER = Order(order_id="1001", identity=Identity(email="a@mail.test"), currency="EUR", placed_at=NOW, total=500)
PERSON = Known(
    person=7,
    email="a@mail.test",
    external_id="77",
    record=Person(identity=Identity(email="a@mail.test", external_id="77"), tags=("VIP",)),
)


class OnePersonsShelves:
    """Shelves that hold one person, one order and one import."""

    def document(self, collection: str, key: str) -> Document | None:
        return None

    def documents(
        self, collection: str, *, after: tuple[str, str] | None = None, limit: int = 100, is_last_first: bool = False
    ) -> list[Document]:
        return []

    def count(self, collection: str) -> int:
        return 0

    def person(self, number: int) -> Known | None:
        return PERSON if number == 7 else None

    def find(self, identity: Identity) -> Known | None:
        return PERSON if identity.email == PERSON.email or identity.external_id == PERSON.external_id else None

    def people(self, *, after: int = 0, limit: int = 100, is_newest_first: bool = False) -> list[Known]:
        return [PERSON] if after < 7 else []

    def snapshot(self, subject: str, *, source: str = "") -> Record | None:
        return ORDER if subject == "order:1001" else None

    def snapshots(self, kind: str, *, after: str = "", limit: int = 100) -> list[tuple[str, Record]]:
        return [("shop/order:1001", ORDER)]

    def facts(self, wanted: Wanted) -> list[Told]:
        return []


CONTACT = {
    "channels": [{"type": "email", "value": "a@mail.test"}, {"type": "sms", "value": "380501112233"}],
    "firstName": "Ana",
    "address": {"town": "Porto", "postcode": "4000"},
    "fields": [{"id": 77, "value": "red"}],
    "externalCustomerId": "77",
    "groups": [{"name": "VIP"}],
}
PARAMS = [
    {"name": "externalOrderId", "value": "1001"},
    {"name": "totalCost", "value": 5.5},
    {"name": "email", "value": "a@mail.test"},
    {"name": "date", "value": "2026-01-01T10:00:00Z"},
    {"name": "products", "value": [{"productId": "P1", "quantity": 1, "price": "5 USD"}]},
    {"name": "product", "value": {"productId": "P1", "price": 3, "isInStock": 1}},
    {"name": "page", "value": {"location": "https://shop.test/"}},
    {"name": "subscriptionId", "value": "S1"},
    {"name": "productIds", "value": ["P1"]},
    {"name": "refundId", "value": "R1"},
    {"name": "refundedCost", "value": 1},
    {"name": "value", "value": 12},
    {"name": "property_Email", "value": "x"},
]
EVENT_TYPES = [
    *("orderCreated", "orderUpdated", "orderDelivered", "orderCancelled", "orderRefunded", "cartUpdated"),
    *("checkoutStarted", "productViewed", "pageViewed", "subscriptionCreated", "subscriptionCancelled", "other"),
]
TRACKED = [
    "ProductPage",
    "StatusCart",
    "PurchasedItems",
    "CustomerData",
    "MainPage",
    "ProductUpdate",
    "SearchRequest",
]
GOOD: dict[str, list[Any]] = {
    "orders": [
        {
            "orders": [
                {
                    "externalOrderId": "1001",
                    "totalCost": "10.50",
                    "status": status,
                    "date": "2026-01-01T10:00:00.1234567+03:00",
                    "currency": "EUR",
                    "email": "a@mail.test",
                    "shipping": 1,
                    "discount": "0.5",
                    "additionalInfo": {"number": "#1", "fee": "0.5", "tags": "a, b"},
                    "items": [{"externalItemId": "P1", "quantity": 2, "cost": 5, "name": "Mug"}],
                }
            ]
        }
        for status in ("INITIALIZED", "IN_PROGRESS", "DELIVERED", "CANCELLED", "ABANDONED_SHOPPING_CART")
    ],
    "event": [{"eventTypeKey": name, "keyValue": "k", "params": PARAMS} for name in EVENT_TYPES],
    "past_events": [
        {"events": [{"eventTypeKey": name, "keyValue": "k", "params": PARAMS, "occurred": "2026-01-01"}]}
        for name in EVENT_TYPES
    ],
    "contact": [CONTACT],
    "{id}": [CONTACT, {"contact": CONTACT}],
    "subscribe": [{"contact": CONTACT, "groups": ["VIP"], "subscriptions": ["news"], "formType": "foot"}],
    "subscriptions": [{"subscriptions": ["news"]}],
    "contacts": [{"contacts": [CONTACT], "dedupeOn": "email", "contactFields": ["firstName"], "groupNames": ["A"]}],
    "add": [{"emails": ["a@mail.test"]}],
    "delete": [{"emails": ["a@mail.test"]}],
    "attach": [{"contactIds": [90000007], "externalCustomerIds": ["77"]}],
    "detach": [{"contactIds": [90000007]}],
    "domains": [{"domain": "shop.test"}, {"domains": [{"domain": "shop.test"}]}],
    "domain": [{"domain": "shop.test"}],
    "v2": [
        {
            "GeneralInfo": {
                "eventName": name,
                "siteId": "S",
                "datetime": 1772365000000,
                "externalCustomerId": 77,
                "user_es_contact_id": 90000007,
                "user_phone": "380501112233",
                "cookies": {"sc": "v1"},
            },
            name: {
                "Product": {"productKey": 7, "price": "10 USD"},
                "Products": [{"product_id": 7, "unit_price": "1.5", "quantity": "2", "price_currency_code": "USD"}],
                "GUID": "g",
            },
        }
        for name in TRACKED
    ],
    "plugin": [{"log": "x"}],
}
ENDPOINTS = list(
    {endpoint.answer: endpoint for endpoint in DOOR.endpoints if endpoint.method in ("POST", "PUT")}.values()
)
"""Every call with a body, once where it is served at several paths."""

VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(min_value=-(2**70), max_value=2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=12),
        st.sampled_from(["", " ", "null", "\0", "1e999", "NaN", "-1", "0", "2026-13-01", "9999-12-31T23:59-23:00"]),
        st.sampled_from([10**400, -(10**30), 10**15, 0, "a@mail.test", "1001", "77", "EUR", "KWD", "JPY"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def answer(endpoint: Endpoint, body: bytes) -> None:
    call = Call(
        method=endpoint.method,
        path=endpoint.path,
        body=body,
        parameters={"id": "90000007", "session": "x"},
        received_at=NOW,
        request_id="0" * 31 + "1",
        source="shop",
        account="123456",
    )
    shelves = OnePersonsShelves()
    found = endpoint.answer(call, shelves)
    reply = found if isinstance(found, Reply) else None
    if isinstance(found, Intake):
        for read in found.records:
            content_of(read.record)
            msgspec.json.decode(msgspec.json.encode(read.record), type=type(read.record))
        reply = found.reply if isinstance(found.reply, Reply) else found.reply(shelves)
    assert reply is not None
    assert reply.status in (200, 201, 400, 403, 404)


def dumps(value: Any) -> bytes:
    """JSON with numbers of any size."""
    import json

    return json.dumps(value).encode()


def places(value: Any) -> list[tuple[Any, ...]]:
    """Every path into a JSON value."""
    found: list[tuple[Any, ...]] = [()]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        found.extend((key, *rest) for rest in places(one))
    return found


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with another in one place."""
    if not path:
        return new
    first, *rest = path
    if isinstance(value, dict):
        return {**value, first: changed(value[first], tuple(rest), new)}
    return [changed(one, tuple(rest), new) if place == first else one for place, one in enumerate(value)]


def without(value: Any, path: tuple[Any, ...]) -> Any:
    """The value without one place."""
    if not path:
        return {}
    first, *rest = path
    if isinstance(value, dict):
        if not rest:
            return {key: one for key, one in value.items() if key != first}
        return {**value, first: without(value[first], tuple(rest))}
    if not rest:
        return [one for place, one in enumerate(value) if place != first]
    return [without(one, tuple(rest)) if place == first else one for place, one in enumerate(value)]


def name_of(endpoint: Endpoint) -> str:
    return f"{endpoint.method}{endpoint.path}"


def bodies_for(endpoint: Endpoint) -> list[Any]:
    return GOOD[endpoint.path.rpartition("/")[2]]


Tried = Callable[[Callable[..., None]], Callable[..., None]]
TRIED: Tried = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
def test_a_good_body_is_taken(endpoint: Endpoint) -> None:
    for body in bodies_for(endpoint):
        answer(endpoint, dumps(body))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
@TRIED
@given(body=st.one_of(st.binary(max_size=40), VALUES.map(dumps)))
def test_any_bytes_and_any_json_are_answered(endpoint: Endpoint, body: bytes) -> None:
    answer(endpoint, body)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
@TRIED
@given(data=st.data())
def test_a_good_body_with_anything_in_any_place_is_answered(endpoint: Endpoint, data: st.DataObject) -> None:
    good = data.draw(st.sampled_from(bodies_for(endpoint)))
    path = data.draw(st.sampled_from(places(good)))
    answer(endpoint, dumps(changed(good, path, data.draw(VALUES))))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
@pytest.mark.parametrize(
    "new",
    [None, True, 0, -1, 10**400, 1.5, "", " ", "\0", "null", "x", [], [[]], {}, {"a": {}}, "[", "{", "[{}]", "{}"],
    ids=repr,
)
def test_each_place_takes_every_kind_of_value(endpoint: Endpoint, new: Any) -> None:
    for good in bodies_for(endpoint):
        for path in places(good):
            answer(endpoint, dumps(changed(good, path, new)))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
def test_each_place_may_be_missing(endpoint: Endpoint) -> None:
    for good in bodies_for(endpoint):
        for path in places(good):
            answer(endpoint, dumps(without(good, path)))


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"orders":' * 50_000, b'"\\ud800"', b"\xff\xfe", b"NaN"])
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
def test_what_no_json_reader_takes_is_answered(endpoint: Endpoint, body: bytes) -> None:
    answer(endpoint, body)
