"""Order items and cart products as lines.

`cost` is the price of one piece by the documentation, and what the whole line costs by some official plugins. Which
of the two it is shows in the sum: pieces times costs, or costs alone, with the charges beside them, make the total.
Where neither does, the documentation holds.

Two neighbouring rows of one product whose prices differ by the smallest coin are one line: so a line is told whose
price does not divide by its quantity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from orderwire.dialects.yespo.door.values import Unfit, listed, number, scalar, text
from orderwire.model import OrderLine, money

_QUANTITY_IN_NAME = re.compile(r"(?P<name>.+) × (?P<quantity>\d+\.\d+)", re.ASCII)
_PRODUCT_NAMES = ("productId", "productKey", "product_id", "externalItemId", "id")
_PRICE_NAMES = ("price", "unit_price", "cost")
_KNOWN = frozenset(
    {*_PRODUCT_NAMES, *_PRICE_NAMES, "quantity", "name", "category", "url", "imageUrl", "discount", "currency"}
    | {"price_currency_code"}
)
_PRICE_WORDS = re.compile(r"-?\d+(?:\.\d+)?(?=\s*[A-Za-z]{3}$)", re.ASCII)


class _Row(Struct, frozen=True):
    """One item as it was written; `about` is all that tells it from its neighbour but quantity and price."""

    item_id: str
    quantity: Decimal
    cost: Decimal
    about: tuple[str | None, ...]
    properties: dict[str, str | int | float | bool | None]


def order_lines(given: Any, currency: str, target: int) -> tuple[OrderLine, ...]:
    """The lines of an order's items.

    Args:
        given: the items, a list, one alone, or either as JSON in a text (events of the first version).
        currency: the order's.
        target: what the lines are to add up to, in minor units, as far as total and charges tell.

    Raises:
        Unfit: an item misses what it must have, or has it in a wrong form.
    """
    rows = [_order_row(one) for one in _unpacked(given)]
    is_per_line = _are_line_totals(rows, currency, target)
    return _lines(rows, currency, is_per_line=is_per_line)


def cart_lines(given: Any, currency: str) -> tuple[OrderLine, ...]:
    """The lines of a cart's products.

    Raises:
        Unfit: a product has no id, or a number in a wrong form.
    """
    return _lines([_cart_row(one) for one in _unpacked(given)], currency, is_per_line=False)


def price_of(value: Any, name: str) -> Decimal | None:
    """A price as trackers send it: a number, its digits, or its digits and a currency.

    Raises:
        Unfit: it is none of them.
    """
    if isinstance(value, str) and (found := _PRICE_WORDS.match(value.strip())):
        return number(found[0], name)
    return number(value, name)


def product_id_of(given: Mapping[str, Any]) -> str | None:
    """A product's id, under any of the names that clients use for it."""
    return next((found for name in _PRODUCT_NAMES if (found := text(given.get(name), name))), None)


def _unpacked(given: Any) -> list[Any]:
    if isinstance(given, str) and given.strip():
        try:
            given = msgspec.json.Decoder(float_hook=Decimal).decode(given)
        except (msgspec.DecodeError, UnicodeError, RecursionError, ArithmeticError, ValueError) as error:
            raise Unfit("items has a wrong format") from error
    return listed(given)


def _order_row(given: Any) -> _Row:
    if not isinstance(given, dict):
        raise Unfit("items has a wrong format")
    item_id = text(given.get("externalItemId"), "items.externalItemId")
    quantity = number(given.get("quantity"), "items.quantity")
    if item_id is None:
        raise Unfit("items.externalItemId is empty")
    if quantity is None:
        raise Unfit("items.quantity is empty")
    cost = number(given.get("cost"), "items.cost") or Decimal(0)
    texts = [text(given.get(name), f"items.{name}") for name in ("name", "category", "url", "imageUrl")]
    description = text(given.get("description"), "items.description")
    return _named(item_id, quantity, cost, texts, {"description": description} if description else {})


