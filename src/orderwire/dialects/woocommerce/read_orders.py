"""Orders as WooCommerce says them, with the refunds that it keeps beside them.

Totals are the order's own. WooCommerce states lines, shipping and fees without tax whatever the shop's prices are;
where `prices_include_tax` says that customers see them with it, they are told with it, and the tax is a part of the
total rather than an addition to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape

from msgspec.structs import replace

from orderwire.dialects.connector import MISMATCH, Access
from orderwire.dialects.shop_json import Misread, Part, each, mismatch_of, postal
from orderwire.dialects.woocommerce.fields import ADDRESS, ATTRIBUTION, image_of, meta_of, person_of, said_yes
from orderwire.model import Discount, Order, OrderLine, Refund, RefundKind, RefundLine, Shipment
from orderwire.model.money import minor

TRACKING = "_wc_shipment_tracking_items"
_BUNDLED = ("_bundled_by", "_composite_parent")
_UNIX = re.compile(r"\d{9,11}")


def is_order(part: Part, access: Access) -> bool:
    """Whether this is an order at all: a checkout not finished is kept in the same list."""
    return (part.text("status") or "") not in access.listed("not_orders")


def order_of(part: Part, refunds: Sequence[Part], access: Access, *, news_from: datetime | None) -> Order:
    """Read one order. `refunds` are its refunds in full; the order's own list of them has no dates.

    Raises:
        Misread: a part of it cannot be understood.
    """
    currency = part.currency("currency")
    is_gross = bool(part.flag("prices_include_tax"))
    total = part.amount("total", currency)
    created = part.instant("date_created_gmt", is_utc=True)
    if created is None:
        raise Misread(part.at("date_created_gmt"), "is missing")
    billing = part.part("billing")
    order = Order(
        order_id=part.need("id"),
        number=part.text("number"),
        store=access.text("store") or None,
        identity=person_of(part, "customer_id"),
        first_name=billing.text("first_name") if billing else None,
        last_name=billing.text("last_name") if billing else None,
        currency=currency,
        placed_at=created,
        total=total,
        lines=tuple(_line(one, currency, is_gross=is_gross) for one in part.parts("line_items")),
        discount=_both(part, "discount_total", "discount_tax", currency, is_gross=is_gross),
        discounts=tuple(_discounts(part, currency, is_gross=is_gross)),
        tax=part.amount("total_tax", currency),
        is_tax_included=is_gross,
        shipping=_both(part, "shipping_total", "shipping_tax", currency, is_gross=is_gross),
        fee=sum(_both(one, "total", "total_tax", currency, is_gross=is_gross) for one in part.parts("fee_lines")),
        refunds=_refunds(refunds, currency, total),
        source_status=part.text("status"),
        billing_address=postal(billing, ADDRESS),
        shipping_address=postal(part.part("shipping"), ADDRESS),
        payment_method=part.text("payment_method_title") or part.text("payment_method"),
        shipping_method=next((one.text("method_title") for one in part.parts("shipping_lines")), None),
        note=part.text("customer_note"),
        properties=dict(_properties(part)),
        updated_at=part.instant("date_modified_gmt", is_utc=True) or created,
        marketing_consent=said_yes(part, access.listed("consent_meta")),
    )
    return _checked(_lived(order, part, access, news_from=news_from))


def _lived(order: Order, part: Part, access: Access, *, news_from: datetime | None) -> Order:
    """The order with what happened to it.

    A cancellation has no time of its own. Where the last change was not read before, it is that; anywhere else nobody
    knows, and the time is approximate.
    """
    is_cancelled = order.source_status == "cancelled"
    is_news = news_from is not None and order.updated_at is not None and order.updated_at >= news_from
    means = access.text("completed_means")
    completed = part.instant("date_completed_gmt", is_utc=True)
    shipments = tuple(_shipments(part)) if access.flag("tracking") else ()
    return replace(
        order,
        paid_at=part.instant("date_paid_gmt", is_utc=True),
        fulfilled_at=completed if means == "fulfilled" and not access.flag("tracking") else None,
        delivered_at=completed if means == "delivered" else None,
        shipments=shipments,
        cancelled_at=order.updated_at if is_cancelled else None,
        approximate=("cancelled_at",) if is_cancelled and not is_news else (),
    )


def _checked(order: Order) -> Order:
    difference = mismatch_of(order)
    if not difference:
        return order
    return replace(order, properties={**order.properties, MISMATCH: difference})


def _line(part: Part, currency: str, *, is_gross: bool) -> OrderLine:
    subtotal, total = _exact(part, "subtotal", is_gross=is_gross), _exact(part, "total", is_gross=is_gross)
    quantity = part.decimal("quantity")
    quantity = Decimal(1) if quantity is None else quantity
    before, after = minor(subtotal, currency), minor(total, currency)
    return OrderLine(
        line_id=part.need("id"),
        name=unescape(part.text("name") or ""),
        quantity=quantity,
        product_id=part.identifier("product_id"),
        variant_id=part.identifier("variation_id"),
        sku=part.text("sku"),
        unit_price=each(subtotal, quantity),
        subtotal=before,
        discount=max(before - after, 0),
        tax=part.amount("total_tax", currency),
        total=after,
        image_url=image_of(part),
        properties={name: True for name in _BUNDLED if meta_of(part, name) is not None},
    )


def _exact(part: Part, name: str, *, is_gross: bool) -> Decimal:
    """An amount of a line, with its tax where prices are shown with it; exact, not rounded yet."""
    amount = part.decimal(name) or Decimal(0)
    return amount + (part.decimal(f"{name}_tax") or 0) if is_gross else amount


def _both(part: Part, name: str, tax: str, currency: str, *, is_gross: bool) -> int:
    amount = part.decimal(name) or Decimal(0)
    return minor(amount + (part.decimal(tax) or 0) if is_gross else amount, currency)


def _discounts(part: Part, currency: str, *, is_gross: bool) -> Iterator[Discount]:
    for one in part.parts("coupon_lines"):
        amount = _both(one, "discount", "discount_tax", currency, is_gross=is_gross)
        yield Discount(amount=amount, code=one.text("code"))


def _refunds(parts: Sequence[Part], currency: str, total: int) -> tuple[Refund, ...]:
    read = sorted((_refund(one, currency) for one in parts), key=lambda one: (one.refunded_at, one.refund_id))
    if len(read) == 1 and read[0].amount >= total > 0:
        return (replace(read[0], kind=RefundKind.FULL),)
    return tuple(read)


def _refund(part: Part, currency: str) -> Refund:
    refunded_at = part.instant("date_created_gmt", is_utc=True)
    if refunded_at is None:
        raise Misread(part.at("date_created_gmt"), "is missing")
    amount = abs(part.amount("amount", currency))
    lines = tuple(_refund_line(one, currency) for one in part.parts("line_items"))
    shipping = sum(
        abs(_both(one, "total", "total_tax", currency, is_gross=True)) for one in part.parts("shipping_lines")
    )
    kind = RefundKind.RESTOCK_ONLY if not amount else RefundKind.PARTIAL if lines else RefundKind.MONEY_ONLY
    return Refund(
        refund_id=part.need("id"),
        refunded_at=refunded_at,
        amount=amount,
        kind=kind,
        lines=lines,
        shipping=shipping,
        reason=part.text("reason"),
    )


def _refund_line(part: Part, currency: str) -> RefundLine:
    """A line given back. It names the order's line in its meta, and has an id of its own besides."""
    quantity = part.decimal("quantity") or Decimal(0)
    return RefundLine(
        line_id=meta_of(part, "_refunded_item_id") or part.need("id"),
        quantity=abs(quantity),
        amount=abs(_both(part, "total", "total_tax", currency, is_gross=True)),
    )


def _shipments(part: Part) -> Iterator[Shipment]:
    """Parcels as the Shipment Tracking extension keeps them."""
    for entry in part.parts("meta_data"):
        if entry.text("key") != TRACKING or not isinstance(entry.value.get("value"), list):
            continue
        for place, one in enumerate(entry.parts("value")):
            sent = one.text("date_shipped") or ""
            if _UNIX.fullmatch(sent):
                yield Shipment(
                    shipment_id=one.text("tracking_id") or str(place + 1),
                    shipped_at=datetime.fromtimestamp(int(sent), UTC),
                    carrier=one.text("custom_tracking_provider") or one.text("tracking_provider"),
                    tracking_code=one.text("tracking_number"),
                    tracking_url=one.text("custom_tracking_link"),
                )


def _properties(part: Part) -> Iterator[tuple[str, str]]:
    if (via := part.text("created_via")) is not None:
        yield "created_via", via
    for key, name in ATTRIBUTION.items():
        if (value := meta_of(part, key)) is not None:
            yield name, value
