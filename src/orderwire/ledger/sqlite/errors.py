"""SQLite's errors in our words; the only place that knows them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from orderwire.errors import Busy, IntegrityBroken, StoreError, StoreFull

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_UNWRITTEN = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})
"""A quota or a limit on the size of files shows as a failed write, not as a full disk."""
_PRIMARY = 0xFF
"""The low byte of an extended result code is its primary code."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what SQLite raises into the ledger's own errors."""
    try:
        yield
    except sqlite3.Error as error:
        raise meaning(error) from error


def meaning(error: sqlite3.Error) -> StoreError:
    """The ledger's error for one of SQLite's."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return IntegrityBroken(f"the store refused a call: {error}")
    primary = code & _PRIMARY
    name = getattr(error, "sqlite_errorname", str(code))
    if primary in _BUSY:
        return Busy("another process is writing to the ledger; try again")
    if code in _UNWRITTEN:
        return StoreFull("the disk takes no more; make room and try again, nothing was kept")
    if primary == sqlite3.SQLITE_READONLY:
        return StoreFull("the ledger's file cannot be written to; check its rights and its file system")
    return IntegrityBroken(f"the ledger's file failed ({name}); stop and run `orderwire audit`")
