"""What golden cases cannot show of the Klaviyo dialect: sizes, ids, exact money, jobs, reading back, odd replies."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_client.models.catalog_item_create_job_create_query import CatalogItemCreateJobCreateQuery
from openapi_client.models.catalog_item_delete_job_create_query import CatalogItemDeleteJobCreateQuery
from openapi_client.models.catalog_item_update_job_create_query import CatalogItemUpdateJobCreateQuery
from openapi_client.models.catalog_variant_create_job_create_query import CatalogVariantCreateJobCreateQuery
from openapi_client.models.catalog_variant_delete_job_create_query import CatalogVariantDeleteJobCreateQuery
from openapi_client.models.catalog_variant_update_job_create_query import CatalogVariantUpdateJobCreateQuery
from openapi_client.models.data_privacy_create_deletion_job_query import DataPrivacyCreateDeletionJobQuery
from openapi_client.models.event_create_query_v2 import EventCreateQueryV2
from openapi_client.models.events_bulk_create_job import EventsBulkCreateJob
from openapi_client.models.profile_import_job_create_query import ProfileImportJobCreateQuery
from openapi_client.models.profile_upsert_query import ProfileUpsertQuery
from openapi_client.models.subscription_create_job_create_query import SubscriptionCreateJobCreateQuery
from openapi_client.models.subscription_delete_job_create_query import SubscriptionDeleteJobCreateQuery

from orderwire.dialects.contract import Account, Erasure, Held, Item, Lane, Recipient, Route, Statement
from orderwire.dialects.klaviyo.dialect import DIALECT
from orderwire.dialects.wire import ItemOutcome, JobVerdict, Observed, Result, Verdict, WireReply, WireRequest
from orderwire.errors import ConfigError
from orderwire.model import (
    Cart,
    Channel,
    Consent,
    ConsentState,
    Event,
    Identity,
    Kind,
    Order,
    OrderLine,
    Person,
    Product,
    Refund,
    Variant,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)

AT = datetime(2024, 5, 1, 10, tzinfo=UTC)
ANA = Identity(email="ana@mail.test")
TO_ANA = Recipient(person=7, email="ana@mail.test")
ACCOUNT = Account(key="pk_test", base_url=DIALECT.profile.base_url, options={"list_id": "", "undated_consent_at": ""})
ROUTES: dict[str, Route] = {route.name: route for route in DIALECT.profile.routes}


def order(**changes: Any) -> Order:
    given: dict[str, Any] = {"order_id": "1001", "identity": ANA, "currency": "EUR", "placed_at": AT, "total": 1999}
    return Order(**given | changes)


def lines(count: int, **changes: Any) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(line_id=f"L{place}", name="Mug", subtotal=100, total=100, **changes) for place in range(count)
    )


def statement(snapshot: Any, kind: str = "order.placed", lane: Lane = Lane.HISTORY, **changes: Any) -> Statement:
    given: dict[str, Any] = {
        "kind": kind,
        "key": "shop/x",
        "subject": "x",
        "source": "shop",
        "occurred_at": AT,
        "lane": lane,
        "snapshot": snapshot,
        "recipient": TO_ANA,
    }
    return Statement(**given | changes)


def items_of(
    snapshot: Any, kind: str = "order.placed", lane: Lane = Lane.HISTORY, **changes: Any
) -> tuple[Item, ...]:
    return DIALECT.write(statement(snapshot, kind, lane, **changes), ACCOUNT).items


def events_in(items: tuple[Item, ...]) -> list[dict[str, Any]]:
    """The attributes of every event in these items, whichever route they take."""
    told: list[dict[str, Any]] = []
    for item in items:
        body = msgspec.json.decode(item.body)
        if item.route == "event":
            told.append(body["attributes"])
        else:
            told.extend(event["attributes"] for event in body["attributes"]["events"]["data"])
    return told


def blank(route: str, *wire_ids: str) -> list[Item]:
    return [Item(route=route, wire_id=wire_id, body=b"") for wire_id in wire_ids]


def reply(body: Any = b"", status: int = 200, **headers: str) -> WireReply:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return WireReply(
        status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=raw
    )


MUG = Product(
    product_id="P1",
    title="Mug",
    url="https://shop.test/mug",
    price=Decimal("10.00"),
    variants=(Variant(variant_id="V1", price=Decimal(11), inventory=2), Variant(variant_id="V2")),
)
CONSENT = Consent(
    identity=ANA, channel=Channel.EMAIL, state=ConsentState.SUBSCRIBED, changed_at=AT, origin="checkout"
)
SENT: list[tuple[str, Any, tuple[Item, ...]]] = [
    ("events", EventsBulkCreateJob, items_of(order(lines=lines(2, unit_price=Decimal("1.00"), categories=("A",))))),
    ("event", EventCreateQueryV2, items_of(order(), lane=Lane.LIVE)),
    ("profiles", ProfileImportJobCreateQuery, items_of(Person(identity=ANA, tags=("vip",)), "person.updated")),
    ("profile", ProfileUpsertQuery, items_of(Person(identity=ANA, language="de-AT"), "person.updated", Lane.LIVE)),
    ("subscribe_history", SubscriptionCreateJobCreateQuery, items_of(CONSENT, "consent.changed")),
    (
        "subscribe",
        SubscriptionCreateJobCreateQuery,
        items_of(CONSENT, "consent.changed", Lane.LIVE, is_consent_news=True),
    ),
    (
        "unsubscribe",
        SubscriptionDeleteJobCreateQuery,
        items_of(msgspec.structs.replace(CONSENT, state=ConsentState.UNSUBSCRIBED), "consent.changed"),
    ),
    ("catalog_item_create", CatalogItemCreateJobCreateQuery, items_of(MUG, "product.updated")),
    ("catalog_item_update", CatalogItemUpdateJobCreateQuery, items_of(MUG, "product.updated")),
    ("catalog_variant_create", CatalogVariantCreateJobCreateQuery, items_of(MUG, "product.updated")),
    ("catalog_variant_update", CatalogVariantUpdateJobCreateQuery, items_of(MUG, "product.updated")),
    (
        "catalog_item_delete",
        CatalogItemDeleteJobCreateQuery,
        items_of(msgspec.structs.replace(MUG, removed_at=AT), "product.removed"),
    ),
    (
        "catalog_variant_delete",
        CatalogVariantDeleteJobCreateQuery,
        items_of(msgspec.structs.replace(MUG, removed_at=AT), "product.removed"),
    ),
]


@pytest.mark.parametrize(("route", "model", "items"), SENT, ids=[case[0] for case in SENT])
@pytest.mark.parametrize("list_id", ["", "LiSt01"])
def test_every_request_is_a_document_of_the_platforms_own_models(
    route: str, model: Any, items: tuple[Item, ...], list_id: str
) -> None:
    account = msgspec.structs.replace(ACCOUNT, options={"list_id": list_id})
    request = DIALECT.assemble(ROUTES[route], [item for item in items if item.route == route], account)
    document = msgspec.json.decode(request.body)
    known = model.from_dict(document).to_dict()
    assert without_nulls(document) == without_nulls(msgspec.json.decode(msgspec.json.encode(known)))


def without_nulls(value: Any) -> Any:
    """A document as the models keep it: no nulls, no defaults that we leave out, instants as instants."""
    if isinstance(value, dict):
        quiet = {"backfill": False, "historical_import": False, "inventory_policy": 0}
        return {
            name: without_nulls(part)
            for name, part in value.items()
            if part is not None and not (name in quiet and part == quiet[name])
        }
    if isinstance(value, list):
        return [without_nulls(part) for part in value]
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value):
        return datetime.fromisoformat(value)
    return value


@pytest.mark.parametrize("route", [route for route, _, _ in SENT])
def test_the_frame_leaves_room_as_promised_and_the_size_is_exact(route: str) -> None:
    items = [Item(route=route, wire_id=str(place), body=b"{}", group="ü" * 100) for place in range(3)]
    account = msgspec.structs.replace(ACCOUNT, options={"list_id": "LiSt01"})
    sizes = [len(DIALECT.assemble(ROUTES[route], items[:count], account).body) for count in (1, 2, 3)]
    assert [sizes[0], sizes[0] + 3, sizes[0] + 6] == sizes
    assert sizes[0] - 2 <= ROUTES[route].frame_bytes


def test_each_kind_of_fact_has_a_capability_whose_routes_exist() -> None:
    assert set(Kind) == set(DIALECT.profile.capabilities)
    routes = {name for capability in DIALECT.profile.capabilities.values() for name in capability.routes}
    assert set(ROUTES) == routes
    assert {route.budget for route in ROUTES.values()} < {budget.name for budget in DIALECT.profile.budgets}


def test_credentials_and_the_pinned_revision_are_added_to_a_request() -> None:
    request = DIALECT.authorize(WireRequest(method="GET", path="/api/accounts"), ACCOUNT, NOW)
    headers = dict(request.headers)
    assert "Klaviyo-API-Key pk_test" == headers["Authorization"]
    assert "2026-07-15" == headers["revision"]


@pytest.mark.parametrize(
    ("currency", "minor", "expected"),
    [("EUR", 1999, b'"value":19.99'), ("JPY", 1999, b'"value":1999,'), ("KWD", 1999, b'"value":1.999')],
)
def test_money_is_an_exact_number_in_major_units(currency: str, minor: int, expected: bytes) -> None:
    (item,) = items_of(order(currency=currency, total=minor), lane=Lane.LIVE)
    assert expected in item.body


@pytest.mark.parametrize(
    ("price", "expected"),
    [(Decimal("0.1"), b'"ItemPrice":0.1,'), (Decimal("1E+2"), b'"ItemPrice":100,'), (Decimal("9.9900"), b":9.99,")],
)
def test_a_unit_price_is_told_exactly_and_shortly(price: Decimal, expected: bytes) -> None:
    (item,) = items_of(order(lines=lines(1, unit_price=price, brand="x")))
    assert expected in item.body


@pytest.mark.parametrize("kind", ["order.placed", "order.paid", "order.fulfilled", "order.cancelled"])
def test_ids_do_not_depend_on_lane_or_time(kind: str) -> None:
    snapshot = order(lines=lines(3))
    history = events_in(items_of(snapshot, kind))
    live = events_in(items_of(snapshot, kind, Lane.LIVE, occurred_at=AT + timedelta(days=9)))
    assert [event["unique_id"] for event in history] == [event["unique_id"] for event in live]


def test_lines_with_one_sku_and_even_one_line_id_are_told_apart() -> None:
    twice = (*lines(2, sku="MUG"), OrderLine(line_id="L0", name="Mug", sku="MUG"))
    told = events_in(items_of(order(lines=twice)))
    assert ["1001", "1001_L0", "1001_L1", "1001_L0_2"] == [event["unique_id"] for event in told]


def test_an_over_long_id_is_cut_to_the_platforms_length_and_stays_distinct() -> None:
    told = events_in(items_of(order(order_id="x" * 252, lines=lines(12))))
    ids = [event["unique_id"] for event in told]
    assert 255 == max(map(len, ids))
    assert len(ids) == len(set(ids))


def test_an_order_beyond_a_thousand_events_becomes_several_items_within_the_limit() -> None:
    items = items_of(order(lines=lines(2100)))
    assert [1000, 1000, 101] == [item.weight for item in items]
    assert ["1001", "1001_L999", "1001_L1999"] == [item.wire_id for item in items]
    assert 2101 == len(events_in(items))


def test_an_order_beyond_five_megabytes_becomes_several_items_within_the_limit() -> None:
    items = items_of(order(lines=lines(90, properties={"engraving": "x" * 60_000})))
    assert 2 <= len(items)
    assert max(len(item.body) for item in items) <= (ROUTES["events"].max_item_bytes or 0)
    assert 91 == len(events_in(items))


def test_what_is_cut_to_the_platforms_value_limits_is_named() -> None:
    said = DIALECT.write(statement(order(lines=lines(4001), properties={"note": "ü" * 60_000})), ACCOUNT)
    placed = events_in(said.items)[0]["properties"]
    assert 4000 == len(placed["Items"])
    assert 100_000 == len(placed["note"].encode())
    assert (
        "Placed Order: Items over 4000 elements, cut",
        "Placed Order: note over 100 KB, cut",
    ) == said.unsaid


def test_properties_beyond_four_hundred_and_taken_names_are_named() -> None:
    custom = {"OrderId": "mine"} | {f"p{place}": place for place in range(500)}
    said = DIALECT.write(statement(order(properties=custom)), ACCOUNT)
    (event,) = events_in(said.items)
    assert 400 == len(event["properties"])
    assert "1001" == event["properties"]["OrderId"]
    assert (
        "properties.OrderId: the platform's own property of this name is told instead",
        "properties: more than 400, the rest is left out",
    ) == said.unsaid


def test_a_profile_over_a_hundred_kilobytes_leaves_its_properties_out_and_says_so() -> None:
    person = Person(identity=ANA, first_name="Ana", properties={"diary": "x" * 100_000})
    said = DIALECT.write(statement(person, "person.updated"), ACCOUNT)
    assert {"email": "ana@mail.test", "first_name": "Ana"} == msgspec.json.decode(said.items[0].body)["attributes"]
    assert ("properties: the profile is over 100 KB, left out",) == said.unsaid


def test_a_test_address_that_the_platform_drops_silently_is_not_said_at_all() -> None:
    said = DIALECT.write(statement(order(), recipient=Recipient(person=1, email="ana@example.com")), ACCOUNT)
    assert () == said.items
    assert "silently drops" in said.unsaid[0]


def test_an_event_before_the_platforms_first_year_is_not_said() -> None:
    said = DIALECT.write(statement(order(), occurred_at=datetime(1990, 12, 31, tzinfo=UTC)), ACCOUNT)
    assert ((), ("occurred_at: Klaviyo takes no event before the year 1991",)) == (said.items, said.unsaid)


def test_a_profile_of_an_event_carries_its_strongest_identifier_alone() -> None:
    known = Recipient(person=1, email="ana@mail.test", phone="+431234567", external_id="c-7")
    (item,) = items_of(order(), lane=Lane.LIVE, recipient=known)
    profile = msgspec.json.decode(item.body)["attributes"]["profile"]["data"]["attributes"]
    assert {"email": "ana@mail.test"} == profile


@pytest.mark.parametrize("lane", list(Lane))
@pytest.mark.parametrize("kind", ["order.placed", "order.paid", "cart.updated", "person.updated", "product.updated"])
def test_nothing_but_a_consent_subscribes_anybody(kind: str, lane: Lane) -> None:
    snapshot: Any = order(marketing_consent=True, lines=lines(1))
    if kind == "cart.updated":
        snapshot = Cart(cart_id="C1", identity=ANA, currency="EUR", total=1, updated_at=AT, lines=lines(1))
    elif kind == "person.updated":
        snapshot = Person(identity=ANA)
    elif kind == "product.updated":
        snapshot = MUG
    items = items_of(snapshot, kind, lane)
    assert items
    assert not [item for item in items if item.route.startswith("subscribe") or b"SUBSCRIBED" in item.body]


@pytest.mark.parametrize("text", ["yesterday", "2024-01-01", "2024-01-01T00:00:00"])
def test_a_date_for_undated_consent_must_be_an_instant_with_a_zone(text: str) -> None:
    account = msgspec.structs.replace(ACCOUNT, options={"undated_consent_at": text})
    undated = msgspec.structs.replace(CONSENT, changed_at=None)
    with pytest.raises(ConfigError, match="undated_consent_at"):
        DIALECT.write(statement(undated, "consent.changed"), account)


def test_a_product_with_many_variants_stays_within_a_hundred_entries_a_job() -> None:
    many = tuple(Variant(variant_id=f"V{place}", price=Decimal(1), inventory=1) for place in range(150))
    items = items_of(msgspec.structs.replace(MUG, variants=many), "product.updated")
    expected = [
        ("catalog_item_create", 1),
        ("catalog_item_update", 1),
        ("catalog_variant_create", 100),
        ("catalog_variant_update", 100),
        ("catalog_variant_create", 50),
        ("catalog_variant_update", 50),
    ]
    assert expected == [(item.route, item.weight) for item in items]


def job(status: str, failed: int = 0, errors: list[dict[str, Any]] | None = None) -> WireReply:
    attributes: dict[str, Any] = {"status": status, "failed_count": failed, "total_count": 3, "completed_count": 0}
    if errors is not None:
        attributes["errors"] = errors
    return reply({"data": {"type": "job", "id": "j1", "attributes": attributes}})


def failure(code: str, detail: str, pointer: str) -> dict[str, Any]:
    return {"id": "e1", "code": code, "title": "Failed", "detail": detail, "source": {"pointer": pointer}}


def entry(place: int, field: str = "") -> str:
    return f"/data/attributes/items/data/{place}" + (f"/attributes/{field}" if field else "")


def every(result: Result, reason: str) -> JobVerdict:
    outcomes = tuple(ItemOutcome(index=index, result=result, reason=reason) for index in range(3))
    return JobVerdict(is_done=True, result=result, items=outcomes)


CONFIRMED = JobVerdict(is_done=True)
JOBS: list[tuple[str, str, WireReply, JobVerdict]] = [
    ("a queued job is asked again", "profiles", job("queued"), JobVerdict(is_done=False, ask_again_after=2.0)),
    ("a running job is asked again", "profiles", job("processing"), JobVerdict(is_done=False, ask_again_after=2.0)),
    ("a finished job confirms", "profiles", job("complete"), CONFIRMED),
    ("a cancelled job is sent again", "profiles", job("cancelled"), every(Result.UNKNOWN, "the job was cancelled")),
    (
        "an expired job was never learned of",
        "profiles",
        reply(status=404),
        every(Result.UNKNOWN, "the job is no longer known there"),
    ),
    (
        "a throttled question waits",
        "profiles",
        reply(status=429, retry_after="7"),
        JobVerdict(is_done=False, ask_again_after=7.0),
    ),
    (
        "an unreadable answer is asked for again",
        "profiles",
        reply(b'{"data":'),
        JobVerdict(is_done=False, ask_again_after=10.0),
    ),
    (
        "failures without a name are looked for",
        "catalog_item_update",
        job("complete", 1),
        every(Result.SPLIT, "the job counts failures without naming them"),
    ),
    (
        "an import's failures are asked for",
        "profiles",
        job("complete", 2),
        JobVerdict(is_done=False, job="2 errors of j1", ask_again_after=0.5),
    ),
    (
        "what exists is left to the update",
        "catalog_item_create",
        job("complete", 1, [failure("duplicate", "It exists already.", entry(1, "external_id"))]),
        JobVerdict(
            is_done=True,
            items=(
                ItemOutcome(
                    index=1,
                    result=Result.CONFIRMED,
                    reason=f"left to the update: duplicate Failed It exists already. at {entry(1, 'external_id')}",
                ),
            ),
        ),
    ),
    (
        "a creation that failed without a name is left to the update",
        "catalog_item_create",
        job("complete", 2),
        CONFIRMED,
    ),
    (
        "a bad value is refused",
        "catalog_item_update",
        job("complete", 1, [failure("invalid", "Not a URL.", entry(2, "url"))]),
        JobVerdict(
            is_done=True,
            items=(
                ItemOutcome(
                    index=2, result=Result.REJECTED, reason=f"invalid Failed Not a URL. at {entry(2, 'url')}"
                ),
            ),
        ),
    ),
    (
        "what is still on its way is waited for",
        "catalog_variant_update",
        job("complete", 1, [failure("not_found", "Not found.", entry(0))]),
        JobVerdict(
            is_done=True,
            items=(
                ItemOutcome(index=0, result=Result.UNAVAILABLE, reason=f"not_found Failed Not found. at {entry(0)}"),
            ),
        ),
    ),
    (
        "what is gone is deleted",
        "catalog_item_delete",
        job("complete", 1, [failure("not_found", "Not found.", entry(0))]),
        JobVerdict(is_done=True, items=(ItemOutcome(index=0, result=Result.CONFIRMED, reason="was not there"),)),
    ),
]


@pytest.mark.parametrize(("route", "answer", "expected"), [case[1:] for case in JOBS], ids=[case[0] for case in JOBS])
def test_a_job_is_followed_to_its_end(route: str, answer: WireReply, expected: JobVerdict) -> None:
    assert expected == DIALECT.interpret_job(ROUTES[route], "j1", answer, blank(route, "a", "b", "c"))


def test_a_failed_entry_is_found_in_the_piece_that_holds_it() -> None:
    answer = job("complete", 1, [failure("invalid", "Bad.", entry(4, "sku"))])
    items = blank("catalog_variant_update", "a +2", "b +2")
    verdict = DIALECT.interpret_job(ROUTES["catalog_variant_update"], "j1", answer, items)
    assert [(1, Result.REJECTED)] == [(outcome.index, outcome.result) for outcome in verdict.items]


def test_a_single_profile_that_its_job_counts_as_failed_is_refused() -> None:
    verdict = DIALECT.interpret_job(ROUTES["profiles"], "j1", job("complete", 1), blank("profiles", "a"))
    assert (True, Result.REJECTED) == (verdict.is_done, verdict.result)


def import_errors(*told: dict[str, Any]) -> WireReply:
    return reply({"data": [{"type": "import-error", "id": "e", "attributes": one} for one in told]})


BAD = {"code": "invalid", "title": "Invalid input.", "detail": "Bad."}
BY_PAYLOAD = BAD | {"original_payload": {"type": "profile", "attributes": {"email": "b", "phone_number": "+43"}}}
BY_PLACE = BAD | {"source": {"pointer": "/data/attributes/profiles/data/2/attributes/email"}}


@pytest.mark.parametrize(
    ("handle", "told", "expected"),
    [
        ("1 errors of j1", (BY_PAYLOAD,), [(1, Result.REJECTED)]),
        ("1 errors of j1", (BAD | {"original_payload": {"external_id": "c"}},), [(2, Result.REJECTED)]),
        ("2 errors of j1", (BY_PAYLOAD, BY_PLACE), [(1, Result.REJECTED), (2, Result.REJECTED)]),
        ("2 errors of j1", (BY_PLACE,), [(0, Result.SPLIT), (1, Result.SPLIT), (2, Result.REJECTED)]),
        ("1 errors of j1", (), [(0, Result.SPLIT), (1, Result.SPLIT), (2, Result.SPLIT)]),
    ],
)
def test_the_failures_of_an_import_are_those_it_lists_and_the_others_are_looked_for(
    handle: str, told: tuple[dict[str, Any], ...], expected: list[tuple[int, Result]]
) -> None:
    verdict = DIALECT.interpret_job(
        ROUTES["profiles"], handle, import_errors(*told), blank("profiles", "a", "b", "c")
    )
    assert (True, expected) == (verdict.is_done, [(item.index, item.result) for item in verdict.items])


def test_a_lost_list_of_import_errors_is_asked_for_again() -> None:
    lost = DIALECT.interpret_job(ROUTES["profiles"], "1 errors of j1", reply(b'{"data'), blank("profiles", "a", "b"))
    request = DIALECT.follow(ROUTES["profiles"], "1 errors of j1", ACCOUNT)
    assert (False, "/api/profile-bulk-import-jobs/j1/import-errors") == (lost.is_done, request.path)


@pytest.mark.parametrize(("phone", "told"), [("+431234567", True), ("+15551234567", False), ("+٤٣١٢٣٤٥٦٧", False)])
def test_a_phone_nobody_can_have_is_left_out_so_that_the_profile_is_not_refused(phone: str, *, told: bool) -> None:
    expression = DIALECT.write(
        statement(
            Person(identity=ANA),
            "person.updated",
            recipient=Recipient(person=7, email="ana@mail.test", phone=phone),
        ),
        ACCOUNT,
    )
    attributes = msgspec.json.decode(expression.items[0].body)["attributes"]
    assert (told, told) == ("phone_number" in attributes, not expression.unsaid)


def test_a_timeout_at_the_edge_leaves_the_outcome_unknown() -> None:
    answer = reply(status=408)
    verdict = DIALECT.interpret(
        ROUTES["profile"], WireRequest(method="POST", path="/"), answer, blank("profile", "a")
    )
    assert Result.UNKNOWN == verdict.result


def test_jobs_are_asked_about_where_they_were_started() -> None:
    request = DIALECT.follow(ROUTES["catalog_item_create"], "a/b=", ACCOUNT)
    assert ("GET", "/api/catalog-item-bulk-create-jobs/a%2Fb%3D") == (request.method, request.path)


def test_opt_outs_bounces_and_complaints_are_read_page_by_page() -> None:
    first = DIALECT.opt_outs("", ACCOUNT)
    assert first is not None
    asked = parse_qs(urlsplit(first.path).query)
    assert ["subscriptions"] == asked["additional-fields[profile]"]
    body = {
        "data": [
            profile("left@mail.test", consent="UNSUBSCRIBED", consent_timestamp="2024-01-02T03:04:05+00:00"),
            profile("in@mail.test", consent="SUBSCRIBED", consent_timestamp="2024-01-02T03:04:05+00:00"),
            profile("never@mail.test", consent="NEVER_SUBSCRIBED"),
            profile(
                "dead@mail.test",
                consent="SUBSCRIBED",
                suppression=[
                    {"reason": "UNSUBSCRIBE", "timestamp": "2024-02-02T00:00:00+00:00"},
                    {"reason": "HARD_BOUNCE", "timestamp": "2024-02-01T00:00:00+00:00"},
                ],
            ),
        ],
        "links": {"next": "https://a.klaviyo.com/api/profiles?page%5Bcursor%5D=bmV4dA%3D%3D&page%5Bsize%5D=100"},
    }
    page = DIALECT.interpret_opt_outs("", reply(body))
    told = [(one.identity.email, one.state, one.changed_at) for one in page.consents]
    assert [
        ("left@mail.test", ConsentState.UNSUBSCRIBED, datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("dead@mail.test", ConsentState.SUPPRESSED, datetime(2024, 2, 1, tzinfo=UTC)),
    ] == told
    assert "bmV4dA==" == page.next
    second = DIALECT.opt_outs(page.next or "", ACCOUNT)
    assert second is not None
    assert ["bmV4dA=="] == parse_qs(urlsplit(second.path).query)["page[cursor]"]


def profile(email: str, **marketing: Any) -> dict[str, Any]:
    attributes = {"email": email, "subscriptions": {"email": {"marketing": marketing}, "sms": None}}
    return {"type": "profile", "id": "01", "attributes": attributes}


@pytest.mark.parametrize("date", ["2024-05-01 10:00:00+00:00", "yesterday", 1714557600, None])
def test_an_opt_out_is_read_whatever_form_its_date_has(date: Any) -> None:
    page = reply({"data": [profile("ana@mail.test", consent="UNSUBSCRIBED", consent_timestamp=date)], "links": {}})
    read = DIALECT.interpret_opt_outs("", page)
    assert [ConsentState.UNSUBSCRIBED] == [consent.state for consent in read.consents]


def test_whoever_left_the_list_that_subscribed_people_join_has_opted_out() -> None:
    listed = msgspec.structs.replace(ACCOUNT, options=dict(ACCOUNT.options) | {"list_id": "NEWS01"})
    end = DIALECT.interpret_opt_outs("", reply({"data": [], "links": {"next": None}})).next or ""
    second = DIALECT.opt_outs(end, listed)
    assert second is not None
    field = "subscriptions.email.marketing.list_suppressions.list_id"
    assert [f'equals({field},"NEWS01")'] == parse_qs(urlsplit(second.path).query)["filter"]
    left = [{"list_id": "NEWS01", "reason": "UNSUBSCRIBE", "timestamp": "2024-02-01T00:00:00+00:00"}]
    page = reply({"data": [profile("ana@mail.test", consent="SUBSCRIBED", list_suppressions=left)], "links": {}})
    read = DIALECT.interpret_opt_outs(end, page)
    assert [(ConsentState.UNSUBSCRIBED, datetime(2024, 2, 1, tzinfo=UTC))] == [
        (one.state, one.changed_at) for one in read.consents
    ]
    assert read.next is None


def test_without_a_list_the_reading_of_opt_outs_ends_after_all_profiles() -> None:
    end = DIALECT.interpret_opt_outs("", reply({"data": [], "links": {"next": None}})).next
    assert DIALECT.opt_outs(end or "", ACCOUNT) is None


def test_a_lost_page_of_opt_outs_is_asked_for_again() -> None:
    assert "here" == DIALECT.interpret_opt_outs("here", reply(b"<html>", 502)).next


def test_orders_are_found_by_their_metric_and_then_its_events() -> None:
    metrics = {
        "data": [
            {"type": "metric", "id": "SHOP01", "attributes": metric("Placed Order", "Shopify")},
            {"type": "metric", "id": "ABC123", "attributes": metric("Placed Order", "API")},
            {"type": "metric", "id": "ABC124", "attributes": metric("Ordered Product", "API")},
        ],
        "links": {"next": None},
    }
    start = DIALECT.held("orders", "", ACCOUNT)
    assert start is not None
    assert "/api/metrics" == urlsplit(start.path).path
    found = DIALECT.interpret_held("orders", "", reply(metrics))
    ask = DIALECT.held("orders", found.next or "", ACCOUNT)
    assert ask is not None
    assert ['equals(metric_id,"ABC123")'] == parse_qs(urlsplit(ask.path).query)["filter"]
    events = {
        "data": [event("1001", 19.99)],
        "links": {"next": "https://a.klaviyo.com/api/events?page%5Bcursor%5D=p2"},
    }
    page = DIALECT.interpret_held("orders", found.next or "", reply(events))
    assert (
        Held(
            kind="order.placed",
            wire_id="1001",
            occurred_at=datetime(2022, 7, 8, 13, 16, 38, tzinfo=UTC),
            digest="19.99",
        ),
    ) == page.held
    following = DIALECT.held("orders", page.next or "", ACCOUNT)
    assert following is not None
    assert ["p2"] == parse_qs(urlsplit(following.path).query)["page[cursor]"]
    assert DIALECT.interpret_held("orders", page.next or "", reply({"data": [], "links": None})).next is None


def test_events_of_all_our_metrics_are_read_one_metric_after_the_other() -> None:
    listing = {
        "data": [{"id": "M1", "attributes": metric("Placed Order", "API")}],
        "links": {"next": "/m?page[cursor]=2"},
    }
    rest = {"data": [{"id": "M2", "attributes": metric("wishlist", "API")}], "links": {"next": None}}
    halfway = DIALECT.interpret_held("events", "", reply(listing))
    ready = DIALECT.interpret_held("events", halfway.next or "", reply(rest))
    first = DIALECT.interpret_held("events", ready.next or "", reply({"data": [event("1001", 1)]}))
    second = DIALECT.interpret_held("events", first.next or "", reply({"data": [event("W1", None)]}))
    assert ["order.placed", "custom.wishlist"] == [one.kind for one in (*first.held, *second.held)]
    assert second.next is None


def metric(name: str, integration: str) -> dict[str, Any]:
    return {"name": name, "integration": {"object": "integration", "id": "0", "name": integration, "category": "API"}}


def event(ident: str, value: float | None) -> dict[str, Any]:
    said = {"$event_id": ident} | ({} if value is None else {"$value": value})
    return {"id": "x", "attributes": {"datetime": "2022-07-08 13:16:38+00:00", "event_properties": said}}


TO_FORGET = Recipient(person=1, email="ana@mail.test", phone="+431234567", external_id='c"7')


def deleted_by(call: Erasure) -> dict[str, Any]:
    """The one identifier in a deletion job, by the platform's own idea of its shape."""
    document = msgspec.json.decode(call.request.body)
    assert DataPrivacyCreateDeletionJobQuery.from_dict(document) is not None
    profile = document["data"]["attributes"]["profile"]["data"]
    return {name: value for name, value in (profile | profile["attributes"]).items() if name in DELETED_BY}


