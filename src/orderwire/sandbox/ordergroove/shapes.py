"""How Ordergroove shows things: naive times by the API, epoch seconds by webhooks, money as text."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from orderwire.sandbox.ordergroove.programme import (
    SUCCESS,
    ZONE,
    Customer,
    Item,
    Order,
    Product,
    Programme,
    Subscription,
)

MERCHANT = "0e5de2bedc5e11e3a2e4bc764e106cf4"
OFFER = "d" * 32
"""The one offer that everything is subscribed to by."""
_PERIODS = {1: "Days", 2: "Weeks", 3: "Months"}
_STATUSES = {1: "Unsent", 4: "Cancelled", 5: "Success"}
DISCOUNT = 10
"""What is taken off the price of everything in an order, in per cent."""


def naive(at: datetime | None) -> str | None:
    """A time as the API shows it."""
    return None if at is None else at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def money(cents: int) -> str:
    """An amount as text."""
    return f"{cents // 100}.{cents % 100:02d}"


def customer(one: Customer) -> dict[str, Any]:
    """A customer."""
    return {
        "merchant": MERCHANT,
        "merchant_user_id": one.id,
        "session_id": f"{MERCHANT}.1.{one.id}",
        "user_token_id": None,
        "first_name": one.first_name,
        "last_name": one.last_name,
        "email": one.email,
        "phone_number": one.phone,
        "phone_type": 2,
        "live": True,
        "created": naive(one.created),
        "last_updated": naive(one.updated),
        "last_login": None,
        "extra_data": None,
        "locale": 1,
        "price_code": None,
    }


def subscription(one: Subscription) -> dict[str, Any]:
    """A subscription, as it is retrieved; one that was made from an item has no sort."""
    sort = None if one.first_order is None else "replenishment"
    return {
        "merchant": MERCHANT,
        "customer": one.customer,
        "product": one.product,
        "payment": "f" * 32,
        "shipping_address": "e" * 32,
        "offer": OFFER,
        "subscription_type": sort,
        "extra_data": {},
        "components": [],
        "public_id": one.id,
        "product_attribute": None,
        "quantity": one.quantity,
        "price": None,
        "frequency_days": one.days,
        "reminder_days": one.lead,
        "every": one.every,
        "every_period": one.period,
        "start_date": one.created.astimezone(ZONE).strftime("%Y-%m-%d"),
        "cancelled": naive(one.cancelled),
        "cancel_reason": one.reason,
        "cancel_reason_code": (one.reason or "").partition("|")[0] or None,
        "iteration": None,
        "sequence": None,
        "session_id": one.session or f"{MERCHANT}.1.{one.customer}",
        "merchant_order_id": one.first_order,
        "customer_rep": None,
        "club": None,
        "created": naive(one.created),
        "updated": naive(one.updated),
        "live": one.live,
        "external_id": None,
        "raw_subscription_type": sort,
        "currency_code": "USD",
        "prepaid_subscription_context": None,
    }


def price_of(programme: Programme, one: Item) -> int:
    """What an item costs after the discount, in cents."""
    full = programme.products[one.product].price * one.quantity
    return full - full * DISCOUNT // 100


def order(programme: Programme, one: Order) -> dict[str, Any]:
    """An order, as it is retrieved."""
    items = programme.items_of(one.id)
    total = sum(price_of(programme, item) for item in items)
    full = sum(programme.products[item.product].price * item.quantity for item in items)
    shipping = 500 if items else 0
    return {
        "merchant": MERCHANT,
        "customer": one.customer,
        "payment": "f" * 32,
        "shipping_address": "e" * 32,
        "public_id": one.id,
        "sub_total": money(total),
        "tax_total": "0.00",
        "shipping_total": money(shipping),
        "discount_total": money(full - total),
        "total": money(total + shipping),
        "created": naive(one.created),
        "updated": naive(one.updated),
        "place": f"{one.place.isoformat()} 00:00:00",
        "cancelled": None if one.status != 4 else naive(one.updated),
        "tries": 1 if one.status == SUCCESS else 0,
        "generic_error_count": 0,
        "status": one.status,
        "type": 1,
        "order_merchant_id": one.merchant_id,
        "rejected_message": None,
        "extra_data": None,
        "locked": False,
        "oos_free_shipping": False,
        "currency_code": "USD",
    }


def item(programme: Programme, one: Item) -> dict[str, Any]:
    """An item."""
    total = price_of(programme, one)
    return {
        "order": one.order,
        "offer": OFFER,
        "subscription": one.subscription,
        "subscription_component": None,
        "product": one.product,
        "components": [],
        "quantity": one.quantity,
        "public_id": one.id,
        "product_attribute": None,
        "extra_cost": "0.00",
        "one_time": one.subscription is None,
        "frozen": False,
        "first_placed": None,
        "price": money(programme.products[one.product].price),
        "total_price": money(total),
        "order_updated": naive(programme.orders[one.order].updated),
    }


def product(one: Product) -> dict[str, Any]:
    """A product."""
    return {
        "merchant": MERCHANT,
        "groups": [],
        "name": one.name,
        "price": money(one.price),
        "image_url": f"https://shop.test/i/{one.id}.png",
        "detail_url": f"https://shop.test/p/{one.id}",
        "external_product_id": one.id,
        "sku": f"sku-{one.id}",
        "autoship_enabled": True,
        "premier_enabled": 0,
        "created": naive(one.created),
        "last_update": naive(one.created),
        "live": True,
        "discontinued": False,
        "extra_data": {},
        "product_type": "standard",
        "autoship_by_default": False,
        "every": 1,
        "every_period": 3,
    }


def hook_subscription(one: Subscription) -> dict[str, Any]:
    """A subscription in an event about it: no currency, times in seconds."""
    shown = {name: value for name, value in subscription(one).items() if name not in ("currency_code", "club")}
    shown |= {"type": "subscription", "every_period_display": _PERIODS[one.period]}
    return shown | _seconds(created=one.created, updated=one.updated, cancelled=one.cancelled)


def hook_order(programme: Programme, one: Order) -> dict[str, Any]:
    """An order in an event about it: neither currency nor time of change, and the day alone."""
    left_out = ("currency_code", "updated", "locked", "oos_free_shipping")
    shown = {name: value for name, value in order(programme, one).items() if name not in left_out}
    shown |= {"type": "order", "status_display": _STATUSES[one.status], "place": one.place.isoformat()}
    return shown | _seconds(created=one.created, cancelled=one.updated if one.status == 4 else None)


def hook_item(programme: Programme, one: Item) -> dict[str, Any]:
    """An item in an event about it."""
    shown = {name: value for name, value in item(programme, one).items() if name != "order_updated"}
    return shown | {"type": "item", "customer": programme.orders[one.order].customer}


def _seconds(**moments: datetime | None) -> dict[str, int | None]:
    return {name: None if at is None else int(at.timestamp()) for name, at in moments.items()}
