"""What Ometria is told, beyond its golden cases: sizes, ids, money, consent, late errors and what is read back."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product as every_combination
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderwire.dialects.contract import Account, Item, Lane, Recipient, Statement
from orderwire.dialects.ometria.dialect import DIALECT
from orderwire.dialects.ometria.fields import contact_id, frequency
from orderwire.dialects.ometria.profile import PROFILE
from orderwire.dialects.ometria.replies import clean
from orderwire.dialects.wire import Result, WireReply, WireRequest
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
    Subscription,
    Variant,
)

NOW = datetime(2026, 5, 1, 10, tzinfo=UTC)
WHO = Identity(email="ana@mail.test", phone="+43316123456")
ANA = Recipient(person=1, email="ana@mail.test", phone="+43316123456")
ROUTES = {route.name: route for route in PROFILE.routes}
MAX = 60_000


def account(**options: Any) -> Account:
    defaults = {option.name: option.default for option in PROFILE.options}
    return Account(key="secret-key", base_url=PROFILE.base_url, options=defaults | options)


def order(**changes: Any) -> Order:
    values = {"order_id": "1001", "identity": WHO, "currency": "EUR", "placed_at": NOW, "total": 1999, **changes}
    return Order(**values)


def statement(kind: str, snapshot: Any, **changes: Any) -> Statement:
    values = {
        "kind": kind,
        "key": "shop/thing:1",
        "subject": "thing:1",
        "source": "shop",
        "occurred_at": NOW,
        "lane": Lane.LIVE,
        "snapshot": snapshot,
        "recipient": ANA,
        **changes,
    }
    return Statement(**values)


def written(kind: str, snapshot: Any, options: dict[str, Any] | None = None, **changes: Any) -> Any:
    return DIALECT.write(statement(kind, snapshot, **changes), account(**(options or {})))


def line(line_id: str, **changes: Any) -> OrderLine:
    return OrderLine(**{"line_id": line_id, "name": "Tea", "product_id": "P1", **changes})


def items(count: int, route: str = "orders") -> list[Item]:
    return [Item(route=route, wire_id=str(place), body=b"{}") for place in range(count)]


def test_every_kind_has_a_capability_and_every_route_a_budget() -> None:
    assert set(Kind) == set(PROFILE.capabilities)
    assert {route.budget for route in PROFILE.routes} <= {budget.name for budget in PROFILE.budgets}
    used = {route for capability in PROFILE.capabilities.values() for route in capability.routes}
    assert used == set(ROUTES)


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_a_request_is_exactly_its_items_commas_and_frame(name: str) -> None:
    bodies = [json.dumps({"id": str(n)}).encode() for n in range(3)]
    records = [Item(route=name, wire_id=str(n), body=body) for n, body in enumerate(bodies)]
    request = DIALECT.assemble(ROUTES[name], records, account())
    assert len(request.body) == sum(map(len, bodies)) + 2 + ROUTES[name].frame_bytes
    assert [{"id": "0"}, {"id": "1"}, {"id": "2"}] == json.loads(request.body)
    assert ("POST", "/v2/push", "api") == (request.method, request.path, request.budget)


def test_the_key_travels_in_its_own_header() -> None:
    request = DIALECT.authorize(DIALECT.check(account()), account(), NOW)
    assert ("X-Ometria-Auth", "secret-key") in request.headers


@pytest.mark.parametrize(
    ("currency", "total", "text"),
    [
        ("EUR", 1999, b'"grand_total":19.99,'),
        ("EUR", 10, b'"grand_total":0.10,'),
        ("JPY", 1999, b'"grand_total":1999,'),
        ("KWD", 1999, b'"grand_total":1.999,'),
        ("EUR", 900719925474099301, b'"grand_total":9007199254740993.01,'),
    ],
)
def test_money_is_exact_in_every_currency(currency: str, total: int, text: bytes) -> None:
    assert text in written("order.placed", order(currency=currency, total=total)).items[0].body


def test_a_unit_price_keeps_its_digits() -> None:
    body = written("order.placed", order(lines=(line("a", unit_price=Decimal("0.0375")),))).items[0].body
    assert b'"unit_price":0.0375' in body


def test_an_order_that_is_too_large_loses_properties_first_and_says_so() -> None:
    large = order(properties={"note": "x" * MAX}, lines=(line("a"),))
    expression = written("order.placed", large)
    record = json.loads(expression.items[0].body)
    assert ("properties" in record, len(record["lineitems"])) == (False, 1)
    assert ("properties: the order is larger than 60 KB with them",) == expression.unsaid


def test_an_order_of_very_many_lines_keeps_its_money_and_loses_them() -> None:
    expression = written("order.placed", order(lines=tuple(line(str(n)) for n in range(1000))))
    record = json.loads(expression.items[0].body)
    assert (19.99, False) == (record["grand_total"], "lineitems" in record)
    assert ("lineitems: the order is larger than 60 KB with them",) == expression.unsaid


def test_an_order_that_cannot_be_made_small_enough_is_not_expressible() -> None:
    expression = written("order.placed", order(store="x" * MAX))
    assert ((), ("the order is larger than 60 KB even without lines and properties",)) == (
        expression.items,
        expression.unsaid,
    )


@pytest.mark.parametrize(
    ("kind", "snapshot"),
    [
        ("product.updated", Product(product_id="P1", title="Tea", properties={"text": "x" * MAX})),
        ("person.updated", Person(identity=WHO, properties={"text": "x" * MAX})),
        (
            "cart.updated",
            Cart(
                cart_id="K",
                identity=WHO,
                currency="EUR",
                total=1,
                updated_at=NOW,
                lines=tuple(line(str(n)) for n in range(1500)),
            ),
        ),
    ],
)
def test_no_record_is_larger_than_the_platform_takes(kind: str, snapshot: Any) -> None:
    expression = written(kind, snapshot)
    assert [True] == [len(item.body) <= MAX for item in expression.items]
    assert any("larger than 60 KB" in reason for reason in expression.unsaid)


@pytest.mark.parametrize(
    ("kind", "snapshot"),
    [
        ("order.placed", order()),
        ("cart.abandoned", Cart(cart_id="K", identity=WHO, currency="EUR", total=1, updated_at=NOW)),
        ("person.updated", Person(identity=WHO)),
        ("product.updated", Product(product_id="P1", title="Tea", variants=(Variant(variant_id="V1"),))),
        ("subscription.created", Subscription(subscription_id="S", identity=WHO, created_at=NOW)),
        ("consent.changed", Consent(identity=WHO, channel=Channel.EMAIL, state=ConsentState.SUBSCRIBED)),
    ],
)
def test_wire_ids_depend_on_the_fact_alone(kind: str, snapshot: Any) -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    seen = {
        tuple(item.wire_id for item in written(kind, snapshot, lane=lane, occurred_at=at, is_known_there=known).items)
        for lane, at, known in every_combination(Lane, (NOW, later), (False, True))
    }
    assert 1 == len(seen)
    assert {False} == {"@" in wire_id for ids in seen for wire_id in ids}


def test_two_happenings_of_one_key_have_two_event_ids() -> None:
    cart = Cart(cart_id="K", identity=WHO, currency="EUR", total=1, updated_at=NOW)
    ids = {written(kind, cart).items[0].wire_id for kind in ("cart.updated", "cart.abandoned", "checkout.started")}
    assert 3 == len(ids)


@pytest.mark.parametrize(("external_id", "email"), [(None, "Ana@mail.test"), ("ana@mail.test", "ana@mail.test ")])
def test_a_contact_id_never_shows_an_address_and_does_not_depend_on_its_spelling(
    external_id: str | None, email: str
) -> None:
    assert contact_id(None, "ana@mail.test") == contact_id(external_id, email)
    assert "ana" not in contact_id(external_id, email)


@pytest.mark.parametrize(("state", "lane", "is_news"), [*every_combination(ConsentState, Lane, (False, True))])
def test_an_opt_in_is_stated_only_where_the_person_gave_it(state: ConsentState, lane: Lane, *, is_news: bool) -> None:
    consent = Consent(identity=WHO, channel=Channel.EMAIL, state=state, changed_at=NOW)
    expression = written("consent.changed", consent, {"force_optin": True}, lane=lane, is_consent_news=is_news)
    record = json.loads(expression.items[0].body)
    expected = {
        ConsentState.SUBSCRIBED: "EXPLICITLY_OPTEDIN",
        ConsentState.UNSUBSCRIBED: "EXPLICITLY_OPTEDOUT",
        ConsentState.SUPPRESSED: "EXPLICITLY_OPTEDOUT",
        ConsentState.NEVER_ASKED: "NOT_SPECIFIED",
    }
    assert expected[state] == record["marketing_optin"]
    may_fire = is_news and lane is Lane.LIVE
    assert ("timestamp_subscribed" in record) == (may_fire and state is ConsentState.SUBSCRIBED)
    assert ("@force_optin" in record) == (may_fire and state is ConsentState.SUBSCRIBED)
    assert lane is Lane.LIVE or not {name for name in record if name.startswith("timestamp")}


def test_an_undated_opt_in_is_never_forced() -> None:
    consent = Consent(identity=WHO, channel=Channel.EMAIL, state=ConsentState.SUBSCRIBED)
    body = written("consent.changed", consent, {"force_optin": True}, is_consent_news=True).items[0].body
    assert b"@force_optin" not in body


@pytest.mark.parametrize(
    ("in_force", "is_known", "expected"),
    [
        (None, False, "NOT_SPECIFIED"),
        (ConsentState.SUBSCRIBED, False, None),
        (ConsentState.NEVER_ASKED, False, "NOT_SPECIFIED"),
        (ConsentState.SUBSCRIBED, True, None),
        (None, True, None),
        (ConsentState.UNSUBSCRIBED, False, "EXPLICITLY_OPTEDOUT"),
        (ConsentState.SUPPRESSED, True, "EXPLICITLY_OPTEDOUT"),
    ],
)
def test_news_of_a_person_never_widens_nor_blurs_consent(
    in_force: ConsentState | None, expected: str | None, *, is_known: bool
) -> None:
    consent = {Channel.EMAIL: in_force} if in_force else {}
    who = msgspec.structs.replace(ANA, consent=consent, is_known_there=is_known)
    record = json.loads(written("person.updated", Person(identity=WHO), recipient=who).items[0].body)
    assert (expected, True) == (record.get("marketing_optin"), record["@merge"])


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("in_force", [ConsentState.UNSUBSCRIBED, ConsentState.SUPPRESSED, ConsentState.NEVER_ASKED])
def test_an_opt_in_that_a_later_choice_has_withdrawn_is_withheld(channel: Channel, in_force: ConsentState) -> None:
    consent = Consent(identity=WHO, channel=channel, state=ConsentState.SUBSCRIBED, changed_at=NOW)
    who = msgspec.structs.replace(ANA, consent={channel: in_force})
    expression = written("consent.changed", consent, lane=Lane.HISTORY, recipient=who)
    assert ((), "a later choice of this person is in force") == (expression.items, expression.withheld)


def test_a_corrected_custom_event_is_not_sent_a_second_time() -> None:
    wish = Event(event_id="e1", name="custom.wish", identity=WHO, occurred_at=NOW)
    expression = written("custom.wish", wish, revision=1)
    assert ((), True) == (expression.items, "cannot be corrected there" in expression.unsaid[0])


def test_an_amount_without_its_currency_is_named() -> None:
    wish = Event(event_id="e1", name="custom.wish", identity=WHO, occurred_at=NOW, value=500)
    assert ("value: an amount without its currency",) == written("custom.wish", wish).unsaid


def test_a_variant_that_costs_nothing_has_no_price_of_its_product() -> None:
    gift = Product(
        product_id="p1", title="Cup", price=Decimal(9), variants=(Variant(variant_id="v1", price=Decimal(0)),)
    )
    assert 0 == json.loads(written("product.updated", gift, recipient=None).items[1].body)["price"]


@pytest.mark.parametrize("state", ConsentState)
def test_an_order_says_nothing_about_marketing(state: ConsentState) -> None:
    who = msgspec.structs.replace(ANA, consent={Channel.EMAIL: state})
    body = written("order.placed", order(marketing_consent=True), recipient=who).items[0].body
    assert b"optin" not in body


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.startswith("order.") and kind != "order.upcoming"])
def test_every_order_fact_sends_the_whole_order_under_its_own_id(kind: Kind) -> None:
    (item,) = written(kind, order(lines=(line("a"), line("b")))).items
    record = json.loads(item.body)
    assert ("orders", "1001", 2, "@merge" in record) == (item.route, item.wire_id, len(record["lineitems"]), False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P1M", "1 month"),
        ("every 2 Weeks", "2 weeks"),
        ("30 day", "30 days"),
        ("monthly", "monthly"),
        ("P1Y", "1 year"),
    ],
)
def test_a_delivery_frequency_is_worded_as_the_connector_does(text: str, expected: str) -> None:
    assert expected == frequency(text)


@given(status=st.integers(100, 599), body=st.binary(max_size=200), count=st.integers(1, 3))
def test_any_reply_has_a_verdict(status: int, body: bytes, count: int) -> None:
    for route in PROFILE.routes:
        reply = WireReply(status=status, headers={"date": body.decode("latin-1"), "retry-after": "x"}, body=body)
        verdict = DIALECT.interpret(route, WireRequest(method="POST", path="/"), reply, items(count))
        assert isinstance(verdict.result, Result)
        DIALECT.interpret_job(route, "r@1", reply, items(count))
    for what in PROFILE.reads_held:
        DIALECT.interpret_held(what, "", reply)
    DIALECT.interpret_opt_outs("", reply)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "status",
    "accepted",
    "rejected",
    "skipped",
    "request_id",
    "message",
    "id",
    "email",
    "timestamp",
    "record_id",
)


@given(answer=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6) | JSON, status=st.sampled_from([200, 400]))
def test_any_json_is_read_without_raising(answer: Any, status: int) -> None:
    for body in (json.dumps(answer).encode(), json.dumps([answer]).encode()):
        reply = WireReply(status=status, body=body)
        for route in PROFILE.routes:
            assert DIALECT.interpret(route, WireRequest(method="POST", path="/"), reply, items(2)).result in Result
        assert DIALECT.interpret_job(ROUTES["orders"], "r@", reply, items(2)).result is Result.ACCEPTED
        DIALECT.interpret_opt_outs("", reply)
        for what in PROFILE.reads_held:
            DIALECT.interpret_held(what, "", reply)


@pytest.mark.parametrize(
    "text",
    ["bad value 'Ana Novak'", 'no "secret"', "ana@mail.test is wrong", "call +43 316 123456", "<ana@mail.test>"],
)
def test_a_reason_holds_nobodys_data(text: str) -> None:
    assert not {"Ana", "secret", "ana", "316"} & set(clean(text).replace("<", " ").replace("@", " ").split())
    assert "…" in clean(text)


PUSHED = "Fri, 01 May 2026 10:00:00 GMT"
SOON = "Fri, 01 May 2026 10:00:02 GMT"
LATER = "Fri, 01 May 2026 10:00:05 GMT"
JOB = "7e0b@1777629600"


def follow_up(errors: Any, date: str = LATER, status: int = 200, count: int = 2) -> Any:
    reply = WireReply(status=status, headers={"date": date}, body=json.dumps(errors).encode())
    return DIALECT.interpret_job(ROUTES["orders"], JOB, reply, items(count))


def error(**changes: Any) -> dict[str, Any]:
    told = {
        "request_id": "7e0b",
        "record_id": "1",
        "error_path": "root > lastname",
        "error_message": "not a valid value",
    }
    return told | changes


def test_a_push_is_followed_by_the_list_of_errors() -> None:
    request = DIALECT.follow(ROUTES["orders"], JOB, account())
    assert ("GET", "/v2/push/_errors", "api") == (request.method, request.path, request.budget)


def test_an_error_of_our_request_refuses_the_record_it_names() -> None:
    verdict = follow_up([error(), error(request_id="other", record_id="0")])
    assert (True, Result.ACCEPTED) == (verdict.is_done, verdict.result)
    assert [(1, Result.REJECTED, "root > lastname: not a valid value")] == [
        (item.index, item.result, item.reason) for item in verdict.items
    ]


def test_nothing_listed_after_a_while_leaves_the_records_accepted_not_confirmed() -> None:
    verdict = follow_up([error(request_id="other")])
    assert (True, Result.ACCEPTED, ()) == (verdict.is_done, verdict.result, verdict.items)


def test_nothing_listed_too_soon_is_asked_again() -> None:
    verdict = follow_up([], date=SOON)
    assert (False, 3.0) == (verdict.is_done, verdict.ask_again_after)


def test_an_error_listed_at_once_is_not_all_that_may_follow() -> None:
    assert not follow_up([error()], date=PUSHED).is_done


def test_an_error_refuses_all_records_of_its_id_because_one_person_may_have_several() -> None:
    reply = WireReply(status=200, headers={"date": LATER}, body=json.dumps([error(record_id="c1")]).encode())
    pushed = [Item(route="contacts", wire_id=wire_id, body=b"") for wire_id in ("c1", "c2", "c1")]
    verdict = DIALECT.interpret_job(ROUTES["contacts"], JOB, reply, pushed)
    assert [0, 2] == [item.index for item in verdict.items]


def test_an_unnamed_error_refuses_the_only_record_and_among_several_all_of_them() -> None:
    assert [0] == [item.index for item in follow_up([error(record_id=None)], count=1).items]
    several = follow_up([error(record_id=None)])
    assert [0, 1] == [item.index for item in several.items]
    assert "one of 2 records, unnamed: root > lastname: not a valid value" == several.items[0].reason


@pytest.mark.parametrize(("status", "body"), [(500, []), (200, "nonsense"), (200, {"a": 1})])
def test_an_unreadable_list_is_asked_for_again(status: int, body: Any) -> None:
    assert not follow_up(body, status=status).is_done


def page(rows: Any, status: int = 200) -> WireReply:
    return WireReply(status=status, body=json.dumps(rows).encode())


def test_opt_outs_are_read_by_channel_with_their_dates() -> None:
    rows = [
        {"email": "ana@mail.test", "timestamp": "2026-01-02T03:04:05+00:00", "type": "link"},
        {"email": "bo@mail.test", "phone_number": "+43316123456", "type": "stopword_unsubscribe_TF"},
        {"note": "nobody"},
    ]
    read = DIALECT.interpret_opt_outs("", page(rows))
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert [
        (Channel.EMAIL, "ana@mail.test", when, ConsentState.UNSUBSCRIBED),
        (Channel.SMS, "bo@mail.test", None, ConsentState.UNSUBSCRIBED),
    ] == [(one.channel, one.identity.email, one.changed_at, one.state) for one in read.consents]
    assert read.next is None


def test_a_full_page_is_followed_by_the_next_and_an_unreadable_one_by_itself() -> None:
    full = [{"email": f"p{n}@mail.test"} for n in range(250)]
    assert "500" == DIALECT.interpret_opt_outs("250", page(full)).next
    assert "250" == DIALECT.interpret_opt_outs("250", WireReply(status=200, body=b"[{")).next
    request = DIALECT.opt_outs("250", account())
    assert request is not None
    assert "/v2/unsubscribes?limit=250&offset=250" == request.path


@pytest.mark.parametrize(
    ("what", "row", "expected"),
    [
        ("orders", {"id": "1001", "timestamp": NOW.isoformat(), "status": "complete", "grand_total": 19.99}, "1001"),
        ("products", {"id": 7, "is_active": True}, "7"),
        ("people", {"id": "opaque", "customer_id": "c7", "marketing_optin": "EXPLICITLY_OPTEDIN"}, "c7"),
        ("people", {"id": "opaque", "email": "ana@mail.test"}, contact_id(None, "ana@mail.test")),
    ],
)
def test_what_is_held_is_named_by_the_ids_we_write(what: str, row: dict[str, Any], expected: str) -> None:
    assert [expected] == [one.wire_id for one in DIALECT.interpret_held(what, "", page([row])).held]


def test_orders_are_read_in_a_guaranteed_order() -> None:
    request = DIALECT.held("orders", "250", account())
    assert request is not None
    assert "/v2/orders?orderby=timestamp&limit=250&offset=250" == request.path
    assert DIALECT.held("carts", "", account()) is None


def test_a_person_is_forgotten_by_their_address() -> None:
    (call,) = DIALECT.erase(ANA, account())
    request = call.request
    assert ("POST", "/v2/data-deletion-requests", "erasure") == (request.method, request.path, request.budget)
    assert "ana@mail.test" == json.loads(request.body)["email"]


def test_nobody_without_an_address_can_be_forgotten_there() -> None:
    assert () == DIALECT.erase(Recipient(person=1, external_id="c7"), account())
