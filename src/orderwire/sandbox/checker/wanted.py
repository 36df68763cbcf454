"""What should be at a destination, computed from the log and its settings alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from orderwire.sandbox.checker.facts import MARKETING_ONLY, Fact, Log
from orderwire.sandbox.checker.permission import NO
from orderwire.sandbox.checker.table import Platform, Wish


@dataclass(frozen=True, kw_only=True)
class Destination:
    """The settings of a destination that decide what belongs there. Kinds may end in `.*`."""

    name: str
    platform: str
    kinds: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    since: datetime | None = None
    include_test_orders: bool = False


class Call(StrEnum):
    """Whether a fact belongs at a destination."""

    NEEDED = "needed"
    ALLOWED = "allowed"
    """It may be there: what held when it was told is not in the log."""
    FORBIDDEN = "forbidden"
    """It is about somebody who said no, and is marketing only."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Expected:
    """A wish with the fact that calls for it."""

    wish: Wish
    fact: Fact
    call: Call

    @property
    def is_required(self) -> bool:
        """Whether it is missing when it is not there."""
        return self.call is Call.NEEDED and not self.wish.may


def expected(log: Log, platform: Platform, destination: Destination) -> Iterator[Expected]:
    """Everything that the facts of a log call for at a destination, in the order of the log."""
    for fact in log.facts:
        call = call_of(fact, log, destination)
        if call is Call.NONE:
            continue
        for wish in platform.wishes(fact, log):
            yield Expected(wish, fact, call)


def call_of(fact: Fact, log: Log, destination: Destination) -> Call:
    """Whether a fact belongs at a destination."""
    is_about_somebody = not fact.kind.startswith("product.") or fact.kind == "product.viewed"
    if not fact.body or (is_about_somebody and fact.person is None) or not _is_set(fact, log, destination):
        return Call.NONE
    if fact.kind in MARKETING_ONLY:
        held = log.permissions.states_since(fact.person, fact.seq)
        if held <= NO:
            return Call.FORBIDDEN
        return Call.ALLOWED if held & NO else Call.NEEDED
    return Call.ALLOWED if fact.revision else Call.NEEDED


def _is_set(fact: Fact, log: Log, destination: Destination) -> bool:
    if fact.source == destination.name:
        return False
    if destination.kinds is not None and not any(fnmatchcase(fact.kind, kind) for kind in destination.kinds):
        return False
    if destination.sources is not None and fact.source not in destination.sources:
        return False
    if destination.since is not None and fact.occurred_at < destination.since:
        return False
    return destination.include_test_orders or not log.snapshot(fact).get("is_test")
