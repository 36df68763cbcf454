"""What our own writer tells Drip of an order's life is read back as the same order."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from orderwire.dialects.contract import Account, Lane, Recipient, Statement
from orderwire.dialects.drip.dialect import DIALECT
from orderwire.dialects.drip.door.door import DOOR
from orderwire.model import Address, Identity, Kind, Order, OrderLine, Refund, Shipment, claims_of
from orderwire.testing.doors import Visitor

PLACED = datetime(2026, 2, 1, 10, tzinfo=UTC)
ACCOUNT = Account(key="k", base_url="https://drip.test", account_id="1", knows_newsletter=True, options={})
WHOLE = Order(
    order_id="1001",
    identity=Identity(email="ana@mail.test"),
    currency="EUR",
    placed_at=PLACED,
    total=4550,
    number="#1001",
    lines=(
        OrderLine(
            line_id="L1",
            name="Tea",
            product_id="P1",
            variant_id="V1",
            unit_price=Decimal("22.495"),
            quantity=Decimal(2),
            subtotal=4499,
            discount=449,
            total=4050,
        ),
    ),
    discount=449,
    shipping=500,
    billing_address=Address(first_name="Ana", line1="Main 1", country_code="LV"),
    paid_at=PLACED.replace(hour=11),
    shipments=(
        Shipment(
            shipment_id="S1", shipped_at=PLACED.replace(day=2), delivered_at=PLACED.replace(day=4), carrier="Post"
        ),
        Shipment(shipment_id="S2", shipped_at=PLACED.replace(day=3)),
    ),
    refunds=(
        Refund(refund_id="R1", refunded_at=PLACED.replace(day=5), amount=1000, reason="broken"),
        Refund(refund_id="R2", refunded_at=PLACED.replace(day=6), amount=3550),
    ),
    cancelled_at=PLACED.replace(day=7),
    cancel_reason="late",
    updated_at=PLACED.replace(day=7),
)


BACKWARDS = msgspec.structs.replace(
    WHOLE,
    shipments=(msgspec.structs.replace(WHOLE.shipments[0], delivered_at=None), WHOLE.shipments[1]),
    delivered_at=WHOLE.shipments[0].delivered_at,
)
"""The same, where a parcel was delivered before anything was told of it."""


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    made = Visitor(tmp_path, DOOR)
    yield made
    made.close()


@pytest.mark.parametrize("direction", [1, -1])
def test_an_orders_life_written_by_us_is_the_same_order_here(visitor: Visitor, direction: int) -> None:
    happenings = [claim for claim in claims_of(WHOLE, at=PLACED) if claim.kind != Kind.ORDER_UPDATED]
    for claim in happenings[::direction]:
        statement = Statement(
            kind=claim.kind,
            key="k",
            subject=claim.subject,
            source="shop",
            occurred_at=claim.occurred_at,
            lane=Lane.LIVE,
            snapshot=WHOLE,
            detail=claim.detail,
            recipient=Recipient(person=1, email="ana@mail.test", is_known_there=True),
        )
        [item] = DIALECT.write(statement, ACCOUNT).items
        path = f"/v3/{visitor.account}/shopper_activity/order"
        key = {"Authorization": f"Bearer {visitor.secret}"}
        assert 202 == visitor.call("POST", path, body=item.body, headers=key).status

    order = visitor.shelves.snapshot("order:1001")
    assert isinstance(order, Order)
    in_order = msgspec.structs.replace(
        order,
        shipments=tuple(sorted(order.shipments, key=lambda one: one.shipment_id)),
        refunds=tuple(sorted(order.refunds, key=lambda one: one.refund_id)),
    )
    assert (WHOLE if direction > 0 else BACKWARDS) == in_order
