"""One small shop per test, once in each database."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    create_engine,
    insert,
    make_url,
    text,
    update,
)

from orderwire.model import Order
from orderwire.sources import Page, parse
from orderwire.sources.sql import SqlSource
from orderwire.testing.mariadb import mariadb_server
from orderwire.testing.servers import ServerMissing, postgres_server

NOW = datetime(2024, 7, 1, 12, 0, tzinfo=UTC)
METADATA = MetaData()
ORDERS = Table(
    "orders",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("email", String(80)),
    Column("status", String(20)),
    Column("placed", DateTime),
    Column("total", Numeric(12, 2, asdecimal=False)),
    Column("updated_at", DateTime),
)
LINES = Table(
    "order_lines",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("order_id", Integer),
    Column("title", String(80)),
    Column("qty", Integer),
    Column("price", Numeric(12, 2, asdecimal=False)),
)
REFUNDS = Table(
    "refunds",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("order_id", Integer),
    Column("amount", Numeric(12, 2, asdecimal=False)),
    Column("made", DateTime),
)
MAPPING: dict[str, Any] = {
    "kind": "sql",
    "time_zone": "UTC",
    "currency": "GBP",
    "page": 2,
    "safety_lag": 60,
    "overlap": 600,
    "orders": {
        "table": "orders",
        "id": "id",
        "changed_at": "updated_at",
        "fields": {"email": "email", "placed_at": "placed", "total": "total"},
        "lines": {
            "table": "order_lines",
            "id": "id",
            "parent": "order_id",
            "fields": {"name": "title", "quantity": "qty", "unit_price": "price"},
        },
        "refunds": {
            "table": "refunds",
            "id": "id",
            "parent": "order_id",
            "changed_at": "made",
            "fields": {"refunded_at": "made", "amount": "amount"},
        },
    },
}
_databases = count(1)


def at(text: str) -> datetime:
    """A naive time as the shop writes it."""
    return datetime.fromisoformat(f"2024-07-01 {text}")


class Shop:
    """The shop's side: a database and what its own system does to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine: Engine = create_engine(url)
        METADATA.create_all(self.engine)

    def place(self, order_id: int, *, updated_at: datetime | None, **more: Any) -> None:
        """An order with one line of 5.00."""
        row = {"email": "a@shop.test", "status": "open", "placed": at("08:00:00"), "total": 5}
        self.write(insert(ORDERS).values(id=order_id, updated_at=updated_at, **(row | more)))
        self.write(insert(LINES).values(id=order_id * 10, order_id=order_id, title="Lantern", qty=2, price=2.5))

    def touch(self, order_id: int, *, updated_at: datetime, **more: Any) -> None:
        """A change of an order."""
        self.write(update(ORDERS).where(ORDERS.c.id == order_id).values(updated_at=updated_at, **more))

    def refund(self, refund_id: int, order_id: int, *, made: datetime) -> None:
        """A refund; the order's row does not move."""
        self.write(insert(REFUNDS).values(id=refund_id, order_id=order_id, amount=1, made=made))

    def write(self, statement: Any) -> None:
        """One statement in its own transaction."""
        with self.engine.begin() as connection:
            connection.execute(text(statement) if isinstance(statement, str) else statement)


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[str], str]]:
    """Starts a server when it is first asked for."""
    urls: dict[str, str] = {}
    with ExitStack() as stack:

        def started(name: str) -> str:
            if name not in urls:
                try:
                    urls[name] = stack.enter_context({"postgres": postgres_server, "mariadb": mariadb_server}[name]())
                except ServerMissing as missing:
                    if os.environ.get("CI"):
                        raise
                    pytest.skip(str(missing))
            return urls[name]

        yield started


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """An empty shop in each kind of database."""
    if request.param == "sqlite":
        made = Shop(f"sqlite:///{tmp_path / 'shop.db'}")
    else:
        url = make_url(request.getfixturevalue("servers")(request.param))
        url = url.set(drivername="postgresql+psycopg" if request.param == "postgres" else url.drivername)
        name = f"shop_{next(_databases)}"
        with new_engine(url.render_as_string(False)) as engine, engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(f"CREATE DATABASE {name}"))
        made = Shop(url.set(database=name).render_as_string(False))
    yield made
    made.engine.dispose()


@contextmanager
def new_engine(url: str) -> Iterator[Engine]:
    """An engine for one moment."""
    engine = create_engine(url)
    yield engine
    engine.dispose()


class Reader:
    """Our side: reads with the positions committed so far, as a sync does."""

    def __init__(self, shop: Shop, **changes: Any) -> None:
        self.table = {**MAPPING, "url": "env:SHOP_URL", **changes}
        self.environment: Mapping[str, str] = {"SHOP_URL": shop.url}
        self.positions: dict[str, bytes] = {}

    def source(self) -> SqlSource:
        """The source; the caller closes it."""
        return SqlSource(parse("shop", self.table), environment=self.environment)

    def pages(self, now: datetime = NOW, *, stop_after: int | None = None) -> list[Page]:
        """Read and commit pages, all of them or the first few."""
        source = self.source()
        found: list[Page] = []
        try:
            for page in source.pages(self.positions, now=now):
                self.positions[page.stream] = page.position
                found.append(page)
                if len(found) == stop_after:
                    break
        finally:
            source.close()
        return found

    def orders(self, now: datetime = NOW) -> list[tuple[str, str, bool]]:
        """What comes: the stream, the order, and whether it is imported."""
        return [
            (page.stream, decoded.record.order_id, page.is_import)
            for page in self.pages(now)
            for decoded in page.records
            if isinstance(decoded.record, Order)
        ]


@pytest.fixture
def reader(shop: Shop) -> Callable[..., Reader]:
    """Makes a reader of the shop, with changes to the usual mapping."""
    return lambda **changes: Reader(shop, **changes)
