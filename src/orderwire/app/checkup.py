"""Whether the settings fit what is there: every mapping against its tables or files, every destination's table.

Nothing is read for good and no platform is reached; `doctor` does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import msgspec
from msgspec import Struct

from orderwire.app.settings import DestinationTable, Settings, load, secret
from orderwire.dialects import registry
from orderwire.errors import ConfigError
from orderwire.model import Kind, kind_of
from orderwire.sources import MappingFaults, SourceKind, SourceMapping, open_source, parse
from orderwire.sources.api.looking import check_shop
from orderwire.sources.inspect import EntityCheck, check
from orderwire.sources.mapping import SKIP, Entity, Statuses, has_own_time
from orderwire.sources.opening import placed

TableCheck: TypeAlias = EntityCheck


class StatusChoice(Struct, frozen=True, kw_only=True):
    """A status that says something happened while no column of its own says when: what each choice would give."""

    entity: str
    status: str
    kind: str
    """The fact it is about, such as `order.delivered`."""
    chosen: str
    """The stand-in column or `skip`; empty while it is undecided."""
    happening: str
    facts: Mapping[str, int]
    """By choice, how many facts it gives of today's rows; those of a stand-in column are approximate, never news."""


class SourceCheck(Struct, frozen=True, kw_only=True):
    """What a check of one source found: its entities with their counts, or every fault of its mapping."""

    source: str
    entities: tuple[EntityCheck, ...] = ()
    choices: tuple[StatusChoice, ...] = ()
    faults: tuple[str, ...] = ()


class DestinationCheck(Struct, frozen=True, kw_only=True):
    """What a check of one destination's table found, without reaching the platform."""

    destination: str
    platform: str
    base_url: str
    key: str
    """The reference."""
    kinds: tuple[str, ...] = ()
    """Those chosen; empty for all."""
    options: Mapping[str, str | bool | int] = {}
    """Those in force."""
    notes: tuple[str, ...] = ()
    """What is no fault, and may not be meant."""
    faults: tuple[str, ...] = ()


class Checkup(Struct, frozen=True, kw_only=True):
    """Everything that was checked."""

    sources: tuple[SourceCheck, ...] = ()
    destinations: tuple[DestinationCheck, ...] = ()

    @property
    def fault_count(self) -> int:
        """How many things are wrong."""
        return len(self.faults)

    @property
    def faults(self) -> tuple[str, ...]:
        """Everything that is wrong, sources first."""
        of_sources = [fault for one in self.sources for fault in one.faults]
        return (*of_sources, *(fault for one in self.destinations for fault in one.faults))


def check_settings(folder: Path) -> Checkup:
    """Check the settings, every mapping against the tables or files it speaks of, and every destination.

    Raises:
        ConfigError: the file itself is wrong; all problems at once.
        Unavailable: a source's database was not reached.
    """
    settings = load(folder)
    return Checkup(
        sources=tuple(_source(settings, name) for name in settings.sources),
        destinations=tuple(_destination(settings, name, table) for name, table in settings.destinations.items()),
    )


def _source(settings: Settings, name: str) -> SourceCheck:
    try:
        mapping = placed(parse(name, settings.sources[name], may_be_undecided=True), settings.folder)
        if mapping.kind is SourceKind.FILES:
            parse(name, settings.sources[name])
            return SourceCheck(source=name, entities=_count_files(mapping))
        if mapping.kind is SourceKind.API:
            return SourceCheck(source=name, entities=_look_at_shop(mapping))
        return _database(mapping)
    except MappingFaults as error:
        return SourceCheck(source=name, faults=tuple(str(fault) for fault in error.faults))
    except ConfigError as error:
        return SourceCheck(source=name, faults=(str(error),))


def _look_at_shop(mapping: SourceMapping) -> tuple[EntityCheck, ...]:
    """Reach the shop with its credentials, and count what it has."""
    source = open_source(mapping)
    try:
        return check_shop(source)
    finally:
        source.close()


