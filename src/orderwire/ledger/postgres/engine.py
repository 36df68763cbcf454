"""PostgreSQL as the ledger's engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import psycopg
from psycopg import IsolationLevel, sql

from orderwire.ledger.engine import LOG, Columns
from orderwire.ledger.postgres.errors import translated
from orderwire.ledger.queries import load

Connection: TypeAlias = psycopg.Connection[Columns]
_COPY = re.compile(r"COPY (?P<table>\w+) \((?P<columns>[^)]*)\)")
_STREAMED = 4_096
"""Rows fetched at a time while streaming."""
_SESSION = (
    sql.SQL("SET plan_cache_mode TO force_custom_plan"),
    sql.SQL("SET enable_hashjoin TO off"),
    sql.SQL("SET enable_mergejoin TO off"),
    sql.SQL("SET max_parallel_workers_per_gather TO 0"),
    sql.SQL("SET jit TO off"),
    sql.SQL(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    ),
)
"""What every session needs: commits that are durable, and plans that walk indexes.

Every frequent question is for a page or a list of keys; before a new schema was ever analysed the planner would join
whole tables for it.
"""


class PostgresEngine:
    """One connection to one schema, opened again when the server closed it."""

    def __init__(self, url: str, schema: str, *, busy_timeout: float) -> None:
        self._url = url
        self._schema = schema
        self._busy_timeout = busy_timeout
        self._queries = load("orderwire.ledger.postgres")
        self._types: dict[str, list[int]] = {}
        with translated():
            self._connection = self._connect()
            self._begin_schema()

    def rows(self, name: str, /, **values: object) -> list[Columns]:
        """Ask, and take the whole answer."""
        with translated():
            return self._open().execute(self._queries[name], values).fetchall()

    def stream(self, name: str, /, **values: object) -> Iterator[Columns]:
        """Ask, and take the answer bit by bit."""
        with translated(), self._open().cursor(name="stream") as cursor:
            cursor.itersize = _STREAMED
            cursor.execute(self._queries[name], values)
            yield from cursor

    def write(self, name: str, /, **values: object) -> None:
        """Write once, with named values."""
        with translated():
            self._open().execute(self._queries[name], values)

    def write_many(self, name: str, rows: Sequence[Sequence[object]], /) -> None:
        """Write rows as the statement has it: by COPY, by one statement over columns, or one by one in a pipeline."""
        if not rows:
            return
        statement = self._queries[name]
        with translated():
            connection = self._open()
            if statement.startswith("COPY"):
                self._copy(name, rows)
            elif "unnest(" in statement:
                connection.execute(statement, [list(column) for column in zip(*rows, strict=True)])
            else:
                with connection.cursor() as cursor:
                    cursor.executemany(statement, rows)

    def define(self, statement: str, /) -> None:
        """Run one statement of a migration."""
        with translated():
            self._open().execute(statement.encode())

    def listed(self, values: Iterable[object], /) -> object:
        """Many values as an array, for `= ANY`."""
        return list(values)

    @contextmanager
    def turn(self, scope: str = LOG, /) -> Iterator[None]:
        """The transaction of the only writer in this scope."""
        with translated(), self._open().transaction():
            self.rows("writers_turn", scope=scope)
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A reading transaction."""
        with translated():
            connection = self._open()
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            try:
                with connection.transaction():
                    yield
            finally:
                if not connection.closed:
                    connection.isolation_level = None

    def is_free(self) -> bool:
        """Always: scopes write side by side, so that nobody waits for long."""
        return True

    def scrub(self) -> None:
        """Nothing: the server's own vacuum takes old row versions away."""

    def now(self) -> int:
        """The server's clock: every worker on every machine shares it."""
        return int(self.rows("now")[0][0])

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _open(self) -> Connection:
        if self._connection.closed:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> Connection:
        connection = psycopg.connect(self._url, autocommit=True)
        connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(self._schema)))
        connection.execute(sql.SQL("SET lock_timeout TO {}").format(int(self._busy_timeout * 1_000)))
        for statement in _SESSION:
            connection.execute(statement)
        return connection

    def _begin_schema(self) -> None:
        """Make the schema when missing, one process at a time."""
        with self._connection.transaction():
            self._connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [self._schema])
            made = self._connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [self._schema])
            if made.fetchone() is None:
                self._connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(self._schema)))

    def _copy(self, name: str, rows: Iterable[Sequence[object]]) -> None:
        types = self._types.get(name) or self._column_types(name)
        with self._connection.cursor() as cursor, cursor.copy(self._queries[name]) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)

    def _column_types(self, name: str) -> list[int]:
        """The types of the columns a COPY statement names; binary rows carry none of their own."""
        found = _COPY.match(self._queries[name])
        if found is None:
            raise ValueError(f"{name} does not name its columns")
        columns = [sql.Identifier(column.strip()) for column in found["columns"].split(",")]
        cursor = self._connection.execute(
            sql.SQL("SELECT {} FROM {} LIMIT 0").format(sql.SQL(", ").join(columns), sql.Identifier(found["table"]))
        )
        types = [column.type_code for column in cursor.description or ()]
        self._types[name] = types
        return types