DELETED_BY = ("id", "email", "phone_number")


def test_a_person_is_erased_by_mail_and_looked_for_by_phone_and_the_shops_id() -> None:
    by_mail, by_phone, by_id = DIALECT.erase(TO_FORGET, ACCOUNT)
    assert {"email": "ana@mail.test"} == deleted_by(by_mail)
    assert [(("phone",), True), (("external_id",), True)] == [(one.by, one.is_search) for one in (by_phone, by_id)]
    asked = [parse_qs(urlsplit(one.request.path).query)["filter"] for one in (by_phone, by_id)]
    assert [['equals(phone_number,"+431234567")'], ['equals(external_id,"c\\"7")']] == asked


@pytest.mark.parametrize(
    ("shown", "is_theirs"),
    [
        ({"email": None, "phone_number": "+431234567"}, True),
        ({"email": "Ana@mail.test"}, True),
        ({"email": "ben@mail.test"}, False),
        ({"email": None, "external_id": "c8"}, False),
        ({"email": "old@mail.test", "external_id": 'c"7'}, True),
    ],
)
def test_of_the_profiles_found_those_that_are_nobody_elses_are_erased(shown: dict[str, Any], is_theirs: bool) -> None:
    search = DIALECT.erase(TO_FORGET, ACCOUNT)[1]
    page = {"data": [{"type": "profile", "id": "01A", "attributes": shown}], "links": {"next": None}}
    found = DIALECT.erase_found(TO_FORGET, search, WireReply(status=200, body=msgspec.json.encode(page)))
    assert found is not None
    assert [{"id": "01A"}] * is_theirs == [deleted_by(call) for call in found]


