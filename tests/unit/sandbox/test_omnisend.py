"""The Omnisend stand-in, spoken to over HTTP with requests written by hand from the platform's documentation."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, web

from orderwire.sandbox.kit import FaultPlan, PlatformClock, ReceptionLog, serve
from orderwire.sandbox.kit.server import Answer, Call
from orderwire.sandbox.omnisend import Omnisend
from orderwire.sandbox.registry import stand_in

NOON = 1_772_366_400.0
"""2026-03-01T12:00:00Z."""
RIGHT = {"Authorization": "Omnisend-API-Key brand-secret", "Omnisend-Version": "2026-03-15"}


class SetClock(PlatformClock):
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        super().__init__()
        self.at = NOON

    def seconds(self) -> float:
        return self.at


@dataclass
class Reply:
    status: int
    body: Any
    headers: dict[str, str]

    def fields(self) -> list[str]:
        return [error["field"] for error in self.body["errors"]]


def lowered(response: ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


@dataclass
class Shop:
    """A running stand-in and a client with the right key."""

    session: ClientSession
    base: str
    omnisend: Omnisend
    clock: SetClock
    answers: list[Answer] = field(default_factory=list)

    async def call(self, method: str, path: str, body: Any = None, *, headers: dict[str, str] = RIGHT) -> Reply:
        given = {"json": body} if body is not None else {}
        async with self.session.request(method, f"{self.base}{path}", headers=headers, **given) as response:
            text = await response.text()
            return Reply(response.status, await response.json() if text else None, lowered(response))

    async def raw(self, method: str, path: str, body: bytes) -> Reply:
        async with self.session.request(method, f"{self.base}{path}", headers=RIGHT, data=body) as response:
            return Reply(response.status, await response.json(), lowered(response))

    def kept(self) -> list[dict[str, Any]]:
        return [thing for answer in self.answers for thing in answer.kept]

    def fired(self) -> list[str]:
        return [str(fired["trigger"]) for answer in self.answers for fired in answer.fired]


class Watched(Omnisend):
    """The stand-in with its answers kept for the test, as the reception log keeps them."""

    answers: list[Answer]

    def answer(self, call: Call) -> Answer:
        answer = super().answer(call)
        self.answers.append(answer)
        return answer


Open = Callable[..., Awaitable[Shop]]


@pytest.fixture
async def open_shop() -> AsyncIterator[Open]:
    runners: list[web.AppRunner] = []
    async with ClientSession() as session:

        async def opened(plan: FaultPlan | None = None, **options: Any) -> Shop:
            clock = SetClock()
            omnisend = Watched(clock, options)
            omnisend.answers = []
            runner, port = await serve(omnisend, log=ReceptionLog(None), plan=plan or FaultPlan())
            runners.append(runner)
            return Shop(session, f"http://127.0.0.1:{port}", omnisend, clock, omnisend.answers)

        yield opened
        for runner in runners:
            await runner.cleanup()


EVENT_ID = "6b7c1f3a-0d52-5b6e-9c59-2f1a4e1f0a11"
LINE = {
    "productID": "P1",
    "productVariantID": "V1",
    "productTitle": "Green tea",
    "productQuantity": 2,
    "productPrice": 9.95,
}
PLACED: dict[str, Any] = {
    "eventName": "placed order",
    "eventVersion": "v2",
    "origin": "api",
    "eventID": EVENT_ID,
    "eventTime": "2026-03-01T11:00:00Z",
    "contact": {"email": "ana@mail.test", "firstName": "Ana"},
    "properties": {
        "orderID": "1001",
        "orderNumber": "1001",
        "createdAt": "2026-03-01T11:00:00Z",
        "currency": "EUR",
        "totalPrice": 19.9,
        "paymentStatus": "awaitingPayment",
        "fulfillmentStatus": "unfulfilled",
        "lineItems": [LINE],
    },
}
OLD = PLACED | {"eventTime": "2024-03-01T11:00:00Z"}


def contact(email: str = "ana@mail.test", status: str = "subscribed", **fields: Any) -> dict[str, Any]:
    state = {"status": status, "statusChangedAt": fields.pop("at", "2026-02-01T00:00:00Z")}
    identifier = {"type": "email", "id": email, "channels": {"email": state}}
    if "welcome" in fields:
        identifier["sendWelcomeMessage"] = fields.pop("welcome")
    return {"identifiers": [identifier]} | fields


PRODUCT: dict[str, Any] = {
    "id": "P1",
    "title": "Green tea",
    "status": "inStock",
    "currency": "EUR",
    "url": "https://shop.test/p1",
    "variants": [{"id": "V1", "title": "100 g", "url": "https://shop.test/p1", "price": 9.95}],
}


def test_the_registry_knows_it() -> None:
    assert stand_in("omnisend") is Omnisend


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (RIGHT, 200),
        (RIGHT | {"Authorization": "Bearer token"}, 200),
        (RIGHT | {"Authorization": "Bearer"}, 401),
        (RIGHT | {"Authorization": "Basic a2V5Og=="}, 401),
        (RIGHT | {"Authorization": "Omnisend-API-Key "}, 401),
        ({"X-API-KEY": "brand-secret", "Omnisend-Version": "2026-03-15"}, 401),
        ({"Omnisend-Version": "2026-03-15"}, 401),
        ({"Authorization": RIGHT["Authorization"]}, 400),
        (RIGHT | {"Omnisend-Version": "v5"}, 400),
        (RIGHT | {"Omnisend-Version": "20260315"}, 400),
        (RIGHT | {"Omnisend-Version": "2026-01-01"}, 410),
        (RIGHT | {"Omnisend-Version": "2026-06-01"}, 200),
        (RIGHT | {"Omnisend-Version": "2026-preview"}, 200),
    ],
)
async def test_a_key_under_its_scheme_and_a_served_version_are_wanted(
    open_shop: Open, headers: dict[str, str], status: int
) -> None:
    shop = await open_shop()
    reply = await shop.call("GET", "/api/brands/current", headers=headers)
    assert reply.status == status


async def test_only_the_configured_key_is_right_when_there_is_one(open_shop: Open) -> None:
    shop = await open_shop(key="another")
    assert (await shop.call("GET", "/api/brands/current")).status == 401


async def test_a_refusal_is_a_problem_with_its_fields(open_shop: Open) -> None:
    shop = await open_shop()
    reply = await shop.call("POST", "/api/events", PLACED | {"eventID": "1001"})
    instance = reply.body.pop("instance")
    assert re.fullmatch(r"urn:omnisend:request:[0-9a-f-]{36}", instance)
    assert (reply.status, reply.body) == (
        400,
        {
            "type": "https://problems.omnisend.com/validation-error",
            "title": "Validation error",
            "status": 400,
            "detail": "The request contains invalid fields",
            "errors": [{"field": "eventID", "code": "format", "message": "must be a UUID of version 4, 5, 6 or 7"}],
        },
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/events", 404),
        ("POST", "/v5/events", 404),
        ("POST", "/api/event", 404),
        ("POST", "/api/events/", 404),
        ("PUT", "/api/events", 405),
        ("GET", "/api/events", 405),
        ("DELETE", "/api/contacts/abc", 405),
        ("POST", "/api/orders", 404),
        ("GET", "/api/contacts/abc", 404),
        ("GET", "/api/batches/abc", 404),
    ],
)
async def test_only_documented_calls_are_answered(open_shop: Open, method: str, path: str, status: int) -> None:
    shop = await open_shop()
    assert (await shop.call(method, path, PLACED if method != "GET" else None)).status == status


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff"])
async def test_a_body_that_is_no_object_is_refused(open_shop: Open, body: bytes) -> None:
    shop = await open_shop()
    assert (await shop.raw("POST", "/api/events", body)).status == 400


async def test_the_four_hundred_and_first_call_of_a_minute_is_limited(open_shop: Open) -> None:
    shop = await open_shop()
    shop.clock.at = NOON + 20
    first = await shop.call("GET", "/api/brands/current")
    for _ in range(399):
        await shop.call("GET", "/api/brands/current")
    over = await shop.call("POST", "/api/events", PLACED)
    shop.clock.at = NOON + 60
    after = await shop.call("GET", "/api/brands/current")
    names = ("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset")
    assert [[reply.headers[name] for name in names] for reply in (first, over, after)] == [
        ["400", "399", "40"],
        ["400", "0", "40"],
        ["400", "399", "60"],
    ]
    assert (over.status, over.body["retryAfter"], "retry-after" in over.headers) == (429, 40, False)
    assert shop.kept() == []


async def test_tagging_many_contacts_has_a_smaller_limit(open_shop: Open) -> None:
    shop = await open_shop()
    body = {"emails": ["ana@mail.test"], "tags": ["vip"]}
    statuses = [(await shop.call("POST", "/api/contacts/tags", body)).status for _ in range(61)]
    assert (statuses.count(202), statuses[-1]) == (60, 429)


async def test_a_bare_429_says_nothing_of_the_wait(open_shop: Open) -> None:
    shop = await open_shop(FaultPlan(rates={"limited_bare": 1.0}))
    reply = await shop.call("POST", "/api/events", PLACED)
    assert (reply.status, "retryAfter" in reply.body, "x-rate-limit-reset" in reply.headers) == (429, False, False)


async def test_an_order_event_is_taken_and_starts_its_automations(open_shop: Open) -> None:
    shop = await open_shop()
    reply = await shop.call("POST", "/api/events", PLACED)
    assert (reply.status, reply.body, shop.fired()) == (202, None, ["placed order"])
    assert shop.kept()[-1] == {
        "type": "event",
        "metric": "placed order",
        "id": EVENT_ID,
        "person": "ana@mail.test",
        "occurred_at": "2026-03-01T11:00:00Z",
        "quiet": False,
        "duplicate": False,
        "amount": 19.9,
        "order": "1001",
        "lines": 1,
        "old": False,
        "problems": [],
    }


BAD_EVENTS = [
    ({"eventName": ""}, "eventName"),
    ({"eventName": None}, "eventName"),
    ({"eventName": 5}, "eventName"),
    ({"origin": None}, "origin"),
    ({"eventVersion": 2}, "eventVersion"),
    ({"eventID": "11111111"}, "eventID"),
    ({"eventID": "6b7c1f3a-0d52-1b6e-9c59-2f1a4e1f0a11"}, "eventID"),
    ({"eventTime": "2026-03-01T11:00:00"}, "eventTime"),
    ({"eventTime": "2026-03-01"}, "eventTime"),
    ({"eventTime": 1772366400}, "eventTime"),
    ({"eventTime": "2026-13-01T11:00:00Z"}, "eventTime"),
    ({"properties": []}, "properties"),
    ({"contact": None}, "contact"),
    ({"contact": {}}, "contact"),
    ({"contact": {"firstName": "Ana"}}, "contact"),
    ({"contact": {"email": "nobody"}}, "contact.email"),
    ({"contact": {"id": "unknown"}}, "contact.id"),
    ({"contact": {"phone": "+371200000000000"}}, "contact.phone"),
    ({"contact": {"email": "a@mail.test", "firstName": "x" * 51}}, "contact.firstName"),
    ({"contact": {"email": "a@mail.test", "countryCode": "LATV"}}, "contact.countryCode"),
    ({"contact": {"email": "a@mail.test", "birthdate": "01.05.1990"}}, "contact.birthdate"),
    ({"contact": {"email": "a@mail.test", "gender": "female"}}, "contact.gender"),
    ({"contact": {"email": "a@mail.test", "tags": ["x"] * 101}}, "contact.tags"),
    ({"contact": {"email": "a@mail.test", "optIns": [{"channel": "phone"}]}}, "contact.optIns.0.channel"),
    ({"contact": {"email": "a@mail.test", "optIns": [{"channel": "email"}] * 11}}, "contact.optIns"),
    ({"contact": {"email": "a@mail.test", "optOuts": [{}]}}, "contact.optOuts.0.channel"),
    (
        {"contact": {"email": "a@mail.test", "consents": [{"channel": "sms", "userAgent": "x" * 201}]}},
        "contact.consents.0.userAgent",
    ),
]


@pytest.mark.parametrize(("change", "place"), BAD_EVENTS)
async def test_a_bad_event_is_refused_by_field(open_shop: Open, change: dict[str, Any], place: str) -> None:
    shop = await open_shop()
    reply = await shop.call("POST", "/api/events", PLACED | change)
    assert (reply.status, reply.fields(), shop.kept()) == (400, [place], [])


@pytest.mark.parametrize(
    "time", ["2026-03-01T11:00:00Z", "2026-03-01T11:00:00.123+02:00", "2026-03-01 11:00:00+02:00", None]
)
async def test_the_accepted_forms_of_an_instant(open_shop: Open, time: str | None) -> None:
    shop = await open_shop()
    assert (await shop.call("POST", "/api/events", PLACED | {"eventTime": time})).status == 202


MISFITS = [
    ({"eventVersion": ""}, ["eventVersion"]),
    ({"origin": "shop"}, ["origin"]),
    ({"properties": PLACED["properties"] | {"totalPrice": "19.90"}}, ["properties.totalPrice"]),
    ({"properties": PLACED["properties"] | {"currency": "eur"}}, ["properties.currency"]),
    ({"properties": PLACED["properties"] | {"paymentStatus": "PAID"}}, ["properties.paymentStatus"]),
    (
        {"properties": PLACED["properties"] | {"lineItems": [LINE | {"productQuantity": "2"}]}},
        ["properties.lineItems.0.productQuantity"],
    ),
]


@pytest.mark.parametrize(("change", "problems"), MISFITS)
async def test_a_misfit_is_accepted_and_matches_nothing(
    open_shop: Open, change: dict[str, Any], problems: list[str]
) -> None:
    shop = await open_shop()
    reply = await shop.call("POST", "/api/events", PLACED | change)
    assert (reply.status, shop.kept()[-1]["problems"], shop.fired()) == (202, problems, [])
    assert shop.omnisend.holdings()["unmatched"] == 1


async def test_a_custom_event_has_no_schema_and_starts_automations(open_shop: Open) -> None:
    shop = await open_shop()
    custom = {"eventName": "order delivered", "origin": "api", "contact": {"email": "ana@mail.test"}}
    await shop.call("POST", "/api/events", custom)
    assert shop.fired() == ["order delivered"]


async def test_a_repeated_real_time_event_starts_its_automations_again(open_shop: Open) -> None:
    shop = await open_shop()
    for _ in range(2):
        await shop.call("POST", "/api/events", PLACED)
    events = [kept["duplicate"] for kept in shop.kept() if kept["type"] == "event"]
    assert (events, shop.fired()) == ([False, True], ["placed order", "placed order"])
    assert shop.omnisend.holdings()["duplicates"] == 1


async def test_a_repeated_historical_event_is_taken_once(open_shop: Open) -> None:
    shop = await open_shop()
    statuses = [(await shop.call("POST", "/api/events", OLD)).status for _ in range(2)]
    kinds = [kept["type"] for kept in shop.kept()]
    assert (statuses, kinds) == ([202, 202], ["person", "event", "ignored"])


async def test_an_old_event_is_not_documented_to_be_quiet(open_shop: Open) -> None:
    shop = await open_shop()
    await shop.call("POST", "/api/events", OLD)
    assert [fired for answer in shop.answers for fired in answer.fired] == [
        {"trigger": "placed order", "id": EVENT_ID, "person": "ana@mail.test", "old": True}
    ]


async def test_the_same_id_at_another_time_is_another_event(open_shop: Open) -> None:
    shop = await open_shop()
    await shop.call("POST", "/api/events", OLD)
    await shop.call("POST", "/api/events", OLD | {"eventTime": "2024-03-02T11:00:00Z"})
    assert shop.omnisend.holdings()["orders"] == {"1001": {"placed order": 2}}


async def test_an_order_makes_a_contact_that_may_not_be_mailed(open_shop: Open) -> None:
    shop = await open_shop()
    await shop.call("POST", "/api/events", PLACED)
    (person,) = shop.omnisend.holdings()["people"]
    status = person["statuses"][0]["status"]
    assert (person["email"], person["firstName"], status, person["how"]) == (
        "ana@mail.test",
        "Ana",
        "nonSubscribed",
        {"email": "event"},
    )


async def test_opt_ins_and_opt_outs_of_an_event_change_the_permission(open_shop: Open) -> None:
    shop = await open_shop()
    yes = {"email": "ana@mail.test", "optIns": [{"channel": "email", "createdAt": "2026-03-01T10:00:00Z"}]}
    no = {"email": "ana@mail.test", "optOuts": [{"channel": "email", "createdAt": "2026-03-01T11:00:00Z"}]}
    stale = {"email": "ana@mail.test", "optIns": [{"channel": "email", "createdAt": "2026-03-01T09:00:00Z"}]}
    for given in (yes, no, stale):
        await shop.call("POST", "/api/events", {"eventName": "x", "origin": "api", "contact": given})
    applied = [(kept["status"], kept["applied"]) for kept in shop.kept() if kept["type"] == "consent"]
    assert applied == [("subscribed", True), ("unsubscribed", True), ("subscribed", False)]
    assert shop.fired() == ["subscribed to marketing", "x", "x", "x"]


async def test_a_contact_is_created_then_updated_by_its_email(open_shop: Open) -> None:
    shop = await open_shop()
    first = await shop.call("POST", "/api/contacts", contact(firstName="Ana"))
    second = await shop.call("POST", "/api/contacts", contact(lastName="B"))
    read = await shop.call("GET", f"/api/contacts/{first.body['id']}")
    assert (first.status, second.status, read.body) == (201, 200, second.body)
    assert re.fullmatch("[0-9a-f]{24}", first.body["id"])
    assert (read.body["firstName"], read.body["lastName"], read.body["gender"], read.body["customProperties"]) == (
        "Ana",
        "B",
        "",
        None,
    )


async def test_emails_are_told_apart_by_their_spelling(open_shop: Open) -> None:
    shop = await open_shop()
    replies = [await shop.call("POST", "/api/contacts", contact(email)) for email in ("a@mail.test", "A@mail.test")]
    assert [reply.status for reply in replies] == [201, 201]


@pytest.mark.parametrize(
    ("status", "fields", "fired"),
    [
        ("subscribed", {}, ["subscribed to marketing"]),
        ("subscribed", {"welcome": True}, ["subscribed to marketing"]),
        ("subscribed", {"welcome": False}, []),
        ("nonSubscribed", {}, []),
        ("unsubscribed", {}, []),
    ],
)
async def test_a_new_subscriber_is_welcomed_unless_told_not_to(
    open_shop: Open, status: str, fields: dict[str, Any], fired: list[str]
) -> None:
    shop = await open_shop()
    await shop.call("POST", "/api/contacts", contact(status=status, **fields))
    assert shop.fired() == fired


async def test_somebody_subscribed_is_not_welcomed_again(open_shop: Open) -> None:
    shop = await open_shop(people=[{"email": "ana@mail.test", "status": "subscribed"}])
    await shop.call("POST", "/api/contacts", contact(at="2026-03-01T13:00:00Z"))
    assert shop.fired() == []


@pytest.mark.parametrize(
    ("at", "status"),
    [
        ("2026-01-01T00:00:00Z", "unsubscribed"),
        ("2026-02-01T00:00:00Z", "subscribed"),
        ("2026-02-02T00:00:00Z", "subscribed"),
        (None, "subscribed"),
    ],
)
async def test_an_older_permission_changes_nothing(open_shop: Open, at: str | None, status: str) -> None:
    seed = {"email": "ana@mail.test", "status": "unsubscribed", "changed_at": "2026-02-01T00:00:00Z"}
    shop = await open_shop(people=[seed])
    reply = await shop.call("POST", "/api/contacts", contact(at=at))
    assert (reply.status, reply.body["statuses"][0]["status"]) == (200, status)


BAD_CONTACTS = [
    ({}, ["identifiers"]),
    ({"identifiers": []}, ["identifiers"]),
    ({"identifiers": ["a@mail.test"]}, ["identifiers.0"]),
    ({"identifiers": [{"id": "a@mail.test"}]}, ["identifiers.0.type"]),
    ({"identifiers": [{"type": "email"}]}, ["identifiers.0.id"]),
    ({"identifiers": [{"type": "mail", "id": "x"}]}, ["identifiers.0.type"]),
    ({"identifiers": [{"type": "email", "id": "nobody"}]}, ["identifiers.0.id"]),
    (
        {"identifiers": [{"type": "email", "id": "a@mail.test", "channels": {"sms": {"status": "subscribed"}}}]},
        ["identifiers.0.channels.sms"],
    ),
    (
        {"identifiers": [{"type": "email", "id": "a@mail.test", "channels": {"email": {}}}]},
        ["identifiers.0.channels.email.status"],
    ),
    (contact(status="suppressed"), ["identifiers.0.channels.email.status"]),
    (contact(at="2026-02-01"), ["identifiers.0.channels.email.statusChangedAt"]),
    (contact(welcome="false"), ["identifiers.0.sendWelcomeMessage"]),
    (contact(countryCode="LVA"), ["countryCode"]),
    (contact(birthdate="1990-5-6"), ["birthdate"]),
    (contact(gender="f", tags="vip"), ["tags"]),
    (contact(customProperties=[]), ["customProperties"]),
    (contact(createdAt="yesterday"), ["createdAt"]),
]


@pytest.mark.parametrize(("body", "places"), BAD_CONTACTS)
async def test_a_bad_contact_is_refused_by_field(open_shop: Open, body: dict[str, Any], places: list[str]) -> None:
    shop = await open_shop()
    reply = await shop.call("POST", "/api/contacts", body)
    assert (reply.status, reply.fields(), shop.omnisend.holdings()["people"]) == (400, places, [])


PHONE = {"type": "phone", "id": "+37120000000", "channels": {"sms": {"status": "subscribed"}}}


async def test_an_identifier_of_another_contact_is_dropped_from_a_creation(open_shop: Open) -> None:
    shop = await open_shop()
    await shop.call("POST", "/api/contacts", {"identifiers": [PHONE]})
    both = {"identifiers": [*contact()["identifiers"], PHONE]}
    reply = await shop.call("POST", "/api/contacts", both)
    assert (reply.status, reply.body["phone"], len(reply.body["statuses"])) == (201, [], 1)


async def test_a_contact_of_nothing_but_another_ones_identifier_is_not_created(open_shop: Open) -> None:
    shop = await open_shop()
    statuses = [(await shop.call("POST", "/api/contacts", {"identifiers": [PHONE]})).status for _ in range(2)]
    assert (statuses, len(shop.omnisend.holdings()["people"])) == ([201, 409], 1)


async def test_a_patch_refuses_an_identifier_of_another_contact(open_shop: Open) -> None:
    shop = await open_shop(people=[{"email": "ana@mail.test"}, {"email": "bea@mail.test"}])
    await shop.call("PATCH", "/api/contacts?email=ana%40mail.test", {"identifiers": [PHONE]})
    clash = await shop.call("PATCH", "/api/contacts?email=bea%40mail.test", {"identifiers": [PHONE]})
    missing = await shop.call("PATCH", "/api/contacts?email=cat%40mail.test", {"firstName": "C"})
    unnamed = await shop.call("PATCH", "/api/contacts", {"firstName": "C"})
    assert [reply.status for reply in (clash, missing, unnamed)] == [409, 404, 400]


async def test_contacts_are_listed_by_cursor(open_shop: Open) -> None:
    shop = await open_shop(people=[{"email": f"{place}@mail.test", "status": "unsubscribed"} for place in range(5)])
    emails, cursor, pages = [], "", 0
    while pages < 9:
        page = (await shop.call("GET", f"/api/contacts?status=unsubscribed&limit=2&after={cursor}")).body
        emails += [row["email"] for row in page["contacts"]]
        pages += 1
        if not page["paging"]["hasMore"]:
            break
        cursor = page["paging"]["cursors"]["after"]
    assert (emails, pages) == ([f"{place}@mail.test" for place in range(5)], 3)


async def test_a_page_can_be_gone_back_from(open_shop: Open) -> None:
    shop = await open_shop(people=[{"email": f"{place}@mail.test"} for place in range(4)])
    first = (await shop.call("GET", "/api/contacts?limit=2&direction=desc")).body
    after = first["paging"]["cursors"]["after"]
    second = (await shop.call("GET", f"/api/contacts?limit=2&direction=desc&after={after}")).body
    before = second["paging"]["cursors"]["before"]
    back = (await shop.call("GET", f"/api/contacts?limit=2&direction=desc&before={before}")).body
    assert [row["email"] for row in first["contacts"]] == ["3@mail.test", "2@mail.test"]
    assert [row["email"] for row in second["contacts"]] == ["1@mail.test", "0@mail.test"]
    assert back["contacts"] == first["contacts"]


@pytest.mark.parametrize(
    ("query", "emails"),
    [
        ("status=unsubscribed", ["b@mail.test"]),
        ("status=nonSubscribed", ["c@mail.test"]),
        ("email=a%40mail.test", ["a@mail.test"]),
        ("tag=vip", []),
        ("updatedAtFrom=2026-03-01T12:00:00Z", ["a@mail.test", "b@mail.test", "c@mail.test"]),
        ("updatedAtFrom=2026-03-01T12:00:01Z", []),
    ],
)
async def test_contacts_are_found_by_what_is_asked(open_shop: Open, query: str, emails: list[str]) -> None:
    people = [("a@mail.test", "subscribed"), ("b@mail.test", "suppressed"), ("c@mail.test", "never_asked")]
    shop = await open_shop(people=[{"email": email, "status": status} for email, status in people])
    reply = await shop.call("GET", f"/api/contacts?{query}")
    assert [row["email"] for row in reply.body["contacts"]] == emails


@pytest.mark.parametrize(
    "query",
    [
        "limit=251",
        "limit=0",
        "limit=x",
        "after=x",
        "status=bounced",
        "sort=email",
        "direction=up",
        "status=subscribed&tag=vip",
        "updatedAtFrom=2026-03-01T12:00:00Z&email=a%40mail.test",
        "updatedAtFrom=2026-03-01",
    ],
)
async def test_a_bad_list_query_is_refused(open_shop: Open, query: str) -> None:
    shop = await open_shop()
    assert (await shop.call("GET", f"/api/contacts?{query}")).status == 400


async def test_tags_are_added_and_removed_for_many(open_shop: Open) -> None:
    shop = await open_shop(people=[{"email": "ana@mail.test"}])
    await shop.call("POST", "/api/contacts/tags", {"emails": ["ana@mail.test"], "tags": ["a", "b"]})
    await shop.call("DELETE", "/api/contacts/tags", {"emails": ["ana@mail.test"], "tags": ["a"]})
    refused = [
        (await shop.call("POST", "/api/contacts/tags", body)).status
        for body in ({"tags": ["a"]}, {"emails": ["x"], "tags": []}, {"emails": ["x"] * 251, "tags": ["a"]})
    ]
    assert (shop.omnisend.holdings()["people"][0]["tags"], refused) == (["b"], [400, 400, 400])


async def test_a_product_is_created_once_replaced_and_deleted(open_shop: Open) -> None:
    shop = await open_shop()
    new = await shop.call("POST", "/api/products", PRODUCT)
    again = await shop.call("POST", "/api/products", PRODUCT)
    replaced = await shop.call("PUT", "/api/products/P1", PRODUCT | {"title": "Black tea"})
    read = await shop.call("GET", "/api/products/P1")
    listed = await shop.call("GET", "/api/products")
    deleted = await shop.call("DELETE", "/api/products/P1")
    gone = [(await shop.call(method, "/api/products/P1", PRODUCT)).status for method in ("PUT", "DELETE")]
    replies = (new, again, replaced, read, deleted)
    assert ([reply.status for reply in replies], gone) == ([201, 409, 200, 200, 204], [404, 404])
    assert (new.body, replaced.body, read.body["title"]) == ({"id": "P1"}, {"id": "P1"}, "Black tea")
    assert [row["id"] for row in listed.body["products"]] == ["P1"]


VARIANT = PRODUCT["variants"][0]
BAD_PRODUCTS = [
    *(({key: None}, key) for key in ("id", "title", "status", "currency", "url")),
    ({"status": "available"}, "status"),
    ({"currency": "EU"}, "currency"),
    ({"title": "x" * 256}, "title"),
    ({"id": 5}, "id"),
    ({"variants": []}, "variants"),
    ({"variants": [VARIANT] * 501}, "variants"),
    ({"variants": [VARIANT | {"price": "9.95"}]}, "variants.0.price"),
    ({"variants": [VARIANT | {"price": 9.955}]}, "variants.0.price"),
    ({"variants": [VARIANT | {"price": -1}]}, "variants.0.price"),
    ({"variants": [VARIANT | {"price": None}]}, "variants.0.price"),
    ({"variants": [VARIANT | {"url": ""}]}, "variants.0.url"),
    ({"images": ["x"] * 301}, "images"),
    ({"categoryIDs": ["x" * 201]}, "categoryIDs.0"),
    ({"createdAt": "2026-03-01"}, "createdAt"),
]


@pytest.mark.parametrize(("change", "place"), BAD_PRODUCTS)
async def test_a_bad_product_is_refused_by_field(open_shop: Open, change: dict[str, Any], place: str) -> None:
    shop = await open_shop()
    reply = await shop.call("POST", "/api/products", PRODUCT | change)
    assert (reply.status, reply.fields()) == (400, [place])


async def test_categories_are_created_retitled_and_deleted(open_shop: Open) -> None:
    shop = await open_shop()
    tea = {"categoryID": "tea", "title": "Tea"}
    replies = [
        await shop.call("POST", "/api/product-categories", tea),
        await shop.call("POST", "/api/product-categories", tea),
        await shop.call("POST", "/api/product-categories", {"categoryID": "cup"}),
        await shop.call("PATCH", "/api/product-categories/tea", {"title": "Teas"}),
        await shop.call("GET", "/api/product-categories/tea"),
        await shop.call("DELETE", "/api/product-categories/tea"),
        await shop.call("PATCH", "/api/product-categories/tea", {"title": "Teas"}),
    ]
    assert [reply.status for reply in replies] == [201, 409, 400, 200, 200, 204, 404]
    assert replies[4].body == {"categoryID": "tea", "title": "Teas"}


def batch(endpoint: str, items: list[Any], method: str = "POST") -> dict[str, Any]:
    return {"method": method, "endpoint": endpoint, "items": items}


async def test_a_batch_is_taken_now_and_told_about_later(open_shop: Open) -> None:
    shop = await open_shop(batch_seconds=8)
    made = await shop.call("POST", "/api/batches", batch("events", [OLD]))
    address = f"/api/batches/{made.body['batchID']}"
    told = []
    for seconds in (0, 4, 8):
        shop.clock.at = NOON + seconds
        header = (await shop.call("GET", address)).body
        told.append((header["status"], header["finishedCount"], header["endedAt"] is None))
    assert (made.status, made.body["totalCount"]) == (201, 1)
    assert told == [("pending", 0, True), ("inProgress", 0, True), ("finished", 1, False)]
    assert [kept["type"] for kept in shop.kept()] == ["person", "event"]


async def test_a_bad_item_fails_alone_with_what_its_single_call_would_answer(open_shop: Open) -> None:
    shop = await open_shop(batch_seconds=0, reject=["1002"])
    bad = OLD | {"eventTime": "never"}
    chosen = OLD | {"properties": OLD["properties"] | {"orderID": "1002"}}
    made = await shop.call("POST", "/api/batches", batch("events", [OLD, bad, chosen, "x"]))
    told = (await shop.call("GET", f"/api/batches/{made.body['batchID']}/items")).body
    errors = [(error["itemID"], error["responseCode"], error["response"]["errors"][0]) for error in told["errors"]]
    assert (made.status, told["status"], told["errorsCount"], told["finishedCount"]) == (201, "finished", 3, 4)
    assert [(number, status, fault["field"]) for number, status, fault in errors] == [
        ("2", 400, "eventTime"),
        ("3", 400, "id"),
        ("4", 400, ""),
    ]
    assert told["errors"][0]["request"] == bad
    assert [(row["itemID"], row["responseCode"], row["response"]) for row in told["responses"]] == [("1", 202, {})]
    rejected = [kept["id"] for kept in shop.kept() if kept["type"] == "rejected"]
    assert rejected == [EVENT_ID, EVENT_ID, ""]


async def test_items_of_every_resource_answer_as_their_single_calls(open_shop: Open) -> None:
    shop = await open_shop(batch_seconds=0)
    sent = [
        batch("contacts", [contact(), contact()]),
        batch("products", [PRODUCT, PRODUCT]),
        batch("products", [PRODUCT, PRODUCT | {"id": "P9"}], "PUT"),
        batch("categories", [{"categoryID": "tea", "title": "Tea"}]),
    ]
    codes = []
    for body in sent:
        made = await shop.call("POST", "/api/batches", body)
        told = (await shop.call("GET", f"/api/batches/{made.body['batchID']}/items")).body
        rows = sorted(told["errors"] + told["responses"], key=lambda row: int(row["itemID"]))
        codes.append([row["responseCode"] for row in rows])
    assert codes == [[201, 200], [201, 409], [200, 404], [201]]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (batch("events", []), "items"),
        (batch("events", [OLD] * 101), "items"),
        (batch("orders", [OLD]), "endpoint"),
        (batch("events", [OLD], "PATCH"), "method"),
        (batch("events", [OLD], "PUT"), "method"),
        ({"method": "POST", "endpoint": "events"}, "items"),
        ({"method": "POST", "items": [OLD]}, "endpoint"),
        ({"endpoint": "events", "items": [OLD]}, "method"),
    ],
)
async def test_a_bad_batch_is_refused_as_a_whole(open_shop: Open, body: dict[str, Any], place: str) -> None:
    shop = await open_shop()
    reply = await shop.call("POST", "/api/batches", body)
    assert (reply.status, reply.fields(), shop.kept()) == (400, [place], [])


async def test_too_many_errors_stop_a_batch(open_shop: Open) -> None:
    shop = await open_shop(batch_seconds=0, stop_after=2)
    made = await shop.call("POST", "/api/batches", batch("events", [{}, {}, OLD]))
    header = (await shop.call("GET", f"/api/batches/{made.body['batchID']}")).body
    assert (header["status"], header["totalCount"], header["finishedCount"]) == ("stopped", 3, 2)
    assert [kept["type"] for kept in shop.kept()] == ["rejected", "rejected"]


async def test_batches_are_listed_by_resource_with_absolute_addresses(open_shop: Open) -> None:
    shop = await open_shop(batch_seconds=0)
    for _ in range(3):
        await shop.call("POST", "/api/batches", batch("events", [OLD]))
    page = (await shop.call("GET", "/api/batches?endpoint=events&limit=2")).body
    rest = await shop.call("GET", page["paging"]["next"].removeprefix(shop.base))
    none = (await shop.call("GET", "/api/batches?endpoint=contacts")).body
    missing = await shop.call("GET", "/api/batches")
    assert (len(page["batches"]), len(rest.body["batches"]), none["batches"], missing.status) == (2, 1, [], 400)
    assert none["paging"] == {"previous": None, "next": None, "offset": 0, "limit": 100}


async def test_a_chosen_item_is_refused_by_its_single_call_too(open_shop: Open) -> None:
    shop = await open_shop(reject=["ana@mail.test", "P1"])
    replies = [
        await shop.call("POST", "/api/contacts", contact()),
        await shop.call("POST", "/api/events", PLACED),
        await shop.call("POST", "/api/products", PRODUCT),
    ]
    assert [reply.status for reply in replies] == [400, 400, 400]


async def test_what_is_taken_before_a_lost_answer_is_held(open_shop: Open) -> None:
    shop = await open_shop(FaultPlan(rates={"failed_after": 1.0}))
    async with shop.session.post(f"{shop.base}/api/events", headers=RIGHT, json=PLACED) as response:
        status = response.status
    assert (status, shop.omnisend.holdings()["events"]) == (500, {"placed order": 1})


async def test_the_state_page_shows_what_is_held(open_shop: Open) -> None:
    shop = await open_shop(people=[{"email": "ana@mail.test", "status": "suppressed"}])
    await shop.call("POST", "/api/batches", batch("products", [PRODUCT]))
    state = (await shop.call("GET", "/_sandbox/state.json")).body
    assert (state["name"], [row["email"] for row in state["holdings"]["people"]]) == ("omnisend", ["ana@mail.test"])
    assert state["holdings"]["products"] == [PRODUCT]
