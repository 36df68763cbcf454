"""Orders, products and people as the platform shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from orderwire.dialects.doorway import Known
from orderwire.dialects.ometria.door.ids import profile_id
from orderwire.dialects.ometria.door.read_contacts import described
from orderwire.dialects.ometria.door.read_orders import counts
from orderwire.dialects.ometria.fields import OPT_IN, address_of, amount, moment, price
from orderwire.dialects.ometria.write_orders import status_of
from orderwire.model import Channel, ConsentState, Order, OrderLine, Product


def order_shown(order: Order, *, is_valid: bool) -> dict[str, Any]:
    """An order with its status, validity and sums."""
    currency = order.currency
    customer = {
        "id": order.identity.external_id,
        "email": order.identity.email,
        "firstname": order.first_name,
        "lastname": order.last_name,
    }
    own: dict[str, Any] = dict(order.properties)
    own |= {"order_number": order.number} if order.number and order.number != order.order_id else {}
    subtotal = sum(line.subtotal for line in order.lines) if order.subtotal is None else order.subtotal
    found: dict[str, Any] = {
        "@type": "order",
        "id": order.order_id,
        "timestamp": moment(order.placed_at),
        "status": order.source_status or status_of(order),
        "is_valid": is_valid,
        "grand_total": amount(order.total, currency),
        "currency": currency,
        "subtotal": amount(subtotal, currency),
        "discount": amount(order.discount, currency),
        "shipping": amount(order.shipping, currency),
        "tax": amount(order.tax, currency),
        "total_refunded": amount(order.refunded, currency),
        "total_unit_quantity": price(sum((line.quantity for line in order.lines), Decimal(0))),
        "total_unit_quantity_refunded": price(
            sum((part.quantity for refund in order.refunds for part in refund.lines), Decimal(0))
        ),
        "customer": {name: value for name, value in customer.items() if value} or None,
        "lineitems": [_line(line, order) for line in order.lines],
        "store": order.store,
        "payment_method": order.payment_method,
        "shipping_method": order.shipping_method,
        "coupon_code": ",".join(one.code for one in order.discounts if one.code) or None,
        "shipping_address": address_of(order.shipping_address),
        "billing_address": address_of(order.billing_address),
        "properties": own or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _line(line: OrderLine, order: Order) -> dict[str, Any]:
    parts = [part for refund in order.refunds for part in refund.lines if part.line_id == line.line_id]
    found: dict[str, Any] = {
        "product_id": line.product_id or line.line_id,
        "variant_id": line.variant_id,
        "sku": line.sku,
        "quantity": price(line.quantity),
        "unit_price": None if line.unit_price is None else price(line.unit_price),
        "subtotal": amount(line.subtotal, order.currency),
        "discount": amount(line.discount, order.currency),
        "tax": amount(line.tax, order.currency),
        "total": amount(line.total, order.currency),
        "quantity_refunded": price(sum((part.quantity for part in parts), Decimal(0))),
        "refunded": amount(sum(part.amount for part in parts), order.currency),
        "properties": line.properties or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def product_shown(product: Product) -> dict[str, Any]:
    """A product with its one listing."""
    now, former = product.price, product.compare_at_price
    is_reduced = now is not None and former is not None and former > now
    usual = former if is_reduced else now
    shared = {
        "title": product.title,
        "price": None if usual is None else price(usual),
        "special_price": price(now) if is_reduced and now is not None else None,
        "currency": product.currency,
        "url": product.url,
        "image_url": product.image_url,
        "is_active": product.is_published and product.removed_at is None,
    }
    told = {name: value for name, value in shared.items() if value is not None}
    stock = product.properties.get("in_stock", None if product.inventory is None else product.inventory > 0)
    attributes = [{"type": "category", "id": name, "label": name} for name in product.categories]
    if product.brand:
        attributes.append({"type": "brand", "id": product.brand, "label": product.brand})
    own = {name: value for name, value in product.properties.items() if name not in ("in_stock", "is_variant")}
    found: dict[str, Any] = {
        "@type": "product",
        "id": product.product_id,
        "sku": product.sku,
        **told,
        "is_variant": bool(product.properties.get("is_variant")),
        "is_in_stock": stock,
        "attributes": attributes,
        "listings": [told],
        "properties": own or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def variants_shown(product: Product) -> Iterator[dict[str, Any]]:
    """The variants of a product as records of their own."""
    for variant in product.variants:
        if variant.variant_id == product.product_id:
            continue
        cost = product.price if variant.price is None else variant.price
        found: dict[str, Any] = {
            "@type": "product",
            "id": variant.variant_id,
            "parent_id": product.product_id,
            "title": variant.title or product.title,
            "sku": variant.sku,
            "price": None if cost is None else price(cost),
            "currency": product.currency,
            "url": variant.url or product.url,
            "image_url": variant.image_url or product.image_url,
            "is_active": product.is_published and product.removed_at is None,
            "is_variant": True,
            "is_in_stock": variant.properties.get(
                "in_stock", None if variant.inventory is None else variant.inventory > 0
            ),
        }
        yield {name: value for name, value in found.items() if value is not None}


def profile_shown(known: Known, orders: Sequence[Order] | None = None) -> dict[str, Any]:
    """A profile: all that is known of a person; `orders` where what they bought is told too."""
    person = described(known)
    names = (person.first_name, person.last_name)
    standing = known.consent.get(Channel.EMAIL)
    state = standing.state if standing is not None else ConsentState.NEVER_ASKED
    identities = [("email", known.email), ("customer_id", known.external_id), ("phone_number", known.phone)]
    found: dict[str, Any] = {
        "@type": "profile",
        "id": profile_id(known.person),
        "email": known.email,
        "customer_id": known.external_id,
        "phone_number": known.phone,
        "name": " ".join(filter(None, names)) or None,
        "firstname": person.first_name,
        "lastname": person.last_name,
        "gender": person.gender,
        "date_of_birth": person.birth_date.isoformat() if person.birth_date else None,
        "country": person.address.country_code if person.address else None,
        "timezone": person.time_zone,
        "preferred_lang": person.language,
        "marketing_optin": OPT_IN[state],
        "tags": list(person.tags),
        "properties": person.properties,
        "identities": [{"id": value, "type": kind} for kind, value in identities if value],
        "dates": {
            "acquired": moment(person.created_at) if person.created_at else None,
            "first_seen": moment(known.created_at) if known.created_at else None,
            "last_seen": moment(known.updated_at) if known.updated_at else None,
        },
    }
    if orders is not None:
        found["stats"] = _stats(orders)
        placed = sorted(order.placed_at for order in orders if counts(order))
        if placed:
            found["dates"] |= {"first_purchase": moment(placed[0]), "last_purchase": moment(placed[-1])}
    return {name: value for name, value in found.items() if value is not None}


def _stats(orders: Sequence[Order]) -> dict[str, Any]:
    """What a person bought; money only where all of it is in one currency."""
    valid = [order for order in orders if counts(order)]
    stats: dict[str, Any] = {
        "orders": len(valid),
        "orders_attempted": len(orders),
        "total_items": int(sum(line.quantity for order in valid for line in order.lines)),
    }
    currencies = {order.currency for order in valid}
    if len(currencies) == 1:
        currency = currencies.pop()
        revenue = sum(order.total - order.refunded for order in valid)
        stats |= {"revenue": amount(revenue, currency), "aov": amount(round(revenue / len(valid)), currency)}
    return stats
