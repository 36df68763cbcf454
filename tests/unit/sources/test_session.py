"""A connection to a shop's database that reads for hours."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from orderwire.sources.mapping import Entity
from orderwire.sources.session import Session
from orderwire.sources.statements import MOST_IDS, Relation

ORDERS = 2 * MOST_IDS + 5
NUMBERS = [str(number) for number in range(ORDERS)]
STATEMENT = Relation(Entity(path="orders", table="orders", id="id"), ["id", "total"]).of_ids()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE orders (id TEXT, total INTEGER)")
        connection.exec_driver_sql("INSERT INTO orders VALUES (?, 5)", [(number,) for number in NUMBERS])
    session = Session(engine, place="source.shop")
    yield session
    session.close()


def test_rows_of_many_ids_come_once_each(session: Session) -> None:
    rows = session.rows_of(STATEMENT, [*NUMBERS, "0", "unknown"])
    assert (ORDERS, set(NUMBERS)) == (len(rows), {row[0] for row in rows})


def test_what_was_asked_is_forgotten(session: Session) -> None:
    """Without garbage collection, which hours of reading seldom set off."""
    for _ in range(3):
        session.rows_of(STATEMENT, [f"{number}" for number in range(ORDERS)])
    gc.collect()
    gc.disable()
    try:
        before = sys.getallocatedblocks()
        for _ in range(20):
            session.rows_of(STATEMENT, [f"{number}" for number in range(ORDERS)])
        left = sys.getallocatedblocks() - before
    finally:
        gc.enable()
    assert left < 10 * ORDERS
