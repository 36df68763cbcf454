"""What the golden cases of Omnisend cannot show: sizes, ids, exact money, batches, read-backs, odd replies."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderwire.dialects.contract import (
    Account,
    Dialect,
    Expression,
    History,
    Item,
    Lane,
    Recipient,
    Snapshot,
    Statement,
)
from orderwire.dialects.omnisend.dialect import DIALECT, PROFILE
from orderwire.dialects.omnisend.fields import OWN_EVENT_NAMES, contact_id
from orderwire.dialects.omnisend.write_orders import total_discount
from orderwire.dialects.wire import ItemOutcome, JobVerdict, Observed, Result, Survey, Verdict, WireReply, WireRequest
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
    RefundKind,
    Shipment,
    Subscription,
    Variant,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)

AT = datetime(2024, 3, 1, 10, tzinfo=UTC)
WHO = Identity(email="ana@mail.test", phone="+37060000000")
TO = Recipient(person=1, email="Ana@mail.test", phone="+37060000000")
ACCOUNT = Account(
    key="brand-secret",
    base_url=PROFILE.base_url,
    options={option.name: option.default for option in PROFILE.options},
)
ROUTES = {route.name: route for route in PROFILE.routes}
BATCH = ROUTES["events_batch"]


def order(**changes: Any) -> Order:
    line = OrderLine(line_id="L1", name="Mug", product_id="P1", subtotal=1999, total=1999)
    given: dict[str, Any] = {"order_id": "1001", "identity": WHO, "currency": "EUR", "placed_at": AT, "total": 1999}
    return Order(**given | {"lines": (line,)} | changes)


def say(kind: str, snapshot: Snapshot, lane: Lane = Lane.HISTORY, **changes: Any) -> Expression:
    given: dict[str, Any] = {
        "key": "shop/key",
        "subject": "x:1",
        "source": "shop",
        "occurred_at": AT,
        "recipient": TO,
    }
    return DIALECT.write(Statement(**given | {"kind": kind, "lane": lane, "snapshot": snapshot} | changes), ACCOUNT)


def body(item: Item) -> Any:
    return msgspec.json.decode(item.body)


def batch_reply(**batch: Any) -> WireReply:
    plain = {"batchID": "65b7a1f2c3d4e5f6a7b8c9d0", "status": "finished", "errors": [], "responses": []}
    return WireReply(status=200, body=msgspec.json.encode(plain | batch))


def events(*wire_ids: str) -> list[Item]:
    return [Item(route="events_batch", wire_id=wire_id, body=b"") for wire_id in wire_ids]


def test_it_is_a_dialect() -> None:
    dialect: Dialect = DIALECT
    assert "omnisend" == dialect.profile.name


def test_every_kind_has_a_capability_and_those_without_a_route_say_why() -> None:
    assert set(Kind) == set(PROFILE.capabilities)
    assert [] == [kind for kind, can in PROFILE.capabilities.items() if not can.routes and not can.note]


def test_every_route_named_by_a_capability_exists_and_history_comes_first() -> None:
    named = {name for can in PROFILE.capabilities.values() for name in can.routes}
    assert named == set(ROUTES)
    assert {History.MAY_FIRE} == {route.history for route in PROFILE.routes}


@pytest.mark.parametrize(
    ("currency", "total", "quantity", "price", "told_total"),
    [
        ("EUR", 1999, "1", b"19.99", b"19.99"),
        ("EUR", 1000, "3", b"3.333333", b"10.00"),
        ("EUR", 5, "1", b"0.05", b"0.05"),
        ("JPY", 1000, "2", b"500", b"1000"),
        ("JPY", 1000, "3", b"333.3333", b"1000"),
        ("KWD", 1255, "1", b"1.255", b"1.255"),
        ("KWD", 1255, "2.5", b"0.502", b"1.255"),
    ],
)
def test_money_is_exact_in_every_currency(
    currency: str, total: int, quantity: str, price: bytes, told_total: bytes
) -> None:
    line = OrderLine(line_id="L", name="Mug", quantity=Decimal(quantity), total=total, subtotal=total)
    item = say("order.placed", order(currency=currency, total=total, lines=(line,))).items[0]
    assert [told_total] == re.findall(rb'"totalPrice":([0-9.]+)', item.body)
    assert [price] == re.findall(rb'"productPrice":([0-9.]+)', item.body)


@pytest.mark.parametrize(
    ("in_lines", "of_order", "total", "expected"),
    [(0, 0, 2000, 0), (500, 500, 1500, 500), (500, 0, 1500, 500), (0, 300, 1700, 300), (500, 300, 1200, 800)],
)
def test_discounts_count_once_however_the_source_spreads_them(
    in_lines: int, of_order: int, total: int, expected: int
) -> None:
    line = OrderLine(line_id="L", name="Mug", subtotal=2000, discount=in_lines, total=2000 - in_lines)
    assert expected == total_discount(order(lines=(line,), discount=of_order, total=total))


def test_ids_depend_on_the_fact_alone() -> None:
    live = say("order.placed", order(), Lane.LIVE)
    late = say("order.placed", order(total=1, updated_at=AT + timedelta(days=9)), Lane.HISTORY)
    assert [item.wire_id for item in live.items] == [item.wire_id for item in late.items]
    assert ["event", "event"] == [item.route for item in live.items]
    assert ["events_batch", "events_batch"] == [item.route for item in late.items]


def test_other_facts_have_other_ids() -> None:
    lines = tuple(OrderLine(line_id=name, name="Mug", sku="SAME", product_id="P") for name in ("1", "2"))
    ids = [item.wire_id for item in say("order.placed", order(lines=lines)).items]
    ids += [item.wire_id for item in say("order.paid", order(lines=lines)).items]
    ids += [item.wire_id for item in say("order.placed", order(lines=lines), key="shop/other").items]
    assert 7 == len(set(ids))


def test_an_event_carries_its_own_time_and_no_consent() -> None:
    for lane in Lane:
        told = body(say("order.placed", order(marketing_consent=True), lane, occurred_at=AT).items[0])
        assert "2024-03-01T10:00:00Z" == told["eventTime"]
        assert {"email": "Ana@mail.test"} == told["contact"]


@pytest.mark.parametrize(
    ("changes", "at", "expected"),
    [
        ({}, AT, "awaitingPayment"),
        ({"paid_at": AT + timedelta(hours=1)}, AT, "awaitingPayment"),
        ({"paid_at": AT}, AT, "paid"),
        ({"cancelled_at": AT}, AT, "voided"),
        ({"paid_at": AT, "refunds": (Refund(refund_id="R", refunded_at=AT, amount=1),)}, AT, "partiallyRefunded"),
        ({"paid_at": AT, "refunds": (Refund(refund_id="R", refunded_at=AT, amount=1999),)}, AT, "refunded"),
        ({"refunds": (Refund(refund_id="R", refunded_at=AT, amount=0, kind=RefundKind.FULL),)}, AT, "refunded"),
    ],
)
def test_the_payment_status_is_that_of_the_event(changes: dict[str, Any], at: datetime, expected: str) -> None:
    told = body(say("order.placed", order(**changes), occurred_at=at).items[0])
    assert expected == told["properties"]["paymentStatus"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "unfulfilled"),
        ({"fulfilled_at": AT}, "fulfilled"),
        ({"delivered_at": AT}, "delivered"),
        ({"shipments": (Shipment(shipment_id="S", shipped_at=AT),)}, "fulfilled"),
        ({"shipments": (Shipment(shipment_id="S", shipped_at=AT, delivered_at=AT),)}, "delivered"),
        (
            {"shipments": tuple(Shipment(shipment_id=str(d), shipped_at=AT + timedelta(days=d)) for d in (0, 1))},
            "inProgress",
        ),
    ],
)
def test_the_fulfilment_status_is_that_of_the_event(changes: dict[str, Any], expected: str) -> None:
    assert expected == body(say("order.paid", order(**changes)).items[0])["properties"]["fulfillmentStatus"]


@pytest.mark.parametrize("lane", list(Lane))
@pytest.mark.parametrize("is_known_there", [False, True])
def test_a_corrected_event_is_never_told_a_second_time(lane: Lane, is_known_there: bool) -> None:
    told = say("order.placed", order(), lane, revision=1, is_known_there=is_known_there)
    assert ((), ("correction: an event stays there as it was first sent",)) == (told.items, told.unsaid)


def test_an_order_without_lines_says_so() -> None:
    assert [] == body(say("order.placed", order(lines=())).items[0])["properties"]["lineItems"]


def test_an_emptied_cart_says_so() -> None:
    cart = Cart(cart_id="C1", identity=WHO, currency="EUR", total=0, updated_at=AT)
    assert [] == body(say("cart.abandoned", cart, Lane.LIVE).items[0])["properties"]["lineItems"]


def test_a_line_without_a_name_goes_by_its_product() -> None:
    told = say("order.placed", order(lines=(OrderLine(line_id="L1", name="", product_id="P1", total=1999),)))
    assert "P1" == body(told.items[1])["properties"]["product"]["productTitle"]


def test_a_refund_that_vanished_is_named() -> None:
    told = say("order.refunded", order(), detail="R9")
    assert ((), 1) == (told.items, len(told.unsaid))


def test_two_refunds_tell_their_own_amounts() -> None:
    refunds = tuple(
        Refund(refund_id=name, refunded_at=AT, amount=amount) for name, amount in (("A", 100), ("B", 250))
    )
    told = [
        body(
            say("order.refunded", order(refunds=refunds), detail=refund.refund_id, key=f"k/{refund.refund_id}").items[
                0
            ]
        )
        for refund in refunds
    ]
    assert [1.0, 2.5] == [event["properties"]["totalRefundedAmount"] for event in told]
    assert 2 == len({event["eventID"] for event in told})


@pytest.mark.parametrize(
    ("count", "name", "loss"),
    [
        (2500, "x" * 300, ("lineItems: shortened to fit",)),
        (20000, "x" * 300, ("lineItems: left out to fit",)),
    ],
)
def test_an_order_too_large_loses_named_detail_only(count: int, name: str, loss: tuple[str, ...]) -> None:
    line = OrderLine(line_id="L", name=name, product_id="P", url="https://shop.test/" + "y" * 100, total=1)
    told = say("order.paid", order(lines=(line,) * count))
    assert loss == told.unsaid
    assert BATCH.max_item_bytes is not None
    assert len(told.items[0].body) <= BATCH.max_item_bytes


@pytest.mark.parametrize(
    ("kind", "snapshot"),
    [
        ("order.paid", order(note="x" * 1_000_001)),
        (
            "custom.big",
            Event(event_id="E", name="custom.big", identity=WHO, occurred_at=AT, properties={"x": "y" * 1_000_001}),
        ),
        ("person.updated", Person(identity=WHO, properties={"x": "y" * 1_000_001})),
    ],
)
def test_what_cannot_fit_is_refused_with_the_reason(kind: str, snapshot: Snapshot) -> None:
    told = say(kind, snapshot)
    assert ((), True) == (told.items, told.unsaid[0].startswith("size:"))


def test_a_batch_is_exactly_the_sum_of_its_parts() -> None:
    items = [item for number in range(50) for item in say("order.placed", order(), key=f"k/{number}").items]
    request = DIALECT.assemble(BATCH, items, ACCOUNT)
    decoded = msgspec.json.decode(request.body)
    assert ("POST", "/batches") == (request.method, request.path)
    assert {"method": "POST", "endpoint": "events"} == {name: decoded[name] for name in ("method", "endpoint")}
    assert [item.wire_id for item in items] == [event["eventID"] for event in decoded["items"]]
    parts = sum(len(item.body) for item in items) + len(items) - 1
    assert len(request.body) - parts <= BATCH.frame_bytes


def test_a_product_batch_uses_the_method_of_its_group() -> None:
    product = Product(product_id="P/1 ü", title="Mug", price=Decimal(15), currency="EUR", url="https://shop.test/p")
    history = say("product.updated", product, recipient=None)
    frames = [
        msgspec.json.decode(DIALECT.assemble(ROUTES[item.route], [item], ACCOUNT).body)["method"]
        for item in history.items
    ]
    assert ["POST", "PUT"] == frames == [item.group for item in history.items]


def test_a_product_id_is_escaped_in_its_path() -> None:
    product = Product(product_id="P/1 ü", title="Mug", price=Decimal(15), currency="EUR", url="https://shop.test/p")
    told = say("product.updated", product, Lane.LIVE, recipient=None, is_known_there=True)
    (item,) = told.items
    request = DIALECT.assemble(ROUTES[item.route], [item], ACCOUNT)
    assert ("PUT", "/products/P%2F1%20%C3%BC") == (request.method, request.path)


def test_a_product_keeps_to_the_platforms_lengths_and_names_what_it_cut() -> None:
    variants = tuple(Variant(variant_id=str(number), price=Decimal(1)) for number in range(501))
    product = Product(
        product_id="P",
        title="t" * 300,
        description="d" * 2000,
        currency="EUR",
        url="https://shop.test/p",
        variants=(*variants, Variant(variant_id="priceless")),
        tags=tuple(map(str, range(101))),
    )
    told = say("product.updated", product, recipient=None)
    wire = body(told.items[0])
    assert (255, 1000, 500, 100) == tuple(len(wire[name]) for name in ("title", "description", "variants", "tags"))
    assert 5 == len(told.unsaid)


def test_credentials_and_version_go_into_the_headers() -> None:
    request = DIALECT.authorize(WireRequest(method="POST", path="/events", body=b"{}"), ACCOUNT, NOW)
    assert {
        "Authorization": "Omnisend-API-Key brand-secret",
        "Omnisend-Version": "2026-03-15",
        "Accept": "application/json",
        "Content-Type": "application/json",
    } == dict(request.headers)


@given(
    state=st.sampled_from(ConsentState),
    in_force=st.sampled_from(ConsentState),
    lane=st.sampled_from(Lane),
    is_news=st.booleans(),
    is_dated=st.booleans(),
)
def test_a_contact_is_subscribed_and_welcomed_only_by_a_persons_own_yes(
    state: ConsentState, in_force: ConsentState, lane: Lane, is_news: bool, is_dated: bool
) -> None:
    stated = Consent(identity=WHO, channel=Channel.EMAIL, state=state, changed_at=AT if is_dated else None)
    to = msgspec.structs.replace(TO, consent={Channel.EMAIL: in_force})
    told = say("consent.changed", stated, lane, recipient=to, is_consent_news=is_news)
    described = say("person.updated", Person(identity=WHO), lane, recipient=to)
    yes = state is ConsentState.SUBSCRIBED
    if yes and in_force is not state:
        assert ((), True) == (told.items, bool(told.withheld))
    else:
        identifier = body(told.items[0])["identifiers"][0]
        assert yes == (identifier["channels"]["email"]["status"] == "subscribed")
        assert (yes and is_news and lane is Lane.LIVE) == identifier["sendWelcomeMessage"]
    assert b'"subscribed"' not in described.items[0].body
    assert b'"sendWelcomeMessage":true' not in described.items[0].body


def test_a_description_names_one_identifier_and_keeps_the_phone() -> None:
    told = body(say("person.updated", Person(identity=WHO)).items[0])
    assert ["Ana@mail.test"] == [identifier["id"] for identifier in told["identifiers"]]
    assert {"phone": "+37060000000"} == told["customProperties"]


def test_no_address_is_an_id_of_ours() -> None:
    (item,) = say("person.updated", Person(identity=WHO)).items
    assert contact_id("ANA@mail.test ") == item.wire_id
    assert "@" not in item.wire_id


def test_a_consent_for_a_channel_the_person_lacks_is_named() -> None:
    stated = Consent(identity=WHO, channel=Channel.SMS, state=ConsentState.UNSUBSCRIBED)
    told = say("consent.changed", stated, recipient=Recipient(person=1, email="a@mail.test"))
    assert ((), ("sms: the person has not a phone number",)) == (told.items, told.unsaid)


@pytest.mark.parametrize("name", sorted(OWN_EVENT_NAMES))
def test_a_custom_event_never_takes_a_name_of_the_platform(name: str) -> None:
    happened = Event(event_id="E", name=f"custom.{name}", identity=WHO, occurred_at=AT)
    assert f"custom {name}" == body(say(happened.name, happened).items[0])["eventName"]


def test_a_cart_in_history_tells_each_of_its_products() -> None:
    lines = tuple(OrderLine(line_id=name, name="Mug", total=100) for name in ("1", "2"))
    cart = Cart(cart_id="C", identity=WHO, currency="EUR", total=200, updated_at=AT, lines=lines)
    assert 2 == len(say("cart.updated", cart).items)


def test_a_subscription_without_price_is_told_without() -> None:
    given = Subscription(subscription_id="S", identity=WHO, created_at=AT)
    told = body(say("subscription.created", given).items[0])["properties"]
    assert {"subscriptionID": "S", "createdAt": "2024-03-01T10:00:00Z"} == told


def listed(name: str, **changes: Any) -> dict[str, Any]:
    whole = {"status": "finished", "totalCount": 2, "finishedCount": 2, "errorsCount": 0}
    return {"batchID": name} | whole | changes


def page(*batches: Any, following: str | None = None) -> WireReply:
    told = {"batches": batches, "paging": {"next": following, "previous": None}}
    return WireReply(status=200, body=msgspec.json.encode(told))


def test_a_list_of_batches_tells_which_are_over_and_which_of_them_whole() -> None:
    reply = page(
        listed("whole"),
        listed("failed", errorsCount=1),
        listed("stopped", status="stopped"),
        listed("short", finishedCount=1),
        listed("silent", errorsCount=None),
        listed("at work", status="inProgress"),
        listed("waiting", status="pending"),
        "stranger",
    )
    expected = Survey(
        done_well=("whole",),
        look_closer=("failed", "stopped", "short", "silent"),
        under_way=("at work", "waiting"),
    )
    assert expected == DIALECT.interpret_survey(BATCH, "", reply)


def test_a_batch_of_contacts_is_looked_into_even_where_nothing_failed() -> None:
    assert Survey(look_closer=("b",)) == DIALECT.interpret_survey(ROUTES["contacts_batch"], "", page(listed("b")))


def test_batches_are_listed_by_resource_from_the_day_before_the_oldest_on() -> None:
    request = DIALECT.survey(BATCH, "500", AT, ACCOUNT)
    assert request is not None
    assert "/batches?endpoint=events&dateFrom=2024-02-29&limit=250&offset=500" == request.path


@pytest.mark.parametrize(
    ("batches", "following", "expected"),
    [(("a", "b"), "https://x.test", "502"), (("a", "b"), None, None), ((), "https://x.test", None)],
)
def test_the_list_goes_on_where_the_page_ended(
    batches: tuple[str, ...], following: str | None, expected: str | None
) -> None:
    told = DIALECT.interpret_survey(BATCH, "500", page(*map(listed, batches), following=following))
    assert told is not None
    assert expected == told.next


@pytest.mark.parametrize(
    "reply",
    [
        WireReply(status=403),
        WireReply(status=500, body=b'{"batches":[]}'),
        WireReply(status=200, body=b"{"),
        WireReply(status=200, body=b'{"batches":null}'),
    ],
)
def test_a_list_that_cannot_be_read_tells_nothing(reply: WireReply) -> None:
    assert DIALECT.interpret_survey(BATCH, "", reply) is None


def test_what_is_sent_alone_has_no_list() -> None:
    assert DIALECT.survey(ROUTES["event"], "", AT, ACCOUNT) is None


@pytest.mark.parametrize("status", ["pending", "inProgress", None])
def test_a_batch_that_is_not_finished_is_asked_again(status: str | None) -> None:
    verdict = DIALECT.interpret_job(BATCH, "j", batch_reply(status=status), events("a"))
    assert not verdict.is_done


@pytest.mark.parametrize(
    ("status", "is_done"), [(404, True), (410, True), (401, False), (429, False), (500, False), (503, False)]
)
def test_a_batch_that_cannot_be_asked_about_is_asked_again_unless_it_is_gone(status: int, is_done: bool) -> None:
    verdict = DIALECT.interpret_job(BATCH, "j", WireReply(status=status), events("a"))
    assert is_done == verdict.is_done
    assert not is_done or verdict.result is Result.UNKNOWN


def test_a_finished_batch_confirms_what_it_does_not_blame() -> None:
    entry = {"itemID": "2", "responseCode": 400, "response": {"title": "Bad Request"}, "request": {"eventID": "b"}}
    verdict = DIALECT.interpret_job(BATCH, "j", batch_reply(errors=[entry], errorsCount=1), events("a", "b", "c"))
    blamed = ItemOutcome(index=1, result=Result.REJECTED, reason="400: Bad Request")
    assert JobVerdict(is_done=True, result=Result.CONFIRMED, items=(blamed,), ask_again_after=1.0) == verdict


@pytest.mark.parametrize(
    ("entry", "index"),
    [
        ({"itemID": "1"}, 0),
        ({"itemID": "3"}, 2),
        ({"itemID": 3}, 2),
        ({"itemID": "1", "request": {"eventID": "c"}}, 2),
        ({"itemID": "0", "request": {"eventID": "b"}}, 1),
        ({"itemID": "0"}, 0),
        ({"itemID": "2", "request": {"eventName": "x"}}, 1),
    ],
)
def test_the_echoed_request_counts_before_the_number(entry: dict[str, Any], index: int) -> None:
    reply = batch_reply(errors=[entry | {"responseCode": 400}])
    verdict = DIALECT.interpret_job(BATCH, "j", reply, events("a", "b", "c"))
    assert [index] == [outcome.index for outcome in verdict.items]


@pytest.mark.parametrize(
    "batch",
    [
        {"errors": [{"itemID": "9", "responseCode": 400}]},
        {"errors": [{"itemID": "1", "responseCode": 400, "request": {"eventID": "stranger"}}]},
        {"errors": [{"responseCode": 400}]},
        {"errorsCount": 1},
        {"status": "stopped"},
    ],
)
def test_what_cannot_be_assigned_leaves_the_rest_unknown(batch: dict[str, Any]) -> None:
    verdict = DIALECT.interpret_job(BATCH, "j", batch_reply(**batch), events("a", "b"))
    assert (True, Result.UNKNOWN) == (verdict.is_done, verdict.result)


def test_a_stopped_batch_confirms_what_it_lists_as_answered() -> None:
    done = {"itemID": "1", "responseCode": 202, "request": {"eventID": "a"}}
    verdict = DIALECT.interpret_job(BATCH, "j", batch_reply(status="stopped", responses=[done]), events("a", "b"))
    assert (Result.UNKNOWN, [(0, Result.CONFIRMED)]) == (
        verdict.result,
        [(outcome.index, outcome.result) for outcome in verdict.items],
    )


@pytest.mark.parametrize(
    ("route", "code", "expected"),
    [
        ("events_batch", 400, Result.REJECTED),
        ("events_batch", 429, Result.UNAVAILABLE),
        ("events_batch", 403, Result.UNAVAILABLE),
        ("events_batch", 503, Result.UNAVAILABLE),
        ("events_batch", 500, Result.UNKNOWN),
        ("products_batch", 409, Result.CONFIRMED),
        ("products_batch", 404, Result.UNAVAILABLE),
        ("contacts_batch", 409, Result.REJECTED),
    ],
)
def test_an_items_code_means_what_the_single_call_would_mean(route: str, code: int, expected: Result) -> None:
    reply = batch_reply(errors=[{"itemID": "1", "responseCode": code}])
    verdict = DIALECT.interpret_job(ROUTES[route], "j", reply, [Item(route=route, wire_id="a", body=b"")])
    assert expected == (verdict.items[0].result if verdict.items else verdict.result)


def test_an_identifier_dropped_without_an_error_is_noticed() -> None:
    stated = Consent(identity=WHO, channel=Channel.SMS, state=ConsentState.UNSUBSCRIBED, changed_at=AT)
    (item,) = say("consent.changed", stated, Lane.LIVE).items
    request = DIALECT.assemble(ROUTES["contact"], [item], ACCOUNT)
    kept = {"id": "1", "identifiers": [{"type": "email", "id": "ana@mail.test"}]}
    reply = WireReply(status=200, body=msgspec.json.encode(kept))
    assert Result.REJECTED is DIALECT.interpret(ROUTES["contact"], request, reply, [item]).result
    both = {"identifiers": [*kept["identifiers"], {"type": "phone", "id": "370 600 00000"}]}
    reply = WireReply(status=200, body=msgspec.json.encode(both))
    assert Result.CONFIRMED is DIALECT.interpret(ROUTES["contact"], request, reply, [item]).result


@pytest.mark.parametrize(
    ("status_there", "expected"),
    [("subscribed", Result.CONFIRMED), ("unsubscribed", Result.CONFIRMED), ("nonSubscribed", Result.REJECTED)],
)
def test_a_yes_that_was_not_taken_is_noticed(status_there: str, expected: Result) -> None:
    stated = Consent(identity=WHO, channel=Channel.EMAIL, state=ConsentState.SUBSCRIBED, changed_at=AT)
    (item,) = say("consent.changed", stated, Lane.LIVE, is_consent_news=True).items
    request = DIALECT.assemble(ROUTES["contact"], [item], ACCOUNT)
    kept = {
        "identifiers": [{"type": "email", "id": "Ana@mail.test", "channels": {"email": {"status": status_there}}}]
    }
    reply = WireReply(status=200, body=msgspec.json.encode(kept))
    assert expected is DIALECT.interpret(ROUTES["contact"], request, reply, [item]).result
    entry = {"itemID": "1", "responseCode": 200, "request": body(item), "response": kept}
    listed = Item(route="contacts_batch", wire_id=item.wire_id, body=b"")
    verdict = DIALECT.interpret_job(ROUTES["contacts_batch"], "j", batch_reply(responses=[entry]), [listed])
    assert expected is (verdict.items[0].result if verdict.items else verdict.result)


CONTACTS = {
    "contacts": [
        {
            "id": "1",
            "createdAt": "2023-01-01T00:00:00Z",
            "identifiers": [
                {"type": "email", "id": "a@mail.test", "channels": {"email": {"status": "unsubscribed"}}},
                {"type": "phone", "id": "+37060000001", "channels": {"sms": {"status": "subscribed"}}},
            ],
            "statuses": [
                {"channel": "email", "status": "unsubscribed", "statusChangedAt": "2024-01-01T00:00:00+02:00"}
            ],
        },
        {
            "id": "2",
            "email": "b@mail.test",
            "phone": ["+37060000002"],
            "statuses": [
                {"channel": "email", "status": "unsubscribed", "date": "2024-01-02T00:00:00"},
                {"channel": "sms", "status": "unsubscribed", "statusChangedAt": None},
            ],
        },
        "odd",
    ],
    "paging": {"limit": 250, "hasMore": True, "cursors": {"after": "c/2", "before": None}},
}


def test_opt_outs_are_read_with_their_dates_and_the_cursor_goes_on() -> None:
    page = DIALECT.interpret_opt_outs("", WireReply(status=200, body=msgspec.json.encode(CONTACTS)))
    assert [
        (Identity(email="a@mail.test"), Channel.EMAIL, datetime(2023, 12, 31, 22, tzinfo=UTC)),
        (Identity(email="b@mail.test"), Channel.EMAIL, datetime(2024, 1, 2, tzinfo=UTC)),
        (Identity(phone="+37060000002"), Channel.SMS, None),
    ] == [(consent.identity, consent.channel, consent.changed_at) for consent in page.consents]
    assert {ConsentState.UNSUBSCRIBED} == {consent.state for consent in page.consents}
    assert page.next == "c/2"
    request = DIALECT.opt_outs(page.next, ACCOUNT)
    assert request is not None
    assert "/contacts?status=unsubscribed&limit=250&after=c%2F2" == request.path


@pytest.mark.parametrize(
    "reply",
    [WireReply(status=500), WireReply(status=200, body=b'{"contacts":[{"id"'), WireReply(status=200, body=b"[]")],
)
@pytest.mark.parametrize("cursor", ["", "c2"])
def test_an_unreadable_page_is_never_taken_for_the_end(reply: WireReply, cursor: str) -> None:
    for page in (DIALECT.interpret_opt_outs(cursor, reply), DIALECT.interpret_held("people", cursor, reply)):
        assert page.next
        request = DIALECT.opt_outs(page.next, ACCOUNT)
        assert request == DIALECT.opt_outs(cursor, ACCOUNT)


def test_held_people_go_by_the_ids_we_send() -> None:
    page = DIALECT.interpret_held("people", "", WireReply(status=200, body=msgspec.json.encode(CONTACTS)))
    assert contact_id("A@mail.test") in {held.wire_id for held in page.held}


@pytest.mark.parametrize(("following", "expected"), [("https://x.test/products?offset=102", "102"), (None, None)])
def test_held_products_are_read_by_offset(following: str | None, expected: str | None) -> None:
    listed = {"products": [{"id": "P1", "status": "inStock"}, {"id": "P2"}], "paging": {"next": following}}
    page = DIALECT.interpret_held("products", "100", WireReply(status=200, body=msgspec.json.encode(listed)))
    assert (["P1", "P2"], expected) == ([held.wire_id for held in page.held], page.next)


def test_what_cannot_be_read_back_is_not_asked_for() -> None:
    assert DIALECT.held("events", "", ACCOUNT) is None
    assert () == DIALECT.erase(TO, ACCOUNT)


REPLY_NAMES = [
    *("batchID", "status", "errors", "responses", "itemID", "request", "response", "responseCode", "errorsCount"),
    *("identifiers", "id", "eventID", "title", "error", "fields", "field", "detail", "retryAfter"),
    *("contacts", "products", "paging", "cursors", "after", "hasMore", "next", "createdAt"),
    *("statuses", "channel", "channels", "email", "phone", "type"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(REPLY_NAMES),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
BODIES = st.binary(max_size=60) | JSON.map(msgspec.json.encode)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"]),
    st.text(max_size=8) | st.sampled_from(["nan", "inf", "-1", "1e400", "0"]),
)


def test_the_budget_learns_from_every_reply() -> None:
    headers = {"x-rate-limit-limit": "400", "x-rate-limit-remaining": "399", "x-rate-limit-reset": "60"}
    reply = WireReply(status=202, headers=headers)
    verdict = DIALECT.interpret(ROUTES["event"], WireRequest(method="POST", path="/events"), reply, events("a"))
    (budget,) = PROFILE.budgets
    assert (Observed(budget=budget.name, limit=400, per=60.0, remaining=399, reset=60.0),) == verdict.observed


@settings(max_examples=150)
@given(route=st.sampled_from(PROFILE.routes), status=st.integers(0, 999), reply_body=BODIES, headers=HEADERS)
def test_every_reply_gives_a_verdict(route: Any, status: int, reply_body: bytes, headers: dict[str, str]) -> None:
    reply = WireReply(status=status, headers=headers, body=reply_body)
    items = [Item(route=route.name, wire_id="a", body=b"{}")]
    request = WireRequest(method="POST", path="/", body=b'{"identifiers":[{"type":"email","id":"a@mail.test"}]}')
    assert isinstance(DIALECT.interpret(route, request, reply, items), Verdict)
    assert isinstance(DIALECT.interpret_job(route, "j", reply, items), JobVerdict)
    for cursor in ("", "7"):
        DIALECT.interpret_opt_outs(cursor, reply)
        DIALECT.interpret_held("people", cursor, reply)
        DIALECT.interpret_held("products", cursor, reply)


@given(st.text(alphabet="ab@.'\"+0123456789 ", max_size=40))
def test_a_reason_holds_no_address(text: str) -> None:
    reply = WireReply(status=400, body=msgspec.json.encode({"title": text, "detail": text}))
    verdict = DIALECT.interpret(ROUTES["event"], WireRequest(method="POST", path="/"), reply, events("a"))
    assert "@" not in verdict.reason
