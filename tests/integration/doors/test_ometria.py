"""Ometria's door as its clients call it: pushes, the list of errors, reads, pages and apps."""

from base64 import b64encode
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from orderwire.dialects.doorway import Known, Reply
from orderwire.dialects.ometria.door.beacon import unfolded
from orderwire.dialects.ometria.door.door import DOOR
from orderwire.dialects.ometria.door.ids import person_number, profile_id
from orderwire.ledger import Received
from orderwire.model import Cart, Channel, Consent, ConsentState, Identity, Order, Person, Product
from orderwire.testing.doors import Visitor

ORDER: dict[str, Any] = {
    "@type": "order",
    "id": "1001",
    "timestamp": "2026-03-01T11:30:00+00:00",
    "status": "pending",
    "is_valid": True,
    "grand_total": 20.5,
    "currency": "EUR",
    "customer": {"id": "C1", "email": "ana@mail.test"},
    "lineitems": [{"product_id": "P1", "quantity": 2, "unit_price": 10.25}],
}
CONTACT: dict[str, Any] = {
    "@type": "contact",
    "@collection": "customers",
    "id": "7",
    "customer_id": "C1",
    "email": "ana@mail.test",
}
EVENT: dict[str, Any] = {
    "@type": "custom_event",
    "id": "e1",
    "event_type": "back_in_stock",
    "timestamp": "2026-03-01T11:00:00+00:00",
    "identity_email": "ana@mail.test",
    "properties": {"pid": ["P1"]},
}


class Shop:
    """A shop that calls the door with its key."""

    def __init__(self, folder: Path) -> None:
        self.visitor = Visitor(folder, DOOR)
        self.headers = {"X-Ometria-Auth": self.visitor.secret}

    def call(self, method: str, path: str, json: object = None, **query: str) -> Reply:
        """A call below `/v2`."""
        return self.visitor.call(method, f"/v2{path}", json=json, headers=self.headers, query=query)

    def told(self, path: str, **query: str) -> Any:
        """What a read answers."""
        reply = self.call("GET", path, **query)
        assert reply.status == 200
        return msgspec.json.decode(reply.body)

    def push(self, *records: object) -> dict[str, Any]:
        """A push, which must be taken."""
        reply = self.call("POST", "/push", list(records))
        assert reply.status == 200
        found: dict[str, Any] = msgspec.json.decode(reply.body)
        return found

    def order(self) -> Order:
        """The order as it is known."""
        found = self.visitor.shelves.snapshot("order:1001")
        assert isinstance(found, Order)
        return found

    def known(self) -> Known:
        """The person, who must be known."""
        found = self.visitor.known(email="ana@mail.test")
        assert found is not None
        return found

    def consent(self, channel: Channel = Channel.EMAIL) -> tuple[ConsentState, datetime | None] | None:
        """What is in force, and since when."""
        standing = self.known().consent.get(channel)
        return (standing.state, standing.changed_at) if standing else None

    def beacon(self, **told: str) -> Reply:
        """What the tag of a page sends."""
        data = b64encode(urlencode(told).encode()).decode().swapcase()
        return self.visitor.call(
            "GET", f"/track/v3/{self.visitor.public}/event.gif", query={"data": data, "rnd": "x"}
        )

    def app(self, *events: object) -> Reply:
        """What an app sends with its token."""
        body = {"appId": "app", "installationId": "i1", "events": list(events)}
        headers = {"X-Ometria-Auth": self.visitor.public}
        return self.visitor.call("POST", "/v1/mobile-events", json=body, headers=headers)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_push_is_answered_before_it_is_judged(shop: Shop) -> None:
    told = shop.push(CONTACT, {"@type": "contact", "id": "8"}, 17)
    assert ("OK", 3, 0) == (told["status"], told["accepted"], told["rejected"])
    assert ["person.updated"] == shop.visitor.kinds()


def test_what_was_wrong_is_listed_the_newest_first(shop: Shop) -> None:
    first = shop.push({**ORDER, "grand_total": "much"})
    second = shop.push({"@type": "ghost", "id": "9"}, {**ORDER, "lineitems": [{"quantity": 1}]})
    told = shop.told("/push/_errors")
    assert [
        (second["request_id"], "1001", "root > lineitems > 0 > product_id"),
        (second["request_id"], "9", "root > @type"),
        (first["request_id"], "1001", "root > grand_total"),
    ] == [(one["request_id"], one["record_id"], one["error_path"]) for one in told]
    assert {"not a valid value"} == {one["error_message"] for one in told}


