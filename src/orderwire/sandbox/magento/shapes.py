"""How Magento shows things: money as numbers without tax beside their twins with it, times in UTC without a zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from orderwire.sandbox.trading.things import Customer, Line, Order, Product, Refund, tax_in

STORE = "Main Website\nMain Website Store\nDefault Store View"


def stamp(at: datetime) -> str:
    """A time as Magento shows it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def number(pence: int) -> float:
    """An amount as a number."""
    return round(pence / 100, 2)


def net(gross: int) -> int:
    """An amount without the tax inside it."""
    return gross - tax_in(gross)


def state_of(one: Order) -> tuple[str, str]:
    """The order's state and its usual status."""
    if one.cancelled:
        return "canceled", "canceled"
    if one.refunds and one.refunded >= one.total:
        return "closed", "closed"
    if one.paid and one.shipped:
        return "complete", "complete"
    return ("processing", "processing") if one.paid else ("new", "pending")


def order(one: Order, customer: Customer | None) -> dict[str, Any]:
    """An order."""
    state, status = state_of(one)
    shown: dict[str, Any] = {
        "entity_id": one.id,
        "increment_id": f"{one.id:09d}",
        "state": state,
        "status": status,
        "store_id": 1,
        "store_name": STORE,
        "base_currency_code": "GBP",
        "global_currency_code": "GBP",
        "order_currency_code": "GBP",
        "store_currency_code": "GBP",
        "base_to_order_rate": 1,
        "store_to_order_rate": 0,
        "created_at": stamp(one.created),
        "updated_at": stamp(one.modified),
        "customer_email": one.email,
        "customer_group_id": 1 if customer else 0,
        "customer_is_guest": 0 if customer else 1,
        "is_virtual": 0,
        "quote_id": one.id + 7,
        "remote_ip": "192.0.2.7",
        "total_item_count": len(one.lines),
        "shipping_description": "Flat Rate - Fixed",
        "items": [item for line in one.lines for item in _items(line, one)],
        "billing_address": _address(customer, one.email, "billing"),
        "payment": {"method": "checkmo", "additional_information": ["Check / Money order"]},
        "status_histories": _histories(one, status),
        "extension_attributes": {
            "shipping_assignments": [
                {"shipping": {"address": _address(customer, one.email, "shipping"), "method": "flatrate_flatrate"}}
            ]
        },
    }
    if customer:
        shown |= {"customer_id": customer.id, "customer_firstname": customer.first_name}
        shown |= {"customer_lastname": customer.last_name}
    if one.coupon:
        shown |= {"coupon_code": one.coupon, "discount_description": "Ten off"}
    return shown | _twins(_totals(one))


def _totals(one: Order) -> dict[str, int]:
    """An order's sums; what was paid, cancelled and given back is absent until there is some."""
    found = {
        "grand_total": one.total,
        "subtotal": sum(net(line.quantity * line.price) for line in one.lines),
        "subtotal_incl_tax": sum(line.quantity * line.price for line in one.lines),
        "tax_amount": sum(tax_in(line.total) for line in one.lines) + tax_in(one.shipping),
        "discount_amount": -sum(line.discount for line in one.lines),
        "discount_tax_compensation_amount": sum(_compensation(line) for line in one.lines),
        "shipping_amount": net(one.shipping),
        "shipping_incl_tax": one.shipping,
        "shipping_tax_amount": tax_in(one.shipping),
        "shipping_discount_amount": 0,
        "total_due": 0 if one.paid else one.total,
    }
    if one.paid:
        found["total_paid"] = one.total
    if one.cancelled:
        found["total_canceled"] = one.total
    if one.refunds:
        found["total_refunded"] = one.refunded
    return found


def invoice(key: int, one: Order) -> dict[str, Any]:
    """The invoice by which an order was paid."""
    at = one.paid or one.created
    shown = {"entity_id": key, "order_id": one.id, "state": 2, "created_at": stamp(at), "updated_at": stamp(at)}
    return shown | {"items": [], "total_qty": len(one.lines)} | _twins({"grand_total": one.total})


def shipment(key: int, one: Order) -> dict[str, Any]:
    """The parcel an order was sent in."""
    at = one.shipped or one.created
    track = {"track_number": f"TR{one.id}", "title": "Royal Post", "carrier_code": "custom", "order_id": one.id}
    return {
        "entity_id": key,
        "order_id": one.id,
        "created_at": stamp(at),
        "updated_at": stamp(at),
        "tracks": [track],
        "items": [],
    }


def creditmemo(key: int, refund: Refund, one: Order) -> dict[str, Any]:
    """Money back; without pieces it is an adjustment."""
    pieces = dict(refund.lines)
    items = []
    for line in one.lines:
        if line.id in pieces:
            share = line.total * pieces[line.id] // line.quantity
            amounts = {"row_total": net(share), "tax_amount": tax_in(share), "row_total_incl_tax": share}
            row = {"entity_id": key * 100 + line.id, "order_item_id": line.id * 10, "qty": pieces[line.id]}
            items.append(row | _twins(amounts))
            if line.variant:
                items.append({"order_item_id": line.id * 10 + 1, "qty": pieces[line.id], "row_total": 0})
    amounts = {"grand_total": refund.amount, "adjustment_positive": 0 if items else refund.amount}
    shown = {"entity_id": key, "order_id": one.id, "state": 2, "items": items}
    return shown | {"created_at": stamp(refund.at), "updated_at": stamp(refund.at)} | _twins(amounts)


