"""Reading with `filter`, `sort`, `page[...]` and `fields[...]`."""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import urlencode

from orderwire.sandbox.klaviyo.refusals import Fault, Refused
from orderwire.sandbox.klaviyo.shapes import moment

_NAME = re.compile(r"\s*([a-z-]+)\(")
_FIELD = re.compile(r"\s*([A-Za-z0-9_.$]+)\s*")
_VALUE = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^,()\[\]]+)\s*""")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda held, asked: bool(held == asked),
    "greater-than": lambda held, asked: bool(held > asked),
    "greater-or-equal": lambda held, asked: bool(held >= asked),
    "less-than": lambda held, asked: bool(held < asked),
    "less-or-equal": lambda held, asked: bool(held <= asked),
    "contains": lambda held, asked: asked in held,
    "starts-with": lambda held, asked: str(held).startswith(asked),
    "ends-with": lambda held, asked: str(held).endswith(asked),
    "any": lambda held, asked: held in asked,
}
RANGE = frozenset({"greater-than", "greater-or-equal", "less-than", "less-or-equal"})
Allowed: TypeAlias = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Condition:
    """One function of a filter: `equals(email,"a@shop.test")`."""

    function: str
    field: str
    value: Any

    def holds(self, held: Any) -> bool:
        """Whether a held value, or any of several, meets the condition; nothing held meets none."""
        if isinstance(held, (list, tuple)):
            return any(self.holds(one) for one in held)
        if self.function == "has":
            return held is not None
        if held is None:
            return False
        return _COMPARE[self.function](held, self.value)


def _bad(detail: str, parameter: str) -> Refused:
    return Refused(400, Fault(detail, parameter=parameter))


def _plain(token: str) -> Any:
    token = token.strip()
    if token[:1] in "\"'":
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    if token in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[token]
    if when := moment(token):
        return when
    try:
        return float(token) if "." in token else int(token)
    except ValueError:
        raise _bad("Invalid filter value: text must be quoted.", "filter") from None


class _Reader:
    """Reads the filter grammar from left to right."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def conditions(self) -> list[Condition]:
        found: list[Condition] = []
        while True:
            found.extend(self._one())
            if not self._skip(","):
                return found

    def finish(self) -> None:
        if self.source[self.at :].strip():
            raise _bad("Invalid filter syntax.", "filter")

    def _one(self) -> list[Condition]:
        function = self._match(_NAME)
        if function == "and":
            inside = self.conditions()
            self._need(")")
            return inside
        if function != "has" and function not in _COMPARE:
            raise _bad(f"'{function}' is not a filter function.", "filter")
        field = self._match(_FIELD)
        value: Any = None
        if function != "has":
            self._need(",")
            value = self._values() if self._skip("[") else _plain(self._match(_VALUE))
        self._need(")")
        return [Condition(function, field, value)]

    def _values(self) -> list[Any]:
        values = [_plain(self._match(_VALUE))]
        while self._skip(","):
            values.append(_plain(self._match(_VALUE)))
        self._need("]")
        return values

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.source, self.at)
        if found is None:
            raise _bad("Invalid filter syntax.", "filter")
        self.at = found.end()
        return found.group(1)

    def _skip(self, sign: str) -> bool:
        rest = self.source[self.at :]
        trimmed = rest.lstrip()
        if not trimmed.startswith(sign):
            return False
        self.at += len(rest) - len(trimmed) + len(sign)
        return True

    def _need(self, sign: str) -> None:
        if not self._skip(sign):
            raise _bad("Invalid filter syntax.", "filter")


def conditions(source: str, allowed: Allowed) -> list[Condition]:
    """The conditions of a filter, all of which must hold.

    Raises:
        Refused: the grammar is broken, or the field or function is not offered here.
    """
    if not source:
        return []
    reader = _Reader(source)
    found = reader.conditions()
    reader.finish()
    for condition in found:
        if condition.function not in allowed.get(condition.field, frozenset()):
            raise _bad(f"'{condition.function}' is not offered for '{condition.field}'.", "filter")
    return found


