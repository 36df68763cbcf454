"""The stand-in over real HTTP, asked by hand as the platform's documents describe."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from klaviyo_api import KlaviyoAPI  # type: ignore[import-untyped]  # it ships no types
from yarl import URL

from orderwire.sandbox.kit import Call, FaultPlan, PlatformClock, ReceptionLog, read_log, serve
from orderwire.sandbox.klaviyo import Klaviyo

HEADERS = {"Authorization": "Klaviyo-API-Key pk_test", "revision": "2026-10-15"}
ANA = {"email": "ana@mail.test"}


class Wire:
    """A client of one running stand-in."""

    def __init__(self, session: aiohttp.ClientSession, base: str, stand_in: Klaviyo, log: ReceptionLog) -> None:
        self.session = session
        self.base = base
        self.stand_in = stand_in
        self.log = log

    async def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, Any]:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = HEADERS | ({"Content-Type": "application/vnd.api+json"} if data is not None else {}) | (headers or {})
        sent = {name: value for name, value in sent.items() if value}
        url = URL(self.base + path, encoded="%" in path)
        stream = io.BytesIO(data) if data is not None else None
        async with self.session.request(method, url, data=stream, headers=sent) as reply:
            raw = await reply.read()
            shown = json.loads(raw) if "json" in reply.headers.get("Content-Type", "") else raw.decode()
            return reply.status, shown, reply.headers

    @property
    def held(self) -> dict[str, Any]:
        return self.stand_in.holdings()

    def lines(self) -> list[dict[str, Any]]:
        assert self.log.path is not None
        return list(read_log(self.log.path))


@pytest.fixture
def options() -> dict[str, Any]:
    return {"limits": False, "job_seconds": 0.0}


@pytest.fixture
async def wire(options: dict[str, Any], tmp_path: Any) -> AsyncIterator[Wire]:
    stand_in = Klaviyo(PlatformClock(), options)
    log = ReceptionLog(tmp_path / "log.jsonl")
    runner, port = await serve(stand_in, log=log, plan=FaultPlan())
    async with aiohttp.ClientSession() as session:
        yield Wire(session, f"http://127.0.0.1:{port}", stand_in, log)
    await runner.cleanup()
    log.close()


def event(**changes: Any) -> dict[str, Any]:
    attributes = {
        "properties": {"OrderId": "1001", "Items": [{"SKU": "A"}]},
        "metric": {"data": {"type": "metric", "attributes": {"name": "Placed Order"}}},
        "profile": {"data": {"type": "profile", "attributes": ANA}},
        "time": "2026-05-01T10:00:00+00:00",
        "value": 19.99,
        "value_currency": "EUR",
        "unique_id": "1001",
        **changes,
    }
    return {"data": {"type": "event", "attributes": {n: v for n, v in attributes.items() if v is not ...}}}


def profile_part(**attributes: Any) -> dict[str, Any]:
    return {"data": {"type": "profile", "attributes": attributes}}


def bulk_events(*ids: str, per: int = 1, **changes: Any) -> dict[str, Any]:
    entries = []
    for unique_id in ids:
        one = event(unique_id=unique_id, **changes)["data"]["attributes"]
        person = one.pop("profile")
        events = [{"type": "event", "attributes": one | {"unique_id": f"{unique_id}-{n}"}} for n in range(per)]
        entry = {"profile": person, "events": {"data": events}, "backfill": True}
        entries.append({"type": "event-bulk-create", "attributes": entry})
    attributes = {"events-bulk-create": {"data": entries}}
    return {"data": {"type": "event-bulk-create-job", "attributes": attributes}}


def subscription(*profiles: dict[str, Any], history: bool = False, to: str | None = None) -> dict[str, Any]:
    data: dict[str, Any] = {
        "type": "profile-subscription-bulk-create-job",
        "attributes": {
            "profiles": {"data": [{"type": "profile", "attributes": one} for one in profiles]},
            "historical_import": history,
        },
    }
    if to:
        data["relationships"] = {"list": {"data": {"type": "list", "id": to}}}
    return {"data": data}


def opted_in(consented_at: str | None = None, **identifiers: str) -> dict[str, Any]:
    stated = {"consent": "SUBSCRIBED"} | ({"consented_at": consented_at} if consented_at else {})
    return {**(identifiers or ANA), "subscriptions": {"email": {"marketing": stated}}}


def unsubscription(*emails: str, to: str | None = None) -> dict[str, Any]:
    channels = {"email": {"marketing": {"consent": "UNSUBSCRIBED"}}}
    profiles = [{"type": "profile", "attributes": {"email": one, "subscriptions": channels}} for one in emails]
    data: dict[str, Any] = {
        "type": "profile-subscription-bulk-delete-job",
        "attributes": {"profiles": {"data": profiles}},
    }
    if to:
        data["relationships"] = {"list": {"data": {"type": "list", "id": to}}}
    return {"data": data}


def importing(*profiles: dict[str, Any], lists: tuple[str, ...] = ()) -> dict[str, Any]:
    data: dict[str, Any] = {
        "type": "profile-bulk-import-job",
        "attributes": {"profiles": {"data": [{"type": "profile", "attributes": one} for one in profiles]}},
    }
    if lists:
        data["relationships"] = {"lists": {"data": [{"type": "list", "id": one} for one in lists]}}
    return {"data": data}


def item(external_id: str = "SKU-1", **changes: Any) -> dict[str, Any]:
    attributes = {"external_id": external_id, "title": "Tea", "description": "Green", "url": "https://shop.test/tea"}
    return {"type": "catalog-item", "attributes": {**attributes, **changes}}


def variant(external_id: str = "V-1", of: str = "$custom:::$default:::SKU-1", **changes: Any) -> dict[str, Any]:
    attributes = item(external_id)["attributes"] | {"sku": "T50", "inventory_quantity": 4, "price": 4.5}
    related = {"item": {"data": {"type": "catalog-item", "id": of}}}
    return {"type": "catalog-variant", "attributes": {**attributes, **changes}, "relationships": related}


def catalog_job(kind: str, key: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"type": kind, "attributes": {key: {"data": list(entries)}}}}


async def test_an_event_is_taken_with_an_empty_202(wire: Wire) -> None:
    status, body, headers = await wire.call("POST", "/api/events", event())
    assert (202, "", "0") == (status, body, headers["Content-Length"])
    assert "Content-Type" not in headers or not body
    line = wire.lines()[-1]
    assert [
        {
            "type": "event",
            "metric": "Placed Order",
            "id": "1001",
            "person": "ana@mail.test",
            "occurred_at": "2026-05-01T10:00:00+00:00",
            "quiet": False,
            "duplicate": False,
            "amount": 19.99,
            "currency": "EUR",
            "lines": 1,
        }
    ] == line["kept"]
    assert [{"trigger": "metric", "metric": "Placed Order", "id": "1001", "person": "ana@mail.test"}] == line["fired"]


async def test_a_backfilled_event_starts_no_flow(wire: Wire) -> None:
    await wire.call("POST", "/api/events", event(backfill=True))
    line = wire.lines()[-1]
    assert ([], True) == (line["fired"], line["kept"][0]["quiet"])


async def test_an_old_event_without_the_flag_counts_as_fired(wire: Wire) -> None:
    await wire.call("POST", "/api/events", event(time="2019-01-01T00:00:00Z"))
    assert 1 == wire.held["fired"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"properties": ...}, "/data/attributes/properties"),
        ({"properties": []}, "/data/attributes/properties"),
        ({"properties": {str(n): n for n in range(401)}}, "/data/attributes/properties"),
        ({"properties": {"note": "x" * 100_001}}, "/data/attributes/properties/note"),
        ({"properties": {"many": list(range(4001))}}, "/data/attributes/properties/many"),
        ({"properties": {"big": 2**63}}, "/data/attributes/properties/big"),
        ({"metric": {"data": {"type": "metric", "attributes": {"name": "x" * 128}}}}, None),
        ({"metric": {"data": {"type": "metric", "attributes": {}}}}, "/data/attributes/metric/data/attributes/name"),
        ({"metric": {"name": "Placed Order"}}, "/data/attributes/metric/data"),
        ({"value": "19.99"}, "/data/attributes/value"),
        ({"value": True}, "/data/attributes/value"),
        ({"value_currency": "euro"}, "/data/attributes/value_currency"),
        ({"unique_id": 1001}, "/data/attributes/unique_id"),
        ({"unique_id": ""}, "/data/attributes/unique_id"),
        ({"unique_id": "x" * 256}, "/data/attributes/unique_id"),
        ({"time": "yesterday"}, "/data/attributes/time"),
        ({"time": "2026-05-01"}, "/data/attributes/time"),
        ({"time": "1989-05-01T00:00:00Z"}, "/data/attributes/time"),
        ({"time": "2199-05-01T00:00:00Z"}, "/data/attributes/time"),
        ({"backfill": "true"}, "/data/attributes/backfill"),
        ({"discount": 1}, "/data/attributes/discount"),
        ({"profile": profile_part()}, "/data/attributes/profile/data/attributes"),
        ({"profile": profile_part(first_name="A")}, "/data/attributes/profile/data/attributes"),
        ({"profile": profile_part(email="not an address")}, "/data/attributes/profile/data/attributes/email"),
        ({"profile": profile_part(email=f"{'a' * 95}@mail.test")}, "/data/attributes/profile/data/attributes/email"),
        (
            {"profile": profile_part(phone_number="5551234567")},
            "/data/attributes/profile/data/attributes/phone_number",
        ),
        ({"profile": profile_part(**ANA, shoe_size=42)}, "/data/attributes/profile/data/attributes/shoe_size"),
        ({"profile": profile_part(**ANA, external_id="x" * 256)}, None),
    ],
)
async def test_a_bad_event_is_refused_whole(wire: Wire, changes: dict[str, Any], pointer: str | None) -> None:
    status, body, _ = await wire.call("POST", "/api/events", event(**changes))
    assert 400 == status
    error = body["errors"][0]
    assert ("invalid", 400, "Invalid input.") == (error["code"], error["status"], error["title"])
    assert pointer in (error["source"]["pointer"], None)
    assert {} == wire.held["events"]


async def test_a_bad_phone_beside_a_good_address_is_tolerated_on_events(wire: Wire) -> None:
    person = profile_part(**ANA, phone_number="5551234567")
    status, _, _ = await wire.call("POST", "/api/events", event(profile=person))
    assert 202 == status
    assert "phone_number" not in wire.held["people"]["ana@mail.test"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("POST", "/api/events", {"Authorization": ""}, event(), 401),
        ("POST", "/api/events", {"Authorization": "Basic abc"}, event(), 401),
        ("POST", "/api/events", {"Authorization": "Klaviyo-API-Key "}, event(), 401),
        ("POST", "/api/events", {"revision": ""}, event(), 400),
        ("POST", "/api/events", {"revision": "latest"}, event(), 400),
        ("POST", "/api/events", {"revision": "2023-06-15"}, event(), 410),
        ("POST", "/api/events", {"Content-Type": "text/plain"}, event(), 415),
        ("POST", "/api/events", {}, b"{", 400),
        ("POST", "/api/events", {}, b'{"data": NaN}', 400),
        ("POST", "/api/events", {}, [], 400),
        ("DELETE", "/api/events", {}, None, 405),
        ("POST", "/api/eventz", {}, event(), 404),
        ("POST", "/api/events", {}, b" " * 5_000_001, 413),
        ("POST", "/api/profile-import", {}, b" " * 100_001, 413),
    ],
)
async def test_what_is_wrong_with_a_request_has_its_status(
    wire: Wire, method: str, path: str, headers: dict[str, str], body: Any, status: int
) -> None:
    assert status == (await wire.call(method, path, body, headers))[0]


async def test_a_missing_key_is_answered_as_recorded(wire: Wire) -> None:
    status, body, headers = await wire.call("POST", "/api/events", event(), {"Authorization": ""})
    assert (401, "Bearer, Klaviyo-API-Key") == (status, headers["WWW-Authenticate"])
    assert headers["X-Klaviyo-Req-Id"] == body["errors"][0]["id"]
    assert "not_authenticated" == body["errors"][0]["code"]


async def test_backfill_is_unknown_to_an_older_revision(wire: Wire) -> None:
    status, body, _ = await wire.call("POST", "/api/events", event(backfill=True), {"revision": "2025-10-15"})
    assert (400, "/data/attributes/backfill") == (status, body["errors"][0]["source"]["pointer"])


@pytest.mark.parametrize("path", ["/api/events/", "//api/events", "/api/events"])
async def test_slashes_before_and_after_do_not_matter(wire: Wire, path: str) -> None:
    assert 202 == (await wire.call("POST", path, event()))[0]


async def test_the_first_event_of_a_profile_metric_and_id_wins(wire: Wire) -> None:
    for value in (10, 99):
        assert 202 == (await wire.call("POST", "/api/events", event(value=value)))[0]
    await wire.call("POST", "/api/events", event(profile=profile_part(email="bo@mail.test")))
    cancelled = {"data": {"type": "metric", "attributes": {"name": "Cancelled Order"}}}
    await wire.call("POST", "/api/events", event(metric=cancelled))
    assert ({"Placed Order": 2, "Cancelled Order": 1}, 1, 3) == (
        wire.held["events"],
        wire.held["duplicates"],
        wire.held["fired"],
    )
    _, page, _ = await wire.call("GET", "/api/events?sort=timestamp")
    assert 10 == page["data"][0]["attributes"]["event_properties"]["$value"]


async def test_events_without_an_id_collapse_within_a_second(wire: Wire) -> None:
    for moment in ("2026-05-01T10:00:00.100Z", "2026-05-01T10:00:00.900Z", "2026-05-01T10:00:01Z"):
        await wire.call("POST", "/api/events", event(unique_id=..., time=moment))
    assert {"Placed Order": 2} == wire.held["events"]


async def test_test_addresses_are_accepted_and_dropped(wire: Wire) -> None:
    person = profile_part(email="someone@example.com")
    assert 202 == (await wire.call("POST", "/api/events", event(profile=person)))[0]
    assert ({}, "rejected") == (wire.held["events"], wire.lines()[-1]["kept"][0]["type"])


async def test_bulk_events_are_kept_and_duplicates_dropped_silently(wire: Wire) -> None:
    status, body, _ = await wire.call("POST", "/api/event-bulk-create-jobs", bulk_events("A", "A", "B"))
    assert (202, "") == (status, body)
    assert [False, True, False] == [one["duplicate"] for one in wire.lines()[-1]["kept"]]
    assert [True, True, True] == [one["quiet"] for one in wire.lines()[-1]["kept"]]
    assert ({"Placed Order": 2}, 0) == (wire.held["events"], wire.held["fired"])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (bulk_events("A", per=1001), "/data/attributes/events-bulk-create/data"),
        (bulk_events(), "/data/attributes/events-bulk-create/data"),
        (bulk_events("A", "B", value="9"), "/data/attributes/events-bulk-create/data/0/attributes/events/data/0"),
        (bulk_events("A", profile=profile_part(email="x")), "/data/attributes/events-bulk-create/data/0/attributes/"),
    ],
)
async def test_a_bad_bulk_request_keeps_nothing(wire: Wire, body: Any, pointer: str) -> None:
    status, reply, _ = await wire.call("POST", "/api/event-bulk-create-jobs", body)
    assert 400 == status
    assert reply["errors"][0]["source"]["pointer"].startswith(pointer)
    assert {} == wire.held["events"]


async def test_a_thousand_events_fit_in_one_request(wire: Wire) -> None:
    assert 202 == (await wire.call("POST", "/api/event-bulk-create-jobs", bulk_events("A", "B", per=500)))[0]
    assert 1000 == wire.held["event_total"]


async def test_events_are_read_back_by_metric_profile_and_time_in_pages(wire: Wire) -> None:
    for day in range(1, 6):
        await wire.call("POST", "/api/events", event(unique_id=str(day), time=f"2026-05-0{day}T10:00:00Z"))
    _, metrics, _ = await wire.call("GET", "/api/metrics")
    metric = metrics["data"][0]["id"]
    path = f'/api/events?filter=equals(metric_id,"{metric}"),greater-than(datetime,2026-05-01T10:00:00Z)'
    seen: list[str] = []
    url: str | None = wire.base + path + "&sort=datetime&page[size]=3"
    while url:
        _, page, _ = await wire.call("GET", url.removeprefix(wire.base))
        seen += [one["attributes"]["event_properties"]["$event_id"] for one in page["data"]]
        url = page["links"]["next"]
    assert ["2", "3", "4", "5"] == seen


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ('filter=equals(color,"red")', "filter"),
        ("filter=equals(metric_id", "filter"),
        ("filter=equals(metric_id,red)", "filter"),
        ('filter=contains(metric_id,"M")', "filter"),
        ("page[size]=1001", "page[size]"),
        ("page[cursor]=nonsense", "page[cursor]"),
        ("sort=value", "sort"),
    ],
)
async def test_a_query_that_is_not_offered_is_refused(wire: Wire, query: str, parameter: str) -> None:
    status, body, _ = await wire.call("GET", f"/api/events?{query}")
    assert (400, parameter) == (status, body["errors"][0]["source"]["parameter"])


async def test_a_profile_is_created_once_and_the_conflict_names_it(wire: Wire) -> None:
    body = {"data": {"type": "profile", "attributes": ANA | {"external_id": "c1"}}}
    status, made, _ = await wire.call("POST", "/api/profiles", body)
    assert (201, None, {}) == (status, made["data"]["attributes"]["title"], made["data"]["attributes"]["properties"])
    status, refused, _ = await wire.call("POST", "/api/profiles", body)
    error = refused["errors"][0]
    assert (409, "duplicate_profile") == (status, error["code"])
    assert made["data"]["id"] == error["meta"]["duplicate_profile_id"]


async def test_a_profile_is_upserted_and_null_clears(wire: Wire) -> None:
    def sent(**attributes: Any) -> dict[str, Any]:
        return {"data": {"type": "profile", "attributes": ANA | attributes}}

    assert 201 == (await wire.call("POST", "/api/profile-import", sent(first_name="Ana")))[0]
    status, body, _ = await wire.call("POST", "/api/profile-import", sent(first_name=None, last_name="B"))
    assert (200, None, "B") == (
        status,
        body["data"]["attributes"]["first_name"],
        body["data"]["attributes"]["last_name"],
    )


async def test_an_upsert_that_means_two_profiles_conflicts(wire: Wire) -> None:
    for one in (ANA, {"phone_number": "+12025550123"}):
        await wire.call("POST", "/api/profile-import", {"data": {"type": "profile", "attributes": one}})
    both = {"data": {"type": "profile", "attributes": ANA | {"phone_number": "+12025550123"}}}
    status, body, _ = await wire.call("POST", "/api/profile-import", both)
    assert (409, "duplicate_profile") == (status, body["errors"][0]["code"])


@pytest.mark.parametrize(
    "attributes",
    [{}, {"email": "x"}, {"phone_number": "+1"}, ANA | {"age": 3}, ANA | {"anonymous_id": "z"}, ANA | {"title": 3}],
)
async def test_a_bad_profile_is_refused(wire: Wire, attributes: dict[str, Any]) -> None:
    body = {"data": {"type": "profile", "attributes": attributes}}
    assert 400 == (await wire.call("POST", "/api/profile-import", body))[0]


async def test_a_bulk_import_tells_its_failures_by_the_job(wire: Wire) -> None:
    body = importing(ANA | {"external_id": "c1"}, {"email": "broken"}, {"email": "bo@mail.test"}, lists=("NEWS01",))
    status, made, _ = await wire.call("POST", "/api/profile-bulk-import-jobs", body)
    assert (202, 3) == (status, made["data"]["attributes"]["total_count"])
    job = f"/api/profile-bulk-import-jobs/{made['data']['id']}"
    _, done, _ = await wire.call("GET", job)
    counts = done["data"]["attributes"]
    assert ("complete", 2, 1) == (counts["status"], counts["completed_count"], counts["failed_count"])
    _, errors, _ = await wire.call("GET", f"{job}/import-errors")
    told = errors["data"][0]["attributes"]
    assert "/data/attributes/profiles/data/1/attributes/email" == told["source"]["pointer"]
    assert "broken" == told["original_payload"]["attributes"]["email"]
    assert ["person", "rejected", "person"] == [one["type"] for one in wire.lines()[0]["kept"]]
    assert 2 == len(wire.lines()[0]["fired"])
    assert ["NEWS01"] == wire.held["people"]["ana@mail.test"]["lists"]


@pytest.mark.parametrize("options", [{"limits": False, "job_seconds": 3600.0}])
async def test_a_job_is_not_complete_before_its_time(wire: Wire) -> None:
    _, made, _ = await wire.call("POST", "/api/profile-bulk-import-jobs", importing({"email": "broken"}))
    job = f"/api/profile-bulk-import-jobs/{made['data']['id']}"
    assert ("queued", 0) == (
        made["data"]["attributes"]["status"],
        (await wire.call("GET", job))[1]["data"]["attributes"]["failed_count"],
    )
    assert [] == (await wire.call("GET", f"{job}/import-errors"))[1]["data"]


async def test_an_import_of_too_many_or_nothing_is_refused(wire: Wire) -> None:
    for count in (10_001, 0):
        assert 400 == (await wire.call("POST", "/api/profile-bulk-import-jobs", importing(*[ANA] * count)))[0]


async def test_history_consent_subscribes_with_its_own_date_and_fires_nothing(wire: Wire) -> None:
    body = subscription(opted_in("2024-02-03T04:05:06Z"), history=True, to="NEWS01")
    assert 202 == (await wire.call("POST", "/api/profile-subscription-bulk-create-jobs", body))[0]
    ana = wire.held["people"]["ana@mail.test"]
    assert ("SUBSCRIBED", "2024-02-03T04:05:06+00:00", ["NEWS01"]) == (
        ana["email_consent"],
        ana["consented_at"],
        ana["lists"],
    )
    line = wire.lines()[-1]
    assert ([], True, "NEVER_SUBSCRIBED") == (line["fired"], line["kept"][0]["quiet"], line["kept"][0]["before"])


async def test_a_live_subscription_starts_double_opt_in_by_the_accounts_default(wire: Wire) -> None:
    await wire.call("POST", "/api/profile-subscription-bulk-create-jobs", subscription(opted_in()))
    assert ["double_opt_in"] == [one["trigger"] for one in wire.lines()[-1]["fired"]]
    assert ("NEVER_SUBSCRIBED", True) == (
        wire.held["people"]["ana@mail.test"]["email_consent"],
        wire.held["people"]["ana@mail.test"]["email_is_pending"],
    )


async def test_a_live_subscription_to_a_single_opt_in_list_fires_its_flow(wire: Wire) -> None:
    body = subscription(opted_in(), to="NEWS01")
    await wire.call("POST", "/api/profile-subscription-bulk-create-jobs", body)
    assert [{"trigger": "list", "list": "NEWS01", "person": "ana@mail.test"}] == wire.lines()[-1]["fired"]
    assert "SUBSCRIBED" == wire.held["people"]["ana@mail.test"]["email_consent"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (subscription(opted_in(), history=True), "/subscriptions/email/marketing/consented_at"),
        (subscription(opted_in("2024-02-03T04:05:06Z")), "/subscriptions/email/marketing/consented_at"),
        (subscription(opted_in("2199-01-01T00:00:00Z"), history=True), "/subscriptions/email/marketing/consented_at"),
        (subscription(opted_in(), to="NOPE99"), "/data/relationships/list/data/id"),
        (subscription({"email": "ana@mail.test"}), "/subscriptions"),
        (subscription({**ANA, "subscriptions": {}}), "/subscriptions"),
        (subscription({**ANA, "subscriptions": {"fax": {}}}), "/subscriptions/fax"),
        (subscription(opted_in(email="broken")), "/attributes/email"),
        (subscription({"subscriptions": {"email": {"marketing": {"consent": "SUBSCRIBED"}}}}), "/attributes"),
        (subscription({**ANA, "subscriptions": {"sms": {"marketing": {"consent": "SUBSCRIBED"}}}}), "/sms"),
        (subscription({**ANA, "subscriptions": {"email": {"marketing": {"consent": "YES"}}}}), "/consent"),
        (subscription(*[opted_in()] * 1001), "/profiles/data"),
    ],
)
async def test_a_bad_subscription_job_is_refused(wire: Wire, body: Any, pointer: str) -> None:
    status, reply, _ = await wire.call("POST", "/api/profile-subscription-bulk-create-jobs", body)
    assert 400 == status
    assert reply["errors"][0]["source"]["pointer"].endswith(pointer)
    assert {} == wire.held["people"]


async def test_unsubscribing_someone_who_is_not_on_the_list_is_global(wire: Wire) -> None:
    path = "/api/profile-subscription-bulk-delete-jobs"
    subscribed = subscription(opted_in("2024-02-03T04:05:06Z"), history=True, to="NEWS01")
    await wire.call("POST", "/api/profile-subscription-bulk-create-jobs", subscribed)
    assert 202 == (await wire.call("POST", path, unsubscription("ana@mail.test", "bo@mail.test", to="NEWS01")))[0]
    people = wire.held["people"]
    assert ("SUBSCRIBED", "UNSUBSCRIBED") == (
        people["ana@mail.test"]["email_consent"],
        people["bo@mail.test"]["email_consent"],
    )
    assert ([], ["UNSUBSCRIBE"]) == (people["ana@mail.test"]["suppressions"], people["bo@mail.test"]["suppressions"])
    assert 400 == (await wire.call("POST", path, unsubscription(*[f"p{n}@mail.test" for n in range(101)])))[0]


async def test_a_suppression_job_answers_with_its_document(wire: Wire) -> None:
    def job(verb: str) -> dict[str, Any]:
        profiles = {"data": [{"type": "profile", "attributes": ANA}]}
        return {"data": {"type": f"profile-suppression-bulk-{verb}-job", "attributes": {"profiles": profiles}}}

    status, made, _ = await wire.call("POST", "/api/profile-suppression-bulk-create-jobs", job("create"))
    assert (202, 1) == (status, made["data"]["attributes"]["total_count"])
    _, done, _ = await wire.call("GET", f"/api/profile-suppression-bulk-create-jobs/{made['data']['id']}")
    assert ("complete", 0) == (done["data"]["attributes"]["status"], done["data"]["attributes"]["skipped_count"])
    assert ["USER_SUPPRESSED"] == wire.held["people"]["ana@mail.test"]["suppressions"]
    await wire.call("POST", "/api/profile-suppression-bulk-delete-jobs", job("delete"))
    assert [] == wire.held["people"]["ana@mail.test"]["suppressions"]


@pytest.mark.parametrize(
    "options",
    [
        {
            "limits": False,
            "people": [
                {"email": "ana@mail.test", "status": "subscribed", "changed_at": "2025-01-01T00:00:00Z"},
                {"email": "bo@mail.test", "status": "unsubscribed", "changed_at": "2025-02-01T00:00:00Z"},
                {"email": "cy@mail.test", "status": "bounced", "changed_at": "2025-03-01T00:00:00Z"},
            ],
        }
    ],
)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('equals(subscriptions.email.marketing.suppression.reason,"HARD_BOUNCE")', ["cy@mail.test"]),
        (
            "greater-than(subscriptions.email.marketing.suppression.timestamp,2025-01-15T00:00:00Z)",
            ["bo@mail.test", "cy@mail.test"],
        ),
        ('any(email,["ana@mail.test","no@mail.test"])', ["ana@mail.test"]),
        ("equals(email,'bo@mail.test')", ["bo@mail.test"]),
        ("greater-than(updated,2199-01-01T00:00:00Z)", []),
    ],
)
async def test_seeded_people_are_read_with_their_consent(wire: Wire, query: str, expected: list[str]) -> None:
    path = f"/api/profiles?filter={query}&additional-fields[profile]=subscriptions&sort=email"
    status, page, _ = await wire.call("GET", path)
    assert (200, expected) == (status, [one["attributes"]["email"] for one in page["data"]])
    shown = [one["attributes"]["subscriptions"]["email"]["marketing"] for one in page["data"]]
    assert [one["consent"] for one in shown] == [
        {"ana@mail.test": "SUBSCRIBED", "bo@mail.test": "UNSUBSCRIBED", "cy@mail.test": "SUBSCRIBED"}[email]
        for email in expected
    ]


async def test_profiles_are_paged_both_ways(wire: Wire) -> None:
    await wire.call(
        "POST", "/api/profile-bulk-import-jobs", importing(*[{"email": f"p{n}@mail.test"} for n in range(5)])
    )
    _, first, _ = await wire.call("GET", "/api/profiles?page[size]=2&sort=-email&fields[profile]=email")
    assert {"email": "p4@mail.test"} == first["data"][0]["attributes"]
    _, second, _ = await wire.call("GET", first["links"]["next"].removeprefix(wire.base))
    assert ["p2@mail.test", "p1@mail.test"] == [one["attributes"]["email"] for one in second["data"]]
    _, back, _ = await wire.call("GET", second["links"]["prev"].removeprefix(wire.base))
    assert ["p4@mail.test", "p3@mail.test"] == [one["attributes"]["email"] for one in back["data"]]


async def test_catalog_jobs_take_items_then_variants_and_report_failures(wire: Wire) -> None:
    path = "/api/catalog-item-bulk-create-jobs"
    body = catalog_job("catalog-item-bulk-create-job", "items", item("SKU-1"), item("SKU-1"), item("SKU/2"))
    status, made, _ = await wire.call("POST", path, body)
    assert (202, 3) == (status, made["data"]["attributes"]["total_count"])
    _, done, _ = await wire.call("GET", f"{path}/{made['data']['id']}")
    counts = done["data"]["attributes"]
    assert ("complete", 2, 1) == (counts["status"], counts["completed_count"], counts["failed_count"])
    assert "/data/attributes/items/data/1/attributes/external_id" == counts["errors"][0]["source"]["pointer"]
    variants = catalog_job(
        "catalog-variant-bulk-create-job", "variants", variant("V-1"), variant("V-2", of="nothing")
    )
    await wire.call("POST", "/api/catalog-variant-bulk-create-jobs", variants)
    assert ["variant", "rejected"] == [one["type"] for one in wire.lines()[-1]["kept"]]
    assert ["$custom:::$default:::SKU-1", "$custom:::$default:::SKU/2"] == list(wire.held["products"])


@pytest.mark.parametrize("path", ["%24custom%3A%3A%3A%24default%3A%3A%3ASKU%2F2", "$custom:::$default:::SKU%2F2"])
async def test_single_catalog_calls_work_on_encoded_ids(wire: Wire, path: str) -> None:
    assert 201 == (await wire.call("POST", "/api/catalog-items", {"data": item("SKU/2", price=3)}))[0]
    assert 409 == (await wire.call("POST", "/api/catalog-items", {"data": item("SKU/2")}))[0]
    assert 200 == (await wire.call("GET", f"/api/catalog-items/{path}"))[0]
    changed = {"type": "catalog-item", "id": "$custom:::$default:::SKU/2", "attributes": {"published": False}}
    status, body, _ = await wire.call("PATCH", f"/api/catalog-items/{path}", {"data": changed})
    assert (200, False, 3) == (status, body["data"]["attributes"]["published"], body["data"]["attributes"]["price"])
    assert 204 == (await wire.call("DELETE", f"/api/catalog-items/{path}"))[0]
    assert 404 == (await wire.call("GET", f"/api/catalog-items/{path}"))[0]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("catalog-item-bulk-create-jobs", catalog_job("catalog-item-bulk-create-job", "items", *[item()] * 101)),
        ("catalog-item-bulk-create-jobs", catalog_job("catalog-item-bulk-create-job", "items")),
        ("catalog-item-bulk-create-jobs", catalog_job("catalog-item-bulk-create-job", "items", item(price="3"))),
        ("catalog-item-bulk-create-jobs", catalog_job("catalog-item-bulk-create-job", "items", item(colour="red"))),
        ("catalog-item-bulk-create-jobs", catalog_job("catalog-item-bulk-update-job", "items", item())),
        ("catalog-item-bulk-create-jobs", {"data": {"type": "catalog-item-bulk-create-job", "attributes": {}}}),
        ("catalog-items", {"data": item(custom_metadata={"deep": {}})}),
        ("catalog-items", {"data": {"type": "catalog-item", "attributes": {"external_id": "1"}}}),
        ("catalog-variants", {"data": item()}),
        ("catalog-variants", {"data": variant(inventory_policy=3)}),
        ("catalog-variants", {"data": variant(of="missing")}),
    ],
)
async def test_a_bad_catalog_call_is_refused(wire: Wire, path: str, body: Any) -> None:
    assert 400 == (await wire.call("POST", f"/api/{path}", body))[0]
    assert {} == wire.held["products"]


async def test_catalog_items_are_filtered_and_carry_categories(wire: Wire) -> None:
    category = {"type": "catalog-category", "attributes": {"external_id": "TEA", "name": "Tea"}}
    await wire.call("POST", "/api/catalog-categories", {"data": category})
    for name in ("A", "B"):
        await wire.call("POST", "/api/catalog-items", {"data": item(name, published=name == "A")})
    link = [{"type": "catalog-category", "id": "$custom:::$default:::TEA"}]
    linked = "/api/catalog-items/$custom:::$default:::A/relationships/categories"
    assert 204 == (await wire.call("POST", linked, {"data": link}))[0]
    assert link == (await wire.call("GET", linked))[1]["data"]
    for query in ('equals(category.id,"$custom:::$default:::TEA")', "equals(published,true)"):
        _, page, _ = await wire.call("GET", f"/api/catalog-items?filter={query}")
        assert ["$custom:::$default:::A"] == [one["id"] for one in page["data"]]


async def test_lists_are_made_and_hold_members_without_consent(wire: Wire) -> None:
    status, made, _ = await wire.call("POST", "/api/lists", {"data": {"type": "list", "attributes": {"name": "VIP"}}})
    assert (201, "double_opt_in") == (status, made["data"]["attributes"]["opt_in_process"])
    _, ana, _ = await wire.call("POST", "/api/profiles", {"data": {"type": "profile", "attributes": ANA}})
    path = f"/api/lists/{made['data']['id']}"
    member = {"data": [{"type": "profile", "id": ana["data"]["id"]}]}
    assert 204 == (await wire.call("POST", f"{path}/relationships/profiles", member))[0]
    _, members, _ = await wire.call("GET", f"{path}/profiles")
    assert ["ana@mail.test"] == [one["attributes"]["email"] for one in members["data"]]
    assert "NEVER_SUBSCRIBED" == wire.held["people"]["ana@mail.test"]["email_consent"]
    assert 404 == (await wire.call("GET", "/api/lists/NOPE99"))[0]


async def test_a_person_is_deleted_with_their_events(wire: Wire) -> None:
    await wire.call("POST", "/api/events", event())

    def asked(**attributes: str) -> dict[str, Any]:
        return {"data": {"type": "data-privacy-deletion-job", "attributes": {"profile": profile_part(**attributes)}}}

    path = "/api/data-privacy-deletion-jobs"
    assert 400 == (await wire.call("POST", path, asked()))[0]
    assert 400 == (await wire.call("POST", path, asked(**ANA, phone_number="+12025550123")))[0]
    assert (202, "") == (await wire.call("POST", path, asked(**ANA)))[:2]
    assert ({}, {}, 1) == (wire.held["people"], wire.held["events"], wire.held["erased"])


@pytest.mark.parametrize(
    "options", [{"limits": False, "job_seconds": 0.0, "reject": ["1002", "bo@mail.test", "SKU-9"]}]
)
async def test_what_is_to_be_rejected_is_refused_as_the_platform_would(wire: Wire) -> None:
    assert 400 == (await wire.call("POST", "/api/events", event(unique_id="1002")))[0]
    body = bulk_events("1001")
    body["data"]["attributes"]["events-bulk-create"]["data"][0]["attributes"]["events"]["data"][0]["attributes"][
        "unique_id"
    ] = "1002"
    assert 400 == (await wire.call("POST", "/api/event-bulk-create-jobs", body))[0]
    await wire.call("POST", "/api/profile-bulk-import-jobs", importing(ANA, {"email": "bo@mail.test"}))
    assert ["person", "rejected"] == [one["type"] for one in wire.lines()[-1]["kept"]]
    items = catalog_job("catalog-item-bulk-create-job", "items", item("SKU-9"), item("SKU-1"))
    await wire.call("POST", "/api/catalog-item-bulk-create-jobs", items)
    assert ["rejected", "product"] == [one["type"] for one in wire.lines()[-1]["kept"]]


@pytest.mark.parametrize("options", [{}])
async def test_the_burst_limit_answers_429_without_rate_headers(wire: Wire) -> None:
    _, _, before = await wire.call("GET", "/api/accounts")
    assert "1, 1;w=1, 15;w=60" == before["RateLimit-Limit"]
    assert "0" == before["RateLimit-Remaining"]
    replies = [await wire.call("GET", "/api/accounts") for _ in range(3)]
    status, body, headers = next(reply for reply in replies if reply[0] == 429)
    assert (429, "throttled", "Request was throttled.") == (
        status,
        body["errors"][0]["code"],
        body["errors"][0]["title"],
    )
    assert "RateLimit-Limit" not in headers
    assert f"Expected available in {headers['Retry-After']} second" in body["errors"][0]["detail"]


@pytest.mark.parametrize("options", [{}])
@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", "/api/events", "350, 350;w=1, 3500;w=60"),
        ("POST", "/api/event-bulk-create-jobs", "10, 10;w=1, 150;w=60"),
        ("POST", "/api/profile-import", "75, 75;w=1, 750;w=60"),
        ("POST", "/api/profile-bulk-import-jobs", "10, 10;w=1, 150;w=60"),
        ("POST", "/api/data-privacy-deletion-jobs", "3, 3;w=1, 60;w=60"),
        ("POST", "/api/catalog-item-bulk-create-jobs", "75, 75;w=1, 750;w=60"),
        ("GET", "/api/events", "350, 350;w=1, 3500;w=60"),
        ("GET", "/api/profiles?additional-fields[profile]=predictive_analytics", "10, 10;w=1, 150;w=60"),
    ],
)
async def test_each_endpoint_has_its_tier(wire: Wire, method: str, path: str, limit: str) -> None:
    _, _, headers = await wire.call(method, path, b"{}" if method == "POST" else None)
    assert limit == headers["RateLimit-Limit"]


async def test_profiles_are_merged_and_their_events_move(wire: Wire) -> None:
    await wire.call("POST", "/api/events", event())
    await wire.call("POST", "/api/events", event(unique_id="2", profile=profile_part(external_id="c9")))
    people = wire.held["people"]
    data = {
        "type": "profile-merge",
        "id": people["ana@mail.test"]["id"],
        "relationships": {"profiles": {"data": [{"type": "profile", "id": people["c9"]["id"]}]}},
    }
    assert 201 == (await wire.call("POST", "/api/profile-merge", {"data": data}))[0]
    _, page, _ = await wire.call("GET", f'/api/events?filter=equals(profile_id,"{data["id"]}")')
    assert (2, "c9") == (len(page["data"]), wire.held["people"]["ana@mail.test"]["external_id"])


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a document, from the top down."""
    yield at
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from places(part, (*at, name))


