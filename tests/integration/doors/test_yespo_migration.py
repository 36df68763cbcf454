"""What our own writer tells Yespo is read back as what it was, apart from what the platform cannot be told."""

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire.dialects import registry
from orderwire.dialects.contract import Account, Item, Statement
from orderwire.dialects.yespo.door.door import DOOR
from orderwire.model import Cart, Consent, Event, Order, Person, Record, Subscription
from orderwire.testing import golden
from orderwire.testing.doors import Visitor

NOW = datetime(2026, 1, 1, tzinfo=UTC)

CASES = {
    name: case
    for name, case in golden.cases(Path(__file__).parents[2] / "golden" / "yespo")
    if case.get("items") and "statement" in case
}

NOT_TOLD = {
    "order_fulfilled_unpaid": "paid and shipped are one status there",
    "order_placed_history_orders_moved_on": "of an old order only the last status is told",
    "order_refunded_as_cancelled": "a refund told as a cancellation is one",
    "order_placed_corrected": "a corrected placement is told as an update, with the newest status",
    "order_updated_history": "an update has no happening of its own",
    "order_updated_live": "an update has no happening of its own",
}
"""Cases whose happening another one stands for on the wire; the order itself is compared all the same."""

INSTANTS = {"order.paid": "paid_at", "order.delivered": "delivered_at", "order.cancelled": "cancelled_at"}


def replay(visitor: Visitor, case: dict[str, Any]) -> list[int]:
    """Send what a case's fact is told with, item by item, as delivery would."""
    dialect = registry.dialect("yespo")
    account = Account(key=visitor.secret, base_url="http://orderwire.test")
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
        token = b64encode(f"orderwire:{visitor.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json; charset=UTF-8"}
        reply = visitor.call(request.method, f"/api{request.path}", body=request.body, headers=headers)
        statuses.append(reply.status)
    return statuses


def lines_of(record: Order | Cart) -> list[tuple[Any, ...]]:
    """What is told of lines: product, name, pieces, pictures and categories."""
    return [
        (
            line.product_id or line.variant_id or line.sku or line.line_id,
            line.name,
            line.quantity,
            line.url,
            line.image_url,
            line.categories,
        )
        for line in record.lines
    ]


def told_of(record: Record, statement: Statement) -> dict[str, Any]:
    """What the platform can be told of a record."""
    match record:
        case Order():
            shown: dict[str, Any] = {
                "id": record.order_id,
                "placed_at": record.placed_at,
                "total": record.total,
                "currency": record.currency,
                "charges": (record.shipping, record.fee, record.tax, record.is_tax_included),
                "texts": (record.number, record.url, record.payment_method, record.shipping_method, record.store),
                "person": (record.identity.email, record.identity.external_id),
                "codes": [one.code for one in record.discounts],
                "note": record.note,
                "tags": record.tags,
            }
            return shown
        case Cart():
            return {
                "total": record.total,
                "currency": record.currency,
                "url": record.url,
                "lines": [(product, name, pieces) for product, name, pieces, *_ in lines_of(record)],
                "line_totals": sum(line.total for line in record.lines),
            }
        case Subscription():
            return {
                "id": record.subscription_id,
                "products": record.product_ids,
                "interval": record.interval,
                "price": (record.price, record.currency),
                "next": (record.next_order_at, record.next_order_id if statement.kind == "order.upcoming" else None),
            }
        case Person():
            address = record.address
            return {
                "identity": (record.identity.external_id, record.identity.email),
                "language": record.language and record.language.replace("_", "-"),
                "zone": record.time_zone,
                "town": address and (address.city, address.postal_code),
            }
        case Event():
            return {
                "at": record.occurred_at,
                "amount": (record.value, record.currency),
                "properties": {key: value for key, value in record.properties.items() if value is not None},
            }
        case _:
            raise AssertionError(f"nothing is compared of {statement.kind}")


def newest(visitor: Visitor, shape: type[Record]) -> Record:
    """The newest record of a kind in the log."""
    facts = visitor.facts()
    prefix = {"Order": "order:", "Cart": "cart:", "Subscription": "subscription:", "Person": "person:"}
    start = prefix.get(shape.__name__, f"{shape.__name__.lower()}:")
    fact = next(fact for fact in reversed(facts) if fact.subject.startswith(start))
    return msgspec.json.decode(fact.body, type=shape)


def names(*shapes: type[Record]) -> list[str]:
    """The cases whose fact is of one of these kinds, by name."""
    wanted = {shape.__name__ for shape in shapes}
    return [name for name, case in CASES.items() if case["statement"]["snapshot_type"] in wanted]


@pytest.mark.parametrize("name", CASES)
def test_every_call_of_our_writer_is_taken(name: str, tmp_path: Path) -> None:
    statuses = replay(Visitor(tmp_path, DOOR), CASES[name])
    assert [200] * len(statuses) == statuses


ORDERS = [name for name in names(Order) if name != "order_refunded_as_event"]


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    visitor, statement = Visitor(tmp_path, DOOR), golden.statement_of(CASES[name])
    assert isinstance(statement.snapshot, Order)
    replay(visitor, CASES[name])
    assert told_of(statement.snapshot, statement) == told_of(newest(visitor, Order), statement)


