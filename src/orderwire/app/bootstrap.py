"""Putting the parts together: the only place that knows concrete classes."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from orderwire.app.settings import DestinationTable, Settings, load, load_or_empty, secret
from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects import registry
from orderwire.dialects.contract import Dialect
from orderwire.errors import NotFound
from orderwire.ledger import StoredLedger, open_ledger
from orderwire.sources import open_source
from orderwire.sources.contract import Source
from orderwire.sources.parsing import parse


@dataclass(frozen=True)
class Shop:
    """An opened shop: its settings and its ledger. What a user can ask of it are the functions of `orderwire.app`."""

    settings: Settings
    ledger: StoredLedger

    def dialect(self, destination: str) -> Dialect:
        """The dialect of a configured destination."""
        return registry.dialect(self._table(destination).settings.platform)

    def destination(self, name: str, *, with_key: bool = True) -> DestinationSettings:
        """A destination's settings; with its key resolved unless nothing is going to be sent.

        Raises:
            NotFound: no such destination.
            ConfigError: the key's reference leads nowhere.
        """
        table = self._table(name)
        settings = table.settings
        key = secret(table.key_reference, table.place) if with_key else ""
        return msgspec.structs.replace(settings, account=msgspec.structs.replace(settings.account, key=key))

    def source(self, name: str) -> Source:
        """A configured source, opened.

        Raises:
            NotFound: no such source.
            ConfigError: its mapping is wrong.
        """
        if name not in self.settings.sources:
            known = ", ".join(sorted(self.settings.sources)) or "none"
            raise NotFound(f"no source is called {name!r}; there are: {known}")
        return open_source(parse(name, self.settings.sources[name]), folder=self.settings.folder)

    def _table(self, name: str) -> DestinationTable:
        if name not in self.settings.destinations:
            known = ", ".join(sorted(self.settings.destinations)) or "none"
            raise NotFound(f"no destination is called {name!r}; there are: {known}")
        return self.settings.destinations[name]


@contextmanager
def open_shop(folder: Path | str = ".", *, may_be_empty: bool = False) -> Iterator[Shop]:
    """Open the shop of a folder that holds `orderwire.toml`; the embedded ledger is made when missing.

    With `may_be_empty` an empty folder is a shop too, one that only its front door fills.

    Raises:
        ConfigError: the settings are wrong.
        StoreError: the ledger cannot be opened.
    """
    settings = load_or_empty(Path(folder)) if may_be_empty else load(Path(folder))
    ledger = open_ledger(settings.ledger)
    try:
        yield Shop(settings, ledger)
    finally:
        ledger.close()


def worker_name() -> str:
    """A name for leases, unique among running workers."""
    return f"{socket.gethostname()}:{os.getpid()}"