def test_only_the_hundred_newest_errors_are_kept(shop: Shop) -> None:
    for number in range(3):
        shop.push(*({"@type": "ghost", "id": f"{number}-{place}"} for place in range(60)))
    told = shop.told("/push/_errors")
    assert (100, "2-59") == (len(told), told[0]["record_id"])


def test_a_record_of_more_than_60_kb_is_rejected_and_the_rest_go_on(shop: Shop) -> None:
    told = shop.push({**CONTACT, "properties": {"x": "y" * 62_000}}, ORDER)
    assert (1, 1) == (told["accepted"], told["rejected"])
    assert "Payload invalid: Record is too large." == shop.told("/push/_errors")[0]["error_message"]
    assert ["order.placed"] == shop.visitor.kinds()


@pytest.mark.parametrize("body", [b"", b"{}", b"[", b'"x"', msgspec.json.encode([CONTACT] * 101)])
def test_a_push_that_is_no_array_of_a_hundred_is_refused_in_json(body: bytes, shop: Shop) -> None:
    reply = shop.visitor.call("POST", "/v2/push", body=body, headers=shop.headers)
    assert (400, "ERROR") == (reply.status, msgspec.json.decode(reply.body)["status"])


@pytest.mark.parametrize("headers", [{}, {"X-Ometria-Auth": "nobody"}])
def test_a_bad_key_is_forbidden_in_json(headers: dict[str, str], shop: Shop) -> None:
    reply = shop.visitor.call("GET", "/v2/orders", headers=headers)
    assert (403, {"status": "ERROR", "message": "Forbidden"}) == (reply.status, msgspec.json.decode(reply.body))


def test_records_of_all_types_may_come_in_one_push(shop: Shop) -> None:
    shop.push({"@type": "product", "id": "P1", "title": "Tea"}, CONTACT, ORDER, EVENT)
    assert ["product.updated", "person.updated", "order.placed", "custom.back_in_stock"] == shop.visitor.kinds()
    assert [] == shop.told("/push/_errors")


def test_a_record_may_come_by_itself_and_is_refused_in_the_answer(shop: Shop) -> None:
    body = {name: value for name, value in EVENT.items() if name != "@type"}
    assert 200 == shop.call("POST", "/custom-events/", body).status
    assert 200 == shop.call("POST", "/products/P1", {"title": "Tea", "price": "3.50"}).status
    reply = shop.call("POST", "/custom-events", {"id": "e2"})
    assert (400, b"root > event_type" in reply.body) == (reply.status, True)
    assert Decimal("3.50") == getattr(shop.visitor.shelves.snapshot("product:P1"), "price", None)


def test_the_way_to_cancel_an_order_needs_its_id_alone(shop: Shop) -> None:
    shop.push(ORDER)
    shop.push({"@type": "order", "id": "1001", "status": "cancelled", "is_valid": False})
    order = shop.order()
    assert ["order.placed", "order.cancelled"] == shop.visitor.kinds()
    assert (2050, "cancelled", 1) == (order.total, order.source_status, len(order.lines))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("processing", "order.paid"),
        ("paid", "order.paid"),
        ("shipped", "order.fulfilled"),
        ("Complete", "order.delivered"),
        ("canceled", "order.cancelled"),
        ("voided", "order.cancelled"),
    ],
)
def test_a_status_is_what_happened_when_it_was_told(status: str, kind: str, shop: Shop) -> None:
    shop.push(ORDER)
    shop.push({**ORDER, "status": status})
    told = shop.visitor.facts()[-1]
    assert (kind, shop.visitor.now, False) == (told.kind, told.occurred_at, told.is_approximate)


def test_an_old_order_first_met_with_a_later_status_has_an_instant_that_is_only_approximate(shop: Shop) -> None:
    shop.push({**ORDER, "timestamp": "2024-05-01T10:00:00+00:00", "status": "complete"})
    assert ("delivered_at",) == shop.order().approximate


