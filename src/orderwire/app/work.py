"""A delivery worker: takes the leases it can get and delivers to those destinations."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

import structlog

from orderwire.app.bootstrap import Shop, worker_name
from orderwire.delivery.deliver import Delivery
from orderwire.delivery.progress import Progress
from orderwire.errors import LeaseLost, StoreError
from orderwire.transport.clock import SystemClock
from orderwire.transport.http import HttpTransport

log = structlog.get_logger()
LOOK_AGAIN = 0.5


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
        self._running: dict[str, asyncio.Task[None]] = {}
        self._finished: set[str] = set()
        self.deliveries: dict[str, Delivery] = {}

    async def run(
        self,
        *,
        stop: asyncio.Event,
        until_idle: bool = False,
        with_live: bool = True,
        with_history: bool = True,
        told: Callable[[Progress], None] | None = None,
    ) -> None:
        """Deliver until stopped; with `until_idle` until every destination it got has nothing left to do."""
        random.shuffle(self._names)
        begun = asyncio.get_running_loop().time()
        lease = self._shop.settings.lease.total_seconds()
        while not stop.is_set():
            waited = asyncio.get_running_loop().time() - begun > 1.5 * lease
            for name in self._names:
                if name in self._finished or name in self._running:
                    continue
                if len(self._running) >= self._share and not waited:
                    continue
                await self._try(name, stop, until_idle=until_idle, with_live=with_live, with_history=with_history)
            if told is not None:
                for delivery in self.deliveries.values():
                    told(delivery.progress)
            if until_idle and len(self._finished) == len(self._names):
                break
            await asyncio.sleep(LOOK_AGAIN)
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        if told is not None:
            for delivery in self.deliveries.values():
                told(delivery.progress)

    async def _try(
        self, name: str, stop: asyncio.Event, *, until_idle: bool, with_live: bool, with_history: bool
    ) -> None:
        shop = self._shop
        settings = shop.destination(name)
        delivery = Delivery(
            ledger=shop.ledger,
            dialect=shop.dialect(name),
            settings=settings,
            clock=SystemClock(settings.time_scale),
            transport=HttpTransport(timeout=shop.settings.request_timeout.total_seconds()),
            holder=worker_name(),
            ttl=shop.settings.lease,
            settle_time=shop.settings.request_timeout + shop.settings.lease,
            opt_outs_every=shop.settings.opt_outs_every,
            with_live=with_live,
            with_history=with_history,
        )
        if not delivery.try_lease():
            return
        self.deliveries[name] = delivery
        self._running[name] = asyncio.create_task(self._serve(name, delivery, stop, until_idle))

    async def _serve(self, name: str, delivery: Delivery, stop: asyncio.Event, until_idle: bool) -> None:
        try:
            async with delivery.transport:
                await delivery.run(until_idle=until_idle, stop=stop)
        except LeaseLost as error:
            log.warning("lease lost", destination=name, reason=str(error))
        except StoreError as error:
            log.error("store refused", destination=name, reason=str(error))
        except Exception as error:
            log.error("delivery failed", destination=name, error=type(error).__name__, exc_info=error)
            await asyncio.sleep(1.0)
        else:
            if until_idle or delivery.progress.blocked:
                self._finished.add(name)
        finally:
            self._running.pop(name, None)
