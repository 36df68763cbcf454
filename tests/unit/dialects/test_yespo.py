"""What golden cases do not show of the Yespo dialect: sums, statuses, ids, odd replies and what is read back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from orderwire.dialects.contract import Account, Expression, Item, Lane, ReadBack, Recipient, Snapshot, Statement
from orderwire.dialects.wire import ItemOutcome, Result, Verdict, WireReply, WireRequest
from orderwire.dialects.yespo.dialect import DIALECT
from orderwire.dialects.yespo.fields import takes_name
from orderwire.dialects.yespo.status import changes
from orderwire.errors import BadReply, ConfigError
from orderwire.model import (
    Cart,
    Channel,
    Consent,
    ConsentState,
    Discount,
    Event,
    Identity,
    Kind,
    Order,
    OrderLine,
    Person,
    Refund,
    RefundKind,
    Shipment,
)
from orderwire.model.money import major

NOW = datetime(2026, 1, 1, tzinfo=UTC)

PLACED = datetime(2026, 1, 2, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANA = Recipient(person=1, email="ana@mail.test", external_id="77")
KNOWN = replace(ANA, is_known_there=True)
ROUTES = {route.name: route for route in DIALECT.profile.routes}
WISH = Event(event_id="E1", name="custom.wish", identity=Identity(email="ana@mail.test"), occurred_at=PLACED)
LEFT = Cart(cart_id="C1", identity=Identity(email="ana@mail.test"), currency="EUR", total=500, updated_at=PLACED)


def account(**options: str) -> Account:
    return Account(key="secret", base_url=DIALECT.profile.base_url, options=options)


def order(**changed: Any) -> Order:
    base = Order(
        order_id="1001",
        identity=Identity(external_id="77", email="ana@mail.test"),
        currency="EUR",
        placed_at=PLACED,
        total=500,
        lines=(OrderLine(line_id="L1", name="Tea", product_id="P2", total=500),),
    )
    return replace(base, **changed)


REFUNDED = order(refunds=(Refund(refund_id="R1", refunded_at=PLACED + HOUR, amount=500),))


def statement(snapshot: Snapshot, kind: str = Kind.ORDER_PLACED, **changed: Any) -> Statement:
    base = Statement(
        kind=kind,
        key=f"shop/order:1001/{kind}",
        subject="order:1001",
        source="shop",
        occurred_at=PLACED,
        lane=Lane.LIVE,
        snapshot=snapshot,
        recipient=KNOWN,
    )
    return replace(base, **changed)


def said(snapshot: Snapshot, kind: str = Kind.ORDER_PLACED, **changed: Any) -> Expression:
    return DIALECT.write(statement(snapshot, kind, **changed), account())


def decoded(item: Item) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(item.body, type=dict[str, Any])
    return found


def exact(text: bytes) -> Any:
    """JSON with its numbers as decimals."""
    return msgspec.json.Decoder(float_hook=Decimal).decode(text)


def items_sum(body: bytes) -> Decimal:
    told = exact(body)
    charges = [Decimal(str(told.get(name, 0))) for name in ("shipping", "taxes")]
    rows = [Decimal(str(row["quantity"])) * Decimal(str(row["cost"])) for row in told["items"]]
    return sum([*charges, *rows], Decimal(0))


@given(
    currency=st.sampled_from(["JPY", "EUR", "KWD"]),
    lines=st.lists(st.tuples(st.integers(1, 12), st.integers(0, 99_999)), min_size=1, max_size=6),
    charges=st.tuples(st.integers(0, 5_000), st.integers(0, 5_000), st.integers(0, 5_000)),
    discount=st.floats(0, 1),
)
def test_items_and_charges_add_up_to_the_total(
    currency: str, lines: list[tuple[int, int]], charges: tuple[int, int, int], discount: float
) -> None:
    full = sum(total for _, total in lines)
    off = int(full * discount)
    shipping, fee, tax = charges
    whole = order(
        currency=currency,
        lines=tuple(
            OrderLine(line_id=str(place), name="Tea", quantity=Decimal(quantity), total=total)
            for place, (quantity, total) in enumerate(lines)
        ),
        shipping=shipping,
        fee=fee,
        tax=tax,
        discount=off,
        total=full + shipping + fee + tax - off,
    )
    expression = said(whole)
    assert items_sum(expression.items[-1].body) == major(whole.total, currency)
    assert expression.unsaid == ()


@pytest.mark.parametrize(
    ("quantity", "total", "rows"),
    [
        ("4", 1000, [("4", "2.50")]),
        ("3", 1000, [("2", "3.33"), ("1", "3.34")]),
        ("3", 2, [("1", "0.00"), ("2", "0.01")]),
        ("0.5", 333, [("0.5", "6.66")]),
        ("0.3", 100, [("1", "1.00")]),
        ("1.25", 501, [("1.25", "4.008")]),
        ("0", 0, [("0", "0")]),
    ],
)
def test_a_line_is_told_exactly_whatever_its_quantity(quantity: str, total: int, rows: list[tuple[str, str]]) -> None:
    line = OrderLine(line_id="L1", name="Tea", quantity=Decimal(quantity), total=total)
    told = exact(said(order(lines=(line,), total=total)).items[0].body)
    found = [(Decimal(str(row["quantity"])), Decimal(str(row["cost"]))) for row in told["items"]]
    assert found == [(Decimal(pieces), Decimal(cost)) for pieces, cost in rows]


def test_a_quantity_that_no_price_fits_goes_into_the_name() -> None:
    line = OrderLine(line_id="L1", name="Cheese", quantity=Decimal("0.300"), total=100)
    assert [row["name"] for row in decoded(said(order(lines=(line,), total=100)).items[0])["items"]] == [
        "Cheese × 0.3"
    ]


@pytest.mark.parametrize(
    ("changed", "unsaid"),
    [
        ({"total": 450, "discounts": (Discount(amount=50),)}, ()),
        ({"total": 499}, ()),
        ({"total": 400}, ("items: the source's lines and its total differ by 1.00 EUR, shared over the items",)),
        ({"total": 0, "shipping": 300}, ("items: the source's lines and its total differ by 8.00 EUR",)),
    ],
)
def test_figures_that_do_not_add_up_are_named(changed: dict[str, Any], unsaid: tuple[str, ...]) -> None:
    assert said(order(**changed)).unsaid == unsaid


def test_tax_inside_the_prices_is_not_added() -> None:
    told = decoded(said(order(tax=80, is_tax_included=True)).items[0])
    assert ("taxes" in told, told["additionalInfo"]["taxIncluded"]) == (False, "0.80")


@pytest.mark.parametrize(
    ("changed", "moves"),
    [
        ({}, {("order.placed", None): "INITIALIZED"}),
        (
            {"paid_at": PLACED + 9 * HOUR, "delivered_at": PLACED + 9 * HOUR, "fulfilled_at": PLACED + HOUR},
            {
                ("order.placed", None): "INITIALIZED",
                ("order.fulfilled", None): "IN_PROGRESS",
                ("order.delivered", None): "DELIVERED",
            },
        ),
        (
            {
                "shipments": (
                    Shipment(shipment_id="A", shipped_at=PLACED + HOUR, delivered_at=PLACED + 5 * HOUR),
                    Shipment(shipment_id="B", shipped_at=PLACED + 2 * HOUR, delivered_at=PLACED + 6 * HOUR),
                )
            },
            {
                ("order.placed", None): "INITIALIZED",
                ("order.fulfilled", "A"): "IN_PROGRESS",
                ("order.delivered", "B"): "DELIVERED",
            },
        ),
        (
            {
                "shipments": (
                    Shipment(shipment_id="A", shipped_at=PLACED + HOUR, delivered_at=PLACED + 2 * HOUR),
                    Shipment(shipment_id="B", shipped_at=PLACED + 3 * HOUR, delivered_at=PLACED + 4 * HOUR),
                )
            },
            {
                ("order.placed", None): "INITIALIZED",
                ("order.fulfilled", "A"): "IN_PROGRESS",
                ("order.delivered", "A"): "DELIVERED",
            },
        ),
        (
            {"cancelled_at": PLACED + HOUR, "paid_at": PLACED + 2 * HOUR},
            {("order.placed", None): "INITIALIZED", ("order.cancelled", None): "CANCELLED"},
        ),
    ],
)
def test_a_status_is_given_once_and_never_taken_back(
    changed: dict[str, Any], moves: dict[tuple[str, str | None], str]
) -> None:
    assert changes(order(**changed)) == moves


def test_only_the_refund_that_completes_the_sum_cancels() -> None:
    refunds = tuple(
        Refund(refund_id=name, refunded_at=PLACED + hours * HOUR, amount=250, kind=RefundKind.PARTIAL)
        for name, hours in (("R2", 5), ("R1", 4))
    )
    found = changes(order(refunds=refunds), refund_cancels=True)
    assert found == {("order.placed", None): "INITIALIZED", ("order.refunded", "R2"): "CANCELLED"}


def test_the_wire_id_of_a_fact_depends_on_neither_lane_nor_time() -> None:
    event = Event(event_id="E1", name="custom.wish", identity=Identity(email="ana@mail.test"), occurred_at=PLACED)
    live = said(event, "custom.wish")
    old = said(event, "custom.wish", lane=Lane.HISTORY, occurred_at=PLACED + HOUR)
    assert live.items[0].wire_id == old.items[0].wire_id


def test_a_corrected_order_of_the_past_has_an_id_of_its_own() -> None:
    first, corrected = (said(order(), lane=Lane.HISTORY, revision=revision).items for revision in (0, 1))
    assert first[-1].wire_id != corrected[-1].wire_id


@pytest.mark.parametrize(
    ("snapshot", "kind", "lane", "options"),
    [
        (order(), Kind.ORDER_PLACED, Lane.LIVE, {}),
        (order(), Kind.ORDER_PLACED, Lane.HISTORY, {"history_orders": "orders"}),
        (REFUNDED, Kind.ORDER_REFUNDED, Lane.HISTORY, {"refunded_as": "event"}),
        (WISH, "custom.wish", Lane.LIVE, {}),
        (WISH, "custom.wish", Lane.HISTORY, {}),
        (LEFT, Kind.CART_ABANDONED, Lane.LIVE, {}),
    ],
)
def test_a_correction_starts_nothing_a_second_time(
    snapshot: Snapshot, kind: str, lane: Lane, options: dict[str, str]
) -> None:
    corrected = statement(snapshot, kind, lane=lane, revision=1, detail="R1" if kind == Kind.ORDER_REFUNDED else None)
    assert DIALECT.write(corrected, account(**options)).items == ()


@pytest.mark.parametrize(
    "name", ["orderCreated", "ordercancelled", "orderDELIVERED", "cartUpdated", "subscribeFromApi"]
)
def test_a_custom_event_never_takes_a_name_of_the_platform(name: str) -> None:
    event = replace(WISH, name=f"custom.{name}")
    assert decoded(said(event, event.name).items[0])["eventTypeKey"] == f"custom {name}"


def test_currencies_are_told_in_capitals() -> None:
    cart = replace(LEFT, currency="eur")
    old_order = decoded(said(order(currency="eur"), lane=Lane.HISTORY).items[0])
    assert {"name": "currency", "value": "EUR"} in old_order["params"]
    assert decoded(said(order(currency="eur")).items[0])["currency"] == "EUR"
    assert decoded(said(cart, Kind.CART_ABANDONED).items[0])["currency"] == "EUR"
    assert {"name": "currencyCode", "value": "EUR"} in decoded(said(cart, Kind.CART_UPDATED).items[0])["params"]


def test_an_item_without_a_name_goes_by_its_id() -> None:
    nameless = order(lines=(OrderLine(line_id="L1", name="", product_id="P2", total=500),))
    assert decoded(said(nameless).items[0])["items"][0]["name"] == "P2"


@pytest.mark.parametrize("state", [ConsentState.UNSUBSCRIBED, ConsentState.SUPPRESSED, ConsentState.NEVER_ASKED])
@pytest.mark.parametrize(("lane", "route"), [(Lane.HISTORY, "contacts"), (Lane.LIVE, "contact")])
def test_whoever_is_told_first_by_a_no_has_a_contact_for_their_past_orders(
    state: ConsentState, lane: Lane, route: str
) -> None:
    no = Consent(identity=Identity(email="ana@mail.test"), channel=Channel.EMAIL, state=state)
    told = said(no, Kind.CONSENT_CHANGED, recipient=ANA, lane=lane)
    assert [item.route for item in told.items] == ["unsubscribe", route]


def test_no_address_stands_in_a_wire_id() -> None:
    person = Person(identity=Identity(email="ana@mail.test"))
    items = said(person, Kind.PERSON_UPDATED, recipient=Recipient(person=1, email="ana@mail.test")).items
    assert [item.route for item in items] == ["unsubscribe", "contacts"]
    assert [item.wire_id for item in items if "ana" in item.wire_id] == []


@pytest.mark.parametrize(
    ("state", "known", "stated", "routes"),
    [
        (None, False, False, ["unsubscribe", "orders"]),
        (ConsentState.NEVER_ASKED, False, False, ["unsubscribe", "orders"]),
        (ConsentState.NEVER_ASKED, True, False, ["orders"]),
        (ConsentState.UNSUBSCRIBED, True, False, ["unsubscribe", "orders"]),
        (ConsentState.UNSUBSCRIBED, True, True, ["orders"]),
        (ConsentState.SUPPRESSED, False, False, ["unsubscribe", "orders"]),
        (ConsentState.SUBSCRIBED, False, False, ["orders"]),
    ],
)
def test_nobody_who_did_not_subscribe_becomes_mailable_by_an_order(
    state: ConsentState | None, known: bool, stated: bool, routes: list[str]
) -> None:
    consent = {Channel.EMAIL: state} if state else {}
    recipient = replace(ANA, consent=consent, is_known_there=known, was_stated_there=stated)
    assert [item.route for item in said(order(), recipient=recipient).items] == routes


@pytest.mark.parametrize("sms", [None, ConsentState.NEVER_ASKED, ConsentState.UNSUBSCRIBED, ConsentState.SUPPRESSED])
@pytest.mark.parametrize("lane", list(Lane))
def test_a_phone_without_permission_is_told_nowhere(sms: ConsentState | None, lane: Lane) -> None:
    recipient = replace(ANA, phone="+351912345678", consent={Channel.SMS: sms} if sms else {})
    expression = said(order(), recipient=recipient, lane=lane)
    assert [item.body for item in expression.items if b"351912345678" in item.body] == []
    assert "phone: left out, no permission for text messages" in expression.unsaid


def test_an_order_without_anybody_is_not_expressible() -> None:
    assert said(order(), recipient=Recipient(person=1, anonymous_id="a")) == Expression(
        unsaid=("identity: no external id, e-mail or phone",)
    )


def test_a_live_event_too_large_loses_its_detail_and_says_so() -> None:
    lines = tuple(
        OrderLine(line_id=str(n), name="A very long name of tea " * 4, product_id=str(n), total=100)
        for n in range(200)
    )
    cart = Cart(
        cart_id="C9", identity=Identity(email="a@mail.test"), currency="EUR", total=1, updated_at=PLACED, lines=lines
    )
    expression = said(cart, Kind.CART_UPDATED)
    assert (len(expression.items[0].body) <= 20_000, expression.unsaid) == (
        True,
        ("detail: left out, an event holds 20 kB",),
    )


def test_a_live_event_too_large_without_detail_is_not_expressible() -> None:
    lines = tuple(OrderLine(line_id=str(n), name="Tea", product_id="p" * 40, total=100) for n in range(400))
    cart = Cart(
        cart_id="C9", identity=Identity(email="a@mail.test"), currency="EUR", total=1, updated_at=PLACED, lines=lines
    )
    assert said(cart, Kind.CART_UPDATED) == Expression(unsaid=("event: larger than 20 kB even without its detail",))


@pytest.mark.parametrize("name", ["orders", "orders_history", "past_events", "unsubscribe", "resubscribe", "events"])
def test_assembling_adds_exactly_a_frame_and_commas(name: str) -> None:
    route = ROUTES[name]
    count = min(3, route.max_weight)
    items = [Item(route=name, wire_id=str(n), body=b'"x%d"' % n) for n in range(count)]
    body = DIALECT.assemble(route, items, account()).body
    frame = len(body) - sum(len(item.body) for item in items) - (count - 1)
    assert 0 <= frame <= route.frame_bytes
    assert msgspec.json.decode(body)


def test_an_import_names_the_fields_it_writes() -> None:
    person = Person(identity=Identity(email="ana@mail.test"), first_name="Ana")
    item = said(person, Kind.PERSON_UPDATED).items[0]
    request = DIALECT.assemble(ROUTES["contacts"], [item, item], account())
    told = msgspec.json.decode(request.body)
    assert (request.path, told["dedupeOn"], told["contactFields"], len(told["contacts"])) == (
        "/v1/contacts",
        "email",
        ["email", "externalCustomerId", "firstName"],
        2,
    )


def test_the_frame_of_an_import_fits_the_room_left_for_it() -> None:
    group = (
        "email|email,sms,externalCustomerId,firstName,lastName,languageCode,timeZone,address,town,region,postcode|"
    )
    item = Item(route="contacts", wire_id="1", body=b"{}", group=group + ",".join(str(n) for n in range(1000, 1020)))
    body = DIALECT.assemble(ROUTES["contacts"], [item], account()).body
    assert len(body) - 2 <= ROUTES["contacts"].frame_bytes


def test_the_key_travels_as_basic_authentication_only() -> None:
    request = DIALECT.authorize(WireRequest(method="POST", path="/v1/orders", body=b"{}"), account(), NOW)
    assert dict(request.headers) == {
        "Authorization": "Basic b3JkZXJ3aXJlOnNlY3JldA==",
        "Accept": "application/json",
        "Content-Type": "application/json; charset=UTF-8",
    }


def verdict(route: str, status: int, body: Any, sent: list[Item] | int) -> Verdict:
    items = [Item(route=route, wire_id=str(n), body=b"{}") for n in range(sent)] if isinstance(sent, int) else sent
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    reply = WireReply(status=status, body=raw)
    return DIALECT.interpret(ROUTES[route], WireRequest(method="POST", path="/"), reply, items)


def refused(index: int, reason: str) -> ItemOutcome:
    return ItemOutcome(index=index, result=Result.REJECTED, reason=reason)


@pytest.mark.parametrize(
    "failed",
    [
        [{"order": {"externalOrderId": "1"}, "error": "totalCost: wrong format"}],
        {"order": {"externalOrderId": 1}, "error": "totalCost: wrong format"},
    ],
)
def test_a_refused_order_is_found_in_a_list_and_standing_alone(failed: object) -> None:
    assert verdict("orders", 200, {"failedOrders": failed}, 3) == Verdict(
        result=Result.CONFIRMED, items=(refused(1, "totalCost: wrong format"),)
    )


def test_each_past_event_has_its_own_outcome() -> None:
    results = [{"status": status} for status in ("ACCEPTED", "OCCURRED_TIME_IN_FUTURE", "SERVER_ERROR", "NEW_ONE")]
    assert verdict("past_events", 200, {"results": results}, 4).items == (
        refused(1, "OCCURRED_TIME_IN_FUTURE"),
        ItemOutcome(index=2, result=Result.UNAVAILABLE, reason="SERVER_ERROR"),
        ItemOutcome(index=3, result=Result.UNKNOWN, reason="a status that is not documented"),
    )


def contact(external_id: str | None, email: str) -> Item:
    body = {"channels": [{"type": "email", "value": email}]} | (
        {"externalCustomerId": external_id} if external_id else {}
    )
    return Item(route="contacts", wire_id="w", body=msgspec.json.encode(body))


@pytest.mark.parametrize(
    ("failed", "place"),
    [
        ({"externalCustomerId": "77", "error": "bad"}, 0),
        ({"channels": [{"type": "email", "value": "BOB@mail.test"}], "error": "bad"}, 1),
        ({"channels": {"type": "email", "value": "bob@mail.test"}, "error": "bad"}, 1),
    ],
)
def test_a_refused_contact_is_found_by_id_or_address(failed: dict[str, Any], place: int) -> None:
    sent = [contact("77", "ana@mail.test"), contact(None, "bob@mail.test")]
    found = verdict("contacts", 200, {"asyncSessionId": "s", "failedContacts": failed}, sent)
    assert found == Verdict(result=Result.ACCEPTED, job="s", items=(refused(place, "bad"),))


def test_a_refused_contact_that_cannot_be_found_leaves_all_unknown() -> None:
    sent = [contact("77", "ana@mail.test"), contact(None, "bob@mail.test")]
    assert verdict("contacts", 200, {"failedContacts": [{"error": "bad"}]}, sent).result is Result.UNKNOWN


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Email ana@mail.test is invalid", "HTTP 400: Email … is invalid"),
        ("Contact Ruiz has phone 351912345678", "HTTP 400: Contact … has phone …"),
        (
            "field 'totalCost' must be a number, was 'Main Street 1'",
            "HTTP 400: field 'totalCost' must be a number, was '…'",
        ),
    ],
)
def test_a_reason_holds_nothing_personal(text: str, reason: str) -> None:
    sent = [Item(route="orders", wire_id="1", body=b'{"lastName":"Ruiz","status":"INITIALIZED"}')]
    assert verdict("orders", 400, text.encode(), sent).reason == reason


@given(
    route=st.sampled_from(sorted(ROUTES)),
    status=st.integers(100, 599),
    body=st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        ["failedOrders", "failedContacts", "results", "order", "error", "status", "id", "x"]
                    ),
                    inner,
                    max_size=3,
                )
            ),
            max_leaves=8,
        ).map(msgspec.json.encode),
    ),
    count=st.integers(1, 3),
)
def test_any_reply_is_read_as_a_verdict(route: str, status: int, body: bytes, count: int) -> None:
    found = verdict(route, status, body, count)
    places = [outcome.index for outcome in found.items]
    assert isinstance(found, Verdict)
    assert places == sorted(set(places) & set(range(count)))


@given(status=st.integers(100, 599), body=st.binary(max_size=60))
def test_any_reply_about_a_job_is_read(status: int, body: bytes) -> None:
    found = DIALECT.interpret_job(ROUTES["contacts"], "s", WireReply(status=status, body=body), [])
    assert found.ask_again_after > 0


@pytest.mark.parametrize(
    ("status", "body", "done", "result"),
    [
        (200, b'{"status":"STARTED"}', False, Result.CONFIRMED),
        (200, b'{"status":"IMPORTING"}', False, Result.CONFIRMED),
        (200, b'{"status":"FINISHED","mapping":[]}', True, Result.CONFIRMED),
        (200, b'{"status":"ERROR"}', True, Result.SPLIT),
        (404, b"", True, Result.UNKNOWN),
        (500, b"", False, Result.CONFIRMED),
    ],
)
def test_an_import_is_followed_to_its_end(status: int, body: bytes, done: bool, result: Result) -> None:
    items = [Item(route="contacts", wire_id=str(n), body=b"") for n in range(2)]
    found = DIALECT.interpret_job(ROUTES["contacts"], "s", WireReply(status=status, body=body), items)
    assert (found.is_done, found.result) == (done, result)


def test_the_session_of_an_import_cannot_leave_its_path() -> None:
    assert DIALECT.follow(ROUTES["contacts"], "a/../b?c", account()).path == "/v1/importstatus/a%2F..%2Fb%3Fc"


def pages_of_opt_outs(rows_by_status: dict[str, list[dict[str, Any]]]) -> list[Any]:
    """Every opt-out read, the way a reader of pages would."""
    request = DIALECT.opt_outs("", account())
    assert request is not None
    read = DIALECT.interpret_opt_outs("", WireReply(status=200, headers={"date": "Fri, 02 Jan 2026 10:00:00 GMT"}))
    consents: list[Any] = []
    while read.next is not None:
        cursor = read.next
        asked = DIALECT.opt_outs(cursor, account())
        assert asked is not None
        status = asked.path.partition("activityStatus=")[2].partition("&")[0]
        rows = rows_by_status.get(status, []) if "dateFrom=2025-10-05T10" in asked.path else []
        read = DIALECT.interpret_opt_outs(cursor, WireReply(status=200, body=msgspec.json.encode(rows)))
        consents.extend(read.consents)
    return consents


def test_opt_outs_complaints_and_hard_bounces_are_read_back() -> None:
    row = {"mediaType": "email", "activityDateTime": "2025-12-01T08:00:00"}
    found = pages_of_opt_outs(
        {
            "UNSUBSCRIBED": [
                {**row, "activityStatus": "UNSUBSCRIBED", "email": "a@mail.test"},
                {"mediaType": "sms", "activityStatus": "UNSUBSCRIBED", "sms": "351912345678"},
                {"mediaType": "webpush", "activityStatus": "UNSUBSCRIBED", "email": "z@mail.test"},
            ],
            "SPAM": [{**row, "activityStatus": "SPAM", "email": "b@mail.test"}],
            "UNDELIVERED": [
                {**row, "activityStatus": "UNDELIVERED", "email": "c@mail.test", "hardBounce": True},
                {**row, "activityStatus": "UNDELIVERED", "email": "d@mail.test", "hardBounce": False},
                {
                    **row,
                    "activityStatus": "UNDELIVERED",
                    "email": "e@mail.test",
                    "statusDescription": "550 5.1.1 no such user",
                },
                {**row, "activityStatus": "UNDELIVERED", "email": "f@mail.test", "statusDescription": "mailbox full"},
            ],
        }
    )
    assert [(one.identity.email or one.identity.phone, one.channel, one.state) for one in found] == [
        ("a@mail.test", Channel.EMAIL, ConsentState.UNSUBSCRIBED),
        ("+351912345678", Channel.SMS, ConsentState.UNSUBSCRIBED),
        ("b@mail.test", Channel.EMAIL, ConsentState.SUPPRESSED),
        ("c@mail.test", Channel.EMAIL, ConsentState.SUPPRESSED),
        ("e@mail.test", Channel.EMAIL, ConsentState.SUPPRESSED),
    ]
    assert found[0].changed_at == datetime(2025, 12, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "reply",
    [
        WireReply(status=500),
        WireReply(status=200, body=b'[{"activityStatus":"UNSUB'),
        WireReply(status=200, body=b'["x"]'),
    ],
)
def test_a_page_of_opt_outs_that_cannot_be_read_is_not_taken_for_an_empty_one(reply: WireReply) -> None:
    first = DIALECT.interpret_opt_outs("", WireReply(status=200, headers={"date": "Fri, 02 Jan 2026 10:00:00 GMT"}))
    assert first.next is not None
    with pytest.raises(BadReply):
        DIALECT.interpret_opt_outs(first.next, reply)


def test_opt_outs_are_read_back_for_two_years_without_a_gap() -> None:
    read = DIALECT.interpret_opt_outs("", WireReply(status=200, headers={"date": "Fri, 02 Jan 2026 10:00:00 GMT"}))
    spans: dict[str, str] = {}
    while read.next is not None:
        cursor = msgspec.json.decode(read.next)
        spans[cursor["until"]] = cursor["since"]
        read = DIALECT.interpret_opt_outs(read.next, WireReply(status=200, body=b"[]"))
    ends = list(spans)
    assert (len(ends), list(spans.values())[-1]) == (8, "2024-01-21T10:00:00")
    assert ends[1:] == list(spans.values())[:-1]


def test_a_window_too_old_for_the_platform_ends_the_reading() -> None:
    old = msgspec.json.encode({"since": "2025-01-01T00:00:00", "until": "x", "status": "SPAM", "window": 3}).decode()
    assert DIALECT.interpret_opt_outs(old, WireReply(status=400)) == ReadBack()


def test_opt_outs_cannot_be_read_without_the_time() -> None:
    with pytest.raises(BadReply):
        DIALECT.interpret_opt_outs("", WireReply(status=200))


def test_contacts_are_read_back_under_the_ids_they_are_sent_with() -> None:
    body = [{"externalCustomerId": "77"}, {"channels": {"type": "email", "value": "Ana@mail.test"}}]
    read = DIALECT.interpret_held("people", "", WireReply(status=200, body=msgspec.json.encode(body)))
    guest = said(
        Person(identity=Identity(email="ana@mail.test")),
        Kind.PERSON_UPDATED,
        recipient=Recipient(person=1, email="ana@mail.test", is_known_there=True),
    )
    assert [held.wire_id for held in read.held] == ["77", guest.items[0].wire_id]
    assert read.next is None


def test_a_full_page_of_contacts_has_a_next() -> None:
    body = msgspec.json.encode([{"externalCustomerId": str(n)} for n in range(500)])
    assert DIALECT.interpret_held("people", "501", WireReply(status=200, body=body)).next == "1001"


TO_FORGET = Recipient(person=1, external_id="7 7&x", email="a+b@mail.test", phone="+380 50 1234567")


def test_a_person_is_erased_by_the_shops_id_and_looked_for_by_their_addresses() -> None:
    calls = DIALECT.erase(TO_FORGET, account())
    assert [
        ("DELETE", "/v1/contact?externalCustomerId=7+7%26x&erase=true", ("external_id",), False),
        ("GET", "/v1/contacts?email=a%2Bb%40mail.test", ("email",), True),
        ("GET", "/v1/contacts?sms=380501234567", ("phone",), True),
    ] == [(call.request.method, call.request.path, call.by, call.is_search) for call in calls]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", []),
        (b"[]", []),
        (b'[{"id":5},{"id":6,"externalCustomerId":""},{"id":7,"externalCustomerId":"7 7&x"}]', [5, 6, 7]),
        (b'{"id":8}', [8]),
        (b'[{"id":9,"externalCustomerId":"of somebody else"},{"id":"../account"}]', []),
    ],
)
def test_of_the_contacts_found_those_that_are_nobody_elses_are_erased(body: bytes, expected: list[int]) -> None:
    search = DIALECT.erase(TO_FORGET, account())[1]
    found = DIALECT.erase_found(TO_FORGET, search, WireReply(status=200, body=body))
    assert found is not None
    assert [f"/v1/contact/{number}?erase=true" for number in expected] == [call.request.path for call in found]


@pytest.mark.parametrize("body", [b"<html>", b'["x"]', b"\xff"])
def test_a_page_of_contacts_that_cannot_be_read_tells_nothing(body: bytes) -> None:
    search = DIALECT.erase(TO_FORGET, account())[1]
    assert DIALECT.erase_found(TO_FORGET, search, WireReply(status=200, body=body)) is None


@pytest.mark.parametrize(
    ("name", "is_last", "taken"),
    [
        ("Ana", False, True),
        ("Олена", False, True),
        ("Jean-Luc O'Neil", False, True),
        ("Dr. Ana Maria", False, True),
        ("Ana1234", False, False),
        ("'Ana", False, False),
        ("12", False, False),
        ("a@mail.test", False, False),
        ("x" * 41, False, False),
        ("Anna Marie Louise Charlotte", False, False),
        ("Anna Marie Louise Charlotte", True, True),
    ],
)
def test_names_are_taken_as_documented(name: str, is_last: bool, taken: bool) -> None:
    assert takes_name(name, is_last=is_last) is taken


@pytest.mark.parametrize("options", [{"history_orders": "all"}, {"refunded_as": "x"}, {"item_id": "ean"}])
def test_an_option_that_means_nothing_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        DIALECT.write(statement(order(), lane=Lane.HISTORY), account(**options))


def test_every_kind_of_fact_has_a_capability_over_routes_that_exist() -> None:
    profile = DIALECT.profile
    assert set(profile.capabilities) == set(Kind)
    named = {name for capability in profile.capabilities.values() for name in capability.routes}
    assert named == set(ROUTES)
    assert {route.budget for route in profile.routes} <= {budget.name for budget in profile.budgets}
    assert [
        kind for kind, capability in profile.capabilities.items() if not capability.routes and not capability.note
    ] == []
