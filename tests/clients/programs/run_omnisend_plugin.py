"""Calls in the shape of Omnisend's WordPress plugin, sent by hand: no client of Omnisend can be installed here.

The plugin is PHP and lives inside WordPress. Paths, headers, bodies and what it looks for in answers are its own.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from functools import partial
from typing import Any

from trial import HOUSE, call

HEADERS = {
    "Content-Type": "application/json",
    "X-API-Key": HOUSE["key"],
    "X-INTEGRATION-NAME": "shop",
    "X-INTEGRATION-VERSION": "1.0.0",
}
LINE = {
    "productID": "P1",
    "productVariantID": "V1",
    "productTitle": "Mug",
    "productQuantity": 2,
    "productPrice": 12.5,
    "productSKU": "MUG-B",
}


def ask(method: str, path: str, body: object = None) -> tuple[int, Any]:
    """The status and the decoded body."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{HOUSE['url']}{path}", content, HEADERS, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, json.loads(reply.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def contact(email: str, status: str, **more: Any) -> dict[str, Any]:
    moment = datetime.now(UTC).isoformat()
    channel = {"email": {"status": status, "statusDate": moment}}
    return {"identifiers": [{"type": "email", "id": email, "channels": channel}], "tags": ["source: shop"], **more}


def happened(name: str, time: str, properties: dict[str, Any]) -> dict[str, Any]:
    who = {"consents": [], "optIns": [], "tags": [], "email": "ana+shop@mail.test"}
    return {
        "contact": who,
        "eventName": name,
        "origin": "api",
        "eventVersion": "v2",
        "eventTime": time,
        "properties": properties,
    }


def order(**more: Any) -> dict[str, Any]:
    return {
        "orderID": "1001", "orderNumber": 1001, "createdAt": "2026-02-01T10:00:00+00:00", "currency": "EUR",
        "fulfillmentStatus": "unfulfilled", "paymentStatus": "awaitingPayment", "paymentMethod": "card",
        "subTotalPrice": 25.0, "subtotalTaxIncluded": True, "totalDiscount": 0, "totalPrice": 25.0, "totalTax": 4.0,
        "lineItems": [LINE], **more,
    }  # fmt: skip


def people() -> None:
    ana = contact("ana+shop@mail.test", "subscribed", firstName="Ana")
    made = call(
        "create contact",
        lambda: ask("POST", "/v5/contacts", ana),
        lambda a: (a[0], len(a[1]["contactID"])),
        (200, 24),
    )
    call(
        "get contact by email",
        lambda: ask("GET", "/v5/contacts?email=ana%2bshop@mail.test"),
        lambda a: a[1]["contacts"][0]["contactID"],
        made[1]["contactID"],
    )
    back = contact("ana+shop@mail.test", "subscribed", contactID=made[1]["contactID"], lastName="Lima")
    call("save contact", lambda: ask("POST", "/v5/contacts", back), lambda a: a[1]["contactID"], made[1]["contactID"])
    call(
        "create contact who was not asked",
        lambda: ask("POST", "/v5/contacts", contact("bo@mail.test", "nonSubscribed")),
        lambda a: a[0],
        200,
    )
    call(
        "create contact who said no",
        lambda: ask("POST", "/v5/contacts", contact("cy@mail.test", "unsubscribed")),
        lambda a: a[0],
        200,
    )
    call(
        "connect store",
        lambda: ask(
            "POST",
            f"/v3/accounts/{HOUSE['account']}",
            {
                "website": "https://shop.test",
                "platform": "shop",
                "version": "1.0.0",
                "phpVersion": "8.2",
                "platformVersion": "6.5",
            },
        ),
        lambda a: a[0] < 300,
        True,
    )


def orders() -> None:
    cart = {
        "abandonedCheckoutURL": "https://shop.test/c1",
        "cartID": "c1",
        "currency": "EUR",
        "value": 25.0,
        "lineItems": [LINE],
        "addedItem": LINE,
    }
    for name, time, properties in (
        ("added product to cart", "2026-02-01T09:00:00+00:00", cart),
        ("placed order", "2026-02-01T10:00:00+00:00", order()),
        ("paid for order", "2026-02-01T10:05:00+00:00", order(paymentStatus="paid")),
        ("order fulfilled", "2026-02-03T09:00:00+00:00", order(paymentStatus="paid", fulfillmentStatus="fulfilled")),
        (
            "order refunded",
            "2026-02-10T12:30:00+00:00",
            order(
                paymentStatus="partiallyRefunded",
                fulfillmentStatus="fulfilled",
                totalRefundedAmount=12.5,
                refundedLineItems=[{**LINE, "productQuantity": 1}],
            ),
        ),
        ("wished", "2026-02-02T08:00:00+00:00", {"product": "P2"}),
    ):
        call(
            f"event {name}",
            partial(ask, "POST", "/v5/events", happened(name, time, properties)),
            lambda a: a[0],
            202,
        )
    batch = {
        "endpoint": "events",
        "method": "POST",
        "origin": "woocommerce",
        "items": [
            happened(
                "placed order",
                "2025-01-01T00:00:00+00:00",
                order(orderID="900", orderNumber=900, createdAt="2025-01-01T00:00:00+00:00"),
            )
        ],
    }
    call(
        "batch of events",
        lambda: ask("POST", "/v5/batches", batch),
        lambda a: (a[0] < 300, len(a[1]["batchID"])),
        (True, 24),
    )


def products() -> None:
    made = call(
        "create category",
        lambda: ask("POST", "/v5/product-categories", {"categoryId": "cups", "title": "Cups"}),
        lambda a: a[1]["categoryID"],
        "cups",
    )
    call("get category", lambda: ask("GET", "/v5/product-categories/cups"), lambda a: a[1]["title"], "Cups")
    call(
        "update category",
        lambda: ask("PATCH", "/v5/product-categories/cups", {"title": "Mugs"}),
        lambda a: a[1]["categoryID"],
        made[1]["categoryID"],
    )
    product = {
        "tags": [], "currency": "EUR", "id": "P1", "status": "inStock", "title": "Mug", "url": "https://shop.test/mug",
        "categoryIDs": ["cups"],
        "variants": [{"id": "V1", "title": "Mug", "price": 12.5, "url": "https://shop.test/mug", "sku": "MUG-B"}],
    }  # fmt: skip
    call("create product", lambda: ask("POST", "/v5/products", product), lambda a: a[1]["id"], "P1")
    call("get product", lambda: ask("GET", "/v5/products/P1"), lambda a: a[1]["title"], "Mug")
    call(
        "replace product",
        lambda: ask("PUT", "/v5/products/P1", {**product, "title": "Cup"}),
        lambda a: a[1]["id"],
        "P1",
    )
    call("delete product", lambda: ask("DELETE", "/v5/products/P1"), lambda a: a[0] < 300, True)
    call("get product that is gone", lambda: ask("GET", "/v5/products/P1"), lambda a: a[0], 404)
    call("delete category", lambda: ask("DELETE", "/v5/product-categories/cups"), lambda a: a[0] < 300, True)


if __name__ == "__main__":
    people()
    orders()
    products()
