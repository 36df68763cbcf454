"""The three resources of the catalog: what each must carry, may carry, and can be filtered by."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orderwire.sandbox.klaviyo import shapes
from orderwire.sandbox.klaviyo.refusals import Fault
from orderwire.sandbox.klaviyo.shapes import array, flag, mapping, maybe, members, number, resource, text

METADATA_BYTES = 100_000


def _metadata(value: Any, at: str, faults: list[Fault]) -> None:
    if not isinstance(value, dict):
        faults.append(Fault("This field must be an object.", at))
    elif any(isinstance(part, (dict, list)) for part in value.values()):
        faults.append(Fault("Custom metadata must be flat.", at))
    elif len(json.dumps(value, ensure_ascii=False).encode()) > METADATA_BYTES:
        faults.append(Fault("Custom metadata may not be larger than 100 KB.", at))


_SHOWN: dict[str, shapes.Check] = {
    "image_full_url": maybe(text()),
    "image_thumbnail_url": maybe(text()),
    "images": maybe(array(text())),
    "custom_metadata": maybe(_metadata),
    "published": maybe(flag),
}
PLACED = {"integration_type": maybe(shapes.among("$custom")), "catalog_type": maybe(shapes.among("$default"))}
_NAMED = {"title": text(least=1), "description": text(), "url": text(least=1)}


@dataclass(frozen=True)
class Sort:
    """One of the three resources: what it must carry, what it may, and whom it belongs to."""

    name: str
    plural: str
    required: dict[str, shapes.Check]
    optional: dict[str, shapes.Check]
    filters: dict[str, frozenset[str]]
    parent: str | None = None
    """The relationship and resource a create must name."""

    @property
    def key(self) -> str:
        """The list key of a bulk job: `items`, `variants`, `categories`."""
        return self.plural.removeprefix("catalog-")


ITEM = Sort(
    "catalog-item",
    "catalog-items",
    _NAMED,
    {**_SHOWN, "price": maybe(number)},
    {
        "ids": frozenset({"any"}),
        "category.id": frozenset({"equals"}),
        "title": frozenset({"contains"}),
        "published": frozenset({"equals"}),
    },
)
VARIANT = Sort(
    "catalog-variant",
    "catalog-variants",
    {**_NAMED, "sku": text(least=1), "inventory_quantity": number, "price": number},
    {**_SHOWN, "inventory_policy": maybe(shapes.among(0, 1, 2))},
    {
        "ids": frozenset({"any"}),
        "item.id": frozenset({"equals"}),
        "sku": frozenset({"equals"}),
        "title": frozenset({"contains"}),
        "published": frozenset({"equals"}),
    },
    parent="item",
)
CATEGORY = Sort(
    "catalog-category",
    "catalog-categories",
    {"name": text(least=1)},
    {},
    {"ids": frozenset({"any"}), "item.id": frozenset({"equals"}), "name": frozenset({"contains"})},
)
SORTS = (ITEM, VARIANT, CATEGORY)


def _create_shape(sort: Sort) -> shapes.Check:
    required = {"external_id": text(least=1), **sort.required}
    attributes = members(required, {**PLACED, **sort.optional}, resource=sort.name)
    if sort.parent:
        related = members({sort.parent: shapes.linkage("catalog-item")})
        return resource(sort.name, attributes, {"relationships": related})
    other = "catalog-category" if sort is ITEM else "catalog-item"
    links = array(members({"type": shapes.among(other), "id": text(least=1)}))
    related = members({}, {"categories" if sort is ITEM else "items": members({"data": links})})
    return resource(sort.name, attributes, relationships=related)


def _update_shape(sort: Sort) -> shapes.Check:
    every = {name: maybe(check) for name, check in (sort.required | sort.optional).items()}
    return resource(sort.name, members({}, every, resource=sort.name), {"id": text(least=1)}, relationships=mapping)


def _delete_shape(sort: Sort) -> shapes.Check:
    return members({"type": shapes.among(sort.name), "id": text(least=1)})


SHAPES: dict[str, Callable[[Sort], shapes.Check]] = {
    "create": _create_shape,
    "update": _update_shape,
    "delete": _delete_shape,
}
