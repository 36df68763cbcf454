"""What the golden cases cannot show: exact digits, sizes, stable ids, replies of any shape, reading back."""

from base64 import b64decode
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json
from msgspec.structs import replace

from orderwire.dialects.contract import Account, Dialect, Item, Lane, Recipient, Resend, Route, Snapshot, Statement
from orderwire.dialects.drip.dialect import DIALECT
from orderwire.dialects.drip.size import MAX_BYTES
from orderwire.dialects.wire import Observed, Result, Verdict, WireReply, WireRequest
from orderwire.errors import BadReply
from orderwire.model import (
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

DRIP: Dialect = DIALECT
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2024, 3, 2, 12, tzinfo=UTC)
ANA = Identity(email="ana@mail.test")
ACCOUNT = Account(
    key="secret-token",
    base_url="https://api.getdrip.com",
    account_id="123",
    options={option.name: option.default for option in DRIP.profile.options},
)
KNOWN = Recipient(
    person=7, email="ana@mail.test", consent={Channel.EMAIL: ConsentState.SUBSCRIBED}, is_known_there=True
)
ROUTES = {route.name: route for route in DRIP.profile.routes}
ORDER = Order(order_id="1001", identity=ANA, currency="EUR", placed_at=NOON, total=1999)


def statement(snapshot: Snapshot, kind: str, **fields: Any) -> Statement:
    given: dict[str, Any] = {
        "kind": kind,
        "key": "shop/1",
        "subject": "x:1",
        "source": "shop",
        "occurred_at": NOON,
        "lane": Lane.LIVE,
        "snapshot": snapshot,
        "recipient": KNOWN,
    }
    return Statement(**(given | fields))


def test_every_kind_has_a_capability_whose_routes_exist() -> None:
    missing = set(Kind) - set(DRIP.profile.capabilities)
    unknown = {route for entry in DRIP.profile.capabilities.values() for route in entry.routes} - set(ROUTES)
    assert (set(), set()) == (missing, unknown)


def test_a_kind_without_routes_says_why() -> None:
    silent = [kind for kind, entry in DRIP.profile.capabilities.items() if not entry.routes and not entry.note]
    assert silent == []


def test_only_people_and_products_may_be_sent_twice_without_asking() -> None:
    overwriting = {route.name for route in DRIP.profile.routes if route.resend is Resend.OVERWRITES}
    assert overwriting == {"subscriber", "subscribers", "unsubscribes", "product", "products"}


@pytest.mark.parametrize(
    ("currency", "total", "text"),
    [
        ("EUR", 1990, b'"grand_total":19.90,'),
        ("JPY", 1990, b'"grand_total":1990,'),
        ("KWD", 1990, b'"grand_total":1.990,'),
        ("EUR", 900719925474099301, b'"grand_total":9007199254740993.01,'),
    ],
)
def test_money_is_written_digit_by_digit(currency: str, total: int, text: bytes) -> None:
    order = replace(ORDER, currency=currency, total=total)
    body = DRIP.write(statement(order, Kind.ORDER_PLACED), ACCOUNT).items[0].body
    assert text in body


def test_a_unit_price_keeps_the_digits_the_shop_gave_it() -> None:
    line = OrderLine(line_id="1", name="Tea", unit_price=Decimal("0.12345678901234567890"), quantity=Decimal("3.000"))
    body = DRIP.write(statement(replace(ORDER, lines=(line,)), Kind.ORDER_PLACED), ACCOUNT).items[0].body
    assert (b'"price":0.12345678901234567890' in body, b'"quantity":3,' in body) == (True, True)


@pytest.mark.parametrize(
    ("kind", "snapshot"),
    [
        (Kind.ORDER_PLACED, ORDER),
        (Kind.PRODUCT_UPDATED, Product(product_id="P", title="T", price=Decimal(1))),
        (Kind.PERSON_UPDATED, Person(identity=ANA)),
        ("custom.quiz", Event(event_id="E", name="custom.quiz", identity=ANA, occurred_at=NOON)),
    ],
)
def test_history_and_news_say_the_same_of_a_fact(kind: str, snapshot: Snapshot) -> None:
    quiet = DRIP.write(statement(snapshot, kind, lane=Lane.HISTORY), ACCOUNT)
    loud = DRIP.write(statement(snapshot, kind, lane=Lane.LIVE), ACCOUNT)
    assert [(item.wire_id, item.body) for item in quiet.items] == [(item.wire_id, item.body) for item in loud.items]


