"""Looking before anything is read for good: settings with their origin, rows beside what they are understood as."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from orderwire.app.settings import FILE, PASSWORD, DestinationTable, Settings, load
from orderwire.dialects import registry
from orderwire.dialects.contract import Window
from orderwire.errors import NotFound
from orderwire.sources import SourceKind, SourceMapping, open_source, parse
from orderwire.sources.api.looking import preview_shop
from orderwire.sources.inspect import Preview, preview
from orderwire.sources.opening import placed

_CAPABILITIES = frozenset({("alarms", "webhook")})
"""Settings that are no secret by name, but may hold one: chat systems give out addresses that need no key."""
_UNITS = {86400: "d", 3600: "h", 60: "min", 1: "s"}


class Setting(Struct, frozen=True, kw_only=True):
    """One setting in force, and where it comes from. Secrets are shown as their references."""

    key: str
    value: str
    origin: str


Row: TypeAlias = Preview
"""A row of a source beside the record it is understood as."""


def preview_source(folder: Path, name: str, entity: str, *, count: int = 10) -> tuple[Row, ...]:
    """Some rows of an entity beside the records they are understood as.

    Raises:
        NotFound: no such source or entity.
        ConfigError: the mapping is wrong.
        Unavailable: the source's database was not reached.
    """
    settings = load(folder)
    if name not in settings.sources:
        raise NotFound(f"no source is called {name!r}; there are: {', '.join(sorted(settings.sources)) or 'none'}")
    mapping = placed(parse(name, settings.sources[name]), folder)
    if mapping.kind is SourceKind.FILES:
        return _preview_files(mapping, entity, count)
    if mapping.kind is SourceKind.API:
        return _preview_shop(mapping, entity, count)
    return preview(mapping, entity, count=count)


def origins(folder: Path) -> list[Setting]:
    """Every setting in force with its origin.

    Raises:
        ConfigError: the settings are wrong.
    """
    settings = load(folder)
    raw = tomllib.loads((folder / FILE).read_text(encoding="utf-8"))
    found = list(_top(settings, raw))
    for name, table in settings.destinations.items():
        given = raw["destination"][name]
        found += [
            Setting(key=f"destination.{name}.{key}", value=_shown(value), origin=_origin(given, key))
            for key, value in _of_destination(table)
        ]
    for name, source in settings.sources.items():
        found += [
            Setting(key=key, value=_shown(value), origin=FILE) for key, value in _flat(f"source.{name}", source)
        ]
    return found


def _preview_shop(mapping: SourceMapping, entity: str, count: int) -> tuple[Row, ...]:
    source = open_source(mapping)
    try:
        return preview_shop(source, entity, count=count, now=datetime.now(UTC))
    finally:
        source.close()


def _preview_files(mapping: SourceMapping, entity: str, count: int) -> tuple[Row, ...]:
    source = open_source(mapping)
    if entity not in source.streams:
        raise NotFound(f"source.{mapping.name} has no {entity!r}; there are: {', '.join(source.streams)}")
    found: list[Preview] = []
    for page in source.pages({}, now=datetime.now(UTC)):
        if page.stream != entity:
            continue
        found += [
            Preview(row=msgspec.json.decode(one.raw), record=one.record, problem=None, ignored=())
            for one in page.records
        ]
        found += [Preview(row={}, record=None, problem=one.reason, ignored=()) for one in page.problems]
        if len(found) >= count:
            break
    return tuple(found[:count])


def _top(settings: Settings, raw: Mapping[str, Any]) -> Iterator[Setting]:
    for key in ("ledger", "workers", "poll_every", "lease", "request_timeout", "opt_outs_every"):
        origin = _origin(raw, key)
        if key == "ledger" and os.environ.get("ORDERWIRE_LEDGER"):
            origin = "environment ORDERWIRE_LEDGER"
        yield Setting(key=key, value=_shown(getattr(settings, key)), origin=origin)
    tables: dict[str, Struct] = {"server": settings.server, "alarms": settings.alarms}
    for name, table in tables.items():
        given = raw.get(name, {})
        for key, value in msgspec.structs.asdict(table).items():
            shown = _capability(value) if (name, key) in _CAPABILITIES else _shown(value)
            yield Setting(key=f"{name}.{key}", value=shown, origin=_origin(given, key))


def _capability(address: str) -> str:
    """An address that may be all that it takes to post there: without what comes after its host."""
    scheme, between, rest = address.partition("://")
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return _shown(f"{scheme}{between}{host}{'/…' if len(rest) > len(host) + 1 else ''}")


def _of_destination(table: DestinationTable) -> Iterator[tuple[str, object]]:
    settings, account = table.settings, table.settings.account
    yield from (("platform", settings.platform), ("key", table.key_reference), ("base_url", account.base_url))
    yield from (("account_id", account.account_id), ("knows_newsletter", account.knows_newsletter))
    yield from ((f"options.{name}", value) for name, value in account.options.items())
    for key in ("kinds", "sources", "stores", "since", "include_test_orders", "quiet_after", "quiet_after_browsing"):
        yield key, getattr(settings, key)
    yield from (("hold_unidentified", settings.hold_unidentified), ("on_unknown", settings.on_unknown))
    for budget in registry.dialect(settings.platform).profile.budgets:
        yield f"limits.{budget.name}", _rates(settings.budgets.get(budget.name), budget.windows)
    yield from (("reserve", settings.reserve), ("time_scale", settings.time_scale))


def _rates(own: tuple[tuple[int, float], ...] | None, windows: tuple[Window, ...]) -> str:
    rates = tuple((window.count, window.per) for window in windows) if own is None else own
    return " ".join(f"{count}/{_span(per)}" for count, per in rates) or "learn"


def _span(seconds: float) -> str:
    for length, unit in _UNITS.items():
        if seconds % length == 0:
            many = int(seconds // length)
            return unit if many == 1 else f"{many} {unit}"
    return f"{seconds:g} s"


def _origin(given: Mapping[str, Any], key: str) -> str:
    value: Any = given
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return "default"
        value = value[part]
    return FILE


def _flat(place: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{place}.{key}", inner)
    else:
        yield place, value


def _shown(value: object) -> str:
    match value:
        case None:
            return "all"
        case bool():
            return str(value).lower()
        case timedelta():
            return f"{value.total_seconds():.10g}s"
        case datetime():
            return value.isoformat()
        case frozenset() | list() | tuple():
            return ", ".join(sorted(map(str, value)))
    return PASSWORD.sub(r"\1:…@", str(value))
