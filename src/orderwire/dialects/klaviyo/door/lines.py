"""Lines of orders and carts, out of what events say of their items.

Items carry no id of their line. So a line goes by what most senders make the id of its Ordered Product of, the SKU;
when that event names the line otherwise in the call that places the order, its name is the line's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from orderwire.dialects.klaviyo.door.properties import Properties
from orderwire.model import OrderLine
from orderwire.model.money import minor

_NAME = ("productname", "name", "title", "producttitle", "itemname")
_PRODUCT = ("productid", "externalcatalogid", "itemid", "id")
_VARIANT = ("variantid", "productvariantid")
_PRICE = ("itemprice", "price", "unitprice")
_ROW = ("rowtotal", "linetotal", "rowprice")
_CATEGORIES = ("categories", "productcategories", "category")
_BRAND = ("brand", "productbrand", "manufacturer")
_URL = ("producturl", "url", "link")
_IMAGE = ("imageurl", "image", "productimage", "imagelink")


def lines_of(items: Sequence[Mapping[str, Any]], currency: str) -> tuple[OrderLine, ...]:
    """The lines of an event's items, each under an id of its own."""
    lines: list[OrderLine] = []
    seen: dict[str, int] = {}
    for place, item in enumerate(items, 1):
        line = line_of(Properties(item), currency)
        ident = line.line_id or provisional(line) or str(place)
        nth = seen[ident] = seen.get(ident, 0) + 1
        lines.append(replace(line, line_id=ident if nth == 1 else f"{ident}_{nth}"))
    return tuple(lines)


def provisional(line: OrderLine) -> str:
    """The id that a line goes by until its Ordered Product names it."""
    return line.sku or line.variant_id or line.product_id or ""


def line_of(item: Properties, currency: str) -> OrderLine:
    """One line; its id is empty where the item has none."""
    quantity = item.number("quantity", "qty")
    price = item.number(*_PRICE)
    discount = item.amount(currency, "rowdiscount", "linediscount") or 0
    row = item.amount(currency, *_ROW)
    count = Decimal(1) if quantity is None else quantity
    if row is None:
        row = minor(price * count, currency) - discount if price is not None else 0
    name = item.text(*_NAME)
    sku, product, variant = item.text("sku"), item.text(*_PRODUCT), item.text(*_VARIANT)
    return OrderLine(
        line_id=item.text("lineid", "lineitemid", "orderitemid") or "",
        name=name or sku or product or "",
        quantity=count,
        product_id=product,
        variant_id=variant,
        sku=sku,
        unit_price=price,
        subtotal=row + discount,
        discount=discount,
        total=row,
        brand=item.text(*_BRAND),
        categories=item.texts(*_CATEGORIES),
        url=item.text(*_URL),
        image_url=item.text(*_IMAGE),
        properties=item.rest(),
    )


def with_product(
    lines: tuple[OrderLine, ...],
    said: Properties,
    *,
    line_id: str,
    value: int | None,
    currency: str,
    taken: frozenset[str],
    keeps_ids: bool,
) -> tuple[tuple[OrderLine, ...], str]:
    """The lines with what an Ordered Product says of one of them, and the id of that one.

    `value` is the line before discounts; `taken` are the lines that other Ordered Products were about.
    """
    told = line_of(said, currency)
    place = _place_of(lines, told, line_id, taken)
    if place is None:
        subtotal = told.subtotal if value is None else value
        ident = line_id or provisional(told) or str(len(lines) + 1)
        ident = ident if ident not in {line.line_id for line in lines} else f"{ident}_{len(lines) + 1}"
        told = replace(told, line_id=ident, subtotal=subtotal, total=told.total or subtotal)
        return (*lines, told), ident
    line = lines[place]
    may_name = line_id and not keeps_ids and _is_unnamed(line, place)
    known = replace(
        line,
        line_id=line_id if may_name and not any(one.line_id == line_id for one in lines) else line.line_id,
        subtotal=line.subtotal if value is None else value,
        product_id=line.product_id or told.product_id,
        variant_id=line.variant_id or told.variant_id,
        sku=line.sku or told.sku,
        unit_price=told.unit_price if line.unit_price is None else line.unit_price,
        brand=line.brand or told.brand,
        categories=line.categories or told.categories,
        url=line.url or told.url,
        image_url=line.image_url or told.image_url,
        properties={**told.properties, **line.properties},
    )
    return (*lines[:place], known, *lines[place + 1 :]), known.line_id


def with_known_ids(lines: tuple[OrderLine, ...], known: Sequence[OrderLine]) -> tuple[OrderLine, ...]:
    """The lines under the ids that the same ones went by before."""
    left = list(known)
    named: list[OrderLine] = []
    for line in lines:
        same = next((one for one in left if _is_same_product(one, line)), None)
        if same is not None:
            left.remove(same)
        named.append(line if same is None else replace(line, line_id=same.line_id))
    idents = [line.line_id for line in named]
    return tuple(named) if len(set(idents)) == len(idents) else lines


def renamed(lines: tuple[OrderLine, ...], told: OrderLine, line_id: str) -> tuple[OrderLine, ...]:
    """The lines, the first like the told one under the id that its event gives it."""
    if any(line.line_id == line_id for line in lines):
        return lines
    place = _place_of(lines, told, "")
    if place is None or not _is_unnamed(lines[place], place):
        return lines
    return (*lines[:place], replace(lines[place], line_id=line_id), *lines[place + 1 :])


def _place_of(
    lines: Sequence[OrderLine], told: OrderLine, line_id: str, taken: frozenset[str] = frozenset()
) -> int | None:
    """Which line is meant: the one of that id, else the first like it that is free, unnamed ones before others."""
    for place, line in enumerate(lines):
        if line_id and line.line_id == line_id:
            return place
    free = [place for place, line in enumerate(lines) if line.line_id not in taken and _is_same_product(line, told)]
    alike = [place for place in free if _is_unnamed(lines[place], place)] or free
    same_quantity = [place for place in alike if lines[place].quantity == told.quantity]
    return next(iter(same_quantity or alike), None)


def _is_unnamed(line: OrderLine, place: int) -> bool:
    own = provisional(line) or str(place + 1)
    return line.line_id == own or line.line_id.startswith(f"{own}_")


def _is_same_product(line: OrderLine, told: OrderLine) -> bool:
    pairs = (
        (line.product_id, told.product_id),
        (line.variant_id, told.variant_id),
        (line.sku, told.sku),
    )
    compared = [one == other for one, other in pairs if one and other]
    return all(compared) if compared else line.name == told.name
