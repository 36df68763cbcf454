"""The recommended events: their versions, and what of their properties does not fit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

VERSIONS: dict[str, tuple[str, ...]] = {
    "added product to cart": ("",),
    "started checkout": ("", "v2"),
    "placed order": ("v2",),
    "paid for order": ("v2",),
    "ordered product": ("v2",),
    "order fulfilled": ("v2",),
    "order canceled": ("v2",),
    "order refunded": ("v2",),
    "viewed product": ("v4",),
}
AMOUNTS = {
    "placed order": "totalPrice",
    "paid for order": "totalPrice",
    "order fulfilled": "totalPrice",
    "order canceled": "totalPrice",
    "order refunded": "totalRefundedAmount",
}
"""Which property is an event's amount; `value` for every other."""

_PAYMENT = {"awaitingPayment", "partiallyPaid", "paid", "partiallyRefunded", "refunded", "voided"}
_FULFILLMENT = {"unfulfilled", "inProgress", "fulfilled", "delivered", "restocked"}
_ORDER = {
    "orderID": "text",
    "currency": "currency",
    "createdAt": "text",
    "totalPrice": "number",
    "lineItems": "lines",
}
_CART = {"cartID": "text", "currency": "currency", "value": "number", "abandonedCheckoutURL": "text"}
_REQUIRED: dict[str, dict[str, str]] = {
    **dict.fromkeys(
        ("placed order", "paid for order", "order fulfilled", "order canceled", "order refunded"), _ORDER
    ),
    "added product to cart": _CART | {"addedItem": "line", "lineItems": "lines"},
    "started checkout": _CART,
    "ordered product": {"orderID": "text", "product": "line"},
}
_OPTIONAL = {
    **dict.fromkeys(("subTotalPrice", "totalDiscount", "totalTax", "shippingPrice"), "number"),
    **dict.fromkeys(("totalRefundedAmount", "totalRefundedTaxAmount"), "number"),
    "paymentStatus": "payment",
    "fulfillmentStatus": "fulfillment",
    "refundedLineItems": "lines",
}
_LINE = {
    "productID": "text",
    "productVariantID": "text",
    "productTitle": "text",
    "productQuantity": "number",
    "productPrice": "number",
}


def problems_of(item: dict[str, Any], origin: str) -> list[str]:
    """Why an accepted event matches no automation or report; empty for one that does, and for custom events."""
    name = item["eventName"]
    if name not in VERSIONS:
        return []
    problems = []
    if (item.get("eventVersion") or "") not in VERSIONS[name]:
        problems.append("eventVersion")
    if item["origin"] != origin:
        problems.append("origin")
    properties = item.get("properties") or {}
    required = _REQUIRED.get(name, {})
    for key, sort in required.items():
        problems.extend(_misfits(properties, key, sort, f"properties.{key}"))
    for key, sort in _OPTIONAL.items():
        if key not in required and properties.get(key) is not None:
            problems.extend(_misfits(properties, key, sort, f"properties.{key}"))
    return problems


def _misfits(data: dict[str, Any], key: str, sort: str, place: str) -> list[str]:
    value = data.get(key)
    if sort == "lines":
        if not isinstance(value, list):
            return [place]
        return [fault for index, line in enumerate(value) for fault in _line_misfits(line, f"{place}.{index}")]
    if sort == "line":
        return _line_misfits(value, place)
    return [] if _fits(value, sort) else [place]


def _line_misfits(line: Any, place: str) -> list[str]:
    if not isinstance(line, dict):
        return [place]
    return [f"{place}.{key}" for key, sort in _LINE.items() if not _fits(line.get(key), sort)]


def _fits(value: Any, sort: str) -> bool:
    match sort:
        case "number":
            return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
        case "currency":
            return isinstance(value, str) and len(value) == 3 and value.isupper()
        case "payment":
            return value in _PAYMENT
        case "fulfillment":
            return value in _FULFILLMENT
        case _:
            return isinstance(value, str) and value != ""
