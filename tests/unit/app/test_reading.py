"""When delivering may begin while a source is still read."""

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire import Shop
from orderwire.app.running.reading import is_only_activity_left, read
from orderwire.app.running.roles import Job, Line, Reading, Role, Terms
from orderwire.testing.commands import add_order
from orderwire.testing.ledgers import switched_on

ORDERS = {"table": "orders", "id": "id", "fields": {"email": "email", "placed_at": "placed_at"}}
TICKED = {**ORDERS, "fields": {**ORDERS["fields"], "marketing_consent": "newsletter"}}  # type: ignore[dict-item]
TABLE = {"kind": "sql", "url": "shop.db", "people": {"table": "people", "id": "id"}, "orders": ORDERS}
ONCE = Job(role=Role.INGEST, terms=Terms(until_idle=True))


@pytest.mark.parametrize(
    ("table", "stream", "expected"),
    [
        (TABLE, "", False),
        (TABLE, "consents", False),
        (TABLE, "people", False),
        (TABLE, "products.variants", False),
        (TABLE, "orders", True),
        (TABLE, "orders.refunds", True),
        (TABLE, "events", True),
        ({**TABLE, "orders": TICKED}, "orders", False),
        ({**TABLE, "orders": TICKED}, "carts", False),
    ],
)
def test_orders_go_when_nothing_more_is_said_of_people_products_and_consent(
    table: dict[str, Any], stream: str, expected: bool
) -> None:
    assert expected == is_only_activity_left(table, stream)


def insert_order(folder: Path) -> None:
    """A customer orders after everything was read; a pass ends at whole seconds, so the next one is let come."""
    with closing(sqlite3.connect(folder / "shop.db")) as database, database:
        add_order(database, 9_001, placed_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"))
    time.sleep(1.1)


def told_by(shop: Shop) -> list[str]:
    """The streams at which a reader told that delivering may begin."""
    lines: list[Line] = []
    read(shop, ONCE, lines.append)
    return [line.progress.stream for line in lines if isinstance(line, Reading) and line.may_deliver]


def with_sources(shop: Shop, *names: str) -> Shop:
    """The same shop reading its source under these names, one after the other."""
    (table,) = shop.settings.sources.values()
    settings = msgspec.structs.replace(shop.settings, sources=dict.fromkeys(names, table))
    return Shop(settings, shop.ledger)


def test_a_first_pass_tells_it_once_when_it_has_come_to_the_orders(shop: Shop) -> None:
    assert ["orders"] == told_by(shop)


def test_of_several_sources_the_last_one_tells_it(shop: Shop) -> None:
    lines: list[Line] = []
    read(with_sources(shop, "first", "second"), ONCE, lines.append)
    sources = [line.progress.source for line in lines if isinstance(line, Reading) and line.may_deliver]
    assert ["second"] == sources


def test_a_new_destination_waits_for_the_end_of_a_known_source(shop: Shop, folder: Path) -> None:
    told_by(shop)
    insert_order(folder)
    assert [] == told_by(shop)


def test_a_known_destination_does_not_wait_for_the_end_of_a_known_source(shop: Shop, folder: Path) -> None:
    told_by(shop)
    insert_order(folder)
    shop.ledger.administer("drip", switched_on("drip", seq=shop.ledger.head()))
    assert ["orders"] == told_by(shop)