def test_what_was_given_back_grows_refund_by_refund(shop: Shop) -> None:
    shop.push(ORDER)
    line = {**ORDER["lineitems"][0], "quantity_refunded": 1, "refunded": 10.25}
    part = {**ORDER, "status": "partially_refunded", "total_refunded": 10.25, "lineitems": [line]}
    shop.push(part)
    shop.push(part)
    shop.push({**ORDER, "status": "refunded", "total_refunded": "20.50"})
    order = shop.order()
    assert [1025, 1025] == [refund.amount for refund in order.refunds]
    assert [("P1", Decimal(1), 1025)] == [(one.line_id, one.quantity, one.amount) for one in order.refunds[0].lines]
    assert ["order.placed", "order.refunded", "order.refunded"] == shop.visitor.kinds()


def test_what_a_cloud_connector_pushes_is_read(shop: Shop) -> None:
    # A mixed push, ids as numbers, a negative discount as text, and a misspelt opt-in.
    shop.push(
        {**CONTACT, "id": 7, "customer_id": 7, "marketing_optin": "EXPLICITYLY_OPTEDOUT"},
        {
            **ORDER,
            "customer": {"id": 7, "email": "ana@mail.test"},
            "lineitems": [{"product_id": 5, "quantity": "2", "subtotal": "20.50", "discount": "-0.50"}],
        },
    )
    line = shop.order().lines[0]
    assert ("7", "5", 50, 2000) == (shop.known().external_id, line.product_id, line.discount, line.total)
    assert (ConsentState.UNSUBSCRIBED, shop.visitor.now) == shop.consent()


def test_a_stock_push_of_the_shop_plugin_changes_one_thing(shop: Shop) -> None:
    shop.push(
        {
            "@type": "product",
            "id": 12,
            "title": "Tea",
            "price": 5,
            "special_price": 4,
            "attributes": [
                {"type": "&category", "id": "3", "label": "Teas"},
                {"type": "brand", "id": "9", "label": "Leaf"},
            ],
        }
    )
    shop.push({"@type": "product", "id": 12, "is_in_stock": False, "@merge": True})
    product = shop.visitor.shelves.snapshot("product:12")
    assert isinstance(product, Product)
    assert ("Tea", Decimal(4), Decimal(5), ("Teas",), "Leaf", False) == (
        product.title,
        product.price,
        product.compare_at_price,
        product.categories,
        product.brand,
        product.properties["in_stock"],
    )


@pytest.mark.parametrize(
    ("first", "last", "prices"),
    [
        (None, None, (4, 5)),
        ("2026-02-01T00:00:00+00:00", "2026-03-31T00:00:00+00:00", (4, 5)),
        ("", "2026-03-01", (4, 5)),
        ("0000-00-00 00:00:00", "2026-02-28", (5, None)),
        ("2026-03-02T00:00:00+00:00", None, (5, None)),
    ],
)
def test_a_special_price_is_todays_while_it_holds(
    first: str | None, last: str | None, prices: tuple[object, object], shop: Shop
) -> None:
    dates = {"special_price_dt_from": first, "special_price_dt_to": last}
    shop.push({"@type": "product", "id": "P1", "title": "Tea", "price": 5, "special_price": 4, **dates})
    product = shop.visitor.shelves.snapshot("product:P1")
    assert isinstance(product, Product)
    assert prices == (product.price, product.compare_at_price)


@pytest.mark.parametrize(
    ("own", "listed", "expected"),
    [(True, [], True), (True, [False, True], True), (True, [False], False), (False, [True], False)],
)
def test_the_listings_decide_unless_the_product_is_withdrawn(
    own: bool, listed: list[bool], expected: bool, shop: Shop
) -> None:
    listings = [{"store": "a", "is_active": one} for one in listed]
    shop.push({"@type": "product", "id": "P1", "title": "Tea", "is_active": own, "listings": listings})
    assert expected is shop.told("/products/P1")["is_active"]


def test_an_address_in_a_query_keeps_its_plus(shop: Shop) -> None:
    shop.push({**CONTACT, "email": "a+b@mail.test"})
    assert [1, 1] == [len(shop.told("/profiles", email=email)) for email in ("a+b@mail.test", "a b@mail.test")]


