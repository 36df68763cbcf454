"""Open, or begin, a ledger in a PostgreSQL schema."""

from __future__ import annotations

from orderwire.ledger.migrations import Migration, upgrade
from orderwire.ledger.postgres.engine import PostgresEngine
from orderwire.ledger.queries import migrations_of
from orderwire.ledger.store import StoredLedger

PACKAGE = "orderwire.ledger.postgres"
BUSY_TIMEOUT = 30.0
"""Seconds to wait for another writer's turn to end."""


def open_ledger(url: str, schema: str = "orderwire", *, busy_timeout: float = BUSY_TIMEOUT) -> StoredLedger:
    """The ledger in this schema, made when missing.

    Raises:
        NeedsMigration: the schema was written by a version this one cannot read.
        Busy: the database cannot be reached.
    """
    engine = PostgresEngine(url, schema, busy_timeout=busy_timeout)
    try:
        upgrade(engine, [Migration.read(path) for path in migrations_of(PACKAGE)])
    except BaseException:
        engine.close()
        raise
    return StoredLedger(engine)
