"""A small mapping for the tests to bend."""

from copy import deepcopy
from typing import Any

import pytest

SHOP: dict[str, Any] = {
    "kind": "sql",
    "url": "env:SHOP_URL",
    "time_zone": "Europe/London",
    "currency": "GBP",
    "orders": {
        "table": "orders",
        "id": "id",
        "changed_at": "updated_at",
        "fields": {
            "external_id": "customer",
            "email": "email",
            "placed_at": "placed",
            "paid_at": "paid",
            "total": "total",
            "discount": "discount",
            "shipping": "shipping",
            "billing_address": {"city": "town"},
            "properties.channel": "channel",
        },
        "status": {
            "column": "status",
            "map": {
                "open": "placed",
                "paid": "paid",
                "sent": {"happening": "fulfilled", "occurred_at": "updated_at"},
                "done": {"happening": "delivered", "occurred_at": "skip"},
            },
        },
        "lines": {
            "table": "lines",
            "id": "id",
            "parent": "order_id",
            "fields": {"sku": "sku", "name": "title", "quantity": "qty", "unit_price": "price"},
        },
        "refunds": {
            "table": "refunds",
            "id": "id",
            "parent": "order_id",
            "changed_at": "made",
            "fields": {"refunded_at": "made", "amount": "amount"},
            "lines": {"table": "refund_lines", "parent": "refund", "fields": {"line_id": "line", "amount": "amount"}},
        },
    },
}


@pytest.fixture
def shop() -> dict[str, Any]:
    """The `[source.shop]` table, the test's own copy."""
    return deepcopy(SHOP)
