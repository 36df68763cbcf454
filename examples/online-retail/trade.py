"""Lets the demo shop trade: each step changes its database a little, as a shop's own system would.

New orders are the invoices after the shop's present, placed now; some are paid, shipped, delivered, cancelled or
partly credited; people join and leave the newsletter; prices and carts change. The same database, seed and moments
give the same steps. Run `python trade.py --url sqlite:///shop.db --steps 10 --pause 2`.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import tables
from invoices import CENT, Invoice, read
from shop import UNTIL, amount, cart_line, guest_email, new_customer, new_lines, new_order, status_of
from sqlalchemy import Connection, Table, create_engine, delete, func, insert, select, update

LONDON = ZoneInfo("Europe/London")
RECENT = 50
"""How many of the latest orders may still change."""


class Trade:
    """Trading on one shop database.

    Args:
        url: the database, built by `shop.build`.
        seed: another seed is another course of trade.
        until: the shop's present at building; later invoices become the new orders.
    """

    def __init__(self, url: str, *, seed: int = 1, until: datetime = UNTIL) -> None:
        self._engine = create_engine(url)
        self._seed = seed
        self._coming = [
            invoice for invoice in read().invoices if invoice.placed_at >= until and not invoice.is_credit
        ]

    def step(self, now: datetime) -> Counter[str]:
        """One step in one transaction; returns what happened.

        Args:
            now: an aware instant; the shop writes it as British wall time, to the second.
        """
        wall = now.astimezone(LONDON).replace(tzinfo=None, microsecond=0)
        with self._engine.begin() as connection:
            number = advance(connection, "step")
            day = Day(connection, Random(f"{self._seed}:{number}"), wall)
            for _ in range(day.dice.randrange(1, 4)):
                day.sell(self._coming[advance(connection, "invoice") % len(self._coming)])
            day.move_orders()
            for chance, action in (
                (0.30, day.credit),
                (0.50, day.change_newsletter),
                (0.30, day.change_price),
                (0.60, day.change_cart),
            ):
                if day.dice.random() < chance:
                    action()
            return day.done

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def advance(connection: Connection, name: str) -> int:
    """The next number of a counter kept in the database, from 0."""
    counter = tables.trading.c
    known = connection.scalar(select(counter.value).where(counter.name == name))
    if known is None:
        connection.execute(insert(tables.trading).values(name=name, value=1))
        return 0
    connection.execute(update(tables.trading).where(counter.name == name).values(value=known + 1))
    return int(known)


class Day:
    """What can happen in the shop at one moment."""

    def __init__(self, connection: Connection, dice: Random, wall: datetime) -> None:
        self._connection = connection
        self.dice = dice
        self._wall = wall
        self.done: Counter[str] = Counter()

    def sell(self, invoice: Invoice) -> None:
        """A new order, its invoice placed now; one in ten with a coupon of five per cent."""
        invoice = replace(invoice, placed_at=self._wall)
        order_id = self._next(tables.orders)
        order = new_order(order_id, invoice, self._customer(invoice), guest_email(str(order_id)))
        order |= dict.fromkeys(("paid_at", "shipped_at", "delivered_at"))
        if self.dice.random() < 0.1:
            discount = (invoice.goods * Decimal("0.05")).quantize(CENT, "ROUND_HALF_UP")
            order |= {"discount": amount(discount), "total": amount(invoice.goods + invoice.postage - discount)}
        self._connection.execute(insert(tables.orders).values(order))
        if lines := new_lines(order_id, invoice, self._next(tables.order_lines)):
            self._connection.execute(insert(tables.order_lines), lines)
        self.done["placed"] += 1

    def _customer(self, invoice: Invoice) -> Mapping[str, Any] | None:
        if invoice.customer is None:
            return None
        customer = tables.customers.c
        known = self._one(select(tables.customers).where(customer.customer_id == invoice.customer))
        if known is not None:
            return known
        row = new_customer(invoice)
        self._connection.execute(insert(tables.customers).values(row))
        self.done["registered"] += 1
        return row

    def move_orders(self) -> None:
        """Recent orders are paid, shipped, delivered; now and then an unpaid one is cancelled."""
        order = tables.orders.c
        recent = select(tables.orders).where(order.placed_at < self._wall).order_by(order.id.desc()).limit(RECENT)
        for row in [dict(row) for row in self._connection.execute(recent).mappings()]:
            name = self._next_moment(row)
            if name is not None:
                changed = {**row, name: self._wall}
                changed |= {"status": status_of(changed), "updated_at": self._wall}
                self._connection.execute(update(tables.orders).where(order.id == row["id"]).values(changed))
                self.done[name.removesuffix("_at")] += 1

    def _next_moment(self, order: Mapping[str, Any]) -> str | None:
        if order["status"] == "open":
            return "cancelled_at" if self.dice.random() < 0.05 else "paid_at" if self.dice.random() < 0.7 else None
        if order["status"] == "paid":
            return "shipped_at" if self.dice.random() < 0.4 else None
        if order["status"] == "sent":
            return "delivered_at" if self.dice.random() < 0.3 else None
        return None

    def credit(self) -> None:
        """One piece of one line of a shipped order comes back. The order's own row does not move."""
        order, line, note = tables.orders.c, tables.order_lines.c, tables.credit_notes.c
        uncredited = (
            select(tables.orders)
            .where(order.status.in_(("sent", "complete")), order.id.not_in(select(note.order_id)))
            .order_by(order.id.desc())
            .limit(RECENT)
        )
        found = self._connection.execute(uncredited).mappings().all()
        if not found:
            return
        chosen = self.dice.choice(found)
        rows = self._connection.execute(
            select(tables.order_lines).where(line.order_id == chosen["id"]).order_by(line.id)
        ).mappings()
        sold = [row for row in rows if Decimal(str(row["unit_price"])) > 0]
        if not sold:
            return
        back = self.dice.choice(sold)
        price = Decimal(str(back["unit_price"])).quantize(CENT, "ROUND_HALF_UP")
        money = amount(min(price, Decimal(str(chosen["total"]))))
        number = f"T{chosen['id']}"
        self._connection.execute(
            insert(tables.credit_notes).values(
                id=number, order_id=chosen["id"], issued_at=self._wall, amount=money, reason="goods returned"
            )
        )
        self._connection.execute(
            insert(tables.credit_note_lines).values(
                id=self._next(tables.credit_note_lines),
                credit_note_id=number,
                order_line_id=back["id"],
                quantity=1,
                amount=money,
            )
        )
        self.done["credited"] += 1

    def change_newsletter(self) -> None:
        """Somebody ticks or unticks the newsletter."""
        customer, entry = tables.customers.c, tables.newsletter.c
        email = self._any(select(customer.email).order_by(customer.customer_id))
        known = self._connection.scalar(select(entry.status).where(entry.email == email))
        status = "off" if known == "on" else "on"
        values = {"email": email, "status": status, "changed_at": self._wall}
        if known is None:
            self._connection.execute(insert(tables.newsletter).values(values))
        else:
            self._connection.execute(update(tables.newsletter).where(entry.email == email).values(values))
        self.done[f"newsletter {status}"] += 1

    def change_price(self) -> None:
        """One article becomes up to ten per cent dearer or cheaper."""
        product = tables.products.c
        sku = self._any(select(product.sku).order_by(product.sku))
        price = self._connection.scalar(select(product.price).where(product.sku == sku))
        factor = Decimal(self.dice.randrange(90, 111)) / 100
        changed = max((Decimal(str(price)) * factor).quantize(CENT, "ROUND_HALF_UP"), CENT)
        values = {"price": amount(changed), "updated_at": self._wall}
        self._connection.execute(update(tables.products).where(product.sku == sku).values(values))
        self.done["price changed"] += 1

    def change_cart(self) -> None:
        """Somebody starts a cart, adds to one, or empties it."""
        cart, line, product = tables.carts.c, tables.cart_lines.c, tables.products.c
        if self.dice.random() < 0.3:
            cart_id = self._next(tables.carts)
            customer = self._any(select(tables.customers.c.customer_id).order_by(tables.customers.c.customer_id))
            row = {"id": cart_id, "customer_id": customer, "currency": "GBP", "updated_at": self._wall}
            self._connection.execute(insert(tables.carts).values(row))
        else:
            cart_id = self._any(select(cart.id).order_by(cart.id))
            self._connection.execute(update(tables.carts).where(cart.id == cart_id).values(updated_at=self._wall))
            if self.dice.random() < 0.2:
                self._connection.execute(delete(tables.cart_lines).where(line.cart_id == cart_id))
                self.done["cart emptied"] += 1
                return
        sku = self._any(select(product.sku).order_by(product.sku))
        added = self._one(select(tables.products).where(product.sku == sku))
        row = cart_line(self._next(tables.cart_lines), cart_id, added or {}, self.dice.randrange(1, 7))
        self._connection.execute(insert(tables.cart_lines).values(row))
        self.done["cart changed"] += 1

    def _next(self, table: Table) -> int:
        return int(self._connection.scalar(select(func.max(table.c.id))) or 0) + 1

    def _any(self, statement: Any) -> Any:
        return self.dice.choice(self._connection.scalars(statement).all())

    def _one(self, statement: Any) -> Mapping[str, Any] | None:
        row = self._connection.execute(statement).mappings().first()
        return None if row is None else dict(row)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Let the demo shop trade.")
    parser.add_argument("--url", default="sqlite:///shop.db", help="any SQLAlchemy URL")
    parser.add_argument("--steps", default=10, type=int)
    parser.add_argument("--pause", default=2.0, type=float, help="seconds between steps")
    arguments = parser.parse_args()
    trade = Trade(arguments.url)
    for _ in range(arguments.steps):
        done = trade.step(datetime.now(UTC))
        print(", ".join(f"{count} {name}" for name, count in done.items()))
        time.sleep(arguments.pause)
    trade.close()


if __name__ == "__main__":
    main()
