"""The catalog as it is kept: each entry as it was told, and the product that an item and its variants are.

Items, variants and categories are documents, so that they are given back as they were told. Whatever changes an item
or one of its variants also makes the whole product anew. A variant with its item's own id is the item itself: a
product without variants is its own only variant.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, convert
from msgspec.structs import replace

from orderwire.dialects.doorway import Document, Shelves
from orderwire.dialects.klaviyo.door.documents import stamp
from orderwire.dialects.klaviyo.door.draft import ENCODE, Draft
from orderwire.dialects.klaviyo.door.members import decode_if, plain, words
from orderwire.dialects.klaviyo.door.properties import decimal_of
from orderwire.model import Product, Variant
from orderwire.model.people import JsonScalar

ITEM, VARIANT, CATEGORY = "catalog-item", "catalog-variant", "catalog-category"
_ALWAYS_SHOWN = 2
"""The inventory policy that shows an entry whatever its quantity."""
_OF_MODEL = frozenset({"brand", "sku", "currency", "categories", "tags", "compare_at_price"})


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry of the catalog: its attributes as told, and the ids of what belongs to it."""

    kind: str
    id: str
    attributes: Mapping[str, Any]
    created: datetime
    updated: datetime
    item: str = ""
    """Of a variant: its item."""
    variants: tuple[str, ...] = ()
    """Of an item, in the order they came."""
    categories: tuple[str, ...] = ()
    """Of an item: the categories it is in."""


def entry_in(document: Document) -> Entry:
    """The entry that a document holds."""
    return convert(decode_if(document.body), Entry)


def find(shelves: Shelves | Draft, kind: str, ident: str) -> Entry | None:
    """An entry by the shop's id of it."""
    document = shelves.document(kind, ident)
    return None if document is None else entry_in(document)


def put(draft: Draft, entry: Entry) -> None:
    """Keep an entry, and make its product anew."""
    draft.keep(Document(collection=entry.kind, key=entry.id, body=ENCODE(entry), rank=stamp(entry.created)))
    if entry.kind == VARIANT:
        item = find(draft, ITEM, entry.item)
        if item is not None and entry.id not in item.variants:
            item = replace(item, variants=(*item.variants, entry.id))
            draft.keep(Document(collection=ITEM, key=item.id, body=ENCODE(item), rank=stamp(item.created)))
        _tell(draft, entry.item)
    elif entry.kind == ITEM:
        _tell(draft, entry.id)
    else:
        for ident in members_of(draft.shelves, entry.id):
            _tell(draft, ident)


def drop(draft: Draft, entry: Entry) -> None:
    """Keep an entry no longer: an item goes with its variants, and the product is removed."""
    draft.remove(entry.kind, entry.id)
    if entry.kind == ITEM:
        product = product_of(draft, entry)
        for ident in entry.variants:
            draft.remove(VARIANT, ident)
        draft.put(replace(product, removed_at=draft.call.received_at))
    elif entry.kind == VARIANT:
        item = find(draft, ITEM, entry.item)
        if item is not None:
            left = tuple(ident for ident in item.variants if ident != entry.id)
            put(draft, replace(item, variants=left))
    else:
        for ident in members_of(draft.shelves, entry.id):
            item = find(draft, ITEM, ident)
            if item is not None:
                left = tuple(category for category in item.categories if category != entry.id)
                put(draft, replace(item, categories=left))


def members_of(shelves: Shelves, category: str) -> list[str]:
    """The items of a category."""
    after: tuple[str, str] | None = None
    found: list[str] = []
    while page := shelves.documents(ITEM, after=after, limit=1000):
        found += [document.key for document in page if category in entry_in(document).categories]
        after = (page[-1].rank, page[-1].key)
    return found


def _tell(draft: Draft, ident: str) -> None:
    item = find(draft, ITEM, ident)
    if item is not None:
        product = product_of(draft, item)
        draft.put(product, ENCODE(item))


def product_of(draft: Draft, item: Entry) -> Product:
    """The product that an item and its variants are."""
    told = item.attributes
    metadata = told.get("custom_metadata") or {}
    title = words(told.get("title")) or item.id
    description = words(told.get("description"))
    named = [entry for ident in item.categories if (entry := find(draft, CATEGORY, ident)) is not None]
    categories = tuple(name for entry in named if (name := words(entry.attributes.get("name"))) is not None)
    product = Product(
        product_id=item.id,
        title=title,
        description=None if description == title else description,
        sku=words(metadata.get("sku")),
        price=decimal_of(told.get("price")),
        compare_at_price=decimal_of(metadata.get("compare_at_price")),
        currency=words(metadata.get("currency")),
        brand=words(metadata.get("brand")),
        categories=categories or _listed(metadata.get("categories")),
        url=words(told.get("url")),
        image_url=words(told.get("image_full_url")),
        is_published=told.get("published") is not False,
        tags=_listed(metadata.get("tags")),
        properties=_rest(metadata),
        updated_at=draft.call.received_at,
    )
    variants = [entry for ident in item.variants if (entry := find(draft, VARIANT, ident)) is not None]
    told_variants = [variant_of(entry, product) for entry in variants]
    if len(told_variants) == 1 and told_variants[0].variant_id == item.id:
        return _alone(product, told_variants[0])
    return replace(product, variants=tuple(told_variants))


def variant_of(entry: Entry, product: Product) -> Variant:
    """A variant; what it has from its product is not said again."""
    told = entry.attributes
    metadata = told.get("custom_metadata") or {}
    title, url, image = words(told.get("title")), words(told.get("url")), words(told.get("image_full_url"))
    quantity = decimal_of(told.get("inventory_quantity"))
    is_uncounted = not quantity and told.get("inventory_policy") == _ALWAYS_SHOWN
    sku = words(told.get("sku"))
    return Variant(
        variant_id=entry.id,
        title=None if title == product.title else title,
        sku=None if sku == entry.id else sku,
        price=decimal_of(told.get("price")),
        compare_at_price=decimal_of(metadata.get("compare_at_price")),
        inventory=None if quantity is None or is_uncounted else int(quantity),
        url=None if url == product.url else url,
        image_url=None if image == product.image_url else image,
        properties=_rest(metadata),
    )


def _alone(product: Product, only: Variant) -> Product:
    """A product that is its own only variant."""
    return replace(
        product,
        sku=product.sku or only.sku,
        price=only.price if product.price is None else product.price,
        compare_at_price=only.compare_at_price if product.compare_at_price is None else product.compare_at_price,
        inventory=only.inventory,
    )


def _listed(value: Any) -> tuple[str, ...]:
    """Several names, written as a list or with commas between them."""
    parts = value if isinstance(value, list) else str(value).split(",") if isinstance(value, str) else []
    return tuple(text for part in parts if (text := words(part)) is not None)


def _rest(metadata: Mapping[str, Any]) -> dict[str, JsonScalar]:
    return {
        name: plain(value)
        for name, value in metadata.items()
        if name not in _OF_MODEL and not isinstance(value, dict | list)
    }