def replaced(value: Any, at: tuple[Any, ...], odd: Any) -> Any:
    """The document with another value at one place."""
    if not at:
        return odd
    if isinstance(value, dict):
        return {**value, at[0]: replaced(value[at[0]], at[1:], odd)}
    return [replaced(part, at[1:], odd) if place == at[0] else part for place, part in enumerate(value)]


SUPPRESSION = {
    "type": "profile-suppression-bulk-create-job",
    "attributes": {"profiles": {"data": [{"type": "profile", "attributes": ANA}]}},
    "relationships": {"list": {"data": {"type": "list", "id": "NEWS01"}}},
}
ERASURE = {"type": "data-privacy-deletion-job", "attributes": {"profile": profile_part(**ANA)}}
PERSON = {
    "type": "profile",
    "id": None,
    "attributes": ANA | {"location": {"city": "Graz"}, "properties": {"a": [1]}},
    "meta": {"patch_properties": {"append": {"tags": "x"}, "unset": ["b"]}},
}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("events", event(backfill=True)),
        ("event-bulk-create-jobs", bulk_events("A")),
        ("profiles", {"data": {"type": "profile", "attributes": ANA}}),
        ("profile-import", {"data": PERSON}),
        ("profile-bulk-import-jobs", importing(ANA, lists=("NEWS01",))),
        ("profile-subscription-bulk-create-jobs", subscription(opted_in("2024-02-03T04:05:06Z"), history=True)),
        ("profile-subscription-bulk-delete-jobs", unsubscription("ana@mail.test", to="NEWS01")),
        ("profile-suppression-bulk-create-jobs", {"data": SUPPRESSION}),
        ("data-privacy-deletion-jobs", {"data": ERASURE}),
        ("lists", {"data": {"type": "list", "attributes": {"name": "VIP"}}}),
        ("catalog-items", {"data": item()}),
        ("catalog-variants", {"data": variant()}),
        ("catalog-item-bulk-create-jobs", catalog_job("catalog-item-bulk-create-job", "items", item())),
    ],
)
@pytest.mark.parametrize("odd", [None, [], {}, [[]], {"a": {}}, "x", 3, True])
def test_no_odd_value_anywhere_breaks_the_stand_in(path: str, body: Any, odd: Any) -> None:
    stand_in = Klaviyo(PlatformClock())
    headers = {"revision": "2026-10-15", "content-type": "application/json"}
    bodies = [json.dumps(replaced(body, at, odd)).encode() for at in places(body)]
    calls = [Call(place, time.time(), "POST", f"/api/{path}", {}, headers, one) for place, one in enumerate(bodies)]
    assert {stand_in.answer(call).status for call in calls} <= {200, 201, 202, 400, 404, 409}


