"""What worker processes are for, what they are told, and the lines in which they tell of their work.

A worker tells its progress in lines of JSON, at most one a second about each thing, and the last one when it ends.
It stops cleanly at SIGINT and SIGTERM, and when the process that started it is gone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

import msgspec
from msgspec import Struct

from orderwire.app.bootstrap import Shop
from orderwire.app.ingest import IngestProgress
from orderwire.delivery.progress import Progress

PATIENCE = timedelta(minutes=2)
"""How long a run that ends when all is done waits for a platform that does not answer."""


class Role(StrEnum):
    """What a worker process is for."""

    INGEST = "ingest"
    DELIVER = "deliver"
    ESTIMATE = "estimate"
    WATCH = "watch"


class Reading(Struct, frozen=True, kw_only=True, tag="ingest", tag_field="role"):
    """A line about a source that is being read."""

    progress: IngestProgress
    is_out_of_reach: bool = False
    may_deliver: bool = False
    """Whether delivering may begin while the rest is read: it tells of activity only."""


class Delivering(Struct, frozen=True, kw_only=True, tag="deliver", tag_field="role"):
    """A line about a destination that is being served."""

    progress: Progress


class Estimated(Struct, frozen=True, kw_only=True, tag="estimate", tag_field="role"):
    """A line about what is left to do for a destination: how long it takes at the account's limits, in real time."""

    destination: str
    facts: int
    requests: int
    seconds: float


Line: TypeAlias = Reading | Delivering | Estimated
Told: TypeAlias = Callable[[Line], None]
LINES: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How a worker delivers.

    Args:
        until_idle: end when there is nothing left to do, or a platform is out of reach; else go on until stopped.
        with_live, with_history: which lanes run.
        most: how many facts are sent to each destination at most; None for all.
        patience: with `until_idle`, how long a platform may give no answer.
    """

    until_idle: bool = False
    with_live: bool = True
    with_history: bool = True
    most: int | None = None
    patience: timedelta = PATIENCE


@dataclass(frozen=True, kw_only=True)
class Job:
    """What one worker process is to do.

    Args:
        role: what it is for.
        destinations: those it may serve; all when empty.
        share: how many of them it takes at first.
        since: facts that occurred earlier are excluded during this run.
        parent: the process it works for; it stops when that is gone.
        terms: how it delivers; a reader of sources with `until_idle` reads each source once.
        while_reading: whether sources are still read; a line on standard input says that it may begin to deliver, and
            a second one that everything was read.
    """

    role: Role
    destinations: tuple[str, ...] = ()
    share: int | None = None
    since: datetime | None = None
    parent: int | None = None
    terms: Terms = field(default_factory=Terms)
    while_reading: bool = False


def narrowed(shop: Shop, since: datetime | None) -> Shop:
    """The shop with every destination taking nothing that occurred before `since`."""
    if since is None:
        return shop
    narrow = {}
    for name, table in shop.settings.destinations.items():
        later = max(since, table.settings.since or since)
        settings = msgspec.structs.replace(table.settings, since=later)
        narrow[name] = msgspec.structs.replace(table, settings=settings)
    return dataclasses.replace(shop, settings=msgspec.structs.replace(shop.settings, destinations=narrow))


def at(text: str) -> datetime:
    """An instant from a date or date and time; without a zone it is UTC.

    Raises:
        ValueError: it is neither.
    """
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
