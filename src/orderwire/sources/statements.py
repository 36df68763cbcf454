"""The SELECTs of one relation (a table or a query of the mapping), built with SQLAlchemy so that names are quoted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, bindparam, column, func, or_, select, table, text

from orderwire.sources.mapping import Child, Entity

IDS = "ids"
"""The parameter of a statement about given rows."""
MOST_IDS = 1_000
"""How many it is given at a time: databases bound the parameters of a statement."""


def escaped(query: str) -> str:
    """A query whose colons are colons, not SQLAlchemy's parameters."""
    return query.replace(":", r"\:")


def relation(place: Entity | Child, columns: Sequence[str]) -> FromClause:
    """Where an entity's or child's rows are, with these columns."""
    if place.query:
        return text(escaped(place.query)).columns(*(column(name) for name in columns)).subquery("mapped")
    schema, _, name = (place.table or "").rpartition(".")
    return table(name, *(column(each) for each in columns), schema=schema or None)


def _is_given(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a column is one of the `IDS`, which a statement must not hold: it would hold itself, and them."""
    return column.in_(bindparam(IDS, expanding=True))


class Relation:
    """Builds the reading statements of one entity or child.

    Args:
        place: the entity or child.
        columns: what to read, in order; the first is the id, or of a child its parent's id.
    """

    def __init__(self, place: Entity | Child, columns: Sequence[str]) -> None:
        self._from = relation(place, columns)
        self._columns = [self._from.c[name] for name in columns]
        self._first = self._columns[0]
        self._id: ColumnElement[Any] | None = self._from.c[place.id] if place.id else None
        self._clock: ColumnElement[Any] | None = self._from.c[place.changed_at] if place.changed_at else None

    def by_id(self, after: object, limit: int, *, before: object = None) -> Select[Any]:
        """The next rows by id; `before` leaves out what changed from that time on."""
        statement = select(*self._columns).where(self._id_is(after)).order_by(self._id).limit(limit)
        return statement if before is None else statement.where(self._unchanged_since(before))

    def by_clock(self, lower: object, upper: object, after: Sequence[object], limit: int) -> Select[Any]:
        """The next rows of the window `[lower, upper)` by (clock, id), after the cursor where one is given."""
        clock, own_id = self._clock, self._id
        if clock is None or own_id is None:
            raise TypeError("a relation without a clock cannot be followed")
        statement = select(*self._columns).where(clock < upper).order_by(clock, own_id).limit(limit)
        if not after:
            return statement.where(clock >= lower, own_id.is_not(None))
        return statement.where(clock >= after[0], or_(clock > after[0], own_id > after[1]))

    def of_ids(self) -> Select[Any]:
        """The rows with the `IDS` that are given when it is run."""
        if self._id is None:
            raise TypeError("a relation without an id cannot be looked up")
        return select(*self._columns).where(_is_given(self._id))

    def of_parents(self, *, before: object = None) -> Select[Any]:
        """The child rows of the parents given as `IDS`; `before` leaves out what changed from that time on."""
        # Rows without an id are numbered as they come, so they must always come in the same order.
        order = self._columns if self._id is None else [self._first, self._id]
        statement = select(*self._columns).where(_is_given(self._first)).order_by(*order)
        return statement if before is None else statement.where(self._unchanged_since(before))

    def latest(self, limit: int) -> Select[Any]:
        """The rows with the greatest clocks, or else ids."""
        return (
            select(*self._columns).order_by((self._first if self._clock is None else self._clock).desc()).limit(limit)
        )

    def newest_clock(self) -> Select[Any]:
        """The newest value of the time column, to learn its form."""
        return select(func.max(self._clock))

    def count(self) -> Select[Any]:
        """How many rows there are."""
        return select(func.count()).select_from(self._from)

    def _id_is(self, after: object) -> ColumnElement[bool]:
        if self._id is None:
            raise TypeError("a relation without an id cannot be paged")
        return self._id.is_not(None) if after is None else self._id > after

    def _unchanged_since(self, before: object) -> ColumnElement[bool]:
        if self._clock is None:
            raise TypeError("a relation without a clock has no changes")
        return or_(self._clock.is_(None), self._clock < before)
