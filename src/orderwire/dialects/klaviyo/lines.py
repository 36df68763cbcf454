"""A line of an order or a cart as the platform's events carry it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orderwire.dialects.klaviyo.events import money, number
from orderwire.model import OrderLine


def product_of(line: OrderLine) -> dict[str, Any]:
    """What every event says alike about the product of a line."""
    said: dict[str, Any] = {"ProductName": line.name, "Quantity": number(line.quantity)}
    if line.product_id:
        said["ProductID"] = line.product_id
    if line.variant_id:
        said["VariantID"] = line.variant_id
    if line.sku:
        said["SKU"] = line.sku
    if line.url:
        said["ProductURL"] = line.url
    if line.image_url:
        said["ImageURL"] = line.image_url
    return said


def item_of(line: OrderLine, product: dict[str, Any], currency: str, *, categories: str) -> dict[str, Any]:
    """A line inside `Items`; the platform's guide names its categories otherwise in orders than in carts."""
    said = product.copy()
    said["RowTotal"] = money(line.total, currency)
    if line.discount:
        said["RowDiscount"] = money(line.discount, currency)
    if line.unit_price is not None:
        said["ItemPrice"] = number(line.unit_price)
    if line.categories:
        said[categories] = line.categories
    if line.brand:
        said["Brand"] = line.brand
    if line.properties:
        said.update((name, value) for name, value in line.properties.items() if name not in said)
    return said


def contents_of(
    lines: Sequence[OrderLine], products: Sequence[dict[str, Any]], currency: str, *, categories: str
) -> dict[str, Any]:
    """What an event says about all its lines together, given what it says of their products; nothing for none."""
    if not lines:
        return {}
    items: list[dict[str, Any]] = []
    names: dict[str, None] = {}
    sorts: dict[str, None] = {}
    brands: dict[str, None] = {}
    for line, product in zip(lines, products, strict=True):
        items.append(item_of(line, product, currency, categories=categories))
        names[line.name] = None
        if line.categories:
            sorts.update(dict.fromkeys(line.categories))
        if line.brand:
            brands[line.brand] = None
    said: dict[str, Any] = {"Items": items, "ItemNames": list(names)}
    if sorts:
        said["Categories"] = list(sorts)
    if brands:
        said["Brands"] = list(brands)
    return said
