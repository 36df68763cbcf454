"""What a call asks for beyond its path: filter, sort, page, sparse fields, included resources."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from orderwire.dialects.doorway import Call
from orderwire.dialects.klaviyo.door.faults import Fault, Refusal
from orderwire.dialects.klaviyo.door.members import moment

_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_$][\w$.\-]*(?=\s*[(,)]|\s*$))"
    r'|"(?P<double>(?:[^"\\]|\\.)*)"'
    r"|'(?P<single>(?:[^'\\]|\\.)*)'"
    r"|(?P<mark>[()\[\],])"
    r"|(?P<bare>[^\s()\[\],\"']+))"
)
_SPACED_ZONE = re.compile(r"(\d\d:\d\d:\d\d(?:\.\d+)?) (\d\d:?\d\d\b)")
"""A zone whose plus sign was read as a space: clients forget to encode it."""
_ESCAPED = re.compile(r"\\(.)")
FUNCTIONS = frozenset(
    {
        "equals", "any", "contains", "contains-any", "contains-all", "greater-than", "greater-or-equal", "less-than",
        "less-or-equal", "starts-with", "ends-with", "has",
    }
)  # fmt: skip
_MOST_CONDITIONS = 50
_MOST_TEXT = 16_384


class Condition(Struct, frozen=True, kw_only=True):
    """One function of a filter: `greater-than(datetime,2024-01-01)`; several values only for `any`."""

    function: str
    field: str
    values: tuple[str, ...] = ()

    @property
    def value(self) -> str:
        """The value of a function that has one."""
        return self.values[0] if self.values else ""


def conditions(text: str) -> tuple[Condition, ...]:
    """The conditions of a filter, all of which must hold.

    Raises:
        ValueError: it is none in the platform's grammar.
    """
    if len(text) > _MOST_TEXT:
        raise ValueError("too long")
    tokens = _tokens(text)
    found: list[Condition] = []
    place = _expressions(tokens, 0, found)
    if place != len(tokens):
        raise ValueError("something follows the filter")
    return tuple(found)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    place = 0
    text = _SPACED_ZONE.sub(r"\1+\2", text.strip())
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None or not found.lastgroup:
            raise ValueError("an unfinished text")
        value = found[found.lastgroup]
        kind = "text" if found.lastgroup in ("double", "single") else found.lastgroup
        tokens.append((kind, _ESCAPED.sub(r"\1", value) if kind == "text" else value))
        place = found.end()
    return tokens


def _expressions(tokens: list[tuple[str, str]], place: int, found: list[Condition]) -> int:
    while True:
        place = _expression(tokens, place, found)
        if place >= len(tokens) or tokens[place] != ("mark", ","):
            return place
        place += 1


def _expression(tokens: list[tuple[str, str]], place: int, found: list[Condition]) -> int:
    kind, name = _at(tokens, place)
    if kind != "name" or _at(tokens, place + 1) != ("mark", "("):
        raise ValueError("a function is expected")
    if name == "and":
        place = _expressions(tokens, place + 2, found)
    elif name in FUNCTIONS and len(found) < _MOST_CONDITIONS:
        place, condition = _condition(name, tokens, place + 2)
        found.append(condition)
    else:
        raise ValueError("not a function of filters")
    if _at(tokens, place) != ("mark", ")"):
        raise ValueError("a bracket is not closed")
    return place + 1


def _condition(function: str, tokens: list[tuple[str, str]], place: int) -> tuple[int, Condition]:
    kind, field = _at(tokens, place)
    if kind not in ("name", "bare", "text"):
        raise ValueError("a field is expected")
    place += 1
    values: list[str] = []
    while _at(tokens, place) == ("mark", ","):
        place += 1
        if _at(tokens, place) == ("mark", "["):
            place += 1
            while _at(tokens, place) != ("mark", "]"):
                kind, value = _at(tokens, place)
                if kind == "mark" and value != ",":
                    raise ValueError("a value is expected")
                if kind != "mark":
                    values.append(value)
                place += 1
            place += 1
        else:
            kind, value = _at(tokens, place)
            if kind == "mark":
                raise ValueError("a value is expected")
            values.append(value)
            place += 1
    if (function == "has") == bool(values):
        raise ValueError("the number of values is wrong")
    return place, Condition(function=function, field=field, values=tuple(values))


def _at(tokens: list[tuple[str, str]], place: int) -> tuple[str, str]:
    return tokens[place] if place < len(tokens) else ("end", "")


class Asked(Struct, frozen=True, kw_only=True):
    """What a read asks for, checked against what the resource offers."""

    conditions: tuple[Condition, ...] = ()
    sort: str = ""
    is_descending: bool = False
    size: int = 20
    cursor: str = ""
    include: frozenset[str] = frozenset()

    def of(self, field: str) -> tuple[Condition, ...]:
        """The conditions on a field."""
        return tuple(one for one in self.conditions if one.field == field)


class Offer(Struct, frozen=True, kw_only=True):
    """What a collection can be asked: fields with their filter functions, sorts, page sizes, includes."""

    filters: Mapping[str, Collection[str]] = {}
    sorts: Collection[str] = ()
    size: int = 20
    most: int = 100
    include: Collection[str] = ()


def asked(call: Call, offer: Offer) -> Asked:
    """What the call asks for.

    Raises:
        Refusal: the resource does not offer it.
    """
    faults: list[Fault] = []
    found: tuple[Condition, ...] = ()
    text = ",".join(value for name, value in call.query if name == "filter")
    if text.strip():
        try:
            found = conditions(text)
        except ValueError:
            faults.append(_fault("Invalid filter provided.", "filter"))
        for one in found:
            if one.function not in offer.filters.get(one.field, ()):
                detail = f"'{one.function}' on '{one.field}' is not a filter of this resource."
                faults.append(_fault(detail, "filter"))
    sort = call.asked("sort")
    if sort and sort.removeprefix("-") not in offer.sorts:
        faults.append(_fault("Invalid sort parameter.", "sort"))
    size = call.asked("page[size]", str(offer.size))
    if not (size.isascii() and size.isdecimal() and 1 <= int(size[:6]) <= offer.most):
        faults.append(_fault(f"Page size must be an integer between 1 and {offer.most}.", "page[size]"))
    cursor = _opened(call.asked("page[cursor]"))
    if cursor is None:
        faults.append(_fault("Invalid cursor.", "page[cursor]"))
    include = frozenset(filter(None, call.asked("include").split(",")))
    faults.extend(
        _fault(f"'{one}' is not an includable relationship.", "include")
        for one in sorted(include - set(offer.include))
    )
    if faults:
        raise Refusal(400, *faults)
    return Asked(
        conditions=found,
        sort=sort.removeprefix("-"),
        is_descending=sort.startswith("-"),
        size=int(size),
        cursor=cursor or "",
        include=include,
    )


def _fault(detail: str, parameter: str) -> Fault:
    return Fault(detail=detail, parameter=parameter)


def cursor_text(place: str) -> str:
    """A place in a collection as a page's cursor shows it."""
    return urlsafe_b64encode(f"next::{place}".encode()).decode()


