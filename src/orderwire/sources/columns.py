"""Checks a mapping against the tables and columns that are really there, and counts undecided statuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import func, select

from orderwire.errors import ConfigError
from orderwire.sources.faults import Faults, did_you_mean
from orderwire.sources.mapping import SKIP, Child, Entity, MappingFaults, SourceMapping, undecided
from orderwire.sources.parsing import add_undecided
from orderwire.sources.session import Session
from orderwire.sources.statements import relation


def verify(mapping: SourceMapping, session: Session) -> dict[str, tuple[str, ...]]:
    """The columns of every mapped table and query, by the path of entity or child.

    Raises:
        MappingFaults: with every missing table and column, and every status that needs its choice.
    """
    session.reach()
    faults = Faults(f"source.{mapping.name}")
    found: dict[str, tuple[str, ...]] = {}
    for entity in mapping.entities.values():
        for place in relations_of(entity):
            try:
                found[place.path] = session.column_names(place)
            except ConfigError as fault:
                faults.found.append(fault)
                continue
            for key, column in mentioned(place):
                if column not in found[place.path]:
                    faults.add(
                        f"{place.path}.{key}",
                        f'there is no column "{column}".',
                        did_you_mean(column, found[place.path]),
                    )
    if not faults.found:
        for entity in mapping.entities.values():
            if undecided(entity):
                add_undecided(faults, entity, status_counts(entity, session))
    if faults.found:
        raise MappingFaults(mapping.name, tuple(faults.found))
    return found


def relations_of(place: Entity | Child) -> Iterator[Entity | Child]:
    """The entity and all its children that have a table or query of their own."""
    if place.table or place.query:
        yield place
    for child in place.children.values():
        yield from relations_of(child)


def mentioned(place: Entity | Child) -> Iterator[tuple[str, str]]:
    """Every column that an entity or child names in its own table, with the key that names it."""
    for key in ("id", "parent", "changed_at"):
        if column := getattr(place, key, None):
            yield key, column
    for name, rule in place.fields.items():
        if rule.column:
            yield f"fields.{name}", rule.column
    for column in place.keep:
        yield "keep", column
    for name, child in place.children.items():
        if child.column:
            yield f"{name}.column", child.column
    if isinstance(place, Entity) and place.status:
        yield "status.column", place.status.column
        for status, choice in place.status.rules.items():
            if choice.occurred_at and choice.occurred_at != SKIP:
                yield f"status.map.{status}.occurred_at", choice.occurred_at


def status_counts(entity: Entity, session: Session) -> Mapping[str, int]:
    """How many rows have each status, by the status's text."""
    if entity.status is None:
        return {}
    source = relation(entity, (entity.status.column,))
    column = source.c[entity.status.column]
    rows = session.rows(select(column, func.count()).group_by(column), place=entity.path)
    return {str(status): count for status, count in rows if status is not None}