@pytest.mark.parametrize(
    "kind", sorted(kind for kind in Kind if kind.startswith("order.") and kind != "order.upcoming")
)
@pytest.mark.parametrize("state", [None, *ConsentState])
def test_an_order_record_always_hints_and_never_states(kind: Kind, state: ConsentState | None) -> None:
    consent = {} if state is None else {Channel.EMAIL: state}
    order = replace(
        ORDER,
        refunds=(Refund(refund_id="R", refunded_at=LATER, amount=1),),
        marketing_consent=True,
        properties={"status": "active", "initial_status": "active"},
    )
    said = statement(order, kind, detail="R", recipient=replace(KNOWN, consent=consent))
    record = json.decode(DRIP.write(said, ACCOUNT).items[0].body)
    hint = "active" if state is ConsentState.SUBSCRIBED else "unsubscribed"
    assert (hint, False) == (record["initial_status"], "status" in record)


@pytest.mark.parametrize("state", list(ConsentState))
@pytest.mark.parametrize("lane", list(Lane))
def test_a_consent_that_is_not_news_states_no_status(state: ConsentState, lane: Lane) -> None:
    consent = Consent(identity=ANA, channel=Channel.EMAIL, state=state)
    said = statement(
        consent, Kind.CONSENT_CHANGED, lane=lane, recipient=replace(KNOWN, consent={Channel.EMAIL: state})
    )
    records = [json.decode(item.body) for item in DRIP.write(said, ACCOUNT).items]
    assert [False] * len(records) == ["status" in record for record in records]


def test_refunds_of_one_order_add_up_to_what_was_given_back() -> None:
    amounts = (1, 1000, 998)
    refunds = tuple(Refund(refund_id=f"R{amount}", refunded_at=LATER, amount=amount) for amount in amounts)
    order = replace(ORDER, refunds=refunds)
    said = [
        json.decode(DRIP.write(statement(order, Kind.ORDER_REFUNDED, detail=refund.refund_id), ACCOUNT).items[0].body)
        for refund in refunds
    ]
    assert [(record["refund_amount"], record["grand_total"]) for record in said] == [
        (0.01, 19.99),
        (10.0, 19.99),
        (9.98, 19.99),
    ]


@pytest.mark.parametrize("kind", [Kind.ORDER_PLACED, Kind.ORDER_PAID, Kind.ORDER_CANCELLED, Kind.ORDER_REFUNDED])
def test_a_corrected_order_fact_is_an_update_that_takes_nothing_off_twice(kind: Kind) -> None:
    order = replace(ORDER, refunds=(Refund(refund_id="r1", refunded_at=LATER, amount=500),))
    expression = DRIP.write(statement(order, kind, detail="r1", revision=1), ACCOUNT)
    record = json.decode(expression.items[0].body)
    assert ("updated", False, 19.99) == (record["action"], "refund_amount" in record, record["grand_total"])
    assert (kind in (Kind.ORDER_CANCELLED, Kind.ORDER_REFUNDED)) == bool(expression.unsaid)


def test_a_corrected_event_is_not_sent_a_second_time() -> None:
    wish = Event(event_id="e1", name="custom.Wish", identity=ANA, occurred_at=NOON)
    expression = DRIP.write(statement(wish, "custom.Wish", revision=1), ACCOUNT)
    assert ((), True) == (expression.items, "cannot be corrected there" in expression.unsaid[0])


@pytest.mark.parametrize("value", ["12.50", 12.5, 1250, None])
def test_a_property_called_value_is_never_taken_for_cents(value: object) -> None:
    wish = Event(
        event_id="e1",
        name="custom.Wish",
        identity=ANA,
        occurred_at=NOON,
        properties={"value": value, "event_id": "x"},
    )
    (item,) = DRIP.write(statement(wish, "custom.Wish"), ACCOUNT).items
    told = json.decode(item.body)["properties"]
    assert (False, value, "e1", "x") == (
        "value" in told,
        told.get("shop_value"),
        told["event_id"],
        told["shop_event_id"],
    )


