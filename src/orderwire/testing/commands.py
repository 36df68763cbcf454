"""The program itself, run in a folder as a user runs it, with a small shop's database and served stand-ins."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from orderwire.dialects import registry

PROGRAM = Path(sys.executable).with_name("orderwire")
ORDERS = 12
PEOPLE = 6
SCALE = 600
"""Platform seconds in a real one."""
TABLES = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, first_name TEXT, updated_at TEXT);
CREATE TABLE newsletter (email TEXT PRIMARY KEY, status TEXT, changed_at TEXT);
CREATE TABLE products (sku TEXT PRIMARY KEY, title TEXT, price TEXT, url TEXT, updated_at TEXT);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, customer_id INTEGER, email TEXT, status TEXT, total TEXT, placed_at TEXT, paid_at TEXT,
    updated_at TEXT
);
CREATE TABLE order_lines (
    id INTEGER PRIMARY KEY, order_id INTEGER, sku TEXT, title TEXT, quantity INTEGER, price TEXT
);
"""
SOURCE = """
poll_every = "1s"
lease = "3s"
request_timeout = "5s"

[source.shop]
kind = "sql"
url = "shop.db"
time_zone = "UTC"
currency = "EUR"
safety_lag = 0

[source.shop.consents]
table = "newsletter"
id = "email"
changed_at = "changed_at"
[source.shop.consents.fields]
email = "email"
state = { column = "status", map = { on = "subscribed", off = "unsubscribed" } }
changed_at = "changed_at"

[source.shop.people]
table = "customers"
id = "id"
changed_at = "updated_at"
fields = { email = "email", first_name = "first_name" }

[source.shop.products]
table = "products"
id = "sku"
changed_at = "updated_at"
fields = { title = "title", sku = "sku", price = "price", url = "url" }

[source.shop.orders]
table = "orders"
id = "id"
changed_at = "updated_at"
[source.shop.orders.fields]
external_id = "customer_id"
email = "email"
placed_at = "placed_at"
paid_at = "paid_at"
total = "total"
[source.shop.orders.status]
column = "status"
map = { open = "placed", paid = "paid" }

[source.shop.orders.lines]
table = "order_lines"
id = "id"
parent = "order_id"
fields = { product_id = "sku", sku = "sku", name = "title", quantity = "quantity", unit_price = "price" }
"""


@dataclass(frozen=True)
class Program:
    """`orderwire` in a shop's folder."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(  # noqa: S603 - our own program
            [PROGRAM, *arguments, *self._where(arguments)],
            env={**os.environ, "SHOP_KEY": "k-1", **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        """What a command prints as JSON.

        Raises:
            AssertionError: it failed.
        """
        done = self.run(*arguments, "--json")
        if done.returncode:
            raise AssertionError(done.stderr)
        return json.loads(done.stdout)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and go on."""
        return subprocess.Popen(  # noqa: S603 - our own program
            [PROGRAM, *arguments, *self._where(arguments)],
            env={**os.environ, "SHOP_KEY": "k-1", **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _where(self, arguments: Sequence[str]) -> list[str]:
        return [] if arguments[0].startswith("-") or arguments[0] == "sandbox" else ["--dir", str(self.folder)]


def build_shop(path: Path) -> None:
    """A shop of six people and twelve orders, two of each; every third customer said no to the newsletter."""
    with sqlite3.connect(path) as shop:
        shop.executescript(TABLES)
        for number in range(1, PEOPLE + 1):
            email = f"p{number}@mail.test"
            shop.execute(
                "INSERT INTO customers VALUES (?, ?, ?, ?)", (number, email, f"Name{number}", "2024-01-01 08:00:00")
            )
            status = "on" if number % 3 else "off"
            shop.execute("INSERT INTO newsletter VALUES (?, ?, ?)", (email, status, "2024-01-01 08:00:00"))
        for sku in ("cup", "pot"):
            url = f"https://shop.test/{sku}"
            shop.execute(
                "INSERT INTO products VALUES (?, ?, ?, ?, ?)", (sku, sku, "10.00", url, "2024-01-01 08:00:00")
            )
        for number in range(1, ORDERS + 1):
            add_order(shop, number, placed_at=f"2024-01-{number + 1:02d} 10:00:00")
    shop.close()


def add_order(shop: sqlite3.Connection, number: int, *, placed_at: str) -> None:
    """One more paid order of two articles."""
    customer = number % PEOPLE + 1
    told = (number, customer, f"p{customer}@mail.test", "paid", "20.00", placed_at, placed_at, placed_at)
    shop.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?)", told)
    for place, sku in enumerate(("cup", "pot")):
        line = (number * 10 + place, number, sku, sku, 1, "10.00")
        shop.execute("INSERT INTO order_lines VALUES (?, ?, ?, ?, ?, ?)", line)


def settings_for(ports: Mapping[str, int], *, top: str = "", more: str = "") -> str:
    """The shop's settings with a destination at each stand-in.

    Args:
        ports: of the stand-ins, by platform.
        top: settings before the tables.
        more: further settings of every destination.
    """
    text = f"{top}\n{SOURCE}"
    for name, port in ports.items():
        profile = registry.dialect(name).profile
        path = urlsplit(profile.base_url).path
        text += f'\n[destination.{name}]\nkey = "env:SHOP_KEY"\nbase_url = "http://127.0.0.1:{port}{path}"\n'
        text += f'account_id = "123"\ntime_scale = {float(SCALE)}\n{more}\n'
        text += "options.allow_private = true\n" if profile.is_address_given else ""
    return text


@contextmanager
def stand_ins(folder: Path, *arguments: str) -> Iterator[dict[str, int]]:
    """Stand-ins served by the program itself, with their logs in the folder; their ports by platform."""
    ready = folder / "ready.json"
    program = Program(folder)
    logs = ("--log-dir", str(folder / "logs"), "--ready-file", str(ready), "--scale", str(SCALE))
    process = program.start("sandbox", *arguments, *logs)
    try:
        until = time.monotonic() + 30
        while not ready.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        if not ready.exists():
            raise AssertionError("the stand-ins are not ready")
        yield json.loads(ready.read_text(encoding="utf-8"))
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
