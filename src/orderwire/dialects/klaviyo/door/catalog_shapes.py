"""What an entry of the catalog may say, and must."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from orderwire.dialects.klaviyo.door.catalog import CATEGORY, ITEM, VARIANT
from orderwire.dialects.klaviyo.door.ids import external_id_of
from orderwire.dialects.klaviyo.door.members import Members

_OWN = ("external_id", "integration_type", "catalog_type")
_PICTURED = ("image_full_url", "image_thumbnail_url", "images", "custom_metadata", "published")
_POLICIES = (0, 1, 2)


class Sort(Struct, frozen=True, kw_only=True):
    """A sort of entry: what its resource is called and what it holds."""

    kind: str
    plural: str
    list_name: str
    required: tuple[str, ...]
    fields: tuple[str, ...]


SORTS: tuple[Sort, ...] = (
    Sort(
        kind=ITEM,
        plural="catalog-items",
        list_name="items",
        required=("title", "description", "url"),
        fields=("title", "description", "url", "price", *_PICTURED),
    ),
    Sort(
        kind=VARIANT,
        plural="catalog-variants",
        list_name="variants",
        required=("title", "description", "sku", "inventory_quantity", "price", "url"),
        fields=(
            "title",
            "description",
            "sku",
            "inventory_policy",
            "inventory_quantity",
            "price",
            "url",
            *_PICTURED,
        ),
    ),
    Sort(kind=CATEGORY, plural="catalog-categories", list_name="categories", required=("name",), fields=("name",)),
)


def read_new(sort: Sort, data: Members) -> tuple[str, dict[str, Any]]:
    """The id and the attributes of an entry to be created."""
    attributes = data.part("attributes")
    attributes.only((*_OWN, *sort.fields), sort.kind)
    ident = attributes.text("external_id", is_required=True, most=1024) or ""
    for name, only in (("integration_type", "$custom"), ("catalog_type", "$default")):
        if attributes.text(name) not in (None, only):
            attributes.blame(f"Must be one of: {only}.", name)
    for name in sort.required:
        attributes.raw(name, is_required=True)
    told = _attributes(sort, attributes)
    if sort.kind != CATEGORY:
        told.setdefault("published", True)
    return ident.strip(), told


def read_changes(sort: Sort, data: Members) -> dict[str, Any]:
    """The attributes of an entry to be changed, as far as they are given."""
    attributes = data.part_if("attributes")
    if attributes is None:
        return {}
    attributes.only(sort.fields, sort.kind)
    return _attributes(sort, attributes)


def _attributes(sort: Sort, attributes: Members) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in sort.fields:
        if name not in attributes:
            continue
        if name in ("price", "inventory_quantity"):
            told[name] = attributes.number(name)
        elif name == "inventory_policy":
            told[name] = attributes.raw(name)
            if told[name] not in (*_POLICIES, None) or isinstance(told[name], bool):
                attributes.blame("Must be one of: 0, 1, 2.", name)
        elif name == "published":
            told[name] = attributes.flag(name)
        elif name == "custom_metadata":
            told[name] = attributes.mapping(name)
        elif name == "images":
            told[name] = list(attributes.texts(name))
        else:
            told[name] = attributes.text(name, is_required=name in sort.required)
    return told


def related_ids(data: Members, name: str, kind: str) -> list[str]:
    """The shop's ids of the entries at the other end of a relationship, of one or of many."""
    relationships = data.part_if("relationships")
    holder = relationships.part_if(name) if relationships is not None else None
    if holder is None:
        return []
    if isinstance(holder.given.get("data"), dict):
        linked = [holder.part("data")]
    else:
        linked = holder.every("data", is_required=False)
    return linked_ids(linked, kind)


def linked_ids(linked: list[Members], kind: str) -> list[str]:
    """The shop's ids in references."""
    found: list[str] = []
    for one in linked:
        one.kind(kind)
        found.append(external_id_of(one.text("id", is_required=True) or ""))
    return found


def shown(kind: str, ident: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of an entry as an answer shows them, all of them."""
    sort = next(one for one in SORTS if one.kind == kind)
    usual: dict[str, Any] = {"images": [], "custom_metadata": {}, "published": True, "inventory_policy": 0}
    made: dict[str, Any] = {"external_id": ident}
    for name in sort.fields:
        value = attributes.get(name)
        made[name] = usual.get(name) if value is None else value
    return made
