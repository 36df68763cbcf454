"""Orders and carts as /v3 shows them: everything there, empty where nothing is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orderwire.dialects.doorway import Shelves
from orderwire.dialects.omnisend.door.contacts_show import stamp
from orderwire.dialects.omnisend.door.ids import contact_id
from orderwire.dialects.omnisend.door.orders_read import read_statuses
from orderwire.dialects.omnisend.write_orders import fulfillment_status, payment_status
from orderwire.model import Address, Cart, Identity, Order, OrderLine
from orderwire.model.money import major

ORDERS, CARTS = "order", "cart"
"""The collections of orders and carts as they were written in /v3, for what only that generation shows."""

_ADDRESS: Mapping[str, str] = {
    "firstName": "first_name",
    "lastName": "last_name",
    "country": "country",
    "countryCode": "country_code",
    "state": "region",
    "stateCode": "region_code",
    "city": "city",
    "address": "line1",
    "address2": "line2",
    "company": "company",
    "postalCode": "postal_code",
    "phone": "phone",
}


def show_order(order: Order, given: Mapping[str, Any], shelves: Shelves) -> dict[str, Any]:
    """An order; `given` is its body as it was written here, empty for one that came another way."""
    known = None if order.identity.is_empty else shelves.find(order.identity)
    payment, fulfillment = read_statuses(order)
    at = order.updated_at or order.placed_at
    parcel = order.shipments[-1] if order.shipments else None
    cut = order.discounts[0] if order.discounts else None
    currency = order.currency
    shown: dict[str, Any] = {
        "orderID": order.order_id,
        "email": order.identity.email or "",
        "phone": order.identity.phone or "",
        "contactID": contact_id(known.person) if known else "",
        "cartID": order.properties.get("cartID") or "",
        "emailID": order.properties.get("emailID"),
        "attributionID": order.properties.get("attributionID") or "",
        "trackingCode": (parcel.tracking_code if parcel else order.properties.get("trackingCode")) or "",
        "courierTitle": (parcel.carrier if parcel else order.properties.get("courierTitle")) or "",
        "courierUrl": (parcel.tracking_url if parcel else order.properties.get("courierUrl")) or "",
        "orderUrl": order.url or "",
        "source": order.properties.get("source") or "",
        "tags": list(order.tags) or None,
        "currency": currency,
        "orderSum": in_cents(order.total, currency),
        "subTotalSum": in_cents(order.subtotal or 0, currency),
        "subTotalTaxIncluded": order.is_tax_included,
        "discountSum": in_cents(order.discount, currency),
        "taxSum": in_cents(order.tax, currency),
        "shippingSum": in_cents(order.shipping, currency),
        "createdAt": stamp(order.placed_at),
        "updatedAt": stamp(order.updated_at or order.placed_at),
        "paymentMethod": order.payment_method or "",
        "paymentStatus": payment or payment_status(order, at),
        "billingAddress": _show_address(order.billing_address),
        "shippingAddress": _show_address(order.shipping_address),
        "canceledDate": stamp(order.cancelled_at) or None,
        "cancelReason": order.cancel_reason or "",
        "orderNumber": _whole(order.number),
        "contactNote": order.note or "",
        "discountCode": (cut.code if cut else "") or "",
        "discountType": (cut.title if cut else "") or "",
        "discountValue": in_cents(cut.amount, currency) if cut else 0,
        "shippingMethod": order.shipping_method or "",
        "fulfillmentStatus": fulfillment or fulfillment_status(order, at),
        "products": _products(order.lines, given, currency),
        "customFields": None,
        "depersonalized": False,
    }
    return shown | {name: given[name] for name in ("orderNumber", "discountValue") if given.get(name) is not None}


def show_cart(cart: Cart, given: Mapping[str, Any], shelves: Shelves) -> dict[str, Any]:
    """A cart, in the same way."""
    known = None if cart.identity.is_empty else shelves.find(cart.identity)
    created_at = given.get("createdAt")
    return {
        "contactID": contact_id(known.person) if known else "",
        "cartID": cart.cart_id,
        "email": cart.identity.email or "",
        "phone": cart.identity.phone or "",
        "currency": cart.currency,
        "cartRecoveryUrl": cart.url or "",
        "createdAt": created_at if isinstance(created_at, str) and created_at else stamp(cart.updated_at),
        "updatedAt": stamp(cart.updated_at),
        "emailID": cart.properties.get("emailID"),
        "attributionID": cart.properties.get("attributionID") or "",
        "cartSum": in_cents(cart.total, cart.currency),
        "products": [_cart_line(line, cart.currency) for line in cart.lines],
    }


def in_cents(amount: int, currency: str) -> int:
    """Minor units as hundredths of the major unit."""
    return int(major(amount, currency).scaleb(2))


def named(identity: Identity) -> dict[str, str]:
    """The addresses of a short reply."""
    return {"email": identity.email or ""} | ({"phone": identity.phone} if identity.phone else {})


def _products(lines: tuple[OrderLine, ...], given: Mapping[str, Any], currency: str) -> list[dict[str, Any]]:
    """The lines; tags and categories of each as they were given."""
    rows = given.get("products")
    rows = rows if isinstance(rows, list) and len(rows) == len(lines) else [{} for _ in lines]
    return [
        {
            "productID": line.product_id or line.line_id,
            "variantID": line.variant_id or line.product_id or line.line_id,
            "title": line.name,
            "variantTitle": line.properties.get("variantTitle") or "",
            "quantity": _count(line),
            "price": _price(line, currency),
            "discount": in_cents(line.discount, currency),
            "weight": line.properties.get("weight") or 0,
            "sku": line.sku or "",
            "vendor": line.brand or "",
            "productUrl": line.url or "",
            "imageUrl": line.image_url or "",
            "categoryIDs": list(line.categories) or None,
            "tags": row.get("tags") if isinstance(row, dict) else None,
        }
        for line, row in zip(lines, rows, strict=True)
    ]


def _cart_line(line: OrderLine, currency: str) -> dict[str, Any]:
    price = _price(line, currency)
    old = int((line.unit_price or 0) * 100)
    return {
        "cartProductID": line.line_id,
        "productID": line.product_id or line.line_id,
        "variantID": line.variant_id or line.product_id or line.line_id,
        "title": line.name,
        "description": line.properties.get("description") or "",
        "quantity": _count(line),
        "price": price,
        "oldPrice": old if old > price else None,
        "discount": in_cents(line.discount, currency),
        "productUrl": line.url or "",
        "imageUrl": line.image_url or "",
        "sku": line.sku or "",
    }


def _price(line: OrderLine, currency: str) -> int:
    total = major(line.total, currency).scaleb(2)
    return int((total / line.quantity).to_integral_value()) if line.quantity else int(total)


def _count(line: OrderLine) -> int | float:
    return int(line.quantity) if line.quantity == int(line.quantity) else float(line.quantity)


def _whole(number: str | None) -> int:
    digits = "".join(letter for letter in number or "" if letter.isascii() and letter.isdigit())
    return int(digits[:18]) if digits else 0


def _show_address(address: Address | None) -> dict[str, str]:
    return {name: (getattr(address, field) if address else None) or "" for name, field in _ADDRESS.items()}
