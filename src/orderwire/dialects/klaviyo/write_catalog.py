"""Products as catalog items and variants.

Create and update are separate jobs there, and no job does either. So every entry is created and then updated: where
it is there already, creating it fails for that entry alone and changes nothing, and the update brings the content.
Whether the product was told before does not decide it, because that says nothing of a variant that is new or of a
product that was removed and came back.
A variant names its item, so the item goes first; on the way out the variants go first. The variants of a product
travel as one piece of the request: several entries in a row, whose number is the piece's weight and part of its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import json

from orderwire.dialects.contract import Expression, Item
from orderwire.dialects.klaviyo.events import number
from orderwire.dialects.klaviyo.fields import piece_id
from orderwire.model import Product, Variant

_ENCODE = json.Encoder().encode
_PREFIX = "$custom:::$default:::"
_ENTRIES_PER_JOB = 100


class _Entry(NamedTuple):
    """An item or variant to be told: the shop's id of it and what it is."""

    ident: str
    attributes: dict[str, Any]


def catalog_id(external_id: str) -> str:
    """The platform's compound id of an item or variant."""
    return _PREFIX + external_id


def product(said: Product) -> Expression:
    """A product with its variants, or its removal."""
    if said.removed_at is not None:
        return Expression(items=tuple(_removal(said)))
    if not said.url:
        return Expression(unsaid=("url: Klaviyo takes no catalog item without one",))
    unsaid: list[str] = []
    pieces = [*_pieces("item", [_Entry(said.product_id, _item_attributes(said))], said.product_id)]
    variants = [
        _Entry(one.variant_id, attributes)
        for one in said.variants or (_only_variant(said),)
        if (attributes := _variant_attributes(said, one, unsaid))
    ]
    for first in range(0, len(variants), _ENTRIES_PER_JOB):
        pieces += _pieces("variant", variants[first : first + _ENTRIES_PER_JOB], said.product_id)
    return Expression(items=tuple(pieces), unsaid=tuple(unsaid))


def _removal(said: Product) -> list[Item]:
    variants = [one.variant_id for one in said.variants] or [said.product_id]
    jobs = [
        ("variant", variants[first : first + _ENTRIES_PER_JOB]) for first in range(0, len(variants), _ENTRIES_PER_JOB)
    ]
    return [
        _item(f"catalog_{thing}_delete", idents[0], [_reference(thing, ident) for ident in idents])
        for thing, idents in (*jobs, ("item", [said.product_id]))
    ]


def _pieces(thing: str, entries: Sequence[_Entry], product_id: str) -> list[Item]:
    """The creation and the update of these entries."""
    creations: list[dict[str, Any]] = []
    for entry in entries:
        own = {"external_id": entry.ident, "integration_type": "$custom", "catalog_type": "$default"}
        creation: dict[str, Any] = {"type": f"catalog-{thing}", "attributes": own | entry.attributes}
        if thing == "variant":
            creation["relationships"] = {"item": {"data": _reference("item", product_id)}}
        creations.append(creation)
    updates = [_reference(thing, entry.ident) | {"attributes": entry.attributes} for entry in entries]
    return [
        _item(f"catalog_{thing}_create", entries[0].ident, creations),
        _item(f"catalog_{thing}_update", entries[0].ident, updates),
    ]


def _item(route: str, first: str, entries: Sequence[dict[str, Any]]) -> Item:
    body = b",".join(map(_ENCODE, entries))
    return Item(route=route, wire_id=piece_id(catalog_id(first), len(entries)), body=body, weight=len(entries))


def _reference(thing: str, ident: str) -> dict[str, Any]:
    return {"type": f"catalog-{thing}", "id": catalog_id(ident)}


def _item_attributes(said: Product) -> dict[str, Any]:
    attributes = _described(said.title, said.description or said.title, said.url, said.image_url)
    if said.price is not None:
        attributes["price"] = number(said.price)
    attributes["published"] = said.is_published
    metadata: dict[str, Any] = dict(said.properties)
    for name, value in (
        ("brand", said.brand),
        ("sku", said.sku),
        ("currency", said.currency),
        ("categories", ", ".join(said.categories)),
        ("tags", ", ".join(said.tags)),
        ("compare_at_price", _number(said.compare_at_price)),
    ):
        if value:
            metadata.setdefault(name, value)
    if metadata:
        attributes["custom_metadata"] = metadata
    return attributes


def _variant_attributes(said: Product, variant: Variant, unsaid: list[str]) -> dict[str, Any] | None:
    price = variant.price if variant.price is not None else said.price
    if price is None:
        unsaid.append(f"variant {variant.variant_id}: no price, and Klaviyo takes no variant without one")
        return None
    title = variant.title or said.title
    attributes = _described(
        title, said.description or title, variant.url or said.url, variant.image_url or said.image_url
    )
    attributes["sku"] = variant.sku or variant.variant_id
    attributes["price"] = number(price)
    attributes["published"] = said.is_published
    attributes["inventory_quantity"] = variant.inventory if variant.inventory is not None else 0
    if variant.inventory is None:
        # Policy 2 shows a variant whatever its quantity, which is demanded even where the shop does not count.
        attributes["inventory_policy"] = 2
        unsaid.append(f"variant {variant.variant_id}: no inventory known, told as 0 and always shown")
    metadata: dict[str, Any] = dict(variant.properties)
    if compare := _number(variant.compare_at_price):
        metadata.setdefault("compare_at_price", compare)
    if metadata:
        attributes["custom_metadata"] = metadata
    return attributes


def _described(title: str, description: str, url: str | None, image_url: str | None) -> dict[str, Any]:
    attributes: dict[str, Any] = {"title": title, "description": description, "url": url}
    if image_url:
        attributes["image_full_url"] = image_url
    return attributes


def _number(value: Decimal | None) -> Any:
    return None if value is None else number(value)


def _only_variant(said: Product) -> Variant:
    """A product without variants is its own only variant."""
    return Variant(
        variant_id=said.product_id,
        title=said.title,
        sku=said.sku,
        price=said.price,
        compare_at_price=said.compare_at_price,
        inventory=said.inventory,
        url=said.url,
        image_url=said.image_url,
    )
