"""What is particular to one database: its types, its refusals, and how its errors are named."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url

from orderwire.errors import ConfigError, Unavailable
from orderwire.model import Order
from orderwire.sources import MappingFaults, Page, parse
from orderwire.sources.sql import SqlSource

NOW = datetime(2024, 7, 1, 12, 0, tzinfo=UTC)
Servers = Callable[[str], str]


def mapping(**orders: Any) -> dict[str, Any]:
    fields = {"placed_at": "placed", "total": "total"}
    return {
        "kind": "sql",
        "url": "env:URL",
        "time_zone": "Europe/London",
        "currency": "GBP",
        "orders": {"table": "typed", "id": "id", "changed_at": "changed", "fields": fields, **orders},
    }


def pages(url: str, table: dict[str, Any], positions: dict[str, bytes], now: datetime = NOW) -> list[Page]:
    source = SqlSource(parse("shop", table), environment={"URL": url})
    try:
        found = list(source.pages(positions, now=now))
    finally:
        source.close()
    positions.update({page.stream: page.position for page in found})
    return found


def orders(found: list[Page]) -> list[Order]:
    return [decoded.record for page in found for decoded in page.records if isinstance(decoded.record, Order)]


def run(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def postgres(servers: Servers) -> str:
    return make_url(servers("postgres")).set(drivername="postgresql+psycopg").render_as_string(False)


TYPED = [
    pytest.param(
        "postgres",
        "CREATE TABLE typed (id uuid PRIMARY KEY, placed timestamptz, total numeric(12,3), items jsonb, "
        "changed timestamptz)",
        "'0a1b0000-0000-0000-0000-000000000001', '2024-07-01 09:00:00+01', 5.005, '[{\"s\": \"A\", \"t\": 5.01}]', "
        "'2024-07-01 09:00:00+01'",
        "0a1b0000-0000-0000-0000-000000000001",
        id="postgres",
        marks=pytest.mark.postgres,
    ),
    pytest.param(
        "mariadb",
        "CREATE TABLE typed (id decimal(20,0) PRIMARY KEY, placed datetime, total decimal(12,3), items json, "
        "changed timestamp)",
        "18446744073709551617, '2024-07-01 09:00:00', 5.005, '[{\"s\": \"A\", \"t\": 5.01}]', '2024-07-01 08:00:00'",
        "18446744073709551617",
        id="mariadb",
        marks=pytest.mark.mariadb,
    ),
]


@pytest.mark.parametrize(("server", "create", "values", "order_id"), TYPED)
def test_the_databases_own_types_are_read_exactly_and_followed(
    servers: Servers, server: str, create: str, values: str, order_id: str
) -> None:
    url = postgres(servers) if server == "postgres" else servers(server)
    run(url, "DROP TABLE IF EXISTS typed", create)
    in_utc = ["SET time_zone = '+00:00'"] if server == "mariadb" else []
    run(url, *in_utc, f"INSERT INTO typed VALUES ({values})")
    table = mapping(lines={"column": "items", "fields": {"sku": "s", "total": "t"}})
    positions: dict[str, bytes] = {}
    (order,) = orders(pages(url, table, positions))
    moment = datetime(2024, 7, 1, 8, 0, tzinfo=UTC)
    assert (order_id, moment, 501, moment) == (order.order_id, order.placed_at, order.total, order.updated_at)
    assert [("A", 501)] == [(line.sku, line.total) for line in order.lines]
    assert [] == orders(pages(url, table, positions, NOW + timedelta(hours=1)))
    halfway = {"orders": b'{"began":"2024-07-01T07:00:00Z","is_imported":true,"until":"2024-07-01T07:30:00Z"}'}
    assert [order_id] == [found.order_id for found in orders(pages(url, table, halfway))]


@pytest.mark.parametrize(
    "server",
    [pytest.param("postgres", marks=pytest.mark.postgres), pytest.param("mariadb", marks=pytest.mark.mariadb)],
)
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"port": 1}, Unavailable),
        ({"database": "no_such_shop"}, ConfigError),
        ({"username": "nobody_here"}, ConfigError),
    ],
)
def test_a_server_that_cannot_be_used_says_whose_fault_it_is(
    servers: Servers, server: str, change: dict[str, Any], expected: type[Exception]
) -> None:
    url = make_url(servers(server)).set(**change).render_as_string(False)
    with pytest.raises(expected) as caught:
        pages(url, mapping(), {})
    assert not isinstance(caught.value, MappingFaults)


OTHERS = {
    "postgres": "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    "mariadb": "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = 'orderwire'",
}
CUT = {"postgres": "SELECT pg_terminate_backend({})", "mariadb": "KILL {}"}


def cut_all(url: str, server: str) -> None:
    """End every other connection, as an administrator or a fail-over does."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for number in connection.exec_driver_sql(OTHERS[server]).scalars().all():
            connection.exec_driver_sql(CUT[server].format(number))
    engine.dispose()


@pytest.mark.parametrize(
    "server",
    [pytest.param("postgres", marks=pytest.mark.postgres), pytest.param("mariadb", marks=pytest.mark.mariadb)],
)
def test_a_connection_that_is_cut_is_unavailable_and_the_next_pass_goes_on(servers: Servers, server: str) -> None:
    url = postgres(servers) if server == "postgres" else servers(server)
    run(
        url,
        "DROP TABLE IF EXISTS typed",
        "CREATE TABLE typed (id int, placed timestamp, total decimal(9,2), changed timestamp NULL)",
        "INSERT INTO typed VALUES (1, '2024-06-01', 5, '2024-06-01'), (2, '2024-06-01', 5, '2024-06-01')",
    )
    source = SqlSource(parse("shop", {**mapping(), "page": 1}), environment={"URL": url})
    positions: dict[str, bytes] = {}
    reading = source.pages(positions, now=NOW)
    first = next(reading)
    cut_all(url, server)
    with pytest.raises(Unavailable):
        next(reading)
    rest = list(source.pages({first.stream: first.position}, now=NOW))
    source.close()
    assert ["1", "2"] == [order.order_id for order in orders([first, *rest])]


