"""The stand-in over real HTTP, asked by hand as the platform's documents describe."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from orderwire.sandbox.kit import FaultPlan, PlatformClock, ReceptionLog, read_log, serve
from orderwire.sandbox.yespo import Yespo


def basic(user: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()


KEY = basic("any", "KEY")
ORDER: dict[str, Any] = {
    "externalOrderId": "1001",
    "externalCustomerId": "7",
    "email": "ana@mail.test",
    "phone": "37060000000",
    "firstName": "Ana",
    "totalCost": 44.98,
    "currency": "EUR",
    "status": "INITIALIZED",
    "date": "2024-03-01T10:00:00.7022176+02:00",
    "items": [{"externalItemId": "MUG", "name": "Mug", "quantity": 2, "cost": 20, "url": "u", "imageUrl": "i"}],
}
CONTACT: dict[str, Any] = {"firstName": "Ana", "channels": [{"type": "email", "value": "ana@mail.test"}]}
PAST = {
    "eventTypeKey": "orderNote",
    "keyValue": "1001",
    "params": [{"name": "email", "value": "ana@mail.test"}],
    "occurred": "2024-03-01T10:00:00Z",
}


@dataclass
class Wire:
    """A client of one running stand-in."""

    session: aiohttp.ClientSession
    base: str
    stand_in: Yespo
    log: ReceptionLog

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        auth: str | None = KEY,
        content_type: str = "application/json",
    ) -> tuple[int, str, dict[str, str]]:
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        headers = {"Content-Type": content_type} if data is not None else {}
        if auth:
            headers["Authorization"] = auth
        async with self.session.request(method, self.base + path, data=data, headers=headers) as reply:
            text = await reply.text()
            return reply.status, text, {name.lower(): value for name, value in reply.headers.items()}

    async def orders(self, *orders: Any) -> tuple[int, Any]:
        status, text, _ = await self.call("POST", "/api/v1/orders", {"orders": list(orders)})
        return status, json.loads(text) if text.startswith("{") else text

    @property
    def held(self) -> dict[str, Any]:
        return self.stand_in.holdings()

    def last(self) -> dict[str, Any]:
        assert self.log.path is not None
        return list(read_log(self.log.path))[-1]


@pytest.fixture
def options() -> dict[str, Any]:
    return {"limits": False, "async_seconds": 0.0}


@pytest.fixture
def scale() -> float:
    return 1.0


@pytest.fixture
async def wire(options: dict[str, Any], scale: float, tmp_path: Path) -> AsyncIterator[Wire]:
    stand_in = Yespo(PlatformClock(scale), options)
    log = ReceptionLog(tmp_path / "log.jsonl")
    runner, port = await serve(stand_in, log=log, plan=FaultPlan())
    async with aiohttp.ClientSession() as session:
        yield Wire(session, f"http://127.0.0.1:{port}", stand_in, log)
    await runner.cleanup()
    log.close()


def without(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}


@pytest.mark.parametrize("auth", [basic("", "KEY"), basic("user", "KEY"), basic("a b", "K:E:Y")])
async def test_any_user_with_a_key_is_let_in(wire: Wire, auth: str) -> None:
    status, text, _ = await wire.call("GET", "/api/v1/account/info/", auth=auth)
    assert (200, {"userEmail", "organisationName", "orgId"}) == (status, set(json.loads(text)))


@pytest.mark.parametrize("auth", [None, basic("user", ""), "Basic ???", "Bearer KEY", "KEY"])
async def test_a_missing_or_unreadable_key_is_refused(wire: Wire, auth: str | None) -> None:
    status, text, headers = await wire.call("POST", "/api/v1/orders", {"orders": [ORDER]}, auth=auth)
    assert (401, "Unauthorized", True) == (status, text, headers["content-type"].startswith("text/plain"))
    assert {} == wire.held["orders"]


@pytest.mark.parametrize("options", [{"key": "RIGHT"}])
async def test_a_set_key_is_the_only_right_one(wire: Wire) -> None:
    assert 401 == (await wire.call("GET", "/api/v1/version"))[0]
    assert 200 == (await wire.call("GET", "/api/v1/version", auth=basic("", "RIGHT")))[0]


async def test_a_token_is_good_for_events_only(wire: Wire) -> None:
    token = json.loads((await wire.call("POST", "/api/v1/auth/token"))[1])["token"]
    event = {"eventTypeKey": "x", "keyValue": "1", "params": []}
    assert 200 == (await wire.call("POST", "/api/v1/event", event, auth=f"Bearer {token}"))[0]
    assert 401 == (await wire.call("POST", "/api/v1/orders", {"orders": [ORDER]}, auth=f"Bearer {token}"))[0]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/api/v1/orders", 405),
        ("GET", "/api/v1/nothing", 404),
        ("POST", "/api/v3/orders", 404),
        ("POST", "/api/v2/orders", 404),
        ("POST", "/orders", 404),
        ("GET", "/api/v1/contact/1", 404),
    ],
)
async def test_only_documented_paths_are_served(wire: Wire, method: str, path: str, expected: int) -> None:
    assert expected == (await wire.call(method, path))[0]


async def test_a_clean_order_call_answers_200_with_nothing(wire: Wire) -> None:
    assert (200, "") == await wire.orders(ORDER, {**ORDER, "externalOrderId": "1002", "status": "DELIVERED"})
    assert {"1001": "INITIALIZED", "1002": "DELIVERED"} == {
        name: order["status"] for name, order in wire.held["orders"].items()
    }
    line = wire.last()
    assert {
        "type": "order",
        "status": "INITIALIZED",
        "id": "1001",
        "person": "ana@mail.test",
        "occurred_at": ORDER["date"],
        "quiet": False,
        "duplicate": False,
        "amount": 44.98,
        "currency": "EUR",
        "line_count": 1,
        "contact": wire.held["people"][0]["id"],
        "creates_contact": True,
        "consent": "confirmed",
    } == line["kept"][0]
    assert ["orderINITIALIZED", "orderDELIVERED"] == [fired["trigger"] for fired in line["fired"]]


@pytest.mark.parametrize(
    "order",
    [
        without(ORDER, "items", "firstName", "phone", "externalCustomerId"),
        without(ORDER, "email", "phone"),
        without(ORDER, "email", "externalCustomerId"),
        {**ORDER, "totalCost": "44.98", "shipping": "", "taxes": None, "externalOrderId": 1001},
        {**ORDER, "date": "2024-03-01"},
        {**ORDER, "date": "2024-03-01T10:00"},
        {**ORDER, "additionalInfo": {"a": "b"}, "unheard_of": [1]},
    ],
)
async def test_orders_in_every_documented_form_are_taken(wire: Wire, order: dict[str, Any]) -> None:
    assert (200, "") == await wire.orders(order)
    assert ["1001"] == list(wire.held["orders"])


@pytest.mark.parametrize(
    ("order", "error"),
    [
        (without(ORDER, "externalOrderId"), "externalOrderId is empty"),
        (without(ORDER, "totalCost"), "totalCost is empty"),
        ({**ORDER, "totalCost": "a lot"}, "totalCost has a wrong format"),
        ({**ORDER, "totalCost": True}, "totalCost has a wrong format"),
        (without(ORDER, "currency"), "currency is empty"),
        ({**ORDER, "currency": "eur"}, "currency has a wrong format"),
        (without(ORDER, "status"), "status has a wrong format"),
        ({**ORDER, "status": "SHIPPED"}, "status has a wrong format"),
        (without(ORDER, "date"), "date is empty"),
        ({**ORDER, "date": "01.03.2024"}, "date has a wrong format"),
        ({**ORDER, "date": "2024-13-01T00:00:00Z"}, "date has a wrong format"),
        (without(ORDER, "email", "phone", "externalCustomerId"), "externalCustomerId, email and phone are empty"),
        (
            {**ORDER, "email": " ", "phone": "", "externalCustomerId": None},
            "externalCustomerId, email and phone are empty",
        ),
        ({**ORDER, "email": "ana"}, "email has a wrong format"),
        ({**ORDER, "deliveryAddress": {"city": "Vilnius"}}, "deliveryAddress has a wrong format"),
        ({**ORDER, "additionalInfo": {"a": 1}}, "additionalInfo has a wrong format"),
        ({**ORDER, "items": [{"quantity": 1}]}, "items.externalItemId is empty"),
        ({**ORDER, "items": [{"externalItemId": "MUG"}]}, "items.quantity is empty"),
        ({**ORDER, "items": {}}, "items has a wrong format"),
        ("order", "order must be an object"),
    ],
)
async def test_a_bad_order_is_listed_and_the_others_go_on(wire: Wire, order: Any, error: str) -> None:
    status, body = await wire.orders(order, {**ORDER, "externalOrderId": "good"})
    assert (200, {"order": order, "error": error}) == (status, body["failedOrders"])
    assert ["good"] == list(wire.held["orders"])
    assert ["rejected", "order"] == [kept["type"] for kept in wire.last()["kept"]]


async def test_two_bad_orders_are_a_list(wire: Wire) -> None:
    bad = without(ORDER, "date")
    assert 2 == len((await wire.orders(bad, bad))[1]["failedOrders"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"success_body": "object"}, {}),
        ({"success_body": "list"}, {"failedOrders": []}),
    ],
)
async def test_the_clean_answer_can_be_json(wire: Wire, expected: Any) -> None:
    assert (200, expected) == await wire.orders(ORDER)


@pytest.mark.parametrize("options", [{"reject": ["1002"], "collapse": False}])
async def test_a_marked_order_is_refused_and_lists_may_stay_lists(wire: Wire) -> None:
    _, body = await wire.orders(ORDER, {**ORDER, "externalOrderId": "1002"})
    assert ["1002"] == [failed["order"]["externalOrderId"] for failed in body["failedOrders"]]


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"{", "application/json", 400),
        ([ORDER], "application/json", 400),
        ({"orders": []}, "application/json", 400),
        ({"orders": [{}] * 1001}, "application/json", 400),
        ({"orders": [ORDER]}, "text/plain", 415),
    ],
)
async def test_a_bad_order_body_is_refused_whole(wire: Wire, body: Any, content_type: str, expected: int) -> None:
    assert expected == (await wire.call("POST", "/api/v1/orders", body, content_type=content_type))[0]
    assert {} == wire.held["orders"]


async def test_a_thousand_orders_are_taken_at_once(wire: Wire) -> None:
    orders = [{**ORDER, "externalOrderId": str(number)} for number in range(1000)]
    assert (200, "") == await wire.orders(*orders)
    assert 1000 == len(wire.held["orders"])


async def test_a_resent_status_fires_again_and_counts_as_a_duplicate(wire: Wire) -> None:
    await wire.orders(ORDER)
    await wire.orders({**without(ORDER, "items"), "totalCost": 50})
    held = wire.held["orders"]["1001"]
    assert ({"INITIALIZED": 2}, 50.0, 1) == (held["statuses"], held["amount"], held["line_count"])
    assert (True, True) == (wire.last()["kept"][0]["duplicate"], wire.last()["fired"][0]["duplicate"])
    assert ({"orderINITIALIZED": 2}, 1) == (wire.held["fired"], wire.held["duplicates"])


async def test_an_order_makes_a_mailable_contact_once_and_never_changes_it(wire: Wire) -> None:
    await wire.orders(without(ORDER, "externalCustomerId"))
    await wire.orders({**ORDER, "firstName": "Other", "email": "ANA@mail.test"})
    (person,) = wire.held["people"]
    assert ("Ana", "7", "confirmed", "ORDER") == tuple(
        person[name] for name in ("first_name", "external_id", "consent", "came_by")
    )


async def test_a_bound_external_id_wins_over_the_email(wire: Wire) -> None:
    await wire.orders(ORDER, {**without(ORDER, "phone"), "externalOrderId": "1002", "email": "bo@mail.test"})
    assert 1 == len({order["contact"] for order in wire.held["orders"].values()})
    await wire.orders({**ORDER, "externalOrderId": "1003", "externalCustomerId": "8"})
    assert 2 == len(wire.held["people"])


@pytest.mark.parametrize("options", [{"people": [{"email": "ana@mail.test", "status": "unsubscribed"}]}])
async def test_an_opt_out_that_was_there_before_stays(wire: Wire) -> None:
    await wire.orders(ORDER)
    assert "unsubscribed" == wire.last()["kept"][0]["consent"]
    status, text, _ = await wire.call("GET", "/api/v2/contacts/activity")
    assert (200, ["UNSUBSCRIBED"]) == (status, [row["activityStatus"] for row in json.loads(text)])


async def test_orders_are_deleted_by_id_or_by_a_day(wire: Wire) -> None:
    day = {"from": "2024-03-01T00:00:00", "to": "2024-03-02T00:00:00"}
    await wire.orders(ORDER, {**ORDER, "externalOrderId": "1002", "date": "2024-04-01T00:00:00Z"})
    assert 200 == (await wire.call("DELETE", "/api/v1/orders", day))[0]
    assert ["1002"] == list(wire.held["orders"])
    assert 200 == (await wire.call("DELETE", "/api/v1/orders?externalOrderId=1002"))[0]
    assert {} == wire.held["orders"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"from": "2024-03-01T00:00:00"},
        {"from": "2024-03-02T00:00:00", "to": "2024-03-01T00:00:00"},
        {"from": "2024-03-01T00:00:00", "to": "2024-03-03T00:00:00"},
    ],
)
async def test_a_bad_span_of_orders_is_refused(wire: Wire, body: Any) -> None:
    assert 400 == (await wire.call("DELETE", "/api/v1/orders", body))[0]


@pytest.mark.parametrize(
    ("version", "event", "expected"),
    [
        (1, {"eventTypeKey": "cart", "keyValue": "1"}, 200),
        (1, {"eventTypeKey": "cart", "params": [{"name": "EmailAddress", "value": "ana@mail.test"}]}, 200),
        (2, {"eventTypeKey": "cart", "keyValue": "1", "params": [{"name": "items", "value": [{"a": 1}]}]}, 200),
        (1, {"eventTypeKey": "cart", "keyValue": "1", "params": [{"name": "n", "value": 1}]}, 400),
        (1, {"keyValue": "1"}, 400),
        (1, {"eventTypeKey": "cart", "params": []}, 400),
        (2, {"eventTypeKey": "cart", "params": [{"name": "externalCustomerId", "value": "null"}]}, 400),
        (1, {"eventTypeKey": "c" * 101, "keyValue": "1"}, 400),
        (1, {"eventTypeKey": "cart", "keyValue": "k" * 301}, 400),
        (1, {"eventTypeKey": "a/b", "keyValue": "1"}, 400),
        (1, {"eventTypeKey": "cart", "keyValue": "what?"}, 400),
        (1, {"eventTypeKey": "cart", "keyValue": "1", "params": [{"name": "a"}]}, 400),
        (1, {"eventTypeKey": "cart", "keyValue": "1", "params": [{"value": "a"}]}, 400),
        (1, {"eventTypeKey": "cart", "keyValue": "1", "params": {}}, 400),
        (1, {"eventTypeKey": "cart", "keyValue": "1", "params": [{"name": "a", "value": "b"}] * 2}, 400),
        (1, {"eventTypeKey": "cart", "keyValue": "1", "params": [{"name": "a" * 101, "value": "b"}]}, 400),
        (2, {"eventTypeKey": "cart", "keyValue": "1", "params": [{"name": "a", "value": "b" * 20_000}]}, 400),
    ],
)
async def test_an_event_is_taken_or_refused_as_documented(
    wire: Wire, version: int, event: Any, expected: int
) -> None:
    status, text, _ = await wire.call("POST", f"/api/v{version}/event", event)
    assert (expected, status == 200) == (status, not text)
    assert int(expected == 200) == wire.held["events"].get("cart", 0)


async def test_an_event_fires_each_time_and_v2_makes_its_contact(wire: Wire) -> None:
    event = {"eventTypeKey": "cart", "keyValue": "C1", "params": [{"name": "Email", "value": "ana@mail.test"}]}
    await wire.call("POST", "/api/v1/event", event)
    assert [] == wire.held["people"]
    await wire.call("POST", "/api/v2/event", event)
    assert ["Event"] == [person["came_by"] for person in wire.held["people"]]
    assert (True, {"cart": 2}) == (wire.last()["kept"][0]["duplicate"], wire.held["fired"])


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, "ACCEPTED"),
        ({"occurred": None}, "OCCURRED_DATE_IS_REQUIRED"),
        ({"occurred": "yesterday"}, "INCORRECT_OCCURRED_DATE_FORMAT"),
        ({"occurred": "2124-03-01T10:00:00Z"}, "OCCURRED_TIME_IN_FUTURE"),
        ({"occurred": "2004-03-01T10:00:00Z"}, "OCCURRED_TIME_TOO_DEPTH"),
        ({"eventTypeKey": "other"}, "EVENT_SEGMENTATION_DISABLED"),
        ({"keyValue": "marked"}, "SERVER_ERROR"),
    ],
)
@pytest.mark.parametrize("options", [{"segmentation": ["orderNote"], "past_depth_days": 7000, "reject": ["marked"]}])
async def test_a_past_event_has_its_own_status_and_fires_nothing(wire: Wire, change: Any, status: str) -> None:
    body = {"events": [{**PAST, **change}, {**PAST, "keyValue": "1002"}]}
    code, text, _ = await wire.call("POST", "/api/v2/past_events", body)
    good = 1 + (status == "ACCEPTED")
    assert (
        200,
        {"results": [{"status": status}, {"status": "ACCEPTED"}], "successCount": good, "errorCount": 2 - good},
    ) == (code, json.loads(text))
    assert [] == wire.last()["fired"]
    assert {True} == {kept["quiet"] for kept in wire.last()["kept"] if kept["type"] == "event"}


async def test_a_single_past_event_answers_without_a_list(wire: Wire) -> None:
    _, text, _ = await wire.call("POST", "/api/v1/past_events", {"events": [PAST]})
    assert {"status": "ACCEPTED"} == json.loads(text)["results"]


@pytest.mark.parametrize(
    "events", [[], [PAST] * 501, [without(PAST, "keyValue")], [without(PAST, "eventTypeKey")], ["x"]]
)
async def test_a_bad_past_events_body_is_refused_whole(wire: Wire, events: Any) -> None:
    assert 400 == (await wire.call("POST", "/api/v2/past_events", {"events": events}))[0]


async def test_a_past_order_event_keeps_the_order_quietly(wire: Wire) -> None:
    named = {**without(ORDER, "status", "firstName"), "totalCost": "44.98", "items": json.dumps(ORDER["items"])}
    params = [{"name": name, "value": value} for name, value in named.items()]
    await wire.call("POST", "/api/v1/contact", CONTACT)
    event = {**PAST, "eventTypeKey": "orderCreated", "params": params}
    delivered = {**event, "eventTypeKey": "orderDelivered"}
    await wire.call("POST", "/api/v1/past_events", {"events": [event, delivered]})
    held = wire.held["orders"]["1001"]
    assert ("DELIVERED", {"INITIALIZED": 1, "DELIVERED": 1}, 44.98) == (
        held["status"],
        held["statuses"],
        held["amount"],
    )
    assert {} == wire.held["fired"]


async def test_an_order_event_that_says_too_little_is_ignored(wire: Wire) -> None:
    event = {**PAST, "eventTypeKey": "orderCreated"}
    await wire.call("POST", "/api/v1/contact", CONTACT)
    await wire.call("POST", "/api/v2/past_events", {"events": [event]})
    assert ["event", "ignored"] == [kept["type"] for kept in wire.last()["kept"]]
    assert {} == wire.held["orders"]


@pytest.mark.parametrize("call", ["past_events", "event"])
async def test_an_order_event_about_nobodys_contact_keeps_no_order(wire: Wire, call: str) -> None:
    params = [{"name": name, "value": value} for name, value in without(ORDER, "status").items()]
    event = {**PAST, "eventTypeKey": "orderCreated", "params": params}
    body = {"events": [event]} if call == "past_events" else without(event, "occurred")
    await wire.call("POST", f"/api/v2/{call}", body)
    assert ["event", "ignored"] == [kept["type"] for kept in wire.last()["kept"]]
    assert ({}, []) == (wire.held["orders"], wire.held["people"])


@pytest.mark.parametrize(("options", "expected"), [({}, 403), ({"delete_past_events": True}, 200)])
async def test_past_events_are_deleted_only_once_support_allows_it(wire: Wire, expected: int) -> None:
    body = {"from": "2024-01-01T00:00", "to": "2024-12-31T00:00"}
    await wire.call("POST", "/api/v2/past_events", {"events": [PAST]})
    assert expected == (await wire.call("DELETE", "/api/v1/past_events", body))[0]
    assert (1 if expected == 403 else 0) == wire.held["past_events"]


async def test_a_contact_is_created_read_updated_and_erased(wire: Wire) -> None:
    status, text, _ = await wire.call("POST", "/api/v1/contact", {**CONTACT, "externalCustomerId": "7"})
    identity = json.loads(text)["id"]
    assert (200, True) == (status, isinstance(identity, int))
    changed = await wire.call("PUT", f"/api/v1/contact/{identity}", {**CONTACT, "firstName": "Anna"})
    assert (200, f"Contact with id='{identity}' has been updated") == changed[:2]
    shown = json.loads((await wire.call("GET", f"/api/v1/contact/{identity}"))[1])
    assert ("Anna", "7", CONTACT["channels"]) == (shown["firstName"], shown["externalCustomerId"], shown["channels"])
    gone = await wire.call("DELETE", "/api/v1/contact?externalCustomerId=7&erase=true")
    assert (200, f"Contact with id='{identity}' has been deleted") == gone[:2]
    assert (404, "Contact not found") == (await wire.call("DELETE", "/api/v1/contact?externalCustomerId=7"))[:2]
    assert [] == wire.held["people"]


async def test_a_repeated_contact_within_a_minute_is_a_conflict(wire: Wire) -> None:
    assert 200 == (await wire.call("POST", "/api/v1/contact", CONTACT))[0]
    assert (409, "Duplicated request") == (await wire.call("POST", "/api/v1/contact", CONTACT))[:2]


@pytest.mark.parametrize("scale", [1000.0])
async def test_after_a_minute_the_same_contact_is_taken_again(wire: Wire) -> None:
    await wire.call("POST", "/api/v1/contact", CONTACT)
    started = wire.stand_in.clock.seconds()
    while wire.stand_in.clock.seconds() - started < 61:
        await wire.call("GET", "/api/v1/version")
    assert 200 == (await wire.call("POST", "/api/v1/contact", CONTACT))[0]


@pytest.mark.parametrize(
    "contact",
    [
        {"firstName": "Ana"},
        {"channels": []},
        {"channels": [{"type": "pigeon", "value": "x"}]},
        {"channels": [{"type": "email", "value": "ana"}]},
        {"channels": [{"type": "sms", "value": str(number)} for number in range(3)]},
        {**CONTACT, "firstName": "12345"},
        {**CONTACT, "firstName": "a" * 41},
        {**CONTACT, "lastName": "Po 12345"},
        {**CONTACT, "lastName": "<script>"},
        {**CONTACT, "address": "Vilnius"},
        {**CONTACT, "fields": [{"id": "x", "value": "1"}]},
    ],
)
async def test_a_bad_contact_is_refused(wire: Wire, contact: Any) -> None:
    assert 400 == (await wire.call("POST", "/api/v1/contact", contact))[0]
    _, text, _ = await wire.call("POST", "/api/v1/contacts", {"contacts": [contact], "dedupeOn": "email"})
    assert contact == json.loads(text)["failedContacts"]["contact"]
    assert [] == wire.held["people"]


@pytest.mark.parametrize("name", ["Ana-Marija O'Neil", "Dr. Ana", "Žaneta", " ", None])
async def test_names_by_the_rules_are_taken(wire: Wire, name: str | None) -> None:
    assert 200 == (await wire.call("POST", "/api/v1/contact", {**CONTACT, "firstName": name}))[0]


@pytest.mark.parametrize("options", [{"async_seconds": 3600.0}])
async def test_bulk_contacts_come_later(wire: Wire) -> None:
    _, text, _ = await wire.call("POST", "/api/v1/contacts", {"contacts": [CONTACT], "dedupeOn": "email"})
    body = json.loads(text)
    assert ["import"] == [kept["action"] for kept in wire.last()["kept"]]
    assert (0, {"id", "asyncSessionId"}) == (body["id"], set(body))
    _, text, _ = await wire.call("GET", f"/api/v1/importstatus/{body['asyncSessionId']}")
    assert "IMPORTING" == json.loads(text)["status"]
    assert [] == wire.held["people"]


async def test_a_finished_import_says_who_became_who(wire: Wire) -> None:
    _, text, _ = await wire.call("POST", "/api/v1/contacts", {"contacts": [CONTACT], "dedupeOn": "email"})
    _, text, _ = await wire.call("GET", f"/api/v1/importstatus/{json.loads(text)['asyncSessionId']}")
    (person,) = wire.held["people"]
    assert {"dedupeValue": "ana@mail.test", "contactId": person["id"]} == json.loads(text)["mapping"]


@pytest.mark.parametrize(("fields", "expected"), [(None, None), (["lastName"], "Ana")])
async def test_a_bulk_call_empties_the_fields_it_writes_but_does_not_carry(
    wire: Wire, fields: Any, expected: str | None
) -> None:
    await wire.call("POST", "/api/v1/contact", CONTACT)
    bare = {"channels": CONTACT["channels"]}
    await wire.call("POST", "/api/v1/contacts", {"contacts": [bare], "dedupeOn": "email", "contactFields": fields})
    assert [expected] == [person["first_name"] for person in wire.held["people"]]


@pytest.mark.parametrize(
    "body",
    [
        {"contacts": [CONTACT]},
        {"contacts": [], "dedupeOn": "email"},
        {"contacts": [CONTACT] * 3001, "dedupeOn": "email"},
        {"contacts": [CONTACT], "dedupeOn": "name"},
        {"contacts": [CONTACT], "dedupeOn": "fieldId"},
        {"contacts": [CONTACT], "dedupeOn": "email", "eventKeyForNewContacts": "new contact"},
    ],
)
async def test_a_bad_bulk_call_is_refused_whole(wire: Wire, body: Any) -> None:
    assert 400 == (await wire.call("POST", "/api/v1/contacts", body))[0]


async def test_new_contacts_of_a_bulk_call_fire_the_named_event_and_join_groups(wire: Wire) -> None:
    body = {"contacts": [CONTACT], "dedupeOn": "email", "eventKeyForNewContacts": "fresh", "groupNames": ["VIP"]}
    await wire.call("POST", "/api/v1/contacts", body)
    assert ["fresh"] == [fired["trigger"] for fired in wire.last()["fired"]]
    await wire.call("POST", "/api/v1/contacts", body)
    assert [] == wire.last()["fired"]
    _, text, headers = await wire.call("GET", "/api/v1/group/1/contacts")
    assert (1, "1") == (len(json.loads(text)), headers["totalcount"])
    await wire.call("POST", "/api/v1/group/1/contacts/detach", {})
    assert {"VIP": []} == wire.held["groups"]


async def test_subscribing_leaves_an_address_unconfirmed_and_mails_it(wire: Wire) -> None:
    _, text, _ = await wire.call("POST", "/api/v1/contact/subscribe", {"contact": CONTACT, "formType": "footer"})
    body = json.loads(text)
    assert ("NEED_CONFIRMATION", True) == (body["emailStatus"], body["new"])
    assert ["subscribeFromApi-footer", "double_opt_in"] == [fired["trigger"] for fired in wire.last()["fired"]]
    assert ["unconfirmed"] == [person["consent"] for person in wire.held["people"]]
    _, text, _ = await wire.call("POST", "/api/v1/contact/subscribe", {"contact": {**CONTACT, "lastName": "Po"}})
    assert False is json.loads(text)["new"]


async def test_an_opt_out_holds_for_an_address_before_its_contact_exists(wire: Wire) -> None:
    emails = {"emails": ["Ana@mail.test"]}
    assert (200, "") == (await wire.call("POST", "/api/v1/emails/unsubscribed/add", emails))[:2]
    await wire.orders(ORDER)
    assert ["unsubscribed"] == [person["consent"] for person in wire.held["people"]]
    await wire.call("POST", "/api/v1/emails/unsubscribed/delete", emails)
    assert ["confirmed"] == [person["consent"] for person in wire.held["people"]]


@pytest.mark.parametrize("body", [{}, {"emails": []}, {"emails": [1]}])
async def test_a_bad_list_of_opt_outs_is_refused(wire: Wire, body: Any) -> None:
    assert 400 == (await wire.call("POST", "/api/v1/emails/unsubscribed/add", body))[0]


@pytest.mark.parametrize(
    "options", [{"people": [{"email": f"p{n}@mail.test", "external_id": str(n)} for n in range(5)], "limits": False}]
)
@pytest.mark.parametrize(
    ("query", "expected", "total"),
    [
        ("startindex=2&maxrows=2", ["p1@mail.test", "p2@mail.test"], "5"),
        ("email=P3@mail.test", ["p3@mail.test"], "1"),
        ("externalCustomerId=4", ["p4@mail.test"], "1"),
        ("email=nobody@mail.test", [], "0"),
    ],
)
async def test_contacts_are_read_in_pages(wire: Wire, query: str, expected: list[str], total: str) -> None:
    status, text, headers = await wire.call("GET", f"/api/v1/contacts?{query}")
    emails = [contact["channels"][0]["value"] for contact in json.loads(text)]
    assert (200, expected, total) == (status, emails, headers["totalcount"])


@pytest.mark.parametrize(
    "query", ["maxrows=501", "startindex=0", "externalCustomerId=1&email=a@mail.test", "sortBy=x"]
)
async def test_a_bad_page_of_contacts_is_refused(wire: Wire, query: str) -> None:
    assert 400 == (await wire.call("GET", f"/api/v1/contacts?{query}"))[0]


@pytest.mark.parametrize("query", ["dateFrom=2024-01-01&dateTo=2024-12-31", "dateFrom=x", "offset=x"])
async def test_a_bad_page_of_activity_is_refused(wire: Wire, query: str) -> None:
    assert 400 == (await wire.call("GET", f"/api/v2/contacts/activity?{query}"))[0]


@pytest.mark.parametrize("options", [{}])
@pytest.mark.parametrize("scale", [0.0001])
async def test_the_reading_limit_is_its_own_and_says_nothing_about_waiting(wire: Wire) -> None:
    replies = [await wire.call("GET", "/api/v1/contacts") for _ in range(51)]
    assert [200] * 50 + [429] == [status for status, _, _ in replies]
    assert [] == [name for name in replies[-1][2] if "retry" in name.lower() or "limit" in name.lower()]
    assert 200 == (await wire.call("GET", "/api/v1/version"))[0]


@pytest.mark.parametrize("options", [{"contact_workflows": True}])
async def test_a_contact_field_change_fires_where_the_account_has_such_a_workflow(wire: Wire) -> None:
    await wire.call("POST", "/api/v1/contact", CONTACT)
    assert ["contact field change"] == [fired["trigger"] for fired in wire.last()["fired"]]
