"""Yespo's request bodies as typed values; field names turn to camel case on the wire."""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct


class OrderItem(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One item of an order; `cost` is the discounted price of one piece."""

    external_item_id: str
    name: str
    quantity: Raw
    cost: Raw
    url: str | None = None
    image_url: str | None = None
    category: str | None = None


class OrderBody(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One order of `POST v1/orders`; its fields are also the parameters of an order event."""

    external_order_id: str
    total_cost: Raw
    status: str
    date: str
    currency: str
    external_customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    shipping: Raw | None = None
    discount: Raw | None = None
    taxes: Raw | None = None
    restore_url: str | None = None
    status_description: str | None = None
    store_id: str | None = None
    source: str | None = None
    delivery_method: str | None = None
    payment_method: str | None = None
    delivery_address: str | None = None
    additional_info: dict[str, str] = {}
    items: list[OrderItem] = []


class ContactChannel(Struct, frozen=True):
    """An address at which a contact can be reached."""

    type: str
    value: str


class ContactAddress(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A contact's postal address."""

    region: str | None = None
    town: str | None = None
    address: str | None = None
    postcode: str | None = None


class ContactField(Struct, frozen=True):
    """The value of a custom field of the account."""

    id: int
    value: str


class ContactBody(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One contact of `POST v1/contacts` and `POST v1/contact`."""

    channels: list[ContactChannel]
    first_name: str | None = None
    last_name: str | None = None
    address: ContactAddress | None = None
    fields: list[ContactField] = []
    external_customer_id: str | None = None
    language_code: str | None = None
    time_zone: str | None = None


class Param(Struct, frozen=True):
    """One named parameter of an event."""

    name: str
    value: Any


class EventBody(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One event: live without key and time, past with both."""

    event_type_key: str
    params: list[Param]
    key_value: str | None = None
    occurred: str | None = None


class ProductParam(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One product of a cart, checkout or viewing event."""

    product_id: str
    quantity: Raw | None = None
    price: Raw | None = None
    name: str | None = None
    category: str | None = None
    is_in_stock: int | None = None
