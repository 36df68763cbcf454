"""How webhooks show things: in the words of the REST API, ids as numbers, times with the shop's offset."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from orderwire.sandbox.shopify import amounts
from orderwire.sandbox.shopify.graph import gid, status_of
from orderwire.sandbox.trading.merchant import Merchant
from orderwire.sandbox.trading.things import Customer, Line, Order, Product, Refund, tax_in

Thing = dict[str, Any]
_ZONE = ZoneInfo("America/New_York")


def instant(at: datetime | None) -> str | None:
    """A time as a webhook gives it."""
    return None if at is None else at.astimezone(_ZONE).isoformat(timespec="seconds")


def text(pence: int) -> str:
    """An amount as text."""
    return f"{pence // 100}.{pence % 100:02d}"


def both(pence: int) -> Thing:
    """An amount in both currencies, which are one here."""
    value = {"amount": text(pence), "currency_code": "GBP"}
    return {"shop_money": value, "presentment_money": value}


def order(one: Order, merchant: Merchant) -> Thing:
    """An order."""
    before, now = amounts.placed(one), amounts.now(one)
    account = merchant.customers.get(one.customer or 0)
    codes = [{"code": one.coupon, "amount": text(before.discount), "type": "percentage"}] if one.coupon else []
    shipping = amounts.without_tax(one, one.shipping)
    return {
        "id": one.id,
        "admin_graphql_api_id": gid("Order", one.id),
        "name": f"#{one.id % 100000}",
        "order_number": one.id % 100000,
        "created_at": instant(one.created),
        "processed_at": instant(one.created),
        "updated_at": instant(one.modified),
        "cancelled_at": instant(one.cancelled),
        "cancel_reason": "customer" if one.cancelled else None,
        "closed_at": None,
        "test": False,
        "note": None,
        "tags": "web",
        "email": one.email,
        "contact_email": one.email,
        "phone": None,
        "currency": "GBP",
        "presentment_currency": "GBP",
        "taxes_included": amounts.is_gross(one),
        "financial_status": status_of(one).lower(),
        "fulfillment_status": "fulfilled" if one.shipped else None,
        "payment_gateway_names": ["bogus"],
        "discount_codes": codes,
        "total_price": text(before.total),
        "total_price_set": both(before.total),
        "total_tax": text(before.tax),
        "total_tax_set": both(before.tax),
        "current_total_price": text(now.total),
        "current_total_price_set": both(now.total),
        "current_total_tax": text(now.tax),
        "current_total_tax_set": both(now.tax),
        "total_discounts": text(before.discount),
        "total_discounts_set": both(before.discount),
        "total_tip_received": "0.00",
        "customer": customer(account) if account else None,
        "billing_address": address(account),
        "shipping_address": address(account),
        "shipping_lines": [
            {
                "id": one.id * 10 + 3,
                "title": "Standard",
                "price": text(shipping),
                "discounted_price_set": both(shipping),
            }
        ],
        "fulfillments": [_parcel(one)] if one.shipped else [],
        "line_items": [_line(one, line) for line in one.lines],
        "refunds": [refund(one, back) for back in one.refunds],
    }


def refund(of: Order, one: Refund) -> Thing:
    """A refund."""
    return {
        "id": one.id,
        "order_id": of.id,
        "created_at": instant(one.at),
        "processed_at": instant(one.at),
        "note": one.reason,
        "refund_line_items": [
            {
                "id": one.id * 10 + place,
                "line_item_id": number,
                "quantity": pieces,
                "restock_type": "return",
                "subtotal": float(text(amounts.without_tax(of, one.amount))),
                "subtotal_set": both(amounts.without_tax(of, one.amount)),
                "total_tax": float(text(tax_in(one.amount))),
                "total_tax_set": both(tax_in(one.amount)),
            }
            for place, (number, pieces) in enumerate(one.lines)
        ],
        "transactions": [
            {
                "id": one.id * 10 + 9,
                "kind": "refund",
                "status": "success",
                "amount": text(one.amount),
                "currency": "GBP",
            }
        ],
        "order_adjustments": [],
    }


def customer(one: Customer) -> Thing:
    """A customer."""
    return {
        "id": one.id,
        "admin_graphql_api_id": gid("Customer", one.id),
        "email": one.email,
        "first_name": one.first_name,
        "last_name": one.last_name,
        "phone": one.phone,
        "created_at": instant(one.created),
        "updated_at": instant(one.modified),
        "tags": "",
        "default_address": address(one),
        "email_marketing_consent": consent(one),
        "sms_marketing_consent": {
            "state": "not_subscribed",
            "opt_in_level": "single_opt_in",
            "consent_updated_at": None,
        },
    }


def consent(one: Customer) -> Thing:
    """What a customer agreed to by e-mail."""
    state = ("subscribed" if one.wants else "unsubscribed") if one.tick else "not_subscribed"
    return {"state": state, "opt_in_level": "single_opt_in", "consent_updated_at": instant(one.tick)}


def product(one: Product) -> Thing:
    """A product."""
    variants = one.variants or {one.id + 1: "Default Title"}
    image = {"id": one.id + 2, "src": f"https://cdn.shop.test/{one.id}.png?v=16"}
    return {
        "id": one.id,
        "title": one.title,
        "body_html": "<p>A cup.</p>",
        "vendor": "Kiln & Co",
        "product_type": "Cups",
        "handle": f"thing-{one.id}",
        "status": "active",
        "tags": "blue, new",
        "created_at": instant(one.created),
        "updated_at": instant(one.modified),
        "published_at": instant(one.created),
        "image": image,
        "images": [image],
        "variants": [
            {
                "id": number,
                "product_id": one.id,
                "title": title,
                "sku": f"sku-{number}",
                "price": text(one.price),
                "compare_at_price": None,
                "inventory_quantity": 7,
            }
            for number, title in variants.items()
        ],
    }


def address(one: Customer | None) -> Thing | None:
    """The one address that customers have."""
    if one is None:
        return None
    return {
        "first_name": one.first_name,
        "last_name": one.last_name,
        "company": None,
        "address1": "1 High Street",
        "address2": None,
        "city": "London",
        "province": "England",
        "province_code": "ENG",
        "zip": "N1 1AA",
        "country": "United Kingdom",
        "country_code": "GB",
        "name": f"{one.first_name} {one.last_name}",
        "phone": one.phone,
    }


def _line(of: Order, line: Line) -> Thing:
    discount = amounts.without_tax(of, line.discount)
    price = amounts.line_price(of, line)
    shares = [{"amount": text(discount), "amount_set": both(discount), "discount_application_index": 0}]
    tax = tax_in(line.total)
    return {
        "id": line.id,
        "product_id": line.product,
        "variant_id": line.variant or line.product + 1,
        "title": line.title,
        "name": line.title,
        "variant_title": "",
        "sku": f"sku-{line.variant or line.product + 1}",
        "vendor": "Kiln & Co",
        "quantity": line.quantity,
        "current_quantity": line.left - amounts.went_back(of, line),
        "price": text(price),
        "price_set": both(price),
        "total_discount": "0.00",
        "discount_allocations": shares if discount else [],
        "tax_lines": [{"title": "VAT", "price": text(tax), "price_set": both(tax), "rate": 0.2}],
        "gift_card": False,
        "properties": [],
        "product_exists": True,
    }


def _parcel(one: Order) -> Thing:
    return {
        "id": one.id * 10,
        "order_id": one.id,
        "status": "success",
        "created_at": instant(one.shipped),
        "updated_at": instant(one.shipped),
        "shipment_status": None,
        "tracking_company": "Royal Mail",
        "tracking_number": f"RM{one.id}",
        "tracking_url": f"https://track.test/{one.id}",
    }