def test_an_amount_without_its_currency_is_named() -> None:
    wish = Event(event_id="e1", name="custom.Wish", identity=ANA, occurred_at=NOON, value=500)
    assert ("value: an amount without its currency",) == DRIP.write(statement(wish, "custom.Wish"), ACCOUNT).unsaid


@pytest.mark.parametrize("email", ["n/a@", "ana", "ana@mail", "ana@mail.", "ana b@mail.test", "a@b@mail.test"])
def test_nothing_is_sent_for_what_is_no_address(email: str) -> None:
    expression = DRIP.write(statement(ORDER, "order.placed", recipient=replace(KNOWN, email=email)), ACCOUNT)
    assert ((), True) == (expression.items, expression.unsaid[0].startswith("email: it is no address"))


def test_an_instant_with_an_offset_is_written_in_utc() -> None:
    at = datetime.fromisoformat("2024-03-01T14:00:00+02:00")
    record = json.decode(DRIP.write(statement(ORDER, Kind.ORDER_PLACED, occurred_at=at), ACCOUNT).items[0].body)
    assert record["occurred_at"] == "2024-03-01T12:00:00Z"


FRAMES = [
    ("order", 1, "/v3/123/shopper_activity/order", b'{"a":0}'),
    ("orders", 2, "/v3/123/shopper_activity/order/batch", b'{"orders":[{"a":0},{"a":1}]}'),
    ("cart", 1, "/v3/123/shopper_activity/cart", b'{"a":0}'),
    ("carts", 2, "/v3/123/shopper_activity/cart/batch", b'{"carts":[{"a":0},{"a":1}]}'),
    ("checkout", 1, "/v3/123/shopper_activity/checkout", b'{"a":0}'),
    ("product", 1, "/v3/123/shopper_activity/product", b'{"a":0}'),
    ("products", 2, "/v3/123/shopper_activity/product/batch", b'{"products":[{"a":0},{"a":1}]}'),
    ("subscriber", 1, "/v2/123/subscribers", b'{"subscribers":[{"a":0}]}'),
    ("subscribers", 2, "/v2/123/subscribers/batches", b'{"batches":[{"subscribers":[{"a":0},{"a":1}]}]}'),
    ("unsubscribes", 2, "/v2/123/unsubscribes/batches", b'{"batches":[{"subscribers":[{"a":0},{"a":1}]}]}'),
    ("event", 1, "/v2/123/events", b'{"events":[{"a":0}]}'),
    ("events", 2, "/v2/123/events/batches", b'{"batches":[{"events":[{"a":0},{"a":1}]}]}'),
]


@pytest.mark.parametrize(("name", "count", "path", "body"), FRAMES)
def test_records_are_framed_as_the_call_wants_them(name: str, count: int, path: str, body: bytes) -> None:
    items = [Item(route=name, wire_id=str(place), body=b'{"a":%d}' % place) for place in range(count)]
    request = DRIP.assemble(ROUTES[name], items, ACCOUNT)
    assert ("POST", path, body, ROUTES[name].budget) == (request.method, request.path, request.body, request.budget)


def test_every_route_is_framed() -> None:
    assert {name for name, *_ in FRAMES} == set(ROUTES)


def test_the_frame_keeps_within_the_room_left_for_it() -> None:
    sizes = {name: len(DRIP.assemble(route, [], ACCOUNT).body) for name, route in ROUTES.items()}
    assert {name: size for name, size in sizes.items() if size > ROUTES[name].frame_bytes} == {}


def test_the_token_is_the_user_of_http_basic_with_an_empty_password() -> None:
    headers = dict(DRIP.authorize(WireRequest(method="GET", path="/"), ACCOUNT, NOW).headers)
    assert b64decode(headers["Authorization"].removeprefix("Basic ")) == b"secret-token:"


def _lines(count: int, **fields: Any) -> tuple[OrderLine, ...]:
    return tuple(OrderLine(line_id=str(place), name="Tea", **fields) for place in range(count))


def test_an_order_too_large_loses_only_detail_and_says_so() -> None:
    order = replace(ORDER, lines=_lines(4000, properties={"engraving": "x" * 1000}))
    said = DRIP.write(statement(order, Kind.ORDER_PLACED), ACCOUNT)
    record = json.decode(said.items[0].body)
    lost = ("own properties, links, brands and categories: the record is too large for a request",)
    assert (lost, 4000, 19.99) == (said.unsaid, len(record["items"]), record["grand_total"])


