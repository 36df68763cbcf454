"""What our own writer tells Ometria is read back as what it was, apart from what the platform cannot be told."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire.dialects import registry
from orderwire.dialects.contract import Account, Item
from orderwire.dialects.ometria.door.door import DOOR
from orderwire.dialects.ometria.fields import frequency
from orderwire.model import Cart, Consent, Event, Order, Person, Product, Record, Subscription
from orderwire.testing import golden
from orderwire.testing.doors import Visitor

CASES = {
    name: case
    for name, case in golden.cases(Path(__file__).parents[2] / "golden" / "ometria")
    if case.get("items") and "statement" in case
}
LATER = datetime(2026, 6, 1, tzinfo=UTC)

NOT_TOLD = {
    "subscription-updated-fields": "custom fields of a contact stand for it",
    "order-upcoming": "a reminder tells neither the purchase it is of nor when the order is",
}
"""Cases whose record cannot be made of what is on the wire."""


def replay(visitor: Visitor, case: dict[str, Any]) -> list[tuple[int, int]]:
    """Push what a case's fact is told with; status and how many records were taken."""
    dialect = registry.dialect("ometria")
    account = Account(key=visitor.secret, base_url="http://orderwire.test")
    routes = {route.name: route for route in dialect.profile.routes}
    answers = []
    for given in case["items"]:
        item = Item(route=given["route"], wire_id=given["wire_id"], body=msgspec.json.encode(given["body"]))
        request = dialect.assemble(routes[item.route], [item], account)
        reply = visitor.call(
            request.method, request.path, body=request.body, headers={"X-Ometria-Auth": visitor.secret}
        )
        answers.append((reply.status, msgspec.json.decode(reply.body)["accepted"]))
    return answers


def errors(visitor: Visitor) -> list[Any]:
    """The validation errors listed."""
    reply = visitor.call("GET", "/v2/push/_errors", headers={"X-Ometria-Auth": visitor.secret})
    found: list[Any] = msgspec.json.decode(reply.body)
    return found


def newest(visitor: Visitor, shape: type[Record]) -> Any:
    """The newest record of a kind in the log."""
    prefix = f"{shape.__name__.lower()}:"
    fact = next(fact for fact in reversed(visitor.facts()) if fact.subject.startswith(prefix))
    return msgspec.json.decode(fact.body, type=shape)


def names(shape: type[Record]) -> list[str]:
    """The cases whose fact is of this kind, by name."""
    return [
        name
        for name, case in CASES.items()
        if case["statement"]["snapshot_type"] == shape.__name__ and name not in NOT_TOLD
    ]


def visit(folder: Path) -> Visitor:
    return Visitor(folder, DOOR, now=LATER)


@pytest.mark.parametrize("name", CASES)
def test_every_push_of_our_writer_is_taken_and_valid(name: str, tmp_path: Path) -> None:
    visitor = visit(tmp_path)
    answers = replay(visitor, CASES[name])
    assert [(200, 1)] * len(answers) == answers
    assert [] == errors(visitor)


def told_of_order(order: Order) -> dict[str, Any]:
    """What the platform can be told of an order."""
    return {
        "id": order.order_id,
        "placed_at": order.placed_at,
        "sums": (order.total, order.currency, order.shipping, order.tax, order.fee, order.refunded),
        "discount": order.discount or sum(line.discount for line in order.lines),
        "codes": [one.code for one in order.discounts],
        "texts": (order.number, order.store, order.payment_method, order.shipping_method, order.url),
        "lines": [
            (
                line.product_id or line.variant_id or line.sku or line.line_id,
                line.variant_id,
                line.sku,
                line.unit_price if line.quantity == int(line.quantity) else None,
                line.subtotal,
                line.discount,
                line.tax,
                line.total,
                line.properties,
            )
            for line in order.lines
        ],
        "town": order.shipping_address and (order.shipping_address.city, order.shipping_address.postal_code),
        "tags": order.tags,
        "properties": order.properties,
    }


@pytest.mark.parametrize("name", names(Order))
def test_an_order_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    visitor, statement = visit(tmp_path), golden.statement_of(CASES[name])
    assert isinstance(statement.snapshot, Order)
    replay(visitor, CASES[name])
    found = newest(visitor, Order)
    expected = told_of_order(statement.snapshot)
    expected["texts"] = (
        expected["texts"][0],
        expected["texts"][1] or CASES[name]["items"][0]["body"].get("store"),
        *expected["texts"][2:],
    )
    assert expected == told_of_order(found)
    recipient = statement.recipient
    assert ((recipient.external_id, recipient.email) if recipient else (None, None)) == (
        found.identity.external_id,
        found.identity.email,
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("order-placed", "order.placed"),
        ("order-paid", "order.paid"),
        ("order-fulfilled", "order.fulfilled"),
        ("order-delivered", "order.delivered"),
        ("order-refunded-partly", "order.refunded"),
        ("order-refunded-fully", "order.refunded"),
    ],
)
def test_what_happened_to_an_order_is_read_back(name: str, kind: str, tmp_path: Path) -> None:
    visitor = visit(tmp_path)
    replay(visitor, CASES["order-placed"])
    replay(visitor, CASES[name])
    assert kind in visitor.kinds()
    assert [False] * len(visitor.facts()) == [fact.is_approximate for fact in visitor.facts()]


