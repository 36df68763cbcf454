"""Drip's stand-in over real HTTP, with requests written by hand from the platform's documents."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
from yarl import URL

from orderwire.sandbox.drip import Drip
from orderwire.sandbox.kit import FaultPlan, PlatformClock, ReceptionLog, read_log, serve

V3 = "/v3/1234567/shopper_activity"
V2 = "/v2/1234567"


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


class Reply(NamedTuple):
    status: int
    body: Any
    headers: Any


class Wire:
    """A client of one running stand-in, and its reception log."""

    def __init__(self, session: aiohttp.ClientSession, port: int, log: Path) -> None:
        self.session = session
        self.base = f"http://127.0.0.1:{port}"
        self.log = log

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        given = {"Authorization": basic("token:")} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        url = URL(self.base + path, encoded=True)
        stream = None if data is None else io.BytesIO(data)
        async with self.session.request(method, url, data=stream, headers=given) as answer:
            raw = await answer.read()
            return Reply(answer.status, json.loads(raw) if raw else None, answer.headers)

    def kept(self, kind: str) -> list[dict[str, Any]]:
        return [one for line in read_log(self.log) for one in line["kept"] if one["type"] == kind]

    def fired(self) -> list[dict[str, Any]]:
        return [one for line in read_log(self.log) for one in line["fired"]]

    async def holdings(self) -> Any:
        return (await self("GET", "/_sandbox/state.json")).body["holdings"]


Start = Callable[..., Awaitable[Wire]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    runners, sessions, logs = [], [], []

    async def begin(*, scale: float = 1.0, plan: FaultPlan | None = None, **options: Any) -> Wire:
        log = ReceptionLog(tmp_path / "drip.jsonl")
        logs.append(log)
        stand_in = Drip(PlatformClock(scale), options)
        runner, port = await serve(stand_in, log=log, plan=plan or FaultPlan())
        runners.append(runner)
        session = aiohttp.ClientSession()
        sessions.append(session)
        return Wire(session, port, tmp_path / "drip.jsonl")

    yield begin
    for session in sessions:
        await session.close()
    for runner in runners:
        await runner.cleanup()
    for log in logs:
        log.close()


def order(**changes: Any) -> dict[str, Any]:
    given = {
        "provider": "my_shop",
        "email": "ana@mail.test",
        "initial_status": "unsubscribed",
        "action": "placed",
        "occurred_at": "2024-05-01T10:00:00Z",
        "order_id": "1001",
        "grand_total": 22.99,
        "currency": "EUR",
        "items": [{"name": "Mug", "product_id": "P1", "price": 22.99, "quantity": 1, "categories": ["Kitchen"]}],
        "billing_address": {"first_name": "Ana", "address_1": "Hauptstr. 1", "postal_code": "1010"},
    }
    return {name: value for name, value in (given | changes).items() if value is not ...}


def cart(**changes: Any) -> dict[str, Any]:
    line = {"product_id": "P1", "product_variant_id": "P1", "name": "Mug", "price": 22.99}
    given = {
        "provider": "my_shop",
        "email": "ana@mail.test",
        "initial_status": "unsubscribed",
        "action": "created",
        "cart_id": "C1",
        "cart_url": "https://shop.test/cart/C1",
        "occurred_at": "2024-05-01T09:00:00Z",
        "grand_total": 22.99,
        "items": [line],
    }
    return {name: value for name, value in (given | changes).items() if value is not ...}


def product(**changes: Any) -> dict[str, Any]:
    given = {
        "provider": "my_shop",
        "action": "created",
        "product_id": "P1",
        "product_variant_id": "P1",
        "name": "Mug",
        "price": 22.99,
        "inventory": 3,
    }
    return {name: value for name, value in (given | changes).items() if value is not ...}


def people(*records: dict[str, Any]) -> dict[str, Any]:
    return {"batches": [{"subscribers": list(records)}]}


@pytest.mark.parametrize(
    "header",
    [basic("token:"), basic("token"), basic("token: "), "Bearer token", "Bearer #token"],
    ids=["basic", "no colon", "password of a space", "bearer", "stray hash"],
)
async def test_the_right_token_is_let_in_however_clients_write_it(start: Start, header: str) -> None:
    wire = await start(key="token")
    reply = await wire("GET", "/v2/accounts", Authorization=header)
    assert (200, "9999999") == (reply.status, reply.body["accounts"][0]["id"])


@pytest.mark.parametrize("header", [basic("other:"), basic(":token"), "Token token", "Basic %%%", "Bearer "])
async def test_another_key_or_scheme_is_refused(start: Start, header: str) -> None:
    wire = await start(key="token")
    reply = await wire("POST", f"{V3}/order", order(), Authorization=header)
    error = {"code": "authentication_error", "message": "Authentication failed, check your credentials"}
    assert (401, {"errors": [error]}) == (reply.status, reply.body)
    assert [] == wire.kept("order")


@pytest.mark.parametrize(
    ("name", "record", "key"),
    [("order", order(), "orders"), ("cart", cart(), "carts"), ("product", product(), "products")],
)
async def test_activity_is_queued_alone_or_in_a_batch(start: Start, name: str, record: Any, key: str) -> None:
    wire = await start()
    single = await wire("POST", f"{V3}/{name}", record)
    batch = await wire("POST", f"{V3}/{name}/batch", {key: [record, record]})
    assert (202, ["request_id"]) == (single.status, list(single.body))
    assert (202, 2) == (batch.status, len(batch.body["request_ids"]))
    assert 3 == len({single.body["request_id"], *batch.body["request_ids"]})
    assert [False, True, True] == [one["duplicate"] for one in wire.kept(name)]


async def test_a_checkout_is_taken_alone_only(start: Start) -> None:
    wire = await start()
    record = {"provider": "my_shop", "action": "created", "checkout_id": "K1", "email": "ana@mail.test"}
    assert 202 == (await wire("POST", f"{V3}/checkout", record)).status
    assert 404 == (await wire("POST", f"{V3}/checkout/batch", {"checkouts": [record]})).status


BAD_ORDERS: list[tuple[str, Any, str]] = [
    (
        "an amount as text",
        order(grand_total="22.99"),
        '[instance type (string) does not match any allowed primitive type (allowed: ["integer","number"])]',
    ),
    ("no order id", order(order_id=...), '[object has missing required properties (["order_id"])]'),
    (
        "nobody",
        order(email=...),
        "[instance failed to match at least one required schema among 2]",
    ),
    (
        "British spelling",
        order(action="cancelled"),
        '[instance value ("cancelled") not found in enum (possible values: '
        '["placed","updated","paid","fulfilled","refunded","canceled"])]',
    ),
    (
        "a status of its own",
        order(initial_status="subscribed"),
        '[instance value ("subscribed") not found in enum (possible values: ["active","unsubscribed"])]',
    ),
    (
        "a line without a name",
        order(items=[{"price": 1}]),
        '[object has missing required properties (["name"])]',
    ),
    (
        "a null",
        order(order_public_id=None),
        '[instance type (null) does not match any allowed primitive type (allowed: ["string"])]',
    ),
    (
        "an id as a number",
        order(order_id=1001),
        '[instance type (integer) does not match any allowed primitive type (allowed: ["string"])]',
    ),
    (
        "a flag as a quantity",
        order(items=[{"name": "Mug", "quantity": True}]),
        '[instance type (boolean) does not match any allowed primitive type (allowed: ["integer","number"])]',
    ),
    (
        "a list",
        [order()],
        '[instance type (array) does not match any allowed primitive type (allowed: ["object"])]',
    ),
]


@pytest.mark.parametrize(
    ("record", "message"), [case[1:] for case in BAD_ORDERS], ids=[case[0] for case in BAD_ORDERS]
)
async def test_a_bad_order_is_refused_without_naming_the_field(start: Start, record: Any, message: str) -> None:
    wire = await start()
    reply = await wire("POST", f"{V3}/order", record)
    assert (400, {"error": {"message": message}}) == (reply.status, reply.body)
    assert [] == wire.kept("order")


@pytest.mark.parametrize(
    ("path", "body", "fault"),
    [
        ("cart", cart(cart_url=...), "cart_url"),
        ("cart", cart(items=[{"product_id": "P1", "name": "Mug", "price": 1}]), "product_variant_id"),
        ("cart", cart(action="abandoned"), "not found in enum"),
        ("product", product(product_variant_id=...), "product_variant_id"),
        ("product", product(price="1.00"), "primitive type"),
        ("product", product(inventory=1.5), "primitive type"),
        ("checkout", {"provider": "my_shop", "action": "created"}, "checkout_id"),
        ("order/batch", {"orders": []}, "too short"),
        ("order/batch", {"orders": [order()] * 1001}, "too long"),
        ("order/batch", {"carts": [order()]}, "orders"),
        ("order/batch", [order()], "primitive type"),
        ("order/batch", {"orders": [order(order_id="1"), order(order_id=...)]}, "order_id"),
        ("order", b"{", "not JSON"),
        ("order", b'{"grand_total": NaN}', "not JSON"),
    ],
)
async def test_other_activity_is_held_to_its_shape_and_a_batch_stands_or_falls_whole(
    start: Start, path: str, body: Any, fault: str
) -> None:
    wire = await start()
    reply = await wire("POST", f"{V3}/{path}", body)
    assert 400 == reply.status
    assert fault in reply.body["error"]["message"]
    assert [[]] == [line["kept"] for line in read_log(wire.log)]


async def test_extra_attributes_are_allowed(start: Start) -> None:
    wire = await start()
    assert 202 == (await wire("POST", f"{V3}/order", order(magento_source="Admin", colour=None))).status


async def test_a_chosen_record_spoils_its_batch(start: Start) -> None:
    wire = await start(reject=["1002"])
    both = {"orders": [order(), order(order_id="1002")]}
    assert 400 == (await wire("POST", f"{V3}/order/batch", both)).status
    assert 202 == (await wire("POST", f"{V3}/order/batch", {"orders": [order()]})).status
    assert ["1001"] == [one["id"] for one in wire.kept("order")]


async def test_an_order_without_a_hint_subscribes_a_new_person_and_the_log_shows_it(start: Start) -> None:
    wire = await start()
    await wire("POST", f"{V3}/order", order(initial_status=...))
    await wire("POST", f"{V3}/order", order(email="bo@mail.test", order_id="1002"))
    statuses = {one["email"]: one["consent"]["email"] for one in (await wire.holdings())["people"]}
    assert {"ana@mail.test": "active", "bo@mail.test": "unsubscribed"} == statuses
    subscribed = [one for one in wire.fired() if one["type"] == "subscribed"]
    assert [{"type": "subscribed", "by": "default", "person": "ana@mail.test"}] == subscribed


@pytest.mark.parametrize(
    ("sent", "new", "known"),
    [
        ({"status": "active"}, "active", "active"),
        ({"initial_status": "active"}, "active", "unsubscribed"),
        ({"status": "unsubscribed", "initial_status": "active"}, "unsubscribed", "unsubscribed"),
        ({}, "active", "unsubscribed"),
    ],
)
async def test_status_rules_for_new_and_known_people(start: Start, sent: Any, new: str, known: str) -> None:
    wire = await start(
        people=[{"email": "known@mail.test", "status": "unsubscribed", "changed_at": "2020-01-01T00:00:00Z"}]
    )
    for email in ("known@mail.test", "new@mail.test"):
        reply = await wire("POST", f"{V2}/subscribers", {"subscribers": [{"email": email} | sent]})
        assert 200 == reply.status
    found = {one["email"]: one["consent"]["email"] for one in (await wire.holdings())["people"]}
    assert {"known@mail.test": known, "new@mail.test": new} == found


async def test_an_undeliverable_person_stays_so(start: Start) -> None:
    wire = await start(people=[{"email": "dead@mail.test", "status": "suppressed"}])
    await wire("POST", f"{V2}/subscribers", {"subscribers": [{"email": "dead@mail.test", "status": "active"}]})
    listed = await wire("GET", f"{V2}/subscribers?status=undeliverable")
    assert ["dead@mail.test"] == [one["email"] for one in listed.body["subscribers"]]
    assert [] == wire.fired()


async def test_a_repeated_happening_is_marked_and_starts_workflows_again(start: Start) -> None:
    wire = await start()
    for _ in range(2):
        await wire("POST", f"{V3}/order", order())
    await wire("POST", f"{V3}/order", order(action="paid"))
    assert [False, True, False] == [one["duplicate"] for one in wire.kept("order")]
    events = [one["event"] for one in wire.fired() if one["type"] == "order"]
    assert ["Placed an order", "Placed an order", "Paid an order"] == events
    held = await wire.holdings()
    assert (1, 1, 2299) == (held["counts"]["orders"], held["duplicates"], held["people"][0]["lifetime_value"])


async def test_what_was_kept_says_enough_to_be_checked(start: Start) -> None:
    wire = await start()
    await wire("POST", f"{V3}/order", order(action="refunded", refund_amount=3.5))
    expected = {
        "type": "order",
        "action": "refunded",
        "id": "1001",
        "provider": "my_shop",
        "person": "ana@mail.test",
        "occurred_at": "2024-05-01T10:00:00Z",
        "quiet": False,
        "duplicate": False,
        "amount": 3.5,
        "line_count": 1,
        "hinted": "unsubscribed",
        "stated": None,
        "status": "unsubscribed",
    }
    assert [expected] == wire.kept("order")


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([{"action": "placed"}, {"action": "refunded", "refund_amount": 5.0}], 1799),
        ([{"action": "placed"}, {"action": "updated", "grand_total": 30.0}], 3000),
        ([{"action": "placed"}, {"action": "paid", "grand_total": ...}], 0),
        ([{"action": "refunded", "refund_amount": 5.0}] * 2, -500),
    ],
    ids=["refund", "update", "forgotten total", "refund resent"],
)
async def test_lifetime_value_follows_each_snapshot(start: Start, actions: list[Any], expected: int) -> None:
    wire = await start()
    for action in actions:
        await wire("POST", f"{V3}/order", order(**action))
    assert expected == (await wire.holdings())["people"][0]["lifetime_value"]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (order(email="bo@mail.test"), "the order belongs to another person"),
        (order(order_id="1002", email="nonsense"), "no such person, or no valid e-mail"),
        (order(order_id="1002", email=..., person_id="unknown"), "no such person, or no valid e-mail"),
    ],
)
async def test_what_turns_out_unusable_after_202_is_dropped_silently(start: Start, record: Any, reason: str) -> None:
    wire = await start()
    await wire("POST", f"{V3}/order", order())
    assert 202 == (await wire("POST", f"{V3}/order", record)).status
    assert [reason] == [one["reason"] for one in wire.kept("rejected")]
    assert 1 == (await wire.holdings())["counts"]["orders"]


async def test_a_person_id_wins_over_the_email(start: Start) -> None:
    wire = await start(people=[{"email": "ana@mail.test", "status": "subscribed"}])
    ident = (await wire("GET", f"{V2}/subscribers/ana%40mail.test")).body["subscribers"][0]["id"]
    await wire("POST", f"{V3}/order", order(person_id=ident, email="bo@mail.test"))
    assert ["ana@mail.test"] == [one["person"] for one in (await wire.holdings())["orders"]]


async def test_a_price_drop_fires_for_what_lies_in_a_cart(start: Start) -> None:
    wire = await start()
    await wire("POST", f"{V3}/cart", cart())
    await wire("POST", f"{V3}/product/batch", {"products": [product(), product(product_id="P2")]})
    cheaper = [product(action="updated", price=9), product(action="updated", price=9, product_id="P2")]
    await wire("POST", f"{V3}/product/batch", {"products": cheaper})
    assert [{"type": "price_drop", "id": "P1/P1"}] == [one for one in wire.fired() if one["type"] == "price_drop"]


async def test_a_deleted_product_is_no_longer_held(start: Start) -> None:
    wire = await start()
    await wire("POST", f"{V3}/product", product())
    await wire("POST", f"{V3}/product", product(action="deleted"))
    assert [] == (await wire.holdings())["products"]


async def test_a_cart_may_belong_to_a_visitor(start: Start) -> None:
    wire = await start()
    visitor = "0123456789abcdef0123456789abcdef"
    assert 202 == (await wire("POST", f"{V3}/cart", cart(email=..., visitor_uuid=visitor))).status
    assert [visitor] == [one["person"] for one in wire.kept("cart")]
    assert 400 == (await wire("POST", f"{V3}/order", order(email=..., visitor_uuid=visitor))).status


async def test_a_batch_of_people_is_taken_with_201(start: Start) -> None:
    wire = await start()
    body = people(
        {"email": "ana@mail.test", "initial_status": "unsubscribed", "first_name": "Ana", "tags": ["vip", "new"]},
        {
            "email": "bo@mail.test",
            "initial_status": "unsubscribed",
            "custom_fields": {"shoe_size": 38, "gender": None},
        },
    )
    reply = await wire("POST", f"{V2}/subscribers/batches", body)
    assert (201, {}) == (reply.status, reply.body)
    assert ["created", "created"] == [one["action"] for one in wire.kept("person")]
    assert ["new", "vip"] == (await wire("GET", f"{V2}/tags")).body["tags"]
    fields = await wire("GET", f"{V2}/custom_field_identifiers")
    assert ["gender", "shoe_size"] == fields.body["custom_field_identifiers"]


BAD_PEOPLE: list[tuple[str, Any, int, str]] = [
    ("not JSON", b"{", 400, ""),
    ("no wrapper", people({"email": "ana@mail.test"})["batches"][0], 422, "parsing_error"),
    ("an empty batch", people(), 422, "length_error"),
    ("too many", people(*[{"email": "ana@mail.test"}] * 1001), 422, "length_error"),
    ("nobody", people({"first_name": "Ana"}), 422, "presence_error"),
    ("a bad e-mail", people({"email": "ana@mail.test"}, {"email": "ana"}), 422, "email_error"),
    ("an e-mail that is a number", people({"email": 5}), 422, "email_error"),
    ("a status of its own", people({"email": "ana@mail.test", "status": "subscribed"}), 422, "format_error"),
    ("a decimal lifetime value", people({"email": "ana@mail.test", "lifetime_value": 1.5}), 422, "parsing_error"),
    ("a foreign mobile", people({"email": "ana@mail.test", "sms_number": "+431234567"}), 422, "sms_error"),
    ("fields as a list", people({"email": "ana@mail.test", "custom_fields": []}), 422, "parsing_error"),
    ("a chosen one", people({"email": "bad@mail.test"}), 422, "email_error"),
]


@pytest.mark.parametrize(
    ("body", "status", "code"), [case[1:] for case in BAD_PEOPLE], ids=[case[0] for case in BAD_PEOPLE]
)
async def test_a_bad_batch_of_people_is_refused_whole(start: Start, body: Any, status: int, code: str) -> None:
    wire = await start(reject=["bad@mail.test"])
    reply = await wire("POST", f"{V2}/subscribers/batches", body)
    assert status == reply.status
    if code:
        assert code == reply.body["errors"][0]["code"]
    else:
        assert reply.body["error"].startswith("There was a problem in the JSON you submitted: ")
    assert [[]] == [line["kept"] for line in read_log(wire.log)]


async def test_the_size_of_a_batch_is_named_as_the_platform_does(start: Start) -> None:
    wire = await start()
    reply = await wire("POST", f"{V2}/subscribers/batches", people())
    assert "Subscribers must contain between 1 and 1000 items" == reply.body["errors"][0]["message"]


async def test_a_single_person_comes_back_as_an_array_of_one(start: Start) -> None:
    wire = await start()
    sent = {"subscribers": [{"email": "Ana@mail.test", "initial_status": "unsubscribed", "lifetime_value": 2299}]}
    reply = await wire("POST", f"{V2}/subscribers", sent)
    (person,) = reply.body["subscribers"]
    assert (200, "Ana@mail.test", "unsubscribed", 2299) == (
        reply.status,
        person["email"],
        person["status"],
        person["lifetime_value"],
    )
    assert person["href"].endswith(f"/v2/1234567/subscribers/{person['id']}")
    again = await wire("GET", f"{V2}/subscribers/{person['id']}")
    assert [person] == again.body["subscribers"]
    assert ["Ana@mail.test"] == [
        one["email"] for one in (await wire("GET", f"{V2}/subscribers/ana@mail.test/")).body["subscribers"]
    ]


async def test_a_user_id_belongs_to_one_person(start: Start) -> None:
    wire = await start()
    await wire("POST", f"{V2}/subscribers", {"subscribers": [{"email": "ana@mail.test", "user_id": "7"}]})
    reply = await wire("POST", f"{V2}/subscribers", {"subscribers": [{"email": "bo@mail.test", "user_id": "7"}]})
    error = {"code": "uniqueness_error", "attribute": "user_id", "message": "User is already being used"}
    assert (422, [error]) == (reply.status, reply.body["errors"])


async def test_a_new_email_renames_and_an_empty_one_is_no_name(start: Start) -> None:
    wire = await start(people=[{"email": "old@mail.test", "status": "subscribed"}])
    renaming = {"email": "old@mail.test", "new_email": "new@mail.test"}
    assert 200 == (await wire("POST", f"{V2}/subscribers", {"subscribers": [renaming]})).status
    assert (
        200
        == (
            await wire("POST", f"{V2}/subscribers", {"subscribers": [{"email": "new@mail.test", "new_email": ""}]})
        ).status
    )
    assert ["new@mail.test"] == [one["email"] for one in (await wire.holdings())["people"]]


async def test_people_are_listed_by_status_and_page(start: Start) -> None:
    seeds = [{"email": f"p{place}@mail.test", "status": "unsubscribed"} for place in range(5)]
    wire = await start(people=[*seeds, {"email": "in@mail.test", "status": "subscribed"}])
    page = await wire("GET", f"{V2}/subscribers?status=unsubscribed&page=3&per_page=2")
    assert ["p4@mail.test"] == [one["email"] for one in page.body["subscribers"]]
    meta = page.body["meta"]
    assert (3, 1, 3, 5) == (meta["page"], meta["count"], meta["total_pages"], meta["total_count"])
    active = await wire("GET", f"{V2}/subscribers?status=&tags=&subscribed_before=")
    assert ["in@mail.test"] == [one["email"] for one in active.body["subscribers"]]
    both = await wire("GET", f"{V2}/subscribers?status=active_or_unsubscribed")
    assert 6 == both.body["meta"]["total_count"]


async def test_creation_dates_limit_the_list(start: Start) -> None:
    seeds = [
        {"email": f"y{year}@mail.test", "status": "subscribed", "changed_at": f"{year}-01-01T00:00:00Z"}
        for year in (2020, 2021, 2022)
    ]
    wire = await start(people=seeds)
    query = "subscribed_after=2020-06-01T00:00:00Z&subscribed_before=2021-06-01T00:00:00Z"
    page = await wire("GET", f"{V2}/subscribers?{query}")
    assert ["y2021@mail.test"] == [one["email"] for one in page.body["subscribers"]]


async def test_leaving_everything_unsubscribes_and_leaving_a_series_does_not(start: Start) -> None:
    wire = await start(people=[{"email": "ana@mail.test", "status": "subscribed"}])
    series = await wire("POST", f"{V2}/subscribers/ana@mail.test/remove?campaign_id=5")
    assert (200, "active") == (series.status, series.body["subscribers"][0]["status"])
    everything = await wire("POST", f"{V2}/subscribers/ana@mail.test/unsubscribe_all")
    assert (200, "unsubscribed") == (everything.status, everything.body["subscribers"][0]["status"])
    assert 404 == (await wire("POST", f"{V2}/subscribers/bo@mail.test/unsubscribe_all")).status


async def test_a_batch_of_opt_outs_answers_204_and_skips_strangers(start: Start) -> None:
    wire = await start(people=[{"email": "ana@mail.test", "status": "subscribed"}])
    reply = await wire(
        "POST", f"{V2}/unsubscribes/batches", people({"email": "ana@mail.test"}, {"email": "bo@mail.test"})
    )
    assert (204, None) == (reply.status, reply.body)
    assert [("ana@mail.test", "unsubscribed")] == [(one["person"], one["status"]) for one in wire.kept("consent")]
    assert ["bo@mail.test"] == [one["id"] for one in wire.kept("rejected")]


async def test_an_erased_person_is_gone_and_their_order_ids_are_not_freed(start: Start) -> None:
    wire = await start()
    await wire("POST", f"{V3}/order", order())
    assert 204 == (await wire("DELETE", f"{V2}/subscribers/ana%40mail.test")).status
    assert 404 == (await wire("DELETE", f"{V2}/subscribers/ana%40mail.test")).status
    await wire("POST", f"{V3}/order", order())
    assert ["the order belongs to another person"] == [one["reason"] for one in wire.kept("rejected")]


async def test_custom_events_are_recorded_one_at_a_time_or_in_a_batch(start: Start) -> None:
    wire = await start(people=[{"email": "ana@mail.test", "status": "unsubscribed"}])
    event = {
        "email": "ana@mail.test",
        "action": "Quiz",
        "occurred_at": "2024-05-01T10:00:00Z",
        "properties": {"value": 5},
    }
    single = await wire("POST", f"{V2}/events/", {"events": [event]})
    batch = await wire("POST", f"{V2}/events/batches", {"batches": [{"events": [event, event | {"action": "Poll"}]}]})
    assert ((204, None), (201, {})) == ((single.status, single.body), (batch.status, batch.body))
    assert [False, True, False] == [one["duplicate"] for one in wire.kept("event")]
    assert ["Poll", "Quiz"] == (await wire("GET", f"{V2}/event_actions/?page=1&per_page=1000")).body["event_actions"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"email": None}, "presence_error"),
        ({"email": "ana"}, "email_error"),
        ({"action": ""}, "presence_error"),
        ({"occurred_at": "yesterday"}, "time_error"),
        ({"properties": {"value": 5.5}}, "format_error"),
        ({"properties": {"value": 2_147_483_647}}, "format_error"),
        ({"properties": []}, "parsing_error"),
    ],
)
async def test_a_bad_event_is_refused(start: Start, changes: Any, code: str) -> None:
    wire = await start()
    event = {"email": "ana@mail.test", "action": "Quiz"} | changes
    reply = await wire("POST", f"{V2}/events", {"events": [event]})
    assert (422, code) == (reply.status, reply.body["errors"][0]["code"])


async def test_tags_are_given_and_taken_in_either_spelling(start: Start) -> None:
    wire = await start(people=[{"email": "ana@mail.test", "status": "subscribed"}])
    for tag in ("T x", "T+x"):
        assert 201 == (await wire("POST", f"{V2}/tags", {"tags": [{"email": "ana@mail.test", "tag": tag}]})).status
    for _ in range(2):
        assert 204 == (await wire("DELETE", f"{V2}/subscribers/ana@mail.test/tags/T+x")).status
    assert [] == (await wire("GET", f"{V2}/tags")).body["tags"]


async def test_webhooks_are_kept(start: Start) -> None:
    wire = await start()
    made = await wire("POST", f"{V2}/webhooks", {"webhooks": [{"post_url": "https://shop.test/hook"}]})
    (hook,) = made.body["webhooks"]
    assert (201, [hook]) == (made.status, (await wire("GET", f"{V2}/webhooks")).body["webhooks"])
    assert 204 == (await wire("DELETE", f"{V2}/webhooks/{hook['id']}")).status
    assert 422 == (await wire("POST", f"{V2}/webhooks", {"webhooks": [{"post_url": "shop.test"}]})).status


@pytest.mark.parametrize("name", ["campaigns", "broadcasts", "workflows", "forms", "goals"])
async def test_an_account_has_none_of_the_other_lists(start: Start, name: str) -> None:
    wire = await start()
    reply = await wire("GET", f"{V2}/{name}")
    assert (200, []) == (reply.status, reply.body[name])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{V3}/order"),
        ("POST", f"{V3}/orders"),
        ("POST", "/v3/7654321/shopper_activity/order"),
        ("POST", f"{V2}/order"),
        ("GET", f"{V2}/subscribers/nobody@mail.test"),
        ("GET", "/"),
    ],
)
async def test_what_does_not_exist_is_not_found(start: Start, method: str, path: str) -> None:
    wire = await start(account="1234567")
    reply = await wire(method, path, order() if method == "POST" else None)
    assert (404, "not_found_error") == (reply.status, reply.body["errors"][0]["code"])


async def test_batches_have_fifty_an_hour_of_their_own_and_the_refusal_names_no_time(start: Start) -> None:
    wire = await start()
    replies = [await wire("POST", f"{V3}/order/batch", {"orders": [order()]}) for _ in range(50)]
    last, beyond = replies[-1], await wire("POST", f"{V2}/subscribers/batches", people({"email": "ana@mail.test"}))
    assert {202} == {reply.status for reply in replies}
    assert ("50", "0") == (last.headers["X-RateLimit-Limit"], last.headers["X-RateLimit-Remaining"])
    assert 429 == beyond.status
    assert "API rate limit exceeded. Please try again in an hour." == beyond.body["message"]
    assert "https://www.getdrip.com/docs/rest-api#rate-limting" == beyond.body["documentation"]
    assert "Retry-After" not in beyond.headers
    single = await wire("POST", f"{V3}/order", order())
    assert (202, "3600") == (single.status, single.headers["X-RateLimit-Limit"])


async def test_a_new_hour_brings_new_batches(start: Start) -> None:
    wire = await start(scale=36_000.0)
    for _ in range(50):
        await wire("POST", f"{V3}/order/batch", {"orders": [order()]})
    await asyncio.sleep(0.11)
    assert 202 == (await wire("POST", f"{V3}/order/batch", {"orders": [order()]})).status


async def test_a_second_call_about_a_busy_person_is_refused_and_spends_nothing(start: Start) -> None:
    wire = await start(busy_seconds=60)
    first = await wire("POST", f"{V2}/subscribers", {"subscribers": [{"email": "ana@mail.test"}]})
    second = await wire("POST", f"{V3}/order", order())
    third = await wire("POST", f"{V3}/order", order(email="bo@mail.test"))
    assert (200, 429, 202) == (first.status, second.status, third.status)
    assert "Too many concurrent requests for the same subscriber" == second.body["message"]
    assert 1 == int(first.headers["X-RateLimit-Remaining"]) - int(third.headers["X-RateLimit-Remaining"])


async def test_a_compressed_body_is_read(start: Start) -> None:
    wire = await start()
    body = gzip.compress(json.dumps(order()).encode())
    assert 202 == (await wire("POST", f"{V3}/order", body, Content_Encoding="gzip")).status


async def test_a_body_beyond_the_gateways_ten_megabytes_is_refused(start: Start) -> None:
    wire = await start()
    reply = await wire("POST", f"{V3}/order", order(note="x" * (10 * 1024 * 1024)))
    assert 413 == reply.status
    assert [] == wire.kept("order")


async def test_a_lost_answer_leaves_what_was_taken_in_the_log(start: Start) -> None:
    wire = await start(plan=FaultPlan(rates={"failed_after": 1.0}))
    async with wire.session.post(
        f"{wire.base}{V3}/order", json=order(), headers={"Authorization": basic("token:")}
    ) as answer:
        assert (500, "Internal Server Error") == (answer.status, await answer.text())
    assert ["1001"] == [one["id"] for one in wire.kept("order")]