def customer(one: Customer) -> dict[str, Any]:
    """An account."""
    home = _address(one, one.email, "billing")
    return {
        "id": one.id,
        "group_id": 1,
        "created_at": stamp(one.created),
        "updated_at": stamp(one.modified),
        "email": one.email,
        "firstname": one.first_name,
        "lastname": one.last_name,
        "gender": 0,
        "store_id": 1,
        "website_id": 1,
        "addresses": [
            home
            | {
                "id": one.id + 1,
                "default_billing": True,
                "region": {"region_code": None, "region": "", "region_id": 0},
            }
        ],
        "extension_attributes": {"is_subscribed": one.wants},
    }


def subscriber(one: Customer) -> dict[str, Any]:
    """A row of the newsletter's table."""
    return {
        "subscriber_id": one.id,
        "store_id": 1,
        "customer_id": one.id,
        "subscriber_email": one.email,
        "subscriber_status": 1 if one.wants else 3,
        "change_status_at": stamp(one.tick or one.created),
    }


def product(one: Product) -> dict[str, Any]:
    """A product; of its children only the ids."""
    kind = "configurable" if one.variants else "simple"
    shown = _thing(one, one.id, f"sku-{one.id}", one.title, kind)
    if one.variants:
        shown["price"] = 0
        shown["extension_attributes"]["configurable_product_links"] = list(one.variants)
    return shown | {"visibility": 4}


def child(one: Product, key: int) -> dict[str, Any]:
    """What a configurable product is sold as."""
    return _thing(one, key, f"sku-{key}", f"{one.title} {one.variants[key]}", "simple") | {"visibility": 1}


def _thing(one: Product, key: int, sku: str, name: str, kind: str) -> dict[str, Any]:
    return {
        "id": key,
        "sku": sku,
        "name": name,
        "attribute_set_id": 4,
        "price": number(one.price),
        "status": 1,
        "type_id": kind,
        "created_at": stamp(one.created),
        "updated_at": stamp(one.modified),
        "extension_attributes": {"website_ids": [1], "category_links": [{"position": 0, "category_id": "9"}]},
        "media_gallery_entries": [
            {
                "id": key,
                "media_type": "image",
                "label": None,
                "disabled": False,
                "types": [],
                "file": f"/c/u/{key}.png",
            }
        ],
        "custom_attributes": [
            {"attribute_code": "image", "value": "no_selection"},
            {"attribute_code": "url_key", "value": f"thing-{key}"},
            {"attribute_code": "category_ids", "value": ["9"]},
        ],
    }


def _items(line: Line, one: Order) -> list[dict[str, Any]]:
    """A line as one item, or as two for a variant; some versions repeat the price with the child."""
    full = line.quantity * line.price
    amounts = {
        "price": net(line.price),
        "price_incl_tax": line.price,
        "original_price": line.price,
        "row_total": net(full),
        "row_total_incl_tax": full,
        "discount_amount": line.discount,
        "tax_amount": tax_in(line.total),
        "discount_tax_compensation_amount": _compensation(line),
    }
    head: dict[str, Any] = {
        "item_id": line.id * 10,
        "order_id": one.id,
        "product_id": line.product,
        "product_type": "configurable" if line.variant else "simple",
        "sku": f"sku-{line.variant or line.product}",
        "name": line.title,
        "qty_ordered": line.quantity,
    }
    head |= _twins(amounts)
    if not line.variant:
        return [head]
    below = {
        "item_id": line.id * 10 + 1,
        "parent_item_id": line.id * 10,
        "product_id": line.variant,
        "product_type": "simple",
        "sku": f"sku-{line.variant}",
        "name": f"{line.title} of its size",
        "qty_ordered": line.quantity,
        "parent_item": dict(head),
    }
    return [head, below | _twins({"price": net(line.price) if one.id % 3 == 0 else 0, "row_total": 0})]


def _compensation(line: Line) -> int:
    """What repairs the tax of a discount on the price with tax."""
    return net(line.total) - (net(line.quantity * line.price) - line.discount)


def _histories(one: Order, status: str) -> list[dict[str, Any]]:
    if not one.cancelled or one.id % 2:
        return []
    told = {"comment": None, "created_at": stamp(one.cancelled), "entity_name": "order", "status": status}
    return [told | {"entity_id": one.id + 3, "is_customer_notified": 0, "parent_id": one.id}]


def _twins(amounts: dict[str, int]) -> dict[str, float]:
    """Amounts in the order's currency and in the shop's."""
    found = {}
    for name, pence in amounts.items():
        found[name] = found[f"base_{name}"] = number(pence)
    return found


def _address(customer: Customer | None, email: str, kind: str) -> dict[str, Any]:
    return {
        "address_type": kind,
        "firstname": customer.first_name if customer else "Guest",
        "lastname": customer.last_name if customer else "Visitor",
        "street": ["1 High Street", "Flat 2"],
        "city": "London",
        "postcode": "N1 1AA",
        "country_id": "GB",
        "email": email,
        "telephone": customer.phone if customer else "000",
    }
