"""Products as they are written: integer cents and `variantID` in /v3, decimals and `id` later.

A product is kept twice: as a record for everybody else, and in one plain shape (`Kept`) out of which each generation
is shown again exactly what was given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from orderwire.dialects.omnisend.door.refusals import Generation
from orderwire.dialects.omnisend.door.wire import Fields
from orderwire.model import Product, Variant

STATUSES = ("inStock", "outOfStock", "notAvailable")
MAX_VARIANTS = 500
MAX_IMAGES = 300
_CENT = Decimal("0.01")
_MAX_ID = 100


class KeptVariant(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A variant as it was given."""

    id: str
    title: str = ""
    sku: str = ""
    status: str = "inStock"
    price: Decimal | None = None
    old_price: Decimal | None = None
    url: str = ""
    description: str = ""
    image: str = ""
    images: tuple[str, ...] = ()


class Kept(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A product as it was given, in the terms of no generation. An image is (id, address)."""

    id: str
    title: str
    status: str = "inStock"
    currency: str = ""
    url: str = ""
    description: str = ""
    vendor: str = ""
    type: str = ""
    image: str = ""
    images: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    category_ids: tuple[str, ...] = ()
    variants: tuple[KeptVariant, ...] = ()
    created_at: datetime
    updated_at: datetime


def read_product(
    fields: Fields, generation: Generation, at: datetime, *, product_id: str | None = None, before: Kept | None = None
) -> Kept | None:
    """A product out of a body; `before` is what a patch leaves as it is. Faults are noted in `fields`."""
    is_v3 = generation is Generation.V3
    name = "productID" if is_v3 else "id"
    found = product_id or fields.id(name, required=before is None)
    is_whole = before is None
    title = fields.text("title", required=is_whole)
    status = fields.choice("status", STATUSES, required=is_whole)
    currency = (fields.text("currency", required=is_whole) or "").upper()
    if currency and not (len(currency) == 3 and currency.isalpha() and currency.isascii()):
        fields.fault("currency", "must be an ISO currency code", "invalid_format")
    url_name = "productUrl" if is_v3 else "url"
    url = fields.text(url_name, required=is_whole)
    images = _images(fields, is_v3)
    variants = _variants(fields, is_v3, is_whole)
    if found and len(found) > _MAX_ID:
        fields.fault(name, f"must have at most {_MAX_ID} characters", "invalid_length")
    texts = {key: fields.text(key) or "" for key in ("description", "vendor", "type") if is_whole or fields.has(key)}
    image = (fields.text("defaultImageUrl") or "") if not is_v3 else next((url for _, url in images or ()), "")
    tags, category_ids = fields.words("tags"), fields.words("categoryIDs")
    created_at, updated_at = fields.instant("createdAt"), fields.instant("updatedAt")
    if fields.faults or found is None:
        return None
    was = before or Kept(id=found, title=title or found, created_at=created_at or at, updated_at=at)
    return Kept(
        id=found,
        title=title or was.title,
        status=status or was.status,
        currency=currency or was.currency,
        url=url or was.url,
        description=texts.get("description", was.description),
        vendor=texts.get("vendor", was.vendor),
        type=texts.get("type", was.type),
        image=image or was.image,
        images=was.images if images is None else images,
        tags=was.tags if tags is None else tags,
        category_ids=was.category_ids if category_ids is None else category_ids,
        variants=was.variants if variants is None else variants,
        created_at=created_at or was.created_at,
        updated_at=updated_at or at,
    )


def record_of(kept: Kept, title_of: Callable[[str], str], removed_at: datetime | None = None) -> Product:
    """The record of a product. Categories go by their titles, where those are known."""
    image_by_id = dict(kept.images)
    own = kept.variants[0] if len(kept.variants) == 1 and kept.variants[0].id == kept.id else None
    properties: Mapping[str, str] = {"type": kept.type} if kept.type else {}
    return Product(
        product_id=kept.id,
        title=kept.title,
        description=kept.description or None,
        sku=own.sku or None if own else None,
        price=own.price if own else None,
        compare_at_price=own.old_price if own else None,
        currency=kept.currency or None,
        brand=kept.vendor or None,
        categories=tuple(title_of(one) for one in kept.category_ids),
        url=kept.url or None,
        image_url=kept.image or next((url for _, url in kept.images), None),
        inventory=0 if kept.status == "outOfStock" else None,
        is_published=kept.status != "notAvailable",
        variants=()
        if own
        else tuple(
            Variant(
                variant_id=one.id,
                title=one.title or None,
                sku=one.sku or None,
                price=one.price,
                compare_at_price=one.old_price,
                inventory=None if one.status == "inStock" else 0,
                url=one.url if one.url and one.url != kept.url else None,
                image_url=image_by_id.get(one.image, one.image if "/" in one.image else "") or None,
            )
            for one in kept.variants
        ),
        tags=kept.tags,
        properties=dict(properties),
        created_at=kept.created_at,
        updated_at=kept.updated_at,
        removed_at=removed_at,
    )


def kept_of(product: Product, at: datetime) -> Kept:
    """A product that came another way, in the shape that is shown."""
    own = Variant(
        variant_id=product.product_id,
        title=product.title,
        sku=product.sku,
        price=product.price,
        compare_at_price=product.compare_at_price,
        inventory=product.inventory,
    )
    created_at = product.created_at or product.updated_at or at
    return Kept(
        id=product.product_id,
        title=product.title,
        status=_status(product, product.inventory),
        currency=(product.currency or "").upper(),
        url=product.url or "",
        description=product.description or "",
        vendor=product.brand or "",
        type=str(product.properties.get("type") or ""),
        image=product.image_url or "",
        images=((product.product_id, product.image_url),) if product.image_url else (),
        tags=product.tags,
        category_ids=product.categories,
        variants=tuple(
            KeptVariant(
                id=one.variant_id,
                title=one.title or product.title,
                sku=one.sku or "",
                status=_status(product, one.inventory),
                price=one.price if one.price is not None else product.price,
                old_price=one.compare_at_price,
                url=one.url or product.url or "",
                image=one.image_url or "",
            )
            for one in product.variants or (own,)
        ),
        created_at=created_at,
        updated_at=product.updated_at or created_at,
    )


def _status(product: Product, inventory: int | None) -> str:
    if not product.is_published:
        return "notAvailable"
    return "outOfStock" if inventory is not None and inventory <= 0 else "inStock"


def _images(fields: Fields, is_v3: bool) -> tuple[tuple[str, str], ...] | None:
    """The images, the default one first."""
    if not is_v3:
        urls = fields.words("images")
        if urls is not None and len(urls) > MAX_IMAGES:
            fields.fault("images", f"must have at most {MAX_IMAGES} items", "invalid_length")
        return None if urls is None else tuple((url, url) for url in urls)
    rows = fields.rows("images")
    if rows is None:
        return None
    if len(rows) > 10:
        fields.fault("images", "must have at most 10 items", "invalid_length")
    rows.sort(key=lambda row: row.get("isDefault") is not True)
    return tuple((row.id("imageID") or url, url) for row in rows if (url := row.text("url", required=True)))


def _variants(fields: Fields, is_v3: bool, is_whole: bool) -> tuple[KeptVariant, ...] | None:
    rows = fields.rows("variants")
    if rows is None:
        if is_v3 and is_whole:
            fields.fault("variants", "field required but not found in Json", "required")
        return None
    if not 1 <= len(rows) <= MAX_VARIANTS:
        fields.fault("variants", f"must have 1 to {MAX_VARIANTS} items", "invalid_length")
    found = [_variant(row, is_v3) for row in rows]
    return tuple({one.id: one for one in found if one is not None}.values())


def _variant(row: Fields, is_v3: bool) -> KeptVariant | None:
    variant_id = row.id("variantID" if is_v3 else "id", required=True)
    title = row.text("title", required=True)
    price, old = _price(row, "price", is_v3), _price(row, "oldPrice" if is_v3 else "strikeThroughPrice", is_v3)
    if price is None:
        row.fault("price", "field required but not found in Json", "required")
    status = row.choice("status", STATUSES)
    url = row.text("productUrl" if is_v3 else "url", required=not is_v3)
    if variant_id is None or title is None:
        return None
    return KeptVariant(
        id=variant_id,
        title=title,
        sku=row.text("sku") or "",
        status=status or "inStock",
        price=price,
        old_price=old or None,
        url=url or "",
        description=row.text("description") or "",
        image=row.text("imageID" if is_v3 else "defaultImageUrl") or "",
        images=(row.words("images") or ()) if not is_v3 else (),
    )


def _price(row: Fields, name: str, is_v3: bool) -> Decimal | None:
    """A price in major units: whole cents in /v3, whatever the currency; decimals with two digits later."""
    number = row.number(name)
    if number is None:
        return None
    if number < 0:
        row.fault(name, "must not be negative", "out_of_range")
    if is_v3:
        return number * _CENT
    if number != number.quantize(_CENT):
        row.fault(name, "must have at most 2 decimals", "invalid_format")
    return number
