"""Open, or begin, a ledger in a file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from orderwire.ledger.migrations import Migration, upgrade
from orderwire.ledger.queries import migrations_of
from orderwire.ledger.sqlite.engine import SqliteEngine
from orderwire.ledger.sqlite.errors import translated
from orderwire.ledger.store import StoredLedger

PACKAGE = "orderwire.ledger.sqlite"
BUSY_TIMEOUT = 30.0
"""Seconds to wait for another writer's turn to end."""
_CACHE_KIB = 4_096
"""What one process keeps of the file; more makes it hardly faster, since the system keeps the file too."""
_CHECKPOINT_PAGES = 8_000
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    f"PRAGMA cache_size = -{_CACHE_KIB}",
    f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}",
)


def open_ledger(path: Path, *, busy_timeout: float = BUSY_TIMEOUT) -> StoredLedger:
    """The ledger in this file, made when missing.

    Raises:
        NeedsMigration: the file was written by a version this one cannot read.
        IntegrityBroken: the file is not a ledger.
    """
    engine = SqliteEngine(connect(path, busy_timeout=busy_timeout))
    try:
        upgrade(engine, [Migration.read(path) for path in migrations_of(PACKAGE)])
    except BaseException:
        engine.close()
        raise
    return StoredLedger(engine)


def connect(path: Path, *, busy_timeout: float) -> sqlite3.Connection:
    """A connection that writes as a ledger must: ahead in a log, and through to the disk before it returns."""
    with translated():
        connection = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
        try:
            for pragma in _PRAGMAS:
                connection.execute(pragma).fetchall()
        except BaseException:
            connection.close()
            raise
    return connection
