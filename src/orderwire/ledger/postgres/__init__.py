"""The ledger in a PostgreSQL schema: any number of processes on any number of machines."""

from orderwire.ledger.postgres.opening import open_ledger

__all__ = ["open_ledger"]