def test_a_variant_that_names_its_parent_is_one_of_its_variants(shop: Shop) -> None:
    shop.push({"@type": "product", "id": "P1", "title": "Tea", "price": 5})
    shop.push({"@type": "product", "id": "V1", "parent_id": "P1", "is_variant": True, "sku": "T50", "price": 6})
    assert ["P1"] == [one["id"] for one in shop.told("/products")]
    assert ["P1", "V1"] == [one["id"] for one in shop.told("/products", includeVariants="true")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"marketing_optin": "EXPLICITLY_OPTEDIN"}, (ConsentState.SUBSCRIBED, None)),
        (
            {"marketing_optin": True, "timestamp_subscribed": "2026-02-01T10:00:00+00:00"},
            (ConsentState.SUBSCRIBED, datetime(2026, 2, 1, 10, tzinfo=UTC)),
        ),
        ({"marketing_optin": "explicitly_opted_in"}, (ConsentState.SUBSCRIBED, None)),
        (
            {"marketing_optin": False, "timestamp_unsubscribed": "2026-02-01T10:00:00+00:00"},
            (ConsentState.UNSUBSCRIBED, datetime(2026, 2, 1, 10, tzinfo=UTC)),
        ),
        ({"marketing_optin": "NOT_SPECIFIED"}, None),
        ({"marketing_optin": None}, None),
        ({}, None),
    ],
)
def test_permission_is_stated_only_where_it_is_told(
    given: dict[str, Any], expected: tuple[ConsentState, datetime | None] | None, shop: Shop
) -> None:
    shop.push({**CONTACT, **given})
    assert expected == shop.consent()


def test_two_guests_are_two_people(shop: Shop) -> None:
    for name in "ab":
        shop.push({**ORDER, "id": name, "customer": {"id": 0, "email": f"{name}@mail.test"}})
    people = [shop.visitor.known(email=f"{name}@mail.test") for name in "ab"]
    assert 2 == len({known.person for known in people if known is not None})


def test_an_order_states_no_permission(shop: Shop) -> None:
    shop.push(ORDER)
    assert shop.consent() is None


def test_a_yes_without_a_date_does_not_undo_a_no_that_came_another_way(shop: Shop) -> None:
    shop.push({**CONTACT, "marketing_optin": False})
    own = shop.consent()
    shop.push({**CONTACT, "marketing_optin": True})
    assert (ConsentState.UNSUBSCRIBED, ConsentState.SUBSCRIBED) == ((own or ("",))[0], (shop.consent() or ("",))[0])


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({}, ConsentState.UNSUBSCRIBED),
        ({"timestamp_subscribed": "2026-01-01T00:00:00+00:00"}, ConsentState.UNSUBSCRIBED),
        ({"timestamp_subscribed": "2026-03-02T00:00:00+00:00"}, ConsentState.SUBSCRIBED),
        ({"@force_optin": True}, ConsentState.SUBSCRIBED),
    ],
)
def test_a_no_from_elsewhere_is_lifted_by_a_newer_or_forced_yes_only(
    more: dict[str, Any], state: ConsentState, shop: Shop
) -> None:
    no = Consent(
        identity=Identity(email="ana@mail.test"),
        channel=Channel.EMAIL,
        state=ConsentState.UNSUBSCRIBED,
        changed_at=datetime(2026, 3, 1, tzinfo=UTC),
        origin="link in a mail",
    )
    shop.visitor.ledger.record([Received(record=no)], source="elsewhere", at=shop.visitor.now, is_imported=False)
    shop.push({**CONTACT, "marketing_optin": True, **more})
    assert state is (shop.consent() or (None,))[0]


def test_permission_for_text_messages_is_of_its_own(shop: Shop) -> None:
    sms = {"allow_marketing": True, "dt_updated_marketing": "2026-02-01T10:00:00+00:00"}
    shop.push({**CONTACT, "phone_number": "+43316123456", "channels": {"sms": sms}})
    assert (None, ConsentState.SUBSCRIBED) == (shop.consent(), (shop.consent(Channel.SMS) or (None,))[0])