def _opened(cursor: str) -> str | None:
    """The place in a cursor; None where it is none.

    The Python SDK takes the cursor out of a link with the `=` before it, or sends a plain HTTP link as a whole.
    """
    for mark in ("page%5Bcursor%5D", "page[cursor]"):
        cursor = cursor.rpartition(mark)[2]
    plain = unquote(cursor.partition("&")[0]).strip("=").replace("+", "-").replace("/", "_")
    if not plain:
        return ""
    try:
        text = urlsafe_b64decode(plain + "=" * (-len(plain) % 4)).decode()
    except ValueError:
        return None
    return text.removeprefix("next::") if text.startswith("next::") else None


def is_within(when: datetime | None, asked_for: Collection[Condition]) -> bool:
    """Whether an instant meets comparisons."""
    for one in asked_for:
        bound = moment(one.value)
        if when is None or bound is None:
            return False
        meets = {
            "greater-than": when > bound,
            "greater-or-equal": when >= bound,
            "less-than": when < bound,
            "less-or-equal": when <= bound,
            "equals": when == bound,
        }
        if not meets.get(one.function, False):
            return False
    return True


def is_like(value: Any, asked_for: Collection[Condition]) -> bool:
    """Whether a text or flag meets equalities and searches; letters of either case are the same, as there."""
    said = ("true" if value else "false") if isinstance(value, bool) else str(value if value is not None else "")
    said = said.lower()
    for one in asked_for:
        wanted = [text.lower() for text in one.values]
        meets = {
            "equals": said in wanted,
            "any": said in wanted,
            "contains": any(text in said for text in wanted),
            "contains-any": any(text in said for text in wanted),
            "contains-all": all(text in said for text in wanted),
            "starts-with": any(said.startswith(text) for text in wanted),
            "ends-with": any(said.endswith(text) for text in wanted),
            "has": bool(said),
        }
        if not meets.get(one.function, False):
            return False
    return True
