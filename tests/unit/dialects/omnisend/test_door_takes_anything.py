"""Whatever a client sends, the door answers in the platform's words: never with an exception."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orderwire.dialects.doorway import Call, Document, Endpoint, Intake, Known, Reply, Standing, Told, Wanted
from orderwire.dialects.omnisend.door.door import DOOR
from orderwire.dialects.omnisend.door.ids import contact_id
from orderwire.model import (
    Cart,
    Channel,
    ConsentState,
    Identity,
    Order,
    OrderLine,
    Person,
    Product,
    Record,
    claims_of,
    content_of,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHO = Identity(email="a@mail.test", phone="+37060000000")
LINE = OrderLine(line_id="L1", name="Mug", product_id="P1", subtotal=500, total=500)
THINGS: dict[str, Record] = {
    "order:1001": Order(order_id="1001", identity=WHO, currency="EUR", placed_at=NOW, total=500, lines=(LINE,)),
    "cart:1001": Cart(cart_id="1001", identity=WHO, currency="EUR", total=500, updated_at=NOW, lines=(LINE,)),
    "product:1001": Product(product_id="1001", title="Mug"),
}
PERSON = Known(
    person=7,
    email="a@mail.test",
    phone="+37060000000",
    consent={Channel.EMAIL: Standing(state=ConsentState.SUBSCRIBED, changed_at=NOW)},
    record=Person(identity=WHO, tags=("vip",), properties={"size": "M"}),
    created_at=NOW,
)
DOCUMENTS = {
    ("category", "1001"): {"categoryID": "1001", "title": "Mugs", "createdAt": "", "updatedAt": ""},
    ("event_type", "1001"): {
        "eventID": "1001",
        "name": "worn",
        "systemName": "worn",
        "fields": [{"systemName": "size", "type": "int"}],
    },
    ("batch", "1001"): {
        "batchID": "1001",
        "endpoint": "contacts",
        "method": "POST",
        "status": "finished",
        "createdAt": "",
    },
}


class SmallShelves:
    """Shelves with one person, one thing of every kind and one document of each collection."""

    def document(self, collection: str, key: str) -> Document | None:
        body = DOCUMENTS.get((collection, key))
        return None if body is None else Document(collection=collection, key=key, body=json.dumps(body).encode())

    def documents(
        self, collection: str, *, after: tuple[str, str] | None = None, limit: int = 100, is_last_first: bool = False
    ) -> list[Document]:
        found = self.document(collection, "1001")
        return [found] if found and after is None else []

    def count(self, collection: str) -> int:
        return 1

    def person(self, number: int) -> Known | None:
        return PERSON if number == 7 else None

    def find(self, identity: Identity) -> Known | None:
        return PERSON if identity.email == PERSON.email or identity.phone == PERSON.phone else None

    def people(self, *, after: int = 0, limit: int = 100, is_newest_first: bool = False) -> list[Known]:
        return [PERSON] if after == 0 else []

    def snapshot(self, subject: str, *, source: str = "") -> Record | None:
        return THINGS.get(subject)

    def snapshots(self, kind: str, *, after: str = "", limit: int = 100) -> list[tuple[str, Record]]:
        return [] if after else [(f"shop/{name}", one) for name, one in THINGS.items() if name.startswith(f"{kind}:")]

    def facts(self, wanted: Wanted) -> list[Told]:
        return []


CONTACT: dict[str, Any] = {
    "identifiers": [
        {
            "type": "email",
            "id": "a@mail.test",
            "channels": {"email": {"status": "subscribed", "statusDate": "2026-01-01T00:00:00Z"}},
            "consent": {"source": "form", "createdAt": "2026-01-01T00:00:00Z", "ip": "192.0.2.1", "userAgent": "x"},
        },
        {"type": "phone", "id": "+37060000000", "channels": {"sms": {"status": "nonSubscribed"}}},
    ],
    "firstName": "Ana",
    "gender": "f",
    "birthdate": "1990-02-03",
    "city": "Vilnius",
    "tags": ["source: api"],
    "customProperties": {"pets": ["dog"], "age": 33.5, "externalID": "77", "phone": "+37060000000"},
    "createdAt": "2020-01-01T00:00:00Z",
}
FLAT = {
    "email": "b@mail.test",
    "status": "unsubscribed",
    "statusDate": "2026-01-01 10:00:00+02:00",
    "state_code": "V",
}
ITEM = {
    "productID": "P1",
    "productVariantID": "V1",
    "productTitle": "Mug",
    "productQuantity": 2,
    "productPrice": 12.5,
    "productDiscount": 5,
    "productStrikeThroughPrice": 15,
    "productCategories": [{"id": "c", "title": "Mugs"}],
    "productWeight": 3,
}
ADDRESS = {"firstName": "Ana", "address1": "Gedimino 1", "countryCode": "LT", "zip": "01103"}
ORDER_PROPERTIES = {
    "orderID": "1001",
    "orderNumber": 7,
    "createdAt": "2026-01-01T10:00:00",
    "currency": "EUR",
    "totalPrice": 25,
    "paymentStatus": "paid",
    "fulfillmentStatus": "fulfilled",
    "subtotalTaxIncluded": True,
    "tags": ["web"],
    "discounts": [{"amount": 5, "code": "X", "type": "fixedAmount"}],
    "lineItems": [ITEM],
    "refundedLineItems": [ITEM],
    "totalRefundedAmount": 12.5,
    "tracking": {"code": "T1", "courierTitle": "DHL", "courierURL": "https://track.test"},
    "billingAddress": ADDRESS,
    "customFields": {"gift": True},
}
CART_PROPERTIES = {"cartID": "1001", "currency": "EUR", "value": 25, "addedItem": ITEM, "lineItems": [ITEM]}
PROPERTIES: dict[str, Any] = {
    **dict.fromkeys(
        ("placed order", "paid for order", "order fulfilled", "order delivered", "order canceled", "order refunded"),
        ORDER_PROPERTIES,
    ),
    **dict.fromkeys(("added product to cart", "started checkout", "cart abandoned"), CART_PROPERTIES),
    "ordered product": {"orderID": "1001", "product": ITEM},
    "subscription created": {"subscriptionID": "S1", "price": 5, "currency": "EUR", "nextOrderAt": "2026-01-01"},
    "viewed product": {"product": {"id": 1, "price": "5"}},
    "worn": {"value": 12.5, "currency": "KWD", "list": [1, {"a": 2}]},
}
EVENTS = [
    {
        "eventName": name,
        "eventID": "11111111",
        "eventTime": "2026-01-01T00:00:00Z",
        "origin": "api",
        "contact": {
            "email": "a@mail.test",
            "optIns": [{"channel": "phone", "createdAt": "2026-01-01T00:00:00Z", "source": "x"}],
            "consents": [{"channel": "email", "source": "x"}],
        },
        "properties": properties,
    }
    for name, properties in PROPERTIES.items()
]
CENTS_LINE = {
    "cartProductID": "L2",
    "productID": "P1",
    "variantID": "V1",
    "title": "Mug",
    "quantity": 2,
    "price": 1250,
}
CART = {"cartID": "C2", "email": "a@mail.test", "currency": "EUR", "cartSum": 2500, "products": [CENTS_LINE]}
ORDER = {
    "orderID": "1002",
    "orderNumber": 1002,
    "email": "a@mail.test",
    "currency": "EUR",
    "orderSum": 2500,
    "createdAt": "2026-01-01T00:00:00Z",
    "paymentStatus": "partiallyRefunded",
    "fulfillmentStatus": "delivered",
    "canceledDate": "2026-01-02T00:00:00Z",
    "trackingCode": "T1",
    "discountCode": "X",
    "discountValue": 500,
    "billingAddress": {"address": "Gedimino 1", "postalCode": "01103"},
    "products": [CENTS_LINE | {"categoryIDs": ["1001"], "tags": ["a"], "weight": 5}],
}
V3_PRODUCT = {
    "productID": "P9",
    "title": "Mug",
    "status": "inStock",
    "currency": "EUR",
    "productUrl": "https://shop.test/mug",
    "images": [{"imageID": "i", "url": "https://shop.test/mug.jpg", "isDefault": True}],
    "categoryIDs": ["1001"],
    "variants": [{"variantID": "V9", "title": "Mug", "price": 1500, "oldPrice": 1800, "imageID": "i"}],
}
PRODUCT = {
    "id": "P9",
    "title": "Mug",
    "status": "outOfStock",
    "currency": "EUR",
    "url": "https://shop.test/mug",
    "images": ["https://shop.test/mug.jpg"],
    "variants": [
        {"id": "V9", "title": "Mug", "url": "https://shop.test/mug", "price": 15.5, "strikeThroughPrice": 18}
    ],
}
CATEGORY = {"categoryID": "K2", "title": "Cups", "createdAt": "2026-01-01T00:00:00Z"}
V3_EVENT = {"systemName": "worn", "email": "a@mail.test", "fields": {"size": 5, "url": "https://shop.test", "f": 1.5}}
STORE = {"website": "https://shop.test", "platform": "wordpress", "version": "1"}
TAGS = {"emails": ["a@mail.test"], "contactIDs": [contact_id(7)], "phones": ["+37060000000"], "tags": ["vip", "new"]}


def bodies(endpoint: Endpoint) -> list[Any]:
    """Good bodies for a call."""
    _, generation, noun, *rest = endpoint.path.split("/")
    match noun:
        case "contacts":
            return [TAGS] if rest == ["tags"] else [CONTACT, FLAT][: 1 if endpoint.method == "PATCH" else 2]
        case "events" if generation == "v3":
            return [V3_EVENT]
        case "events" | "customer-events":
            return list(EVENTS)
        case "products":
            return [V3_PRODUCT if generation == "v3" else PRODUCT]
        case "orders":
            return [ORDER]
        case "carts":
            return [CENTS_LINE] if "products" in rest else [CART]
        case "batches":
            return [
                {"method": method, "endpoint": name, "items": items}
                for method in ("POST", "PUT")
                for name, items in {
                    "contacts": [CONTACT, FLAT],
                    "events": EVENTS,
                    "products": [V3_PRODUCT, PRODUCT],
                    "categories": [CATEGORY],
                    "orders": [ORDER],
                }.items()
            ]
        case "accounts" | "brands":
            return [STORE]
        case _:
            return [CATEGORY]


WRITING = [endpoint for endpoint in DOOR.endpoints if endpoint.method in ("POST", "PUT", "PATCH")]
READING = [endpoint for endpoint in DOOR.endpoints if endpoint.method in ("GET", "DELETE")]
QUERIES = [
    *("limit", "offset", "after", "before", "email", "phone", "status", "tag", "sort", "dateFrom", "endpoint"),
    *("updatedAtFrom", "direction", "contactID", "paymentStatus", "vendor", "cartID"),
]
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(min_value=-(2**70), max_value=2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=10),
        st.sampled_from([10**400, -(10**30), 10**15, "a@mail.test", "1001", "EUR", "JPY", "KWD", "subscribed", "+1"]),
        st.sampled_from(
            ["", " ", "\0", "1e999", "NaN", "-1", "2026-13-01", "0001-01-01T00:00:00+14:00", "9999-12-31"]
        ),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
VAST = 10**5000
"""More digits than Python turns into text."""
SINGLE: list[Any] = [
    None,
    True,
    0,
    -1,
    10**400,
    VAST,
    1.5,
    "",
    "\0",
    "x",
    [],
    [[]],
    {},
    {"a": {}},
    [{}],
    "9999-12-31T23:59:59-23:00",
]
Tried = Callable[[Callable[..., None]], Callable[..., None]]
TRIED: Tried = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def ask(endpoint: Endpoint, body: bytes = b"", query: tuple[tuple[str, str], ...] = ()) -> Reply:
    """Make a call; whatever it adds must be storable."""
    number = "1001" if "contacts" not in endpoint.path else contact_id(7)
    found = endpoint.answer(
        Call(
            method=endpoint.method,
            path=endpoint.path.replace("{id}", number),
            query=(*query, ("email", "a@mail.test")) if endpoint.method == "PATCH" else query,
            headers={"omnisend-version": "2026-03-15"},
            body=body,
            parameters={"id": number, "line": "L1", "item": "1", "brand": "b"},
            received_at=NOW,
            request_id="0" * 31 + "1",
            source="shop",
        ),
        SmallShelves(),
    )
    reply = found if isinstance(found, Reply) else found.reply
    if isinstance(found, Intake):
        for read in found.records:
            assert claims_of(read.record, at=NOW)
            content_of(read.record)
            msgspec.json.decode(msgspec.json.encode(read.record), type=type(read.record))
    reply = reply if isinstance(reply, Reply) else reply(SmallShelves())
    assert reply.status in (200, 201, 202, 204, 400, 404, 409, 422)
    if reply.body:
        json.loads(reply.body)
    return reply


def dumps(value: Any) -> bytes:
    """JSON with numbers of any size."""
    if isinstance(value, dict):
        return b"{" + b",".join(json.dumps(name).encode() + b":" + dumps(one) for name, one in value.items()) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(dumps(one) for one in value) + b"]"
    return b"1" + b"0" * 5000 if value == VAST else json.dumps(value).encode()


def places(value: Any) -> Iterator[tuple[Any, ...]]:
    """Every path into a JSON value."""
    yield ()
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from ((key, *rest) for rest in places(one))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with another in one place."""
    if not path:
        return new
    first, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[first] = changed(value[first], tuple(rest), new)
    return copy


