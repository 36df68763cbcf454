"""The shop that every tool reads."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bench import shop


def test_peers_see_an_event_for_each_order_and_each_line(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    shop.make(path, 200)
    with sqlite3.connect(path) as opened:
        orders, events, ids = opened.execute(
            "SELECT (SELECT count(*) FROM orders), count(*), count(DISTINCT metric || unique_id) FROM all_events"
        ).fetchone()
    opened.close()
    assert (orders, events, ids) == (200, 200 + shop.line_count(path), 200 + shop.line_count(path))


def test_the_same_size_gives_the_same_rows(tmp_path: Path) -> None:
    found = []
    for name in ("one.db", "other.db"):
        shop.make(tmp_path / name, 50)
        with sqlite3.connect(tmp_path / name) as opened:
            found.append(opened.execute("SELECT * FROM orders").fetchall())
        opened.close()
    assert found[0] == found[1]


def test_the_lines_of_an_order_add_up_to_its_total(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    shop.make(path, 100)
    with sqlite3.connect(path) as opened:
        wrong = opened.execute(
            "SELECT count(*) FROM orders o WHERE abs(total - (SELECT sum(quantity * unit_price) FROM order_lines l"
            " WHERE l.order_id = o.id)) > 0.001"
        ).fetchone()[0]
    opened.close()
    assert wrong == 0
