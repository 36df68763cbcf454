"""A drafted mapping: what a line's product is called."""

import sqlite3
import tomllib
from pathlib import Path

import pytest

from orderwire.app.initialise import initialise

ORDERS = "CREATE TABLE orders (id INTEGER PRIMARY KEY, email TEXT, total TEXT, created_at TEXT, updated_at TEXT);"


def line_fields(folder: Path, products: str, lines: str) -> tuple[dict[str, str], str]:
    """The fields of an order's lines as they are drafted, and the whole text."""
    with sqlite3.connect(folder / "shop.db") as shop:
        shop.executescript(f"{ORDERS} CREATE TABLE products ({products}); CREATE TABLE order_items ({lines});")
    shop.close()
    text = initialise(folder, str(folder / "shop.db")).path.read_text(encoding="utf-8")
    return tomllib.loads(text)["source"]["shop"]["orders"]["lines"]["fields"], text


@pytest.mark.parametrize(
    ("products", "lines", "expected"),
    [
        ("sku TEXT PRIMARY KEY", "id INTEGER PRIMARY KEY, order_id INTEGER, sku TEXT, qty INTEGER", "sku"),
        (
            "id INTEGER PRIMARY KEY, title TEXT",
            "id INTEGER PRIMARY KEY, order_id INTEGER, product_id INTEGER, sku TEXT, qty INTEGER",
            "product_id",
        ),
        (
            "sku TEXT PRIMARY KEY, title TEXT",
            "id INTEGER PRIMARY KEY, order_id INTEGER, item_id INTEGER, SKU TEXT, qty INTEGER",
            "SKU",
        ),
    ],
)
def test_a_line_names_its_product_by_the_products_own_id(
    tmp_path: Path, products: str, lines: str, expected: str
) -> None:
    fields, _ = line_fields(tmp_path, products, lines)
    assert expected == fields["product_id"]


def test_lines_without_a_product_say_what_that_means(tmp_path: Path) -> None:
    lines = "id INTEGER PRIMARY KEY, order_id INTEGER, title TEXT, qty INTEGER"
    fields, text = line_fields(tmp_path, "id INTEGER PRIMARY KEY, title TEXT", lines)
    assert (False, True) == ("product_id" in fields, "platforms cannot tell which product it was" in text)
