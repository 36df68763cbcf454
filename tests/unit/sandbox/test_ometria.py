"""The stand-in of Ometria, driven over HTTP with requests written by hand from its documentation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from orderwire.sandbox.kit import FaultPlan, PlatformClock, ReceptionLog, read_log, serve
from orderwire.sandbox.ometria import Ometria

KEY = {"X-Ometria-Auth": "any"}
CONTACT = {"@type": "contact", "id": "77", "@collection": "customers", "customer_id": "77", "email": "ana@mail.test"}
ORDER = {
    "@type": "order",
    "id": "1001",
    "timestamp": "2026-01-02T10:00:00+00:00",
    "status": "complete",
    "is_valid": True,
    "grand_total": 25.5,
    "currency": "EUR",
    "customer": {"id": "77", "email": "ana@mail.test"},
    "lineitems": [{"product_id": "P1", "quantity": 2, "unit_price": 10.25}],
}
PRODUCT = {"@type": "product", "id": "P1", "title": "Mug", "listings": [{"store": "shop.test", "price": 10.25}]}
EVENT = {
    "@type": "custom_event",
    "id": "E1",
    "event_type": "back_in_stock",
    "timestamp": "2026-01-02T10:00:00Z",
    "identity_email": "ana@mail.test",
    "properties": {"pid": ["P1"]},
}


class Running:
    """A stand-in being served, and how to talk to it."""

    def __init__(self, ometria: Ometria, log: ReceptionLog, url: str) -> None:
        self.ometria = ometria
        self.log = log
        self.url = url
        self.web = aiohttp.ClientSession()

    async def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and JSON of a reply."""
        sent = {"data": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
        url = f"{self.url}{path}"
        async with self.web.request(method, url, headers=KEY if headers is None else headers, **sent) as reply:
            return reply.status, await reply.json()

    async def push(self, *records: Any) -> dict[str, Any]:
        """Push records; what was kept and what fired, as the reception log tells it."""
        status, body = await self.call("POST", "/v2/push", list(records))
        assert (status, body["status"]) == (200, "OK")
        assert self.log.path is not None
        return list(read_log(self.log.path))[-1]

    async def get(self, path: str) -> Any:
        """The JSON of a page that is there."""
        status, body = await self.call("GET", f"/v2{path}")
        assert status == 200
        return body

    def person(self, customer_id: str) -> dict[str, Any]:
        """One held person."""
        found: dict[str, Any] = next(
            one for one in self.ometria.holdings()["people"] if one["customer_id"] == customer_id
        )
        return found


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start a stand-in; records are seen at once and nothing is limited unless a test wants it."""
    runnings: list[Running] = []
    runners = []

    async def begin(**options: Any) -> Running:
        ometria = Ometria(PlatformClock(), {"limits": False, "latency": 0.0, "rate": 1e9} | options)
        log = ReceptionLog(tmp_path / "received.jsonl")
        runner, port = await serve(ometria, log=log, plan=FaultPlan())
        runners.append(runner)
        runnings.append(Running(ometria, log, f"http://127.0.0.1:{port}"))
        return runnings[-1]

    yield begin
    for running in runnings:
        await running.web.close()
        running.log.close()
    for runner in runners:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("headers", "options", "status"),
    [
        ({}, {}, 403),
        ({"X-Ometria-Auth": ""}, {}, 403),
        ({"Authorization": "Bearer any"}, {}, 403),
        ({"X-Ometria-Auth": "wrong"}, {"key": "right"}, 403),
        ({"X-Ometria-Auth": "right"}, {"key": "right"}, 200),
        ({"X-Ometria-Auth": "any"}, {}, 200),
    ],
)
async def test_a_key_is_asked_for(
    start: Start, headers: dict[str, str], options: dict[str, str], status: int
) -> None:
    running = await start(**options)
    answered, _ = await running.call("POST", "/v2/push", [CONTACT], headers=headers)
    assert answered == status


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v2/push", CONTACT, 400),
        ("POST", "/v2/push", [PRODUCT] * 101, 400),
        ("POST", "/v2/push", b"[{", 400),
        ("PUT", "/v2/push", [CONTACT], 405),
        ("POST", "/v3/push", [CONTACT], 404),
        ("POST", "/push", [CONTACT], 404),
        ("POST", "/v2/contacts", [CONTACT], 404),
        ("POST", "/v2/custom-events/", {"id": "E1"}, 400),
        ("POST", "/v2/products/P1", {"title": 3}, 400),
        ("POST", "/v2/data-deletion-requests", {"comment": "x"}, 400),
        ("POST", "/v2/merge-profile", {"survivor": {"type": "customer_id", "value": "0"}}, 400),
        ("GET", "/v2/orders?limit=251", None, 400),
        ("GET", "/v2/orders?limit=0", None, 400),
        ("GET", "/v2/orders?offset=-1", None, 400),
        ("GET", "/v2/products?active=yes", None, 400),
        ("GET", "/v2/unsubscribes?since=yesterday", None, 400),
        ("GET", "/v2/lists?mode=some", None, 400),
        ("GET", "/v2/orders/0", None, 404),
        ("GET", "/v2/profiles/0", None, 404),
    ],
)
async def test_a_bad_call_is_refused_with_json(start: Start, method: str, path: str, body: Any, status: int) -> None:
    running = await start()
    answered, told = await running.call(method, path, body)
    assert (answered, told["status"]) == (status, "ERROR")


@pytest.mark.parametrize("path", ["/v2/push", "/v2/push/"])
async def test_a_push_is_counted_and_has_a_request_id(start: Start, path: str) -> None:
    running = await start()
    status, body = await running.call("POST", path, [CONTACT, PRODUCT])
    assert (status, body["accepted"], body["rejected"], len(body["request_id"])) == (200, 2, 0, 36)


@pytest.mark.parametrize(
    ("record", "path"),
    [
        ("text", "root"),
        ({**CONTACT, "@type": "profile"}, "root > @type"),
        ({**CONTACT, "id": 77}, "root > id"),
        ({**CONTACT, "lastname": 3}, "root > lastname"),
        ({**CONTACT, "email": "nobody"}, "root > email"),
        ({"@type": "contact", "id": "1"}, "root > email"),
        ({**CONTACT, "marketing_optin": "explicitly_optedin"}, "root > marketing_optin"),
        ({**CONTACT, "marketing_optin": 1}, "root > marketing_optin"),
        ({**CONTACT, "phone_number": "0712345678"}, "root > phone_number"),
        ({**CONTACT, "gender": "female"}, "root > gender"),
        ({**CONTACT, "date_of_birth": "1990-5-4"}, "root > date_of_birth"),
        ({**CONTACT, "country_id": "gb"}, "root > country_id"),
        ({**CONTACT, "timestamp_acquired": "2026-01-02T10:00:00"}, "root > timestamp_acquired"),
        ({**CONTACT, "channels": {"sms": {"allow_marketing": "yes"}}}, "root > channels > sms > allow_marketing"),
        ({**CONTACT, "first_name": "Ana"}, "root > first_name"),
        ({**ORDER, "timestamp": "2026-01-02"}, "root > timestamp"),
        ({**ORDER, "grand_total": "25.50"}, "root > grand_total"),
        ({**ORDER, "is_valid": "true"}, "root > is_valid"),
        ({**ORDER, "currency": "euro"}, "root > currency"),
        ({**ORDER, "customer": {"customer_id": "77"}}, "root > customer > customer_id"),
        ({**ORDER, "lineitems": [{"quantity": 1, "unit_price": 1}]}, "root > lineitems > 0 > product_id"),
        ({**ORDER, "lineitems": [{"product_id": "P1", "quantity": 1}]}, "root > lineitems > 0 > unit_price"),
        (
            {**ORDER, "lineitems": [{"product_id": "P1", "quantity": 1.5, "unit_price": 1}]},
            "root > lineitems > 0 > quantity",
        ),
        ({name: value for name, value in ORDER.items() if name != "status"}, "root > status"),
        ({"@type": "product", "id": "P9"}, "root > title"),
        ({**PRODUCT, "attributes": [{"id": "red"}]}, "root > attributes > 0 > type"),
        ({**EVENT, "timestamp": "2026-01-02T10:00"}, "root > timestamp"),
        ({name: value for name, value in EVENT.items() if name != "identity_email"}, "root > identity_email"),
        ({**EVENT, "properties": []}, "root > properties"),
    ],
)
async def test_a_bad_record_is_accepted_and_told_later(start: Start, record: Any, path: str) -> None:
    running = await start()
    line = await running.push(record)
    errors = await running.get("/push/_errors")
    assert [one["type"] for one in line["kept"]] == ["rejected"]
    assert [(one["error_message"], one["error_path"]) for one in errors] == [("not a valid value", path)]


async def test_a_record_that_is_too_large_is_refused_at_once_and_alone(start: Start) -> None:
    running = await start()
    large = {**CONTACT, "id": "78", "email": "b@mail.test", "properties": {"text": "x" * 60_000}}
    _, body = await running.call("POST", "/v2/push", [large, CONTACT])
    errors = await running.get("/push/_errors")
    assert (body["accepted"], body["rejected"]) == (1, 1)
    assert [one["error_message"] for one in errors] == ["Payload invalid: Record is too large."]


async def test_only_the_hundred_newest_errors_are_told(start: Start) -> None:
    running = await start()
    for begin in (0, 60):
        await running.push(*({"@type": "contact", "id": str(begin + n)} for n in range(60)))
    errors = await running.get("/push/_errors")
    assert (len(errors), errors[0]["record_id"], errors[-1]["record_id"]) == (100, "119", "20")


async def test_an_error_is_seen_only_after_processing(start: Start) -> None:
    running = await start(latency=0.2)
    await running.push({**CONTACT, "lastname": 3}, {**CONTACT, "id": "78"}, PRODUCT)
    before = (await running.get("/push/_errors"), await running.get("/products"))
    await asyncio.sleep(0.25)
    after = (await running.get("/push/_errors"), await running.get("/products"))
    assert ([len(one) for one in before], [len(one) for one in after]) == ([0, 0], [1, 1])


@pytest.mark.parametrize("name", ["1001", "ana@mail.test"])
async def test_named_records_fail_on_wish(start: Start, name: str) -> None:
    running = await start(reject=[name])
    line = await running.push(ORDER if name == "1001" else CONTACT)
    assert [(one["type"], one["id"]) for one in line["kept"]] == [("rejected", "1001" if name == "1001" else "77")]


@pytest.mark.parametrize(
    ("options", "method", "path", "body", "allowed"),
    [
        ({}, "POST", "/v2/push", [PRODUCT], 8),
        ({"push_rate": 4}, "POST", "/v2/push", [PRODUCT], 4),
        ({}, "GET", "/v2/orders", None, 4),
        ({}, "POST", "/v2/data-deletion-requests", {"email": "a@mail.test"}, 6),
        ({}, "POST", "/v2/merge-profile", {"survivor": {}, "customers_to_merge": []}, 1),
    ],
)
async def test_limits_are_kept(
    start: Start, options: dict[str, Any], method: str, path: str, body: Any, allowed: int
) -> None:
    running = await start(limits=True, **options)
    now = running.ometria.clock.seconds()
    await asyncio.sleep(1.02 - now % 1.0 if now % 1.0 > 0.5 else 0)
    statuses = [(await running.call(method, path, body))[0] for _ in range(allowed + 2)]
    assert [status == 429 for status in statuses] == [False] * allowed + [True, True]


async def test_a_full_queue_takes_no_more(start: Start) -> None:
    running = await start(latency=60.0, backlog=3)
    url = f"{running.url}/v2/push"
    left = []
    for _ in range(2):
        async with running.web.post(url, json=[PRODUCT, PRODUCT], headers=KEY) as reply:
            left.append((reply.status, reply.headers["X-QueueSize-Limit"], reply.headers["X-QueueSize-Remaining"]))
    assert left == [(200, "3", "1"), (429, "3", "1")]


async def test_a_contact_without_a_choice_tells_nobody_anything(start: Start) -> None:
    running = await start()
    line = await running.push(CONTACT, {**CONTACT, "marketing_optin": "NOT_SPECIFIED"})
    assert (line["fired"], running.person("77")["consent"]["email"]["status"]) == ([], "NOT_SPECIFIED")


@pytest.mark.parametrize(
    ("choice", "fired"),
    [
        ({"marketing_optin": "EXPLICITLY_OPTEDIN"}, []),
        ({"marketing_optin": True, "timestamp_unsubscribed": "2026-01-02T10:00:00Z"}, []),
        ({"marketing_optin": True, "timestamp_subscribed": "2026-01-02T10:00:00Z"}, ["subscribe email"]),
        (
            {"marketing_optin": "EXPLICITLY_OPTEDOUT", "timestamp_unsubscribed": "2026-01-02T10:00:00Z"},
            ["unsubscribe email"],
        ),
        (
            {
                "phone_number": "+351912345678",
                "channels": {"sms": {"allow_marketing": True, "dt_updated_marketing": "2026-01-02T10:00:00Z"}},
            },
            ["subscribe sms"],
        ),
    ],
)
async def test_a_choice_fires_only_with_its_time_and_once(
    start: Start, choice: dict[str, Any], fired: list[str]
) -> None:
    running = await start()
    first = await running.push({**CONTACT, **choice})
    again = await running.push({**CONTACT, **choice})
    assert [one["name"] for one in first["fired"]] == fired
    assert again["fired"] == []
    assert [one["duplicate"] for one in again["kept"]] == [True, True]


async def test_of_what_was_pushed_the_last_written_wins_no_preference_included(start: Start) -> None:
    running = await start()
    await running.push({**CONTACT, "marketing_optin": "EXPLICITLY_OPTEDIN"})
    await running.push({**CONTACT, "marketing_optin": "NOT_SPECIFIED", "@merge": True})
    assert running.person("77")["consent"]["email"]["status"] == "NOT_SPECIFIED"


async def test_an_opt_out_on_its_own_pages_outweighs_a_pushed_opt_in(start: Start) -> None:
    running = await start(people=[{"email": "ana@mail.test", "status": "unsubscribed"}])
    optin = {**CONTACT, "marketing_optin": "EXPLICITLY_OPTEDIN", "timestamp_subscribed": "2026-01-02T10:00:00Z"}
    line = await running.push(optin)
    assert [one["effective"] for one in line["kept"] if one["type"] == "consent"] == ["EXPLICITLY_OPTEDOUT"]
    assert line["fired"] == []


async def test_force_outweighs_it_and_binds_later_pushes(start: Start) -> None:
    running = await start(people=[{"email": "ana@mail.test", "status": "unsubscribed"}])
    await running.push({**CONTACT, "marketing_optin": "EXPLICITLY_OPTEDIN", "@force_optin": True})
    await running.push({**CONTACT, "marketing_optin": "EXPLICITLY_OPTEDOUT"})
    held = running.person("77")["consent"]["email"]
    assert (held["status"], held["forced"]) == ("EXPLICITLY_OPTEDIN", True)


async def test_an_order_makes_a_buyer_without_a_preference(start: Start) -> None:
    running = await start()
    line = await running.push(ORDER)
    [profile] = await running.get("/profiles?email=ANA@mail.test")
    assert (profile["customer_id"], profile["marketing_optin"], profile["stats"]["revenue"]) == (
        "77",
        "NOT_SPECIFIED",
        25.5,
    )
    assert line["kept"][0] == {
        "type": "order",
        "action": "created",
        "status": "complete",
        "is_valid": True,
        "id": "1001",
        "person": "ana@mail.test",
        "occurred_at": "2026-01-02T10:00:00+00:00",
        "quiet": False,
        "duplicate": False,
        "amount": 25.5,
        "refunded": None,
        "lines": 1,
        "has_buyer": True,
    }


async def test_an_order_by_names_alone_belongs_to_nobody_and_starts_nothing(start: Start) -> None:
    running = await start()
    line = await running.push({**ORDER, "customer": {"firstname": "Ana"}})
    assert (line["kept"][0]["has_buyer"], line["fired"]) == (False, [])


async def test_an_order_by_mail_joins_the_profile_without_a_customer_id(start: Start) -> None:
    running = await start()
    mail = "ana@mail.test"
    await running.push(CONTACT, {**CONTACT, "id": "88", "customer_id": "88"})
    await running.push({**ORDER, "customer": {"email": mail}}, {**ORDER, "id": "1002", "customer": {"email": mail}})
    profiles = await running.get(f"/profiles?email={mail}")
    assert [(one["customer_id"], one["stats"]["orders"]) for one in profiles] == [(None, 2), ("77", 0), ("88", 0)]


async def test_a_resent_order_counts_as_a_second_trigger(start: Start) -> None:
    running = await start()
    first, second = await running.push(ORDER), await running.push(ORDER)
    assert [(line["kept"][0]["duplicate"], line["fired"][0]["name"]) for line in (first, second)] == [
        (False, "order complete"),
        (True, "order complete"),
    ]
    assert running.ometria.holdings()["duplicates"]["orders"] == 1


@pytest.mark.parametrize(("merge", "lines"), [({"@merge": True}, 1), ({}, 0)])
async def test_a_partial_order_keeps_its_lines_only_when_it_is_merged(
    start: Start, merge: dict[str, bool], lines: int
) -> None:
    running = await start()
    await running.push(ORDER)
    line = await running.push({"@type": "order", "id": "1001", "status": "cancelled", "is_valid": False, **merge})
    [profile] = await running.get("/profiles?email=ana@mail.test")
    assert (line["kept"][0]["status"], line["kept"][0]["lines"]) == ("cancelled", lines)
    assert (profile["stats"]["orders"], profile["stats"]["orders_attempted"]) == (0, 1)


async def test_attributes_are_replaced_even_when_merged(start: Start) -> None:
    running = await start()
    await running.push({**PRODUCT, "attributes": [{"type": "color", "id": "red"}]})
    await running.push({"@type": "product", "id": "P1", "@merge": True, "attributes": [{"type": "brand", "id": "b"}]})
    product = await running.get("/products/P1")
    assert (product["title"], product["attributes"]) == ("Mug", [{"type": "brand", "id": "b"}])


async def test_a_lower_listed_price_is_a_price_drop(start: Start) -> None:
    running = await start()
    first = await running.push(PRODUCT)
    second = await running.push({**PRODUCT, "listings": [{"store": "shop.test", "price": 10.25, "special_price": 8}]})
    assert ([one["name"] for one in first["fired"]], [one["name"] for one in second["fired"]]) == ([], ["price drop"])


@pytest.mark.parametrize(
    ("known", "types", "fired"),
    [
        (True, None, ["event back_in_stock"]),
        (True, ["back_in_stock"], ["event back_in_stock"]),
        (True, ["other"], []),
        (False, None, []),
    ],
)
async def test_an_event_starts_something_for_a_known_person_and_a_type_that_is_set_up(
    start: Start, known: bool, types: list[str] | None, fired: list[str]
) -> None:
    running = await start(**({"event_types": types} if types is not None else {}))
    if known:
        await running.push(CONTACT)
    line = await running.push(EVENT)
    assert (line["kept"][0]["resolved"], [one["name"] for one in line["fired"]]) == (known, fired)


async def test_a_resent_event_counts_as_a_second_trigger(start: Start) -> None:
    running = await start()
    await running.push(CONTACT, EVENT)
    line = await running.push(EVENT)
    assert (line["kept"][0]["duplicate"], len(line["fired"])) == (True, 1)


async def test_a_long_event_type_is_cut(start: Start) -> None:
    running = await start()
    line = await running.push({**EVENT, "event_type": "x" * 40})
    assert line["kept"][0]["metric"] == "x" * 32


async def test_events_and_products_can_come_one_by_one(start: Start) -> None:
    running = await start()
    event = {name: value for name, value in EVENT.items() if name != "@type"}
    product = {"title": "Cup", "is_variant": True}
    statuses = [
        (await running.call("POST", "/v2/custom-events/", event))[0],
        (await running.call("POST", "/v2/products/P2", product))[0],
    ]
    held = running.ometria.holdings()["counts"]
    assert (statuses, held["events"], held["products"]) == ([200, 200], 1, 1)


async def test_orders_are_paged_and_sorted_on_wish(start: Start) -> None:
    running = await start()
    orders = [{**ORDER, "id": str(n), "timestamp": f"2026-01-{n + 1:02d}T00:00:00Z"} for n in range(25)]
    await running.push(*orders)
    pages = [await running.get(f"/orders?limit=10&offset={begin}&orderby=timestamp") for begin in (0, 10, 20)]
    unsorted = await running.get("/orders?limit=250")
    assert [one["id"] for page in pages for one in page] == [str(n) for n in range(25)]
    assert (len(await running.get("/orders")), len(unsorted)) == (10, 25)
    assert [one["id"] for one in unsorted] != [str(n) for n in range(25)]
    assert (await running.get("/orders/3"))["total_unit_quantity"] == 2


async def test_variants_are_listed_only_when_asked_for(start: Start) -> None:
    running = await start()
    await running.push(
        PRODUCT, {**PRODUCT, "id": "V1", "is_variant": True}, {**PRODUCT, "id": "P3", "is_active": False}
    )
    queries = ["", "?includeVariants=true", "?active=true", "?active=false"]
    found = [[one["id"] for one in await running.get(f"/products{query}")] for query in queries]
    assert found == [["P1", "P3"], ["P1", "V1", "P3"], ["P1"], ["P3"]]


async def test_contacts_are_read_by_collection(start: Start) -> None:
    running = await start(lists={"5": "VIP"})
    await running.push({**CONTACT, "@add_to_lists": [5]}, {**CONTACT, "@collection": "subscribers", "id": "s1"})
    collections = await running.get("/contacts")
    contact = await running.get("/contacts/customers/77")
    profile = await running.get(f"/profiles/{contact['profile_id']}")
    assert collections == [{"id": "customers", "count": 1}, {"id": "subscribers", "count": 1}]
    assert (profile["lists"], (await running.get("/lists/5"))["size"]) == ([{"id": 5, "title": "VIP"}], 1)
    assert [one["id"] for one in await running.get("/contacts/subscribers")] == ["s1"]


async def test_only_its_own_unsubscriptions_are_listed(start: Start) -> None:
    seeded = {"email": "old@mail.test", "status": "unsubscribed", "changed_at": "2025-06-01T00:00:00+00:00"}
    running = await start(people=[seeded])
    await running.push({**CONTACT, "marketing_optin": False, "timestamp_unsubscribed": "2026-01-02T10:00:00Z"})
    running.ometria.opt_out("ana@mail.test", kind="list_unsubscribe")
    everything = await running.get("/unsubscribes")
    early = await running.get("/unsubscribes?since=2025-01-01T00:00:00&before=2025-12-31T00:00:00")
    assert [(one["email_address"], one["type"]) for one in everything] == [
        ("old@mail.test", "preferences_centre"),
        ("ana@mail.test", "list_unsubscribe"),
    ]
    assert [(one["email_address"], one["timestamp"]) for one in early] == [
        ("old@mail.test", "2025-06-01 00:00:00+00")
    ]


async def test_merging_moves_what_was_pushed_and_keeps_a_refusal(start: Start) -> None:
    running = await start()
    other = {**CONTACT, "id": "88", "customer_id": "88", "email": "b@mail.test", "marketing_optin": False}
    await running.push(CONTACT, other, {**ORDER, "customer": {"id": "88"}})
    body = {
        "survivor": {"type": "customer_id", "value": "77"},
        "customers_to_merge": [
            {"type": "email_address", "value": "b@mail.test"},
            {"type": "customer_id", "value": "0"},
        ],
    }
    status, _ = await running.call("POST", "/v2/merge-profile", body)
    [profile] = await running.get("/profiles")
    assert (status, profile["stats"]["orders"], profile["marketing_optin"]) == (200, 1, "EXPLICITLY_OPTEDOUT")


@pytest.mark.parametrize(
    "body", [{"email": "ana@mail.test"}, {"emails": ["ana@mail.test"]}, {"identities": [{"email": "ana@mail.test"}]}]
)
async def test_a_person_is_anonymised(start: Start, body: dict[str, Any]) -> None:
    running = await start()
    await running.push(CONTACT, ORDER, EVENT)
    status, request = await running.call("POST", "/v2/data-deletion-requests", {**body, "comment": "asked"})
    held = running.ometria.holdings()
    assert (status, request["action"], request["summary"]) == (
        200,
        "anonymise",
        "1 contact record anonymised, 1 events anonymise",
    )
    assert await running.get("/data-deletion-requests") == [request]
    assert "ana@mail.test" not in str(held)
    assert held["counts"] == {"contacts": 0, "orders": 1, "products": 0, "events": 1}


async def test_mixed_pushes_are_taken_and_counted(start: Start) -> None:
    running = await start()
    await running.push(CONTACT, ORDER)
    await running.push(CONTACT)
    assert running.ometria.holdings()["mixed_requests"] == 1
