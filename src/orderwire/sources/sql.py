"""A shop's own SQL database as a source: SQLite, PostgreSQL, MariaDB or MySQL, only ever read.

Each entity is a stream; so is each child with a clock of its own, because a refund or shipment often moves without
its order: its parent is read again. The stages of a stream are told in `positions`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from orderwire.errors import NotFound
from orderwire.sources import address
from orderwire.sources.columns import verify
from orderwire.sources.contract import Decoded, Page
from orderwire.sources.fields import ENTITIES
from orderwire.sources.mapping import SourceMapping
from orderwire.sources.session import Session
from orderwire.sources.streams import Pace, child_pages, entity_pages
from orderwire.sources.table_reader import TableReader


class SqlSource:
    """A database read through a mapping. Belongs to one thread."""

    def __init__(self, mapping: SourceMapping, *, environment: Mapping[str, str] | None = None) -> None:
        self._mapping = mapping
        place = f"source.{mapping.name}"
        self._session = Session(
            address.engine(mapping.url, place=f"{place}.url", environment=environment), place=place
        )
        self._readers = {
            path: TableReader(mapping, mapping.entities[path], self._session)
            for path in ENTITIES
            if path in mapping.entities
        }
        self._is_verified = False

    @property
    def name(self) -> str:
        """The name in the settings."""
        return self._mapping.name

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams in the order they are read."""
        return tuple(stream for path, reader in self._readers.items() for stream in (path, *reader.child_clocks))

    def pages(self, positions: Mapping[str, bytes], *, now: datetime) -> Iterator[Page]:
        """Everything since these positions up to `now` less the safety lag; ends when caught up.

        Raises:
            MappingFaults: tables or columns are missing, or a status needs its choice.
            Unavailable: the database was not reached, or the connection was lost.
        """
        if not self._is_verified:
            verify(self._mapping, self._session)
            self._is_verified = True
        reached = dict(positions)
        pace = Pace(self._mapping, now)
        for path, reader in self._readers.items():
            for page in entity_pages(reader, self._session, reached.get(path), pace):
                reached[path] = page.position
                yield page
            for child in reader.child_clocks:
                yield from child_pages(reader, child, self._session, reached, pace)

    def reread(self, stream: str, raw: bytes) -> Decoded:
        """Read a kept record again with the mapping of today.

        Raises:
            NotFound: the mapping has no such stream any more.
            InvalidRecord: today's mapping cannot understand it.
        """
        path = stream.partition(".")[0]
        if path not in self._readers:
            raise NotFound(f"source.{self.name} has no stream {stream!r}; there are: {', '.join(self.streams)}")
        return self._readers[path].records.reread(raw)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()