def _cart_row(given: Any) -> _Row:
    if not isinstance(given, dict):
        raise Unfit("products has a wrong format")
    item_id = product_id_of(given)
    if item_id is None:
        raise Unfit("products.productId is empty")
    quantity = number(given.get("quantity"), "products.quantity")
    price = next((one for name in _PRICE_NAMES if (one := price_of(given.get(name), f"products.{name}"))), Decimal(0))
    off = price_of(given.get("discount"), "products.discount") or Decimal(0)
    texts = [text(given.get(name), f"products.{name}") for name in ("name", "category", "url", "imageUrl")]
    more = {name: scalar(value) for name, value in given.items() if name not in _KNOWN and value is not None}
    if off:
        more["discount"] = scalar(off)
    return _named(item_id, Decimal(1) if quantity is None else quantity, price, texts, more)


def _named(
    item_id: str,
    quantity: Decimal,
    cost: Decimal,
    texts: list[str | None],
    properties: dict[str, str | int | float | bool | None],
) -> _Row:
    """The row, with a quantity that stands in its name taken back out of it."""
    name = texts[0]
    if quantity == 1 and name and (found := _QUANTITY_IN_NAME.fullmatch(name)) and Decimal(found["quantity"]):
        quantity = number(found["quantity"], "items.quantity") or quantity
        return _Row(item_id, quantity, Decimal(cost) / quantity, (found["name"], *texts[1:]), properties)
    return _Row(item_id, quantity, cost, tuple(texts), properties)


def _are_line_totals(rows: Iterable[_Row], currency: str, target: int) -> bool:
    """Whether `cost` is that of the whole line, as the sum shows."""
    rows = list(rows)
    by_piece = sum(_total(row, currency, is_per_line=False) for row in rows)
    by_line = sum(_total(row, currency, is_per_line=True) for row in rows)
    return abs(by_line - target) <= len(rows) < abs(by_piece - target)


def _total(row: _Row, currency: str, *, is_per_line: bool) -> int:
    return money.minor(row.cost if is_per_line else row.cost * row.quantity, currency)


def _lines(rows: list[_Row], currency: str, *, is_per_line: bool) -> tuple[OrderLine, ...]:
    found: list[OrderLine] = []
    seen: dict[str, int] = {}
    before: _Row | None = None
    for row in rows:
        total = _total(row, currency, is_per_line=is_per_line)
        if before is not None and not is_per_line and _is_one_line(before, row, currency):
            found[-1] = _joined(found[-1], row, total)
            before = None
            continue
        before = row
        seen[row.item_id] = seen.get(row.item_id, 0) + 1
        count = seen[row.item_id]
        name, category, url, image = row.about
        found.append(
            OrderLine(
                line_id=row.item_id if count == 1 else f"{row.item_id}#{count}",
                name=name or row.item_id,
                quantity=row.quantity,
                product_id=row.item_id,
                unit_price=_unit_price(row, is_per_line=is_per_line),
                subtotal=total,
                total=total,
                categories=tuple(one for one in (category or "").split(", ") if one),
                url=url,
                image_url=image,
                properties=row.properties,
            )
        )
    return tuple(found)


def _unit_price(row: _Row, *, is_per_line: bool) -> Decimal | None:
    if not is_per_line or row.quantity == 1:
        return row.cost
    if not row.quantity:
        return None
    each = (row.cost / row.quantity).quantize(Decimal("0.000001"))
    return each.normalize() if each * row.quantity == row.cost else None


def _is_one_line(one: _Row, other: _Row, currency: str) -> bool:
    smallest = money.major(1, currency)
    return (
        one.item_id == other.item_id
        and one.about == other.about
        and one.properties == other.properties
        and abs(one.cost - other.cost) == smallest
    )


def _joined(line: OrderLine, row: _Row, total: int) -> OrderLine:
    """A line with its second row: the price of one piece is no longer one number."""
    return msgspec.structs.replace(
        line,
        quantity=line.quantity + row.quantity,
        unit_price=None,
        subtotal=line.subtotal + total,
        total=line.total + total,
    )