def name_of(endpoint: Endpoint) -> str:
    return f"{endpoint.method}{endpoint.path}"


@pytest.mark.parametrize("endpoint", WRITING, ids=name_of)
def test_a_good_body_is_taken(endpoint: Endpoint) -> None:
    is_bulk = "batches" in endpoint.path
    answers = [ask(endpoint, dumps(body)).status for body in bodies(endpoint)]
    assert [] == [status for status in answers if status >= 300 and not is_bulk]


@pytest.mark.parametrize("endpoint", WRITING, ids=name_of)
@TRIED
@given(body=st.one_of(st.binary(max_size=40), VALUES.map(dumps)))
def test_any_bytes_and_any_json_are_answered(endpoint: Endpoint, body: bytes) -> None:
    ask(endpoint, body)


@pytest.mark.parametrize("endpoint", WRITING, ids=name_of)
@TRIED
@given(data=st.data())
def test_a_good_body_with_anything_in_any_place_is_answered(endpoint: Endpoint, data: st.DataObject) -> None:
    good = data.draw(st.sampled_from(bodies(endpoint)))
    path = data.draw(st.sampled_from(list(places(good))))
    ask(endpoint, dumps(changed(good, path, data.draw(VALUES))))


@pytest.mark.parametrize("endpoint", [one for one in WRITING if "batches" not in one.path], ids=name_of)
def test_each_place_takes_every_kind_of_value(endpoint: Endpoint) -> None:
    for good in bodies(endpoint):
        for path in places(good):
            for new in SINGLE:
                ask(endpoint, dumps(changed(good, path, new)))


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"items":' * 50_000, b'"\\ud800"', b'{"a":"\xff"}', b"NaN", b""])
@pytest.mark.parametrize("endpoint", WRITING, ids=name_of)
def test_what_is_no_json_is_refused(endpoint: Endpoint, body: bytes) -> None:
    assert 400 == ask(endpoint, body).status


@pytest.mark.parametrize("endpoint", READING, ids=name_of)
@TRIED
@given(
    query=st.lists(
        st.tuples(
            st.sampled_from(QUERIES),
            st.one_of(st.text(max_size=8), st.sampled_from(["1", "0", "250", "createdAt", "contacts", "Nw", "paid"])),
        ),
        max_size=3,
    )
)
def test_any_query_is_answered(endpoint: Endpoint, query: list[tuple[str, str]]) -> None:
    ask(endpoint, b"{}", tuple(query))
