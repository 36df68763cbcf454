"""Products as Magento says them; a configurable one with its children as variants."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from html import unescape

from orderwire.dialects.connector import Access
from orderwire.dialects.magento.fields import at, attribute, extension
from orderwire.dialects.shop_json import Part
from orderwire.model import Product, Variant

CONFIGURABLE = "configurable"
_HIDDEN = 1
"""Not visible individually: a child is told as a variant of the product it belongs to."""
_TAG = re.compile(r"<[^>]*>")
_GAP = re.compile(r"\s+")
_LONGEST = 5000
_NO_PICTURE = "no_selection"


def is_hidden_child(part: Part) -> bool:
    """Whether a product is only sold as a variant or part of another."""
    return part.whole("visibility") == _HIDDEN


def links_of(part: Part) -> list[int]:
    """The ids of the products that a configurable one is sold as."""
    if part.text("type_id") != CONFIGURABLE:
        return []
    found = extension(part).value.get("configurable_product_links")
    return [int(one) for one in found if str(one).isdecimal()] if isinstance(found, list) else []


def product(part: Part, children: Sequence[Part], access: Access) -> Product:
    """Read one product with its children.

    Raises:
        Misread: a part of it cannot be understood.
    """
    variants = tuple(_variant(one, access) for one in children)
    price, before = _prices(part)
    if variants and not price:
        price = min((one.price for one in variants if one.price is not None), default=None)
    return Product(
        product_id=part.need("id"),
        title=part.text("name") or part.need("sku"),
        description=_plain(attribute(part, "short_description") or attribute(part, "description")),
        sku=part.text("sku"),
        price=price,
        compare_at_price=before,
        currency=access.text("currency") or None,
        url=_url(part, access),
        image_url=_image(part, access),
        inventory=_stock(part),
        is_published=part.whole("status") == 1 and not is_hidden_child(part),
        variants=variants,
        created_at=at(part, "created_at"),
        updated_at=at(part, "updated_at"),
    )


def _variant(part: Part, access: Access) -> Variant:
    price, before = _prices(part)
    return Variant(
        variant_id=part.need("id"),
        title=part.text("name"),
        sku=part.text("sku"),
        price=price,
        compare_at_price=before,
        inventory=_stock(part),
        image_url=_image(part, access),
    )


def _prices(part: Part) -> tuple[Decimal | None, Decimal | None]:
    """The price asked now, and the one before; a special price that ends some day is left out: no time is known."""
    price = part.decimal("price")
    if attribute(part, "special_to_date") is not None or (text := attribute(part, "special_price")) is None:
        return price, None
    special = Part({"special_price": text}).decimal("special_price")
    is_lower = special is not None and price is not None and special < price
    return (special, price) if is_lower else (price, None)


def _url(part: Part, access: Access) -> str | None:
    key = attribute(part, "url_key")
    if key is None:
        return None
    template = access.text("product_url") or f"{access.url}/{{url_key}}.html"
    return template.replace("{url_key}", key)


def _image(part: Part, access: Access) -> str | None:
    """The picture: the chosen one, else the first of the gallery that is not switched off."""
    chosen = (attribute(part, name) for name in ("image", "small_image", "thumbnail"))
    gallery = (one.text("file") for one in part.parts("media_gallery_entries") if not one.value.get("disabled"))
    file = next((one for one in (*chosen, *gallery) if one and one != _NO_PICTURE), None)
    if file is None:
        return None
    base = access.text("media_url") or f"{access.url}/media/catalog/product"
    return f"{base.rstrip('/')}/{file.lstrip('/')}"


def _stock(part: Part) -> int | None:
    item = extension(part).part("stock_item")
    quantity = item.decimal("qty") if item else None
    return None if quantity is None else int(quantity)


def _plain(text: str | None) -> str | None:
    if text is None:
        return None
    return _GAP.sub(" ", unescape(_TAG.sub(" ", text))).strip()[:_LONGEST] or None