def official_client(base: str) -> KlaviyoAPI:
    return KlaviyoAPI("pk_test", max_delay=1, max_retries=1, test_host=base)


async def test_the_official_client_accepts_what_is_answered_about_people(wire: Wire) -> None:
    def drive() -> list[Any]:
        client = official_client(wire.base)
        made = client.Profiles.create_or_update_profile({"data": {"type": "profile", "attributes": ANA}})
        job = client.Profiles.bulk_import_profiles(importing({"email": "bo@mail.test"}, {"email": "broken"}))
        status = client.Profiles.get_bulk_import_profiles_job(job.data.id)
        errors = client.Profiles.get_errors_for_bulk_import_profiles_job(job.data.id)
        client.Profiles.bulk_subscribe_profiles(subscription(opted_in("2024-02-03T04:05:06Z"), history=True))
        client.Profiles.bulk_unsubscribe_profiles(unsubscription("bo@mail.test"))
        page = client.Profiles.get_profiles(additional_fields_profile=["subscriptions"], sort="email")
        named = client.Lists.get_lists()
        account = client.Accounts.get_accounts()
        erasure = {"type": "data-privacy-deletion-job", "attributes": {"profile": profile_part(**ANA)}}
        client.Data_Privacy.request_profile_deletion({"data": erasure})
        return [
            made.data.attributes.email,
            status.data.attributes.failed_count,
            errors.data[0].attributes.code,
            [one.attributes.subscriptions.email.marketing.consent for one in page.data],
            named.data[0].attributes.name,
            account.data[0].attributes.public_api_key,
        ]

    seen = await asyncio.to_thread(drive)
    assert ["ana@mail.test", 1, "invalid", ["SUBSCRIBED", "UNSUBSCRIBED"], "Newsletter", "PUBKEY"] == seen
    assert ["bo@mail.test"] == list(wire.held["people"])