def test_a_page_of_profiles_that_cannot_be_read_tells_nothing() -> None:
    search = DIALECT.erase(TO_FORGET, ACCOUNT)[1]
    assert DIALECT.erase_found(TO_FORGET, search, WireReply(status=200, body=b"<html>")) is None


def test_no_reason_holds_personal_data() -> None:
    detail = "Invalid email 'ana@mail.test' or +431234567890 of \"Ana Lima\", see ana@mail.test"
    answer = reply(
        {"errors": [{"status": 400, "code": "invalid", "detail": detail, "source": {"pointer": "/data"}}]}, 400
    )
    verdict = DIALECT.interpret(ROUTES["event"], WireRequest(method="POST", path="/"), answer, blank("event", "a"))
    assert not re.search(r"ana|lima|4312", verdict.reason, re.IGNORECASE)


@given(
    st.sampled_from(sorted(ROUTES)),
    st.integers(100, 599),
    st.binary()
    | st.from_regex(r'\{"errors":\[\{"code":"[a-z]*","source":\{"pointer":"/data/[0-9]{0,9}"\}\}\]\}').map(str.encode)
    | st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["errors", "data", "attributes", "id", "status", "source", "pointer", "links", "next"]
                ),
                inner,
            )
        ),
    ).map(msgspec.json.encode),
    st.dictionaries(
        st.sampled_from(["retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"]),
        st.text(),
        max_size=4,
    ),
    st.integers(1, 3),
)
def test_no_reply_is_too_odd_to_be_read(
    route: str, status: int, body: bytes, headers: dict[str, str], count: int
) -> None:
    answer = WireReply(status=status, headers=headers, body=body)
    items = blank(route, *map(str, range(count)))
    verdict = DIALECT.interpret(ROUTES[route], WireRequest(method="POST", path="/"), answer, items)
    assert isinstance(verdict, Verdict)
    assert all(0 <= outcome.index < count for outcome in verdict.items)
    assert verdict.retry_after is None or verdict.retry_after >= 0
    assert isinstance(DIALECT.interpret_job(ROUTES[route], "j", answer, items), JobVerdict)
    assert () == DIALECT.interpret_opt_outs("", answer).consents
    assert DIALECT.interpret_held("events", "", answer).held == ()