def test_an_order_that_no_request_can_carry_is_refused_with_its_size() -> None:
    order = replace(ORDER, lines=_lines(60_000))
    said = DRIP.write(statement(order, Kind.ORDER_PLACED), ACCOUNT)
    assert (said.items, "bytes, a request takes" in said.unsaid[0]) == ((), True)


@pytest.mark.parametrize(
    ("kind", "snapshot", "kept"),
    [
        (
            Kind.PRODUCT_UPDATED,
            Product(product_id="P", title="T", price=Decimal(1), currency="EUR", categories=("x" * MAX_BYTES,)),
            {"provider", "action", "product_id", "product_variant_id", "name", "price", "currency", "occurred_at"},
        ),
        (
            "custom.quiz",
            Event(
                event_id="E", name="custom.quiz", identity=ANA, occurred_at=NOON, properties={"t": "x" * MAX_BYTES}
            ),
            {"email", "action", "occurred_at", "properties"},
        ),
    ],
)
def test_what_is_shortened_keeps_what_drip_requires(kind: str, snapshot: Snapshot, kept: set[str]) -> None:
    said = DRIP.write(statement(snapshot, kind), ACCOUNT)
    assert (kept, 1) == (set(json.decode(said.items[0].body)), len(said.unsaid))


def test_each_variant_has_a_wire_id_of_its_own() -> None:
    product = Product(
        product_id="P",
        title="T",
        price=Decimal(1),
        currency="EUR",
        variants=(Variant(variant_id="1"), Variant(variant_id="2")),
    )
    said = DRIP.write(statement(product, Kind.PRODUCT_UPDATED), ACCOUNT)
    assert [item.wire_id for item in said.items] == ["P:1", "P:2"]


def test_no_address_of_a_person_is_a_wire_id() -> None:
    consent = Consent(identity=ANA, channel=Channel.EMAIL, state=ConsentState.UNSUBSCRIBED)
    said = DRIP.write(statement(consent, Kind.CONSENT_CHANGED, lane=Lane.HISTORY), ACCOUNT)
    assert [item.wire_id for item in said.items] == ["per_7", "per_7"]


def interpret(name: str, status: int, body: bytes, headers: dict[str, str] | None = None, count: int = 1) -> Verdict:
    items = [Item(route=name, wire_id=str(place), body=b"{}") for place in range(count)]
    reply = WireReply(status=status, headers=headers or {}, body=body)
    return DRIP.interpret(ROUTES[name], WireRequest(method="POST", path="/"), reply, items)


@given(
    route=st.sampled_from(DRIP.profile.routes),
    status=st.integers(100, 599),
    body=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["errors", "error", "message", "code", "attribute", "subscribers", "request_id"]),
                    inner,
                )
            ),
            max_leaves=8,
        ).map(json.encode),
    ),
    wait=st.text(max_size=6),
    count=st.integers(1, 3),
)
def test_any_reply_is_a_verdict_and_only_a_success_takes(
    route: Route, status: int, body: bytes, wait: str, count: int
) -> None:
    headers = {"retry-after": wait, "x-ratelimit-limit": wait, "x-ratelimit-remaining": wait}
    verdict = interpret(route.name, status, body, headers, count)
    is_taken = verdict.result in (Result.ACCEPTED, Result.CONFIRMED)
    assert 200 <= status < 300 or not is_taken


def test_a_success_never_comes_from_a_refusing_status() -> None:
    body = b'{"request_id":"x","subscribers":[{}]}'
    taken = {
        (name, status)
        for name in ROUTES
        for status in (302, 400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504)
        if interpret(name, status, body).result in (Result.ACCEPTED, Result.CONFIRMED)
    }
    assert taken == set()


@pytest.mark.parametrize(
    "message",
    [
        "There was a problem in the JSON you submitted: unexpected 'ana@mail.test",
        'value "Ana Secret" is wrong',
        "ana@mail.test is taken",
        "number +1 202 555 0100 is wrong",
    ],
)
def test_a_reason_holds_nothing_of_the_person(message: str) -> None:
    reasons = [
        interpret("order", 400, json.encode(body)).reason
        for body in ({"message": message}, {"error": message}, {"error": {"message": message}})
    ]
    told = [word for word in ("ana@", "Secret", "555") for reason in reasons if word in reason]
    assert told == []


