"""Products of Shopper Activity: one record for each variant, gathered into one product.

Each variant's newest record is kept as it was given, and the product is made of all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderwire.dialects.drip.door.bodies import Piece
from orderwire.dialects.drip.door.turn import Turn
from orderwire.dialects.drip.door.values import currency, extras, instant, number, plain, scalar, text
from orderwire.model import Product, Variant

DEFAULT_CURRENCY = "USD"
_FIELDS = frozenset(
    {"provider", "action", "occurred_at", "product_id", "product_variant_id", "sku", "name"}
    | {"brand", "categories", "price", "currency", "inventory", "product_url", "image_url"}
)
_SEPARATOR = " - "


def take_product(turn: Turn, piece: Piece, place: int) -> None:
    """Add the product that a variant's record leaves behind."""
    record = piece.value
    key = text(record["product_id"])
    if not key:
        turn.unread("products", f"products[{place}]", "the product has no id", piece.raw)
        return
    product_id = turn.ident(text(record["provider"]), key)
    variant_id = text(record.get("product_variant_id")) or key
    at = instant(record.get("occurred_at")) or turn.call.received_at
    kept = turn.document("products", product_id) or {}
    if (instant(kept.get(variant_id, {}).get("at")) or at) > at:
        return
    given = {name: plain(value) for name, value in record.items() if value is not None}
    # An amount stays exact as a text.
    given["price"] = str(number(record["price"]))
    told = {"at": at.isoformat(), "is_gone": record["action"] == "deleted", "given": given}
    kept = kept | {variant_id: told}
    turn.keep("products", product_id, kept)
    turn.add(_product(key, product_id, kept, at, turn.snapshot(f"product:{product_id}")), piece.raw)


def _product(key: str, product_id: str, kept: Mapping[str, Any], at: datetime, known: object) -> Product:
    every = {variant: told["given"] for variant, told in kept.items()}
    present = {variant: given for variant, given in every.items() if not kept[variant]["is_gone"]}
    shown = present or every
    first = next(iter(shown.values()))
    is_plain = list(shown) == [key]
    title, titles = _titles({variant: text(given.get("name")) for variant, given in shown.items()})
    prices = [Decimal(given["price"]) for given in shown.values()]
    common = {name: _shared(shown, name) for name in ("product_url", "image_url", "brand", "inventory", "sku")}
    variants = () if is_plain else tuple(_variant(one, given, titles[one], common) for one, given in shown.items())
    return Product(
        product_id=product_id,
        title=title or key,
        sku=text(common["sku"]) or None if is_plain else None,
        price=min(prices),
        currency=currency(first.get("currency")) or DEFAULT_CURRENCY,
        brand=text(common["brand"]) or None,
        categories=tuple(
            dict.fromkeys(text(name) for given in shown.values() for name in given.get("categories", ()))
        ),
        url=text(common["product_url"]) or None,
        image_url=text(common["image_url"]) or None,
        inventory=_whole(common["inventory"]) if is_plain else None,
        variants=variants,
        properties=_own(first) if is_plain else {},
        created_at=known.created_at if isinstance(known, Product) else None,
        updated_at=max(instant(told["at"]) or at for told in kept.values()),
        removed_at=None if present else at,
    )


def _variant(variant_id: str, given: Mapping[str, Any], title: str | None, common: Mapping[str, Any]) -> Variant:
    """A variant, with those of its attributes that the product does not tell for all."""
    url, image = text(given.get("product_url")), text(given.get("image_url"))
    return Variant(
        variant_id=variant_id,
        title=title,
        sku=text(given.get("sku")) or None,
        price=Decimal(given["price"]),
        inventory=_whole(given.get("inventory")),
        url=url if url and url != common["product_url"] else None,
        image_url=image if image and image != common["image_url"] else None,
        properties=_own(given),
    )


def _titles(names: Mapping[str, str]) -> tuple[str, dict[str, str | None]]:
    """The product's title, which its variants' names begin with, and what each variant's adds to it."""
    first = next(iter(names.values()))
    if len(set(names.values())) == 1:
        return first, dict.fromkeys(names)
    # What the least and the greatest begin with alike, all do.
    least, greatest = min(names.values()), max(names.values())
    alike = next(
        (place for place, pair in enumerate(zip(least, greatest, strict=False)) if pair[0] != pair[1]), len(least)
    )
    shared = least[:alike].rpartition(_SEPARATOR)[0]
    if not shared:
        return first, {variant: (None if name == first else name) for variant, name in names.items()}
    return shared, {variant: name.removeprefix(shared + _SEPARATOR) or None for variant, name in names.items()}


def _shared(shown: Mapping[str, Mapping[str, Any]], name: str) -> Any:
    """What all records say alike; None where they differ."""
    values = [given.get(name) for given in shown.values()]
    return values[0] if all(value == values[0] for value in values) else None


def _own(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: scalar(value) for name, value in extras(given, _FIELDS).items()}


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
