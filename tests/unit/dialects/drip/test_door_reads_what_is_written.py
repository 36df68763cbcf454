"""What our own writing dialect sends is read back as the record that it came from."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from orderwire.dialects.contract import Statement
from orderwire.dialects.doorway import Call, Document, Intake, Known, Reply, Told, Unread, Wanted
from orderwire.dialects.drip.dialect import DIALECT
from orderwire.dialects.drip.door.door import DOOR
from orderwire.model import (
    Address,
    Cart,
    Consent,
    Event,
    Identity,
    Kind,
    Order,
    OrderLine,
    Person,
    Product,
    Record,
    Subscription,
)
from orderwire.testing.golden import account_of, cases, statement_of

GOLDEN = Path(__file__).parents[3] / "golden" / "drip"
RECEIVED = datetime(2024, 6, 1, 12, tzinfo=UTC)
WRITTEN = [
    pytest.param(case, id=name)
    for name, case in cases(GOLDEN)
    if "statement" in case and any(item for item in case["items"])
]
PATHS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "subscriber": ("/v2/{account}/subscribers", lambda body: {"subscribers": [body]}),
    "subscribers": ("/v2/{account}/subscribers/batches", lambda body: {"batches": [{"subscribers": [body]}]}),
    "unsubscribes": ("/v2/{account}/unsubscribes/batches", lambda body: {"batches": [{"subscribers": [body]}]}),
    "event": ("/v2/{account}/events", lambda body: {"events": [body]}),
    "events": ("/v2/{account}/events/batches", lambda body: {"batches": [{"events": [body]}]}),
    "order": ("/v3/{account}/shopper_activity/order", lambda body: body),
    "orders": ("/v3/{account}/shopper_activity/order/batch", lambda body: {"orders": [body]}),
    "cart": ("/v3/{account}/shopper_activity/cart", lambda body: body),
    "carts": ("/v3/{account}/shopper_activity/cart/batch", lambda body: {"carts": [body]}),
    "checkout": ("/v3/{account}/shopper_activity/checkout", lambda body: body),
    "product": ("/v3/{account}/shopper_activity/product", lambda body: body),
    "products": ("/v3/{account}/shopper_activity/product/batch", lambda body: {"products": [body]}),
}
ENDPOINTS = {(endpoint.method, endpoint.path): endpoint for endpoint in DOOR.endpoints}
NOT_WRITTEN_AGAIN = {
    "order-refunded-corrected": "a corrected refund goes as an update, which holds no refund",
    "consent-suppressed-history": "a bounce goes as an opt-out",
    "consent-suppressed-news": "a bounce goes as an opt-out",
    "consent-subscribed-history-overtaken": "it goes as what is in force",
    "order-delivered": "of a parcel whose shipping was never told, the delivery is the order's",
    "order-cancelled-paid": "that it was paid is told by another action",
    "product-without-currency": "Drip takes dollars where no currency is named",
}


class Pinned:
    """A ledger that knows what was kept of the calls before, and nobody."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Document] = {}
        self.things: dict[str, Record] = {}

    def document(self, collection: str, key: str) -> Document | None:
        return self.kept.get((collection, key))

    def documents(
        self, collection: str, *, after: tuple[str, str] | None = None, limit: int = 100, is_last_first: bool = False
    ) -> list[Document]:
        return []

    def count(self, collection: str) -> int:
        return 0

    def person(self, number: int) -> Known | None:
        return None

    def find(self, identity: Identity) -> Known | None:
        return None

    def people(self, *, after: int = 0, limit: int = 100, is_newest_first: bool = False) -> list[Known]:
        return []

    def snapshot(self, subject: str, *, source: str = "") -> Record | None:
        return self.things.get(subject)

    def snapshots(self, kind: str, *, after: str = "", limit: int = 100) -> list[tuple[str, Record]]:
        return []

    def facts(self, wanted: Wanted) -> list[Told]:
        return []

    def keep(self, intake: Intake) -> None:
        self.kept |= {(one.collection, one.key): one for one in intake.documents}
        self.things |= {
            f"product:{read.record.product_id}": read.record
            for read in intake.records
            if isinstance(read.record, Product)
        }


