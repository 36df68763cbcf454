"""Ordergroove's lists: filtered, and paged by cursor, or by number in the old way.

Stricter than the real thing in one point: a filter that is not known is refused rather than ignored.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlencode

from orderwire.sandbox.kit import Answer, Call
from orderwire.sandbox.ordergroove.programme import ZONE

DEFAULT, MOST = 10, 100
_PAGING = frozenset({"page_size", "page", "cursor", "ordering"})


@dataclass(frozen=True)
class Entry:
    """One thing of a list: its place in it, what filters look at, and how it is shown."""

    id: str
    created: datetime
    fields: Mapping[str, Any]
    show: Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Filters:
    """What a list can be filtered by: plain values, and moments with `_start` and `_end`.

    `days` take a day only, `moments` a day or a time behind a `T`. What `idle` names is taken and leaves nothing out,
    because nothing here is of the sort that it is about. `orderings` are what a numbered list can be sorted by.
    """

    values: frozenset[str]
    days: frozenset[str] = frozenset()
    moments: frozenset[str] = frozenset()
    idle: frozenset[str] = frozenset()
    orderings: frozenset[str] = frozenset()


class Bad(Exception):
    """A parameter that is not taken, by its name."""


def listed(entries: Sequence[Entry], call: Call, filters: Filters, base: str) -> Answer:
    """A page of a list, or why there is none."""
    try:
        found = _sorted(_filtered(entries, call.query, filters), call, filters)
        size = min(int(call.query.get("page_size", DEFAULT)), MOST)
        number = int(call.query.get("page", 1))
        if size < 1:
            raise Bad("page_size")
    except Bad as error:
        return Answer(400, {str(error): ["Enter a valid value."]})
    except ValueError:
        return Answer(400, {"page_size": ["A valid integer is required."]})
    if call.headers.get("x-og-api-version") == "2":
        return _by_cursor(found, call, size, base)
    start = (number - 1) * size
    if start and start >= len(found):
        return Answer(404, {"detail": "Invalid page."})
    following = _link(call, base, page=str(number + 1)) if start + size < len(found) else None
    before = _link(call, base, page=str(number - 1)) if number > 1 else None
    results = [one.show() for one in found[start : start + size]]
    return Answer(200, {"count": len(found), "next": following, "previous": before, "results": results})


def _by_cursor(found: Sequence[Entry], call: Call, size: int, base: str) -> Answer:
    rest = list(found)
    if text := call.query.get("cursor"):
        try:
            after = json.loads(base64.urlsafe_b64decode(text))
            rest = [one for one in found if [one.created.isoformat(), one.id] > after]
        except (binascii.Error, ValueError, TypeError):
            return Answer(404, {"detail": "Invalid cursor"})
    page = rest[:size]
    following = None
    if len(rest) > size:
        place = json.dumps([page[-1].created.isoformat(), page[-1].id]).encode()
        following = _link(call, base, cursor=base64.urlsafe_b64encode(place).decode())
    return Answer(200, {"next": following, "previous": None, "results": [one.show() for one in page]})


def _sorted(found: list[Entry], call: Call, filters: Filters) -> list[Entry]:
    """Oldest first, or as asked; a cursor knows one order only."""
    found = sorted(found, key=lambda one: (one.created, one.id))
    if (asked := call.query.get("ordering")) is None:
        return found
    field = asked.removeprefix("-")
    if field not in filters.orderings or call.headers.get("x-og-api-version") == "2":
        raise Bad("ordering")
    return sorted(found, key=lambda one: one.fields[field], reverse=asked.startswith("-"))


def _link(call: Call, base: str, **changed: str) -> str:
    return f"{base}{call.path}?{urlencode({**call.query, **changed})}"


def _filtered(entries: Sequence[Entry], query: Mapping[str, str], filters: Filters) -> list[Entry]:
    found = list(entries)
    for name, value in query.items():
        if name in _PAGING | filters.idle:
            continue
        field, _, side = name.rpartition("_") if name.endswith(("_start", "_end")) else (name, "", "")
        if field in filters.days | filters.moments:
            bound = _bound(name, value, is_day=field in filters.days)
            found = [one for one in found if _lies(one.fields[field], side, bound, len(value) == 10)]
        elif name in filters.values:
            found = [one for one in found if str(one.fields.get(name)).lower() == value.lower()]
        else:
            raise Bad(name)
    return found


def _bound(name: str, value: str, *, is_day: bool) -> datetime:
    try:
        if len(value) == 10:
            return datetime.combine(date.fromisoformat(value), time(), ZONE)
        if is_day or value[10:11] not in ("T", " "):
            raise Bad(name)
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise Bad(name) from error
    return found if found.tzinfo else found.replace(tzinfo=ZONE)


def _lies(at: datetime, side: str, bound: datetime, is_day: bool) -> bool:
    at = at.replace(microsecond=0)
    match side:
        case "start":
            return at >= bound
        case "end":
            return at <= bound
    return at.astimezone(ZONE).date() == bound.date() if is_day else at == bound
