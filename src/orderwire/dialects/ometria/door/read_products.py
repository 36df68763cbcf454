"""What a product record means: a product, or a variant of one where it names its parent.

A record that does not carry a field leaves it as it was, but for the attributes: the list that is sent replaces the
one that was, also when merging.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import structs

from orderwire.dialects.ometria.door.desk import Desk
from orderwire.dialects.ometria.door.values import (
    Fields,
    Unfit,
    currency_of,
    flag,
    instant_of,
    number,
    objects,
    properties,
    text,
)
from orderwire.model import Product, Variant

_DAY_LENGTH = len("2026-03-01")


def read_product(given: Fields, desk: Desk) -> Product:
    """The product as it is known with this record; a variant's is its parent.

    Raises:
        Unfit: it has no id, no title although it is new, or a field without a valid value.
    """
    product_id = text(given, "id")
    if product_id is None:
        raise Unfit("id")
    parent_id = text(given, "parent_id")
    parent = desk.product(parent_id) if parent_id and parent_id != product_id else None
    if parent is not None and flag(given, "is_variant") is not False:
        return _with_variant(given, parent, product_id, desk)
    before = desk.product(product_id)
    title = text(given, "title") or (before.title if before else None)
    if title is None:
        raise Unfit("title")
    product = structs.replace(before, title=title) if before else Product(product_id=product_id, title=title)
    now, former = _prices(given, product.price, product.compare_at_price, desk.received_at)
    changes: dict[str, Any] = {
        name: found for name in ("sku", "url", "image_url") if (found := _listed_text(given, name)) is not None
    }
    is_active = _is_active(given)
    return structs.replace(
        product,
        price=now,
        compare_at_price=former,
        currency=currency_of(given) or _listed_currency(given) or product.currency,
        is_published=product.is_published if is_active is None else is_active,
        properties=_properties(given, product.properties, parent_id),
        removed_at=None,
        updated_at=desk.received_at if before else None,
        **changes,
        **_attributes(given),
    )


def _with_variant(given: Fields, parent: Product, variant_id: str, desk: Desk) -> Product:
    """The parent with this variant in place of what it was."""
    before = next((one for one in parent.variants if one.variant_id == variant_id), Variant(variant_id=variant_id))
    now, former = _prices(given, before.price, before.compare_at_price, desk.received_at)
    own = properties(given)
    stock = flag(given, "is_in_stock")
    if stock is None:
        stock = flag(given, "in_stock")
    if stock is not None:
        own["in_stock"] = stock
    variant = structs.replace(
        before,
        title=text(given, "title") or before.title,
        sku=text(given, "sku") or before.sku,
        price=now,
        compare_at_price=former,
        url=text(given, "url") or before.url,
        image_url=text(given, "image_url") or before.image_url,
        properties={**before.properties, **own},
    )
    others = tuple(one for one in parent.variants if one.variant_id != variant_id)
    return structs.replace(parent, variants=(*others, variant), updated_at=desk.received_at)


def _is_active(given: Fields) -> bool | None:
    """Whether a product is on sale at all: its own no wins, beside its own yes its listings decide."""
    own = flag(given, "is_active")
    listed = [flag(one, "is_active") for one in objects(given, "listings") or objects(given, "store_listings")]
    return own if own is not True or not listed else any(one is not False for one in listed)


def _prices(
    given: Fields, now: Decimal | None, former: Decimal | None, at: datetime
) -> tuple[Decimal | None, Decimal | None]:
    """Today's price and the former one: a special price that holds is today's, without one nothing is reduced."""
    listing = _listing(given)
    usual = number(given, "price")
    usual = number(listing, "price", "listings") if usual is None else usual
    special = number(given, "special_price")
    special = number(listing, "special_price", "listings") if special is None else special
    special = special if _is_offered(given, at) else None
    if usual is None and special is None:
        return now, former
    if special is None:
        return usual, None
    return special, usual if usual is not None else former


def _is_offered(given: Fields, at: datetime) -> bool:
    """Whether a special price holds at an instant; an end that is told as a day is that day's."""
    first, last = given.get("special_price_dt_from"), given.get("special_price_dt_to")
    since, until = instant_of(first), instant_of(last)
    if until is not None and len(str(last).strip()) == _DAY_LENGTH:
        until += timedelta(days=1)
    return (since is None or since <= at) and (until is None or at <= until)


def _listing(given: Fields) -> Fields:
    """The first listing: one has to be there, and shops with one store have no other."""
    every = objects(given, "listings") or objects(given, "store_listings")
    return every[0] if every else {}


def _listed_text(given: Fields, name: str) -> str | None:
    return text(given, name) or text(_listing(given), name, "listings")


def _listed_currency(given: Fields) -> str | None:
    return currency_of(_listing(given), "listings")


def _properties(given: Fields, before: Fields, parent_id: str | None) -> dict[str, Any]:
    """Custom fields, and what there is no field for."""
    own = {name: value for name, value in properties(given).items() if name != "tags"}
    for name, theirs in (("in_stock", "is_in_stock"), ("in_stock", "in_stock"), ("is_variant", "is_variant")):
        value = flag(given, theirs)
        if value is not None and (name != "is_variant" or value):
            own[name] = value
    if parent_id:
        own["parent_id"] = parent_id
    for attribute in objects(given, "attributes"):
        kind, label = _attribute(attribute)
        if kind and label and kind not in ("category", "brand"):
            own[kind] = label
    return {**before, **own}


def _attributes(given: Fields) -> dict[str, Any]:
    """Categories, brand and tags, where the record says any attributes at all."""
    found: dict[str, Any] = {}
    tags = (given.get("properties") or {}).get("tags") if isinstance(given.get("properties"), dict) else None
    if isinstance(tags, list):
        found["tags"] = tuple(tag for tag in tags if isinstance(tag, str))
    if given.get("attributes") is None:
        return found
    read = [_attribute(attribute) for attribute in objects(given, "attributes")]
    found["categories"] = tuple(label for kind, label in read if kind == "category" and label)
    found["brand"] = next((label for kind, label in read if kind == "brand" and label), None)
    return found


def _attribute(given: Fields) -> tuple[str, str | None]:
    """An attribute's dimension and label; the sign before a dimension of many values is left out."""
    kind = (text(given, "type", "attributes") or "").removeprefix("&")
    label = (
        text(given, "label", "attributes") or text(given, "value", "attributes") or text(given, "id", "attributes")
    )
    return kind, label
