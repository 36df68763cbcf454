"""The ledger as its callers know it: the storage contract over whatever engine keeps it."""

from __future__ import annotations

from orderwire.ledger.contract import Ledger
from orderwire.ledger.deliveries import Deliveries
from orderwire.ledger.engine import Engine
from orderwire.ledger.people import People
from orderwire.ledger.reader import Reader
from orderwire.ledger.recorder import Recorder
from orderwire.ledger.refusals import Refusals
from orderwire.ledger.shelves import Shelving


class StoredLedger(Recorder, Reader, Refusals, Deliveries, People, Shelving, Ledger):
    """A ledger in a database: each part of the contract has a room of its own, all share one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def is_free(self) -> bool:
        """Whether a transaction could begin now without waiting for another writer."""
        return self._engine.is_free()

    def close(self) -> None:
        """Release files and connections."""
        self._engine.close()
