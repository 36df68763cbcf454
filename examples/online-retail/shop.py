"""Builds the demo shop's database from the extract: run `python shop.py --url sqlite:///shop.db --until 2011-11-01`.

Orders, lines, prices, credits and countries are real; payment, shipping and delivery times, newsletter choices and
carts are drawn from a fixed seed (see ATTRIBUTION.md). The same arguments give the same database.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import tables
from credits import Credit, Crediting, OpenLine, Sale
from invoices import EXTRACT, Extract, Invoice, read
from sqlalchemy import Connection, Table, create_engine, insert

UNTIL = datetime(2011, 11, 1)  # noqa: DTZ001 - the shop keeps British wall time
SEED = 1
Row = dict[str, Any]


def email_of(customer: int) -> str:
    """The address made up for a customer."""
    return f"c{customer}@mail.test"


def guest_email(number: str) -> str | None:
    """The address made up for a guest's order; one guest in three leaves none."""
    return None if Random(f"guest:{number}").randrange(3) == 0 else f"g{number}@mail.test"


def amount(value: Decimal) -> str:
    """An amount as every database takes it."""
    return format(value, "f")


class Shop:
    """The rows of every table as they stand at one moment."""

    def __init__(self, extract: Extract, until: datetime) -> None:
        self.until = until
        self.left_out = Counter(extract.left_out)
        self.rows: dict[Table, list[Row]] = {table: [] for table in tables.METADATA.sorted_tables}
        self._orders: dict[int, Row] = {}
        self._customers: dict[int, Row] = {}
        self._products: dict[str, Row] = {}
        self._crediting = Crediting()
        for invoice in extract.invoices:
            if invoice.placed_at < until:
                self._book(invoice)
        self._settle()
        self._add_newsletter()
        self._add_carts()
        self.left_out += self._crediting.left_out

    def write(self, connection: Connection) -> None:
        """Make the tables and fill them."""
        tables.METADATA.drop_all(connection)
        tables.METADATA.create_all(connection)
        for table, rows in self.rows.items():
            for start in range(0, len(rows), 1000):
                connection.execute(insert(table), rows[start : start + 1000])

    def _book(self, invoice: Invoice) -> None:
        if not invoice.is_credit:
            self._sell(invoice)
            return
        if invoice.customer is None:
            self.left_out["credits of guests"] += 1
            return
        for credit in self._crediting.credited(invoice):
            self._give_back(credit)

    def _sell(self, invoice: Invoice) -> None:
        order_id = int(invoice.number)
        order = new_order(order_id, invoice, self._customer(invoice), guest_email(invoice.number))
        self._orders[order_id] = order
        lines = new_lines(order_id, invoice, len(self.rows[tables.order_lines]) + 1)
        self.rows[tables.order_lines] += lines
        for line in invoice.lines:
            if line.unit_price:
                row = {"sku": line.sku, "title": line.title, "price": amount(line.unit_price)}
                self._products[line.sku] = {**row, "updated_at": invoice.placed_at}
        if invoice.customer is not None:
            opened = [OpenLine(row["id"], row["sku"], row["quantity"], row["quantity"]) for row in lines]
            sale = Sale(order_id, invoice.placed_at, opened, invoice.goods + invoice.postage)
            self._crediting.sold(invoice.customer, sale)

    def _customer(self, invoice: Invoice) -> Row | None:
        if invoice.customer is None:
            return None
        known = self._customers.setdefault(invoice.customer, new_customer(invoice))
        if known["country"] != invoice.country:
            known.update(country=invoice.country, updated_at=invoice.placed_at)
        return known

    def _give_back(self, credit: Credit) -> None:
        order = self._orders[credit.order_id]
        if credit.makes_order_void and credit.issued_at < order["shipped_at"]:
            order.update(cancelled_at=credit.issued_at, shipped_at=None, delivered_at=None)
            if order["paid_at"] > credit.issued_at:
                order["paid_at"] = None
            return
        self.rows[tables.credit_notes].append(
            {
                "id": credit.number,
                "order_id": credit.order_id,
                "issued_at": credit.issued_at,
                "amount": amount(credit.amount),
                "reason": "goods returned" if credit.lines else "price correction",
            }
        )
        rows = self.rows[tables.credit_note_lines]
        for line_id, quantity, money in credit.lines:
            rows.append(
                {
                    "id": len(rows) + 1,
                    "credit_note_id": credit.number,
                    "order_line_id": line_id,
                    "quantity": quantity,
                    "amount": amount(money),
                }
            )

    def _settle(self) -> None:
        """Cut every order's history at `until`: what comes later has not happened."""
        for order in self._orders.values():
            for name in ("paid_at", "shipped_at", "delivered_at"):
                if order[name] is not None and order[name] >= self.until:
                    order[name] = None
            order["status"] = status_of(order)
            order["updated_at"] = max(moment for moment in moments(order) if moment is not None)
        self.rows[tables.orders] = list(self._orders.values())
        self.rows[tables.customers] = list(self._customers.values())
        self.rows[tables.products] = list(self._products.values())

    def _add_newsletter(self) -> None:
        for customer in self._customers.values():
            dice = Random(f"{SEED}:newsletter:{customer['customer_id']}")
            choice = dice.random()
            if choice < 0.2:
                continue
            changed_at = customer["created_at"] + timedelta(minutes=dice.randrange(1, 30))
            is_on = choice < 0.9
            if is_on and dice.random() < 0.15:
                is_on = False
                changed_at += timedelta(seconds=dice.random() * (self.until - changed_at).total_seconds())
            row = {"email": customer["email"], "status": "on" if is_on else "off"}
            if changed_at < self.until:
                self.rows[tables.newsletter].append({**row, "changed_at": changed_at.replace(microsecond=0)})

    def _add_carts(self) -> None:
        dice = Random(f"{SEED}:carts")
        customers, products = sorted(self._customers), sorted(self._products)
        for customer in sorted(dice.sample(customers, min(40, len(customers)))):
            rows = self.rows[tables.carts]
            cart_id = len(rows) + 1
            changed_at = self.until - timedelta(minutes=dice.randrange(30, 14_400))
            rows.append({"id": cart_id, "customer_id": customer, "currency": "GBP", "updated_at": changed_at})
            for sku in dice.sample(products, min(dice.randrange(1, 5), len(products))):
                self.rows[tables.cart_lines].append(
                    cart_line(
                        len(self.rows[tables.cart_lines]) + 1, cart_id, self._products[sku], dice.randrange(1, 7)
                    )
                )


