"""What one worker process does: read the sources, deliver, or estimate; and how it tells of it.

A worker tells its progress in lines of JSON, at most one a second about each thing, and the last one when it ends.
It stops cleanly at SIGINT and SIGTERM, and when the process that started it is gone.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

import msgspec
import structlog
from msgspec import Struct

from orderwire.app.books import plan
from orderwire.app.bootstrap import Shop, open_shop
from orderwire.app.ingest import IngestProgress, follow, ingest
from orderwire.app.running.work import Terms, Worker
from orderwire.delivery.progress import Progress
from orderwire.errors import Busy, Unavailable

log = structlog.get_logger()
NICENESS = 10
"""An estimate takes only the time that nobody else wants."""
GARBAGE = (50_000, 20, 100)
"""New objects, young and older collections between two looks for garbage."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Role(StrEnum):
    """What a worker process is for."""

    INGEST = "ingest"
    DELIVER = "deliver"
    ESTIMATE = "estimate"


class Reading(Struct, frozen=True, kw_only=True, tag="ingest", tag_field="role"):
    """A line about a source that is being read."""

    progress: IngestProgress
    is_out_of_reach: bool = False


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
class Job:
    """What one worker process is to do.

    Args:
        role: what it is for.
        destinations: those it may serve; all when empty.
        share: how many of them it takes at first.
        since: facts that occurred earlier are excluded during this run.
        parent: the process it works for; it stops when that is gone.
        terms: how it delivers; a reader of sources with `until_idle` reads each source once.
    """

    role: Role
    destinations: tuple[str, ...] = ()
    share: int | None = None
    since: datetime | None = None
    parent: int | None = None
    terms: Terms = field(default_factory=Terms)


def work(folder: Path, job: Job, told: Told) -> None:
    """Do what a worker process is told, until it is done or asked to stop.

    Raises:
        ConfigError: the settings or a mapping are wrong, or a key's reference leads nowhere.
        StoreError: the ledger cannot be opened or written.
    """
    _collect_rarely()
    with open_shop(folder) as opened:
        shop = narrowed(opened, job.since)
        match job.role:
            case Role.INGEST:
                asyncio.run(_ingest(shop, job, _Teller(told)))
            case Role.DELIVER:
                asyncio.run(_deliver(shop, job, _Teller(told)))
            case Role.ESTIMATE:
                _estimate(shop, job, told)


def _collect_rarely() -> None:
    """Look for garbage cycles seldom: a worker makes very many objects a second, and hardly a cycle."""
    gc.freeze()
    gc.set_threshold(*GARBAGE)


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


class _Stopped(Exception):
    """Reading a source ends between two pages."""


class _Teller:
    """Passes lines on, at most one a second about each thing."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._told_at: dict[str, float] = {}

    def tell(self, about: str, line: Line, *, is_last: bool = False) -> None:
        now = time.monotonic()
        if is_last or now - self._told_at.get(about, float("-inf")) >= 1.0:
            self._told_at[about] = now
            self._told(line)


class _Halt:
    """The wish that this process ends: `is_wanted` may be asked anywhere, `event` wakes the loop."""

    def __init__(self, parent: int | None) -> None:
        self._parent = parent
        self._is_asked = False
        self.event = asyncio.Event()

    @property
    def is_wanted(self) -> bool:
        """Whether a signal came, or the process this one works for is gone."""
        return self._is_asked or (self._parent is not None and os.getppid() != self._parent)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take signals as the wish to end; a loop that is busy notices when it asks."""
        loop = asyncio.get_running_loop()

        def ask(_number: int, _frame: object) -> None:
            self._is_asked = True
            loop.call_soon_threadsafe(self.event.set)

        before = {number: signal.signal(number, ask) for number in _SIGNALS}
        watching = asyncio.ensure_future(self._watch_parent())
        try:
            yield
        finally:
            watching.cancel()
            for number, handler in before.items():
                signal.signal(number, handler)

    async def _watch_parent(self) -> None:
        while not self.is_wanted:
            await asyncio.sleep(1.0)
        self.event.set()


async def _ingest(shop: Shop, job: Job, teller: _Teller) -> None:
    halt = _Halt(job.parent)

    def told(progress: IngestProgress) -> None:
        teller.tell(progress.source, Reading(progress=progress))
        if halt.is_wanted:
            raise _Stopped

    with halt.listening():
        try:
            if job.terms.until_idle:
                for name in shop.settings.sources:
                    _read_once(shop, name, teller, told)
            else:
                await follow(shop, stop=halt.event, once=False, told=told)
        except _Stopped:
            log.info("reading stopped", reason="asked to")


def _read_once(shop: Shop, name: str, teller: _Teller, told: Callable[[IngestProgress], None]) -> None:
    try:
        progress = ingest(shop, name, told=told)
    except (Unavailable, Busy) as error:
        log.warning("source not read", source=name, reason=str(error))
        lost = Reading(progress=IngestProgress(source=name), is_out_of_reach=isinstance(error, Unavailable))
        teller.tell(name, lost, is_last=True)
    else:
        teller.tell(name, Reading(progress=progress), is_last=True)


async def _deliver(shop: Shop, job: Job, teller: _Teller) -> None:
    halt = _Halt(job.parent)
    worker = Worker(shop, job.destinations or tuple(shop.settings.destinations), share=job.share)
    with halt.listening():
        await worker.run(
            job.terms,
            stop=halt.event,
            told=lambda progress: teller.tell(progress.destination, Delivering(progress=progress)),
        )
    for name, progress in worker.progress.items():
        teller.tell(name, Delivering(progress=progress), is_last=True)


def _estimate(shop: Shop, job: Job, told: Told) -> None:
    os.nice(NICENESS)
    for name in job.destinations or tuple(shop.settings.destinations):
        found = plan(shop, name, first=job.terms.most)
        scale = shop.settings.destinations[name].settings.time_scale
        told(
            Estimated(
                destination=name,
                facts=sum(found.facts.values()),
                requests=sum(found.requests.values()),
                seconds=found.duration.total_seconds() / scale,
            )
        )


def at(text: str) -> datetime:
    """An instant from a date or date and time; without a zone it is UTC.

    Raises:
        ValueError: it is neither.
    """
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