def test_a_deeply_nested_reply_is_read_too() -> None:
    answer = reply(b'{"data":' + b"[" * 100_000, 202)
    verdict = DIALECT.interpret(
        ROUTES["profiles"], WireRequest(method="POST", path="/"), answer, blank("profiles", "a")
    )
    assert Result.UNKNOWN == verdict.result


def test_a_refusal_that_names_an_entry_blames_its_item_alone() -> None:
    pointer = "/data/attributes/profiles/data/1/attributes/email"
    answer = reply({"errors": [failure("invalid", "Invalid email address", pointer)]}, 400)
    items = blank("subscribe", "a", "b", "c")
    verdict = DIALECT.interpret(ROUTES["subscribe"], WireRequest(method="POST", path="/"), answer, items)
    assert Result.SPLIT == verdict.result
    assert [(1, Result.REJECTED)] == [(outcome.index, outcome.result) for outcome in verdict.items]


def test_the_rate_headers_teach_both_windows() -> None:
    answer = reply(b"", 202, ratelimit_limit="10, 10;w=1, 150;w=60", ratelimit_remaining="9", ratelimit_reset="1")
    verdict = DIALECT.interpret(ROUTES["events"], WireRequest(method="POST", path="/"), answer, blank("events", "a"))
    assert (
        Observed(budget="events", limit=10, per=1.0, remaining=9, reset=1.0),
        Observed(budget="events", limit=150, per=60.0),
    ) == verdict.observed


@pytest.mark.parametrize(
    ("header", "expected"),
    [("12", 12.0), ("0.5", 0.5), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-3", None), ("nan", None)],
)
def test_retry_after_is_read_in_its_numeric_forms(header: str, expected: float | None) -> None:
    answer = reply(b"", 429, retry_after=header)
    verdict = DIALECT.interpret(ROUTES["event"], WireRequest(method="POST", path="/"), answer, blank("event", "a"))
    assert (Result.RATE_LIMITED, expected) == (verdict.result, verdict.retry_after)


def test_a_restock_without_money_back_is_a_refund_of_nothing() -> None:
    refund = Refund(refund_id="R1", refunded_at=AT, amount=0)
    (told,) = events_in(items_of(order(refunds=(refund,)), "order.refunded", detail="R1"))
    assert (0, "1001") == (told["value"], told["unique_id"])


def test_an_amount_without_its_currency_is_named() -> None:
    seen = Event(event_id="E1", name="custom.quiz", identity=ANA, occurred_at=AT, value=5)
    said = DIALECT.write(statement(seen, "custom.quiz"), ACCOUNT)
    assert ("value: an amount without its currency",) == said.unsaid
    assert "value" not in events_in(said.items)[0]
