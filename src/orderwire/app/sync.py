"""Bringing sources in and delivering: a supervisor of worker processes.

One worker reads the sources, the others deliver. A run with `once` reads everything once, begins to deliver when only
activity is left to be read (`running.reading`), and ends when the sources are read and nothing is left to deliver. A
canary begins when everything was read. Without an end, both go on until the process is asked to stop.
"""

from __future__ import annotations

import asyncio
import math
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from orderwire.app import refusals
from orderwire.app.bootstrap import Shop, open_shop
from orderwire.app.refusals import SourceStatus
from orderwire.app.repairs import ASKABLE
from orderwire.app.running.board import Board, pending_of
from orderwire.app.running.crew import DONE, WRONG, Crew
from orderwire.app.running.roles import PATIENCE, Line, Reading, Role
from orderwire.app.settings import secret
from orderwire.errors import Busy, ConfigError

MOST_STARTS = 6
"""How often a worker of a run with an end is started before it is given up."""
ESTIMATE_AFTER = timedelta(seconds=3)
"""How long after the last record was read an estimate begins: a delivery that is over sooner needs none."""
REFRESH = 0.5
"""Seconds between two looks at the board."""
_PAGE = 1000


@dataclass(frozen=True, kw_only=True)
class SyncTerms:
    """How a sync runs.

    Args:
        once: read once, deliver what there is, end.
        history_only: leave out what is news.
        since: for this run, facts that occurred earlier are excluded.
        canary: send at most so many facts to each destination and end.
        workers: delivery processes; the settings' number when None.
        patience: how long a run with an end waits for a platform that does not answer.
    """

    once: bool = False
    history_only: bool = False
    since: datetime | None = None
    canary: int | None = None
    workers: int | None = None
    patience: timedelta = PATIENCE

    @property
    def has_end(self) -> bool:
        """Whether the run ends by itself."""
        return self.once or self.canary is not None


@dataclass(frozen=True)
class Watcher:
    """Who is told how a sync goes: `seen` the board every half second, `said` what workers say."""

    seen: Callable[[Board], None] = lambda _board: None
    said: Callable[[str], None] = lambda _text: None


class Ending(Struct, kw_only=True):
    """How a destination stood when the run ended."""

    destination: str
    accepted: int = 0
    requests: int = 0
    refusals: int = 0
    new_dead: int = 0
    """Facts given up during this run, or whose outcome was never learned."""
    blocked: str = ""
    is_out_of_reach: bool = False


class SyncOutcome(Struct, kw_only=True):
    """What a sync did."""

    read: int = 0
    appended: int = 0
    invalid: int = 0
    sources: list[SourceStatus] = []
    """Records of each source that wait to be understood; `new` are those first met in this run."""
    out_of_reach: tuple[str, ...] = ()
    """Sources that were not reached."""
    destinations: list[Ending] = []
    is_interrupted: bool = False
    lost_workers: int = 0
    """Workers that died again and again and were given up."""

    @property
    def is_remote_missing(self) -> bool:
        """Whether a source or a platform was not reached."""
        return bool(self.out_of_reach) or any(one.is_out_of_reach for one in self.destinations)

    @property
    def has_failures(self) -> bool:
        """Whether something needs looking at."""
        blocked = any(one.new_dead or one.blocked for one in self.destinations)
        has_new = any(one.new for one in self.sources)
        return blocked or has_new or self.lost_workers > 0 or self.is_interrupted


def sync(folder: Path, terms: SyncTerms, watcher: Watcher | None = None) -> SyncOutcome:
    """Read the sources and deliver.

    Raises:
        ConfigError: the settings or a mapping are wrong, or a key's reference leads nowhere.
        StoreError: the ledger cannot be opened.
    """
    with open_shop(folder) as shop:
        for name in shop.settings.destinations:
            shop.destination(name)
        for reference, place in shop.settings.alarms.references:
            secret(reference, place)
        return asyncio.run(_Supervisor(shop, folder, terms, watcher or Watcher()).run())


