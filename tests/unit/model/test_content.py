"""What decides whether a state has changed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import json
from msgspec.structs import replace

from orderwire.model import (
    Cart,
    Channel,
    Consent,
    ConsentState,
    Identity,
    Order,
    OrderLine,
    Person,
    Product,
    Record,
    Refund,
    Shipment,
    Subscription,
    content_of,
)

ANA = Identity(email="ana@mail.test")
THEN = datetime(2026, 3, 1, tzinfo=UTC)
LATER = datetime(2026, 3, 2, tzinfo=UTC)
ORDER = Order(order_id="1", identity=ANA, currency="EUR", placed_at=THEN, total=1999)
CART = Cart(cart_id="1", identity=ANA, currency="EUR", total=1999, updated_at=THEN)
PERSON = Person(identity=ANA, first_name="Ana")
PRODUCT = Product(product_id="1", title="Cup")
SUBSCRIPTION = Subscription(subscription_id="1", identity=ANA, created_at=THEN)
CONSENT = Consent(identity=ANA, channel=Channel.EMAIL, state=ConsentState.SUBSCRIBED)


@pytest.mark.parametrize(
    ("record", "change"),
    [
        (ORDER, {"updated_at": LATER}),
        (ORDER, {"paid_at": LATER}),
        (ORDER, {"fulfilled_at": LATER}),
        (ORDER, {"delivered_at": LATER}),
        (ORDER, {"cancelled_at": LATER, "cancel_reason": "stock"}),
        (ORDER, {"source_status": "complete"}),
        (ORDER, {"approximate": ("paid_at",)}),
        (ORDER, {"refunds": (Refund(refund_id="R1", refunded_at=LATER, amount=1),)}),
        (ORDER, {"shipments": (Shipment(shipment_id="S1", shipped_at=LATER),)}),
        (CART, {"updated_at": LATER}),
        (CART, {"abandoned_at": LATER}),
        (CART, {"checkout_started_at": LATER}),
        (PERSON, {"updated_at": LATER}),
        (PRODUCT, {"updated_at": LATER}),
        (SUBSCRIPTION, {"updated_at": LATER}),
        (SUBSCRIPTION, {"next_order_id": "N1"}),
    ],
)
def test_clock_and_lifecycle_are_no_content(record: Record, change: dict[str, Any]) -> None:
    assert content_of(record) == content_of(replace(record, **change))


@pytest.mark.parametrize(
    ("record", "change"),
    [
        (ORDER, {"total": 2000}),
        (ORDER, {"lines": (OrderLine(line_id="1", name="Cup"),)}),
        (ORDER, {"identity": Identity(email="bo@mail.test")}),
        (ORDER, {"is_test": True}),
        (CART, {"total": 0}),
        (CART, {"lines": (OrderLine(line_id="1", name="Cup"),)}),
        (PERSON, {"first_name": "Anna"}),
        (PERSON, {"tags": ("vip",)}),
        (PRODUCT, {"is_published": False}),
        (SUBSCRIPTION, {"cancelled_at": LATER}),
        (SUBSCRIPTION, {"interval": "month"}),
        (CONSENT, {"state": ConsentState.UNSUBSCRIBED}),
        (CONSENT, {"changed_at": LATER}),
    ],
)
def test_what_a_record_says_is_content(record: Record, change: dict[str, Any]) -> None:
    assert content_of(record) != content_of(replace(record, **change))


@pytest.mark.parametrize(
    "record",
    [
        ORDER,
        replace(ORDER, updated_at=LATER),
        replace(ORDER, updated_at=LATER, properties={"note": "a", "updated_at": "never"}),
        replace(ORDER, note=',"updated_at":"never"', updated_at=LATER),
        replace(ORDER, updated_at=LATER, paid_at=LATER),
        replace(ORDER, updated_at=LATER, cancel_reason=""),
        replace(ORDER, source_status=""),
        replace(CART, updated_at=LATER),
        replace(PERSON, updated_at=LATER),
        replace(PRODUCT, updated_at=LATER),
        replace(SUBSCRIPTION, updated_at=LATER),
        CONSENT,
    ],
)
def test_content_is_the_same_whether_the_json_is_at_hand_or_not(record: Record) -> None:
    assert content_of(record) == content_of(record, json.encode(record))
