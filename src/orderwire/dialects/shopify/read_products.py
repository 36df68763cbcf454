"""Products as Shopify says them."""

from __future__ import annotations

import re
from html import unescape

from orderwire.dialects.connector import Access
from orderwire.dialects.shop_json import Part
from orderwire.dialects.shopify.fields import every, need_id, word, words
from orderwire.model import Product, Variant

_TAG = re.compile(r"<[^>]*>")
_GAP = re.compile(r"\s+")
_ONLY = "Default Title"
"""The title of the one variant of a product that has none."""


def product(part: Part, access: Access) -> Product:
    """Read one product.

    Raises:
        Misread: a part of it cannot be understood.
    """
    variants = tuple(_variant(one) for one in every(part, "variants"))
    first = variants[0] if variants else None
    handle = part.text("handle")
    front = access.text("storefront").rstrip("/") or access.url
    sort = part.text("product_type")
    return Product(
        product_id=need_id(part),
        title=part.text("title") or "",
        description=_plain(part.text("body_html")),
        sku=first.sku if first and len(variants) == 1 else None,
        price=first.price if first else None,
        compare_at_price=first.compare_at_price if first else None,
        currency=access.text("currency") or None,
        brand=part.text("vendor"),
        categories=(sort,) if sort else (),
        tags=words(part, "tags"),
        url=f"{front}/products/{handle}" if handle else None,
        image_url=_image(part),
        is_published=word(part, "status") == "active" and part.instant("published_at") is not None,
        variants=variants,
        created_at=part.instant("created_at"),
        updated_at=part.instant("updated_at"),
    )


def _variant(part: Part) -> Variant:
    title = part.text("title")
    return Variant(
        variant_id=need_id(part),
        title=None if title == _ONLY else title,
        sku=part.text("sku"),
        price=part.decimal("price"),
        compare_at_price=part.decimal("compare_at_price"),
        inventory=part.whole("inventory_quantity"),
    )


def _image(part: Part) -> str | None:
    """The first picture, without the number that Shopify adds each time somebody touches it."""
    media = part.part("featured_media")
    shown = (media.part("preview") if media else None) or part
    image = shown.part("image")
    source = image.text("src") if image else None
    return source.partition("?")[0] if source else None


def _plain(text: str | None) -> str | None:
    bare = _GAP.sub(" ", unescape(_TAG.sub(" ", text or ""))).strip()
    return bare[:5000] or None
