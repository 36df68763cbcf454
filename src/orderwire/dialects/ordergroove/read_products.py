"""Products as Ordergroove keeps them: the shop's own, by the shop's ids."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from orderwire.dialects.connector import Found
from orderwire.dialects.doorway import Unread
from orderwire.dialects.ordergroove.fields import moment, said
from orderwire.dialects.shop_json import Misread, Part, decoded
from orderwire.model import Product


def product(part: Part, zone: ZoneInfo) -> Product:
    """Read one product.

    Raises:
        Misread: a part of it cannot be understood.
    """
    is_on = said(part, "autoship_enabled")
    return Product(
        product_id=part.need("external_product_id"),
        title=part.text("name") or part.need("external_product_id"),
        sku=part.text("sku"),
        price=part.decimal("price"),
        url=part.text("detail_url"),
        image_url=part.text("image_url"),
        is_published=not said(part, "discontinued"),
        properties={} if is_on is None else {"can_be_subscribed": is_on},
        created_at=moment(part, "created", zone),
        updated_at=moment(part, "last_update", zone),
    )


def understood_product(raw: bytes, zone: ZoneInfo) -> Found | Unread:
    """A product, or why it is none."""
    key = ""
    try:
        part = Part(decoded(raw))
        key = part.text("external_product_id") or ""
        record = product(part, zone)
    except Misread as error:
        return Unread(
            stream="products", key=key, place=error.place, problem=error.problem, remedy=error.remedy, raw=raw
        )
    return Found(record=record, raw=raw, key=key, changed_at=record.updated_at)
