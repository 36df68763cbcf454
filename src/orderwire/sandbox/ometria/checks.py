"""What a value in a record must look like.

A check takes a value and the path to it, and yields the path of everything that is not a valid value, in the words in
which `_errors` tells it: `root > lineitems > 0 > product_id`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any, str], Iterator[str]]

_OFFSET = re.compile(r".+(Z|[+-]\d{2}:?\d{2})")


def text(value: Any, at: str) -> Iterator[str]:
    """Any text."""
    if not isinstance(value, str):
        yield at


def filled(value: Any, at: str) -> Iterator[str]:
    """A text with something in it."""
    if not isinstance(value, str) or not value.strip():
        yield at


def number(value: Any, at: str) -> Iterator[str]:
    """A JSON number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield at


def whole(value: Any, at: str) -> Iterator[str]:
    """A whole JSON number."""
    if isinstance(value, bool) or not isinstance(value, int):
        yield at


def flag(value: Any, at: str) -> Iterator[str]:
    """A boolean."""
    if not isinstance(value, bool):
        yield at


def mapping(value: Any, at: str) -> Iterator[str]:
    """An object with any fields."""
    if not isinstance(value, dict):
        yield at


def instant(value: Any, at: str) -> Iterator[str]:
    """A date and time in ISO 8601 with its offset."""
    if not isinstance(value, str) or "T" not in value or not _OFFSET.fullmatch(value):
        yield at
        return
    try:
        datetime.fromisoformat(value)
    except ValueError:
        yield at


def day(value: Any, at: str) -> Iterator[str]:
    """A date as YYYY-MM-DD."""
    try:
        if not isinstance(value, str) or len(value) != 10 or date.fromisoformat(value).isoformat() != value:
            yield at
    except ValueError:
        yield at


def among(*allowed: object) -> Check:
    """One of these values, a number never being a boolean."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not any(type(value) is type(one) and value == one for one in allowed):
            yield at

    return check


def like(pattern: str) -> Check:
    """A text of this form."""
    form = re.compile(pattern)

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str) or not form.fullmatch(value):
            yield at

    return check


def array(inner: Check) -> Check:
    """A list, each element passing `inner`."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield at
            return
        for place, one in enumerate(value):
            yield from inner(one, f"{at} > {place}")

    return check


def shape(required: Mapping[str, Check], optional: Mapping[str, Check], *, one_of: tuple[str, ...] = ()) -> Check:
    """An object with these fields and no others; null stands for absent where a field is optional.

    `one_of` names optional fields of which at least one must be there.
    """
    known = {**required, **optional}

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield at
            return
        for name in required:
            if value.get(name) is None:
                yield f"{at} > {name}"
        for name, inner in value.items():
            if name not in known:
                yield f"{at} > {name}"
            elif inner is not None:
                yield from known[name](inner, f"{at} > {name}")
        if one_of and all(value.get(name) is None for name in one_of):
            yield f"{at} > {one_of[0]}"

    return check