def _database(mapping: SourceMapping) -> SourceCheck:
    """The faults of a mapping; its rows are counted as well when nothing is wrong but a choice that is missing."""
    decided = _with_choices(mapping)
    faults: tuple[ConfigError, ...] = ()
    try:
        entities = check(mapping)
    except MappingFaults as error:
        if decided == mapping:
            raise
        entities, faults = check(decided), error.faults
    choices = tuple(choice for entity in entities for choice in _choices(mapping.entities[entity.path], entity))
    return SourceCheck(
        source=mapping.name, entities=entities, choices=choices, faults=tuple(str(fault) for fault in faults)
    )


def _with_choices(mapping: SourceMapping) -> SourceMapping:
    """The mapping with every status that still needs its choice left out."""
    entities = {
        path: entity
        if entity.status is None
        else msgspec.structs.replace(entity, status=_skipping(entity, entity.status))
        for path, entity in mapping.entities.items()
    }
    return msgspec.structs.replace(mapping, entities=entities)


def _skipping(entity: Entity, statuses: Statuses) -> Statuses:
    rules = {
        status: msgspec.structs.replace(rule, occurred_at=SKIP)
        if rule.occurred_at is None and not has_own_time(entity, rule.happening)
        else rule
        for status, rule in statuses.rules.items()
    }
    return msgspec.structs.replace(statuses, rules=rules)


def _choices(entity: Entity, found: EntityCheck) -> list[StatusChoice]:
    if entity.status is None:
        return []
    rows = {one.status: one.rows for one in found.statuses}
    choices = []
    for status, rule in entity.status.rules.items():
        if has_own_time(entity, rule.happening):
            continue
        count, chosen = rows.get(status, 0), rule.occurred_at or ""
        stand_in = chosen if chosen not in ("", SKIP) else entity.changed_at or "<column>"
        choices.append(
            StatusChoice(
                entity=entity.path,
                status=status,
                kind=f"order.{rule.happening}",
                happening=rule.happening,
                chosen=chosen,
                facts={stand_in: count, SKIP: 0},
            )
        )
    return choices


def _count_files(mapping: SourceMapping) -> tuple[EntityCheck, ...]:
    """Read all files through the mapping and count what is understood."""
    source = open_source(mapping)
    rows: dict[str, int] = dict.fromkeys(source.streams, 0)
    warnings: dict[str, list[str]] = {stream: [] for stream in source.streams}
    for page in source.pages({}, now=datetime.now(UTC)):
        rows[page.stream] += len(page.records)
        warnings[page.stream] += [str(problem.reason) for problem in page.problems]
    return tuple(
        EntityCheck(path=stream, rows=count, ignored=(), warnings=tuple(warnings[stream][:10]))
        for stream, count in rows.items()
    )


def _destination(settings: Settings, name: str, table: DestinationTable) -> DestinationCheck:
    given = table.settings
    profile = registry.dialect(given.platform).profile
    place = f"destination.{name}"
    faults = []
    try:
        secret(table.key_reference, table.place)
    except ConfigError as error:
        faults.append(str(error))
    for source in sorted(given.sources or ()):
        if source not in settings.sources:
            known = ", ".join(sorted(settings.sources)) or "none"
            faults.append(f"{place}.sources: no source is called {source!r}. There are: {known}.")
    kinds = tuple(sorted(given.kinds or ()))
    notes = []
    for kind in kinds:
        capability = profile.capabilities.get(_listed(kind))
        if capability is None or not capability.routes:
            why = f": {capability.note}" if capability and capability.note else ""
            notes.append(f"{place}.kinds: {profile.title} cannot be told of {kind}{why}")
    if profile.base_url and given.account.base_url != profile.base_url:
        notes.append(f"{place}.base_url: not {profile.title} itself, which is at {profile.base_url}")
    return DestinationCheck(
        destination=name,
        platform=given.platform,
        base_url=given.account.base_url,
        key=table.key_reference,
        kinds=kinds,
        options=given.account.options,
        notes=tuple(notes),
        faults=tuple(faults),
    )


def _listed(kind: str) -> Kind:
    return Kind.CUSTOM if kind == Kind.CUSTOM.value else kind_of(kind)