def test_the_headers_of_a_reply_teach_the_limit() -> None:
    headers = {"x-ratelimit-limit": "50", "x-ratelimit-remaining": "48"}
    verdict = interpret("orders", 202, b'{"request_ids":[]}', headers)
    assert verdict.observed == (Observed(budget="batch", limit=50, per=3600.0, remaining=48),)


def people(status: int = 200, *, pages: int = 1, rows: Any = ()) -> WireReply:
    page = {"links": {}, "meta": {"page": 1, "total_pages": pages}, "subscribers": list(rows)}
    return WireReply(status=status, body=json.encode(page))


ROW = {"id": "abc", "email": "ana@mail.test", "status": "unsubscribed", "created_at": "2024-03-01T12:00:00Z"}


@pytest.mark.parametrize(
    ("cursor", "query"),
    [
        ("", "status=unsubscribed&page=1&per_page=1000"),
        ("unsubscribed:3", "status=unsubscribed&page=3&per_page=1000"),
        ("undeliverable:1", "status=undeliverable&page=1&per_page=1000"),
    ],
)
def test_opt_outs_are_asked_for_page_by_page(cursor: str, query: str) -> None:
    request = DRIP.opt_outs(cursor, ACCOUNT)
    assert request is not None
    assert ("GET", f"/v2/123/subscribers?{query}") == (request.method, request.path)


@pytest.mark.parametrize(
    ("cursor", "pages", "state", "following"),
    [
        ("", 2, ConsentState.UNSUBSCRIBED, "unsubscribed:2"),
        ("unsubscribed:2", 2, ConsentState.UNSUBSCRIBED, "undeliverable:1"),
        ("undeliverable:1", 2, ConsentState.SUPPRESSED, "undeliverable:2"),
        ("undeliverable:2", 2, ConsentState.SUPPRESSED, None),
    ],
)
def test_a_page_of_opt_outs_is_consent_and_leads_on(
    cursor: str, pages: int, state: ConsentState, following: str | None
) -> None:
    read = DRIP.interpret_opt_outs(cursor, people(pages=pages, rows=[ROW]))
    expected = Consent(identity=Identity(email="ana@mail.test"), channel=Channel.EMAIL, state=state, origin="drip")
    assert ((expected,), following) == (read.consents, read.next)


def test_an_empty_account_ends_after_both_passes() -> None:
    first = DRIP.interpret_opt_outs("", people(pages=0))
    second = DRIP.interpret_opt_outs("undeliverable:1", people(pages=0))
    assert (first.next, second.next) == ("undeliverable:1", None)


@pytest.mark.parametrize(
    "reply", [people(401), WireReply(status=200, body=b"<html>"), WireReply(status=200, body=b"[]")]
)
def test_nothing_is_concluded_from_a_page_that_is_none(reply: WireReply) -> None:
    with pytest.raises(BadReply):
        DRIP.interpret_opt_outs("", reply)


def test_the_people_drip_holds_are_listed_with_their_status() -> None:
    request = DRIP.held("people", "", ACCOUNT)
    read = DRIP.interpret_held("people", "", people(pages=2, rows=[ROW, {"id": "no-email"}]))
    assert request is not None
    assert (request.path, read.next) == ("/v2/123/subscribers?status=all&page=1&per_page=1000", "all:2")
    assert [(held.wire_id, held.digest, held.occurred_at) for held in read.held] == [
        ("ana@mail.test", "unsubscribed", NOON)
    ]


def test_orders_cannot_be_listed() -> None:
    assert DRIP.held("orders", "", ACCOUNT) is None


def test_a_person_is_erased_by_an_escaped_address() -> None:
    (call,) = DRIP.erase(replace(KNOWN, email="a+b/c@mail.test"), ACCOUNT)
    request = call.request
    assert (request.method, request.path) == ("DELETE", "/v2/123/subscribers/a%2Bb%2Fc%40mail.test")


def test_somebody_without_an_address_was_never_known() -> None:
    assert () == DRIP.erase(Recipient(person=1, phone="+37120000000"), ACCOUNT)


def test_the_key_is_proved_by_fetching_the_account() -> None:
    request = DRIP.check(ACCOUNT)
    assert (request.method, request.path) == ("GET", "/v2/accounts/123")
