"""Recurring purchases as the WooCommerce Subscriptions extension says them."""

from __future__ import annotations

from datetime import datetime

from orderwire.dialects.shop_json import Misread, Part
from orderwire.dialects.woocommerce.fields import person_of
from orderwire.model import Subscription

_ENDED = frozenset({"cancelled", "expired", "trash"})


def subscription(part: Part) -> Subscription:
    """Read one subscription.

    Raises:
        Misread: a part of it cannot be understood.
    """
    currency = part.currency("currency")
    created = _instant(part, "start_date") or part.instant("date_created_gmt", is_utc=True)
    if created is None:
        raise Misread(part.at("start_date_gmt"), "is missing")
    status = part.text("status")
    updated = part.instant("date_modified_gmt", is_utc=True)
    ended = _instant(part, "cancelled_date") or _instant(part, "end_date") or updated
    period, every = part.text("billing_period"), part.text("billing_interval") or "1"
    products = (one.identifier("product_id") for one in part.parts("line_items"))
    return Subscription(
        subscription_id=part.need("id"),
        identity=person_of(part, "customer_id"),
        created_at=created,
        product_ids=tuple(found for found in products if found is not None),
        interval=f"{every} {period}" if period else None,
        price=part.amount("total", currency),
        currency=currency,
        next_order_at=_instant(part, "next_payment_date"),
        cancelled_at=ended if status in _ENDED else None,
        properties={"status": status} if status else {},
        updated_at=updated,
    )


def _instant(part: Part, name: str) -> datetime | None:
    """An instant by its GMT twin; versions before the third give that one only, under the bare name."""
    return part.instant(f"{name}_gmt", is_utc=True)
