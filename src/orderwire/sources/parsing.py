"""Reads a `[source.<name>]` table into a checked mapping, collecting every fault before it complains."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orderwire.dialects.connector_registry import connector_names
from orderwire.sources.api.settings import parse_api
from orderwire.sources.constants import add_bad_values
from orderwire.sources.entity_parsing import parse_entity
from orderwire.sources.faults import Faults, did_you_mean
from orderwire.sources.fields import ENTITIES
from orderwire.sources.mapping import Entity, MappingFaults, MoneyUnit, SourceKind, SourceMapping, undecided

_URL = re.compile(r"[\w+]+://(?:[^:/]*(?P<password>:[^@]*)?@)?")
"""The beginning of a database URL, as SQLAlchemy reads it when a source is opened."""
_TEXTS = ("kind", "url", "folder", "time_zone", "currency", "money", "encoding")
_NUMBERS = {"safety_lag": 0, "overlap": 0, "reread_after": 0, "page": 1}
"""Whole numbers and the smallest value each may have."""


def parse(
    name: str, table: Mapping[str, object], *, file: str = "orderwire.toml", may_be_undecided: bool = False
) -> SourceMapping:
    """Check a `[source.<name>]` table and make it a mapping.

    Args:
        name: the source's name.
        table: the table as the TOML parser gives it.
        file: how faults name the file.
        may_be_undecided: let statuses pass that still need a choice, so that their rows can be counted first.

    Raises:
        MappingFaults: with every fault, each naming its place and what to do.
    """
    faults = Faults(f"{file}: source.{name}")
    if table.get("kind") in connector_names():
        return _shop(name, table, faults)
    faults.check_keys("", table, (*_TEXTS, *_NUMBERS, "knows_newsletter", *ENTITIES))
    texts = {key: value for key in _TEXTS if (value := faults.text("", table, key)) is not None}
    given = {key: faults.whole("", table, key, least) for key, least in _NUMBERS.items()}
    numbers: dict[str, Any] = {key: number for key, number in given.items() if number is not None}
    kinds = (SourceKind.SQL, SourceKind.FILES, *connector_names())
    kind = SourceKind(_choice(faults, texts.pop("kind", ""), "kind", kinds) or SourceKind.SQL)
    money = MoneyUnit(_choice(faults, texts.pop("money", "major"), "money", tuple(MoneyUnit)) or MoneyUnit.MAJOR)
    knows_newsletter = faults.flag("", table, "knows_newsletter", default=True)
    entities = _entities(faults, table, kind)
    _check_texts(faults, texts, kind)
    if not may_be_undecided:
        for entity in entities.values():
            add_undecided(faults, entity)
    _raise_any(faults, name)
    mapping = SourceMapping(
        name=name,
        kind=kind,
        url=texts.get("url", ""),
        folder=texts.get("folder", ""),
        time_zone=texts.get("time_zone"),
        currency=texts.get("currency"),
        encoding=texts.get("encoding", "utf-8"),
        money=money,
        knows_newsletter=knows_newsletter,
        entities=entities,
        **numbers,
    )
    add_bad_values(faults, mapping)
    _raise_any(faults, name)
    return mapping


def _shop(name: str, table: Mapping[str, object], faults: Faults) -> SourceMapping:
    """The table of a shop product: nothing is mapped, its connector knows what everything means."""
    api = parse_api(faults, table)
    _raise_any(faults, name)
    return SourceMapping(
        name=name,
        kind=SourceKind.API,
        url=api.url,
        knows_newsletter=bool(table.get("knows_newsletter", True)),
        safety_lag=api.safety_lag,
        overlap=api.overlap,
        reread_after=api.reread_after,
        api=api,
    )


def _raise_any(faults: Faults, name: str) -> None:
    if faults.found:
        raise MappingFaults(name, tuple(faults.found))


def add_undecided(faults: Faults, entity: Entity, counts: Mapping[str, int] | None = None) -> None:
    """Add a fault for every status of the entity that still needs its choice.

    Args:
        faults: where to add.
        entity: the entity.
        counts: how many rows have each status; None where nobody has counted.
    """
    for choice in undecided(entity):
        count = None if counts is None else counts.get(choice.status, 0)
        rows = "" if count is None else f"{count:,} {'row' if count == 1 else 'rows'} "
        faults.add(
            f"{entity.path}.status.map.{choice.status}",
            f"says `{choice.happening}`, but no column tells when.",
            f"Map `{choice.happening}_at` to a column, or choose: "
            f'occurred_at = "{entity.changed_at or "<column>"}" ({rows}told with an approximate time, never sent '
            f'live) or occurred_at = "skip" ({rows}not told).',
        )


def _choice(faults: Faults, value: str, key: str, known: tuple[str, ...]) -> str:
    if value in known:
        return value
    faults.add(key, f"must be one of: {', '.join(known)}." if value else "is missing.", did_you_mean(value, known))
    return ""


def _entities(faults: Faults, table: Mapping[str, object], kind: SourceKind) -> dict[str, Entity]:
    found: dict[str, Entity] = {}
    for path in ENTITIES:
        if path in table and (given := faults.table("", table, path)):
            entity = parse_entity(faults, path, given, kind)
            if entity is not None:
                found[path] = entity
    if not any(path in table for path in ENTITIES):
        faults.add("", "maps nothing.", f"Add at least one of: {', '.join(ENTITIES)}.")
    return found


def _check_texts(faults: Faults, texts: Mapping[str, str], kind: SourceKind) -> None:
    needed, other = ("url", "folder") if kind is SourceKind.SQL else ("folder", "url")
    if needed not in texts:
        faults.add(needed, "is missing.", f'A source of kind "{kind}" needs it.')
    if other in texts:
        faults.add(other, f'means nothing for a source of kind "{kind}".', "Remove it.")
    if "url" in texts:
        _check_url(faults, texts["url"])
    if zone := texts.get("time_zone"):
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            faults.add("time_zone", "is not a time zone.", 'Write an IANA name such as "Europe/London".')
    if not re.fullmatch("[A-Z]{3}", texts.get("currency", "EUR")):
        faults.add("currency", "is not a currency code.", 'Write ISO 4217 letters such as "GBP".')
    try:
        codecs.lookup(texts.get("encoding", "utf-8"))
    except LookupError:
        faults.add("encoding", "is not a known text encoding.", 'Write a name such as "utf-8" or "cp1252".')


def _check_url(faults: Faults, url: str) -> None:
    if url.startswith(("env:", "file:")) or "://" not in url:
        return
    begins = _URL.match(url)
    if begins is None:
        faults.add("url", "is not a database URL.", "Write it like postgresql://user@host/database.")
    elif begins["password"] is not None:
        faults.add("url", "holds a password.", 'Put the URL elsewhere and refer to it: "env:NAME" or "file:PATH".')
