"""Delivering to one destination: lease, recovery, feeds, senders, and a clean stop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec

from orderwire.delivery.adoption import FirstLook
from orderwire.delivery.desk import HISTORY_STREAMS, Desk
from orderwire.delivery.erasure import Eraser
from orderwire.delivery.feeds import POLL, DueFeed, HistoryFeed, LiveFeed, unacknowledged_routes
from orderwire.delivery.jobs import JobFollower
from orderwire.delivery.optouts import OptOuts
from orderwire.delivery.progress import Progress
from orderwire.delivery.recovery import Recovery
from orderwire.delivery.sender import Sender
from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects.contract import Dialect, Lane
from orderwire.errors import LeaseLost
from orderwire.ledger.contract import Ledger
from orderwire.ledger.values import Changes, DestinationState, Lease, Stream
from orderwire.transport.clock import Clock
from orderwire.transport.port import Transport

LOOK_EVERY = timedelta(seconds=2)
"""How often a running delivery looks whether the operator has paused or acknowledged something."""


@dataclass(kw_only=True)
class Delivery:
    """How a worker delivers; one for each destination it serves.

    Args:
        holder: the worker's name in leases, unique among running workers.
        ttl: how long a lease lasts without renewal.
        settle_time: how long a predecessor's request may still be on its way; its timeout and the lease.
        opt_outs_every: how often opt-outs are read back.
        with_history, with_live: which lanes run; without live, history stops before the first fact that is news.
        most: how many facts are sent at most; then nothing is left to do. None for all.
        all_read: set once the sources are read, where that goes on meanwhile: nothing is over before.
    """

    ledger: Ledger
    dialect: Dialect
    settings: DestinationSettings
    clock: Clock
    transport: Transport
    holder: str
    ttl: timedelta = timedelta(seconds=15)
    settle_time: timedelta = timedelta(seconds=45)
    opt_outs_every: timedelta = timedelta(minutes=10)
    with_history: bool = True
    with_live: bool = True
    most: int | None = None
    all_read: asyncio.Event | None = None
    rng: random.Random = field(default_factory=random.Random)
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.progress = Progress(destination=self.settings.name)
        self._lease: Lease | None = None

    def try_lease(self) -> bool:
        """Take the destination's lease; False while another worker holds it."""
        self._lease = self.ledger.acquire(self.settings.name, self.holder, ttl=self.ttl)
        return self._lease is not None

    async def run(self, *, until_idle: bool = False, stop: asyncio.Event | None = None) -> Progress:
        """Deliver until stopped, paused or, with `until_idle`, until nothing is left to do.

        The lease must be held. Work in progress is finished before a stop; the lease is given back.

        Raises:
            LeaseLost: another worker took the destination over; nothing was written after that.
        """
        stop = stop or asyncio.Event()
        desk = self._open_desk()
        renewing = asyncio.ensure_future(self._renew())
        try:
            if desk.state.paused_reason:
                desk.progress.blocked = desk.state.paused_reason
                return desk.progress
            await self._deliver(desk, until_idle=until_idle, stop=stop, renewing=renewing)
            return desk.progress
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            if self._lease is not None:
                self.ledger.release(self._lease)

    def _open_desk(self) -> Desk:
        name = self.settings.name
        state = self.ledger.destination(name)
        if state is None:
            head = self.ledger.head()
            state = DestinationState(name=name, switched_on_at=self.clock.now(), switched_on_seq=head)
            self.ledger.commit(self._held(), Changes(state=state, cursors={Stream.LIVE: head}))
        if state.choice != self.settings.choice:
            version = state.settings_version + 1
            state = msgspec.structs.replace(state, settings_version=version, choice=self.settings.choice)
            self.ledger.commit(self._held(), Changes(state=state))
        desk = Desk(
            ledger=self.ledger,
            dialect=self.dialect,
            settings=self.settings,
            state=state,
            lease=self._held,
            clock=self.clock,
            transport=self.transport,
            rng=self.rng,
        )
        desk.most = self.most
        self.progress = desk.progress
        self.desk = desk
        return desk

    def _held(self) -> Lease:
        if self._lease is None:
            raise LeaseLost(f"{self.settings.name}: the lease is gone")
        return self._lease

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self.ttl.total_seconds() / 3)
            lease = self.ledger.acquire(self.settings.name, self.holder, ttl=self.ttl)
            if lease is None or self._lease is None or lease.epoch != self._lease.epoch:
                self._lease = None
                raise LeaseLost(f"{self.settings.name}: another worker holds it now")
            self._lease = lease

    async def _deliver(
        self, desk: Desk, *, until_idle: bool, stop: asyncio.Event, renewing: asyncio.Future[None]
    ) -> None:
        opt_outs = OptOuts(desk, every=self.opt_outs_every)
        desk.progress.blocked = await FirstLook(desk).refusal()
        if desk.progress.blocked:
            return
        if not await self._recover(desk, stop):
            return
        senders = [
            _task(Sender(desk, budget.name, lane).run)
            for budget in self.dialect.profile.budgets
            for lane in Lane
            for _ in range(budget.concurrency)
        ]
        feeds = [_task(DueFeed(desk).run), _task(JobFollower(desk).run), _task(Eraser(desk).run)]
        self._live = LiveFeed(desk, is_looking_only=not self.with_live)
        feeds.append(_task(self._live.run))
        if opt_outs.is_offered:
            feeds.append(_task(opt_outs.run))
        feeds.append(asyncio.ensure_future(self._follow_history(desk, opt_outs)))
        tasks = [*senders, *feeds, renewing]
        try:
            await self._watch(desk, tasks, until_idle=until_idle, stop=stop)
        finally:
            await _cancel(feeds)
            if self._lease is not None and not any(_failed(task) for task in tasks):
                await self._drain(desk)
            await _cancel(senders)
            if self._lease is not None and not any(_failed(task) for task in tasks):
                desk.books.write()

    async def _follow_history(self, desk: Desk, opt_outs: OptOuts) -> None:
        """Deliver history, but nobody's before the opt-outs were read once."""
        if opt_outs.is_offered and desk.state.opt_outs_read_at is None:
            desk.progress.phase = "opt-outs"
            await opt_outs.read_all()
            while desk.state.opt_outs_read_at is None and not desk.state.paused_reason:
                await asyncio.sleep(self.opt_outs_every.total_seconds())
                await opt_outs.read_all()
        if self.with_history and not desk.state.paused_reason:
            await HistoryFeed(desk, all_read=self.all_read).run()

    async def _recover(self, desk: Desk, stop: asyncio.Event) -> bool:
        """Take up what a predecessor left; False when stopped before that."""
        recovery = Recovery(desk, settle_time=self.settle_time)
        until = recovery.wait_until()
        desk.progress.phase = "recovering"
        while until is not None and (left := (until - self.clock.now()).total_seconds()) > 0:
            if stop.is_set():
                return False
            await asyncio.sleep(min(left, 0.25))
        await recovery.run()
        return True

    async def _watch(
        self, desk: Desk, tasks: list[asyncio.Future[None]], *, until_idle: bool, stop: asyncio.Event
    ) -> None:
        looked = self.clock.now()
        while not stop.is_set() and not desk.state.paused_reason:
            if self.clock.now() - looked > LOOK_EVERY:
                looked = self.clock.now()
                desk.look_up_state()
            done = [task for task in tasks if task.done()]
            for task in done:
                task.result()
            if until_idle and self._is_idle(desk):
                return
            await asyncio.sleep(POLL / 2)

    def _is_idle(self, desk: Desk) -> bool:
        if desk.passages or desk.jobs or desk.to_forget or (self.all_read and not self.all_read.is_set()):
            return False
        if desk.awaits_opt_outs:
            return bool(desk.progress.blocked)
        if desk.is_full:
            return True
        looked = desk.trails[Stream.LIVE].fetched
        live = self._live.is_at_news or looked >= self.ledger.head()
        if self.with_history and not desk.held.were_looked_through:
            return False
        return live and (not self.with_history or self._is_history_idle(desk, looked))

    def _is_history_idle(self, desk: Desk, looked: int) -> bool:
        """Whether history has come as far as news was looked for, or its next phase waits to be acknowledged."""
        for stream, family in HISTORY_STREAMS.items():
            if desk.trails[stream].fetched < desk.state.history_barrier:
                if routes := unacknowledged_routes(desk, family):
                    desk.progress.blocked = f"acknowledge {', '.join(routes)} first"
                return bool(routes)
        return min(desk.trails[stream].fetched for stream in HISTORY_STREAMS) >= looked

    async def _drain(self, desk: Desk) -> None:
        """Let requests that are on their way come back; what is prepared stays for the next worker."""
        desk.is_stopping = True
        for _ in range(int(self.settle_time.total_seconds() / POLL)):
            if not any(budget.on_their_way for budget in desk.budgets.values()):
                return
            await asyncio.sleep(POLL)


def _task(run: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Future[None]:
    return asyncio.ensure_future(run())


async def _cancel(tasks: list[asyncio.Future[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _failed(task: asyncio.Future[None]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is not None
