"""Items and addresses of Shopper Activity as order lines and addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from orderwire.dialects.drip.door.people import country_of
from orderwire.dialects.drip.door.values import amount, extras, number, scalar, text
from orderwire.dialects.drip.fields import ITEM_FIELDS
from orderwire.model import Address, OrderLine
from orderwire.model.money import minor

_ADDRESS = {
    "first_name": ("first_name",),
    "last_name": ("last_name",),
    "company": ("company",),
    "line1": ("address_1", "address1"),
    "line2": ("address_2", "address2"),
    "city": ("city",),
    "region": ("state",),
    "postal_code": ("postal_code", "zip"),
    "phone": ("phone",),
}
_NO_FIELD_OF_OURS = frozenset({"sale_price", "fees", "shipping"})
_TAKEN = ITEM_FIELDS - _NO_FIELD_OF_OURS


def lines_of(items: Iterable[Mapping[str, Any]], currency: str, ident: Callable[[str], str]) -> tuple[OrderLine, ...]:
    """The lines of an order or a cart; `ident` completes a product's id.

    A line goes by the id that our own writing dialect gives it, else by its place.
    """
    found: list[OrderLine] = []
    seen: set[str] = set()
    for place, item in enumerate(items, 1):
        given = text(item.get("line_id")) or str(place)
        line_id = given if given not in seen else f"{given}-{place}"
        seen.add(line_id)
        found.append(_line(item, currency, line_id, ident))
    return tuple(found)


def address_of(given: Any) -> Address | None:
    """A postal address; None where there is nothing in it."""
    if not isinstance(given, dict):
        return None
    parts: dict[str, Any] = {}
    for ours, names in _ADDRESS.items():
        if value := next((value for name in names if (value := text(given.get(name)))), ""):
            parts[ours] = value
    if country := text(given.get("country")):
        parts |= country_of(country)
    return Address(**parts) if parts else None


def _line(item: Mapping[str, Any], currency: str, line_id: str, ident: Callable[[str], str]) -> OrderLine:
    quantity = number(item.get("quantity"))
    quantity = Decimal(1) if quantity is None else quantity
    price = number(item.get("price"))
    discount = abs(amount(item.get("discounts"), currency))
    product, variant = text(item.get("product_id")), text(item.get("product_variant_id"))
    if price is not None:
        subtotal = minor(price * quantity, currency)
    else:
        subtotal = amount(item.get("total"), currency) + discount
    total = amount(item["total"], currency) if item.get("total") is not None else subtotal - discount
    own = extras(item, ITEM_FIELDS, consumed=_TAKEN) | {
        name: item[name] for name in _NO_FIELD_OF_OURS if item.get(name) is not None
    }
    return OrderLine(
        line_id=line_id,
        name=text(item.get("name")) or text(item.get("sku")) or product or line_id,
        quantity=quantity,
        product_id=ident(product) if product else None,
        variant_id=variant if variant and variant not in (product, "0") else None,
        sku=text(item.get("sku")) or None,
        unit_price=price,
        subtotal=subtotal,
        discount=discount,
        tax=amount(item.get("taxes"), currency),
        total=total,
        brand=text(item.get("brand")) or None,
        categories=tuple(name for one in item.get("categories") or () if (name := text(one))),
        url=text(item.get("product_url")) or None,
        image_url=text(item.get("image_url")) or None,
        properties={name: scalar(value) for name, value in sorted(own.items())},
    )
