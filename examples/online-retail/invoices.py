"""The extract as invoices and credit notes, with what is not a sale left out and counted."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

EXTRACT = Path(__file__).with_name("extract.csv.gz")
POSTAGE_CODES = frozenset({"POST", "DOT", "C2"})
NO_SALE_CODES = frozenset({"BANK CHARGES", "AMAZONFEE", "CRUK", "B"})
"""Bookings between the shop and its bank, marketplace or charity."""
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Line:
    """One line as it was sold or credited; the quantity is positive in both cases."""

    sku: str
    title: str
    quantity: int
    unit_price: Decimal

    @property
    def amount(self) -> Decimal:
        """Quantity times price, in whole pence."""
        return (self.quantity * self.unit_price).quantize(CENT, "ROUND_HALF_UP")


@dataclass(frozen=True)
class Invoice:
    """One sale or, where `is_credit`, one credit note. `placed_at` is British wall time, as the shop kept it."""

    number: str
    placed_at: datetime
    customer: int | None
    country: str
    lines: tuple[Line, ...]
    postage: Decimal

    @property
    def is_credit(self) -> bool:
        """Whether money goes back."""
        return self.number.startswith("C")

    @property
    def goods(self) -> Decimal:
        """The sum of the lines."""
        return sum((line.amount for line in self.lines), Decimal(0))


@dataclass
class Extract:
    """The invoices in time order, and how many rows were left out for which reason."""

    invoices: list[Invoice] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def read(path: Path = EXTRACT) -> Extract:
    """The extract, in the order of its file."""
    extract = Extract()
    for rows in _by_invoice(path):
        invoice = _invoice(rows, extract.left_out)
        if invoice is not None:
            extract.invoices.append(invoice)
    extract.invoices.sort(key=lambda invoice: (invoice.placed_at, invoice.number))
    return extract


def _by_invoice(path: Path) -> Iterator[list[dict[str, str]]]:
    rows: list[dict[str, str]] = []
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if rows and rows[0]["InvoiceNo"] != row["InvoiceNo"]:
                yield rows
                rows = []
            rows.append(row)
    if rows:
        yield rows


def _invoice(rows: list[dict[str, str]], left_out: Counter[str]) -> Invoice | None:
    first = rows[0]
    number = first["InvoiceNo"]
    if number.startswith("A"):
        left_out["bad debt adjustments"] += len(rows)
        return None
    sign = -1 if number.startswith("C") else 1
    lines: list[Line] = []
    postage = Decimal(0)
    for row in rows:
        code, price, quantity = row["StockCode"].upper(), Decimal(row["UnitPrice"]), sign * int(row["Quantity"])
        if code in NO_SALE_CODES:
            left_out["bank, marketplace and charity bookings"] += 1
        elif quantity <= 0 or price < 0 or (price == 0 and not row["CustomerID"]):
            left_out["stock corrections"] += 1
        elif code in POSTAGE_CODES:
            postage += (quantity * price).quantize(CENT, "ROUND_HALF_UP")
        else:
            lines.append(Line(code, row["Description"].strip() or code, quantity, price))
    if not lines and not postage:
        return None
    return Invoice(
        number=number,
        placed_at=datetime.fromisoformat(first["InvoiceDate"]),
        customer=int(float(first["CustomerID"])) if first["CustomerID"] else None,
        country=first["Country"],
        lines=tuple(lines),
        postage=postage,
    )