def test_a_listing_told_again_as_it_was_lifts_no_opt_out_of_another(shop: Shop) -> None:
    yes = {"marketing_optin": True, "phone_number": "+43316123456", "channels": {"sms": {"allow_marketing": True}}}
    no = {"marketing_optin": False, "channels": {"sms": {"allow_marketing": False}}}
    shop.push({**CONTACT, **yes})
    shop.push({**CONTACT, **no, "@collection": "subscribers"})
    shop.push({**CONTACT, **yes})
    shop.push({**CONTACT, **yes, "@collection": "tills"})
    assert [ConsentState.UNSUBSCRIBED, ConsentState.UNSUBSCRIBED] == [
        (shop.consent(channel) or (None,))[0] for channel in (Channel.EMAIL, Channel.SMS)
    ]
    shop.push({**CONTACT, **yes, "@collection": "subscribers"})
    assert [ConsentState.SUBSCRIBED, ConsentState.SUBSCRIBED] == [
        (shop.consent(channel) or (None,))[0] for channel in (Channel.EMAIL, Channel.SMS)
    ]


def test_a_refused_contact_leaves_its_listing_as_it_was(shop: Shop) -> None:
    shop.push({**CONTACT, "marketing_optin": False})
    shop.push({**CONTACT, "marketing_optin": "perhaps"})
    assert shop.told("/contacts/customers/7")["marketing_optin"] is False


def test_a_yes_dated_in_the_future_does_not_outrank_a_later_no(shop: Shop) -> None:
    sms = {"allow_marketing": True, "dt_updated_marketing": "2026-03-01T20:00:00"}
    phone = {"phone_number": "+43316123456"}
    yes = {"marketing_optin": True, "timestamp_subscribed": "2099-01-01T00:00:00+00:00"}
    shop.push({**CONTACT, **phone, **yes, "channels": {"sms": sms}})
    shop.push({**CONTACT, "marketing_optin": False, "channels": {"sms": {"allow_marketing": False}}})
    shop.push({**CONTACT, **phone, "timestamp_subscribed": "2026-03-01T12:00:01+00:00", "marketing_optin": True})
    assert [ConsentState.UNSUBSCRIBED, ConsentState.UNSUBSCRIBED] == [
        (shop.consent(channel) or (None,))[0] for channel in (Channel.EMAIL, Channel.SMS)
    ]


@pytest.mark.parametrize(("said", "expected"), [(False, ConsentState.UNSUBSCRIBED), (True, None)])
def test_a_no_is_kept_before_the_address_is_known_and_a_yes_is_not(
    said: bool, expected: ConsentState | None, shop: Shop
) -> None:
    nameless = {"@type": "contact", "@collection": "customers", "id": "7", "customer_id": "C1"}
    sms = {"allow_marketing": said}
    shop.push({**nameless, "marketing_optin": said, "channels": {"sms": sms}})
    shop.push({**CONTACT, "phone_number": "+43316123456"})
    assert [expected, expected] == [(shop.consent(channel) or (None,))[0] for channel in (Channel.EMAIL, Channel.SMS)]


def test_a_partial_contact_is_found_by_its_listing_and_keeps_the_rest(shop: Shop) -> None:
    shop.push({**CONTACT, "firstname": "Ana", "properties": {"a": 1}})
    shop.push({"@type": "contact", "@collection": "customers", "id": "7", "@merge": True, "properties": {"b": 2}})
    record = shop.known().record
    assert isinstance(record, Person)
    assert ("Ana", {"a": 1, "b": 2}) == (record.first_name, record.properties)
    assert {"a": 1, "b": 2} == shop.told("/contacts/customers/7")["properties"]
    assert [{"id": "customers", "count": 1}] == shop.told("/contacts")
    assert ["7"] == [one["id"] for one in shop.told("/contacts/customers")]


def test_static_lists_are_told_with_their_size(shop: Shop) -> None:
    shop.push({**CONTACT, "@add_to_lists": [12, 13]})
    shop.push({**CONTACT, "@remove_from_lists": [13]})
    assert [12, 13] == [one["id"] for one in shop.told("/lists", mode="active")]
    assert [1, 0] == [shop.told(f"/lists/{number}")["size"] for number in (12, 13)]


def test_a_profile_is_all_that_is_known_of_a_person(shop: Shop) -> None:
    shop.push({**CONTACT, "firstname": "Ana", "lastname": "Novak", "marketing_optin": True}, ORDER)
    (listed,) = shop.told("/profiles/", email="ana@mail.test")
    one = shop.told(f"/profiles/{listed['id']}")
    assert ("Ana Novak", "C1", "EXPLICITLY_OPTEDIN") == (one["name"], one["customer_id"], one["marketing_optin"])
    assert (1, 20.5) == (one["stats"]["orders"], one["stats"]["revenue"])
    assert shop.known().person == person_number(listed["id"])


