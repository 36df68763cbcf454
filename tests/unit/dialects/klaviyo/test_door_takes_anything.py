"""Whatever a client sends, the door answers in Klaviyo's words: never with an exception."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orderwire.dialects.doorway import Call, Document, Endpoint, Intake, Known, Read, Reply, Standing, Told, Wanted
from orderwire.dialects.klaviyo.door import ids
from orderwire.dialects.klaviyo.door.catalog import Entry
from orderwire.dialects.klaviyo.door.door import DOOR
from orderwire.dialects.klaviyo.door.jobs import Job
from orderwire.dialects.klaviyo.door.lists import List, Member
from orderwire.dialects.klaviyo.door.metrics import Metric
from orderwire.dialects.klaviyo.door.telling import KINDS
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
    Subscription,
    claims_of,
    content_of,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHO = Identity(email="ana@mail.test", phone="+12025550123")
LINE = OrderLine(line_id="L1", name="Mug", product_id="P1", subtotal=500, total=500)
THINGS: dict[str, Record] = {
    "order:1001": Order(
        order_id="1001",
        identity=WHO,
        currency="EUR",
        placed_at=NOW,
        total=500,
        lines=(LINE,),
        approximate=("placed_at",),
    ),
    "order:1002": Order(order_id="1002", identity=WHO, currency="EUR", placed_at=NOW, total=500, lines=(LINE,)),
    "cart:C1": Cart(cart_id="C1", identity=WHO, currency="EUR", total=500, updated_at=NOW, lines=(LINE,)),
    "product:P1": Product(product_id="P1", title="Mug"),
    "subscription:S1": Subscription(subscription_id="S1", identity=WHO, created_at=NOW),
}
ANA = Known(
    person=7,
    email="ana@mail.test",
    phone="+12025550123",
    consent={Channel.EMAIL: Standing(state=ConsentState.SUPPRESSED, origin="klaviyo: HARD_BOUNCE")},
    record=Person(identity=WHO, tags=("vip",), properties={"size": "M"}),
    created_at=NOW,
    updated_at=NOW,
)
BO = Known(person=8, email="bo@mail.test", external_id="c-8", first_name="Bo")
LIST = List(name="News", created=NOW, updated=NOW)
NAMED = {"lists": ["News01"]}
FAILED: dict[str, Any] = {"detail": "x", "pointer": "/data", "entry": {"a": 1}}
JOBS = [endpoint.path.split("/")[2].removesuffix("s") for endpoint in DOOR.endpoints if "-jobs" in endpoint.path]
DOCUMENTS: dict[tuple[str, str], Any] = {
    ("list", "News01"): LIST,
    ("list", "Twice1"): msgspec.structs.replace(LIST, process="double_opt_in"),
    ("list News01", "email:ana@mail.test"): Member(identity=WHO, joined_at=NOW),
    ("metric", Metric("Worn").id): Metric("Worn", NOW),
    ("catalog-item", "I1"): Entry(
        kind="catalog-item", id="I1", attributes={"title": "Mug"}, created=NOW, updated=NOW, variants=("V1",),
        categories=("K1",),
    ),
    ("catalog-variant", "V1"): Entry(
        kind="catalog-variant", id="V1", attributes={"title": "Mug", "price": 5}, created=NOW, updated=NOW, item="I1"
    ),
    ("catalog-category", "K1"): Entry(
        kind="catalog-category", id="K1", attributes={"name": "Mugs"}, created=NOW, updated=NOW
    ),
    **{
        (kind, "J1"): {"kind": kind, "id": "J1", "created_at": NOW, "total": 2, "faults": [FAILED]} | NAMED
        for kind in JOBS
    },
    ("profile-bulk-import-job profiles", "J1"): [WHO],
    ("ordered product told", "1002"): {"1002_L1": "L1"},
    ("cart told", "C1"): ["0" * 32],
}  # fmt: skip
RAW = {"type": "event", "attributes": {"metric": "Worn", "properties": {"a": [1]}, "unique_id": "w", "value": 1.5}}
FACT = Told(
    seq=5,
    key="k",
    kind="custom.Worn",
    subject="event:w",
    source="shop",
    occurred_at=NOW,
    recorded_at=NOW,
    person=7,
    raw=json.dumps(RAW).encode(),
)
PLACED = msgspec.structs.replace(
    FACT, seq=6, kind="order.placed", subject="order:1002", record=THINGS["order:1002"], raw=b"", person=None
)


class FewShelves:
    """Shelves with two people, a thing of each kind and a document of each collection, and what a call has added."""

    def __init__(self, *added: Document) -> None:
        self.added = {(one.collection, one.key): one for one in added}

    def document(self, collection: str, key: str) -> Document | None:
        if (collection, key) in self.added:
            return self.added[(collection, key)]
        kept = DOCUMENTS.get((collection, key))
        if kept is None:
            return None
        return Document(collection=collection, key=key, body=msgspec.json.encode(kept), rank="r")

    def documents(
        self, collection: str, *, after: tuple[str, str] | None = None, limit: int = 100, is_last_first: bool = False
    ) -> list[Document]:
        keys = [key for name, key in DOCUMENTS if name == collection] if after is None else []
        return [found for key in keys if (found := self.document(collection, key)) is not None]

    def count(self, collection: str) -> int:
        return 1

    def person(self, number: int) -> Known | None:
        return {7: ANA, 8: BO}.get(number)

    def find(self, identity: Identity) -> Known | None:
        if identity.email == BO.email or identity.external_id == BO.external_id:
            return BO
        return ANA if ANA.email == identity.email or ANA.phone == identity.phone else None

    def people(self, *, after: int = 0, limit: int = 100, is_newest_first: bool = False) -> list[Known]:
        return [ANA, BO] if after == 0 else []

    def snapshot(self, subject: str, *, source: str = "") -> Record | None:
        return THINGS.get(subject)

    def snapshots(self, kind: str, *, after: str = "", limit: int = 100) -> list[tuple[str, Record]]:
        return []

    def facts(self, wanted: Wanted) -> list[Told]:
        return [FACT, PLACED] if wanted.after is None and set(wanted.kinds) & set(KINDS) else []


IDS = {
    "profiles": ids.profile_id(7),
    "person": ids.profile_id(8),
    "events": ids.event_id(NOW, 5),
    "metrics": Metric("Worn").id,
    "lists": "News01",
    "list": "Twice1",
    "group": "News01",
    "accounts": "ABC123",
    "catalog-items": "$custom:::$default:::I1",
    "catalog-variants": "$custom:::$default:::V1",
    "catalog-categories": "$custom:::$default:::K1",
}


def profile(**attributes: Any) -> dict[str, Any]:
    return {"type": "profile", "attributes": attributes}


FULL = {
    "email": "ana@mail.test",
    "phone_number": "+12025550123",
    "external_id": "c-1",
    "anonymous_id": "dev-1",
    "_kx": "abc",
    "first_name": "Ana",
    "locale": "de-AT",
    "location": {"country": "AT", "latitude": 48.2, "longitude": "16.3", "timezone": "Europe/Vienna"},
    "properties": {"sizes": [1, 2.5], "Birthday": "1990-02-03", "Tags": ["vip"], "Customer Since": "2020-01-01"},
    "meta": {"patch_properties": {"append": {"a": 1}, "unappend": {"sizes": 1}, "unset": ["x"]}},
}
ITEM = {"ProductID": "P1", "SKU": "S", "ProductName": "Mug", "Quantity": 2, "ItemPrice": 1.5, "RowTotal": "3.00"}
PROPERTIES = {
    "OrderId": "1001",
    "CartId": "C1",
    "SubscriptionId": "S1",
    "Items": [ITEM],
    "Discount Code": "A, B",
    "DiscountValue": 5,
    "BillingAddress": {"FirstName": "Ana", "Zip": 1010},
    "ShipmentId": "P1",
    "RefundedItems": [{"LineID": "L1", "Quantity": 1, "Amount": 1}],
    "AddedItemProductName": "Mug",
    "AddedItemPrice": 1,
    "NextOrderAt": "2026-04-01",
    "$extra": {"deep": [1]},
}
METRICS = [
    *("Placed Order", "Ordered Product", "Paid Order", "Fulfilled Order", "Delivered Order", "Cancelled Order"),
    *("Refunded Order", "Added to Cart", "Started Checkout", "Subscription Updated", "Upcoming Order", "Worn"),
    *("Viewed Product", "__activity__"),
]


def attributes_of(metric: str) -> dict[str, Any]:
    return {
        "metric": {"data": {"type": "metric", "attributes": {"name": metric, "service": "api"}}},
        "properties": PROPERTIES,
        "time": "2026-02-01T10:00:00Z",
        "value": 12.5,
        "value_currency": "EUR",
        "unique_id": "C1_1714554000_L1",
        "backfill": True,
    }


EVENTS = [
    {"data": {"type": "event", "attributes": attributes_of(metric) | {"profile": {"data": profile(**FULL)}}}}
    for metric in METRICS
]
BULK_ENTRY = {
    "type": "event-bulk-create",
    "attributes": {
        "profile": {"data": profile(email="bo@mail.test")},
        "events": {"data": [{"type": "event", "attributes": attributes_of(metric)} for metric in METRICS[:2]]},
        "backfill": True,
    },
}
MARKETING = {"marketing": {"consent": "SUBSCRIBED", "consented_at": "2024-01-01T00:00:00Z"}}
SUBSCRIBED = {
    "email": "new@mail.test",
    "phone_number": "+12025550188",
    "subscriptions": {"email": MARKETING, "sms": MARKETING, "push": {}},
}
LIST_LINK = {"list": {"data": {"type": "list", "id": "News01"}}}
METADATA = {"brand": "Potter", "tags": "a, b", "compare_at_price": 5, "x": [1]}
CATALOG: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "catalog-item": (
        "items",
        {
            "title": "Mug",
            "description": "A mug",
            "url": "https://shop.test",
            "price": 1.5,
            "custom_metadata": METADATA,
        },
        {"categories": {"data": [{"type": "catalog-category", "id": "$custom:::$default:::K1"}]}},
    ),
    "catalog-variant": (
        "variants",
        {
            "title": "Mug",
            "description": "A mug",
            "url": "https://shop.test",
            "price": 1.5,
            "sku": "S",
            "inventory_quantity": 3,
            "inventory_policy": 1,
            "images": ["https://shop.test/a.jpg"],
        },
        {"item": {"data": {"type": "catalog-item", "id": "$custom:::$default:::I1"}}},
    ),
    "catalog-category": ("categories", {"name": "Mugs"}, {"items": {"data": []}}),
}


def data(kind: str, attributes: Any = None, **more: Any) -> dict[str, Any]:
    return {"data": {"type": kind, **({} if attributes is None else {"attributes": attributes}), **more}}


def job(kind: str, *entries: Any, name: str = "profiles", **more: Any) -> dict[str, Any]:
    return data(kind, {name: {"data": list(entries)}, **more})


def catalog_bodies(noun: str, method: str) -> list[Any]:
    kind = next(kind for kind in CATALOG if noun.startswith((kind, "catalog-categories")) and kind[:10] == noun[:10])
    name, attributes, relationships = CATALOG[kind]
    own = {"items": "I1", "variants": "V1", "categories": "K1"}[name]
    new = {"type": kind, "attributes": attributes | {"external_id": "N1"}, "relationships": relationships}
    known = {"type": kind, "id": f"$custom:::$default:::{own}", "attributes": attributes}
    if "bulk-create" in noun:
        return [job(noun.removesuffix("s"), new, name=name)]
    if "bulk-update" in noun:
        return [job(noun.removesuffix("s"), known, name=name)]
    if "bulk-delete" in noun:
        return [job(noun.removesuffix("s"), {"type": kind, "id": known["id"]}, name=name)]
    return [{"data": new if method == "POST" else known}]


BODIES: dict[str, list[Any]] = {
    "/api/events": [
        *EVENTS,
        data("event", {"metric": {"name": "x"}, "profile": {"$email": "a@mail.test"}, "properties": {}}),
    ],
    "/client/events": EVENTS[-3:],
    "/api/event-bulk-create-jobs": [job("event-bulk-create-job", BULK_ENTRY, name="events-bulk-create")],
    "/client/event-bulk-create": [{"data": BULK_ENTRY}],
    "/api/profiles": [data("profile", {"email": "new@mail.test", "first_name": "Ana"})],
    "/api/profiles/{id}": [data("profile", {"email": "new@mail.test", "location": None}, id=ids.profile_id(7))],
    "/api/profile-import": [data("profile", {**FULL, "external_id": None}, id=ids.profile_id(7))],
    "/client/profiles": [data("profile", FULL)],
    "/api/profile-merge": [
        data(
            "profile-merge",
            id=ids.profile_id(7),
            relationships={"profiles": {"data": [{"type": "profile", "id": ids.profile_id(8)}]}},
        )
    ],
    "/api/data-privacy-deletion-jobs": [
        data("data-privacy-deletion-job", {"profile": {"data": profile(email="ana@mail.test")}})
    ],
    "/api/profile-bulk-import-jobs": [job("profile-bulk-import-job", profile(**FULL), profile(email="bad"))],
    "/api/profile-subscription-bulk-create-jobs": [
        job("profile-subscription-bulk-create-job", profile(**SUBSCRIBED), historical_import=True),
        data(
            "profile-subscription-bulk-create-job",
            {"list_id": "News01", "subscriptions": [{"email": "a@mail.test", "channels": {"email": ["MARKETING"]}}]},
        ),
    ],
    "/api/profile-subscription-bulk-delete-jobs": [
        job("profile-subscription-bulk-delete-job", profile(email="ana@mail.test")) | {"relationships": LIST_LINK}
    ],
    "/api/profile-unsubscription-bulk-create-jobs": [
        data("profile-unsubscription-bulk-create-job", {"emails": ["a@mail.test"], "phone_numbers": []})
    ],
    "/api/lists": [data("list", {"name": "News"})],
    "/api/lists/{id}": [data("list", {"name": "News", "opt_in_process": "double_opt_in"}, id="News01")],
    "/api/lists/{id}/relationships/profiles": [{"data": [{"type": "profile", "id": ids.profile_id(7)}]}],
    "/client/subscriptions": [
        data(
            "subscription",
            {"custom_source": "form", "profile": {"data": profile(**SUBSCRIBED)}},
            relationships=LIST_LINK,
        )
    ],
    "/api/v2/lists": [{"list_name": "News"}],
    "/api/v2/list/{id}": [{"list_name": "News"}],
    "/api/v2/list/{id}/subscribe": [
        {"profiles": [{"email": "a@mail.test", "sms_consent": True, "$consent": ["email"], "$consent_timestamp": 1}]}
    ],
    "/api/v2/list/{id}/members": [{"profiles": {"$email": "a@mail.test", "$id": 5, "$zip": 1010, "pets": []}}],
    "/api/v2/list/{id}/get-members": [{"emails": ["ana@mail.test"], "phone_numbers": "+12025550123"}],
    "/api/v2/list/{id}/get-list-subscriptions": [{"emails": "ana@mail.test"}],
    "/api/v1/person/{id}": [{"$first_name": "Bo", "properties": {"x": 1}, "size": [1]}],
    "/api/v1/people/exclusions": [{"email": "a@mail.test"}],
    "/api/v2/people/exchange": [{"exchange_id": "abc"}],
    "/api/v2/data-privacy/deletion-request": [{"email": "ana@mail.test"}],
}
for _verb in ("create", "delete"):
    _kind = f"profile-suppression-bulk-{_verb}-job"
    BODIES[f"/api/{_kind}s"] = [job(_kind, profile(email="ana@mail.test")), data(_kind, relationships=LIST_LINK)]
BODIES["/api/profile-unsuppression-bulk-create-jobs"] = [
    job("profile-unsuppression-bulk-create-job", profile(email="ana@mail.test"))
]
for _path in ("/api/back-in-stock-subscriptions", "/client/back-in-stock-subscriptions"):
    BODIES[_path] = [
        data(
            "back-in-stock-subscription",
            {"channels": ["EMAIL"], "profile": {"data": profile(**FULL)}},
            relationships={"variant": {"data": {"type": "catalog-variant", "id": "$custom:::$default:::V1"}}},
        )
    ]
TRACKED = {
    "token": "t",
    "event": "Worn",
    "customer_properties": {"$email": "a@mail.test", "$id": 5, "$latitude": 1.5},
    "properties": PROPERTIES | {"$event_id": 7, "$value": "5", "__track_once__": True},
    "time": 1_700_000_000,
}


def is_tracking(endpoint: Endpoint) -> bool:
    return endpoint.path.startswith(("/api/track", "/api/identify", "/crm"))


def bodies(endpoint: Endpoint) -> list[Any]:
    """Good bodies for a call."""
    if is_tracking(endpoint):
        return [TRACKED]
    noun = endpoint.path.split("/")[2]
    if "/relationships/" in endpoint.path and noun.startswith("catalog"):
        other = {"type": "catalog-category", "id": "K1"} if "items" in noun else {"type": "catalog-item", "id": "I1"}
        return [{"data": [other]}]
    return catalog_bodies(noun, endpoint.method) if noun.startswith("catalog") else BODIES[endpoint.path]


WRITING = [endpoint for endpoint in DOOR.endpoints if endpoint.method in ("POST", "PUT", "PATCH")]
READING = [endpoint for endpoint in DOOR.endpoints if endpoint.method in ("GET", "DELETE")]
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(min_value=-(2**70), max_value=2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=10),
        st.sampled_from([10**400, -(10**30), 10**15, "ana@mail.test", "bo@mail.test", "1001", "EUR", "SUBSCRIBED"]),
        st.sampled_from(
            [
                "",
                " ",
                "\0",
                "1e999",
                "1e999999999",
                "NaN",
                "-1",
                "2026-13-01",
                "0001-01-01T00:00:00+14:00",
                "9999-12-31",
            ]
        ),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
VAST = 10**5000
"""More digits than Python turns into text."""
SINGLE: list[Any] = [
    *(None, True, -1, 10**400, VAST, 1e300, "", "\0", "x", [[]], {"a": {}}, [{}], [None]),
    *("9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+23:00", "1e999999999"),
]
TRIED = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def ask(endpoint: Endpoint, body: bytes = b"", query: tuple[tuple[str, str], ...] = (), **more: Any) -> Reply:
    """Make a call; whatever it adds must be storable."""
    parts = endpoint.path.split("/")
    noun = parts[3] if parts[2] in ("v1", "v2") else parts[2]
    identity = "J1" if "-jobs" in noun else IDS.get(noun, "x")
    named = {"id": identity, "metric": Metric("Worn").id}
    call = Call(
        method=endpoint.method,
        path=endpoint.path.replace("{id}", identity),
        query=query,
        headers={"revision": "2026-07-15", **more.get("headers", {})},
        body=body,
        parameters={name: one for name, one in named.items() if f"{{{name}}}" in endpoint.path},
        received_at=NOW,
        request_id="0" * 31 + "1",
        source="shop",
        account="ABC123",
        is_public=more.get("is_public", False),
    )
    DOOR.presents(call)
    found = endpoint.answer(call, FewShelves())
    reply = found if isinstance(found, Reply) else found.reply
    if isinstance(found, Intake):
        for read in found.records:
            check(read)
        for document in found.documents:
            assert "\0" not in document.key
    after = FewShelves(*(found.documents if isinstance(found, Intake) else ()))
    reply = reply if isinstance(reply, Reply) else reply(after)
    assert reply.status in (200, 201, 202, 204, 400, 404, 409, 413, *((403,) if call.is_public else ()))
    if "json" in reply.content_type and reply.body:
        json.loads(reply.body, parse_constant=pytest.fail)
    return reply


def check(read: Read) -> None:
    """A record can be kept and read back."""
    assert claims_of(read.record, at=NOW)
    content_of(read.record)
    body = msgspec.json.encode(read.record)
    assert b"null" not in body or b"Infinity" not in body
    msgspec.json.decode(body, type=type(read.record))


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
    answers = [ask(endpoint, dumps(body)) for body in bodies(endpoint)]
    expected = 404 if endpoint.path == "/api/v2/people/exchange" else None
    assert [] == [(one.status, one.body) for one in answers if one.status >= 300 and one.status != expected]


@pytest.mark.parametrize("endpoint", WRITING, ids=name_of)
@TRIED
@given(body=st.one_of(st.binary(max_size=40), VALUES.map(dumps)))
def test_any_bytes_and_any_json_are_answered(endpoint: Endpoint, body: bytes) -> None:
    ask(endpoint, body)


@pytest.mark.parametrize("endpoint", WRITING, ids=name_of)
@TRIED
@given(drawn=st.data(), is_public=st.booleans())
def test_a_good_body_with_anything_in_any_place_is_answered(
    endpoint: Endpoint, drawn: st.DataObject, is_public: bool
) -> None:
    good = drawn.draw(st.sampled_from(bodies(endpoint)))
    path = drawn.draw(st.sampled_from(list(places(good))))
    ask(endpoint, dumps(changed(good, path, drawn.draw(VALUES))), is_public=is_public)


@pytest.mark.parametrize("endpoint", WRITING, ids=name_of)
def test_each_place_takes_every_kind_of_value(endpoint: Endpoint) -> None:
    for nth, good in enumerate(bodies(endpoint)):
        for path in list(places(good))[nth % 5 :: 5 if len(bodies(endpoint)) > 2 else 1]:
            for new in SINGLE:
                ask(endpoint, dumps(changed(good, path, new)))


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"data":' * 50_000, b'"\\ud800"', b'{"a":"\xff"}', b"NaN", b""])
@pytest.mark.parametrize("endpoint", WRITING, ids=name_of)
def test_what_is_no_json_is_never_taken(endpoint: Endpoint, body: bytes) -> None:
    reply = ask(endpoint, body)
    is_mute = is_tracking(endpoint) or "/v1/person" in endpoint.path or "/get-" in endpoint.path
    assert (
        (is_mute and reply.body in (b"0", b"[]")) or "/v1/person" in endpoint.path or reply.status in (400, 404, 413)
    )


@pytest.mark.parametrize("endpoint", [one for one in WRITING if is_tracking(one)], ids=name_of)
@TRIED
@example(data="\0", is_packed=False)
@given(data=st.text(max_size=40), is_packed=st.booleans())
def test_any_data_is_answered_with_a_digit(endpoint: Endpoint, data: str, is_packed: bool) -> None:
    packed = base64.b64encode(data.encode()).decode() if is_packed else data
    assert ask(endpoint, b"", (("data", packed),)).body in (b"0", b"1")


QUERIES = [
    *("filter", "sort", "page[size]", "page[cursor]", "include", "fields[profile]", "additional-fields[profile]"),
    *("since", "count", "marker", "page", "email", "phone_number", "data", "i", "api_key", "company_id"),
]


@pytest.mark.parametrize("endpoint", READING, ids=name_of)
@TRIED
@given(
    query=st.lists(
        st.tuples(
            st.sampled_from(QUERIES),
            st.one_of(
                st.text(max_size=12),
                st.sampled_from(["1", "0", "-datetime", "datetime", "updated", "-email", "profile", "subscriptions"]),
                st.sampled_from(
                    [
                        'equals(email,"ana@mail.test")',
                        "and(greater-than(updated,2024-01-01),less-than(created,2030-01-01T00:00:00 00:00))",
                        f'equals(metric_id,"{Metric("Placed Order").id}")',
                        'any(id,["x"])',
                        "any(",
                        "bmV4dDo6MQ==",
                        "bmV4dDo6eHx5",
                    ]
                ),
            ),
        ),
        max_size=3,
    )
)
def test_any_query_is_answered(endpoint: Endpoint, query: list[tuple[str, str]]) -> None:
    ask(endpoint, b"{}", tuple(query))


@pytest.mark.parametrize("endpoint", READING, ids=name_of)
def test_what_is_there_is_shown(endpoint: Endpoint) -> None:
    reply = ask(endpoint, b'{"data":[]}' if endpoint.method == "DELETE" else b"", (("email", "ana@mail.test"),))
    is_listless = endpoint.method == "DELETE" and "relationships" in endpoint.path
    assert reply.status in (200, 204) or (is_listless and reply.status == 400)


@TRIED
@given(
    path=st.one_of(
        st.text(max_size=20), st.sampled_from(["/api/track", "/client/events", "/api/v2/lists", "/api/x"])
    ),
    authorization=st.text(max_size=20),
    body=st.binary(max_size=30),
)
def test_anything_shows_a_key_or_none(path: str, authorization: str, body: bytes) -> None:
    DOOR.presents(
        Call(
            method="POST",
            path=path,
            headers={"authorization": authorization},
            body=body,
            received_at=NOW,
            request_id="1",
        )
    )


def test_every_job_reads_back() -> None:
    for kind in JOBS:
        found = FewShelves().document(kind, "J1")
        assert found is not None
        assert kind == msgspec.json.decode(found.body, type=Job).kind
