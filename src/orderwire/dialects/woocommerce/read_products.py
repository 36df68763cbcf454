"""Products as WooCommerce says them, with the variations that it keeps beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from html import unescape

from orderwire.dialects.shop_json import Part
from orderwire.dialects.woocommerce.fields import image_of
from orderwire.model import Product, Variant

_TAG = re.compile(r"<[^>]*>")
_GAP = re.compile(r"\s+")
_LONGEST = 5000


def has_variations(part: Part) -> bool:
    """Whether a product is sold in variations, which have to be asked for."""
    return bool(part.value.get("variations"))


def product(part: Part, variations: Sequence[Part], currency: str) -> Product:
    """Read one product with its variations.

    Raises:
        Misread: a part of it cannot be understood.
    """
    price, before = prices(part)
    images = part.parts("images")
    return Product(
        product_id=part.need("id"),
        title=unescape(part.text("name") or ""),
        description=plain(part.text("short_description") or part.text("description")),
        sku=part.text("sku"),
        price=price,
        compare_at_price=before,
        currency=currency or None,
        brand=next((unescape(one.text("name") or "") for one in part.parts("brands")), None),
        categories=tuple(unescape(one.need("name")) for one in part.parts("categories")),
        tags=tuple(unescape(one.need("name")) for one in part.parts("tags")),
        url=part.text("permalink"),
        image_url=images[0].text("src") if images else None,
        inventory=part.whole("stock_quantity"),
        is_published=part.text("status") == "publish" and part.text("catalog_visibility") != "hidden",
        variants=tuple(_variant(one) for one in variations),
        created_at=part.instant("date_created_gmt", is_utc=True),
        updated_at=part.instant("date_modified_gmt", is_utc=True),
    )


def prices(part: Part) -> tuple[Decimal | None, Decimal | None]:
    """The price asked now, and the one before a sale."""
    price, regular = part.decimal("price"), part.decimal("regular_price")
    is_reduced = price is not None and regular is not None and regular > price
    return price, regular if is_reduced else None


def plain(text: str | None) -> str | None:
    """A description without its markup."""
    if text is None:
        return None
    bare = _GAP.sub(" ", unescape(_TAG.sub(" ", text))).strip()
    return bare[:_LONGEST] or None


def _variant(part: Part) -> Variant:
    price, before = prices(part)
    options = {
        name: option
        for one in part.parts("attributes")
        if (name := one.text("name")) is not None and (option := one.text("option")) is not None
    }
    return Variant(
        variant_id=part.need("id"),
        title=unescape(", ".join(options.values())) or None,
        sku=part.text("sku"),
        price=price,
        compare_at_price=before,
        inventory=part.whole("stock_quantity"),
        url=part.text("permalink"),
        image_url=image_of(part),
        properties=dict(options),
    )