@dataclass
class _Supervisor:
    shop: Shop
    folder: Path
    terms: SyncTerms
    watcher: Watcher
    board: Board = field(default_factory=Board)
    crew: Crew = field(init=False)

    def __post_init__(self) -> None:
        self.crew = Crew(self.folder, self._hear, self.watcher.said)

    async def run(self) -> SyncOutcome:
        begun = datetime.now(UTC)
        crew = self.crew
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
        working = asyncio.ensure_future(self._work(crew))
        stopping: asyncio.Future[None] | None = None
        while not working.done():
            if stopped.is_set() and stopping is None:
                stopping = asyncio.ensure_future(crew.stop())
            self.watcher.seen(self.board)
            await asyncio.wait({working}, timeout=REFRESH)
        if stopping is not None:
            await stopping
        self.watcher.seen(self.board)
        statuses = await working
        if WRONG in statuses and stopping is None:
            raise ConfigError("sync", "a worker found the settings wrong; see what it said.", "`config check` helps.")
        is_interrupted = stopping is not None and self.terms.has_end
        lost = sum(status != DONE for status in statuses)
        until = loop.time() + self.terms.patience.total_seconds()
        while True:
            try:
                return self._outcome(begun, lost=lost, is_interrupted=is_interrupted)
            except Busy:
                if loop.time() > until or stopped.is_set():
                    raise
                await asyncio.sleep(REFRESH)

    def _hear(self, run: int, line: Line) -> None:
        if isinstance(line, Reading) and line.may_deliver and self.terms.canary is None:
            self._may_deliver()
        self.board.hear(run, line)

    def _may_deliver(self) -> None:
        """Let the waiting workers begin; what the ledger holds now is what they have before them."""
        if not self.crew.may_deliver.is_set():
            names = self.shop.settings.destinations
            try:
                pending = {name: pending_of(self.shop, name) for name in names}
                self.board.expect(pending, head=self.shop.ledger.head())
            except Busy:
                self.board.expect(dict.fromkeys(names, 0), head=0)
            self.crew.may_deliver.set()

    async def _work(self, crew: Crew) -> Sequence[int]:
        is_reading_first = self.terms.has_end and bool(self.shop.settings.sources)
        if not is_reading_first:
            self._may_deliver()
            crew.all_read.set()
        kept = [asyncio.ensure_future(self._deliver(crew, arguments)) for arguments in self._deliverers()]
        if self.shop.settings.sources:
            kept.append(asyncio.ensure_future(self._read(crew)))
        if not kept:
            return []
        estimating = asyncio.ensure_future(self._estimate(crew))
        watching = asyncio.ensure_future(self._watch(crew, is_over=False))
        try:
            statuses = await self._all(crew, kept)
            await self._watch(crew, is_over=True)
            return statuses
        finally:
            estimating.cancel()
            await crew.stop()
            await watching

    async def _read(self, crew: Crew) -> int:
        """Read the sources; in a run with an end, deliver whatever came of it, unless the settings are wrong."""
        status = await crew.keep(
            self._arguments(Role.INGEST), most_starts=MOST_STARTS if self.terms.has_end else None
        )
        if status != WRONG and not crew.stopping.is_set():
            self._may_deliver()
            crew.all_read.set()
        return status

    async def _deliver(self, crew: Crew, arguments: Sequence[str]) -> int:
        if crew.all_read.is_set():
            return await crew.keep(arguments, most_starts=self._most_starts)
        return await crew.keep([*arguments, "--while-reading"], most_starts=self._most_starts, awaits_word=True)

    async def _estimate(self, crew: Crew) -> None:
        """Estimate what is left, once the sources are read: before, it is not known, and both cores are busy."""
        if not crew.all_read.is_set():
            await crew.all_read.wait()
            await asyncio.sleep(ESTIMATE_AFTER.total_seconds())
        self.board.begin_estimate()
        await crew.keep(self._arguments(Role.ESTIMATE), most_starts=1)

    async def _watch(self, crew: Crew, *, is_over: bool) -> None:
        """Watch for alarms where somebody is told of them: all the time, or when a run with an end is over."""
        if self.shop.settings.alarms.is_told and is_over == self.terms.has_end and not crew.stopping.is_set():
            await crew.keep(self._arguments(Role.WATCH), most_starts=1 if is_over else None)

    async def _all(self, crew: Crew, tasks: Sequence[asyncio.Future[int]]) -> list[int]:
        """Wait for all; when one finds the settings wrong, the others are stopped."""
        for done in asyncio.as_completed(tasks):
            if await done == WRONG:
                await crew.stop()
        return [task.result() for task in tasks]

    @property
    def _most_starts(self) -> int | None:
        if self.terms.canary is not None:
            return 1
        return MOST_STARTS if self.terms.once else None

    def _deliverers(self) -> list[list[str]]:
        """The delivery workers' arguments: apart in a run with an end, else each may take over from another."""
        names = list(self.shop.settings.destinations)
        count = min(self.terms.workers or self.shop.settings.workers, len(names))
        if self.terms.has_end:
            return [
                self._arguments(Role.DELIVER, "--destinations", ",".join(names[at::count])) for at in range(count)
            ]
        share = math.ceil(len(names) / max(1, count))
        return [self._arguments(Role.DELIVER, "--share", str(share)) for _ in range(count)]

    def _arguments(self, role: Role, *more: str) -> list[str]:
        terms = self.terms
        given = ["--role", role.value, *more]
        given += ["--until-idle", "--patience", str(terms.patience.total_seconds())] if terms.has_end else []
        given += ["--history-only"] if terms.history_only else []
        given += ["--since", terms.since.isoformat()] if terms.since else []
        given += ["--most", str(terms.canary)] if terms.canary is not None else []
        return given

    def _outcome(self, begun: datetime, *, lost: int, is_interrupted: bool) -> SyncOutcome:
        read = self.board.sources.values()
        return SyncOutcome(
            read=sum(one.read for one in read),
            appended=sum(one.appended for one in read),
            invalid=sum(one.invalid for one in read),
            sources=refusals.sources(self.shop, since=begun),
            out_of_reach=tuple(sorted(self.board.out_of_reach)),
            destinations=[
                Ending(
                    destination=one.destination,
                    accepted=one.accepted,
                    requests=one.requests,
                    refusals=one.refusals,
                    new_dead=self._given_up_since(one.destination, begun),
                    blocked=one.blocked,
                    is_out_of_reach=one.is_out_of_reach,
                )
                for one in self.board.standings()
            ],
            is_interrupted=is_interrupted,
            lost_workers=lost,
        )

    def _given_up_since(self, name: str, begun: datetime) -> int:
        count = after = 0
        while page := self.shop.ledger.exemptions(name, dispositions=ASKABLE, after=after, limit=_PAGE):
            count += sum(one.decided_at >= begun for one in page)
            after = page[-1].seq
        return count
