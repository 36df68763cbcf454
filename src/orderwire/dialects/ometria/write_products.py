"""Products: the parent with one listing, then each variant."""

from __future__ import annotations

from decimal import Decimal

from orderwire.dialects.contract import Account, Expression, Item
from orderwire.dialects.ometria.fields import MAX_RECORD_BYTES, encode, price
from orderwire.model import Product, Variant

_TOO_LARGE = "the product is larger than 60 KB even without properties"


def write_product(product: Product, account: Account) -> Expression:
    """A product and its variants, the parent first; a removed one is made inactive.

    Attributes are sent complete: the list that is sent replaces the stored one even when merging.
    """
    variants = [variant for variant in product.variants if variant.variant_id != product.product_id]
    if product.removed_at:
        gone = {product.product_id: product.title}
        gone |= {variant.variant_id: variant.title or product.title for variant in variants}
        return Expression(items=tuple(_removal(identity, title) for identity, title in gone.items()))
    unsaid: list[str] = []
    if product.description:
        unsaid.append("description: there is no field for it")
    item = _fitted(_parent(product, account), unsaid)
    if item is None:
        return Expression(unsaid=(_TOO_LARGE,))
    items = [item]
    for place, variant in enumerate(variants):
        child = _fitted(_child(variant, product), unsaid)
        if child is None:
            unsaid.append(f"variants[{place}]: larger than 60 KB even without properties")
        else:
            items.append(child)
    return Expression(items=tuple(items), unsaid=tuple(unsaid))


def _removal(identity: str, title: str) -> Item:
    """A partial with the least that makes a product, in case Ometria never heard of it."""
    record = {"@type": "product", "id": identity, "title": title, "is_active": False, "@merge": True}
    return Item(route="products", wire_id=identity, body=encode(record))


def _fitted(record: dict[str, object], unsaid: list[str]) -> Item | None:
    body = encode(record)
    if len(body) > MAX_RECORD_BYTES and record.pop("properties", None) is not None:
        unsaid.append("properties: the product is larger than 60 KB with them")
        body = encode(record)
    if len(body) > MAX_RECORD_BYTES:
        return None
    return Item(route="products", wire_id=str(record["id"]), body=body)


def _parent(product: Product, account: Account) -> dict[str, object]:
    shown = {
        "title": product.title,
        "price": None,
        "special_price": None,
        **_prices(product.price, product.compare_at_price),
        "currency": product.currency,
        "url": product.url,
        "image_url": product.image_url,
        "is_active": product.is_published,
    }
    listing = {"store": account.options.get("store") or None, **shown}
    properties: dict[str, object] = dict(product.properties)
    if product.tags:
        properties["tags"] = product.tags
    return {
        "@type": "product",
        "id": product.product_id,
        "sku": product.sku,
        **shown,
        "is_variant": False,
        "is_in_stock": None if product.inventory is None else product.inventory > 0,
        "attributes": _attributes(product),
        "listings": [{name: value for name, value in listing.items() if value is not None}],
        "properties": properties or None,
    }


def _child(variant: Variant, product: Product) -> dict[str, object]:
    return {
        "@type": "product",
        "id": variant.variant_id,
        "sku": variant.sku,
        "title": variant.title or product.title,
        **_prices(product.price if variant.price is None else variant.price, variant.compare_at_price),
        "currency": product.currency,
        "url": variant.url or product.url,
        "image_url": variant.image_url or product.image_url,
        "is_active": product.is_published,
        "is_variant": True,
        "is_in_stock": None if variant.inventory is None else variant.inventory > 0,
        "attributes": _attributes(product),
        "properties": dict(variant.properties) or None,
    }


def _prices(now: Decimal | None, before: Decimal | None) -> dict[str, object]:
    """A reduced product has its former price as price and the one of today as special price."""
    if now is not None and before is not None and before > now:
        return {"price": price(before), "special_price": price(now)}
    return {} if now is None else {"price": price(now)}


def _attributes(product: Product) -> list[dict[str, str]]:
    found = [{"type": "category", "id": name, "label": name} for name in product.categories]
    if product.brand:
        found.append({"type": "brand", "id": product.brand, "label": product.brand})
    return found
