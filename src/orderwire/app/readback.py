"""Reading what a platform holds, page by page, within the account's limits and under the destination's lease."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from orderwire.app.bootstrap import Shop, worker_name
from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects.contract import Held
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import BadReply, Busy, LeaseLost, Unauthorized, Unavailable
from orderwire.transport.backoff import backoff, seconds_of
from orderwire.transport.budget import RateBudget
from orderwire.transport.clock import Clock
from orderwire.transport.port import Transport

MOST_TRIES = 6
"""How often one page is asked for."""


class ReadBackSession:
    """Asks one account what it holds."""

    def __init__(self, shop: Shop, settings: DestinationSettings, transport: Transport, clock: Clock) -> None:
        self._dialect = shop.dialect(settings.name)
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._rng = random.Random()
        self._budgets = {
            budget.name: RateBudget(
                budget.name,
                settings.budgets.get(budget.name, tuple((window.count, window.per) for window in budget.windows)),
                clock,
            )
            for budget in self._dialect.profile.budgets
        }

    async def held(self, what: str) -> AsyncIterator[Held]:
        """Everything of one sort that the account holds.

        Raises:
            Unavailable: the platform did not answer again and again.
            Unauthorized: the key is refused.
            BadReply: a page cannot be read.
        """
        cursor: str | None = ""
        tries = 0
        while cursor is not None:
            request = self._dialect.held(what, cursor, self._settings.account)
            if request is None:
                return
            try:
                reply = await self._send(request)
                page = self._dialect.interpret_held(what, cursor, reply) if reply.status == 200 else None
            except (Unavailable, BadReply):
                if tries >= MOST_TRIES:
                    raise
                page = None
            if page is None or page.next == cursor:
                tries += 1
                if tries > MOST_TRIES:
                    raise BadReply(f"{self._settings.name}: a page of {what} cannot be read")
                await self._clock.sleep(backoff(tries, self._rng))
                continue
            tries = 0
            for one in page.held:
                yield one
            cursor = page.next

    async def _send(self, request: WireRequest) -> WireReply:
        """Send one request when the account's limits allow; a 429 is waited out."""
        account = self._settings.account
        budget = self._budgets[request.budget]
        refused = 0
        while True:
            await budget.acquire(is_live=False)
            signed = self._dialect.authorize(request, account, datetime.now(UTC))
            reply = await budget.carry(self._transport.send(signed, account.base_url))
            if reply.status in (401, 403):
                raise Unauthorized(f"{self._settings.name}: the key is refused ({reply.status})")
            if reply.status != 429:
                return reply
            refused += 1
            budget.refused(seconds_of(reply.headers.get("retry-after")), backoff=backoff(refused, self._rng))


@asynccontextmanager
async def leased(shop: Shop, name: str) -> AsyncIterator[None]:
    """Hold a destination's lease meanwhile: one budget for each account, whoever uses it.

    Raises:
        Busy: a worker delivers there.
    """
    holder, ttl = f"{worker_name()}:reading", shop.settings.lease
    lease = shop.ledger.acquire(name, holder, ttl=ttl)
    if lease is None:
        raise Busy(f"a worker is delivering to {name}: stop it, or `orderwire destination pause {name}` first")

    async def renew() -> None:
        while True:
            await asyncio.sleep(ttl.total_seconds() / 3)
            if shop.ledger.acquire(name, holder, ttl=ttl) is None:
                raise LeaseLost(f"{name}: another worker holds it now")

    renewing = asyncio.ensure_future(renew())
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        shop.ledger.release(lease)
