"""What our own writer tells Omnisend is read back as what it was, apart from what the platform cannot be told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from orderwire.dialects import registry
from orderwire.dialects.contract import Account, Item
from orderwire.dialects.omnisend.door.door import DOOR
from orderwire.model import Cart, Consent, Event, Kind, Order, OrderLine, Person, Product, Subscription
from orderwire.testing import golden
from orderwire.testing.doors import Visitor

NOW = datetime(2026, 1, 1, tzinfo=UTC)

CASES = {
    name: case
    for name, case in golden.cases(Path(__file__).parents[2] / "golden" / "omnisend")
    if case.get("items") and "statement" in case
}
STATED = {
    "consent_no_live",
    "consent_sms_history",
    "consent_yes_history",
    "consent_yes_news",
    "consent_yes_undated",
}
"""The other consents: one of nobody asked is told as a hint, and `suppressed` is there `unsubscribed`."""


def of(kind: type[Any]) -> list[Any]:
    """The cases about a kind of record."""
    return [
        pytest.param(case, id=name)
        for name, case in CASES.items()
        if case["statement"]["snapshot_type"] == kind.__name__
    ]


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    made = Visitor(tmp_path, DOOR)
    yield made
    made.close()


def replay(visitor: Visitor, case: dict[str, Any]) -> list[int]:
    """Send what a case's fact is told with, item by item, as delivery would."""
    dialect = registry.dialect("omnisend")
    account = Account(key=visitor.secret, base_url="http://orderwire.test/api")
    routes = {route.name: route for route in dialect.profile.routes}
    statuses = []
    for given in case["items"]:
        item = Item(
            route=given["route"],
            wire_id=given["wire_id"],
            body=msgspec.json.encode(given["body"]),
            group=given.get("group", ""),
        )
        request = dialect.authorize(dialect.assemble(routes[item.route], [item], account), account, NOW)
        reply = visitor.call(request.method, f"/api{request.path}", body=request.body, headers=dict(request.headers))
        statuses.append(reply.status)
    return statuses


def told(visitor: Visitor, kind: str, shape: type[Any]) -> list[tuple[Any, Any]]:
    """The facts of a kind, each with its record."""
    return [(fact, msgspec.json.decode(fact.body, type=shape)) for fact in visitor.facts() if fact.kind == kind]


def bare(line: OrderLine) -> OrderLine:
    """A line without the shop's own id of it, and with the ids that are required there filled in."""
    product = line.product_id or line.variant_id or line.sku or line.line_id
    return replace(line, line_id="", product_id=product, unit_price=None)


def content(order: Order) -> Order:
    """What an order is, without what happened to it and without the ids of its person."""
    return replace(
        order,
        identity=replace(order.identity, external_id=None, email=None, phone=None),
        lines=tuple(bare(line) for line in order.lines),
        refunds=(),
        shipments=(),
        paid_at=None,
        fulfilled_at=None,
        delivered_at=None,
        cancelled_at=None,
        cancel_reason=None,
        source_status=None,
        marketing_consent=None,
        updated_at=None,
    )


@pytest.mark.parametrize("case", of(Order))
def test_an_order_comes_back_with_its_money_lines_and_instants(case: dict[str, Any], visitor: Visitor) -> None:
    statement = golden.statement_of(case)
    assert isinstance(statement.snapshot, Order)
    assert {202} == {status if status != 201 else 202 for status in replay(visitor, case)}
    found = told(visitor, statement.kind, Order)
    assert [statement.occurred_at] == [fact.occurred_at for fact, _ in found]
    assert content(statement.snapshot) == content(found[0][1])
    assert [False] == [fact.is_approximate for fact, _ in found]
    assert (statement.recipient.email, None if statement.recipient.email else statement.recipient.phone) == (  # type: ignore[union-attr]
        found[0][1].identity.email,
        found[0][1].identity.phone,
    )


@pytest.mark.parametrize("case", of(Order))
def test_prices_of_single_pieces_come_back(case: dict[str, Any], visitor: Visitor) -> None:
    order = golden.statement_of(case).snapshot
    assert isinstance(order, Order)
    replay(visitor, case)
    found = told(visitor, Kind.ORDER_PLACED, Order)[0][1]
    given = [line.unit_price for line in order.lines]
    assert given == [read.unit_price if own else None for own, read in zip(given, found.lines, strict=True)]


def test_a_parcel_and_a_refund_come_back_with_their_own(visitor: Visitor) -> None:
    for name in ("order_placed_history", "order_fulfilled_history", "order_delivered_live", "order_refunded_history"):
        replay(visitor, CASES[name])
    given = golden.statement_of(CASES["order_placed_history"]).snapshot
    assert isinstance(given, Order)
    found = told(visitor, Kind.ORDER_REFUNDED, Order)[0][1]
    assert tuple(replace(one, shipment_id="JD01") for one in given.shipments) == found.shipments
    own_lines = tuple(replace(line, line_id="MUG-B") for line in given.refunds[0].lines)
    assert (replace(given.refunds[0], refund_id=found.refunds[0].refund_id, lines=own_lines),) == found.refunds


@pytest.mark.parametrize("name", CASES)
def test_the_same_again_is_no_new_fact(name: str, visitor: Visitor) -> None:
    replay(visitor, CASES[name])
    before = visitor.kinds()
    replay(visitor, CASES[name])
    assert before == visitor.kinds()


