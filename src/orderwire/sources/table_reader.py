"""Reads rows of one entity with the rows of its children, and makes pages of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from orderwire.errors import ConfigError, InvalidRecord
from orderwire.model import Cart, Order
from orderwire.sources import clocks
from orderwire.sources.children import MISMATCH, ChildReader, Row
from orderwire.sources.contract import Decoded, Page, Undecoded
from orderwire.sources.mapping import Child, Entity, SourceMapping
from orderwire.sources.records import RecordReader, grouped
from orderwire.sources.session import Session
from orderwire.sources.statements import Relation

WITH_MOMENTS_OF_THEIR_OWN = frozenset({"orders.refunds", "orders.shipments"})
"""Children that are happenings: those newer than the import's start are left to their own clock, as news."""


class TimeColumn:
    """The `changed_at` column of a relation: the bounds of a window in the form its values have."""

    def __init__(self, place: Entity | Child, relation: Relation, session: Session, mapping: SourceMapping) -> None:
        self._relation = relation
        self._session = session
        self._zone = mapping.zone
        self._path = place.path
        self._place = f"source.{mapping.name}.{place.path}.changed_at"
        self._sample: object = None

    def bounds(self, since: datetime, to: datetime) -> tuple[object, object] | None:
        """The window `[since, to)` as values of the column; None while it holds no value at all."""
        if self._sample is None:
            self._sample = self._session.scalar(self._relation.newest_clock(), place=self._path)
        if self._sample is None:
            return None
        zone, place, sample = self._zone, self._place, self._sample
        return (
            clocks.lower(since, to, sample=sample, zone=zone, place=place),
            clocks.upper(since, to, sample=sample, zone=zone, place=place),
        )


class Followed(NamedTuple):
    """What a stream follows by its clock: an entity, or a child whose parents are read again."""

    path: str
    relation: Relation
    clock: TimeColumn
    clock_at: int
    id_at: int
    is_child: bool = False


class TableReader:
    """One entity in a database: its relation, those of its children, and the reader of their rows."""

    def __init__(self, mapping: SourceMapping, entity: Entity, session: Session) -> None:
        self.entity = entity
        self.records = RecordReader(mapping, entity)
        self.relation = Relation(entity, self.records.columns)
        self.clock = TimeColumn(entity, self.relation, session, mapping) if entity.changed_at else None
        self._session = session
        self._place = f"source.{mapping.name}"
        self.children = {path: Relation(reader.child, reader.columns) for path, reader in self.records.apart.items()}
        self.child_clocks = {
            path: TimeColumn(reader.child, self.children[path], session, mapping)
            for path, reader in self.records.apart.items()
            if reader.child.changed_at
        }

    def rows(self, statement: Any) -> list[Row]:
        """Rows of the entity's own relation."""
        return list(self._session.rows(statement, place=self.entity.path))

    def followed(self, path: str | None = None) -> Followed:
        """What a stream follows: the entity itself, or the child at `path`."""
        if path is None and self.clock is not None and self.records.clock_at is not None:
            return Followed(self.entity.path, self.relation, self.clock, self.records.clock_at, 0)
        reader = self.records.apart[path or ""]
        if reader.clock_at is None or reader.id_at is None:
            raise TypeError("a child without a clock cannot be followed")
        clock = self.child_clocks[reader.path]
        return Followed(reader.path, self.children[reader.path], clock, reader.clock_at, reader.id_at, is_child=True)

    def parents_of(self, children: Sequence[Row]) -> list[Row]:
        """The rows of the parents of these child rows, each once."""
        ids = list(dict.fromkeys(row[0] for row in children if row[0] is not None))
        return list(self._session.rows_of(self.relation.of_ids(), ids, place=self.entity.path)) if ids else []

    def whole_page(
        self, rows: list[Row], limit: int, *, key: tuple[int, ...], path: str = ""
    ) -> tuple[list[Row], bool]:
        """The first `limit` rows, and whether there are more; refuses an id that does not tell rows apart.

        Args:
            rows: one row more than the page, where there are that many.
            limit: the size of the page.
            key: where the cursor's columns are.
            path: the entity or child they are of.
        """
        if len(rows) <= limit:
            return rows, False
        if all(rows[limit][place] == rows[limit - 1][place] for place in key):
            raise ConfigError(
                f"{self._place}.{path or self.entity.path}.id",
                "does not tell the rows apart: two rows have the same.",
                "Name a column that is unique, or group the rows in a query.",
            )
        return rows[:limit], True

    def page(
        self,
        stream: str,
        rows: Sequence[Row],
        position: bytes,
        *,
        is_import: bool = False,
        began: datetime | None = None,
        total_hint: int | None = None,
    ) -> Page:
        """Decode rows, fetching their children; bad rows become problems of the page."""
        understood = self.understood(rows, began)
        records = [result for result in understood if isinstance(result, Decoded)]
        return Page(
            stream=stream,
            records=tuple(records),
            position=position,
            is_import=is_import,
            problems=tuple(result for result in understood if isinstance(result, Undecoded)),
            mismatch_count=mismatches(records),
            total_hint=total_hint,
        )

    def understood(self, rows: Sequence[Row], began: datetime | None = None) -> list[Decoded | Undecoded]:
        """What each row is understood as, its children fetched: a record, or the problem with it."""
        lookups = self._lookups(rows, began)
        results: list[Decoded | Undecoded] = []
        for row in rows:
            try:
                results.append(self.records.decoded(row, lookups))
            except InvalidRecord as problem:
                results.append(self.records.undecoded(row, lookups, problem))
        return results

    def _lookups(self, rows: Sequence[Row], began: datetime | None) -> dict[str, Mapping[str, Sequence[Row]]]:
        found: dict[str, Mapping[str, Sequence[Row]]] = {}
        own_ids = [row[0] for row in rows if row[0] is not None]
        self._add_children(found, self.records.children.values(), own_ids, began)
        return found

    def _add_children(
        self,
        found: dict[str, Mapping[str, Sequence[Row]]],
        readers: Iterable[ChildReader],
        parents: Sequence[object],
        began: datetime | None,
    ) -> None:
        for reader in readers:
            if reader.child.column or not parents:
                continue
            before = self._before(reader.path, began)
            statement = self.children[reader.path].of_parents(before=before)
            rows = self._session.rows_of(statement, parents, place=reader.path)
            found[reader.path] = grouped(rows)
            if reader.nested:
                own_at = reader.id_at or 0
                self._add_children(found, reader.nested.values(), [row[own_at] for row in rows], began)

    def _before(self, path: str, began: datetime | None) -> object:
        if began is None or path not in WITH_MOMENTS_OF_THEIR_OWN or path not in self.child_clocks:
            return None
        bounds = self.child_clocks[path].bounds(began, began)
        return None if bounds is None else bounds[1]


def mismatches(records: Iterable[Decoded]) -> int:
    """How many orders and carts have figures that do not add up."""
    return sum(
        1 for decoded in records if isinstance(decoded.record, Order | Cart) and MISMATCH in decoded.record.properties
    )
