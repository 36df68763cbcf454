"""Looks at a database before anything is read for good: checks a mapping, and shows how rows are understood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec import Struct
from sqlalchemy import func, select

from orderwire.errors import InvalidRecord, NotFound
from orderwire.model import Record
from orderwire.sources import address
from orderwire.sources.columns import mentioned, status_counts, verify
from orderwire.sources.contract import Undecoded
from orderwire.sources.mapping import SKIP, Entity, SourceMapping, has_own_time
from orderwire.sources.session import Session
from orderwire.sources.statements import Relation, relation
from orderwire.sources.table_reader import TableReader


class StatusCount(Struct, frozen=True, kw_only=True):
    """What becomes of the orders with one status."""

    status: str
    rows: int
    happening: str
    """Empty: the map does not know the status, and these orders are refused."""
    when: str
    """`own time`, the stand-in column and that it is approximate, or `not told`."""


class EntityCheck(Struct, frozen=True, kw_only=True):
    """What a check found out about one entity."""

    path: str
    rows: int
    ignored: tuple[str, ...]
    """Columns that no field reads."""
    statuses: tuple[StatusCount, ...] = ()
    warnings: tuple[str, ...] = ()


class Preview(Struct, frozen=True, kw_only=True):
    """One row as it is there and as it is understood: a record, or the problem with it."""

    row: Mapping[str, Any]
    record: Record | None
    problem: InvalidRecord | None
    ignored: tuple[str, ...]


def check(mapping: SourceMapping, *, environment: Mapping[str, str] | None = None) -> tuple[EntityCheck, ...]:
    """Connect, compare the mapping with what is there, and count.

    Raises:
        MappingFaults: what is missing, and each status that needs its choice, with the rows it is about.
        Unavailable: the database was not reached.
    """
    with _session(mapping, environment) as session:
        columns = verify(mapping, session)
        return tuple(_checked(entity, session, columns[path]) for path, entity in mapping.entities.items())


def preview(
    mapping: SourceMapping, path: str, *, count: int = 10, environment: Mapping[str, str] | None = None
) -> tuple[Preview, ...]:
    """The last rows of an entity beside the records they are understood as.

    Raises:
        NotFound: the mapping has no such entity.
        MappingFaults: the mapping does not fit what is there.
    """
    if path not in mapping.entities:
        raise NotFound(f"source.{mapping.name} has no {path!r}; there are: {', '.join(mapping.entities)}")
    with _session(mapping, environment) as session:
        columns = verify(mapping, session)[path]
        entity = mapping.entities[path]
        reader = TableReader(mapping, entity, session)
        source = Relation(entity, columns)
        whole = [dict(zip(columns, row, strict=True)) for row in session.rows(source.latest(count), place=path)]
        understood = reader.understood([tuple(row[name] for name in reader.records.columns) for row in whole])
        ignored = _ignored(entity, columns)
        return tuple(
            Preview(
                row=row,
                record=None if isinstance(result, Undecoded) else result.record,
                problem=result.reason if isinstance(result, Undecoded) else None,
                ignored=ignored,
            )
            for row, result in zip(whole, understood, strict=True)
        )


@contextmanager
def _session(mapping: SourceMapping, environment: Mapping[str, str] | None) -> Iterator[Session]:
    place = f"source.{mapping.name}"
    session = Session(address.engine(mapping.url, place=f"{place}.url", environment=environment), place=place)
    try:
        yield session
    finally:
        session.close()


def _told(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _checked(entity: Entity, session: Session, columns: Sequence[str]) -> EntityCheck:
    source = relation(entity, columns)
    rows: int = session.scalar(select(func.count()).select_from(source), place=entity.path)
    own_id = source.c[entity.id]
    different: int = session.scalar(select(func.count(own_id.distinct())), place=entity.path)
    warnings = []
    if different != rows:
        told = _told(rows - different, "row shares its", "rows share their")
        warnings.append(f"{told} {entity.id} with another row, or lack it.")
    if entity.changed_at is None:
        warnings.append("no changed_at: all rows are read again each time.")
    else:
        clock = source.c[entity.changed_at]
        timeless: int = session.scalar(select(func.count()).where(clock.is_(None)), place=entity.path)
        if timeless:
            warnings.append(
                f"{_told(timeless, 'row has', 'rows have')} no {entity.changed_at}: later changes are not seen."
            )
    return EntityCheck(
        path=entity.path,
        rows=rows,
        ignored=_ignored(entity, columns),
        statuses=_statuses(entity, session),
        warnings=tuple(warnings),
    )


def _ignored(entity: Entity, columns: Sequence[str]) -> tuple[str, ...]:
    used = {column for _, column in mentioned(entity)}
    return tuple(column for column in columns if column not in used)


def _statuses(entity: Entity, session: Session) -> tuple[StatusCount, ...]:
    counts = status_counts(entity, session)
    return tuple(_status(entity, status, rows) for status, rows in sorted(counts.items(), key=lambda item: -item[1]))


def _status(entity: Entity, status: str, rows: int) -> StatusCount:
    rule = entity.status.rules.get(status) if entity.status else None
    if rule is None:
        return StatusCount(status=status, rows=rows, happening="", when="refused: the map does not know it")
    if has_own_time(entity, rule.happening):
        when = "own time"
    elif rule.occurred_at == SKIP:
        when = "not told"
    else:
        when = f"{rule.occurred_at} (approximate, never sent live)"
    return StatusCount(status=status, rows=rows, happening=rule.happening, when=when)