def new_customer(invoice: Invoice) -> Row:
    """A customer as the first invoice shows them."""
    registered_at = invoice.placed_at - timedelta(minutes=5)
    return {
        "customer_id": invoice.customer,
        "email": email_of(invoice.customer or 0),
        "country": invoice.country,
        "created_at": registered_at,
        "updated_at": registered_at,
    }


def new_order(order_id: int, invoice: Invoice, customer: Mapping[str, Any] | None, guest: str | None) -> Row:
    """An order with the whole history it will have, if nothing comes in between."""
    dice = Random(f"{SEED}:order:{order_id}")
    slow = 2880 if dice.random() < 0.05 else 90
    paid_at = invoice.placed_at + timedelta(minutes=dice.randrange(1, slow))
    shipped_at = paid_at + timedelta(minutes=dice.randrange(600, 4320))
    return {
        "id": order_id,
        "customer_id": customer["customer_id"] if customer else None,
        "email": customer["email"] if customer else guest,
        "status": "open",
        "country": invoice.country,
        "placed_at": invoice.placed_at,
        "paid_at": paid_at,
        "shipped_at": shipped_at,
        "delivered_at": shipped_at + timedelta(minutes=dice.randrange(1440, 7200)),
        "cancelled_at": None,
        "currency": "GBP",
        "shipping": amount(invoice.postage),
        "discount": "0.00",
        "total": amount(invoice.goods + invoice.postage),
        "updated_at": invoice.placed_at,
    }


def new_lines(order_id: int, invoice: Invoice, first_id: int) -> list[Row]:
    """The rows of an order's lines; the same article may stand on several."""
    return [
        {
            "id": first_id + place,
            "order_id": order_id,
            "sku": line.sku,
            "title": line.title,
            "quantity": line.quantity,
            "unit_price": amount(line.unit_price),
        }
        for place, line in enumerate(invoice.lines)
    ]


def cart_line(line_id: int, cart_id: int, product: Mapping[str, Any], quantity: int) -> Row:
    """One article in a cart."""
    row = {"id": line_id, "cart_id": cart_id, "sku": product["sku"], "title": product["title"]}
    return {**row, "quantity": quantity, "unit_price": str(product["price"])}


def moments(order: Mapping[str, Any]) -> Iterable[datetime | None]:
    """Everything that has happened to an order."""
    return (order[name] for name in ("placed_at", "paid_at", "shipped_at", "delivered_at", "cancelled_at"))


def status_of(order: Mapping[str, Any]) -> str:
    """The shop's word for where an order stands."""
    words = {"cancelled_at": "void", "delivered_at": "complete", "shipped_at": "sent", "paid_at": "paid"}
    return next((word for name, word in words.items() if order[name] is not None), "open")


def build(url: str, *, until: datetime = UNTIL, extract: Path = EXTRACT) -> Counter[str]:
    """Build the database, replacing the shop's tables; returns how many rows of what were written or left out."""
    shop = Shop(read(extract), until)
    engine = create_engine(url)
    with engine.begin() as connection:
        shop.write(connection)
    engine.dispose()
    counts = Counter({table.name: len(rows) for table, rows in shop.rows.items()})
    counts.update({f"left out: {reason}": count for reason, count in shop.left_out.items()})
    return counts


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Build the demo shop's database.")
    parser.add_argument("--url", default="sqlite:///shop.db", help="any SQLAlchemy URL")
    parser.add_argument("--until", default=UNTIL.isoformat(), type=datetime.fromisoformat, help="the shop's present")
    arguments = parser.parse_args()
    for name, count in build(arguments.url, until=arguments.until).items():
        print(f"{count:8,}  {name}")


if __name__ == "__main__":
    main()