@pytest.mark.postgres
def test_a_column_compared_with_another_type_is_named(servers: Servers) -> None:
    url = postgres(servers)
    run(
        url,
        "DROP TABLE IF EXISTS typed",
        "DROP TABLE IF EXISTS typed_lines",
        "CREATE TABLE typed (id int, placed timestamp, total numeric, changed timestamp)",
        "CREATE TABLE typed_lines (order_id date, total numeric)",
        "INSERT INTO typed VALUES (1, '2024-07-01', 5, '2024-07-01')",
    )
    table = mapping(lines={"table": "typed_lines", "parent": "order_id", "fields": {"total": "total"}})
    with pytest.raises(ConfigError, match="cast it in a query") as caught:
        pages(url, table, {})
    assert "source.shop.orders.lines" == caught.value.place


@pytest.mark.postgres
def test_a_table_the_login_may_not_read_is_named(servers: Servers) -> None:
    url = postgres(servers)
    run(
        url,
        "DROP TABLE IF EXISTS typed",
        "CREATE TABLE typed (id int, placed timestamp, total numeric, changed timestamp)",
        "DO $$ BEGIN CREATE ROLE guest LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    )
    guest = make_url(url).set(username="guest").render_as_string(False)
    with pytest.raises(ConfigError, match=r"may not read typed.*Grant SELECT"):
        pages(guest, mapping(), {})


CREATE = "CREATE TABLE typed (id integer, placed text, total real, changed text)"


@pytest.fixture
def shop_file(tmp_path: Path) -> Path:
    """An SQLite file with two orders."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute(CREATE)
        rows = [(n, "2024-07-01 09:00:00", 19.99, "2024-07-01 09:00:00") for n in (1, 2)]
        connection.executemany("INSERT INTO typed VALUES (?, ?, ?, ?)", rows)
    connection.close()
    return path


def change(path: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement, values)
    connection.close()


def test_floats_are_read_by_their_shortest_text(shop_file: Path) -> None:
    assert [1999, 1999] == [order.total for order in orders(pages(str(shop_file), mapping(), {}))]


def test_text_that_is_not_utf_8_spoils_only_its_own_row(shop_file: Path) -> None:
    change(shop_file, "UPDATE typed SET placed = CAST(? AS TEXT) WHERE id = 1", b"2024-07-01\xff")
    (page,) = pages(str(shop_file), mapping(), {})
    assert (["2"], ["orders[1].placed_at"]) == (
        [order.order_id for order in orders([page])],
        [p.reason.path for p in page.problems],
    )


@pytest.mark.parametrize(
    ("changed", "later"),
    [
        ("2024-07-01T10:00:00", "2024-07-01T14:00:00.250"),
        ("2024-07-01 09:00:00Z", "2024-07-01 13:00:00Z"),
        (1719824400, 1719838800),
        (1719824400000, 1719838800000),
        (1719824400.5, 1719838800.5),
    ],
)
def test_every_form_of_a_time_column_can_be_followed(shop_file: Path, changed: object, later: object) -> None:
    change(shop_file, "DROP TABLE typed")
    change(shop_file, "CREATE TABLE typed (id integer, placed text, total real, changed)")
    change(shop_file, "INSERT INTO typed VALUES (1, '2024-07-01 09:00:00', 5, ?)", changed)
    positions: dict[str, bytes] = {}
    assert ["1"] == [order.order_id for order in orders(pages(str(shop_file), mapping(), positions))]
    change(shop_file, "INSERT INTO typed VALUES (2, '2024-07-01 09:00:00', 5, ?)", later)
    later_pages = pages(str(shop_file), mapping(), positions, NOW + timedelta(hours=2))
    assert ["2"] == [order.order_id for order in orders(later_pages)]


def test_a_file_that_is_not_there_is_never_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no SQLite file"):
        pages(str(tmp_path / "shop.db"), mapping(), {})
    assert [] == list(tmp_path.iterdir())


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    path.write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(ConfigError, match="not an SQLite database"):
        pages(str(path), mapping(), {})


def test_a_locked_file_is_unavailable_and_the_positions_stay(shop_file: Path) -> None:
    lock = sqlite3.connect(shop_file, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    positions: dict[str, bytes] = {}
    with pytest.raises(Unavailable):
        pages(f"sqlite:///{shop_file}?timeout=0.1", mapping(), positions)
    lock.execute("ROLLBACK")
    lock.close()
    assert {} == positions


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("env:NO_SUCH_URL", "the environment has no NO_SUCH_URL"),
        ("file:/no/such/file", "cannot be read"),
        ("oracle://u@h/d", "without a driver"),
        ("nonsense://", "without a driver"),
        ("sqlite://", "names no file"),
    ],
)
def test_an_address_that_leads_nowhere_is_a_fault_of_the_settings(reference: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        SqlSource(parse("shop", {**mapping(), "url": reference}), environment={})


def test_a_url_may_stand_in_a_file(shop_file: Path, tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text(f"{shop_file}\n")
    assert 2 == len(orders(pages("", {**mapping(), "url": f"file:{secret}"}, {})))
