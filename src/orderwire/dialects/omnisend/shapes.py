"""The wire shapes of events, and how every body is encoded: amounts as exact JSON numbers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Raw, Struct, json

from orderwire.model.money import decimal_text


class EventContact(
    Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"first_name": "firstName", "last_name": "lastName"}
):
    """Whom an event is about. Never a consent: an event changes nobody's status."""

    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class EventBody(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={"id": "eventID", "name": "eventName", "version": "eventVersion", "at": "eventTime"},
):
    """One event."""

    id: str
    name: str
    version: str | None = None
    at: datetime
    origin: str
    contact: EventContact
    properties: Any


class Category(Struct, frozen=True):
    """A product category; its title is its id, because sources name no other."""

    id: str
    title: str


class LineItem(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "product_id": "productID",
        "variant_id": "productVariantID",
        "title": "productTitle",
        "quantity": "productQuantity",
        "price": "productPrice",
        "discount": "productDiscount",
        "strike_through_price": "productStrikeThroughPrice",
        "sku": "productSKU",
        "vendor": "productVendor",
        "url": "productURL",
        "image_url": "productImageURL",
        "categories": "productCategories",
    },
):
    """One line of an order or a cart."""

    product_id: str
    variant_id: str
    title: str
    quantity: int | Raw
    price: Raw
    discount: Raw | None = None
    strike_through_price: Raw | None = None
    sku: str | None = None
    vendor: str | None = None
    url: str | None = None
    image_url: str | None = None
    categories: tuple[Category, ...] = ()


class PostalAddress(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "first_name": "firstName",
        "last_name": "lastName",
        "state_code": "stateCode",
        "country_code": "countryCode",
    },
):
    """A billing or shipping address on an order."""

    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    state_code: str | None = None
    zip: str | None = None
    country: str | None = None
    country_code: str | None = None
    phone: str | None = None


class OrderDiscount(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A reduction of the whole order."""

    amount: Raw
    code: str | None = None
    type: str | None = None


class Tracking(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={"carrier": "courierTitle", "url": "courierURL"},
):
    """Where a parcel is."""

    code: str | None = None
    carrier: str | None = None
    url: str | None = None


class OrderProperties(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "order_id": "orderID",
        "number": "orderNumber",
        "created_at": "createdAt",
        "payment_status": "paymentStatus",
        "fulfillment_status": "fulfillmentStatus",
        "total": "totalPrice",
        "subtotal": "subTotalPrice",
        "discount": "totalDiscount",
        "tax": "totalTax",
        "is_tax_included": "subTotalTaxIncluded",
        "shipping": "shippingPrice",
        "fee": "totalFee",
        "payment_method": "paymentMethod",
        "shipping_method": "shippingMethod",
        "billing_address": "billingAddress",
        "shipping_address": "shippingAddress",
        "url": "orderStatusURL",
        "cancel_reason": "cancelReason",
        "refunded_lines": "refundedLineItems",
        "refunded_amount": "totalRefundedAmount",
        "lines": "lineItems",
        "custom_fields": "customFields",
    },
):
    """The properties that all events of the order family share, and those of one of them."""

    order_id: str
    number: str
    created_at: datetime
    currency: str
    payment_status: str
    fulfillment_status: str
    total: Raw
    subtotal: Raw
    discount: Raw
    tax: Raw
    shipping: Raw
    fee: Raw | None = None
    is_tax_included: bool | None = None
    payment_method: str | None = None
    shipping_method: str | None = None
    billing_address: PostalAddress | None = None
    shipping_address: PostalAddress | None = None
    discounts: tuple[OrderDiscount, ...] = ()
    note: str | None = None
    url: str | None = None
    tags: tuple[str, ...] = ()
    store: str | None = None
    tracking: Tracking | None = None
    cancel_reason: str | None = None
    refunded_lines: tuple[LineItem, ...] = ()
    refunded_amount: Raw | None = None
    custom_fields: dict[str, Any] = {}
    lines: tuple[LineItem, ...]
    """Always written: required there, even where there are none."""


class CartProperties(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "cart_id": "cartID",
        "url": "abandonedCheckoutURL",
        "added": "addedItem",
        "custom_fields": "customFields",
        "lines": "lineItems",
    },
):
    """The properties of the cart events."""

    cart_id: str
    currency: str
    value: Raw
    url: str | None = None
    added: LineItem | None = None
    custom_fields: dict[str, Any] = {}
    lines: tuple[LineItem, ...]
    """Always written: an emptied cart has none."""


_ENCODER = json.Encoder(decimal_format="number")
encode = _ENCODER.encode


def amount(minor_units: int, currency: str) -> Raw:
    """Minor units as the JSON number that the platform takes: major units, exact."""
    return Raw(decimal_text(minor_units, currency).encode())


def number(value: Decimal) -> Raw:
    """A decimal as a JSON number, without exponent or trailing zeros."""
    return Raw(format(value.normalize(), "f").encode())
