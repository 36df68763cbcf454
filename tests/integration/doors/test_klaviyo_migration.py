"""What our own writer tells Klaviyo is read back as what it was, apart from what the platform cannot be told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from orderwire.dialects import registry
from orderwire.dialects.contract import Item, Lane, Recipient, Statement
from orderwire.dialects.klaviyo.door.door import DOOR
from orderwire.model import (
    Address,
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
    Product,
    Refund,
    RefundKind,
    RefundLine,
    Shipment,
    Subscription,
    claims_of,
)
from orderwire.testing import golden
from orderwire.testing.doors import Visitor

DIALECT = registry.dialect("klaviyo")
ROUTES = {route.name: route for route in DIALECT.profile.routes}
CASES = {
    name: case
    for name, case in golden.cases(Path(__file__).parents[2] / "golden" / "klaviyo")
    if case.get("items") and "statement" in case
}
CREATED_FIRST = {"subscription_updated_live", "subscription_cancelled_live", "order_upcoming_live"}
"""Cases of a recurring purchase that begins before their fact."""


def of(kind: type[Any]) -> list[Any]:
    """The cases about a kind of record."""
    return [
        pytest.param(name, id=name)
        for name, case in CASES.items()
        if case["statement"]["snapshot_type"] == kind.__name__
    ]


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    made = Visitor(tmp_path, DOOR)
    yield made
    made.close()


def send(visitor: Visitor, item: Item, case: dict[str, Any]) -> None:
    """Send one item as delivery would."""
    request = DIALECT.assemble(ROUTES[item.route], [item], golden.account_of(case, DIALECT))
    headers = {"Authorization": f"Klaviyo-API-Key {visitor.secret}", "revision": "2026-07-15"}
    reply = visitor.call(request.method, request.path, body=request.body, headers=headers)
    assert reply.status in (200, 201, 202), reply.body


def replay(visitor: Visitor, name: str) -> Statement:
    """Send what a case's fact is told with; the statement it was made of."""
    case = CASES[name]
    for one in case["items"]:
        send(visitor, Item(**{**one, "body": msgspec.json.encode(one["body"])}), case)
    return golden.statement_of(case)


def tell(visitor: Visitor, statement: Statement) -> None:
    """Tell a fact, as delivery would."""
    expression = DIALECT.write(statement, golden.account_of({}, DIALECT))
    assert expression.items
    for item in expression.items:
        send(visitor, item, {})


def newest(visitor: Visitor, kind: str, shape: type[Any]) -> Any:
    """The record of the newest fact of a kind."""
    found = [fact for fact in visitor.facts() if fact.kind == kind]
    assert found, visitor.kinds()
    return msgspec.json.decode(found[-1].body, type=shape)


@pytest.mark.parametrize("name", of(Order))
def test_an_order_comes_back_with_its_money_and_lines(name: str, visitor: Visitor) -> None:
    statement = replay(visitor, name)
    given = statement.snapshot
    assert isinstance(given, Order)
    fact = next(fact for fact in visitor.facts() if fact.kind == statement.kind)
    found = msgspec.json.decode(fact.body, type=Order)
    assert (statement.occurred_at, statement.lane is Lane.HISTORY) == (fact.occurred_at, fact.is_imported)
    assert statement.detail == fact.detail or statement.detail is None
    # A later event names no line, so that lines go by their SKU there; and only its own fact of the order's life.
    lines = given.lines
    if statement.kind != Kind.ORDER_PLACED:
        lines = tuple(replace(line, line_id=line.sku or line.product_id or "1") for line in lines)
    life = ("refunds", "shipments", "paid_at", "fulfilled_at", "delivered_at", "cancelled_at", "cancel_reason")
    expected = replace(
        given,
        lines=lines,
        placed_at=given.placed_at if statement.kind == Kind.ORDER_PLACED else statement.occurred_at,
        approximate=() if statement.kind == Kind.ORDER_PLACED else ("placed_at",),
        **{part: getattr(found, part) for part in life},
    )
    assert expected == found


@pytest.mark.parametrize("name", CASES)
def test_the_same_again_is_no_new_fact(name: str, visitor: Visitor) -> None:
    if "removed" in name:
        pytest.skip("what is gone cannot be removed twice")
    replay(visitor, name)
    before = [kind for kind in visitor.kinds() if kind != Kind.CONSENT_CHANGED]
    replay(visitor, name)
    assert before == [kind for kind in visitor.kinds() if kind != Kind.CONSENT_CHANGED]


