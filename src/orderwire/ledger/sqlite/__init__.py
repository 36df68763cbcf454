"""The ledger in one file: SQLite in WAL mode with full sync, one writer at a time, any number of readers."""

from orderwire.ledger.sqlite.opening import open_ledger

__all__ = ["open_ledger"]
