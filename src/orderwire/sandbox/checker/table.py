"""The shape of the tables of expectations: one for each platform, data and small functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from orderwire.sandbox.checker.facts import Fact, Log

Key: TypeAlias = tuple[str, ...]
"""What a thing is called when a fact and what a stand-in kept are laid side by side."""
Line: TypeAlias = Mapping[str, Any]
"""One line of a reception log."""


class Sort(StrEnum):
    """How a platform keeps a thing."""

    EVENT = "event"
    """Each one is kept, so each has to be there, once."""
    STATE = "state"
    """The newest has to be there; whatever came before it may be there too."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that a fact calls for. `ways` are keys of which any will do.

    `look` tells the versions of a state apart where a stand-in shows enough to do so. `may` marks what need not be
    there. `count` things of the same key are called for, told apart by their own ids.
    """

    ways: tuple[Key, ...]
    sort: Sort = Sort.EVENT
    look: Key = ()
    may: bool = False
    count: int = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing a stand-in took, under the checker's key.

    `id` tells things of one key apart and is empty where nothing does. `look` is as in a wish. `is_dropped` marks a
    repetition that the platform itself recognised and did not keep.
    """

    key: Key
    id: str = ""
    look: Key = ()
    is_dropped: bool = False
    number: int = 0
    """The request that brought it."""
    place: int = 0
    """Its place in what the stand-in kept of that request."""


@dataclass(frozen=True, slots=True)
class Firing:
    """An automation that would have started because of the thing of this key.

    The key of what a choice starts is `consent`, the person, and the state chosen.
    """

    key: Key
    trigger: str
    has_quiet_form: bool
    """Whether the platform documents a way to tell the same without starting anything."""


class Standing(StrEnum):
    """What a platform holds of somebody's permission for e-mail."""

    YES = "subscribed"
    ASKED = "asked to confirm"
    NO = "opted out"
    SILENT = "no choice"


@dataclass(frozen=True, slots=True)
class Path:
    """A documented endpoint for telling something: how much a request may hold, and what its requests count in.

    `bulk` names the path that old data of the same sort could have taken.
    """

    name: str
    pattern: re.Pattern[str]
    most: int
    family: str
    bulk: str = ""


def path(name: str, pattern: str, most: int, family: str, bulk: str = "") -> Path:
    """A path from its method and path as an expression."""
    return Path(name, re.compile(pattern), most, family, bulk)


@dataclass(frozen=True)
class Platform:
    """Everything the checker knows of one platform, read from its documents and the wire-id tables."""

    name: str
    wishes: Callable[[Fact, Log], Iterable[Wish]]
    """What a fact calls for; nothing for what cannot be said there."""
    recognise: Callable[[Line, Log], Iterator[Kept]]
    """What the stand-in kept of one request."""
    firings: Callable[[Line, Log], Iterator[Firing]]
    standings: Callable[[Line], Iterator[tuple[str, Standing]]]
    """Address and permission, in the order in which the platform came to hold them."""
    paths: tuple[Path, ...]
    windows: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    """Requests in so many seconds, by family."""
    tells_old_yes: bool = True
    """Whether an old permission can be told of somebody the platform already holds as opted out."""


def of_type(line: Line, *types: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """What was kept of these types, with its place."""
    for place, one in enumerate(line["kept"]):
        if one.get("type") in types:
            yield place, one
