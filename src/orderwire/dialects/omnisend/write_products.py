"""Products of the catalogue.

Creating a product that exists is refused (409) and replacing one that does not exist too (404). So a product not yet
known there is created and then replaced: whichever of the two is refused, the other one has told everything.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Raw
from msgspec.structs import replace

from orderwire.dialects.contract import Account, Expression, Item, Lane, Statement
from orderwire.dialects.omnisend.fields import (
    MAX_IMAGE_URL,
    MAX_ITEM_BYTES,
    MAX_VARIANTS,
    PRODUCT_CREATE,
    PRODUCT_REPLACE,
    PRODUCT_WITHDRAW,
    PRODUCTS_BATCH,
    Cuts,
)
from orderwire.dialects.omnisend.shapes import encode, number
from orderwire.dialects.omnisend.shapes_records import ProductBody, VariantBody
from orderwire.model import Product, Variant

_CENT = Decimal("0.01")
_MAX_ID = 100


def updated(statement: Statement, account: Account) -> Expression:
    """The product as it is now: created and replaced, or only replaced where it is known and news."""
    assert isinstance(statement.snapshot, Product)  # noqa: S101 - the kind says so
    body, unsaid = _product(statement.snapshot, account)
    if body is None:
        return Expression(unsaid=unsaid)
    name, encoded = body.id, encode(body)
    if statement.lane is Lane.HISTORY:
        items = tuple(
            Item(route=PRODUCTS_BATCH, wire_id=name, body=encoded, group=method) for method in ("POST", "PUT")
        )
    else:
        routes = (PRODUCT_REPLACE,) if statement.is_known_there else (PRODUCT_CREATE, PRODUCT_REPLACE)
        items = tuple(Item(route=route, wire_id=name, body=encoded) for route in routes)
    return Expression(items=items, unsaid=unsaid)


def removed(statement: Statement, account: Account) -> Expression:
    """The product as `notAvailable`: it is not deleted, because past orders point at it and it may come back."""
    assert isinstance(statement.snapshot, Product)  # noqa: S101 - the kind says so
    body, unsaid = _product(statement.snapshot, account)
    if body is None:
        return Expression(unsaid=unsaid)
    variants = tuple(replace(variant, status="notAvailable") for variant in body.variants)
    gone = replace(body, status="notAvailable", variants=variants)
    return Expression(items=(Item(route=PRODUCT_WITHDRAW, wire_id=body.id, body=encode(gone)),), unsaid=unsaid)


def _product(product: Product, account: Account) -> tuple[ProductBody | None, tuple[str, ...]]:
    """The body, or None with the reasons why the platform cannot be told."""
    cuts = Cuts()
    url = product.url or str(account.options.get("shop_url", ""))
    currency = product.currency or str(account.options.get("currency", ""))
    variants = _variants(product, url, cuts)
    faults = {
        "url: required there, and neither the product nor the option `shop_url` gives one": not url,
        "currency: required there, and neither the product nor the option `currency` gives one": not currency,
        "price: required there": not variants,
        f"id: longer than {_MAX_ID} characters": len(product.product_id) > _MAX_ID,
    }
    if any(faults.values()):
        return None, tuple(reason for reason, is_so in faults.items() if is_so)
    if product.categories:
        cuts.unsaid.append("categories: a product there refers to category records, and no source has any")
    body = ProductBody(
        id=product.product_id,
        title=cuts.text("title", product.title) or product.product_id,
        status=_status(product, product.inventory),
        currency=currency.upper(),
        url=url,
        description=cuts.text("description", product.description),
        vendor=cuts.text("vendor", product.brand),
        image_url=_image(product.image_url, cuts),
        tags=cuts.tags(product.tags),
        created_at=_to_second(product.created_at),
        updated_at=_to_second(product.updated_at),
        variants=variants,
    )
    if len(encode(body)) > MAX_ITEM_BYTES:
        return None, (f"size: larger than {MAX_ITEM_BYTES} bytes",)
    return body, tuple(dict.fromkeys(cuts.unsaid))


def _variants(product: Product, url: str, cuts: Cuts) -> tuple[VariantBody, ...]:
    """The variants that have a price; a product without variants is its own only one."""
    own = Variant(
        variant_id=product.product_id,
        sku=product.sku,
        price=product.price,
        compare_at_price=product.compare_at_price,
        inventory=product.inventory,
        image_url=product.image_url,
    )
    bodies = []
    for variant in product.variants or (own,):
        price = variant.price if variant.price is not None else product.price
        if price is None:
            cuts.unsaid.append("variants: one without a price is left out")
            continue
        old = variant.compare_at_price
        bodies.append(
            VariantBody(
                id=variant.variant_id,
                title=cuts.text("title", variant.title or product.title) or variant.variant_id,
                url=variant.url or url,
                price=_price(price, cuts),
                status=_status(product, variant.inventory),
                strike_through_price=_price(old, cuts) if old is not None and old > price else None,
                sku=cuts.text("sku", variant.sku),
                image_url=_image(variant.image_url, cuts),
            )
        )
    if len(bodies) > MAX_VARIANTS:
        cuts.unsaid.append(f"variants: only the first {MAX_VARIANTS}")
    return tuple(bodies[:MAX_VARIANTS])


def _status(product: Product, inventory: int | None) -> str:
    if not product.is_published or product.removed_at:
        return "notAvailable"
    return "outOfStock" if inventory is not None and inventory <= 0 else "inStock"


def _price(value: Decimal, cuts: Cuts) -> Raw:
    """A price with the two digits that the catalogue holds, whatever the currency has."""
    rounded = value.quantize(_CENT, rounding=ROUND_HALF_UP)
    if rounded != value:
        cuts.unsaid.append("price: rounded to two digits")
    return number(rounded)


def _image(url: str | None, cuts: Cuts) -> str | None:
    if url and len(url) > MAX_IMAGE_URL:
        cuts.unsaid.append(f"image: its address is longer than {MAX_IMAGE_URL} characters")
        return None
    return url or None


def _to_second(instant: datetime | None) -> datetime | None:
    return instant.astimezone(UTC).replace(microsecond=0) if instant else None
