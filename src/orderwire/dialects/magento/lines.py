"""Lines of orders and refunds: of the two items that stand for one thing bought, one line is made.

A configurable product is two items: the parent has the money, the child is what is sent. A bundle is a parent and
its parts: with a fixed price the parent has the money, with a dynamic one the parts have it. The rule for all: a
line for every item without a parent; its money is its own row, or its children's together where a bundle has none;
its variant is the child's, its name and product are the parent's, and so is its quantity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from orderwire.dialects.magento.amounts import Sums, Terms, sums_of
from orderwire.dialects.shop_json import Part, each
from orderwire.model import OrderLine, RefundLine

_MANY = "bundle"


class Bought(Struct, frozen=True):
    """One thing bought: its item, and the items that belong to it."""

    item: Part
    children: tuple[Part, ...] = ()

    def sums(self, terms: Terms) -> Sums:
        """Its money: its own, or of its parts together where it has none itself."""
        own = sums_of(self.item, terms)
        if own.row or not self.children or self.item.text("product_type") not in (_MANY, None):
            return own
        return sum((sums_of(one, terms) for one in self.children), Sums())


def bought(items: Sequence[Part]) -> list[Bought]:
    """Items by what was bought. One whose parent is not among them stands for itself."""
    keys = {one.need("item_id") for one in items}
    children: dict[str, list[Part]] = {}
    heads = []
    for one in items:
        parent = one.identifier("parent_item_id")
        if parent is None or parent not in keys:
            heads.append(one)
        else:
            children.setdefault(parent, []).append(one)
    return [Bought(one, tuple(children.get(one.need("item_id"), ()))) for one in heads]


def lines_of(things: Sequence[Bought], terms: Terms) -> tuple[OrderLine, ...]:
    """The lines of an order."""
    return tuple(_line(one, terms) for one in things)


def line_by_item(things: Sequence[Bought]) -> Mapping[str, str]:
    """Which line an item of the order belongs to."""
    return {part.need("item_id"): one.item.need("item_id") for one in things for part in (one.item, *one.children)}


def refund_lines(items: Sequence[Part], belongs: Mapping[str, str], terms: Terms) -> Iterator[RefundLine]:
    """What of each line is given back. A parent's own item says how many; children count where it says nothing."""
    grouped: dict[str, list[Part]] = {}
    for one in items:
        item = one.need("order_item_id")
        grouped.setdefault(belongs.get(item, item), []).append(one)
    for line_id, parts in grouped.items():
        own = [one for one in parts if one.text("order_item_id") == line_id]
        sums = sum((sums_of(one, terms) for one in own), Sums())
        if not sums.row:
            sums = sum((sums_of(one, terms) for one in parts), Sums())
        quantity = sum((one.decimal("qty") or Decimal(0) for one in own or parts[:1]), Decimal(0))
        amount = terms.minor(sums.total(is_gross=True))
        if quantity or amount:
            yield RefundLine(line_id=line_id, quantity=quantity, amount=amount)


def _line(one: Bought, terms: Terms) -> OrderLine:
    item, sums = one.item, one.sums(terms)
    child = one.children[0] if len(one.children) == 1 and item.text("product_type") != _MANY else None
    quantity = item.decimal("qty_ordered")
    quantity = Decimal(1) if quantity is None else quantity
    subtotal = sums.subtotal(is_gross=terms.is_gross)
    return OrderLine(
        line_id=item.need("item_id"),
        name=item.text("name") or (child.text("name") if child else None) or "",
        quantity=quantity,
        product_id=item.identifier("product_id"),
        variant_id=child.identifier("product_id") if child else None,
        sku=(child.text("sku") if child else None) or item.text("sku"),
        unit_price=each(subtotal, quantity),
        subtotal=terms.minor(subtotal),
        discount=terms.minor(sums.discount),
        tax=terms.minor(sums.tax),
        total=terms.minor(sums.total(is_gross=terms.is_gross)),
        properties={"product_type": kind} if (kind := item.text("product_type")) else {},
    )
