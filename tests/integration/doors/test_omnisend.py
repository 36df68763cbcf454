"""Omnisend's clients at our door: contacts and consent, events, products and categories, batches, the account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire.dialects.doorway import Reply
from orderwire.dialects.omnisend.door.door import DOOR
from orderwire.model import Channel, Consent, ConsentState, Event, Order, Person, Product, RefundKind
from orderwire.testing.doors import BASE_URL, Visitor

ANA = "ana@mail.test"
AT = "2026-02-01T10:00:00Z"


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    made = Visitor(tmp_path, DOOR)
    yield made
    made.close()


def ask(visitor: Visitor, method: str, path: str, body: object = None, **query: str) -> Reply:
    """A call dressed as clients of its generation dress theirs."""
    headers = {"X-API-KEY": visitor.secret}
    if path.startswith("/api"):
        headers = {"Authorization": f"Omnisend-API-Key {visitor.secret}", "Omnisend-Version": "2026-03-15"}
    return visitor.call(method, path, json=body, headers=headers, query=query)


def answer(reply: Reply) -> Any:
    return json.loads(reply.body)


def records(visitor: Visitor, kind: str, shape: type[Any]) -> list[Any]:
    return [msgspec.json.decode(fact.body, type=shape) for fact in visitor.facts() if fact.kind == kind]


def consent_of(visitor: Visitor, email: str = ANA, channel: Channel = Channel.EMAIL) -> ConsentState | None:
    known = visitor.known(email=email)
    standing = known.consent.get(channel) if known else None
    return standing.state if standing else None


def identifier(status: str | None = None, since: str | None = None, **more: Any) -> dict[str, Any]:
    channel = {name: value for name, value in (("status", status), ("statusDate", since)) if value}
    return {"type": "email", "id": ANA, "channels": {"email": channel}, **more}


def event(name: str, properties: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    plain = {"eventName": name, "origin": "api", "eventTime": AT, "contact": {"email": ANA}}
    return plain | {"properties": properties or {}} | more


def order_of(**more: Any) -> dict[str, Any]:
    line = {"productID": "P", "productVariantID": "V", "productTitle": "Mug", "productQuantity": 2, "productPrice": 5}
    return {"orderID": "1001", "currency": "EUR", "totalPrice": 10, "createdAt": AT, "lineItems": [line]} | more


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Api-Key": "{}"}, 200),
        ({"x-api-key": "{}"}, 200),
        ({"Authorization": "Bearer {}"}, 200),
        ({"Authorization": "Omnisend-API-Key {}"}, 200),
        ({"X-API-KEY": "{}x"}, 401),
        ({}, 400),
    ],
)
def test_a_key_is_taken_in_any_dress(visitor: Visitor, headers: dict[str, str], status: int) -> None:
    sent = {name: value.format(visitor.secret) for name, value in headers.items()}
    assert status == visitor.call("GET", "/v5/contacts", headers=sent).status


@pytest.mark.parametrize(
    ("version", "status"),
    [("2026-03-15", 200), ("2026-09-01", 200), ("2026-preview", 200), ("", 400), ("new", 400), ("2025-01-01", 410)],
)
def test_the_dated_generation_wants_its_version(visitor: Visitor, version: str, status: int) -> None:
    headers = {"Authorization": f"Omnisend-API-Key {visitor.secret}"} | (
        {"Omnisend-Version": version} if version else {}
    )
    reply = visitor.call("GET", "/api/contacts", headers=headers)
    assert (status, "application/json") == (reply.status, reply.content_type)


def test_a_key_looks_like_one_of_theirs(visitor: Visitor) -> None:
    brand, _, secret = visitor.secret.partition("-")
    assert (24, visitor.account, 40) == (len(brand), brand, len(secret))


@pytest.mark.parametrize("path", ["/v3/contacts", "/v3/carts/none", "/v3/nothing", "/api/contacts", "/v5/batches"])
def test_rate_headers_are_on_every_reply(visitor: Visitor, path: str) -> None:
    for headers in ({}, {"X-API-KEY": visitor.secret}):
        names = [name for name, _ in visitor.call("GET", path, headers=headers).headers]
        assert ["X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"] == sorted(names)


def test_the_flat_contact_of_the_shop_plugin_is_taken(visitor: Visitor) -> None:
    body = {"email": ANA, "status": "subscribed", "statusDate": AT, "firstName": "Ana", "lastName": "", "phone": None}
    reply = ask(visitor, "POST", "/v3/contacts", body | {"state_code": "LT-VL", "tags": ["source: woocommerce"]})
    assert (200, ANA, 24) == (reply.status, answer(reply)["email"], len(answer(reply)["contactID"]))
    assert ["person.updated", "consent.changed"] == visitor.kinds()
    assert [("Ana", None, ("source: woocommerce",))] == [
        (one.first_name, one.last_name, one.tags) for one in records(visitor, "person.updated", Person)
    ]


def test_a_created_contact_answers_with_all_that_a_recording_shows(visitor: Visitor) -> None:
    body = {"identifiers": [identifier("subscribed", AT)], "firstName": "John", "birthdate": "1990-01-01"}
    shown = answer(ask(visitor, "POST", "/v3/contacts", body | {"countryCode": "LT", "address": "Street 1"}))
    wanted = {
        "email": ANA,
        "firstName": "John",
        "countryCode": "LT",
        "address": "Street 1",
        "gender": "",
        "phone": None,
        "birthdate": "1990-01-01",
        "status": "subscribed",
        "segments": [],
        "consents": None,
        "customProperties": None,
        "statuses": [{"channel": "email", "status": "subscribed", "date": AT}],
        "optIns": [{"channel": "email", "date": AT}],
        "identifiers": [
            {"id": ANA, "type": "email", "channels": {"email": {"status": "subscribed", "statusDate": AT}}}
        ],
    }
    assert wanted == {name: shown[name] for name in wanted}


@pytest.mark.parametrize(("path", "statuses"), [("/v3", [200, 200]), ("/v5", [200, 200]), ("/api", [201, 200])])
def test_the_second_call_updates_the_contact(visitor: Visitor, path: str, statuses: list[int]) -> None:
    first = ask(visitor, "POST", f"{path}/contacts", {"identifiers": [identifier("subscribed")], "firstName": "Ana"})
    second = ask(visitor, "POST", f"{path}/contacts", {"identifiers": [identifier("subscribed")], "lastName": "Po"})
    assert statuses == [first.status, second.status]
    assert ("Ana", "Po") == (answer(second)["firstName"], answer(second)["lastName"])


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        (("unsubscribed", "2026-02-02T00:00:00Z"), ConsentState.UNSUBSCRIBED),
        (("unsubscribed", "2026-01-01T00:00:00Z"), ConsentState.SUBSCRIBED),
        (("unsubscribed", None), ConsentState.UNSUBSCRIBED),
        (("nonSubscribed", "2026-02-02T00:00:00Z"), ConsentState.SUBSCRIBED),
        (("nonSubscribed", None), ConsentState.SUBSCRIBED),
        ((None, None), ConsentState.SUBSCRIBED),
    ],
)
def test_the_newer_date_of_a_choice_wins(
    visitor: Visitor, then: tuple[str | None, str | None], expected: ConsentState
) -> None:
    ask(visitor, "POST", "/v5/contacts", {"identifiers": [identifier("subscribed", AT)]})
    ask(visitor, "POST", "/v5/contacts", {"identifiers": [identifier(*then)]})
    known = visitor.known(email=ANA)
    assert known is not None
    assert expected is known.consent[Channel.EMAIL].state


@pytest.mark.parametrize("since", [AT, "2099-01-01T00:00:00Z", None])
def test_no_old_or_future_yes_outranks_a_later_no(visitor: Visitor, since: str | None) -> None:
    ask(visitor, "POST", "/v3/contacts", {"identifiers": [identifier("subscribed", since)]})
    ask(visitor, "POST", "/v3/contacts", {"identifiers": [identifier("unsubscribed")]})
    ask(visitor, "POST", "/v3/contacts", {"identifiers": [identifier("subscribed", AT)]})
    known = visitor.known(email=ANA)
    assert known is not None
    assert ConsentState.UNSUBSCRIBED is known.consent[Channel.EMAIL].state


@pytest.mark.parametrize(
    "body",
    [
        {"identifiers": [identifier()]},
        {"email": ANA, "firstName": "Ana"},
        {"identifiers": [identifier("nonSubscribed", "2000-01-01T00:00:00Z")]},
    ],
)
def test_a_contact_without_a_status_states_nothing(visitor: Visitor, body: dict[str, Any]) -> None:
    reply = ask(visitor, "POST", "/v3/contacts", body)
    assert (["person.updated"], "nonSubscribed") == (visitor.kinds(), answer(reply)["status"])


def test_a_checkout_without_a_tick_is_told_as_never_asked(visitor: Visitor) -> None:
    ask(visitor, "POST", "/v5/contacts", {"identifiers": [identifier("nonSubscribed", AT)]})
    ask(visitor, "POST", "/v5/contacts", {"identifiers": [identifier("subscribed", "2026-01-01T00:00:00Z")]})
    stated = [(one.state, one.changed_at is None) for one in records(visitor, "consent.changed", Consent)]
    assert [(ConsentState.NEVER_ASKED, True), (ConsentState.SUBSCRIBED, False)] == stated


def test_a_contact_that_is_read_and_written_back_says_nothing_new(visitor: Visitor) -> None:
    made = ask(visitor, "POST", "/v5/contacts", {"identifiers": [identifier("subscribed", AT)], "firstName": "Ana"})
    shown = answer(made)
    again = {"identifiers": [identifier("subscribed", "2026-03-01T12:00:02+00:00")], "firstName": shown["firstName"]}
    back = ask(visitor, "POST", "/v5/contacts", again | {"contactID": shown["contactID"], "gender": shown["gender"]})
    assert (shown["contactID"], ["person.updated", "consent.changed"]) == (answer(back)["contactID"], visitor.kinds())


def test_a_no_that_is_said_again_counts_from_then(visitor: Visitor) -> None:
    for status, day in (("unsubscribed", "01"), ("unsubscribed", "20"), ("subscribed", "10")):
        ask(visitor, "POST", "/v5/contacts", {"identifiers": [identifier(status, f"2026-02-{day}T00:00:00Z")]})
    known = visitor.known(email=ANA)
    assert known is not None
    assert ConsentState.UNSUBSCRIBED is known.consent[Channel.EMAIL].state


def test_evidence_is_kept_with_the_consent_and_shown(visitor: Visitor) -> None:
    consent = {"source": "footer", "createdAt": AT, "ip": "192.0.2.1", "userAgent": "Browser"}
    reply = ask(visitor, "POST", "/api/contacts", {"identifiers": [identifier("subscribed", AT, consent=consent)]})
    stated = records(visitor, "consent.changed", Consent)[0]
    assert ("footer", "192.0.2.1", "Browser") == (stated.origin, stated.ip_address, stated.user_agent)
    assert [{"channel": "email"} | consent] == answer(reply)["consents"]


@pytest.mark.parametrize(
    ("status", "since", "expected"),
    [
        ("subscribed", None, ConsentState.UNSUBSCRIBED),
        ("subscribed", "2026-02-25T10:00:00Z", ConsentState.SUBSCRIBED),
        ("unsubscribed", None, ConsentState.UNSUBSCRIBED),
    ],
)
def test_a_yes_without_a_date_is_as_old_as_its_evidence(
    visitor: Visitor, status: str, since: str | None, expected: ConsentState
) -> None:
    ask(visitor, "POST", "/v5/contacts", {"identifiers": [identifier("unsubscribed", "2026-02-20T10:00:00Z")]})
    evidence = {"consent": {"source": "import", "createdAt": AT}}
    ask(visitor, "POST", "/v5/contacts", {"identifiers": [identifier(status, since, **evidence)]})
    assert expected is consent_of(visitor)


def test_a_phone_of_another_contact_is_dropped_and_in_the_dated_generation_a_conflict(visitor: Visitor) -> None:
    phone = {"type": "phone", "id": "+37060000000", "channels": {"sms": {"status": "subscribed"}}}
    other = {"type": "email", "id": "bo@mail.test", "channels": {"email": {"status": "nonSubscribed"}}}
    ask(visitor, "POST", "/v5/contacts", {"identifiers": [other, phone]})
    made = ask(visitor, "POST", "/v5/contacts", {"identifiers": [identifier("nonSubscribed"), phone]})
    assert (200, []) == (made.status, answer(made)["phone"])
    patched = ask(visitor, "PATCH", "/api/contacts", {"identifiers": [phone]}, email=ANA)
    assert (409, "https://problems.omnisend.com/conflict") == (patched.status, answer(patched)["type"])
    assert 200 == ask(visitor, "PATCH", "/v3/contacts", {"identifiers": [phone]}, email=ANA).status


@pytest.mark.parametrize(("path", "status"), [("/v3", 200), ("/v5", 200), ("/api", 409)])
def test_a_patch_with_the_address_of_another_contact_leaves_that_one_alone(
    visitor: Visitor, path: str, status: int
) -> None:
    ask(visitor, "POST", "/v5/contacts", {"email": ANA, "firstName": "Ana", "status": "unsubscribed"})
    number = {"type": "phone", "id": "+37060000000", "channels": {"sms": {"status": "nonSubscribed"}}}
    made = answer(ask(visitor, "POST", "/v5/contacts", {"identifiers": [number]}))["contactID"]
    change = {"identifiers": [identifier("subscribed")], "firstName": "Bo"}
    assert status == ask(visitor, "PATCH", f"{path}/contacts/{made}", change).status
    shown = answer(ask(visitor, "GET", "/v5/contacts", email=ANA))["contacts"][0]
    assert ("Ana", "unsubscribed") == (shown["firstName"], shown["status"])


def test_a_yes_about_another_contacts_number_is_nobodys_and_a_no_theirs(visitor: Visitor) -> None:
    def number(phone: str, status: str) -> dict[str, Any]:
        return {"type": "phone", "id": phone, "channels": {"sms": {"status": status}}}

    other = {"type": "email", "id": "bo@mail.test", "channels": {"email": {"status": "nonSubscribed"}}}
    ask(visitor, "POST", "/v5/contacts", {"identifiers": [other, number("+37060000000", "subscribed")]})
    own = [identifier("nonSubscribed"), number("+37061111111", "nonSubscribed")]
    ask(visitor, "POST", "/v5/contacts", {"identifiers": own})
    ask(visitor, "POST", "/v5/contacts", {"identifiers": [identifier(), number("+37060000000", "subscribed")]})
    assert ConsentState.SUBSCRIBED is not consent_of(visitor, channel=Channel.SMS)
    ask(visitor, "POST", "/v5/contacts", {"identifiers": [identifier(), number("+37060000000", "unsubscribed")]})
    assert (ConsentState.UNSUBSCRIBED, ConsentState.NEVER_ASKED) == (
        consent_of(visitor, "bo@mail.test", Channel.SMS),
        consent_of(visitor, channel=Channel.SMS),
    )


@pytest.mark.parametrize(
    ("method", "path", "more", "query"),
    [
        ("PATCH", "/v3/contacts/{}", {}, {}),
        ("PATCH", "/v3/contacts", {}, {"email": ANA}),
        ("POST", "/v3/contacts", {"contactID": "{}"}, {}),
    ],
)
def test_a_flat_no_without_an_address_is_that_of_the_contact_named(
    visitor: Visitor, method: str, path: str, more: dict[str, str], query: dict[str, str]
) -> None:
    made = answer(ask(visitor, "POST", "/v3/contacts", {"identifiers": [identifier("subscribed", AT)]}))["contactID"]
    no = {"status": "unsubscribed", "statusDate": "2026-02-20T10:00:00Z"}
    named = {name: value.format(made) for name, value in more.items()}
    assert 200 == ask(visitor, method, path.format(made), no | named, **query).status
    assert ConsentState.UNSUBSCRIBED is consent_of(visitor)


def test_a_patch_changes_what_it_names_and_answers_briefly_in_v3(visitor: Visitor) -> None:
    made = answer(ask(visitor, "POST", "/v3/contacts", {"email": ANA, "firstName": "Ana", "tags": ["a", "b"]}))
    reply = ask(visitor, "PATCH", f"/v3/contacts/{made['contactID']}", {"lastName": "Po", "tags": ["c"]})
    assert {"email": ANA, "contactID": made["contactID"], "firstName": "Ana", "lastName": "Po"} == answer(reply)
    ask(visitor, "PATCH", "/v3/contacts", {"firstName": ""}, email=ANA)
    shown = answer(ask(visitor, "GET", f"/v3/contacts/{made['contactID']}"))
    assert ("", "Po", ["c"]) == (shown["firstName"], shown["lastName"], shown["tags"])


@pytest.mark.parametrize("path", ["/v3/contacts/0123456789abcdef01234567", "/api/contacts/x", "/v5/contacts/none"])
def test_an_id_that_was_never_given_is_not_found(visitor: Visitor, path: str) -> None:
    assert [404, 404] == [
        ask(visitor, method, path, {} if method == "PATCH" else None).status for method in ("GET", "PATCH")
    ]


def test_custom_properties_come_back_as_they_were(visitor: Visitor) -> None:
    custom = {"age": 33, "married": True, "points": 125.8, "pets": ["dog", "cat"], "marriageDate": "2018-07-07"}
    ask(visitor, "POST", "/v5/contacts", {"identifiers": [identifier()], "customProperties": custom, "createdAt": AT})
    shown = answer(ask(visitor, "GET", "/v5/contacts", email=ANA))["contacts"][0]
    assert custom | {"externalCreated": AT} == shown["customProperties"]


@pytest.mark.parametrize("email", ["a+b@mail.test", "a b@mail.test"])
def test_a_plus_in_the_query_is_met_encoded_or_bare(visitor: Visitor, email: str) -> None:
    ask(visitor, "POST", "/v5/contacts", {"email": "a+b@mail.test"})
    found = answer(ask(visitor, "GET", "/v5/contacts", email=email))
    assert ["a+b@mail.test"] == [one["email"] for one in found["contacts"]]


def test_v3_pages_link_to_our_own_host_until_the_end(visitor: Visitor) -> None:
    for place in range(5):
        ask(visitor, "POST", "/v3/contacts", {"email": f"a{place}@mail.test"})
    seen: list[str] = []
    query = {"limit": "2"}
    while query:
        page = answer(ask(visitor, "GET", "/v3/contacts", **query))
        seen += [one["email"] for one in page["contacts"]]
        link = page["paging"]["next"]
        assert link is None or link.startswith(f"{BASE_URL}/v3/contacts?limit=2&after=")
        query = dict(part.split("=") for part in link.partition("?")[2].split("&")) if link else {}
    assert [f"a{place}@mail.test" for place in range(5)] == seen


def test_dated_pages_go_forward_and_back_by_cursor(visitor: Visitor) -> None:
    for place in range(5):
        ask(visitor, "POST", "/api/contacts", {"email": f"a{place}@mail.test"})
    first = answer(ask(visitor, "GET", "/api/contacts", limit="2"))
    second = answer(ask(visitor, "GET", "/api/contacts", limit="2", after=first["paging"]["cursors"]["after"]))
    third = answer(ask(visitor, "GET", "/api/contacts", limit="2", after=second["paging"]["cursors"]["after"]))
    back = answer(ask(visitor, "GET", "/api/contacts", limit="2", before=second["paging"]["cursors"]["before"]))
    assert [["a4", "a3"], ["a2", "a1"], ["a0"], ["a4", "a3"]] == [
        [one["email"][:2] for one in page["contacts"]] for page in (first, second, third, back)
    ]
    assert [True, True, False] == [page["paging"]["hasMore"] for page in (first, second, third)]
    assert (None, None) == (first["paging"]["cursors"]["before"], third["paging"]["cursors"]["after"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "unsubscribed"}, ["b"]),
        ({"tag": "vip"}, ["a"]),
        ({"segmentID": "s"}, []),
        ({"updatedAtFrom": "2026-03-01T12:00:02Z"}, ["b"]),
        ({"direction": "asc"}, ["a", "b"]),
        ({}, ["b", "a"]),
    ],
)
def test_contacts_are_filtered(visitor: Visitor, query: dict[str, str], found: list[str]) -> None:
    ask(visitor, "POST", "/api/contacts", {"email": "a@mail.test", "tags": ["vip"]})
    ask(visitor, "POST", "/api/contacts", {"email": "b@mail.test", "status": "unsubscribed"})
    page = answer(ask(visitor, "GET", "/api/contacts", **query))
    assert found == [one["email"][0] for one in page["contacts"]]


@pytest.mark.parametrize(
    "query",
    [{"limit": "0"}, {"limit": "251"}, {"limit": "x"}, {"status": "no"}, {"status": "subscribed", "tag": "a"}],
)
def test_a_query_that_is_not_offered_is_refused(visitor: Visitor, query: dict[str, str]) -> None:
    reply = ask(visitor, "GET", "/api/contacts", **query)
    assert (400, "https://problems.omnisend.com/validation-failed") == (reply.status, answer(reply)["type"])


def test_tags_are_added_to_and_taken_off_many(visitor: Visitor) -> None:
    made = answer(ask(visitor, "POST", "/v5/contacts", {"email": ANA, "tags": ["old"]}))
    ask(visitor, "POST", "/v5/contacts", {"email": "bo@mail.test"})
    chosen = {"contactIDs": [made["contactID"]], "emails": [ANA, "bo@mail.test", "nobody@mail.test"]}
    assert 202 == ask(visitor, "POST", "/api/contacts/tags", chosen | {"tags": ["vip"]}).status
    assert 202 == ask(visitor, "DELETE", "/api/contacts/tags", chosen | {"tags": ["old"]}).status
    shown = answer(ask(visitor, "GET", "/v5/contacts"))["contacts"]
    assert [["vip"], ["vip"]] == [one["tags"] for one in shown]


def test_an_orders_life_in_events_is_one_order(visitor: Visitor) -> None:
    parcel = {"tracking": {"code": "JD1", "courierTitle": "DHL"}}
    for day, name, more in (
        ("01", "placed order", {}),
        ("02", "paid for order", {}),
        ("03", "order fulfilled", parcel),
        ("04", "order delivered", parcel),
        ("05", "order refunded", {"totalRefundedAmount": 4, "paymentStatus": "partiallyRefunded"}),
        ("06", "order canceled", {"cancelReason": "moved"}),
    ):
        reply = ask(
            visitor, "POST", "/v5/events", event(name, order_of(**more), eventTime=f"2026-02-{day}T10:00:00Z")
        )
        assert (202, b"") == (reply.status, reply.body)
    kinds = ["placed", "paid", "fulfilled", "delivered", "refunded", "cancelled"]
    assert [f"order.{kind}" for kind in kinds] == visitor.kinds()
    assert [1, 2, 3, 4, 5, 6] == [fact.occurred_at.day for fact in visitor.facts()]
    order = records(visitor, "order.cancelled", Order)[0]
    assert (1000, 400, RefundKind.PARTIAL, "moved") == (
        order.total,
        order.refunded,
        order.refunds[0].kind,
        order.cancel_reason,
    )
    assert [("JD1", "DHL", 3, 4)] == [
        (one.tracking_code, one.carrier, one.shipped_at.day, one.delivered_at.day) for one in order.shipments
    ]


def test_a_refund_without_id_and_time_that_is_told_again_gives_nothing_back_twice(visitor: Visitor) -> None:
    ask(visitor, "POST", "/v5/events", event("placed order", order_of()))
    told = event("order refunded", order_of(totalRefundedAmount=10, paymentStatus="refunded"), eventTime=None)
    for _ in range(2):
        assert 202 == ask(visitor, "POST", "/v5/events", told).status
    assert ["order.placed", "order.refunded"] == [kind for kind in visitor.kinds() if kind != "order.updated"]


def test_events_in_any_order_end_as_the_same_order(visitor: Visitor) -> None:
    late = {name: value for name, value in order_of().items() if name != "createdAt"}
    ask(visitor, "POST", "/v5/events", event("order fulfilled", late, eventTime="2026-02-03T10:00:00Z"))
    assert [True, False] == [fact.is_approximate for fact in visitor.facts()]
    ask(visitor, "POST", "/v5/events", event("placed order", order_of()))
    order = visitor.shelves.snapshot("order:1001")
    assert isinstance(order, Order)
    assert (1, 3, ()) == (order.placed_at.day, order.fulfilled_at.day if order.fulfilled_at else 0, order.approximate)


def test_a_late_event_does_not_turn_the_content_back(visitor: Visitor) -> None:
    ask(
        visitor,
        "POST",
        "/v5/events",
        event("order fulfilled", order_of(totalPrice=12), eventTime="2026-02-05T10:00:00Z"),
    )
    ask(
        visitor,
        "POST",
        "/v5/events",
        event("paid for order", order_of(totalPrice=10), eventTime="2026-02-02T10:00:00Z"),
    )
    order = visitor.shelves.snapshot("order:1001")
    assert isinstance(order, Order)
    assert (1200, 2) == (order.total, order.paid_at.day if order.paid_at else 0)


def test_an_older_event_tells_what_the_newer_one_left_out(visitor: Visitor) -> None:
    parcel = {"orderID": "1001", "currency": "EUR", "tracking": {"code": "JD1"}, "note": "leave outside"}
    ask(visitor, "POST", "/v5/events", event("order fulfilled", parcel, eventTime="2026-02-03T10:00:00Z"))
    ask(visitor, "POST", "/v5/events", event("placed order", order_of(note="ring twice", orderNumber="7")))
    order = visitor.shelves.snapshot("order:1001")
    assert isinstance(order, Order)
    assert (1000, 1000, "7", "leave outside") == (order.total, order.lines[0].total, order.number, order.note)


def test_an_order_placed_as_paid_is_paid(visitor: Visitor) -> None:
    ask(visitor, "POST", "/v5/events", event("placed order", order_of(paymentStatus="paid")))
    assert ["order.placed", "order.paid"] == visitor.kinds()


def test_a_backfill_without_event_times_keeps_the_orders_own(visitor: Visitor) -> None:
    ask(visitor, "POST", "/v5/events", event("placed order", order_of(), eventTime=None))
    assert [(2, 1)] == [(fact.occurred_at.month, fact.occurred_at.day) for fact in visitor.facts()]


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ({"eventID": "0f0e3a52-7c5c-4d7e-9c66-6f8f9cc0a1b2"}, {"eventName": "worn"}, 1),
        ({"eventID": "0f0e3a52-7c5c-4d7e-9c66-6f8f9cc0a1b2"}, {"eventTime": "2026-02-02T00:00:00Z"}, 1),
        ({"eventID": "0f0e3a52-7c5c-4d7e-9c66-6f8f9cc0a1b2"}, {"eventName": "torn"}, 2),
        ({"eventID": "11111111"}, {}, 1),
        ({"eventID": 11111111}, {"eventTime": "2026-02-02T00:00:00Z"}, 2),
        ({"eventID": None}, {}, 1),
        ({}, {"properties": {"size": 2}}, 2),
        ({"eventTime": None}, {}, 2),
    ],
)
def test_one_event_is_one_fact(visitor: Visitor, first: dict[str, Any], second: dict[str, Any], count: int) -> None:
    ask(visitor, "POST", "/v5/events", event("worn") | first)
    ask(visitor, "POST", "/v5/events", event("worn") | first | second)
    assert count == len(visitor.kinds())


@pytest.mark.parametrize(
    "time",
    ["2026-02-01T10:00:00Z", "2026-02-01T10:00:00+00:00", "2026-02-01T12:00:00.000+02:00", "2026-02-01T10:00:00",
     "2026-02-01 10:00:00+00:00", "2026-02-01 10:00:00"],
)  # fmt: skip
def test_times_are_read_in_every_form(visitor: Visitor, time: str) -> None:
    ask(visitor, "POST", "/v5/events", event("worn", eventTime=time))
    assert ["2026-02-01T10:00:00+00:00"] == [fact.occurred_at.isoformat() for fact in visitor.facts()]


@pytest.mark.parametrize(
    "body",
    [event("worn", contact={}), event("worn", contact={"id": "0" * 24}), event(""), event("worn", eventTime="then"),
     {"eventName": "worn"}, [], event("worn", contact={"phone": "12"})],
)  # fmt: skip
def test_an_event_of_nobody_or_nothing_is_refused(visitor: Visitor, body: Any) -> None:
    assert (400, []) == (ask(visitor, "POST", "/v5/events", body).status, visitor.kinds())


def test_an_event_finds_its_contact_by_id(visitor: Visitor) -> None:
    made = answer(ask(visitor, "POST", "/v5/contacts", {"email": ANA}))
    ask(visitor, "POST", "/v5/events", event("worn", contact={"id": made["contactID"]}))
    assert [visitor.known(email=ANA).person] == [
        fact.person for fact in visitor.facts() if fact.kind == "custom.worn"
    ]  # type: ignore[union-attr]


def test_the_contact_of_an_event_is_described_and_may_opt_out(visitor: Visitor) -> None:
    contact = {"email": ANA, "firstName": "Ana", "optOuts": [{"channel": "email", "createdAt": AT, "source": "page"}]}
    ask(visitor, "POST", "/v5/events", event("worn", contact=contact))
    assert ["person.updated", "consent.changed", "custom.worn"] == visitor.kinds()
    ask(visitor, "POST", "/v5/events", event("placed order", order_of(), contact={"email": ANA, "firstName": "Ana"}))
    assert 4 == len(visitor.kinds())


@pytest.mark.parametrize("days", [("01", "02", "03"), ("03", "01", "02"), ("02", "03", "01")])
def test_the_newest_event_names_its_contact(visitor: Visitor, days: tuple[str, ...]) -> None:
    for day in days:
        contact = {"email": ANA, "firstName": f"Ana {day}", "city": "Vilnius"}
        ask(visitor, "POST", "/v5/events", event("worn", contact=contact, eventTime=f"2026-02-{day}T00:00:00Z"))
    person = visitor.known(email=ANA).record  # type: ignore[union-attr]
    assert isinstance(person, Person)
    assert ("Ana 03", 3) == (person.first_name, person.updated_at.day if person.updated_at else 0)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (event("worn"), ConsentState.UNSUBSCRIBED),
        (event("placed order", order_of(), eventTime=None), ConsentState.UNSUBSCRIBED),
        (event("worn", eventTime=None), ConsentState.SUBSCRIBED),
    ],
)
def test_an_opt_in_without_a_date_is_as_old_as_its_event(
    visitor: Visitor, told: dict[str, Any], expected: ConsentState
) -> None:
    ask(visitor, "POST", "/v5/contacts", {"identifiers": [identifier("unsubscribed", "2026-02-20T10:00:00Z")]})
    ask(visitor, "POST", "/v5/events", told | {"contact": {"email": ANA, "optIns": [{"channel": "email"}]}})
    assert expected is consent_of(visitor)


@pytest.mark.parametrize(("name", "expected"), [("optOuts", ConsentState.UNSUBSCRIBED), ("optIns", None)])
def test_a_no_is_kept_before_the_number_is_known_and_a_yes_is_not(
    visitor: Visitor, name: str, expected: ConsentState | None
) -> None:
    ask(visitor, "POST", "/v5/events", event("worn", contact={"email": ANA, name: [{"channel": "sms"}]}))
    ask(visitor, "POST", "/v3/contacts", {"email": ANA, "phone": "+37060000000"})
    assert expected is consent_of(visitor, channel=Channel.SMS)


def test_a_pages_key_leaves_no_evidence_of_permission(visitor: Visitor) -> None:
    contact = {"email": ANA, "firstName": "Ana", "consents": [{"channel": "email", "source": "page"}]}
    body = event("worn", contact=contact)
    assert 202 == visitor.call("POST", "/v5/events", json=body, headers={"X-API-KEY": visitor.public}).status
    shown = answer(ask(visitor, "GET", "/v5/contacts", email=ANA))["contacts"][0]
    assert ("Ana", None) == (shown["firstName"], shown["consents"])


def test_an_old_events_contact_is_old_news(visitor: Visitor) -> None:
    ask(visitor, "POST", "/v5/events", event("worn", contact={"email": ANA, "firstName": "Ana"}))
    assert {2} == {fact.occurred_at.month for fact in visitor.facts()}


def test_an_order_event_that_says_too_little_is_kept_unread(visitor: Visitor) -> None:
    body = event("placed order", {"orderID": "1"}, eventID="e1")
    assert (202, []) == (ask(visitor, "POST", "/v5/events", body).status, visitor.kinds())
    (kept,) = visitor.ledger.refused(visitor.source, "events")
    assert ("properties.currency: no currency", body) == (kept.problem, json.loads(kept.raw))


def test_an_order_does_not_change_its_currency(visitor: Visitor) -> None:
    ask(visitor, "POST", "/v5/events", event("placed order", order_of()))
    assert 202 == ask(visitor, "POST", "/v5/events", event("order refunded", order_of(currency="JPY"))).status
    assert ["order.placed"] == visitor.kinds()
    assert ["order refunded"] == [one.place for one in visitor.ledger.refused(visitor.source, "events")]


def test_ordered_product_says_nothing_new_of_a_known_order(visitor: Visitor) -> None:
    line = order_of()["lineItems"][0]
    ask(visitor, "POST", "/v5/events", event("placed order", order_of()))
    ask(visitor, "POST", "/v5/events", event("ordered product", {"orderID": "1001", "product": line}))
    ask(visitor, "POST", "/v5/events", event("ordered product", {"orderID": "2", "product": line}))
    assert ["order.placed", "custom.ordered product"] == visitor.kinds()


@pytest.mark.parametrize(("name", "kind"), [("viewed product", "product.viewed"), ("viewed page", "site.active")])
def test_browsing_goes_by_our_names(visitor: Visitor, name: str, kind: str) -> None:
    ask(visitor, "POST", "/v3/customer-events", event(name, {"product": {"id": "P", "price": "5"}}))
    assert [kind] == visitor.kinds()


def test_a_custom_event_keeps_its_name_and_value(visitor: Visitor) -> None:
    ask(visitor, "POST", "/v5/events", event("Quiz done", {"value": 12.5, "currency": "KWD", "marks": [1, 2.5]}))
    told = records(visitor, "custom.Quiz done", Event)[0]
    assert (12500, "KWD", {"marks": [1, 2.5]}) == (told.value, told.currency, told.properties)


@pytest.mark.parametrize(
    ("prefix", "body", "made", "again"),
    [
        ("/v3", {"productID": "P", "productUrl": "https://shop.test", "price": 1399}, (200, "productID"), 422),
        ("/v5", {"id": "P", "url": "https://shop.test", "price": 13.99}, (201, "id"), 409),
        ("/api", {"id": "P", "url": "https://shop.test", "price": 13.99}, (201, "id"), 409),
    ],
)
def test_a_products_life(
    visitor: Visitor, prefix: str, body: dict[str, Any], made: tuple[int, str], again: int
) -> None:
    price = body.pop("price")
    variant = {"variantID": "V", "id": "V", "title": "Mug", "price": price, "url": "https://shop.test"}
    whole = body | {"title": "Mug", "status": "inStock", "currency": "EUR", "variants": [variant]}
    reply = ask(visitor, "POST", f"{prefix}/products", whole)
    assert (made[0], {made[1]: "P"}) == (reply.status, answer(reply))
    assert again == ask(visitor, "POST", f"{prefix}/products", whole).status
    assert 200 == ask(visitor, "PUT", f"{prefix}/products/P", whole | {"title": "Cup"}).status
    assert 200 == ask(visitor, "PATCH", f"{prefix}/products/P", {"status": "notAvailable"}).status
    assert [1399, 13.99] == [
        answer(ask(visitor, "GET", f"{one}/products/P"))["variants"][0]["price"] for one in ("/v3", "/v5")
    ]
    gone = ask(visitor, "DELETE", f"{prefix}/products/P")
    assert (204, b"") == (gone.status, gone.body)
    assert ["product.updated"] * 3 + ["product.removed"] == visitor.kinds()
    products = records(visitor, "product.updated", Product)
    assert [("Mug", True), ("Cup", True), ("Cup", False)] == [(one.title, one.is_published) for one in products]
    assert "13.99" == str(products[0].variants[0].price)


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/v3/carts/c", 404, "Cart with 'c' cartID not found"),
        ("PUT", "/v3/carts/c", 404, "Cart with 'c' cartID not found"),
        ("DELETE", "/v3/carts/c", 404, "Cart with 'c' cartID not found"),
        ("GET", "/v3/orders/o", 404, "Order with 'o' orderID not found"),
        ("DELETE", "/v3/orders/o", 404, "Order with 'o' orderID not found"),
        ("GET", "/v3/products/p", 404, "Product with ProductID `p` not found"),
        ("DELETE", "/v3/products/p", 422, "product not found"),
        ("GET", "/v3/categories/k", 422, "Category with 'k' categoryID not found"),
        ("DELETE", "/v3/categories/k", 422, "Category with categoryID 'k' doesn't exist"),
    ],
)
def test_v3_says_what_is_missing_in_the_recorded_words(
    visitor: Visitor, method: str, path: str, status: int, error: str
) -> None:
    reply = ask(visitor, method, path, {} if method == "PUT" else None)
    assert (status, {"error": error}) == (reply.status, answer(reply))


def test_replacing_what_is_missing_is_told_in_the_recorded_words(visitor: Visitor) -> None:
    variant = {"variantID": "V", "title": "Mug", "price": 1}
    body = {"title": "Mug", "status": "inStock", "currency": "EUR", "productUrl": "x", "variants": [variant]}
    product = ask(visitor, "PUT", "/v3/products/p", body)
    category = ask(visitor, "PUT", "/v3/categories/k", {"title": "Cups"})
    assert (404, "Product with 'p' productID doesn't exist") == (product.status, answer(product)["error"])
    assert (422, "Category with categoryID 'k' doesn't exist") == (category.status, answer(category)["error"])


def test_a_category_of_the_plugin_with_its_odd_key_names_products(visitor: Visitor) -> None:
    made = ask(visitor, "POST", "/v5/product-categories", {"categoryId": "K", "title": "Cups"})
    assert (201, {"categoryID": "K"}) == (made.status, answer(made))
    assert 409 == ask(visitor, "POST", "/v5/product-categories", {"categoryID": "K", "title": "Cups"}).status
    assert 200 == ask(visitor, "PATCH", "/v5/product-categories/K", {"title": "Mugs"}).status
    again = ask(visitor, "POST", "/v3/categories", {"categoryID": "K", "title": "Cups"})
    assert "Category with categoryID 'K' exists. Use PUT method to overwrite it." == answer(again)["error"]
    body = {"id": "P", "title": "Mug", "status": "inStock", "currency": "EUR", "url": "x", "categoryIDs": ["K", "L"]}
    ask(visitor, "POST", "/v5/products", body)
    assert [("Mugs", "L")] == [one.categories for one in records(visitor, "product.updated", Product)]
    assert ["K", "L"] == answer(ask(visitor, "GET", "/v5/products/P"))["categoryIDs"]
    assert 204 == ask(visitor, "DELETE", "/v5/product-categories/K").status


@pytest.mark.parametrize(("prefix", "status"), [("/v3", 200), ("/v5", 200), ("/api", 201)])
def test_a_batch_answers_for_each_item(visitor: Visitor, prefix: str, status: int) -> None:
    bad = {"identifiers": [{"type": "email", "id": "nobody"}], "firstName": "A"}
    items = [bad, {"email": ANA, "points": 1.10}]
    made = ask(visitor, "POST", f"{prefix}/batches", {"method": "POST", "endpoint": "contacts", "items": items})
    assert (status, 2, 24) == (made.status, answer(made)["totalCount"], len(answer(made)["batchID"]))
    batch = answer(ask(visitor, "GET", f"{prefix}/batches/{answer(made)['batchID']}/items"))
    counts = ("status", "totalCount", "finishedCount", "errorsCount")
    assert ["finished", 2, 2, 1] == [batch[name] for name in counts]
    assert [("1", bad, 400, "finished")] == [
        (one["itemID"], one["request"], one["responseCode"], one["status"]) for one in batch["errors"]
    ]
    known = answer(ask(visitor, "GET", "/v5/contacts", email=ANA))["contacts"][0]
    name = "id" if prefix == "/api" else "contactID"
    assert [("2", {"email": ANA, name: known["contactID"]})] == [
        (one["itemID"], one["response"]) for one in batch["responses"]
    ]


def test_a_failed_item_reads_as_in_the_documented_sample(visitor: Visitor) -> None:
    items = [{"identifiers": [{"type": "email", "id": ANA}]}]
    made = ask(visitor, "POST", "/v3/batches", {"method": "POST", "endpoint": "contacts", "items": items})
    one = answer(ask(visitor, "GET", f"/v3/batches/{answer(made)['batchID']}/items/1"))
    fields = {"0": ["identifiers[0].channels: field required but not found in Json"]}
    wanted = {"error": "1 error(s) found. Check 'fields' array for details.", "fields": fields}
    assert (400, wanted, items[0]) == (one["responseCode"], one["response"], one["request"])


def test_items_of_a_batch_build_on_one_another(visitor: Visitor) -> None:
    items = [event("placed order", order_of()), event("paid for order", order_of(), eventTime="2026-02-02T00:00:00Z")]
    ask(visitor, "POST", "/api/batches", {"method": "POST", "endpoint": "events", "items": items})
    assert ["order.placed", "order.paid"] == visitor.kinds()
    people = [{"email": ANA, "firstName": "Ana"}, {"email": ANA, "lastName": "Po"}]
    ask(visitor, "POST", "/v5/batches", {"method": "POST", "endpoint": "contacts", "items": people})
    person = visitor.known(email=ANA).record  # type: ignore[union-attr]
    assert isinstance(person, Person)
    assert ("Ana", "Po") == (person.first_name, person.last_name)


@pytest.mark.parametrize(
    ("prefix", "batch"),
    [
        ("/v5", {"method": "POST", "endpoint": "orders", "items": [{}]}),
        ("/v5", {"method": "PUT", "endpoint": "events", "items": [{}]}),
        ("/v3", {"method": "POST", "endpoint": "contacts", "items": []}),
        ("/v3", {"method": "POST", "endpoint": "contacts", "items": [{}] * 1001}),
        ("/api", {"method": "POST", "endpoint": "contacts", "items": [{}] * 101}),
        ("/api", {"endpoint": "contacts", "items": [{}]}),
    ],
)
def test_a_batch_that_breaks_the_contract_is_refused_whole(
    visitor: Visitor, prefix: str, batch: dict[str, Any]
) -> None:
    assert 400 == ask(visitor, "POST", f"{prefix}/batches", batch).status


def test_batches_are_listed_by_resource(visitor: Visitor) -> None:
    for endpoint, item in (("contacts", {"email": ANA}), ("events", event("worn")), ("contacts", {"email": ANA})):
        ask(visitor, "POST", "/v5/batches", {"method": "POST", "endpoint": endpoint, "items": [item]})
    assert 400 == ask(visitor, "GET", "/v5/batches").status
    page = answer(ask(visitor, "GET", "/v5/batches", endpoint="contacts", limit="1", dateFrom="2026-03-01"))
    assert (1, f"{BASE_URL}/v5/batches?endpoint=contacts&dateFrom=2026-03-01&limit=1&offset=1") == (
        len(page["batches"]),
        page["paging"]["next"],
    )
    assert [] == answer(ask(visitor, "GET", "/v5/batches", endpoint="contacts", status="pending"))["batches"]


def test_a_shop_connects_as_the_plugin_does_it(visitor: Visitor) -> None:
    before = answer(ask(visitor, "GET", "/v3/accounts"))
    assert (visitor.account, "", False) == (before["brandID"], before["platform"], before["verified"])
    made = ask(
        visitor, "POST", "/v3/accounts", {"website": "https://shop.test", "platform": "wordpress", "version": "1"}
    )
    assert (200, True) == (made.status, answer(made)["verified"])
    after = answer(ask(visitor, "GET", "/v5/brands/current"))
    assert (visitor.account, "wordpress", True) == (after["brandID"], after["platform"], after["connected"])
    assert 403 == ask(visitor, "POST", f"/v3/accounts/{'0' * 24}", {"website": "x"}).status