@pytest.mark.parametrize("name", of(Cart))
def test_a_cart_comes_back_whole(name: str, visitor: Visitor) -> None:
    statement = replay(visitor, name)
    given = statement.snapshot
    assert isinstance(given, Cart)
    found = newest(visitor, statement.kind, Cart)
    is_added = statement.kind == Kind.CART_UPDATED
    # Only an added line is told by its own id.
    lines = given.lines if is_added else tuple(replace(line, line_id=line.sku or "") for line in given.lines)
    expected = replace(
        given,
        lines=lines,
        updated_at=statement.occurred_at,
        abandoned_at=statement.occurred_at if statement.kind == Kind.CART_ABANDONED else None,
        checkout_started_at=statement.occurred_at if statement.kind == Kind.CHECKOUT_STARTED else None,
    )
    assert expected == found


@pytest.mark.parametrize("name", of(Event))
def test_an_event_comes_back_with_its_id(name: str, visitor: Visitor) -> None:
    statement = replay(visitor, name)
    assert statement.snapshot == newest(visitor, statement.kind, Event)


def begin(visitor: Visitor) -> None:
    """Let the recurring purchase of the cases begin, in another rhythm than it has later."""
    case = CASES["subscription_created_history"]
    statement = golden.statement_of(case)
    assert isinstance(statement.snapshot, Subscription)
    tell(visitor, replace(statement, snapshot=replace(statement.snapshot, interval="2 weeks")))


@pytest.mark.parametrize("name", of(Subscription))
def test_a_recurring_purchase_comes_back(name: str, visitor: Visitor) -> None:
    if name in CREATED_FIRST:
        begin(visitor)
    statement = replay(visitor, name)
    given = statement.snapshot
    assert isinstance(given, Subscription)
    kept = CASES["subscription_created_history"]["statement"]["snapshot"] if name in CREATED_FIRST else {}
    found = newest(visitor, statement.kind, Subscription)
    gone = {part for part in kept if part not in CASES[name]["statement"]["snapshot"]}
    assert given == replace(found, updated_at=None, **{part: getattr(given, part) for part in gone})


@pytest.mark.parametrize("name", of(Person))
def test_a_person_comes_back(name: str, visitor: Visitor) -> None:
    statement = replay(visitor, name)
    given = statement.snapshot
    assert isinstance(given, Person)
    found = newest(visitor, Kind.PERSON_UPDATED, Person)
    phone = CASES[name]["items"][0]["body"]["attributes"].get("phone_number")
    # The identifiers are those that the ledger knows of the person, and a locale is written with a hyphen.
    expected = replace(
        given,
        identity=replace(given.identity, phone=phone),
        language=(given.language or "").replace("_", "-"),
        updated_at=found.updated_at,
    )
    assert expected == found


SUPPRESSED_IS_UNSUBSCRIBED = {ConsentState.SUPPRESSED: ConsentState.UNSUBSCRIBED}
"""An opt-out is told as one, whatever led to it."""


@pytest.mark.parametrize("name", of(Consent))
def test_a_consent_comes_back(name: str, visitor: Visitor) -> None:
    statement = replay(visitor, name)
    given = statement.snapshot
    assert isinstance(given, Consent)
    found = newest(visitor, Kind.CONSENT_CHANGED, Consent)
    state = SUPPRESSED_IS_UNSUBSCRIBED.get(given.state, given.state)
    assert (given.channel, state) == (found.channel, found.state)
    is_dated = name == "subscribed_history"
    assert (given.changed_at if is_dated else found.changed_at) == found.changed_at
    assert given.origin == found.origin or (found.origin or "").startswith("klaviyo: ")
    history = [fact.is_imported for fact in visitor.facts() if fact.kind == Kind.CONSENT_CHANGED]
    assert [CASES[name]["items"][0]["route"] == "subscribe_history"] == history


@pytest.mark.parametrize("name", ["product_alone", "product_with_variants"])
def test_a_product_comes_back(name: str, visitor: Visitor) -> None:
    given = replay(visitor, name).snapshot
    found = newest(visitor, Kind.PRODUCT_UPDATED, Product)
    assert given == replace(found, updated_at=None)


def test_a_product_that_is_gone_is_gone(visitor: Visitor) -> None:
    replay(visitor, "product_with_variants")
    replay(visitor, "product_removed")
    assert Kind.PRODUCT_REMOVED == visitor.kinds()[-1]
    assert newest(visitor, Kind.PRODUCT_REMOVED, Product).removed_at is not None


