"""Products and their variants."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from orderwire.model.people import JsonScalar


class Variant(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One buyable form of a product. Prices are in major units, as the shop shows them."""

    variant_id: str
    title: str | None = None
    sku: str | None = None
    price: Decimal | None = None
    compare_at_price: Decimal | None = None
    inventory: int | None = None
    url: str | None = None
    image_url: str | None = None
    properties: dict[str, JsonScalar] = {}


class Product(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A product as one source describes it. A product without variants is its own only variant."""

    product_id: str
    title: str
    description: str | None = None
    sku: str | None = None
    price: Decimal | None = None
    compare_at_price: Decimal | None = None
    currency: str | None = None
    brand: str | None = None
    categories: tuple[str, ...] = ()
    url: str | None = None
    image_url: str | None = None
    inventory: int | None = None
    is_published: bool = True
    variants: tuple[Variant, ...] = ()
    tags: tuple[str, ...] = ()
    properties: dict[str, JsonScalar] = {}
    created_at: datetime | None = None
    updated_at: datetime | None = None
    removed_at: datetime | None = None