@pytest.mark.parametrize("name", [name for name in ORDERS if "no_picture" not in name])
def test_the_lines_of_an_order_are_read_back_and_add_up_to_the_last_minor_unit(name: str, tmp_path: Path) -> None:
    visitor, statement = Visitor(tmp_path, DOOR), golden.statement_of(CASES[name])
    order = statement.snapshot
    assert isinstance(order, Order)
    replay(visitor, CASES[name])
    found = newest(visitor, Order)
    assert isinstance(found, Order)
    tax = 0 if order.is_tax_included else order.tax
    assert lines_of(order) == lines_of(found)
    assert order.total - order.shipping - order.fee - tax == sum(line.total for line in found.lines)


@pytest.mark.parametrize("name", [name for name in ORDERS if name not in NOT_TOLD])
def test_what_happened_to_an_order_is_read_back_with_its_instant(name: str, tmp_path: Path) -> None:
    visitor, statement = Visitor(tmp_path, DOOR), golden.statement_of(CASES[name])
    replay(visitor, CASES[name])
    happened = [(fact.kind, fact.occurred_at, fact.is_approximate) for fact in visitor.facts()]
    assert (statement.kind, statement.occurred_at, False) in happened


def test_a_refund_told_as_an_event_is_read_back_into_its_order(tmp_path: Path) -> None:
    visitor, case = Visitor(tmp_path, DOOR), CASES["order_refunded_as_event"]
    statement = golden.statement_of(case)
    assert isinstance(statement.snapshot, Order)
    replay(visitor, case)
    found = newest(visitor, Order)
    assert isinstance(found, Order)
    assert statement.snapshot.refunds == found.refunds
    assert ("placed_at",) == found.approximate


@pytest.mark.parametrize("name", names(Cart))
def test_a_cart_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    visitor, statement = Visitor(tmp_path, DOOR), golden.statement_of(CASES[name])
    replay(visitor, CASES[name])
    assert told_of(statement.snapshot, statement) == told_of(newest(visitor, Cart), statement)
    assert (statement.kind, statement.occurred_at) in [(fact.kind, fact.occurred_at) for fact in visitor.facts()]


@pytest.mark.parametrize("name", names(Subscription))
def test_a_recurring_purchase_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    visitor, statement = Visitor(tmp_path, DOOR), golden.statement_of(CASES[name])
    replay(visitor, CASES["subscription_created_history"])
    replay(visitor, CASES[name])
    assert told_of(statement.snapshot, statement) == told_of(newest(visitor, Subscription), statement)


@pytest.mark.parametrize("name", [name for name in names(Subscription) if "updated" not in name])
def test_what_happened_to_a_recurring_purchase_is_read_back(name: str, tmp_path: Path) -> None:
    visitor, statement = Visitor(tmp_path, DOOR), golden.statement_of(CASES[name])
    replay(visitor, CASES["subscription_created_history"])
    replay(visitor, CASES[name])
    assert (statement.kind, statement.occurred_at) in [(fact.kind, fact.occurred_at) for fact in visitor.facts()]


@pytest.mark.parametrize("name", names(Event))
def test_an_event_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    visitor, statement = Visitor(tmp_path, DOOR), golden.statement_of(CASES[name])
    replay(visitor, CASES[name])
    found = newest(visitor, Event)
    assert isinstance(found, Event)
    assert told_of(statement.snapshot, statement) == told_of(found, statement)
    assert statement.kind.replace(",", "-") == found.name


@pytest.mark.parametrize("name", ["custom", "product_viewed", "cart_updated", "checkout_started", "order_upcoming"])
def test_a_fact_told_again_and_as_history_too_is_one(name: str, tmp_path: Path) -> None:
    visitor = Visitor(tmp_path, DOOR)
    live = {**CASES[f"{name}_live"], "items": CASES[f"{name}_live"]["items"][-1:]}
    replay(visitor, live)
    before = visitor.kinds()
    replay(visitor, live)
    assert before == visitor.kinds()


@pytest.mark.parametrize("name", names(Person))
def test_a_person_is_read_back_as_they_were(name: str, tmp_path: Path) -> None:
    visitor, statement = Visitor(tmp_path, DOOR), golden.statement_of(CASES[name])
    replay(visitor, CASES[name])
    assert told_of(statement.snapshot, statement) == told_of(newest(visitor, Person), statement)


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("consent_no_live", ["unsubscribed"]),
        ("consent_no_history", ["unsubscribed"]),
        ("consent_yes_live_known", ["subscribed"]),
        ("consent_yes_live_new", ["subscribed"]),
        ("consent_never_asked", ["unsubscribed"]),
    ],
)
def test_permission_is_read_back_and_never_wider(name: str, states: list[str], tmp_path: Path) -> None:
    visitor = Visitor(tmp_path, DOOR)
    replay(visitor, CASES[name])
    told = [
        msgspec.json.decode(fact.body, type=Consent).state
        for fact in visitor.facts()
        if fact.kind == "consent.changed"
    ]
    assert states == told


@pytest.mark.parametrize("name", ["consent_yes_history", "consent_sms_yes", "consent_sms_no"])
def test_what_states_nothing_there_states_nothing_here(name: str, tmp_path: Path) -> None:
    visitor = Visitor(tmp_path, DOOR)
    replay(visitor, CASES[name])
    yes = [fact for fact in visitor.facts() if fact.kind == "consent.changed" and b'"subscribed"' in fact.body]
    assert [] == yes
