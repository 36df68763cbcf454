"""A delivery worker: takes the leases it can get and delivers to those destinations."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from orderwire.app.bootstrap import Shop
from orderwire.app.connecting import transport_to
from orderwire.app.running.holder import is_gone, own_name
from orderwire.app.running.reach import Watched
from orderwire.app.running.roles import Terms
from orderwire.delivery.deliver import Delivery
from orderwire.delivery.progress import Progress
from orderwire.errors import Busy, LeaseLost, StoreError, StoreFull
from orderwire.transport.clock import SystemClock

log = structlog.get_logger()
LOOK_AGAIN = 0.5
MOST_FAILURES = 5
"""Failures of a delivery after which a run that ends when all is done gives its destination up."""
Told = Callable[[Progress], None]
__all__ = ["Terms", "Told", "Worker"]


@dataclass(frozen=True)
class _Refused:
    """Why, and since when, the store has not let a destination get anywhere."""

    reason: str
    since: float
    is_passing: bool
    """Whether it may be over soon by itself: a lock, or a server that starts again."""


@dataclass
class _Running:
    delivery: Delivery
    transport: Watched
    stop: asyncio.Event
    task: asyncio.Task[None]


class Worker:
    """One process's share of the destinations.

    Args:
        shop: the opened shop.
        names: the destinations it may serve.
        share: how many of them it takes at first; those nobody serves for longer than a lease it takes as well.
    """

    def __init__(self, shop: Shop, names: Sequence[str], *, share: int | None = None) -> None:
        self._shop = shop
        self._names = list(names)
        self._share = share or len(self._names)
        self._terms = Terms()
        self._all_read: asyncio.Event | None = None
        self._running: dict[str, _Running] = {}
        self._finished: set[str] = set()
        self._failures: Counter[str] = Counter()
        self._refused: dict[str, _Refused] = {}
        """Destinations that the store has not let get anywhere."""
        self.progress: dict[str, Progress] = {}
        """What is known of every destination that it served or gave up."""

    async def run(
        self, terms: Terms, *, stop: asyncio.Event, told: Told | None = None, all_read: asyncio.Event | None = None
    ) -> None:
        """Deliver until stopped; with `until_idle` until every destination has nothing left to do.

        Args:
            terms: how.
            stop: set when it is to end.
            told: is given what is known of each destination, again and again.
            all_read: set once the sources are read, where that goes on meanwhile: nothing is over before.
        """
        self._terms = terms
        self._all_read = all_read
        random.shuffle(self._names)
        begun = asyncio.get_running_loop().time()
        lease = self._shop.settings.lease.total_seconds()
        while not stop.is_set():
            waited = asyncio.get_running_loop().time() - begun
            self._take_leases(is_greedy=waited > 1.5 * lease)
            self._tell(told)
            if terms.until_idle:
                self._give_up(is_lease_awaited=waited <= 3 * lease)
                if len(self._finished) == len(self._names):
                    break
            await self._next_look()
        for running in self._running.values():
            running.stop.set()
        await asyncio.gather(*[running.task for running in self._running.values()], return_exceptions=True)
        self._tell(told)

    async def _next_look(self) -> None:
        """Wait for the next look; in a run that is to end, for the end of a delivery at most."""
        tasks = [running.task for running in self._running.values()]
        if self._terms.until_idle and tasks:
            await asyncio.wait(tasks, timeout=LOOK_AGAIN, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(LOOK_AGAIN)

    def _take_leases(self, *, is_greedy: bool) -> None:
        for name in self._names:
            if name in self._finished or name in self._running:
                continue
            if is_greedy or len(self._running) < self._share:
                self._try_while_store_allows(name)

    def _try_while_store_allows(self, name: str) -> None:
        """Begin with a destination; a store that is busy, full or away now is asked again at the next look."""
        try:
            if not self._is_waiting_for_resume(name):
                self._try(name)
        except (Busy, StoreFull) as error:
            log.warning("store refused", destination=name, reason=str(error))
            self._note_refusal(name, error)

    def _is_waiting_for_resume(self, name: str) -> bool:
        """Whether a run without an end leaves a destination alone because it is paused."""
        state = None if self._terms.until_idle else self._shop.ledger.destination(name)
        if state is None or not state.paused_reason:
            return False
        self.progress[name] = Progress(destination=name, blocked=state.paused_reason)
        return True

    def _tell(self, told: Told | None) -> None:
        for name, running in self._running.items():
            self.progress[name] = running.delivery.progress
        if told is not None:
            for progress in self.progress.values():
                told(progress)

    def _give_up(self, *, is_lease_awaited: bool) -> None:
        """A run that is to end waits neither for a platform that is down nor for another worker."""
        for running in self._running.values():
            if running.transport.failing_for > self._terms.patience.total_seconds():
                progress = running.delivery.progress
                progress.is_out_of_reach = True
                progress.blocked = "the platform does not answer"
                running.stop.set()
        for name in self._names:
            if name in self._running or name in self._finished:
                continue
            refused = self._refused.get(name)
            if not is_lease_awaited and not self._may_pass(refused):
                blocked = "another worker delivers there" if refused is None else refused.reason
                self.progress[name] = Progress(destination=name, blocked=blocked)
                self._finished.add(name)

    def _note_refusal(self, name: str, error: StoreError) -> None:
        known = self._refused.get(name)
        self._refused[name] = _Refused(
            str(error), known.since if known else time.monotonic(), isinstance(error, Busy)
        )

    def _may_pass(self, refused: _Refused | None) -> bool:
        """Whether a run that is to end still waits for the store to come back."""
        if refused is None or not refused.is_passing:
            return False
        return time.monotonic() - refused.since <= self._terms.patience.total_seconds()

    def _try(self, name: str) -> None:
        shop = self._shop
        settings, dialect = shop.destination(name), shop.dialect(name)
        transport = Watched(transport_to(dialect.profile, settings, timeout=shop.settings.request_timeout))
        delivery = Delivery(
            ledger=shop.ledger,
            dialect=dialect,
            settings=settings,
            clock=SystemClock(settings.time_scale),
            transport=transport,
            holder=own_name(),
            ttl=shop.settings.lease,
            settle_time=shop.settings.request_timeout + shop.settings.lease,
            opt_outs_every=shop.settings.opt_outs_every,
            with_live=self._terms.with_live,
            with_history=self._terms.with_history,
            most=self._terms.most,
            all_read=self._all_read,
        )
        self._end_lease_of_the_dead(name)
        if not delivery.try_lease():
            return
        stop = asyncio.Event()
        task = asyncio.create_task(self._serve(name, delivery, stop))
        self._running[name] = _Running(delivery, transport, stop, task)

    def _end_lease_of_the_dead(self, name: str) -> None:
        """Do not wait for the lease of a process of this machine that is gone; what it left open is still unknown."""
        lease = self._shop.ledger.holder(name)
        if lease is not None and is_gone(lease.holder):
            log.info("lease ended", destination=name, reason="its holder is gone")
            self._shop.ledger.release(lease)

    async def _serve(self, name: str, delivery: Delivery, stop: asyncio.Event) -> None:
        try:
            async with delivery.transport:
                await delivery.run(until_idle=self._terms.until_idle, stop=stop)
        except LeaseLost as error:
            log.warning("lease lost", destination=name, reason=str(error))
        except Busy as error:
            log.warning("store refused", destination=name, reason=str(error))
            if delivery.progress.requests:
                self._refused.pop(name, None)
            self._note_refusal(name, error)
            await asyncio.sleep(1.0)
        except StoreError as error:
            log.error("store refused", destination=name, reason=str(error))
            await self._fail(name, delivery, error)
        except Exception as error:
            log.error("delivery failed", destination=name, error=type(error).__name__, exc_info=error)
            await self._fail(name, delivery, error)
        else:
            self._refused.pop(name, None)
            if self._terms.until_idle:
                self._finished.add(name)
        finally:
            self.progress[name] = delivery.progress
            self._running.pop(name, None)

    async def _fail(self, name: str, delivery: Delivery, error: Exception) -> None:
        """Try again in a while; a run that is to end gives up in the end."""
        self._failures[name] += 1
        if self._terms.until_idle and self._failures[name] >= MOST_FAILURES:
            delivery.progress.blocked = f"delivery failed: {type(error).__name__}"
            self._finished.add(name)
            return
        await asyncio.sleep(1.0)