def read(case: dict[str, Any]) -> tuple[list[Record], list[Unread], list[Reply]]:
    """What the door makes of a case's items, each sent by its own call."""
    shelves = Pinned()
    records: list[Record] = []
    unread: list[Unread] = []
    replies: list[Reply] = []
    for item in case["items"]:
        path, wrap = PATHS[item["route"]]
        call = Call(
            method="POST",
            path=path,
            body=msgspec.json.encode(wrap(item["body"])),
            received_at=RECEIVED,
            request_id="0" * 32,
            source="drip",
            account="123",
        )
        intake = ENDPOINTS["POST", path].answer(call, shelves)
        assert isinstance(intake, Intake), intake
        shelves.keep(intake)
        records.extend(one.record for one in intake.records)
        unread.extend(intake.unread)
        replies.append(intake.reply if isinstance(intake.reply, Reply) else intake.reply(shelves))
    return records, unread, replies


def wire_address(address: Address | None) -> Address | None:
    """An address as Drip holds it: one name for a region, and a code where the country is one."""
    if address is None:
        return None
    return replace(
        address, region=address.region or address.region_code, region_code=None, country_code=address.country_code
    )


def wire_line(line: OrderLine, *, in_cart: bool) -> OrderLine:
    """A line as Drip holds it: always a name, and in a cart a product and a price."""
    name = line.name or line.sku or line.product_id or line.line_id
    product = line.product_id or ((line.sku or line.line_id) if in_cart else None)
    held = replace(line, name=name, product_id=product, properties=without_none(line.properties))
    if in_cart and line.unit_price is None:
        held = replace(held, unit_price=msgspec.convert("9.995", type=type(line.quantity)))
    return held


def without_none(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if value is not None}


def expected_order(statement: Statement, order: Order) -> Order:
    """The order as far as one action of Drip tells it."""
    at = statement.occurred_at
    kind = Kind(statement.kind)
    shipments = tuple(one for one in order.shipments if one.shipment_id == statement.detail)
    told = tuple(replace(one, delivered_at=None) for one in shipments)
    vague = () if kind is Kind.ORDER_PLACED else ("placed_at",)
    return replace(
        order,
        identity=Identity(email=email_of(statement)),
        placed_at=at,
        lines=tuple(wire_line(line, in_cart=False) for line in order.lines),
        properties=without_none(order.properties),
        billing_address=wire_address(order.billing_address),
        shipping_address=wire_address(order.shipping_address),
        discounts=tuple(one for one in order.discounts if one.code),
        refunds=tuple(one for one in order.refunds if one.refund_id == statement.detail),
        shipments=told if kind is Kind.ORDER_FULFILLED else (),
        paid_at=at if kind is Kind.ORDER_PAID else None,
        fulfilled_at=at if kind is Kind.ORDER_FULFILLED and not shipments else None,
        delivered_at=at if kind is Kind.ORDER_DELIVERED else None,
        cancelled_at=at if kind is Kind.ORDER_CANCELLED else None,
        cancel_reason=order.cancel_reason if kind is Kind.ORDER_CANCELLED else None,
        approximate=vague,
        updated_at=at,
    )


def expected_cart(statement: Statement, cart: Cart, account: Any) -> Cart:
    is_checkout = statement.kind == Kind.CHECKOUT_STARTED
    return replace(
        cart,
        identity=Identity(email=email_of(statement)),
        updated_at=statement.occurred_at,
        lines=tuple(wire_line(line, in_cart=True) for line in cart.lines),
        discount=0 if is_checkout else cart.discount,
        store=None if is_checkout else cart.store,
        url=cart.url or account.options.get("cart_url") or None,
        properties=without_none(cart.properties),
        checkout_started_at=statement.occurred_at if is_checkout else None,
        abandoned_at=None,
    )


def email_of(statement: Statement) -> str:
    assert statement.recipient is not None
    return statement.recipient.email or ""


@pytest.mark.parametrize("case", WRITTEN)
def test_everything_written_is_understood(case: dict[str, Any]) -> None:
    _, unread, replies = read(case)

    assert [] == unread
    assert [] == [reply.status for reply in replies if reply.status >= 300]


def of_kind(prefix: str) -> list[Any]:
    return [param for param in WRITTEN if str(param.id).startswith(prefix)]


@pytest.mark.parametrize(
    "case", [one for one in of_kind("order-") if one.id not in ("order-upcoming", "order-refunded-corrected")]
)
def test_an_order_is_the_same_order(case: dict[str, Any]) -> None:
    statement = statement_of(case)
    assert isinstance(statement.snapshot, Order)
    [order] = [record for record in read(case)[0] if isinstance(record, Order)]

    # Whether the total holds the tax is told by the sums alone.
    assert expected_order(statement, statement.snapshot) == replace(order, is_tax_included=False)


