"""Whatever is sent, the door answers as the platform does: never with an exception."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orderwire.dialects.doorway import Call, Document, Endpoint, Intake, Known, Reply, Told, Wanted
from orderwire.dialects.ometria.door.door import DOOR
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
    """Shelves that hold one person and one order."""

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
    "@type": "contact",
    "@collection": "customers",
    "id": "7",
    "customer_id": "77",
    "email": "a@mail.test",
    "phone_number": "+43316123456",
    "marketing_optin": "EXPLICITLY_OPTEDIN",
    "@force_optin": True,
    "@merge": True,
    "timestamp_subscribed": "2026-01-01T10:00:00+00:00",
    "channels": {"sms": {"allow_marketing": True, "dt_updated_marketing": "2026-01-01T10:00:00+00:00"}},
    "@add_to_lists": [12],
    "@profile_id": "0e7a11a0-4d3b-4c6e-0000-000000000007",
    "date_of_birth": "1990-02-03",
    "country_id": "AT",
    "properties": {"company": "Leaf", "tags": ["a"], "x": 1.5},
}
ORDER_RECORD = {
    "@type": "order",
    "id": "1001",
    "timestamp": "2026-01-01T10:00:00+00:00",
    "status": "partially_refunded",
    "is_valid": True,
    "grand_total": 20.5,
    "currency": "EUR",
    "discount": "-1",
    "total_refunded": 10,
    "customer": {"id": "77", "email": "a@mail.test"},
    "coupon_code": "A,B",
    "shipping_address": {"city": "Graz", "postcode": 8010},
    "lineitems": [
        {
            "product_id": "P1",
            "quantity": 2,
            "unit_price": 10.25,
            "refunded": 10,
            "quantity_refunded": 1,
            "is_on_sale": True,
            "variant_options": [{"id": "1", "type": "color", "label": "green"}],
            "product": {"title": "Tea"},
            "properties": {"title": "Tea"},
        }
    ],
    "properties": {"fee": 1.5, "tags": ["a"], "order_number": "#1"},
}
PRODUCT = {
    "@type": "product",
    "id": "P1",
    "title": "Tea",
    "price": 5,
    "special_price": "4",
    "parent_id": "P0",
    "is_variant": True,
    "is_in_stock": False,
    "attributes": [{"type": "&category", "id": "3", "label": "Teas"}],
    "listings": [{"store": "s", "price": 5, "currency": "EUR"}],
    "properties": {"tags": ["a"]},
}
EVENTS = [
    {
        "@type": "custom_event",
        "id": "e1",
        "event_type": name,
        "timestamp": "2026-01-01T10:00:00+00:00",
        "identity_account_id": "77",
        "profile_id": "0e7a11a0-4d3b-4c6e-0000-000000000007",
        "properties": {
            "cart_id": "K1",
            "currency": "EUR",
            "total": 5,
            "value": 3,
            "lines": [{"title": "Tea", "quantity": 1, "total": 5, "product_id": "P1"}],
            "product_set": ["P1"],
            "delivery_frequency": "2 weeks",
            "cancellation_reason": "not given",
        },
    }
    for name in ("cart_updated", "checkout_started", "Ordergroove_subscription_event", "product_viewed", "other")
]
APP = [
    {
        "installationId": "i1",
        "events": [
            {
                "eventId": "A1",
                "dtOccurred": "2026-01-01T10:00:00+00:00",
                "type": name,
                "data": {
                    "productId": "P1",
                    "email": "a@mail.test",
                    "customEventType": "quiz",
                    "properties": {"a": 1},
                    "basket": {"totalPrice": 5, "currency": "EUR", "items": [{"productId": "P1", "quantity": 1}]},
                },
            }
        ],
    }
    for name in ("productViewed", "basketUpdated", "customEvent", "profileIdentified", "other")
]
GOOD: dict[str, list[Any]] = {
    "push": [[CONTACT], [ORDER_RECORD], [PRODUCT], *([event] for event in EVENTS)],
    "custom-events": EVENTS,
    "{id}": [PRODUCT, CONTACT],
    "data-deletion-requests": [{"email": "a@mail.test"}, {"identities": [{"email": "a@mail.test"}]}],
    "event.html": ["data=x"],
    "mobile-events": APP,
    "validate": APP,
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
        parameters={"id": "P1", "collection": "customers", "hash": "h"},
        received_at=NOW,
        request_id="0" * 31 + "1",
        source="shop",
        account="abc",
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
    assert reply.status in (200, 400)


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


@pytest.mark.parametrize("body", [b"[" * 100_000, b'[{"id":' * 50_000, b'"\\ud800"', b"\xff\xfe", b"NaN"])
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
def test_what_no_json_reader_takes_is_answered(endpoint: Endpoint, body: bytes) -> None:
    answer(endpoint, body)


@pytest.mark.parametrize("endpoint", [one for one in DOOR.endpoints if "{hash}" in one.path], ids=name_of)
@TRIED
@given(
    told=st.dictionaries(
        st.sampled_from(["type", "cid", "uiid", "d[pid]", "d[cur]", "d[lis][0][q]", "d", "d[]["]),
        st.sampled_from(["setbasket", "viewproduct", "pageview", "x", "", "a@mail.test", "EUR"]),
    )
)
def test_any_beacon_gets_its_picture(endpoint: Endpoint, told: dict[str, str]) -> None:
    data = b64encode(urlencode(told).encode()).decode().swapcase()
    call = Call(
        method=endpoint.method, path=endpoint.path, query=(("data", data),), received_at=NOW, request_id="1" * 32
    )
    found = endpoint.answer(call, OnePersonsShelves())
    reply = found.reply if isinstance(found, Intake) else found
    assert isinstance(reply, Reply)
    assert "image/gif" == reply.content_type
