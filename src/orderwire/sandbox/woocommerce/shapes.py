"""How WooCommerce shows things: money as text with two places, times without a zone beside their GMT twins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from orderwire.sandbox.trading.things import Customer, Line, Order, Product, Refund, tax_in

ZONE = timezone(timedelta(hours=-5))
"""The site's own zone: what times without `_gmt` are in."""


def times(name: str, at: datetime | None) -> dict[str, str | None]:
    """A time, and the same in GMT."""
    if at is None:
        return {name: None, f"{name}_gmt": None}
    return {
        name: at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M:%S"),
        f"{name}_gmt": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
    }


def money(pence: int) -> str:
    """An amount as text."""
    sign = "-" if pence < 0 else ""
    return f"{sign}{abs(pence) // 100}.{abs(pence) % 100:02d}"


def net(gross: int) -> int:
    """An amount without the tax inside it."""
    return gross - tax_in(gross)


def status_of(order: Order) -> str:
    """The order's status; a part given back changes nothing."""
    if order.cancelled:
        return "cancelled"
    if order.refunds and order.refunded >= order.total:
        return "refunded"
    return "completed" if order.shipped else "processing" if order.paid else "pending"


def order(one: Order, customer: Customer | None) -> dict[str, Any]:
    """An order."""
    lines = [_line(line) for line in one.lines]
    discount = sum(line.discount for line in one.lines)
    tax = sum(tax_in(line.total) for line in one.lines) + tax_in(one.shipping)
    shown = {
        "id": one.id,
        "parent_id": 0,
        "status": status_of(one),
        "currency": "GBP",
        "version": "9.4.2",
        "prices_include_tax": one.id % 2 == 0,
        "discount_total": money(net(discount)),
        "discount_tax": money(tax_in(discount)),
        "shipping_total": money(net(one.shipping)),
        "shipping_tax": money(tax_in(one.shipping)),
        "cart_tax": money(tax - tax_in(one.shipping)),
        "total": money(one.total),
        "total_tax": money(tax),
        "customer_id": one.customer or 0,
        "order_key": f"wc_order_{one.id:x}",
        "billing": _address(customer, one.email),
        "shipping": dict.fromkeys(("first_name", "last_name", "address_1", "city", "country", "phone"), ""),
        "payment_method": "cod",
        "payment_method_title": "Cash on delivery",
        "transaction_id": "",
        "customer_ip_address": "",
        "created_via": "checkout",
        "customer_note": "",
        "number": str(one.id),
        "meta_data": [{"id": one.id * 10, "key": "_newsletter_box", "value": "1" if one.ticked else "0"}],
        "line_items": lines,
        "tax_lines": [{"id": one.id * 10 + 1, "rate_code": "GB-VAT-1", "tax_total": money(tax)}],
        "shipping_lines": [{"id": one.id * 10 + 2, "method_title": "Flat rate", "total": money(net(one.shipping))}],
        "fee_lines": [],
        "coupon_lines": _coupons(one, discount),
        "refunds": [
            {"id": refund.id, "reason": refund.reason, "total": money(-refund.amount)} for refund in one.refunds
        ],
    }
    for name, at in (("date_created", one.created), ("date_modified", one.modified)):
        shown |= times(name, at)
    shown |= times("date_paid", one.paid) | times("date_completed", one.shipped)
    return shown


def refund(one: Refund, of: Order, *, with_parent: bool) -> dict[str, Any]:
    """A refund in full, as it is listed under its order or among all refunds."""
    by_id = {line.id: line for line in of.lines}
    lines = [
        {
            "id": one.id * 10 + place,
            "name": by_id[line].title,
            "product_id": by_id[line].product,
            "quantity": -pieces,
            "total": money(-net(one.amount)),
            "total_tax": money(-tax_in(one.amount)),
            "meta_data": [{"id": one.id * 10 + 5, "key": "_refunded_item_id", "value": str(line)}],
        }
        for place, (line, pieces) in enumerate(one.lines)
    ]
    shown: dict[str, Any] = {"id": one.id, **({"parent_id": of.id} if with_parent else {})}
    shown |= times("date_created", one.at)
    return shown | {
        "amount": money(one.amount),
        "reason": one.reason,
        "refunded_by": 1,
        "refunded_payment": False,
        "meta_data": [],
        "line_items": lines,
        "shipping_lines": [],
        "fee_lines": [],
    }


