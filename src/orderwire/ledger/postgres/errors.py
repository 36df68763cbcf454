"""PostgreSQL's errors in our words; the only place that knows them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from orderwire.errors import Busy, IntegrityBroken, StoreError, StoreFull

_WAITED = (
    errors.LockNotAvailable,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.QueryCanceled,
    errors.TooManyConnections,
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the driver raises into the ledger's own errors."""
    try:
        yield
    except psycopg.Error as error:
        raise meaning(error) from error


def meaning(error: psycopg.Error) -> StoreError:
    """The ledger's error for one of the driver's."""
    if isinstance(error, errors.DiskFull):
        return StoreFull("the database's disk takes no more; make room and try again, nothing was kept")
    if isinstance(error, _WAITED):
        return Busy("the database is held by other work; try again")
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        return Busy("the database cannot be reached; try again")
    if isinstance(error, (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow)):
        return Busy("the database is stopping or starting; try again")
    state = error.sqlstate or type(error).__name__
    return IntegrityBroken(f"the database refused a statement ({state}); stop and run `orderwire audit`")