@pytest.mark.parametrize("person", [1, 17, 2**40])
def test_a_profile_id_leads_back_to_its_person(person: int) -> None:
    assert person == person_number(profile_id(person))


@pytest.mark.parametrize(
    "given", ["x", "", "0e7a11a0-4d3b-4c6e-0000-000000000000", "11111111-1111-1111-1111-111111111111"]
)
def test_what_is_no_profile_id_leads_to_nobody(given: str) -> None:
    assert person_number(given) is None


def test_reads_are_cut_to_pages_of_ten_and_at_most_250(shop: Shop) -> None:
    for start in range(0, 260, 100):
        shop.push(*({**ORDER, "id": f"{number:04}"} for number in range(start, min(start + 100, 260))))
    assert [10, 250, 10] == [
        len(shop.told("/orders")),
        len(shop.told("/orders", limit="9999", orderby="timestamp")),
        len(shop.told("/orders", limit="250", offset="250")),
    ]
    assert 400 == shop.call("GET", "/orders", limit="x").status


def test_an_order_is_read_as_it_was_pushed(shop: Shop) -> None:
    shop.push({**ORDER, "is_valid": False, "coupon_code": "A,B", "shipping": 1, "properties": {"gift": True}})
    told = shop.told("/orders/1001")
    expected = {
        "status": "pending",
        "is_valid": False,
        "grand_total": 20.5,
        "coupon_code": "A,B",
        "shipping": 1,
        "properties": {"gift": True},
        "customer": ORDER["customer"],
    }
    assert expected == {name: told[name] for name in expected}
    assert 404 == shop.call("GET", "/orders/none").status


def test_who_opted_out_is_listed_unless_it_came_by_the_api(shop: Shop) -> None:
    shop.push({**CONTACT, "marketing_optin": False})
    no = Consent(
        identity=Identity(email="bo@mail.test"),
        channel=Channel.EMAIL,
        state=ConsentState.UNSUBSCRIBED,
        changed_at=datetime(2026, 3, 1, tzinfo=UTC),
        origin="link in a mail",
    )
    shop.visitor.ledger.record([Received(record=no)], source="elsewhere", at=shop.visitor.now, is_imported=False)
    assert ["bo@mail.test"] == [one["email"] for one in shop.told("/unsubscribes")]


def test_a_request_to_forget_waits_for_the_operator(shop: Shop) -> None:
    made = shop.call("POST", "/data-deletion-requests", {"email": "ana@mail.test", "comment": "asked"})
    listed = shop.told("/data-deletion-requests")
    assert (200, None, "asked") == (made.status, listed[0]["timestamp_completed"], listed[0]["comment"])
    assert b"ana@mail.test" not in made.body
    assert 400 == shop.call("POST", "/data-deletion-requests", {"comment": "whom?"}).status


def test_the_data_of_a_beacon_is_read() -> None:
    # The vector of the platform's file, made with the captured tag's own alphabet.
    told = unfolded("zcu1qNrPzcu1rd0XmdaXjNr5Cgu9DhjHBNnHy3rPB24My2HHBM5LBd1ZExn0zw0=")
    assert {"d": {"tid": "1001"}, "type": "transaction", "channel": "system"} == told


def test_a_page_reports_visits_views_and_baskets_with_the_accounts_hash(shop: Shop) -> None:
    who = {"cid": "cookie-1", "channel": "system"}
    replies = [
        shop.beacon(type="pageview", url="https://shop.test/", **{"d[type]": "homepage"}, **who),
        shop.beacon(type="viewproduct", **{"d[pid]": "P1"}, **who),
        shop.beacon(
            type="setbasket",
            **{"d[id]": "B1", "d[total]": "20.50", "d[cur]": "EUR"},
            **{"d[lis][0][pid]": "P1", "d[lis][0][q]": "2", "d[lis][0][tot]": "20.50"},
            **who,
        ),
        shop.beacon(type="identify", uiid="ana@mail.test", **who),
        shop.beacon(type="transaction", **{"d[tid]": "1001"}, **who),
        shop.beacon(type="wishlist", channel="custom", cid="cookie-1"),
    ]
    assert {(200, "image/gif")} == {(reply.status, reply.content_type) for reply in replies}
    assert [
        "site.active",
        "product.viewed",
        "cart.updated",
        "site.active",
        "custom.transaction",
        "custom.wishlist",
    ] == shop.visitor.kinds()
    cart = shop.visitor.shelves.snapshot("cart:B1")
    assert isinstance(cart, Cart)
    assert (2050, Decimal(2)) == (cart.total, cart.lines[0].quantity)
    assert ("cookie-1",) == shop.known().anonymous_ids


