"""searchCriteria as Magento takes them: filters in groups, sorted downward unless told otherwise, paged by number."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderwire.sandbox.kit import Answer

_FILTER = re.compile(
    r"searchCriteria\[filter_?[gG]roups\]\[(\d+)\]\[filters\]\[(\d+)\]\[(field|value|condition_?[tT]ype)\]"
)
_SORT = re.compile(r"searchCriteria\[sortOrders\]\[(\d+)\]\[(field|direction)\]")
_PAGE = re.compile(r"searchCriteria\[(pageSize|currentPage|page_size|current_page)\]")
_CONDITIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda one, asked: one == asked,
    "neq": lambda one, asked: one != asked,
    "gt": lambda one, asked: one > asked,
    "gteq": lambda one, asked: one >= asked,
    "from": lambda one, asked: one >= asked,
    "lt": lambda one, asked: one < asked,
    "lteq": lambda one, asked: one <= asked,
    "to": lambda one, asked: one <= asked,
    "in": lambda one, asked: one in asked,
    "nin": lambda one, asked: one not in asked,
}


@dataclass(frozen=True)
class Entry:
    """One thing of a list: what it is filtered and sorted by, and how it is shown."""

    fields: Mapping[str, Any]
    show: Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Terms:
    """How one shop's lists behave.

    `most` is the input limit, 0 for none: larger pages are refused. `gives_last_again` is what older versions do
    behind the last page.
    """

    most: int = 0
    gives_last_again: bool = True


class Refused(Exception):
    """A search that is not taken, with Magento's message."""


def refusal(status: int, message: str, **parameters: str) -> Answer:
    """Magento's error."""
    return Answer(status, {"message": message, **({"parameters": parameters} if parameters else {})})


def searched(entries: Sequence[Entry], query: Mapping[str, str], terms: Terms) -> Answer:
    """A page of a list, or why there is none."""
    try:
        found = _filtered(entries, query)
        found = _sorted(found, query)
        size, page = _paging(query, terms)
    except Refused as error:
        return refusal(400, str(error))
    count = len(found)
    if size:
        pages = max(1, -(-count // size))
        page = min(page, pages) if terms.gives_last_again else page
        found = found[(page - 1) * size : page * size]
    return Answer(
        200, {"items": [one.show() for one in found], "search_criteria": {"page_size": size}, "total_count": count}
    )


def _paging(query: Mapping[str, str], terms: Terms) -> tuple[int, int]:
    given = {match.group(1): value for name, value in query.items() if (match := _PAGE.fullmatch(name))}
    try:
        size = int(given.get("pageSize", given.get("page_size", "20" if terms.most else "0")))
        page = int(given.get("currentPage", given.get("current_page", "1")))
    except ValueError as error:
        raise Refused('The "pageSize" value\'s type is invalid. The "int" type was expected.') from error
    if terms.most and size > terms.most:
        raise Refused(f"Maximum SearchCriteria pageSize is {terms.most}")
    return size, max(page, 1)


def _filtered(entries: Sequence[Entry], query: Mapping[str, str]) -> list[Entry]:
    groups: dict[str, dict[str, dict[str, str]]] = {}
    for name, value in query.items():
        if match := _FILTER.fullmatch(name):
            group, number, part = match.groups()
            groups.setdefault(group, {}).setdefault(number, {})[part.lower().replace("_", "")] = value
        elif not (_SORT.fullmatch(name) or _PAGE.fullmatch(name) or name in ("searchCriteria", "fields")):
            raise Refused(f"Property {name} does not have accessor method")
    tests = [[_test(one) for one in group.values()] for group in groups.values()]
    return [one for one in entries if all(any(test(one) for test in group) for group in tests)]


def _test(given: Mapping[str, str]) -> Callable[[Entry], bool]:
    field, condition, value = given.get("field", ""), given.get("conditiontype", "eq"), given.get("value", "")
    if condition not in _CONDITIONS:
        raise Refused(f'Condition type "{condition}" is not supported')

    def test(entry: Entry) -> bool:
        if field not in entry.fields:
            raise Refused(f'Invalid attribute name: "{field}".')
        mine = entry.fields[field]
        if condition in ("in", "nin"):
            return _CONDITIONS[condition](mine, [_like(mine, one) for one in value.split(",")])
        return _CONDITIONS[condition](mine, _like(mine, value))

    return test


def _like(mine: Any, text: str) -> Any:
    """A filter's value as the kind of thing it is compared with; times are UTC as in the column."""
    try:
        if isinstance(mine, datetime):
            return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=mine.tzinfo)
        return int(text) if isinstance(mine, int) else text
    except ValueError as error:
        raise Refused("Invalid value in a filter") from error


def _sorted(found: list[Entry], query: Mapping[str, str]) -> list[Entry]:
    orders: dict[str, dict[str, str]] = {}
    for name, value in query.items():
        if match := _SORT.fullmatch(name):
            orders.setdefault(match.group(1), {})[match.group(2)] = value
    for _, given in sorted(orders.items(), reverse=True):
        field, direction = given.get("field", ""), given.get("direction", "DESC").upper()
        if direction not in ("ASC", "DESC") or (found and field not in found[0].fields):
            raise Refused(f'Invalid attribute name: "{field}".')
        found = sorted(found, key=lambda one: one.fields[field], reverse=direction == "DESC")
    return found