@pytest.mark.parametrize("case", [*of_kind("cart-"), *of_kind("checkout-")])
def test_a_cart_is_the_same_cart(case: dict[str, Any]) -> None:
    statement = statement_of(case)
    assert isinstance(statement.snapshot, Cart)
    [cart] = [record for record in read(case)[0] if isinstance(record, Cart)]

    assert expected_cart(statement, statement.snapshot, account_of(case, DIALECT)) == cart


@pytest.mark.parametrize("case", of_kind("person-"))
def test_a_person_is_the_same_person(case: dict[str, Any]) -> None:
    statement = statement_of(case)
    told = statement.snapshot
    assert isinstance(told, Person)
    [person] = [record for record in read(case)[0] if isinstance(record, Person)]

    has_key = account_of(case, DIALECT).options.get("user_id")
    identity = replace(
        told.identity, email=email_of(statement), external_id=told.identity.external_id if has_key else None
    )
    # A custom field has a name in small letters, and only the first of two that fall together.
    properties = {"loyalty_points": 12, "drip_x": "y"}
    held = replace(told, identity=identity, address=wire_address(told.address), properties=properties)
    assert held == person


CONSENTS = {
    "consent-never-asked-history": ("email", "never_asked", None),
    "consent-never-asked-news": ("email", "never_asked", None),
    "consent-sms-news": ("sms", "subscribed", RECEIVED),
    "consent-sms-opt-out-history": ("sms", "unsubscribed", RECEIVED),
    "consent-subscribed-history": ("email", "subscribed", None),
    "consent-subscribed-history-overtaken": ("email", "never_asked", None),
    "consent-subscribed-news": ("email", "subscribed", RECEIVED),
    "consent-subscribed-news-shop-without-newsletter": ("email", "subscribed", RECEIVED),
    "consent-suppressed-history": ("email", "unsubscribed", RECEIVED),
    "consent-suppressed-news": ("email", "unsubscribed", RECEIVED),
    "consent-unsubscribed-history": ("email", "unsubscribed", RECEIVED),
    "consent-unsubscribed-news": ("email", "unsubscribed", RECEIVED),
}


@pytest.mark.parametrize("case", of_kind("consent-"))
def test_a_permission_is_never_wider(case: dict[str, Any], request: pytest.FixtureRequest) -> None:
    channel, state, changed_at = CONSENTS[request.node.callspec.id]
    consents = [record for record in read(case)[0] if isinstance(record, Consent) and record.channel == channel]

    assert (state, changed_at) == (consents[-1].state, consents[-1].changed_at)
    assert email_of(statement_of(case)) == consents[-1].identity.email


@pytest.mark.parametrize("case", of_kind("event-"))
def test_an_event_is_the_same_event(case: dict[str, Any]) -> None:
    statement = statement_of(case)
    told = statement.snapshot
    assert isinstance(told, Event)
    [event] = [record for record in read(case)[0] if isinstance(record, Event)]

    properties = {"source": statement.source, **without_none(told.properties)}
    if isinstance(properties.get("categories"), list):
        properties["categories"] = ", ".join(properties["categories"])
    assert replace(told, identity=Identity(email=email_of(statement)), properties=properties) == event


@pytest.mark.parametrize("case", [*of_kind("subscription-"), *of_kind("order-upcoming")])
def test_a_recurring_purchase_is_the_same(case: dict[str, Any]) -> None:
    statement = statement_of(case)
    told = statement.snapshot
    assert isinstance(told, Subscription)
    [subscription] = [record for record in read(case)[0] if isinstance(record, Subscription)]

    held = replace(
        told,
        identity=Identity(email=email_of(statement)),
        created_at=statement.occurred_at,
        updated_at=statement.occurred_at,
    )
    assert held == subscription


@pytest.mark.parametrize("case", [one for one in WRITTEN if one.id not in NOT_WRITTEN_AGAIN])
def test_what_was_read_is_written_in_the_same_words(case: dict[str, Any]) -> None:
    statement = statement_of(case)
    records = [record for record in read(case)[0] if type(record) is type(statement.snapshot)]
    expression = DIALECT.write(replace(statement, snapshot=records[-1]), account_of(case, DIALECT))

    assert [item["body"] for item in case["items"]] == [msgspec.json.decode(item.body) for item in expression.items]