def test_a_basket_without_a_currency_stays_an_event(shop: Shop) -> None:
    shop.beacon(type="setbasket", cid="cookie-1", channel="system", **{"d[id]": "B1", "d[total]": "20.50"})
    shop.app({"eventId": "A1", "type": "basketUpdated", "data": {"basket": {"totalPrice": 5}}})
    assert ["custom.setbasket", "custom.basketUpdated"] == shop.visitor.kinds()


@pytest.mark.parametrize("data", ["", "%%%", "zzz", "AAAA"])
def test_a_beacon_that_cannot_be_read_gets_its_picture(data: str, shop: Shop) -> None:
    reply = shop.visitor.call("GET", f"/track/v3/{shop.visitor.public}/event.gif", query={"data": data})
    assert (200, "image/gif", []) == (reply.status, reply.content_type, shop.visitor.kinds())


def test_the_hash_of_an_account_opens_nothing_but_the_tracker(shop: Shop) -> None:
    headers = {"X-Ometria-Auth": shop.visitor.public}
    assert 403 == shop.visitor.call("POST", "/v2/push", json=[CONTACT], headers=headers).status
    assert 403 == shop.visitor.call("GET", "/track/v3/other/event.gif").status


def test_an_app_reports_what_it_saw(shop: Shop) -> None:
    basket = {
        "id": "B2",
        "totalPrice": 5,
        "currency": "EUR",
        "items": [{"productId": "P1", "quantity": 1, "price": 5}],
    }
    at = "2026-03-01T10:00:00+01:00"
    reply = shop.app(
        {"eventId": "A1", "dtOccurred": at, "type": "productViewed", "data": {"productId": "P1"}},
        {"eventId": "A2", "dtOccurred": at, "type": "profileIdentified", "data": {"email": "ana@mail.test"}},
        {"eventId": "A3", "dtOccurred": at, "type": "basketUpdated", "data": {"basket": basket}},
        {"eventId": "A4", "dtOccurred": at, "type": "customEvent", "data": {"customEventType": "quiz"}},
        {"eventId": "A5", "dtOccurred": at, "type": "orderCompleted", "data": {"orderId": "1001"}},
        "nonsense",
    )
    assert (200, 200) == (reply.status, msgspec.json.decode(reply.body)["status"])
    assert ["product.viewed", "site.active", "cart.updated", "custom.quiz", "custom.orderCompleted"] == (
        shop.visitor.kinds()
    )
    assert ("i1",) == shop.known().anonymous_ids


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"events":{}}'])
def test_an_app_is_refused_with_the_status_in_the_body(body: bytes, shop: Shop) -> None:
    headers = {"X-Ometria-Auth": shop.visitor.public}
    for path in ("/v1/mobile-events", "/v1/mobile-events/validate"):
        reply = shop.visitor.call("POST", path, body=body, headers=headers)
        assert (400, 400) == (reply.status, msgspec.json.decode(reply.body)["status"])


def test_an_app_with_a_bad_token_is_told_so_in_the_body(shop: Shop) -> None:
    reply = shop.visitor.call("POST", "/v1/mobile-events", json={"events": []}, headers={"X-Ometria-Auth": "x"})
    assert (403, 403) == (reply.status, msgspec.json.decode(reply.body)["status"])


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/merge-profile"), ("POST", "/transactional-email/send"), ("GET", "/ghost")]
)
def test_what_is_not_offered_answers_as_an_unknown_call(method: str, path: str, shop: Shop) -> None:
    reply = shop.call(method, path)
    assert (404, "ERROR") == (reply.status, msgspec.json.decode(reply.body)["status"])
