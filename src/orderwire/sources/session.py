"""A read-only connection to a shop's database that gives plain tuples, and looks at what tables there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, Engine, Select, inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError

from orderwire.errors import ConfigError
from orderwire.sources.driver_errors import translated
from orderwire.sources.faults import did_you_mean
from orderwire.sources.mapping import Child, Entity
from orderwire.sources.statements import IDS, MOST_IDS, escaped

Row: TypeAlias = tuple[Any, ...]
Values: TypeAlias = dict[str, Any] | None

_MYSQL_TIMESTAMP = 7
"""MariaDB's type code of TIMESTAMP, which is UTC on our connections, while DATETIME is what the shop wrote."""


class Table(NamedTuple):
    """A table there is, with its columns and its primary key where that is one column."""

    name: str
    columns: tuple[str, ...]
    key: str | None


class Session:
    """One connection of one source. Reads of one page share a transaction and so see one moment."""

    def __init__(self, engine: Engine, *, place: str) -> None:
        self._engine = engine
        self._place = place
        self._connection: Connection | None = None
        self.backend = engine.dialect.name

    @contextmanager
    def moment(self) -> Iterator[None]:
        """A transaction in which every read sees the same state of the database."""
        connection = self._connected()
        with translated(self._place):
            if self.backend == "sqlite":
                connection.exec_driver_sql("BEGIN")
        try:
            yield
        finally:
            connection.rollback()

    def rows(self, statement: Select[Any], *, place: str = "", values: Values = None) -> list[Row]:
        """All rows of a statement, with these parameters, as the driver gives them."""
        with translated(f"{self._place}.{place}" if place else self._place):
            try:
                return self._fetched(statement, values)
            except OperationalError as error:
                if "Could not decode" not in str(error.orig):
                    raise
        self._accept_broken_text()
        with translated(self._place):
            return self._fetched(statement, values)

    def rows_of(self, statement: Select[Any], ids: Sequence[object], *, place: str = "") -> list[Row]:
        """All rows of a statement about given ids, asked for some at a time."""
        each = list(dict.fromkeys(ids))
        return [
            row
            for first in range(0, len(each), MOST_IDS)
            for row in self.rows(statement, place=place, values={IDS: each[first : first + MOST_IDS]})
        ]

    def scalar(self, statement: Select[Any], *, place: str = "") -> Any:
        """The first value of the first row; None where there is none."""
        rows = self.rows(statement, place=place)
        return rows[0][0] if rows else None

    def reach(self) -> None:
        """Connect, so that an address or login that is wrong says so before anything else.

        Raises:
            ConfigError: the database refuses the login, or is none.
            Unavailable: not reached.
        """
        self._connected()

    def column_names(self, place: Entity | Child) -> tuple[str, ...]:
        """The columns that an entity's or child's table or query has.

        Raises:
            ConfigError: there is no such table, or the query fails; it names what is near.
        """
        where = f"{self._place}.{place.path}"
        connection = self._connected()
        try:
            with translated(where):
                return (
                    self._names_of_query(connection, place.query)
                    if place.query
                    else self._names_of_table(place, where)
                )
        finally:
            connection.rollback()

    def _names_of_query(self, connection: Connection, query: str) -> tuple[str, ...]:
        statement = text(f"SELECT * FROM ({escaped(query)}) mapped LIMIT 0")  # noqa: S608 - the user's own query
        return tuple(connection.execute(statement).keys())

    def _names_of_table(self, place: Entity | Child, where: str) -> tuple[str, ...]:
        schema, _, name = (place.table or "").rpartition(".")
        inspector = inspect(self._connected())
        tables = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
        if name not in tables:
            raise ConfigError(f"{where}.table", f"there is no table {place.table}.", did_you_mean(name, tables))
        return tuple(column["name"] for column in inspector.get_columns(name, schema or None))

    def tables(self) -> list[Table]:
        """Every table of the default schema."""
        connection = self._connected()
        with translated(self._place):
            inspector = inspect(connection)
            found = []
            for name in sorted(inspector.get_table_names()):
                keys = inspector.get_pk_constraint(name)["constrained_columns"]
                columns = tuple(column["name"] for column in inspector.get_columns(name))
                found.append(Table(name, columns, keys[0] if len(keys) == 1 else None))
            connection.rollback()
            return found

    def close(self) -> None:
        """Give the connection back and close it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed or self._connection.invalidated:
            with translated(self._place):
                self._connection = self._engine.connect()
        return self._connection

    def _fetched(self, statement: Select[Any], values: Values) -> list[Row]:
        """The driver's own tuples: SQLAlchemy's rows cost more than reading an order does."""
        result = self._connected().execute(statement, values)
        cursor: Any = result.cursor
        driver: Any = self._engine.dialect.loaded_dbapi
        try:
            rows: list[Row] = list(cursor.fetchall())
        except driver.Error as error:
            # SQLAlchemy wraps what its own fetching raises; this is the same for the driver's.
            raise DBAPIError.instance("SELECT", (), error, driver.Error) from error
        stamps = self._stamps(cursor.description)
        result.close()
        return [_with_zone(row, stamps) for row in rows] if stamps else rows

    def _stamps(self, description: Sequence[Any]) -> tuple[int, ...]:
        if self.backend not in ("mysql", "mariadb"):
            return ()
        return tuple(place for place, column in enumerate(description) if column[1] == _MYSQL_TIMESTAMP)

    def _accept_broken_text(self) -> None:
        """Let SQLite hand out text that is not UTF-8, so that only the rows that hold it are refused."""
        driver = self._connected().connection.driver_connection
        if driver is not None:
            driver.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")


def _with_zone(row: Row, stamps: tuple[int, ...]) -> Row:
    cells = list(row)
    for place in stamps:
        if isinstance(cells[place], datetime):
            cells[place] = cells[place].replace(tzinfo=UTC)
    return tuple(cells)
