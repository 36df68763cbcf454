"""Bringing opt-outs, bounces and complaints back from a platform into the ledger (Law 8)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from orderwire.delivery.desk import Desk
from orderwire.dialects.contract import ReadBack
from orderwire.errors import BadReply, Unavailable
from orderwire.ledger.values import Received
from orderwire.transport.backoff import backoff, seconds_of

_TRY_AGAIN = frozenset({408, 429})
_REFUSED_KEY = frozenset({401, 403})
"""Any other refusal is for the dialect to read: it may mean that there is nothing older to be had."""


MOST_UNREADABLE = 12
"""Unreadable answers in a row before history is held up and the operator told; some minutes with the back-off."""


class OptOuts:
    """Reads what people chose at the platform: before the first history, and every `every` from then on."""

    def __init__(self, desk: Desk, *, every: timedelta) -> None:
        self._desk = desk
        self._every = every

    @property
    def is_offered(self) -> bool:
        """Whether the platform shows opt-outs at all."""
        return self._desk.dialect.profile.reads_opt_outs

    async def run(self) -> None:
        """Read again and again until cancelled."""
        while True:
            await asyncio.sleep(self._every.total_seconds())
            if self._desk.state.opt_outs_read_at is not None:
                await self.read_all()

    async def read_all(self) -> None:
        """Read every page from the beginning; what is known already adds nothing."""
        desk = self._desk
        cursor: str | None = ""
        is_first = desk.state.opt_outs_read_at is None
        tries = 0
        while cursor is not None:
            request = desk.dialect.opt_outs(cursor, desk.settings.account)
            if request is None:
                break
            budget = desk.budgets[request.budget]
            reply = None
            with suppress(Unavailable):
                reply = await desk.ask(request, is_live=not is_first)
            if reply is None or reply.status in _TRY_AGAIN or reply.status >= 500:
                tries += 1
                wait = backoff(tries, desk.rng)
                if reply is not None and reply.status == 429:
                    desk.progress.refusals += 1
                    wait = budget.refused(seconds_of(reply.headers.get("retry-after")), backoff=wait)
                await desk.clock.sleep(wait)
                continue
            if reply.status in _REFUSED_KEY:
                self._pause()
                return
            try:
                page = desk.dialect.interpret_opt_outs(cursor, reply)
            except BadReply:
                page = ReadBack(next=cursor)
            if page.next != cursor:
                tries = 0
            if page.consents:
                desk.ledger.record(
                    [Received(record=consent) for consent in page.consents],
                    source=desk.settings.name,
                    at=desk.clock.now(),
                    is_imported=is_first,
                )
            if page.next == cursor:
                tries += 1
                if tries > MOST_UNREADABLE:
                    desk.progress.blocked = f"opt-outs cannot be read (status {reply.status})"
                    return
                await desk.clock.sleep(backoff(tries, desk.rng))
            cursor = page.next
        desk.remember(opt_outs_read_at=desk.clock.now())
        await desk.books.flush()

    def _pause(self) -> None:
        desk = self._desk
        desk.remember(paused_reason="the key is refused")
        desk.progress.blocked = desk.state.paused_reason
