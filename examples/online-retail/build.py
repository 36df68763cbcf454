"""Makes `extract.csv.gz` from the public Online Retail file, choosing customers with their whole history.

Run it as `python build.py online_retail.csv.gz`. The same file in gives the same extract out.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path

EXTRACT = Path(__file__).with_name("extract.csv.gz")
ALWAYS = frozenset({"12346.0", "16446.0"})
"""The customers of the two largest orders, each cancelled a few minutes later."""
CUSTOMERS_ONE_IN = 10
GUESTS_ONE_IN = 14
LONGEST_GUEST_INVOICE = 40
"""Longer guest invoices are whole days of another sales channel booked as one."""

INVOICE, CUSTOMER = 0, 6


def is_chosen(invoice: Sequence[Sequence[str]]) -> bool:
    """Whether an invoice, all its rows together, belongs to the extract."""
    number, customer = invoice[0][INVOICE], invoice[0][CUSTOMER]
    if customer:
        return customer in ALWAYS or share(customer, CUSTOMERS_ONE_IN)
    return len(invoice) <= LONGEST_GUEST_INVOICE and share(number, GUESTS_ONE_IN)


def share(key: str, one_in: int) -> bool:
    """Whether a key falls into a fixed share of all keys."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % one_in == 0


def build(whole: Path, extract: Path = EXTRACT) -> tuple[int, int]:
    """Write the extract; returns how many invoices and rows it holds. Rows are copied as they are, in their order."""
    with gzip.open(whole, "rt", encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        invoices: dict[str, list[list[str]]] = {}
        for row in reader:
            invoices.setdefault(row[INVOICE], []).append(row)
    chosen = [invoice for invoice in invoices.values() if is_chosen(invoice)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for invoice in chosen:
        writer.writerows(invoice)
    extract.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))
    return len(chosen), sum(len(invoice) for invoice in chosen)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python build.py online_retail.csv.gz")
    invoice_count, row_count = build(Path(sys.argv[1]))
    print(f"{invoice_count:,} invoices, {row_count:,} rows")
