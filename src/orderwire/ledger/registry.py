"""Engines by what the settings call a ledger: the one place that knows which there are."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from orderwire.ledger.store import StoredLedger

POSTGRES = "orderwire.ledger.postgres"
SQLITE = "orderwire.ledger.sqlite"
_SCHEMES = ("postgresql://", "postgres://")


def open_ledger(place: str | Path) -> StoredLedger:
    """The ledger at a path (SQLite) or a `postgresql://` URL; the engine is imported on first use.

    Raises:
        NeedsMigration: the store was written by a version this one cannot read.
    """
    if isinstance(place, str) and place.startswith(_SCHEMES):
        return _opener(POSTGRES)(place)
    return _opener(SQLITE)(Path(place))


def _opener(package: str) -> Callable[[str | Path], StoredLedger]:
    return cast("Callable[[str | Path], StoredLedger]", import_module(package).open_ledger)