@pytest.mark.parametrize("case", of(Cart))
def test_a_cart_comes_back_whole(case: dict[str, Any], visitor: Visitor) -> None:
    statement = golden.statement_of(case)
    cart = statement.snapshot
    assert isinstance(cart, Cart)
    replay(visitor, case)
    fact, found = told(visitor, statement.kind, Cart)[0]
    assert statement.occurred_at == fact.occurred_at
    link = case["items"][0]["body"]["properties"].get("abandonedCheckoutURL")
    assert replace(cart, lines=tuple(bare(line) for line in cart.lines), updated_at=found.updated_at, url=link) == (
        replace(found, lines=tuple(bare(line) for line in found.lines), abandoned_at=None, checkout_started_at=None)
    )


@pytest.mark.parametrize(
    "name", ["subscription_created_history", "subscription_cancelled_live", "order_upcoming_live"]
)
def test_a_recurring_purchase_comes_back(name: str, visitor: Visitor) -> None:
    statement = golden.statement_of(CASES[name])
    replay(visitor, CASES[name])
    fact, found = told(visitor, statement.kind, Subscription)[0]
    assert statement.occurred_at == fact.occurred_at
    assert statement.snapshot == replace(found, updated_at=None)


def test_a_changed_recurring_purchase_comes_back(visitor: Visitor) -> None:
    case = CASES["subscription_updated_live"]
    properties = case["items"][0]["body"]["properties"] | {"interval": "2 months"}
    made = {"eventName": "subscription created", "eventTime": "2024-01-01T00:00:00Z"}
    earlier = case["items"][0] | {"body": case["items"][0]["body"] | made | {"properties": properties}}
    replay(visitor, {"items": [earlier]})
    replay(visitor, case)
    statement = golden.statement_of(case)
    fact, found = told(visitor, Kind.SUBSCRIPTION_UPDATED, Subscription)[0]
    assert statement.occurred_at == fact.occurred_at
    assert statement.snapshot == replace(found, updated_at=None)


@pytest.mark.parametrize("case", of(Event))
def test_a_custom_event_comes_back(case: dict[str, Any], visitor: Visitor) -> None:
    statement = golden.statement_of(case)
    event = statement.snapshot
    assert isinstance(event, Event)
    replay(visitor, case)
    found = told(visitor, statement.kind, Event)[0][1]
    assert replace(event, event_id=found.event_id) == found


@pytest.mark.parametrize("name", sorted(STATED))
def test_a_consent_comes_back_with_its_date_and_evidence(name: str, visitor: Visitor) -> None:
    statement = golden.statement_of(CASES[name])
    given = statement.snapshot
    assert isinstance(given, Consent)
    replay(visitor, CASES[name])
    found = [consent for _, consent in told(visitor, Kind.CONSENT_CHANGED, Consent)]
    assert [(given.channel, given.state, given.changed_at)] == [
        (one.channel, one.state, one.changed_at) for one in found
    ]
    has_evidence = "consent" in CASES[name]["items"][0]["body"]["identifiers"][-1]
    assert [(given.ip_address, given.user_agent)] * has_evidence == [
        (one.ip_address, one.user_agent) for one in found if has_evidence
    ]


def test_a_person_comes_back_without_a_word_about_consent(visitor: Visitor) -> None:
    given = golden.statement_of(CASES["person_history"]).snapshot
    assert isinstance(given, Person)
    assert [201] == replay(visitor, CASES["person_history"])
    assert ["person.updated"] == visitor.kinds()
    found = told(visitor, Kind.PERSON_UPDATED, Person)[0][1]
    assert given.address is not None
    assert (
        replace(
            given,
            gender="f",
            address=replace(given.address, line1="Gedimino 1, b. 2", line2=None, country_code="LT"),
            properties={"loyalty_points": 12},
            updated_at=found.updated_at,
        )
        == found
    )


def test_a_described_person_who_said_no_says_no_here_too(visitor: Visitor) -> None:
    case = CASES["person_who_said_no_live"]
    replay(visitor, case)
    recipient = golden.statement_of(case).recipient
    assert recipient is not None
    found = [consent for _, consent in told(visitor, Kind.CONSENT_CHANGED, Consent)]
    assert [(dict(recipient.consent), dict(recipient.consent_changed_at))] == [
        ({one.channel: one.state}, {one.channel: one.changed_at}) for one in found
    ]


@pytest.mark.parametrize(("name", "statuses"), [("product_history", [201, 201]), ("product_new_live", [201, 200])])
def test_a_product_comes_back_with_its_prices(name: str, statuses: list[int], visitor: Visitor) -> None:
    given = golden.statement_of(CASES[name]).snapshot
    assert isinstance(given, Product)
    assert statuses == replay(visitor, CASES[name])
    found = told(visitor, Kind.PRODUCT_UPDATED, Product)
    assert 1 == len(found)
    product = found[0][1]
    assert [
        (one.variant_id, one.title, one.sku, one.price, one.compare_at_price, one.url) for one in given.variants
    ] == [(one.variant_id, one.title, one.sku, one.price, one.compare_at_price, one.url) for one in product.variants]
    assert (given.title, given.description, given.brand, given.url, given.image_url, given.tags) == (
        product.title,
        product.description,
        product.brand,
        product.url,
        product.image_url,
        product.tags,
    )
    assert "EUR" == product.currency
    assert [0 if one.inventory == 0 else None for one in given.variants] == [
        one.inventory for one in product.variants
    ]
    own = given.variants or (given,)
    assert [one.price for one in own] == [one.price for one in product.variants or (product,)]
