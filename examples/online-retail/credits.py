"""Which order a credit note most plausibly credits: the data does not say.

Line by line, the customer's latest earlier order of the same article that is not credited yet. What matches nothing
is given back as money on the latest order that still has so much to give; the rest is left out and counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from invoices import CENT, Invoice


@dataclass
class OpenLine:
    """A sold line and how much of it can still be credited."""

    line_id: int
    sku: str
    quantity: int
    left: int


@dataclass
class Sale:
    """An order as far as credits care."""

    order_id: int
    placed_at: datetime
    lines: list[OpenLine]
    left: Decimal


@dataclass
class Credit:
    """A credit note of one order: the lines it takes back as (line id, quantity, amount), and its amount."""

    number: str
    order_id: int
    issued_at: datetime
    lines: list[tuple[int, int, Decimal]] = field(default_factory=list)
    amount: Decimal = Decimal(0)
    makes_order_void: bool = False


class Crediting:
    """Remembers what each customer has bought and assigns credits to it."""

    def __init__(self) -> None:
        self._sales: dict[int, list[Sale]] = {}
        self.left_out: Counter[str] = Counter()

    def sold(self, customer: int, sale: Sale) -> None:
        """Remember an order of a customer; orders come in time order."""
        self._sales.setdefault(customer, []).append(sale)

    def credited(self, note: Invoice) -> list[Credit]:
        """The credits that a credit note stands for, one per order."""
        sales = self._sales.get(note.customer or 0, [])
        if not sales:
            self.left_out["credit lines without an earlier order"] += len(note.lines)
            return []
        found: dict[int, Credit] = {}
        rest = note.postage
        for line in note.lines:
            wanted = line.quantity
            for sale in reversed(sales):
                wanted -= self._take(found, note, sale, line.sku, wanted, line.unit_price)
            if wanted:
                rest += (wanted * line.unit_price).quantize(CENT, "ROUND_HALF_UP")
        if rest:
            self._give_money(found, note, sales, rest)
        return self._numbered(found, sales)

    def _take(
        self, found: dict[int, Credit], note: Invoice, sale: Sale, sku: str, wanted: int, unit_price: Decimal
    ) -> int:
        taken = 0
        for line in sale.lines:
            quantity = min(line.left, wanted - taken)
            amount = (quantity * unit_price).quantize(CENT, "ROUND_HALF_UP")
            if line.sku == sku and quantity and amount <= sale.left:
                line.left -= quantity
                sale.left -= amount
                credit = found.setdefault(sale.order_id, Credit(note.number, sale.order_id, note.placed_at))
                credit.lines.append((line.line_id, quantity, amount))
                credit.amount += amount
                taken += quantity
        return taken

    def _give_money(self, found: dict[int, Credit], note: Invoice, sales: list[Sale], amount: Decimal) -> None:
        for sale in reversed(sales):
            if amount <= sale.left:
                sale.left -= amount
                credit = found.setdefault(sale.order_id, Credit(note.number, sale.order_id, note.placed_at))
                credit.amount += amount
                return
        self.left_out["credits larger than anything bought before"] += 1

    def _numbered(self, found: dict[int, Credit], sales: list[Sale]) -> list[Credit]:
        """Credits of one note that go to several orders are numbered C1-1, C1-2 …."""
        by_id = {sale.order_id: sale for sale in sales}
        credits_ = sorted(found.values(), key=lambda credit: credit.order_id)
        for place, credit in enumerate(credits_, 1):
            sale = by_id[credit.order_id]
            taken = {line_id for line_id, _, _ in credit.lines}
            whole = all(line.left == 0 and line.line_id in taken for line in sale.lines)
            credit.makes_order_void = bool(credit.lines) and whole
            if len(credits_) > 1:
                credit.number = f"{credit.number}-{place}"
        return credits_
