"""Checks the values that a mapping itself holds: constants, and what value maps lead to."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from orderwire.errors import ConfigError
from orderwire.sources.decode import MISFITS, Unreadable
from orderwire.sources.faults import Faults
from orderwire.sources.fields import Sort
from orderwire.sources.mapping import Child, Entity, FieldRule, SourceMapping
from orderwire.sources.plans import Columns, Readers, step_of


def add_bad_values(faults: Faults, mapping: SourceMapping) -> None:
    """Add a fault for every constant and map value that its field cannot take."""
    readers = Readers.of(mapping)
    for entity in mapping.entities.values():
        _add(faults, entity, readers)


def _add(faults: Faults, place: Entity | Child, readers: Readers) -> None:
    for path, rule in place.fields.items():
        where = f"{place.path}.fields.{path}"
        if rule.column is None:
            _try(faults, f"{where}.value", place.path, path, rule, readers)
        for key, value in (rule.map or _NOTHING).items():
            constant = replace(rule, column=None, map=None, value=value)
            _try(faults, f"{where}.map.{key}", place.path, path, constant, readers)
    for child in place.children.values():
        _add(faults, child, readers)


_NOTHING: Mapping[str, object] = {}


def _try(faults: Faults, where: str, place: str, path: str, rule: FieldRule, readers: Readers) -> None:
    step = step_of(place, path, rule, Columns("id"), readers)
    currency = (readers.currency or "EUR",) if step.sort in (Sort.MONEY, Sort.PRICE) else ()
    try:
        step.decode(None, *currency)
    except Unreadable as error:
        faults.add(where, f"{error.problem}.")
    except MISFITS:
        faults.add(where, f"is not {step.sort}.")
    except ConfigError as error:
        faults.found.append(error)
