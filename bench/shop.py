"""The shop that everybody reads: seeded, in SQLite, the same rows for each tool.

Four orders a customer on average, one to four lines an order. Orderwire reads the tables `orders` and `order_lines`;
the peers, who send one row an event, read `all_events` (or `placed_orders`, where only those are measured), which is
what Orderwire tells of the same orders: a Placed Order each, and an Ordered Product for each line.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

SEED = 20
BEGAN = datetime(2023, 1, 1, tzinfo=UTC)
_GOODS = ("Cup", "Pot", "Jug", "Lamp", "Rug", "Tray", "Vase", "Bowl", "Clock", "Shelf")
_SCHEMA = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT NOT NULL, first_name TEXT NOT NULL);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, email TEXT NOT NULL, first_name TEXT NOT NULL,
  currency TEXT NOT NULL, placed_at TEXT NOT NULL, updated_at TEXT NOT NULL, total TEXT NOT NULL, lines TEXT NOT NULL
);
CREATE TABLE order_lines (
  id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, sku TEXT NOT NULL, title TEXT NOT NULL,
  quantity INTEGER NOT NULL, unit_price TEXT NOT NULL
);
"""
_EVENTS = """
CREATE VIEW placed_orders AS
  SELECT id AS order_id, CAST(id AS TEXT) AS unique_id, 'Placed Order' AS metric, email, first_name, placed_at,
         CAST(total AS REAL) AS value, currency, lines AS details
  FROM orders;
CREATE VIEW ordered_products AS
  SELECT o.id AS order_id, o.id || '_' || l.id AS unique_id, 'Ordered Product' AS metric, o.email, o.first_name,
         o.placed_at, l.quantity * l.unit_price AS value, o.currency,
         json_object('sku', l.sku, 'title', l.title, 'quantity', l.quantity, 'unit_price', l.unit_price) AS details
  FROM orders o JOIN order_lines l ON l.order_id = o.id;
CREATE VIEW all_events AS SELECT * FROM placed_orders UNION ALL SELECT * FROM ordered_products;
"""
_INDEXES = """
CREATE INDEX order_lines_of ON order_lines (order_id);
CREATE INDEX orders_changed ON orders (updated_at, id);
"""


def make(path: Path, count: int) -> None:
    """Write a shop of `count` orders, unless it is there already."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".making")
    unfinished.unlink(missing_ok=True)
    with sqlite3.connect(unfinished) as shop:
        shop.execute("PRAGMA synchronous = OFF")
        shop.executescript(_SCHEMA)
        customers = max(1, count // 4)
        shop.executemany(
            "INSERT INTO customers VALUES (?, ?, ?)",
            ((number, _email(number), _first_name(number)) for number in range(1, customers + 1)),
        )
        lines: list[tuple[object, ...]] = []
        for order in _orders(count, customers, lines):
            shop.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", order)
            if len(lines) > 10_000:
                shop.executemany("INSERT INTO order_lines VALUES (?, ?, ?, ?, ?, ?)", lines)
                lines.clear()
        shop.executemany("INSERT INTO order_lines VALUES (?, ?, ?, ?, ?, ?)", lines)
        shop.executescript(_INDEXES)
        shop.executescript(_EVENTS)
    shop.close()
    unfinished.rename(path)


def write_events(path: Path, view: str, to: Path) -> None:
    """Write the events of a view as lines of JSON, unless that is done."""
    if to.exists():
        return
    unfinished = to.with_suffix(".making")
    with closing(sqlite3.connect(path)) as shop, unfinished.open("w", encoding="utf-8") as lines:
        rows = shop.execute(f"SELECT * FROM {view}")
        names = [column[0] for column in rows.description]
        for row in rows:
            event = dict(zip(names, row, strict=True))
            lines.write(json.dumps({**event, "details": json.loads(event["details"])}) + "\n")
    unfinished.rename(to)


def line_count(path: Path) -> int:
    """How many order lines a shop has."""
    with closing(sqlite3.connect(path)) as shop:
        return int(shop.execute("SELECT count(*) FROM order_lines").fetchone()[0])


def _orders(count: int, customers: int, lines: list[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    rng = random.Random(SEED)
    for number in range(1, count + 1):
        customer = rng.randint(1, customers)
        at = (BEGAN + timedelta(seconds=number * 37)).isoformat().replace("+00:00", "Z")
        total = 0
        own: list[dict[str, object]] = []
        for _ in range(rng.randint(1, 4)):
            goods = rng.randrange(500)
            quantity, price = rng.randint(1, 3), 199 + 37 * goods % 9_900
            total += quantity * price
            line = {
                "id": len(own) + 4 * number,
                "sku": f"SKU-{goods}",
                "title": f"{_GOODS[goods % 10]} no. {goods}",
                "quantity": quantity,
                "unit_price": f"{price // 100}.{price % 100:02}",
            }
            own.append(line)
            lines.append((line["id"], number, line["sku"], line["title"], quantity, line["unit_price"]))
        yield (
            number, customer, _email(customer), _first_name(customer), "GBP", at, at,
            f"{total // 100}.{total % 100:02}", json.dumps(own),
        )  # fmt: skip


def _email(customer: int) -> str:
    return f"c{customer}@mail.test"


def _first_name(customer: int) -> str:
    return ("Ana", "Bo", "Cleo", "Dan")[customer % 4]
