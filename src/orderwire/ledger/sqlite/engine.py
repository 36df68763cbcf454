"""SQLite as the ledger's engine."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from msgspec import json

from orderwire.ledger.engine import LOG, Columns
from orderwire.ledger.queries import load
from orderwire.ledger.sqlite.errors import translated

_STREAMED = 4_096
"""Rows fetched at a time while streaming."""


class SqliteEngine:
    """One connection to one file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._queries = load("orderwire.ledger.sqlite")
        self._patience = int(connection.execute("PRAGMA busy_timeout").fetchone()[0])
        self._is_to_scrub = False

    def rows(self, name: str, /, **values: object) -> list[Columns]:
        """Ask, and take the whole answer."""
        with translated():
            return self._connection.execute(self._queries[name], values).fetchall()

    def stream(self, name: str, /, **values: object) -> Iterator[Columns]:
        """Ask, and take the answer bit by bit."""
        with translated():
            cursor = self._connection.execute(self._queries[name], values)
            while rows := cursor.fetchmany(_STREAMED):
                yield from rows

    def write(self, name: str, /, **values: object) -> None:
        """Write once, with named values."""
        with translated():
            self._connection.execute(self._queries[name], values)

    def write_many(self, name: str, rows: Sequence[Sequence[object]], /) -> None:
        """Write rows, values by place."""
        if rows:
            with translated():
                self._connection.executemany(self._queries[name], rows)

    def define(self, statement: str, /) -> None:
        """Run one statement of a migration."""
        with translated():
            self._connection.execute(statement)

    def listed(self, values: Iterable[object], /) -> object:
        """Many values as a JSON array, for `json_each`."""
        return json.encode(list(values)).decode()

    @contextmanager
    def turn(self, scope: str = LOG, /) -> Iterator[None]:  # noqa: ARG002 - a file has one writer for all scopes
        """The only writer's transaction; inside another one it is a part of that."""
        if self._is_in_turn():
            yield
            return
        with translated():
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            with translated():
                self._connection.execute("COMMIT")
            if self._is_to_scrub:
                self.scrub()
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _is_in_turn(self) -> bool:
        return self._connection.in_transaction

    def is_free(self) -> bool:
        """Whether no other writer has its turn: tried out, without waiting."""
        execute = self._connection.execute
        execute("PRAGMA busy_timeout = 0").fetchall()
        try:
            execute("BEGIN IMMEDIATE")
            execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
        finally:
            execute(f"PRAGMA busy_timeout = {self._patience}").fetchall()
        return True

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A reading transaction."""
        with translated():
            self._connection.execute("BEGIN")
        try:
            yield
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def scrub(self) -> None:
        """Empty the write-ahead log into the file; readers at work may put that off to the next checkpoint.

        Inside a turn it is done when that is over.
        """
        self._is_to_scrub = self._is_in_turn()
        if self._is_to_scrub:
            return
        with translated():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def now(self) -> int:
        """The machine's clock: every process that shares the file shares it."""
        return time.time_ns() // 1_000

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