def customer(one: Customer) -> dict[str, Any]:
    """An account."""
    shown: dict[str, Any] = {"id": one.id}
    shown |= times("date_created", one.created) | times("date_modified", one.modified)
    return shown | {
        "email": one.email,
        "first_name": one.first_name,
        "last_name": one.last_name,
        "role": "customer",
        "username": f"user{one.id}",
        "billing": _address(one, one.email),
        "is_paying_customer": True,
        "meta_data": [],
    }


def product(one: Product) -> dict[str, Any]:
    """A product; of its variations only the ids."""
    shown: dict[str, Any] = {"id": one.id, "name": one.title.replace("&", "&amp;"), "slug": f"thing-{one.id}"}
    shown |= times("date_created", one.created) | times("date_modified", one.modified)
    return shown | {
        "permalink": f"https://shop.test/product/thing-{one.id}/",
        "type": "variable" if one.variants else "simple",
        "status": "publish",
        "catalog_visibility": "visible",
        "description": f"<p>{one.title.replace('&', '&amp;')}</p>\n",
        "short_description": "",
        "sku": "" if one.variants else f"sku-{one.id}",
        "price": money(one.price),
        "regular_price": money(one.price + 500),
        "sale_price": money(one.price),
        "stock_quantity": None,
        "categories": [{"id": 9, "name": "Kitchen &amp; Home", "slug": "kitchen"}],
        "tags": [],
        "images": [{"id": one.id + 1, "src": f"https://shop.test/i/{one.id}.png", "alt": ""}],
        "attributes": [],
        "variations": list(one.variants),
        "parent_id": 0,
        "meta_data": [],
    }


def variation(one: Product, number: int) -> dict[str, Any]:
    """A variation of a product."""
    shown: dict[str, Any] = {"id": number} | times("date_modified", one.modified)
    return shown | {
        "sku": f"sku-{number}",
        "price": money(one.price),
        "regular_price": money(one.price),
        "permalink": f"https://shop.test/product/thing-{one.id}/?attribute_size={one.variants[number]}",
        "status": "publish",
        "stock_quantity": 7,
        "image": {"id": 0, "src": f"https://shop.test/i/{number}.png"},
        "attributes": [{"id": 1, "name": "Size", "option": one.variants[number]}],
    }


def _line(line: Line) -> dict[str, Any]:
    full = line.quantity * line.price
    return {
        "id": line.id,
        "name": line.title.replace("&", "&amp;"),
        "product_id": line.product,
        "variation_id": line.variant,
        "quantity": line.quantity,
        "tax_class": "",
        "subtotal": money(net(full)),
        "subtotal_tax": money(tax_in(full)),
        "total": money(net(line.total)),
        "total_tax": money(tax_in(line.total)),
        "taxes": [{"id": 1, "total": money(tax_in(line.total))}],
        "meta_data": [],
        "sku": f"sku-{line.variant or line.product}",
        "price": net(line.total) / line.quantity / 100,
        "image": {"id": "", "src": ""},
        "parent_name": None,
    }


def _coupons(one: Order, discount: int) -> list[dict[str, Any]]:
    if not one.coupon:
        return []
    return [
        {
            "id": one.id * 10 + 3,
            "code": one.coupon.lower(),
            "discount": money(net(discount)),
            "discount_tax": money(tax_in(discount)),
        }
    ]


def _address(customer: Customer | None, email: str) -> dict[str, str]:
    return {
        "first_name": customer.first_name if customer else "Guest",
        "last_name": customer.last_name if customer else "Visitor",
        "company": "",
        "address_1": "1 High Street",
        "address_2": "",
        "city": "London",
        "state": "",
        "postcode": "N1 1AA",
        "country": "GB",
        "email": email,
        "phone": customer.phone if customer else "",
    }