@pytest.mark.parametrize("name", names(Person))
def test_a_person_is_read_back_as_they_were(name: str, tmp_path: Path) -> None:
    visitor, statement = visit(tmp_path), golden.statement_of(CASES[name])
    person = statement.snapshot
    assert isinstance(person, Person)
    replay(visitor, CASES[name])
    found: Person = newest(visitor, Person)

    def told(one: Person) -> tuple[Any, ...]:
        gender = {"male": "m", "female": "f", "m": "m", "f": "f", "o": "o"}.get(one.gender or "")
        country = one.address.country_code if one.address else None
        return (
            (one.identity.external_id, one.identity.email),
            (
                one.first_name,
                one.last_name,
                gender,
                one.birth_date,
                one.language,
                one.company,
            ),
            (one.time_zone, country, one.created_at, one.tags, one.properties),
        )

    assert told(person) == told(found)


@pytest.mark.parametrize("name", names(Cart))
def test_a_cart_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    visitor, statement = visit(tmp_path), golden.statement_of(CASES[name])
    replay(visitor, CASES[name])
    found = newest(visitor, Cart)

    def told(cart: Cart) -> tuple[Any, ...]:
        lines = [
            (line.product_id, line.variant_id, line.name, line.quantity, line.unit_price, line.total)
            for line in cart.lines
        ]
        return cart.cart_id, cart.total, cart.currency, cart.url, cart.store, cart.discount, lines

    assert isinstance(statement.snapshot, Cart)
    assert told(statement.snapshot) == told(found)
    assert (statement.kind, statement.occurred_at) in [(fact.kind, fact.occurred_at) for fact in visitor.facts()]


@pytest.mark.parametrize("name", names(Event))
def test_an_event_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    visitor, statement = visit(tmp_path), golden.statement_of(CASES[name])
    event = statement.snapshot
    assert isinstance(event, Event)
    replay(visitor, CASES[name])
    found: Event = newest(visitor, Event)
    assert (event.name, event.occurred_at, event.value, event.currency, event.properties) == (
        found.name,
        found.occurred_at,
        found.value,
        found.currency,
        found.properties,
    )


@pytest.mark.parametrize("name", names(Product))
def test_a_product_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    visitor, statement = visit(tmp_path), golden.statement_of(CASES[name])
    product = statement.snapshot
    assert isinstance(product, Product)
    replay(visitor, CASES[name])
    found = visitor.shelves.snapshot(f"product:{product.product_id}")
    assert isinstance(found, Product)
    if product.removed_at:
        assert (product.title, False) == (found.title, found.is_published)
    else:
        assert (product.title, product.sku, product.price, product.compare_at_price, product.currency) == (
            found.title,
            found.sku,
            found.price,
            found.compare_at_price,
            found.currency,
        )
        assert (product.brand, product.categories, product.url, product.image_url, product.is_published) == (
            found.brand,
            found.categories,
            found.url,
            found.image_url,
            found.is_published,
        )


@pytest.mark.parametrize("name", names(Subscription))
def test_a_recurring_purchase_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    visitor, statement = visit(tmp_path), golden.statement_of(CASES[name])
    subscription = statement.snapshot
    assert isinstance(subscription, Subscription)
    replay(visitor, CASES["subscription-created"])
    replay(visitor, CASES[name])
    found: Subscription = newest(visitor, Subscription)
    assert (subscription.product_ids, frequency(subscription.interval or "")) == (found.product_ids, found.interval)
    assert (statement.kind, statement.occurred_at) in [(fact.kind, fact.occurred_at) for fact in visitor.facts()]


@pytest.mark.parametrize("name", names(Consent))
def test_permission_is_read_back_and_never_wider(name: str, tmp_path: Path) -> None:
    visitor, statement = visit(tmp_path), golden.statement_of(CASES[name])
    consent = statement.snapshot
    assert isinstance(consent, Consent)
    replay(visitor, CASES[name])
    told = [
        msgspec.json.decode(fact.body, type=Consent) for fact in visitor.facts() if fact.kind == "consent.changed"
    ]
    body = CASES[name]["items"][-1]["body"]
    is_dated = any("timestamp" in key for key in body) or "dt_updated_marketing" in str(body)
    expected = {"subscribed": "subscribed", "never_asked": None}.get(consent.state.value, "unsubscribed")
    assert ([expected] if expected else []) == [one.state.value for one in told]
    if told and is_dated:
        assert consent.changed_at == told[0].changed_at
    if told and not is_dated and expected == "subscribed":
        assert told[0].changed_at is None


@pytest.mark.parametrize("name", CASES)
def test_what_is_pushed_twice_is_told_once(name: str, tmp_path: Path) -> None:
    visitor = visit(tmp_path)
    replay(visitor, CASES[name])
    before = visitor.kinds()
    replay(visitor, CASES[name])
    assert before == visitor.kinds()