@dataclass(frozen=True)
class Page:
    """One page, its members in order, and the links to it and its neighbours."""

    members: list[Any]
    links: dict[str, str | None]


@dataclass(frozen=True)
class Paging:
    """How one collection is paged: page sizes, and what its members can be sorted by."""

    size: int
    most: int
    sorts: Mapping[str, Callable[[Any], Any]]
    default_sort: str

    def page(self, members: Sequence[Any], query: Mapping[str, str], url: str) -> Page:
        """Cut the page that the query asks for; ties are ordered by `id`.

        Raises:
            Refused: size, cursor or sort are not offered.
        """
        size = _size(query.get("page[size]"), self)
        sort = query.get("sort", self.default_sort)
        descending, field = sort.startswith("-"), sort.removeprefix("-")
        if field not in self.sorts:
            raise _bad(f"'{field}' is not a valid sort field.", "sort")
        value_of = self.sorts[field]
        ordered = sorted(members, key=lambda member: (value_of(member), member.id), reverse=descending)
        start, direction = 0, ""
        if cursor := query.get("page[cursor]"):
            direction, pivot = _decode(cursor, field)
            start = _place(ordered, pivot, value_of, descending=descending, direction=direction, size=size)
        shown = ordered[start : start + size]
        links: dict[str, str | None] = {"self": _url(url, query), "next": None, "prev": None}
        if start + size < len(ordered):
            links["next"] = _url(
                url, {**query, "page[cursor]": _encode("next", field, value_of(shown[-1]), shown[-1])}
            )
        if start > 0 and shown:
            links["prev"] = _url(url, {**query, "page[cursor]": _encode("prev", field, value_of(shown[0]), shown[0])})
        return Page(shown, links)


def _size(asked: str | None, paging: Paging) -> int:
    if asked is None:
        return paging.size
    if not asked.isdigit() or not 1 <= int(asked) <= paging.most:
        raise _bad(f"Page size must be an integer between 1 and {paging.most}.", "page[size]")
    return int(asked)


def _url(url: str, query: Mapping[str, str]) -> str:
    return f"{url}?{urlencode(query)}" if query else url


def _encode(direction: str, field: str, value: Any, member: Any) -> str:
    shown = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(f"{direction}::{field}::{shown}::{member.id}".encode()).decode()


def _decode(cursor: str, field: str) -> tuple[str, tuple[str, str]]:
    try:
        direction, sorted_by, value, identity = base64.urlsafe_b64decode(cursor).decode().rsplit("::", 3)
    except (ValueError, binascii.Error):
        raise _bad("Invalid cursor.", "page[cursor]") from None
    if sorted_by != field or direction not in ("next", "prev"):
        raise _bad("Invalid cursor.", "page[cursor]")
    return direction, (value, identity)


def _place(
    ordered: list[Any],
    pivot: tuple[str, str],
    value_of: Callable[[Any], Any],
    *,
    descending: bool,
    direction: str,
    size: int,
) -> int:
    """Where the page begins. Members may have come or gone since the cursor was given."""
    keys = [(value_of(member), member.id) for member in ordered]
    sample = keys[0][0] if keys else ""
    value: Any = datetime.fromisoformat(pivot[0]) if isinstance(sample, datetime) else type(sample)(pivot[0])
    key = (value, pivot[1])
    if descending:
        keys.reverse()
        after = len(keys) - bisect_left(keys, key)
        before = len(keys) - bisect_right(keys, key)
    else:
        after = bisect_right(keys, key)
        before = bisect_left(keys, key)
    return after if direction == "next" else max(0, before - size)


def sparse(resource: dict[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """The resource with only the attributes that `fields[type]` asks for."""
    asked = query.get(f"fields[{resource['type']}]")
    if asked is None:
        return resource
    wanted = set(asked.split(","))
    attributes = {name: value for name, value in resource["attributes"].items() if name in wanted}
    return {**resource, "attributes": attributes}