T = datetime(2026, 2, 1, 10, tzinfo=UTC)
WHOLE = Order(
    order_id="2001",
    number="#2001",
    store="at",
    identity=Identity(email="ana@mail.test"),
    currency="EUR",
    placed_at=T,
    total=4098,
    lines=(
        OrderLine(
            line_id="L1",
            name="Mug",
            quantity=Decimal(2),
            product_id="P1",
            variant_id="V1",
            sku="MUG",
            unit_price=Decimal("10.00"),
            subtotal=2000,
            discount=200,
            total=1800,
            brand="Potter",
            categories=("Kitchen", "Mugs"),
            url="https://shop.test/mug",
            image_url="https://shop.test/mug.jpg",
            properties={"engraving": "A"},
        ),
        OrderLine(
            line_id="L2",
            name="Mug",
            quantity=Decimal(1),
            product_id="P1",
            variant_id="V1",
            sku="MUG",
            unit_price=Decimal("10.00"),
            subtotal=1000,
            total=1000,
        ),
        OrderLine(line_id="L3", name="Tea", product_id="P2", unit_price=Decimal("7.98"), subtotal=798, total=798),
    ),
    subtotal=3798,
    discount=200,
    tax=100,
    shipping=500,
    discounts=(Discount(amount=200, code="MAY"),),
    refunds=(
        Refund(
            refund_id="R1",
            refunded_at=T + timedelta(days=5),
            amount=300,
            reason="chipped",
            lines=(RefundLine(line_id="L1", quantity=Decimal(1), amount=300),),
        ),
        Refund(refund_id="R2", refunded_at=T + timedelta(days=6), amount=100, kind=RefundKind.MONEY_ONLY),
    ),
    shipments=(
        Shipment(
            shipment_id="S1",
            shipped_at=T + timedelta(days=1),
            delivered_at=T + timedelta(days=3),
            carrier="Post",
            tracking_code="RR1",
            tracking_url="https://track.test/RR1",
        ),
        Shipment(shipment_id="S2", shipped_at=T + timedelta(days=2)),
    ),
    paid_at=T + timedelta(minutes=5),
    cancelled_at=T + timedelta(days=7),
    cancel_reason="too late",
    billing_address=Address(first_name="Ana", last_name="Lima", line1="Ring 1", city="Wien", country_code="AT"),
    payment_method="card",
    shipping_method="post",
    url="https://shop.test/orders/2001",
    tags=("web", "gift"),
    properties={"channel": "web", "weight": 3},
)


@pytest.mark.parametrize("lane", list(Lane))
@pytest.mark.parametrize("is_backward", [False, True])
def test_the_whole_life_of_an_order_comes_back_in_any_order(visitor: Visitor, lane: Lane, is_backward: bool) -> None:
    claims = [claim for claim in claims_of(WHOLE, at=T) if claim.kind != Kind.ORDER_UPDATED]
    counts: dict[str, int] = {}
    statements = []
    for claim in claims:
        ordinal = counts[claim.kind] = counts.get(claim.kind, -1) + 1
        statements.append(
            Statement(
                kind=claim.kind,
                key=f"shop/order:2001#{claim.discriminator}",
                subject=claim.subject,
                source="shop",
                occurred_at=claim.occurred_at,
                lane=lane,
                snapshot=WHOLE,
                detail=claim.detail,
                ordinal=ordinal,
                recipient=Recipient(person=1, email="ana@mail.test", first_name="Ana"),
            )
        )
    for statement in reversed(statements) if is_backward else statements:
        tell(visitor, statement)
    found = visitor.shelves.snapshot("order:2001")
    assert isinstance(found, Order)
    by_id = {"shipments": "shipment_id", "refunds": "refund_id"}
    in_order = {
        part: tuple(sorted(getattr(found, part), key=lambda one: getattr(one, ident)))
        for part, ident in by_id.items()
    }
    expected = WHOLE
    if is_backward:
        # A parcel that is delivered before anybody knows of it is told of the whole order.
        first = replace(WHOLE.shipments[0], delivered_at=None)
        expected = replace(WHOLE, shipments=(first, WHOLE.shipments[1]), delivered_at=WHOLE.shipments[0].delivered_at)
    assert expected == replace(found, **in_order)
    # A happening told again with its exact instant is a revision of the same fact.
    happened = sorted({fact.key: fact.kind for fact in visitor.facts() if fact.kind.startswith("order.")}.values())
    happened = [kind for kind in happened if kind != Kind.ORDER_UPDATED]
    assert sorted(claim.kind for claim in claims) == happened
    assert {lane is Lane.HISTORY} == {fact.is_imported for fact in visitor.facts() if fact.kind.startswith("order.")}


def test_a_consent_is_never_widened_by_what_only_mentions_a_person(visitor: Visitor) -> None:
    left = Consent(identity=WHOLE.identity, channel=Channel.EMAIL, state=ConsentState.UNSUBSCRIBED)
    tell(
        visitor,
        Statement(
            kind=Kind.CONSENT_CHANGED,
            key="k",
            subject="consent:email:x",
            source="shop",
            occurred_at=T,
            lane=Lane.LIVE,
            snapshot=left,
            is_consent_news=True,
            recipient=Recipient(person=1, email="ana@mail.test"),
        ),
    )
    for name in ("placed_live", "person_live", "viewed_live", "cart_added_live"):
        replay(visitor, name)
    known = visitor.known(email="ana@mail.test")
    assert known is not None
    assert [ConsentState.UNSUBSCRIBED] == [standing.state for standing in known.consent.values()]