async def test_the_official_client_accepts_what_is_answered_about_events_and_products(wire: Wire) -> None:
    def drive() -> list[Any]:
        client = official_client(wire.base)
        client.Events.create_event(event())
        client.Events.bulk_create_events(bulk_events("A", "B"))
        metrics = client.Metrics.get_metrics()
        asked = f'equals(metric_id,"{metrics.data[0].id}")'
        page = client.Events.get_events(filter=asked, page_size=2, sort="datetime", include=["metric", "profile"])
        after = page.links.next.replace("http:", "https:")
        rest = client.Events.get_events(filter=asked, page_size=2, sort="datetime", page_cursor=after)
        job = client.Catalogs.bulk_create_catalog_items(
            catalog_job("catalog-item-bulk-create-job", "items", item("SKU/1"), item("SKU/1"))
        )
        done = client.Catalogs.get_bulk_create_catalog_items_job(job.data.id)
        held = client.Catalogs.get_catalog_item("$custom:::$default:::SKU/1")
        client.Catalogs.create_catalog_variant({"data": variant(of=held.data.id)})
        variants = client.Catalogs.get_catalog_variants(filter=f'equals(item.id,"{held.data.id}")')
        return [
            [metrics.data[0].attributes.name, len(page.data), len(page.included), len(rest.data)],
            [done.data.attributes.completed_count, done.data.attributes.errors[0].code],
            [held.data.attributes.title, variants.data[0].attributes.sku],
        ]

    expected = [["Placed Order", 2, 2, 1], [1, "duplicate_id"], ["Tea", "T50"]]
    assert expected == await asyncio.to_thread(drive)
